"""Behind a server that speaks https: only that server may say so, and nobody is sent round in circles."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("waitress", reason="the web application needs the extra [web]")

SRC = Path(__file__).parents[2] / "src"
NAME = "needling.clinic.example"
Ask = Callable[..., int]


def _answer(port: int, **headers: str) -> int:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    line.request(
        "HEAD", "/", headers={"Host": NAME} | {name.replace("_", "-"): value for name, value in headers.items()}
    )
    return line.getresponse().status


@pytest.fixture(params=["127.0.0.1", "192.0.2.7"], ids=["in front", "elsewhere"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Ask]]:
    """``needling serve`` under https with its proxy in front here, or on another computer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ, "NEEDLING_DATA": str(tmp_path / "data"), "PYTHONPATH": str(SRC), "NEEDLING_HTTPS": "1",
        "NEEDLING_HOSTS": NAME,
    }  # fmt: skip
    for variable in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL"):
        environment.pop(variable, None)
    server = subprocess.Popen(
        [sys.executable, "-m", "needling", "serve", "--port", str(port), "--proxy", request.param],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(240):
            try:
                _answer(port)
                break
            except OSError:
                assert server.poll() is None, "the server ended"
                time.sleep(0.5)
        yield request.param, lambda **headers: _answer(port, **headers)
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.mark.slow
def test_https_is_believed_from_the_proxy_alone(served: tuple[str, Ask]) -> None:
    proxy, ask = served
    assert ask() == 301, "plain http is sent to https"
    assert ask(X_Forwarded_Proto="https", X_Forwarded_For="203.0.113.9") == (200 if proxy == "127.0.0.1" else 301)
