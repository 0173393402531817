"""From a plan to what became of it on the command line: the circle closes, and bad files are named with their line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.test_pooled import World

from needling.documents import Approval, SessionRecord
from needling.documents.learning import Calibration, Misses
from needling.errors import BadInput
from needling.knowledge import load_knowledge
from needling.learning.papers import blank_visit, read_approval, read_told
from needling.learning.standing import again_rule

ROOT = Path(__file__).parents[2]
KB = load_knowledge()


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [sys.executable, "-m", "needling", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1"},
    )
    assert "Traceback" not in result.stderr, result.stderr
    return result


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan that was made and approved from the shell, and a filled-in file for each of its sessions."""
    there = tmp_path_factory.mktemp("circle")
    run("plan", ROOT / "examples/acne-scars.yaml", "--out", there)
    approved = run("approve", there / "acne-scars.json", "--by", "dr-lee")
    assert approved.returncode == 0, approved.stderr
    approval = read_approval(there / "acne-scars-approval.json")
    for number in range(len(approval.plan.sessions)):
        (there / f"visit-{number}.yaml").write_text(filled(blank_visit(approval, number)), encoding="utf-8")
    return there


def filled(text: str) -> str:
    return (
        text.replace("by: null  #", "by: nurse-1  #")
        .replace("endpoint_seen: null", "endpoint_seen: erythema")
        .replace("redness_d: null", "redness_d: 2")
        .replace("value: null", "value: 2")
    )


def visits(folder: Path) -> list[Path]:
    return sorted(folder.glob("visit-*.yaml"))


# ---------------------------------------------------------------- the circle


def test_from_a_plan_to_its_calibration(folder: Path, tmp_path: Path) -> None:
    approval = folder / "acne-scars-approval.json"
    done = run("score", approval, *visits(folder), "--out", tmp_path, "--maps")
    assert done.returncode == 0, done.stdout + done.stderr
    assert max(len(line) for line in done.stdout.splitlines() if "Written" not in line) <= 80
    assert "Forecast against seen" in done.stdout and "Planned against delivered" in done.stdout
    html = (tmp_path / "acne-scars-score.html").read_text(encoding="utf-8")
    assert "<svg" in html and html.rstrip().endswith("</html>") and "The same as a table" in html
    misses = Misses.model_validate_json((tmp_path / "acne-scars-misses.json").read_text(encoding="utf-8"))
    assert misses.approval == read_approval(approval).sha256 and len(misses.misses) == 3
    assert all(delivery.agrees for delivery in misses.deliveries)
    pooled = run("calibration", tmp_path, "--out", tmp_path)
    assert pooled.returncode == 4, pooled.stderr
    assert "Too few to say" in pooled.stdout and max(len(line) for line in pooled.stdout.splitlines()[:-1]) <= 80


def test_outside_the_band_or_not_as_planned_is_1(folder: Path, tmp_path: Path) -> None:
    approval = folder / "acne-scars-approval.json"
    worse = tmp_path / "worse.yaml"
    worse.write_text(visits(folder)[-1].read_text(encoding="utf-8").replace("value: 2", "value: 4"), encoding="utf-8")
    seen = run("score", approval, worse, "--out", tmp_path, "--json")
    assert seen.returncode == 1 and not all(one["inside_90"] for one in json.loads(seen.stdout)["misses"][:2])
    record = read_told(visits(folder)[:1], read_approval(approval), KB).records[0]
    missed = record.model_copy(update={"strokes": (), "deviations": ("ill",), "endpoint_seen": None, "redness_d": None})
    (tmp_path / "missed.json").write_text(missed.model_dump_json(), encoding="utf-8")
    skipped = run("score", approval, tmp_path / "missed.json", "--out", tmp_path)
    assert skipped.returncode == 1 and "not done" in skipped.stdout


