"""No path makes a plan outside its envelope; unknown never becomes a pass; order changes nothing."""

from __future__ import annotations

import contextlib
import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.people import ON, healthy

from needling.documents import Assessment, Goals, Person, Plan
from needling.errors import BadInput
from needling.knowledge import load_knowledge
from needling.planning.assemble import plan_from_sentence
from needling.planning.envelope import breaches, min_interval_d
from needling.planning.propose import propose
from needling.planning.protocol import parse, phases_of, say, say_phases
from needling.planning.screen import VERDICTS, screen

KB = load_knowledge()
YES_NO = [fact for fact in KB.facts if fact.kind == "yes-no"]
ZONES = [
    zone for site in KB.sites for zone in ((f"{site.id}-left", f"{site.id}-right") if site.two_sided else (site.id,))
]
CONCERNS = list(KB.by("indications"))

fact_values = st.one_of(st.none(), st.booleans())


@st.composite
def anyone(draw: st.DrawFn) -> tuple[Person, Assessment, Goals]:
    """A person with any mixture of answers, zones, concerns and wishes."""
    facts: dict[str, Any] = {fact.name: fact.quiet for fact in YES_NO}
    for name in draw(st.lists(st.sampled_from(sorted(facts)), max_size=4, unique=True)):
        facts[name] = draw(fact_values)
    zones = draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True))
    concern = draw(st.sampled_from(CONCERNS))
    device = draw(st.one_of(st.none(), st.sampled_from(sorted(KB.by("devices")))))
    person = Person.model_validate(
        {
            "id": "p",
            "birth_year": draw(st.one_of(st.none(), st.integers(1940, 2012))),
            "phototype": draw(st.sampled_from([None, "I", "II", "III", "IV", "V", "VI"])),
            "sex_at_birth": draw(st.sampled_from([None, "female", "male", "intersex"])),
            "facts": facts,
        }
    )
    assessment = Assessment.model_validate(
        {
            "person": "p",
            "on": ON,
            "setting": draw(st.sampled_from(["home", "clinic"])),
            "zones": [{"zone": zone, "concern": concern, "area_cm2": draw(st.floats(1, 500))} for zone in zones],
        }
    )
    return person, assessment, Goals(device=device)


@settings(max_examples=150, deadline=None)
@given(anyone())
def test_no_proposal_leaves_its_envelope(case: tuple[Person, Assessment, Goals]) -> None:
    person, assessment, goals = case
    clearance = screen(person, assessment, KB)
    plans = propose(person, assessment, clearance, KB, goals)
    assert not plans[0].sessions, "no treatment is always the first candidate"
    envelope = KB.envelope(assessment.setting)
    for plan in plans[1:]:
        assert clearance.verdict == "go" and not clearance.asks
        assert not breaches(plan, clearance, KB)
        # Said again without the engine's own code: the outermost numbers.
        for session in plan.sessions:
            assert session.endpoint in envelope.endpoints
            for stroke in session.strokes:
                site = KB.site(stroke.zone)
                ceiling = site.home_max_mm if assessment.setting == "home" else site.clinic_max_mm
                assert not site.never
                assert stroke.needle_length_mm <= min(
                    ceiling,
                    envelope.written_plan_needle_max_mm or 0
                    if assessment.setting == "home"
                    else envelope.needle_max_mm,
                )
        days = sorted({session.day_d for session in plan.sessions})
        shortest = min(stroke.needle_length_mm for s in plan.sessions for stroke in s.strokes)
        for before, after in itertools.pairwise(days):
            assert after - before >= min_interval_d(envelope, shortest)


@settings(max_examples=150, deadline=None)
@given(anyone(), st.sampled_from([fact.name for fact in YES_NO]))
def test_forgetting_an_answer_never_turns_a_stop_into_a_go(case: tuple[Person, Assessment, Goals], name: str) -> None:
    person, assessment, _ = case
    known = screen(person, assessment, KB)
    forgotten = person.model_copy(
        update={
            "facts": tuple(
                fact.model_copy(update={"value": None}) if fact.name == name else fact for fact in person.facts
            )
        }
    )
    unknown = screen(forgotten, assessment, KB)
    if unknown.verdict == "go":
        assert known.verdict == "go"


@settings(max_examples=100, deadline=None)
@given(anyone())
def test_answering_a_question_removes_it_and_the_stricter_answer_wins(case: tuple[Person, Assessment, Goals]) -> None:
    person, assessment, _ = case
    clearance = screen(person, assessment, KB)
    fired = [decision.action for decision in clearance.decisions if decision.zone is None and not decision.overridden]
    if "exclude" in fired:
        assert clearance.verdict == "exclude"
    if clearance.verdict == "go":
        assert not clearance.asks
        assert not {"exclude", "refer", "defer"} & set(fired)


