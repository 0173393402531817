"""The choice in words: why this plan, what bound it, the runner-up, and doing nothing beside it."""

from __future__ import annotations

from needling.documents import Choice, Scorecard
from needling.documents.choice import UNTOLD
from needling.knowledge.base import Knowledge
from needling.planning.candidates import BEYOND
from needling.report.about_forecast import told_outcomes
from needling.report.about_home import plainly
from needling.report.explanation import Row, Section, Statement, Table, Telling
from needling.report.measures import (
    LASTING_MARK,
    MARKS,
    at_most_words,
    careful_share,
    days_words,
    most_share,
    score_caption,
)
from needling.report.words import (
    DOTS,
    about_people,
    nothing_words,
    number,
    of_people,
    option_name,
    people_share,
    plural,
    sentence,
)

CANDIDATES_SHOWN = 6
NO_GAIN = "not known"
_TRIALS = "Evidence grade"
"""Reasons that begin so are graded in the words of evidence reviews; the person reads the certainty instead."""


def chosen_card(choice: Choice) -> Scorecard | None:
    """The scorecard of the chosen plan."""
    sha256 = choice.plan.sha256
    return next((card for card in choice.scorecards if card.plan_sha256 == sha256), None)


def is_nothing(card: Scorecard) -> bool:
    """Whether a candidate is the one without sessions."""
    return card.visits_count == 0


def shown_cards(choice: Choice, most: int = CANDIDATES_SHOWN) -> tuple[Scorecard, ...]:
    """The chosen plan, the runner-up, the best others by score, and always the candidate without sessions.

    With ``most`` 1 there are no others.
    """
    chosen = chosen_card(choice)
    wanted: list[Scorecard] = [card for card in choice.scorecards if card is chosen]
    allowed = sorted((card for card in choice.scorecards if not card.barred_by), key=lambda card: -card.utility)
    wanted += [card for card in allowed if card.plan == choice.runner_up][:1]
    wanted += allowed if most > 1 else ()
    found: list[Scorecard] = []
    for card in wanted:
        if card not in found and not is_nothing(card) and len(found) < max(most, 2):
            found.append(card)
    found += [card for card in choice.scorecards if is_nothing(card)][:1]
    return tuple(found)


SCORE_HEADERS = ("Option", "Careful gain", "Redness", LASTING_MARK, "Visits", "Score")
PERSON_HEADERS = ("Option", "Careful gain", "Redness each time", LASTING_MARK, "Visits")


def score_headers(choice: Choice, telling: Telling) -> tuple[str, ...]:
    """What the scoreboard's columns are called; the price is one where the person named prices."""
    headers = PERSON_HEADERS if telling.person else SCORE_HEADERS
    return (*headers, "Price") if _priced(choice) else headers


def _priced(choice: Choice) -> bool:
    return any(card.total_price is not None for card in choice.scorecards)


def score_rows(choice: Choice, telling: Telling, most: int = CANDIDATES_SHOWN) -> tuple[Row, ...]:
    """The scoreboard: one row for each candidate shown, the chosen one strong."""
    chosen = chosen_card(choice)
    rows = []
    for card in shown_cards(choice, most):
        name = option_name(card.plan, card.visits_count, telling.home)
        redness = "none" if is_nothing(card) else days_words(card.redness_d)
        harm = "none" if is_nothing(card) else of_people(card.harm_probability)
        if telling.person:
            gain = number(card.gain_low) if is_nothing(card) or told_outcomes(choice.forecast) else NO_GAIN
            cells: tuple[str, ...] = (name, gain, redness, harm, str(card.visits_count))
        else:
            front = "" if card.on_front else ", off the front"
            cells = (
                f"{name}{front}",
                number(card.gain_low),
                f"{number(card.redness_d, 1)} d",
                harm,
                str(card.visits_count),
                number(card.utility, 3),
            )
        if _priced(choice):
            cells = (*cells, f"{card.total_price or 0:g}")
        rows.append(telling.row(*cells, strong=card is chosen))
    return tuple(rows)


