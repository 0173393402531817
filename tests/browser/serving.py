"""``needling serve`` as its user starts it, with a seeded data folder or an empty one; and signing in."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SAID = "said.txt"
"""What a server says stands in its data folder under this name."""
_NOT_HANDED_ON = ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "NEEDLING_HTTPS")


def environment_of(data: Path) -> dict[str, str]:
    """Of a process that knows only this data folder, whatever settings the tests run under."""
    given = {name: value for name, value in os.environ.items() if name not in _NOT_HANDED_ON}
    given |= {"NEEDLING_PUBLIC_RATE": "100000/min"}  # one browser looks at every page in every light
    return given | {"NEEDLING_DATA": str(data), "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}


def seeded(data: Path, module: str, *given: str) -> Any:
    """What a module of seeds wrote into a data folder; it says what a story needs to know as its last line."""
    said = subprocess.run(
        [sys.executable, "-m", f"tests.browser.{module}", *given],
        env=environment_of(data), cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return json.loads(said.stdout.splitlines()[-1])


@contextmanager
def serving(data: Path, *more: str) -> Iterator[str]:
    """The address of a server on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = data / SAID
    with said.open("w") as stream:
        server = subprocess.Popen(
            [sys.executable, "-m", "needling", "serve", "--port", str(port), *more],
            env=environment_of(data), stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT,
        )  # fmt: skip
    home = f"http://localhost:{port}"
    try:
        for _ in range(480):
            try:
                urllib.request.urlopen(home, timeout=5).close()
                break
            except OSError:
                assert server.poll() is None, said.read_text()
                time.sleep(0.5)
        yield home
    finally:
        server.terminate()
        server.wait(timeout=20)


def signed_in(chromium: Any, home: str, person: dict[str, str], password: str) -> Any:
    """Cookies of somebody who gave password and second factor."""
    from django_otp.oath import totp

    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{home}/sign-in/")
    for name, value in (("email", person["email"]), ("password", password)):
        page.fill(f"input[name={name}]", value)
    page.click("main button")
    page.fill("input[name=code]", f"{totp(bytes.fromhex(person['key'])):06d}")
    page.click("main button")
    page.wait_for_url(f"{home}/charts/")
    state = context.storage_state()
    context.close()
    return state
