"""The one seam between documents and arrays: plan, person and assessment in, course out, and back to a forecast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from needling.documents import Assessment, Endpoint, Forecast, Person, Plan, Session, Stroke
from needling.errors import BadInput, OutOfRange, did_you_mean
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import Device
from needling.simulation import harms, outcomes
from needling.simulation.belief import Belief
from needling.simulation.context import Context, Draw, Zone, age_y, fact
from needling.simulation.course import Course, CourseResult, Objectives
from needling.simulation.engines import MEASURES, STROKE_MEASURES, Task
from needling.simulation.equations import closure, depth, healing, rolling
from needling.simulation.equations.stroke import KINDS, STROKE_PARAMETERS, TOOL
from needling.units import from_si, to_si

Floats = NDArray[np.float64]

# numerical: days after a session at which a course is reported; pictures and tables only
_REPORT_D = (0, 0.25, 0.5, 1, 1.5, 2, 3, 4, 5, 7, 10, 14, 21, 28, 42, 56, 70, 84, 112, 140, 168, 224, 280, 365)
_FEW_REPORT_D = (0, 1, 3, 7, 14, 28, 56, 112)
_MANY_SESSIONS = 8
_LARGE = 1e9  # numerical: a force that no needle resists
_OPENINGS = ("barrier", "water", "structure")
ENDPOINTS: tuple[Endpoint, ...] = get_args(Endpoint)
_ENDPOINT_LIMITS = ("faint-pink-stimulus", "erythema-stimulus", "pinpoint-strikes", "confluent-strikes")


# ---------------------------------------------------------------- documents to arrays


def _zones(assessment: Assessment, kb: Knowledge) -> tuple[Zone, ...]:
    found = []
    for finding in assessment.zones:
        indication = kb.planned_indication(finding.concern, assessment.setting)
        scale = kb.by("scales").get(indication.scale) if indication.scale else None
        found.append(Zone(finding, kb.site(finding.zone), indication, scale))
    return tuple(found)


def _modified(drawn: Draw, person: Person, assessment: Assessment) -> Draw:
    """The draw with the person's known modifiers: age slows closure and synthesis, smoking slows synthesis."""
    own = dict(drawn)
    years = age_y(person, assessment)
    if years is not None:
        age = to_si(years, "y")
        young, old = drawn["young-age"][0], drawn["old-age"][0]
        slower = np.array([closure.by_age(ratio, age, young, old) for ratio in drawn["closure-age-ratio"]])
        less = np.array([closure.by_age(ratio, age, young, old) for ratio in drawn["age-collagen-ratio"]])
        for opening in _OPENINGS:
            own[f"{opening}-half-life"] = drawn[f"{opening}-half-life"] * slower
        own["collagen-synthesis-rate"] = own["collagen-synthesis-rate"] * less
    if fact("smoker", person, assessment) is True:
        own["collagen-synthesis-rate"] = own["collagen-synthesis-rate"] * drawn["smoker-collagen-ratio"]
    return own


def _tool(device: Device, stroke: Stroke) -> tuple[float, ...]:
    """A device and a hand as the columns of ``TOOL``, SI."""
    if device.kind not in KINDS:
        raise OutOfRange(f"device '{device.id}' is of kind '{device.kind}'; the model knows {', '.join(KINDS)} only")

    def si(value: float | None, unit: str) -> float:
        return 1.0 if value is None else to_si(value, unit)

    drum_radius = si(device.drum_diameter_mm, "mm") / 2
    return (
        float(KINDS.index(device.kind)),
        float(device.needles_count),
        drum_radius,
        si(device.drum_width_mm, "mm"),
        si(device.head_area_cm2, "cm2"),
        si(device.head_width_mm, "mm"),
        si(device.rate_hz, "hz"),
        to_si(device.speed_mm_per_s or 1.0, "mm"),
        to_si(device.base_diameter_um, "um"),
        to_si(device.tip_diameter_um, "um"),
        to_si(stroke.needle_length_mm, "mm"),
        float(stroke.directions_count * stroke.passes_count),
        stroke.force_N,
    )


def _reference_tool(drawn: Draw, needle_length: float) -> tuple[float, ...]:
    """The reference roller of the trials: a given density, needle and length on a very large drum of unit width."""
    needles = drawn["reference-density"][0] * 2 * np.pi
    base = drawn["reference-needle-base"][0]
    return (0.0, needles, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, base, 0.0, needle_length, 1.0, _LARGE)


