"""A whole installation in processes of its own: data folder, database, a server that can be killed, writers."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DATABASES = ["sqlite", "postgresql"]
_BEGIN = """
import json, sys
sys.path.insert(0, sys.argv[1])
from needling.cli.clinic import set_up; set_up()
from tests.web.clinics import House, open_chart
from tests.web.programs import Program
house = House.make()
user = house.people["clinician"]
charts = [open_chart(user, f"Somebody {number}") for number in range(6)]
print(json.dumps({
    "clinic": str(house.own.id), "user": str(user.id),
    "tokens": [Program(house.people[role]).token for role in ("clinician", "assistant", "owner", "clinician")],
    "charts": [{"id": str(one.id), "person": one.person_id} for one in charts],
}))
"""


@contextmanager
def database_of(kind: str, data: Path) -> Iterator[str]:
    """The address of an empty database of a kind; skips where there is no PostgreSQL for tests."""
    if kind == "sqlite":
        yield f"sqlite:///{data / 'needling.sqlite3'}"
        return
    given = os.environ.get("NEEDLING_TEST_DATABASE_URL")
    if not given:
        pytest.skip("NEEDLING_TEST_DATABASE_URL names no PostgreSQL for tests")
    psycopg = pytest.importorskip("psycopg")
    name = f"needling_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(given, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield given.rpartition("/")[0] + f"/{name}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Installation:
    """One installation. ``begun`` says which clinic, tokens and charts it was begun with."""

    def __init__(self, data: Path, url: str) -> None:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.data, self.url = data, url
        self.environment = {
            **os.environ, "NEEDLING_DATA": str(data), "DATABASE_URL": url, "NEEDLING_API_RATE": "1000000/min",
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        }  # fmt: skip
        self.environment.pop("NEEDLING_HOSTS", None)
        self.server: subprocess.Popen[str] | None = None
        self.port = 0

    def begin(self) -> Any:
        """A clinic with people, tokens and charts."""
        self.begun = json.loads(self.run(_BEGIN, str(ROOT)))
        return self.begun

    def run(self, code: str, *words: str) -> str:
        """What a program prints that runs in this installation."""
        done = subprocess.run(
            [sys.executable, "-c", code, *words], env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def needling(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command of needling."""
        return subprocess.run(
            [sys.executable, "-m", "needling", *words],
            env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.server = subprocess.Popen(
            [sys.executable, "-m", "needling", "serve", "--port", str(self.port)],
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if self.server.poll() is not None:
                raise AssertionError(f"the server ended: {self.server.stderr.read()[-3000:]}")  # type: ignore[union-attr]
            try:
                self.call("", "GET", "/api/nowhere")
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        """End the server as a power cut would end a process: it is told nothing."""
        if self.server is not None and self.server.poll() is None:
            self.server.send_signal(signal.SIGKILL)
        if self.server is not None:
            self.server.wait()
            self.server.stderr.close()  # type: ignore[union-attr]

    def call(self, token: str, method: str, address: str, sent: Any = None) -> tuple[int, Any]:
        """Status and answer. Raises OSError or HTTPException when the server is gone."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            line.request(method, address, None if sent is None else json.dumps(sent), headers)
            answer = line.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            line.close()

    def rows(self) -> dict[str, str]:
        """Hashes of all documents by id, as they lie in the database."""
        if self.url.startswith("sqlite"):
            import sqlite3

            with sqlite3.connect(self.url.removeprefix("sqlite:///")) as base:
                return {str(uuid.UUID(one)): sha for one, sha in base.execute("SELECT id, sha256 FROM charts_row")}
        import psycopg

        with psycopg.connect(self.url) as server:
            return {str(one): sha for one, sha in server.execute("SELECT id, sha256 FROM charts_row")}

    def traces(self) -> set[str]:
        """The documents that the trail says were written."""
        wanted = "SELECT subject FROM charts_trace WHERE action LIKE 'write:%'"
        if self.url.startswith("sqlite"):
            import sqlite3

            with sqlite3.connect(self.url.removeprefix("sqlite:///")) as base:
                return {one for (one,) in base.execute(wanted)}
        import psycopg

        with psycopg.connect(self.url) as server:
            return {one for (one,) in server.execute(wanted).fetchall()}


class Writers:
    """Programs that write answers and findings at once, into the same charts, and remember what was acknowledged."""

    def __init__(self, installation: Installation) -> None:
        self.at = installation
        self.acknowledged: dict[str, str] = {}
        self.refused = 0
        self.failed: list[str] = []
        self.go, self.end = threading.Event(), threading.Event()
        self._turn = threading.Lock()
        self.threads = [
            threading.Thread(target=self._write, args=(token, number), daemon=True)
            for number, token in enumerate(installation.begun["tokens"])
        ]
        for one in self.threads:
            one.start()

    def _write(self, token: str, number: int) -> None:
        from tests.web.programs import assessment_of, person_of

        luck = random.Random(number)
        charts = self.at.begun["charts"]
        while not self.end.is_set():
            if not self.go.wait(0.2):
                continue
            chart = luck.choice(charts[:2] if number % 2 else charts)
            stand_in: Any = type("Chart", (), {"person_id": chart["person"]})
            address = f"/api/charts/{chart['id']}/{'person' if luck.random() < 0.7 else 'assessment'}"
            try:
                status, seen = self.at.call(token, "GET", address)
                told = {"birth_year": 1940 + luck.randrange(60)}
                document = person_of(stand_in, **told) if address.endswith("person") else assessment_of(stand_in)
                sent: Any = {"document": document, "supersedes": seen["id"] if status == 200 else None}
                status, said = self.at.call(token, "POST", address, sent)
            except (OSError, http.client.HTTPException, ValueError):
                continue  # the server died before it answered: whether it was written is not known to us
            with self._turn:
                if status == 201:
                    self.acknowledged[said["id"]] = said["sha256"]
                elif status == 409:
                    self.refused += 1
                else:
                    self.failed.append(f"{address}: {status} {said}")

    def stop(self) -> None:
        self.go.clear()
        self.end.set()
        for one in self.threads:
            one.join(40)
