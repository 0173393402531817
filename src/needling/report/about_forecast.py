"""The forecast in words: what to expect, how sure that is, downtime, harms beside the benefit, waiting times."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date

from needling.documents import Citation, Forecast, Harm, MeasureForecast, Outcome, Plan
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import Scale
from needling.report.explanation import Row, Section, Statement, Table, Telling
from needling.report.measures import (
    LASTING_MARK,
    MARKS,
    MIDDLE,
    at_most_words,
    days_words,
    most_share,
    redness_of,
)
from needling.report.words import (
    CERTAINTY_WORD,
    DOTS,
    ENDPOINT_WORD,
    after_days,
    at_level,
    group_size,
    listed,
    number,
    of_people,
    on_day,
    people_share,
    plural,
    sentence,
    span_words,
    zone_name,
    zones_name,
)

LOW, HIGH = 0.05, 0.95
"""The band that is shown: nine of ten people are inside it."""
UNKNOWN_RATE = "not known"


# ---------------------------------------------------------------- outcomes


def _alike(one: Outcome, other: Outcome) -> bool:
    """Whether two zones may be told as one: the same concern, start and day, and changes alike on paper."""
    same = all(
        getattr(one, name) == getattr(other, name)
        for name in ("indication", "scale", "baseline", "judge_day_d", "basis", "certainty", "better_by")
    )
    if not same or len(one.change_quantiles) != len(other.change_quantiles):
        return False
    span = max((*one.change_quantiles, one.better_by)) - min((*one.change_quantiles, 0.0))
    return all(
        abs(a - b) <= _ALIKE_SHARE * span for a, b in zip(one.change_quantiles, other.change_quantiles, strict=True)
    )


def alike_outcomes(forecast: Forecast) -> list[tuple[Outcome, tuple[str, ...]]]:
    """Outcomes that say the same of several zones, told once with the fewest dots of them."""
    groups: list[tuple[Outcome, tuple[str, ...]]] = []
    for outcome in forecast.outcomes:
        for index, (first, zones) in enumerate(groups):
            if _alike(first, outcome):
                fewest = min(first, outcome, key=lambda one: one.dots_of_50_count)
                groups[index] = (fewest, (*zones, outcome.zone))
                break
        else:
            groups.append((outcome, (outcome.zone,)))
    return groups


_ALIKE_SHARE = 0.06  # numerical: two sides of a face differ by this much through the luck of the ensemble


def concern_name(outcome: Outcome, telling: Telling) -> str:
    """The concern in the reader's words; at home only in words of appearance."""
    found = telling.kb.by("indications").get(outcome.indication)
    if found is None:
        return outcome.indication.replace("-", " ")
    return str(found.plain or found.name) if telling.person else str(found.name)


def final_scores(outcome: Outcome) -> tuple[float, float, float]:
    """Low, middle and high score on the judging day: the baseline and the quantiles of the change."""
    low, middle, high = (
        outcome.baseline + at_level(outcome.levels_share, outcome.change_quantiles, level)
        for level in (LOW, MIDDLE, HIGH)
    )
    return low, middle, high


def lower_is_better(outcome: Outcome, kb: Knowledge) -> bool:
    """Which way is better on the outcome's scale."""
    scale: Scale | None = kb.by("scales").get(outcome.scale)
    if scale is not None:
        return scale.lower_is_better
    found = kb.by("indications").get(outcome.indication)
    return bool(found.lower_is_better) if found is not None else True


