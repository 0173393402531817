"""Answers as given to answers as numbers: every one checked against its range, every mistake explained."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from needling.errors import BadInput, did_you_mean
from needling.scoring.rules import Item, Scoring, Version

YES_NO = {"yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0}


def limits(item: Item, form: Version | None) -> tuple[float, float]:
    """Lowest and highest answer of an item in one version of the scale."""
    if form is None:
        return item.low, item.high
    return form.lows.get(item.name, item.low), form.highs.get(item.name, item.high)


def expected(item: Item, low: float, high: float) -> str:
    """What an item may be answered with, in words."""
    if item.yes_no:
        return "yes or no"
    if item.choices:
        return f"one of {', '.join(item.choices)}"
    return f"a {'whole ' if item.whole else ''}number from {low:g} to {high:g}"


def _number(answer: object, item: Item) -> float | None:
    """The number that an answer stands for; None when it stands for none."""
    if isinstance(answer, bool):
        return float(answer) if item.yes_no else None
    if isinstance(answer, str):
        word = answer.strip()
        if word in item.choices:
            return item.low + item.choices.index(word)
        if item.yes_no and word.lower() in YES_NO:
            return YES_NO[word.lower()]
        try:
            return float(word)
        except ValueError:
            return None
    return float(answer) if isinstance(answer, (int, float)) else None


def _checked(scale: str, answer: object, item: Item, form: Version | None) -> float:
    low, high = limits(item, form)
    wanted = expected(item, low, high)
    try:
        value = _number(answer, item)
    except OverflowError:
        value = None
    fits = value is not None and isfinite(value) and low <= value <= high
    if value is None or not fits or ((item.whole or item.yes_no) and value != round(value)):
        hint = did_you_mean(answer, item.choices) if isinstance(answer, str) else ""
        which = f" in version {form.id}" if form is not None else ""
        raise BadInput(
            f"{scale}: {item.name} = {answer!r}{hint} cannot be scored{which}; answer '{item.says}' with {wanted}"
        )
    return value


def read_answers(
    scale: str, answers: Mapping[str, object], scoring: Scoring, form: Version | None, *, strict: bool = True
) -> dict[str, float]:
    """Checked answers by item name; an unanswered item (absent or None) is not in the result.

    Args:
        scale: id of the scale, for messages.
        answers: what was given, without ``version``.
        scoring: the scale's rule.
        form: the version of the scale, None for the form that the entry describes.
        strict: whether items that are needed must be answered.

    Raises:
        BadInput: an unknown item, an answer outside its range, or a needed item without an answer.
    """
    items = {item.name: item for item in scoring.items if form is None or item.name not in form.leaves_out}
    for name in answers:
        if name not in items:
            left_out = form is not None and name in form.leaves_out
            why = f"version {form.id} leaves it out" if form and left_out else f"allowed: {', '.join(items)}"
            raise BadInput(f"{scale}: no answer is called '{name}' here{did_you_mean(name, items)}; {why}")
    missing = [name for name, item in items.items() if item.needed and answers.get(name) is None]
    if strict and missing:
        raise BadInput(f"{scale}: not answered: {', '.join(missing)}; an item that is left open never counts as 0")
    return {
        name: _checked(scale, answers[name], item, form)
        for name, item in items.items()
        if answers.get(name) is not None
    }
