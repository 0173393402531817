"""The answer of the self-check in words for the person: the run, what kind of answer it is, and its sections."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.urls import reverse

from needling.documents import Case, Choice, Clearance, Question
from needling.knowledge import Knowledge
from needling.knowledge.facts import resolve_name
from needling.planning.envelope import zone_limits
from needling.report.about_alternatives import alternatives_section
from needling.report.about_clearance import choice_headline, merged_questions, verdict_sentence
from needling.report.about_handoff import handoff_section
from needling.report.about_home import home_ground, plainly
from needling.report.bibliography import Bibliography, Reference
from needling.report.explain import explain_with
from needling.report.explanation import Section, Statement, Telling
from needling.report.words import plural, sentence
from needling.web.pages import knowledge
from needling.web.selfcheck import questions
from needling.web.selfcheck.answers import Answers, read_answers
from needling.web.selfcheck.you import ASKED

if TYPE_CHECKING:
    from needling.archive import Run

MEMBERS = 256
_TONES = {
    "care-today": "care", "never": "no", "clinician": "no", "clinic": "no", "clinic-later": "no", "wait": "wait",
    "leave-out": "wait", "new-roller": "wait", "ask": "wait", "open": "wait", "declined": "no",
    "nothing": "go", "go": "go",
}  # fmt: skip
_GLYPHS = {"care": "!", "no": "✕", "wait": "…", "go": "✓"}


@dataclass(frozen=True)
class Told:
    """The answer to a visitor.

    Args:
        kind: "go" (a routine is shown), "nothing" (nothing speaks against it, and no routine is shown), "declined" (a
            routine instead of the wish), "ask" (what is open, nobody here can answer), "open" (questions are left), or
            the ground of a no.
        case: the answers as they were told. run: of their careful reading. ordered: all sections.
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
        """Whether there is a plan with sessions."""
        return bool(self.choice.plan.sessions)

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
    run = _to_you(run_case(careful, kb, key=0, members=MEMBERS))
    asked_next = questions.next_topic(replace(answers, everything=False), run.clearance, kb)
    kind = _kind(run, asked_next)
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
    ids = {section.id for section in sections}
    if kind in ("go", "nothing") and "alternatives" not in ids:
        other = alternatives_section(case.person, case.assessment, telling)
        sections += [other] if other else []
    sheet = handoff_section(run.clearance, telling, (case.person, case.assessment), run.choice, headline)
    sections = [section for section in sections if section.id != "handoff"] + [sheet]
    return Told(kind, headline, said, case, run, tuple(sections), bibliography.references(), asked_next,
                answers.assumed() if run.clearance.verdict in ("go", "defer", "refer") else ())  # fmt: skip


def _to_you(run: Run) -> Run:
    """The run with its questions put to the visitor and not about them."""
    asks = tuple(one.model_copy(update={"ask": ASKED.get(one.fact, one.ask)}) for one in run.clearance.asks)
    return run.model_copy(update={"clearance": run.clearance.model_copy(update={"asks": asks})})


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
    if kind == "declined":
        return choice_headline(choice, clearance), _declined_words(run, case, kb)
    if kind == "nothing":
        why = next((plainly(one.why) for one in (*choice.plan.declined, *choice.plan.rationale)), "")
        return "Doing nothing is best for now", (
            f"Nothing that you told us speaks against rolling at home, but no routine is shown. {sentence(why)}"
        ).strip()
    if kind == "go":
        length = max(stroke.needle_length_mm for session in choice.plan.sessions for stroke in session.strokes)
        return choice_headline(choice, clearance), (
            f"Nothing that you told us speaks against it, with needles of {length:g} mm at most. No trial shows a "
            "benefit at home, so doing nothing is as good."
        )
    return choice_headline(choice, clearance), verdict_sentence(clearance, person=True)


def _declined_words(run: Run, case: Case, kb: Knowledge) -> str:
    """Why not the wish: too long for home is for a clinic; inside the limit it is only not the routine's."""
    wish = case.goals.needle_length_mm
    planned = max(stroke.needle_length_mm for session in run.choice.plan.sessions for stroke in session.strokes)
    most = min(zone_limits(zone.zone, "home", run.clearance, kb).needle_mm.value for zone in run.clearance.zones)
    instead = f"A gentle routine with {planned:g} mm needles would be possible instead."
    if wish is not None and wish > most:
        return (
            f"{wish:g} mm is too long for home: the longest needle for you is {most:g} mm. A clinic may be able to "
            f"help: take the sheet with you. {instead}"
        )
    if wish is not None:
        return (
            f"{wish:g} mm is not too long for home, but the routine that is shown here uses another length. {instead}"
        )
    return f"What you have in mind is not planned here as you wished it. {instead}"


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
    sections, references = shown.shown(wanted)
    return {"told": shown, "clearance": shown.clearance, "shown": sections, "references": references, **more}
