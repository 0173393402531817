"""The only ways to a chart: through the clinic of the user who is signed in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from needling.web.charts.models import Chart, Row


def own_chart(request: HttpRequest, chart: UUID) -> Chart:
    """A chart of the user's own clinic that was not erased; 404 for any other, as if it were not there."""
    user: Any = request.user
    return get_object_or_404(Chart, pk=chart, clinic=user.clinic_id, erased=None)


def own_row(request: HttpRequest, chart: UUID, row: UUID) -> Row:
    """A document of such a chart."""
    return get_object_or_404(Row.objects.select_related("author"), pk=row, chart=own_chart(request, chart))
