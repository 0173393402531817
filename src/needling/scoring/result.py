"""The way in: answers of any published scale to a score with its band, version and standing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from needling.errors import BadInput, did_you_mean
from needling.knowledge import Knowledge, load_knowledge
from needling.knowledge.schema import Scale
from needling.scoring.answers import limits, read_answers
from needling.scoring.engines import ENGINES
from needling.scoring.rules import Scoring, Version, scoring_of

UNKNOWN = "unknown"
"""The version of a reading whose form nobody noted down."""

_PLACES = 6  # numerical: 0.3 + 0.3 + 0.3 + 0.1 of 48 must be 48


class ScaleResult(NamedTuple):
    """One score: its value, band (empty where the scale has none), range, version, and whether it may be used.

    ``released`` False: the score can be computed but rests on something that must be verified first; ``note`` says
    what.
    """

    scale: str
    value: float
    band: str
    low: float
    high: float
    version: str
    released: bool
    note: str


class Need(NamedTuple):
    """One answer that a scale asks for: its name, range or choices (in order), and what it means."""

    name: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    whole: bool
    needed: bool
    says: str


def _scale(scale_id: str, kb: Knowledge) -> tuple[Scale, Scoring]:
    if scale_id not in ENGINES or scale_id not in kb.by("scales"):
        raise BadInput(
            f"unknown scale '{scale_id}'{did_you_mean(scale_id, ENGINES)}; scales that can be scored: "
            f"{', '.join(sorted(ENGINES))}"
        )
    scale: Scale = kb.by("scales")[scale_id]
    return scale, scoring_of(scale)


def _version(scale_id: str, given: object, scoring: Scoring) -> tuple[str, Version | None]:
    """The version named (or the usual one), and its form; ``unknown`` where the scale allows that."""
    asked = scoring.version if given is None else str(given)
    known = [form.id for form in scoring.versions] or [scoring.version]
    if scoring.unknown_version and asked in ("", UNKNOWN):
        return UNKNOWN, None
    if asked not in known:
        named = ", ".join(name for name in (*known, *([UNKNOWN] if scoring.unknown_version else [])) if name)
        raise BadInput(
            f"{scale_id}: version {asked!r} is not known{did_you_mean(asked, known)}; "
            + (f"allowed: {named}" if named else "this scale has one form: leave the version out")
        )
    return asked, scoring.form(asked)


def _widest(scoring: Scoring) -> Version:
    """A stand-in form for a reading of unknown version: whatever some version allows."""
    lows = {item.name: min(limits(item, form)[0] for form in scoring.versions) for item in scoring.items}
    highs = {item.name: max(limits(item, form)[1] for form in scoring.versions) for item in scoring.items}
    ends = [end for form in scoring.versions for end in (form.low, form.high)]
    return Version(id=UNKNOWN, says="", low=min(ends), high=max(ends), lows=lows, highs=highs, access="memory")


def _to_usual(value: float, form: Version, usual: Version) -> float:
    """A reading of one form on another, by its place between the best and the worst end."""
    if form.best is None or form.worst is None or usual.best is None or usual.worst is None:
        raise BadInput(f"versions {form.id} and {usual.id} have different items; score them from the answers")
    place = (value - form.worst) / (form.best - form.worst)
    return usual.worst + place * (usual.best - usual.worst)


def _band(value: float, form: Version | None, scoring: Scoring) -> str:
    """The band of a value; the bands are those of the first version."""
    if form is None or form.best is None:
        return scoring.band(value)
    return scoring.band(round(_to_usual(value, form, scoring.versions[0]), _PLACES))


def score_scale(scale_id: str, answers: Mapping[str, object], kb: Knowledge) -> ScaleResult:
    """Score one reading of a published scale.

    Args:
        scale_id: id of the scale, such as ``vss``.
        answers: answer by item name (numbers, yes or no, or words of :func:`needs`); None or absent is "not
            answered" and never 0. ``version`` names the form of the scale where there are several.
        kb: the knowledge base, which holds items, weights, bands and versions.

    Returns:
        The score, its band and range, the version, and whether it is released for use.

    Raises:
        BadInput: unknown scale, version or item; an answer outside its range; answers missing.
        BadKnowledge: the scale's scoring block is broken.
    """
    scale, scoring = _scale(scale_id, kb)
    version, form = _version(scale_id, answers.get("version"), scoring)
    lost = version == UNKNOWN
    form_read = _widest(scoring) if lost else form
    rest = {name: answer for name, answer in answers.items() if name != "version"}
    given = read_answers(scale_id, rest, scoring, form_read)
    scored = ENGINES[scale_id](given, scoring)
    value = round(scored.value, _PLACES)
    low, high = (form_read.low, form_read.high) if form_read is not None else (scale.low, scale.high)
    if not low <= value <= high:
        raise BadInput(
            f"{scale_id}: {value:g} {scale.unit} is outside {low:g} to {high:g}; look at the answers again: "
            + ", ".join(f"{name} = {answer:g}" for name, answer in given.items())
        )
    access = form_read.access if form_read is not None else scale.access
    released = "memory" not in (scale.access, access) and not scored.doubt
    doubt = "" if released else scored.doubt or scoring.verify
    note = " ".join(text for text in (doubt, scored.remark, scoring.note) if text)
    band = "" if lost else _band(value, form, scoring)
    return ScaleResult(scale_id, value, band, low, high, version, released, note)


def needs(scale_id: str, kb: Knowledge | None = None, version: str | None = None) -> tuple[Need, ...]:
    """What a scale asks for: name, lowest and highest answer, or its choices. The version first, where it matters.

    Args:
        scale_id: id of the scale.
        kb: the knowledge base; the shipped one when left out.
        version: form of the scale, which may change or leave out items; default: the usual one.

    Raises:
        BadInput: unknown scale or version.
    """
    _, scoring = _scale(scale_id, kb or load_knowledge())
    name, form = _version(scale_id, version, scoring)
    form = _widest(scoring) if name == UNKNOWN else form
    versions = tuple(other.id for other in scoring.versions) + ((UNKNOWN,) if scoring.unknown_version else ())
    asked = [Need("version", None, None, versions, False, False, "Which form of the scale")] if versions else []
    for item in scoring.items:
        if form is not None and item.name in form.leaves_out:
            continue
        low, high = limits(item, form)
        choices = ("no", "yes") if item.yes_no else item.choices
        ends = (None, None) if choices else (low, high)
        asked.append(Need(item.name, ends[0], ends[1], choices, item.whole, item.needed, item.says))
    return tuple(asked)


def convert_version(scale_id: str, value: float, given: str, wanted: str, kb: Knowledge) -> float:
    """A reading of one version of a scale on another, such as an improvement scale that runs the other way.

    value' = worst' + (value - worst) / (best - worst) x (best' - worst')

    Args:
        scale_id: id of the scale.
        value: the reading.
        given: version that it was read on.
        wanted: version to turn it into.
        kb: the knowledge base.

    Raises:
        BadInput: a version is unknown, the value is outside its version, or the versions have different items.
    """
    _, scoring = _scale(scale_id, kb)
    forms = []
    for version in (given, wanted):
        form = scoring.form(version)
        if form is None:
            known = [other.id for other in scoring.versions]
            raise BadInput(
                f"{scale_id}: a reading cannot be converted while its version is not known (got {version!r}"
                f"{did_you_mean(version, known)}); find it in the sheet or paper: {', '.join(known) or 'one form only'}"
            )
        forms.append(form)
    start, end = forms
    if not start.low <= value <= start.high:
        raise BadInput(f"{scale_id}: {value:g} is outside version {start.id}, {start.low:g} to {start.high:g}")
    return round(_to_usual(value, start, end), _PLACES)


def area_points(scale_id: str, share_pct: float, kb: Knowledge) -> float:
    """Area grade of a region from the share of it that is affected, by the scale's table ``area`` (melasma scores).

    Args:
        scale_id: ``masi`` or ``mmasi``.
        share_pct: affected share of the region, 0 to 100 %. Printed steps are whole per cent; a share between two
            steps belongs to the lower one.
        kb: the knowledge base.

    Raises:
        BadInput: the scale has no grade from a share of the region, or the share is outside 0 to 100.

    Sources: masi-scoring.
    """
    _, scoring = _scale(scale_id, kb)
    if not any(item.name.endswith("_area") for item in scoring.items):
        raise BadInput(f"{scale_id}: has no grade from the share of a region; allowed: masi, mmasi")
    if not 0 <= share_pct <= 100:
        raise BadInput(f"{scale_id}: a share of {share_pct:g} % is outside 0 to 100 %")
    return scoring.look_up("area", share_pct)
