"""From a choice or a clearance to an explanation: words with their own bibliography: ``print(explain(choice, kb))``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from needling.documents import Case, Choice, Clearance
from needling.knowledge.base import Knowledge
from needling.report.about_aftercare import after_sections, grounds_section, not_before_section
from needling.report.about_alternatives import alternatives_section, beside_plan_section
from needling.report.about_choice import beyond_words, choice_section, declined_section, refusal_section
from needling.report.about_clearance import (
    Known,
    answer_section,
    conflicts_section,
    decisions_section,
    questions_section,
    told_decisions,
)
from needling.report.about_forecast import (
    assumptions_section,
    expect_section,
    harms_section,
    least_words,
    told_outcomes,
)
from needling.report.about_handoff import handoff_section
from needling.report.about_lesions import lesions_section
from needling.report.about_plan import (
    before_sections,
    follow_up_section,
    plan_section,
    red_flags_section,
    stop_section,
)
from needling.report.bibliography import Bibliography
from needling.report.explanation import PROPOSAL, Explanation, Section, Table, Telling
from needling.report.words import ACCESS_WORD, DOTS, Reader, nothing_words, plural

__all__ = ["Explanation", "explain", "explain_with"]


def _choice_answer(choice: Choice, clearance: Clearance | None, telling: Telling) -> Section:
    """The answer when there is a choice: verdict, the plan in a sentence, the dots."""
    telling = telling.at("The answer")
    verdict = answer_section(clearance, telling) if clearance is not None else Section("answer", "The answer")
    paragraphs = list(verdict.paragraphs)
    if choice.plan.sessions:
        paragraphs.append(telling.say(choice.plan.label, lead="The plan"))
        told = told_outcomes(choice.forecast)
        if told:
            worst = min(told, key=lambda outcome: outcome.dots_of_50_count)
            where = least_words(told, telling.kb)
            paragraphs.append(
                telling.say(
                    f"{worst.dots_of_50_count} of {DOTS} people like you gain this{where}: {worst.better_by_label}",
                    worst.sources,
                    lead="What it may bring",
                )
            )
        if beyond := beyond_words(choice):
            paragraphs.append(telling.say(beyond, lead="Beyond what trials did", proposal=True))
    else:
        paragraphs.append(telling.say(f"{nothing_words(telling.home)}, for now", lead="The plan"))
    if choice.plan.knowledge_sha256 != telling.kb.sha256:
        paragraphs.append(
            telling.say(
                f"The plan was made with knowledge of {choice.plan.knowledge_version}; these words are written with "
                f"knowledge of {telling.kb.version}, which is not the same"
            )
        )
    return Section("answer", "The answer", tuple(paragraphs), tables=verdict.tables)


def _provenance_section(sections: Iterable[Section], telling: Telling) -> Section:
    """What on the page is evidence and what is our proposal, and how the sources were read."""
    title = "What is evidence and what is our proposal"
    telling = telling.at(title)
    counts = [
        (
            section.title,
            sum(bool(one.supports) and not one.proposal for one in section.statements()),
            sum(one.proposal for one in section.statements()),
        )
        for section in sections
    ]
    counts = [(part, sourced, own) for part, sourced, own in counts if sourced or own]
    references = telling.bibliography.references()
    reached = Counter(reference.access for reference in references)
    read = ", ".join(f"{reached[access]} {words}" for access, words in ACCESS_WORD.items() if reached[access])
    paragraphs = [
        telling.say(
            f'Where it says "{PROPOSAL}", the sources leave the point open or name no number, and we chose '
            "the careful side. A clinician can see it and change it. What has a number in brackets and no such "
            "mark rests on that source"
        ),
        telling.say(
            f"{plural(sum(sourced for _, sourced, _ in counts), 'statement rests', 'statements rest')} on "
            f"sources; {plural(sum(own for _, _, own in counts), 'is our proposal', 'are our proposal')}"
        ),
    ]
    if references:
        paragraphs.append(telling.say(f"{plural(len(references), 'source')}: {read}"))
    rows = tuple(telling.row(part, str(sourced), str(own)) for part, sourced, own in counts)
    tables = (
        ()
        if telling.person or not rows
        else (Table("Statements in each part", ("Part", "From sources", "Our proposal"), rows),)
    )
    return Section("provenance", title, tuple(paragraphs), tables=tables)


def _conflicts(clearance: Clearance | None, telling: Telling) -> Section | None:
    decisions = () if clearance is None else told_decisions(clearance) if telling.person else clearance.decisions
    return conflicts_section((name for decision in decisions for name in decision.conflicts), telling)


def _clearance_sections(
    clearance: Clearance, telling: Telling, known: Known | None, choice: Choice | None = None
) -> list[Section | None]:
    """Why, what is open; and the sheet for the clinic unless the way is free and nothing was declined."""
    declined = telling.home and choice is not None and bool(choice.plan.declined)
    sheet = handoff_section(clearance, telling, known, choice) if clearance.verdict != "go" or declined else None
    return [decisions_section(clearance, telling), questions_section(clearance, telling), sheet]


def _choice_sections(choice: Choice, clearance: Clearance | None, telling: Telling, known: Known) -> list[Section]:
    plan, forecast = choice.plan, choice.forecast
    parts: list[Section | None] = [_choice_answer(choice, clearance, telling)]
    parts.append(declined_section(choice, telling))
    if clearance is not None:
        parts += _clearance_sections(clearance, telling, known, choice)
    # A clinician weighs both sides before the plan; a person first wants to know what it is.
    parts += [] if telling.person else [_conflicts(clearance, telling)]
    # What heads the answer stands before the plan; what is merely known stands after it.
    heads = plan.sessions and choice.other_treatment_wins and not plan.declined
    parts += [beside_plan_section(choice, telling)] if heads else []
    if plan.sessions:
        parts += [
            plan_section(plan, telling),
            lesions_section(known[1], plan, telling),
            choice_section(choice, telling),
            expect_section(plan, forecast, telling),
            harms_section(plan, forecast, telling),
            not_before_section(plan, forecast, telling),
            None if telling.person else grounds_section(plan, forecast, telling),
            *before_sections(plan, telling),
            stop_section(plan, telling),
            *after_sections(plan, forecast, telling),
            red_flags_section(telling),
            follow_up_section(plan, telling),
            assumptions_section(forecast, telling),
        ]
    elif clearance is None or clearance.verdict == "go":
        parts += [plan_section(plan, telling), choice_section(choice, telling), harms_section(plan, forecast, telling)]
    else:
        parts.append(refusal_section(choice, telling))
    # What stops needling may stop other methods too: they are named only to a person who may go.
    if (plan.declined or not plan.sessions) and (clearance is None or clearance.verdict == "go"):
        parts.append(alternatives_section(*known, telling))
    elif plan.sessions and not heads:
        parts.append(beside_plan_section(choice, telling))
    parts += [_conflicts(clearance, telling)] if telling.person else []
    return [part for part in parts if part is not None]


def _setting_of(subject: Choice | Clearance) -> str:
    return subject.plan.envelope if isinstance(subject, Choice) else subject.setting


def explain_with(
    bibliography: Bibliography,
    subject: Choice | Clearance,
    kb: Knowledge,
    reader: Reader = "person",
    clearance: Clearance | None = None,
    case: Case | None = None,
) -> Explanation:
    """As :func:`explain`, numbering sources in a bibliography that several texts of one page share."""
    telling = Telling(kb, reader, _setting_of(subject) == "home", bibliography)
    if isinstance(subject, Choice):
        known = (case.person, case.assessment) if case else (subject.forecast.person, subject.forecast.assessment)
        sections = _choice_sections(subject, clearance, telling, known)
        refused = not subject.plan.sessions and clearance is not None and clearance.verdict != "go"
        title = (
            ("Is needling for you?" if refused else "Your needling plan")
            if reader == "person"
            else (f"Needling plan for {subject.plan.person}")
        )
    else:
        told = (case.person, case.assessment) if case else None
        parts = [
            answer_section(subject, telling),
            *_clearance_sections(subject, telling, told),
            _conflicts(subject, telling),
        ]
        sections = [part for part in parts if part is not None]
        title = "Is needling for you?" if reader == "person" else f"Clearance for {subject.person}"
    sections.append(_provenance_section(sections, telling))
    return Explanation(title, reader, tuple(sections), bibliography.references())


def explain(
    subject: Choice | Clearance,
    kb: Knowledge,
    reader: Reader = "person",
    clearance: Clearance | None = None,
    case: Case | None = None,
) -> Explanation:
    """Explain a choice, or a clearance alone, to a person or a clinician.

    Args:
        subject: a choice with its plan and forecast, or a clearance when there is no plan.
        kb: the knowledge base that sources, care steps and names are looked up in.
        reader: "person" gets plain words and people to picture, "clinician" figures with bands and rule ids.
        clearance: the clearance behind a choice; adds verdict, reasons and open questions.
        case: person and assessment; adds the known facts to the hand-off sheet.

    Returns:
        Ordered sections and a bibliography of exactly the sources used. ``str()`` of it is plain text, 80
        columns wide.
    """
    return explain_with(Bibliography(kb), subject, kb, reader, clearance, case)
