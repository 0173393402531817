"""One name for each engine, what JAX is told and what the user's own JAX keeps, and an engine that is not there."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import util
from math import exp, gamma
from pathlib import Path

import numpy as np
import pytest
from tests.property.test_transport_properties import ordinary

from needling.errors import BadInput
from needling.simulation.engines import CALM, MEASURES, Task, engine, lanes
from needling.simulation.equations import healing

SRC = Path(lanes.__file__).parents[4]
needs_jax = pytest.mark.skipif(
    util.find_spec("jax") is None, reason="JAX is not installed: pip install 'needling[jax]'"
)


def _run(code: str, **variables: str) -> list[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("XLA_", "JAX_", "NEEDLING_"))}
    env |= {"PYTHONPATH": str(SRC), **variables}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


def _task(members: int) -> Task:
    rng = np.random.default_rng(0)
    return Task(
        session_time=np.array([0.0]),
        report_time=np.array([0.0, 86400.0, 20 * 86400.0]),
        stimulus=rng.uniform(0.1, 0.5, (1, members)),
        opening=np.ones((1, members)),
        half_life=np.full((3, members), 7e4),
    )


def test_every_engine_has_every_kind_of_work() -> None:
    """The reference as well, and within what separates a solver from another."""
    members = 2
    parameters = np.full((len(healing.PARAMETERS), members), 1e-6)
    for row, name in enumerate(healing.PARAMETERS):
        if not name.endswith(("-rate", "collagen-loss-to-inflammation")):
            parameters[row] = 0.3
    parameters[[healing.PARAMETERS.index(name) for name in ("clinical-lag", "redness-injury-time")]] = 1e6
    serum = ordinary(2, 1)
    found = {}
    for name in ("lanes", "reference"):
        chosen = engine(name)
        ((out, calm),) = chosen.heal([_task(members)], parameters)
        spread = chosen.spread(serum)
        assert out.shape == (len(MEASURES), 3, members) and calm.shape == (len(CALM), members)
        assert spread.depth.shape[1] == spread.amount.shape[2] == spread.concentration.shape[2] == 2
        found[name] = out, spread.amount
        few = chosen.heal([_task(members)], parameters, measures=("collagen",))[0][0]
        assert np.array_equal(few[0], out[MEASURES.index("collagen")])
        assert chosen.spread(serum, profile=False).concentration.shape[1] == 0
    assert np.allclose(found["lanes"][0], found["reference"][0], rtol=1e-5, atol=1e-7)
    assert np.max(np.abs(found["lanes"][1] - found["reference"][1]) / serum.dose) < 2e-3


def test_unknown_engines_are_named() -> None:
    with pytest.raises(BadInput, match="no engine 'lane' .did you mean 'lanes'"):
        engine("lane")


def test_without_jax_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['jax'] = None\n"
        "from needling.errors import BadInput\n"
        "from needling.simulation.engines import engine\n"
        "try: engine('xla')\n"
        "except BadInput as error: print(error)\n"
    )
    (said,) = _run(code)
    assert ".[jax]" in said and "lanes" in said


@needs_jax
def test_the_users_jax_stays_as_it_is(tmp_path: Path) -> None:
    """Single precision outside, double inside; compiled programs lie where the user keeps needling's things."""
    code = (
        "import jax, numpy as np\n"
        "jax.config.update('jax_numpy_rank_promotion', 'raise')\n"
        "jax.config.update('jax_numpy_dtype_promotion', 'strict')\n"
        "from needling.simulation.engines import engine\n"
        "from needling.simulation.equations.stroke import STROKE_PARAMETERS, TOOL\n"
        "tool = np.ones((1, len(TOOL))); tool[0, 0] = 2.0; tool[0, TOOL.index('condition')] = 0\n"
        "out = engine('xla').strokes(tool, np.ones((1, 1)), np.ones((len(STROKE_PARAMETERS), 1)))\n"
        "print(out.dtype, jax.numpy.ones(1).dtype, jax.config.jax_enable_x64)\n"
        "print(len(jax.devices()) if jax.default_backend() == 'cpu' else -1)\n"
        "print(jax.config.jax_compilation_cache_dir)\n"
    )
    said, devices, folder = _run(code, NEEDLING_CACHE=str(tmp_path))
    assert said == "float64 float32 False"
    assert int(devices) in (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(), -1)
    assert Path(folder).is_relative_to(tmp_path) and list(Path(folder).iterdir())
    # what the user has chosen is left alone
    own = str(tmp_path / "own")
    chosen = {"XLA_FLAGS": "--xla_force_host_platform_device_count=3", "JAX_COMPILATION_CACHE_DIR": own}
    _, devices, folder = _run(code, NEEDLING_CACHE=str(tmp_path), **chosen)
    assert int(devices) in (3, -1) and folder == own


@needs_jax
def test_an_equation_without_a_twin_is_refused() -> None:
    from needling.simulation.engines.xla.tracing import exact, traced

    def known(x: float) -> float:
        return _inner(x) + max(x, 1.0, 2.0)

    with pytest.raises(TypeError, match="gamma"):
        traced(_gamma)
    with exact():
        assert float(traced(known)(0.5)) == exp(-0.5) + 2


def _inner(x: float) -> float:
    return exp(-x)


def _gamma(x: float) -> float:
    return gamma(x)
