"""What one substance meets in the layers of many skins: thickness, diffusivity, partition and loss, SI arrays.

Nothing here knows a document; :mod:`needling.simulation.serum` is the seam.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from needling.simulation.equations import permeation
from needling.simulation.equations.permeation import (
    CELL_PARAMETERS,
    FREE_PARAMETERS,
    HYDRATIONS,
    LIPID_PARAMETERS,
    MACROMOLECULE_PARAMETERS,
    PARTITION_PARAMETERS,
    POTTS_GUY_PARAMETERS,
    WILSCHUT_PARAMETERS,
)

Floats = NDArray[np.float64]
Draw = dict[str, Floats]

# numerical: a barrier that nothing passes, m/s; a solver needs a diffusivity above 0
_TIGHT = 1e-16


@dataclass(frozen=True)
class Molecule:
    """A substance as the equations see it.

    Args:
        mass: relative (g/mol as a number). log_kow: of the form without charge; 0 for a large substance, unused.
        acid_pka: infinite where there is no acid group. base_pka: minus infinite where there is no base group.
        acidity: pH of the product. albumin: "neutral", "acid" or "pharmacophore", how it binds.
        large: carried off by lymph and kept out by the horny layer.
    """

    mass: float
    log_kow: float
    acid_pka: float = inf
    base_pka: float = -inf
    acidity: float = 7.0  # numerical: neutral water, for substances that carry no charge
    albumin: str = "neutral"
    large: bool = False


@dataclass(frozen=True)
class Thickness:
    """Thickness of horny layer, living epidermis and dermis of each person, m, and of the typical horny layer."""

    horny: Floats
    epidermis: Floats
    dermis: Floats
    site_horny: Floats


@dataclass(frozen=True)
class Layers:
    """The three layers for one substance, each float64[layer, member], SI; partition is over all forms in the film.

    Args:
        permeability: of the horny layer, m/s, float64[member]. binding: BF, float64[member].
        charge_free: in the film, ratio.
    """

    thickness: Floats
    diffusivity: Floats
    partition: Floats
    clearance: Floats
    permeability: Floats
    binding: Floats
    charge_free: float


def each(equation: Callable[..., float], *given: Floats | float) -> Floats:
    """An equation for every person; numbers stand for everybody."""
    return np.array([equation(*values) for values in zip(*np.broadcast_arrays(*given), strict=True)], dtype=np.float64)


def _of(drawn: Draw, names: tuple[str, ...]) -> list[Floats]:
    return [drawn[name] for name in names]


def bricks(molecule: Molecule, hydration: str, drawn: Draw) -> Floats:
    """Permeability of the horny layer as bricks and mortar, form without charge, m/s, float64[member]."""

    def of_hydration(what: str) -> Floats:
        return drawn[f"corneum-{what}-{hydration}"]

    lipid = each(
        permeation.lipid_partition,
        molecule.log_kow,
        drawn["corneum-lipid-partition"],
        drawn["corneum-lipid-exponent"],
    )
    fibres = each(
        permeation.fibre_share, drawn["corneum-binding-share"], drawn["corneum-keratin-density"], of_hydration("water")
    )
    volume = molecule.mass * drawn["molar-volume-ratio"]
    cell = each(permeation.cell_conductivity, volume, fibres, *_of(drawn, CELL_PARAMETERS))
    return each(
        permeation.brick_permeability,
        molecule.mass,
        lipid,
        each(permeation.lipid_diffusivity, molecule.mass, *_of(drawn, LIPID_PARAMETERS)),
        cell,
        drawn["corneum-transfer-permeability"],
        drawn["corneum-transfer-slope"],
        1.0 if hydration == HYDRATIONS[0] else drawn["corneum-drying-ratio"],
        of_hydration("cell-width"),
        drawn["corneum-lipid-gap"],
        of_hydration("thickness"),
        of_hydration("shape-straight"),
        of_hydration("shape-cell"),
        of_hydration("shape-transfer"),
    )


def _horny(molecule: Molecule, hydration: str, barrier: str, thickness: Thickness, drawn: Draw) -> Floats:
    """Permeability of the horny layer of each person over all forms in the film, m/s."""
    if molecule.large:
        return np.full(thickness.horny.shape, _TIGHT)
    free = permeation.charge_free_share(molecule.acidity, molecule.acid_pka, molecule.base_pka)
    if barrier == "bricks":
        typical = free * bricks(molecule, hydration, drawn)
        reference = drawn[f"corneum-thickness-{hydration}"]
        return np.asarray(typical * drawn["permeability-ratio"] * reference / thickness.site_horny)
    typical = each(
        permeation.horny_permeability, molecule.mass, molecule.log_kow, free, *_of(drawn, WILSCHUT_PARAMETERS)
    )
    reference = drawn["permeability-stratum-corneum"]
    return np.asarray(typical * drawn["permeability-ratio"] * reference / thickness.site_horny)


def _living(molecule: Molecule, drawn: Draw) -> tuple[Floats, Floats, Floats, Floats]:
    """Partition over all forms in the film, diffusivity, loss to blood or lymph, and BF of living skin."""
    people = drawn["tissue-ph"].shape
    if molecule.large:
        free = each(permeation.macromolecule_diffusivity, molecule.mass, *_of(drawn, MACROMOLECULE_PARAMETERS))
        return (
            drawn["macromolecule-partition"],
            free * drawn["tissue-diffusivity-ratio"],
            drawn["lymph-rate"],
            np.ones(people),
        )
    free_share = each(permeation.charge_free_share, drawn["tissue-ph"], molecule.acid_pka, molecule.base_pka)
    albumin, water = drawn["tissue-albumin-share"], drawn["tissue-water-share"]
    unbound = each(
        permeation.unbound_share,
        each(permeation.log_d, molecule.log_kow, free_share),
        drawn[f"albumin-slope-{molecule.albumin}"],
        drawn[f"albumin-offset-{molecule.albumin}"],
    )
    factor = each(
        permeation.binding_factor, unbound, free_share, molecule.log_kow, albumin, drawn["tissue-lipid-share"]
    )
    free = each(permeation.free_diffusivity, molecule.mass, *_of(drawn, FREE_PARAMETERS))
    spread = each(
        permeation.tissue_diffusivity,
        free * drawn["tissue-diffusivity-ratio"],
        factor,
        unbound,
        albumin,
        drawn["albumin-diffusivity"],
    )
    wall = drawn["capillary-permeability-ratio"] * each(
        permeation.potts_guy, molecule.mass, molecule.log_kow, *_of(drawn, POTTS_GUY_PARAMETERS)
    )
    beside = each(permeation.between_cells, molecule.mass, drawn["paracellular-rate"], drawn["paracellular-mass"])
    loss = each(
        permeation.blood_clearance, wall, drawn["capillary-surface"], beside, drawn["dermal-blood-flow"], factor
    )
    return each(permeation.tissue_partition, factor, 1.0, water), spread, loss, factor


def layers(
    molecule: Molecule, thickness: Thickness, drawn: Draw, *, covered: bool, receptor: bool, barrier: str
) -> Layers:
    """The three layers of each person for one substance.

    Args:
        molecule: the substance. thickness: of the layers in open air, m. drawn: parameters of each person, SI.
        covered: under cover the horny layer swells and holds more. receptor: no blood takes anything.
        barrier: "wilschut-robinson" or "bricks", which formula gives the permeability of the horny layer.

    Returns:
        Layers, each [layer, member].

    Assumes: living epidermis holds a substance as dermis does, and no blood reaches it; a person's thicker horny
        layer holds more and does not pass less, as the spread of permeability already counts it; charged forms go
        from a channel into living skin with the rest, and the change of acidity there piles nothing up.
    """
    hydration = HYDRATIONS[0] if covered else HYDRATIONS[1]
    free = permeation.charge_free_share(molecule.acidity, molecule.acid_pka, molecule.base_pka)
    horny = thickness.horny * (drawn["stratum-corneum-swelling"] if covered else 1.0)
    through = _horny(molecule, hydration, barrier, thickness, drawn)
    held = (
        drawn["macromolecule-partition"]
        if molecule.large
        else each(
            permeation.horny_partition,
            permeation.log_d(molecule.log_kow, free),
            drawn[f"corneum-water-{hydration}"],
            drawn[f"corneum-cell-share-{hydration}"],
            *_of(drawn, PARTITION_PARAMETERS),
        )
        * drawn["corneum-partition-ratio"]
    )
    living, spread, loss, factor = _living(molecule, drawn)
    nothing = np.zeros(horny.shape)
    return Layers(
        thickness=np.array([horny, thickness.epidermis, thickness.dermis]),
        diffusivity=np.array([each(permeation.layer_diffusivity, through, horny, held), spread, spread]),
        partition=np.array([held, living, living]),
        clearance=np.array([nothing, nothing, nothing if receptor else loss]),
        permeability=through,
        binding=factor,
        charge_free=free,
    )
