"""Everything that is kept of one person leaves as PDF, in words, and that it left is written down."""

from __future__ import annotations

from tests.web.clinics import House

from needling.web.charts.models import Trace
from needling.web.plans.everything import leaves


def test_everything_of_a_person_leaves_as_pdf_and_that_is_written_down(house: House) -> None:
    before = Trace.objects.filter(clinic=house.own, action="export").count()
    sent = house.browser("clinician").get(f"/charts/{house.chart.id}/everything.pdf")
    assert sent.status_code == 200 and sent.content.startswith(b"%PDF") and len(sent.content) > 2000
    assert Trace.objects.filter(clinic=house.own, action="export").count() == before + 1
    assert house.browser("auditor").get(f"/charts/{house.chart.id}/everything.pdf").status_code == 403


def test_every_part_of_a_document_is_told_and_unknown_says_so() -> None:
    told = dict(leaves({"a": None, "b": True, "c": [{"d": 1.5}], "quantiles": [[1, 2]], "e": []}))
    assert told == {
        "a": "not known",
        "b": "yes",
        "c 1, d": "1.5",
        "quantiles": "1 parts, in the JSON file",
        "e": "none",
    }
