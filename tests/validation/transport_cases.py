"""Rolling, membranes, layers and public programs: what the equations and their solvers must give."""

from __future__ import annotations

import math
from statistics import mean

import numpy as np
from tests.reference.test_channels import PER_CM2, mf8
from tests.reference.test_permeation import PROGRAM, small_dose_of_testosterone
from tests.reference.test_transport_closed_forms import THROUGH, D, L, _lag, membrane, uniform
from tests.validation import test_permeability as permeability
from tests.validation.finding import Finding, exact

from needling import load_knowledge, serum
from needling.simulation import Belief
from needling.simulation.engines.lanes.transport import spread
from needling.simulation.engines.reference.unit_cell import conductance
from needling.simulation.equations import permeation
from needling.simulation.equations.rolling import roller_density, rolling_radius
from needling.simulation.mapping.devices import Pattern
from needling.simulation.mapping.measures import nearest_neighbour
from needling.simulation.mapping.punctures import puncture
from needling.simulation.mapping.region import Region
from needling.simulation.serum import enhancement
from needling.units import from_si, to_si

MAP, KP, TRANSPORT = "Rolling and channel map", "Passive permeability", "Transport"
ROWS = "share of rows in our 90 % band"


def rolling_cases(_: Belief) -> list[Finding]:
    one = [roller_density(192, rolling_radius(0.01, 1.5e-3, share), 0.02) / PER_CM2 for share in (0.0, 1.0)]
    wide = Region.rectangle(0.1, 0.1)
    laid = [
        np.mean([puncture(mf8(0.2, share), Pattern(5, 3, 0.1), wide, key).density for key in range(4)]) / PER_CM2
        for share in (1.0, 0.0)
    ]
    many = puncture(mf8(1.0), Pattern(5, 8, 0.1), wide, 1)
    nearest = float(nearest_neighbour(many).mean())
    return [
        exact(MAP, "one pass of the MF8 rolling on the skin (per cm²)", 15.3, one[0], 0.005),
        exact(MAP, "the same rolling on its tips (per cm²)", 13.3, one[1], 0.005),
        exact(MAP, "map of 15 passes at 0.2 mm, on the tips (per cm²)", 225, float(laid[0]), 0.01),
        exact(MAP, "map of 15 passes at 0.2 mm, on the skin (per cm²)", 229, float(laid[1]), 0.01),
        Finding(
            MAP,
            "rule of thumb for 15 passes at 0.2 mm (per cm²)",
            "about 250",
            float(np.mean(laid)),
            float(laid[0]),
            float(laid[1]),
            "200 to 290",
            200,
            290,
            building=False,
            seen=250,
            note="the claim is a tenth above what the drum can lay; the band holds where the drum rolls, nothing else",
        ),
        exact(
            MAP, "mean nearest neighbour of random channels (mm)", 500 / math.sqrt(many.density), 1e3 * nearest, 0.03
        ),
    ]


def solver_cases(belief: Belief) -> list[Finding]:
    lag = 6 * _lag(uniform(40, 0.002))
    errors = [abs(6 * _lag(uniform(cells, 0.002)) - 1) for cells in (40, 80, 160)]
    order = float(np.log2(errors[0] / errors[2])) / 2
    found = [
        exact(TRANSPORT, "Crank membrane: lag time over L²/6D, 40 cells", 1.0, lag, 0.001),
        exact(TRANSPORT, "Crank membrane: observed order of the mesh", 2.0, order, 0.05),
    ]
    for t, wanted in ((0.1, 0.0078853), (0.2, 0.0614638), (0.5, 0.3347907), (1.0, 0.8333438)):
        through = spread(membrane(np.array([0, t]) * L * L / D)).amount[THROUGH, 1, 0] / L
        found.append(exact(TRANSPORT, f"Crank membrane: amount through at Dt/L² = {t:g}", wanted, through, 0.002))
    dermis = from_si(permeation.dermis_permeability(1.0, 5e-11, 1e-3, 1e-3), "cm_per_s")
    found.append(exact(TRANSPORT, "dermis with clearance, closed form (cm/s)", 2.235485e-5, dermis, 0.0005))
    drawn = belief.with_members([0]).draw(0, layers=())
    hours, gone, run = small_dose_of_testosterone(drawn)
    flux = float(np.max(np.diff(gone) / np.diff(hours)))
    dose = to_si(0.53, "ug_per_cm2")
    found += [
        exact(
            TRANSPORT, "testosterone, small dose: gone to blood in 24 h (µg/cm²), another program", 0.44, gone[-1], 0.05
        ),
        exact(TRANSPORT, "the same: highest flow (µg/cm²/h), another program", 0.033, flux, 0.05),
        exact(
            TRANSPORT,
            "the same: what the compartments hold, over the dose",
            1.0,
            run.amount[:, -1, 0].sum() / dose,
            1e-8,
        ),
    ]
    for radius, reach, density, seen in (
        (35, 150, 240, 11.30),
        (35, 150, 100, 5.28),
        (25, 150, 240, 9.60),
        (35, 300, 240, 17.93),
    ):
        shape = (density * 1e4, radius * 1e-6, reach * 1e-6, 500e-6)
        reduced = permeation.channel_permeability(*shape, 1.0, 1e-10) / 1e-8
        full = conductance(*shape) / 100
        name = f"{density} channels/cm², radius {radius} µm, {reach} µm deep"
        found += [
            exact(TRANSPORT, f"{name}: reduced model against a 2-D cell (per cm)", seen, reduced, 0.10),
            exact(TRANSPORT, f"{name}: our own 2-D cell (per cm)", seen, full, 0.05),
        ]
    return found


