"""Explanations: exactly the sources used, plain words for the person, unknown said to be unknown."""

from __future__ import annotations

import re

import pytest
from tests.people import healthy
from tests.unit import report_documents as made

from needling.choosing import choose
from needling.documents import Assessment, Case, Choice, Citation, Clearance, Goals, Harm, Person, Reason
from needling.knowledge import load_knowledge
from needling.knowledge.base import Knowledge
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.report.about_clearance import verdict_headline, verdict_sentence
from needling.report.explain import explain
from needling.report.explanation import COLUMNS, Explanation
from needling.report.words import NOTICE
from needling.simulation import Belief, simulate_many

BANNED = re.compile(r"\b(treat(s|ed|ing|ment)?|cur(e|es|ed|ing)|flawless)\b", re.I)
PER_CENT = re.compile(r"\d ?%")


@pytest.fixture(scope="module")
def base() -> Knowledge:
    return made.knowledge()


def everything(base: Knowledge) -> dict[str, Explanation]:
    subjects: dict[str, tuple[Choice | Clearance, Clearance | None]] = {
        "clinic": (made.choice(), made.clearance()),
        "home": (made.home_choice(), made.clearance("home")),
        "nothing": (made.choice(made.nothing_plan()), made.clearance()),
        "deferred": (made.deferred(), None),
        "deferred with a choice": (made.choice(made.nothing_plan("home")), made.deferred()),
        "alone": (made.choice(), None),
    }
    return {
        f"{name}, {reader}": explain(subject, base, reader, clearance, made.case())
        for name, (subject, clearance) in subjects.items()
        for reader in ("person", "clinician")
    }


def numbers_in(explanation: Explanation) -> set[int]:
    return {
        number
        for section in explanation.sections
        for one in section.statements()
        for number in (*one.supports, *one.conflicts)
    }


def test_the_bibliography_is_exactly_what_the_text_cites(base: Knowledge) -> None:
    for name, explanation in everything(base).items():
        listed = [reference.number for reference in explanation.bibliography]
        assert listed == list(range(1, len(listed) + 1)), name
        assert numbers_in(explanation) == set(listed), name
        keys = [reference.key for reference in explanation.bibliography]
        assert len(set(keys)) == len(keys) and "unused2020" not in keys, name


def test_numbers_in_the_plain_text_are_those_of_the_sections(base: Knowledge) -> None:
    for name, explanation in everything(base).items():
        body = str(explanation).partition("\nSources\n")[0]
        written = {
            int(number)
            for mark in re.findall(r"\[((?:against: )?\d[^\]]*)\]", " ".join(body.split()))
            for number in re.findall(r"\d+", mark)
        }
        assert written == numbers_in(explanation), name


def test_a_source_says_why_it_is_used_and_what_speaks_against_it(base: Knowledge) -> None:
    explanation = explain(made.choice(), base, "clinician", made.clearance())
    by_key = {reference.key: reference for reference in explanation.bibliography}
    series, against = by_key["dogra2014"], by_key["alqarqaz"]
    assert series.reason == "Pigment marks and tracks in darker skin"
    assert "Why this answer" in series.used_for
    assert against.number in series.contradicted_by and series.number in against.contradicted_by
    assert "Why this answer" in against.speaks_against and not against.used_for
    assert against.access_words == "known through another text"
    assert "the other side" in str(explanation)


def test_a_source_that_the_knowledge_lacks_is_said_to_be_missing(base: Knowledge) -> None:
    decision = made.dark_skin_decision().model_copy(update={"sources": (Citation(key="gone1999"),)})
    clearance = made.clearance().model_copy(update={"decisions": (decision,)})
    explanation = explain(clearance, base, "clinician")
    assert "not in this knowledge base" in str(explanation)


def test_lines_fit_80_columns(base: Knowledge) -> None:
    for name, explanation in everything(base).items():
        assert max(map(len, str(explanation).splitlines())) <= COLUMNS, name


def test_it_ends_and_begins_with_what_this_is(base: Knowledge) -> None:
    for explanation in everything(base).values():
        assert " ".join(str(explanation).split()).count(NOTICE) == 2


def test_home_words_promise_nothing(base: Knowledge) -> None:
    for name in ("home, person", "deferred, person"):
        assert not BANNED.findall(str(everything(base)[name])), name