def _outcome_statements(
    outcome: Outcome, zones: tuple[str, ...], start: date, telling: Telling, where: str
) -> list[Statement]:
    """One outcome of zones that are alike. where: the zone that the figures are of, as :func:`least_words` says it."""
    lead = f"{concern_name(outcome, telling)}, {zones_name(zones, telling.kb)}"
    lead = lead[0].upper() + lead[1:]
    if outcome.basis == "none":
        return [telling.say("There are no data that would allow an honest forecast", outcome.sources, lead=lead)]
    day = on_day(after_days(start, outcome.judge_day_d))
    dots = outcome.dots_of_50_count
    low, middle, high = final_scores(outcome)
    better = "a lower" if lower_is_better(outcome, telling.kb) else "a higher"
    assumed = " (assumed, not measured)" if outcome.baseline_assumed else ""
    if telling.person:
        basis = {
            "mechanism": "Worked out with our model of how skin heals",
            "published-mean": "Taken from the average of published trials",
        }[outcome.basis]
        return [
            telling.say(
                f"{dots} of {DOTS} people like you gain this{where} by {day}: {outcome.better_by_label.rstrip('.')}. "
                f"The other {DOTS - dots} do not",
                outcome.sources,
                lead=lead,
            ),
            telling.say(
                f"{sentence(f'The score is {outcome.scale_label}')} {better.capitalize()} score is better. "
                f"It starts at {number(outcome.baseline)}{assumed}. For the person in the middle it goes to "
                f"{number(middle)}; for 9 of 10 people it ends between {number(min(low, high))} and "
                f"{number(max(low, high))}"
            ),
            telling.say(f"{basis}. How sure we are: {CERTAINTY_WORD[outcome.certainty]}"),
        ]
    way = -1 if lower_is_better(outcome, telling.kb) else 1
    least, gain, most = sorted(way * (score - outcome.baseline) for score in (low, middle, high))
    return [
        telling.say(
            f"{outcome.scale_label}: baseline {number(outcome.baseline)}{assumed}, improvement by day "
            f"{outcome.judge_day_d:g} ({day}) {number(gain)} for the person in the middle "
            f"({number(least)} to {number(most)} for 9 of 10 people); "
            f"{dots} of {DOTS} gain {outcome.better_by_label.rstrip('.')}{where} (counted from "
            f"{number(outcome.better_by)}); basis {outcome.basis}, certainty {outcome.certainty}",
            outcome.sources,
            lead=lead,
        )
    ]


def measures_of(forecast: Forecast, *names: str) -> tuple[MeasureForecast, ...]:
    """The measures of one of some names; ``seen-`` measures carry the noise of reading and come on their own."""
    wanted = tuple(names)
    return tuple(measure for measure in forecast.measures if measure.measure in wanted)


SEVERITY = ("severity",)
COLLAGEN = ("collagen",)
OPENING = ("open", "open-share", "open-channels", "channels-open", "barrier", "water", "structure", "tewl")
REDNESS = ("redness", "erythema")


def least_words(outcomes: Iterable[Outcome], kb: Knowledge) -> str:
    """Which zone a figure is of where several zones gain differently: `` on the left cheek, the one that gains less``.

    The figure is that of the zone that gains least, the first of equals; empty where all gain alike.
    """
    zones = {outcome.zone: outcome.dots_of_50_count for outcome in outcomes}
    if len(set(zones.values())) < 2:
        return ""
    worst = min(zones, key=lambda zone: zones[zone])
    return f" on the {zone_name(worst, kb)}, the one that gains {'less' if len(zones) == 2 else 'least'}"


def _figures_of(forecast: Forecast, zones: Iterable[str], telling: Telling) -> str:
    """As :func:`least_words`, among zones that are told as one."""
    own = set(zones)
    return least_words((outcome for outcome in forecast.outcomes if outcome.zone in own), telling.kb)


def quantile_curve(measure: MeasureForecast, level: float) -> tuple[float, ...]:
    """One quantile over all days of the forecast."""
    return tuple(at_level(measure.levels_share, column, level) for column in zip(*measure.quantiles, strict=True))


def told_outcomes(forecast: Forecast) -> tuple[Outcome, ...]:
    """The outcomes that an honest forecast could be made of."""
    return tuple(outcome for outcome in forecast.outcomes if outcome.basis != "none")


def _time_course(forecast: Forecast, start: date, telling: Telling) -> Statement | None:
    """When half of the expected change is there, in words, from the middle curve of the severity."""
    judged = {outcome.zone: outcome.judge_day_d for outcome in told_outcomes(forecast)}
    for measure in measures_of(forecast, *SEVERITY):
        if measure.zone not in judged:
            continue
        middle = quantile_curve(measure, MIDDLE)
        change = middle[-1] - middle[0]
        spread = max(quantile_curve(measure, HIGH)) - min(quantile_curve(measure, LOW))
        if spread <= 0 or abs(change) < _VISIBLE_SHARE * spread:
            continue
        half = next(
            day for day, value in zip(forecast.days_d, middle, strict=True) if abs(value - middle[0]) >= abs(change) / 2
        )
        first = forecast.days_d[0]
        return telling.say(
            f"Change comes slowly, because skin builds new tissue over months. Half of it is there after "
            f"{span_words(half - first)} ({on_day(after_days(start, half))}). Judge the result on "
            f"{on_day(after_days(start, judged[measure.zone]))}, not earlier"
        )
    return None


