"""One run in one file: it says what it stood on, runs again to the last bit, and shows every change to it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needling import load_knowledge
from needling.archive import SAME_RATIO, Run, compare, read_run, replay, run_case
from needling.errors import BadInput
from needling.knowledge import Knowledge
from needling.planning.cases import read_case

ROOT = Path(__file__).parents[2]
MEMBERS = 64


@pytest.fixture(scope="module")
def kb() -> Knowledge:
    return load_knowledge()


@pytest.fixture(scope="module")
def run(kb: Knowledge) -> Run:
    return run_case(read_case(ROOT / "examples/striae-abdomen.yaml", kb), kb, key=5, members=MEMBERS)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The place of every single value in a JSON document."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path


def changed(record: Any, path: tuple[str | int, ...], change: Any) -> Any:
    copy = json.loads(json.dumps(record))
    holder = copy
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = change(holder[path[-1]])
    return copy


def other(value: Any) -> Any:
    """Another value of the same kind, as a careful forger would write it."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1 if isinstance(value, int) else value * (1 + 1e-7) if value else 1e-7
    if isinstance(value, str):
        return value[:-1] + ("1" if value[-1:] == "0" else "0") if value else "0"
    return "0"


def test_a_run_says_what_it_stood_on(run: Run, kb: Knowledge) -> None:
    assert run.knowledge.sha256 == kb.sha256 == run.choice.plan.knowledge_sha256 == run.choice.forecast.knowledge_sha256
    assert (run.key, run.members) == (5, MEMBERS) == (run.choice.forecast.key, run.choice.forecast.members_count)
    assert dict(run.versions).keys() >= {"python", "numpy", "numba", "processor"}
    assert run.case.person.id == run.clearance.person == run.choice.plan.person
    assert run.choice.scorecards and run.choice.forecast.measures


def test_it_runs_again_to_the_last_bit_through_its_file(run: Run, kb: Knowledge, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(run.model_dump_json(), encoding="utf-8")
    again = read_run(path)
    assert again == run
    found = replay(again, kb)
    assert found.agrees and found.largest_ratio == 0 and found.said == "agrees to the last bit"


def test_a_file_without_versions_still_reads_and_says_so(run: Run, kb: Knowledge, tmp_path: Path) -> None:
    record = run.model_dump(mode="json")
    del record["versions"]
    (tmp_path / "old.json").write_text(json.dumps(record), encoding="utf-8")
    found = compare(read_run(tmp_path / "old.json"), run)
    assert found.agrees and "not noted" in found.said


def test_another_version_is_a_note_and_not_a_failure(run: Run) -> None:
    older = run.model_copy(update={"needling": "0.0.1"})
    found = compare(older, run)
    assert (
        found.agrees
        and "made with needling 0.0.1" in found.said
        and f"run again with needling {run.needling}" in found.said
    )


def test_changed_knowledge_is_named_with_what_to_do(run: Run, kb: Knowledge) -> None:
    later = kb.replace(version="2099.01.01", sha256="f" * 64)
    with pytest.raises(BadInput, match=r"stood on knowledge .* in force is 2099\.01\.01 .* plan again"):
        replay(run, later)


NOT_RESULTS = {"needling", "versions", "knowledge", "case"}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_result_can_be_changed_unseen(run: Run, data: st.DataObject) -> None:
    record = run.model_dump(mode="json")
    places = [
        path for path in leaves(record) if path[0] not in NOT_RESULTS and path[:3] != ("choice", "forecast", "versions")
    ]
    path = data.draw(st.sampled_from(places))
    forged = json.dumps(changed(record, path, other))
    try:
        found = compare(Run.model_validate_json(forged), run)
    except ValueError:
        return  # no longer a run at all
    assert not found.agrees, path
    assert found.largest_ratio > SAME_RATIO


@pytest.mark.parametrize(
    ("path", "change"),
    [
        (("case", "person", "phototype"), lambda _: "V"),
        (("case", "assessment", "zones", 0, "area_cm2"), lambda area: 2 * area),
        (("key",), lambda key: key + 1),
    ],
)
def test_a_changed_input_no_longer_gives_the_results(
    run: Run, kb: Knowledge, path: tuple[str | int, ...], change: Any
) -> None:
    forged = Run.model_validate_json(json.dumps(changed(run.model_dump(mode="json"), path, change)))
    assert not replay(forged, kb).agrees


def test_a_forecast_of_another_plan_is_seen(run: Run) -> None:
    forecast = run.choice.forecast.model_copy(update={"plan_sha256": "0" * 64})
    forged = run.model_copy(update={"choice": run.choice.model_copy(update={"forecast": forecast})})
    found = compare(forged, forged)
    assert not found.agrees and math.isinf(found.largest_ratio) and "plan_sha256" in found.where


def test_what_is_no_run_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"needling": "0.1.0"}', encoding="utf-8")
    with pytest.raises(BadInput, match="not a run of 'needling plan'"):
        read_run(tmp_path / "x.json")
