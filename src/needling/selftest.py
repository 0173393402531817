"""Built-in checks for the user's own machine: a dozen small questions with known answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, NamedTuple

from needling.documents import Assessment, Person, ZoneFinding
from needling.errors import NotAllowed
from needling.knowledge import Knowledge, load_knowledge

_ON = date(2026, 1, 15)


class CheckResult(NamedTuple):
    """One check: its name, whether it passed, what was seen, and how long it took."""

    name: str
    passed: bool
    said: str
    seconds: float


def _require(holds: bool) -> None:
    """Not an ``assert``: the checks must also run under ``python -O``."""
    if not holds:
        raise ValueError("did not hold")


def _answered(kb: Knowledge, setting: str, **facts: Any) -> tuple[Person, Assessment]:
    """A healthy adult who answered everything with the quiet answer, except the facts given."""
    quiet: dict[str, Any] = {fact.name: fact.quiet for fact in kb.facts}
    quiet.update({"age_y": 34.0, **facts})
    person = Person.model_validate({"id": "selftest", "phototype": "II", "sex_at_birth": "female", "facts": quiet})
    zone = ZoneFinding(zone="cheek-left", concern="acne-scars-rolling", area_cm2=40)
    return person, Assessment.model_validate({"person": "selftest", "on": _ON, "setting": setting, "zones": (zone,)})


def _knowledge_sound(kb: Knowledge) -> str:
    from needling.knowledge.load import build_knowledge

    built = build_knowledge()
    _require(len(built.rules) == len(kb.rules))
    return f"{len(kb.rules)} rules, {len(kb.sources)} sources, every key resolves"


def _unknown_never_passes(kb: Knowledge) -> str:
    from needling.planning.propose import propose
    from needling.planning.screen import screen

    _, assessment = _answered(kb, "clinic")
    person = Person(id="selftest")
    clearance = screen(person, assessment, kb)
    plans = propose(person, assessment, clearance, kb)
    _require(clearance.verdict == "ask" and len(clearance.asks) > 0 and not any(plan.sessions for plan in plans))
    return f"nothing answered: {len(clearance.asks)} questions, no plan"


def _pregnancy_stops(kb: Knowledge) -> str:
    from needling.planning.screen import screen

    verdict = screen(*_answered(kb, "clinic", pregnant=True), kb).verdict
    _require(verdict == "exclude")
    return "a pregnant person is not planned"


def _healthy_goes(kb: Knowledge) -> str:
    from needling.planning.propose import propose
    from needling.planning.screen import screen

    person, assessment = _answered(kb, "clinic")
    clearance = screen(person, assessment, kb)
    plans = propose(person, assessment, clearance, kb)
    _require(clearance.verdict == "go" and plans[0].sessions == () and len(plans) > 1)
    return f"a healthy adult gets {len(plans) - 1} candidates beside no treatment"


def _home_is_short(kb: Knowledge) -> str:
    from needling.planning.propose import propose
    from needling.planning.screen import screen

    person, assessment = _answered(kb, "home")
    plans = propose(person, assessment, screen(person, assessment, kb), kb)
    longest = max((s.needle_length_mm for plan in plans for v in plan.sessions for s in v.strokes), default=0.0)
    _require(longest <= kb.envelope("home").needle_max_mm)
    return f"longest home needle proposed: {longest:g} mm"


def _sentence_round_trip(kb: Knowledge) -> str:
    from needling.planning.protocol import parse, say_phases

    sentence = "1.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3"
    _require(say_phases(parse(sentence, "clinic", kb), "clinic", kb) == sentence)
    return sentence


def _mf8_density(kb: Knowledge) -> str:
    from needling.simulation.equations.rolling import roller_density

    device = kb.device("roller-mf8")
    drum, width = (device.drum_diameter_mm or 0) / 1e3, (device.drum_width_mm or 0) / 1e3
    on_skin = roller_density(device.needles_count, drum / 2, width) / 1e4
    on_tips = roller_density(device.needles_count, drum / 2 + max(device.lengths_mm) / 1e3, width) / 1e4
    _require(round(on_skin, 1) == 15.3 and round(on_tips, 1) == 13.3)
    return f"{on_tips:.1f} to {on_skin:.1f} channels/cm² per pass"


def _course(kb: Knowledge, key: int) -> Any:
    from needling.planning.propose import propose
    from needling.planning.screen import screen
    from needling.simulation import Belief, simulate_many

    person, assessment = _answered(kb, "clinic")
    plans = propose(person, assessment, screen(person, assessment, kb), kb)[:2]
    return plans, simulate_many(plans, person, assessment, Belief.prior(kb, members=64), key=key)


def _same_key_same_course(kb: Knowledge) -> str:
    import numpy as np

    (_, first), (_, again) = _course(kb, 7), _course(kb, 7)
    _require(all(np.array_equal(a.severity, b.severity) for a, b in zip(first, again, strict=True)))
    return "two runs with one key agree to the last bit"


def _nothing_done_nothing_moves(kb: Knowledge) -> str:
    import numpy as np

    _, courses = _course(kb, 0)
    _require(np.allclose(courses[0].collagen, courses[0].collagen[:, :, :1]))
    return "without sessions collagen stays where it was"


def _scars_improve(kb: Knowledge) -> str:
    import numpy as np

    _, courses = _course(kb, 0)
    last = float(np.median(courses[1].severity[:, :, -1]))
    _require(0 < last < 1)
    return f"median share of severity left after a mild course: {last:.2f}"


def _approval_guards(kb: Knowledge) -> str:
    from needling.planning.approve import approve
    from needling.planning.screen import screen
    from needling.simulation import forecast

    plans, courses = _course(kb, 0)
    clearance = screen(*_answered(kb, "clinic"), kb)
    expected = forecast(courses[1], plans[1])
    approve(plans[1], expected, clearance, by="selftest", kb=kb)
    session = plans[1].sessions[0]
    deeper = session.strokes[0].model_copy(update={"needle_length_mm": 3.0})
    changed = plans[1].model_copy(update={"sessions": (session.model_copy(update={"strokes": (deeper,)}),)})
    try:
        approve(changed, expected, clearance, by="selftest", kb=kb)
    except NotAllowed:
        return "a sound plan is locked, a 3 mm plan is refused"
    raise ValueError("a 3 mm plan was approved")


def _cache_works(kb: Knowledge) -> str:
    from needling.simulation import lanes_are_warm

    return "compiled kernels are kept" if lanes_are_warm() else "no writable cache folder: kernels compile every time"


_CHECKS: tuple[tuple[str, Callable[[Knowledge], str]], ...] = (
    ("knowledge base", _knowledge_sound),
    ("unknown never passes", _unknown_never_passes),
    ("pregnancy stops", _pregnancy_stops),
    ("a healthy adult may go", _healthy_goes),
    ("home stays short", _home_is_short),
    ("protocol sentence", _sentence_round_trip),
    ("roller geometry", _mf8_density),
    ("replay", _same_key_same_course),
    ("no treatment", _nothing_done_nothing_moves),
    ("healing", _scars_improve),
    ("approval", _approval_guards),
    ("cache", _cache_works),
)


def run_checks() -> Iterator[CheckResult]:
    """Run every check in turn; a check that fails or breaks is reported, not raised."""
    kb = load_knowledge()
    for name, check in _CHECKS:
        start = time.perf_counter()
        try:
            said, passed = check(kb), True
        except Exception as problem:
            said, passed = f"{type(problem).__name__}: {problem}", False
        yield CheckResult(name, passed, said, time.perf_counter() - start)
