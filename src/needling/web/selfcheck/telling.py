"""The answer of the self-check in words for the person: the run, what kind of answer it is, and its sections."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.urls import reverse

from needling.documents import Case, Choice, Clearance, Question
from needling.knowledge import Knowledge
from needling.knowledge.facts import resolve_name
from needling.planning.envelope import zone_limits
from needling.planning.screen import screen
from needling.report.about_alternatives import alternatives_section
from needling.report.about_clearance import choice_headline, merged_questions, verdict_sentence
from needling.report.about_handoff import handoff_section
from needling.report.about_home import home_ground, plainly
from needling.report.bibliography import Bibliography, Reference
from needling.report.explain import explain_with
from needling.report.explanation import Section, Statement, Table, Telling
from needling.report.words import on_day, plural
from needling.web.pages import knowledge
from needling.web.selfcheck import questions
from needling.web.selfcheck.answers import Answers, read_answers
from needling.web.selfcheck.patch import MARKED, MARKED_WORDS, patch_days
from needling.web.selfcheck.shaping import limited, numbered, summed_up, told_once
from needling.web.selfcheck.you import ASKED

if TYPE_CHECKING:
    from needling.archive import Run

MEMBERS = 256
_TONES = {
    "care-today": "care", "never": "no", "clinician": "no", "clinic": "no", "clinic-later": "no", "wait": "wait",
    "leave-out": "wait", "new-roller": "wait", "ask": "wait", "open": "wait", "declined": "no", "marked": "no",
    "nothing": "even", "go": "even",
}  # fmt: skip
_GLYPHS = {"care": "!", "no": "✕", "wait": "…", "even": "i"}
"""No tick: that nothing speaks against it is no reason for it."""
_WORSE_THAN_MARKED = ("care-today", "never", "clinician", "clinic", "clinic-later")
_NO_AGAIN = ("care-today", "never", "marked")
_FOR_WHO_ROLLS = ("note", "caution")
_SIGNS = "trouble_after_needling"
"""The question for warning signs after earlier needling."""


@dataclass(frozen=True)
class Told:
    """The answer to a visitor.

    Args:
        kind: "go" (a routine is shown), "nothing" (nothing speaks against it, and no routine is shown), "declined" (a
            routine instead of the wish), "ask" (what is open, nobody here can answer), "open" (questions are left),
            "marked" (the small patch showed something), or the ground of a no.
        case: the answers as they were told. run: of their careful reading. ordered: all sections.
        reason: why there is no routine, with its sources; None where there is one. limit: the longest needle (mm) and
            why the routine uses another. unsure_of_signs: whether somebody does not know of warning signs.
    """

    kind: str
    headline: str
    sentence: str
    case: Case
    run: Run
    ordered: tuple[Section, ...]
    bibliography: tuple[Reference, ...]
    asked_next: str | None
    assumed: tuple[str, ...]
    reason: Statement | None
    limit: str
    most_mm: float
    unsure_of_signs: bool

    @property
    def choice(self) -> Choice:
        """What was chosen."""
        return self.run.choice

    @property
    def clearance(self) -> Clearance:
        """Whether and why."""
        return self.run.clearance

    @property
    def routine(self) -> bool:
        """Whether there is a plan with sessions, and no patch speaks against it."""
        return bool(self.choice.plan.sessions) and self.kind != "marked"

    @property
    def lengths_mm(self) -> tuple[float, ...]:
        """The longest needle of each session."""
        return _lengths(self.run)

    @property
    def again(self) -> date | None:
        """From when it is worth asking again; None where no day is known or waiting changes nothing."""
        if self.kind in _NO_AGAIN:
            return None
        days = [one.until for one in self.clearance.decisions if one.until and not one.overridden]
        return self.clearance.earliest or max(days, default=None)

    @property
    def tone(self) -> str:
        """How serious the answer looks: care, no, wait or go."""
        return _TONES[self.kind]

    @property
    def glyph(self) -> str:
        """The sign beside the headline."""
        return _GLYPHS[self.tone]

    def shown(self, wanted: tuple[str, ...]) -> tuple[list[Section], list[Reference]]:
        """Sections of a page in the order of the telling, and exactly the sources that they use."""
        found = [one for one in self.ordered if {one.id, one.id.rpartition("-")[0]} & set(wanted)]
        used = {number for one in found for said in one.statements() for number in (*said.supports, *said.conflicts)}
        return found, [one for one in self.bibliography if one.number in used]


def told(answers: Answers, today: date | None = None) -> Told:
    """Run a visitor's case and say what came of it."""
    from needling.archive import run_case

    kb, on = knowledge(), today or date.today()
    case, careful = answers.case(kb, on), answers.careful(kb, on)
    run = _to_you(run_case(careful, kb, key=0, members=MEMBERS), patch_days(answers, kb))
    asked_next = questions.next_topic(replace(answers, everything=False), run.clearance, kb)
    kind = _kind(run, asked_next)
    if MARKED in answers.done and kind not in _WORSE_THAN_MARKED:
        kind = "marked"
    if kind in ("marked", "nothing"):
        run = _without_hints(run)
    headline, said = _words(kind, run, case, kb)
    bibliography = Bibliography(kb)
    telling = Telling(kb, "person", True, bibliography)
    sections = list(explain_with(bibliography, run.choice, kb, "person", run.clearance, case).sections)
    # At home every wish gets the routine for the look of the skin: its name would be that of another concern.
    sections = [replace(one, paragraphs=_unnamed(one.paragraphs), points=_unnamed(one.points))
                if one.id == "expect" else one for one in sections]  # fmt: skip
    # What is possible instead is said in the sentence above; the plan itself stands on a page of its own.
    sections = [
        replace(one, points=tuple(point for point in one.points if point.lead)) if one.id == "declined" else one
        for one in sections
    ]
    # Where no rule has spoken, the answer itself says why, or how much is open.
    sections = [one for one in sections if one.id != "why" or one.points]
    sections = [told_once(one, said) if one.id == "why" else one for one in sections]
    sections = [summed_up(one) if one.id == "conflicts" else one for one in sections]
    ids = {section.id for section in sections}
    if kind in ("go", "nothing", "marked") and "alternatives" not in ids:
        other = alternatives_section(case.person, case.assessment, telling)
        sections += [other] if other else []
    sheet = handoff_section(run.clearance, telling, (case.person, case.assessment), run.choice, headline)
    if MARKED in answers.done:
        sheet = replace(sheet, tables=(_patch_table(answers, telling), *sheet.tables))
    sections = [section for section in sections if section.id != "handoff"] + [sheet]
    most = _most_mm(run, kb)
    reason = _reason(run.choice, telling) if kind == "nothing" else None
    sections = [limited(one, most) for one in sections]
    if kind != "declined":  # what health asks for comes before what was said of the needle
        sections.sort(key=lambda section: section.id == "declined")
    return Told(kind, headline, said, case, run, tuple(sections), bibliography.references(), asked_next,
                answers.assumed(kb) if run.clearance.verdict in ("go", "defer", "refer") and kind != "clinic" else (),
                reason, _limit_words(run, kb), most, answers.facts.get(_SIGNS, False) is None)  # fmt: skip


