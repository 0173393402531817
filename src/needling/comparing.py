"""Two plans of one person side by side: the same possible people with the same luck under both, subtracted one by one.

A difference of two bands says little, because the same person would do well or badly under either plan. So every
possible person is put under both plans, and the band is that of the differences.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from needling.choosing import choose
from needling.documents import Assessment, Clearance, Goals, Person, Plan, Scorecard, Session, Stroke
from needling.documents.comparison import (
    Comparison,
    LimitBroken,
    MapPair,
    MeasureDifference,
    PairedNumber,
    PlanDifference,
    PlanSide,
    Standing,
)
from needling.documents.maps import MapReport, Outline
from needling.errors import BadInput, NotAllowed, OutOfRange
from needling.knowledge.base import Knowledge
from needling.planning.assemble import no_treatment
from needling.planning.envelope import Breach, breaches, days_label
from needling.planning.screen import screen
from needling.simulation import Belief, Course, CourseResult, Models, channel_map, forecast
from needling.simulation.seam import pairing
from needling.simulation.seam.ensemble import Ensemble
from needling.simulation.seam.tools import planned_density_per_cm2

Floats = NDArray[np.float64]
_MIDDLE = 0.5
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)  # quantiles of a difference that are kept
_BEFORE_S = 3600.0  # so long before a session a curve is shown once more: it jumps there
_PATCH_MM = 30.0  # side of the square of skin that both maps are laid on
_NOTHING_BELOW: dict[str, float] = {"visits": 0.0, "price": 0.0}  # of these every difference counts


# ---------------------------------------------------------------- plans


def broken_limits(plan: Plan, clearance: Clearance, kb: Knowledge) -> tuple[LimitBroken, ...]:
    """Where a plan leaves its envelope, as documents; what comes again with every session is said once."""
    return tuple(dict.fromkeys(_limit(breach) for breach in breaches(plan, clearance, kb)))


def _limit(breach: Breach) -> LimitBroken:
    return LimitBroken(what=breach.what, allowed=breach.allowed, because=breach.because, sources=breach.sources)


def no_forecast_because(plan: Plan, limits: Sequence[LimitBroken]) -> str:
    """Why a plan may not even be forecast: nobody who is not cleared gets one, at home nothing beyond the envelope.

    Empty: it may.
    """
    stopped = [one for one in limits if one.because.startswith("clearance") or one.what.startswith("a plan with")]
    if stopped:
        return f"no forecast is made for somebody who is not cleared: {stopped[0].what}: {stopped[0].allowed}"
    if plan.envelope != "home" or not limits:
        return ""
    told = "; ".join(f"{one.what}: {one.allowed} ({one.because})" for one in limits)
    return f"no forecast is made of a home plan outside the home envelope: {told}"


def check_plan(plan: Plan, name: str, person: Person, assessment: Assessment, kb: Knowledge) -> None:
    """Raises BadInput for a plan of another person, setting or knowledge. name: what the plan is called."""
    if plan.person != person.id:
        raise BadInput(f"plan {name} is of the person '{plan.person}', not of '{person.id}'")
    if plan.envelope != assessment.setting:
        raise BadInput(
            f"plan {name} is for the setting '{plan.envelope}', the assessment for '{assessment.setting}'; plans are "
            "weighed in the setting of the assessment"
        )
    if plan.knowledge_sha256 != kb.sha256:
        raise BadInput(
            f"plan {name} was made with knowledge {plan.knowledge_version} ({plan.knowledge_sha256[:12]}), in force is "
            f"{kb.version} ({kb.sha256[:12]}); plan again before comparing"
        )


def _gaps(plan: Plan, zone: str | None) -> str:
    days = sorted({s.day_d for s in plan.sessions if zone is None or any(k.zone == zone for k in s.strokes)})
    return ", then ".join(dict.fromkeys(f"every {days_label(after - before)}" for before, after in pairwise(days)))


def _course_days(plan: Plan) -> str:
    days = [session.day_d for session in plan.sessions]
    return f"{max(days) - min(days):g} days" if days else "none"


_Told = Callable[[Session, Stroke, Knowledge], str]
_PER_ZONE: tuple[tuple[str, _Told], ...] = (
    ("device", lambda session, stroke, kb: kb.device(session.device).name),
    ("needle length", lambda session, stroke, kb: f"{stroke.needle_length_mm:g} mm"),
    ("directions x passes", lambda session, stroke, kb: f"{stroke.directions_count} x {stroke.passes_count}"),
    ("force", lambda session, stroke, kb: f"{stroke.force_N:g} N"),
    ("needles", lambda session, stroke, kb: session.condition),
    ("stop at", lambda session, stroke, kb: session.endpoint.replace("-", " ")),
    ("cover afterwards", lambda session, stroke, kb: session.cover.replace("-", " ")),
    (
        "channels in a session, as planned",
        lambda session, stroke, kb: f"{planned_density_per_cm2(kb.device(session.device), stroke):.0f} for each cm²",
    ),
)


def _ways(plan: Plan, zone: str) -> list[tuple[Session, Stroke]]:
    """The strokes of a zone, each way of doing it once, in order: sessions of one course repeat."""
    found: dict[object, tuple[Session, Stroke]] = {}
    for session in plan.sessions:
        for stroke in session.strokes:
            if stroke.zone == zone:
                way = session.device, session.condition, session.endpoint, session.cover, stroke
                found.setdefault(way, (session, stroke))
    return list(found.values())


def _told(ways: Sequence[tuple[Session, Stroke]], say: _Told, kb: Knowledge) -> str:
    said = [say(session, stroke, kb) for session, stroke in ways]
    return ", then ".join(dict.fromkeys(said)) or "nothing"


def plan_differences(first: Plan, second: Plan, kb: Knowledge) -> tuple[PlanDifference, ...]:
    """What two plans do differently: visits, gaps and length of the course, and on each zone how it is rolled."""

    def visits(plan: Plan, zone: str | None = None) -> str:
        days = {s.day_d for s in plan.sessions if zone is None or any(k.zone == zone for k in s.strokes)}
        return str(len(days))

    whole: list[tuple[str, Callable[[Plan], str]]] = [
        ("visits", visits),
        ("interval", lambda plan: _gaps(plan, None) or "no gap"),
        ("length of the course", _course_days),
    ]
    rows: list[tuple[str, str | None, str, str]] = [(what, None, say(first), say(second)) for what, say in whole]
    zones = dict.fromkeys(k.zone for plan in (first, second) for s in plan.sessions for k in s.strokes)
    for zone in zones:
        own = [visits(plan, zone) for plan in (first, second)]
        if own != [visits(first), visits(second)]:
            rows.append(("sessions on this zone", zone, own[0], own[1]))
        before, after = _ways(first, zone), _ways(second, zone)
        rows += [(what, zone, _told(before, say, kb), _told(after, say, kb)) for what, say in _PER_ZONE]
    return tuple(PlanDifference(what=what, zone=zone, first=a, second=b) for what, zone, a, b in rows if a != b)


# ---------------------------------------------------------------- paired numbers


class _Pair(NamedTuple):
    """One number of the possible people under the first and the second plan."""

    first: pairing.Own
    second: pairing.Own


def _pairs(first: pairing.Numbers, second: pairing.Numbers) -> tuple[list[_Pair], list[str]]:
    """All numbers that both courses have, and what only one of them has."""
    judged = pairing.judge_days_d(second.course)
    days = {zone: max(day, judged[zone]) for zone, day in pairing.judge_days_d(first.course).items()}
    ends = min(pairing.last_day_d(one.course) for one in (first, second))
    both_seen = max(days.values(), default=0.0) <= ends
    mine, theirs = (
        [*one.results, *(pairing.results_on(one, days) if both_seen else ()), *one.costs, *one.chances]
        for one in (first, second)
    )
    by_name = [{(own.id, own.zone): own for own in side} for side in (mine, theirs)]
    for this, other, course in ((0, 1, first.course), (1, 0, second.course)):
        if not course.session_time.size:  # no session, no harm: not counted is here really nought
            for name, own in by_name[other].items():
                by_name[this].setdefault(name, own._replace(values=np.zeros(own.values.size)))
    names = dict.fromkeys((*by_name[0], *by_name[1]))
    pairs = [_Pair(by_name[0][name], by_name[1][name]) for name in names if all(name in side for side in by_name)]
    lone = []
    for side, said in ((0, "first"), (1, "second")):
        lone += [
            f"{_short(own.label)}: counted only for what the {said} plan uses; for the other it is not known"
            for name, own in by_name[side].items()
            if name not in by_name[1 - side]
        ]
    lone += [
        f"Chance of any lasting mark: {lack} and are not in this sum; look at each harm by itself"
        for lack in dict.fromkeys(lack for pair in pairs for lack in _lacking(pair))
    ]
    unknown = list(dict.fromkeys(_short(label) for label in (*first.uncounted, *second.uncounted)))
    lone += [f"How often is not known, which does not mean never: {'; '.join(unknown)}"] if unknown else []
    return pairs, lone


def _lacking(pair: _Pair) -> list[str]:
    """What nobody has counted for one plan or both, and which is not in their sums."""
    said = [lack.rpartition(": ") for lack in dict.fromkeys((*pair.first.lacks, *pair.second.lacks))]
    return [f"{_short(label)} are {why}" for label, _, why in said]


def _short(label: str) -> str:
    """A label's name, without what it says after it; a small first letter, unless it begins with an abbreviation."""
    name = re.split("[.:;]", label.strip(), maxsplit=1)[0].strip()
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


