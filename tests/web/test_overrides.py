"""What two clinicians set aside is so for what they signed for: a later occurrence stops the session again."""

from __future__ import annotations

from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from tests.web.clinics import House, open_chart, user_of
from tests.web.courses import BEGAN_DAYS_AGO, approval_for
from tests.web.programs import Program
from tests.web.test_against import STOP, not_done
from tests.web.test_plans import browser, page_of, shown, text_of
from tests.web.test_visits import Room

from needling.documents import Assessment, Fact, Override, Person
from needling.documents.visits import VisitCheck
from needling.knowledge import load_knowledge
from needling.planning.approve import approve
from needling.planning.screen import screen
from needling.web.accounts.models import Role
from needling.web.charts.models import Kind, Row
from needling.web.charts.records import latest, write
from needling.web.plans.waiting import waiting_in
from needling.web.visits.course import course_of

KB = load_knowledge()
FIRST = date.today() - timedelta(days=BEGAN_DAYS_AGO)


def answered(person: Person, look: Assessment, told: dict[str, Any]) -> tuple[Person, Assessment]:
    """The answers with some others: about the person, and about the skin in all zones."""
    scope = {fact.name: fact.scope for fact in KB.facts}
    facts = [Fact(name=name, value=value) for name, value in told.items()]

    def kept(old: tuple[Fact, ...]) -> tuple[Fact, ...]:
        return tuple(fact for fact in old if fact.name not in told)

    zones = tuple(zone.model_copy(update={"facts": kept(zone.facts)}) for zone in look.zones)
    of_zone = tuple(fact for fact in facts if scope[fact.name] == "zone")
    of_person = tuple(fact for fact in facts if scope[fact.name] == "person")
    return (
        person.model_copy(update={"facts": (*kept(person.facts), *of_person)}),
        look.model_copy(update={"facts": (*kept(look.facts), *of_zone), "zones": zones}),
    )


def sign(house: House, rule: str) -> None:
    """Two people set a rule aside, each in their own session."""
    address, reason = page_of(house, "clearance/"), "investigated-and-cleared"
    assert shown(browser(house, "clinician"), address, do="propose", rule=rule, reason=reason).status_code == 302
    assert [one.proposal.rule for one in waiting_in([house.chart], KB)] == [rule]
    proposal = Row.objects.filter(chart=house.chart, kind=Kind.PROPOSED).latest("at")
    page = shown(browser(house, "owner"), address, do="confirm", proposal=str(proposal.id))
    assert page.status_code == 302 and not waiting_in([house.chart], KB)


class Signed(Room):
    """A course that was approved although a rule spoke against it."""

    def __init__(self, house: House, rule: str, **told: Any) -> None:
        self.house, self.user = house, house.people["clinician"]
        self.chart = house.chart = open_chart(self.user, "Somebody Secret")
        person, look, old = approval_for(self.chart)
        person, look = answered(person, look, told)
        write(self.user, self.chart, person)
        write(self.user, self.chart, look)
        sign(house, rule)
        found = latest(self.chart, Assessment)
        assert found is not None
        clearance = screen(person, found[1], KB)
        assert clearance.verdict == "go", [one.rule for one in clearance.decisions if not one.overridden]
        plan = old.plan.model_copy(update={"clearance_sha256": clearance.sha256})
        seen = {"person": person, "assessment": found[1], "plan_sha256": plan.sha256}
        forecast = old.forecast.model_copy(update=seen)
        self.approval = approve(plan, forecast, clearance, by="user-1", at=old.at, kb=KB)
        self.row = write(self.user, self.chart, self.approval)
        self.client = browser(house, "clinician")

    @property
    def next_on(self) -> date:
        course = course_of(self.chart)
        assert course is not None and course.next_session is not None
        return course.expected_on(course.next_session)

    def visit(self, **sent: Any) -> int:
        """The next session with these answers, on its day."""
        status: int = self.post(on=self.next_on.isoformat(), **sent).status_code
        return status

    def look(self, on: date, **told: Any) -> None:
        """A new assessment, with all answers of that day."""
        seen = latest(self.chart, Assessment)
        assert seen is not None
        facts = (
            *(fact for fact in seen[1].facts if fact.name not in told),
            *(Fact(name=n, value=v) for n, v in told.items()),
        )
        found = seen[1].model_copy(update={"on": on, "facts": facts, "overrides": (), "scores": ()})
        write(self.user, self.chart, found, supersedes=seen[0] if seen[1].on == on else None)

    @property
    def chart_page(self) -> str:
        return str(self.client.get(f"/charts/{self.chart.id}/").content.decode())


