"""The seam for numbing cream: a cream on the skin of possible people in, blood levels out, and back to a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from needling.documents.exposure import LevelForecast, LevelThreshold
from needling.errors import OutOfRange
from needling.knowledge.base import Knowledge
from needling.simulation.belief import Belief
from needling.simulation.equations import systemic
from needling.simulation.equations.systemic import SHARES
from needling.units import from_si, to_si

Floats = NDArray[np.float64]
Draw = dict[str, Floats]
Form = Literal["cream", "patch"]
Skin = Literal["whole", "needled", "broken"]
Compartments = Literal["one", "two"]

MODELLED = ("lidocaine", "prilocaine")
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)  # numerical: quantiles that are kept
# Face, scalp, neck and thin folds take up fast; for the last three that is the careful side, not a measurement.
_FAST_SITES = ("eyelid", "periorbital", "forehead", "nose", "upper-lip", "cheek", "chin-jaw", "scalp", "neck", "axilla")
_NOT_MODELLED = ("mucosa",)
_THRESHOLDS = {
    "lidocaine": ("lidocaine-heart-level", "lidocaine-minor-level", "lidocaine-toxic-level"),
    "prilocaine": ("prilocaine-toxic-level",),
}
# numerical: fewest steps while the cream is on, longest step in s, and how long the level is followed after it in s
_STEPS_ON, _STEP_S, _FOLLOWED_S = 48, 300.0, 86400.0
_SHOWN_ON, _SHOWN_OFF = 12, 6  # numerical: points of the time with the cream, and every how many steps after it
_DIGITS = 6  # numerical: figures of a document, so that its hash is the same on every machine
_SURE, _NORMAL_SURE = 0.95, 1.6448536269514722  # numerical: level of the bound on a probability, as share and normal


@dataclass(frozen=True)
class Layer:
    """One drug of a product on one place, the same for all possible people.

    Args:
        dose: of the drug, kg. area: m². strength: mass of drug in mass of product, share. fast: whether the place takes
            up as the face does. form: cream or patch. covered: wrapped; a patch always is. skin: its state.
    """

    dose: float
    area: float
    strength: float
    fast: bool
    form: Form = "cream"
    covered: bool = True
    skin: Skin = "whole"


@dataclass(frozen=True)
class Body:
    """Who it is put on. weight: kg. liver, heart: whether either is sick; a clearance falls with each."""

    weight: float
    liver: bool = False
    heart: bool = False


@dataclass(frozen=True)
class Exposure:
    """One drug over time in each possible person, kg and kg/m³, each float64[time, member].

    Args:
        time: from putting it on, s, float64[time]; ``wiped_at`` is the index at which what is left is wiped off.
        level: in the blood. on_skin, in_skin, in_body, eliminated, wiped: amounts; they add up to ``dose``.
        peak, peak_time, absorbed: highest level, when, and all that entered the skin, float64[member].
    """

    time: Floats
    wiped_at: int
    level: Floats
    on_skin: Floats
    in_skin: Floats
    in_body: Floats
    eliminated: Floats
    wiped: Floats
    dose: float

    @property
    def peak(self) -> Floats:
        """Highest level of each possible person, kg/m³: the top of a parabola through the three highest points."""
        top = np.clip(self.level.argmax(axis=0), 1, self.time.size - 2)
        people = np.arange(top.size)
        before, at, after = (self.level[top + shift, people] for shift in (-1, 0, 1))
        bend = 2 * at - before - after
        # Where the cream comes off the level has a corner, and steps change their length.
        smooth = (bend > 0) & (top != self.wiped_at)
        rise = (after - before) ** 2 / (8 * np.where(smooth, bend, 1.0))  # numerical: of a parabola
        return np.asarray(np.where(smooth, at + rise, self.level.max(axis=0)))

    @property
    def peak_time(self) -> Floats:
        """When it is reached, s."""
        return np.asarray(self.time[self.level.argmax(axis=0)])

    @property
    def absorbed(self) -> Floats:
        """What entered the skin, kg."""
        return np.asarray(self.in_skin[-1] + self.in_body[-1] + self.eliminated[-1])


# ---------------------------------------------------------------- what a person is like


def _uptake(layer: Layer, drawn: Draw) -> Floats:
    """k_in of each member, per s."""
    if layer.form == "patch":
        flux = drawn["patch-flux"]
    else:
        reference = drawn["reference-cream-strength"]
        flux = np.array(
            [
                systemic.flux_by_strength(one, layer.strength, strength, exponent)
                for one, strength, exponent in zip(
                    drawn["cream-flux-face" if layer.fast else "cream-flux-body"],
                    reference,
                    drawn["cream-strength-exponent"],
                    strict=True,
                )
            ]
        )
        flux = flux if layer.covered else flux * drawn["open-cream-ratio"]
    if layer.skin != "whole":
        flux = flux * drawn[f"{layer.skin}-skin-flux-ratio"]
    return np.array([systemic.uptake_rate(one, layer.area, layer.dose) for one in flux])


def _release(layer: Layer, drawn: Draw) -> Floats:
    """k_out of each member, per s."""
    half_life = drawn["skin-depot-half-life-face" if layer.fast else "skin-depot-half-life-body"]
    if layer.skin != "whole":
        half_life = half_life * drawn["opened-skin-depot-ratio"]
    return np.asarray(np.log(2.0) / half_life)


def _bodies(drug: str, body: Body, drawn: Draw, compartments: Compartments) -> tuple[Floats, Floats, Floats]:
    """(rates and weights of the modes float64[6, member], clearance m³/s, central volume m³)."""
    reference, exponent = drawn["systemic-reference-weight"], drawn["clearance-weight-exponent"]
    ratio = np.ones(exponent.size)
    if body.liver:
        ratio = ratio * drawn["liver-clearance-ratio"]
    if body.heart:
        ratio = ratio * drawn["heart-clearance-ratio"]
    clearance = ratio * np.array(
        [
            systemic.clearance_of(one, body.weight, normal, power)
            for one, normal, power in zip(drawn[f"{drug}-clearance"], reference, exponent, strict=True)
        ]
    )
    volume = drawn[f"{drug}-volume"] * body.weight
    if compartments == "one":
        return (
            np.array([systemic.one_compartment(*one) for one in zip(clearance, volume, strict=True)]).T,
            clearance,
            volume,
        )
    share, rate = drawn["central-volume-share"], np.log(2.0) / drawn["distribution-half-life"]
    modes = [systemic.two_compartments(*one) for one in zip(clearance, volume, share, rate, strict=True)]
    return np.array(modes).T, clearance, volume * share


def _shares(step: float, uptake: Floats, release: Floats, leaving: Floats) -> Draw:
    """What one step moves, for each member: float64[member] by the names of ``SHARES``."""
    rows = [systemic.passed_shares(step, *one) for one in zip(uptake, release, leaving, strict=True)]
    return dict(zip(SHARES, np.array(rows).T, strict=True))


# ---------------------------------------------------------------- over time


def _grid(contact: float) -> tuple[Floats, int]:
    steps = max(_STEPS_ON, int(np.ceil(contact / _STEP_S)))
    on = np.linspace(0.0, contact, steps + 1)
    off = contact + np.arange(1, round(_FOLLOWED_S / _STEP_S) + 1) * _STEP_S
    return np.concatenate([on, off]), steps


def _run(layer: Layer, contact: float, modes: Floats, drawn: Draw) -> tuple[Floats, Floats, Floats, Floats]:
    """One layer: (on skin, in skin, fed modes [mode], left by modes [mode]), each with [time, member] last.

    A mode is fed with all that leaves the skin; weights make levels and amounts of them afterwards.
    """
    time, wiped_at = _grid(contact)
    members = modes.shape[1]
    uptake, release = _uptake(layer, drawn), _release(layer, drawn)
    skin, depot = np.empty((time.size, members)), np.empty((time.size, members))
    inside, out = np.zeros((2, time.size, members)), np.zeros((2, time.size, members))
    leaving = modes[[0, 3]]
    for first, last, step, rate in (
        (0, wiped_at, contact / wiped_at, uptake),
        (wiped_at, time.size - 1, _STEP_S, np.zeros(members)),
    ):
        shares = [_shares(step, rate, release, own) for own in leaving]
        one = shares[0]
        skin[first] = layer.dose if first == 0 else 0.0
        if first == 0:
            depot[0] = 0.0
        for now in range(first, last):
            skin[now + 1] = skin[now] * one["skin_kept"]
            depot[now + 1] = depot[now] * one["depot_kept"] + skin[now] * one["skin_to_depot"]
            for mode, share in enumerate(shares):
                inside[mode, now + 1] = (
                    inside[mode, now] * share["body_kept"]
                    + depot[now] * share["depot_to_body"]
                    + skin[now] * share["skin_to_body"]
                )
                out[mode, now + 1] = (
                    out[mode, now]
                    + inside[mode, now] * share["body_to_out"]
                    + depot[now] * share["depot_to_out"]
                    + skin[now] * share["skin_to_out"]
                )
        if first == 0:
            skin_at_wiping = skin[wiped_at].copy()
    skin[wiped_at] = skin_at_wiping
    return skin, depot, inside, out


def exposure(
    drug: str,
    layers: Sequence[Layer],
    contact: float,
    body: Body,
    drawn: Draw,
    *,
    compartments: Compartments = "one",
) -> Exposure:
    """Where one drug of a cream is over time, in each possible person. Exact for the linear model.

    Args:
        drug: of ``MODELLED``. layers: one for each place, all put on at once. contact: time until it is wiped off, s.
        body: weight and organs. drawn: parameters by id, SI, float64[member]. compartments: of the body.

    Returns:
        Level and amounts for a day after the cream came off.

    Assumes: one application; no drug is lost from the skin but into the blood; blood and plasma alike; the first
        metabolite of lidocaine, which also acts, is not counted.
    """
    modes, clearance, volume = _bodies(drug, body, drawn, compartments)
    time, wiped_at = _grid(contact)
    shape = (time.size, clearance.size)
    on_skin, in_skin, wiped = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    central, peripheral, eliminated = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for layer in layers:
        skin, depot, inside, out = _run(layer, contact, modes, drawn)
        wiped[wiped_at + 1 :] += skin[wiped_at]
        on_skin += skin
        in_skin += depot
        for mode in range(2):
            rate, middle, other = modes[3 * mode : 3 * mode + 3]  # numerical: three rows for each mode
            central += middle * inside[mode]
            peripheral += other * inside[mode]
            eliminated += clearance / volume * middle / rate * out[mode]
    return Exposure(
        time=time,
        wiped_at=wiped_at,
        level=central / volume,
        on_skin=on_skin,
        in_skin=in_skin,
        in_body=central + peripheral,
        eliminated=eliminated,
        wiped=wiped,
        dose=sum(layer.dose for layer in layers),
    )


# ---------------------------------------------------------------- documents


def check_range(weight_kg: float, sites: Sequence[str], kb: Knowledge) -> None:
    """Raise OutOfRange for a person or a place that the model was not made for."""
    weight = kb.parameter("systemic-reference-weight").quantity
    low, high = weight.low or 0.0, weight.high or np.inf
    if not low <= weight_kg <= high:
        raise OutOfRange(
            f"the weight is {weight_kg:g} kg; blood levels are forecast for {low:g} to {high:g} kg. Check the number; "
            "outside this range ask a clinician"
        )
    if any(site in _NOT_MODELLED for site in sites):
        raise OutOfRange(
            "uptake through lips, intimate or inner skin is not modelled: it is far faster than through skin"
        )


def layers_of(
    dose_mg: float,
    area_cm2: float,
    strength_share: float,
    sites: Sequence[str],
    *,
    form: Form,
    covered: bool,
    skin: Skin,
) -> tuple[Layer, ...]:
    """One layer for each place, with equal shares of dose and area."""
    share = 1.0 / len(sites)
    return tuple(
        Layer(
            dose=share * to_si(dose_mg, "mg"),
            area=share * to_si(area_cm2, "cm2"),
            strength=strength_share,
            fast=site in _FAST_SITES,
            form=form,
            covered=covered,
            skin=skin,
        )
        for site in sites
    )


def _rounded(values: Floats) -> tuple[float, ...]:
    return tuple(float(f"{value:.{_DIGITS}g}") for value in values)


def _threshold(name: str, peak: Floats, belief: Belief) -> LevelThreshold:
    """How many possible people pass a level, and how far below it the others stay."""
    parameter = belief.knowledge.parameter(name)
    level = to_si(parameter.quantity.median, parameter.quantity.unit)
    share = float(np.mean(peak >= level))
    half = _NORMAL_SURE**2 / (2 * peak.size)
    spread = _NORMAL_SURE * np.sqrt(share * (1 - share) / peak.size + half / (2 * peak.size))
    bound = (share + half + spread) / (1 + 2 * half)  # Wilson's; exact where nobody passes
    if share == 0.0:
        bound = 1.0 - (1.0 - _SURE) ** (1.0 / peak.size)
    return LevelThreshold(
        threshold=name,
        label=parameter.says,
        threshold_ug_per_ml=from_si(level, "ug_per_ml"),
        probability=share,
        high_probability=_rounded(np.array([min(float(bound), 1.0)]))[0],
        margin_ratio=_rounded(np.array([level / float(np.quantile(peak, _SURE))]))[0],
        sources=parameter.sources,
    )


def level_forecast(drug: str, found: Exposure, belief: Belief) -> LevelForecast:
    """An exposure as a document: quantiles over possible people, and the chances of passing each level."""
    size = found.time.size
    shown = np.unique(
        np.concatenate(
            [
                np.linspace(0, found.wiped_at, _SHOWN_ON, endpoint=False).astype(np.int64),
                np.arange(found.wiped_at, size, _SHOWN_OFF),
                np.array([size - 1]),
            ]
        )
    )
    per_ml = from_si(1.0, "ug_per_ml")
    table = per_ml * np.quantile(found.level[shown], LEVELS, axis=1)

    def levels(values: Floats) -> tuple[float, ...]:
        return _rounded(np.quantile(values, LEVELS))

    return LevelForecast(
        drug=drug,
        dose_mg=_rounded(np.array([from_si(found.dose, "mg")]))[0],
        time_h=_rounded(from_si(1.0, "h") * found.time[shown]),
        levels_share=LEVELS,
        level_ug_per_ml=tuple(_rounded(row) for row in table),
        peak_ug_per_ml=levels(per_ml * found.peak),
        mean_peak_ug_per_ml=_rounded(np.array([per_ml * float(found.peak.mean())]))[0],
        peak_time_h=levels(from_si(1.0, "h") * found.peak_time),
        absorbed_mg=levels(from_si(1.0, "mg") * found.absorbed),
        thresholds=tuple(_threshold(name, found.peak, belief) for name in _THRESHOLDS[drug]),
    )
