"""How easily a substance passes each layer of the skin, from its mass, its octanol/water ratio and its charge.

Masses are relative (g/mol as a pure number); log Kow and pH are pure numbers; all else SI. Partition is over water
and of the form without charge, so that a layer's K is continuous with the film's (:func:`charge_free_share`).
"""

from __future__ import annotations

from math import cosh, exp, log, log10, pi, sinh, sqrt, tanh

# The parameters of each formula, in the order of its arguments after the substance's own numbers.
WILSCHUT_PARAMETERS = (
    "wilschut-lipid-permeability",
    "wilschut-lipid-slope",
    "wilschut-lipid-mass-slope",
    "wilschut-polar-permeability",
)
POTTS_GUY_PARAMETERS = ("potts-guy-permeability", "potts-guy-slope", "potts-guy-mass-slope")
EPA_PARAMETERS = ("epa-permeability", "epa-slope", "epa-mass-slope")
HYDRATIONS = ("hydrated", "partly-hydrated")
PARTITION_PARAMETERS = (
    "corneum-lipid-partition",
    "corneum-lipid-exponent",
    "corneum-protein-partition",
    "corneum-protein-exponent",
    "corneum-binding-share",
    "corneum-keratin-density",
)
LIPID_PARAMETERS = (
    "corneum-lipid-diffusivity",
    "corneum-lipid-reference-mass",
    "corneum-lipid-mass-exponent",
    "corneum-lipid-floor",
)
CELL_PARAMETERS = ("aqueous-diffusivity", "aqueous-volume-exponent", "corneum-fibre-radius", "corneum-hindrance-share")
FREE_PARAMETERS = ("free-diffusivity", "free-diffusivity-exponent")
MACROMOLECULE_PARAMETERS = (
    "macromolecule-diffusivity",
    "macromolecule-reference-mass",
    "macromolecule-exponent",
    "macromolecule-hindrance-ratio",
)

# numerical: cubic metres of one molecule for each cm3/mol of molar volume (Avogadro's number)
_MOLECULE = 1.66053906717e-30
# numerical: mean over the annulus that one channel feeds, and the conductance 4 a D of a disc
_ANNULUS, _DISC = 0.75, 4.0


# ---------------------------------------------------------------- charge


def charge_free_share(acidity: float, acid_pka: float, base_pka: float) -> float:
    """Share of the molecules without charge: 1 / (1 + 10^(pH - pKa) + 10^(pKb - pH)), ratio.

    Args:
        acidity: pH. acid_pka: of the acid group, infinite where there is none. base_pka: of the base group, minus
            infinite where there is none.

    Sources: osp-skin-model.
    """
    # numerical: powers of ten
    return 1 / (1 + 10 ** (acidity - acid_pka) + 10 ** (base_pka - acidity))


def log_d(log_kow: float, charge_free: float) -> float:
    """log10 of the octanol/water ratio of all forms at a pH: log Kow + log10 f."""
    return log_kow + log10(charge_free)


# ---------------------------------------------------------------- permeability of the horny layer and of whole skin


def lipid_permeability(mass: float, log_kow: float, at_zero: float, slope: float, mass_slope: float) -> float:
    """Wilschut-Robinson permeability by the lipids of the horny layer: P_l 10^(a log Kow - b sqrt M), m/s."""
    found: float = at_zero * 10 ** (slope * log_kow - mass_slope * sqrt(mass))  # numerical: a power of ten
    return found


def by_root_of_mass(mass: float, at_one: float) -> float:
    """A permeability that falls with the square root of the mass: P / sqrt M, m/s (polar path, water, living skin)."""
    return at_one / sqrt(mass)