def _ground(choice: Choice, kb: Knowledge) -> str:
    card = chosen_card(choice)
    if card is None:
        return sentence(choice.because)
    if is_nothing(card):
        why = sentence(UNTOLD) if UNTOLD in choice.because else "Nothing else is worth more here."
        return f"{why} Doing nothing needs no visit and brings no redness and no risk."
    gain = (
        f"Counted carefully, it gains {number(card.gain_low)}: {people_share(careful_share(kb))} reach at least that, "
        "where 0 is no change and 1 is a change that people notice. "
        if told_outcomes(choice.forecast)
        else "Nobody can say how large its gain is. By this score doing nothing is as good or better; the routine is "
        "shown because you asked for one. "
    )
    untold = f" {sentence(UNTOLD)}" if UNTOLD in choice.because else ""
    return (
        f"{gain}Redness after a session lasts {at_most_words(card.redness_d)} in {people_share(most_share(kb))}. "
        f"{about_people(card.harm_probability)} may get {LASTING_MARK.lower()} ({MARKS}). "
        f"It needs {plural(card.visits_count, 'session')}.{_price_words(choice, card)}{untold}"
    )


def _scores_below(choice: Choice, other: Scorecard) -> bool:
    """Whether the chosen plan scores below another candidate, as a home routine does below doing nothing."""
    chosen = chosen_card(choice)
    return chosen is not None and chosen.utility <= other.utility and is_nothing(other)


def _price_words(choice: Choice, card: Scorecard) -> str:
    """What the plan costs at the person's own prices, and whether that counted."""
    if card.total_price is None:
        return ""
    weighed = choice.goals.change_worth_price is not None and choice.goals.cost_weight > 0
    counted = "" if weighed else " That did not count in the choice: you did not say what a change is worth to you."
    return f" At your prices it costs {card.total_price:g}.{counted}"


def _beside_nothing(choice: Choice, telling: Telling) -> Statement | None:
    nothing = next((card for card in choice.scorecards if is_nothing(card)), None)
    chosen = chosen_card(choice)
    if nothing is None:
        return None
    name = nothing_words(telling.home).capitalize()
    if chosen is nothing or not choice.plan.sessions:
        return telling.say(f"{name} came out best", lead=f"Beside {nothing_words(telling.home)}")
    text = f"{name} needs no visit, gives no redness and no new marks, and no gain is expected from it"
    told = told_outcomes(choice.forecast)
    if told:
        worst = min(told, key=lambda outcome: outcome.dots_of_50_count)
        text += f". By the plan {worst.dots_of_50_count} of {DOTS} gain {worst.better_by_label.rstrip('.')}"
    return telling.say(text, lead=f"Beside {nothing_words(telling.home)}")


def beyond_words(choice: Choice) -> str:
    """That the plan goes beyond what trials did, with the best listed protocol beside it; empty where it does not."""
    beyond = next((one.what for one in choice.plan.rationale if one.what.startswith(BEYOND)), "")
    if not beyond:
        return ""
    said = f"Beyond what trials did ({beyond.partition(': ')[2]}): the figures rest on the model alone."
    best = choice.best_listed
    if best is None:
        return said
    said += f" Best of the listed protocols: {best.plan}"
    told = told_outcomes(choice.forecast)
    if best.dots_of_50_count is None or not told:
        return f"{said}."
    fewest = min(outcome.dots_of_50_count for outcome in told)
    more = fewest - best.dots_of_50_count
    differs = f"{abs(more)} {'fewer' if more > 0 else 'more'} than here" if more else "as many as here"
    return f"{said}; {best.dots_of_50_count} of {DOTS} gain by it, {differs}."


def _declined_words(why: str, telling: Telling) -> str:
    """A reason as the reader is told it: a person at home gets one limit and no ids."""
    if not (telling.person and telling.home):
        return why
    why = why.partition(" Nearest that may be planned:")[0]  # what is planned instead is said once, above
    dispute = telling.kb.by("conflicts").get("length-and-place")
    return plainly(why.replace(f" {dispute.tell}", "") if dispute else why)


def declined_section(choice: Choice, telling: Telling) -> Section | None:
    """What was wished and is not planned, and why: it stands before everything that is planned instead."""
    if not choice.plan.declined:
        return None
    title = "What you asked for, and why not" if telling.person else "Declined wishes"
    telling = telling.at(title)
    points = []
    for reason in choice.plan.declined:
        why = _declined_words(reason.why, telling)
        said = telling.say(why, reason.sources, lead=f"No: {reason.what}", proposal=reason.proposal)
        points += [said] if said not in points else []
    if choice.plan.sessions:
        words = "The plan below is what is possible instead. It is no substitute for what was asked for"
        points.append(telling.say(words))
    return Section("declined", title, points=tuple(points))


