"""Every number in a document or a knowledge entry says its unit in its name, or why it cannot."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest

from needling.documents import Document, every
from needling.knowledge import schema
from needling.knowledge.entries import Entry
from needling.units import UNITS, from_si, to_si, unit_of

_SCALE = "in points of the scale named beside it"
_ANSWER = "the unit is that of the fact, as its name or its question says"
_QUANTITY = "the unit is the field `unit` beside it"
_CHANGES = "in meaningful changes of the indication, so that zones can be added"

# Fields whose unit is carried beside them, each with the reason.
UNIT_BESIDE: dict[str, str] = {
    "Fact.value": _ANSWER,
    "FactDefinition.low": _ANSWER,
    "FactDefinition.high": _ANSWER,
    "FactDefinition.quiet": _ANSWER,
    "ScaleScore.value": _SCALE,
    "MeasureForecast.quantiles": _QUANTITY,
    "MeasureForecast.seen_noise": _QUANTITY,
    "Outcome.baseline": _SCALE,
    "Outcome.change_quantiles": _SCALE,
    "Outcome.better_by": _SCALE,
    "Scorecard.gain": _CHANGES,
    "Scorecard.gain_low": _CHANGES,
    "Constraint.gain_low": _CHANGES,
    "Constraint.gain_more": _CHANGES,
    "Scorecard.utility": "the weighted sum of the objectives",
    "Miss.forecast_median": _SCALE,
    "Miss.low": _SCALE,
    "Miss.high": _SCALE,
    "Miss.seen": _SCALE,
    "Miss.error": _SCALE,
    "Miss.crps": _SCALE,
    "Miss.forecast_mean": _SCALE,
    "Miss.expected_change": _SCALE,
    "Miss.nothing_crps": _SCALE,
    **dict.fromkeys(
        (
            *("MeasureCalibration.mean_crps", "MeasureCalibration.nothing_crps", "MeasureCalibration.expected_change"),
            *("MeasureCalibration.bias", "MeasureCalibration.bias_low", "MeasureCalibration.bias_high"),
        ),
        _QUANTITY,
    ),
    "Misses.mean_crps": _SCALE,
    "Misses.bias": _SCALE,
    **dict.fromkeys(
        (
            *(f"PairedNumber.{name}" for name in ("first", "second", "difference", "difference_quantiles")),
            *(
                "PairedNumber.counts_from",
                "PairedNumber.negligible",
                "MeasureSpread.mean",
                "MeasureSpread.sd",
                "MeasureSpread.quantiles",
            ),
            *("Estimate.value", "Estimate.low", "Estimate.high", "Difference.sd", "Difference.world_low"),
            *("Difference.world_high", "RealTrial.difference", "RealTrial.sd", "Efficiency.paired_half_width"),
        ),
        _QUANTITY,
    ),
    "Analysis.margin": "the unit is that of the primary outcome",
    "FactShare.value": _ANSWER,
    "Contrast.achieved_power": "a probability that statistics calls power",
    **dict.fromkeys(("Population.phototypes", "Population.sexes"), "shares of the population, by name"),
    **dict.fromkeys(("NumberToTreat.value", "NumberToTreat.low", "NumberToTreat.high"), "people, a mean number"),
    "OutcomeModel.change": _SCALE,
    "OutcomeModel.change_sd": _SCALE,
    "Indication.meaningful_change": _SCALE,
    "Indication.baseline": _SCALE,
    "Indication.baseline_sd": _SCALE,
    "Scale.low": _SCALE,
    "Scale.high": _SCALE,
    "Scale.step": _SCALE,
    "Scale.noise": _SCALE,
    "Curve.levels": _QUANTITY,
    "Quantity.median": _QUANTITY,
    "Quantity.person": "a standard deviation on the scale that `shape` names",
    "Quantity.doubt": "a standard deviation on the scale that `shape` names",
    "Quantity.low": _QUANTITY,
    "Quantity.high": _QUANTITY,
    "ParameterOverride.median": "the unit is that of the parameter it names",
    "ParameterOverride.person": "a standard deviation on the scale that the parameter's `shape` names",
    "ParameterOverride.doubt": "a standard deviation on the scale that the parameter's `shape` names",
}
# Units of the form "a per b" that only one field has: speed, and doses on the label's own area.
COMPOUND = {"Device.speed_mm_per_s": "mm/s", "Topical.max_g_per_10_cm2": "g/(10 cm²)"}


def holds_float(annotation: Any) -> bool:
    """Whether a value of this type is, or contains, a float that is not inside another model."""
    if annotation is float:
        return True
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return holds_float(typing.get_args(annotation)[0])
    if origin is Literal:
        return False
    if origin is not None or isinstance(annotation, types.UnionType):
        return any(holds_float(part) for part in typing.get_args(annotation))
    return False


def unit_in(name: str) -> bool:
    """Whether the name ends in a unit, or is one (``probability``)."""
    return unit_of(name) is not None or name in UNITS


def models() -> Iterator[type[Document | Entry]]:
    for module, base in (*((module, Document) for module in every.modules()), (schema, Entry)):
        for thing in vars(module).values():
            if isinstance(thing, type) and issubclass(thing, base) and thing.__module__ == module.__name__:
                yield thing


def float_fields() -> dict[str, str]:
    return {
        f"{model.__name__}.{name}": name
        for model in models()
        for name, annotation in typing.get_type_hints(model, include_extras=True).items()
        if name in model.model_fields and name in vars(model).get("__annotations__", {}) and holds_float(annotation)
    }


FIELDS = float_fields()


def test_there_are_numbers_to_check() -> None:
    assert len(FIELDS) > 50


@pytest.mark.parametrize("field", FIELDS)
def test_a_number_says_its_unit(field: str) -> None:
    if field in UNIT_BESIDE or field in COMPOUND:
        return
    assert unit_in(FIELDS[field]), (
        f"{field} is a float without a unit. End its name with one of {', '.join(UNITS)}, or, if its unit is "
        "carried beside it, add it to UNIT_BESIDE with the reason"
    )


def test_no_exception_is_stale() -> None:
    assert not (UNIT_BESIDE.keys() | COMPOUND.keys()) - FIELDS.keys(), "these fields are gone; take them out"
    needless = [field for field in UNIT_BESIDE if unit_in(FIELDS[field])]
    assert not needless, "these say their unit already; take them out"


def test_units_go_to_si_and_back() -> None:
    for suffix, unit in UNITS.items():
        assert unit.suffix == suffix
        assert from_si(to_si(3.7, suffix), suffix) == pytest.approx(3.7, rel=1e-15)
    assert to_si(1, "per_cm2") == pytest.approx(1 / to_si(1, "cm2"))
    assert to_si(1, "mg_per_cm2") == pytest.approx(to_si(1, "mg") / to_si(1, "cm2"))
    assert to_si(1, "mn_per_um") == pytest.approx(to_si(1, "mn") / to_si(1, "um"))
    assert to_si(1, "per_d") == pytest.approx(1 / to_si(1, "d"))
    assert to_si(12, "mo") == pytest.approx(to_si(1, "y"))
