"""One time for each thing: whatever is computed, published or said by steps and products, no sheet tells two."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from needling.documents import NotBefore, Plan, Session, Stroke
from needling.knowledge import load_knowledge
from needling.knowledge.base import Knowledge
from needling.knowledge.checks import cross_check
from needling.knowledge.schema import CareStep, Restart
from needling.planning.aftercare import Timetable, timetable
from needling.report.about_aftercare import timeline_sections
from needling.report.bibliography import Bibliography
from needling.report.explanation import Telling

KB = load_knowledge()
AFTER = [step for step in KB.care if step.phase == "after"]
THINGS = [wait.id for wait in KB.waits]
ZONES = [site.id for site in KB.sites if not site.never]
HOURS = st.floats(min_value=0, max_value=2000, allow_nan=False)


def plan_of(zones: list[str], length_mm: float, steps: list[str]) -> Plan:
    strokes = tuple(
        Stroke(zone=zone, needle_length_mm=length_mm, directions_count=4, passes_count=4, force_N=3) for zone in zones
    )
    session = Session(
        day_d=0, device=KB.devices[0].id, strokes=strokes, endpoint="erythema", aftercare=tuple(steps),
        topicals=tuple(one.id for one in KB.topicals if one.gate == "allowed"),
    )  # fmt: skip
    return Plan(
        person="p", label="x", envelope="clinic", sessions=(session,), start=date(2026, 9, 1),
        clearance_sha256="a" * 64, knowledge_version=KB.version, knowledge_sha256=KB.sha256,
    )  # fmt: skip


def forecast_of(computed: dict[str, float | None], length_mm: float) -> tuple[NotBefore, ...]:
    found = []
    for wait in KB.waits:
        published = wait.published_h if length_mm <= 0.3 else wait.published_long_h
        own = computed.get(wait.id)
        found.append(
            NotBefore(
                item=wait.id, label=wait.name, computed_h=own, published_h=published,
                hours_h=max(published, own or 0), because=wait.because, sources=wait.sources,
            )
        )  # fmt: skip
    return tuple(found)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Plan, tuple[NotBefore, ...], Knowledge]:
    """Any plan, any computed hours, and steps that may say any hour of any thing."""
    length = draw(st.sampled_from([0.2, 0.3, 0.5, 1.0, 1.5, 2.5]))
    names = draw(st.lists(st.sampled_from([step.id for step in AFTER]), unique=True))
    zones = draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True))
    computed = draw(st.dictionaries(st.sampled_from(THINGS), st.none() | HOURS))
    own = st.builds(Restart, thing=st.sampled_from(THINGS), from_h=st.none() | HOURS)
    said = draw(st.dictionaries(st.sampled_from([step.id for step in AFTER if step.about]), st.lists(own, max_size=3)))
    care = tuple(step.model_copy(update={"about": tuple(said.get(step.id) or step.about)}) for step in KB.care)
    return plan_of(zones, length, names), forecast_of(computed, length), KB.replace(care=care)


def longest_by_hand(plan: Plan, waits: tuple[NotBefore, ...], kb: Knowledge) -> dict[str, float]:
    """The second way to the same times: every number that any part gives, sorted, the last one taken."""
    long = plan.sessions[0].strokes[0].needle_length_mm > 0.3
    zones = {stroke.zone for stroke in plan.sessions[0].strokes}
    given: dict[str, list[float]] = {wait.item: [wait.published_h, wait.computed_h or 0.0] for wait in waits}
    listed = {wait.id: wait for wait in kb.waits}
    for step in kb.care:
        if step.id in plan.sessions[0].aftercare and (not step.sites or zones & set(step.sites)):
            for part in step.about:
                given[part.thing].append(part.from_h or 0.0)
    for topical in kb.topicals:
        if topical.gate == "wait" and topical.about and topical.wait_h:
            short = listed[topical.id].published_h if topical.id in listed else topical.wait_h
            given[topical.about].append(topical.wait_h if long else short)
    washed = sorted(given["water"])[-1]  # sweat, heat and products have to come off again
    return {
        thing: sorted([*hours, washed])[-1]
        for thing, hours in given.items()
        if not listed[thing].sites or zones & set(listed[thing].sites)
    }


@settings(max_examples=150, deadline=None)
@given(case=cases())
def test_each_thing_has_exactly_one_time_and_it_is_the_longest(
    case: tuple[Plan, tuple[NotBefore, ...], Knowledge],
) -> None:
    plan, waits, kb = case
    found = timetable(plan, waits, kb)
    things = [one.thing for one in found.times]
    assert len(things) == len(set(things))
    assert {one.thing: one.hours_h for one in found.times} == longest_by_hand(plan, waits, kb)
    for one in found.times:
        assert one.binding and all(ground.hours_h < one.hours_h for ground in one.overruled if ground.hours_h)
    assert not [step.id for step in found.steps if step.about], "a step about a thing stands beside its time"


@settings(max_examples=60, deadline=None)
@given(case=cases(), thing=st.sampled_from(THINGS), hours=HOURS)
def test_more_advice_never_shortens_a_wait(
    case: tuple[Plan, tuple[NotBefore, ...], Knowledge], thing: str, hours: float
) -> None:
    plan, waits, kb = case
    before = {one.thing: one.hours_h for one in timetable(plan, waits, kb).times}
    extra = CareStep(id="extra", phase="after", order=999, says="x", about=(Restart(thing=thing, from_h=hours),))
    session = plan.sessions[0].model_copy(update={"aftercare": (*plan.sessions[0].aftercare, "extra")})
    more = timetable(plan.model_copy(update={"sessions": (session,)}), waits, kb.replace(care=(*kb.care, extra)))
    after = {one.thing: one.hours_h for one in more.times}
    assert set(after) == set(before)
    longer = {thing} if thing != "water" else set(THINGS)  # what may not be washed off may not be begun
    assert all(after[name] == (max(hours, before[name]) if name in longer else before[name]) for name in before)


@settings(max_examples=60, deadline=None)
@given(case=cases())
def test_the_sheet_says_each_thing_once_and_no_step_beside_it(
    case: tuple[Plan, tuple[NotBefore, ...], Knowledge],
) -> None:
    plan, waits, kb = case
    telling = Telling(kb, "person", False, Bibliography(kb))
    sections = timeline_sections(plan, _forecast(waits), telling)
    said = [str(one) for section in sections for one in section.statements()]
    again = [
        name.lower()
        for section in sections
        if section.title.endswith("may start again")
        for point in section.points
        for name in point.lead.split("; ")
    ]
    found = timetable(plan, waits, kb)
    assert sorted(again) == sorted(one.label.lower() for one in found.times)
    for step in kb.care:
        if step.about:
            assert not any(step.says.strip() in one for one in said), step.id


def _forecast(waits: tuple[NotBefore, ...]) -> Any:
    class Only:
        not_before = waits

    return Only()


# ---------------------------------------------------------------- the shipped words

_TIME = re.compile(
    r"\b(\d+|one|two|three|four|five|six|seven|eight|ten)\s+(hour|day|week|month)|\bday \d|\bfirst day", re.I
)
_WORDS = {
    "cleanser": r"\bwash|cleanser|soap\b(?! and)",
    "make-up": r"make-up",
    "sunscreen": r"sunscreen|SPF",
    "actives": r"\bacid|benzoyl|hydroquinone",
    "retinoid-vitamin-c": r"retinoid|vitamin C",
    "minoxidil": r"minoxidil",
    "exercise": r"\bsport|sweat",
    "sauna": r"sauna|steam|hot bath",
    "pool-sea": r"\bpool\b|\bsea\b",
    "shaving": r"shav",
    "hair-removal": r"waxing|self-tanner",
    "sun-tan": r"tanning|\bsun\b",
    "next-procedure": r"peel|laser|another procedure",
}
_ROLLER = ("home-wash", "home-rinse", "home-disinfect")  # what is said of the roller, not of the skin


def test_how_and_meanwhile_name_no_time() -> None:
    for wait in KB.waits:
        assert not _TIME.search(f"{wait.meanwhile} {wait.then}"), wait.id


def test_a_step_that_stands_by_itself_speaks_of_nothing_on_the_list() -> None:
    """The words are a second reading of the data: whoever writes of sunscreen must say that the step is about it."""
    silent = [step for step in AFTER if not step.about and not step.id.startswith(_ROLLER) and step.ref[:2] == "AC"]
    wrong = [
        (step.id, thing) for step in silent for thing, words in _WORDS.items() if re.search(words, step.says, re.I)
    ]
    assert not wrong


def test_every_product_that_waits_belongs_to_a_thing() -> None:
    assert not [one.id for one in KB.topicals if one.gate == "wait" and one.about is None]


def test_the_scalp_stays_on_the_scalp() -> None:
    def things(zone: str) -> set[str]:
        steps = [step.id for step in AFTER]
        return {one.thing for one in timetable(plan_of([zone], 1.0, steps), forecast_of({}, 1.0), KB).times}

    assert "minoxidil" in things("scalp") & things("cheek-left"), "beards have their users too"
    assert "minoxidil" not in things("abdomen")
    assert "make-up" in things("cheek-left") and "make-up" not in things("scalp")
    assert "minoxidil" in things("a-zone-of-other-knowledge"), "nothing is left out on a guess"


def test_an_empty_plan_has_no_times() -> None:
    plan = plan_of(["cheek-left"], 1.0, []).model_copy(update={"sessions": ()})
    assert timetable(plan, forecast_of({}, 1.0), KB) == Timetable((), (), ())


def test_a_product_of_an_own_list_that_names_no_thing_is_told_by_itself() -> None:
    own = next(one for one in KB.topicals if one.id == "niacinamide")
    product = own.model_copy(update={"id": "own-balm", "name": "Own balm", "about": None, "wait_h": 50.0})
    kb = KB.replace(topicals=(*KB.topicals, product))
    (found,) = (one for one in timetable(plan_of(["cheek-left"], 1.0, []), (), kb).times if one.thing == "own-balm")
    assert (found.label, found.hours_h) == ("Own balm", 50.0)


class _Somewhere:
    def where(self, section: str, name: str) -> str:
        return f"{section}/{name}"


def test_a_name_that_is_not_on_the_list_is_found() -> None:
    def problems(**changed: Any) -> list[str]:
        found = cross_check(KB.replace(**changed), cast(Any, _Somewhere()))
        return [one for one in found if "after-sun-shade" in one or "aha-bha" in one]

    step = next(one for one in KB.care if one.id == "after-sun-shade")
    others = tuple(one for one in KB.care if one is not step)
    wrong = step.model_copy(update={"about": (Restart(thing="sunscren", from_h=24),)})
    assert any("sunscren" in one and "sunscreen" in one for one in problems(care=(*others, wrong)))
    nowhere = step.model_copy(update={"sites": ("cheeck",)})
    assert any("cheeck" in one for one in problems(care=(*others, nowhere)))
    product = next(one for one in KB.topicals if one.id == "aha-bha")
    rest = tuple(one for one in KB.topicals if one is not product)
    assert problems(topicals=(*rest, product.model_copy(update={"about": "acids"})))
    assert problems(topicals=(*rest, product.model_copy(update={"gate": "never"})))
    assert not problems()
