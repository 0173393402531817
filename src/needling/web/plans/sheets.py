"""What is printed: the plan, the consent sheet and the aftercare sheet, as sections that a page and a PDF both show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from needling.choosing import stand_in_words
from needling.documents import Approval, Choice, Decision, Reason
from needling.knowledge import Knowledge
from needling.planning.screen import screen
from needling.report.about_aftercare import at_home, grounds_section, not_before_section, timeline_sections, times_of
from needling.report.about_alternatives import alternatives_section
from needling.report.about_clearance import (
    conflicts_section,
    decision_statement,
    merged_decisions,
    until_words,
)
from needling.report.about_forecast import (
    alike_outcomes,
    assumptions_section,
    expect_section,
    harms_section,
    redness_words,
    uncapital,
)
from needling.report.about_lesions import lesions_of, lesions_section
from needling.report.about_plan import (
    before_sections,
    follow_up_section,
    plan_section,
    red_flags_section,
    stop_section,
    visits_of,
)
from needling.report.bibliography import Bibliography, Reference
from needling.report.explanation import Section, Statement, Telling
from needling.report.measures import LASTING_MARK, MARKS
from needling.report.words import (
    ACTION_WORD,
    DOTS,
    NOTICE,
    Reader,
    after_days,
    listed,
    of_people,
    on_day,
    plural,
    sentence,
    setting_words,
    zones_name,
)
from needling.web.people.pins import Drawing, drawings_of
from needling.web.plans.assumed import plain_assumption
from needling.web.plans.proposals import REASONS
from needling.web.plans.small_print import without_codes, without_making
from needling.web.plans.spot import spot_of

_DOTS_SHOWN = 3
_DATES_SHOWN = 8
_NOW = ("emergency", "same-day")
_SOON = ("soon", "routine")
_CARE = ("caution", "premedicate", "defer", "refer")
SHEETS = (("plan", "The plan"), ("consent", "Consent sheet"), ("aftercare", "Aftercare sheet"))


@dataclass(frozen=True)
class Dots:
    """So many of fifty people, and what happens to them."""

    count: int
    of: int
    label: str


@dataclass(frozen=True)
class Sheet:
    """One sheet: sections, dots, lines to sign, sources, what proves which plan it is of, and drawings of its spots.

    ``top`` are lines to write on before everything else. ``folded`` is what a page holds ready and a print leaves
    out. A ``brief`` sheet marks what is our proposal with a small sign.
    """

    name: str
    title: str
    about: str
    sections: tuple[Section, ...]
    dots: tuple[Dots, ...]
    signatures: tuple[tuple[str, str], ...]
    references: tuple[Reference, ...]
    marks: str
    notice: str = NOTICE
    drawings: tuple[Drawing, ...] = ()
    clinic: str = ""
    top: tuple[tuple[str, str], ...] = ()
    folded: tuple[Section, ...] = ()
    brief: bool = False


@dataclass(frozen=True)
class Signed:
    """What a sheet tells beside its approval: whose clinic, who stands behind a signature, and what was weighed."""

    clinic: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    choice: Choice | None = None

    def name(self, signature: str) -> str:
        """The name behind a signature; the signature itself of somebody this clinic does not know."""
        return self.names.get(signature, signature)


def sheet_of(name: str, approval: Approval, kb: Knowledge, label: str, by: str, signed: Signed | None = None) -> Sheet:
    """A sheet of an approved plan.

    Args:
        name: of ``SHEETS``. approval: plan and forecast, locked. kb: sources and names. label: how the clinic finds
            the person. by: name of who approved it. signed: clinic and names; without it signatures stand as they are.

    Raises:
        KeyError: there is no such sheet.
    """
    title = dict(SHEETS)[name]
    signed = signed or Signed()
    reader: Reader = "clinician" if name == "plan" else "person"
    telling = Telling(kb, reader, approval.plan.envelope == "home", Bibliography(kb))
    made = {"plan": _plan, "consent": _consent, "aftercare": _aftercare}[name](approval, telling, signed)
    about = f"{label} · {_sessions_words(approval)} · approved {on_day(approval.at.date())} by {by}"
    alone = Telling(kb, "clinician", False, Bibliography(kb))  # its words are used, its sources are not counted
    made_words = without_making(expect_section(approval.plan, approval.forecast, alone))[1]
    grounds = grounds_section(approval.plan, approval.forecast, telling) if name != "consent" else None
    dots = tuple(
        Dots(one.dots_of_50_count, DOTS, f"gain: {uncapital(one.better_by_label.rstrip('.'))}, {zones_name(zones, kb)}")
        for one, zones in alike_outcomes(approval.forecast)
        if one.basis != "none"
    )[:_DOTS_SHOWN]
    lines = {
        "plan": (("Clinician", "name, date, signature"),),
        "consent": (
            ("Person", "name, date, signature"),
            ("Clinician who explained it", "name, date, signature"),
        ),
        "aftercare": (),
    }
    return Sheet(
        name, title, about, tuple(part for part in made if part is not None), dots if name == "consent" else (),
        lines[name], telling.bibliography.references(),
        f"Approval {approval.sha256} · plan {approval.plan_sha256} · knowledge {approval.plan.knowledge_sha256}"
        + (f" · {made_words}" if name == "plan" else ""),
        drawings=drawings_of(lesions_of(approval.forecast.assessment.zones, kb)) if name == "plan" else (),
        clinic=signed.clinic,
        top=(("If anything worries you, call", ""), ("At night and at weekends", "")) if name == "aftercare" else (),
        folded=(grounds,) if grounds is not None else (),
        brief=name != "plan",
    )  # fmt: skip


def with_stops(sheet: Sheet, reasons: Sequence[Reason]) -> Sheet:
    """The sheet with what stands against the next session now before everything else: a print must not hide it."""
    if not reasons:
        return sheet
    points = tuple(Statement(sentence(one.why), one.what, proposal=one.proposal) for one in reasons)
    intro = Statement("This has come up since the plan was approved. It is not to be done before that is settled.")
    stop = Section("stop-now", "Stop: no session yet", (intro,), points)
    return replace(sheet, sections=(stop, *sheet.sections))


def _sessions_words(approval: Approval) -> str:
    """``in the clinic on 19 Dec 2026 and 30 Jan 2027``; a long course by its first and last day."""
    plan = approval.plan
    days = [on_day(after_days(plan.start, visit.start_d)) for visit in visits_of(plan)]
    where = setting_words(plan.envelope)
    if len(days) > _DATES_SHOWN:
        return f"{plural(len(days), 'session')} {where} from {days[0]} to {days[-1]}"
    return f"{where} on {listed(days)}" if days else f"{where}, from {on_day(plan.start)}"


def _plan(approval: Approval, telling: Telling, signed: Signed) -> list[Section | None]:
    plan, forecast = approval.plan, approval.forecast
    return [
        _with_spot(plan_section(plan, telling), approval, telling),
        lesions_section(forecast.assessment, plan, telling, approval.overrides),
        without_making(expect_section(plan, forecast, telling))[0],
        harms_section(plan, forecast, telling),
        not_before_section(plan, forecast, telling),
        *map(without_codes, before_sections(plan, telling)),
        stop_section(plan, telling),
        follow_up_section(plan, telling),
        _set_aside(approval, telling, signed),
        assumptions_section(forecast, telling),
    ]


def _set_aside(approval: Approval, telling: Telling, signed: Signed) -> Section | None:
    """Rules that two clinicians set aside: what each says, why it was set aside and by whom, what speaks against it."""
    if not approval.overrides:
        return None
    title = "Rules that two clinicians set aside"
    telling = telling.at(title)
    forecast = approval.forecast
    decisions = {one.rule: one for one in screen(forecast.person, forecast.assessment, telling.kb).decisions}
    points = []
    for one in approval.overrides:
        decision = decisions.get(one.rule)
        points += _rule_statements(decision, telling) if decision else [telling.say(one.rule, lead="The rule")]
        why = " ".join(part for part in (sentence(dict(REASONS)[one.reason]), sentence(one.note)) if part)
        points.append(telling.say(why, lead="Why it was set aside"))
        points.append(telling.say(f"{signed.name(one.by)} and {signed.name(one.second)}", lead="Signed by"))
    intro = telling.say(
        "By the rules of this plan the answer would have been to wait or to ask first. Two clinicians decided to go "
        + ("on. You need not: you can wait as well, and you can ask them why" if telling.person else "on")
    )
    return Section("overrides", title, (intro,), tuple(points))


def _rule_statements(decision: Decision, telling: Telling) -> list[Statement]:
    """What a rule says, and the ground that speaks against going on, with both sides where sources disagree."""
    until = until_words(decision)
    says = f"{decision.title}: {ACTION_WORD[decision.action].lower()}{f' {until}' if until else ''}"
    told = f"{sentence(says)} {decision.tell.strip()}" if telling.person else says
    found = [
        telling.say(told, decision.sources, lead="The rule", proposal=decision.proposal),
        telling.say(decision.because.strip(), decision.sources, lead="What speaks against going on"),
    ]
    both = conflicts_section(decision.conflicts, telling, codes=False)
    return [*found, *(both.points if both is not None else ())]


def _care_for_you(approval: Approval, telling: Telling) -> Section | None:
    """What the rules ask for in this person: a test spot, longer intervals, medicine first, protection from sun."""
    title = "What we take care of in you"
    telling = telling.at(title)
    forecast = approval.forecast
    found = screen(forecast.person, forecast.assessment, telling.kb).decisions
    points = tuple(
        decision_statement(decision, zones, telling)
        for decision, zones in merged_decisions(found)
        if decision.action in _CARE and not decision.overridden
    )
    return Section("care", title, points=points) if points else None


def _in_numbers(approval: Approval, telling: Telling, signed: Signed) -> Section:
    """The person's own numbers, by the same measures as on the plan page."""
    title = "Your own numbers"
    telling = telling.at(title)
    points = []
    cards = signed.choice.scorecards if signed.choice is not None else ()
    for card in cards:
        if card.plan_sha256 == approval.plan_sha256:
            marks, stand_in = f"{LASTING_MARK} ({MARKS})", stand_in_words(approval.forecast, telling.kb)
            often = f"{of_people(card.harm_probability).capitalize()} people{f' ({stand_in})' if stand_in else ''}"
            points.append(telling.say(often, lead=marks))
            break
    points.append(telling.say(redness_words(approval.forecast, telling.kb), lead="Redness"))
    return Section("numbers", title, points=tuple(points))


