"""Everything that is kept of one person leaves as PDF, in words, and that it left is written down."""

from __future__ import annotations

import re

from tests.web.clinics import House
from tests.web.test_plans import KB, approve, browser, put

from needling.documents import Person
from needling.web.charts.models import Trace
from needling.web.charts.records import KIND_OF, latest
from needling.web.plans.everything import TITLES, document_words, everything_sheet, leaves
from needling.web.plans.typeset import as_pdf


def test_everything_of_a_person_leaves_as_pdf_and_that_is_written_down(house: House) -> None:
    before = Trace.objects.filter(clinic=house.own, action="export").count()
    sent = house.browser("clinician").post(f"/charts/{house.chart.id}/everything.pdf")
    assert sent.status_code == 200 and sent.content.startswith(b"%PDF") and len(sent.content) > 2000
    assert Trace.objects.filter(clinic=house.own, action="export").count() == before + 1
    assert house.browser("auditor").post(f"/charts/{house.chart.id}/everything.pdf").status_code == 403


def test_every_part_of_a_document_is_told_and_unknown_says_so() -> None:
    told = dict(leaves({"a": None, "b": True, "c": [{"d": 1.5}], "quantiles": [[1, 2]], "e": []}))
    assert told == {
        "a": "not known",
        "b": "yes",
        "c 1, d": "1.5",
        "quantiles": "1 parts, in the JSON file",
        "e": "none",
    }


def test_a_chart_with_a_plan_is_a_few_pages_in_words(house: House) -> None:
    put(house)
    assert approve(browser(house, "clinician"), house).status_code == 302
    sheet = everything_sheet(house.chart)
    told = " ".join(str(one) for part in sheet.sections for one in part.statements())
    cells = {cell for part in sheet.sections for table in part.tables for row in table.rows for cell in row.cells}
    person = latest(house.chart, Person)
    assert person is not None
    asked = {fact.name: fact.ask for fact in KB.facts}
    assert all(asked[fact.name] in cells for fact in person[1].facts), "each question as it was asked"
    assert "facts 1, name" not in cells and house.people["clinician"].signature not in told
    assert "mm roller" in told and sheet.clinic == house.own.name
    assert len(re.findall(rb"/Type\s*/Page\b", as_pdf(sheet))) <= 12


def test_every_kind_of_document_is_told_in_words_on_its_page_with_the_json_folded(house: House) -> None:
    put(house)
    client = browser(house, "clinician")
    assert approve(client, house).status_code == 302
    seen = set()
    for row in house.chart.rows.all():
        page = client.get(f"/charts/{house.chart.id}/documents/{row.id}/").content.decode()
        words, folded = page.split("As it was signed, as JSON")
        assert "In words" in words and "facts 1" not in words and "&#34;id&#34;" not in words
        assert row.sha256 in folded and row.sha256 not in words
        seen.add(row.kind)
    assert {"person", "assessment", "clearance", "approval"} <= seen
    kinds = {str(kind) for kind in TITLES}
    assert kinds == {str(kind) for kind in KIND_OF.values()}, "a new kind of document needs a title and words"


def test_a_document_of_another_version_is_told_part_by_part(house: House) -> None:
    words = document_words("person", {"id": "somebody", "shoe_size": 43}, {})
    assert [row.cells for row in words.tables[0].rows] == [("id", "somebody"), ("shoe_size", "43")]