def refusal_section(choice: Choice, telling: Telling) -> Section | None:
    """Why there is no plan with sessions, when the answer was no: what was wished and declined."""
    if not choice.plan.rationale:
        return None
    telling = telling.at("Why there is no plan")
    return Section(
        "choice",
        "Why there is no plan",
        points=tuple(
            telling.say(reason.why, reason.sources, lead=reason.what, proposal=reason.proposal)
            for reason in choice.plan.rationale
        ),
    )


def choice_section(choice: Choice, telling: Telling) -> Section:
    """Why this plan: grounds, limits, declined wishes, the binding constraint, runner-up, and doing nothing."""
    telling = telling.at("Why this plan")
    paragraphs: list[Statement] = []
    if telling.person:
        paragraphs.append(telling.say(_ground(choice, telling.kb)))
    else:
        paragraphs.append(telling.say(choice.because))
    reasons = choice.plan.rationale
    if telling.person:
        reasons = tuple(reason for reason in reasons if not reason.why.startswith(_TRIALS))
    points = [telling.say(reason.why, reason.sources, lead=reason.what, proposal=reason.proposal) for reason in reasons]
    first = choice.constraints[0] if choice.constraints else None
    points.append(
        telling.say(
            choice.binding,
            first.sources if first else (),
            lead="What held the plan back",
            proposal=first.proposal if first else False,
        )
    )
    if not telling.person:
        points += [
            telling.say(
                f"{one.why}; without that limit: {one.plan}, careful gain {one.gain_low:.2f} ({one.gain_more:+.2f})",
                one.sources,
                lead=one.what,
                proposal=one.proposal,
            )
            for one in choice.constraints[1:]
        ]
    if choice.closest:
        points.append(telling.say(choice.closest, lead="Closest to your limits, and still beyond them"))
    second = next((card for card in choice.scorecards if card.plan == choice.runner_up), None)
    points.append(
        telling.say(
            option_name(choice.runner_up, second.visits_count if second else 1, telling.home),
            lead="Second best"
            if second is None or not _scores_below(choice, second)
            else "As good or better by its score",
        )
    )
    beside = _beside_nothing(choice, telling)
    points += [beside] if beside else []
    wishes = _goals_words(choice, telling)
    points += [telling.say(wishes, lead="What you asked for" if telling.person else "Goals")] if wishes else []
    caption = score_caption(telling.kb, choice.goals)
    headers = score_headers(choice, telling)
    most = 1 if telling.person else CANDIDATES_SHOWN
    table = Table(caption, headers, score_rows(choice, telling, most))
    barred = [card for card in choice.scorecards if card.barred_by]
    tables = [table] if table.rows else []
    if barred and not telling.person:
        tables.append(
            Table(
                "Left out",
                ("Option", "Because"),
                tuple(telling.row(card.plan, card.barred_by) for card in barred[:CANDIDATES_SHOWN]),
            )
        )
    return Section("choice", "Why this plan", tuple(paragraphs), tuple(points), tuple(tables))


def _goals_words(choice: Choice, telling: Telling) -> str:
    goals = choice.goals
    parts = []
    if goals.max_visits_count is not None:
        parts.append(f"at most {plural(goals.max_visits_count, 'visit')}")
    if goals.max_redness_d is not None:
        parts.append(f"at most {plural(goals.max_redness_d, 'day')} of redness")
    if goals.max_total_price is not None:
        parts.append(f"a total price of at most {goals.max_total_price:g}")
    if goals.robust == "worst-case":
        parts.append("good even in the worst reading of what research has not settled")
    if goals.passes_count is not None:
        parts.append(plural(goals.passes_count, "pass", "passes"))
    if goals.sessions_count is not None:
        parts.append(plural(goals.sessions_count, "session"))
    if goals.interval_d is not None:
        parts.append(f"sessions {goals.interval_d:g} days apart")
    if goals.needle_length_mm is not None:
        parts.append(f"{goals.needle_length_mm:g} mm needles")
    if goals.device is not None:
        found = telling.kb.by("devices").get(goals.device)
        parts.append(found.name if found else goals.device)
    if not telling.person:
        parts.append(
            f"weights: gain {goals.gain_weight:g}, downtime {goals.downtime_weight:g}, "
            f"harm {goals.harm_weight:g}, visits {goals.visits_weight:g}"
            + (f", cost {goals.cost_weight:g}" if goals.change_worth_price is not None else "")
        )
    return "; ".join(parts)
