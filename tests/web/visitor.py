"""Somebody who answers the self-check, page by page, as a browser would."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client

QUIZ = {
    "home-never-share": "2",
    "home-disinfect-before": "1",
    "stop-blood-home": "1",
    "home-discard": "0",
    "after-short-actives": "1",
}


class Visitor:
    """A browser with cookies; ``page`` is the last page seen."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.page: Any = None

    def get(self, address: str) -> HttpResponse:
        """Open a page, following redirects."""
        self.page = self.client.get(address, follow=True)
        return self.page

    def post(self, address: str, **sent: str) -> HttpResponse:
        """Send a form, following redirects."""
        self.page = self.client.post(address, sent, follow=True)
        return self.page

    @property
    def text(self) -> str:
        """What the page says, without tags."""
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.page.content.decode()))

    @property
    def address(self) -> str:
        """Where the last page came from."""
        return str(self.page.request["PATH_INFO"])

    def begin(self, site: str = "cheek", concern: str = "pores-dullness", wish: str = "", **you: str) -> None:
        """The first two pages."""
        self.post("/check/aim/", site=site, concern=concern, wish=wish)
        told = {"birth_year": "1990", "phototype": "II", "sex": "female"} | you
        self.post("/check/you/", **told)

    def go_on(self, default: str = "no", **answers: str) -> None:
        """Answer topic after topic until there is an answer: ``default`` to every question that is not named."""
        for _ in range(60):
            if "/about/" not in self.address:
                return
            html = self.page.content.decode()
            sent = {}
            for name in re.findall(r'<fieldset id="([a-z_0-9]+)"', html):
                given = answers.get(name, default)
                if f'id="{name}-value"' in html and given in ("no", "unknown"):
                    sent[f"{name}-unknown"] = "1"
                else:
                    sent[name] = given
            self.post(self.address, **sent)
        raise AssertionError("the questions do not end")

    def unlock(self) -> None:
        """All steps before the first session."""
        self.post("/check/steps/", step="roller")
        self.post("/check/steps/hygiene/", **QUIZ)
        self.post("/check/steps/", step="patch-day", on=str(date.today() - timedelta(days=8)))
        self.post("/check/steps/", step="patch")
        self.post("/check/steps/", step="photo")


def patch_tested(visitor: Visitor, days_ago: int, **you: str) -> None:
    """Somebody who has a roller, knows how to keep it clean, and rolled the small patch some days ago."""
    visitor.begin(**you)
    visitor.go_on()
    visitor.post("/check/steps/", step="roller")
    visitor.post("/check/steps/hygiene/", **QUIZ)
    visitor.post("/check/steps/", step="patch-day", on=str(date.today() - timedelta(days=days_ago)))


def answered(visitor: Visitor, **answers: str) -> str:
    """What the answer page says to somebody who answers so, and no to all else."""
    you = {name: answers.pop(name) for name in ("birth_year", "phototype", "sex") if name in answers}
    aim = {name: answers.pop(name) for name in ("site", "concern", "wish") if name in answers}
    visitor.begin(**aim, **you)
    visitor.go_on(**answers)
    visitor.get("/check/answer/")
    return visitor.text
