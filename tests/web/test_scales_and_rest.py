"""Scales show how they are read beside the box, and "the rest is a no" is said, never taken for granted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.web.clinics import House, open_chart
from tests.web.courses import approved

from needling.documents import Person
from needling.knowledge import load_knowledge
from needling.web.charts.models import Chart
from needling.web.charts.records import latest
from needling.web.people.anchors import anchors_of
from needling.web.people.rest import REST, with_the_rest

KB = load_knowledge()
PERSON = [fact for fact in KB.facts if fact.scope == "person"]
TOPICS = sorted({fact.topic for fact in KB.facts})


def test_every_scale_says_its_range_and_which_end_is_worse() -> None:
    anchors = {one.id: one for one in anchors_of(KB)}
    assert set(anchors) == {one.id for one in KB.scales}
    for scale in KB.scales:
        short = anchors[scale.id].short
        assert short.startswith(f"{scale.low:g} to {scale.high:g}")
        assert f"{'higher' if scale.lower_is_better else 'lower'} is worse" in short
    assert "2 mild" in anchors["goodman-baron-qualitative"].short
    assert any(one == "Forehead, darkness: 0 to 4" for one in anchors["mmasi"].items)
    assert any("memory" in one for one in anchors["goodman-baron-quantitative"].notes)


@given(
    st.dictionaries(st.sampled_from([fact.name for fact in PERSON]), st.sampled_from(["", "yes", "no"]), max_size=8),
    st.sets(st.sampled_from(TOPICS), max_size=3),
    st.sampled_from([None, "male", "female"]),
)
def test_only_open_questions_of_a_stated_topic_become_a_no(
    sent: dict[str, str], topics: set[str], sex: str | None
) -> None:
    form = {**sent, **{REST + topic: "yes" for topic in topics}}
    told = with_the_rest(PERSON, form, sex)
    for fact in PERSON:
        before, after = sent.get(fact.name) or "", told.get(fact.name) or ""
        if before:
            assert after == before, "an answer stands"
        elif after:
            assert after == "no" and fact.topic in topics and fact.quiet is False and fact.only_if is None
            assert fact.never_of_sex is None or fact.never_of_sex != sex
        else:
            open_still = fact.topic not in topics or fact.kind != "yes-no" or fact.quiet is not False
            assert open_still or fact.only_if is not None or fact.never_of_sex == sex


def _values(chart: Chart) -> dict[str, object]:
    found = latest(chart, Person)
    assert found is not None
    return {fact.name: fact.value for fact in found[1].facts}


@pytest.mark.parametrize("ticked", [True, False])
def test_the_statement_is_kept_as_answers_and_without_it_nothing_is(house: House, ticked: bool) -> None:
    chart = open_chart(house.people["clinician"], "Rest")
    client = house.browser("clinician")
    page = client.get(f"/charts/{chart.id}/person/").content.decode()
    assert f'name="{REST}medicines"' in page and "I asked all of these." in page
    sent = {"version": "", "isotretinoin": "yes", **({f"{REST}medicines": "yes"} if ticked else {})}
    assert client.post(f"/charts/{chart.id}/person/", sent).status_code == 302
    values = _values(chart)
    assert values["isotretinoin"] is True
    asked = {fact.name for fact in PERSON if fact.topic == "medicines" and fact.quiet is False and not fact.only_if}
    others = {name: values.get(name) for name in asked - {"isotretinoin"}}
    assert others and set(others.values()) == ({False} if ticked else {None})
    assert not any(values.get(fact.name) is False for fact in PERSON if fact.topic != "medicines")


def test_the_assessment_shows_how_a_scale_is_read_and_what_was_read_last(house: House) -> None:
    chart = open_chart(house.people["clinician"], "Scales")
    approved(house.people["clinician"], chart)
    page = house.browser("clinician").get(f"/charts/{chart.id}/assessment/").content.decode()
    first = page.split('id="scale-says-1"')[1].split("</p>")[0]
    assert "1 to 4 grade, higher is worse" in first and "Last time 3, on " in first
    assert "How each scale is read" in page and "Forehead, darkness: 0 to 4" in page
    assert f'name="{REST}marks"' in page and "I looked and asked for all of these." in page
