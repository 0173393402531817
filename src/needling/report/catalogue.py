"""The evidence base to browse: any section as a list of short lines, any entry in full, the same way for all.

Plain text at 80 columns. An entry in full says where it comes from, how each source was read, what speaks against
it, and where sources disagree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from needling.documents import Citation
from needling.errors import BadInput, did_you_mean
from needling.knowledge.base import SECTIONS, Knowledge, id_of
from needling.knowledge.checks import parts_of
from needling.knowledge.schema import (
    AdverseEvent,
    Claim,
    Conflict,
    Indication,
    Jurisdiction,
    Rule,
    Site,
    Source,
    Topical,
)
from needling.report.bibliography import safe_link
from needling.report.explanation import COLUMNS
from needling.report.explanation import wrapped as plain_lines
from needling.report.words import ACCESS_WORD
from needling.units import unit_of

_LONGEST_ID = 32

# What a list shows beside the name of an entry: a title and how to read it; the last column takes what is left.
_Cell = Callable[[Any], str]


def _mm(value: float | None) -> str:
    return "-" if value is None else "never" if value == 0 else f"{value:g} mm"


_SHOWN: dict[str, tuple[tuple[str, _Cell], ...]] = {
    "sources": (("read as", lambda e: e.access), ("used for", lambda e: e.reason)),
    "facts": (("asked as", lambda e: e.ask),),
    "rules": (("does", lambda e: e.then.action), ("when", lambda e: e.title)),
    "claims": (("label", lambda e: e.ref), ("verdict", lambda e: e.verdict), ("says", lambda e: e.says)),
    "conflicts": (("label", lambda e: e.ref), ("about", lambda e: e.topic)),
    "sites": (
        ("home", lambda e: _mm(0 if e.never else e.home_max_mm)),
        ("clinic", lambda e: _mm(0 if e.never else e.clinic_max_mm)),
        ("special", lambda e: e.special or e.name),
    ),
    "devices": (
        ("kind", lambda e: e.kind),
        ("needles", lambda e: str(e.needles_count)),
        ("mm", lambda e: _span(e.lengths_mm)),
        ("name", lambda e: e.name),
    ),
    "indications": (
        ("answer", lambda e: e.answer),
        ("certainty", lambda e: e.certainty),
        ("is", lambda e: e.plain),
    ),
    "topicals": (
        ("gate", lambda e: f"wait {e.wait_h:g} h" if e.wait_h is not None else e.gate),
        ("name", lambda e: e.name),
    ),
    "care": (("phase", lambda e: e.phase), ("says", lambda e: e.says)),
    "red_flags": (("urgency", lambda e: e.urgency), ("sign", lambda e: e.sign)),
    "adverse_events": (
        ("seen", lambda e: "rate unknown" if e.of_count is None else f"{e.events_count} of {e.of_count}"),
        ("is", lambda e: e.plain),
    ),
    "envelopes": (("needle", lambda e: _mm(e.needle_max_mm)), ("kinds", lambda e: ", ".join(e.device_kinds))),
    "parameters": (("basis", lambda e: e.basis), ("is", lambda e: e.says)),
    "alternatives": (("by", lambda e: e.by), ("better for", lambda e: e.better_for)),
    "jurisdictions": (("home devices", lambda e: e.home_devices), ("authority", lambda e: e.authority)),
}
_PLAIN_NAMES = ("title", "name", "says", "topic", "sign", "ask")
_NOT_SHOWN = {"sources", "sources_a", "sources_b", "examples", "proposal", "conflicts"}


def _span(lengths_mm: Sequence[float]) -> str:
    low, high = min(lengths_mm), max(lengths_mm)
    return f"{low:g}" if low == high else f"{low:g}-{high:g}"


def _words_of(section: str) -> str:
    return section.replace("_", " ")


def known_section(name: str) -> str:
    """The section a word stands for (``red-flags`` is ``red_flags``). Raises BadInput with the closest name."""
    section = name.strip().lower().replace("-", "_")
    if section not in SECTIONS:
        raise BadInput(f"unknown section '{name}'{did_you_mean(section, SECTIONS)}; allowed: {', '.join(SECTIONS)}")
    return section


# ---------------------------------------------------------------- finding


def _names(section: str, entry: Any) -> Iterator[str]:
    """All names an entry goes by: its id, its labels, and the places a jurisdiction covers."""
    yield id_of(section, entry).casefold()
    yield from getattr(entry, "ref", "").casefold().split()
    yield from (code.casefold() for code in getattr(entry, "covers", ()))


def find(section: str, words: Iterable[str], kb: Knowledge, entries: Sequence[Any] | None = None) -> tuple[Any, ...]:
    """Entries of a section by words.

    Args:
        section: name of the section.
        words: when every word names an entry (id or label), those entries; otherwise the entries whose text holds
            all the words. No words: all entries.
        kb: the evidence base.
        entries: only among these; default: the whole section.
    """
    among = tuple(getattr(kb, section)) if entries is None else tuple(entries)
    sought = [word.casefold() for word in words if word.strip()]
    if not sought:
        return among
    named = [[entry for entry in among if word in _names(section, entry)] for word in sought]
    if all(named):
        return tuple(entry for entry in among if any(entry in found for found in named))
    return tuple(entry for entry in among if all(word in _text_of(entry) for word in sought))


def _text_of(entry: Any) -> str:
    return str(entry.model_dump_json(exclude={"examples"})).casefold()


def conflicts_of(entry: Any, kb: Knowledge) -> tuple[Conflict, ...]:
    """Where sources disagree about an entry.

    For a rule, what it names; for a claim, the conflicts that name its label, that stand on the same question, or
    whose subject it speaks of.
    """
    if isinstance(entry, Rule):
        return tuple(kb.find("conflicts", key) for key in entry.conflicts)
    if not isinstance(entry, Claim):
        return ()
    label = re.compile(rf"\b{re.escape(entry.ref)}\b") if entry.ref else None
    found: dict[str, Conflict] = {}
    for conflict in kb.conflicts:
        told = f"{conflict.side_a} {conflict.side_b} {conflict.topic} {conflict.default}"
        if label is not None and label.search(told):
            found[conflict.id] = conflict
    questions = {re.sub(r"^sc\d+-", "", name) for name in found}
    says = entry.says.casefold()
    for conflict in kb.conflicts:
        subjects = [part for part in conflict.id.split("-and-") if part not in _VAGUE]
        if any(conflict.id.startswith(question) for question in questions) or any(
            subject in says or subject.replace("-", " ") in says for subject in subjects
        ):
            found[conflict.id] = conflict
    return tuple(found.values())


# A conflict's id names its subject; these parts of ids are no subject by themselves.
_VAGUE = {"length", "place"}


def citations_of(entry: Any) -> tuple[tuple[str, Citation], ...]:
    """Every citation of an entry and its parts, once each, with its stance: supports, against, side a, side b."""
    found: dict[tuple[str, str, str], tuple[str, Citation]] = {}
    sides = [("side a", getattr(entry, "sources_a", ())), ("side b", getattr(entry, "sources_b", ()))]
    own = [citation for part in (entry, *parts_of(entry)) for citation in getattr(part, "sources", ())]
    for stance, citations in (*sides, ("", own)):
        for citation in citations:
            if not isinstance(citation, Citation):
                continue
            said = stance or ("against" if citation.stance == "conflicts" else "supports")
            found.setdefault((said, citation.key, citation.note), (said, citation))
    for legal in getattr(entry, "legal", ()):
        found.setdefault(("supports", legal.source, legal.status), ("supports", Citation(key=legal.source)))
    return tuple(found.values())


def _keys_cited_by(entry: Any) -> Iterator[str]:
    for part in (entry, *parts_of(entry)):
        for field in ("sources", "sources_a", "sources_b"):
            yield from (citation.key for citation in getattr(part, field, ()))
    yield from (legal.source for legal in getattr(entry, "legal", ()))


def used_by(source: Source, kb: Knowledge) -> tuple[tuple[str, str], ...]:
    """(section, id) of every entry that cites a source."""
    return tuple(
        (section, id_of(section, entry))
        for section in SECTIONS
        if section not in ("sources", "facts")
        for entry in getattr(kb, section)
        if source.key in _keys_cited_by(entry)
    )


# ---------------------------------------------------------------- as data


def as_data(section: str, entry: Any, kb: Knowledge) -> dict[str, Any]:
    """An entry with its sources spelled out, for ``--json``."""
    data: dict[str, Any] = {
        "section": section,
        "id": id_of(section, entry),
        "entry": entry.model_dump(mode="json", exclude={"examples"}),
    }
    if isinstance(entry, Source):
        data["used_by"] = [f"{where}/{name}" for where, name in used_by(entry, kb)]
        return data
    data["sources"] = [
        {"stance": stance, **citation.model_dump(exclude={"stance"}), **_source_data(kb.source(citation.key))}
        for stance, citation in citations_of(entry)
    ]
    data["conflicts"] = [conflict.id for conflict in conflicts_of(entry, kb)]
    return data


def _source_data(source: Source) -> dict[str, Any]:
    return {"cites": source.cites, "access": source.access, "kind": source.kind, "link": safe_link(source)}


# ---------------------------------------------------------------- as text


def wrapped(text: str, indent: int = 0, first: str = "") -> list[str]:
    """A paragraph at 80 columns; ``first`` begins it, and what follows is indented."""
    return plain_lines(f"{first}{text}", " " * indent, " " * (indent + 2 if first else indent))


def _short(text: str, width: int) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= width else plain[: max(width - 1, 1)].rstrip() + "…"


def listed(section: str, entries: Sequence[Any]) -> tuple[list[str], list[list[str]]]:
    """A section as a table: headings, and a row for each entry, its name first."""
    columns = _SHOWN.get(section) or (("is", title_of),)
    rows = [[id_of(section, entry), *(read(entry) for _, read in columns)] for entry in entries]
    return ["name", *(title for title, _ in columns)], rows


def list_lines(section: str, entries: Sequence[Any]) -> list[str]:
    """A section as a table of one line for each entry."""
    heads, rows = listed(section, entries)
    widths = [min(_LONGEST_ID, max(len(row[column]) for row in (heads, *rows))) for column in range(len(heads) - 1)]
    left = COLUMNS - sum(widths) - 2 * len(widths)
    lines = []
    for row in (heads, ["-" * width for width in (*widths, min(left, COLUMNS // 4))], *rows):
        cells = [_short(cell, width).ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join((*cells, _short(row[-1], left))).rstrip())
    return lines


def title_of(entry: Any) -> str:
    """What an entry is called in words; "" where it has only an id."""
    return next((str(getattr(entry, name)) for name in _PLAIN_NAMES if getattr(entry, name, "")), "")


# Units of the form "a per b" that only one field has.
_COMPOUND = {"max_g_per_10_cm2": ("max on each 10 cm²", "g"), "speed_mm_per_s": ("speed", "mm/s")}


def _label(name: str) -> tuple[str, str]:
    """Field name -> (words, unit): ``needle_max_mm`` is ("needle max", "mm")."""
    if name in _COMPOUND:
        return _COMPOUND[name]
    unit = unit_of(name)
    if unit is None:
        return _words_of(name), ""
    bare = name.removesuffix(f"_{unit.suffix}") if unit.label or unit.suffix in ("count", "share", "ratio") else name
    return _words_of(bare), unit.label


_TESTS = {"is": "is", "in": "is one of", "has": "has", "below": "is below", "at_least": "is at least",
          "within": "is within"}  # fmt: skip
_COMBINED = {"all": "all of", "any": "any of", "not": "not"}


def condition_words(condition: Any) -> str:
    """A rule's condition as one sentence: ``all of (setting is home; age_y is below 18)``."""
    said = []
    for key, value in condition.items():
        if key in ("all", "any"):
            said.append(f"{_COMBINED[key]} ({'; '.join(condition_words(part) for part in value)})")
        elif key == "not":
            said.append(f"not ({condition_words(value)})")
        else:
            said += [f"{key} {_TESTS[operator]} {_value(operand)}" for operator, operand in value.items()]
    return "; ".join(said)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (tuple, list)):
        return ", ".join(_value(part) for part in value)
    return str(value)


