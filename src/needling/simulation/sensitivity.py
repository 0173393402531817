"""Which input drives which output: Sobol indices of a plan's forecast.

The inputs are the two layers of the belief (how people differ, and what we do not know), what no parameter explains
(the true start behind a reading, the spread of trials, counts of harms), and what a user can set. Rows of the
design are members, so that a whole batch of them is one call of the simulation.

The method: :mod:`needling.simulation.indices`. What a user can set: :mod:`needling.simulation.nearby`. What readings
can teach about the parameters: :mod:`needling.simulation.identifiability`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from needling.errors import BadInput, OutOfRange, did_you_mean
from needling.knowledge.load import BASE, section_files
from needling.knowledge.schema import Scale
from needling.simulation.belief import Belief
from needling.simulation.bind import simulate
from needling.simulation.course import Course, CourseResult
from needling.simulation.design import Column, Designed, designed, varying
from needling.simulation.engines import COMPARTMENTS
from needling.simulation.equations.stroke import KINDS
from needling.simulation.indices import CONFIDENCE, SAMPLES, Factor, View, check_samples, sobol_indices, standard_normal
from needling.simulation.models import Models
from needling.simulation.nearby import CHANGES, settable
from needling.simulation.seam import outcomes
from needling.units import from_si

if TYPE_CHECKING:
    from needling.documents import Assessment, Person, Plan
    from needling.documents.exposure import SerumGate, SerumUse

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]

_BATCH = 4096  # numerical: members of one call, which bounds the memory
_WORTH = 0.02  # numerical: total index from which the parameters of a part are looked at one by one
_LEAST_AMOUNT = 1e-12  # numerical: smaller amounts are nothing, ug/cm2
_LUCK = "unexplained"


@dataclass(frozen=True)
class Output:
    """A number of a forecast, one for each member.

    Args:
        id, label, unit: to name it. of: from a course to float64[member].
    """

    id: str
    label: str
    unit: str
    of: Callable[[Course], Floats]


@dataclass(frozen=True)
class Sensitivity:
    """What drives the outputs of one plan for one person.

    Args:
        plan: its label. outputs: in the order of the views' arrays. views: ``layers``, ``parts``, ``parameters`` and,
            for a plan with sessions, ``choices``.
        samples: rows of the base sample. key: of the random numbers. knowledge: version and sha256.
    """

    plan: str
    outputs: tuple[Output, ...]
    views: tuple[View, ...]
    samples: int
    key: int
    knowledge: tuple[str, str]

    def view(self, name: str) -> View | None:
        """One view, or None where there is none."""
        return next((view for view in self.views if view.name == name), None)

    @property
    def runs(self) -> int:
        """Simulated members of all views."""
        return sum(view.runs for view in self.views)

    def as_data(self) -> dict[str, Any]:
        """For JSON: an output that does not vary has None for its indices."""

        def figure(value: float) -> float | None:
            return float(f"{value:.6g}") if np.isfinite(value) else None

        return {
            "plan": self.plan,
            "samples_count": self.samples,
            "runs_count": self.runs,
            "key": self.key,
            "knowledge": {"version": self.knowledge[0], "sha256": self.knowledge[1]},
            "confidence_share": CONFIDENCE,
            "views": {
                view.name: {
                    "runs_count": view.runs,
                    "outside_share": view.outside_share,
                    "outputs": {
                        output.id: {
                            "label": output.label,
                            "unit": output.unit,
                            "mean": figure(view.mean[row]),
                            "standard_deviation": figure(view.deviation[row]),
                            "factors": [
                                {
                                    "id": view.factors[place].id,
                                    "kind": view.factors[place].kind,
                                    "name": view.factors[place].name,
                                    "first": figure(view.first[row, place]),
                                    "first_error": figure(view.first_error[row, place]),
                                    "total": figure(view.total[row, place]),
                                    "total_error": figure(view.total_error[row, place]),
                                }
                                for place in view.ranked(row)
                            ],
                        }
                        for row, output in enumerate(self.outputs)
                    },
                }
                for view in self.views
            },
        }


# ---------------------------------------------------------------- outputs


def outputs_of(course: Course, zone: str | None = None) -> tuple[Output, ...]:
    """The numbers of a forecast that a person asks about.

    Args:
        course: of the plan. zone: whose outcome; the largest treated zone unless given.

    Returns:
        Change on the indication's scale (where there is an honest forecast of it) and collagen, both at the judging
        day; days of redness; chance of a pigment mark; hours until channels have closed; bleeding channels; pain.

    Raises:
        BadInput: the zone was not assessed.
    """
    context = course.context
    zone = zone or main_zone(context.plan, context.assessment)
    if zone not in course.zones:
        raise BadInput(f"no zone '{zone}' in this case{did_you_mean(zone, course.zones)}")
    place = course.zones.index(zone)

    def judged(values: Floats, one: Course) -> Floats:
        return outcomes.at_time(values[:, place], one.time, one.judge_time[place])

    def change(one: Course) -> Floats:
        return np.asarray(judged(one.score, one) - one.context.baselines[place].values)

    def collagen(one: Course) -> Floats:
        return judged(one.collagen, one)

    def closed(one: Course) -> Floats:
        return np.asarray(from_si(1.0, "h") * one.closed_time[0, :, place] * (one.session_time.size > 0))

    def pain(one: Course) -> Floats:
        return np.asarray(one.pain[:, place].max(axis=0, initial=0.0))

    def bleeding(one: Course) -> Floats:
        return np.asarray(from_si(1.0, "per_cm2") * one.strikes[:, place].max(axis=0, initial=0.0))

    found = [
        Output("collagen", "Collagen on the judging day", "ratio", collagen),
        Output("redness", "Days of redness after a session", "d", lambda one: from_si(1.0, "d") * one.redness_time),
        Output("pigment", "Chance of a pigment mark", "probability", lambda one: one.pih_probability),
        Output("open-channels", "Hours until the channels have closed", "h", closed),
        Output("bleeding", "Bleeding channels for each cm²", "per_cm2", bleeding),
        Output("pain", "Pain relative to a usual session", "ratio", pain),
    ]
    scale = context.zones[place].scale
    if scale is not None and np.all(np.isfinite(course.score[:, place])):
        found.insert(0, Output("outcome", f"Change on “{short_name(scale)}”", scale.unit, change))
    return tuple(found)


def short_name(scale: Scale) -> str:
    """The name of a scale up to its first comma or bracket."""
    return re.split(r",| \(", scale.name)[0]


def serum_output(use: SerumUse, gate: SerumGate, place: str = "dermis", *, key: int = 0) -> Output:
    """How much of a substance a layer holds at most, for :func:`sobol`; on a log scale, as such numbers spread.

    Args:
        use: what is put on, where and when; its needling stays as it says, whatever the plan varies.
        gate: the topical gate's answer, which comes first. place: one of ``COMPARTMENTS``. key: of the random numbers.

    Raises:
        BadInput: no such place. When run, NotAllowed where the gate says no.
    """
    if place not in COMPARTMENTS:
        raise BadInput(f"no place '{place}'{did_you_mean(place, COMPARTMENTS)}; there are {', '.join(COMPARTMENTS)}")

    def largest(course: Course) -> Floats:
        from needling.simulation.seam.applied import run_serum

        amount = run_serum(use, gate, course.context.belief, key=key).needled[COMPARTMENTS.index(place)].max(axis=0)
        return np.asarray(np.log10(np.maximum(from_si(1.0, "ug_per_cm2") * amount, _LEAST_AMOUNT)))

    where = place.replace("-", " ")
    return Output(f"serum-{place}", f"{use.substance.name} in the {where}, log10 of µg/cm²", "ratio", largest)


def main_zone(plan: Plan, assessment: Assessment) -> str:
    """The largest treated zone of a plan; the largest assessed one when nothing is treated."""
    treated = {stroke.zone for session in plan.sessions for stroke in session.strokes}
    zones = [zone for zone in assessment.zones if not treated or zone.zone in treated]
    return max(zones, key=lambda zone: zone.area_cm2).zone


# ---------------------------------------------------------------- inputs


@lru_cache(maxsize=1)
def parts() -> dict[str, str]:
    """Part of the model that each shipped parameter belongs to: the file of ``knowledge/parameters`` that holds it."""
    return {
        name: path.stem
        for path in section_files(BASE, "parameters")
        for name in re.findall(r"^- id: (\S+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }


def _columns(belief: Belief, plan: Plan) -> tuple[Column, ...]:
    """What varies, less what belongs to kinds of device that the plan does not use."""
    used = {belief.knowledge.device(session.device).kind for session in plan.sessions}
    unused = tuple(f"{kind}-" for kind in KINDS if kind not in used)
    return tuple(column for column in varying(belief) if not column[0].startswith(unused))


def _by_layer(columns: Sequence[Column]) -> list[Factor]:
    return [Factor(layer, layer, layer) for _, layer in columns]


def _by_part(columns: Sequence[Column]) -> list[Factor]:
    return [Factor(f"{part}/{layer}", layer, part) for name, layer in columns for part in (parts().get(name, "other"),)]


def _one_by_one(columns: Sequence[Column], screened: View) -> list[Factor]:
    """Each parameter by itself where its part matters for any output; the others stay together."""
    strongest = np.nan_to_num(screened.total).max(axis=0)
    matters = {factor.id for factor, total in zip(screened.factors, strongest, strict=True) if total >= _WORTH}
    return [
        Factor(f"{name}/{layer}", layer, name) if part.id in matters else part
        for (name, layer), part in zip(columns, _by_part(columns), strict=True)
    ]


_UNEXPLAINED = Factor(_LUCK, "unexplained", _LUCK)


# ---------------------------------------------------------------- the whole of it


class _Runs:
    """Members of a design in, outputs out."""

    def __init__(
        self,
        belief: Belief,
        outputs: Sequence[Output],
        columns: Sequence[Column],
        simulate_plan: Callable[[Plan, Belief], Course],
        done: Callable[[int], None],
    ) -> None:
        self._simulate, self._belief = simulate_plan, belief
        self._outputs, self._columns, self._done = outputs, columns, done
        self.outside = 0

    def through(self, cube: Floats) -> Floats:
        """From the unit cube: standard normal numbers of the parameters, and a member number for each luck."""
        first = cube.shape[1] - len(self._columns) - 1
        parts = (
            cube[:, :first],
            standard_normal(cube[:, first:-1]),
            np.arange(cube.shape[0], dtype=np.float64)[:, None],
        )
        return np.hstack(parts)

    def members(self, rows: Floats) -> Designed:
        """The members that rows of the design stand for; what a user sets comes before, the luck last."""
        first = rows.shape[1] - len(self._columns) - 1
        places = {column: rows[:, first + place] for place, column in enumerate(self._columns)}
        return designed(self._belief, places, rows[:, -1].astype(np.int64))

    def outputs(self, plan: Plan, members: Designed) -> Floats:
        """Outputs of one plan, float64[member, output]."""
        course = self._simulate(plan, members)
        if course.result is CourseResult.DIVERGED:
            raise OutOfRange(course.result.advice)
        size = members.members.size
        self.outside += size * (course.result is CourseResult.OUT_OF_RANGE)
        self._done(size)
        return np.stack([output.of(course) for output in self._outputs], axis=1)

    def of_plan(self, plan: Plan, rows: Floats) -> Floats:
        """One plan on all rows, in batches."""
        batches = [rows[start : start + _BATCH] for start in range(0, rows.shape[0], _BATCH)]
        return np.concatenate([self.outputs(plan, self.members(batch)) for batch in batches])

    def of_choices(self, plan: Plan, choices: dict[str, list[float]], rows: Floats) -> Floats:
        """Rows that choose the same are one plan, and run together."""
        counts = [len(levels) for levels in choices.values()]
        level = np.minimum((rows[:, : len(counts)] * counts).astype(np.int64), np.array(counts) - 1)
        members = self.members(rows)
        different, which = np.unique(level, axis=0, return_inverse=True)
        found = np.empty((rows.shape[0], len(self._outputs)))
        for number, chosen in enumerate(different):
            changed = plan
            for (name, levels), at in zip(choices.items(), chosen, strict=True):
                changed = CHANGES[name](changed, levels[at], self._belief.knowledge)
            same = np.flatnonzero(which.ravel() == number)
            found[same] = self.outputs(changed, members.rows(same))
        return found


def sobol(
    plan: Plan,
    person: Person,
    assessment: Assessment,
    belief: Belief,
    *,
    outputs: Sequence[Output] | None = None,
    zone: str | None = None,
    samples: int = SAMPLES,
    key: int = 0,
    models: Models | None = None,
    progress: Progress | None = None,
) -> Sensitivity:
    """Which input drives which output of a plan's forecast, in four views.

    ``layers``: how people differ, what we do not know, and what no parameter explains. ``parts``: both layers of
    each part of the model. ``parameters``: the same with every parameter of the parts that matter by itself.
    ``choices``: what a user sets (needle length, passes, interval, force; each from half to twice the plan, on a few
    levels, as far as device and place allow) beside who the person is and what is not known.

    Args:
        plan, person, assessment, belief: as for :func:`needling.simulation.simulate`; members are laid out anew.
        outputs: what is asked about; :func:`outputs_of` unless given. zone: whose outcome that is.
        samples: rows of the base sample, a power of two. key: of the random numbers; the same key, the same indices.
        models: which sub-models run. progress: called with runs done and runs in all.

    Raises:
        BadInput: SALib is not installed, samples is not a power of two, or an unknown zone.
        OutOfRange: the equations ran away, or the plan itself lies outside the model's range.

    Assumes: parameters are independent of each other, as the belief draws them.
    """
    check_samples(samples)
    kb = belief.knowledge
    columns = _columns(belief, plan)

    def simulate_plan(which: Plan, members: Belief) -> Course:
        return simulate(which, person, assessment, members, key=key, models=models)

    course = simulate_plan(plan, belief.with_members([0, 1]))
    if course.result is not CourseResult.OK:
        raise OutOfRange(course.result.advice)
    wanted = outputs_of(course, zone) if outputs is None else tuple(outputs)
    choices = settable(plan, kb)
    by_layer, by_part = _by_layer(columns), _by_part(columns)
    # How many parameters are looked at one by one is known only after the screen; until then all are counted.
    left = [len({*by_layer}), len({*by_part}), len(columns), *([len(choices) + len({*by_layer})] if choices else [])]
    counted = {"done": 0, "all": samples * sum(factors + 3 for factors in left)}  # numerical: luck, A and B

    def done(runs: int) -> None:
        counted["done"] += runs
        if progress is not None:
            progress(counted["done"], counted["all"])

    runs = _Runs(belief, wanted, columns, simulate_plan, done)

    def view(name: str, groups: list[Factor], evaluate: Callable[[Floats], Floats]) -> View:
        before = runs.outside
        found = sobol_indices(name, [*groups, _UNEXPLAINED], evaluate, through=runs.through, samples=samples, key=key)
        return replace(found, outside_share=(runs.outside - before) / found.runs)

    views = [
        view(name, groups, lambda rows: runs.of_plan(plan, rows))
        for name, groups in (("layers", by_layer), ("parts", by_part))
    ]
    one_by_one = _one_by_one(columns, views[1])
    counted["all"] -= samples * (len(columns) - len({*one_by_one}))
    views.append(view("parameters", one_by_one, lambda rows: runs.of_plan(plan, rows)))
    if choices:
        chosen = [Factor(name, "choice", name) for name in choices]
        views.append(view("choices", [*chosen, *by_layer], lambda rows: runs.of_choices(plan, choices, rows)))
    return Sensitivity(plan.label, wanted, tuple(views), samples, key, (kb.version, kb.sha256))