_LOOK = re.compile(r"Look after two days[^.]*\.")
"""When a rule for everybody looks at the small patch."""


def _to_you(run: Run, days: int) -> Run:
    """The run with its questions put to the visitor and not about them, and the days of their own patch test."""
    told = tuple(
        one.model_copy(update={"tell": _LOOK.sub(f"Look at it after {days} days.", one.tell)})
        for one in run.clearance.decisions
    )
    asks = tuple(one.model_copy(update={"ask": ASKED.get(one.fact, one.ask)}) for one in run.clearance.asks)
    return run.model_copy(update={"clearance": run.clearance.model_copy(update={"asks": asks, "decisions": told})})


def _without_hints(run: Run) -> Run:
    """The run without what is only for somebody who rolls."""
    kept = tuple(one for one in run.clearance.decisions if one.action not in _FOR_WHO_ROLLS)
    return run.model_copy(update={"clearance": run.clearance.model_copy(update={"decisions": kept})})


def _reason(choice: Choice, telling: Telling) -> Statement | None:
    """Why there is no routine: what is known of the concern comes before what was said of the needle."""
    found = next((one for one in (*choice.plan.rationale, *choice.plan.declined) if one.why), None)
    if found is None:
        return None
    return telling.at("Your answer").say(plainly(found.why), found.sources, proposal=found.proposal)


def _patch_table(answers: Answers, telling: Telling) -> Table:
    """What a clinic has to know of the small patch."""
    on = f"on {on_day(answers.patch)}" if answers.patch else "on a day that was not given"
    cells = (f"Rolled {on}, 2 by 2 cm, at home", "A mark, bump, rash, pain or warmth came; rolling ended")
    return Table("Reaction to the small patch", ("Patch", "What came of it"), (telling.row(*cells),))


def _lengths(run: Run) -> tuple[float, ...]:
    return tuple(max(stroke.needle_length_mm for stroke in one.strokes) for one in run.choice.plan.sessions)


def _most_mm(run: Run, kb: Knowledge) -> float:
    """The longest needle that is for this person at home (mm)."""
    return min(zone_limits(zone.zone, "home", run.clearance, kb).needle_mm.value for zone in run.clearance.zones)


