"""All benchmarks in one run, with the machine and the versions; written to benchmarks/RESULTS.md."""

from __future__ import annotations

import contextlib
import io
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import choice
import healing
import knowledge
import startup


class _Both(io.StringIO):
    """Keeps what is printed and prints it."""

    def write(self, text: str) -> int:
        sys.__stdout__.write(text) if sys.__stdout__ else None
        return super().write(text)


def machine() -> str:
    """Processor, cores and versions: what a ratio was measured on."""
    names = ("numba", "numpy", "scipy", "pydantic", "matplotlib")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}"


def main() -> None:
    """Run every benchmark and write the results file."""
    written = _Both()
    with contextlib.redirect_stdout(written):
        print(machine())
        for name, run in (
            ("start-up", startup.run),
            ("knowledge", knowledge.run),
            ("healing", healing.run),
            ("choice", choice.run),
        ):
            print(f"\n{name}")
            run()
    Path(__file__).with_name("RESULTS.md").write_text(
        "# Benchmark results\n\nRatios within one run; absolute times are of the machine named first.\n\n```\n"
        f"{written.getvalue().strip()}\n```\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