def test_the_person_reads_people_and_no_per_cent(base: Knowledge) -> None:
    for name, explanation in everything(base).items():
        if name.endswith("person"):
            assert not PER_CENT.findall(str(explanation)), name
    said = str(everything(base)["clinic, person"])
    assert "31 of 50 people like you" in said
    assert "careful gain 0.88 meaningful changes" not in said


def test_the_clinician_reads_bands_and_rule_ids(base: Knowledge) -> None:
    said = " ".join(str(everything(base)["clinic, clinician"]).split())
    assert "dark-skin-caution, CI23, caution" in said
    assert "for 9 of 10 people" in said and "for the person in the middle" in said
    assert "0.75 for the person in the middle" in said


def test_a_harm_of_unknown_rate_is_said_to_be_unknown(base: Knowledge) -> None:
    for reader in ("person", "clinician"):
        section = explain(made.choice(), base, reader).section("harms")
        row = next(row for row in section.tables[0].rows if "nfection" in row.cells[0])
        assert row.cells[1] == row.cells[2] == "not known"
        assert "nobody knows how often" in " ".join(map(str, section.paragraphs))


def test_a_rare_harm_is_never_rounded_to_nothing(base: Knowledge) -> None:
    choice = made.choice()
    rare = Harm(
        harm="serious",
        label="A serious harm",
        probability=0.0003,
        low_probability=0.0,
        high_probability=0.001,
        basis="0 of 1845",
    )
    forecast = choice.forecast.model_copy(update={"harms": (*choice.forecast.harms, rare)})
    section = explain(choice.model_copy(update={"forecast": forecast}), base).section("harms")
    row = next(row for row in section.tables[0].rows if row.cells[0] == "A serious harm")
    assert row.cells[1] == "fewer than 1 of 1000"


def test_proposals_are_labelled_and_counted(base: Knowledge) -> None:
    explanation = explain(made.choice(), base, "clinician", made.clearance())
    assert "(our proposal)" in str(explanation)
    own = sum(one.proposal for section in explanation.sections for one in section.statements())
    assert own and sum(int(row.cells[2]) for row in explanation.section("provenance").tables[0].rows) == own


def test_open_questions_and_both_sides_are_shown(base: Knowledge) -> None:
    for reader in ("person", "clinician"):
        explanation = explain(made.choice(), base, reader, made.clearance())
        assert "strong sun" in str(explanation.section("questions").points[0])
        leads = [point.lead for point in explanation.section("conflicts").points]
        assert [lead.rpartition(" ")[2] for lead in leads[:2]] == ["side", "side"]


def test_a_declined_wish_and_the_sheet_for_the_clinic(base: Knowledge) -> None:
    home = explain(made.home_choice(), base, "person", made.clearance("home"))
    assert "Declined: 1.5 mm on the cheek at home" in str(home)
    sheet = explain(made.deferred(), base, "person", case=made.case("home")).section("handoff")
    told = {row.cells[0]: row.cells[1] for row in sheet.tables[0].rows}
    assert told["Skin type"] == "V"
    tables = {table.caption: table.rows for table in sheet.tables}
    assert any("Pregnant" in row.cells[1] for row in tables["Answered no"])
    assert any("Do your scars grow thick and raised" in row.cells[1] for row in tables["Asked, and not known"])
    ruled = tables["What the rules decided"]
    assert any("Isotretinoin" in row.cells[0] and "3 Jan 2027" in row.cells[2] for row in ruled)
    assert any("thick and raised" in row.cells[0] for row in tables["What is still open"])


def test_an_answer_that_is_not_known_is_never_a_no(base: Knowledge) -> None:
    sheet = explain(made.deferred(), base, "person", case=made.case("home")).section("handoff")
    (noes,) = (table for table in sheet.tables if table.caption == "Answered no")
    assert not any("thick" in cell for row in noes.rows for cell in row.cells)


