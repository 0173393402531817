"""The patch test: on which day it was rolled, from which day on its answer counts, and what may follow it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from math import ceil
from typing import Any

from needling.knowledge import Knowledge
from needling.report.words import on_day
from needling.web.selfcheck.answers import STEPS, Answers

PATCH_CARE = ("home-patch-test", "home-patch-test-darker-skin")
MARKED = "marked"
"""Among the steps that are done: the patch showed something, and rolling has ended for this person."""
MARKED_WORDS = (
    "The small patch left something behind, so a larger area would too. Throw the roller away, keep the sun off the "
    "patch, and show it to a clinician if it has not gone in two weeks."
)
_MARKS_EASILY = "pih_history"
"""Whoever says yes to this waits as long as anybody, whatever the skin type."""
_HOLDS = timedelta(days=180)  # our proposal: an older one says little about the skin of today
_ZONES = timedelta(days=1)  # it may already be tomorrow where the visitor lives


def patch_days(answers: Answers, kb: Knowledge) -> int:
    """Days from the patch test until it is looked at.

    Somebody whose skin type is unknown, or whose skin has kept marks before, waits as long as anybody.
    """
    phototype = answers.you.get("phototype")
    care = kb.by("care")
    marks = answers.facts.get(_MARKS_EASILY, False) is not False
    return max(
        ceil(care[name].lead_d)
        for name in PATCH_CARE
        if marks or not care[name].phototypes or phototype is None or phototype in care[name].phototypes
    )


def patch_from(answers: Answers, kb: Knowledge) -> date | None:
    """The first day on which the patch is looked at; None where no day was given yet."""
    return None if answers.patch is None else answers.patch + timedelta(days=patch_days(answers, kb))


def steps_done(answers: Answers, kb: Knowledge, today: date) -> tuple[str, ...]:
    """The steps that count as done; a patch test only when its time has passed, also after answers were changed."""
    ready = patch_from(answers, kb)
    waits = ready is None or today < ready
    done = {step for step in answers.done if step != "patch" or not waits}
    return tuple(step for step in STEPS if step in done)


def due_step(answers: Answers, kb: Knowledge, today: date) -> str | None:
    """The step that comes next; None when all are done. A patch that showed something is never over."""
    if MARKED in answers.done:
        return MARKED
    done = steps_done(answers, kb, today)
    return next((step for step in STEPS if step not in done), None)


def read_patch_day(answers: Answers, sent: Mapping[str, Any], today: date) -> tuple[Answers, str]:
    """The answers with the day of the patch test, or what is wrong with that day."""
    try:
        on = date.fromisoformat(str(sent.get("on", "")).strip())
    except ValueError:
        return answers, "Please give the day on which you rolled the small patch."
    if on > today + _ZONES:
        return answers, "That day is still to come. Roll the small patch first, then give the day."
    if on < today - _HOLDS:
        return answers, f"That is long ago. Please roll a new patch; one since {on_day(today - _HOLDS)} counts."
    return replace(answers, patch=on, done=tuple(step for step in answers.done if step != "patch")), ""


def read_step(answers: Answers, sent: Mapping[str, Any], kb: Knowledge, today: date) -> tuple[Answers, str]:
    """What was sent from the page of the steps: the day of the patch test, or a step that is done; in their order."""
    step, due = str(sent.get("step", "")), due_step(answers, kb, today)
    if due == MARKED:  # pressed by mistake: the patch is looked at again
        left = tuple(one for one in answers.done if one != MARKED)
        return replace(answers, done=left) if step == "patch-look" else answers, ""
    if step == due == "roller":
        return replace(answers, done=(*answers.done, "roller")), ""
    if due == "patch" and step == "patch-day":
        return read_patch_day(answers, sent, today)
    if due == "patch" and step == "patch-again":
        return replace(answers, patch=None), ""
    ready = patch_from(answers, kb)
    if step == "patch-mark" and due == "patch" and answers.patch is not None:
        return replace(answers, done=(*answers.done, MARKED)), ""
    if step == due == "patch" and ready is not None and today >= ready:
        return replace(answers, done=(*answers.done, "patch")), ""
    if step == due == "photo":
        return replace(answers, done=(*answers.done, "photo")), ""
    return answers, ""
