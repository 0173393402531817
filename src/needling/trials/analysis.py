"""What a trial found: flow of people, arms, differences with confidence, harms beside benefit, sizes of real trials.

The study is the plan of its analysis: tables of another study, other knowledge or with shards missing are refused.
Kept apart: how people differ (sampling, the confidence intervals) and what nobody knows (the band over worlds).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, inf, isfinite, log2, sqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from needling.documents.study import (
    FEW_WORLDS,
    ArmResult,
    Contrast,
    Difference,
    Efficiency,
    Estimate,
    Excluded,
    Finding,
    Flow,
    MeasureSpread,
    NumberToTreat,
    RealTrial,
    Study,
    TrialResults,
)
from needling.errors import BadInput
from needling.knowledge.base import Knowledge
from needling.trials.gathering import PRIMARY, Arms, Gathered, Source, gather
from needling.trials.studies import judge_day_d

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
_BAND = (0.05, 0.95)  # of the other worlds
DifferenceFrom = Literal["found", "margin", "least-world", "greatest-world"]
_MOST = 10_000_000  # people of a real trial; more is "cannot be shown"

_SEEN = {"change": "change_seen_score", "responder": "responder_seen"}
# What is always compared beside the primary outcome, with its unit.
MEASURES = {
    "change_score": "",
    "gain": "ratio",
    "responder": "share",
    "redness_d": "d",
    "ready_d": "d",
    "harm_probability": "probability",
}


# ---------------------------------------------------------------- statistics


def paired_difference(differences: Floats, alpha: float) -> tuple[Estimate, float]:
    """Mean of differences within people, its Student interval, and their standard deviation."""
    count = differences.size
    mean = float(differences.mean())
    if count < 2:
        return Estimate(value=mean, low=mean, high=mean), 0.0
    sd = float(differences.std(ddof=1))
    half = _t_quantile(1 - alpha / 2, count - 1) * sd / sqrt(count)
    return Estimate(value=mean, low=mean - half, high=mean + half), sd


def independent_difference(treated: Floats, control: Floats, alpha: float) -> tuple[Estimate, float]:
    """Difference of the means of two groups with Welch's interval, and the pooled standard deviation.

    Sources: Welch 1947 (degrees of freedom).
    """
    mean = float(treated.mean() - control.mean())
    if min(treated.size, control.size) < 2:
        return Estimate(value=mean, low=mean, high=mean), 0.0
    one, other = float(treated.var(ddof=1)), float(control.var(ddof=1))
    parts = one / treated.size, other / control.size
    total = sum(parts)
    if total > 0:
        freedom = total**2 / (parts[0] ** 2 / (treated.size - 1) + parts[1] ** 2 / (control.size - 1))
        half = _t_quantile(1 - alpha / 2, freedom) * sqrt(total)
    else:
        half = 0.0
    return Estimate(value=mean, low=mean - half, high=mean + half), sqrt((one + other) / 2)


def share_estimate(count: int, of: int, alpha: float) -> Estimate:
    """A share with Wilson's interval, which holds for few people and for shares near 0 and 1."""
    if of == 0:
        return Estimate(value=0.0, low=0.0, high=1.0)
    z = _normal_quantile(1 - alpha / 2)
    share = count / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return Estimate(value=share, low=max(middle - half, 0.0), high=min(middle + half, 1.0))


def share_difference(treated: Bools, control: Bools, alpha: float) -> Estimate:
    """Difference of the shares of two independent groups: Newcombe's interval from two Wilson intervals."""
    one, other = (share_estimate(int(group.sum()), group.size, alpha) for group in (treated, control))
    value = one.value - other.value
    down = sqrt((one.value - one.low) ** 2 + (other.high - other.value) ** 2)
    up = sqrt((one.high - one.value) ** 2 + (other.value - other.low) ** 2)
    return Estimate(value=value, low=value - down, high=value + up)


