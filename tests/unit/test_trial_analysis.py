"""What a trial says: published sizes and intervals, coverage, planted differences, and refusals."""

from __future__ import annotations

from math import ceil, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.trial_studies import LONG, small_study

pyarrow = pytest.importorskip("pyarrow")
stats = pytest.importorskip("scipy.stats")

from needling.documents.study import Estimate, Study, TrialResults  # noqa: E402
from needling.errors import BadInput  # noqa: E402
from needling.knowledge import Knowledge, load_knowledge  # noqa: E402
from needling.trials.analysis import (  # noqa: E402
    analyse,
    differences_table,
    independent_difference,
    number_to_treat,
    paired_difference,
    paired_share_difference,
    power_of,
    sample_size,
    sample_size_of_shares,
    share_difference,
    share_estimate,
)
from needling.trials.shards import compute_table, shard_count, to_parquet  # noqa: E402
from needling.trials.studies import read_study  # noqa: E402

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shipped() -> Knowledge:
    return load_knowledge()


def _tables(study: Study, kb: Knowledge) -> list[Any]:
    return [compute_table(study, shard, kb) for shard in range(shard_count(study))]


def _planted(table: Any, arm: str, by: float, sd: float, seed: int) -> Any:
    """The table with a known difference of change: the arm's true change is the other's plus noise around ``by``."""
    change = np.array(table["change_score"].to_pylist(), dtype=float)
    person = table["person"].to_numpy()
    arms = np.array(table["arm"].to_pylist())
    world = table["world"].to_numpy()
    luck = np.random.default_rng(seed)
    size = int(person.max()) + 1
    start, noise = luck.normal(1, 0.5, size), luck.normal(by, sd, size)
    change = np.where(np.isfinite(change), start[person] + np.where(arms == arm, noise[person], 0.0), change)
    change = np.where(world > 0, change + 0.3 * (arms == arm), change)
    place = table.column_names.index("change_score")
    return table.set_column(place, "change_score", pyarrow.array(change)).replace_schema_metadata(table.schema.metadata)


# ---------------------------------------------------------------- published numbers


@pytest.mark.parametrize(
    ("effect", "paired", "people"),
    # Cohen's tables and G*Power, two-sided 0.05, power 0.80
    [(0.2, False, 394), (0.5, False, 64), (0.8, False, 26), (0.5, True, 34), (0.2, True, 199), (0.8, True, 15)],
)
def test_sizes_are_those_of_the_tables(effect: float, paired: bool, people: int) -> None:
    assert sample_size(effect, 1.0, 0.05, 0.8, paired=paired) == people


@given(st.floats(0.05, 2), st.floats(0.1, 10), st.floats(0.01, 0.2), st.floats(0.6, 0.95), st.booleans())
def test_sizes_lie_near_the_normal_formula_and_are_the_least(
    effect: float, sd: float, alpha: float, power: float, paired: bool
) -> None:
    """n = k (z_a + z_b)^2/d^2 + z_a^2/(2 k'), k = 1 or 2 (Guenther's correction)."""
    people = sample_size(effect * sd, sd, alpha, power, paired=paired)
    za, zb = stats.norm.ppf(1 - alpha / 2), stats.norm.ppf(power)
    formula = (1 if paired else 2) * (za + zb) ** 2 / effect**2 + za**2 / (2 if paired else 4)
    assert people is not None
    assert people == pytest.approx(max(ceil(formula), 2), abs=2, rel=0.02)
    assert power_of(effect * sd, sd, people, alpha, paired=paired) >= power
    if people > 2:
        assert power_of(effect * sd, sd, people - 1, alpha, paired=paired) < power


def test_power_is_what_many_trials_show() -> None:
    luck = np.random.default_rng(1)
    one, other = luck.normal(0.5, 1, (4000, 64)), luck.normal(0, 1, (4000, 64))
    shown = np.mean(stats.ttest_ind(one, other, axis=1).pvalue < 0.05)
    assert power_of(0.5, 1.0, 64, 0.05, paired=False) == pytest.approx(0.8015, abs=2e-4)
    assert shown == pytest.approx(0.8015, abs=0.02)


