"""Findings in one zone: lesions from the form to the document and back, and on every page that shows them."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.web.clinics import House, open_chart
from tests.web.programs import Program, assessment_of
from tests.web.spots import LINE, MOLE, approved_with_lesions, with_lesions

from needling.documents import Assessment, Lesion, Spot, ZoneFinding
from needling.knowledge import load_knowledge
from needling.planning.answers import assessment_problems, lesion_facts
from needling.web.charts.models import Chart
from needling.web.charts.records import latest, write
from needling.web.people.findings import MARKS_AT_MOST, OUT, Found, Mark, marks_of, read_marks, zone_after
from needling.web.people.reading import today
from needling.web.plans.everything import everything_sheet
from needling.web.plans.sheets import sheet_of
from needling.web.plans.typeset import as_data, as_pdf
from needling.web.visits.course import course_of
from needling.web.visits.spots import spots_of

KB = load_knowledge()
KINDS = sorted(lesion_facts(KB))
LEFT_OUT = {name for name, fact in lesion_facts(KB).items() if fact.may_leave_out}
NOSE = {"zone": "nose", "concern": "acne-scars-rolling", "area": "8"}
SPOT = {"view": "face", "x_share": 0.5, "y_share": 0.25}
NAMES = ("mark_zone", "mark", "mark_answer", "mark_size", "mark_note", "mark_spot")


class Sent:
    """Lists of a form, as a browser sends them."""

    def __init__(self, *lines: tuple[str, ...]) -> None:
        self.lists = {name: [line[place] for line in lines] for place, name in enumerate(NAMES)}

    def getlist(self, name: str) -> list[str]:
        return self.lists.get(name, [])


def lines_of(marks: list[Mark]) -> Sent:
    return Sent(*((one.zone, one.fact, one.answer, one.size, one.note, one.spot) for one in marks))


def browser(house: House) -> Any:
    """One browser of the clinician for the whole test: a second factor works once."""
    found = getattr(house, "_client", None) or house.browser("clinician")
    house._client = found  # type: ignore[attr-defined]
    return found


def post(house: House, *lines: tuple[str, ...], **more: Any) -> Any:
    client, address = browser(house), f"/charts/{house.chart.id}/assessment/"
    page = client.get(address).content.decode()
    version = page.split('name="version" value="')[1].split('"')[0]
    return client.post(address, {**NOSE, **Sent(*lines).lists, "setting": "clinic", "version": version, **more})


def kept(chart: Chart) -> ZoneFinding:
    found = latest(chart, Assessment)
    assert found is not None
    return found[1].zones[0]


def test_a_lesion_is_kept_with_size_note_and_place(house: House) -> None:
    line = ("nose", "raised_scar", "yes", "12,5", "  on the bridge\r\nred ", "face 0.5 0.4321")
    assert post(house, line, ("", "", "", "", "", "")).status_code == 302
    zone = kept(house.chart)
    spot = Spot(view="face", x_share=0.5, y_share=0.4321)
    assert zone.lesions == (Lesion(what="raised_scar", size_mm=12.5, note="on the bridge\nred", spot=spot),)
    assert [(fact.name, fact.value) for fact in zone.facts] == [("raised_scar", True)]
    client = browser(house)
    page = unescape(client.get(f"/charts/{house.chart.id}/assessment/").content.decode())
    assert 'name="mark_spot" value="face 0.5 0.4321"' in page and "on the bridge\nred</textarea>" in page
    chart = unescape(client.get(f"/charts/{house.chart.id}/").content.decode())
    assert "12.5 mm" in chart and 'class="pinned"' in chart
    assert chart.count("Keloid or hypertrophic scar") == 1, "a lesion is told once"


def test_a_plain_yes_stays_a_plain_answer_and_two_of_a_kind_are_lesions(house: House) -> None:
    assert post(house, ("nose", "tattoo", "yes", "", "", "")).status_code == 302
    assert kept(house.chart).lesions == () and kept(house.chart).facts[0].value is True
    two = (("nose", "tattoo", "yes", "", "", ""), ("nose", "tattoo", "yes", "3", "", ""))
    assert post(house, *two).status_code == 302
    assert kept(house.chart).lesions == (Lesion(what="tattoo"), Lesion(what="tattoo", size_mm=3))


def test_what_is_left_out_of_the_field_says_nothing_of_it(house: House) -> None:
    lines = (("nose", "lesion_in_field", OUT, "", "wing", ""), ("nose", "lesion_in_field", "no", "", "", ""))
    assert post(house, *lines).status_code == 302
    zone = kept(house.chart)
    assert zone.lesions == (Lesion(what="lesion_in_field", note="wing", left_out=True),)
    assert [(fact.name, fact.value) for fact in zone.facts] == [("lesion_in_field", False)]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([("nose", "tattoo", "yes", "0", "", "")], "size in mm, above 0"),
        ([("nose", "tattoo", "yes", "1e999", "", "")], "size in mm, above 0"),
        ([("nose", "tattoo", "yes", "four", "", "")], "size in mm, above 0"),
        ([("nose", "tattoo", "yes", "", "", "face 2 0")], "place it again"),
        ([("nose", "tattoo", "yes", "", "", "side 0 0")], "place it again"),
        ([("nose", "tattoo", "yes", "", "", "face nan 0")], "place it again"),
        ([("nose", "tattoo", "no", "4", "", "")], "belong to a yes"),
        ([("nose", "tattoo", "no", "", "", "face 0 0")], "belong to a yes"),
        ([("nose", "raised_scar", OUT, "", "", "")], "cannot be left out"),
        ([("nose", "tattoo", "maybe", "", "", "")], "yes or no"),
        ([("", "", "", "", "a line without a zone", "")], "one of the zones above"),
        ([("nose", "tattoo", "yes", "", "", ""), ("nose", "tattoo", "no", "", "", "")], "Yes and no to the same"),
        ([("nose", "tattoo", "no", "", "", ""), ("nose", "tattoo", "yes", "2", "", "")], "Yes and no to the same"),
        ([("nose", "tattoo", "yes", "2", "", "")] * 2, "twice"),
        ([("nose", "tattoo", "yes", str(1 + n), "", "") for n in range(21)], "at most 20"),
        ([("nose", "tattoo", OUT, str(1 + n), "", "") for n in range(MARKS_AT_MOST + 1)], "findings fit"),
    ],
)  # fmt: skip
def test_mistakes_are_named_and_nothing_of_the_form_is_lost(
    house: House, lines: list[tuple[str, ...]], says: str
) -> None:
    answer = post(house, *lines)
    page = unescape(answer.content.decode())
    assert answer.status_code == 422 and says in page, re.findall(r'class="problem">([^<]*)', page)
    for *_, size, _note, spot in lines:
        assert f'value="{size}"' in page and f'name="mark_spot" value="{spot}"' in page
    assert latest(house.chart, Assessment) is None


def test_a_no_that_the_program_was_told_beside_a_lesion_is_named() -> None:
    told = ZoneFinding.model_validate({"zone": "nose", "concern": "acne-scars-rolling", "area_cm2": 8,
                                       "facts": {"tattoo": False}, "lesions": [{"what": "tattoo"}]})  # fmt: skip
    seen = Assessment(person="p", on=today(), setting="clinic", zones=(told,))
    assert [problem.loc[-2:] for problem in assessment_problems(seen, KB)] == [("lesions", 0)]


# ---------------------------------------------------------------- there and back

shares = st.floats(0, 1)
spots = st.builds(Spot, view=st.sampled_from(["face", "front", "back"]), x_share=shares, y_share=shares)
notes = st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=40).map(str.strip)


def lesions(what: str) -> st.SearchStrategy[Lesion]:
    return st.builds(
        Lesion,
        what=st.just(what),
        size_mm=st.none() | st.integers(1, 5000).map(lambda tenths: tenths / 10),
        note=notes,
        spot=st.none() | spots,
        left_out=st.booleans() if what in LEFT_OUT else st.just(False),
    )


@st.composite
def zones_with_lesions(draw: st.DrawFn) -> ZoneFinding:
    facts = draw(st.dictionaries(st.sampled_from(KINDS), st.booleans(), max_size=5))
    kinds = [name for name in KINDS if facts.get(name) is not False]
    found = [draw(lesions(what)) for what in draw(st.lists(st.sampled_from(kinds), max_size=6))]
    told = {"zone": "nose", "concern": "pores-dullness", "area_cm2": 8, "facts": facts}
    return ZoneFinding.model_validate({**told, "lesions": tuple(dict.fromkeys(found))})


@settings(max_examples=200, deadline=None)
@given(zone=zones_with_lesions())
def test_what_was_found_comes_back_from_the_form_as_it_went_in(zone: ZoneFinding) -> None:
    seen = Assessment(person="p", on=today(), setting="clinic", zones=(zone,))
    own = {"zone": zone.zone, "concern": zone.concern, "area_cm2": zone.area_cm2}
    found, rows = read_marks(lines_of(marks_of(seen, KB)), [own], KB)
    assert not [row.problem for row in rows if row.problem]
    again = ZoneFinding.model_validate(zone_after(own, found.get("nose", Found()), zone, KB))
    assert {(one.name, one.value) for one in again.facts} == {(one.name, one.value) for one in zone.facts}
    bare = {one.what for one in zone.lesions if one == Lesion(what=one.what)}  # alone of its kind it is a plain yes
    kept_lesions, lesions_before = ([one for one in seen.lesions if one.what not in bare] for seen in (again, zone))
    assert kept_lesions == lesions_before


def test_dates_in_a_zone_stay_while_their_yes_does(house: House) -> None:
    facts = {"filler": {"value": True, "by": "nurse"}, "filler_placed": "2025-06-01"}
    nose = {"zone": "nose", "concern": "acne-scars-rolling", "area_cm2": 8, "dermis_mm": 1.1, "facts": facts}
    told = {"person": house.chart.person_id, "on": today().isoformat(), "setting": "clinic", "zones": [nose]}
    write(house.people["clinician"], house.chart, Assessment.model_validate(told))
    assert post(house, ("nose", "filler", "yes", "", "", "")).status_code == 302
    zone = kept(house.chart)
    assert {fact.name: fact.value for fact in zone.facts} == {"filler": True, "filler_placed": "2025-06-01"}
    assert zone.dermis_mm == 1.1 and {fact.name: fact.by for fact in zone.facts}["filler"] == "nurse"
    assert post(house, ("nose", "filler", "no", "", "", "")).status_code == 302
    assert {fact.name: fact.value for fact in kept(house.chart).facts} == {"filler": False}


VALUES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["yes", "no", OUT, "", "nose", "tattoo", "raised_scar", "4", "1e400", "nan", "-1", "²"]),
    st.sampled_from(["face 0.1 0.2", "face nan 1", "back 1 1 1", "face  1"]),
)  # fmt: skip


@settings(
    max_examples=80, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(sent=st.dictionaries(st.sampled_from(NAMES), st.lists(VALUES, max_size=4), max_size=6), answer=VALUES)
def test_no_list_of_findings_breaks_the_server(house: House, sent: dict[str, list[str]], answer: str) -> None:
    client = browser(house)
    address = f"/charts/{house.chart.id}/assessment/"
    version = client.get(address).content.decode().split('name="version" value="')[1].split('"')[0]
    first = {"mark_zone": ["nose"], "mark": ["tattoo"], "mark_answer": [answer]}
    got = client.post(address, {**NOSE, "version": version, **first, **sent})
    assert got.status_code in (302, 422)


# ---------------------------------------------------------------- where they are shown


def test_the_sheet_and_its_pdf_show_what_is_kept_out_of_the_strokes(house: House) -> None:
    user, chart = house.people["clinician"], open_chart(house.people["clinician"], "Spots")
    approval = approved_with_lesions(user, chart)
    page = unescape(browser(house).get(f"/charts/{chart.id}/plan/print/").content.decode())
    assert "Spots to look out for" in page and page.count("Keep out of the strokes.") == 2
    assert "4 mm; under the eye" in page and page.count('class="pin"') == 2
    assert 'aria-label="Face with pins: 1 in the left cheek and 2 in the left cheek"' in page
    for name in ("consent", "aftercare"):
        assert "Spots to look out for" not in as_data(sheet_of(name, approval, KB, "x", "y"))["sections"]
    sheet = sheet_of("plan", approval, KB, "x", "y")
    bare = as_pdf(sheet_of("aftercare", approval, KB, "x", "y"))
    assert as_pdf(sheet)[:5] == bare[:5] == b"%PDF-"
    assert len(as_data(sheet)["drawings"]) == 1 and "under the eye" not in as_data(sheet)["drawings"][0]["svg"]


def test_the_recorder_shows_the_newest_look_at_each_zone(house: House) -> None:
    user, chart = house.people["clinician"], open_chart(house.people["clinician"], "Spots")
    approval = approved_with_lesions(user, chart)
    client, address = house.browser("assistant"), f"/charts/{chart.id}/visits/new/"
    page = unescape(client.get(address).content.decode())
    assert "Spots in these zones" in page and "under the eye" in page and page.count('class="pin"') == 2
    first = approval.forecast.assessment
    later = first.model_copy(update={"on": first.on + timedelta(days=30)})
    moved = MOLE.model_copy(update={"size_mm": 6.0})
    write(user, chart, with_lesions(later, "cheek-left", moved))
    course = course_of(chart)
    assert course is not None
    assert [found.lesion for found, _ in spots_of(course, 0, KB).listed] == [moved]
    page = unescape(client.get(address).content.decode())
    assert "6 mm" in page and LINE.note not in page


def test_everything_that_is_kept_holds_the_lesions(house: House) -> None:
    chart = open_chart(house.people["clinician"], "Spots")
    approved_with_lesions(house.people["clinician"], chart)
    client = house.browser("owner")
    told = client.post(f"/charts/{chart.id}/export.json").json()
    seen = next(one["document"] for one in told["documents"] if one["kind"] == "assessment")
    cheek = next(zone for zone in seen["zones"] if zone["zone"] == "cheek-left")
    assert [lesion["note"] for lesion in cheek["lesions"]] == [MOLE.note, LINE.note]
    said = [one.text for section in everything_sheet(chart).sections for one in section.paragraphs]
    assert any(MOLE.note in one and "4 mm" in one for one in said) and any(LINE.note in one for one in said)


def test_programs_write_and_read_lesions(house: House) -> None:
    program, address = Program(house.people["clinician"]), f"/charts/{house.chart.id}/assessment"
    told = assessment_of(house.chart)
    told["zones"][0]["lesions"] = [{"what": "raised_scar", "size_mm": 4, "note": "chin", "spot": SPOT}]
    program.post(address, {"document": told})
    zone = program.get(address)["document"]["zones"][0]
    assert zone["lesions"][0] | {"left_out": False} == zone["lesions"][0] and zone["lesions"][0]["spot"] == SPOT
    assert {"name": "raised_scar", "value": True, "since": None, "by": None} in zone["facts"]
    for wrong in ("freckel", "pregnant"):
        told["zones"][0]["lesions"] = [{"what": wrong}]
        assert "unknown lesion" in program.post(address, {"document": told}, 422)["says"]