def test_harm_without_a_rate_and_more_than_the_endpoint_are_1(folder: Path, tmp_path: Path) -> None:
    approval = folder / "acne-scars-approval.json"
    text = visits(folder)[0].read_text(encoding="utf-8").replace("asked_until_d: null", "asked_until_d: 400")
    keloid = "events: [{harm: keloid, grade: 4, after_d: 60}]"
    (tmp_path / "harm.yaml").write_text(text.replace("events: []", keloid, 1), encoding="utf-8")
    harmed = run("score", approval, tmp_path / "harm.yaml", "--out", tmp_path)
    assert harmed.returncode == 1 and harmed.stdout.startswith("1 serious unwanted event;")
    assert harmed.stdout.index("Unwanted events") < harmed.stdout.index("Planned against delivered")
    assert "Keloid or hypertrophic scar: Grade 4 (life-threatening); day 60 after session" in harmed.stdout
    flat = " ".join(harmed.stdout.split())
    assert "Any serious adverse event in scar studies: It came" in flat
    assert "Keloid or hypertrophic scar" in (tmp_path / "acne-scars-score.html").read_text(encoding="utf-8")
    usual = "events: [{harm: expected-reaction, grade: 1, after_d: 2}]"
    (tmp_path / "usual.yaml").write_text(text.replace("events: []", usual, 1), encoding="utf-8")
    expected = run("score", approval, tmp_path / "usual.yaml", "--out", tmp_path)
    assert expected.returncode == 0 and "; expected." in " ".join(expected.stdout.split())
    (tmp_path / "over.yaml").write_text(text.replace("seen: erythema", "seen: confluent", 1), encoding="utf-8")
    over = run("score", approval, tmp_path / "over.yaml", "--out", tmp_path)
    said = " ".join(over.stdout.split())
    assert over.returncode == 1 and "1 session not done as planned (1 beyond the planned endpoint)" in said


def test_words_in_tables_stay_whole_and_minus_is_one_sign(folder: Path, tmp_path: Path) -> None:
    told = run("score", folder / "acne-scars-approval.json", *visits(folder), "--out", tmp_path, "--maps").stdout
    lines = told.splitlines()[:-1]
    assert max(map(len, lines)) <= 80
    words = set(re.findall(r"[A-Za-z]{3,}", told))
    assert {"Goodman", "qualitative", "Forecast", "Planned", "Session"} <= words
    assert sum(set(line) == {"-", " "} for line in lines) == 2  # tables
    for part in ("Goodman-Baron", "(qualitative,", "session", "cheek"):
        assert any(part in line for line in lines), part
    assert not re.search(r"(?<![\w-])-\d", told)


def test_the_blank_record_is_the_plan(folder: Path) -> None:
    approval = read_approval(folder / "acne-scars-approval.json")
    printed = run("score", folder / "acne-scars-approval.json", "--template", "--session", 2).stdout
    assert printed == blank_visit(approval, 1)
    told = read_told(visits(folder), approval, KB)
    for record, planned in zip(told.records, approval.plan.sessions, strict=True):
        assert (record.device, record.strokes, record.condition) == (planned.device, planned.strokes, planned.condition)
        assert (record.on - approval.plan.start).days == planned.day_d
    assert len(told.followups) == 1 and len(told.followups[0].scores) == len(approval.forecast.outcomes)
    assert "session 9 is not in the plan" in run("score", folder / "acne-scars-approval.json", "--template",
                                                 "--session", 9).stderr  # fmt: skip


# ---------------------------------------------------------------- approving


def test_an_approval_is_never_written_over_and_needs_an_id(folder: Path, tmp_path: Path) -> None:
    before = (folder / "acne-scars-approval.json").read_bytes()
    again = run("approve", folder / "acne-scars.json", "--by", "dr-b")
    assert again.returncode == 2 and "never written over" in again.stderr
    assert (folder / "acne-scars-approval.json").read_bytes() == before
    nameless = run("approve", folder / "acne-scars.json", "--by", "Dr. Lee!", "--out", tmp_path / "a.json")
    assert nameless.returncode == 2 and "an id is letters" in nameless.stderr and not (tmp_path / "a.json").exists()


