"""A day of a serum in the skin: the lanes against FiPy, py-pde, SciPy and C, each at the error that it reached.

Run as ``python benchmarks/transport.py``; ``NUMBA_NUM_THREADS=2`` sets the cores. Peers that are not installed, and
the C yardstick where there is no compiler, are left out and said so.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import fields, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from needling.simulation.engines import Floats, Serum, mesh  # noqa: E402
from needling.simulation.engines.lanes import compiling, transport  # noqa: E402
from needling.simulation.engines.mesh import FAST, FINE  # noqa: E402
from needling.simulation.engines.reference import spread_one  # noqa: E402

HOUR_S = 3600.0
WANTED = 1e-3  # of the dose, in every amount at every report
PEOPLE = 10_000
SAMPLE = 12  # people whose error is measured against the oracle, and whom SciPy runs
REPORT = np.array([0, 0.25, 1, 2, 4, 8, 12, 24]) * HOUR_S


def people(lanes: int, seed: int = 0) -> Serum:
    """A moderately lipophilic small molecule in a drying film on needled skin, with the spread between people."""
    rng = np.random.default_rng(seed)

    def near(median: float, spread: float) -> Floats:
        return median * np.exp(rng.normal(0, np.log(spread), lanes))

    none = np.zeros(lanes)
    return Serum(
        thickness=np.array([near(15e-6, 1.3), near(70e-6, 1.2), near(1.1e-3, 1.2)]),
        diffusivity=np.array([near(1e-15, 3), near(1e-10, 2), near(2e-10, 2)]),
        partition=np.array([near(3, 3), near(0.7, 1.2), near(0.7, 1.2)]),
        clearance=np.array([none, none, near(1e-3, 2)]),
        dose=near(2e-4, 2),
        film=near(20e-6, 1.5),
        residue=near(1.5e-6, 1.2),
        drying=near(1 / 1800, 1.5),
        volatility=none,
        wash_time=np.full(lanes, np.inf),
        solubility=np.full(lanes, np.inf),
        channels=near(2.4e6, 1.3),
        channel_radius=near(30e-6, 1.2),
        channel_depth=near(300e-6, 1.5),
        opening=near(0.05, 3),
        half_life=near(20 * HOUR_S, 1.5),
        sink=False,
        report_time=REPORT,
    )


def person(serum: Serum, lane: int) -> Serum:
    """One lane of a serum."""
    names = [field.name for field in fields(Serum) if field.name not in ("sink", "report_time")]
    return replace(serum, **{name: np.ascontiguousarray(getattr(serum, name)[..., [lane]]) for name in names})


def best(run: Callable[[], Any], times: int) -> float:
    """Shortest wall time of some runs, s."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return min(taken)


