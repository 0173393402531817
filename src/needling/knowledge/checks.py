"""Cross-checks between knowledge entries: every key resolves, every rule can be evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from needling.errors import did_you_mean
from needling.knowledge.base import SECTIONS, Knowledge, id_of
from needling.knowledge.conditions import leaves
from needling.knowledge.facts import BUILT_IN, resolve_name
from needling.knowledge.load import Origin
from needling.units import UNITS

_RANK = {"memory": 0, "secondary": 1, "abstract": 2, "primary": 3}


def _missing(name: str, known: Any, what: str) -> str:
    return f"unknown {what} '{name}'{did_you_mean(name, known)}"


def _citations(entry: Any) -> Iterator[Any]:
    for field in ("sources", "sources_a", "sources_b"):
        yield from getattr(entry, field, ())
    for part in parts_of(entry):
        yield from part.sources


def parts_of(entry: Any) -> Iterator[Any]:
    """The parts of an entry that carry sources of their own: protocols, outcome, comparisons, statements."""
    for field in ("protocols", "comparisons", "statements"):
        yield from getattr(entry, field, ())
    if hasattr(entry, "outcome"):
        yield entry.outcome


def _access_problems(kb: Knowledge, part: Any) -> Iterator[str]:
    """Nobody reads a statement better than the best source that supports it."""
    sources = kb.by("sources")
    best = max(
        (_RANK[sources[c.key].access] for c in part.sources if c.stance == "supports" and c.key in sources), default=0
    )
    if _RANK[part.access] > best:
        yield f"access '{part.access}' is better than that of its best supporting source"


def _rule_problems(kb: Knowledge, rule: Any) -> Iterator[str]:
    facts = {fact.name: fact for fact in kb.facts}
    known = (*facts, *BUILT_IN)
    tested = {name for name, _, _ in leaves(rule.when)}
    for name in tested:
        if name not in BUILT_IN and resolve_name(name, facts) is None:
            yield _missing(name, known, "fact")
    for name, operator, operand in leaves(rule.when):
        definition = facts.get(name)
        if definition is None:
            continue
        operands = operand if operator in ("in",) else [operand]
        if definition.kind == "yes-no" and not all(isinstance(value, bool) for value in operands):
            yield f"'{name}' is a yes-no fact; test it with true or false, not {operand!r}"
        if definition.kind in ("choice", "choices") and operator in ("is", "in", "has"):
            for value in operands:
                if value not in definition.choices:
                    yield _missing(str(value), definition.choices, f"choice of '{name}'")
    after = rule.then.after
    if after is not None and (after not in facts or facts[after].kind != "date"):
        yield _missing(after, [name for name, fact in facts.items() if fact.kind == "date"], "date fact in then.after")
    for example in rule.examples:
        for name in example:
            if name != "expect" and name not in BUILT_IN and resolve_name(name, facts) is None:
                yield _missing(name, known, "fact in an example:")
    yield from _access_problems(kb, rule)


def _yes_no(kb: Knowledge, names: tuple[str, ...]) -> Iterator[str]:
    """Names that are no yes-no fact with a quiet answer."""
    facts = kb.by("facts")
    for name in names:
        if name not in facts:
            yield _missing(name, facts, "fact")
        elif facts[name].kind != "yes-no" or facts[name].quiet is None:
            yield f"'{name}' is no yes-no fact with a quiet answer"


def _wait_problems(kb: Knowledge, topical: Any) -> Iterator[str]:
    """Only a product that has to wait says which thing of the waiting list it is one of."""
    waits = kb.by("waits")
    if topical.about is not None and topical.gate != "wait":
        yield "'about' is for products whose gate is 'wait'"
    elif topical.about is not None and topical.about not in waits:
        yield _missing(topical.about, waits, "wait")


def cross_check(kb: Knowledge, origin: Origin) -> list[str]:
    """All broken references of the base, each as ``file:line: what``; empty when it is sound."""
    problems: list[str] = []
    sources, sites, devices = kb.by("sources"), kb.by("sites"), kb.by("devices")
    scales, conflicts, concerns = kb.by("scales"), kb.by("conflicts"), kb.by("indications")
    places: dict[str, str] = {}
    for section in SECTIONS:
        for entry in getattr(kb, section):
            name = id_of(section, entry)
            found: list[str] = [
                _missing(citation.key, sources, "source")
                for citation in _citations(entry)
                if citation.key not in sources
            ]
            if section == "rules":
                found += _rule_problems(kb, entry)
                found += [_missing(key, conflicts, "conflict") for key in entry.conflicts if key not in conflicts]
            if section == "indications":
                if entry.scale is not None and entry.scale not in scales:
                    found.append(_missing(entry.scale, scales, "scale"))
                for protocol in entry.protocols:
                    found += [_missing(site, sites, "site") for site in protocol.sites if site not in sites]
                    found += [_missing(key, devices, "device") for key in protocol.devices if key not in devices]
            if section == "facts" and entry.only_if is not None and entry.only_if not in kb.by("facts"):
                found.append(_missing(entry.only_if, kb.by("facts"), "fact in only_if"))
            if section == "adverse_events":
                found += _yes_no(kb, (*entry.cleared_by, *entry.proves))
                flags = kb.by("red_flags")
                found += [_missing(flag, flags, "red flag") for flag in entry.red_flags if flag not in flags]
            if section == "follow_ups":
                found += _yes_no(kb, entry.asks)
            if section in ("care", "waits"):
                found += [_missing(site, sites, "site") for site in entry.sites if site not in sites]
            if section == "care":
                waits = kb.by("waits")
                found += [_missing(one.thing, waits, "wait") for one in entry.about if one.thing not in waits]
            if section == "topicals":
                found += _wait_problems(kb, entry)
            if section == "devices":
                found += [
                    _missing(legal.source, sources, "source") for legal in entry.legal if legal.source not in sources
                ]
            if section == "alternatives":
                for part in entry.comparisons:
                    found += [_missing(key, concerns, "indication") for key in part.indications if key not in concerns]
                    found += _access_problems(kb, part)
            if section == "jurisdictions":
                found += [
                    f"'{code}' is covered here and by {places[code]}; leave it to one of them"
                    for code in (name, *entry.covers)
                    if places.setdefault(code, name) != name
                ]
            if section == "parameter_sets":
                known = kb.by("parameters")
                found += [
                    _missing(one.parameter, known, "parameter") for one in entry.overrides if one.parameter not in known
                ]
            if section == "parameters" and entry.quantity.unit not in UNITS:
                found.append(_missing(entry.quantity.unit, UNITS, "unit"))
            problems += [f"{origin.where(section, name)}: {name}: {problem}" for problem in found]
    return problems
