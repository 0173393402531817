"""A program that calls the API in the name of somebody."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from django.test import Client

from needling.knowledge import load_knowledge
from needling.web.accounts.models import User
from needling.web.api.models import Token
from needling.web.charts.models import Chart

KB = load_knowledge()
DAY = date.today() - timedelta(days=80)
"""Of the assessment: long enough ago for a plan that has begun."""


class Program:
    """Calls with a personal token; ``said`` is the last answer."""

    def __init__(self, user: User | None = None, token: str = "") -> None:
        self.token = Token.make(user, "test")[1] if user is not None else token
        self.client = Client()
        self.said: Any = None

    def call(self, method: str, address: str, sent: Any = None, status: int = 200) -> Any:
        """The answer as JSON; fails when its status is another one."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        body = {} if sent is None else {"data": json.dumps(sent), "content_type": "application/json"}
        self.said = getattr(self.client, method)(f"/api{address}", headers=headers, **body)
        assert self.said.status_code == status, (address, self.said.status_code, self.said.content.decode()[:600])
        return self.said.json()

    def get(self, address: str, status: int = 200) -> Any:
        return self.call("get", address, status=status)

    def post(self, address: str, sent: Any, status: int = 201) -> Any:
        return self.call("post", address, sent, status=status)


def person_of(chart: Chart, **more: Any) -> dict[str, Any]:
    """Somebody healthy: every question answered with what starts no rule."""
    quiet = {fact.name: fact.quiet for fact in KB.facts if fact.scope == "person" and fact.quiet is not None}
    return {"id": chart.person_id, "birth_year": 1988, "phototype": "II", "sex_at_birth": "male", "facts": quiet} | more


def assessment_of(chart: Chart, **more: Any) -> dict[str, Any]:
    """Two cheeks with acne scars and nothing that speaks against needling."""
    quiet = {fact.name: fact.quiet for fact in KB.facts if fact.scope == "zone" and fact.quiet is not None}
    zones = [{"zone": f"cheek-{side}", "concern": "acne-scars-rolling", "area_cm2": 40} for side in ("left", "right")]
    return {
        "person": chart.person_id,
        "on": DAY.isoformat(),
        "setting": "clinic",
        "zones": zones,
        "facts": quiet,
    } | more