_VISIBLE_SHARE = 0.05  # numerical: a change below a twentieth of the band is no time course to speak of


def expect_section(plan: Plan, forecast: Forecast, telling: Telling) -> Section:
    """What the person came for: dots, bands, certainty, and when it comes."""
    telling = telling.at("What to expect")
    statements: list[Statement] = []
    for outcome, zones in alike_outcomes(forecast):
        statements += _outcome_statements(outcome, zones, plan.start, telling, _figures_of(forecast, zones, telling))
    if plan.sessions:
        course = _time_course(forecast, plan.start, telling)
        statements += [course] if course else []
    if not statements:
        statements.append(telling.say("There is no forecast of a result for this plan"))
    if not telling.person:
        versions = ", ".join(f"{name} {version}" for name, version in forecast.versions)
        statements.append(
            telling.say(
                f"Ensemble of {forecast.members_count} possible people, key {forecast.key}, model {forecast.model}, "
                f"solver result {forecast.result}" + (f"; {versions}" if versions else "")
            )
        )
    return Section("expect", "What to expect", tuple(statements))


# ---------------------------------------------------------------- downtime and harms


_LABEL = re.compile(r"([^.:;]+)[.:;]?\s*(.*)", re.S)


def harm_name(harm: Harm) -> str:
    """The first words of a harm's label: its name in plain words."""
    found = _LABEL.fullmatch(harm.label.strip())
    return found[1].strip() if found else harm.label


def _harm_rest(harm: Harm) -> str:
    """What a harm's label says after its name."""
    found = _LABEL.fullmatch(harm.label.strip())
    return sentence(found[2]) if found else ""


def harm_names(forecast: Forecast, kb: Knowledge, *, person: bool) -> dict[str, str]:
    """Names of all harms by id; the same harm counted in several groups is told apart by the group."""
    listed = {harm.harm: harm_name(harm) for harm in forecast.harms}
    if not person:
        known = kb.by("adverse_events")
        return {key: str(known[key].name) if key in known else name for key, name in listed.items()}
    often = Counter(listed.values())
    names = {}
    for key, name in listed.items():
        event = kb.by("adverse_events").get(key)
        group = str(event.name).partition(", ")[2] if event is not None else ""
        names[key] = f"{name} ({group})" if often[name] > 1 and group else name
    return names


def ordered_harms(forecast: Forecast) -> list[Harm]:
    """All harms, the commonest first, those of unknown rate last."""
    return sorted(forecast.harms, key=lambda harm: (harm.probability is None, -(harm.probability or 0.0)))


def harm_cells(harm: Harm) -> tuple[str, str]:
    """How often, and the range that cannot be ruled out; an unknown rate is said to be unknown.

    Both are out of 50 people, as the benefit is; what happens to less than one of them, out of 1000.
    """
    if harm.probability is None:
        return UNKNOWN_RATE, UNKNOWN_RATE
    size = group_size(harm.probability)
    if harm.low_probability is None or harm.high_probability is None:
        return of_people(harm.probability, size), UNKNOWN_RATE
    low, high = round(harm.low_probability * size), round(harm.high_probability * size)
    return of_people(harm.probability, size), f"{low} to {high} of {size}"


HARM_HEADERS = ("What can go wrong", "How often", "Could also be", "Where that comes from")
PERSON_HARM_HEADERS = ("What can go wrong", "How often", "Could also be", "What is known")


def harm_rows(forecast: Forecast, telling: Telling) -> tuple[Row, ...]:
    """All harms, the commonest first, those of unknown rate last and named as such."""
    names = harm_names(forecast, telling.kb, person=telling.person)
    return tuple(
        telling.row(
            names[harm.harm],
            *harm_cells(harm),
            (_harm_rest(harm) or sentence(harm.basis)) if telling.person else harm.basis,
            sources=harm.sources,
        )
        for harm in ordered_harms(forecast)
    )