def paired_share_difference(treated: Bools, control: Bools, alpha: float) -> tuple[Estimate, float]:
    """Difference of the shares of a yes under two arms in the same people, with its interval and standard deviation.

    With b people who say yes only under the first and c only under the second, and half a person added to each of the
    four cells (n* = n + 2): the centre is (b - c)/n*, its variance ((b* + c*) - (b* - c*)^2/n*)/n*^2. So the interval
    keeps a width where few or none differ.

    Sources: Agresti and Min 2005 (interval of a difference of paired proportions).
    """
    only_one, only_other = float(np.sum(treated & ~control)), float(np.sum(control & ~treated))
    count = treated.size + 2.0
    b, c = only_one + 0.5, only_other + 0.5
    variance = ((b + c) - (b - c) ** 2 / count) / count
    middle, half = (b - c) / count, _normal_quantile(1 - alpha / 2) * sqrt(variance / count)
    value = (only_one - only_other) / treated.size
    return Estimate(value=value, low=min(middle - half, value), high=max(middle + half, value)), sqrt(variance)


def number_to_treat(difference: Estimate | None) -> NumberToTreat:
    """People to treat for one more responder, 1/difference; bounds where the interval lies on one side of 0."""
    if difference is None:
        return NumberToTreat(value=None, low=None, high=None)
    value = 1 / difference.value if difference.value else None
    if difference.low <= 0 <= difference.high:
        return NumberToTreat(value=value, low=None, high=None)
    ends = sorted((1 / difference.low, 1 / difference.high))
    return NumberToTreat(value=value, low=ends[0], high=ends[1])


def _t_quantile(share: float, freedom: float) -> float:
    from scipy import stats

    return float(stats.t.ppf(share, freedom))


def _normal_quantile(share: float) -> float:
    from scipy import stats

    return float(stats.norm.ppf(share))


def power_of(difference: float, sd: float, per_arm: float, alpha: float, *, paired: bool) -> float:
    """Chance that a two-sided t test shows a difference, by the noncentral t distribution.

    paired: df = n - 1, ncp = d sqrt(n)/sd;  parallel: df = 2 n - 2, ncp = d sqrt(n/2)/sd

    Args:
        difference: that is true. sd: within people for paired, between people of an arm for parallel arms.
        per_arm: n, people (of each arm). alpha: two-sided error of the first kind.
    """
    from scipy import stats

    freedom = per_arm - 1 if paired else 2 * per_arm - 2
    if freedom <= 0:
        return 0.0
    if sd == 0:
        return float(difference != 0)
    shift = abs(difference) / sd * sqrt(per_arm if paired else per_arm / 2)
    limit = float(stats.t.ppf(1 - alpha / 2, freedom))
    if shift > 8 * limit:  # certain to the last digit, whatever n
        return 1.0
    wrong_way = float(stats.nct.cdf(-limit, freedom, shift))  # not a number where it is too small for the series
    return float(stats.nct.sf(limit, freedom, shift)) + (wrong_way if isfinite(wrong_way) else 0.0)


def sample_size(difference: float, sd: float, alpha: float, power: float, *, paired: bool) -> int | None:
    """Fewest people (of each arm) for a power; None where ten million would not do. See :func:`power_of`."""
    if difference == 0 or not isfinite(difference) or not isfinite(sd):
        return None

    def enough(people: int) -> bool:
        return power_of(difference, sd, people, alpha, paired=paired) >= power

    high = 2
    while not enough(high):
        high *= 2
        if high > _MOST:
            return None
    low = high // 2 if high > 2 else 1
    for _ in range(ceil(log2(high)) + 1):
        if high - low <= 1:
            break
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def sample_size_of_shares(treated: float, control: float, alpha: float, power: float) -> int | None:
    """People of each arm to show that two shares differ, two-sided, normal approximation without correction.

    n = [z_a sqrt(2 m (1 - m)) + z_b sqrt(p1 (1 - p1) + p2 (1 - p2))]^2/(p1 - p2)^2,  m = (p1 + p2)/2

    Sources: Fleiss, Statistical Methods for Rates and Proportions (the usual formula).
    """
    if treated == control:
        return None
    middle = (treated + control) / 2
    spread = treated * (1 - treated) + control * (1 - control)
    top = _normal_quantile(1 - alpha / 2) * sqrt(2 * middle * (1 - middle)) + _normal_quantile(power) * sqrt(spread)
    found = ceil(top**2 / (treated - control) ** 2)
    return found if found <= _MOST else None