# Where a value that is missing may be taken for "no limit" or "none": it is then said to be missing.
_NO_GAP = ("about",)  # what most entries have no need of
_GAPS_MATTER = (Site, Topical, AdverseEvent, Jurisdiction)


@dataclass(frozen=True)
class Field:
    """One thing that an entry says. ``parts``: its numbered or single parts, each with a title and its own fields."""

    name: str
    says: str = ""
    parts: tuple[tuple[str, tuple[Field, ...]], ...] = ()


def fields_of(model: BaseModel) -> tuple[Field, ...]:
    """What an entry says, field by field, in words with units; what is not known is named at the end."""
    found: list[Field] = []
    unknown: list[str] = []
    for name in type(model).model_fields:
        value = getattr(model, name)
        words, unit = _label(name)
        if name in _NOT_SHOWN or value in ((), ""):
            continue
        if value is None:
            unknown += [words] if name not in _NO_GAP else []
        elif name == "access":
            found.append(Field("read as", ACCESS_WORD[value]))
        elif name == "when":
            found.append(Field("when", condition_words(value)))
        elif isinstance(value, BaseModel):
            found.append(Field(words, parts=((words, fields_of(value)),)))
        elif isinstance(value, tuple) and isinstance(value[0], BaseModel):
            one = words.removesuffix("s")
            parts = tuple((f"{one} {number}", fields_of(part)) for number, part in enumerate(value, start=1))
            found.append(Field(words, parts=parts))
        else:
            found.append(Field(words, f"{_value(value)} {unit}".rstrip()))
    if unknown and isinstance(model, _GAPS_MATTER):
        found.append(Field("not stated", ", ".join(unknown)))
    if getattr(model, "proposal", False):
        found.append(Field("standing", "our own conservative proposal; a clinician confirms or changes it"))
    return tuple(found)


