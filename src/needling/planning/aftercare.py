"""Aftercare as one timetable: each thing that has to wait is told once, with the longest time that anything gives it.

The forecast computes times, the waiting list carries published ones, steps of aftercare and products name their own.
They meet here, by the names of the waiting list and never by their words, so that no sheet can say two times.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from needling.documents import Citation, NotBefore, Plan
from needling.errors import BadInput
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import CareStep, Topical, Wait
from needling.planning.topicals import wait_h

Kind = Literal["computed", "published", "step", "product"]
WATER = "water"
"""Washing with water, on the waiting list."""


@dataclass(frozen=True)
class Ground:
    """One time that something gives a thing (h after a session), in its own words; None: it says how, not when.

    A product gives its name.
    """

    kind: Kind
    says: str
    hours_h: float | None
    sources: tuple[Citation, ...] = ()
    proposal: bool = False


@dataclass(frozen=True)
class OneTime:
    """One thing, and the one time before which it may not start again (h after each session).

    ``meanwhile`` is what to do until then, ``then`` how to start; ``grounds`` are all times that were given, the
    longest first.
    """

    thing: str
    label: str
    hours_h: float
    because: str
    meanwhile: str
    then: str
    grounds: tuple[Ground, ...]
    proposal: bool = False

    @property
    def binding(self) -> tuple[Ground, ...]:
        """What the time rests on: every ground that gives it."""
        return tuple(one for one in self.grounds if one.hours_h == self.hours_h)

    @property
    def overruled(self) -> tuple[Ground, ...]:
        """Shorter advice that does not count here."""
        return tuple(one for one in self.grounds if one.hours_h is not None and one.hours_h < self.hours_h)

    @property
    def sources(self) -> tuple[Citation, ...]:
        """Sources of all grounds, each once."""
        return tuple(dict.fromkeys(citation for one in self.grounds for citation in one.sources))

    def hours_of(self, kind: Kind) -> float | None:
        """The longest time that grounds of a kind give; None where there is none."""
        return max((one.hours_h for one in self.grounds if one.kind == kind and one.hours_h is not None), default=None)


@dataclass(frozen=True)
class Timetable:
    """What waits, the soonest first; steps that stand beside that; and steps that this knowledge base lacks."""

    times: tuple[OneTime, ...]
    steps: tuple[CareStep, ...]
    missing: tuple[str, ...]


def for_sites(sites: Iterable[str], named: tuple[str, ...]) -> bool:
    """Whether something that names sites is for any of these; it is for all when it names none."""
    return not named or any(site in named for site in sites)


def sites_of(zones: Iterable[str], kb: Knowledge) -> tuple[str, ...] | None:
    """The sites of some zones; None where one of them is not known, so that nothing is left out on a guess."""
    try:
        return tuple(dict.fromkeys(kb.site(zone).id for zone in zones))
    except BadInput:
        return None


def timetable(plan: Plan, not_before: Iterable[NotBefore], kb: Knowledge) -> Timetable:
    """All that is said about the time after a session of a plan, each thing once.

    Args:
        plan: its zones, longest needle and aftercare steps.
        not_before: computed and published times of its forecast.
        kb: waiting list, steps and products.

    Returns:
        For each thing the time ``max(computed, published, steps, products, washing with water)``. A product gives its
        time as the gate does (:func:`needling.planning.topicals.wait_h`), a step the hour before which it says no.

    Assumes:
        One timetable for the course: sessions with needles of several lengths all get the longest times.
    """
    strokes = [stroke for session in plan.sessions for stroke in session.strokes]
    if not strokes:
        return Timetable((), (), ())
    sites = sites_of((stroke.zone for stroke in strokes), kb)
    longest_mm = max(stroke.needle_length_mm for stroke in strokes)
    care = kb.by("care")
    names = tuple(dict.fromkeys(name for session in plan.sessions for name in session.aftercare))
    steps = [care[name] for name in names if name in care]
    steps = [step for step in steps if sites is None or for_sites(sites, step.sites)]
    grounds: dict[str, list[Ground]] = {}
    forecast = {one.item: one for one in not_before}
    for wait in forecast.values():
        grounds[wait.item] = _forecast_grounds(wait)
    for step in steps:
        for part in step.about:
            grounds.setdefault(part.thing, []).append(
                Ground("step", step.says, part.from_h, step.sources, step.proposal)
            )
    for topical in kb.topicals:
        if topical.gate == "wait":  # one that names no thing of the list is a thing of its own
            own = _product_ground(topical, longest_mm, kb)
            grounds.setdefault(topical.about or topical.id, []).append(own)
    _washing_first(grounds)
    things = kb.by("waits")
    found = [
        _one_time(thing, given, things.get(thing), forecast.get(thing), kb)
        for thing, given in grounds.items()
        if sites is None or thing not in things or for_sites(sites, things[thing].sites)
    ]
    return Timetable(
        tuple(sorted((one for one in found if one is not None), key=lambda one: (one.hours_h, one.label))),
        tuple(sorted((step for step in steps if not step.about), key=_window)),
        tuple(name for name in names if name not in care),
    )


def _washing_first(grounds: dict[str, list[Ground]]) -> None:
    """Sweat, heat and whatever goes on the skin come off with water, so nothing may start before water may."""
    washed = max((one.hours_h or 0 for one in grounds.get(WATER, ())), default=0.0)
    for given in grounds.values():
        own = [one.hours_h for one in given if one.hours_h is not None]
        if own and max(own) < washed:
            given.append(Ground("step", "Not before the skin may be washed with water.", washed, proposal=True))


def _window(step: CareStep) -> tuple[float, float, int]:
    end = step.to_h if step.to_h is not None else float("inf")
    return step.from_h or 0, end, step.order


def _forecast_grounds(wait: NotBefore) -> list[Ground]:
    found = [Ground("published", wait.because, wait.published_h, wait.sources)]
    if wait.computed_h is not None:
        found.append(Ground("computed", "Worked out from how the skin closes and calms down.", wait.computed_h))
    if wait.hours_h > max(one.hours_h or 0 for one in found):  # an older forecast may have known more
        found.append(Ground("computed", "The time that the forecast gave.", wait.hours_h))
    return found


def _product_ground(topical: Topical, longest_mm: float, kb: Knowledge) -> Ground:
    hours = wait_h(topical, longest_mm, kb)
    return Ground("product", topical.name, hours, topical.sources, topical.proposal)


def _one_time(
    thing: str, grounds: list[Ground], wait: Wait | None, forecast: NotBefore | None, kb: Knowledge
) -> OneTime | None:
    """None where nothing gives a time; a thing that this knowledge base lacks keeps the words of its forecast."""
    hours = [one.hours_h for one in grounds if one.hours_h is not None]
    if not hours:
        return None
    topical: Topical | None = kb.by("topicals").get(thing)
    named = forecast.label if forecast else topical.name if topical else thing.replace("-", " ")
    return OneTime(
        thing=thing,
        label=wait.name if wait else named,
        hours_h=max(hours),
        because=forecast.because if forecast else wait.because if wait else "",
        meanwhile=wait.meanwhile if wait else "",
        then=wait.then if wait else "",
        grounds=tuple(sorted(grounds, key=lambda one: -(one.hours_h or 0))),
        proposal=(wait is not None and wait.proposal)
        or any(one.proposal for one in grounds if one.hours_h == max(hours)),
    )
