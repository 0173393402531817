"""What a serum does, in documents: how easily it passes, where it is over time, and how far all that can be trusted.

The topical gate comes before: :func:`forecast_serum` needs its answer, and refuses where it says no. The public
verb, which asks the gate, is :func:`needling.applying.serum`. ``seam.applied`` makes the arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from needling.documents import Assumption, Citation
from needling.documents.exposure import (
    Channels,
    Permeability,
    SerumAmount,
    SerumForecast,
    SerumGate,
    SerumUse,
    Substance,
)
from needling.knowledge.base import Knowledge
from needling.simulation.belief import Belief
from needling.simulation.engines import COMPARTMENTS
from needling.simulation.equations import permeation
from needling.simulation.equations.permeation import EPA_PARAMETERS, POTTS_GUY_PARAMETERS, WILSCHUT_PARAMETERS
from needling.simulation.seam.applied import (
    Openings,
    SerumRun,
    drawn_for,
    openings_of,
    report_hours,
    run_serum,
    thickness_of,
)
from needling.simulation.seam.substances import missing, molecule_of, substance_of
from needling.simulation.skin import Molecule, each, layers
from needling.units import from_si, to_si

__all__ = ["enhancement", "forecast_serum", "missing", "permeability", "run_serum", "substance_of"]

Floats = NDArray[np.float64]

MODEL = "needling-serum-1"
# numerical: the levels of every band
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
_DIGITS = 4  # numerical: significant figures of what is reported
_FLOOR = 1e-12  # numerical: smaller amounts are nothing, ug/cm2
_AS_GOOD_AS_NOTHING = 1e-6  # numerical: share of the dose below which a ratio would compare nothing with nothing

PLACES = {
    "film": "film on the skin",
    "stratum-corneum": "horny layer",
    "viable-epidermis": "living epidermis",
    "dermis": "dermis",
    "cleared": "carried off by blood",
    "through": "through the sheet",
    "evaporated": "gone into the air",
    "washed": "taken off",
    "past-barrier": "past the horny layer",
}
PAST_BARRIER = ("viable-epidermis", "dermis", "cleared", "through")


def _figures(values: Floats | Sequence[float]) -> tuple[float, ...]:
    return tuple(float(f"{value:.{_DIGITS}g}") for value in np.asarray(values, dtype=np.float64).tolist())


def _bands(values: Floats, unit: str) -> tuple[float, ...]:
    """Quantiles of float64[member] in a unit."""
    return _figures(np.quantile(values, LEVELS) * from_si(1.0, unit))


def _curves(values: Floats) -> tuple[tuple[float, ...], ...]:
    """Quantiles of amounts, float64[time, member], in ug/cm2: [level][time]."""
    shown = np.quantile(values, LEVELS, axis=1) * from_si(1.0, "ug_per_cm2")
    return tuple(_figures(np.where(np.abs(row) < _FLOOR, 0.0, row)) for row in shown)


def _past(amount: Floats) -> Floats:
    return np.asarray(sum(amount[COMPARTMENTS.index(place)] for place in PAST_BARRIER))


def _amounts(run: SerumRun, receptor: bool) -> Iterator[SerumAmount]:
    for place, label in PLACES.items():
        if (place == "through" and not receptor) or (place == "cleared" and receptor):
            continue
        if place in COMPARTMENTS:
            needled, whole = (part[COMPARTMENTS.index(place)] for part in (run.needled, run.whole))
        else:
            needled, whole = _past(run.needled), _past(run.whole)
        if place in ("evaporated", "washed") and not np.any(needled):
            continue
        yield SerumAmount(
            place=place,
            label=label,
            needled_ug_per_cm2=_curves(needled) if run.openings is not None else (),
            whole_skin_ug_per_cm2=_curves(whole),
        )


def permeability(
    substance: Substance | str,
    site: str = "cheek",
    *,
    belief: Belief | None = None,
    kb: Knowledge | None = None,
    key: int = 0,
    use: SerumUse | None = None,
) -> Permeability:
    """How easily a substance passes whole skin at a site, and every number that decides it, as bands.

    Kp = 1 / (1 / P_horny + h / (K D)) over a receptor; P_horny of Wilschut and Robinson with the doubt of 208 records.

    Args:
        substance: a document, or the id of a product. site: id of the knowledge base.
        belief: the ensemble; kb: the knowledge, when no belief is given. key: of the random numbers.
        use: how it is put on; default open air, over living skin.

    Returns:
        Quantiles over possible people, and the published formulas beside them. No gate: nothing is put on anybody.

    Raises:
        BadInput: an unknown product or site, or numbers that are not known.
    """
    if belief is None:
        from needling.knowledge import load_knowledge

        belief = Belief.prior(kb or load_knowledge())
    own = belief.knowledge
    if isinstance(substance, str):
        substance = substance_of(substance, own)
    if use is None:
        use = SerumUse(substance=substance, site=site, product_mg_per_cm2=1, concentration_share=1)
    drawn = drawn_for(use, belief, key)
    molecule = molecule_of(substance, own)
    covered = use.cover == "occluded"
    thickness = thickness_of(use, own, drawn)
    skin = layers(molecule, thickness, drawn, covered=covered, receptor=False, barrier=use.barrier)
    below = each(
        permeation.sheet_permeability, skin.partition[2], skin.diffusivity[2], skin.thickness[1] + skin.thickness[2]
    )

    def medians(*names: str) -> list[float]:
        quantities = [own.parameter(name).quantity for name in names]
        return [to_si(quantity.median, quantity.unit) for quantity in quantities]

    def said(formula: Callable[..., float], *given: float) -> float | None:
        """A published formula in cm/h; None for a large substance, which none of them is about."""
        return None if molecule.large else _figures([from_si(formula(*given), "cm_per_h")])[0]

    size = (molecule.mass, molecule.log_kow)
    guy = medians(*POTTS_GUY_PARAMETERS)
    shown = skin.permeability * (not molecule.large)  # nothing of a large substance passes; the solver needs a little
    return Permeability(
        substance=substance,
        site=use.site,
        levels_share=LEVELS,
        skin_cm_per_h=_bands(shown * below / (skin.permeability + below), "cm_per_h"),
        horny_layer_cm_per_h=_bands(shown, "cm_per_h"),
        horny_partition_ratio=_bands(skin.partition[0], "ratio"),
        horny_diffusivity_cm2_per_s=_bands(skin.diffusivity[0] * (not molecule.large), "cm2_per_s"),
        tissue_partition_ratio=_bands(skin.partition[2], "ratio"),
        tissue_diffusivity_cm2_per_s=_bands(skin.diffusivity[2], "cm2_per_s"),
        binding_ratio=_bands(skin.binding, "ratio"),
        clearance_per_s=_bands(skin.clearance[2], "per_s"),
        living_skin_cm_per_h=_bands(
            each(
                permeation.dermis_permeability,
                skin.partition[2],
                skin.diffusivity[2],
                skin.clearance[2],
                skin.thickness[2],
            ),
            "cm_per_h",
        ),
        lag_h=(
            () if molecule.large else _bands(each(permeation.lag_time, skin.thickness[0], skin.diffusivity[0]), "h")
        ),
        charge_free_share=_figures([skin.charge_free])[0],
        wilschut_robinson_cm_per_h=said(
            permeation.wilschut_robinson, *size, 1.0, *medians(*WILSCHUT_PARAMETERS, "wilschut-aqueous-permeability")
        ),
        potts_guy_cm_per_h=said(permeation.potts_guy, *size, *guy),
        epa_cm_per_h=said(permeation.potts_guy, *size, *medians(*EPA_PARAMETERS)),
        cleek_bunge_cm_per_h=said(
            permeation.cleek_bunge,
            permeation.potts_guy(*size, *guy),
            molecule.mass,
            *medians("cleek-bunge-permeability"),
        ),
        assumptions=tuple(_about_substance(substance, molecule, own)),
        members_count=belief.members.size,
        key=key,
        knowledge_sha256=own.sha256,
    )


def enhancement(
    substance: Substance | str,
    *,
    density_per_cm2: float,
    channel_depth_um: float,
    channel_radius_um: float = 35,  # numerical: the published unit cell; give the radius of your own channels
    site: str = "cheek",
    skin_thickness_um: float | None = None,
    opening_share: float | None = None,
    belief: Belief | None = None,
    key: int = 0,
) -> tuple[float, ...]:
    """By how much channels raise the steady flux through a skin sheet: 1 + w P_channels / Kp, as a band.

    Args:
        substance: a document or the id of a product. density_per_cm2, channel_depth_um, channel_radius_um: of open
            channels, the depth below the surface. site: of the sheet. skin_thickness_um: of it, all layers.
        opening_share: w; drawn from its prior when not given. belief: the ensemble. key: of the random numbers.

    Returns:
        Quantiles of the ratio at ``LEVELS``. Never one number: w alone is a factor of three either way.

    Raises:
        BadInput: an unknown product or site, or numbers that are not known.
    """
    if belief is None:
        from needling.knowledge import load_knowledge

        belief = Belief.prior(load_knowledge())
    kb = belief.knowledge
    if isinstance(substance, str):
        substance = substance_of(substance, kb)
    use = SerumUse(
        substance=substance, site=site, product_mg_per_cm2=1, concentration_share=1, receptor=True,
        density_per_cm2=density_per_cm2, channel_depth_um=channel_depth_um, channel_radius_um=channel_radius_um,
        skin_thickness_um=skin_thickness_um,
    )  # fmt: skip
    drawn = drawn_for(use, belief, key)
    thickness = thickness_of(use, kb, drawn)
    skin = layers(molecule_of(substance, kb), thickness, drawn, covered=True, receptor=True, barrier=use.barrier)
    channels = openings_of(use, skin.thickness[0], kb, drawn)
    if channels is None:
        return _figures(np.ones(len(LEVELS)))
    living = skin.thickness[1] + skin.thickness[2]
    open_ones = each(
        permeation.channel_permeability,
        channels.density,
        channels.radius,
        np.maximum(channels.depth - thickness.horny, 0.0),
        living,
        skin.partition[2],
        skin.diffusivity[2],
    )
    below = each(permeation.sheet_permeability, skin.partition[2], skin.diffusivity[2], living)
    passive = each(permeation.in_series, skin.permeability, below)
    efficiency = channels.opening if opening_share is None else np.full(living.shape, opening_share)
    return _bands(1 + efficiency * open_ones / passive, "ratio")


# ---------------------------------------------------------------- what was taken for granted


def _citations(kb: Knowledge, *parameters: str) -> tuple[Citation, ...]:
    return tuple(dict.fromkeys(citation for name in parameters for citation in kb.parameter(name).sources))


def _about_substance(substance: Substance, molecule: Molecule, kb: Knowledge) -> Iterator[Assumption]:
    if molecule.large:
        yield Assumption(
            text="Nothing of so large a substance passes a whole horny layer, and lymph carries it off slowly. One "
            "study saw smaller hyaluronic acid enter whole skin.",
            sources=(Citation(key="essendoubi2016", stance="conflicts"), *_citations(kb, "macromolecule-diffusivity")),
        )
        return
    yield Assumption(
        text="The formula of permeability is off by a factor of 3.6 (one standard deviation) on 208 human records; its "
        "coefficients are remembered.",
        sources=_citations(kb, "wilschut-lipid-permeability"),
    )
    yield Assumption(
        text="Loss to blood between the cells of a capillary is a remembered order of magnitude; it decides how long "
        "substances that love water stay in the dermis.",
    )
    if substance.acid_or_base == "zwitterion":
        yield Assumption(text="It carries two charges; its octanol/water ratio is the apparent one, at every acidity.")
    elif substance.film_ph is None and substance.acid_or_base in ("acid", "base"):
        yield Assumption(text=f"The acidity of the product is not known; pH {molecule.acidity:g} is taken.")
    if substance.topical is not None:
        topical = kb.find("topicals", substance.topical)
        if any(kb.source(citation.key).access == "memory" for citation in topical.sources):
            yield Assumption(
                text="Octanol/water ratio, acid constant, solubility or strength of this substance are remembered, "
                "not looked up.",
                sources=tuple(c for c in topical.sources if kb.source(c.key).access == "memory"),
            )


def _about_use(use: SerumUse, molecule: Molecule, openings: Openings | None, kb: Knowledge) -> Iterator[Assumption]:
    site = kb.site(use.site)
    if openings is not None:
        yield Assumption(
            text="Channels conduct about a twentieth of what open holes of their size would, uncertain by a factor of "
            "three: the weakest link of all.",
            sources=_citations(kb, "opening-efficiency"),
        )
        yield Assumption(
            text="Channels close by halves, much later under cover than in open air.",
            sources=_citations(kb, "open-air-barrier-ratio", "barrier-half-life"),
        )
    if use.substance.solubility_g_per_l is None and not molecule.large:
        yield Assumption(
            text="Its solubility in water is not known: all of the dose counts as dissolved, the most there can be."
        )
    if use.cover == "open-air":
        yield Assumption(text="The film dries to a fifth in the air within minutes; both numbers are ours.")
    if use.skin_thickness_um is None and site.dermis_mm is None:
        yield Assumption(text="The dermis of this site was not found; a usual one is taken.")
    if site.epidermis_um is None:
        yield Assumption(text="The epidermis of this site was not found in histology; that of the cheek is taken.")
    if use.hours_after_h < 0:
        yield Assumption(text="It goes on whole skin before the session and comes off before the first stroke.")
    yield Assumption(
        text="The vehicle counts as water: alcohol, glycols and oils that help a substance in are left out."
    )


def _sources(use: SerumUse, assumptions: Sequence[Assumption], gate: SerumGate, kb: Knowledge) -> tuple[Citation, ...]:
    topical = None if use.substance.topical is None else kb.find("topicals", use.substance.topical)
    used = _citations(
        kb, "wilschut-lipid-permeability", "permeability-ratio", "free-diffusivity", "dermal-blood-flow",
        "capillary-permeability-ratio", "corneum-lipid-partition", "stratum-corneum-ratio", "opening-efficiency",
    )  # fmt: skip
    every = [*(topical.sources if topical is not None else ()), *gate.sources, *kb.site(use.site).sources, *used]
    every += [citation for assumption in assumptions for citation in assumption.sources]
    return tuple({citation.key: citation for citation in every}.values())


# ---------------------------------------------------------------- the forecast


def _channels(openings: Openings) -> Channels:
    return Channels(
        density_per_cm2=_bands(openings.density, "per_cm2"),
        depth_um=_bands(openings.depth, "um"),
        radius_um=_bands(openings.radius, "um"),
        opening_share=_bands(openings.opening, "share"),
        half_life_h=_bands(openings.half_life, "h"),
    )


def forecast_serum(use: SerumUse, gate: SerumGate, belief: Belief, *, key: int = 0) -> SerumForecast:
    """One use as a document: amounts by layer over time as bands, needled and on whole skin.

    Args:
        use: what is put on, where and how. gate: what the topical gate says of it. belief: the ensemble.
        key: of the random numbers.

    Returns:
        The forecast; it carries the gate's answer, and its stamp when the run is research.

    Raises:
        NotAllowed: the gate says no and the run is not stamped as research.
        BadInput: numbers of the substance that are not known; an unknown site or device.
        OutOfRange: values beyond what the solver was made for.
    """
    from needling import __version__

    kb = belief.knowledge
    run = run_serum(use, gate, belief, key=key)
    molecule = molecule_of(use.substance, kb)
    needled, whole = _past(run.needled)[-1], _past(run.whole)[-1]
    comparable = run.openings is not None and not molecule.large
    least = _AS_GOOD_AS_NOTHING * run.serum.dose[0]
    assumptions = (*_about_substance(use.substance, molecule, kb), *_about_use(use, molecule, run.openings, kb))
    return SerumForecast(
        use=use,
        gate=gate,
        stamp=gate.stamp,
        result="ok" if bool(np.all(np.isfinite(run.spread.amount))) else "diverged",
        dose_ug_per_cm2=_figures([from_si(float(run.serum.dose[0]), "ug_per_cm2")])[0],
        channels=None if run.openings is None else _channels(run.openings),
        hours_h=report_hours(use.hours_h),
        levels_share=LEVELS,
        amounts=tuple(_amounts(run, use.receptor)),
        enhancement_ratio=_bands(np.maximum(needled, least) / np.maximum(whole, least), "ratio") if comparable else (),
        permeability=permeability(use.substance, use.site, belief=belief, key=key, use=use),
        assumptions=assumptions,
        sources=_sources(use, assumptions, gate, kb),
        members_count=belief.members.size,
        key=key,
        model=MODEL,
        versions=(("needling", __version__), ("numpy", np.__version__)),
        knowledge_version=kb.version,
        knowledge_sha256=kb.sha256,
    )
