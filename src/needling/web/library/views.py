"""The evidence base to browse: every section as a list, every entry in full, all by the same two pages."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from needling.knowledge.base import id_of
from needling.knowledge.schema import Indication, Source
from needling.report.bibliography import safe_link
from needling.report.catalogue import (
    alternatives_to,
    cited_by,
    conflicts_of,
    fields_of,
    find,
    listed,
    title_of,
    unsupported,
    used_by,
)
from needling.report.words import ACCESS_WORD, ACTION_WORD, CERTAINTY_WORD, URGENCY_WORD
from needling.units import UNITS
from needling.web.library.sections import GROUPS, SHELVES, WORDS, Shelf
from needling.web.pages import knowledge

_PAGE = 100
_FOUND = 8  # entries of a section that a search over all of them shows
_WORDS = 100  # letters of a search
_FEW = 2  # words that tell nothing on their own
_LINE = 140  # letters of an entry beside its name in what a search has found
_APART = {"id", "key", "name", "title", "ref", "certainty", "read as", "cites", "url", "doi"}
"""What stands in the head of a page, and not again among its fields."""


def _shelf(address: str) -> Shelf:
    if address not in SHELVES:
        raise Http404("no such section")
    return SHELVES[address]


def _sought(request: HttpRequest) -> str:
    return request.GET.get("q", "").replace("\0", "")[:_WORDS].strip()


def sentence(words: str) -> str:
    """Words as a heading: as the library calls them, or with a capital letter; units as they are."""
    if words in WORDS:
        return WORDS[words]
    return words if words in UNITS else words[:1].upper() + words[1:]


def _called(section: str, entry: Any) -> str:
    return title_of(entry) or id_of(section, entry)


def _title(section: str, entry: Any) -> str:
    """What a reader sees of an entry: a question in its words, a source as it is cited, all else by its name."""
    title = getattr(entry, "ask", "") or getattr(entry, "cites", "") or _called(section, entry)
    return f"{title[:1].upper()}{title[1:]}"


def snippet(entry: Any, title: str, words: str) -> str:
    """A line of an entry's own text around the first of some words; its beginning where only an id holds them."""
    texts = [" ".join(one.says.split()) for one in fields_of(entry) if one.name not in _APART | {"when"}]
    texts = [said for said in texts if len(said.split()) > _FEW and not {"_", "{"} & set(said)]
    texts = [said for said in texts if said.rstrip(".").casefold() != title.rstrip(".").casefold()]
    sought = [word.casefold() for word in words.split()]
    held = next((said for said in texts if any(word in said.casefold() for word in sought)), None)
    said = held or next(iter(texts), "")
    at = min((said.casefold().find(word) for word in sought if word in said.casefold()), default=0)
    start = said.rfind(" ", 0, max(at - _LINE // 2, 0)) + 1
    end = said.rfind(" ", 0, start + _LINE) if len(said) > start + _LINE else len(said)
    return f"{'… ' if start else ''}{said[start:end]}{' …' if end < len(said) else ''}"


@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """All sections, or what a search finds in each of them."""
    kb, words = knowledge(), _sought(request)
    found = []
    for shelf in SHELVES.values() if words else ():
        entries = find(shelf.section, words.split(), kb)
        called = [(one, _title(shelf.section, one)) for one in entries[:_FOUND]]
        shown = [(id_of(shelf.section, one), title, snippet(one, title, words)) for one, title in called]
        if entries:
            found.append((shelf, shown, len(entries)))
    counts = {shelf.section: len(getattr(kb, shelf.section)) for shelf in SHELVES.values()}
    context = {"groups": GROUPS, "counts": counts, "words": words, "found": found, "version": kb.version}
    return render(request, "library/library.html", context)


_IN_WORDS: dict[str, str] = {str(key): words for one in (ACTION_WORD, URGENCY_WORD) for key, words in one.items()}


def _by_name(section: str, entries: list[Any]) -> tuple[list[str], list[list[str]]]:
    """A section as a table for readers: entries by their names and not by their ids, and actions in words."""
    heads, rows = listed(section, entries)
    names = [_called(section, one) for one in entries]
    again = {
        column
        for column in range(1, len(heads))
        if rows and all(row[column] == name for row, name in zip(rows, names, strict=True))
    }
    kept = [column for column in range(1, len(heads)) if column not in again]
    told = [
        [name[:1].upper() + name[1:], *(_IN_WORDS.get(row[column], row[column]) for column in kept)]
        for row, name in zip(rows, names, strict=True)
    ]
    return ["name", *(heads[column] for column in kept)], told


@require_safe
def section(request: HttpRequest, section: str) -> HttpResponse:
    """One section as a list, or those of its entries that hold some words."""
    shelf, kb, words = _shelf(section), knowledge(), _sought(request)
    entries = find(shelf.section, words.split(), kb)
    page = Paginator(entries, _PAGE).get_page(request.GET.get("page"))
    heads, rows = _by_name(shelf.section, list(page))
    context = {
        "shelf": shelf, "heads": [sentence(head) for head in heads], "page": page, "words": words,
        "rows": [(id_of(shelf.section, one), row) for one, row in zip(page, rows, strict=True)],
        "total": len(entries), "all": len(getattr(kb, shelf.section)),
    }  # fmt: skip
    return render(request, "library/section.html", context)


@require_safe
def entry(request: HttpRequest, section: str, entry: str) -> HttpResponse:
    """One entry in full: what it says, how sure, its sources, what speaks against it, where sources disagree."""
    shelf, kb = _shelf(section), knowledge()
    found = kb.by(shelf.section).get(entry)
    if found is None:
        raise Http404("no such entry")
    name = id_of(shelf.section, found)
    title = _called(shelf.section, found)
    title = title[:1].upper() + title[1:]
    certainty, access = getattr(found, "certainty", None), getattr(found, "access", None)
    fields = [one for one in fields_of(found) if one.name not in _APART and one.says.casefold() != title.casefold()]
    sourced = not isinstance(found, Source) and shelf.section != "facts"
    context: dict[str, Any] = {
        "shelf": shelf, "name": name, "title": title, "ref": getattr(found, "ref", ""), "fields": fields,
        "certainty": CERTAINTY_WORD[certainty] if certainty else "",
        "access": ACCESS_WORD[access] if access else "", "access_words": ACCESS_WORD,
        "sentence": sentence, "source": found if isinstance(found, Source) else None,
        "link": safe_link(found) if isinstance(found, Source) else None,
        "used": _users(found) if isinstance(found, Source) else [],
        "cited": cited_by(found, kb) if sourced else (), "unsupported": unsupported(found) if sourced else (),
        "alternatives": alternatives_to(found, kb) if isinstance(found, Indication) else (),
        "conflicts": conflicts_of(found, kb),
    }  # fmt: skip
    return render(request, "library/entry.html", context)


def _users(source: Source) -> list[tuple[Shelf, str, str]]:
    """Entries that cite a source: where they stand, their name, and what they are called."""
    kb = knowledge()
    shelves = {shelf.section: shelf for shelf in SHELVES.values()}
    return [(shelves[section], name, _called(section, kb.by(section)[name])) for section, name in used_by(source, kb)]
