"""All addresses of the application that somebody can open, from the map of addresses itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from needling.web.charts.models import Chart, Kind


def _patterns(resolver: Any, before: str = "") -> Iterator[tuple[str, str | None]]:
    for one in resolver.url_patterns:
        here = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _patterns(one, here)
        elif isinstance(one, URLPattern):
            yield here, one.name


def patterns() -> list[tuple[str, str | None]]:
    """Every pattern with its name, but those of the API, which has no pages."""
    return [(pattern, name) for pattern, name in _patterns(get_resolver()) if not pattern.startswith("api/")]


def addresses_of(chart: Chart) -> Iterator[str]:
    """Every address of a chart; where a row is named, the record in force, or else the last document."""
    rows = list(chart.rows.filter(superseded_by=None).order_by("-at"))
    records = [row for row in rows if row.kind == Kind.RECORD]
    for pattern, _ in patterns():
        if not pattern.startswith("charts/<uuid:chart>/"):
            continue
        address = "/" + pattern.replace("<uuid:chart>", str(chart.id))
        if "<uuid:row>" in address:
            among = rows if "documents" in address else records
            if not among:
                continue
            address = address.replace("<uuid:row>", str(among[0].id))
        if "<" not in address:
            yield address
