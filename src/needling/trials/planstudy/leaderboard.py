"""Whole submissions: scored on every person, ranked with ties, and again under other readings of the evidence."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from needling import __version__
from needling.choosing import choose, ensemble
from needling.documents import Plan
from needling.errors import BadInput
from needling.planning.assemble import plan_from_sentence
from needling.planning.propose import propose
from needling.simulation import simulate_many
from needling.trials.planstudy.scorecard import Scored, doubts, held_out, less_lucky, readings, score_plans
from needling.trials.planstudy.study import NOTHING, Member, Study, Submission, plan_of

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]

_RESAMPLES = 200
_DIGITS = 4
_APART = 2.0  # standard errors of a paired difference, below which two submissions share a rank


@dataclass(frozen=True)
class Entry:
    """One submission on the leaderboard.

    Args:
        submission: as handed in. scores: one for each person, in the study's order. score: their mean. rank: 1 is best;
            submissions that the ensemble cannot tell apart share one. error: standard error of the score, from the
            ensemble being finite.
        readings: score and rank under each other reading of the evidence. worst: score under the worst of several
            readings of what is not settled, and its rank; None where it was not asked for.
    """

    submission: Submission
    scores: tuple[Scored, ...]
    score: float
    rank: int
    error: float
    readings: dict[str, tuple[float, int]] = field(default_factory=dict)
    worst: tuple[float, int] | None = None

    @property
    def disqualified(self) -> int:
        """On how many people its plan was disqualified."""
        return sum(one.status == "disqualified" for one in self.scores)


@dataclass(frozen=True)
class Leaderboard:
    """All submissions, the best first, and under what they were scored."""

    study: Study
    entries: tuple[Entry, ...]
    key: int
    members: int


# ---------------------------------------------------------------- ranking


def ranks(scores: Floats, resampled: Floats | None = None) -> list[int]:
    """Place of each submission: 1 more than the number of those that are better by more than chance.

    Args:
        scores: float64[submission]. resampled: the same from resampled possible people, paired,
            float64[submission, resample]; without it any difference counts.
    """
    found = []
    for own in range(scores.size):
        better = 0
        for other in range(scores.size):
            apart = 0.0 if resampled is None else _APART * float(np.std(resampled[other] - resampled[own]))
            better += bool(scores[other] - scores[own] > max(apart, 10.0**-_DIGITS))
        found.append(better + 1)
    return found


def _resampled(table: Sequence[Sequence[Scored]], study: Study, members: int, key: int) -> Floats:
    """Scores of all submissions with the possible people drawn again, float64[submission, resample]."""
    rules = study.rules
    picks = np.random.default_rng(key).integers(0, members, (_RESAMPLES, members))
    found = np.zeros((len(table[0]), _RESAMPLES))
    for row in table:
        again: dict[int, Floats] = {}  # plans that several submissions share are drawn again once
        for place, one in enumerate(row):
            if one.status != "scored":
                found[place] += one.score
                continue
            if id(one) not in again:
                drawn = less_lucky(one.value[picks], rules.unlucky_share)
                again[id(one)] = np.maximum(drawn, rules.floor_score)
            found[place] += again[id(one)]
    return np.asarray(found / len(table))


def _means(table: Sequence[Sequence[Scored]]) -> Floats:
    return np.asarray(np.array([[one.score for one in row] for row in table]).mean(axis=0))


def _worst_means(table: Sequence[Sequence[Scored]], study: Study) -> Floats:
    """Score of each submission under the worst reading of what is not settled, float64[submission]."""
    rules = study.rules
    total = np.zeros((len(table[0]), rules.doubts_count))
    for row in table:
        for place, one in enumerate(row):
            if one.status == "scored":
                by_reading = less_lucky(one.value.reshape(rules.doubts_count, -1), rules.unlucky_share)
                total[place] += np.maximum(by_reading, rules.floor_score)
            else:
                total[place] += one.score
    return np.asarray((total / len(table)).min(axis=1))


def score_submissions(
    submissions: Sequence[Submission],
    study: Study,
    *,
    key: int | None = None,
    members: int | None = None,
    with_doubts: bool = True,
    people: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Leaderboard:
    """Score submissions on the people of the study and rank them.

    Args:
        submissions: checked against the study. key, members: of the possible people; the scorecard's unless given.
        with_doubts: also under every other reading of the evidence, and under the worst of several draws of what
            research has not settled.
        people: ids of some people only; all unless given. progress: told how many people are done, and of how many.

    Raises:
        BadInput: no submission, two of one name, or an unknown person.
    """
    names = [submission.name for submission in submissions]
    if not submissions or len(set(names)) != len(names):
        raise BadInput(f"submissions need a name each, and no name twice; got {', '.join(names) or 'none'}")
    chosen = study.people if people is None else tuple(_member(study, name) for name in people)
    rules = study.rules
    own_key, own_members = rules.key if key is None else key, members or rules.members_count
    others = readings(study, own_members) if with_doubts else {}
    beliefs = [held_out(study, own_members), *others.values(), *([doubts(study)] if with_doubts else [])]
    by_belief: list[list[list[Scored]]] = [[] for _ in beliefs]  # belief, person, submission
    for done, member in enumerate(chosen):
        if progress is not None:
            progress(done, len(chosen))
        plans = [
            plan_of(given, member, study.knowledge) if (given := one.plans.get(member.id)) is not None else None
            for one in submissions
        ]
        for held, row in zip(by_belief, score_plans(plans, member, study, beliefs, key=own_key), strict=True):
            held.append(row)
    table = by_belief[0]
    scores, again = _means(table), _resampled(table, study, own_members, own_key)
    places = ranks(scores, again)
    read = {name: _means(by_belief[1 + place]) for place, name in enumerate(others)}
    read_ranks = {name: ranks(values) for name, values in read.items()}
    worst = _worst_means(by_belief[-1], study) if with_doubts else None
    worst_ranks = ranks(worst) if worst is not None else []
    entries = [
        Entry(
            submission=submission,
            scores=tuple(row[place] for row in table),
            score=float(scores[place]),
            rank=places[place],
            error=float(np.std(again[place])),
            readings={name: (float(values[place]), read_ranks[name][place]) for name, values in read.items()},
            worst=None if worst is None else (float(worst[place]), worst_ranks[place]),
        )
        for place, submission in enumerate(submissions)
    ]
    entries.sort(key=lambda entry: (entry.rank, entry.disqualified, -entry.score, entry.submission.name))
    shown = study if people is None else Study(rules, chosen, study.knowledge)
    return Leaderboard(shown, tuple(entries), own_key, own_members)


def _member(study: Study, name: str) -> Member:
    if name not in study.by_id:
        raise BadInput(f"no such person '{name}'; allowed: {', '.join(study.by_id)}")
    return study.by_id[name]


# ---------------------------------------------------------------- our own submission


def default_submission(
    study: Study,
    *,
    searched: bool = False,
    key: int = 0,
    members: int = 256,
    people: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Submission:
    """What ``needling plan`` gives for each person: propose, simulate, choose, with the planner's own key.

    Args:
        searched: look at all that the envelope allows, as ``needling plan --search``, and not only at what the listed
            trials did; minutes instead of seconds. key, members: of the planner's ensemble; not those that plans are
            judged on. people: ids of some people only. progress: told how many people are done, and of how many.
    """
    from needling.choosing.search import search

    kb = study.knowledge
    chosen = study.people if people is None else tuple(_member(study, name) for name in people)
    plans: dict[str, str | Plan] = {}
    for done, member in enumerate(chosen):
        if progress is not None:
            progress(done, len(chosen))
        case, clearance = member.case, member.clearance
        who = case.person, case.assessment
        belief = ensemble(case.goals, kb, members)
        if searched:
            plan = search(*who, clearance, belief, case.goals, kb, key=key).plan
        else:
            candidates = propose(*who, clearance, kb, case.goals)
            plan = choose(candidates, simulate_many(candidates, *who, belief, key=key), case.goals).plan
        plans[member.id] = _as_handed_in(plan, member, study)
    how = "search" if searched else "propose, simulate_many, choose"
    command = "needling plan --search" if searched else "needling plan"
    return Submission(
        name="needling-search" if searched else "needling-default",
        by="The needling contributors",
        made_with=f"needling {__version__}: {how}; key {key}, {members} members",
        note=f"What `{command}` gives, unchanged. Its chooser and the scorecard share one model; see README.",
        plans=plans,
    )


def _as_handed_in(plan: Plan, member: Member, study: Study) -> str | Plan:
    """A plan as its sentence where that says all of it, else the plan without its words."""
    if not plan.sessions:
        return NOTHING
    case = member.case
    again = plan_from_sentence(plan.label, case.person, case.assessment, member.clearance, study.knowledge)
    if again.sessions == plan.sessions:
        return plan.label
    bare = tuple(
        session.model_copy(update={"preparation": (), "topicals": (), "aftercare": ()}) for session in plan.sessions
    )
    return plan.model_copy(
        update={"sessions": bare, "stop_rules": (), "follow_ups": (), "declined": (), "rationale": ()}
    )


# ---------------------------------------------------------------- as files


def as_data(board: Leaderboard) -> dict[str, Any]:
    """The leaderboard for programs: under what it was scored, and every score."""
    study = board.study
    return {
        "study_version": study.rules.version,
        "knowledge_version": study.knowledge.version,
        "knowledge_sha256": study.knowledge.sha256,
        "key": board.key,
        "members": board.members,
        "people": [
            {"id": member.id, "verdict": member.clearance.verdict, "why": member.why} for member in study.people
        ],
        "entries": [_entry_data(entry, study) for entry in board.entries],
    }


def _entry_data(entry: Entry, study: Study) -> dict[str, Any]:
    submission = entry.submission
    return {
        "name": submission.name,
        "by": submission.by,
        "made_with": submission.made_with,
        "note": submission.note,
        "submission_sha256": submission.sha256,
        "rank": entry.rank,
        "score": _short(entry.score),
        "standard_error": _short(entry.error),
        "disqualified": entry.disqualified,
        "readings": {name: {"score": _short(score), "rank": rank} for name, (score, rank) in entry.readings.items()},
        "worst_doubts": None if entry.worst is None else {"score": _short(entry.worst[0]), "rank": entry.worst[1]},
        "people": [_scored_data(member.id, one) for member, one in zip(study.people, entry.scores, strict=True)],
    }


def _scored_data(name: str, one: Scored) -> dict[str, Any]:
    band = one.band
    return {
        "id": name,
        "plan": one.plan,
        "status": one.status,
        "because": list(one.because),
        "score": _short(one.score),
        "low": None if band is None else _short(band[0]),
        "high": None if band is None else _short(band[1]),
        "gain": _short(one.gain),
        "redness_d": _short(one.redness_d),
        "harm_probability": _short(one.harm),
        "visits": one.visits,
    }


def _short(value: float) -> float:
    return round(value, _DIGITS) + 0.0  # no minus zero


def as_json_text(board: Leaderboard) -> str:
    """The leaderboard as the text of ``leaderboard.json``."""
    return json.dumps(as_data(board), indent=1, ensure_ascii=False) + "\n"
