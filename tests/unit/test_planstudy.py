"""The plan study: whom it holds, how a plan is scored and disqualified, and that the stored leaderboard is true."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from needling.documents import Plan
from needling.errors import BadInput
from needling.knowledge import Knowledge, load_knowledge
from needling.planning.assemble import plan_from_sentence
from needling.planning.cases import read_case
from needling.simulation import Belief, objectives, simulate
from needling.trials.planstudy.leaderboard import (
    Leaderboard,
    as_data,
    default_submission,
    ranks,
    score_submissions,
)
from needling.trials.planstudy.scorecard import doubts, held_out, less_lucky, score_plans
from needling.trials.planstudy.study import (
    Study,
    Submission,
    load_study,
    person_files,
    plan_of,
    read_submission,
    submission_schema,
    write_submission,
)

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "plan-study"
FILES = sorted((FOLDER / "submissions").glob("*.json"))
CHEEKS = "1.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3"
HAIR = "0.5 mm roller, 4 directions x 4 passes, scalp, every 2 weeks x 6"
AGAIN = (
    "score it again: needling planstudy --default plan-study/submissions/needling-default.json && "
    "needling planstudy plan-study/submissions/*.json --out plan-study"
)


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study(load_knowledge())


def handed_in(name: str = "ours", **plans: str | Plan) -> Submission:
    return Submission(
        name=name, by="a test", made_with="by hand", plans={person.replace("_", "-"): p for person, p in plans.items()}
    )


def scored_on(study: Study, person: str, *sentences: str) -> list:
    member = study.by_id[person]
    plans = [plan_of(sentence, member, study.knowledge) for sentence in sentences]
    return score_plans(plans, member, study, [held_out(study)])[0]


# ---------------------------------------------------------------- the people


def test_twelve_different_people(study: Study) -> None:
    cases = [member.case for member in study.people]
    assert len(cases) == 12 == len(person_files())
    assert {case.person.phototype for case in cases} == {"I", "II", "III", "IV", "V", "VI"}
    assert {case.assessment.setting for case in cases} == {"home", "clinic"}
    assert {case.person.sex_at_birth for case in cases} == {"female", "male"}
    assert len({finding.concern for case in cases for finding in case.assessment.zones}) >= 9
    assert {len(case.assessment.zones) for case in cases} == {1, 2, 3}
    assert {member.clearance.verdict for member in study.people} == {"go", "ask", "exclude"}
    years = [case.person.birth_year for case in cases if case.person.birth_year]
    assert max(years) - min(years) >= 30


def test_some_have_limits_and_wishes(study: Study) -> None:
    goals = [member.case.goals for member in study.people]
    assert any(one.max_visits_count for one in goals) and any(one.max_redness_d for one in goals)
    assert any(one.max_total_price for one in goals) and any(one.needle_length_mm for one in goals)
    assert len({(one.gain_weight, one.harm_weight) for one in goals}) >= 3


def test_every_file_says_why_it_is_there(study: Study) -> None:
    for member in study.people:
        assert re.search(r"Why: .{40,}\.$", member.why), member.id


def test_nobody_is_judged_with_the_planner_s_own_luck(study: Study) -> None:
    planner = Belief.prior(study.knowledge)
    judged = held_out(study)
    assert judged.members.size == 1024 > planner.members.size
    ours = judged.draw(study.rules.key)["clinical-gain"][: planner.members.size]
    assert abs(np.corrcoef(np.log(ours), np.log(planner.draw(0)["clinical-gain"]))[0, 1]) < 0.2


def test_another_rule_of_screening_asks_for_a_new_version(study: Study) -> None:
    kb = study.knowledge
    rules = tuple(rule for rule in kb.rules if not rule.id.startswith("keloid"))
    with pytest.raises(BadInput, match="keloid-former"):
        load_study(kb.replace(rules=rules))


# ---------------------------------------------------------------- submissions


def write(folder: Path, content: object) -> Path:
    path = folder / "mine.json"
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return path


FORM = {"name": "mine", "by": "me", "made_with": "pencil"}


@pytest.mark.parametrize(
    ("plans", "said"),
    [
        ({"rolling-scar": CHEEKS}, r"mine\.json:6: plans\.rolling-scar: no such person .*rolling-scars"),
        ({"rolling-scars": "roll it well"}, r"mine\.json:6: plans\.rolling-scars: cannot read 'roll it well'"),
        ({"rolling-scars": CHEEKS.replace("cheeks", "cheekz")}, "unknown zone 'cheekz'.*cheeks"),
        ({"rolling-scars": CHEEKS.replace("roller,", "roller (roller-19),")}, "unknown device 'roller-19'"),
        ({"rolling-scars": 3}, "plans.rolling-scars"),
        ({"rolling-scars": {"label": "?"}}, "'envelope' is missing"),
    ],
)
def test_a_plan_that_cannot_be_read_is_refused_with_its_place(
    study: Study, tmp_path: Path, plans: dict[str, object], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        read_submission(write(tmp_path, FORM | {"plans": plans}), study)


def test_a_strange_key_and_a_missing_name_are_named(study: Study, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as problem:
        read_submission(write(tmp_path, {"nam": "mine", "by": "me", "made_with": "pencil", "plans": {}}), study)
    assert "unknown key 'nam'" in str(problem.value) and "'name' is missing" in str(problem.value)


def test_a_plan_of_another_person_or_setting_is_refused(study: Study) -> None:
    plan = plan_of(CHEEKS, study.by_id["rolling-scars"], study.knowledge)
    with pytest.raises(BadInput, match="of 'rolling-scars'"):
        plan_of(plan, study.by_id["marks-easily"], study.knowledge)
    at_home = plan.model_copy(update={"envelope": "home"})
    with pytest.raises(BadInput, match="for 'home'"):
        plan_of(at_home, study.by_id["rolling-scars"], study.knowledge)


def test_two_submissions_of_one_name_or_none_are_refused(study: Study) -> None:
    with pytest.raises(BadInput, match="no name twice"):
        score_submissions([handed_in(), handed_in()], study)
    with pytest.raises(BadInput, match="none"):
        score_submissions([], study)


def test_a_submission_survives_its_file(study: Study, tmp_path: Path) -> None:
    plan = plan_of(CHEEKS, study.by_id["rolling-scars"], study.knowledge)
    first = handed_in(rolling_scars=plan, thinning_hair=HAIR)
    path = tmp_path / "again.json"
    path.write_text(write_submission(first), encoding="utf-8")
    assert read_submission(path, study) == first


def test_the_schema_file_is_current() -> None:
    stored = json.loads((FOLDER / "submission.schema.json").read_text(encoding="utf-8"))
    assert stored == submission_schema(), "run: needling planstudy --schema > plan-study/submission.schema.json"


def test_the_example_in_the_readme_is_a_submission(study: Study, tmp_path: Path) -> None:
    (block,) = re.findall(r"```json\n(.*?)```", (FOLDER / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    path = tmp_path / "example.json"
    path.write_text(block, encoding="utf-8")
    assert len(read_submission(path, study).plans) == 2


@pytest.mark.parametrize("page", ["README.md", "leaderboard.md"])
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s#]+)\)", (FOLDER / page).read_text(encoding="utf-8")):
        assert (FOLDER / target).exists(), target


# ---------------------------------------------------------------- the score


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=60), st.floats(0.05, 0.95))
def test_the_less_lucky_are_the_lowest(values: list[float], share: float) -> None:
    found = float(less_lucky(np.array(values), share))
    count = max(1, int(np.ceil(share * len(values))))
    assert found == pytest.approx(sum(sorted(values)[:count]) / count)
    assert min(values) - 1e-12 <= found <= np.mean(values) + 1e-12


def test_a_score_is_what_the_readme_says(study: Study) -> None:
    """The formula once more, member by member, for a person with one zone."""
    member, rules = study.by_id["thinning-hair"], study.rules
    (found,) = scored_on(study, "thinning-hair", HAIR)
    case = member.case
    plan = plan_from_sentence(HAIR, case.person, case.assessment, member.clearance, study.knowledge)
    course = simulate(plan, case.person, case.assessment, held_out(study), key=rules.key)
    seen = objectives(course)
    values = []
    for place in range(1024):
        value = seen.gain[place]
        value -= 0.3 * 6 * seen.redness_d[place] / 14
        value -= seen.harm_probability[place] / 0.5
        value -= 0.1 * 6 / 12
        values.append(value)
    assert found.score == pytest.approx(np.mean(sorted(values)[:512]), rel=1e-12)
    assert found.band == pytest.approx(tuple(np.quantile(values, (0.05, 0.95))))


def test_leaving_a_zone_out_does_not_pay(study: Study) -> None:
    both, one = scored_on(study, "rolling-scars", CHEEKS, CHEEKS.replace("cheeks", "left cheek"))
    assert one.gain == pytest.approx(both.gain / 2, rel=0.1)
    assert one.score < both.score


def test_a_price_counts_against_what_a_change_is_worth(study: Study) -> None:
    sentence = "1.5 mm roller, 4 directions x 4 passes, abdomen / thighs and buttocks, every 6 weeks x {}"
    three, five = scored_on(study, "stretch-marks", sentence.format(3), sentence.format(5))
    assert three.status == "scored"
    assert five.status == "disqualified" and five.because == ("costs 750: the person can spend 700",)


@pytest.mark.parametrize(
    ("person", "sentence", "said"),
    [
        ("rolling-scars", CHEEKS.replace("6 weeks", "4 weeks"), "28 days between sessions"),
        ("rolling-scars", CHEEKS.replace("1.5 mm", "2 mm"), "2 mm needles"),
        ("rolling-scars", CHEEKS.replace("x 4 passes", "x 9 passes"), "9 passes"),
        ("rolling-scars", CHEEKS.replace("cheeks", "foreheads"), "only zones that are cleared"),
        ("keloid-former", CHEEKS.replace("cheeks", "left upper arm"), "verdict is 'exclude'"),
        ("wants-long-needles", "0.2 mm roller, 4 directions x 2 passes, foreheads, every 2 weeks x 8", "is 'ask'"),
        ("dull-skin-at-home", CHEEKS.replace("roller,", "roller (roller-192),"), "home"),
        ("neck-lines", "1 mm roller, 3 directions x 3 passes, neck, every 6 weeks x 5", "wants at most 4"),
        ("lines-before-a-wedding", "1 mm roller, 4 directions x 4 passes, foreheads, every 6 weeks x 3", "at most 2.5"),
    ],
)
def test_who_breaks_a_limit_is_disqualified_and_told(study: Study, person: str, sentence: str, said: str) -> None:
    zones = {"foreheads": study.knowledge.site("forehead").plural.lower()}
    for word, plural in zones.items():
        sentence = sentence.replace(word, plural)
    (found,) = scored_on(study, person, sentence)
    assert found.status == "disqualified" and found.score == study.rules.disqualified_score
    assert any(said in reason for reason in found.because), found.because


def test_an_allowed_plan_is_never_worse_than_a_forbidden_one(study: Study) -> None:
    (awful,) = scored_on(
        study, "thinning-hair", HAIR.replace("2 weeks x 6", "1 week x 12").replace("4 passes", "5 passes")
    )
    assert awful.status == "scored"
    assert study.rules.disqualified_score < study.rules.floor_score <= awful.score < 0


def test_a_whole_plan_scores_as_its_sentence(study: Study) -> None:
    member = study.by_id["rolling-scars"]
    plan = plan_of(CHEEKS, member, study.knowledge)
    older = plan.model_copy(update={"clearance_sha256": "0" * 64, "knowledge_sha256": "1" * 64})
    board = score_submissions(
        [handed_in("words", rolling_scars=CHEEKS), handed_in("plan", rolling_scars=older)],
        study,
        with_doubts=False,
        people=["rolling-scars"],
    )
    assert board.entries[0].score == board.entries[1].score
    assert {entry.rank for entry in board.entries} == {1}


def test_who_hands_nothing_in_is_scored_as_no_treatment(study: Study) -> None:
    board = score_submissions(
        [handed_in("silent"), handed_in("says so", rolling_scars="no treatment")],
        study,
        with_doubts=False,
        people=["rolling-scars"],
    )
    assert [entry.score for entry in board.entries] == [0.0, 0.0]
    assert {entry.submission.name: entry.scores[0].status for entry in board.entries} == {
        "silent": "not submitted",
        "says so": "no treatment",
    }


# ---------------------------------------------------------------- the ranking


def test_what_chance_cannot_tell_apart_shares_a_rank() -> None:
    scores = np.array([0.50, 0.49, 0.30])
    luck = np.random.default_rng(1).standard_normal(200)
    own = np.random.default_rng(2).standard_normal((3, 200))
    alone = scores[:, None] + 0.02 * own
    assert ranks(scores, alone) == [1, 1, 3]
    together = scores[:, None] + 0.02 * luck[None, :]  # the same luck for all: the difference is certain
    assert ranks(scores, together) == [1, 2, 3]
    assert ranks(np.array([0.1, 0.1, 0.2])) == [2, 2, 1]


def test_the_worst_doubt_is_worse_than_the_usual_reading(study: Study) -> None:
    rules = study.rules
    belief = doubts(study)
    gains = belief.draw(rules.key)["debris-clearance-rate"].reshape(rules.doubts_count, -1)
    assert gains.shape == (16, 256)
    depth = belief.draw(rules.key)["depth-scale"].reshape(rules.doubts_count, -1)  # nobody differs in it: only doubt
    assert np.ptp(depth, axis=1).max() == 0 and np.ptp(depth[:, 0]) > 0
    board = score_submissions([handed_in(rolling_scars=CHEEKS)], study, people=["rolling-scars"])
    (entry,) = board.entries
    assert entry.worst is not None and entry.worst[0] < entry.score
    assert entry.readings["weak-response"][0] < entry.score < entry.readings["strong-response"][0]


def test_other_possible_people_give_nearly_the_same_score(study: Study) -> None:
    boards = [
        score_submissions(
            [handed_in(rolling_scars=CHEEKS)], study, with_doubts=False, people=["rolling-scars"], key=key
        ).entries[0]
        for key in (None, 5, 6)
    ]
    scores = [entry.score for entry in boards]
    assert len(set(scores)) == 3
    assert np.ptp(scores) < 6 * boards[0].error


# ---------------------------------------------------------------- the stored leaderboard


def stored() -> dict:
    return json.loads((FOLDER / "leaderboard.json").read_text(encoding="utf-8"))


def compare(board: Leaderboard, tolerance: float) -> None:
    fresh, kept = as_data(board), stored()
    by_name = {entry["name"]: entry for entry in kept["entries"]}
    assert by_name.keys() == {entry["name"] for entry in fresh["entries"]}, AGAIN
    for entry in fresh["entries"]:
        old = by_name[entry["name"]]
        assert old["submission_sha256"] == entry["submission_sha256"], AGAIN
        people = {one["id"]: one for one in old["people"]}
        for one in entry["people"]:
            before = people[one["id"]]
            assert (before["plan"], before["status"], before["because"]) == (one["plan"], one["status"], one["because"])
            for name in ("score", "low", "high", "gain", "harm_probability"):
                assert before[name] == pytest.approx(one[name], abs=tolerance), f"{one['id']} {name}; {AGAIN}"


def test_the_leaderboard_was_scored_under_the_knowledge_in_force(study: Study, kb: Knowledge) -> None:
    kept = stored()
    assert kept["knowledge_sha256"] == kb.sha256, AGAIN
    assert kept["study_version"] == study.rules.version and kept["key"] == study.rules.key
    assert {entry["name"] for entry in kept["entries"]} == {path.stem for path in FILES}
    assert kb.sha256 in (FOLDER / "leaderboard.md").read_text(encoding="utf-8"), AGAIN


def test_the_leaderboard_agrees_with_a_fresh_scoring(study: Study) -> None:
    submissions = [read_submission(path, study) for path in FILES]
    compare(score_submissions(submissions, study, with_doubts=False), 2e-3)


def test_the_three_rules_of_thumb_say_one_thing_to_everybody(study: Study) -> None:
    for path in FILES:
        if path.stem in ("needling-default", "no-treatment"):
            continue
        submission = read_submission(path, study)
        assert set(submission.plans) == set(study.by_id)
        said = {re.sub(r"passes, .*?, every", "passes, every", str(plan)) for plan in submission.plans.values()}
        assert len({one.replace(" (roller-192)", "") for one in said}) == 1
        keys = set(re.findall(r"[a-z-]+\d{4}(?:-[a-z]+)?", submission.note))
        assert keys and keys <= {source.key for source in study.knowledge.sources}


def test_our_own_submission_is_what_the_planner_gives_now(study: Study) -> None:
    kept = read_submission(FOLDER / "submissions" / "needling-default.json", study)
    fresh = default_submission(study)
    for member in study.people:
        old, new = (plan_of(one.plans[member.id], member, study.knowledge) for one in (kept, fresh))
        assert old.label == new.label, f"{member.id}: {AGAIN}"
        bare = {"preparation", "topicals", "aftercare"}
        assert [s.model_dump(exclude=bare) for s in old.sessions] == [s.model_dump(exclude=bare) for s in new.sessions]


@pytest.mark.slow
def test_a_search_hands_in_plans_that_may_be_carried_out(study: Study) -> None:
    submission = default_submission(study, searched=True, people=["melasma"], members=64)
    assert submission.name == "needling-search" and set(submission.plans) == {"melasma"}
    (entry,) = score_submissions([submission], study, with_doubts=False, people=["melasma"]).entries
    assert entry.disqualified == 0


@pytest.mark.slow
def test_the_ranking_under_doubt_is_as_stored(study: Study) -> None:
    submissions = [read_submission(path, study) for path in FILES]
    fresh = {entry["name"]: entry for entry in as_data(score_submissions(submissions, study))["entries"]}
    for entry in stored()["entries"]:
        again = fresh[entry["name"]]
        assert entry["rank"] == again["rank"], AGAIN
        assert entry["worst_doubts"]["score"] == pytest.approx(again["worst_doubts"]["score"], abs=2e-3), AGAIN
        for name, reading in entry["readings"].items():
            assert reading["score"] == pytest.approx(again["readings"][name]["score"], abs=2e-3), AGAIN


# ---------------------------------------------------------------- command and pages


def call(*words: str) -> tuple[int, str]:
    from needling.cli import build

    done = CliRunner().invoke(build(["planstudy"]), ["planstudy", *words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def test_the_command_lists_the_people_and_writes_their_cases(tmp_path: Path, kb: Knowledge) -> None:
    code, said = call()
    assert code == 0 and "keloid-former" in said and "not proven good in people" in said
    code, _ = call("--people", str(tmp_path))
    assert code == 0
    assert len([read_case(path, kb) for path in tmp_path.glob("*.yaml")]) == 12
    code, said = call("--schema")
    assert code == 0 and json.loads(said)["title"] == "Submission"


def test_the_command_scores_and_writes_the_leaderboard(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(write_submission(handed_in("mine", rolling_scars=CHEEKS, boxcar_scars="no treatment")))
    code, said = call(str(path), "--no-doubts", "--out", str(tmp_path / "board"))
    assert code == 0 and " 1. mine" in said and "none handed in" in said
    page = (tmp_path / "board" / "leaderboard.md").read_text(encoding="utf-8")
    assert study.knowledge.sha256 in page and "Thinning hair" in page
    assert json.loads((tmp_path / "board" / "leaderboard.json").read_text())["entries"][0]["name"] == "mine"
    drawn = (tmp_path / "board" / "leaderboard.svg").read_text(encoding="utf-8")
    assert "</svg>" in drawn and "Keloid former" in drawn
    path.write_text(write_submission(handed_in("mine", keloid_former=CHEEKS.replace("cheeks", "left upper arm"))))
    code, said = call(str(path), "--no-doubts", "--json")
    assert code == 1 and json.loads(said)["entries"][0]["disqualified"] == 1


def test_the_picture_has_its_numbers_as_a_table(study: Study) -> None:
    from needling.report.about_planstudy import leaderboard_figure

    board = score_submissions(
        [handed_in("mine", rolling_scars=CHEEKS), handed_in("none")],
        study,
        with_doubts=False,
        people=["rolling-scars", "keloid-former"],
    )
    figure = leaderboard_figure(board)
    assert len(figure.rows) == 4 and all(len(row) == len(figure.headers) for row in figure.rows)
    assert figure.rows[0][:2] == ("rolling scars", board.entries[0].submission.name)
    assert "2 submissions on 2 people" in figure.alt and "mine" in figure.svg