def _fixed(name: str, label: str, unit: str, first: float, second: float) -> _Pair:
    own = pairing.Own(name, None, label, unit, "lower", "pain", np.full(1, first))
    return _Pair(own, own._replace(values=np.full(1, second)))


def negligible(own: pairing.Own, kb: Knowledge) -> float:
    """The largest difference that does not matter, in the number's own unit: conventions of the knowledge base."""
    if own.id in _NOTHING_BELOW:
        return _NOTHING_BELOW[own.id]
    kind = "harm" if own.kind == "reached" else own.kind  # both are chances, and differ alike
    limit = kb.parameter(f"comparing-negligible-{kind}").quantity.median
    return limit * own.meaningful if own.kind == "outcome" else limit


def paired_numbers(
    first: pairing.Numbers,
    second: pairing.Numbers,
    kb: Knowledge,
    prices: tuple[float | None, float | None] = (None, None),
) -> tuple[tuple[PairedNumber, ...], tuple[str, ...]]:
    """Every number of two courses of one ensemble, subtracted person by person; and what only one of them has.

    Args:
        first, second: of one person, belief and key. prices: of the two plans, where the person named prices.
    """
    pairs, unpaired = _pairs(first, second)
    visits = [float(one.course.session_time.size) for one in (first, second)]
    pairs.append(_fixed("visits", "Visits", "", *visits))
    if prices[0] is not None and prices[1] is not None:
        pairs.append(_fixed("price", "Price", "in your currency", prices[0], prices[1]))
    return tuple(sorted(_numbers(pairs, kb), key=_order)), tuple(dict.fromkeys(unpaired))


