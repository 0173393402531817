"""Screening by questions in the terminal: only those that can still change the answer, most decisive first."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from needling.documents import Case, Question
from needling.errors import BadInput
from needling.knowledge.facts import resolve_name, value_problem
from needling.planning.answers import case_problems
from needling.planning.protocol import site_zones
from needling.planning.screen import screen

if TYPE_CHECKING:
    from rich.console import Console

    from needling.knowledge import Knowledge

_PHOTOTYPES = ("I", "II", "III", "IV", "V", "VI")
_UNKNOWN = ("?", "", "don't know", "unknown")


def _line(console: Console, question: str) -> str:
    try:
        return console.input(f"{question} ", markup=False).strip()
    except EOFError:
        raise BadInput("the answers ended before the questions did; run 'needling screen case.yaml' instead") from None


def _choose(console: Console, question: str, options: tuple[str, ...], *, unknown: bool) -> str | None:
    """One of some options by number or name; '?' for not known where that is possible."""
    listed = "  ".join(f"{index}) {option}" for index, option in enumerate(options, start=1))
    console.print(f"{question}\n  {listed}" + ("   ?) I don't know" if unknown else ""), markup=False)
    while True:
        given = _line(console, ">")
        if unknown and given.lower() in _UNKNOWN:
            return None
        if given.isdigit() and 1 <= int(given) <= len(options):
            return options[int(given) - 1]
        matches = [option for option in options if option.lower() == given.lower()]
        if matches:
            return matches[0]
        console.print(f"  Please give a number from 1 to {len(options)}.", markup=False)


def _number(console: Console, question: str, low: float, high: float) -> float | None:
    while True:
        given = _line(console, f"{question} (a number, or ? if you don't know)")
        if given.lower() in _UNKNOWN:
            return None
        try:
            value = float(given)
        except ValueError:
            value = float("nan")
        if low <= value <= high:
            return value
        console.print(f"  Please give a number from {low:g} to {high:g}.", markup=False)


def _answer(console: Console, question: Question, kb: Knowledge) -> tuple[str, Any]:
    """Ask one question; the fact to store and its value, None when the person does not know."""
    where = f" [{question.zone}]" if question.zone else ""
    ask = f"{question.ask}{where}"
    if question.fact == "phototype":
        return "phototype", _choose(console, ask, _PHOTOTYPES, unknown=True)
    if question.fact == "sex_at_birth":
        return "sex_at_birth", _choose(console, ask, ("female", "male", "intersex"), unknown=True)
    if question.fact == "age_y":
        return "age_y", _number(console, ask, 0, 120)
    resolved = resolve_name(question.fact, kb.by("facts"))
    if resolved is None:
        raise BadInput(f"the question '{question.fact}' has no definition")
    definition = resolved[0]
    if definition.kind == "yes-no":
        given = _choose(console, ask, ("yes", "no"), unknown=True)
        return definition.name, None if given is None else given == "yes"
    if definition.kind == "number":
        return definition.name, _number(console, ask, definition.low or 0, definition.high or 1e6)
    if definition.kind == "date":
        while True:
            given = _line(console, f"{ask} (a date as 2026-08-21, a number of months ago, or ?)")
            if given.lower() in _UNKNOWN:
                return definition.name, None
            if given.replace(".", "", 1).isdigit():
                return f"{definition.name}_mo", float(given)
            problem = value_problem(definition, None, given)
            if problem is None:
                return definition.name, given
            console.print(f"  {problem}", markup=False)
    return definition.name, _choose(console, ask, definition.choices, unknown=True)


def _opening(console: Console, kb: Knowledge) -> dict[str, Any]:
    """The first questions: where, which skin, for what."""
    setting = _choose(console, "Where would it be done?", ("home", "clinic"), unknown=False)
    sites = tuple(site.id for site in kb.sites)
    site = _choose(console, "Which part of the body?", sites, unknown=False)
    concern = _choose(console, "What is it for?", tuple(kb.by("indications")), unknown=False)
    zones = site_zones(kb.site(str(site)))
    area = kb.site(str(site)).usual_area_cm2 or 40.0
    return {
        "person": {"id": "person-1", "facts": {}},
        "assessment": {
            "person": "person-1",
            "on": date.today().isoformat(),
            "setting": setting,
            "zones": [{"zone": zone, "concern": concern, "area_cm2": area, "facts": {}} for zone in zones],
            "facts": {},
        },
    }


def _store(case: dict[str, Any], question: Question, name: str, value: Any) -> None:
    if name in ("phototype", "sex_at_birth"):
        case["person"][name] = value
    elif question.zone is None:
        case["person"]["facts"][name] = value
    else:
        for zone in case["assessment"]["zones"]:
            if zone["zone"] == question.zone:
                zone["facts"][name] = value


def ask_case(console: Console, kb: Knowledge, save: Path | None = None) -> Case:
    """Ask until no open question can change the answer; "I don't know" is always possible and never a no.

    Args:
        console: where to ask.
        kb: the knowledge base.
        save: write the answers here as a case file (JSON is YAML), if given.

    Returns:
        The case as answered.

    Raises:
        BadInput: the input ended early.
    """
    answers = _opening(console, kb)
    skipped: set[tuple[str, str | None]] = set()
    while True:
        case = Case.model_validate(answers)
        clearance = screen(case.person, case.assessment, kb)
        open_questions = [q for q in clearance.asks if (q.fact, q.zone) not in skipped]
        if not open_questions or clearance.verdict == "exclude":
            break
        question = open_questions[0]
        console.print(f"\n[{len(open_questions)} questions can still change the answer]", style="dim", markup=False)
        name, value = _answer(console, question, kb)
        if value is None:
            skipped.add((question.fact, question.zone))
        else:
            _store(answers, question, name, value)
            problems = case_problems(Case.model_validate(answers), kb)
            if problems:
                console.print(f"  {problems[0].message}", markup=False)
                _store(answers, question, name, None)
    if save is not None:
        from needling.writing import write_text

        write_text(save, case.model_dump_json(indent=1) + "\n")
    return case
