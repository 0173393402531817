"""The grid of candidates: complete, without doubles, inside the envelope, and honest about what trials did not do."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.people import healthy

from needling.documents import Assessment, Case, Clearance, Goals, Person, Plan
from needling.errors import NotAllowed
from needling.knowledge import load_knowledge
from needling.planning.candidates import Candidate, Grid, candidates, nothing_of, plan_of
from needling.planning.cases import read_case
from needling.planning.envelope import breaches, min_interval_d, zone_limits
from needling.planning.propose import propose
from needling.planning.screen import screen

KB = load_knowledge()
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
CONCERNS = tuple(indication.id for indication in KB.indications)
ZONES = ("cheek-left", "cheek-right", "forehead", "abdomen", "scalp", "neck", "periorbital-left", "upper-lip")
CHEEK = ("cheek-left", "acne-scars-rolling", 40.0)


def grid_for(person: Person, assessment: Assessment, goals: Goals | None = None, **options: Any) -> Grid:
    return candidates(assessment, screen(person, assessment, KB), KB, goals, **options)


def documents(grid: Grid, person: Person, assessment: Assessment, every: int = 1) -> Iterator[tuple[Candidate, Plan]]:
    clearance = screen(person, assessment, KB)
    for schedule, chosen in islice(grid, 0, None, every):
        outline = grid.candidate(schedule, chosen)
        yield outline, plan_of(outline, person, assessment, clearance, KB, grid.found)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_narrow_grid_is_what_propose_gives(path: Path) -> None:
    case: Case = read_case(path, KB)
    who = case.person, case.assessment
    grid = grid_for(*who, case.goals, breadth="protocols")
    clearance = screen(*who, KB)
    made = [nothing_of(*who, clearance, KB, grid.found), *(plan for _, plan in documents(grid, *who))]
    proposed = propose(*who, clearance, KB, case.goals)
    assert len(made) == len(proposed) == grid.count + 1
    assert {plan.sha256 for plan in made} == {plan.sha256 for plan in proposed}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_wide_grid_holds_the_narrow_one(path: Path) -> None:
    case: Case = read_case(path, KB)
    wide, narrow = (
        grid_for(case.person, case.assessment, case.goals, breadth=own) for own in ("envelope", "protocols")
    )
    assert wide.count >= narrow.count

    def physics(grid: Grid) -> set[Any]:
        found = set()
        for schedule, chosen in grid:
            ways = [
                (kind.zones, own.device, own.needle_length_mm, own.directions_count * own.passes_count)
                for kind, own in ((kind, kind.strengths[place]) for kind, place in zip(grid.kinds, chosen, strict=True))
            ]
            found.add((tuple(ways), schedule.interval_d, schedule.sessions_count))
        return found

    assert physics(narrow) <= physics(wide)


def test_counting_is_listing_and_nothing_comes_twice() -> None:
    for zones in ((CHEEK,), (CHEEK, ("forehead", "wrinkles-face", 60.0))):
        person, assessment = healthy(KB, zones=zones, phototype="V")
        grid = grid_for(person, assessment, Goals(device="roller-192", sessions_count=4, passes_count=3))
        every = [grid.candidate(*one) for one in grid]
        assert grid.count == len(every) == len(set(every)) > 10


def test_the_wide_grid_is_complete() -> None:
    """Against a listing by hand: lengths and passes from the mildest protocol on, all sessions and intervals."""
    person, assessment = healthy(KB)
    grid = grid_for(person, assessment, Goals(device="roller-192"))
    clearance, envelope = screen(person, assessment, KB), KB.envelope("clinic")
    limits = zone_limits("cheek-left", "clinic", clearance, KB)
    intervals = {one for own in KB.indications for p in own.protocols if p.setting == "clinic" for one in p.intervals_d}
    intervals |= {step.min_interval_d for step in envelope.frequency}
    longest = KB.parameter("choosing-longest-course").quantity.median
    protocol = grid.kinds[0].grid.protocol
    fewest = protocol.directions_count * min(protocol.passes_count)
    wanted = set()
    for length in KB.device("roller-192").lengths_mm:
        if not min(protocol.lengths_mm) <= length <= limits.needle_mm.value:
            continue
        for passes in {a * b for a, b in product(range(1, 5), range(1, 6)) if a * b >= fewest}:
            wanted.add((length, passes, 1, None))
            for count, interval in product(range(2, envelope.sessions_max_count + 1), intervals):
                if interval >= min_interval_d(envelope, length) and (count - 1) * interval <= longest:
                    wanted.add((length, passes, count, interval))
    found = set()
    for schedule, (place,) in grid:
        own = grid.kinds[0].strengths[place]
        once = schedule.sessions_count == 1
        found.add(
            (
                own.needle_length_mm,
                own.directions_count * own.passes_count,
                schedule.sessions_count,
                None if once else schedule.interval_d,
            )
        )
    assert found == wanted and len(wanted) > 150


people = st.fixed_dictionaries(
    {
        "setting": st.sampled_from(["home", "clinic"]),
        "zones": st.lists(
            st.tuples(st.sampled_from(ZONES), st.sampled_from(CONCERNS), st.sampled_from([6.0, 40.0, 200.0])),
            min_size=1,
            max_size=2,
            unique_by=lambda zone: zone[0],
        ).map(tuple),
        "phototype": st.sampled_from(["I", "III", "V", "VI", None]),
        "age_y": st.sampled_from([19.0, 45.0, 80.0]),
        "pih_history": st.booleans(),
        "anticoagulant": st.booleans(),
        "home_written_plan": st.booleans(),
    }
)
wishes = st.builds(
    Goals,
    device=st.sampled_from([None, "roller-192", "roller-home", "pen-generic", "stamp-home"]),
    needle_length_mm=st.sampled_from([None, 0.2, 0.5, 1.5, 2.5]),
    passes_count=st.sampled_from([None, 1, 5, 9]),
    sessions_count=st.sampled_from([None, 1, 6, 40]),
    interval_d=st.sampled_from([None, 1.0, 10.0, 42.0]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(who=people, goals=wishes, breadth=st.sampled_from(["envelope", "protocols"]))
def test_no_candidate_lies_outside_its_envelope(who: dict[str, Any], goals: Goals, breadth: Any) -> None:
    person, assessment = healthy(KB, **who)
    clearance = screen(person, assessment, KB)
    grid = candidates(assessment, clearance, KB, goals, breadth)
    if clearance.verdict != "go":
        assert grid.count == 0 and not list(grid)
    step = max(1, grid.count // 25)
    for outline, plan in documents(grid, person, assessment, step):
        assert not breaches(plan, clearance, KB)
        assert plan.envelope == assessment.setting
        assert bool(outline.beyond) is any(reason.what.startswith("Beyond") for reason in plan.rationale)
        going = {zone.zone for zone in clearance.zones if zone.verdict == "go"}
        assert {stroke.zone for session in plan.sessions for stroke in session.strokes} <= going
        if assessment.setting == "home":
            assert all(KB.device(session.device).home for session in plan.sessions)
            assert all("treat" not in text.lower() for text in outline.beyond)


def test_a_plan_outside_is_never_made() -> None:
    person, assessment = healthy(KB)
    clearance: Clearance = screen(person, assessment, KB)
    grid = candidates(assessment, clearance, KB)
    outline = grid.candidate(*next(iter(grid)))
    [group] = outline.phases[0].groups
    outside = outline._replace(phases=(outline.phases[0]._replace(groups=(group._replace(passes_count=9),)),))
    with pytest.raises(NotAllowed, match="9 passes"):
        plan_of(outside, person, assessment, clearance, KB, grid.found)


def test_first_sessions_at_home_are_staged() -> None:
    person, assessment = healthy(KB, "home", zones=(("cheek-left", "wrinkles-face", 40.0),))
    first = KB.envelope("home").first_needle_max_mm
    assert first is not None
    staged = 0
    for _, plan in documents(grid_for(person, assessment), person, assessment, 7):
        early = plan.sessions[: KB.envelope("home").first_sessions_count]
        assert all(stroke.needle_length_mm <= first for session in early for stroke in session.strokes)
        staged += plan.sessions[-1].strokes[0].needle_length_mm > first
    assert staged


def test_no_session_is_weaker_than_the_mildest_protocol_and_without_a_forecast_there_are_not_fewer() -> None:
    person, assessment = healthy(KB, zones=(("cheek-left", "pih-after-acne", 40.0),))
    grid = grid_for(person, assessment)
    [kind] = grid.kinds
    protocol = kind.grid.protocol
    assert min(kind.sessions_count) == min(protocol.sessions_count)
    assert min(own.needle_length_mm for own in kind.strengths) == min(protocol.lengths_mm)
    rolled = [own.directions_count * own.passes_count for own in kind.strengths if "roller" in own.device]
    assert min(rolled) == protocol.directions_count * min(protocol.passes_count)


def test_wishes_narrow_the_grid() -> None:
    person, assessment = healthy(KB)
    wished = Goals(device="stamp-digital", needle_length_mm=1.25, passes_count=3, sessions_count=5, interval_d=30.0)
    for _, plan in documents(grid_for(person, assessment, wished), person, assessment):
        assert "1.25 mm stamp" in plan.label and "x 3 passes" in plan.label and "every 30 days x 5" in plan.label


def test_small_zones_and_places_without_rollers_get_none() -> None:
    for zone in (("cheek-left", "surgical-scar", 4.0), ("periorbital-left", "wrinkles-face", 30.0)):
        person, assessment = healthy(KB, zones=(zone,))
        grid = grid_for(person, assessment)
        kinds = {KB.device(own.device).kind for kind in grid.kinds for own in kind.strengths}
        assert grid.count and "roller" not in kinds