def _numbers(pairs: Sequence[_Pair], kb: Knowledge) -> tuple[PairedNumber, ...]:
    """All pairs as documents, worked out in one table: float64[pair, member]."""
    own = [pair.first for pair in pairs]
    members = max(one.values.size for one in own)
    values = np.empty((3, len(pairs), members))  # first, second, change; pair; member
    for row, pair in enumerate(pairs):
        values[0, row], values[1, row] = pair.first.values, pair.second.values
    change = np.subtract(values[1], values[0], out=values[2])
    of_chance = np.array([one.kind in ("harm", "reached") for one in own])
    levels = pairing.quantiles(values, LEVELS)
    centers = np.where(of_chance, values.mean(axis=2), levels[LEVELS.index(_MIDDLE)])
    centers[np.abs(centers) < pairing.NOTHING] = 0.0
    sign = np.array([-1.0 if one.better == "lower" else 1.0 for one in own])
    small = np.array([negligible(one, kb) for one in own])
    counts_from = np.array(
        [1.0 if one.kind == "reached" else one.meaningful or least for one, least in zip(own, small, strict=True)]
    )
    gained = sign[:, None] * change
    none = change == 0
    alike = np.mean((np.abs(change) < small[:, None]) | none, axis=1)
    shares = [np.mean((way * gained >= counts_from[:, None]) & ~none, axis=1).tolist() for way in (1.0, -1.0)]
    signs = np.stack([np.mean(way * gained > 0, axis=1) for way in (1.0, -1.0)])
    sure = kb.parameter("comparing-sure-share").quantity.median
    bands = pairing.tables(levels[:, 2].T)
    told = pairing.tables(centers.T)
    return tuple(
        PairedNumber(
            id=one.id,
            zone=one.zone,
            label=one.label,
            unit=one.unit,
            better=one.better,
            first=told[row][0],
            second=told[row][1],
            difference=told[row][2],
            difference_quantiles=bands[row],
            levels_share=LEVELS,
            counts_from=float(counts_from[row]),
            negligible=float(small[row]),
            second_better_share=shares[0][row],
            first_better_share=shares[1][row],
            standing=_known(pair, _stands(one, alike[row], signs[:, row], gain, small[row], sure)),
        )
        for row, (one, pair, gain) in enumerate(zip(own, pairs, sign * centers[2], strict=True))
    )