def _consent(approval: Approval, telling: Telling, signed: Signed) -> list[Section | None]:
    plan, forecast = approval.plan, approval.forecast
    who = forecast.person, forecast.assessment
    return [
        _in_numbers(approval, telling, signed),
        _with_spot(plan_section(plan, telling), approval, telling),
        _set_aside(approval, telling, signed),
        _care_for_you(approval, telling),
        expect_section(plan, forecast, telling),
        harms_section(plan, forecast, telling),
        _nothing(telling),
        _plainly(alternatives_section(*who, telling)),
        _plainly(assumptions_section(forecast, telling)),
        _your_part(telling),
    ]


def _with_spot(section: Section, approval: Approval, telling: Telling) -> Section:
    """The plan with the test spot before it, where a rule asks for one."""
    forecast = approval.forecast
    decisions = screen(forecast.person, forecast.assessment, telling.kb).decisions
    spot = spot_of(approval.plan, decisions, forecast.person.phototype, telling.kb)
    if spot is None:
        return section
    said = telling.at(section.title).say(spot.says, spot.sources, lead=spot.lead, proposal=True)
    return replace(section, paragraphs=(said, *section.paragraphs))


def _plainly(section: Section | None) -> Section | None:
    """A section for a person: how it was read and how it is computed stand on the sheet of the plan."""
    if section is None:
        return None
    points = tuple(replace(one, text=plain_assumption(one.text)) for one in section.points)
    return replace(section, points=points)


