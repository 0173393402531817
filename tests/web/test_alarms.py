"""An alarm of the trail stays, and so does what an owner says of it; the next alarm is loud again."""

from __future__ import annotations

from typing import Any

import pytest
from tests.web.clinics import House, open_chart, signed_in

from needling.errors import BadInput, NotAllowed
from needling.web.charts.alarms import WORDS, alarms_of, answer
from needling.web.charts.models import Trace
from needling.web.charts.noting import note_file
from needling.web.charts.trail import problems

SAID = "The data folder went to the new server a day late."


def alarmed(house: House) -> int:
    """A clinic whose note outside the database is gone; the number of the alarm that the next who writes leaves."""
    note_file(house.own.pk).unlink()
    open_chart(house.people["clinician"], "Afterwards")
    return alarms_of(house.own.pk)[0].number


def test_an_owner_says_what_was_found_and_both_stay(house: House) -> None:
    number = alarmed(house)
    client, address = house.browser("owner"), f"/charts/trail/alarms/{number}/"
    told = client.get("/charts/trail/").content.decode()
    assert "not answered yet" in told and 'role="alert"' in told and f"/charts/trail/alarms/{number}/" in told
    assert "the note outside it was gone" in client.get(address).content.decode()
    assert client.post(address, {"found": "moved", "words": SAID}).status_code == 302
    row = Trace.objects.get(clinic=house.own, action="alarm-answered:moved")
    assert row.actor == house.people["owner"] and row.subject == str(number) and row.words == SAID
    for browser in (client, house.browser("auditor")):
        told = browser.get("/charts/trail/?verify=1").content.decode()
        assert "not answered yet" not in told and 'role="alert"' not in told and "The chain holds" in told
        assert "the note outside it was gone" in told and SAID in told and house.people["owner"].name in told
    assert not list(problems(house.own))
    assert client.post(address, {"found": "failed", "words": "And a disk was full."}).status_code == 302
    assert [one.words for one in alarms_of(house.own.pk)[0].answers] == [SAID, "And a disk was full."]


def test_a_new_alarm_is_loud_again(house: House) -> None:
    first = alarmed(house)
    answer(house.people["owner"], first, "moved", SAID)
    second = alarmed(house)
    assert second != first and len(list(problems(house.own))) == 1
    told = house.browser("owner").get("/charts/trail/").content.decode()
    assert told.count("not answered yet") == 1 and SAID in told


@pytest.mark.parametrize(
    "changed", [{"words": "Nothing happened."}, {"subject": "2"}, {"action": "alarm-answered:failed"}]
)
def test_an_answer_that_was_changed_is_found(house: House, changed: dict[str, str]) -> None:
    row = answer(house.people["owner"], alarmed(house), "moved", SAID)
    assert not list(problems(house.own))
    Trace.objects.filter(pk=row.pk).update(**changed)
    assert any(f"row {row.number} of the trail" in one for one in problems(house.own))


def test_nobody_else_answers_and_nothing_else_is_answered(house: House) -> None:
    number = alarmed(house)
    for role in ("clinician", "assistant", "auditor"):
        assert house.browser(role).post(f"/charts/trail/alarms/{number}/", {"found": "moved"}).status_code == 403
        with pytest.raises(NotAllowed):
            answer(house.people[role], number, "moved", SAID)
    stranger = signed_in(house.stranger)
    assert stranger.get(f"/charts/trail/alarms/{number}/").status_code == 404
    for wrong in (number + 1, 1):
        with pytest.raises(BadInput, match="no such alarm"):
            answer(house.people["owner"], wrong, "moved", SAID)
    assert len(list(problems(house.own))) == 1


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"found": "moved"},
        {"found": "nonsense", "words": SAID},
        {"found": "moved", "words": "x" * (WORDS + 1)},
        {"found": "moved", "words": " \n "},
    ],
)
def test_an_answer_without_a_finding_or_words_is_named_and_not_lost(house: House, sent: dict[str, Any]) -> None:
    number = alarmed(house)
    page = house.browser("owner").post(f"/charts/trail/alarms/{number}/", sent)
    assert page.status_code == 422 and str(sent.get("words", "")).strip()[:20] in page.content.decode()
    assert not Trace.objects.filter(clinic=house.own, action__startswith="alarm-answered").exists()
