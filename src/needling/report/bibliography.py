"""Numbered sources: exactly those that a text used, each with what it was used for and what speaks against."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from needling.documents import Citation
from needling.knowledge.base import SECTIONS, Knowledge
from needling.knowledge.schema import Source
from needling.report.words import ACCESS_WORD


@dataclass(frozen=True)
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


@dataclass
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
            if citation.note:
                use.notes[citation.note] = None
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


# ---------------------------------------------------------------- citing needling, and looking sources up


def how_to_cite(kb: Knowledge) -> str:
    """One paragraph that names the software and the exact knowledge behind its answers."""
    from needling import __version__

    return (
        f"The needling contributors ({kb.version[:4]}). needling {__version__}: treatment planning for derma rollers. "
        f"Knowledge {kb.version}, sha256 {kb.sha256[:16]}; {len(kb.sources)} sources, {len(kb.rules)} rules. "
        "Cite the sources behind a statement as well; every page lists them."
    )


def _entries_named(word: str, kb: Knowledge) -> list[Any]:
    """All entries of any section that go by this id or label."""
    found = []
    for section in SECTIONS:
        named = kb.by(section)
        found += [named[word]] if word in named else []
        found += [entry for entry in named.values() if getattr(entry, "ref", "") == word]
    return found


def _cited_by(entry: Any) -> Iterable[str]:
    if isinstance(entry, Source):
        yield entry.key
    for name in ("sources", "sources_a", "sources_b"):
        yield from (citation.key for citation in getattr(entry, name, ()) if isinstance(citation, Citation))


def sources_for(words: Iterable[str], kb: Knowledge) -> tuple[Source, ...]:
    """The sources behind some words: a source key, the id or label of any entry, or a word in a source's text.

    Args:
        words: each looked up by name first; only a word that names nothing is searched for.

    Returns:
        Each source once, in the order found; empty when nothing fits.
    """
    known = kb.by("sources")
    keys: dict[str, None] = {}
    for word in words:
        named = _entries_named(word, kb)
        for entry in named:
            keys.update(dict.fromkeys(key for key in _cited_by(entry) if key in known))
        if not named:
            sought = word.casefold()
            keys.update(
                {
                    source.key: None
                    for source in kb.sources
                    if sought in f"{source.key} {source.cites} {source.reason}".casefold()
                }
            )
    return tuple(known[key] for key in keys)
