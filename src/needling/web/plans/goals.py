"""What the person wants and will put up with, as a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from needling.documents import Goals
from needling.errors import NeedlingError
from needling.planning.alter import Range
from needling.report.words import number
from needling.web.plans.controls import as_number

PREFIX = "goal."
WEIGHTS = (
    ("gain_weight", "A better result"),
    ("downtime_weight", "Less redness"),
    ("harm_weight", "Less risk of lasting marks"),
    ("visits_weight", "Fewer visits"),
    ("cost_weight", "Lower cost"),
)
LIMITS = (
    ("max_visits_count", "Visits, at most", ""),
    ("max_redness_d", "Redness after a session, at most", "days"),
    ("max_total_price", "Price of the whole course, at most", ""),
)
PRICES = (
    ("visit_price", "A visit", ""),
    ("needles_price", "Needles used up at each session", ""),
    ("device_price", "The device, bought once", ""),
    ("change_worth_price", "What one change that people notice is worth to the person", ""),
)
ROBUST = (("quantile", "most of the possible people"), ("worst-case", "the people of the worst reading of research"))
_NAMES = tuple(name for name, *_ in (*WEIGHTS, *LIMITS, *PRICES))


@dataclass(frozen=True)
class GoalField:
    """One number of the form."""

    name: str
    label: str
    unit: str
    value: str
    problem: str = ""


@dataclass(frozen=True)
class GoalsAsked:
    """Goals as they were sent, and the fields again with what is wrong."""

    goals: Goals
    weights: tuple[GoalField, ...]
    limits: tuple[GoalField, ...]
    prices: tuple[GoalField, ...]
    problem: str = ""

    @property
    def problems(self) -> list[tuple[str, str, str]]:
        """Field, what is wrong, and its name."""
        fields = (*self.weights, *self.limits, *self.prices)
        found = [(field.name, field.problem, field.label) for field in fields if field.problem]
        return [*found, (f"{PREFIX}max_total_price", self.problem, "Goals")] if self.problem else found


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _allowed(name: str) -> str:
    above, low, high = Range.of(Goals, name)
    start = f"above {number(above)}" if above is not None else f"from {number(low or 0)}"
    return f"Give a number {start} to {high or 0:g}."


def read_goals(sent: Mapping[str, Any], before: Goals | None = None) -> GoalsAsked:
    """Goals of a form; a field that is missing keeps what was there before, and an empty one says nothing.

    Where something is wrong the goals before it hold on.
    """
    before = before or Goals()
    told: dict[str, Any] = before.model_dump()
    typed: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for name in _NAMES:
        raw = sent.get(PREFIX + name)
        typed[name] = _text(told[name]) if raw is None else str(raw).strip()[:20]
        if raw is None:
            continue
        value = as_number(typed[name]) if typed[name] else None
        whole = name == "max_visits_count"
        weight = name.endswith("_weight")
        if (typed[name] or weight) and (
            value is None or not Range.of(Goals, name).holds(value) or (whole and value % 1)
        ):
            wrong[name] = _allowed(name)
        else:
            told[name] = int(value) if whole and value is not None else value
    robust = str(sent.get(f"{PREFIX}robust", before.robust))
    told["robust"] = robust if robust in dict(ROBUST) else before.robust
    problem, goals = "", before
    if not wrong:
        try:
            goals = Goals.model_validate(told)
        except (ValidationError, NeedlingError) as invalid:
            problem = _said(invalid)

    def fields(listed: Any) -> tuple[GoalField, ...]:
        return tuple(
            GoalField(PREFIX + name, label, unit[0] if unit else "", typed[name], wrong.get(name, ""))
            for name, label, *unit in listed
        )

    return GoalsAsked(goals, fields(WEIGHTS), fields(LIMITS), fields(PRICES), problem)


def _said(invalid: Exception) -> str:
    if isinstance(invalid, ValidationError):
        return str(invalid.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
    return str(invalid)