def _nothing(telling: Telling) -> Section:
    """Doing nothing is always one of the ways."""
    title = "Doing nothing"
    telling = telling.at(title)
    return Section(
        "nothing",
        title,
        (
            telling.say(
                "You can leave your skin as it is. It costs nothing and can do no harm of its own. You can decide "
                "later, and you can stop between sessions at any time without giving a reason"
            ),
        ),
    )


def _your_part(telling: Telling) -> Section:
    title = "Before you sign"
    telling = telling.at(title)
    said = (
        "I was told what is planned, what it may bring, what can go wrong and how often, and where nobody knows",
        "I was told what else there is, doing nothing among it",
        "My questions were answered. I can change my mind at any time",
        "I said all that I know about my health, my medicines and my skin, and will say so when it changes",
    )
    return Section("sign", title, points=tuple(telling.say(one) for one in said))


def _aftercare(approval: Approval, telling: Telling, signed: Signed) -> list[Section | None]:
    plan = approval.plan
    sex = approval.forecast.person.sex_at_birth
    times = at_home(times_of(plan, approval.forecast, telling).times, plan, sex, telling.kb)
    return [
        red_flags_section(telling, "Get help now", "urgent", _NOW),
        *timeline_sections(plan, approval.forecast, telling, times),
        red_flags_section(telling, "Let us see it", "red-flags", _SOON),
        follow_up_section(plan, telling),
    ]