def test_the_sheet_names_the_wish_and_what_nobody_asked(base: Knowledge) -> None:
    why = Reason(what="1.5 mm on the cheek at home", why="The limit here is 0.3 mm: home envelope.")
    plan = made.nothing_plan("home").model_copy(update={"declined": (why, why)})
    choice = made.choice(plan).model_copy(update={"goals": Goals(needle_length_mm=1.5)})
    sheet = explain(choice, base, "person", made.deferred(), made.case("home")).section("handoff")
    tables = {table.caption: table.rows for table in sheet.tables}
    wish = tables["What was wished"]
    assert "1.5 mm" in wish[0].cells[1] and wish[1].cells[0].startswith("Declined") and len(wish) == 2
    assert "longer needles reach living skin" in wish[1].cells[1] and "envelope" not in wish[1].cells[1]
    asked = {fact.name for fact in made.case("home").person.facts}
    never = [fact for fact in base.facts if fact.name not in asked and fact.only_if is None]
    told = " ".join(cell for row in tables.get("Not asked", ()) for cell in row.cells)
    assert all((fact.ask_clinician or fact.ask).rstrip("?") in told for fact in never if fact.name != "sun_planned")


def test_who_may_not_is_not_told_how(kb: Knowledge) -> None:
    quiet = {fact.name: False for fact in kb.facts if fact.kind == "yes-no"}

    def told(**known: bool) -> tuple[Clearance, str]:
        person = Person.model_validate(
            {"id": "you", "birth_year": 1990, "phototype": "V", "sex_at_birth": "female",
             "facts": {n: v for n, v in {**quiet, **known}.items() if kb.by("facts")[n].scope == "person"}}
        )  # fmt: skip
        seen = Assessment.model_validate(
            {"person": "you", "on": "2026-11-21", "setting": "home",
             "facts": {n: v for n, v in {**quiet, **known}.items() if kb.by("facts")[n].scope == "zone"},
             "zones": [{"zone": "cheek-left", "concern": "pores-dullness", "area_cm2": 30}]}
        )  # fmt: skip
        found = screen(person, seen, kb)
        return found, str(explain(found, kb, "person", case=Case(person=person, assessment=seen)))

    going, said = told()
    assert going.verdict == "go" and "Good to know" in said and "Take care" in said
    for known in ({"pregnant": True}, {"anticoagulant": True}, {"keloid_history": True}, {"active_acne": True}):
        stopped, said = told(**known)
        assert stopped.verdict != "go" and {"note", "caution"} & {one.action for one in stopped.decisions}
        assert "Good to know" not in said and "Take care" not in said and "2 by 2 cm" not in said
        assert "Patch test before" not in said


@pytest.mark.parametrize(
    ("known", "headline"),
    [
        ({"trouble_after_needling": True}, "Get medical care today"),
        ({"active_acne": True}, "Not yet"),
        ({"pregnant": True}, "Not yet"),
        ({"rash_or_wound": True}, "Not yet"),
        ({"tattoo": True}, "Not on that spot"),
        ({"shared_roller": True}, "Not with this roller"),
        ({"steel_allergy": True}, "Not suitable"),
        ({"anticoagulant": True}, "A clinician must look first"),
        ({"isotretinoin": True}, "Not at home"),
        ({"shared_roller": True, "active_acne": True}, "Not yet"),
        ({"active_acne": True, "trouble_after_needling": True}, "Get medical care today"),
    ],
    ids=str,
)
def test_waiting_is_not_called_never(kb: Knowledge, known: dict[str, bool], headline: str) -> None:

    facts: dict[str, bool | str] = {fact.name: False for fact in kb.facts if fact.kind == "yes-no"} | known
    facts |= {"isotretinoin_stopped": "2026-11-01"} if known.get("isotretinoin") else {}
    by = kb.by("facts")
    person = Person.model_validate(
        {"id": "you", "birth_year": 1990, "phototype": "II", "sex_at_birth": "female",
         "facts": {n: v for n, v in facts.items() if by[n].scope == "person"}}
    )  # fmt: skip
    seen = Assessment.model_validate(
        {"person": "you", "on": "2026-11-21", "setting": "home",
         "facts": {n: v for n, v in facts.items() if by[n].scope == "zone"},
         "zones": [{"zone": "cheek-left", "concern": "pores-dullness", "area_cm2": 30}]}
    )  # fmt: skip
    found = screen(person, seen, kb)
    assert verdict_headline(found) == headline
    assert verdict_sentence(found, person=True).endswith(".")