def test_what_cannot_be_approved_is_refused(folder: Path, tmp_path: Path) -> None:
    run("plan", ROOT / "examples/pregnancy.yaml", "--out", tmp_path, "--members", 64)
    nothing = run("approve", tmp_path / "pregnancy.json", "--by", "dr-lee")
    assert nothing.returncode == 1 and "nothing to approve" in nothing.stderr
    text = (folder / "acne-scars.json").read_text(encoding="utf-8")
    for change, said in (
        (lambda data: data["choice"]["plan"]["sessions"][0]["strokes"][0].update(passes_count=9), "another plan"),
        (lambda data: data["knowledge"].update(sha256="0" * 64), "stood on knowledge"),
        (lambda data: data["clearance"].update(verdict="defer"), "plan again"),
    ):
        data = json.loads(text)
        change(data)
        (tmp_path / "changed.json").write_text(json.dumps(data), encoding="utf-8")
        refused = run("approve", tmp_path / "changed.json", "--by", "dr-lee")
        assert refused.returncode in (1, 2) and said in refused.stderr
        assert not (tmp_path / "changed-approval.json").exists()


def test_an_approval_that_was_changed_afterwards_is_found(folder: Path, tmp_path: Path) -> None:
    data = json.loads((folder / "acne-scars-approval.json").read_text(encoding="utf-8"))
    data["plan"]["sessions"][0]["strokes"][0]["passes_count"] = 1
    (tmp_path / "a-approval.json").write_text(json.dumps(data), encoding="utf-8")
    found = run("score", tmp_path / "a-approval.json", *visits(folder))
    assert found.returncode == 2 and "not the one that was approved" in found.stderr


# ---------------------------------------------------------------- bad files


def refused(folder: Path, tmp_path: Path, text: str, name: str = "bad.yaml") -> str:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as problem:
        read_told([tmp_path / name], read_approval(folder / "acne-scars-approval.json"), KB)
    return str(problem.value)


