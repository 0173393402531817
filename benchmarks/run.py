"""All benchmarks in one run, with the machine and the versions; written to benchmarks/RESULTS.md.

``python benchmarks/run.py healing choice`` runs some of them and writes nothing.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

PARTS = (
    "startup",
    "knowledge",
    "choice",
    "whatif",
    "healing",
    "transport",
    "mapping",
    "population",
    "trial",
    "accelerator",
    "growth",
    "web",
    "lists",
)
LIBRARIES = ("numba", "numpy", "scipy", "pydantic", "matplotlib", "jax", "diffrax", "libroadrunner", "fipy", "py-pde")


class Bar(NamedTuple):
    """What was promised of one measured number: at least or at most so much, shown with a factor and a unit."""

    part: str
    name: str
    says: str
    limit: float
    at_least: bool = False
    factor: float = 1.0
    unit: str = ""


BARS = (
    Bar("startup", "screen_ratio", "needling screen against a bare import of pydantic", 4, unit="x"),
    Bar("startup", "plan_s", "needling plan from cold on two cores", 3, unit=" s"),
    Bar("choice", "choice_s", "choice among 24 candidates x 256 people", 0.3, factor=1e3, unit=" ms"),
    Bar("what-if", "what_if_p95_s", "what-if on two cores: 6 candidates, full forecasts, p95", 0.04, False, 1e3, " ms"),
    Bar("search", "search_s", "search on two cores: thousands of candidates x 256 people", 3, unit=" s"),
    Bar("search", "search_ratio", "the same search against a loop over libroadrunner", 100, at_least=True, unit="x"),
    Bar("search", "search_candidates", "candidates of that search", 2000, at_least=True),
    Bar("whatif", "single_p95_s", "planning session on two cores: one input changed, p95", 0.04, False, 1e3, " ms"),
    Bar("whatif", "six_p95_s", "planning session on two cores: six plans at once, p95", 0.04, False, 1e3, " ms"),
    Bar("healing", "coarse_error", "10,000 courses: error against the oracle", 1e-4),
    Bar("healing", "roadrunner_ratio", "10,000 courses against libroadrunner", 100, at_least=True, unit="x"),
    Bar("healing", "lsoda_ratio", "10,000 courses against SciPy LSODA", 1000, at_least=True, unit="x"),
    Bar("healing", "diffrax_ratio", "10,000 courses against diffrax Tsit5", 100, at_least=True, unit="x"),
    Bar("healing", "times_yardstick", "10,000 courses: times the C yardstick", 3, unit="x"),
    Bar("healing", "fine_error", "default grid: error against the oracle", 1e-6),
    Bar("transport", "one_error", "one 24 h transport run: error against the oracle", 1e-3),
    Bar("transport", "one_fipy", "one 24 h transport run against FiPy", 500, at_least=True, unit="x"),
    Bar("transport", "one_pde", "one 24 h transport run against py-pde", 50, at_least=True, unit="x"),
    Bar("transport", "one_scipy", "one 24 h transport run against SciPy BDF", 5, at_least=True, unit="x"),
    Bar("transport", "many_error", "10,000 people, transport: error against the oracle", 1e-3),
    Bar(
        "transport",
        "many_scipy",
        "10,000 people, transport, against a SciPy process pool",
        200,
        at_least=True,
        unit="x",
    ),
    Bar("transport", "yardstick", "10,000 people, transport, against the C yardstick", 1, at_least=True, unit="x"),
    Bar(
        "mapping",
        "map_ratio",
        "channel map 10 x 10 cm, 40 passes, against NumPy, cKDTree, gaussian_filter",
        10,
        at_least=True,
        unit="x",
    ),
    Bar("population", "population_ratio", "1,000,000 people: time for each against 1,000", 1.3, unit="x"),
    Bar("population", "population_memory", "1,000,000 people: memory against a tenth of them", 1.1, unit="x"),
    Bar("trial", "trial_efficiency", "trial of 100,000 people: efficiency from 1 to 4 workers", 0.8, at_least=True),
    Bar("web", "what_if_p95_s", "plan page, 5 users at once, server on two cores, what-if p95", 0.3, False, 1e3, " ms"),
    Bar("lists", "lists_p95_s", "lists of 10,000 people, the slowest, p95", 0.2, False, 1e3, " ms"),
    Bar("trial", "trial_memory", "trial of 100,000 people: memory of the largest worker", 1.5, unit=" GiB"),
)


class _Both(io.StringIO):
    """Keeps what is printed and prints it."""

    def write(self, text: str) -> int:
        sys.__stdout__.write(text) if sys.__stdout__ else None
        return super().write(text)


def machine() -> str:
    """Processor, cores and versions: what a ratio was measured on."""
    found = []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, {', '.join(found)}"


def _processor() -> str:
    """The processor's own name where Linux tells it, and what it can do in one instruction."""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        told = dict(line.split(":", 1) for line in lines if ":" in line)
        told = {name.strip(): value.strip() for name, value in told.items()}
        wide = next((name for name in ("avx512f", "avx2", "avx", "asimd") if name in told.get("flags", "").split()), "")
        return f"{platform.machine()} {told.get('model name', '')} {wide}".strip()
    return platform.machine()