def _field_lines(fields: Iterable[Field], indent: int) -> list[str]:
    """Fields as lines, those of parts indented."""
    lines: list[str] = []
    for field in fields:
        if not field.parts:
            lines += wrapped(field.says, indent, f"{field.name}: ")
        for title, parts in field.parts:
            lines += wrapped("", indent, f"{title}:") + _field_lines(parts, indent + 2)
    return lines


_STANCES = {
    "supports": "Sources",
    "side a": "Sources of side a",
    "side b": "Sources of side b",
    "against": "What speaks against it",
}


@dataclass(frozen=True)
class Cited:
    """A source as an entry cites it: ``said`` is where and what, each part once."""

    source: Source
    said: str

    @property
    def link(self) -> str:
        """Where it can be read; "" when nowhere."""
        return safe_link(self.source) or ""


def cited_by(entry: Any, kb: Knowledge) -> tuple[tuple[str, tuple[Cited, ...]], ...]:
    """The sources of an entry under the title of their stance: sources, sides, what speaks against it."""
    found = []
    citations = citations_of(entry)
    for stance, title in _STANCES.items():
        told: dict[str, list[str]] = {}
        for said, citation in citations:
            if said == stance:
                told.setdefault(citation.key, []).append(
                    ": ".join(part for part in (citation.at, citation.note) if part)
                )
        cited = [
            Cited(kb.source(key), "; ".join(dict.fromkeys(note for note in notes if note)))
            for key, notes in told.items()
        ]
        if cited:
            found.append((title, tuple(cited)))
    return tuple(found)