class Discrete:
    """What every peer solves: cells even within each layer, conductances, the film; amounts in shares of the dose."""

    def __init__(self, serum: Serum, cells: tuple[int, int, int]) -> None:
        edges = np.concatenate([[0.0], np.cumsum(serum.thickness[:, 0])])
        faces = np.concatenate(
            [[0.0], *(np.linspace(a, b, n + 1)[1:] for a, b, n in zip(edges[:-1], edges[1:], cells, strict=True))]
        )
        layer = np.repeat([0, 1, 2], cells)
        self.faces, self.layer, size = faces, layer, np.diff(faces)
        centre = 0.5 * (faces[1:] + faces[:-1])
        self.size, self.centre = size, centre
        self.partition = serum.partition[layer, 0]
        self.flow = serum.diffusivity[layer, 0] * self.partition
        self.holds = self.partition * size
        self.loss = serum.clearance[layer, 0]
        self.between = 1 / (size[:-1] / 2 / self.flow[:-1] + size[1:] / 2 / self.flow[1:])
        self.surface = 2 * self.flow[0] / size[0]
        n, a = serum.channels[0], serum.channel_radius[0]
        lateral = 2 * np.pi * n / (np.log(1 / np.sqrt(np.pi * n) / a) - 0.75)
        tip = min(serum.channel_depth[0], edges[-1])
        beside = (np.minimum(faces[1:], tip) - np.maximum(faces[:-1], edges[1])).clip(0) * (layer > 0)
        reach = serum.channel_depth[0] - edges[1]
        cap = np.zeros(size.size)
        if reach > 0:
            above = min(max((edges[2] - tip) / a, 0.0), 1.0)
            flows = serum.diffusivity[:, 0] * serum.partition[:, 0]
            end = 4 * a * n * min(reach / a, 1.0) * (above * flows[1] + (1 - above) * flows[2])
            living = np.flatnonzero(layer > 0)
            at = np.interp(tip, centre[living], living)
            low = int(at)
            cap[low] += end * (1 - (at - low))
            cap[min(low + 1, size.size - 1)] += end * (at - low)
        self.channel = serum.opening[0] * (lateral * self.flow * beside + cap)
        self.residue, self.vehicle = serum.residue[0], serum.film[0] - serum.residue[0]
        self.drying, self.closing = serum.drying[0], np.log(2) / serum.half_life[0]
        self.film = serum.film[0]

    def thickness(self, t: float) -> float:
        return float(self.residue + self.vehicle * np.exp(-self.drying * t))

    def links(self, t: float) -> Floats:
        g = self.channel * np.exp(-self.closing * t)
        g[0] += self.surface
        return np.asarray(g)

    def amounts(self, held: Floats, film: float, cleared: float) -> Floats:
        return np.array([film, *(held[self.layer == which].sum() for which in range(3)), cleared])


def error(found: Floats, exact: Floats) -> float:
    """Largest error of film, layers and blood at any report, share of the dose."""
    return float(np.max(np.abs(found - exact)))


def first_good(tries: list[Callable[[], Floats]], exact: Floats) -> tuple[float, float]:
    """Time and error of the first of rising efforts that is within the wanted error; of the last where none is."""
    for run in tries:
        start = time.perf_counter()
        found = run()
        taken = time.perf_counter() - start
        if error(found, exact) <= WANTED:
            break
    return min(taken, best(run, 2)) if taken < 1 else taken, error(found, exact)


def scipy_bdf(serum: Serum, cells: tuple[int, int, int], rtol: float) -> Floats:
    """solve_ivp with BDF on the method of lines. The film couples to many cells, so the Jacobian is given sparse."""
    from scipy import sparse
    from scipy.integrate import solve_ivp

    d = Discrete(serum, cells)
    n = d.holds.size
    main = -d.loss * d.holds
    main[:-1] -= d.between
    main[1:] -= d.between
    fixed = sparse.diags([d.between, main, d.between], [-1, 0, 1], format="csc") @ sparse.diags(1 / d.holds)
    lost = d.loss

    def rates(t: float, y: Floats) -> Floats:
        entering = d.links(t) * (y[n] / d.thickness(t) - y[:n] / d.holds)
        return np.concatenate([fixed @ y[:n] + entering, [-entering.sum(), lost @ y[:n]]])

    def jacobian(t: float, y: Floats) -> Any:
        g, h = d.links(t), d.thickness(t)
        left = sparse.vstack([fixed - sparse.diags(g / d.holds), sparse.csc_matrix(np.array([g / d.holds, lost]))])
        column = np.concatenate([g / h, [-g.sum() / h, 0]])
        return sparse.hstack([left, sparse.csc_matrix(column[:, None]), sparse.csc_matrix((n + 2, 1))]).tocsc()

    y0 = np.zeros(n + 2)
    y0[n] = 1
    out = solve_ivp(rates, (0, REPORT[-1]), y0, "BDF", REPORT, jac=jacobian, rtol=rtol, atol=rtol * 1e-2).y
    return np.array([d.amounts(y[:n], y[n], y[n + 1]) for y in out.T]).T


