"""Behind a server that speaks https: only that server may say so, and nobody is sent round in circles."""

from __future__ import annotations

import http.client
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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


@contextmanager
def serving(data: Path, *more: str, **variables: str) -> Iterator[int]:
    """The port of ``needling serve``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ, "NEEDLING_DATA": str(data), "PYTHONPATH": str(SRC), "NEEDLING_HOSTS": NAME,
    }  # fmt: skip
    for variable in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "NEEDLING_HTTPS", "NEEDLING_PUBLIC_RATE"):
        environment.pop(variable, None)
    server = subprocess.Popen(
        [sys.executable, "-m", "needling", "serve", "--port", str(port), *more],
        env=environment | variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(240):
            try:
                _answer(port)
                break
            except OSError:
                assert server.poll() is None, "the server ended"
                time.sleep(0.5)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture(params=["127.0.0.1", "192.0.2.7"], ids=["in front", "elsewhere"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Ask]]:
    """``needling serve`` under https with its proxy in front here, or on another computer."""
    with serving(tmp_path / "data", "--proxy", request.param, NEEDLING_HTTPS="1") as port:
        yield request.param, lambda **headers: _answer(port, **headers)


@pytest.mark.slow
def test_https_is_believed_from_the_proxy_alone(served: tuple[str, Ask]) -> None:
    proxy, ask = served
    assert ask() == 301, "plain http is sent to https"
    assert ask(X_Forwarded_Proto="https", X_Forwarded_For="203.0.113.9") == (200 if proxy == "127.0.0.1" else 301)


# ---------------------------------------------------------------- what anybody may ask of it


def _sent(port: int, head: bytes, body_bytes: int) -> tuple[bytes, int]:
    """What the server says, and how much of a body it took before it closed the line."""
    took = 0
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        said = b""
        with suppress(OSError):
            line.sendall(head)
            while took < body_bytes:
                line.sendall(b"x" * 65536)
                took += 65536
        with suppress(OSError):
            said = line.recv(200)
    return said, took


@pytest.mark.slow
def test_a_huge_body_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    """300 MB from anybody once lay on the disk before anybody asked who sends them."""
    huge = 300 * 1024 * 1024
    with serving(tmp_path / "data") as port:
        host = f"Host: {NAME}\r\n".encode()
        form = b"Content-Type: application/x-www-form-urlencoded\r\n"
        post = b"POST /sign-in/ HTTP/1.1\r\n" + host + form
        said, took = _sent(port, post + b"Content-Length: %d\r\n\r\n" % huge, huge)
        assert (b" 413 " in said or not said) and took < huge / 10
        said, took = _sent(port, post + b"Transfer-Encoding: chunked\r\n\r\n12c00000\r\n", huge)
        assert (b" 413 " in said or not said) and took < huge / 10
        said, _ = _sent(port, b"GET / HTTP/1.1\r\n" + host + b"Cookie: a=" + b"b" * 40_000 + b"\r\n\r\n", 0)
        assert b" 431 " in said
        assert _answer(port) == 200


def _answers_of_somebody(port: int) -> str:
    """The cookie of somebody whose self-check is answered as far as it goes."""
    import re
    import urllib.parse

    jar: dict[str, str] = {}

    def ask(method: str, address: str, sent: dict[str, str] | None = None) -> str:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Host": NAME, "Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())}
        body = None
        if sent is not None:
            body = urllib.parse.urlencode(sent | {"csrfmiddlewaretoken": jar["form"]})
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Referer": f"http://{NAME}{address}"}
        line.request(method, address, body, headers)
        answer = line.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                jar[key] = rest.partition(";")[0]
        page = answer.read().decode()
        if found := re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page):
            jar["form"] = found[1]
        return page

    ask("GET", "/check/aim/")
    ask("POST", "/check/aim/", {"site": "cheek", "concern": "pores-dullness", "wish": ""})
    ask("GET", "/check/you/")
    ask("POST", "/check/you/", {"birth_year": "1990", "phototype": "II", "sex": "female"})
    jar.pop("form")
    return "; ".join(f"{name}={value}" for name, value in jar.items())


def _timed(port: int, address: str, cookie: str = "") -> tuple[int, float]:
    began = time.monotonic()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    line.request("GET", address, headers={"Host": NAME, "Cookie": cookie})
    answer = line.getresponse()
    answer.read()
    line.close()
    return answer.status, time.monotonic() - began


@pytest.mark.slow
@pytest.mark.parametrize("rate", ["30/min", "100000/min"], ids=["one address", "many addresses"])
def test_who_signs_in_does_not_wait_for_sixteen_strangers(tmp_path: Path, rate: str) -> None:
    """The page once took four seconds. ``many addresses``: the rate of one address does not help."""
    with serving(tmp_path / "data", NEEDLING_PUBLIC_RATE=rate) as port:
        cookie, stop = _answers_of_somebody(port), threading.Event()
        assert _timed(port, "/check/answer/", cookie)[0] == 200
        said: list[int] = []

        def hammer(address: str) -> None:
            while not stop.is_set():
                said.append(_timed(port, address, cookie)[0])

        addresses = ["/check/answer/"] * 12 + ["/api/openapi.json"] * 4
        strangers = [threading.Thread(target=hammer, args=(one,), daemon=True) for one in addresses]
        for one in strangers:
            one.start()
        time.sleep(3)
        waits = [_timed(port, "/sign-in/")[1] for _ in range(9)]
        stop.set()
        for one in strangers:
            one.join()
    assert set(said) <= {200, 429, 503} and (429 in said) == (rate == "30/min")
    assert statistics.median(waits) < 2.5, waits