# ---------------------------------------------------------------- results


def analyse(study: Study, kb: Knowledge, source: Source) -> TrialResults:
    """The registered analysis of a finished trial.

    Args:
        study: as registered. kb: the knowledge that the trial was computed with.
        source: all shards in any order, as tables or files; or the folder that holds them.

    Returns:
        Flow, arms, contrasts with the control, sizes of real trials, and what being one's own control saves.

    Raises:
        BadInput: tables of another study or other knowledge, a damaged, missing or double shard, nobody entered.

    Assumes: everybody counts as allocated (intention to treat): who left has the result of the sessions that were
        done, which a virtual trial knows; "completers" leaves those out who left.
    """
    gathered = gather(source, study)
    if gathered.knowledge != kb.sha256:
        raise BadInput(
            f"the trial rests on the knowledge {gathered.knowledge[:12]}, but here is {kb.sha256[:12]}; analyse it "
            "with the needling and the overlay that computed it"
        )
    eligible = gathered.reasons.pop("eligible", 0)
    arms = Arms(gathered)
    if not eligible or min(person.size for person in arms.person) == 0:
        raise BadInput("an arm of this trial holds nobody; enlarge the population or widen the eligibility")
    scale = _scale_unit(study, kb)
    unit = PRIMARY[study.outcome.primary][1] or scale
    control = [arm.id for arm in study.arms].index(study.control)
    others = [place for place in range(len(study.arms)) if place != control]
    contrasts = [
        _contrast(study, arms, place, control, (unit, scale), _over_worlds(gathered, place, control))
        for place in others
    ]
    paired = study.analysis.design == "paired"
    return TrialResults(
        study_id=study.id,
        study_sha256=study.sha256,
        knowledge_sha256=gathered.knowledge,
        version=gathered.version,
        primary=study.outcome.primary,
        primary_unit=unit,
        judge_day_d=judge_day_d(study, kb),
        design=study.analysis.design,
        worlds_count=1 + study.worlds.others_count,
        flow=Flow(
            screened_count=gathered.people,
            eligible_count=eligible,
            not_eligible=tuple(
                Excluded(reason=reason, people_count=count)
                for reason, count in sorted(gathered.reasons.items(), key=lambda one: (-one[1], one[0]))
            ),
        ),
        arms=tuple(_arm(study, arms, place, scale) for place in range(len(study.arms))),
        contrasts=tuple(contrasts),
        real_trials=tuple(
            real
            for place, contrast in zip(others, contrasts, strict=True)
            for real in _real_trials(study, arms, contrast, place, control)
        ),
        efficiency=tuple(_efficiency(study, arms, place, control) for place in others) if paired else (),
        notes=_notes(study),
    )


def _scale_unit(study: Study, kb: Knowledge) -> str:
    indication = kb.planned_indication(study.population.zones[0].concern, study.population.setting)
    scale = kb.by("scales").get(indication.scale) if indication.scale else None
    return scale.unit if scale is not None else ""


def _estimate(values: Floats, alpha: float) -> Estimate:
    return paired_difference(values, alpha)[0]


def _share(flags: Floats, alpha: float) -> Estimate | None:
    """The share of a yes, None where it is not known."""
    return share_estimate(int(flags.sum()), flags.size, alpha) if _known(flags) else None


def _known(values: Floats) -> bool:
    return bool(values.size and np.all(np.isfinite(values)))