def horny_permeability(
    mass: float,
    log_kow: float,
    charge_free: float,
    at_zero: float,
    slope: float,
    mass_slope: float,
    polar: float,
) -> float:
    """Permeability of the horny layer for all forms of a substance in the film, m/s (Wilschut-Robinson).

    f P_l 10^(a log Kow - b sqrt M) + P_pol / sqrt M

    Args:
        mass: M, relative. log_kow: of the form without charge. charge_free: f in the film.
        at_zero, slope, mass_slope: of the lipid path. polar: P_pol, the path that charge does not close, m/s.

    Returns:
        m/s, over the concentration of all forms.

    Assumes: charged forms take the polar path only. Sources: wilschut1995, chen2010; the charge is our addition.
    """
    return charge_free * lipid_permeability(mass, log_kow, at_zero, slope, mass_slope) + by_root_of_mass(mass, polar)


def in_series(first: float, second: float) -> float:
    """Permeability of two layers one after the other: 1 / (1/P1 + 1/P2), m/s."""
    return 1 / (1 / first + 1 / second)


def wilschut_robinson(
    mass: float,
    log_kow: float,
    charge_free: float,
    at_zero: float,
    slope: float,
    mass_slope: float,
    polar: float,
    aqueous: float,
) -> float:
    """Permeability of whole skin (Wilschut-Robinson): horny layer and living skin in series, m/s.

    Args:
        aqueous: P_aq of the living skin, m/s times sqrt M. The others: :func:`horny_permeability`.
    """
    return in_series(
        horny_permeability(mass, log_kow, charge_free, at_zero, slope, mass_slope, polar),
        by_root_of_mass(mass, aqueous),
    )


def potts_guy(mass: float, log_kow: float, at_zero: float, slope: float, mass_slope: float) -> float:
    """Permeability of whole skin as Potts and Guy, and the EPA, have it: P 10^(a log Kow - b M), m/s.

    Too low by tenfold for substances that dissolve in water only (log Kow of -1 and less).
    """
    found: float = at_zero * 10 ** (slope * log_kow - mass_slope * mass)  # numerical: a power of ten
    return found


def cleek_bunge(permeability: float, mass: float, living: float) -> float:
    """A permeability of the horny layer with the living skin behind it: P / (1 + P sqrt M / P_ve), m/s.

    Args:
        permeability: P, m/s. mass: M, relative. living: P_ve, m/s times sqrt M.

    Sources: cleek-bunge1993.
    """
    return in_series(permeability, by_root_of_mass(mass, living))


# ---------------------------------------------------------------- horny layer as bricks and mortar


def lipid_partition(log_kow: float, at_zero: float, exponent: float) -> float:
    """Lipid, or protein, over water: k Kow^a, ratio."""
    found: float = at_zero * 10 ** (exponent * log_kow)  # numerical: a power of ten
    return found


def fibre_share(binding: float, density: float, water: float) -> float:
    """Share of a horny cell that keratin fills: (x/rho) / (x/rho + nu), ratio.

    Args:
        binding: x, share of the dry mass. density: rho relative to water. water: nu over dry mass, ratio.
    """
    return binding / density / (binding / density + water)


def horny_partition(
    log_kow: float,
    water: float,
    cells: float,
    lipid_at_zero: float,
    lipid_exponent: float,
    protein_at_zero: float,
    protein_exponent: float,
    binding: float,
    density: float,
) -> float:
    """Horny layer over water, form without charge: (1 - phi) K_lip + phi K_cor, ratio.

    K_cor = (x K_pro + nu) / (x/rho + nu)

    Args:
        water: nu, water over dry mass of a horny cell. cells: phi, share of cells.
        binding: x, share of the dry mass that binds. density: rho of keratin relative to water.

    Sources: osp-skin-model (Nitsche, Wang, Kasting; checked against 95 measured partitions: RMSE 0.28 of log10).
    """
    lipid = lipid_partition(log_kow, lipid_at_zero, lipid_exponent)
    protein = lipid_partition(log_kow, protein_at_zero, protein_exponent)
    cell = (binding * protein + water) / (binding / density + water)
    return (1 - cells) * lipid + cells * cell


def lipid_diffusivity(mass: float, at_reference: float, reference: float, exponent: float, floor: float) -> float:
    """Diffusivity along the lipids of the horny layer: D (M_l / M)^q + D_0, m2/s, when hydrated."""
    found: float = at_reference * (reference / mass) ** exponent + floor
    return found