# ---------------------------------------------------------------- what passes


@pytest.mark.parametrize(
    ("rule", "fact"),
    [
        ("cold-sore-active", "cold_sore_active"),
        ("rash-or-wound", "rash_or_wound"),
        ("lesion-changing", "lesion_changing"),
    ],
)
def test_a_new_outbreak_stops_the_next_session(house: House, rule: str, fact: str) -> None:
    room = Signed(house, rule, **{fact: True})
    assert STOP not in room.chart_page, "signed, and nobody has told anything since"
    assert room.visit(**{f"today-{fact}": "no"}) == 302
    on = room.next_on
    page = room.post(on=on.isoformat(), **{f"today-{fact}": "yes"})
    assert page.status_code == 422 and KB.find("rules", rule).title in unescape(page.content.decode())
    program, course = Program(room.user), course_of(room.chart)
    assert course is not None and len(room.records) == 1
    done = room.records[0].model_copy(update={"session": 1, "on": on, "by": room.user.signature})
    today = {question["name"]: False for question in program.get(f"/charts/{room.chart.id}/next")["questions"]}
    told = {"document": done.model_dump(mode="json"), "today": {**today, fact: True}}
    program.post(f"/charts/{room.chart.id}/records", told, 422)
    # Kept with the session that was not done, it stops what comes next wherever that could begin.
    not_done(room, on, why="visit-check", asked="yes", **{f"today-{fact}": "yes"})
    assert STOP in room.chart_page
    assert program.get(f"/charts/{room.chart.id}/next")["stops"]
    assert room.visit(**{f"today-{fact}": "yes"}) == 422


def test_one_that_is_still_there_on_another_day_is_looked_at_again(house: House) -> None:
    room = Signed(house, "cold-sore-active", cold_sore_active=True)
    assert room.first_on > FIRST and room.visit(**{"today-cold_sore_active": "yes"}) == 422


def test_two_people_can_sign_for_the_new_outbreak_too(house: House) -> None:
    room = Signed(house, "cold-sore-active", cold_sore_active=True)
    assert room.visit(**{"today-cold_sore_active": "no"}) == 302
    on = room.next_on
    room.look(on, cold_sore_active=True)
    assert STOP in room.chart_page and room.visit(**{"today-cold_sore_active": "yes"}) == 422
    sign(house, "cold-sore-active")
    assert STOP not in room.chart_page and room.visit(**{"today-cold_sore_active": "yes"}) == 302
    check = latest(room.chart, VisitCheck)
    assert check is not None and check[1].clearance.verdict == "go"
    assert room.visit(**{"today-cold_sore_active": "yes"}) == 422, "and not for the one after that"


def test_a_day_that_was_signed_counts_and_no_later_one(house: House) -> None:
    placed = FIRST - timedelta(days=40)
    room = Signed(house, "filler-recent", filler=True, filler_placed=placed.isoformat())
    page = unescape(room.client.get(room.address()).content.decode())
    assert "Told before. Date of the last filler" in page and "tell its day first" in page
    assert room.visit(**{"today-filler": "yes"}) == 302, "the one that was signed for"
    on = room.next_on
    room.look(on, filler=True, filler_placed=(on - timedelta(days=30)).isoformat())
    assert STOP in room.chart_page and room.visit(**{"today-filler": "yes"}) == 422
    room.look(on, filler=True, filler_placed=placed.isoformat())
    assert STOP not in room.chart_page and room.visit(**{"today-filler": "yes"}) == 302


@pytest.mark.parametrize(
    ("rule", "yes", "day", "ago"),
    [
        ("filler-recent", "filler", "filler_placed", 40),
        ("cold-sore-healing", "cold_sore_recent", "cold_sore_healed", 2),
    ],
)
def test_the_day_of_an_earlier_one_is_not_that_of_a_new_yes(
    house: House, rule: str, yes: str, day: str, ago: int
) -> None:
    room = Signed(house, rule, **{yes: True, day: (FIRST - timedelta(days=ago)).isoformat()})
    assert room.visit(**{f"today-{yes}": "no"}) == 302
    page = room.post(on=room.next_on.isoformat(), **{f"today-{yes}": "yes"})
    assert page.status_code == 422 and "Not known:" in page.content.decode(), "when was that?"