def program_cases(belief: Belief) -> list[Finding]:
    from tests.reference.test_permeation import bricks, one

    from needling.simulation.skin import Molecule

    drawn = belief.with_members([0]).draw(0, layers=())
    found = []
    for name, (mass, log_kow, volume, hydrated, guide) in PROGRAM.items():
        own = dict(drawn) | {"molar-volume-ratio": one(volume / mass)}
        ours = from_si(bricks(Molecule(mass, log_kow), permeation.HYDRATIONS[0 if hydrated else 1], own)[0], "cm_per_h")
        note = "its log Kow was read back from another reimplementation" if name.startswith("dipropylene") else ""
        found.append(
            exact(KP, f"horny layer, {name}, another program (1e-4 cm/h)", 1e4 * guide, 1e4 * ours, 0.15, note=note)
        )
    return found


def permeability_cases(belief: Belief) -> list[Finding]:
    kb = belief.knowledge
    median = {one.id: to_si(one.quantity.median, one.quantity.unit) for one in kb.parameters}
    found = []
    if (permeability.DATA / "kp_chen2010_named_LCDPK.csv").is_file():
        humans = permeability.humans.__wrapped__()
        bias, error = permeability.misses(permeability.wilschut_robinson, humans, median)
        found += [
            Finding(KP, "208 human records: root mean square error (log10)", "at most 0.60", error, math.nan, math.nan,
                    "at most 0.60", 0.0, 0.60, building=True, note="the formula was chosen on these records"),
            Finding(KP, "208 human records: bias (log10)", "within 0.2", bias, math.nan, math.nan, "±0.2", -0.2, 0.2,
                    building=True),
        ]  # fmt: skip
    for name, (mass, log_kow, pka, seen) in permeability.DERMIS.items():
        ours = permeability._sheet(mass, log_kow, pka, 0.7e-3, kb)
        found.append(_log(f"isolated dermis, {name} (log10 cm/s)", seen, ours))
    for name, (mass, log_kow, pka, seen) in permeability.NO_HORNY_LAYER.items():
        ours = permeability._sheet(mass, log_kow, pka, 1e-4, kb)
        found.append(
            _log(
                f"epidermis without horny layer, {name} (log10 cm/s)",
                seen,
                ours,
                "a tenth of a millimetre of living epidermis lets tenfold less through than the model says",
            )
        )
    return found


def _log(case: str, seen: float, ours: float, note: str = "") -> Finding:
    return Finding(KP, case, f"{seen}", ours, math.nan, math.nan, "±0.4", seen - 0.4, seen + 0.4, building=False,
                   seen=seen, note=note)  # fmt: skip


def needled_cases(belief: Belief) -> list[Finding]:
    kb = load_knowledge()
    found = []
    for name, substance, seen, note in (
        (
            "vitamin C, roller on rats",
            permeability.ASCORBIC_ACID,
            10.54,
            "rats; an open hole lets far more through in theory",
        ),
        ("lidocaine, needles on horse skin", permeability.LIDOCAINE, 1.7, "horse skin"),
    ):
        low, _, middle, _, high = enhancement(substance, **permeability.TYPICAL, belief=belief)
        found.append(
            Finding(TRANSPORT, f"needled over whole skin: {name}", f"{seen}", middle, low, high, "factor 3", seen / 3,
                    seen * 3, building=False, seen=seen, note=note)
        )  # fmt: skip
    through = next(
        amount
        for amount in serum(
            "niacinamide", needle_length_mm=0, product_mg_per_cm2=700, concentration_share=0.1, cover="occluded",
            receptor=True, skin_thickness_um=500, kb=kb,
        ).amounts
        if amount.place == "through"
    ).whole_skin_ug_per_cm2  # fmt: skip
    for acidity, seen in (("5.0", 460.0), ("7.4", 1370.0)):
        found.append(
            Finding(TRANSPORT, f"niacinamide through whole skin in 24 h, pH {acidity} (µg/cm²)", f"{seen:g}",
                    through[2][-1], through[0][-1], through[-1][-1], "factor 10", seen / 10, seen * 10, building=False,
                    seen=seen, note="the strength, 10 %, is ours")
        )  # fmt: skip
    return found


def array_cases(_: Belief) -> list[Finding]:
    """Time courses of needle arrays on human skin, each row a point of its own."""
    if not (permeability.DATA / "mn_permeation_yuan2023_S1.csv").is_file():
        return []
    found = []
    for permeant, substance, note in (
        ("lidocaine", permeability.LIDOCAINE.model_copy(update={"film_ph": 7.4}), ""),
        ("caffeine", permeability.CAFFEINE, "a hydrogel gives its load up slowly, and our film does not"),
    ):
        hits = permeability.rows_inside(permeant, substance, load_knowledge())
        found.append(
            Finding(TRANSPORT, f"needle arrays on human skin, {permeant}: {ROWS}", f"{len(hits)} rows", mean(hits),
                    math.nan, math.nan, "0.70 to 1", 0.70, 1.0, building=False, points=len(hits),
                    points_inside=sum(hits), note=note or "number of needles and thickness of the skin are ours")
        )  # fmt: skip
    return found


RUNS = (rolling_cases, solver_cases, program_cases, permeability_cases, needled_cases, array_cases)