def planned_density_per_cm2(device: Device, stroke: Stroke) -> float:
    """Channels per cm2 that a stroke lays, rolling midway between the drum and the tips."""
    tool = dict(zip(TOOL, _tool(device, stroke), strict=True))
    if device.kind == "roller":
        radius = rolling.rolling_radius(tool["drum_radius"], tool["needle_length"], 0.5)
        density = rolling.roller_density(tool["needles"], radius, tool["drum_width"], tool["passes"])
    elif device.kind == "stamp":
        density = rolling.stamp_density(tool["needles"], tool["head_area"], tool["passes"])
    else:
        density = rolling.pen_density(tool["needles"], tool["rate"], tool["speed"], tool["head_width"], tool["passes"])
    return from_si(density, "per_cm2")


def _visits(plan: Plan) -> dict[float, list[Session]]:
    """Sessions by day in seconds; two on one day are one visit."""
    visits: dict[float, list[Session]] = {}
    for session in sorted(plan.sessions, key=lambda session: session.day_d):
        visits.setdefault(to_si(session.day_d, "d"), []).append(session)
    return visits


def _report_times(session_time: Floats, judge_time: Floats, beyond: float) -> Floats:
    """Reports after each session until the next one, at each judging time, and some time beyond for late visits."""
    between = to_si(1.0, "d") * np.array(_REPORT_D if session_time.size <= _MANY_SESSIONS else _FEW_REPORT_D)
    after_last = to_si(1.0, "d") * np.array(_REPORT_D)
    end = judge_time.max() + beyond
    starts = session_time if session_time.size else np.zeros(1)
    stops = [*starts[1:], end]
    parts = [np.zeros(1), judge_time, np.full(1, end)]
    for index, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        times = start + (after_last if index + 1 == starts.size else between)
        parts.append(times[times < stop])
    return np.unique(np.concatenate(parts))


def _epidermis(zone: Zone, drawn: Draw) -> Floats:
    """Thickness of the epidermis of each member, m: measured, else the site's with the spread between people."""
    if zone.finding.epidermis_um is not None:
        return np.full(drawn["epidermis-ratio"].shape, to_si(zone.finding.epidermis_um, "um"))
    site = zone.site.epidermis_um
    typical = drawn["reference-epidermis"] if site is None else to_si(site, "um")
    return np.asarray(typical * drawn["epidermis-ratio"])


class _Strokes:
    """All different strokes of a batch, run once: plans share most of them."""

    def __init__(self, zones: tuple[Zone, ...], drawn: Draw) -> None:
        self._zones = zones
        self._drawn = drawn
        self._row_of: dict[tuple[tuple[float, ...], int], int] = {}
        self.result: Floats = np.empty(0)

    def row(self, tool: tuple[float, ...], zone: int) -> int:
        """Row of a stroke in the result, adding it when it is new."""
        return self._row_of.setdefault((tool, zone), len(self._row_of))

    def run(self) -> None:
        """Fill ``result``: float64[measure, row, member]."""
        from needling.simulation.engines import lanes

        epidermis = [_epidermis(zone, self._drawn) for zone in self._zones]
        epidermis.append(self._drawn["reference-epidermis"] * self._drawn["epidermis-ratio"])
        parameters = np.array([self._drawn[name] for name in STROKE_PARAMETERS])
        tools = np.array([tool for tool, _ in self._row_of]).reshape(-1, len(TOOL))
        skin = np.array([epidermis[zone] for _, zone in self._row_of]).reshape(tools.shape[0], parameters.shape[1])
        self.result = lanes.strokes(tools, skin, parameters)


def _combined(rows: Sequence[int], strokes: Floats, members: int) -> Floats:
    """Several strokes of one visit on one zone as one: float64[measure, member]."""
    if not rows:
        return np.zeros((len(STROKE_MEASURES), members))
    if len(rows) == 1:
        return np.asarray(strokes[:, rows[0]])
    joined = strokes[:, rows].sum(axis=1)
    for name in ("coverage", "stimulus"):
        which = STROKE_MEASURES.index(name)
        joined[which] = 1 - np.prod(1 - strokes[which, rows], axis=0)
    for name in ("dermal_share", "depth"):
        which = STROKE_MEASURES.index(name)
        joined[which] = strokes[which, rows].max(axis=0)
    return np.asarray(joined)


