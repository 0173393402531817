"""What is printed: the plan, the consent sheet and the aftercare sheet, as sections that a page and a PDF both show."""

from __future__ import annotations

from dataclasses import dataclass

from needling.documents import Approval
from needling.knowledge import Knowledge
from needling.report.about_alternatives import alternatives_section
from needling.report.about_forecast import (
    alike_outcomes,
    assumptions_section,
    expect_section,
    harms_section,
    not_before_section,
)
from needling.report.about_plan import (
    after_sections,
    before_sections,
    follow_up_section,
    plan_section,
    red_flags_section,
    stop_section,
)
from needling.report.bibliography import Bibliography, Reference
from needling.report.explanation import Section, Telling
from needling.report.words import DOTS, NOTICE, Reader, on_day, setting_words, zones_name

_DOTS_SHOWN = 3
SHEETS = (("plan", "The plan"), ("consent", "Consent sheet"), ("aftercare", "Aftercare sheet"))


@dataclass(frozen=True)
class Dots:
    """So many of fifty people, and what happens to them."""

    count: int
    of: int
    label: str


@dataclass(frozen=True)
class Sheet:
    """One sheet: sections, dots, lines to sign, sources, and what proves which plan it is of."""

    name: str
    title: str
    about: str
    sections: tuple[Section, ...]
    dots: tuple[Dots, ...]
    signatures: tuple[tuple[str, str], ...]
    references: tuple[Reference, ...]
    marks: str
    notice: str = NOTICE


def sheet_of(name: str, approval: Approval, kb: Knowledge, label: str, by: str) -> Sheet:
    """A sheet of an approved plan.

    Args:
        name: of ``SHEETS``. approval: plan and forecast, locked. kb: sources and names. label: how the clinic finds
            the person. by: name of who approved it.

    Raises:
        KeyError: there is no such sheet.
    """
    title = dict(SHEETS)[name]
    reader: Reader = "clinician" if name == "plan" else "person"
    telling = Telling(kb, reader, approval.plan.envelope == "home", Bibliography(kb))
    made = {"plan": _plan, "consent": _consent, "aftercare": _aftercare}[name](approval, telling)
    about = (
        f"{label} · {setting_words(approval.plan.envelope)}, from {on_day(approval.plan.start)} · approved "
        f"{on_day(approval.at.date())} by {by}"
    )
    dots = tuple(
        Dots(one.dots_of_50_count, DOTS, f"{one.better_by_label.rstrip('.')}, {zones_name(zones, kb)}")
        for one, zones in alike_outcomes(approval.forecast)
        if one.basis != "none"
    )[:_DOTS_SHOWN]
    lines = {
        "plan": (("Clinician", "name, date, signature"),),
        "consent": (
            ("Person", "name, date, signature"),
            ("Clinician who explained it", "name, date, signature"),
        ),
        "aftercare": (("If anything worries you, call", "telephone of the clinic, and of the night"),),
    }
    return Sheet(
        name, title, about, tuple(part for part in made if part is not None), dots if name == "consent" else (),
        lines[name], telling.bibliography.references(),
        f"Approval {approval.sha256} · plan {approval.plan_sha256} · knowledge {approval.plan.knowledge_sha256}",
    )  # fmt: skip


def _plan(approval: Approval, telling: Telling) -> list[Section | None]:
    plan, forecast = approval.plan, approval.forecast
    return [
        plan_section(plan, telling),
        expect_section(plan, forecast, telling),
        harms_section(plan, forecast, telling),
        not_before_section(forecast, telling),
        *before_sections(plan, telling),
        stop_section(plan, telling),
        follow_up_section(plan, telling),
        _overrides(approval, telling),
        assumptions_section(forecast, telling),
    ]


def _overrides(approval: Approval, telling: Telling) -> Section | None:
    if not approval.overrides:
        return None
    title = "Rules that two clinicians set aside"
    points = tuple(
        telling.at(title).say(
            f"{one.reason.replace('-', ' ')}; signed by {one.by} and {one.second}. {one.note}".strip(), lead=one.rule
        )
        for one in approval.overrides
    )
    return Section("overrides", title, points=points)


def _consent(approval: Approval, telling: Telling) -> list[Section | None]:
    plan, forecast = approval.plan, approval.forecast
    who = forecast.person, forecast.assessment
    return [
        plan_section(plan, telling),
        expect_section(plan, forecast, telling),
        harms_section(plan, forecast, telling),
        _nothing(telling),
        alternatives_section(*who, telling),
        assumptions_section(forecast, telling),
        _your_part(telling),
    ]


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


def _aftercare(approval: Approval, telling: Telling) -> list[Section | None]:
    plan = approval.plan
    return [
        not_before_section(approval.forecast, telling),
        *after_sections(plan, telling),
        red_flags_section(telling),
        follow_up_section(plan, telling),
    ]