def fipy_run(serum: Serum, cells: tuple[int, int, int], steps: int) -> Floats:
    """FiPy: one CellVariable on a Grid1D, implicit terms, two sweeps a step for the film."""
    from fipy import CellVariable, DiffusionTerm, FaceVariable, Grid1D, ImplicitSourceTerm, TransientTerm

    d = Discrete(serum, cells)
    grid = Grid1D(dx=d.size)
    u = CellVariable(mesh=grid, value=0.0, hasOld=True)
    flow = np.concatenate([[0.0], d.between * (d.centre[1:] - d.centre[:-1]), [0.0]])
    coefficient = FaceVariable(mesh=grid, value=flow)
    exchange = CellVariable(mesh=grid, value=0.0)
    source = CellVariable(mesh=grid, value=0.0)
    holds = CellVariable(mesh=grid, value=d.partition)
    loss = CellVariable(mesh=grid, value=d.partition * d.loss)
    equation = TransientTerm(coeff=holds) == (
        DiffusionTerm(coeff=coefficient) - ImplicitSourceTerm(coeff=loss + exchange) + source
    )
    film, cleared, t = 1.0, 0.0, 0.0
    out = [d.amounts(np.zeros(d.size.size), 1.0, 0.0)]
    nodes = np.unique(np.concatenate([REPORT, REPORT[-1] * (np.linspace(0, 1, steps) ** 4)[1:]]))
    for end in nodes[1:]:
        dt, t = end - t, end
        g, h = d.links(t), d.thickness(t)
        exchange.setValue(g / d.size)
        u.updateOld()
        # what the skin takes is linear in the film's activity: two trials give the one at which both agree
        trials = []
        for guess in (0.0, film / h):
            source.setValue(g / d.size * guess)
            equation.sweep(var=u, dt=dt)
            trials.append((guess, float(g @ u.value), np.array(u.value)))
        (_, back0, u0), (one, back1, u1) = trials
        per = (back1 - back0) / one
        guess = (film + dt * back0) / (h + dt * (g.sum() - per))
        u.setValue(u0 + (u1 - u0) * (guess / one))
        film = guess * h
        held = d.holds * np.asarray(u.value)
        cleared += dt * float(d.loss @ held)
        if end in REPORT:
            out.append(d.amounts(held, film, cleared))
    return np.array(out).T


def pypde_run(serum: Serum, cells: tuple[int, int, int], tolerance: float) -> Floats:
    """py-pde: a PDEBase on a grid of cells by their number, with SciPy's stiff solver behind it."""
    from pde import CartesianGrid, Controller, MemoryStorage, PDEBase, ScalarField, ScipySolver

    d = Discrete(serum, cells)
    n = d.holds.size

    class Skin(PDEBase):
        """Amounts in the cells; the last two values are the film and what blood took."""

        def evolution_rate(self, state: Any, t: float = 0) -> Any:
            y = state.data
            u = y[:n] / d.holds
            entering = d.links(t) * (y[n] / d.thickness(t) - u)
            flux = d.between * np.diff(u)
            rate = entering - d.loss * y[:n]
            rate[:-1] += flux
            rate[1:] -= flux
            result = state.copy()
            result.data[:] = np.concatenate([rate, [-entering.sum(), d.loss @ y[:n]]])
            return result

    start = np.zeros(n + 2)
    start[n] = 1.0
    storage = MemoryStorage()
    solver = ScipySolver(Skin(), method="BDF", rtol=tolerance, atol=tolerance * 1e-2, backend="numpy")
    state = ScalarField(CartesianGrid([[0, n + 2]], n + 2), start)
    last = Controller(solver, t_range=REPORT[-1], tracker=storage.tracker(list(REPORT))).run(state)
    found = {round(t): y for t, y in zip(storage.times, storage.data, strict=True)}
    found[round(REPORT[-1])] = last.data  # type: ignore[union-attr]
    return np.array([d.amounts(y[:n], y[n], y[n + 1]) for y in (found[round(t)] for t in REPORT)]).T


