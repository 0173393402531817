"""How long a command takes to answer from a cold start, as a ratio to a bare import in the same run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
CASE = ROOT / "examples" / "acne-scars.yaml"
REPEATS = 15


class Start(NamedTuple):
    """Best and median wall time of one command, in seconds."""

    best_s: float
    median_s: float


def measure(argument: list[str], repeats: int = REPEATS) -> Start:
    """Run a command again and again, interleaving nothing else; its exit code is not judged here."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run(argument, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
        times.append(time.perf_counter() - start)
    times.sort()
    return Start(times[0], times[len(times) // 2])


def run() -> dict[str, float]:
    """Ratios of ``needling screen`` to ``import pydantic``, and the seconds of a cold ``needling plan``.

    Both packages are compiled to bytecode, as an installation leaves them, wherever bytecode is not written by itself.
    """
    needling = [sys.executable, "-m", "needling"]
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(ROOT / "src" / "needling")], check=True)
    subprocess.run([*needling, "warmup"], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    bare = measure([sys.executable, "-c", "import pydantic"])
    package = measure([sys.executable, "-c", "import needling"])
    screen = measure([*needling, "screen", str(CASE)])
    two_cores = ["taskset", "-c", "0,1"] if os.name == "posix" and Path("/usr/bin/taskset").exists() else []
    plan = measure([*two_cores, *needling, "plan", str(CASE), "--out", "out"], repeats=5)
    print(f"import pydantic          {bare.median_s * 1e3:7.0f} ms   1.0")
    print(f"import needling          {package.median_s * 1e3:7.0f} ms   {package.median_s / bare.median_s:.1f}")
    print(
        f"needling screen case     {screen.median_s * 1e3:7.0f} ms   {screen.median_s / bare.median_s:.1f}   (bar: 4)"
    )
    where = "two cores" if two_cores else "all cores"
    print(f"needling plan, {where:9s} {plan.median_s * 1e3:7.0f} ms         (bar: 3000 ms)")
    return {
        "screen_ratio": screen.median_s / bare.median_s,
        "import_ratio": package.median_s / bare.median_s,
        "plan_s": plan.median_s,
    }


if __name__ == "__main__":
    run()
