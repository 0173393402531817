"""Light objectives are the objectives of whole courses: the same people, the same luck, the same equations."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np
import pytest
from tests.people import healthy

from needling.documents import Assessment, Person, Plan
from needling.knowledge import load_knowledge
from needling.planning.assemble import plan_from_phases
from needling.planning.protocol import Group, Phase
from needling.planning.screen import screen
from needling.simulation import Belief, Models, objectives, simulate
from needling.simulation.course import CourseResult
from needling.simulation.sketch import COARSE, ENDPOINTS, Doing, Light, Sketch

KB = load_knowledge()
BELIEF = Belief.prior(KB, members=48)
AGREE = 1e-6
CHEEK = ("cheek-left", "acne-scars-rolling", 40.0)


def sketched(plan: Plan, person: Person, assessment: Assessment, **options: Any) -> Light:
    """The light objectives of a plan, every zone and every visit told apart."""
    sketch = Sketch(person, assessment, BELIEF, key=5, **options)
    visits = [list(own) for _, own in groupby(plan.sessions, key=lambda session: session.day_d)]
    parts, planned = [], []
    for zone in sorted({stroke.zone for session in plan.sessions for stroke in session.strokes}):
        doings, own_endpoint = [], []
        for sessions in visits:
            here = [(session, stroke) for session in sessions for stroke in session.strokes if stroke.zone == zone]
            doings += [
                Doing(
                    session.device,
                    stroke.needle_length_mm,
                    stroke.directions_count,
                    stroke.passes_count,
                    stroke.force_N,
                )
                for session, stroke in here
            ] or [None]
            own_endpoint.append(ENDPOINTS.index(here[0][0].endpoint) if here else 0)
        distinct = list(dict.fromkeys(doing for doing in doings if doing is not None))
        ground = sketch.ground((zone,), distinct)
        doing = np.array([[-1 if one is None else distinct.index(one) for one in doings]])
        stop = np.array([[max(ENDPOINTS.index(session.endpoint) for session in sessions) for sessions in visits]])
        parts.append(sketch.part(ground, [(sessions[0].day_d,) for sessions in visits], doing, stop))
        planned.append(own_endpoint)
    return sketch.whole(parts, np.zeros((1, len(parts)), dtype=np.int64), np.array([planned]))


def planned_for(zones: tuple[tuple[str, str, float], ...], phases: tuple[Phase, ...], endpoint: Any, **who: Any) -> Any:
    setting = who.pop("setting", "clinic")
    person, assessment = healthy(KB, setting, zones=zones, **who)
    clearance = screen(person, assessment, KB)
    names = {zone for phase in phases for group in phase.groups for zone in group.zones}
    endpoints = endpoint if isinstance(endpoint, dict) else dict.fromkeys(names, endpoint)
    return plan_from_phases(phases, person, assessment, clearance, KB, endpoints=endpoints), person, assessment


def agree(plan: Plan, person: Person, assessment: Assessment, **options: Any) -> Light:
    course = simulate(plan, person, assessment, BELIEF, key=5, models=options.get("models"))
    exact, light = objectives(course), sketched(plan, person, assessment, **options)
    assert light.gain_known is exact.gain_known
    assert bool(light.sound[0]) is (course.result is CourseResult.OK)
    for name, mine, theirs in (
        ("gain", light.gain[0], exact.gain),
        ("redness_d", light.redness_d[0], exact.redness_d),
        ("ready_d", light.ready_d[0], course.ready_time / 86400),
        ("harm", light.harm_probability[0], exact.harm_probability),
        ("beyond", light.beyond_endpoint_probability[0], exact.beyond_endpoint_probability),
    ):
        np.testing.assert_allclose(mine, theirs, rtol=AGREE, atol=AGREE, err_msg=name)
    return light


CASES = {
    "roller": ((CHEEK,), (Phase((Group("roller-192", 1.5, 4, 4, ("cheek-left",)),), 42.0, 4),), "pinpoint", {}),
    "dark": (
        (CHEEK,),
        (Phase((Group("roller-540", 1.0, 4, 3, ("cheek-left",)),), 42.0, 3),),
        "erythema",
        {"phototype": "V"},
    ),
    "stamp": ((CHEEK,), (Phase((Group("stamp-digital", 1.25, 2, 5, ("cheek-left",)),), 28.0, 2),), "erythema", {}),
    "pen, published": (
        (("abdomen", "striae", 200.0),),
        (Phase((Group("pen-generic", 2.0, 4, 1, ("abdomen",)),), 42.0, 3),),
        "pinpoint",
        {},
    ),
    "weekly, published": (
        (("scalp", "hair-thinning", 60.0),),
        (Phase((Group("roller-192", 0.5, 4, 5, ("scalp",)),), 7.0, 12),),
        "erythema",
        {"sex": "male"},
    ),
    "once": ((CHEEK,), (Phase((Group("roller-192", 0.5, 1, 1, ("cheek-left",)),), 0.0, 1),), "erythema", {}),
    "home": (
        (("cheek-left", "wrinkles-face", 40.0),),
        (
            Phase((Group("roller-home", 0.2, 4, 2, ("cheek-left",)),), 7.0, 4),
            Phase((Group("roller-home", 0.25, 4, 2, ("cheek-left",)),), 7.0, 4),
        ),
        "faint-pink",
        {"setting": "home"},
    ),
    "two zones, one endpoint for one device": (
        (CHEEK, ("forehead", "wrinkles-face", 60.0)),
        (
            Phase(
                (Group("roller-192", 1.5, 4, 4, ("cheek-left",)), Group("roller-192", 0.5, 4, 3, ("forehead",))),
                42.0,
                3,
            ),
        ),
        {"cheek-left": "pinpoint", "forehead": "erythema"},
        {},
    ),
    "two zones, two devices, two endpoints": (
        (CHEEK, ("forehead", "wrinkles-face", 60.0)),
        (
            Phase(
                (Group("pen-generic", 1.5, 4, 1, ("cheek-left",)), Group("roller-192", 0.5, 4, 3, ("forehead",))),
                42.0,
                3,
            ),
        ),
        {"cheek-left": "pinpoint", "forehead": "erythema"},
        {},
    ),
    "a zone that stops early, and one that is left out": (
        (CHEEK, ("forehead", "wrinkles-face", 60.0), ("cheek-right", "pores-dullness", 40.0)),
        (
            Phase(
                (Group("roller-192", 1.0, 4, 4, ("cheek-left",)), Group("roller-192", 0.5, 4, 3, ("forehead",))),
                42.0,
                2,
            ),
            Phase((Group("roller-192", 1.0, 4, 4, ("cheek-left",)),), 42.0, 2),
        ),
        "erythema",
        {},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_light_objectives_are_those_of_the_course(name: str) -> None:
    zones, phases, endpoint, who = CASES[name]
    light = agree(*planned_for(zones, phases, endpoint, **who))
    assert np.ptp(light.ready_d) > 0


def test_so_they_are_with_other_models() -> None:
    models = Models(closure="two-phase", depth="force", outcome="published-mean", session="as-planned")
    zones, phases, endpoint, who = CASES["dark"]
    agree(*planned_for(zones, phases, endpoint, **who), models=models)


def test_what_has_no_forecast_is_not_sound() -> None:
    phases = (Phase((Group("pen-exceed", 1.0, 4, 40, ("cheek-left",)),), 42.0, 2),)
    light = agree(*planned_for((CHEEK,), phases, "erythema"))
    assert not light.sound[0]


def test_the_coarse_grid_is_near() -> None:
    zones, phases, endpoint, who = CASES["roller"]
    case = planned_for(zones, phases, endpoint, **who)
    fine, coarse = sketched(*case), sketched(*case, accuracy=COARSE)
    assert np.abs(fine.gain - coarse.gain).max() < 1e-4
    assert 0 < np.abs(fine.redness_d - coarse.redness_d).max() < 0.05


@pytest.mark.parametrize("sessions", [1, 4, 9])
def test_curves_are_near_what_is_healed_way_by_way(sessions: int) -> None:
    person, assessment = healthy(KB, zones=(CHEEK,), phototype="IV")
    doings = [
        Doing(device, length, 1, passes, 3.0)
        for device in ("roller-192", "pen-generic", "stamp-digital")
        for length in (0.25, 0.5, 1.0, 1.5)
        for passes in (1, 2, 3, 4, 6, 8, 12, 16, 20)
        if length in KB.device(device).lengths_mm
    ]
    ways = np.arange(len(doings))[:, None]
    stop = np.full(ways.shape, ENDPOINTS.index("pinpoint"))
    days = [tuple(42.0 * visit for visit in range(sessions))]
    seen = []
    for curves in (False, True):
        sketch = Sketch(person, assessment, BELIEF, key=5, curves=curves)
        part = sketch.part(sketch.ground(("cheek-left",), doings), days, ways, stop)
        seen.append(sketch.whole([part], ways, np.full((len(doings), 1, 1), stop[0, 0])))
    one_by_one, read_off = seen
    assert len(doings) > 80
    assert np.abs(one_by_one.gain - read_off.gain).max() < 1e-3
    np.testing.assert_array_equal(one_by_one.harm_probability, read_off.harm_probability)
    for name in ("redness_d", "ready_d"):
        off = np.abs(getattr(one_by_one, name) - getattr(read_off, name))
        assert np.quantile(off, 0.99) < 0.05, name
        assert (
            np.abs(
                np.quantile(getattr(one_by_one, name), 0.9, axis=1) - np.quantile(getattr(read_off, name), 0.9, axis=1)
            ).max()
            < 0.1
        )
