"""The whole mission in one run: is it for me, plan, forecast, what was done, was the forecast right?

A tutorial, a smoke test and the specification at once. Run it: ``python examples/mission.py``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from needling import (
    Assessment,
    Belief,
    Misses,
    ScaleScore,
    SessionRecord,
    approve,
    choose,
    explain,
    load_knowledge,
    propose,
    read_case,
    recalibrate,
    score,
    screen,
    simulate_many,
)

CASE = Path(__file__).parent / "acne-scars.yaml"


def main(members: int = 256, key: int = 0) -> Misses:
    """Plan the example case, record its sessions, score the forecast and learn from it."""
    kb = load_knowledge()  # sources, claims, parameters, rules, devices
    case = read_case(CASE, kb)
    person, assessment = case.person, case.assessment

    clearance = screen(person, assessment, kb)  # go / defer / refer / exclude / ask, each with its why
    plans = propose(person, assessment, clearance, kb)  # inside the envelope; "no treatment" is one
    belief = Belief.prior(kb, members=members)  # what is known about people in general
    courses = simulate_many(plans, person, assessment, belief, key=key)  # ensembles of futures
    choice = choose(plans, courses, case.goals)  # robust, Pareto, reproducible
    print(explain(choice, kb, reader="person", clearance=clearance))

    approval = approve(
        choice.plan, choice.forecast, clearance, by="dr-example", at=datetime(2026, 11, 21, tzinfo=UTC)
    )  # hashed, locked, frozen

    records = [  # what was really done: the last visit came nine days late
        SessionRecord(
            approval=approval.sha256,
            session=number,
            on=choice.plan.start
            + timedelta(days=session.day_d + (9 if number == len(choice.plan.sessions) - 1 else 0)),
            device=session.device,
            lot="LOT-7",
            strokes=session.strokes,
            endpoint_seen=session.endpoint,
            pain_score=4,
            by="nurse-example",
        )
        for number, session in enumerate(choice.plan.sessions)
    ]
    followup = Assessment(  # the same type as at the start
        person=person.id,
        on=records[-1].on + timedelta(days=90),
        setting="clinic",
        zones=assessment.zones,
        scores=tuple(
            ScaleScore(scale="goodman-baron-qualitative", zone=finding.zone, value=2) for finding in assessment.zones
        ),
        by="dr-example",
    )
    misses = score(approval, records, [followup], kb)  # planned vs delivered, forecast vs seen
    belief, report = recalibrate(belief, approval, records, [followup])  # and round again

    for miss in misses.misses:
        print(
            f"{miss.zone}: expected {miss.forecast_median:.1f} ({miss.low:.1f} to {miss.high:.1f}), "
            f"seen {miss.seen:g}; inside the 90 % band: {'yes' if miss.inside_90 else 'no'}"
        )
    print(report.words)
    return misses


if __name__ == "__main__":
    main()
