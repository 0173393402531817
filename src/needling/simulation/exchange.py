"""The healing model as SBML, for other programs: Level 3 Version 2, one zone, one person, one plan.

The rates are not written a second time. The equations of :mod:`needling.simulation.equations` are run once with
symbols in the place of numbers, and what they build is the formula (:class:`Symbol`). Sessions are events, all else
that is reported is an assignment rule, time is in days.

``python-libsbml`` writes the file; it comes with the extra ``research`` and is imported nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from types import FunctionType
from typing import Any

from needling.errors import BadInput, did_you_mean
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import Parameter
from needling.simulation.course import Course
from needling.simulation.equations import closure, healing
from needling.units import UNITS, from_si, to_si

LEVEL, VERSION = 3, 2  # numerical: of the SBML language
OPENINGS = ("barrier", "water", "structure")
TWO_PHASES = ("closure-quick-share", "closure-quick-ratio")
# The states of the model and where they start; the order of the arguments of the rates.
EARLY_STATES = {"D": 0.0, "I": 0.0, "M": 0.0}
SLOW_STATES = {"f": 0.0, "C3": 0.0, "C1": 1.0, "Te": 0.0, "El": 1.0, "Y": 1.0, "S": 1.0}
STATES = {**EARLY_STATES, "V": 0.0, **SLOW_STATES}
_MEANS = {
    "D": "Debris and platelets after a session",
    "I": "Inflammation",
    "M": "Repair macrophages",
    "V": "Redness at once, which fades",
    "f": "Active fibroblasts",
    "C3": "Young collagen (type III), baseline 0",
    "C1": "Mature collagen (type I), baseline 1",
    "Te": "Young elastin",
    "El": "Mature elastin, baseline 1",
    "Y": "Share of the severity that collagen leaves in the end",
    "S": "Share of the baseline severity left, as seen",
    "redness": "Redness",
    "growth_factor": "TGF-beta, baseline 0",
    "collagen": "Collagen, baseline 1",
    "open_barrier": "Open part of the channels as a path for drugs and current",
    "open_water": "Open part of the lost water barrier",
    "open_structure": "Open part of the channels as seen",
}
_UNIT_OF = {"time": "d", "rate": "per_d"}
_SPELLED = re.compile(r"[^A-Za-z0-9_]")


# ---------------------------------------------------------------- symbols in the place of numbers


@dataclass(frozen=True)
class Symbol:
    """An expression as text. Arithmetic on it gives longer text, so a scalar function becomes its own formula.

    Every literal of an equation stands without a unit.

    >>> from needling.simulation.equations.closure import open_share
    >>> formula_of(open_share, Symbol("t"), Symbol("h"))
    'exp((-(ln(2 dimensionless)) * t) / h)'
    """

    text: str

    def _with(self, operator: str, other: Any, turned: bool = False) -> Symbol:
        first, second = (other, self) if turned else (self, other)
        return Symbol(f"({_text(first)} {operator} {_text(second)})")

    def __add__(self, other: Any) -> Symbol:
        return self._with("+", other)

    def __radd__(self, other: Any) -> Symbol:
        return self._with("+", other, turned=True)

    def __sub__(self, other: Any) -> Symbol:
        return self._with("-", other)

    def __rsub__(self, other: Any) -> Symbol:
        return self._with("-", other, turned=True)

    def __mul__(self, other: Any) -> Symbol:
        return self._with("*", other)

    def __rmul__(self, other: Any) -> Symbol:
        return self._with("*", other, turned=True)

    def __truediv__(self, other: Any) -> Symbol:
        return self._with("/", other)

    def __rtruediv__(self, other: Any) -> Symbol:
        return self._with("/", other, turned=True)

    def __neg__(self) -> Symbol:
        return Symbol(f"-({self.text})")

    def _decides(self, *_: object) -> bool:
        raise TypeError("an equation that decides by a value cannot be written as one formula")

    __bool__ = __lt__ = __le__ = __gt__ = __ge__ = _decides

    def __float__(self) -> float:
        raise TypeError("an equation that asks for a number cannot be written as a formula")


def _text(value: Any) -> str:
    return value.text if isinstance(value, Symbol) else f"{float(value)!r} dimensionless".replace(".0 ", " ")


def _named(function: str) -> Any:
    return lambda value: Symbol(f"{function}({_text(value)})")


_FUNCTIONS = {"exp": _named("exp"), "sqrt": _named("sqrt"), "log": _named("ln")}


def symbolic(equation: Any) -> Any:
    """An equation that takes symbols: the same code, with ``exp``, ``sqrt`` and ``log`` that write themselves down.

    Equations that it calls are made symbolic as well.
    """
    world = equation.__globals__
    inner = {
        name: symbolic(world[name]) for name in equation.__code__.co_names if isinstance(world.get(name), FunctionType)
    }
    return FunctionType(equation.__code__, {**world, **inner, **_FUNCTIONS}, equation.__name__, equation.__defaults__)


def formula_of(equation: Any, *arguments: Symbol) -> Any:
    """What an equation does to its arguments, as infix text; one for each value that it returns.

    Raises:
        TypeError: it decides by a value, or asks for a number.
    """
    found = symbolic(equation)(*arguments)
    return tuple(map(_text, found)) if isinstance(found, tuple) else _text(found)


# ---------------------------------------------------------------- what is written


@dataclass(frozen=True)
class Healing:
    """One person's zone under one plan, in SI: what the model file holds.

    Args:
        title: of the model. parameters: of healing by id, SI; with two-phase closure also ``TWO_PHASES``.
        half_life: of the three kinds of open, s. session_time: s. stimulus, opening: of each session; opening is
            relative to the widest.
    """

    title: str
    parameters: Mapping[str, float]
    half_life: Mapping[str, float]
    session_time: tuple[float, ...]
    stimulus: tuple[float, ...]
    opening: tuple[float, ...]


def healing_of(course: Course, zone: str, member: int = 0) -> Healing:
    """One member's zone of a course.

    Args:
        course: of any plan. zone: one of ``course.zones``. member: place in the ensemble.

    Raises:
        BadInput: another zone, or no such member.
    """
    if zone not in course.zones:
        raise BadInput(
            f"no zone '{zone}' in this course{did_you_mean(zone, course.zones)}; there are {', '.join(course.zones)}"
        )
    members = course.redness_time.size
    if not 0 <= member < members:
        raise BadInput(f"member {member} is not in this course; its members are 0 to {members - 1}")
    place = course.zones.index(zone)
    half_life = dict(zip(OPENINGS, course.half_life[:, member, place].tolist(), strict=True))
    opened = course.opening[:, place, member]
    widest = float(opened.max(initial=0.0))
    names = (*healing.PARAMETERS, *(TWO_PHASES if course.context.models.closure == "two-phase" else ()))
    drawn = course.context.drawn
    return Healing(
        title=f"{course.context.plan.label}: {zone}",
        parameters={name: float(drawn[name][member]) for name in names},
        half_life=half_life,
        session_time=tuple(course.session_time.tolist()),
        stimulus=tuple(course.stimulus[:, place, member].tolist()),
        opening=tuple((opened / (widest or 1.0)).tolist()),
    )


def course_to_sbml(course: Course, zone: str, member: int = 0) -> str:
    """SBML of one member's zone of a course; see :func:`to_sbml`."""
    return to_sbml(healing_of(course, zone, member), course.context.belief.knowledge)


