"""``python -m needling`` and the ``needling`` command: short-lived processes that answer and end.

Collecting garbage while modules load, and taking them apart at the end, would cost a fifth of the time of a
screening; a process that ends anyway needs neither. Files are written and closed before the end. ``needling serve``,
which does not end, collects it again.
"""

import gc

gc.disable()

import os  # noqa: E402 - after the line above, which all imports profit from
import sys  # noqa: E402
from contextlib import suppress  # noqa: E402

# Nothing here uses a plugin of pydantic, and to look for one it reads the metadata of every package there is.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from needling.cli import main  # noqa: E402


def run() -> None:
    """Run the command line and end the process with its exit code."""
    code: object = 0
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a minus sign still gets its answer
    try:
        main()
    except SystemExit as end:
        code = end.code
    with suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(bool(code)))


if __name__ == "__main__":
    run()
