"""The answer to "is it for me?" as plain text: it needs no terminal library, so that screening answers at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from needling.documents import Clearance
from needling.knowledge.base import Knowledge
from needling.report.about_clearance import (
    answer_section,
    decisions_section,
    questions_section,
    verdict_headline,
    verdict_sentence,
)
from needling.report.bibliography import Bibliography, Reference
from needling.report.explanation import COLUMNS, Section, Telling, section_lines, wrapped
from needling.report.words import NOTICE

QUESTIONS_SHOWN = 20
ACCESS_MARK = {
    "primary": "full",
    "abstract": "abstract",
    "secondary": "second hand",
    "memory": "unchecked",
    "missing": "missing",
}


def _source_line(reference: Reference) -> str:
    """One line for a source: number, title as far as it fits, and how it was read."""
    number, access = f"[{reference.number}]", f"({ACCESS_MARK[reference.access]})"
    room = COLUMNS - len(number) - len(access) - 2
    title = reference.cites if len(reference.cites) <= room else f"{reference.cites[: room - 3].rstrip()}..."
    return f"{number} {title} {access}"


def _shortened(section: Section) -> Section:
    """The first questions; how many there are is said by the section itself."""
    return replace(section, points=section.points[:QUESTIONS_SHOWN])


def clearance_text(clearance: Clearance, kb: Knowledge, bold: Callable[[str], str] = str) -> str:
    """Verdict, each zone where they differ, why, what is open, sources; at home for the person, else the clinician.

    Args:
        clearance: the answer.
        kb: names and sources.
        bold: how a title is marked, for a terminal that can.

    Returns:
        Lines of at most 80 columns.
    """
    home = clearance.setting == "home"
    telling = Telling(kb, "person" if home else "clinician", home, Bibliography(kb))
    lines = [bold(verdict_headline(clearance).upper()), *wrapped(verdict_sentence(clearance, person=True))]
    if not home:
        lines += wrapped(verdict_sentence(clearance, person=False))
    lines.append("")
    sections: list[Section | None] = []
    if len({(zone.verdict, zone.earliest) for zone in clearance.zones}) > 1:
        sections.append(replace(answer_section(clearance, telling), title="Each zone", paragraphs=()))
    sections.append(decisions_section(clearance, telling))
    questions = questions_section(clearance, telling)
    if questions is not None:
        more = len(questions.points) - QUESTIONS_SHOWN
        sections.append(_shortened(questions))
    for section in sections:
        if section is not None:
            title, rule, *rest = section_lines(section)
            lines += [bold(title), rule, *rest]
    if questions is not None and more > 0:
        lines += [f"... and {more} more questions", ""]
    references = telling.bibliography.references()
    if references:
        lines += [bold("Sources"), "-------", *map(_source_line, references), ""]
    return "\n".join([*lines, *wrapped(NOTICE)])
