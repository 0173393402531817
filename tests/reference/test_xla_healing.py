"""The JAX engine against the lanes, member by member, and its gradients against finite differences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.virtual_world import world

from needling.errors import BadInput
from needling.simulation import Belief
from needling.simulation.engines import CALM, MEASURES, Floats, Task, lanes, reference
from needling.simulation.engines.grid import Accuracy
from needling.simulation.equations import healing
from needling.simulation.equations.stroke import CONDITIONS, STROKE_PARAMETERS, TOOL

pytest.importorskip("jax", reason="JAX is not installed: pip install 'needling[jax]'")

from needling.simulation.engines import xla
from needling.simulation.engines.xla import healing as ours

DAY_S = 86400.0
COURSES = [(0.0,), (0.0, 30.0, 60.0, 90.0), (0.0, 3.5, 7.0, 10.5, 17.0), (5.0, 33.0), (2.0, 150.0), (1.0, 500.0), ()]
# finer than is ever needed, so that the two grids of a difference are no part of it
FINER = Accuracy(first=0.05, growth=0.02, cap=0.2)


def _parameters(members: int, names: tuple[str, ...] = healing.PARAMETERS) -> Floats:
    drawn = Belief.prior(world(), members=members).draw(3)
    return np.array([drawn[name] for name in names])


def _task(rng: np.random.Generator, members: int, days: tuple[float, ...], end_d: float = 150.0) -> Task:
    reports = {0.0, end_d, *(day + offset for day in days for offset in (0, 1, 5, 20, 60) if day + offset < end_d)}
    return Task(
        session_time=np.array(days) * DAY_S,
        report_time=np.array(sorted(reports)) * DAY_S,
        stimulus=rng.uniform(0.005, 0.6, (len(days), members)),
        opening=rng.uniform(0.1, 1.0, (len(days), members)),
        half_life=np.exp(rng.normal(0, 0.5, (3, members))) * 20 * 3600,
    )


def _agree(theirs: list[tuple[Floats, Floats]], found: list[tuple[Floats, Floats]]) -> None:
    assert len(theirs) == len(found)
    for (out, calm), (our_out, our_calm) in zip(theirs, found, strict=True):
        assert out.shape == our_out.shape and calm.shape == our_calm.shape == (len(CALM), out.shape[2])
        scale = np.maximum(np.abs(out).max(axis=1, keepdims=True), 1e-12)
        assert np.max(np.abs(out - our_out) / scale, initial=0) < 1e-9
        assert np.allclose(calm, our_calm, rtol=1e-9, atol=1e-9 * DAY_S)


def test_healing_agrees_with_the_lanes() -> None:
    """Courses of different lengths in one batch; a session at the end, one after it, and none at all."""
    rng = np.random.default_rng(0)
    parameters = _parameters(9)
    tasks = [_task(rng, 9, days) for days in COURSES]
    theirs = lanes.heal(tasks, parameters)
    found = xla.heal(tasks, parameters)
    _agree(theirs, found)
    assert np.any(theirs[1][1] > 0)
    # fewer measures, in another order, are the same numbers
    few = ("residual", "water", "erythema")
    rows = [MEASURES.index(name) for name in few]
    for (out, _), (shown, _) in zip(found, xla.heal(tasks, parameters, measures=few), strict=True):
        assert np.allclose(shown, out[rows], rtol=1e-12, atol=1e-14)
    assert xla.heal([], parameters) == []


def test_members_in_blocks_are_the_same_members(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    parameters, tasks = _parameters(9), [_task(rng, 9, COURSES[1])]
    monkeypatch.setattr(ours, "_ROOM", 4 * 2000)
    assert len(ours._blocks(9, ours.course_of(tasks, 1e-4, 1e-5, FINER), MEASURES)) > 1
    _agree(lanes.heal(tasks, parameters), xla.heal(tasks, parameters))


def test_strokes_agree_with_the_lanes() -> None:
    rng = np.random.default_rng(2)
    parameters = _parameters(5, STROKE_PARAMETERS)
    devices = [
        (0, 192, 0.01, 0.02, 1, 1, 1, 1, 250e-6, 8e-6, 1.5e-3, 16, 4.0),
        (0, 192, 0.01, 0.02, 1, 1, 1, 1, 70e-6, 30e-6, 0.2e-3, 6, 0.3),
        (1, 20, 1, 1, 0.5e-4, 1, 1, 1, 200e-6, 8e-6, 1e-3, 4, 2.0),
        (2, 12, 1, 1, 1, 7e-3, 110, 0.04, 250e-6, 8e-6, 1.5e-3, 1, 1.0),
    ]
    rest = [(condition, 0.05, by_force) for condition in range(len(CONDITIONS)) for by_force in (0, 1)]
    tools = np.array([(*device, *other) for device in devices for other in rest], dtype=np.float64)
    assert tools.shape[1] == len(TOOL)
    epidermis = rng.uniform(40e-6, 150e-6, (len(tools), 5))
    found = xla.strokes(tools, epidermis, parameters)
    assert np.allclose(found, lanes.strokes(tools, epidermis, parameters), rtol=1e-11, atol=1e-300)


AT = np.array([12.0, 45.0, 140.0]) * DAY_S
STEP = 1e-3


def _two_sessions(members: int) -> tuple[Task, Floats]:
    task = _task(np.random.default_rng(4), members, (0.0, 30.0))
    return replace(task, report_time=np.array([0.0, *AT, 150.0 * DAY_S])), _parameters(members)


def _moved(parameters: Floats, row: int, share: float) -> Floats:
    other = parameters.copy()
    other[row] *= 1 + share
    return other


def test_sensitivities_agree_with_differences_of_the_lanes() -> None:
    """Every parameter, by differences of fourth order, to 1e-6 of its own effect."""
    task, parameters = _two_sessions(3)
    measure = MEASURES.index("residual")
    ((outcome, slopes),) = xla.sensitivities([task], parameters, "residual", AT, accuracy=FINER)
    assert outcome.shape == (3, 3) and slopes.shape == (len(healing.PARAMETERS), 3, 3)
    assert np.allclose(outcome, lanes.heal([task], parameters, FINER)[0][0][measure, 1:-1], rtol=1e-9)
    for row, name in enumerate(healing.PARAMETERS):
        one, back, two, far_back = (
            lanes.heal([task], _moved(parameters, row, share * STEP), FINER)[0][0][measure, 1:-1]
            for share in (1, -1, 2, -2)
        )
        wanted = (8 * (one - back) - (two - far_back)) / (12 * STEP)
        found = slopes[row] * parameters[row]
        assert np.max(np.abs(found - wanted)) <= 1e-6 * np.max(np.abs(wanted)) + 1e-10, name


@pytest.mark.slow
def test_sensitivities_agree_with_differences_of_scipy() -> None:
    task, parameters = _two_sessions(1)
    ((_, slopes),) = xla.sensitivities([task], parameters, "residual", AT, accuracy=FINER)
    for name in ("clinical-gain", "collagen-synthesis-rate", "repair-loss-rate", "pdgf-half-saturation"):
        row = healing.PARAMETERS.index(name)
        one, back, two, far_back = (
            reference.heal_one(task, _moved(parameters, row, share * STEP)[:, 0], 0, rtol=1e-12, atol=1e-14)[0][
                MEASURES.index("residual"), 1:-1
            ]
            for share in (1, -1, 2, -2)
        )
        wanted = (8 * (one - back) - (two - far_back)) / (12 * STEP)
        found = slopes[row, :, 0] * parameters[row, 0]
        assert np.max(np.abs(found - wanted)) <= 1e-6 * np.max(np.abs(wanted)), (name, found, wanted)


def test_sensitivities_refuse_what_has_none() -> None:
    parameters, task = _parameters(1), _task(np.random.default_rng(5), 1, (0.0,))
    with pytest.raises(BadInput, match="'collagn'.*did you mean 'collagen'"):
        xla.sensitivities([task], parameters, "collagn")
    with pytest.raises(BadInput, match="'water'"):
        xla.sensitivities([task], parameters, "water")
    with pytest.raises(BadInput, match="allows 0 to"):
        xla.sensitivities([task], parameters, "collagen", [200 * DAY_S])
