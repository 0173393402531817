"""An override never makes a later, newer or other fact go unseen, whatever rule it was signed for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.people import ON, healthy

from needling.documents import Assessment, Override, Person
from needling.knowledge import load_knowledge
from needling.planning.screen import screen, signed_for

KB = load_knowledge()
FACTS = KB.by("facts")
RULES = {rule.id: rule for rule in KB.rules if rule.then.action in ("defer", "refer")}
AGAIN = {name for check in KB.follow_ups for name in check.asks}
ZONES = (("cheek-left", "acne-scars-rolling", 40.0), ("decollete", "wrinkles-face", 60.0))
NAMES = sorted(name for name, fact in FACTS.items() if fact.kind in ("yes-no", "date"))


@st.composite
def answers(draw: Any, on: date) -> dict[str, Any]:
    """Some answers that are no quiet ones, with days before them."""
    told: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=6, unique=True)):
        fact = FACTS[name]
        if fact.kind == "yes-no" and fact.never_of_sex is None:
            told[name] = draw(st.sampled_from([True, False, None]))
        elif fact.kind == "date":
            told[name] = (on - timedelta(days=draw(st.integers(0, 200)))).isoformat()
    for name in list(told):
        parent = FACTS[name].only_if
        if parent:  # a day belongs to a yes
            told[parent] = True
    return told


def look(told: dict[str, Any], on: date) -> tuple[Person, Assessment]:
    return healthy(KB, on=on, zones=ZONES, **told)


def one_signed(rule: str, told: dict[str, Any]) -> Override | None:
    person, seen = look(told, ON)
    found = signed_for(RULES[rule], person, seen, KB)
    if not found:
        return None
    return Override(rule=rule, reason="rule-does-not-apply", by="a", second="b", on=ON, occurrences=found)


@settings(max_examples=150)
@given(data=st.data(), days=st.integers(0, 90), rule=st.sampled_from(sorted(RULES)))
def test_what_is_set_aside_was_there_when_it_was_signed(data: Any, days: int, rule: str) -> None:
    """Read from the answers themselves: the zone and each answer were signed; no day is newer; and of what has no day
    and the rule waits for, or is in the skin, nothing of another day."""
    then = data.draw(answers(ON), label="signed")
    leaf = next(name for name in NAMES if any(name in str(part) for part in RULES[rule].when.items()))
    then = {**then, leaf: True} if FACTS[leaf].kind == "yes-no" and FACTS[leaf].never_of_sex is None else then
    override = one_signed(rule, then)
    assume(override is not None)
    assert override is not None
    on = ON + timedelta(days=days)
    now = {**then, **data.draw(answers(on), label="now")}
    assume(all(now.get(FACTS[name].only_if or "", True) is True for name in now))
    person, seen = look(now, on)
    plain = {(one.rule, one.zone): one for one in screen(person, seen, KB).decisions}
    found = screen(person, seen.model_copy(update={"overrides": (override,)}), KB)
    at = {one.zone: {fact.name: fact.value for fact in one.facts} for one in override.occurrences}
    for one in found.decisions:
        assert (one.rule, one.zone) in plain
        if not one.overridden:
            continue
        assert one.rule == rule and one.zone in at, "another rule or another zone"
        for name, value in then.items():
            if name in at[one.zone]:
                assert at[one.zone][name] == value
        own = {name for name in at[one.zone] if name in AGAIN or FACTS[name].only_if in AGAIN}
        dated = [name for name in at[one.zone] if FACTS[name].kind == "date"]
        for name in dated:
            assert str(now[name]) <= str(then[name]), "a newer day went unseen"
        if own and not dated and days and (one.action == "defer" or any(FACTS[n].scope == "zone" for n in own)):
            raise AssertionError(f"{rule}, told again after {days} days, went unseen")
    assert {one.rule for one in found.decisions} == {one.rule for one in plain.values()}


@settings(max_examples=60)
@given(days=st.integers(1, 200), rule=st.sampled_from(sorted(RULES)))
def test_a_newer_one_of_the_same_kind_always_stands(days: int, rule: str) -> None:
    """The same answers with their day on the day of the session; without a day for what passes."""
    waits = RULES[rule].then.after
    yes = [name for name in NAMES if FACTS[name].kind == "yes-no" and f"'{name}'" in str(RULES[rule].when)]
    assume(RULES[rule].then.action == "defer" and not any(FACTS[name].never_of_sex for name in yes))
    told: dict[str, Any] = dict.fromkeys(yes, True)
    told |= {FACTS[waits].only_if or yes[0]: True} if waits else {}
    override = one_signed(rule, told | ({waits: ON.isoformat()} if waits else {}))
    assert override is not None
    on = ON + timedelta(days=days)
    person, seen = look(told | ({waits: on.isoformat()} if waits else {}), on)
    found = screen(person, seen.model_copy(update={"overrides": (override,)}), KB)
    assert found.verdict != "go"
    assert [one.overridden for one in found.decisions if one.rule == rule].count(True) == 0
