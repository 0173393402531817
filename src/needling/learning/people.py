"""Many followed-up people as a fit needs them: who is alike, what was read when, and what a reading would show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from needling.documents import Approval, Assessment, Person, Plan, SessionRecord
from needling.knowledge.schema import Scale
from needling.learning.scored import Reading, delivered_plan, early_d, readings_of
from needling.simulation import Belief, CourseResult, Models, simulate
from needling.simulation.belief import normal, normals
from needling.simulation.design import Column, designed, varying
from needling.simulation.seam import outcomes
from needling.units import to_si

Floats = NDArray[np.float64]
FollowedUp = tuple[Approval, Sequence[SessionRecord], Sequence[Assessment]]
"""One approval of a person: what was approved, what was done, what was seen."""

_LANES = 8192  # numerical: possible people that one call of the simulation holds, so that memory stays flat


class Look(NamedTuple):
    """One reading of one zone: where, and on which day after the start."""

    zone: str
    day_d: float


@dataclass
class Alike:
    """People whom the model cannot tell apart before they are treated: the same course on the same start.

    Args:
        plan: as delivered. person, assessment: of the first of them; the others differ in their id alone.
        models: that the course is run with. number: of the group; groups have possible people of their own.
        seen: values in the order of the looks, float64[person, look], by looks.
    """

    plan: Plan
    person: Person
    assessment: Assessment
    models: Models
    number: int
    seen: dict[tuple[Look, ...], list[tuple[float, ...]]] = field(default_factory=dict)

    @property
    def people(self) -> int:
        """How many there are."""
        return sum(len(values) for values in self.seen.values())

    @property
    def looks(self) -> tuple[Look, ...]:
        """All looks at any of them."""
        return tuple(sorted({look for looks in self.seen for look in looks}))


class Gathered(NamedTuple):
    """The people in groups, their approvals and ids, and in words what could not be used."""

    groups: tuple[Alike, ...]
    approvals: tuple[str, ...]
    persons: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def people(self) -> int:
        """How many people count."""
        return sum(group.people for group in self.groups)

    @property
    def readings(self) -> int:
        """How many readings count."""
        return sum(len(looks) * len(values) for group in self.groups for looks, values in group.seen.items())


class _Usable(NamedTuple):
    """One approval whose readings can be used."""

    approval: Approval
    name: str
    plan: Plan
    readings: list[Reading]

    @property
    def rank(self) -> tuple[int, datetime, str]:
        """The more readings the better; of equals the newer approval, which knows best what was done."""
        return len(self.readings), self.approval.at, self.name


def gather(belief: Belief, cases: Sequence[FollowedUp]) -> Gathered:
    """People by what the model knows of them; each person and each reading once, and what cannot be used in words.

    A person with several approvals, as after a course that was approved anew half-way, counts by the one with the most
    readings: what belongs to one person is no news of another.

    Args:
        belief: whose knowledge says what the scales are. cases: (approval, records, followups), in any order.

    Raises:
        BadInput: records of another approval.

    Assumes: equal ids are one person, other ids other people.
    """
    usable: dict[str, list[_Usable]] = {}
    left_out: list[str] = []
    names: set[str] = set()
    for approval, records, followups in cases:
        name = approval.sha256
        if name in names:
            left_out.append(f"approval {name[:12]}: given twice; it counts once")
            continue
        names.add(name)
        plan = delivered_plan(approval, records)
        readings, lost = readings_of(approval, followups)
        readings, beyond = _on_the_scale(readings, belief)
        left_out += [f"approval {name[:12]}: {said}" for said in (*lost, *beyond)]
        if not plan.sessions:
            left_out.append(f"approval {name[:12]}: no session was recorded")
        elif not readings:
            left_out.append(f"approval {name[:12]}: no reading that a forecast can be held against")
        else:
            usable.setdefault(approval.plan.person, []).append(_Usable(approval, name, plan, readings))
    groups: dict[str, Alike] = {}
    approvals: list[str] = []
    for person, several in usable.items():
        one, *others = sorted(several, key=lambda each: each.rank, reverse=True)
        left_out += [
            f"approval {other.name[:12]}: of '{person}', who counts by approval {one.name[:12]}" for other in others
        ]
        frozen = one.approval.forecast
        models = replace(Models.read(frozen.model), stimulus="mean-field", session="as-planned")
        likeness = _likeness(one.plan, frozen.person, frozen.assessment, models)
        if likeness not in groups:
            groups[likeness] = Alike(one.plan, frozen.person, frozen.assessment, models, len(groups))
        ahead = early_d(one.approval, one.plan)
        looks = {Look(reading.outcome.zone, reading.day_d + ahead): reading.value for reading in one.readings}
        ordered = tuple(sorted(looks))
        groups[likeness].seen.setdefault(ordered, []).append(tuple(looks[look] for look in ordered))
        approvals += [each.name for each in several]
    return Gathered(tuple(groups.values()), tuple(approvals), tuple(usable), tuple(left_out))


def _on_the_scale(readings: Sequence[Reading], belief: Belief) -> tuple[list[Reading], list[str]]:
    """Readings that the scale allows, and in words the others."""
    scales = belief.knowledge.by("scales")
    kept, lost = [], []
    for reading in readings:
        scale = scales[reading.outcome.scale]
        if scale.low <= reading.value <= scale.high:
            kept.append(reading)
        else:
            lost.append(
                f"{scale.id} {reading.value:g} on {reading.followup.on}: the scale goes from {scale.low:g} to "
                f"{scale.high:g}"
            )
    return kept, lost


def _likeness(plan: Plan, person: Person, assessment: Assessment, models: Models) -> str:
    """Equal for people whom the simulation cannot tell apart; ids and photos are none of its business."""
    return json.dumps(
        [
            [session.model_dump(mode="json") for session in plan.sessions],
            person.model_dump(mode="json", exclude={"id"}),
            assessment.model_dump(mode="json", exclude={"person", "by", "photos"}),
            models.said,
        ],
        sort_keys=True,
    )


def possible_people(group: Alike, count: int) -> NDArray[np.int64]:
    """Member numbers of a group: the first ``count`` of its own, which no other group has."""
    return np.arange(count, dtype=np.int64) + group.number * _OWN


_OWN = 2**20  # numerical: member numbers that each group has to itself


def scale_of(group: Alike, zone: str, belief: Belief) -> Scale | None:
    """The scale that a zone of the group is read on."""
    kb = belief.knowledge
    finding = next(one for one in group.assessment.zones if one.zone == zone)
    indication = kb.planned_indication(finding.concern, group.assessment.setting)
    return kb.by("scales").get(indication.scale) if indication.scale else None


def readings_under(
    belief: Belief, group: Alike, names: Sequence[str], doubts: Floats, members: NDArray[np.int64], key: int,
    *, stretch: float = 0.0,
) -> Floats | None:  # fmt: skip
    """What a reader would note of possible people of a group, were the doubts known.

    y = clip((1 + stretch) score + n e),   e ~ N(0, 1) for each look,   clipped to the scale

    Args:
        belief: whose person layer the people are drawn from. names, doubts: normal numbers of the doubts,
            float64[point, name]; the others stay in the middle. members: the people, the same at every point, so that
            only the doubts differ. key: of the random numbers. stretch: a reader who is so much too high.

    Returns:
        float64[point, member, look]; None where the course has no forecast.
    """
    looks = group.looks
    persons = [column for column in varying(belief) if column[1] == "person"]
    luck = dict(zip(persons, normals(key, tuple(f"{name}/person" for name, _ in persons), members), strict=True))
    noise = {}
    for look in looks:
        noise[look] = normal(key, f"fitting/{look.zone}/{look.day_d:g}", members)
    found = np.empty((doubts.shape[0], members.size, len(looks)))
    several = max(1, _LANES // members.size)
    for first in range(0, doubts.shape[0], several):
        points = doubts[first : first + several]
        places: dict[Column, Floats] = {column: np.tile(own, len(points)) for column, own in luck.items()}
        places |= {(name, "doubt"): np.repeat(points[:, row], members.size) for row, name in enumerate(names)}
        laid = designed(belief, places, np.tile(members, len(points)))
        course = simulate(group.plan, group.person, group.assessment, laid, key=key, models=group.models)
        if course.result is not CourseResult.OK:
            return None
        for column, look in enumerate(looks):
            place = course.zones.index(look.zone)
            scale = course.context.zones[place].scale
            score = outcomes.at_time(course.score[:, place], course.time, to_si(look.day_d, "d"))
            read = (1 + stretch) * score.reshape(len(points), members.size) + scale.noise * noise[look]
            found[first : first + several, :, column] = np.clip(read, scale.low, scale.high)
    return found if np.all(np.isfinite(found)) else None
