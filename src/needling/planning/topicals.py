"""What may touch needled skin, and how much numbing cream is within its label.

The gate refuses unless it can show that the knowledge allows it. An unknown time or limit is never a pass.
"""

from __future__ import annotations

from math import isfinite
from typing import Literal, NamedTuple

from needling.documents import Citation, Setting
from needling.errors import BadInput
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import Topical
from needling.units import UNITS

# Numbing drugs that products are made of; a product of one drug is named after it.
DRUGS = ("lidocaine", "prilocaine", "tetracaine")
RESEARCH_STAMP = "RESEARCH ONLY: a computed what-if on a product that the gate may refuse; not for use on a person."

# numerical: rounding of sums of grams and square centimetres, far below what a scale can show
_ROUNDING = 1e-9
# numerical: labels give the dose on ten square centimetres
_LABEL_AREA_CM2 = 10


class GateDecision(NamedTuple):
    """Whether a product may go on the skin at a time, why, and from when on it may (None: no such time is known)."""

    topical: str
    allowed: bool
    why: str
    when_allowed_h: float | None
    sources: tuple[Citation, ...]
    stamp: str
    """Empty, or the words that every output of a research run carries. Research never turns a no into a yes."""
    proposal: bool

    @property
    def may_compute(self) -> bool:
        """Whether a simulation may run: allowed, or stamped as research."""
        return self.allowed or bool(self.stamp)


def wait_h(topical: Topical, needle_length_mm: float, kb: Knowledge) -> float | None:
    """Hours that a product waits after a session (h): its own; for short needles those of the waiting list, where
    that has the product by its name. None: no time was found.
    """
    listed = kb.by("waits").get(topical.id)
    if listed is not None and needle_length_mm <= kb.parameter("short-needle-length").quantity.median:
        return float(listed.published_h)
    return topical.wait_h


def _judge(
    topical: Topical, hours_after: float | None, needle_length_mm: float, setting: Setting, kb: Knowledge
) -> tuple[bool, str, float | None]:
    """(allowed, why, from which hour on) for one product, before research and sources are looked at."""
    if topical.gate == "never":
        return False, f"No part of needling at any time. {topical.because}", None
    if topical.gate == "clinic-only":
        if setting == "home":
            return False, f"Not at home: only a specialist can decide. {topical.because}", None
        return True, f"Only when a specialist decides so for this person. {topical.because}", 0.0
    if topical.gate == "allowed":
        return True, topical.because, 0.0
    if hours_after is None:
        return (
            False,
            f"The time since the session is not known. {topical.because}",
            _later(topical, needle_length_mm, kb),
        )
    if topical.gate == "before-only":
        if hours_after < 0:
            return (
                True,
                f"Before the session on whole skin, and off it before the first stroke. {topical.because}",
                None,
            )
        return False, f"Only before the session, never on needled skin. {topical.because}", None
    hours = wait_h(topical, needle_length_mm, kb)
    if hours is None:
        return False, f"No waiting time was found, so it stays off. Ask a clinician. {topical.because}", None
    if hours_after < 0:
        return False, f"It must be off the skin when needling starts. {topical.because}", hours
    if hours_after < hours:
        return False, f"Too early: not before {hours:g} hours. {topical.because}", hours
    return True, f"The wait of {hours:g} hours is over. {topical.because}", hours


def _later(topical: Topical, needle_length_mm: float, kb: Knowledge) -> float | None:
    return wait_h(topical, needle_length_mm, kb) if topical.gate == "wait" else None


def gate(
    topical_id: str,
    hours_after: float | None,
    needle_length_mm: float,
    setting: Setting,
    kb: Knowledge,
    *,
    research: bool = False,
) -> GateDecision:
    """Whether a product may go on the skin at a time around a session. Refused unless allowed.

    Args:
        topical_id: id of the product.
        hours_after: hours since the session (h); negative before it; None when not known.
        needle_length_mm: the longest needle of the session (mm).
        setting: home or clinic.
        kb: topicals, waiting times, the length that counts as short.
        research: stamp the decision, so that a simulation may show what a refused product would do. The decision
            itself does not change.

    Returns:
        The decision. ``when_allowed_h`` is None where no time makes it right, or none was found.

    Raises:
        BadInput: unknown product; a time or a length that is no number; a length outside 0 to 3 mm.
    """
    topical: Topical = kb.find("topicals", topical_id)
    if hours_after is not None and not isfinite(hours_after):
        raise BadInput(f"hours_after is {hours_after}; give hours since the session, negative before it, or None")
    longest_mm = max(kb.envelope("clinic").needle_max_mm, *(max(device.lengths_mm) for device in kb.devices))
    if not isfinite(needle_length_mm) or not 0 < needle_length_mm <= longest_mm:
        raise BadInput(f"needle_length_mm is {needle_length_mm} mm; allowed is above 0 and at most {longest_mm:g} mm")
    allowed, why, when_allowed_h = _judge(topical, hours_after, needle_length_mm, setting, kb)
    return GateDecision(
        topical=topical.id,
        allowed=allowed,
        why=why,
        when_allowed_h=when_allowed_h,
        sources=topical.sources,
        stamp=RESEARCH_STAMP if research else "",
        proposal=topical.proposal,
    )


# ---------------------------------------------------------------- numbing cream


class DoseLimit(NamedTuple):
    """One limit of a label against what is planned; ``limit`` None: no limit was found, which is not "no limit"."""

    what: str
    given: float
    limit: float | None
    unit: str
    state: Literal["within", "beyond", "no limit found"]

    @property
    def says(self) -> str:
        """The limit in words."""
        if self.limit is None:
            return f"{self.what}: {self.given:g} {self.unit}; no limit found: ask a clinician"
        return f"{self.what}: {self.given:g} {self.unit}, {self.state} the limit of {self.limit:g} {self.unit}"


