"""The one table of units.

The last part of a field's name is its unit: ``needle_length_mm``, ``interval_d``, ``density_per_cm2``.
This table says what each suffix means: its UCUM code, the label a person reads, and the factor to SI.
Binding to arrays, forms, axes, FHIR and the glossary all read it; an architecture test fails on a
number in a document that has no suffix from here.
"""

from __future__ import annotations

from typing import NamedTuple


class Unit(NamedTuple):
    """One unit: how a field name ends, how machines and people write it, and its factor to SI."""

    suffix: str
    ucum: str
    label: str
    si_factor: float
    quantity: str


_HOUR_S = 3600.0
_DAY_S = 24 * _HOUR_S
_YEAR_S = 365.25 * _DAY_S

UNITS: dict[str, Unit] = {
    unit.suffix: unit
    for unit in (
        Unit("nm", "nm", "nm", 1e-9, "length"),
        Unit("um", "um", "µm", 1e-6, "length"),
        Unit("mm", "mm", "mm", 1e-3, "length"),
        Unit("cm", "cm", "cm", 1e-2, "length"),
        Unit("cm2", "cm2", "cm²", 1e-4, "area"),
        Unit("per_cm2", "/cm2", "/cm²", 1e4, "areal number density"),
        Unit("per_mm2", "/mm2", "/mm²", 1e6, "areal number density"),
        Unit("per_cm", "/cm", "/cm", 1e2, "area in a volume"),
        Unit("mg_per_cm2", "mg/cm2", "mg/cm²", 1e-2, "areal mass density"),
        Unit("ug_per_cm2", "ug/cm2", "µg/cm²", 1e-5, "areal mass density"),
        Unit("ug_per_ml", "ug/mL", "µg/mL", 1e-3, "mass concentration"),
        Unit("mg_per_cm2_h", "mg/cm2/h", "mg/cm² per hour", 1e-2 / _HOUR_S, "flux"),
        Unit("l_per_min", "L/min", "L/min", 1e-3 / 60, "volume flow"),
        Unit("l_per_kg", "L/kg", "L/kg", 1e-3, "volume in a mass"),
        Unit("g_per_l", "g/L", "g/L", 1.0, "mass concentration"),
        Unit("s", "s", "s", 1.0, "time"),
        Unit("min", "min", "min", 60.0, "time"),
        Unit("h", "h", "h", _HOUR_S, "time"),
        Unit("d", "d", "days", _DAY_S, "time"),
        Unit("wk", "wk", "weeks", 7 * _DAY_S, "time"),
        Unit("mo", "mo", "months", _YEAR_S / 12, "time"),
        Unit("y", "a", "years", _YEAR_S, "time"),
        Unit("per_s", "/s", "per second", 1.0, "rate"),
        Unit("per_h", "/h", "per hour", 1 / _HOUR_S, "rate"),
        Unit("per_d", "/d", "per day", 1 / _DAY_S, "rate"),
        Unit("cm_per_s", "cm/s", "cm/s", 1e-2, "speed or permeability"),
        Unit("cm_per_h", "cm/h", "cm/h", 1e-2 / _HOUR_S, "speed or permeability"),
        Unit("cm2_per_s", "cm2/s", "cm²/s", 1e-4, "diffusivity"),
        Unit("hz", "Hz", "Hz", 1.0, "frequency"),
        Unit("mn", "mN", "mN", 1e-3, "force"),
        Unit("N", "N", "N", 1.0, "force"),
        Unit("mn_per_um", "mN/um", "mN/µm", 1e3, "force per length"),
        Unit("g", "g", "g", 1e-3, "mass"),
        Unit("kg", "kg", "kg", 1.0, "mass"),
        Unit("mg", "mg", "mg", 1e-6, "mass"),
        Unit("g_per_mol", "g/mol", "g/mol", 1e-3, "molar mass"),
        Unit("ph", "[pH]", "pH", 1.0, "acidity"),
        Unit("deg", "deg", "°", 0.017453292519943295, "angle"),
        Unit("pct", "%", "%", 1e-2, "ratio"),
        Unit("share", "1", "", 1.0, "ratio"),
        Unit("ratio", "1", "", 1.0, "ratio"),
        Unit("probability", "1", "", 1.0, "ratio"),
        Unit("count", "1", "", 1.0, "number"),
        Unit("score", "{score}", "points", 1.0, "score"),
        Unit("grade", "{grade}", "grades", 1.0, "score"),
        Unit("weight", "1", "", 1.0, "ratio"),
        Unit("price", "{price}", "in your currency", 1.0, "money"),
    )
}


def unit_of(field_name: str) -> Unit | None:
    """The unit a field's name ends with, longest suffix first; None when it carries none.

    >>> unit_of("needle_length_mm").ucum
    'mm'
    >>> unit_of("density_per_cm2").suffix
    'per_cm2'
    >>> unit_of("area") is None
    True
    """
    parts = field_name.split("_")
    for start in range(1, len(parts)):
        unit = UNITS.get("_".join(parts[start:]))
        if unit is not None:
            return unit
    return None


def to_si(value: float, suffix: str) -> float:
    """Value in the unit named by its suffix -> SI. Raises KeyError for a suffix not in the table."""
    return value * UNITS[suffix].si_factor


def from_si(value: float, suffix: str) -> float:
    """SI value -> the unit named by the suffix. Raises KeyError for a suffix not in the table."""
    return value / UNITS[suffix].si_factor