def _limit_words(run: Run, kb: Knowledge) -> str:
    """One limit for one person, and why the routine uses a shorter needle; empty where nothing is planned."""
    lengths = _lengths(run)
    if not lengths:
        return ""
    most, first, longest = _most_mm(run, kb), lengths[0], max(lengths)
    said = f"The longest needle for you at home is {most:g} mm."
    if first < longest:
        times = next(index for index, length in enumerate(lengths) if length > first)
        return f"{said} The first {times} times use {first:g} mm, to see how your skin takes it; then {longest:g} mm."
    if first < most:
        return f"{said} The routine uses {first:g} mm: no study shows that a longer one does more at home."
    return said


def _unnamed(said: tuple[Statement, ...]) -> tuple[Statement, ...]:
    return tuple(dict.fromkeys(replace(one, lead="") for one in said))


def _kind(run: Run, asked_next: str | None) -> str:
    if run.clearance.verdict == "ask":
        return "open" if asked_next else "ask"
    if run.clearance.verdict != "go":
        return home_ground(run.clearance) or "never"
    if not run.choice.plan.sessions:
        return "nothing"
    return "declined" if run.choice.plan.declined else "go"


def _words(kind: str, run: Run, case: Case, kb: Knowledge) -> tuple[str, str]:
    """Headline and sentence. What health asks for comes before what was said of the needle."""
    choice, clearance = run.choice, run.clearance
    if kind == "ask":
        few = plural(len(merged_questions(clearance.asks)), "answer is", "answers are")
        return "Ask somebody first", (
            f"{few} missing, and the result depends on it. A pharmacist, a nurse or a doctor can often tell. What is "
            "not known is never read as a no."
        )
    if kind == "marked":
        return "Rolling is not for you", MARKED_WORDS
    if kind == "declined":
        return choice_headline(choice, clearance), _declined_words(run, case, kb)
    if kind == "nothing":
        return "Doing nothing is best for now", "So no routine is shown, and no patch has to be rolled."
    if kind == "go":
        return choice_headline(choice, clearance), (
            "Nothing that you told us speaks against it. No trial shows a benefit at home, so doing nothing is as good."
            f" {_limit_words(run, kb)}"
        )
    return choice_headline(choice, clearance), verdict_sentence(clearance, person=True)


def _declined_words(run: Run, case: Case, kb: Knowledge) -> str:
    """Why not the wish: too long for home is for a clinic; inside the limit it is only not the routine's."""
    wish = case.goals.needle_length_mm
    instead = f"A gentle routine with {max(_lengths(run)):g} mm needles would be possible instead."
    limit = _limit_words(run, kb)
    if wish is not None and wish > _most_mm(run, kb):
        clinic = "A clinic may be able to help: take the sheet with you."
        return f"{wish:g} mm is too long for home. {clinic} {instead} {limit}"
    if wish is not None:
        return f"{wish:g} mm is not too long for home, but the routine here uses another length. {instead} {limit}"
    return f"What you have in mind is not planned here as you wished it. {instead}"


def known_already(answers: Answers, today: date | None = None) -> tuple[str, bool]:
    """What the first page alone decides, and whether it decides the answer; empty where it decides nothing."""
    kb, on = knowledge(), today or date.today()
    alone = Answers(answers.aim).careful(kb, on)
    clearance = screen(alone.person, alone.assessment, kb)
    shut = [one.tell for one in clearance.decisions if one.action in ("exclude", "exclude_home")]
    if shut:
        return shut[0], True
    wish = alone.goals.needle_length_mm
    lowest = min(kb.site(zone.zone).home_max_mm for zone in alone.assessment.zones)
    most = min(lowest, kb.envelope("home").needle_max_mm)
    return (f"{wish:g} mm is too long for home.", False) if wish is not None and wish > most else ("", False)


def missing(shown: Told) -> list[tuple[str, str]]:
    """What is open, each question with the address at which it can be answered."""
    kb = knowledge()
    found = []
    for question, _ in merged_questions(shown.clearance.asks):
        found.append((question.ask, _where(question, kb)))
    return list(dict.fromkeys(found))


def _where(question: Question, kb: Knowledge) -> str:
    resolved = resolve_name(question.fact, kb.by("facts"))
    if resolved is None:
        return reverse("check-you")
    return f"{reverse('check-topic', args=[resolved[0].topic])}#{resolved[0].name}"


def begun(request: HttpRequest) -> tuple[Answers, Told | None]:
    """The visitor's answers with what is told to them; None before the first page was answered."""
    answers = read_answers(request)
    return answers, told(answers) if answers.begun else None


def context(shown: Told, wanted: tuple[str, ...], **more: Any) -> dict[str, Any]:
    """What a page needs to show an answer and some of its sections."""
    sections, references, reason = numbered(shown.shown(wanted)[0], shown.bibliography, shown.reason)
    return {
        "told": shown, "clearance": shown.clearance, "shown": sections, "references": references, "reason": reason,
        **more,
    }  # fmt: skip
