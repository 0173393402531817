"""What an explanation is: ordered sections of statements and tables, with a bibliography of what they used.

``str(explanation)`` is plain text, 80 columns wide. The HTML pages and the terminal render the same sections.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from needling.documents import Citation
from needling.knowledge.base import Knowledge
from needling.report.bibliography import Bibliography, Reference, marks
from needling.report.words import NOTICE, Reader, sentence

COLUMNS = 80
PROPOSAL = "our proposal"


@dataclass(frozen=True)
class Statement:
    """One thing said: an optional lead, the text, the numbers of its sources for and against, and its standing."""

    text: str
    lead: str = ""
    supports: tuple[int, ...] = ()
    conflicts: tuple[int, ...] = ()
    proposal: bool = False

    def __str__(self) -> str:
        colon = "." if ":" in self.lead else ":"
        lead = f"{self.lead}{colon} " if self.lead and self.text else self.lead
        own = f" ({PROPOSAL})" if self.proposal else ""
        return f"{lead}{self.text}{own}{marks(self.supports, self.conflicts)}"


@dataclass(frozen=True)
class Row:
    """One row of a table; its sources stand behind the first cell. ``strong`` marks the row that was chosen."""

    cells: tuple[str, ...]
    supports: tuple[int, ...] = ()
    conflicts: tuple[int, ...] = ()
    proposal: bool = False
    strong: bool = False

    def plain(self) -> tuple[str, ...]:
        """The cells with sources and standing written behind the first."""
        own = f" ({PROPOSAL})" if self.proposal else ""
        chosen = " (chosen)" if self.strong else ""
        return (f"{self.cells[0]}{chosen}{own}{marks(self.supports, self.conflicts)}", *self.cells[1:])


@dataclass(frozen=True)
class Table:
    """Headers and rows of text, with a caption."""

    caption: str
    headers: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Section:
    """A titled part: paragraphs first, then points, then tables. ``level`` 3 belongs to the section before it."""

    id: str
    title: str
    paragraphs: tuple[Statement, ...] = ()
    points: tuple[Statement, ...] = ()
    tables: tuple[Table, ...] = ()
    level: Literal[2, 3] = 2

    def statements(self) -> Iterator[Statement | Row]:
        """Everything in the section that can carry sources."""
        yield from self.paragraphs
        yield from self.points
        for table in self.tables:
            yield from table.rows


@dataclass(frozen=True)
class Explanation:
    """An answer in words for one reader, and exactly the sources it used."""

    title: str
    reader: Reader
    sections: tuple[Section, ...]
    bibliography: tuple[Reference, ...]
    notice: str = NOTICE

    def section(self, name: str) -> Section:
        """The section of an id. Raises KeyError when this explanation has none."""
        for section in self.sections:
            if section.id == name:
                return section
        raise KeyError(name)

    def __str__(self) -> str:
        lines = [*wrapped(self.title.upper()), "=" * min(len(self.title), COLUMNS), *wrapped(self.notice), ""]
        for section in self.sections:
            lines += section_lines(section)
        if self.bibliography:
            lines += ["Sources", "-" * len("Sources")]
            for reference in self.bibliography:
                lines += reference_lines(reference)
            lines.append("")
        lines += wrapped(self.notice)
        return "\n".join(line.rstrip() for line in lines)


@dataclass(frozen=True)
class Telling:
    """Who is told, from which knowledge, in which part; makes statements and numbers their sources."""

    kb: Knowledge
    reader: Reader
    home: bool
    bibliography: Bibliography
    place: str = ""

    @property
    def person(self) -> bool:
        """Whether the reader is the person (plain words) and not a clinician."""
        return self.reader == "person"

    def at(self, place: str) -> Telling:
        """The same telling in another part of the text."""
        return replace(self, place=place)

    def say(self, text: str, sources: Sequence[Citation] = (), *, lead: str = "", proposal: bool = False) -> Statement:
        """A statement with its sources numbered."""
        supports, conflicts = self.bibliography.cite(sources, self.place)
        return Statement(sentence(text), lead, supports, conflicts, proposal)

    def row(self, *cells: str, sources: Sequence[Citation] = (), proposal: bool = False, strong: bool = False) -> Row:
        """A table row with its sources numbered."""
        supports, conflicts = self.bibliography.cite(sources, self.place)
        return Row(cells, supports, conflicts, proposal, strong)


# ---------------------------------------------------------------- plain text


def wrapped(text: str, first: str = "", later: str | None = None) -> list[str]:
    """Text as lines of at most 80 columns; ``first`` opens the first line, ``later`` the others."""
    return textwrap.wrap(
        " ".join(text.split()),
        COLUMNS,
        initial_indent=first,
        subsequent_indent=first if later is None else later,
        break_on_hyphens=False,
    ) or [""]


def section_lines(section: Section) -> list[str]:
    """A section as plain text: title, paragraphs, points and tables within 80 columns."""
    title = wrapped(section.title)
    lines = [*title, ("-" if section.level == 2 else "·") * max(map(len, title))]
    for paragraph in section.paragraphs:
        lines += [*wrapped(str(paragraph)), ""]
    for point in section.points:
        lines += wrapped(str(point), "- ", "  ")
    if section.points:
        lines.append("")
    for table in section.tables:
        lines += [*_table_lines(table), ""]
    return lines


def column_widths(cells: Sequence[Sequence[str]], room: int) -> list[int]:
    """Widths of columns that fit a line: narrow columns keep what they need, wide ones share the rest.

    Every column holds its longest word, where the line has room for that.

    Args:
        cells: rows of text, the header among them.
        room: characters for all columns together, gaps not counted.
    """
    columns = range(len(cells[0]))
    need = [max(len(row[column]) for row in cells) for column in columns]
    least = [max((len(word) for row in cells for word in row[column].split()), default=1) for column in columns]
    if sum(least) > room:
        least = [1] * len(need)
    widths = [0] * len(need)
    open_columns = sorted(columns, key=lambda column: need[column])
    for position, column in enumerate(open_columns):
        fair = room // (len(open_columns) - position)
        others = sum(least[other] for other in open_columns[position + 1 :])
        widths[column] = max(least[column], min(need[column], fair, room - others))
        room -= widths[column]
    return widths


def _table_lines(table: Table) -> list[str]:
    gap = 2
    cells = [table.headers, *(row.plain() for row in table.rows)]
    widths = column_widths(cells, COLUMNS - gap * (len(table.headers) - 1))
    lines = wrapped(table.caption) if table.caption else []
    for index, row in enumerate(cells):
        columns = [
            textwrap.wrap(cell, width, break_on_hyphens=False) or [""] for cell, width in zip(row, widths, strict=True)
        ]
        for line in range(max(map(len, columns))):
            parts = [
                (column[line] if line < len(column) else "").ljust(width)
                for column, width in zip(columns, widths, strict=True)
            ]
            lines.append((" " * gap).join(parts))
        if index == 0:
            lines.append((" " * gap).join("-" * width for width in widths))
    return lines


def reference_lines(reference: Reference) -> list[str]:
    """One source as lines of plain text: what it is, how it was reached, why it is used, what speaks against."""
    indent = " " * (len(str(reference.number)) + 3)
    lines = wrapped(sentence(reference.cites), f"[{reference.number}] ", indent)
    if reference.link:
        lines += wrapped(reference.link, indent)
    lines += wrapped("; ".join(reference_facts(reference)), indent)
    return lines


_SHOWN = 5


def _first_few(names: Sequence[str]) -> str:
    """The first few names, and how many there are besides."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def reference_facts(reference: Reference) -> tuple[str, ...]:
    """What is said of a source besides its title: access, reason, use, and the other side."""
    facts = [reference.access_words]
    if reference.reason:
        facts.append(reference.reason.rstrip("."))
    if reference.used_for:
        facts.append(f"used for: {_first_few(reference.used_for)}")
    if reference.speaks_against:
        facts.append(f"speaks against a statement in: {_first_few(reference.speaks_against)}")
    if reference.contradicted_by:
        facts.append(f"the other side: {_first_few([f'[{number}]' for number in reference.contradicted_by])}")
    if reference.notes:
        facts.append(f"note: {', '.join(note.rstrip('.') for note in reference.notes)}")
    return tuple(facts)