def test_nothing_shows_no_difference() -> None:
    assert sample_size(0.0, 1.0, 0.05, 0.8, paired=True) is None
    assert sample_size(1e-9, 1.0, 0.05, 0.8, paired=False) is None
    assert power_of(0.1, 1.0, 10_000_000, 0.05, paired=False) == 1.0
    assert power_of(0.1, 0.0, 10, 0.05, paired=True) == 1.0


def test_sizes_of_shares() -> None:
    assert sample_size_of_shares(0.5, 0.75, 0.05, 0.9) == 77  # R, power.prop.test: 76.7
    assert sample_size_of_shares(0.3, 0.3, 0.05, 0.9) is None


def test_intervals_of_shares() -> None:
    one = share_estimate(81, 263, 0.05)  # Newcombe 1998
    assert (one.low, one.high) == (pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))
    none = share_estimate(0, 20, 0.05)
    assert (none.value, none.low) == (0, 0) and none.high == pytest.approx(0.1611, abs=1e-4)
    treated, control = np.arange(70) < 56, np.arange(80) < 48  # Newcombe 1998, method 10
    difference = share_difference(treated, control, 0.05)
    assert difference.value == pytest.approx(0.2)
    assert (difference.low, difference.high) == (pytest.approx(0.0524, abs=1e-4), pytest.approx(0.3339, abs=1e-4))


def test_intervals_of_means_are_those_of_scipy() -> None:
    luck = np.random.default_rng(2)
    one, other = luck.normal(1, 2, 50), luck.normal(0, 1, 80)
    ours, sd = independent_difference(one, other, 0.1)
    theirs = stats.ttest_ind(one, other, equal_var=False).confidence_interval(0.9)
    assert (ours.low, ours.high) == (pytest.approx(theirs.low), pytest.approx(theirs.high))
    assert sd == pytest.approx(sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2))
    within, _ = paired_difference(one, 0.1)
    theirs = stats.ttest_1samp(one, 0).confidence_interval(0.9)
    assert (within.low, within.high) == (pytest.approx(theirs.low), pytest.approx(theirs.high))


def test_people_to_treat() -> None:
    found = number_to_treat(Estimate(value=0.2, low=0.1, high=0.25))
    assert (found.value, found.low, found.high) == (5, 4, 10)
    unsure = number_to_treat(Estimate(value=0.1, low=-0.1, high=0.3))
    assert (unsure.value, unsure.low, unsure.high) == (10, None, None)
    assert number_to_treat(Estimate(value=0, low=0, high=0)).value is None


# ---------------------------------------------------------------- coverage


@pytest.mark.parametrize("kind", ["paired", "independent", "shares"])
def test_intervals_hold_the_truth_as_often_as_they_say(kind: str) -> None:
    luck = np.random.default_rng(3)
    held = 0
    repeats = 1500
    for _ in range(repeats):
        if kind == "paired":
            found = paired_difference(luck.normal(0.3, 1, 40), 0.05)[0]
        elif kind == "independent":
            found = independent_difference(luck.normal(0.3, 1, 30), luck.normal(0, 2, 60), 0.05)[0]
        else:
            found = share_difference(luck.random(60) < 0.5, luck.random(80) < 0.2, 0.05)
        held += found.low <= 0.3 <= found.high
    assert 0.935 <= held / repeats <= 0.97


def test_a_planted_difference_is_recovered_with_the_right_coverage(shipped: Knowledge) -> None:
    """Whole analyses of tables with a known truth, over repeats."""
    study = small_study(people=120, block_people_count=128)
    (table,) = _tables(study, shipped)
    held = []
    for seed in range(120):
        results = analyse(study, shipped, [_planted(table, "long", 0.4, 0.3, seed)])
        estimate = results.contrasts[0].primary.estimate
        held.append(estimate.low <= 0.4 <= estimate.high)
    assert 0.89 <= np.mean(held) <= 0.99
    contrast = results.contrasts[0]
    assert (contrast.arm, contrast.control, contrast.finding) == ("long", "short", "better")
    assert contrast.primary.world_low == pytest.approx(contrast.primary.estimate.value + 0.3)
    assert contrast.worlds_in_favour_share == 1