def cell_conductivity(
    volume: float, fibres: float, at_one: float, exponent: float, fibre_radius: float, hindrance: float
) -> float:
    """Diffusivity times partition of the free substance in a horny cell, m2/s.

    D_w V^-q (1 - phi')^2 f_h,  phi' = phi_f (1 + r / r_f)^2

    Args:
        volume: V, molar volume, cm3/mol. fibres: phi_f, :func:`fibre_share`. at_one, exponent: of the diffusivity in
            water, m2/s. fibre_radius: r_f, m. hindrance: f_h, ratio.
    """
    radius: float = (0.75 * _MOLECULE * volume / pi) ** (1 / 3)  # numerical: radius of a ball of the molecule's volume
    room: float = max(
        1 - fibres * (1 + radius / fibre_radius) ** 2, 1e-3
    )  # numerical: large substances find no room at all
    found: float = at_one * volume**-exponent * room * room * hindrance
    return found


def brick_permeability(
    mass: float,
    lipid: float,
    lipid_flow: float,
    cell_flow: float,
    transfer_at_zero: float,
    transfer_slope: float,
    drying: float,
    width: float,
    gap: float,
    thickness: float,
    straight: float,
    through: float,
    crossing: float,
) -> float:
    """Permeability of the horny layer as bricks and mortar (Nitsche, Wang, Kasting), form without charge, m/s.

    P = (D_l K_l / h) [c_1 + 1 / (c_2 sigma + c_3 / R)],  R = k_t l^2 / (delta D_l),  sigma = D_l K_l / (D_cor K_cor)

    Args:
        mass: M, relative. lipid: K_l, ratio. lipid_flow: D_l when hydrated, m2/s. cell_flow: D_cor K_cor, m2/s.
        transfer_at_zero, transfer_slope: k_t = k 10^(-b M^(1/3)), m/s. drying: how much slower lipids are, ratio.
        width: l of a cell, m. gap: delta between cells, m. thickness: h, m. straight, through, crossing: c_1..c_3.

    Sources: osp-skin-model.
    """
    diffusivity = lipid_flow / drying
    transfer: float = transfer_at_zero * 10 ** (-transfer_slope * mass ** (1 / 3)) / drying  # numerical: a power of ten
    ease = transfer * width * width / (gap * diffusivity)
    ratio = diffusivity * lipid / cell_flow
    return diffusivity * lipid / thickness * (straight + 1 / (through * ratio + crossing / ease))


def layer_diffusivity(permeability: float, thickness: float, partition: float) -> float:
    """Diffusivity that gives a layer its permeability: P h / K, m2/s."""
    return permeability * thickness / partition


def lag_time(thickness: float, diffusivity: float) -> float:
    """Time by which a layer delays what passes it: h^2 / (6 D), s."""
    return thickness * thickness / (6 * diffusivity)  # numerical: of a sheet with a constant donor and a sink


# ---------------------------------------------------------------- living skin


def free_diffusivity(mass: float, at_one: float, exponent: float) -> float:
    """Diffusivity of the free substance in the water of living skin: D M^-q, m2/s."""
    found: float = at_one * mass**-exponent
    return found


def unbound_share(log_d_tissue: float, slope: float, offset: float) -> float:
    """Share not bound to albumin: 1 / (1 + A e^(log D) + B), ratio. log_d_tissue: log10 D at the pH of the tissue."""
    return 1 / (1 + slope * exp(log_d_tissue) + offset)


def binding_factor(unbound: float, charge_free: float, log_kow: float, albumin: float, lipid: float) -> float:
    """All of a substance over its free part in living skin: BF = (1 - phi_a) + phi_a / f_u + phi_lip f Kow, ratio."""
    fat: float = lipid * charge_free * 10**log_kow  # numerical: a power of ten
    return 1 - albumin + albumin / unbound + fat