def _known(pair: _Pair, standing: Standing) -> Standing:
    """A sum that lacks what the other one holds is never the better one; beside more that is unknown, less is."""
    first, second = set(pair.first.lacks), set(pair.second.lacks)
    if first == second or (standing == "first" and first <= second) or (standing == "second" and second <= first):
        return standing
    return "unknown"


def _stands(own: pairing.Own, alike: float, better: Floats, gained: float, small: float, sure: float) -> Standing:
    """As :func:`_standing`; who reaches a change or not counts only where that differs.

    Most people reach it under both plans or under neither. One plan is better when nearly all of the others reach it
    with that plan.
    """
    if own.kind != "reached":
        return _standing(alike, better, gained, small, sure)
    differing = better.sum()
    if abs(gained) < small or not differing:
        return "alike"
    return _standing(0.0, better / differing, gained, small, sure)


def _standing(alike: float, better: Floats, gained: float, small: float, sure: float) -> Standing:
    """Which plan is better for nearly all possible people.

    Args:
        alike: share whose difference is negligible. better: shares that fare better with the second and with the first.
        gained: by the second plan, in the middle. small: what is negligible. sure: the share that is nearly all.
    """
    if alike >= sure:
        return "alike"
    if better[0] >= sure and gained >= small:
        return "second"
    return "first" if better[1] >= sure and -gained >= small else "unclear"


def _over_time(first: Course, second: Course) -> tuple[tuple[float, ...], tuple[MeasureDifference, ...]]:
    """Differences of every measure on the days of both courses."""
    found = []
    theirs = {(curve.zone, curve.measure): curve for curve in pairing.curves(second)}
    for curve in pairing.curves(first):
        other = theirs.get((curve.zone, curve.measure))
        if other is not None:
            found.append(
                MeasureDifference(
                    zone=curve.zone,
                    measure=curve.measure,
                    label=curve.label,
                    unit=curve.unit,
                    levels_share=LEVELS,
                    quantiles=pairing.bands(other.values - curve.values, LEVELS),
                )
            )
    return pairing.days_d(first), tuple(found)


def _days_of_both(courses: Sequence[Course]) -> Floats:
    """Times at which two courses are subtracted, s: the reports of both, and right before each of their sessions."""
    sessions = np.concatenate([course.session_time for course in courses])
    before = sessions[sessions > _BEFORE_S] - _BEFORE_S
    return np.unique(np.concatenate([*(course.time for course in courses), before]))


# ---------------------------------------------------------------- maps


def _fullest(plan: Plan, zone: str, kb: Knowledge) -> tuple[int, Session, Stroke] | None:
    """The session and stroke that lays most channels on a zone, the first of equals."""
    strokes = [
        (planned_density_per_cm2(kb.device(session.device), stroke), -place, place, session, stroke)
        for place, session in enumerate(plan.sessions)
        for stroke in session.strokes
        if stroke.zone == zone
    ]
    return max(strokes, key=lambda one: one[:2])[2:] if strokes else None


def _maps(first: Plan, second: Plan, assessment: Assessment, kb: Knowledge, key: int) -> tuple[MapPair, ...]:
    made: dict[tuple[object, ...], MapReport] = {}

    def report(session: Session, stroke: Stroke, epidermis_um: float | None) -> MapReport:
        alike = session.device, session.condition, epidermis_um, stroke.model_copy(update={"zone": "zone"})
        if alike not in made:
            patch = Outline.rectangle(_PATCH_MM, _PATCH_MM)
            laid = channel_map(
                session.device, stroke, patch, kb, key=key, condition=session.condition, epidermis_um=epidermis_um
            )
            made[alike] = laid.report()
        return made[alike].model_copy(update={"stroke": stroke})

    pairs = []
    for finding in assessment.zones:
        fullest = [_fullest(plan, finding.zone, kb) for plan in (first, second)]
        if not any(fullest):
            continue
        thick = finding.epidermis_um if finding.epidermis_um is not None else kb.site(finding.zone).epidermis_um
        reports = [report(one[1], one[2], thick) if one else None for one in fullest]
        places = [one[0] if one else None for one in fullest]
        pairs.append(
            MapPair(
                zone=finding.zone,
                first=reports[0],
                second=reports[1],
                first_session=places[0],
                second_session=places[1],
            )
        )
    return tuple(pairs)