def _arm(study: Study, arms: Arms, place: int, scale: str) -> ArmResult:
    own, alpha = arms.columns[place], study.analysis.alpha_probability
    size = arms.person[place].size
    planned, attended = own["sessions_planned_count"].sum(), own["sessions_attended_count"].sum()
    spreads = [
        MeasureSpread(
            measure=name,
            unit=said or scale,
            mean=float(own[name].mean()),
            sd=float(own[name].std(ddof=1)) if size > 1 else 0.0,
            levels_share=LEVELS,
            quantiles=tuple(np.quantile(own[name], LEVELS).tolist()),
        )
        for name, said in MEASURES.items()
        if name != "responder" and _known(own[name])
    ]
    return ArmResult(
        arm=study.arms[place].id,
        label=study.arms[place].said,
        people_count=size,
        dropped_out_count=int(own["dropped_out"].sum()),
        sessions_planned_count=int(planned),
        sessions_missed_count=int(planned - attended),
        primary=_estimate(own[PRIMARY[study.outcome.primary][0]], alpha),
        responders=_share(own["responder"], alpha),
        responders_seen=_share(own["responder_seen"], alpha),
        harm=_estimate(own["harm_probability"], alpha),
        harmed_count=int(own["harmed"].sum()),
        measures=tuple(spreads),
    )


def _difference(
    study: Study,
    arms: Arms,
    name: str,
    place: int,
    control: int,
    unit: str,
    people: Literal["everybody", "completers"] = "everybody",
    worlds: tuple[Floats, float] | None = None,
) -> Difference:
    """An arm minus the control in one column; how far other worlds lie from the centre gives a band around it."""
    alpha = study.analysis.alpha_probability
    one, other = arms.columns[place], arms.columns[control]
    if study.analysis.design == "paired":
        stays = (one["dropped_out"] + other["dropped_out"]) == 0 if people == "completers" else slice(None)
        if name.startswith("responder"):
            estimate, sd = paired_share_difference((one[name] > 0)[stays], (other[name] > 0)[stays], alpha)
        else:
            estimate, sd = paired_difference((one[name] - other[name])[stays], alpha)
    else:
        mine, theirs = (
            arm[name][arm["dropped_out"] == 0] if people == "completers" else arm[name] for arm in (one, other)
        )
        estimate, sd = independent_difference(mine, theirs, alpha)
        if name.startswith("responder"):
            estimate = share_difference(mine > 0, theirs > 0, alpha)
    band: tuple[float | None, float | None] = (None, None)
    if worlds is not None and worlds[0].size:
        there, centre = worlds
        ends = _BAND if there.size >= FEW_WORLDS else (0.0, 1.0)
        low, high = np.quantile(there - centre, ends) + estimate.value
        # Where no world crosses 0 the band does not either, whatever the few people of the worlds are like.
        band = (
            float(max(low, 0.0) if there.min() >= 0 else low),
            float(min(high, 0.0) if there.max() <= 0 else high),
        )
    return Difference(
        measure=name, unit=unit, people=people, estimate=estimate, sd=sd, world_low=band[0], world_high=band[1]
    )


def _over_worlds(found: Gathered, place: int, control: int) -> tuple[Floats, float]:
    """The difference in each other world, and at the centre on the same people."""
    with np.errstate(invalid="ignore", divide="ignore"):
        means = found.world_sums[1:] / found.world_counts[1:]
        centre = found.centre_sums / found.centre_counts
    there = means[:, place] - means[:, control]
    return np.asarray(there[np.isfinite(there)]), float(centre[place] - centre[control])