class DoseCheck(NamedTuple):
    """A planned dose of numbing cream against its label."""

    topical: str
    verdict: Literal["within", "beyond", "ask"]
    limits: tuple[DoseLimit, ...]
    why: str
    sources: tuple[Citation, ...]

    @property
    def passes(self) -> bool:
        """Whether every limit is known and kept, and nothing else is open."""
        return self.verdict == "within"


def _limit(what: str, given: float, limit: float | None, unit: str) -> DoseLimit:
    if limit is None:
        return DoseLimit(what, given, None, unit, "no limit found")
    return DoseLimit(what, given, limit, unit, "within" if given <= limit * (1 + _ROUNDING) else "beyond")


def drugs_of(topical: Topical) -> tuple[tuple[str, float], ...]:
    """The numbing drugs of a product and their strength as a share, as far as the knowledge names them."""
    if topical.ingredients:
        return tuple((one.name, one.concentration_share) for one in topical.ingredients if one.concentration_share)
    drug = next((drug for drug in DRUGS if topical.id.startswith(drug)), None)
    return ((drug, topical.concentration_share),) if drug and topical.concentration_share else ()


class _Most(NamedTuple):
    """What a label allows a person of an age; None: no limit found."""

    grams: float | None
    area_cm2: float | None
    hours: float | None
    whose: str


def _most(topical: Topical, age_y: float | None, kb: Knowledge) -> _Most:
    """The limits of an age. Without limits for children nobody below the age of grown-ups gets theirs."""
    for band in topical.age_limits if age_y is not None else ():
        if age_y is not None and age_y < band.below_y:
            return _Most(band.max_g, band.max_area_cm2, band.max_time_h, f"below {_age_words(band.below_y)}")
    adult_y = kb.parameter("numbing-adult-age").quantity.median
    if age_y is not None and age_y < adult_y and not topical.age_limits:
        return _Most(None, None, None, f"below {_age_words(adult_y)}")
    return _Most(topical.max_g, topical.max_area_cm2, topical.max_time_h, "grown-up")


def _age_words(age_y: float) -> str:
    months = age_y * UNITS["y"].si_factor / UNITS["mo"].si_factor
    return f"{age_y:g} years" if age_y >= 1 else f"{months:.0f} months"


def anaesthetic_dose(
    topical_id: str,
    grams: float,
    area_cm2: float,
    hours: float,
    weight_kg: float | None,
    kb: Knowledge,
    *,
    age_y: float | None = None,
) -> DoseCheck:
    """Whether a planned amount of numbing cream is within what its label allows on whole skin.

    Density is ``10 grams / area_cm2`` (g on 10 cm²). All four limits must be known and kept to pass. The labels set
    no limit by body weight; a weight that is not known is still asked for, because the same cream weighs more on a
    light person.

    Args:
        topical_id: id of the cream.
        grams: cream on the skin, all places together (g).
        area_cm2: skin covered (cm²).
        hours: time on the skin (h).
        weight_kg: body weight (kg), or None when not known.
        kb: topicals.
        age_y: age (years); children have limits of their own. None: a grown-up.

    Returns:
        Each limit, and a verdict: ``beyond`` when one is passed (or the product is refused), ``ask`` when one is
        not known, ``within`` otherwise.

    Raises:
        BadInput: unknown product, not a numbing cream, or an amount that is not above 0.
    """
    topical: Topical = kb.find("topicals", topical_id)
    if topical.group != "anaesthetic":
        creams = ", ".join(one.id for one in kb.topicals if one.group == "anaesthetic")
        raise BadInput(f"'{topical_id}' is not a numbing cream; allowed: {creams}")
    for name, value, unit in (
        ("grams", grams, "g"), ("area_cm2", area_cm2, "cm²"), ("hours", hours, "h"), ("weight_kg", weight_kg, "kg"),
    ):  # fmt: skip
        if value is not None and not (isfinite(value) and value > 0):
            raise BadInput(f"{name} is {value} {unit}; it must be a number above 0")
    if age_y is not None and not (isfinite(age_y) and age_y >= 0):
        raise BadInput(f"age_y is {age_y} years; it must be a number of at least 0")
    most = _most(topical, age_y, kb)
    limits = (
        _limit("density", grams * _LABEL_AREA_CM2 / area_cm2, topical.max_g_per_10_cm2, "g per 10 cm²"),
        _limit("amount", grams, most.grams, "g"),
        _limit("area", area_cm2, most.area_cm2, "cm²"),
        _limit("time", hours, most.hours, "h"),
    )
    beyond = [limit.what for limit in limits if limit.state == "beyond"]
    unknown = [limit.what for limit in limits if limit.state == "no limit found"]
    whole_skin = (
        f"The limits are for {'adults' if most.whose == 'grown-up' else f'children {most.whose}'} on whole skin, off "
        "before the first stroke; the face takes up faster."
    )
    verdict: Literal["within", "beyond", "ask"]
    if topical.gate == "never":
        verdict, why = "beyond", f"Refused at any dose. {topical.because}"
    elif beyond:
        verdict, why = "beyond", f"Beyond the limit of {', '.join(beyond)}. {whole_skin}"
    elif unknown:
        verdict, why = "ask", f"No limit found for {', '.join(unknown)}: ask a clinician. {whole_skin}"
    elif weight_kg is None:
        verdict, why = "ask", f"The body weight is not known: ask a clinician. {whole_skin}"
    else:
        verdict, why = "within", f"Within every limit of the label; it sets none by body weight. {whole_skin}"
    return DoseCheck(topical.id, verdict, limits, why, topical.sources)