C_TEXT = r"""
#include <math.h>
#define W 8
/* Tissue net with even cells per layer and even steps; people side by side. p: rows of a person, [row][people]:
   holds, loss, above, channel for each cell, then residue, vehicle, drying, closing. out: [report][5][people]. */
void run(int people, int cells, int c1, int c2, int reports, const int *steps_to, double dt,
         const double *p, double *out)
{
  const double G = 0.29289321881345254, E = 2.414213562373095;
  const double pace = 1 / (G * dt);
  #pragma omp parallel for schedule(dynamic)
  for (int b = 0; b < people; b += W) {
    double hold[cells][W], lost[cells][W], up[cells][W], ch[cells][W], u[cells][W], v[cells][W];
    double inv[cells][W], a[cells][W], f[cells][W], q[cells][W];
    double m[W], cl[W], wet[W], open[W], fw[W], fo[W], res[W], veh[W], f1[W];
    for (int c = 0; c < cells; c++) for (int i = 0; i < W; i++) {
      hold[c][i] = p[(4 * c + 0) * (long)people + b + i]; lost[c][i] = p[(4 * c + 1) * (long)people + b + i];
      up[c][i] = p[(4 * c + 2) * (long)people + b + i]; ch[c][i] = p[(4 * c + 3) * (long)people + b + i]; u[c][i] = 0;
    }
    for (int i = 0; i < W; i++) {
      const double *r = p + 4L * cells * people + b + i;
      res[i] = r[0]; veh[i] = r[people]; fw[i] = exp(-r[2L * people] * dt); f1[i] = exp(-r[2L * people] * dt * G);
      fo[i] = exp(-r[3L * people] * dt); m[i] = 1; cl[i] = 0; wet[i] = 1; open[i] = exp(-r[3L * people] * dt / 2);
    }
    int step = 0;
    for (int k = 0; k < reports; k++) {
      for (; step < steps_to[k]; step++) {
        double cs[W], cx[W], cr[W], gr[W], pu[W], uf[W], m1[W], gone[W], h1[W], h2[W];
        for (int i = 0; i < W; i++) {
          cs[i] = cx[i] = cr[i] = gr[i] = pu[i] = gone[i] = 0;
          h1[i] = res[i] + veh[i] * wet[i] * f1[i]; wet[i] *= fw[i]; h2[i] = res[i] + veh[i] * wet[i];
        }
        for (int c = cells - 1; c >= 0; c--)
          for (int i = 0; i < W; i++) {
            double w = hold[c][i] * pace, s = w + lost[c][i] + cs[i], x = ch[c][i] * open[i] + cx[i];
            double src = w * u[c][i] + cr[i], t = 1 / (s + x + up[c][i]), al = up[c][i] * t, be = x * t;
            inv[c][i] = t; a[c][i] = al; f[c][i] = be; q[c][i] = src * t;
            cs[i] = s * al; cx[i] = x * al; cr[i] = src * al; gr[i] += s * be; pu[i] += src * be;
          }
        for (int i = 0; i < W; i++) {
          gr[i] += cs[i];
          uf[i] = (m[i] * pace + cr[i] + pu[i]) / (h1[i] * pace + gr[i]);
          m1[i] = h1[i] * uf[i];
        }
        for (int i = 0; i < W; i++) cx[i] = uf[i];
        for (int c = 0; c < cells; c++)
          for (int i = 0; i < W; i++) v[c][i] = cx[i] = q[c][i] + f[c][i] * uf[i] + a[c][i] * cx[i];
        for (int i = 0; i < W; i++) cr[i] = pu[i] = 0;
        for (int c = cells - 1; c >= 0; c--)
          for (int i = 0; i < W; i++) {
            double src = hold[c][i] * pace * (E * v[c][i] + (1 - E) * u[c][i]) + cr[i];
            q[c][i] = src * inv[c][i]; cr[i] = src * a[c][i]; pu[i] += src * f[c][i];
          }
        for (int i = 0; i < W; i++) {
          uf[i] = ((E * m1[i] + (1 - E) * m[i]) * pace + cr[i] + pu[i]) / (h2[i] * pace + gr[i]);
          m[i] = h2[i] * uf[i]; cx[i] = uf[i]; open[i] *= fo[i];
        }
        for (int c = 0; c < cells; c++)
          for (int i = 0; i < W; i++) {
            u[c][i] = cx[i] = q[c][i] + f[c][i] * uf[i] + a[c][i] * cx[i];
            gone[i] += lost[c][i] * ((1 - G) * v[c][i] + G * cx[i]);
          }
        for (int i = 0; i < W; i++) cl[i] += dt * gone[i];
      }
      for (int i = 0; i < W; i++) {
        double s[3] = {0, 0, 0};
        for (int c = 0; c < cells; c++) s[c < c1 ? 0 : c < c1 + c2 ? 1 : 2] += hold[c][i] * u[c][i];
        double *o = out + (long)k * 5 * people + b + i;
        o[0] = m[i]; o[people] = s[0]; o[2L * people] = s[1]; o[3L * people] = s[2]; o[4L * people] = cl[i];
      }
    }
  }
}
"""


