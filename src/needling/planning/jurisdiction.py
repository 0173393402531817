"""What the law of a place adds to the limits. It can only tighten; a place that was not looked up adds nothing and
says so.

Codes are those of ISO 3166: ``US``, ``CA``, ``DE`` (which falls under ``EU``), ``GB-SCT``. A country that is known
only by its parts, as ``GB``, gets the tightest limits of all of them.
"""

from __future__ import annotations

import math

from needling.documents import Caps, Reason
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import Jurisdiction

_MOST = ("home_needle_mm", "clinic_needle_mm")
_ALSO_CALLED = {"UK": "GB"}


def _code(country: str) -> str:
    code = country.strip().upper()
    return _ALSO_CALLED.get(code, code)


def jurisdictions_of(country: str, kb: Knowledge) -> tuple[Jurisdiction, ...]:
    """The places whose rules count for a code; empty when that place was not looked up.

    Args:
        country: code of a country or of a part of one; case does not matter.
        kb: jurisdictions.
    """
    code = _code(country)
    named = tuple(place for place in kb.jurisdictions if code == place.id or code in place.covers)
    if named or not code:
        return named
    inside = tuple(place for place in kb.jurisdictions if place.id.startswith(f"{code}-"))
    whole, _, part = code.partition("-")
    return inside or (jurisdictions_of(whole, kb) if part and not _has_parts(whole, kb) else ())


def _has_parts(code: str, kb: Knowledge) -> bool:
    """Whether the law differs between the parts of a country, so that one part says nothing of another."""
    return any(place.id.startswith(f"{code}-") for place in kb.jurisdictions)


def _own_caps(place: Jurisdiction) -> Caps:
    """One place's numbers as limits on a plan. Home is never supervised, so a home needle stays below that length."""
    caps = place.caps or Caps()
    if place.supervised_from_mm is None:
        return caps
    return tightened(caps, Caps(home_needle_mm=math.nextafter(place.supervised_from_mm, 0)))


def tightened(limits: Caps, more: Caps) -> Caps:
    """Two sets of limits as one: of each kind the tighter; None (nothing said) never loosens the other.

    Args:
        limits: limits so far.
        more: limits to add.

    Returns:
        The shorter needle, the longer gap, "no" before "allowed".
    """
    given: dict[str, float | str | None] = {}
    for field in Caps.model_fields:
        said = [value for value in (getattr(limits, field), getattr(more, field)) if value is not None]
        if not said:
            given[field] = None
        elif field in _MOST:
            given[field] = min(said)
        elif field == "min_interval_d":
            given[field] = max(said)
        else:
            given[field] = "no" if "no" in said else "allowed"
    return Caps.model_validate(given)


def caps_of(country: str, kb: Knowledge) -> Caps:
    """The limits that the law of a place lays on a plan; empty where none was found.

    Args:
        country: code as ``US`` or ``GB-SCT``.
        kb: jurisdictions.

    Returns:
        Caps that can only tighten a plan. :func:`notes_of` says what no number holds.
    """
    caps = Caps()
    for place in jurisdictions_of(country, kb):
        caps = tightened(caps, _own_caps(place))
    return caps


def min_age_y(country: str, kb: Knowledge) -> float | None:
    """The highest lowest age that the law of a place sets; None where none was found."""
    return max((place.min_age_y for place in jurisdictions_of(country, kb) if place.min_age_y is not None),
               default=None)  # fmt: skip


def supervised_from_mm(country: str, kb: Knowledge) -> float | None:
    """The needle length from which a health professional must be involved; None where no law was found."""
    lengths = [place.supervised_from_mm for place in jurisdictions_of(country, kb)]
    return min((length for length in lengths if length is not None), default=None)


def notes_of(country: str, kb: Knowledge) -> tuple[Reason, ...]:
    """What to tell about the law of a place: what was found, what was not, and when nothing was looked up.

    Args:
        country: code as ``US`` or ``GB-SCT``.
        kb: jurisdictions.

    Returns:
        Statements with sources; never empty, because a place without notes would read as a place without rules.
    """
    places = jurisdictions_of(country, kb)
    if not places:
        listed = ", ".join(place.id for place in kb.jurisdictions)
        return (
            Reason(
                what=f"The law in '{country.strip()}'",
                why=f"It was not looked up (only {listed}); that does not mean that there is none. Ask your regulator.",
            ),
        )
    notes: list[Reason] = []
    if all(place.id.startswith(f"{_code(country)}-") for place in places):
        parts = ", ".join(f"{place.name} ({place.id})" for place in places)
        notes.append(
            Reason(
                what=f"Parts of {_code(country)}",
                why=f"The law differs between them; the tightest of those looked up counts: {parts}. Give the part.",
            )
        )
    for place in places:
        if place.supervised_from_mm is not None:
            notes.append(
                Reason(
                    what=f"{place.name}: supervised from {place.supervised_from_mm:g} mm",
                    why="From this length on a health professional must be involved; at home it is out of reach.",
                    sources=place.sources,
                )
            )
        if place.home_devices == "none-authorised":
            notes.append(
                Reason(
                    what=f"{place.name}: no device for home",
                    why="No needling device was authorised for home use when this was read.",
                    sources=place.sources,
                )
            )
        notes += [note.model_copy(update={"what": f"{place.name}: {note.what}"}) for note in place.statements]
        if place.not_found:
            notes.append(Reason(what=f"{place.name}: not found", why=place.not_found))
    return tuple(notes)
