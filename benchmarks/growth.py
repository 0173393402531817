"""How time grows with people, cells and sessions: fitted exponents, and figures as small SVG files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src"), str(Path(__file__).parent)]

from healing import best, people, year  # noqa: E402

from needling.simulation.engines import Floats, Task, lanes  # noqa: E402

FIGURES = Path(__file__).with_name("figures")
PEOPLE = (64, 256, 1024, 4096, 16384)
SESSIONS = (1, 2, 4, 8, 12)
CELLS = (10, 20, 40, 80, 160)
_TIMES = 5


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Slope of time against size on logarithmic axes, by least squares."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def _heal_time(task: Task, parameters: Floats) -> float:
    return best(lambda: lanes.heal([task], parameters), _TIMES)


def _by_people() -> list[float]:
    return [_heal_time(year(count), people(count)) for count in PEOPLE]


def _by_sessions() -> list[float]:
    parameters = people(1024)
    return [_heal_time(year(1024, count), parameters) for count in SESSIONS]


def _by_cells() -> list[float] | None:
    """Transport of one substance on 64 people, with more and more cells in all layers together."""
    try:
        from transport import people as skins

        from needling.simulation.engines.lanes.transport import spread
        from needling.simulation.engines.mesh import Accuracy
    except ImportError:
        return None
    serum = skins(64)
    found = []
    for cells in CELLS:
        thirds = (cells // 2, cells // 4, cells - cells // 2 - cells // 4)
        accuracy = Accuracy(cells=thirds, first=0.02, growth=0.18, extrapolated=False)
        found.append(best(lambda accuracy=accuracy: spread(serum, accuracy, profile=False), _TIMES))  # type: ignore[misc]
    return found


def _draw(name: str, sizes: Sequence[int], seconds: Sequence[float], slope: float, label: str) -> None:
    """One figure: measured times, and the fitted line."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError:
        print("          matplotlib is not installed, so no figure was drawn")
        return
    pyplot.rcParams.update({"svg.hashsalt": "needling", "svg.fonttype": "none"})
    figure, axes = pyplot.subplots(figsize=(4, 3), layout="constrained")
    at, taken = np.array(sizes, dtype=float), np.array(seconds)
    middle = np.exp(np.mean(np.log(taken)) - slope * np.mean(np.log(at)))
    axes.loglog(at, taken * 1e3, "o", color="black", label="measured")
    axes.loglog(at, middle * at**slope * 1e3, "-", color="tab:blue", label=f"exponent {slope:.2f}")
    axes.set_xlabel(label)
    axes.set_ylabel("time, ms")
    axes.legend(frameon=False)
    FIGURES.mkdir(exist_ok=True)
    figure.savefig(FIGURES / f"growth-{name}.svg", metadata={"Date": None})
    pyplot.close(figure)


def run() -> dict[str, float]:
    """Measure, fit, print, draw; the exponents."""
    lanes.warm()
    found = {}
    for name, sizes, seconds, label in (
        ("people", PEOPLE, _by_people(), "people (healing, one year, 4 sessions)"),
        ("sessions", SESSIONS, _by_sessions(), "sessions in one year (healing, 1024 people)"),
        ("cells", CELLS, _by_cells(), "cells through the skin (transport, 64 people)"),
    ):
        if seconds is None:
            print(f"{name:9s} not measured: no transport benchmark here")
            continue
        slope = exponent(sizes, seconds)
        found[f"exponent_{name}"] = slope
        times = ", ".join(f"{size}: {time * 1e3:.2f} ms" for size, time in zip(sizes, seconds, strict=True))
        print(f"{name:9s} exponent {slope:.2f}   ({times})")
        _draw(name, sizes, seconds, slope, label)
    return found


if __name__ == "__main__":
    run()
