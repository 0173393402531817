"""One shard of a trial: pure, deterministic, paired, screened as everybody is, and refused when it cannot be right."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.people import healthy
from tests.trial_studies import LONG, small_study

pyarrow = pytest.importorskip("pyarrow")

from needling.documents import Plan  # noqa: E402
from needling.documents.study import Study  # noqa: E402
from needling.errors import BadInput, OutOfRange  # noqa: E402
from needling.knowledge import Knowledge, load_knowledge  # noqa: E402
from needling.planning.assemble import plan_from_sentence  # noqa: E402
from needling.planning.screen import screen  # noqa: E402
from needling.simulation import Belief, Course, forecast, simulate  # noqa: E402
from needling.simulation.seam.individuals import Individuals  # noqa: E402
from needling.trials.entering import ELIGIBLE, Gate, documents_of  # noqa: E402
from needling.trials.people import PHOTOTYPES, draw_people  # noqa: E402
from needling.trials.shards import (  # noqa: E402
    compute_shard,
    compute_table,
    marks_of,
    read_shard,
    shard_count,
    to_parquet,
)
from needling.trials.studies import check_study, judge_day_d, read_study  # noqa: E402

ROOT = Path(__file__).parents[2]


def _columns(table: Any) -> dict[str, Any]:
    return {name: np.array(table[name].to_pylist(), dtype=object) for name in table.column_names}


def _numbers(columns: dict[str, Any], name: str, where: Any) -> Any:
    return columns[name][where].astype(float)


def _arm(columns: dict[str, Any], arm: str, world: int = 0) -> Any:
    """Rows of the people who entered, in one arm and world, by person."""
    rows = np.flatnonzero((columns["arm"] == arm) & (columns["world"] == world) & columns["eligible"].astype(bool))
    return rows[np.argsort(columns["person"][rows].astype(int))]


@pytest.fixture(scope="module")
def shipped() -> Knowledge:
    return load_knowledge()


@pytest.fixture(scope="module")
def table(shipped: Knowledge) -> Any:
    return compute_table(small_study(dropout={"share": 0.2}, missed_probability=0.1), 0, shipped)


# ---------------------------------------------------------------- the same bytes everywhere


def test_a_shard_is_the_same_bytes_again(shipped: Knowledge) -> None:
    text = small_study().model_dump_json()
    assert compute_shard(text, 1, shipped.sha256) == compute_shard(text, 1, shipped.sha256)


@pytest.mark.slow
def test_a_shard_is_the_same_bytes_in_another_process_on_other_threads(shipped: Knowledge) -> None:
    text = small_study(people=600, block_people_count=300).canonical().decode()
    code = (
        "import sys, hashlib; from needling.trials.shards import compute_shard; from needling import load_knowledge;"
        "print(hashlib.sha256(compute_shard(sys.argv[1], 1, load_knowledge().sha256)).hexdigest())"
    )
    here = hashlib.sha256(compute_shard(text, 1, shipped.sha256)).hexdigest()
    for threads in ("1", "3"):
        done = subprocess.run(
            [sys.executable, "-c", code, text], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "NUMBA_NUM_THREADS": threads},
        )  # fmt: skip
        assert done.stdout.strip() == here


def test_a_person_fares_the_same_in_a_larger_study(shipped: Knowledge) -> None:
    small, large = (_columns(compute_table(small_study(people=people), 0, shipped)) for people in (40, 1000))
    assert set(small["person"]) == set(range(40))
    inside = large["person"].astype(int) < 40
    for name, values in small.items():
        theirs = large[name][inside]
        same = [(one == other) or (one != one and other != other) for one, other in zip(values, theirs, strict=True)]
        assert all(same), name


def test_people_are_counted_once_over_all_shards(shipped: Knowledge) -> None:
    study = small_study(people=100)
    assert shard_count(study) == 2
    numbers = [set(compute_table(study, shard, shipped)["person"].to_pylist()) for shard in (0, 1)]
    assert numbers == [set(range(64)), set(range(64, 100))]
    with pytest.raises(BadInput, match="shards 0 to 1"):
        compute_table(study, 2, shipped)


# ---------------------------------------------------------------- arms


def test_arms_hold_the_same_people(table: Any) -> None:
    columns = _columns(table)
    short, long = _arm(columns, "short"), _arm(columns, "long")
    covariates = ("person", "age_y", "phototype", "sex", "fact_smoker", "epidermis_ratio", "baseline_score")
    for name in (*covariates, "dermis_ratio", "closing_ratio", "building_ratio", "dropped_out"):
        assert np.array_equal(columns[name][short], columns[name][long]), name
    assert not np.array_equal(columns["change_score"][short], columns["change_score"][long])
    assert short.size > 30


def test_who_never_comes_fares_as_without_treatment(shipped: Knowledge) -> None:
    arms = {"none": "no treatment", "missed": LONG}
    columns = _columns(compute_table(small_study(arms=arms, missed_probability=1.0), 0, shipped))
    none, missed = _arm(columns, "none"), _arm(columns, "missed")
    assert np.all(_numbers(columns, "sessions_attended_count", missed) == 0)
    assert np.all(_numbers(columns, "sessions_planned_count", missed) == 3)
    for name in ("change_score", "gain", "redness_d", "ready_d", "harm_probability"):
        assert np.all(_numbers(columns, name, none) == 0), name
        assert np.all(_numbers(columns, name, missed) == 0), name


def test_sessions_are_missed_and_people_leave_as_stated(shipped: Knowledge) -> None:
    study = small_study(people=4000, block_people_count=4096, missed_probability=0.1, dropout={"share": 0.25})
    columns = _columns(compute_table(study, 0, shipped))
    rows = _arm(columns, "long")
    left = columns["dropped_out"][rows].astype(bool)
    assert left.mean() == pytest.approx(0.25, abs=4 * np.sqrt(0.25 * 0.75 / rows.size))
    attended = _numbers(columns, "sessions_attended_count", rows)
    assert attended[~left].mean() == pytest.approx(2.7, abs=0.06)
    horizon = judge_day_d(study, shipped)
    assert horizon == 84 + 90
    expected = 0.9 * (1 + (1 - 42 / horizon) + (1 - 84 / horizon))
    assert attended[left].mean() == pytest.approx(expected, abs=0.12)


def test_leaving_after_visits(shipped: Knowledge) -> None:
    study = small_study(people=3000, block_people_count=4096, dropout={"share": 0.2, "by": "visit"})
    columns = _columns(compute_table(study, 0, shipped))
    rows = _arm(columns, "long")
    attended = _numbers(columns, "sessions_attended_count", rows)
    for visits, share in ((1, 0.2), (2, 0.16), (3, 0.64)):
        assert np.mean(attended == visits) == pytest.approx(share, abs=0.035)
    assert columns["dropped_out"][rows].astype(bool).mean() == pytest.approx(1 - 0.8**3, abs=0.035)


def test_independent_arms_share_the_people_out(shipped: Knowledge) -> None:
    analysis = {"margin": 0.2, "design": "independent"}
    alone = _columns(compute_table(small_study(people=64, analysis=analysis), 0, shipped))
    both = _columns(compute_table(small_study(people=64), 0, shipped))
    assert sorted(alone["person"][alone["world"] == 0]) == list(range(64))
    mine = np.flatnonzero(both["allocated"].astype(bool) & (both["world"] == 0))
    theirs = np.flatnonzero(alone["world"] == 0)
    for rows, columns in ((mine, both), (theirs, alone)):
        assert set(columns["arm"][rows]) == {"short", "long"}
    order = np.argsort(both["person"][mine].astype(int)), np.argsort(alone["person"][theirs].astype(int))
    assert np.array_equal(both["arm"][mine][order[0]], alone["arm"][theirs][order[1]])


def test_force_scatters_from_person_to_person(shipped: Knowledge) -> None:
    arms = {"weak": LONG, "none": "no treatment"}
    steady, shaky = (
        _columns(compute_table(small_study(arms=arms, force={"person_sd_ratio": sd}), 0, shipped)) for sd in (0.0, 0.6)
    )
    rows = _arm(steady, "weak")
    assert np.array_equal(rows, _arm(shaky, "weak"))
    change = _numbers(steady, "change_score", rows) - _numbers(shaky, "change_score", rows)
    assert np.std(change) > 0


def test_worlds_hold_the_first_people_of_a_block(shipped: Knowledge, table: Any) -> None:
    columns = _columns(table)
    centre, other = _arm(columns, "long"), _arm(columns, "long", world=2)
    assert other.size == 16
    assert np.array_equal(columns["person"][other], columns["person"][centre][:16])
    assert np.array_equal(columns["age_y"][other], columns["age_y"][centre][:16])
    assert not np.any(columns["change_score"][other] == columns["change_score"][centre][:16])
    none = _columns(compute_table(small_study(worlds={"others_count": 0}), 0, shipped))
    assert set(none["world"]) == {0}


def test_the_chosen_arm_gets_a_plan_inside_the_persons_envelope(shipped: Knowledge) -> None:
    study = small_study(
        people=16, block_people_count=16, arms={"none": "no treatment", "chosen": "chosen"},
        outcome={"judge_day_d": 300}, population={"phototypes": {"II": 0.5, "V": 0.5}, "facts": []},
    )  # fmt: skip
    columns = _columns(compute_table(study, 0, shipped))
    rows = _arm(columns, "chosen")
    treated = _numbers(columns, "sessions_planned_count", rows) > 0
    assert np.all(columns["phototype"][rows][~treated] == "V"), "needling may be worth less than nothing to dark skin"
    assert treated.sum() > 8
    assert np.all((_numbers(columns, "change_score", rows) > 0) == treated)


# ---------------------------------------------------------------- who enters


def test_the_verdict_is_that_of_screening(shipped: Knowledge, table: Any) -> None:
    study = small_study()
    people = draw_people(study, shipped, np.arange(64))
    columns = _columns(table)
    reasons = {int(p): r for p, r in zip(columns["person"], columns["reason"], strict=True)}
    for row in range(0, 64, 3):
        person, assessment = documents_of(
            study, shipped, float(people.age_y[row]), int(people.place[row]), int(people.sex[row]),
            tuple(map(bool, people.facts[:, row])),
        )  # fmt: skip
        verdict = screen(person, assessment, shipped).verdict
        assert (verdict == "go") == (reasons[row] == ELIGIBLE)
        if verdict != "go":
            assert reasons[row].startswith(f"screening: {verdict}")


def test_reasons_add_up_to_everybody(shipped: Knowledge) -> None:
    eligibility = {"age_to_y": 50, "phototypes": ["I", "II", "III", "IV"], "excluded": {"smoker": True}}
    study = small_study(people=64, eligibility=eligibility)
    columns = _columns(compute_table(study, 0, shipped))
    first = columns["arm"] == "short"
    rows = np.flatnonzero(first & (columns["world"] == 0))
    counts = Counter(columns["reason"][rows])
    assert sum(counts.values()) == 64
    for person in rows:
        reason = columns["reason"][person]
        old = columns["age_y"][person] >= 51
        dark = columns["phototype"][person] in ("V", "VI")
        smokes = columns["fact_smoker"][person]
        expected = "study: age" if old else "study: phototype" if dark else "study: excludes smoker" if smokes else None
        assert reason == expected if expected else not reason.startswith("study:")
        assert np.isfinite(columns["change_score"][person]) == (reason == ELIGIBLE)


def test_a_plan_outside_somebodys_envelope_keeps_that_person_out(shipped: Knowledge) -> None:
    weekly = "0.5 mm roller, 4 directions x 4 passes, cheeks, every 1 week x 4"
    columns = _columns(compute_table(small_study(arms={"weekly": weekly, "none": "no treatment"}), 0, shipped))
    dark = np.isin(columns["phototype"], PHOTOTYPES[3:])
    kept_out = np.char.startswith(columns["reason"].astype(str), "envelope: arm weekly")
    assert kept_out.any() and not kept_out[~dark].any()
    assert not (columns["eligible"].astype(bool) & dark).any()


def test_equal_answers_are_screened_once(shipped: Knowledge) -> None:
    gate = Gate(small_study(), shipped)
    people = draw_people(small_study(), shipped, np.arange(200))
    first, whose = gate.entries(people)
    again, _ = gate.entries(people)
    assert all(one is other for one, other in zip(first, again, strict=True))
    assert whose.shape == (200,)


# ---------------------------------------------------------------- individuals in the simulation


def _plan(kb: Knowledge) -> tuple[Plan, Any, Any]:
    person, assessment = healthy(kb, phototype="IV", age_y=50.0, smoker=True, nsaid=True)
    clearance = screen(person, assessment, kb)
    sentence = "1.0 mm roller, 4 directions x 2 passes, left cheek, every 6 weeks x 2"
    return plan_from_sentence(sentence, person, assessment, clearance, kb), person, assessment


def _same(one: Course, other: Course, **tolerance: float) -> None:
    for name in ("score", "open_share", "redness_time", "ready_time", "pih_probability", "track_probability", "pain"):
        ours, theirs = getattr(one, name), getattr(other, name)
        if tolerance and name.endswith("time"):  # read off between steps
            assert np.allclose(ours, theirs, rtol=0, atol=600), name
        elif tolerance:
            assert np.allclose(ours, theirs, **tolerance), name
        else:
            assert np.array_equal(ours, theirs), name


def test_individuals_who_are_all_alike_are_the_documented_person(kb: Knowledge) -> None:
    plan, person, assessment = _plan(kb)
    belief = Belief.prior(kb, members=40)
    year = 365.25 * 86400
    alike = Individuals(
        age=np.full(40, 50 * year),
        darkness=np.full(40, 3),
        smoker=np.ones(40, dtype=bool),
        nsaid=np.ones(40, dtype=bool),
        attendance=np.ones((2, 40)),
        force_ratio=np.ones((2, 40)),
    )
    _same(simulate(plan, person, assessment, belief, individuals=alike), simulate(plan, person, assessment, belief))


def test_a_course_of_many_people_has_no_single_forecast(kb: Knowledge) -> None:
    plan, person, assessment = _plan(kb)
    own = Individuals(age=np.full(4, 9.5e8))
    course = simulate(plan, person, assessment, Belief.prior(kb, members=4), individuals=own)
    with pytest.raises(BadInput, match="many different people"):
        forecast(course, plan)


@pytest.mark.parametrize("engine", ["lanes", "reference"])
def test_a_ratio_of_forces_is_a_plan_with_that_force(kb: Knowledge, engine: str) -> None:
    plan, person, assessment = _plan(kb)
    belief = Belief.prior(kb, members=4)
    weaker = [
        session.model_copy(
            update={"strokes": tuple(one.model_copy(update={"force_N": 0.25 * one.force_N}) for one in session.strokes)}
        )
        for session in plan.sessions
    ]
    ratio = Individuals(force_ratio=np.full((2, 4), 0.25))
    one = simulate(plan, person, assessment, belief, individuals=ratio, engine=engine)
    other = simulate(plan.model_copy(update={"sessions": tuple(weaker)}), person, assessment, belief, engine=engine)
    assert np.allclose(one.depth, other.depth, rtol=1e-12)
    assert np.all(one.depth < simulate(plan, person, assessment, belief).depth)
    _same(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("engine", ["reference", pytest.param("xla", marks=pytest.mark.slow)])
def test_engines_agree_on_individuals(kb: Knowledge, engine: str) -> None:
    if engine == "xla":
        pytest.importorskip("jax")
    plan, person, assessment = _plan(kb)
    belief = Belief.prior(kb, members=5)
    own = Individuals(
        age=np.linspace(20, 80, 5) * 365.25 * 86400,
        darkness=np.arange(5),
        smoker=np.array([True, False, True, False, True]),
        attendance=np.array([[1.0, 0, 1, 0, 1], [1, 1, 0, 0, 1]]),
        force_ratio=np.array([[1.0, 0.5, 2, 0.3, 0.1], [0.8, 0.2, 1, 1, 0.5]]),
        judge_time=120 * 86400.0,
    )
    lanes, other = (
        simulate(plan, person, assessment, belief, individuals=own, engine=name) for name in ("lanes", engine)
    )
    _same(lanes, other, rtol=1e-6, atol=1e-7)
    assert np.all(lanes.score[3, 0] == lanes.score[3, 0, 0])  # never came
    assert lanes.ready_time[3] == 0 and lanes.redness_time[3] == 0


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"age": np.ones(3)}, BadInput),
        ({"age": np.ones(4), "darkness": np.ones(3, dtype=np.int64)}, BadInput),
        ({"attendance": np.ones((3, 4))}, BadInput),
        ({"attendance": np.full((2, 4), 0.5)}, OutOfRange),
        ({"force_ratio": np.zeros((2, 4))}, OutOfRange),
        ({"force_ratio": np.full((2, 4), np.nan)}, OutOfRange),
    ],
)
def test_individuals_that_fit_nothing_are_refused(kb: Knowledge, given: dict[str, Any], error: type) -> None:
    plan, person, assessment = _plan(kb)
    with pytest.raises(error):
        simulate(plan, person, assessment, Belief.prior(kb, members=4), individuals=Individuals(**given))


# ---------------------------------------------------------------- the file


def test_a_shard_says_what_it_is(shipped: Knowledge, table: Any) -> None:
    content = to_parquet(table)
    again = read_shard(content)
    marks = marks_of(again)
    assert marks["knowledge_sha256"] == shipped.sha256 and marks["shard"] == "0" and len(marks["study_sha256"]) == 64
    assert again.schema.equals(table.schema) and str(again.to_pydict()) == str(table.to_pydict())


def test_a_damaged_shard_is_refused(table: Any, tmp_path: Path) -> None:
    content = bytearray(to_parquet(table))
    with pytest.raises(BadInput, match="cannot be read"):
        read_shard(bytes(content[:-400]))
    changed = table.set_column(
        table.column_names.index("change_score"), "change_score", pyarrow.array(np.zeros(table.num_rows))
    ).replace_schema_metadata(table.schema.metadata)
    with pytest.raises(BadInput, match="damaged"):
        read_shard(to_parquet(changed))
    other = tmp_path / "other.parquet"
    other.write_bytes(to_parquet(pyarrow.table({"x": [1]})))
    with pytest.raises(BadInput, match="no shard of a trial"):
        read_shard(other)
    with pytest.raises(BadInput, match="cannot be read"):
        read_shard(tmp_path / "none.parquet")


def test_other_knowledge_is_refused() -> None:
    with pytest.raises(BadInput, match="here is"):
        compute_shard(small_study().model_dump_json(), 0, "f" * 64)


# ---------------------------------------------------------------- bad input, before anything runs


def _zones(**changes: Any) -> dict[str, Any]:
    return {"zones": [{"zone": "cheek-left", "concern": "acne-scars-rolling", "area_cm2": 30, **changes}]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arms": {"a": "no treatment", "b": LONG.replace("roller", "roller (roller-mf9)")}}, "mf8"),
        ({"arms": {"a": "no treatment", "b": LONG.replace("cheeks", "forehead")}}, "no zone of this study"),
        ({"arms": {"a": "no treatment", "b": "roll it"}}, "cannot read"),
        ({"arms": {"a": "no treatment", "b": LONG.replace("1.5", "1.4")}}, "needles of"),
        ({"arms": {"a": "no treatment", "b": "chosen"}}, "on which day"),
        ({"population": _zones(zone="cheek-middle")}, "unknown zone"),
        ({"population": _zones(concern="acne-scar")}, "unknown concern"),
        ({"population": _zones(baseline={"mean_score": 9, "sd_score": 1})}, "outside"),
        ({"population": {"facts": [{"name": "smokes", "share": 0.2}]}}, "unknown fact 'smokes'"),
        ({"population": {"facts": [{"name": "smoker", "share": 0.2, "value": "often"}]}}, "expected true, false"),
        ({"eligibility": {"age_from_y": 60, "age_to_y": 50}}, "hold nobody"),
        ({"eligibility": {"age_from_y": 80}}, "nobody can"),
        ({"eligibility": {"sexes": ["intersex"]}}, "nobody can"),
        ({"eligibility": {"required": {"smoker": True}, "excluded": {"smoker": True}}}, "both required and excluded"),
        ({"eligibility": {"required": {"nsaid": True}}}, "nobody of this population"),
        ({"eligibility": {"excluded": {"nsaid": False}}}, "everybody of this population"),
        ({"eligibility": {"required": {"smokes": True}}}, "unknown fact"),
        ({"eligibility": {"required": {"pregnant": True}}}, "not one of the first"),
        ({"outcome": {"judge_day_d": 84}}, "before the last session"),
        ({"outcome": {"primary": "responder"}, "analysis": {"margin": 3}}, "more than all people"),
        (
            {
                "population": {"setting": "home"},
                "arms": {"a": "no treatment", "b": "0.2 mm roller, 4 directions x 2 passes, cheeks, every 2 weeks x 4"},
            },
            "no honest forecast",
        ),
        ({"arms": {"a": LONG, "b": "no treatment", "c": LONG}}, "does the same as 'a'"),
    ],
)
def test_a_study_that_cannot_be_run_is_refused_with_the_reason(
    shipped: Knowledge, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        check_study(small_study(**changes), shipped)


def test_a_plan_with_an_unknown_device_is_refused(shipped: Knowledge) -> None:
    plan, _, _ = _plan(shipped)
    strange = plan.model_copy(update={"sessions": (plan.sessions[0].model_copy(update={"device": "roller-x"}),)})
    arms = [{"id": "a", "plan": "no treatment"}, {"id": "b", "whole_plan": strange.model_dump(mode="json")}]
    with pytest.raises(BadInput, match="unknown device 'roller-x'"):
        check_study(small_study(arms=arms), shipped)
    good = [arms[0], {"id": "b", "whole_plan": plan.model_dump(mode="json")}]
    columns = _columns(compute_table(small_study(people=30, arms=good), 0, shipped))
    assert np.all(_numbers(columns, "change_score", _arm(columns, "b")) > 0)


@pytest.mark.parametrize(
    ("old", "new", "where", "said"),
    [
        ("people_count: 4096", "people_count: 0", "people_count", "at least 1"),
        ("phototypes: {I: 0.05", "phototypes: {I: 0.5", "population:", "add up to"),
        ("0.5 mm roller", "0.5 mm roler", "weekly-short: 0.5", "cannot read"),
        ("margin: 0.25", "margin: -1", "margin:", "greater than 0"),
        ("control: weekly-short", "control: weekly", "control:", "there is no arm 'weekly'"),
        ("key: 20261121", "kee: 20261121", "kee:", "unknown key 'kee'"),
        ("concern: acne-scars-rolling, area", "concern: acne-scar-rolling, area", "{zone: cheek-left", "did you mean"),
        ("name: smoker", "name: smokes", "name: smokes", "unknown fact"),
    ],
)
def test_errors_of_a_file_name_the_line(tmp_path: Path, old: str, new: str, where: str, said: str) -> None:
    text = (ROOT / "examples/studies/acne-scars-length.yaml").read_text(encoding="utf-8")
    assert old in text
    rows = text.replace(old, new).splitlines()
    line = 1 + next(index for index, row in enumerate(rows) if where in row and not row.startswith("#"))
    path = tmp_path / "study.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BadInput) as found:
        read_study(path)
    assert said in str(found.value)
    assert f"study.yaml:{line}" in str(found.value), str(found.value)


@pytest.mark.parametrize("path", sorted((ROOT / "examples/studies").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_example_studies_can_be_run(path: Path) -> None:
    study = read_study(path)
    assert Study.model_validate_json(study.canonical()) == study
    assert Study.model_validate_json(study.canonical()).sha256 == study.sha256