def _contrast(
    study: Study, arms: Arms, place: int, control: int, units: tuple[str, str], worlds: tuple[Floats, float]
) -> Contrast:
    """How an arm does against the control; units: of the primary outcome, and of the scale."""
    unit, scale = units
    primary = study.outcome.primary
    column, _, more_is_better = PRIMARY[primary]
    main = _difference(study, arms, column, place, control, unit, worlds=worlds)
    known = [name for name in MEASURES if name != column and _known(arms.columns[place][name])]
    known = [name for name in known if _known(arms.columns[control][name])]
    responders = None
    if all(_known(arms.columns[which]["responder"]) for which in (place, control)):
        responders = _difference(study, arms, "responder", place, control, "share").estimate
    sign = 1.0 if more_is_better else -1.0
    favour = None
    if worlds[0].size:
        favour = float(np.mean(sign * worlds[0] > 0))
    analysis = study.analysis
    sizes = arms.person[place].size, arms.person[control].size
    paired = analysis.design == "paired"
    seen = _SEEN.get(primary)
    return Contrast(
        arm=study.arms[place].id,
        control=study.arms[control].id,
        primary=main,
        completers=_difference(study, arms, column, place, control, unit, "completers"),
        as_seen=_difference(study, arms, seen, place, control, unit) if seen else None,
        others=tuple(_difference(study, arms, name, place, control, MEASURES[name] or scale) for name in known),
        number_to_treat=number_to_treat(responders),
        achieved_power=power_of(analysis.margin, main.sd, min(sizes), analysis.alpha_probability, paired=paired),
        finding=_finding(main.estimate, sign, analysis.margin),
        worlds_in_favour_share=favour,
    )


def _finding(estimate: Estimate, sign: float, margin: float) -> Finding:
    """What the interval says against 0 and the margin; the benefit is the difference in the good direction."""
    low, high = sorted((sign * estimate.low, sign * estimate.high))
    if low > 0:
        return "better" if low >= margin else "better-but-small" if high < margin else "better-size-open"
    if high < 0:
        return "worse" if high <= -margin else "worse-but-small" if low > -margin else "worse-size-open"
    return "no-difference-that-matters" if -margin < low and high < margin else "undecided"


def _with_dropout(people: int | None, study: Study, visits: float) -> int | None:
    """People to enter so that enough stay: each divided by the share that stays until the end."""
    if people is None:
        return None
    lost = study.dropout.share
    stays = 1 - lost if study.dropout.by == "end" else (1 - lost) ** visits
    return ceil(people / stays)


def _real_trials(study: Study, arms: Arms, contrast: Contrast, place: int, control: int) -> list[RealTrial]:
    """Sizes of real trials, for the difference found, the margin, and the ends of what nobody knows."""
    found = float(_seen_difference(study, arms, place, control))
    primary = contrast.primary
    wanted: list[tuple[DifferenceFrom, float]] = [("found", found), ("margin", _along(found, study.analysis.margin))]
    if primary.world_low is not None and primary.world_high is not None:
        shift = found - primary.estimate.value
        ends = sorted((primary.world_low + shift, primary.world_high + shift), key=abs)
        opposed = ends[0] * ends[1] <= 0
        wanted += [("least-world", 0.0 if opposed else ends[0]), ("greatest-world", ends[1])]
    return [real for name, size in wanted for real in _sizes(study, arms, place, control, name, size)]


def _seen_difference(study: Study, arms: Arms, place: int, control: int) -> float:
    name = _SEEN.get(study.outcome.primary, PRIMARY[study.outcome.primary][0])
    return float(arms.columns[place][name].mean() - arms.columns[control][name].mean())


def _along(found: float, margin: float) -> float:
    """The margin in the direction of what was found."""
    return -margin if found < 0 else margin