def compiled_c(folder: str) -> Any:
    """The yardstick, compiled on the spot; None where there is no compiler."""
    compiler = shutil.which("gcc")
    if compiler is None:
        return None
    source, library = Path(folder) / "yardstick.c", Path(folder) / "yardstick.so"
    source.write_text(C_TEXT, encoding="utf-8")
    flags = ["-O3", "-march=native", "-ffast-math", "-fopenmp", "-shared", "-fPIC"]
    subprocess.run([compiler, *flags, str(source), "-o", str(library), "-lm"], check=True)
    return ctypes.CDLL(str(library)).run


def c_run(function: Any, table: Floats, cells: tuple[int, int, int], steps: int) -> Floats:
    """float64[report, compartment, person], shares of the dose; the first step of each report is at even times."""
    lanes = table.shape[1]
    dt = REPORT[-1] / steps
    steps_to = np.round(REPORT / dt).astype(np.int32)
    out = np.empty((REPORT.size, 5, lanes))
    pointer = ctypes.POINTER(ctypes.c_double)
    function(
        lanes, sum(cells), cells[0], cells[1], REPORT.size, steps_to.ctypes.data_as(ctypes.POINTER(ctypes.c_int)),
        ctypes.c_double(dt), table.ctypes.data_as(pointer), out.ctypes.data_as(pointer),
    )  # fmt: skip
    return out


def c_table(serum: Serum, cells: tuple[int, int, int], lanes: int) -> Floats:
    """Rows of the yardstick for the first people, in whole tiles (setting up is not part of its time)."""
    columns = []
    for lane in range(lanes):
        d = Discrete(person(serum, lane), cells)
        above = np.concatenate([[d.surface], d.between])
        rows = np.column_stack([d.holds, d.loss * d.holds, above, d.channel]).reshape(-1)
        columns.append(np.concatenate([rows, [d.residue, d.vehicle, d.drying, d.closing]]))
    return np.ascontiguousarray(np.array(columns).T)


def _one_of_pool(job: tuple[Serum, tuple[int, int, int], float]) -> float:
    """One person in a process of the pool."""
    scipy_bdf(*job)
    return 0.0


def _ready(_: int) -> int:
    import scipy.integrate
    import scipy.sparse

    return len(scipy.sparse.__all__) * 0 + len(scipy.integrate.__all__) * 0


