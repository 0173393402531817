"""What the knowledge files may hold. Every entry carries its sources and how they were reached.

Numbers sit in fields whose last word is their unit (:mod:`needling.units`). ``access`` says how a source was
read; an entry that rests on memory alone is loaded but not released (:attr:`Rule.released`).
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from needling.documents import Action, Caps, Citation, Endpoint, Id, Phototype, Reason, Setting, Text
from needling.knowledge.conditions import grammar_errors
from needling.knowledge.entries import Access, Certainty, ClaimVerdict, Entry


class Source(Entry):
    """One place a statement comes from. ``reason`` says what we use it for: a citation has a reason."""

    key: Id
    ref: Text = ""
    cites: Text
    kind: Literal[
        "regulator", "law", "label", "review", "trial", "series", "laboratory", "model", "guideline", "press",
        "vendor", "lay", "code",
    ]  # fmt: skip
    year: int | None = None
    url: Text | None = None
    doi: Text | None = None
    access: Access
    reason: Text


class Sourced(Entry):
    """An entry that stands on sources. ``proposal`` marks our own conservative default."""

    sources: tuple[Citation, ...] = ()
    proposal: bool = False


# ---------------------------------------------------------------- facts, rules, claims, conflicts


class FactDefinition(Entry):
    """One question the system can ask, and what an answer may be.

    ``topic`` groups questions on one page; ``quiet`` is the answer that starts no rule. A date fact ``x``
    can also be given, or tested, as ``x_d``, ``x_wk`` or ``x_mo`` (time since). ``only_if`` names the yes-no fact
    that an answer belongs to, ``never_of_sex`` the sex of which a yes cannot be true: answers that contradict
    each other are refused, not weighed. ``may_leave_out``: asked of the field as marked, so that what was found can be
    marked and left out of it.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    kind: Literal["yes-no", "number", "date", "choice", "choices"]
    scope: Literal["person", "zone"] = "person"
    topic: Id
    ask: Text
    ask_clinician: Text = ""
    choices: tuple[Id, ...] = ()
    low: float | None = None
    high: float | None = None
    quiet: bool | float | str | None = None
    only_if: Text | None = None
    never_of_sex: Literal["female", "male"] | None = None
    may_leave_out: Literal[True] | None = None


class Then(Entry):
    """What a rule does: its action, how long it holds, limits that it lays on a plan, and what it prefers inside."""

    action: Action
    after: Text | None = None
    wait_d: Annotated[float, Field(ge=0, le=1000)] | None = None
    wait_wk: Annotated[float, Field(ge=0, le=200)] | None = None
    wait_mo: Annotated[float, Field(ge=0, le=60)] | None = None
    until_when: Text = ""
    caps: Caps | None = None
    prefer: Literal["shortest-needle"] | None = None


