"""One self-contained HTML file: pages for the person and for the clinician, figures, tables, sources.

No script, no font, no picture and no style sheet from outside; a content security policy in the page forbids
them. All text of documents is escaped by the templates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from needling.documents import Approval, Case, Choice, Clearance, Verdict
from needling.knowledge.base import Knowledge
from needling.report.about_choice import beyond_words, chosen_card
from needling.report.about_clearance import choice_headline, verdict_headline, verdict_sentence
from needling.report.about_forecast import harm_name, least_words, told_outcomes, uncapital
from needling.report.about_plan import visits_of
from needling.report.bibliography import Bibliography, Reference
from needling.report.explain import explain_with
from needling.report.explanation import Explanation, Section, reference_facts
from needling.report.figures import ChannelMap, Figure, all_figures, known_harms
from needling.report.measures import LASTING_MARK, MARKS, at_most_words, days_words, redness_of
from needling.report.words import (
    DOTS,
    NOTICE,
    after_days,
    group_size,
    nothing_words,
    of_people,
    on_day,
    plural,
    sentence,
    setting_words,
)

if TYPE_CHECKING:
    from jinja2 import Environment

_FOLDER = Path(__file__).parent
_PERSON_FIGURES: dict[str, tuple[str, ...]] = {
    "expect": ("dots", "severity"),
    "harms": ("harms",),
    "not-before": ("not-before",),
}
_CLINICIAN_FIGURES: dict[str, tuple[str, ...]] = {
    "plan": ("channels",),
    "choice": ("candidates",),
    "expect": ("collagen",),
    "harms": ("first-days",),
}
# Said once, on the person's pages: care, checks, and what is whose.
_ONLY_FOR_PERSON = {
    "weeks-before",
    "before",
    "during",
    "right-after",
    "missing-steps",
    "stop",
    "after",
    "checks",
    "assumptions",
    "provenance",
    "handoff",
}


@dataclass(frozen=True, slots=True)
class Block:
    """A section with the figures that belong to it."""

    section: Section
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the page: for the person, the sheet for the clinic, for the clinician."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    intro: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure to remember, with its words."""

    figure: str
    words: str


@dataclass(frozen=True, slots=True)
class Page:
    """What the template shows."""

    title: str
    about: str
    verdict: str
    verdict_words: str
    answer: str
    tiles: tuple[Tile, ...]
    parts: tuple[Part, ...]
    references: tuple[Reference, ...]
    approval: tuple[tuple[str, str], ...]
    marks: str
    style: str
    notice: str = NOTICE


# ---------------------------------------------------------------- templates


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.globals["reference_facts"] = reference_facts
    return environment


@lru_cache(maxsize=1)
def page_style() -> str:
    """The style sheet of all pages."""
    return (_FOLDER / "style" / "page.css").read_text(encoding="utf-8").strip()


def render_page(page: Page) -> str:
    """A page as one HTML file."""
    from markupsafe import Markup

    # Our own style sheet and our own SVG (whose text is escaped when it is drawn) are the only raw text.
    parts = tuple(
        replace(
            part,
            blocks=tuple(
                replace(block, figures=tuple(replace(figure, svg=Markup(figure.svg)) for figure in block.figures))
                for block in part.blocks
            ),
        )
        for part in page.parts
    )
    page = replace(page, style=Markup(page.style), parts=parts)
    return _environment().get_template("page.html").render(page=page)


# ---------------------------------------------------------------- parts


def _blocks(
    explanation: Explanation, places: dict[str, tuple[str, ...]], figures: dict[str, Figure], skip: set[str]
) -> tuple[Block, ...]:
    return tuple(
        Block(section, tuple(figures[name] for name in places.get(section.id, ()) if name in figures))
        for section in explanation.sections
        if section.id not in skip and section.id.rpartition("-")[0] not in skip
    )


def _zones_block(person: Explanation) -> tuple[Block, ...]:
    """The answer stands at the top of the page; what remains of it is the table of zones that differ."""
    answer = person.section("answer")
    return (Block(replace(answer, title="Each zone", paragraphs=())),) if answer.tables else ()


def _parts(person: Explanation, clinician: Explanation, figures: dict[str, Figure]) -> tuple[Part, ...]:
    """For the person, the sheet for the clinic where one is needed, for the clinician."""
    sheet = tuple(Block(section) for section in person.sections if section.id == "handoff")
    parts: list[Part] = [
        Part(
            "for-you",
            "For you",
            (*_zones_block(person), *_blocks(person, _PERSON_FIGURES, figures, {"answer", "handoff"})),
        ),
        Part("handoff", "Sheet for the clinic", sheet, "Print this page and take it with you."),
        Part(
            "for-the-clinician",
            "For the clinician",
            _blocks(clinician, _CLINICIAN_FIGURES, figures, _ONLY_FOR_PERSON),
            "Rules with their ids, figures with their bands, both sides of every conflict. What is the same for both "
            "readers stands in the part before.",
        ),
    ]
    return tuple(part for part in parts if part.blocks)


