"""A clinic's own folder beside the shipped knowledge: it may add or tighten, never loosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from needling.errors import BadKnowledge
from needling.knowledge.base import id_of
from needling.knowledge.load import Origin, read_knowledge

# An entry of these sections may replace a shipped one if no limit gets wider.
_CEILINGS = {
    "sites": ("home_max_mm", "home_max_written_plan_mm", "clinic_max_mm"),
    "envelopes": (
        "needle_max_mm",
        "written_plan_needle_max_mm",
        "directions_max_count",
        "passes_max_count",
        "sessions_max_count",
        "force_max_N",
        "first_needle_max_mm",
    ),
}
_MAY_ADD = (
    "sources",
    "facts",
    "rules",
    "claims",
    "conflicts",
    "devices",
    "topicals",
    "care",
    "red_flags",
    "adverse_events",
    "follow_ups",
    "alternatives",
)


def _loosened(section: str, shipped: Any, own: Any) -> list[str]:
    wider = []
    for field in _CEILINGS[section]:
        old, new = getattr(shipped, field), getattr(own, field)
        if old is not None and (new is None or new > old):
            wider.append(f"{field} {new} is wider than {old}")
    if section == "sites" and shipped.never and not own.never:
        wider.append("never cannot be lifted")
    if section == "envelopes":
        if not set(own.endpoints) <= set(shipped.endpoints):
            wider.append("endpoints may only be taken away")
        if not set(own.device_kinds) <= set(shipped.device_kinds):
            wider.append("device_kinds may only be taken away")
        if own.first_sessions_count < shipped.first_sessions_count:
            wider.append("first_sessions_count may only grow")
        if own.first_min_interval_d < shipped.first_min_interval_d:
            wider.append("first_min_interval_d may only grow")
        if (shipped.bleeding_from_mm or 0) > (own.bleeding_from_mm or 0):
            wider.append("bleeding_from_mm may only grow")
        lengths = sorted({step.up_to_mm for step in (*shipped.frequency, *own.frequency)})
        if any(_interval(own, length) < _interval(shipped, length) for length in lengths):
            wider.append("frequency may only become longer")
    return wider


def _interval(envelope: Any, length_mm: float) -> float:
    for step in sorted(envelope.frequency, key=lambda step: step.up_to_mm):
        if length_mm <= step.up_to_mm:
            return float(step.min_interval_d)
    return float("inf")


def tighten(sections: dict[str, tuple[Any, ...]], folder: Path, origin: Origin) -> dict[str, tuple[Any, ...]]:
    """Lay a folder over the shipped sections. Raises BadKnowledge, with file and line, on anything looser."""
    own_origin = Origin()
    may_complete = {section: {id_of(section, one): one for one in sections[section]} for section in _CEILINGS}
    own = read_knowledge(folder, own_origin, may_complete)
    merged = dict(sections)
    for section, entries in own.items():
        shipped = {id_of(section, entry): entry for entry in sections[section]}
        for entry in entries:
            name = id_of(section, entry)
            where = own_origin.where(section, name)
            if name not in shipped and section in _MAY_ADD:
                origin.remember(section, name, where)
                shipped[name] = entry
            elif name in shipped and section in _CEILINGS:
                wider = _loosened(section, shipped[name], entry)
                if wider:
                    raise BadKnowledge(f"{where}: an overlay may only tighten: {'; '.join(wider)}")
                shipped[name] = entry
            elif name in shipped:
                raise BadKnowledge(
                    f"{where}: '{name}' is shipped and cannot be replaced; add one with its own name "
                    "(where two rules meet, the stricter wins)"
                )
            else:
                raise BadKnowledge(f"{where}: an overlay cannot add to {section}")
        merged[section] = tuple(shipped.values())
    return merged
