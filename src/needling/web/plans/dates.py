"""When a plan begins: by rule once its preparation can have been done, or on the day that the clinician names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Any

from needling.documents import Assessment, Forecast, Plan, Reason
from needling.knowledge import Knowledge
from needling.knowledge.schema import CareStep
from needling.report.about_forecast import told_outcomes
from needling.report.words import after_days, listed, on_day, plural

FIELD, SHOWN, UNDER_WAY = "start_on", "start_shown", "start_prepared"
NAMED = "First session on"
"""Reasons of a plan that begin so say why it starts on a day that is not the one by rule."""
_LATEST = timedelta(days=366)


@dataclass(frozen=True)
class FirstDay:
    """The first session: ``rule`` is the day by rule, ``day`` the one that was named instead, ``typed`` as typed.

    ``slow`` are the steps of preparation that begin longest before; ``under_way`` that they have begun already.
    """

    rule: date
    day: date | None
    typed: str
    under_way: bool
    slow: tuple[CareStep, ...]
    problem: str = ""

    @property
    def on(self) -> date:
        """The day that counts."""
        return self.day or self.rule

    @property
    def early(self) -> bool:
        """Whether the named day leaves less time than the preparation takes."""
        return self.on < self.rule

    def of(self, plan: Plan) -> Plan:
        """A plan that begins on that day, with the reason where it is not the one by rule."""
        if not plan.sessions:
            return plan
        kept = tuple(one for one in plan.rationale if not one.what.startswith(NAMED))
        if self.day is None:
            return plan if kept == plan.rationale else plan.model_copy(update={"rationale": kept, "start": self.rule})
        why = f"Named by the clinician; by rule it would be {on_day(self.rule)}."
        if self.early:
            why += f" The preparation that takes longer is under way, the clinician says: {steps_words(self.slow)}"
        reason = Reason(what=f"{NAMED} {on_day(self.day)}", why=why)
        return plan.model_copy(update={"start": self.day, "rationale": (*kept, reason)})


def slow_steps(plan: Plan, kb: Knowledge) -> tuple[CareStep, ...]:
    """Steps of a plan's preparation that have to begin days before the first session, the longest first."""
    care = kb.by("care")
    names = dict.fromkeys(name for session in plan.sessions for name in session.preparation if name in care)
    return tuple(sorted((care[name] for name in names if care[name].lead_d > 0), key=lambda step: -step.lead_d))


def day_by_rule(plan: Plan, assessment: Assessment, kb: Knowledge) -> date:
    """The day on which the longest preparation can have been done, counted from the findings."""
    return assessment.on + timedelta(days=ceil(max((step.lead_d for step in slow_steps(plan, kb)), default=0)))


def steps_words(steps: tuple[CareStep, ...]) -> str:
    """Steps of preparation, each once."""
    return " ".join(dict.fromkeys(step.says for step in steps))


def _named(plan: Plan | None) -> date | None:
    """The day that a plan was given, where somebody named it."""
    return plan.start if plan is not None and any(one.what.startswith(NAMED) for one in plan.rationale) else None


def read_first_day(
    sent: Mapping[str, Any], plan: Plan, before: Plan | None, assessment: Assessment, kb: Knowledge
) -> FirstDay:
    """The first session that a form asks for.

    Args:
        sent: the form; where it says nothing, or the day that was shown as the one by rule, the rule holds.
        plan: as changed. before: the plan that the page began with; a day that was named for it holds on.
    """
    rule = day_by_rule(plan, assessment, kb)
    named = _named(before)
    typed = str(sent.get(FIELD, "")).strip()[:20]
    if FIELD not in sent:
        under_way = named is not None and named < rule
        slow = _too_slow(plan, named or rule, assessment, kb)
        return FirstDay(rule, named if named != rule else None, (named or rule).isoformat(), under_way, slow)
    under_way = bool(sent.get(UNDER_WAY))
    if not typed or typed == sent.get(SHOWN, ""):
        return FirstDay(rule, None, rule.isoformat(), False, ())
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return FirstDay(rule, None, typed, under_way, (), "Give a day as year, month and day, as 2026-09-30.")
    slow, problem = _too_slow(plan, day, assessment, kb), ""
    if day < assessment.on:
        problem = f"The findings are of {on_day(assessment.on)}; the first session cannot be before them."
    elif day > assessment.on + _LATEST:
        problem = f"The findings are of {on_day(assessment.on)}; a year later they have to be taken again."
    elif day < rule and not under_way:
        longest = plural(ceil(max(step.lead_d for step in slow)), "day")
        problem = (
            f"By rule not before {on_day(rule)}: the preparation takes {longest} from the findings on "
            f"({steps_words(slow)}) Tick below where it is already under way."
        )
    return FirstDay(rule, day if day != rule else None, typed, under_way, slow, problem)


def _too_slow(plan: Plan, day: date, assessment: Assessment, kb: Knowledge) -> tuple[CareStep, ...]:
    return tuple(step for step in slow_steps(plan, kb) if assessment.on + timedelta(days=ceil(step.lead_d)) > day)


def too_old_from(assessment: Assessment) -> date:
    """The day from which findings have to be taken again before anything is planned from them."""
    return assessment.on + _LATEST


def redated(forecast: Forecast, plan: Plan) -> Forecast:
    """A forecast of the same sessions that begin on another day; nothing in it depends on the day."""
    return forecast.model_copy(update={"plan_sha256": plan.sha256})


@dataclass(frozen=True)
class Days:
    """The days of a course: each session, when the result is judged, and how the first one came about."""

    sessions: tuple[str, ...]
    judged: str
    why: str
    past: bool


def days_of(plan: Plan, forecast: Forecast | None, first: FirstDay, assessment: Assessment, today: date) -> Days:
    """The days of a plan in words."""
    days = sorted({session.day_d for session in plan.sessions})
    judge = sorted({outcome.judge_day_d for outcome in told_outcomes(forecast)}) if forecast is not None else []
    after = (first.rule - assessment.on).days
    if first.day is None:
        why = f"the findings are of {on_day(assessment.on)}"
        why += f", and the preparation takes {plural(after, 'day')}" if after else ", and nothing has to begin before"
    else:
        why = f"named by the clinician; by rule {on_day(first.rule)}"
    return Days(
        tuple(on_day(after_days(plan.start, day)) for day in days),
        listed([on_day(after_days(plan.start, day)) for day in judge]),
        why,
        plan.start < today,
    )
