"""Finding people by words: a name as somebody types it, without its accents, and the year of birth."""

from __future__ import annotations

import re

from django.db.models import Exists, OuterRef, Q, QuerySet

from needling.web.charts.models import Chart, Kind, Row
from needling.web.charts.names import folded

_YEAR = re.compile("(19|20)[0-9]{2}")
_WORDS_AT_MOST = 8


def found_by(charts: QuerySet[Chart], words: str) -> QuerySet[Chart]:
    """Those of some charts that every word fits: it is a part of the name, or the year of birth.

    The year is that of the day of birth; where nobody gave one, each that answers ever said.
    """
    for word in words.split()[:_WORDS_AT_MOST]:
        fits = Q(folded__contains=folded(word))
        if _YEAR.fullmatch(word):
            told = Row.objects.filter(
                chart=OuterRef("pk"), kind=Kind.PERSON,
                document__startswith=f'{{"birth_year":{int(word)},',  # as canonical documents begin
            )  # fmt: skip
            fits |= Q(born__year=int(word)) | Q(Exists(told), born=None)
        charts = charts.filter(fits)
    return charts
