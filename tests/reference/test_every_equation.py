"""Every equation under every engine: plain Python, numba and JAX give the same numbers, to 1e-12.

All public functions of ``simulation/equations`` are found by looking, so a new one is covered without a line here.
Its arguments are drawn from the ranges below: an argument that has none fails the test, and its range goes in there.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module, util
from pkgutil import iter_modules
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from needling.simulation import equations
from needling.simulation.engines.lanes.compiling import compiled

Equation = Callable[..., Any]
Sample = list[dict[str, Any]]
SAMPLES = 40
ONE_BY_ONE = 5  # samples of an equation that JAX can only run number by number
AGREE = 1e-12
HAS_JAX = util.find_spec("jax") is not None

# Argument, or function.argument where one name means different things -> lowest and highest value, SI; a list is of
# choices. Ranges stay away from corners where a result is what is left of two nearly equal numbers.
RANGES: dict[str, tuple[float, float] | list[Any]] = {}


def _allow(low: float, high: float, names: str) -> None:
    RANGES.update(dict.fromkeys(names.split(), (low, high)))


# shares, ratios, powers, states
_allow(0.05, 0.95, "beyond by_age.ratio cells central_share charge_free closed_share f fibroblasts")
_allow(0.05, 0.95, "efficiency follow hindrance pressed quick_ratio quick_share recoil share severity unbound")
_allow(0.05, 0.95, "inflammation repair debris stimulus target te vascular c3 dd id_ ii md mi mm radius_share albumin")
_allow(0.05, 0.95, "eta_c from_debris from_fibroblasts from_inflammation from_injury gain_t half_t k_p p_f p_i p_m t_d")
_allow(0.05, 0.95, "t_f a straight through crossing binding water lipid_exponent protein_exponent slope")
_allow(0.2, 5.0, "factor elapsed passes drying lipid")
_allow(0.3, 1.5, "exponent p q")
_allow(1.05, 1.4, "c1 el")
_allow(1.5, 3.0, "ceiling")
_allow(0.3, 0.7, "per_ceiling jitter")
_allow(0.05, 0.2, "eps length_spread tolerance faint")
_allow(0.2, 0.5, "erythema")
_allow(0.01, 5.0, "strike_probability.strikes x")
_allow(20, 80, "needles weight reference_weight strength reference by_age.age")
_allow(20, 40, "young")
_allow(60, 90, "old")

# a stroke that does little more than scratch is left out: its bleeding is 1 - (1 - little) (1 - little)
_allow(1.2e-3, 2.5e-3, "stroke.needle_length")
_allow(0.6, 0.95, "stroke.efficiency stroke.beyond")
_allow(5e-5, 2e-4, "stroke.dead_length stroke.loop_depth stroke.plexus_depth")
_allow(4, 20, "stroke.force")
_allow(0.5, 2.0, "stroke.tip_ratio")

# times and rates
_allow(3e2, 3e5, "half_life tau_q time")
_allow(3e2, 3e4, "early_transition.step early_series_term.part")
_allow(1e-7, 1e-4, "rho delta_f b kappa mu3 mu1 m b_e k_x mu_e per_lag clearance inflaming recruiting leaving uptake")
_allow(1e-7, 1e-4, "release distribution_rate between_cells flow")
_allow(1e-6, 1e-4, "passed_one.a passed_one.b passed_two.a passed_two.b passed_two.c")
_allow(1e-6, 1e-4, "passed_three.a passed_three.b passed_three.c")

# lengths, areas, numbers per area, forces
_allow(2e-4, 2.5e-3, "needle_length reference_length depth usual_depth reach behind_tip taper pen_taper thickness")
_allow(5e-4, 1.5e-3, "knee")
_allow(5e-5, 5e-4, "layer halo scale dead_length plexus_strikes.beyond distance top tip interface border")
_allow(4e-5, 1.5e-4, "epidermis depth_response.fade stroke.fade")
_allow(1e-5, 1e-4, "channel_radius radius width loop_diameter tip_diameter reference_tip")
_allow(2e-4, 4e-4, "base_diameter")
_allow(5e-3, 3e-2, "drum_radius drum_width head_width")
_allow(1e-5, 1e-3, "head_area area upper lower before centre after")
_allow(1e5, 1e6, "density usual_density")
_allow(1e6, 3e7, "loops plexus vessels endpoint_grade.strikes pinpoint confluent")
_allow(0.01, 0.1, "intercept force_intercept entry usual force_per_needle speed")
_allow(1e3, 1e4, "insertion_force.slope force_slope")
_allow(0.2, 8.0, "force")
_allow(0.3, 1.2, "tilt")
_allow(50, 150, "rate")

# substances: relative masses, logarithms, permeabilities, diffusivities
_allow(50, 900, "mass volume")
_allow(50, 900, "lipid_diffusivity.reference between_cells.reference macromolecule_diffusivity.reference")
_allow(-2, 4, "log_kow log_d_tissue")
_allow(2, 12, "acidity acid_pka base_pka")
_allow(1e-10, 1e-5, "at_zero polar aqueous living permeability first second capillary flux ground link above drawn")
_allow(1e-10, 1e-5, "holding transfer_at_zero pushed")
_allow(0.01, 10, "lipid_partition.at_zero lipid_at_zero protein_at_zero partition fibre_share.density")
_allow(0.5, 2, "horny_partition.density")
_allow(1e-14, 1e-9, "diffusivity upper_flow lower_flow lipid_flow cell_flow at_one at_reference floor")
_allow(1e-14, 1e-9, "tissue_diffusivity.free tissue_diffusivity.bound")
_allow(0.001, 0.01, "mass_slope transfer_slope")
_allow(1e-10, 1e-9, "fibre_radius")
_allow(0.005, 0.05, "fibres")
_allow(1e3, 1e5, "surface")
_allow(1e-8, 1e-7, "gap")
_allow(0.001, 1, "offset solubility dose binding_factor.lipid")
_allow(1e-6, 1e-5, "clearance_of.clearance one_compartment.clearance two_compartments.clearance")
_allow(0.02, 0.2, "one_compartment.volume two_compartments.volume")

# what selects rather than counts: JAX traces once for each choice
RANGES |= {"kind": [0.0, 1.0, 2.0], "condition": [0.0], "by_force": [0.0, 1.0], "terms": [24]}
CHOICES = ("kind", "by_force", "terms")

# Equations that branch on what they compute: JAX runs them number by number, and not inside its own programs.
# Healing, closure, strokes and transport run inside, so nothing of theirs may stand here.
BRANCHING = {
    "permeation.channel_permeability",
    "spatial.bessel_k0",
    "spatial.signal",
    "systemic.passed_one",
    "systemic.passed_two",
    "systemic.passed_three",
    "systemic.passed_shares",
}
INSIDE = ("closure", "depth", "healing", "rolling", "stroke", "transport")


def _found() -> dict[str, Equation]:
    """``module.function`` -> every public equation."""
    modules = {
        module.name: import_module(f"{equations.__name__}.{module.name}") for module in iter_modules(equations.__path__)
    }
    return {
        f"{short}.{name}": function
        for short, module in modules.items()
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }


EQUATIONS = _found()


def samples(name: str, count: int = SAMPLES) -> Sample:
    """Random arguments of an equation, the same in every run."""
    short = name.split(".")[1]
    rng = np.random.default_rng(crc32(name.encode()))
    drawn = []
    for _ in range(count):
        arguments: dict[str, Any] = {}
        for argument in inspect.signature(EQUATIONS[name]).parameters:
            key = _range_of(short, argument)
            if key is None:
                pytest.fail(
                    f"{name} takes '{argument}', which has no range in tests/reference/test_every_equation.py; "
                    "add its lowest and highest value in SI units to RANGES."
                )
            allowed = RANGES[key]
            if isinstance(allowed, list):
                arguments[argument] = allowed[rng.integers(len(allowed))]
            else:
                low, high = allowed
                if low > 0 and high / low > 10:
                    arguments[argument] = float(np.exp(rng.uniform(np.log(low), np.log(high))))
                else:
                    arguments[argument] = rng.uniform(low, high)
        drawn.append(arguments)
    return drawn


def _rows(results: list[Any]) -> np.ndarray[Any, Any]:
    """float64[sample, value] of results that are numbers or tuples of numbers."""
    return np.array([np.atleast_1d(np.array(result, dtype=np.float64)) for result in results])


def _plain(name: str, drawn: Sample) -> np.ndarray[Any, Any]:
    return _rows([EQUATIONS[name](**arguments) for arguments in drawn])


def _agree(name: str, drawn: Sample, ours: np.ndarray[Any, Any]) -> None:
    wanted = _plain(name, drawn)
    assert np.isfinite(wanted).all(), f"{name} is not finite inside its ranges"
    assert ours.shape == wanted.shape
    error = np.abs(ours - wanted) / np.maximum(np.abs(wanted), np.finfo(float).tiny)
    worst = int(np.argmax(error.max(axis=1)))
    assert error.max() <= AGREE, (name, drawn[worst], wanted[worst], ours[worst])


def _range_of(equation: str, argument: str) -> str | None:
    """The key of ``RANGES`` that an argument is drawn from."""
    own = f"{equation}.{argument}"
    return own if own in RANGES else (argument if argument in RANGES else None)


def test_no_range_is_left_over() -> None:
    used = {
        _range_of(name.split(".")[1], argument)
        for name, equation in EQUATIONS.items()
        for argument in inspect.signature(equation).parameters
    }
    assert set(RANGES) <= used, f"nothing takes {sorted(set(RANGES) - used)} any more"


def test_all_equations_are_found() -> None:
    modules = {name.split(".")[0] for name in EQUATIONS}
    assert set(INSIDE) <= modules and {"healing.rates", "transport.eliminate", "stroke.stroke"} <= set(EQUATIONS)
    assert set(EQUATIONS) >= BRANCHING, "take what is gone off the list"
    assert not {name for name in BRANCHING if name.split(".")[0] in INSIDE}


@pytest.mark.parametrize("name", EQUATIONS)
def test_numba_agrees(name: str) -> None:
    kernel = compiled(EQUATIONS[name])
    drawn = samples(name)
    _agree(name, drawn, _rows([kernel(*arguments.values()) for arguments in drawn]))


@pytest.mark.skipif(not HAS_JAX, reason="JAX is not installed: pip install 'needling[jax]'")
@pytest.mark.parametrize("name", EQUATIONS)
def test_jax_agrees(name: str) -> None:
    import jax

    from needling.simulation.engines.xla.tracing import exact, traced

    equation = traced(EQUATIONS[name])
    drawn = samples(name)
    chosen = [key for key in drawn[0] if key in CHOICES]
    ours: list[Any] = [None] * len(drawn)
    with exact():
        if name in BRANCHING:
            drawn = samples(name, ONE_BY_ONE)
            _agree(name, drawn, _rows([equation(*map(jax.numpy.float64, one.values())) for one in drawn]))
            return
        for choice in {tuple(one[key] for key in chosen) for one in drawn}:
            rows = [row for row, one in enumerate(drawn) if tuple(one[key] for key in chosen) == choice]
            fixed = dict(zip(chosen, choice, strict=True))
            values = {key: np.array([drawn[row][key] for row in rows]) for key in drawn[0] if key not in CHOICES}
            found = jax.jit(lambda values, fixed=fixed: equation(**fixed, **values))(values)  # type: ignore[misc]
            table = np.array(np.broadcast_arrays(*map(np.asarray, found)) if isinstance(found, tuple) else found)
            for place, row in enumerate(rows):
                ours[row] = table[..., place]
    _agree(name, drawn, _rows(ours))