def test_an_old_document_covers_no_outbreak(house: House) -> None:
    room = Signed(house, "cold-sore-active", cold_sore_active=True)
    course = course_of(room.chart)
    assert course is not None
    told = {"on": None, "occurrences": ()}
    old = tuple(one.model_copy(update=told) for one in room.approval.overrides)
    assert Override.model_validate_json(old[0].canonical()).on is None
    before = room.approval.model_copy(update={"overrides": old})
    write(room.user, room.chart, before, supersedes=room.row)
    assert STOP in room.chart_page


def test_a_long_wait_that_was_signed_once_is_not_signed_at_every_visit(house: House) -> None:
    stopped = (FIRST - timedelta(days=60)).isoformat()
    room = Signed(house, "isotretinoin-recent", isotretinoin=True, isotretinoin_stopped=stopped)
    for _ in range(2):
        assert room.visit(**{"today-isotretinoin": "yes"}) == 302


# ---------------------------------------------------------------- what lasts, or goes on


@pytest.mark.parametrize(("rule", "fact"), [("psoriasis", "psoriasis"), ("weak-immune-system", "immunosuppressed")])
def test_what_lasts_needs_no_signature_at_every_visit(house: House, rule: str, fact: str) -> None:
    room = Signed(house, rule, **{fact: True})
    again = {f"today-{fact}": "yes"} if fact == "immunosuppressed" else {}
    for _ in range(2):
        assert STOP not in room.chart_page
        assert room.visit(**again) == 302
    assert len(room.records) == 2


def test_a_medicine_that_was_stopped_and_begun_again_is_another_one(house: House) -> None:
    room = Signed(house, "weak-immune-system", immunosuppressed=True)
    assert room.visit(**{"today-immunosuppressed": "no"}) == 302
    assert room.visit(**{"today-immunosuppressed": "yes"}) == 422


def test_nor_is_one_that_was_stopped_and_begun_again_between_signature_and_approval(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_two = sign

    def signed_then_stopped_and_begun(house: House, rule: str) -> None:
        by_two(house, rule)
        for value in (False, True):
            who = latest(house.chart, Person)
            assert who is not None
            others = tuple(fact for fact in who[1].facts if fact.name != "immunosuppressed")
            told = who[1].model_copy(update={"facts": (*others, Fact(name="immunosuppressed", value=value))})
            write(house.people["clinician"], house.chart, told, supersedes=who[0])

    monkeypatch.setitem(Signed.__init__.__globals__, "sign", signed_then_stopped_and_begun)
    room = Signed(house, "weak-immune-system", immunosuppressed=True)
    assert STOP in room.chart_page
    assert room.visit(**{"today-immunosuppressed": "yes"}) == 422


# ---------------------------------------------------------------- the page of the clearance


def test_the_page_says_what_was_signed_for_and_asks_again_for_a_later_one(house: House) -> None:
    healed = FIRST - timedelta(days=6)
    room = Signed(house, "cold-sore-healing", cold_sore_recent=True, cold_sore_healed=healed.isoformat())
    address = page_of(house, "clearance/")
    said = unescape(text_of(room.client.get(address)))
    assert "not for a later occurrence" in said and "Signed before" not in said
    who = latest(room.chart, Person)
    assert who is not None
    facts = tuple(
        fact.model_copy(update={"value": (FIRST - timedelta(days=1)).isoformat()})
        if fact.name == "cold_sore_healed"
        else fact
        for fact in who[1].facts
    )
    write(room.user, room.chart, who[1].model_copy(update={"facts": facts}), supersedes=who[0])
    said = unescape(text_of(room.client.get(address)))
    assert "Signed before, and not for this" in said and "Go on in spite of this" in said
    sign(house, "cold-sore-healing")
    said = unescape(text_of(room.client.get(address)))
    assert "Signed before" not in said and "Go on in spite of this" not in said
    seen = latest(room.chart, Assessment)
    assert seen is not None
    (override,) = seen[1].overrides
    (occurrence,) = override.occurrences
    assert override.on == seen[1].on == FIRST
    assert {fact.name: fact.value for fact in occurrence.facts}["cold_sore_healed"] == facts[-1].value


def test_a_helper_cannot_sign_for_a_new_one(house: House) -> None:
    room = Signed(house, "cold-sore-active", cold_sore_active=True)
    assert room.visit(**{"today-cold_sore_active": "no"}) == 302
    room.client = house.browser(user_of(house.own, Role.ASSISTANT).role)
    accepted = {"deviation": ["held-accepted"], "words": "as the last time"}
    assert room.visit(**{"today-cold_sore_active": "yes"}, **accepted) == 422
