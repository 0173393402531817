"""The healing model as SBML: valid, readable by others, and the same curves from another program's solver."""

from __future__ import annotations

import builtins
import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.virtual_world import course_plan, somebody, world

from needling.errors import BadInput
from needling.simulation import Belief, Course, simulate
from needling.simulation.design import middle_person
from needling.simulation.engines import MEASURES, Task, reference
from needling.simulation.equations import closure, healing
from needling.simulation.exchange import (
    OPENINGS,
    STATES,
    Symbol,
    course_to_sbml,
    formula_of,
    healing_of,
    spelled,
    to_sbml,
)
from needling.simulation.models import Models

libsbml = pytest.importorskip("libsbml", reason="python-libsbml is in the extra 'research'")

KB = world()
BELIEF = Belief.prior(KB, members=64)
DAY_S = 86400.0
# What the file reports, and what the course calls it.
MEASURED = {
    "S": "severity",
    "collagen": "collagen",
    "C3": "collagen_iii",
    "El": "elastin",
    "redness": "erythema",
    "I": "inflammation",
    "growth_factor": "signal",
    "open_barrier": "open_share",
    "open_water": "water",
    "open_structure": "structure",
}
PLANS: dict[str, dict[str, Any]] = {
    "one session": {"sessions": 1},
    "five monthly": {"sessions": 5, "interval_d": 30.0},
    "twelve weekly": {"sessions": 12, "interval_d": 7.0, "length_mm": 1.0},
    "nothing": {"sessions": 0},
    "pen": {"device": "pen", "sessions": 3, "interval_d": 42.0},
}


def course_of(belief: Belief = BELIEF, models: Models | None = None, **plan: Any) -> Course:
    person, assessment = somebody(("cheek-left", "scars"), ("forehead", "scars"))
    return simulate(
        course_plan(zones=("cheek-left", "forehead"), **plan), person, assessment, belief, key=7, models=models
    )


def again(text: str, days: Any) -> Any:
    """What libroadrunner (CVODE) makes of a file: float64[time, column of ``MEASURED``]."""
    roadrunner = pytest.importorskip("roadrunner", reason="libroadrunner is in the extra 'peers'")
    runner = roadrunner.RoadRunner(text)
    runner.integrator.relative_tolerance = 1e-11
    runner.integrator.absolute_tolerance = 1e-14
    runner.timeCourseSelections = ["time", *MEASURED]
    return np.asarray(runner.simulate(times=list(days)))[:, 1:]


def ours(course: Course, member: int, zone: int) -> Any:
    return np.array([getattr(course, name)[member, zone] for name in MEASURED.values()]).T


def assert_alike(seen: Any, expected: Any, bar: float = 1e-5) -> None:
    difference = np.abs(seen - expected) / np.maximum(np.abs(expected), 1e-2)
    worst = np.unravel_index(difference.argmax(), difference.shape)
    assert difference.max() <= bar, f"{list(MEASURED)[worst[1]]}: {difference.max():.1e}"


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("member", [0, 17, 63])
def test_another_program_gives_the_same_curves(plan: str, member: int) -> None:
    course = course_of(**PLANS[plan])
    for place, zone in enumerate(course.zones):
        text = course_to_sbml(course, zone, member)
        assert_alike(again(text, course.time / DAY_S), ours(course, member, place))


def test_two_phase_closure_goes_along() -> None:
    course = course_of(models=Models(closure="two-phase"), sessions=2)
    seen = again(course_to_sbml(course, "cheek-left", 3), course.time / DAY_S)
    assert_alike(seen, ours(course, 3, 0))
    plain = course_of(sessions=2)
    assert not np.allclose(ours(plain, 3, 0), ours(course, 3, 0), rtol=1e-3)


def test_the_person_in_the_middle() -> None:
    course = course_of(middle_person(BELIEF), sessions=4)
    given = healing_of(course, "forehead")
    for name, value in given.parameters.items():
        if name != "collagen-synthesis-rate":  # age slows it
            assert value == pytest.approx(BELIEF.median[BELIEF.names.index(name)])
    assert_alike(again(course_to_sbml(course, "forehead"), course.time / DAY_S), ours(course, 0, 1))