def unsupported(entry: Any) -> tuple[str, ...]:
    """What has to be said where an entry has no sources, or none that speak against it."""
    stances = {stance for stance, _ in citations_of(entry)}
    said = []
    if not stances - {"against"}:
        said.append("Sources: none; this rests on our own judgement.")
    if not stances & {"against", "side b"}:
        said.append("What speaks against it: nothing was found, which is not proof.")
    return tuple(said)


def _source_lines(entry: Any, kb: Knowledge) -> list[str]:
    lines: list[str] = []
    for title, cited in cited_by(entry, kb):
        lines += ["", f"{title}:"]
        for one in cited:
            source = one.source
            lines += wrapped(f"{source.key} ({ACCESS_WORD[source.access]}): {one.said}".rstrip(": "), 0, "- ")
            lines += wrapped(source.cites, 2)
            lines += _link_lines(one.link) if one.link else []
    for said in unsupported(entry):
        lines += ["", said]
    return lines


def _link_lines(link: str) -> list[str]:
    """A link, cut into pieces where it is longer than a line: it still fits 80 columns."""
    width = COLUMNS - 2
    return [f"  {link[start : start + width]}" for start in range(0, len(link), width)]


def alternatives_to(entry: Indication, kb: Knowledge) -> tuple[tuple[str, str], ...]:
    """What else can be done for a concern: id of the alternative, and how it stands against needling."""
    found = []
    for alternative in kb.alternatives:
        for one in alternative.comparisons:
            if entry.id in one.indications:
                skin = f", phototypes {', '.join(one.phototypes)}" if one.phototypes else ""
                found.append((alternative.id, f"{one.stands}{skin} ({ACCESS_WORD[one.access]})"))
    return tuple(found)