def spelled(name: str) -> str:
    """A parameter id as SBML allows it: ``clinical-gain`` is ``clinical_gain``."""
    return _SPELLED.sub("_", name)


def _libsbml() -> Any:
    try:
        import libsbml
    except ImportError:
        raise BadInput(
            "SBML needs the library python-libsbml, which is not installed; install needling with its extra: "
            ".venv/bin/python -m pip install -e '.[research]'"
        ) from None
    return libsbml


def to_sbml(given: Healing, kb: Knowledge) -> str:
    """The healing model as SBML Level 3 Version 2.

    Args:
        given: person, zone and plan. kb: where the parameters' meaning and sources are looked up.

    Returns:
        The file's text. States D, I, M, V, f, C3, C1, Te, El, Y, S have rate rules; ``redness``, ``growth_factor``,
        ``collagen`` and the three kinds of open have assignment rules; each session is an event. Time in days.

    Raises:
        BadInput: python-libsbml is not installed.
        ValueError: libsbml finds an error in what was written.

    Assumes: a session acts at once: D and V rise by its stimulus s, mature elastin falls by the share chi s.
    """
    return _Writer(_libsbml(), given, kb).text()


class _Writer:
    """One model on its way to SBML; every call of libsbml that can fail is checked at the end."""

    def __init__(self, library: Any, given: Healing, kb: Knowledge) -> None:
        self._sbml = library
        self._given = given
        self._kb = kb
        self._document = library.SBMLDocument(LEVEL, VERSION)
        self._model = self._document.createModel()

    def text(self) -> str:
        model = self._model
        model.setId("needling_healing")
        model.setName(self._given.title)
        model.setTimeUnits("d")
        model.setNotes(_paragraphs(_ABOUT, f"Knowledge {self._kb.version}, sha256 {self._kb.sha256}."))
        self._units()
        self._parameters()
        self._states()
        self._rates()
        self._rules()
        for index in range(len(self._given.session_time)):
            self._session(index)
        return self._checked()

    def _units(self) -> None:
        for name, exponent in (("d", 1), ("per_d", -1)):
            definition = self._model.createUnitDefinition()
            definition.setId(name)
            unit = definition.createUnit()
            unit.setKind(self._sbml.UNIT_KIND_SECOND)
            unit.setExponent(exponent)
            unit.setScale(0)
            unit.setMultiplier(to_si(1.0, "d"))

    def _number(self, name: str, value: float | None, unit: str, says: str, constant: bool = True) -> Any:
        made = self._model.createParameter()
        made.setId(name)
        made.setName(says)
        if value is not None:
            made.setValue(value)
        made.setUnits(unit)
        made.setConstant(constant)
        return made

    def _parameters(self) -> None:
        for name in (*self._given.parameters, *(f"{opening}-half-life" for opening in OPENINGS)):
            entry = self._kb.parameter(name)
            unit = _UNIT_OF.get(UNITS[entry.quantity.unit].quantity, "dimensionless")
            opening = name.removesuffix("-half-life")
            si = self._given.half_life[opening] if opening in OPENINGS else self._given.parameters[name]
            value = si if unit == "dimensionless" else from_si(si, unit)
            self._number(spelled(name), value, unit, entry.says).setNotes(_paragraphs(*_about(entry)))
        sessions = zip(self._given.session_time, self._given.stimulus, self._given.opening, strict=True)
        for index, (time, stimulus, opened) in enumerate(sessions, start=1):
            self._number(f"day_{index}", from_si(time, "d"), "d", f"Day of session {index}")
            self._number(f"stimulus_{index}", stimulus, "dimensionless", f"Stimulus of session {index}")
            self._number(f"opening_{index}", opened, "dimensionless", f"Channels that session {index} opens")

    def _states(self) -> None:
        for name, start in STATES.items():
            self._number(name, start, "dimensionless", _MEANS[name], constant=False)

    def _rates(self) -> None:
        early = formula_of(
            healing.early_rates,
            *map(Symbol, EARLY_STATES),
            *(Symbol(spelled(name)) for name in healing.EARLY_PARAMETERS),
        )
        slow = formula_of(
            healing.rates,
            *map(Symbol, SLOW_STATES),
            *map(Symbol, EARLY_STATES),
            *(Symbol(spelled(name)) for name in healing.RATE_PARAMETERS),
        )
        fading = _text(-Symbol("V") / Symbol("redness_injury_time"))
        rate_of = {**dict(zip(EARLY_STATES, early, strict=True)), "V": fading}
        for name, formula in {**rate_of, **dict(zip(SLOW_STATES, slow, strict=True))}.items():
            rule = self._model.createRateRule()
            rule.setVariable(name)
            self._math(rule, formula)

    def _rules(self) -> None:
        found = {
            "redness": formula_of(
                healing.redness,
                *(Symbol(name) for name in ("V", "I", "redness_from_injury", "redness_from_inflammation")),
            ),
            "growth_factor": formula_of(
                healing.growth_factor,
                *(Symbol(name) for name in ("D", "M", "f", "tgf_from_debris", "tgf_from_fibroblasts")),
            ),
            "collagen": _text(Symbol("C1") + Symbol("C3")),
        }
        for opening in OPENINGS:
            found[f"open_{opening}"] = " + ".join(self._opened(opening)) or _text(0)
        for name, formula in found.items():
            self._number(name, None, "dimensionless", _MEANS[name], constant=False)
            rule = self._model.createAssignmentRule()
            rule.setVariable(name)
            self._math(rule, formula)

    def _opened(self, opening: str) -> Iterator[str]:
        """What is left open of each session, nothing before it."""
        phases = [Symbol(spelled(name)) for name in TWO_PHASES if name in self._given.parameters]
        law = closure.open_share_two_phase if phases else closure.open_share
        for index in range(1, len(self._given.session_time) + 1):
            since = Symbol("time") - Symbol(f"day_{index}")
            left = formula_of(law, since, Symbol(spelled(f"{opening}-half-life")), *phases)
            yield f"piecewise(opening_{index} * {left}, time >= day_{index}, {_text(0)})"

    def _session(self, index: int) -> None:
        number = index + 1
        event = self._model.createEvent()
        event.setId(f"session_{number}")
        event.setName(f"Session {number}")
        event.setUseValuesFromTriggerTime(True)
        trigger = event.createTrigger()
        trigger.setInitialValue(False)  # so that a session on day 0 acts as well
        trigger.setPersistent(True)
        self._math(trigger, f"time >= day_{number}")
        stimulus = Symbol(f"stimulus_{number}")
        for name, formula in (
            ("D", Symbol("D") + stimulus),
            ("V", Symbol("V") + stimulus),
            ("El", Symbol("El") * (1 - Symbol("elastin_session_loss") * stimulus)),
        ):
            assignment = event.createEventAssignment()
            assignment.setVariable(name)
            self._math(assignment, _text(formula))

    def _math(self, holder: Any, formula: str) -> None:
        tree = self._sbml.parseL3Formula(formula)
        if tree is None:
            raise ValueError(f"libsbml cannot read '{formula}': {self._sbml.getLastParseL3Error()}")
        holder.setMath(tree)

    def _checked(self) -> str:
        self._document.checkConsistency()
        log = self._document.getErrorLog()
        for index in range(log.getNumErrors()):
            problem = log.getError(index)
            if problem.getSeverity() >= self._sbml.LIBSBML_SEV_ERROR:
                raise ValueError(f"the model that was written is not valid SBML: {problem.getMessage()}")
        return str(self._sbml.writeSBMLToString(self._document))


_ABOUT = (
    "Healing of the skin after needling: one zone of one possible person under one plan, as the program needling "
    "computes it. A research model: most of its parameters are weakly known (see the certainty in their notes), a "
    "single run is not a forecast for a person, and it decides nothing about a treatment."
)


def _about(entry: Parameter) -> tuple[str, ...]:
    """What a parameter means, how sure it is and what it rests on, by the keys of our sources."""
    quantity = entry.quantity
    median = f"{quantity.median:g} {UNITS[quantity.unit].label}".rstrip()
    keys = [f"{one.key}{' (against)' if one.stance == 'conflicts' else ''}" for one in entry.sources]
    return (
        f"{entry.symbol}: {entry.says}. Parameter {entry.id}.",
        f"Median of all people {median}; basis: {entry.basis}; certainty: {entry.certainty}.",
        f"Sources: {', '.join(keys) or 'none, our proposal'}.",
    )


def _paragraphs(*said: str) -> str:
    inside = "".join(f"<p>{escape(one)}</p>" for one in said)
    return f'<body xmlns="http://www.w3.org/1999/xhtml">{inside}</body>'