def test_waiting_times_are_the_later_ones_and_never_rounded_down(base: Knowledge) -> None:
    rows = explain(made.choice(), base, "clinician").section("not-before").tables[0].rows
    cells = {row.cells[0]: row.cells[1:] for row in rows}
    assert cells["Make-up"] == ("32 hours", "32 hours", "24 hours", "no time", "computed")
    assert cells["Sport and sweat"] == ("3 days", "not computed", "3 days", "no time", "published")


def test_no_forecast_is_no_number(base: Knowledge) -> None:
    said = str(explain(made.home_choice(), base, "person", made.clearance("home")))
    assert "no data that would allow an honest" in " ".join(said.split())
    assert "people like you gain" not in said
    assert "not known" in explain(made.home_choice(), base).section("choice").tables[0].rows[0].cells[1]


def test_a_stopped_person_gets_no_plan_but_reasons(base: Knowledge) -> None:
    explanation = explain(made.choice(made.nothing_plan("home")), base, "person", made.deferred())
    names = [section.id for section in explanation.sections]
    assert "why" in names and "handoff" in names
    assert not {"plan", "expect", "not-before", "after"} & set(names)
    assert explanation.title == "Is needling for you?"


def test_alike_zones_are_told_once_with_the_fewest_dots(base: Knowledge) -> None:
    choice = made.choice()
    left, right = choice.forecast.outcomes
    forecast = choice.forecast.model_copy(
        update={"outcomes": (left, right.model_copy(update={"dots_of_50_count": 28}))}
    )
    said = str(explain(choice.model_copy(update={"forecast": forecast}), base).section("expect").paragraphs[0])
    assert "28 of 50" in said and "cheeks" in said
    other = right.model_copy(update={"change_quantiles": (-0.4, -0.3, -0.2, -0.1, 0.1), "dots_of_50_count": 9})
    forecast = choice.forecast.model_copy(update={"outcomes": (left, other)})
    parts = explain(choice.model_copy(update={"forecast": forecast}), base).section("expect").paragraphs
    assert sum("people like you" in str(part) for part in parts) == 2


def test_long_courses_are_folded(base: Knowledge) -> None:
    rows = explain(made.home_choice(), base).section("plan").tables[0].rows
    assert len(rows) == 1
    assert rows[0].cells[:2] == ("1 to 12", "3 Sep 2026 to 19 Nov 2026, every 7 days")


def test_steps_that_the_knowledge_lacks_are_named(base: Knowledge) -> None:
    plan = made.clinic_plan()
    session = plan.sessions[0].model_copy(update={"aftercare": ("gone-step",)})
    plan = plan.model_copy(update={"sessions": (session,)})
    assert "gone-step" in str(explain(made.choice(plan), base))


def test_older_knowledge_is_named(base: Knowledge) -> None:
    newer = base.replace(sha256="c" * 64, version="2027-01-01")
    assert "which is not the same" in " ".join(str(explain(made.choice(), newer)).split())


def test_the_shipped_knowledge_keeps_home_words_plain(kb: Knowledge) -> None:
    """What the report prints for a person at home comes from these fields."""
    home = [step.says for step in kb.care if "home" in step.settings]
    home += [flag.sign for flag in kb.red_flags] + [indication.home_wording for indication in kb.indications]
    home += [rule.tell for rule in kb.rules if rule.then.action == "exclude_home"]
    promises = re.compile(r"\b(treats|cures|flawless)\b", re.I)
    assert not [text for text in home if promises.search(text)]


def test_alternatives_are_named_when_needling_is_not_the_answer_and_only_to_who_may_go() -> None:
    kb = load_knowledge()
    for zone, concern in (("thigh-buttock-left", "cellulite"), ("cheek-left", "acne-scars-ice-pick")):
        assert "What else there is" in _explained(*healthy(kb, zones=((zone, concern, 50.0),)), kb), concern
    excluded = _explained(*healthy(kb, pregnant=True), kb)
    assert "What else there is" not in excluded


def _explained(person: Person, assessment: Assessment, kb: Knowledge) -> str:
    clearance = screen(person, assessment, kb)
    plans = propose(person, assessment, clearance, kb)
    choice = choose(plans, simulate_many(plans, person, assessment, Belief.prior(kb, members=32)))
    return str(explain(choice, kb, clearance=clearance))