def _tiles(choice: Choice, kb: Knowledge) -> tuple[Tile, ...]:
    """What to remember: benefit, effort, downtime, harm."""
    plan, forecast = choice.plan, choice.forecast
    if not plan.sessions:
        return ()
    days = [session.day_d for session in plan.sessions]
    first, last = on_day(after_days(plan.start, min(days))), on_day(after_days(plan.start, max(days)))
    tiles = []
    told = told_outcomes(forecast)
    if told:
        worst = min(told, key=lambda outcome: outcome.dots_of_50_count)
        tiles.append(
            Tile(
                f"{worst.dots_of_50_count} of {DOTS}",
                f"people like you gain this{least_words(told, kb)}: {worst.better_by_label.rstrip('.')}",
            )
        )
    else:
        tiles.append(Tile("Not known", "how much it helps: there are no data for an honest forecast"))
    when = f"on {first}" if first == last else f"from {first} to {last}"
    tiles.append(Tile(plural(len(visits_of(plan)), "session"), f"{setting_words(plan.envelope)}, {when}"))
    redness = redness_of(forecast, kb)
    if redness is not None:
        words = f"of redness after a session in half of people; {redness.most} have {at_most_words(redness.most_d)}"
        tiles.append(Tile(days_words(redness.half_d).capitalize(), words))
    harms, card = known_harms(forecast), chosen_card(choice)
    if card is not None and forecast.harms:
        often = of_people(card.harm_probability).capitalize()
        tiles.append(Tile(often, f"people with {LASTING_MARK.lower()}: {MARKS}"))
    elif harms:
        chance = harms[0].probability or 0.0
        often = of_people(chance, group_size(chance)).capitalize()
        tiles.append(Tile(often, f"people: {uncapital(harm_name(harms[0]))}"))
    return tuple(tiles)


def _approval(approval: Approval | None) -> tuple[tuple[str, str], ...]:
    if approval is None:
        return ()
    lines = [
        ("By", approval.by),
        ("At", approval.at.isoformat(sep=" ", timespec="minutes")),
        ("Approval", approval.sha256),
        ("Plan", approval.plan_sha256),
        ("Forecast", approval.forecast_sha256),
    ]
    lines += [
        (
            "Override",
            f"{override.rule}: {override.reason.replace('-', ' ')}, signed by {override.by} and "
            f"{override.second}. {override.note}".strip(),
        )
        for override in approval.overrides
    ]
    return tuple(lines)


# ---------------------------------------------------------------- pages


def render_html(
    choice: Choice,
    clearance: Clearance,
    kb: Knowledge,
    *,
    approval: Approval | None = None,
    channel_map: ChannelMap | None = None,
    case: Case | None = None,
) -> str:
    """The whole report of a choice as one HTML file.

    Args:
        choice: plan, forecast and what was compared.
        clearance: the answer behind it.
        kb: the knowledge base that names and sources are looked up in.
        approval: who locked the plan, and the hashes.
        channel_map: the channels of one session, for the picture.
        case: person and assessment, where they differ from those in the forecast.

    Returns:
        A complete document that loads nothing from anywhere. The same documents give the same bytes.
    """
    bibliography = Bibliography(kb)
    person = explain_with(bibliography, choice, kb, "person", clearance, case)
    clinician = explain_with(bibliography, choice, kb, "clinician", clearance, case)
    figures = all_figures(choice, kb, channel_map)
    plan = choice.plan
    about = (
        f"Person {plan.person}, {setting_words(plan.envelope)}, start {on_day(plan.start)}, knowledge "
        f"of {plan.knowledge_version}"
    )
    verdict: Verdict = clearance.verdict
    word = choice_headline(choice, clearance)
    answer = plan.label
    if not plan.sessions:
        word = word if verdict != "go" else f"{nothing_words(plan.envelope == 'home').capitalize()} is best for now"
        answer = verdict_sentence(clearance, person=True) if verdict != "go" else choice.binding
    return render_page(
        Page(
            title=person.title,
            about=about,
            verdict=verdict,
            verdict_words=word,
            answer=" ".join(filter(None, (sentence(answer[0].upper() + answer[1:]), beyond_words(choice)))),
            tiles=_tiles(choice, kb),
            parts=_parts(person, clinician, figures),
            references=bibliography.references(),
            approval=_approval(approval),
            marks=(
                f"Plan {plan.sha256} · forecast {choice.forecast.sha256} · clearance {clearance.sha256} · "
                f"knowledge {plan.knowledge_sha256}"
            ),
            style=page_style(),
            notice=_notice(kb),
        )
    )


def _notice(kb: Knowledge) -> str:
    """What stands on every page; a clinic's own knowledge that could not be used is said there too."""
    return " ".join((NOTICE, *(f"Warning: {warning}" for warning in kb.warnings)))


def render_clearance_html(clearance: Clearance, kb: Knowledge, *, case: Case | None = None) -> str:
    """The report of a clearance when there is no plan: the answer, why, what is open, and the sheet for the clinic.

    Args:
        clearance: the answer.
        kb: the knowledge base that names and sources are looked up in.
        case: person and assessment, whose facts go on the sheet for the clinic.
    """
    bibliography = Bibliography(kb)
    person = explain_with(bibliography, clearance, kb, "person", None, case)
    clinician = explain_with(bibliography, clearance, kb, "clinician", None, case)
    about = (
        f"Person {clearance.person}, {setting_words(clearance.setting)}, asked on {on_day(clearance.on)}, "
        f"knowledge of {kb.version}"
    )
    return render_page(
        Page(
            title=person.title,
            about=about,
            verdict=clearance.verdict,
            verdict_words=verdict_headline(clearance),
            answer=verdict_sentence(clearance, person=True),
            tiles=(),
            parts=_parts(person, clinician, {}),
            references=bibliography.references(),
            approval=(),
            marks=f"Clearance {clearance.sha256} · assessment {clearance.assessment_sha256} · knowledge "
            f"{clearance.knowledge_sha256}",
            style=page_style(),
        )
    )