def tissue_partition(factor: float, charge_free: float, water: float) -> float:
    """Living skin over water: phi_aq BF / f, ratio.

    Args:
        factor: BF. charge_free: f in the tissue for the form without charge in the water; 1 for all forms in water of
            the tissue's acidity. water: phi_aq, share that the substance can reach.
    """
    return water * factor / charge_free


def tissue_diffusivity(free: float, factor: float, unbound: float, albumin: float, bound: float) -> float:
    """Diffusivity of all of a substance in living skin: [D_f + phi_a D_b (1 - f_u)/f_u] / BF, m2/s.

    Args:
        free: D_f, m2/s. factor: BF. unbound: f_u. albumin: phi_a. bound: D_b of albumin, m2/s.
    """
    return (free + albumin * bound * (1 - unbound) / unbound) / factor


def blood_clearance(capillary: float, surface: float, between_cells: float, flow: float, factor: float) -> float:
    """Loss to blood of all of a substance in dermis: k = 1 / [1 / (P_cap S + k_para) + 1 / Q] / BF, per s.

    Args:
        capillary: P_cap of its wall, m/s. surface: S of capillaries in a volume, per m. between_cells: k_para, per s.
        flow: Q, per s. factor: BF, ratio.

    Assumes: the way between cells stands beside the wall; without it substances that love water would stay for days.
    """
    return in_series(capillary * surface + between_cells, flow) / factor


def between_cells(mass: float, at_reference: float, reference: float) -> float:
    """Loss between the cells of a capillary: k sqrt(M_para / M), per s."""
    return at_reference * sqrt(reference / mass)


def macromolecule_diffusivity(
    mass: float, at_reference: float, reference: float, exponent: float, hindrance: float
) -> float:
    """Diffusivity of a large substance in living skin: D_m (M_m / M)^q / r, m2/s.

    Args:
        mass: M, relative. at_reference: D_m in water, m2/s. hindrance: r, ratio.

    Sources: mendichi2003 (size by mass), wei2018 (dextrans in human skin).
    """
    found: float = at_reference * (reference / mass) ** exponent / hindrance
    return found


def dermis_permeability(partition: float, diffusivity: float, clearance: float, thickness: float) -> float:
    """Permeability of dermis that loses a substance to blood, base closed: K sqrt(k D) tanh(h sqrt(k / D)), m/s.

    Without clearance nothing passes a closed base. Sources: osp-skin-model (which prints 1 / tanh for an open base).
    """
    return partition * sqrt(clearance * diffusivity) * tanh(thickness * sqrt(clearance / diffusivity))


def sheet_permeability(partition: float, diffusivity: float, thickness: float) -> float:
    """Permeability of a sheet with a receptor below: K D / h, m/s."""
    return partition * diffusivity / thickness


# ---------------------------------------------------------------- channels, in a closed form


def channel_permeability(
    density: float, radius: float, reach: float, thickness: float, partition: float, diffusivity: float
) -> float:
    """Steady permeability of skin through open channels alone, with a receptor below, m/s.

    P = D K s / [cosh(m L) + (H - L) s],  s = m sinh(m L) + 4 a n cosh(m L),  m^2 = 2 pi n / (ln(b / a) - 3/4)

    Args:
        density: n, per m2. radius: a, m. reach: L of the channel below the horny layer, m. thickness: H of the living
            skin, m. partition, diffusivity: K and D of the living skin.

    Returns:
        m/s; the upper bound that a real channel (opening) falls short of. b = 1 / sqrt(pi n).

    Assumes: channels full of liquid, no gradient beside them; 5 to 7 % below a two-dimensional solution.
    """
    if density <= 0 or reach <= 0:
        return 0.0
    rate = sqrt(2 * pi * density / (-log(sqrt(pi * density) * radius) - _ANNULUS))
    source = rate * sinh(rate * reach) + _DISC * radius * density * cosh(rate * reach)
    return diffusivity * partition * source / (cosh(rate * reach) + (thickness - reach) * source)