def _sizes(
    study: Study, arms: Arms, place: int, control: int, difference_from: DifferenceFrom, difference: float
) -> list[RealTrial]:
    """Parallel arms, and both treatments on one person, as readings would show a difference."""
    primary, analysis = study.outcome.primary, study.analysis
    name = _SEEN.get(primary, PRIMARY[primary][0])
    one, other = arms.columns[place], arms.columns[control]
    alpha, power = analysis.alpha_probability, analysis.power_probability
    visits = max(float(arm["sessions_planned_count"].mean()) for arm in (one, other))
    shares = primary in ("responder", "harm")
    if shares:
        before = float(other[name].mean())
        after = min(max(before + difference, 0.0), 1.0)
        sd = sqrt((before * (1 - before) + after * (1 - after)) / 2)
        size = sample_size_of_shares(after, before, alpha, power)
        because = "two shares, normal approximation (Fleiss)"
    else:
        sd = sqrt((float(one[name].var(ddof=1)) + float(other[name].var(ddof=1))) / 2)
        size = sample_size(difference, sd, alpha, power, paired=False)
        because = "two-sample t test, noncentral t"

    def real(design: Literal["parallel", "split-person"], sd: float, per_arm: int | None, because: str) -> RealTrial:
        total = None if per_arm is None else per_arm * (2 if design == "parallel" else 1)
        return RealTrial(
            arm=study.arms[place].id,
            control=study.arms[control].id,
            design=design,
            difference_from=difference_from,
            difference=difference,
            sd=sd,
            per_arm_count=per_arm,
            total_count=total,
            with_dropout_count=_with_dropout(total, study, visits),
            because=because,
        )

    found = [real("parallel", sd, size, because)]
    if analysis.design == "paired" and not shares:
        within = float((one[name] - other[name]).std(ddof=1))
        size = sample_size(difference, within, alpha, power, paired=True)
        because = (
            "paired t test, noncentral t; both on one person, each side with readings of its own. A lower bound: two "
            "sides of a real person are less alike than one person in two virtual arms"
        )
        found.append(real("split-person", within, size, because))
    return found


def _efficiency(study: Study, arms: Arms, place: int, control: int) -> Efficiency:
    """People that independent arms need for the width of the paired interval.

    Equal widths: independent arms of N/2 each have variance 2 (s1^2 + s2^2)/N, paired ones s_d^2/N.
    """
    name, alpha = PRIMARY[study.outcome.primary][0], study.analysis.alpha_probability
    one, other = arms.columns[place][name], arms.columns[control][name]
    estimate, within = paired_difference(one - other, alpha)
    size = one.size
    half = (estimate.high - estimate.low) / 2
    between = float(one.var(ddof=1) + other.var(ddof=1)) if size > 1 else 0.0
    ratio = 2 * between / within**2 if within > 0 else inf
    ratio = min(ratio, float(_MOST))
    mine, theirs = one[arms.allocated[place]], other[arms.allocated[control]]
    measured = None
    if min(mine.size, theirs.size) > 1 and half > 0:
        alone, _ = independent_difference(mine, theirs, alpha)
        measured = ((alone.high - alone.low) / 2 / half) ** 2 * (mine.size + theirs.size) / size
    return Efficiency(
        arm=study.arms[place].id,
        paired_half_width=half,
        paired_people_count=size,
        independent_people_count=ceil(min(size * ratio, 1e15)),
        ratio=ratio,
        measured_ratio=measured,
    )


def _notes(study: Study) -> tuple[str, ...]:
    """What a reader has to know to read the numbers rightly."""
    found = [
        "People are virtual: this is what the model says of them, not evidence from people.",
        "Confidence intervals hold the chance of who was drawn and shrink with more virtual people.",
        "What nobody knows does not shrink: that is the band over other possible worlds.",
        "Questions without a share of their own were answered quietly by everybody.",
    ]
    if len(study.arms) > 2:
        found.append("Several arms are held against one control; no interval is widened for that.")
    if not study.worlds.others_count:
        found.append("Only one world was run, every unknown number at its centre: ignorance is not shown.")
    if any(arm.plan == "chosen" for arm in study.arms):
        found.append("In 'chosen' arms people of one decade of age with equal answers share a plan.")
    return tuple(found)


def differences_table(results: TrialResults) -> Sequence[dict[str, Any]]:
    """Every difference as a flat row, for tables and CSV."""
    rows: list[dict[str, Any]] = []
    for contrast in results.contrasts:
        parts = [contrast.primary, contrast.completers, *((contrast.as_seen,) if contrast.as_seen else ())]
        for part in (*parts, *contrast.others):
            estimate = part.estimate
            rows.append(
                {
                    "arm": contrast.arm,
                    "control": contrast.control,
                    "measure": part.measure,
                    "unit": part.unit,
                    "people": part.people,
                    "difference": estimate.value,
                    "low": estimate.low,
                    "high": estimate.high,
                    "sd": part.sd,
                    "world_low": part.world_low,
                    "world_high": part.world_high,
                }
            )
    return rows