@pytest.mark.parametrize(
    ("by", "sd", "finding"),
    [
        (0.4, 0.2, "better"),
        (0.1, 0.02, "better-but-small"),
        (0.0, 0.1, "no-difference-that-matters"),
        (-0.1, 0.02, "worse-but-small"),
        (-0.4, 0.2, "worse"),
        (0.0, 5.0, "undecided"),
        (0.24, 0.4, "better-size-open"),
        (-0.24, 0.4, "worse-size-open"),
    ],
)
def test_findings_against_the_margin(shipped: Knowledge, by: float, sd: float, finding: str) -> None:
    study = small_study(people=100, block_people_count=128)
    (table,) = _tables(study, shipped)
    assert analyse(study, shipped, [_planted(table, "long", by, sd, 8)]).contrasts[0].finding == finding


@pytest.mark.parametrize("people", [50, 200])
def test_paired_shares_keep_their_coverage_where_few_differ(people: int) -> None:
    """Few say yes under one arm only: the interval still covers the truth, and has a width where nobody does."""
    luck = np.random.default_rng(5)
    chances = np.array([0.010, 0.004, 0.3, 0.686])  # yes only under the first, only under the second, both, neither
    covered = 0
    for _ in range(400):
        which = luck.choice(4, size=people, p=chances)
        first, second = np.isin(which, (0, 2)), np.isin(which, (1, 2))
        found, _ = paired_share_difference(first, second, 0.05)
        covered += found.low <= chances[0] - chances[1] <= found.high
    assert covered / 400 >= 0.93
    alike, sd = paired_share_difference(np.ones(people, bool), np.ones(people, bool), 0.05)
    assert alike.value == 0 and alike.low < 0 < alike.high and sd > 0


# ---------------------------------------------------------------- the whole analysis


@pytest.fixture(scope="module")
def example(shipped: Knowledge) -> tuple[Study, list[Any], TrialResults]:
    study = read_study(ROOT / "examples/studies/acne-scars-length.yaml")
    tables = _tables(study, shipped)
    return study, tables, analyse(study, shipped, tables)


def test_everybody_is_accounted_for(example: tuple[Study, list[Any], TrialResults]) -> None:
    study, _, results = example
    flow = results.flow
    assert flow.screened_count == study.population.people_count
    assert flow.eligible_count + sum(one.people_count for one in flow.not_eligible) == flow.screened_count
    assert {one.reason for one in flow.not_eligible} >= {
        "study: age",
        "study: phototype",
        "screening: exclude pregnancy",
    }
    for arm in results.arms:
        assert arm.people_count == flow.eligible_count
        assert arm.dropped_out_count / arm.people_count == pytest.approx(0.15, abs=0.04)
        assert 0 < arm.sessions_missed_count < 0.3 * arm.sessions_planned_count


def test_people_who_are_their_own_controls_save_five_times_and_more(
    example: tuple[Study, list[Any], TrialResults],
) -> None:
    (efficiency,) = example[2].efficiency
    assert efficiency.ratio >= 5
    assert efficiency.measured_ratio is not None and efficiency.measured_ratio >= 5
    assert efficiency.measured_ratio == pytest.approx(efficiency.ratio, rel=0.25)


def test_what_nobody_knows_is_shown_beside_who_was_drawn(example: tuple[Study, list[Any], TrialResults]) -> None:
    contrast = example[2].contrasts[0]
    estimate, low, high = contrast.primary.estimate, contrast.primary.world_low, contrast.primary.world_high
    assert low is not None and high is not None
    assert high - low > 5 * (estimate.high - estimate.low)  # ignorance does not shrink with virtual people
    assert contrast.as_seen is not None
    assert contrast.as_seen.sd > contrast.primary.sd
    assert contrast.as_seen.estimate.low < estimate.value < contrast.as_seen.estimate.high


def test_real_trials_need_what_the_seen_spread_asks_for(example: tuple[Study, list[Any], TrialResults]) -> None:
    parallel, split = example[2].real_trials[:2]
    assert [one.difference_from for one in example[2].real_trials[::2]] == [
        "found",
        "margin",
        "least-world",
        "greatest-world",
    ]
    margin = example[2].real_trials[2]
    assert abs(margin.difference) == example[0].analysis.margin
    assert (parallel.design, split.design) == ("parallel", "split-person")
    for real, paired in ((parallel, False), (split, True)):
        wanted = sample_size(real.difference, real.sd, 0.05, 0.8, paired=paired)
        assert real.per_arm_count == wanted
        assert real.with_dropout_count == ceil((real.total_count or 0) / 0.85)
    assert parallel.sd > example[2].contrasts[0].primary.sd


