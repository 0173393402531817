"""What the pages say of a choice: prices, limits that bind, wishes beyond reach, and other treatments, each once."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console
from tests.people import healthy

from needling.archive import Run, run_case
from needling.documents import Case, Goals
from needling.knowledge import load_knowledge
from needling.report.explain import explain
from needling.report.html import render_html
from needling.report.terminal import show_choice

KB = load_knowledge()


def ran(goals: Goals | None = None, phototype: str = "II", setting: str = "clinic", **zone: str) -> Run:
    place, concern = zone.get("zone", "cheek-left"), zone.get("concern", "acne-scars-rolling")
    person, assessment = healthy(KB, setting, phototype=phototype, zones=((place, concern, 40.0),))
    return run_case(Case(person=person, assessment=assessment, goals=goals or Goals()), KB, key=3, members=64)


def pages(run: Run) -> dict[str, str]:
    """The choice as text for both readers, in the terminal, and as HTML, with single spaces."""
    terminal = StringIO()
    show_choice(Console(file=terminal, width=80, no_color=True), run.choice, run.clearance, KB)
    texts = {
        "person": str(explain(run.choice, KB, "person", run.clearance)),
        "clinician": str(explain(run.choice, KB, "clinician", run.clearance)),
        "terminal": terminal.getvalue(),
        "html": render_html(run.choice, run.clearance, KB),
    }
    return {name: " ".join(text.split()) for name, text in texts.items()}


def test_another_treatment_heads_the_answer_and_is_told_once() -> None:
    run = ran(Goals(gain_weight=3))
    assert run.choice.plan.sessions and run.choice.other_treatment_wins
    found = pages(run)
    for name in ("terminal", "html"):
        assert "Another treatment may do better; the needling plan stands beside it" in found[name]
    for name, text in found.items():
        parts = 2 if name == "html" else 1  # the HTML has a part for each reader
        assert text.count("Er:YAG laser did better in one") == parts, name
        assert text.index("Er:YAG laser did better in one") < text.index("Beside no treatment"), name
        assert "Against it: Darker skin" in text
    assert "Certainty low" in found["clinician"] and "Certainty low" not in found["person"]


def test_dark_skin_is_not_told_of_a_treatment_that_is_worse_there() -> None:
    assert all("What else there is" not in text for text in pages(ran(Goals(gain_weight=3), phototype="V")).values())


def test_at_home_the_headline_still_says_that_no_benefit_is_known() -> None:
    found = pages(ran(setting="home", zone="scalp", concern="hair-thinning"))
    assert "No known benefit at home; another treatment may do better" in found["terminal"]
    assert all("Minoxidil" in text for text in found.values())


@pytest.mark.parametrize(("worth", "said"), [(None, True), (1000.0, False)])
def test_a_price_is_shown_and_says_whether_it_counted(worth: float | None, said: bool) -> None:
    goals = Goals(gain_weight=3, visit_price=90, needles_price=20, change_worth_price=worth)
    run = ran(goals)
    price = 110 * len(run.choice.plan.sessions)
    found = pages(run)
    assert f"At your prices it costs {price}." in found["person"]
    assert ("you did not say what a change is worth to you" in found["person"]) is said
    assert ("shown, not weighed" in found["clinician"]) is said
    assert "Price" in found["terminal"] and "Price" not in pages(ran())["terminal"]


def test_limits_beyond_reach_are_told_with_the_closest_candidate() -> None:
    run = ran(Goals(gain_weight=5, max_redness_d=0.1))
    for name, text in pages(run).items():
        assert "Closest to your limits, and still beyond them" in text, name
        assert "At most 0.1 days of redness after a session: you asked for this limit" in text, name


def test_every_constraint_is_told_to_the_clinician() -> None:
    run = ran(Goals(gain_weight=5, visit_price=100, change_worth_price=2000, max_visits_count=4))
    told = pages(run)["clinician"]
    assert run.choice.constraints
    for one in run.choice.constraints:
        assert one.plan in told and one.why[1:20] in told and one.what[1:] in told


def test_the_worst_case_is_named_among_what_was_asked_for() -> None:
    run = ran(Goals(gain_weight=5, robust="worst-case"))
    assert "the worst reading of what research has not settled" in pages(run)["person"]