@settings(max_examples=60, deadline=None)
@given(anyone(), st.randoms())
def test_the_order_of_zones_and_facts_changes_nothing(case: tuple[Person, Assessment, Goals], random: Any) -> None:
    person, assessment, _ = case
    facts, zones = list(person.facts), list(assessment.zones)
    random.shuffle(facts)
    random.shuffle(zones)
    again = screen(
        person.model_copy(update={"facts": tuple(facts)}), assessment.model_copy(update={"zones": tuple(zones)}), KB
    )
    first = screen(person, assessment, KB)
    assert again.verdict == first.verdict
    assert {zone.zone: zone.verdict for zone in again.zones} == {zone.zone: zone.verdict for zone in first.zones}


@pytest.mark.parametrize("concern", ["acne-scars-rolling", "striae", "wrinkles-face", "hair-thinning"])
@pytest.mark.parametrize("setting", ["clinic", "home"])
def test_every_proposed_plan_says_its_protocol_and_reads_it_back(concern: str, setting: str) -> None:
    site = {"striae": "abdomen", "hair-thinning": "scalp"}.get(concern, "cheek-left")
    person, assessment = healthy(KB, setting, zones=((site, concern, 60.0),))
    clearance = screen(person, assessment, KB)
    plans = propose(person, assessment, clearance, KB)
    assert len(plans) > 1
    for plan in plans:
        sentence = say(plan, KB)
        assert say_phases(parse(sentence, setting, KB), setting, KB) == sentence
        assert parse(sentence, setting, KB) == phases_of(plan)
        if plan.sessions:
            again = plan_from_sentence(sentence, person, assessment, clearance, KB)
            assert [(s.day_d, s.device, s.strokes) for s in again.sessions] == [
                (s.day_d, s.device, s.strokes) for s in plan.sessions
            ]


def test_the_house_sentence() -> None:
    sentence = "1.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3"
    (phase,) = parse(sentence, "clinic", KB)
    assert phase.interval_d == 42 and phase.sessions_count == 3
    assert phase.groups[0].zones == ("cheek-left", "cheek-right")
    assert say_phases((phase,), "clinic", KB) == sentence


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("1.5 mm roller, cheeks, every 6 weeks x 3", "cannot read"),
        ("1.5 mm roller, 4 directions x 4 passes, cheeks", "must end in"),
        ("1.5 mm roller, 4 directions x 4 passes, cheks, every 6 weeks x 3", "did you mean 'cheek"),
        (
            "1.5 mm roller (rolller-mf8), 4 directions x 4 passes, cheeks, every 6 weeks x 3",
            "did you mean 'roller-mf8'",
        ),
        ("1.5.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3", "not a needle length"),
    ],
)
def test_a_sentence_that_cannot_be_read_says_where(sentence: str, said: str) -> None:
    with pytest.raises(BadInput, match=said.replace("(", r"\(")):
        parse(sentence, "clinic", KB)


@given(st.text(max_size=120))
def test_any_text_is_a_protocol_or_bad_input(text: str) -> None:
    with contextlib.suppress(BadInput):
        parse(text, "clinic", KB)


def deeper(plan: Plan, **change: Any) -> Plan:
    session = plan.sessions[0]
    strokes = (session.strokes[0].model_copy(update=change), *session.strokes[1:])
    return plan.model_copy(update={"sessions": (session.model_copy(update={"strokes": strokes}), *plan.sessions[1:])})


def test_each_kind_of_breach_is_found() -> None:
    person, assessment = healthy(KB, zones=(("cheek-left", "acne-scars-rolling", 60.0),))
    clearance = screen(person, assessment, KB)
    plan = propose(person, assessment, clearance, KB)[1]
    assert not breaches(plan, clearance, KB)
    session = plan.sessions[0]

    def found(changed: Plan) -> str:
        return " ".join(breach.what for breach in breaches(changed, clearance, KB))

    assert "2.5 mm needles" in found(deeper(plan, needle_length_mm=2.5))
    assert "zone forehead" in found(deeper(plan, zone="forehead"))
    assert "passes" in found(deeper(plan, passes_count=40))
    assert "N on the drum" in found(deeper(plan, force_N=15.0))
    assert "another person" in found(plan.model_copy(update={"person": "someone-else"}))
    assert "another version of the knowledge" in found(plan.model_copy(update={"knowledge_sha256": "0" * 64}))
    assert "home envelope" in found(plan.model_copy(update={"envelope": "home"})) or "at home" in found(
        plan.model_copy(update={"envelope": "home"})
    )
    assert "endpoint confluent" in found(
        plan.model_copy(update={"sessions": (session.model_copy(update={"endpoint": "confluent"}),)})
    )
    close = session.model_copy(update={"day_d": 1.0})
    assert "1 days between sessions" in found(plan.model_copy(update={"sessions": (session, close)}))
    excluded = screen(*healthy(KB, pregnant=True), KB)
    assert "a plan with sessions" in " ".join(breach.what for breach in breaches(plan, excluded, KB))


def test_verdict_order_is_total() -> None:
    assert VERDICTS == ("go", "defer", "refer", "exclude")