def roofline(serum: Serum, seconds: float) -> dict[str, float]:
    """Arithmetic and traffic of the sweeps against what this machine can do on as many threads."""
    import numba

    threads = int(compiling.SETTINGS.NUMBA_NUM_THREADS)
    cell_steps = 0
    for accuracy in (FAST, mesh.coarser(FAST)):
        for group in mesh.schedules(serum, mesh.first_steps(serum, accuracy), accuracy):
            cell_steps += group.lanes.size * int(group.steps.sum()) * sum(accuracy.cells)
    flops, values = 43, 44  # of one cell in one step: counted in the four sweeps of the kernel

    @numba.njit(fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
    def triad(a: Floats, b: Floats, c: Floats, times: int) -> None:
        for k in range(times):
            for i in range(a.size):
                a[i] = b[i] + (1.0 + 1e-9 * k) * c[i]

    @numba.njit(fastmath={"contract"}, nogil=True)  # type: ignore[untyped-decorator]
    def multiply_add(x: Floats, times: int) -> None:
        for k in range(times):
            a, b = 0.999 + 1e-9 * k, 1e-3
            for i in range(x.size):
                y = x[i]
                for _ in range(32):
                    y = y * a + b
                x[i] = y

    def together(job: Callable[[], None]) -> float:
        list(compiling.pool().map(lambda _: job(), range(threads)))
        return best(lambda: list(compiling.pool().map(lambda _: job(), range(threads))), 3)

    rates = {}
    for name, size, times in (("near cache", 1024, 80000), ("memory", 4_000_000, 5)):
        arrays = [tuple(np.ones((3, size))) for _ in range(threads)]
        todo = iter(range(10**9))
        moved = together(lambda: triad(*arrays[next(todo) % threads], times))  # noqa: B023
        rates[name] = threads * times * size * 24 / moved / 1e9
    peak = threads * 3000 * 512 * 32 * 2 / together(lambda: multiply_add(np.full(512, 1e-3), 3000)) / 1e9
    done, traffic = cell_steps * flops / seconds / 1e9, cell_steps * values * 8 / seconds / 1e9
    print(
        f"where the time goes, {threads} threads: {cell_steps / seconds / 1e9:.2f} G cell-steps/s x {flops} flops = "
        f"{done:.1f} Gflop/s of {peak:.0f} ({done / peak:.0%}); x {values} values = {traffic:.0f} GB/s of "
        f"{rates['near cache']:.0f} in the near caches ({traffic / rates['near cache']:.0%}; main memory gives "
        f"{rates['memory']:.0f} and is hardly touched)"
    )
    return {"arithmetic_share": done / peak, "cache_share": traffic / rates["near cache"]}


def run() -> dict[str, float]:
    """Measure, print and return the ratios."""
    found: dict[str, float] = {}
    transport.warm()
    crowd = people(PEOPLE)
    exact = np.array(
        [
            spread_one(person(crowd, i), 0, cells=240, ends=0.005, rtol=1e-8)[0][:5] / crowd.dose[i]
            for i in range(SAMPLE)
        ]
    )
    rows = slice(0, 5)

    one = person(crowd, 0)
    ours = transport.spread(one, FAST, profile=False).amount[rows, :, 0] / one.dose
    found["one_error"] = error(ours, exact[0])
    fast_s = best(lambda: transport.spread(one, FAST, profile=False), 50)
    fine_s = best(lambda: transport.spread(one, FINE, profile=False), 20)
    print(f"one person, 24 h: lanes {fast_s * 1e3:.2f} ms at {found['one_error']:.1e}; fine {fine_s * 1e3:.2f} ms")
    meshes = [(24, 6, 12), (48, 8, 20), (80, 12, 30), (160, 16, 40)]
    peers: dict[str, tuple[str, float, list[Callable[[], Floats]]]] = {
        "SciPy": ("scipy", 5, [lambda c=c, r=r: scipy_bdf(one, c, r) for c in meshes for r in (1e-3, 3e-4, 1e-4)]),
        "py-pde": ("pde", 50, [lambda c=c, r=r: pypde_run(one, c, r) for c in meshes for r in (1e-3, 1e-4)]),
        "FiPy": (
            "fipy",
            500,
            [lambda c=c, n=n: fipy_run(one, c, n) for c, n in ((meshes[1], 450), (meshes[1], 900), (meshes[2], 2700))],
        ),
    }
    for name, (library, bar, tries) in peers.items():
        if find_spec(library) is None:
            print(f"  {name} is not installed here: not measured")
            continue
        taken, reached = first_good(tries, exact[0])
        found[f"one_{library}"] = taken / fast_s
        print(f"  {name} {taken * 1e3:.1f} ms at {reached:.1e}: {taken / fast_s:.0f}x (wanted {bar}x)")

    every = transport.spread(crowd, FAST, profile=False).amount
    found["many_error"] = error(np.moveaxis(every[rows, :, :SAMPLE] / crowd.dose[:SAMPLE], 2, 0), exact)
    many_s = best(lambda: transport.spread(crowd, FAST, profile=False), 7)
    slow_s = best(lambda: transport.spread(crowd, FINE, profile=False), 3)
    found["people_per_s"] = PEOPLE / many_s
    fine = transport.spread(crowd, FINE, profile=False).amount
    fine_error = error(np.moveaxis(fine[rows, :, :SAMPLE] / crowd.dose[:SAMPLE], 2, 0), exact)
    print(
        f"{PEOPLE:,} people: lanes {many_s * 1e3:.0f} ms at {found['many_error']:.1e}, {PEOPLE / many_s:,.0f}/s; "
        f"fine {slow_s * 1e3:.0f} ms at {fine_error:.1e}, {PEOPLE / slow_s:,.0f}/s"
    )

    cores = int(compiling.SETTINGS.NUMBA_NUM_THREADS)
    sample = [person(crowd, i) for i in range(SAMPLE)]
    for cells, rtol in [(c, r) for c in meshes[2:] for r in (3e-4, 1e-4)]:
        reached = max(error(scipy_bdf(who, cells, rtol), exact[i]) for i, who in enumerate(sample))
        if reached <= WANTED:
            break
    jobs = [(who, cells, rtol) for who in sample for _ in range(4)]
    with multiprocessing.get_context("spawn").Pool(cores) as workers:
        workers.map(_ready, range(4 * cores))
        pool_s = best(lambda: workers.map(_one_of_pool, jobs, chunksize=1), 1) * PEOPLE / len(jobs)
    found["many_scipy"] = pool_s / many_s
    print(
        f"  SciPy in {cores} processes {pool_s:.1f} s (from {len(jobs)} runs) at {reached:.1e}: "
        f"{pool_s / many_s:.0f}x (wanted 200x)"
    )

    with tempfile.TemporaryDirectory() as folder:
        function = compiled_c(folder)
        if function is None:
            print("  no gcc here: the yardstick is not measured")
        else:
            os.environ["OMP_NUM_THREADS"] = str(cores)
            whole = SAMPLE + -SAMPLE % 8
            for cells, steps in [(c, n) for c in meshes[2:] for n in (768, 1536, 3072, 6144)]:
                table = c_table(crowd, cells, whole)
                c_error = error(np.moveaxis(c_run(function, table, cells, steps), (0, 2), (2, 0))[:SAMPLE], exact)
                if c_error <= WANTED:
                    break
            table = np.ascontiguousarray(np.tile(c_table(crowd, cells, 400), (1, PEOPLE // 400)))
            c_s = best(lambda: c_run(function, table, cells, steps), 1)
            found["yardstick"] = c_s / many_s
            print(
                f"  C, even cells {cells} in each layer and {steps} even steps: {c_s * 1e3:.0f} ms at {c_error:.1e}: "
                f"{c_s / many_s:.1f}x (wanted 1x)"
            )
    return found | roofline(crowd, many_s)


if __name__ == "__main__":
    run()