def _in_range(plan: Plan, density: Floats, kb: Knowledge) -> bool:
    """Whether needle lengths and densities lie inside the ranges of the reference parameters."""
    length, laid = kb.parameter("reference-length").quantity, kb.parameter("reference-density").quantity
    lengths = [stroke.needle_length_mm for session in plan.sessions for stroke in session.strokes]
    fits = all((length.low or 0) <= value <= (length.high or np.inf) for value in lengths)
    return fits and bool(np.all(from_si(1.0, laid.unit) * density <= (laid.high or np.inf)))


def simulate(plan: Plan, person: Person, assessment: Assessment, belief: Belief, *, key: int = 0) -> Course:
    """One plan on the ensemble; see :func:`simulate_many`."""
    return simulate_many([plan], person, assessment, belief, key=key)[0]


def simulate_many(
    plans: Sequence[Plan], person: Person, assessment: Assessment, belief: Belief, *, key: int = 0
) -> list[Course]:
    """All candidates on the same possible people, with the same luck, in one batch.

    Args:
        plans: candidates; "no treatment" (no sessions) is one like any other.
        person, assessment: who, and what was found. belief: the ensemble. key: of the random numbers.

    Returns:
        One course for each plan, in order.

    Raises:
        BadInput: a stroke on a zone that was not assessed, an unknown device, site or concern.
        OutOfRange: a kind of device without a model.
    """
    kb = belief.knowledge
    zones = _zones(assessment, kb)
    drawn = _modified(belief.draw(key), person, assessment)
    members = belief.members.size
    names = [zone.finding.zone for zone in zones]
    strokes = _Strokes(zones, drawn)
    reference = len(zones)  # a zone of its own: the cheek of the reference course
    lengths = {zone.indication.id: outcomes.reference_length(zone.indication, drawn) for zone in zones}
    reference_rows = {
        length: strokes.row(_reference_tool(drawn, length), reference)
        for length in {*lengths.values(), float(drawn["reference-length"][0])}
    }
    visits_of = [_visits(plan) for plan in plans]
    rows_of: list[list[list[list[int]]]] = []  # plan, visit, zone, stroke
    for visits in visits_of:
        plan_rows = []
        for sessions in visits.values():
            rows: list[list[int]] = [[] for _ in zones]
            for session in sessions:
                device = kb.device(session.device)
                for stroke in session.strokes:
                    if stroke.zone not in names:
                        raise BadInput(
                            f"a stroke on '{stroke.zone}', which was not assessed"
                            f"{did_you_mean(stroke.zone, names)}; assessed: {', '.join(names)}"
                        )
                    zone = names.index(stroke.zone)
                    rows[zone].append(strokes.row(_tool(device, stroke), zone))
            plan_rows.append(rows)
        rows_of.append(plan_rows)
    strokes.run()
    reference_stimulus = {
        length: strokes.result[STROKE_MEASURES.index("stimulus"), row] for length, row in reference_rows.items()
    }
    baselines = tuple(outcomes.baseline(zone, assessment, belief, key) for zone in zones)
    delivered_of, tasks = [], []
    for plan, visits, plan_rows in zip(plans, visits_of, rows_of, strict=True):
        session_time = np.array(list(visits), dtype=np.float64)
        delivered = np.zeros((len(STROKE_MEASURES), session_time.size, len(zones), members))
        for visit, rows in enumerate(plan_rows):
            for zone, own in enumerate(rows):
                delivered[:, visit, zone] = _combined(own, strokes.result, members)
        delivered_of.append(delivered)
        tasks += _tasks(plan, zones, session_time, delivered, drawn)

    from needling.simulation.engines import lanes

    healed = lanes.heal(tasks, np.array([drawn[name] for name in healing.PARAMETERS]))
    courses = []
    for index, (plan, delivered) in enumerate(zip(plans, delivered_of, strict=True)):
        mine = slice(index * len(zones), (index + 1) * len(zones))
        context = Context(
            plan=plan,
            person=person,
            assessment=assessment,
            belief=belief,
            key=key,
            zones=zones,
            drawn=drawn,
            baselines=baselines,
            devices=tuple(kb.device(session.device) for session in plan.sessions),
            longest_m=max(
                (to_si(stroke.needle_length_mm, "mm") for session in plan.sessions for stroke in session.strokes),
                default=0.0,
            ),
        )
        zone_references = [reference_stimulus[lengths[zone.indication.id]] for zone in zones]
        dose_reference = reference_stimulus[float(drawn["reference-length"][0])]
        courses.append(_course(context, tasks[mine], healed[mine], delivered, zone_references, dose_reference))
    return courses