class Rule(Sourced):
    """A contraindication, precaution or timing rule with its proof.

    ``because`` speaks to a clinician, ``tell`` to the person. ``examples`` map facts to ``fires``, ``silent``
    or ``asks`` and must show that every test in ``when`` matters.
    """

    id: Id
    ref: Text = ""
    title: Text
    when: dict[str, Any]
    then: Then
    because: Text
    tell: Text
    conflicts: tuple[Id, ...] = ()
    access: Access
    examples: tuple[dict[str, Any], ...] = ()

    @field_validator("when")
    @classmethod
    def _well_formed(cls, when: dict[str, Any]) -> dict[str, Any]:
        errors = grammar_errors(when)
        if errors:
            raise ValueError("; ".join(errors))
        return when

    @field_validator("examples")
    @classmethod
    def _expectations(cls, examples: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
        for example in examples:
            if example.get("expect") not in ("fires", "silent", "asks"):
                raise ValueError(f"an example needs 'expect: fires | silent | asks', got {example.get('expect')!r}")
        return examples

    @property
    def released(self) -> bool:
        """Whether the rule may act: it has a source beyond memory, or is openly our proposal."""
        return self.access != "memory" or self.proposal


class Claim(Sourced):
    """One statement of an article or a paper, in our words, with a verdict and the better source."""

    id: Id
    ref: Text = ""
    article: Literal["A", "B", "C", "D", "E"] | None = None
    says: Text
    verdict: ClaimVerdict
    because: Text
    access: Access
    certainty: Certainty = "very-low"


class Conflict(Entry):
    """Two sides that sources take, the default that the engine uses, and what to tell the person."""

    id: Id
    ref: Text = ""
    topic: Text
    side_a: Text
    side_b: Text
    sources_a: tuple[Citation, ...] = ()
    sources_b: tuple[Citation, ...] = ()
    default: Text
    tell: Text


# ---------------------------------------------------------------- sites, devices, indications


class Site(Sourced):
    """A region of skin: layers by method, ceilings, and what is special there.

    ``epidermis_um`` and ``dermis_mm`` are histology (what a needle meets); the ``_imaging`` values are what
    ultrasound shows; spreads are standard deviations between people. ``stratum_corneum_um`` is the horny layer in
    open air, part of the epidermis.
    """

    id: Id
    ref: Text = ""
    name: Text
    plural: Text
    two_sided: bool = False
    never: bool = False
    stratum_corneum_um: Annotated[float, Field(gt=0)] | None = None
    epidermis_um: Annotated[float, Field(gt=0)] | None = None
    epidermis_imaging_um: Annotated[float, Field(gt=0)] | None = None
    dermis_mm: Annotated[float, Field(gt=0)] | None = None
    home_max_mm: Annotated[float, Field(ge=0, le=3)]
    home_max_written_plan_mm: Annotated[float, Field(ge=0, le=3)] | None = None
    clinic_default_mm: Annotated[float, Field(ge=0, le=3)] | None = None
    clinic_max_mm: Annotated[float, Field(ge=0, le=3)]
    bony: bool = False
    keloid_prone: bool = False
    roller: bool = True
    special: Text = ""
    usual_area_cm2: float | None = None


class LegalStatus(Entry):
    """What one authority says of one device."""

    country: Id
    status: Text
    source: Id


class Device(Sourced):
    """A roller, stamp, pen or radiofrequency device: geometry, sterility, life, legal status."""

    id: Id
    ref: Text = ""
    name: Text
    kind: Literal["roller", "stamp", "pen", "rf"]
    lengths_mm: tuple[float, ...]
    needles_count: Annotated[int, Field(ge=1, le=2000)]
    rings_count: int | None = None
    needles_per_ring_count: int | None = None
    drum_diameter_mm: float | None = None
    drum_width_mm: float | None = None
    head_area_cm2: float | None = None
    head_width_mm: float | None = None
    rate_hz: float | None = None
    speed_mm_per_s: float | None = None
    base_diameter_um: float
    tip_diameter_um: float
    tolerance_mm: float | None = None
    sterile: bool = False
    single_use: bool = False
    home: bool = False
    life_uses_count: int | None = None
    life_mo: float | None = None
    legal: tuple[LegalStatus, ...] = ()
    warning: Text = ""

    @model_validator(mode="after")
    def _geometry(self) -> Self:
        needs = {
            "roller": ("rings_count", "needles_per_ring_count", "drum_diameter_mm", "drum_width_mm"),
            "stamp": ("head_area_cm2",),
            "pen": ("head_width_mm", "rate_hz", "speed_mm_per_s"),
            "rf": (),
        }[self.kind]
        lacking = [name for name in needs if getattr(self, name) is None]
        if lacking:
            raise ValueError(f"a {self.kind} needs {', '.join(lacking)}")
        if self.rings_count and self.needles_per_ring_count:
            laid = self.rings_count * self.needles_per_ring_count
            if laid != self.needles_count:
                raise ValueError(
                    f"{self.rings_count} rings x {self.needles_per_ring_count} needles is {laid}, "
                    f"not {self.needles_count}"
                )
        return self


class Protocol(Sourced):
    """Where and how an indication is needled: the grid of candidates of one setting.

    ``pen_passes_count`` holds for pens: one pass of a pen lays as many channels as many passes of a roller.
    """

    setting: Setting = "clinic"
    sites: tuple[Id, ...]
    devices: tuple[Id, ...]
    lengths_mm: tuple[float, ...]
    directions_count: int
    passes_count: tuple[int, ...]
    pen_passes_count: tuple[int, ...] = ()
    sessions_count: tuple[int, ...]
    intervals_d: tuple[float, ...]
    endpoint: Endpoint


class OutcomeModel(Sourced):
    """How the result is forecast on the indication's own scale.

    ``collagen``: residual share of the baseline from the healing model; a mean change beside it can be run in its
    place. ``published``: the mean change of the trials with its spread between people, spread over the course.
    ``none``: no forecast is honest.
    """

    model: Literal["collagen", "published", "none"]
    change: float | None = None
    change_sd: float | None = None
    reference_sessions_count: int | None = None
    onset_d: float | None = None
    certainty: Certainty
    note: Text = ""


class Indication(Sourced):
    """A concern that people bring, with its evidence, its scale and how it is planned."""

    id: Id
    ref: Text = ""
    name: Text
    plain: Text
    evidence_grade: Text
    certainty: Certainty
    regulatory: Text = ""
    answer: Literal["plan", "refer", "no-evidence"] = "plan"
    answer_why: Text = ""
    scale: Id | None = None
    lower_is_better: bool = True
    meaningful_change: float | None = None
    meaningful_label: Text = ""
    baseline: float | None = None
    baseline_sd: float | None = None
    outcome: OutcomeModel
    judge_after_last_d: float = 90
    protocols: tuple[Protocol, ...] = ()
    home_wording: Text = ""
    better_elsewhere: Text = ""


class Scale(Sourced):
    """A published outcome scale: range, direction, noise between readings, licence. No item texts."""

    id: Id
    ref: Text = ""
    name: Text
    low: float
    high: float
    step: float | None = None
    lower_is_better: bool
    unit: Text
    noise: float
    licence: Text
    access: Access | None = None  # how the scoring rule was reached; None: a plain rating without a rule
    scoring: dict[str, Any] = Field(default_factory=dict)  # items, tables, bands, versions: needling.scoring.rules


# ---------------------------------------------------------------- care, harms, envelopes, parameters


class Molecular(Entry):
    """The numbers of a substance that decide how far it goes. None: not found, and then it is not computed.

    ``pka_ph`` is that of the group that ``acid_or_base`` names; "zwitterion" means that ``log_kow_ratio`` is the
    apparent value near neutral, and has none. The solubility is
    that of the form without charge, in water; ``concentration_share`` is the usual strength of a product, ``film_ph``
    its acidity.
    """

    molar_mass_g_per_mol: Annotated[float, Field(gt=0)] | None = None
    log_kow_ratio: Annotated[float, Field(ge=-10, le=12)] | None = None
    acid_or_base: Literal["neutral", "acid", "base", "zwitterion"] | None = None
    pka_ph: float | None = None
    solubility_g_per_l: Annotated[float, Field(gt=0)] | None = None
    concentration_share: Annotated[float, Field(gt=0, le=1)] | None = None
    film_ph: Annotated[float, Field(ge=0, le=14)] | None = None


class Ingredient(Molecular):
    """One substance of a product that holds several."""

    name: Id


class AgeLimit(Entry):
    """What a label allows of a numbing cream up to, and not including, an age."""

    below_y: Annotated[float, Field(gt=0)]
    max_g: float
    max_area_cm2: float
    max_time_h: float


class Topical(Sourced, Molecular):
    """A substance put on skin around needling, and what the gate says.

    ``ingredients`` are the substances of a mixture; a product of one substance carries its numbers itself.
    The limits are for grown-ups; ``age_limits`` are those of children, by rising age. ``may_cover``: whether the label
    lets a numbing cream be wrapped; None: not found. ``about``: which thing of the waiting list it is one of.
    """

    id: Id
    ref: Text = ""
    name: Text
    group: Literal["bland", "active", "anaesthetic", "antiseptic", "sunscreen", "make-up", "medicine", "biologic"]
    gate: Literal["allowed", "clinic-only", "before-only", "wait", "never"]
    wait_h: float | None = None
    about: Id | None = None
    because: Text
    ingredients: tuple[Ingredient, ...] = ()
    max_g_per_10_cm2: float | None = None
    max_g: float | None = None
    max_area_cm2: float | None = None
    max_time_h: float | None = None
    age_limits: tuple[AgeLimit, ...] = ()
    may_cover: bool | None = None


class Restart(Entry):
    """A step says of one thing of the waiting list: not before ``from_h`` hours; None: how, but not when."""

    thing: Id
    from_h: Annotated[float, Field(ge=0)] | None = None


class CareStep(Sourced):
    """One step of preparation or aftercare; ``from_h``..``to_h`` is its window after the session.

    ``lead_d`` says how many days before the first session a step has to begin: a plan starts no earlier. A step that
    is ``about`` things of the waiting list is told by their one time. ``sites`` it is for; none named: all.
    """

    id: Id
    ref: Text = ""
    phase: Literal["weeks-before", "before", "during", "after"]
    settings: tuple[Setting, ...] = ("home", "clinic")
    order: int
    says: Text
    lead_d: Annotated[float, Field(ge=0, le=120)] = 0
    from_h: float | None = None
    to_h: float | None = None
    min_needle_mm: float = 0
    max_needle_mm: float = 3
    phototypes: tuple[Phototype, ...] = ()
    about: tuple[Restart, ...] = ()
    sites: tuple[Id, ...] = ()


class Wait(Sourced):
    """One thing that must wait after a session: which kind of opening it waits for, and what sheets say.

    ``meanwhile``: what to do until then; ``then``: how to start; neither names a time. ``sites`` of it; none: all.
    """

    id: Id
    name: Text
    opening: Literal["barrier", "water", "structure", "redness"]
    published_h: float
    published_long_h: float
    because: Text
    meanwhile: Text = ""
    then: Text = ""
    sites: tuple[Id, ...] = ()


class RedFlag(Sourced):
    """A sign after needling, what it may be, and how fast to act."""

    id: Id
    ref: Text = ""
    sign: Text
    think_of: Text
    act: Text
    urgency: Literal["emergency", "same-day", "soon", "routine"]


class AdverseEvent(Sourced):
    """A harm with its numerator and denominator where they were found; None where the rate is unknown.

    ``then`` says what it asks of a course that goes on: nothing ("usual"), a question, or a clinician; ``red_flags``
    are the signs that send there. It is over when the facts of ``cleared_by`` were answered quietly after it, in every
    treated zone; what ``proves`` names is true from then on.
    """

    id: Id
    ref: Text = ""
    name: Text
    plain: Text
    events_count: int | None = None
    of_count: int | None = None
    population: Text = ""
    kinds: tuple[Literal["roller", "stamp", "pen", "rf"], ...] = ("roller", "stamp", "pen")
    phototypes: tuple[Phototype, ...] = ()
    min_needle_mm: float = 0
    shown: bool = True
    manage: Text = ""
    then: Literal["usual", "ask", "refer"] = "refer"
    red_flags: tuple[Id, ...] = ()
    cleared_by: Annotated[tuple[Text, ...], Field(min_length=1)] = ("trouble_after_needling",)
    proves: tuple[Text, ...] = ()


class Frequency(Entry):
    """Shortest interval for needles up to a length."""

    up_to_mm: float
    min_interval_d: float


class Envelope(Sourced):
    """The outer limits of one setting. The engine refuses every plan beyond them."""

    setting: Setting
    needle_max_mm: Annotated[float, Field(ge=0, le=3)]
    written_plan_needle_max_mm: float | None = None
    directions_max_count: int
    passes_max_count: int
    sessions_max_count: int
    force_max_N: float
    endpoints: tuple[Endpoint, ...]
    bleeding_from_mm: float | None = None
    device_kinds: tuple[Literal["roller", "stamp", "pen", "rf"], ...]
    frequency: tuple[Frequency, ...]
    first_sessions_count: int = 0
    first_needle_max_mm: float | None = None
    first_min_interval_d: float = 0


class Quantity(Entry):
    """A number with its spread, kept in two layers.

    ``person`` is the standard deviation between people and ``doubt`` that of our ignorance, both on the log
    scale for ``lognormal``, on the logit scale for ``logit``, in the unit itself for ``normal``. ``low`` and
    ``high`` bound what the model was made for.
    """

    median: float
    unit: Text
    shape: Literal["fixed", "lognormal", "normal", "logit"] = "fixed"
    person: Annotated[float, Field(ge=0)] = 0.0
    doubt: Annotated[float, Field(ge=0)] = 0.0
    low: float | None = None
    high: float | None = None


class Parameter(Sourced):
    """One number of the model: its symbol in the equations, its distribution, where it comes from.

    ``basis`` is ``published``, ``derived`` (recomputed from published numbers), ``fitted`` (to the building
    cases named in ``note``) or ``proposal`` (ours, wide, without direct data).
    """

    id: Id
    symbol: Text
    says: Text
    quantity: Quantity
    basis: Literal["published", "derived", "fitted", "proposal"]
    access: Access
    certainty: Certainty
    note: Text = ""


class ParameterOverride(Entry):
    """What a named set puts in the place of one parameter's quantity; None keeps what is there. Unit and shape stay."""

    parameter: Id
    median: float | None = None
    person: Annotated[float, Field(ge=0)] | None = None
    doubt: Annotated[float, Field(ge=0)] | None = None

    def over(self, quantity: Quantity) -> Quantity:
        """The quantity with what is named here; bounds give way where the new median lies beyond one."""
        now = quantity.model_copy(update=self.model_dump(exclude={"parameter"}, exclude_none=True))
        low = None if now.low is None else min(now.low, now.median)
        high = None if now.high is None else max(now.high, now.median)
        return now.model_copy(update={"low": low, "high": high})


class ParameterSet(Sourced):
    """A named set of parameters: another reading of the evidence, or other people, run beside the usual one."""

    id: Id
    name: Text
    says: Text
    overrides: Annotated[tuple[ParameterOverride, ...], Field(min_length=1)]


class FollowUpRule(Sourced):
    """A check of the follow-up schedule: days after each, before each or after the last session.

    ``after_sessions_count`` keeps a check to the one session that follows so many others. ``asks`` are the yes-no facts
    that it asks again, because their answers can change from one session to the next. ``settings`` and ``phototypes``
    say for whom it is; ``title`` is its name in a calendar and says nothing about anybody.
    """

    id: Id
    title: Text = ""
    settings: tuple[Setting, ...] = ("home", "clinic")
    phototypes: tuple[Phototype, ...] = ()
    says: Text
    anchor: Literal["each-session", "before-session", "last-session"]
    after_sessions_count: int | None = None
    day_d: float
    asks: tuple[Text, ...] = ()


class Comparison(Sourced):
    """How an alternative stands against needling for some concerns and phototypes (none named: for all)."""

    indications: tuple[Id, ...] = ()
    phototypes: tuple[Phototype, ...] = ()
    stands: Literal["better", "similar", "worse", "added", "unclear"]
    says: Text
    access: Access
    certainty: Certainty


class Alternative(Sourced):
    """What else can be done, by whom, and for which concerns it is better or worse than needling."""

    id: Id
    name: Text
    by: Literal["nobody", "person", "clinician", "specialist"]
    better_for: Text
    worse_for: Text
    comparisons: Annotated[tuple[Comparison, ...], Field(min_length=1)]


class Jurisdiction(Sourced):
    """What law and regulators of one place say. A number stands here only where they set one; None says nothing."""

    id: Id
    ref: Text = ""
    name: Text
    authority: Text
    covers: tuple[Id, ...] = ()
    statements: tuple[Reason, ...]
    home_devices: Literal["none-authorised", "claims-decide", "not-found"]
    caps: Caps | None = None
    supervised_from_mm: Annotated[float, Field(gt=0, le=3)] | None = None
    evaluated_to_mm: float | None = None
    min_age_y: float | None = None
    evaluated_from_y: float | None = None
    not_found: Text = ""
