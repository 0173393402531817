"""The trail in words."""

from __future__ import annotations

import re
from pathlib import Path

from tests.web.clinics import House, open_chart

from needling.documents import Person
from needling.web.charts import telling
from needling.web.charts.records import write
from needling.web.charts.telling import done_words
from needling.web.plans.warm import Kept


def test_the_page_of_the_trail_says_who_did_what_to_whom(house: House) -> None:
    user = house.people["clinician"]
    chart = open_chart(user, "Traced, T.")
    write(user, chart, Person(id=chart.person_id))
    page = house.browser("auditor").get("/charts/trail/")
    said = page.content.decode()
    assert page.status_code == 200 and "Chart opened" in said and "Signed: person" in said
    assert said.count("Traced, T.") == 2 and user.name in said
    only = house.browser("owner").get(f"/charts/trail/?who={user.pk}&what=documents").content.decode()
    table = only.split("<tbody")[1]
    assert "Signed: person" in table and "Chart opened" not in table and "Joined" not in table
    for odd in ("?who=1&what=x", "?who=%27&what=documents%27", f"?who={house.stranger.pk}"):
        assert page.client.get(f"/charts/trail/{odd}").status_code == 200


def test_every_action_that_is_traced_has_words() -> None:
    web = Path(telling.__file__).parents[1]
    actions = {
        action.partition("{")[0].rstrip(":")
        for file in web.rglob("*.py")
        for action in re.findall(r'leave_trace\([^,]+, [^,]+, f?"([a-z:{}._-]+)"', file.read_text())
    }
    assert len(actions) > 15
    assert not [action for action in actions if done_words(action) == action]


def test_after_somebody_was_erased_nothing_of_them_is_kept_warm(house: House) -> None:
    kept: Kept[str] = Kept(3)
    made: list[int] = []

    def make() -> str:
        made.append(1)
        return "words"

    assert [kept.get("key", make) for _ in range(2)] == ["words", "words"] and len(made) == 1
    chart = open_chart(house.people["clinician"], "Gone, G.")
    assert house.browser("owner").post(f"/charts/{chart.id}/erase/", {"label": "Gone, G."}).status_code == 302
    kept.get("key", make)
    assert len(made) == 2