def test_independent_arms_find_the_same_with_wider_intervals(shipped: Knowledge) -> None:
    paired = small_study(people=600, block_people_count=600)
    alone = small_study(people=600, block_people_count=600, analysis={"margin": 0.2, "design": "independent"})
    one, other = (analyse(study, shipped, _tables(study, shipped)) for study in (paired, alone))
    ours, theirs = (results.contrasts[0].primary.estimate for results in (one, other))
    assert theirs.high - theirs.low > 2 * (ours.high - ours.low)
    assert theirs.low <= ours.value <= theirs.high
    assert other.efficiency == () and {real.design for real in other.real_trials} == {"parallel"}
    assert sum(arm.people_count for arm in other.arms) == one.flow.eligible_count


@pytest.mark.parametrize("primary", ["responder", "redness", "harm"])
def test_every_primary_outcome(shipped: Knowledge, primary: str) -> None:
    study = small_study(people=200, block_people_count=256, outcome={"primary": primary}, arms={"none": "no treatment", "long": LONG})  # fmt: skip  # noqa: E501
    results = analyse(study, shipped, _tables(study, shipped))
    contrast = results.contrasts[0]
    assert contrast.finding.startswith("better" if primary == "responder" else "worse")
    assert results.primary_unit == {"responder": "share", "redness": "d", "harm": "probability"}[primary]
    assert contrast.number_to_treat.value is None or contrast.number_to_treat.value > 1
    assert TrialResults.model_validate_json(results.canonical()) == results
    rows = differences_table(results)
    assert {row["measure"] for row in rows} >= {"change_score", "redness_d", "harm_probability"}


def test_what_nobody_can_forecast_is_not_nobody(shipped: Knowledge) -> None:
    study = read_study(ROOT / "examples/studies/home-short-needles.yaml")
    few = study.model_copy(update={"population": study.population.model_copy(update={"people_count": 300})})
    tables = _tables(few, shipped)
    assert tables[0]["responder"].null_count == tables[0].num_rows
    results = analyse(few, shipped, tables)
    assert all(arm.responders is None and arm.responders_seen is None for arm in results.arms)
    contrast = results.contrasts[0]
    assert contrast.number_to_treat.value is None
    assert {one.measure for one in contrast.others} == {"redness_d", "ready_d"}
    assert contrast.primary.world_low is not None and contrast.primary.world_low >= 0
    assert contrast.worlds_in_favour_share == 0


def test_the_order_of_shards_and_a_folder_change_nothing(shipped: Knowledge, tmp_path: Path) -> None:
    study = small_study(people=150)
    tables = _tables(study, shipped)
    assert len(tables) == 3
    found = analyse(study, shipped, tables)
    backwards = analyse(study, shipped, reversed(tables))
    assert backwards.contrasts[0].primary.estimate == found.contrasts[0].primary.estimate
    (tmp_path / "shards").mkdir()
    for number, table in enumerate(tables):
        (tmp_path / "shards" / f"shard-{number}.parquet").write_bytes(to_parquet(table))
    assert analyse(study, shipped, tmp_path) == found
    assert analyse(study, shipped, sorted((tmp_path / "shards").iterdir())) == found


def test_tables_that_do_not_belong_are_refused(shipped: Knowledge, tmp_path: Path) -> None:
    study = small_study(people=100)
    first, second = _tables(study, shipped)
    with pytest.raises(BadInput, match="registered for"):
        analyse(small_study(people=101), shipped, [first, second])
    with pytest.raises(BadInput, match=r"1 of 2 shards are missing \(1\)"):
        analyse(study, shipped, [first])
    with pytest.raises(BadInput, match="shard 0 is there twice"):
        analyse(study, shipped, [first, first, second])
    other = first.replace_schema_metadata({**first.schema.metadata, b"knowledge_sha256": b"f" * 64})
    with pytest.raises(BadInput, match="different knowledge"):
        analyse(study, shipped, [other, second])
    with pytest.raises(BadInput, match="no shards"):
        analyse(study, shipped, tmp_path)