def _alternative_lines(entry: Indication, kb: Knowledge) -> list[str]:
    lines = [line for name, says in alternatives_to(entry, kb) for line in wrapped(f"{name}: {says}", 0, "- ")]
    return ["", "Against needling, other methods are:", *lines] if lines else []


def detail_lines(section: str, entry: Any, kb: Knowledge) -> list[str]:
    """One entry in full: what it says, how it was read, sources, what speaks against it, where sources disagree."""
    name = id_of(section, entry)
    ref = f" ({entry.ref})" if getattr(entry, "ref", "") else ""
    lines = [_short(f"{_words_of(section)}: {name}{ref}", COLUMNS)]
    lines.append("=" * len(lines[0]))
    lines += [line for line in _field_lines(fields_of(entry), 0) if line not in (f"id: {name}", f"key: {name}")]
    if isinstance(entry, Source):
        link = safe_link(entry)
        lines += _link_lines(link) if link else []
        users = ", ".join(f"{_words_of(where)} {one}" for where, one in used_by(entry, kb))
        return lines + ["", *wrapped(users or "nothing", 0, "Used by: ")]
    if section != "facts":
        lines += _source_lines(entry, kb)
    if isinstance(entry, Indication):
        lines += _alternative_lines(entry, kb)
    for number, conflict in enumerate(conflicts_of(entry, kb)):
        lines += ["", "Where sources disagree:"] if number == 0 else []
        lines += wrapped(f"{conflict.id} ({conflict.ref}): {conflict.topic}", 0, "- ")
        lines += wrapped(f"One side: {conflict.side_a}", 2) + wrapped(f"Other side: {conflict.side_b}", 2)
        lines += wrapped(f"What is done here: {conflict.default}", 2)
    return lines


def page_lines(section: str, entries: Sequence[Any], kb: Knowledge) -> list[str]:
    """One entry in full, or several as a list with how to open one."""
    if len(entries) == 1:
        return detail_lines(section, entries[0], kb)
    return [*list_lines(section, entries), "", f"{len(entries)} entries; add a name from the list to read one in full."]