def redness_words(forecast: Forecast, kb: Knowledge) -> str:
    """How long redness that is seen lasts after one session, in half of people and in most of them."""
    found = redness_of(forecast, kb)
    if found is None:
        return "How long redness lasts was not forecast."
    half, most = at_most_words(found.half_d), at_most_words(found.most_d)
    early = "" if half == most else f"{half} in half of people, and "
    return f"Redness that others can see lasts {early}{most} in {found.most} after one session."


def harms_section(plan: Plan, forecast: Forecast, telling: Telling) -> Section:
    """Downtime, and harms beside the benefit with the same kind of numbers."""
    telling = telling.at("Downtime and possible harm")
    if not plan.sessions:
        return Section(
            "harms",
            "Downtime and possible harm",
            (telling.say("No session, so no downtime and no harm from needling"),),
        )
    paragraphs = [telling.say(redness_words(forecast, telling.kb))]
    if forecast.ready_d:
        level = most_share(telling.kb)
        half, most = (at_level(forecast.levels_share, forecast.ready_d, one) for one in (MIDDLE, level))
        nearly_all = f"after {days_words(most)} in {people_share(level)}"
        early = "" if days_words(half) == days_words(most) else f"after {days_words(half)} in half of people, and "
        paragraphs.append(telling.say(f"Skin is ready for the next session {early}{nearly_all}"))
    if forecast.endpoint_probability and not telling.person:
        ends = ", ".join(
            f"{ENDPOINT_WORD[name]} {of_people(chance)}" for name, chance in forecast.endpoint_probability if chance > 0
        )
        paragraphs.append(telling.say(f"Endpoint predicted in the first session: {ends}"))
    tables = []
    if forecast.harms:
        paragraphs.append(telling.say(_beside(forecast)))
        headers = PERSON_HARM_HEADERS if telling.person else HARM_HEADERS
        tables.append(Table("Possible harm over the whole course", headers, harm_rows(forecast, telling)))
        twice = _counted_twice(forecast)
        paragraphs += [telling.say(twice)] if twice else []
    else:
        paragraphs.append(telling.say("How often harm happens was not forecast. That does not mean never"))
    return Section("harms", "Downtime and possible harm", tuple(paragraphs), tables=tuple(tables))


def _beside(forecast: Forecast) -> str:
    """Benefit and the commonest known harm in one sentence, both out of 50."""
    gains = [outcome.dots_of_50_count for outcome in told_outcomes(forecast)]
    known = [harm for harm in forecast.harms if harm.probability is not None]
    unknown = len(forecast.harms) - len(known)
    parts = []
    if gains and known:
        worst = max(known, key=lambda harm: harm.probability or 0.0)
        parts.append(
            f"Side by side: {min(gains)} of {DOTS} people gain; the commonest harm that was counted is "
            f"{uncapital(harm_name(worst))}, {of_people(worst.probability or 0.0)}."
        )
    if unknown:
        parts.append(f"For {plural(unknown, 'harm')} nobody knows how often it happens. Not known does not mean never.")
    return " ".join(parts) or "How often each harm happens stands in the table."


def _counted_twice(forecast: Forecast) -> str:
    """That a harm which stands there twice was counted in several groups of people, and which count is summed."""
    known = Counter(harm_name(harm) for harm in forecast.harms if harm.probability is not None)
    often = [name for name, count in known.items() if count > 1]
    if not often:
        return ""
    return (
        f"{listed(often)} stand there more than once, because several groups of people were counted: these are answers "
        f"to the same question and are not added. The chance of {LASTING_MARK.lower()} ({MARKS}) takes the higher one "
        "that holds for skin like this"
    )


def uncapital(text: str) -> str:
    """A label inside a sentence: a small first letter, unless it begins with an abbreviation."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


# ---------------------------------------------------------------- assumptions


def assumptions_section(forecast: Forecast, telling: Telling) -> Section | None:
    """What was taken for granted because it was not measured."""
    if not forecast.assumptions:
        return None
    telling = telling.at("What we assumed")
    texts: dict[str, tuple[Citation, ...]] = {}
    for one in forecast.assumptions:
        texts[one.text] = tuple(dict.fromkeys((*texts.get(one.text, ()), *one.sources)))
    points = tuple(telling.say(text, sources) for text, sources in texts.items())
    return Section("assumptions", "What we assumed", points=points)