def _tasks(plan: Plan, zones: tuple[Zone, ...], session_time: Floats, delivered: Floats, drawn: Draw) -> list[Task]:
    """What the engine runs: one task for each zone, all with the plan's report times."""
    last = session_time[-1] if session_time.size else 0.0
    judge = np.array([last + to_si(zone.indication.judge_after_last_d, "d") for zone in zones])
    report_time = _report_times(session_time, judge, float(drawn["forecast-beyond-judging"][0]))
    tasks = []
    for index, zone in enumerate(zones):
        opened = delivered[STROKE_MEASURES.index("opening"), :, index]
        widest = opened.max(axis=0, initial=0.0)
        lengths = [
            stroke.needle_length_mm
            for session in plan.sessions
            for stroke in session.strokes
            if stroke.zone == zone.finding.zone
        ]
        tasks.append(
            Task(
                session_time=session_time,
                report_time=report_time,
                stimulus=np.ascontiguousarray(delivered[STROKE_MEASURES.index("stimulus"), :, index]),
                opening=opened / np.where(widest > 0, widest, 1.0),
                half_life=_half_lives(to_si(max(lengths), "mm") if lengths else None, drawn),
            )
        )
    return tasks


def _half_lives(needle_length: float | None, drawn: Draw) -> Floats:
    """Half-lives of the three kinds of open, float64[3, member], s."""
    structure = drawn["structure-half-life"]
    if needle_length is not None:
        structure = np.array(
            [
                closure.half_life_by_length(half_life, needle_length, reference, exponent)
                for half_life, reference, exponent in zip(
                    structure, drawn["structure-reference-length"], drawn["structure-length-exponent"], strict=True
                )
            ]
        )
    return np.array([drawn["barrier-half-life"], drawn["water-half-life"], structure])


def _course(
    context: Context,
    tasks: Sequence[Task],
    healed: Sequence[tuple[Floats, Floats]],
    delivered: Floats,
    zone_references: Sequence[Floats],
    dose_reference: Floats,
) -> Course:
    """Engine output of one plan as a course."""
    drawn, zones, plan = context.drawn, context.zones, context.plan
    measured = [measures for measures, _ in healed]
    stacked = np.stack(measured) if len(measured) > 1 else measured[0][None]  # zone, measure, time, member
    by_name = {name: stacked[:, row].transpose(2, 0, 1) for row, name in enumerate(MEASURES)}
    calm = np.stack([times for _, times in healed]).max(axis=0)  # which, member
    task = tasks[0]
    half_life = np.stack([one.half_life for one in tasks], axis=-1)  # kind, member, zone
    last = task.session_time[-1] if task.session_time.size else 0.0
    judge = np.array([last + to_si(zone.indication.judge_after_last_d, "d") for zone in zones])
    laid = dict(zip(STROKE_MEASURES, delivered, strict=True))
    treated = task.session_time.size > 0
    result = CourseResult.OK
    if not np.all(np.isfinite(stacked)):
        result = CourseResult.DIVERGED
    elif not _in_range(plan, laid["density"], context.belief.knowledge):
        result = CourseResult.OUT_OF_RANGE
    score = np.stack(
        [
            outcomes.score(
                zone,
                baseline,
                by_name["residual"][:, index],
                task.report_time,
                task.session_time,
                laid["stimulus"][:, index],
                reference,
                context.belief,
                context.key,
                drawn,
            )
            for index, (zone, baseline, reference) in enumerate(
                zip(zones, context.baselines, zone_references, strict=True)
            )
        ],
        axis=1,
    )
    slowest = half_life.max(axis=(0, 2))
    closed = treated * np.array(list(map(closure.closure_time, slowest, drawn["closed-share"])))
    ready = np.maximum(np.maximum(closed, calm[0]), calm[1])
    if treated and context.person.phototype in (None, "IV", "V", "VI"):
        strongest = laid["stimulus"].max(axis=(0, 1))
        ready = np.maximum(ready, drawn["pigment-check-time"] * (strongest >= drawn["pigment-check-stimulus"]))
    dose_ratio = harms.dose_ratio(context, laid["stimulus"], dose_reference)
    return Course(
        time=task.report_time,
        zones=tuple(zone.finding.zone for zone in zones),
        open_share=by_name["barrier"],
        water=by_name["water"],
        structure=by_name["structure"],
        erythema=by_name["erythema"],
        inflammation=by_name["inflammation"],
        signal=by_name["signal"],
        collagen=by_name["collagen"],
        collagen_iii=by_name["collagen_iii"],
        elastin=by_name["elastin"],
        severity=by_name["residual"],
        score=score,
        judge_time=judge,
        session_time=task.session_time,
        density=laid["density"],
        dermal_share=laid["dermal_share"],
        depth=laid["depth"],
        coverage=laid["coverage"],
        stimulus=laid["stimulus"],
        strikes=laid["strikes"],
        redness_time=calm[0],
        ready_time=ready,
        half_life=half_life,
        dose_ratio=dose_ratio,
        pih_probability=harms.pigment_probability(context, dose_ratio),
        track_probability=harms.track_probability(context),
        result=result,
        context=context,
    )