def _on_two_cores(part: str) -> list[str]:
    """Lines that a part of ``choice`` prints in a process that has two cores; the last one says its numbers."""
    two = ["taskset", "-c", "0,1"] if Path("/usr/bin/taskset").exists() else []
    done = subprocess.run(
        [*two, sys.executable, str(HERE / "choice.py"), part],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "NUMBA_NUM_THREADS": "2"},
    )
    *said, numbers = done.stdout.strip().splitlines()
    print("\n".join(line for line in said if not line.startswith("[WARNING]")))
    return [*said, numbers]


def _what_if_on_two_cores() -> dict[str, float]:
    """The what-ifs of ``choice`` on two cores."""
    p50, p95 = map(float, _on_two_cores("what-if")[-1].split())
    return {"what_if_p50_s": p50, "what_if_p95_s": p95}


def _search_on_two_cores() -> dict[str, float]:
    """The search of ``choice`` among thousands of candidates on two cores."""
    found: dict[str, float] = json.loads(_on_two_cores("search")[-1])
    return found


def bars(found: dict[str, dict[str, float]]) -> str:
    """Every bar with what was measured, as a table."""
    rows = ["| Bar | Wanted | Measured | Met |", "|---|---|---|---|"]
    for bar in BARS:
        value = found.get(bar.part, {}).get(bar.name)
        wanted = f"{'≥' if bar.at_least else '≤'} {bar.limit * bar.factor:g}{bar.unit}"
        if value is None:
            rows.append(f"| {bar.says} | {wanted} | not measured here | - |")
            continue
        met = value >= bar.limit if bar.at_least else value <= bar.limit
        rows.append(f"| {bar.says} | {wanted} | {value * bar.factor:.3g}{bar.unit} | {'yes' if met else 'NO'} |")
    for part, numbers in found.items():  # a part may say which of its own bars it met, as <name>_met
        rows += [f"| {part}: {name} | - | - | {'yes' if ok else 'NO'} |" for name, ok in _own(numbers)]
    return "\n".join(rows)


def _own(numbers: dict[str, float]) -> list[tuple[str, bool]]:
    return [(name.removesuffix("_met"), bool(value)) for name, value in numbers.items() if name.endswith("_met")]


def main() -> None:
    """Run every benchmark that is here and write the results file."""
    chosen = sys.argv[1:] or PARTS
    written = _Both()
    found: dict[str, dict[str, float]] = {}
    with contextlib.redirect_stdout(written):
        print(machine())
        for name in chosen:
            if not (HERE / f"{name}.py").exists():
                continue
            print(f"\n{name}")
            found[name] = importlib.import_module(name).run() or {}
            if name == "choice":
                print("on two cores:")
                found["what-if"] = _what_if_on_two_cores()
                found["search"] = _search_on_two_cores()
    print(f"\n{bars(found)}")
    if sys.argv[1:]:
        return
    figures = sorted(path.name for path in (HERE / "figures").glob("*.svg"))
    HERE.joinpath("RESULTS.md").write_text(
        "# Benchmark results\n\nRatios within one run; absolute times are of the machine named first.\n\n"
        f"{bars(found)}\n\n```\n{written.getvalue().strip()}\n```\n\n"
        + "".join(f"![{name.removesuffix('.svg')}](figures/{name})\n" for name in figures),
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
