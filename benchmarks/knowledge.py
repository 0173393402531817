"""How fast the evidence base loads and answers: from YAML, from its cache, and one screening."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.people import healthy

from needling.knowledge import load
from needling.planning.screen import screen


def _best(run: Callable[[], object], repeats: int = 7) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def run() -> dict[str, float]:
    """Seconds of one load from YAML, one load from the cache with every entry checked, and one screening."""
    kb = load.load_knowledge()
    person, assessment = healthy(kb)

    def from_cache() -> None:
        load._load_once.cache_clear()
        load.load_knowledge().plain()

    yaml_s, cache_s = _best(load.build_knowledge, 3), _best(from_cache)
    screen_s = _best(lambda: screen(person, assessment, kb), 50)
    print(f"all sections from YAML, checked     {yaml_s * 1e3:7.1f} ms   (bar: 1500 ms)")
    print(f"all sections from the cache         {cache_s * 1e3:7.1f} ms   (bar: 150 ms)")
    print(f"one person against {len(kb.rules)} rules         {screen_s * 1e3:7.2f} ms   (bar: 2 ms)")
    return {"yaml_s": yaml_s, "cache_s": cache_s, "screen_s": screen_s}


if __name__ == "__main__":
    run()