# ---------------------------------------------------------------- arrays to documents


def forecast(course: Course, plan: Plan) -> Forecast:
    """The course as a document: quantiles by zone and measure, outcomes, harms, waiting times, assumptions.

    Raises:
        BadInput: the course was made from another plan.
    """
    from needling.simulation.summary import write_forecast

    if course.context.plan != plan:
        raise BadInput(f"this course was simulated for the plan '{course.context.plan.label}', not for '{plan.label}'")
    return write_forecast(course)


def objectives(course: Course) -> Objectives:
    """What a choice weighs: gain at the judging day in the treated zones, redness, and the chance of a lasting mark."""
    context: Context = course.context
    treated = {stroke.zone for session in context.plan.sessions for stroke in session.strokes}
    weights = [zone.finding.area_cm2 if zone.finding.zone in treated or not treated else 0.0 for zone in context.zones]
    gains = [
        outcomes.gain(zone, baseline, outcomes.at_time(course.score[:, index], course.time, course.judge_time[index]))
        for index, (zone, baseline) in enumerate(zip(context.zones, context.baselines, strict=True))
    ]
    total = np.zeros(context.belief.members.size)
    weight = 0.0
    for gain, area in zip(gains, weights, strict=True):
        if gain is not None and area > 0:
            total += area * gain
            weight += area
    either = 1 - (1 - course.pih_probability) * (1 - course.track_probability)
    return Objectives(
        gain=total / weight if weight else total,
        gain_known=weight > 0,
        redness_d=from_si(1.0, "d") * course.redness_time,
        harm_probability=either,
        harm_known=harms.is_known(context),
        beyond_endpoint_probability=_beyond_endpoint(course),
    )


def _beyond_endpoint(course: Course) -> float:
    """Chance that a session shows more than its planned endpoint, at the worst session and zone."""
    context: Context = course.context
    planned: dict[tuple[float, str], int] = {}
    for session in context.plan.sessions:
        for stroke in session.strokes:
            spot = to_si(session.day_d, "d"), stroke.zone
            planned[spot] = max(planned.get(spot, 0), ENDPOINTS.index(session.endpoint))
    chances = [
        float(np.mean(endpoint_grades(course, int(visit), course.zones.index(zone)) > grade))
        for (time, zone), grade in planned.items()
        for visit in np.flatnonzero(course.session_time == time)
    ]
    return max(chances, default=0.0)


def endpoint_grades(course: Course, visit: int, zone: int) -> NDArray[np.int64]:
    """What each member shows right after a session in a zone, as the place in ``ENDPOINTS``, int64[member]."""
    drawn = course.context.drawn
    limits: list[Any] = [drawn[name] for name in _ENDPOINT_LIMITS]
    seen: tuple[Any, Any] = course.stimulus[visit, zone], course.strikes[visit, zone]
    return np.asarray(depth.endpoint_grade(*seen, *limits))  # plain arithmetic, so it takes all members


def log_likelihood(course: Course, readings: Sequence[tuple[str, float, float]]) -> Floats:
    """How well each member agrees with readings on the indication's scale: sum of normal log densities.

    Args:
        course: of the plan as delivered. readings: zone, day from the start, value.

    Returns:
        float64[member], up to a constant.

    Raises:
        BadInput: a zone that was not assessed or has no scale.
    """
    context: Context = course.context
    total = np.zeros(context.belief.members.size)
    for name, day, value in readings:
        if name not in course.zones:
            raise BadInput(
                f"a reading on '{name}'{did_you_mean(name, course.zones)}; assessed: {', '.join(course.zones)}"
            )
        index = course.zones.index(name)
        scale = context.zones[index].scale
        if scale is None or not np.all(np.isfinite(course.score[:, index])):
            raise BadInput(f"there is no forecast on a scale for '{name}', so a reading there cannot be compared")
        expected = outcomes.at_time(course.score[:, index], course.time, to_si(day, "d"))
        total -= 0.5 * ((value - expected) / scale.noise) ** 2
    return total
