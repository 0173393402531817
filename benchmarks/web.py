"""The plan page under load: ``needling serve`` on two cores, five clinicians who move sliders without a pause.

Each has a person of their own, signs in with password and second factor, opens the plan page, and then asks one
what-if after the other over HTTP, as the page's script does. No pause between them is harsher than any clinic.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from http.cookies import SimpleCookie
from pathlib import Path
from threading import Barrier, Thread
from urllib.parse import urlencode

import numpy as np

ROOT = Path(__file__).parent.parent
USERS, ASKS, WARM_UP = 5, 40, 5
LENGTHS = ("0.5", "1", "1.5", "2", "2.5")
PASSWORD = "correct horse battery staple"


def seed() -> list[dict[str, str]]:
    """Five clinicians of one clinic with a person each, in the data folder of the environment."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "needling.web.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import transaction
    from django_otp.plugins.otp_totp.models import TOTPDevice

    from needling.planning.cases import read_case
    from needling.web.accounts.models import Clinic, User
    from needling.web.charts.models import Chart
    from needling.web.charts.records import write
    from needling.web.charts.trail import leave_trace
    from needling.web.pages import knowledge

    call_command("migrate", verbosity=0)
    clinic = Clinic.objects.create(name="Load")
    case = read_case(ROOT / "examples" / "acne-scars.yaml", knowledge())
    told = []
    for number in range(USERS):
        email = f"clinician-{number}@load.test"
        user = User.objects.create_user(email, PASSWORD, name=f"Clinician {number}", clinic=clinic, role="clinician")
        device = TOTPDevice.objects.create(user=user, name="phone", confirmed=True)
        with transaction.atomic():
            chart = Chart.objects.create(clinic=clinic, label=f"Person {number}")
            leave_trace(clinic, user, "open-chart", str(chart.id))
        zones = tuple(
            zone.model_copy(update={"area_cm2": zone.area_cm2 + number}) for zone in case.assessment.zones
        )  # fmt: skip
        write(user, chart, case.person.model_copy(update={"id": chart.person_id}))
        write(user, chart, case.assessment.model_copy(update={"person": chart.person_id, "zones": zones}))
        told.append({"email": email, "key": device.key, "chart": str(chart.id)})
    return told


class Browser:
    """One connection that is kept open, with its cookies."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}
        self.token = ""

    def ask(self, method: str, path: str, **sent: str) -> str:
        """A page; redirects are not followed."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if method == "POST":
            body = urlencode({"csrfmiddlewaretoken": self.token, **sent})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        page = answer.read().decode()
        if answer.status not in (200, 302):
            raise RuntimeError(f"{method} {path}: {answer.status}")
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                self.cookies |= {key: one.value for key, one in SimpleCookie(value).items()}
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        self.token = found[1] if found else self.token
        return page

    def sign_in(self, email: str, key: str) -> None:
        """Through both doors."""
        from django_otp.oath import totp

        self.ask("GET", "/sign-in/")
        self.ask("POST", "/sign-in/", email=email, password=PASSWORD)
        self.ask("GET", "/second-factor/")
        self.ask("POST", "/second-factor/", code=f"{totp(bytes.fromhex(key)):06d}")


def _user(port: int, who: dict[str, str], number: int, together: Barrier, times: dict[str, list[float]]) -> None:
    browser, luck = Browser(port), random.Random(number)
    browser.sign_in(who["email"], who["key"])
    path = f"/charts/{who['chart']}/plan/"
    page = browser.ask("GET", path)
    sent = {name: _hidden(page, name) for name in ("version", "start", "weighed")}

    def wish() -> dict[str, str]:
        return {
            **sent, "part": "answer", "needle_length_mm": luck.choice(LENGTHS),
            "passes_count": str(luck.randint(1, 6)), "sessions_count": str(luck.randint(1, 8)),
            "interval_d": str(luck.randint(20, 90)), "force_N": f"{luck.uniform(1, 6):.1f}",
        }  # fmt: skip

    for phase, pictures in (("what_if", False), ("with_pictures", True)):
        for _ in range(WARM_UP):
            browser.ask("POST", path, **wish())
        together.wait()
        for _ in range(ASKS if not pictures else ASKS // 2):
            asked = wish()
            start = time.perf_counter()
            answer = browser.ask("POST", path, **asked)
            times[phase].append(time.perf_counter() - start)
            assert 'class="tiles"' in answer
            if pictures:
                start = time.perf_counter()
                browser.ask("POST", path, **{**asked, "part": "course"})
                times["pictures"].append(time.perf_counter() - start)


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    if found is None:
        raise RuntimeError(f"the plan page has no field {name}")
    return found[1]


def _served(data: str, port: int) -> subprocess.Popen[bytes]:
    """The server on two cores, ready."""
    two = ["taskset", "-c", "0,1"] if Path("/usr/bin/taskset").exists() else []
    environment = {**os.environ, "NEEDLING_DATA": data, "NUMBA_NUM_THREADS": "2"}
    server = subprocess.Popen(
        [*two, sys.executable, "-m", "needling", "serve", "--port", str(port)],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for _ in range(480):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return server
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.25)
    server.kill()
    raise RuntimeError("the server did not start")


def run() -> dict[str, float]:
    """Median and 95th percentile of a what-if, alone and while all of them draw pictures as well."""
    with tempfile.TemporaryDirectory() as data, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        environment = {**os.environ, "NEEDLING_DATA": data}
        seeded = subprocess.run(
            [sys.executable, __file__, "seed"], env=environment, check=True, capture_output=True, text=True
        )
        people = json.loads(seeded.stdout.splitlines()[-1])
        server = _served(data, port)
        times: dict[str, list[float]] = {"what_if": [], "with_pictures": [], "pictures": []}
        together = Barrier(USERS)
        try:
            threads = [
                Thread(target=_user, args=(port, who, number, together, times)) for number, who in enumerate(people)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            server.terminate()
            server.wait(timeout=20)
    found = {}
    for name, says in (
        ("what_if", "what-if answers"),
        ("with_pictures", "what-if answers while everybody draws pictures after each"),
        ("pictures", "those pictures with their tables"),
    ):
        p50, p95 = (float(np.quantile(times[name], level)) for level in (0.5, 0.95))
        print(
            f"plan page, {USERS} users at once without a pause, server on two cores, {says}, {len(times[name])} times: "
            f"p50 {p50 * 1e3:.0f} ms, p95 {p95 * 1e3:.0f} ms"
        )
        found |= {f"{name}_p50_s": p50, f"{name}_p95_s": p95}
    return found


if __name__ == "__main__":
    if sys.argv[1:] == ["seed"]:
        print(json.dumps(seed()))
    else:
        run()