def line_of(text: str, words: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if words in line)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('approval: "', f'approval: "{"a" * 64}"  # "', "belongs to another approval"),
        ("session: 2", "session: 7", "session 8 is not in the plan"),
        ("device: r", "device: rr", "did you mean 'r"),
        ("events: []", "events: [{harm: pih-iv, grade: 1, after_d: 2}]", "did you mean 'pih-iv-v'"),
        ("endpoint_seen: erythema", "endpoint_seen: bloody", "bloody"),
        ("person: acne-scars", "person: somebody", "is of 'somebody'"),
        ("value: 2", "value: 9", "9 is outside Goodman-Baron grade"),
        ("scale: goodman-baron-qualitative", "scale: goodman-banana", "did you mean 'goodman-baron-qu"),
        ("zone: cheek-right, value", "zone: cheek, value", "no zone 'cheek' in this assessment"),
        ("pregnant: null", "pregnamt: null", "unknown fact 'pregnamt' (did you mean 'pregnant'"),
        ("tattoo: null", "tattoo: 3", "tattoo"),
        ("zone: cheek-right, value: 2", "zone: cheek-left, value: 3", "score given twice: goodman-baron-qualitative"),
        ("lot: null", "lott: null", "did you mean 'lot'"),
    ],
)
def test_a_wrong_entry_is_named_with_its_file_and_line(
    folder: Path, tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = visits(folder)[-1].read_text(encoding="utf-8")
    message = refused(folder, tmp_path, text.replace(old, new, 1))
    assert said in message and f"bad.yaml:{line_of(text, old)}" in message


def test_days_before_the_assessment_and_doubles_are_named(folder: Path, tmp_path: Path) -> None:
    approval = read_approval(folder / "acne-scars-approval.json")
    text = visits(folder)[0].read_text(encoding="utf-8")
    start = approval.plan.start.isoformat()
    early = refused(folder, tmp_path, text.replace(start, start.replace(start[:4], "2020")))
    assert "the day of its assessment" in early and f"bad.yaml:{line_of(text, '  on:')}" in early
    double = run("score", folder / "acne-scars-approval.json", visits(folder)[0], visits(folder)[0])
    assert (
        double.returncode == 2
        and not double.stdout
        and double.stderr.count("visit-0.yaml:6") == 2
        and "keep one" in double.stderr
    )
    with pytest.raises(BadInput, match="the same follow-up stands in"):
        read_told([visits(folder)[2]] * 2, approval, KB)


def test_one_reading_from_two_files_is_refused_and_both_are_named(folder: Path, tmp_path: Path) -> None:
    """Another answer or note makes another follow-up; the reading of the day is still the same one."""
    approval = folder / "acne-scars-approval.json"
    first = visits(folder)[-1]
    text = first.read_text(encoding="utf-8")
    follow = "followups:" + text.split("followups:", 1)[1].replace("pregnant: null", "pregnant: false")
    (tmp_path / "again.yaml").write_text(follow, encoding="utf-8")
    for order in ((first, tmp_path / "again.yaml"), (tmp_path / "again.yaml", first)):
        refused_ = run("score", approval, *order, "--out", tmp_path)
        assert refused_.returncode == 2 and not refused_.stdout
        assert "again.yaml:" in refused_.stderr and first.name in refused_.stderr
        assert "goodman-baron-qualitative of cheek-left" in refused_.stderr and "noted already" in refused_.stderr
    on = next(line for line in follow.splitlines() if line.startswith("    on:"))
    another_day = follow.replace(on, "    on: 2027-06-20")
    (tmp_path / "again.yaml").write_text(another_day, encoding="utf-8")
    assert len(read_told([first, tmp_path / "again.yaml"], read_approval(approval), KB).followups) == 2


def test_a_case_with_two_scores_of_one_zone_is_refused_with_its_line(tmp_path: Path) -> None:
    text = (ROOT / "examples/acne-scars.yaml").read_text(encoding="utf-8")
    twice = text.replace("cheek-right, value: 3", "cheek-left, value: 2")
    assert twice != text
    (tmp_path / "case.yaml").write_text(twice, encoding="utf-8")
    seen = run("screen", tmp_path / "case.yaml")
    line = line_of(twice, "cheek-left, value: 2")
    assert seen.returncode == 2 and f"case.yaml:{line}: " in seen.stderr and "score given twice" in seen.stderr
    assert "3 and 2" in seen.stderr


def test_the_blank_follow_up_asks_what_is_asked_again(folder: Path) -> None:
    approval = read_approval(folder / "acne-scars-approval.json")
    told = read_told(visits(folder)[-1:], approval, KB).followups[0]
    assert {fact.name for fact in told.facts} == set(again_rule(KB).asks)
    assert all(fact.value is None for fact in told.facts)
    text = blank_visit(approval, 2, KB)
    assert "pregnant: null  # Pregnancy, or possible pregnancy?" in text
    assert "when true also topical_actives_stopped" in text
    earlier = blank_visit(approval, 0, KB)
    follow = earlier[earlier.index("# followups:") :]
    loose = "\n".join(line.removeprefix("# ") for line in follow.splitlines())
    opened = earlier.replace(follow, loose)
    (folder / "opened.yml").write_text(filled(opened), encoding="utf-8")
    (early,) = read_told([folder / "opened.yml"], approval, KB).followups
    assert (early.on - approval.plan.start).days == approval.plan.sessions[1].day_d
    man = approval.model_copy(
        update={
            "forecast": approval.forecast.model_copy(
                update={"person": approval.forecast.person.model_copy(update={"sex_at_birth": "male"})}
            )
        }
    )
    assert "pregnant" not in blank_visit(man, 0, KB) and "nsaid" in blank_visit(man, 0, KB)


def test_sessions_are_counted_from_one_in_what_is_said(folder: Path, tmp_path: Path) -> None:
    path = folder / "acne-scars-approval.json"
    approval = read_approval(path)
    plan = approval.plan
    first = run("score", path, "--template").stdout
    assert first == blank_visit(approval, 0, KB)
    on = plan.start.isoformat()
    assert f"session 1 of 3, planned for {on}" in first and "session: 0  # session 1 of 3; here they count" in first
    none = run("score", path, "--template", "--session", 0)
    assert none.returncode == 2 and "counted from 1; the plan has 1 to 3" in none.stderr
    told = run("score", path, *visits(folder), "--out", tmp_path).stdout
    table = told[told.index("Planned against delivered") : told.index("Chances against")]
    rows = [line.split()[0] for line in table.splitlines() if line[:1].isdigit()]
    assert rows == ["1", "1", "2", "2", "3", "3"]
    assert "Endpoint of session 1" in told and "Endpoint of session 3" in told
    assert "session 0" not in told.lower()


def test_files_of_another_kind_are_named(folder: Path, tmp_path: Path) -> None:
    for path, said in (
        (folder / "acne-scars.json", "this is a run"),
        (folder / "acne-scars-approval.json", "this is an approval"),
        (ROOT / "examples/acne-scars.yaml", "this is a case"),
        (folder / "nothing.yaml", "no such file"),
    ):
        result = run("score", folder / "acne-scars-approval.json", path)
        assert result.returncode == 2 and said in result.stderr and path.name in result.stderr
    assert "not valid YAML" in refused(folder, tmp_path, "records: [}")
    assert "no records and no follow-ups" in run("score", folder / "acne-scars-approval.json").stderr
    assert "not a file of 'needling approve'" in run("score", folder / "acne-scars.json", visits(folder)[0]).stderr


# ---------------------------------------------------------------- many people


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.mark.parametrize(("factor", "code", "verdict"), [(1.0, 0, "holds"), (1.3, 1, "failing")])
def test_calibration_of_a_folder(world: World, tmp_path: Path, factor: float, code: int, verdict: str) -> None:
    for number, misses in enumerate(world.people(400, 2, factor)):
        (tmp_path / f"p-{number}-misses.json").write_text(misses.model_dump_json(), encoding="utf-8")
    result = run("calibration", tmp_path, "--out", tmp_path / "out", "--json")
    assert result.returncode == code, result.stderr
    found = Calibration.model_validate_json(result.stdout)
    assert found.verdict == verdict and found.people_count == 400
    html = (tmp_path / "out/calibration.html").read_text(encoding="utf-8")
    assert html.count("<svg") == html.count("The same as a table") == 1 and "reliability" in html
    assert Calibration.model_validate_json((tmp_path / "out/calibration.json").read_text(encoding="utf-8")) == found


def test_calibration_names_what_it_cannot_read(folder: Path, tmp_path: Path) -> None:
    assert "ends in -misses.json" in run("calibration", tmp_path).stderr
    run("score", folder / "acne-scars-approval.json", *visits(folder), "--out", tmp_path)
    written = tmp_path / "acne-scars-misses.json"
    (tmp_path / "copy-misses.json").write_bytes(written.read_bytes())
    twice = run("calibration", tmp_path)
    assert twice.returncode == 2 and "the same approval as" in twice.stderr
    (tmp_path / "copy-misses.json").write_text("{", encoding="utf-8")
    broken = run("calibration", tmp_path)
    assert broken.returncode == 2 and "copy-misses.json" in broken.stderr


def test_documents_come_back_as_they_were(folder: Path) -> None:
    approval = read_approval(folder / "acne-scars-approval.json")
    assert Approval.model_validate_json(approval.model_dump_json()) == approval
    for record in read_told(visits(folder), approval, KB).records:
        assert SessionRecord.model_validate_json(record.model_dump_json()) == record