def test_it_agrees_with_the_slow_reference_as_well() -> None:
    course = course_of(sessions=3)
    given = healing_of(course, "cheek-left", 11)
    task = Task(
        session_time=np.array(given.session_time),
        report_time=course.time,
        stimulus=np.array(given.stimulus)[:, None],
        opening=np.array(given.opening)[:, None],
        half_life=np.array([[given.half_life[opening]] for opening in OPENINGS]),
    )
    parameters = np.array([given.parameters[name] for name in healing.PARAMETERS])
    measured, _ = reference.heal_one(task, parameters, 0)
    rows = ["residual", "collagen", "collagen_iii", "elastin", "erythema", "inflammation", "signal"]
    rows += ["barrier", "water", "structure"]
    seen = again(to_sbml(given, KB), course.time / DAY_S)
    assert_alike(seen, measured[[MEASURES.index(row) for row in rows]].T)


# ---------------------------------------------------------------- the file


def test_it_is_valid_without_errors_and_warnings() -> None:
    document = libsbml.readSBMLFromString(course_to_sbml(course_of(sessions=2), "cheek-left"))
    document.checkConsistency()
    log = document.getErrorLog()
    assert [log.getError(index).getMessage() for index in range(log.getNumErrors())] == []  # units are checked too
    assert (document.getLevel(), document.getVersion()) == (3, 2)


def test_every_parameter_has_unit_and_notes_with_its_sources() -> None:
    model = libsbml.readSBMLFromString(course_to_sbml(course_of(sessions=2), "cheek-left")).getModel()
    for name in (*healing.PARAMETERS, *(f"{opening}-half-life" for opening in OPENINGS)):
        parameter = model.getParameter(spelled(name))
        entry = KB.parameter(name)
        assert parameter.getUnits() in ("d", "per_d", "dimensionless")
        notes = parameter.getNotesString()
        assert entry.says.split("(")[0].strip()[:30] in notes and f"certainty: {entry.certainty}" in notes
        assert all(source.key in notes for source in entry.sources)
    assert {model.getRateRule(name).getVariable() for name in STATES} == set(STATES)
    assert model.getNumEvents() == 2


def test_a_parameter_can_be_changed_by_its_name() -> None:
    """What the file is for: another value, another curve, in the direction that the equation says."""
    text = course_to_sbml(course_of(sessions=3), "cheek-left")
    pattern = r'(id="collagen_synthesis_rate"[^>]*value=")([^"]+)'
    slower = re.sub(pattern, lambda found: f"{found[1]}{float(found[2]) / 2}", text)
    before, after = (again(one, [0.0, 100.0])[-1, list(MEASURED).index("collagen")] for one in (text, slower))
    assert 1 < after < before


def test_zones_and_members_that_are_not_there() -> None:
    course = course_of(sessions=1)
    with pytest.raises(BadInput, match="cheek-left"):
        course_to_sbml(course, "cheek-leftt")
    with pytest.raises(BadInput, match="0 to 63"):
        course_to_sbml(course, "forehead", 64)


def test_without_the_library_the_message_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    course = course_of(sessions=1)
    real = builtins.__import__

    def refusing(name: str, *rest: Any, **more: Any) -> Any:
        if name == "libsbml":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refusing)
    with pytest.raises(BadInput, match=r"\[research\]"):
        course_to_sbml(course, "cheek-left")


# ---------------------------------------------------------------- symbols


@settings(max_examples=50, deadline=None)
@given(values=st.lists(st.floats(0.05, 3.0), min_size=33, max_size=33))
def test_the_traced_rates_are_the_equation(values: list[float]) -> None:
    """The text that the symbols build, worked out as Python, is what the function itself gives."""
    names = [f"x{index}" for index in range(len(values))]
    formulas = formula_of(healing.rates, *map(Symbol, names))
    known = {**dict(zip(names, values, strict=True)), "sqrt": math.sqrt, "exp": math.exp, "ln": math.log}
    traced = [eval(formula.replace(" dimensionless", ""), {"__builtins__": {}}, known) for formula in formulas]
    assert traced == list(healing.rates(*values))


def test_what_cannot_be_a_formula_is_refused() -> None:
    with pytest.raises(TypeError, match="decides by a value"):
        formula_of(closure.by_age, *map(Symbol, "abcd"))
