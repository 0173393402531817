"""Numbered sources: exactly those that a text used, each with what it was used for and what speaks against."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from needling.documents import Citation
from needling.knowledge.schema import Knowledge, Source
from needling.report.words import ACCESS_WORD


@dataclass(frozen=True, slots=True)
class Reference:
    """One source as used in one text.

    ``used_for`` and ``speaks_against`` name the parts of the text; ``contradicted_by`` are the numbers of the
    sources that take the other side of the same statements.
    """

    number: int
    key: str
    cites: str
    kind: str
    year: int | None
    link: str | None
    access: str
    reason: str
    used_for: tuple[str, ...]
    speaks_against: tuple[str, ...]
    contradicted_by: tuple[int, ...]
    notes: tuple[str, ...]

    @property
    def access_words(self) -> str:
        """How the source was reached, in words."""
        return ACCESS_WORD[self.access]


@dataclass(slots=True)
class _Use:
    number: int
    used_for: dict[str, None] = field(default_factory=dict)
    speaks_against: dict[str, None] = field(default_factory=dict)
    contradicted_by: set[int] = field(default_factory=set)
    notes: dict[str, None] = field(default_factory=dict)


def safe_link(source: Source) -> str | None:
    """The address a reader can follow: the DOI first, then the page; only http and https."""
    if source.doi:
        return f"https://doi.org/{source.doi}"
    if source.url and source.url.lower().startswith(("https://", "http://")):
        return source.url
    return None


class Bibliography:
    """Gives each source a number when it is first cited, and remembers for what."""

    def __init__(self, kb: Knowledge) -> None:
        self._kb = kb
        self._uses: dict[str, _Use] = {}

    def cite(self, citations: Iterable[Citation], place: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Numbers for the sources of one statement.

        Args:
            citations: the statement's sources.
            place: the part of the text that the statement stands in.

        Returns:
            The numbers that support it and the numbers that speak against it, each once, in rising order.
        """
        supports: set[int] = set()
        conflicts: set[int] = set()
        keys: dict[int, str] = {}
        for citation in citations:
            use = self._uses.setdefault(citation.key, _Use(len(self._uses) + 1))
            keys[use.number] = citation.key
            if citation.stance == "conflicts":
                conflicts.add(use.number)
                use.speaks_against[place] = None
            else:
                supports.add(use.number)
                use.used_for[place] = None
            for note in (citation.note,):
                if note:
                    use.notes[note] = None
        for one in supports:
            self._uses[keys[one]].contradicted_by |= conflicts - {one}
        for one in conflicts:
            self._uses[keys[one]].contradicted_by |= supports - {one}
        return tuple(sorted(supports)), tuple(sorted(conflicts - supports))

    def references(self) -> tuple[Reference, ...]:
        """All sources cited so far, by number. A key that the knowledge base lacks is said to be missing."""
        found = []
        sources = self._kb.by("sources")
        for key, use in self._uses.items():
            source: Source | None = sources.get(key)
            found.append(
                Reference(
                    number=use.number,
                    key=key,
                    cites=source.cites if source else key,
                    kind=source.kind if source else "unknown",
                    year=source.year if source else None,
                    link=safe_link(source) if source else None,
                    access=source.access if source else "missing",
                    reason=source.reason if source else "",
                    used_for=tuple(use.used_for),
                    speaks_against=tuple(use.speaks_against),
                    contradicted_by=tuple(sorted(use.contradicted_by)),
                    notes=tuple(use.notes),
                )
            )
        return tuple(found)


def marks(supports: tuple[int, ...], conflicts: tuple[int, ...]) -> str:
    """The numbers behind a statement: `` [1, 3; against: 4]``; empty without sources."""
    parts = [", ".join(map(str, supports))] if supports else []
    if conflicts:
        parts.append("against: " + ", ".join(map(str, conflicts)))
    return f" [{'; '.join(parts)}]" if parts else ""