# ---------------------------------------------------------------- the verdict


def _listed(numbers: Iterable[PairedNumber], standing: Standing) -> str:
    """What stands so, in words; results with their zones, and the sum of all lasting marks for each of them.

    Where the sums do not hold the same things, each harm stands by itself.
    """
    numbers = list(numbers)
    summed = not any(one.standing == "unknown" for one in numbers)
    zones: dict[str, list[str]] = defaultdict(list)
    for one in numbers:
        if one.standing == standing and not (summed and one.id.startswith("harm:")):
            few = f", {_FAINT}" if faint(one) else ""
            zones[_RESULT.get(one.id, _called(one)) + few] += [one.zone] if one.zone else []
    return ", ".join(f"{label} ({', '.join(where)})" if where else label for label, where in zones.items())


def _called(one: PairedNumber) -> str:
    """A number's name inside a sentence."""
    return f"how many gain {_short(one.label)}" if one.id == pairing.REACHED else _short(one.label)


def faint(one: PairedNumber) -> bool:
    """Whether a result is better for nearly all, but by a change that people notice for fewer than half of them."""
    if one.id not in _RESULT or one.standing not in ("first", "second"):
        return False
    return (one.first_better_share if one.standing == "first" else one.second_better_share) < 1 / 2


_RESULT = {
    "outcome": "the improvement of each person",
    "outcome-same-day": "that on one and the same day",
}
_FAINT = "by less than people notice"


def verdict_words(numbers: Sequence[PairedNumber], names: tuple[str, str], sure: float) -> str:
    """Which plan is better in what, and what cannot be told apart, in plain sentences."""
    said = []
    for standing, opening in (
        ("first", f"{names[0]} is better in: "),
        ("second", f"{names[1]} is better in: "),
        ("unclear", f"Cannot be told apart, because people differ too much (fewer than {sure:.0%} on one side): "),
        ("unknown", "Not comparable, because a part of it is not known for one plan's device: "),
        ("alike", "No difference that matters: "),
    ):
        listed = _listed(numbers, standing)  # type: ignore[arg-type]
        said += [f"{opening}{listed}."] if listed else []
    return " ".join(said)


_Better = Literal["first", "second", "no treatment"]


def _cards(plans: Sequence[Plan], courses: Sequence[Course], goals: Goals) -> dict[str, Scorecard]:
    """The scorecard of every plan by its hash, each weighed beside the others and beside doing nothing."""
    return {card.plan_sha256: card for card in choose(plans, courses, goals).scorecards}


def _taken(
    sides: Sequence[PlanSide], nothing: Plan, courses: Sequence[Course], empty: Course, goals: Goals
) -> _Better | None:
    """Which of the plans that may be done the choice takes; None where neither may be.

    Where no result can be forecast, as at home, no routine is named above doing nothing.
    """
    may = [
        (side.plan, course) for side, course in zip(sides, courses, strict=True) if side.inside and side.plan.sessions
    ]
    if not may:
        return None
    if not all(side.plan.sessions for side in sides) and not any(pairing.results(course) for course in courses):
        return None
    chosen = choose([nothing, *(plan for plan, _ in may)], [empty, *(course for _, course in may)], goals).plan
    if chosen == sides[0].plan or (not chosen.sessions and not sides[0].plan.sessions):
        return "first"
    if chosen == sides[1].plan or (not chosen.sessions and not sides[1].plan.sessions):
        return "second"
    return "no treatment"


