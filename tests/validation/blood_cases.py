"""Published blood levels after numbing creams and patches, as runs of the shipped parameters.

Each case is typed here from its publication, apart from the knowledge files. Built from: the shares that left patch and
cream (L1a, L2a, L3a), the fall of the level after long-worn patches (L4b), the strong cream on the face (L5a), which
chose that flux does not grow with strength. All else was held back.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from tests.validation.finding import Finding, of_people

from needling.simulation import Belief
from needling.simulation.systemic import Body, Exposure, Form, exposure, layers_of

BLOOD = "Blood levels"
WEIGHT_KG = 70.0
HOUR_S = 3600.0
PER_ML = 1e3  # kg/m3 -> ug/mL

Floats = NDArray[np.float64]


def cream(
    belief: Belief,
    drug: str,
    grams: float,
    area_cm2: float,
    hours: float,
    strength_pct: float,
    sites: Sequence[str] = ("cheek",),
    form: Form = "cream",
) -> Exposure:
    """One drug of a covered cream or patch on possible people of 70 kg."""
    share = strength_pct / 100
    layers = layers_of(1000 * grams * share, area_cm2, share, sites, form=form, covered=True, skin="whole")
    return exposure(drug, layers, hours * HOUR_S, Body(WEIGHT_KG), belief.draw(0))


def at_hour(found: Exposure, hour: float) -> Floats:
    """Level at an hour after putting it on, ug/mL."""
    return np.array([PER_ML * np.interp(hour * HOUR_S, found.time, one) for one in found.level.T])


def _finding(case: str, published: str, values: Floats, seen: float, factor: float, **more: object) -> Finding:
    more.setdefault("building", False)
    return of_people(
        BLOOD, case, published, values, f"factor {factor:g}", seen / factor, seen * factor, seen=seen, **more
    )


def patch_cases(belief: Belief) -> list[Finding]:
    three = cream(belief, "lidocaine", 42, 420, 12, 5, ("shoulder-back",), "patch")
    four = cream(belief, "lidocaine", 56, 560, 18, 5, ("shoulder-back",), "patch")
    peak = PER_ML * four.peak
    return [
        _finding(
            "L1a lidocaine from 3 patches, 12 h, absorbed (mg)",
            "64, SD 32",
            1e6 * three.absorbed,
            64,
            1.5,
            building=True,
        ),
        _finding("L1b its highest level (µg/mL)", "0.13, SD 0.06", PER_ML * three.peak, 0.13, 1.5),
        _finding(
            "L1c time of it (h)",
            "11",
            three.peak_time / HOUR_S,
            11,
            1.5,
            note="the model cannot peak before the patch comes off",
        ),
        _finding("L4a 4 patches, 18 h, highest level (µg/mL)", "0.145, SD 0.042", peak, 0.145, 1.5),
        _finding(
            "L4b level 6 h after they came off, share of the highest",
            "0.50-0.57",
            at_hour(four, 24) / peak,
            0.54,
            1.5,
            building=True,
        ),
    ]


def emla_cases(belief: Belief) -> list[Finding]:
    face = {drug: cream(belief, drug, 10, 100, 2, 2.5) for drug in ("lidocaine", "prilocaine")}
    thigh = {drug: cream(belief, drug, 60, 400, 3, 2.5, ("thigh-buttock",)) for drug in ("lidocaine", "prilocaine")}
    shares = [100 * one["lidocaine"].absorbed / one["lidocaine"].dose for one in (face, thigh)]
    return [
        _finding("L2a cream on the face, 2 h, absorbed (%)", "about 10", shares[0], 10, 1.5, building=True),
        _finding("L2b its lidocaine, highest level (µg/mL)", "0.16", PER_ML * face["lidocaine"].peak, 0.16, 1.5),
        _finding("L2c its prilocaine, highest level (µg/mL)", "0.06", PER_ML * face["prilocaine"].peak, 0.06, 1.5),
        _finding("L3a cream on the thigh, 3 h, absorbed (%)", "about 5", shares[1], 5, 1.5, building=True),
        _finding(
            "L3b its lidocaine, highest level (µg/mL)",
            "0.12; 0.05-0.16",
            PER_ML * thigh["lidocaine"].peak,
            0.12,
            2,
            note="ours is high: the skin of the thigh seems to give off more slowly than that of the back, from where "
            "its half-life comes; the careful side",
        ),
        _finding("L3c its prilocaine, highest level (µg/mL)", "0.07", PER_ML * thigh["prilocaine"].peak, 0.07, 1.5),
    ]


def strong_cream_cases(belief: Belief) -> list[Finding]:
    """15 %/5 % ointment on the face, or on face, neck and chest; areas, layer and time of the blood sample are ours."""
    wide = ("cheek", "neck", "decollete")
    assumed = "250 cm² of face, 400 cm² in all, 0.1 g/cm² and blood drawn 45 minutes after wiping are assumed"
    found = []
    for case, drug, sites, area, hours, strength, seen, spread, building in (
        ("L5a 15 % lidocaine on the face, 30 min (µg/mL)", "lidocaine", ("cheek",), 250, 0.5, 15, 0.122, 0.125, True),
        ("L5b its prilocaine (µg/mL)", "prilocaine", ("cheek",), 250, 0.5, 5, 0.048, 0.029, False),
        ("L5c the same on face, neck and chest, 60 min (µg/mL)", "lidocaine", wide, 400, 1.0, 15, 0.272, 0.208, False),
        ("L5d its prilocaine (µg/mL)", "prilocaine", wide, 400, 1.0, 5, 0.087, 0.060, False),
    ):
        run = cream(belief, drug, area / 10, area, hours, strength, sites)
        levels = at_hour(run, hours + 0.75)
        found.append(_finding(case, f"{seen:g}, SD {spread:g}", levels, seen, 1.5, building=building, note=assumed))
    return found


def single_people_cases(belief: Belief) -> list[Finding]:
    """Highest levels that single people of five groups reached; 800 cm2 of face and neck and 0.1 g/cm2 are ours."""
    found = []
    for case, seen, strength in (
        ("L6a 4 % gel, face and neck, 60 min, highest of any person (µg/mL)", 0.808, 4.0),
        ("L6b 2.5 %/2.5 % cream, the same", 0.72, 2.5),
        ("L6c 4 % liposomal cream, the same", 0.44, 4.0),
        ("L6d 6 % with benzocaine and tetracaine, the same", 0.17, 6.0),
        ("L6e 4 % with adrenaline and tetracaine, the same", 0.13, 4.0),
    ):
        run = cream(belief, "lidocaine", 80, 800, 1, strength, ("cheek", "neck"))
        later = np.max([at_hour(run, hour) for hour in (1.5, 2, 2.5, 4, 8)], axis=0)  # when blood was drawn
        note = "one person of five; 800 cm² and 0.1 g/cm² are assumed"
        if strength == 4.0 and seen < 0.2:
            note += "; adrenaline, which narrows vessels, is not in the model"
        found.append(_finding(case, f"{seen:g}", later, seen, 6, note=note))
    run = cream(belief, "lidocaine", 80, 800, 1, 4, ("cheek", "neck"))
    found.append(
        _finding(
            "L6f 4 % gel, mean of its group (µg/mL)",
            "0.438",
            PER_ML * run.peak,
            0.438,
            2,
            note="mean of five people; 800 cm² and 0.1 g/cm² are assumed",
        )
    )
    run = cream(belief, "lidocaine", 40, 400, 2, 23)
    note = "median of 52 people; 400 cm² of face and 0.1 g/cm² are assumed"
    found.append(
        _finding(
            "L7 23 % cream on the face, 2 h, highest level (µg/mL)",
            "1.15 (median)",
            PER_ML * run.peak,
            1.15,
            2,
            note=note,
        )
    )
    return found


RUNS = (patch_cases, emla_cases, strong_cream_cases, single_people_cases)