def compare(
    first: Plan,
    second: Plan,
    person: Person,
    assessment: Assessment,
    belief: Belief,
    *,
    key: int = 0,
    kb: Knowledge | None = None,
    goals: Goals | None = None,
    models: Models | None = None,
    names: tuple[str, str] = ("A", "B"),
) -> Comparison:
    """Two plans on the same possible people, with the same luck: what differs, for how many, and what cannot be told.

    Equation:
        d_i = y_i(second) − y_i(first) for every possible person i; bands are quantiles of d.

    A thing is *better* with one plan when at least ``comparing-sure-share`` of the possible people fare better and the
    middle difference is not negligible (``comparing-negligible-...``); *alike* when as many differ by less than that.

    Args:
        first, second: of this person, in the setting of the assessment. person, assessment: who, and what was found.
        belief: the ensemble. key: of the random numbers, shared. kb: the knowledge in force; the belief's when left
            out. goals: weights and prices for the scorecards. models: which sub-models run. names: of the two plans.

    Returns:
        Forecasts and scorecards of both, differences of plans and of possible people, maps, and a verdict. A plan
        outside its envelope carries its breaches and is never the better one.

    Raises:
        BadInput: plans of another person, setting or knowledge. NotAllowed: a home plan outside the home envelope.
        OutOfRange: a plan that the model was not made for.

    Assumes: both plans start on the same day. Results count by each plan's own judging day, and on the later of both.
    """
    kb = kb or belief.knowledge
    goals = goals or Goals()
    clearance = screen(person, assessment, kb)
    plans, limits = (first, second), []
    for plan, name in zip(plans, names, strict=True):
        check_plan(plan, name, person, assessment, kb)
        limits.append(broken_limits(plan, clearance, kb))
        if refused := no_forecast_because(plan, limits[-1]):
            raise NotAllowed(f"plan {name}: {refused}")
    if goals.robust == "worst-case" and belief.groups is None:
        belief = belief.nested()
    ensemble = Ensemble(person, assessment, belief, key=key, models=models)
    nothing = no_treatment(person, assessment, clearance, kb)
    *courses, empty = ensemble.simulate([first, second, nothing])
    for course, name in zip(courses, names, strict=True):
        if course.result is not CourseResult.OK:
            raise OutOfRange(f"plan {name} ({course.context.plan.label}): {course.result.advice}")
    finer = ensemble.simulate([first, second], also=_days_of_both(courses))
    cards = _cards([nothing, first, second], [empty, *courses], goals)
    sides = tuple(
        PlanSide(
            name=name,
            plan=plan,
            forecast=forecast(course, plan),
            scorecard=cards[plan.sha256],
            breaches=own,
        )
        for name, plan, course, own in zip(names, plans, courses, limits, strict=True)
    )
    prices = sides[0].scorecard.total_price, sides[1].scorecard.total_price
    mine, theirs, on_first, on_second = map(pairing.numbers_of, (*courses, *finer))
    numbers, unpaired = paired_numbers(mine, theirs, kb, prices)
    same_day = [one for one in paired_numbers(on_first, on_second, kb)[0] if one.id == "outcome-same-day"]
    numbers = (*(one for one in numbers if one.id != "outcome-same-day"), *same_day)
    days, curves = _over_time(*finer)
    differs = any(one.standing in ("first", "second") for one in numbers)
    sure = kb.parameter("comparing-sure-share").quantity.median
    made = sides[0].forecast
    return Comparison(
        person=person.id,
        setting=assessment.setting,
        first=sides[0],
        second=sides[1],
        plan_differences=plan_differences(first, second, kb),
        numbers=tuple(sorted(numbers, key=_order)),
        unpaired=unpaired,
        days_d=days,
        curves=curves,
        maps=_maps(first, second, assessment, kb, key),
        better=_taken(sides, nothing, courses, empty, goals) if differs else None,
        verdict=verdict_words(numbers, names, sure),
        differs=differs,
        sure_share=sure,
        members_count=made.members_count,
        key=key,
        model=made.model,
        versions=made.versions,
        knowledge_sha256=kb.sha256,
    )


_SHOWN_FIRST = (
    *(pairing.REACHED, "outcome", "outcome-same-day", "redness", "ready"),
    *(pairing.LASTING_MARK, "pain", "visits", "price"),
)


def _order(one: PairedNumber) -> int:
    """Benefit, downtime, harm, effort; single harms after them, in their own order."""
    return _SHOWN_FIRST.index(one.id) if one.id in _SHOWN_FIRST else len(_SHOWN_FIRST)
