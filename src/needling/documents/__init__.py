"""What a person can read and sign.

All documents are frozen, refuse unknown keys, hold no sets and no NaN, and have one canonical JSON form
whose sha256 is their identity. Units are in the field names (:mod:`needling.units`). A fact that was not
asked is ``None`` and never reads as "no".
"""

import hashlib
import json
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Setting = Literal["home", "clinic"]
Phototype = Literal["I", "II", "III", "IV", "V", "VI"]
Action = Literal["exclude", "exclude_home", "refer", "defer", "premedicate", "caution", "note"]
Verdict = Literal["go", "ask", "defer", "refer", "exclude"]
Endpoint = Literal["none", "faint-pink", "erythema", "pinpoint", "confluent"]
Condition = Literal["new", "worn", "cheap"]
Cover = Literal["occluded", "open-air"]
FactValue = bool | float | str | tuple[str, ...] | None

Id = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")]
Text = Annotated[str, Field(max_length=4000)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Document(BaseModel):
    """Base of all documents: frozen, no unknown keys, no NaN or infinity, one canonical form."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    # A slot is neither copied nor compared nor written: each object remembers the hash of its own content only.
    __slots__ = ("_sha256",)
    _sha256: ClassVar[str]

    def canonical(self) -> bytes:
        """UTF-8 JSON with sorted keys and no spaces: equal documents give equal bytes."""
        return json.dumps(
            self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()

    @property
    def sha256(self) -> str:
        """Hash of the canonical form: what approvals and records refer to; worked out once, for nothing changes."""
        try:
            return self._sha256
        except AttributeError:
            made = hashlib.sha256(self.canonical()).hexdigest()
            object.__setattr__(self, "_sha256", made)
            return made


# ---------------------------------------------------------------- person and findings

from needling.documents.lesions import Lesion as Lesion  # noqa: E402
from needling.documents.lesions import Spot as Spot  # noqa: E402
from needling.documents.used import Used as Used  # noqa: E402


class Fact(Document):
    """One answer. ``value`` None means "not asked" or "not known", never "no"."""

    name: Id
    value: FactValue = None
    since: date | None = None
    by: Text | None = None


def _facts_from_mapping(given: object) -> object:
    """Accept the short form ``{pregnant: false, smoker: {value: true, by: nurse}}`` of a list of facts."""
    if not isinstance(given, dict):
        return given
    facts: list[object] = []
    for name, value in given.items():
        if isinstance(value, dict):
            facts.append({"name": name, **value})
        else:
            facts.append({"name": name, "value": value.isoformat() if isinstance(value, date) else value})
    return facts


class _WithFacts(Document):
    facts: tuple[Fact, ...] = ()

    _short_form = field_validator("facts", mode="before")(_facts_from_mapping)

    @field_validator("facts")
    @classmethod
    def _each_fact_once(cls, facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
        names = [fact.name for fact in facts]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"fact given twice: {', '.join(twice)}")
        return facts


class Person(_WithFacts):
    """Who is asking. No name and no contact: the id is enough to plan."""

    id: Id
    birth_year: Annotated[int, Field(ge=1900, le=2100)] | None = None
    phototype: Phototype | None = None
    sex_at_birth: Literal["female", "male", "intersex"] | None = None


class ZoneFinding(_WithFacts):
    """One zone of skin: where, how large, for which concern, and what was found there.

    ``zone`` is a site id of the knowledge base, with ``-left`` or ``-right`` where the site has two sides.
    Thicknesses are for people who were measured; without them the site's published values are used. What a lesion
    makes true stands among the ``facts`` too, so that whoever reads those reads all.
    """

    zone: Id
    concern: Id
    area_cm2: Annotated[float, Field(gt=0, le=2000)]
    epidermis_um: Annotated[float, Field(ge=10, le=500)] | None = None
    dermis_mm: Annotated[float, Field(ge=0.2, le=6)] | None = None
    lesions: Annotated[tuple[Lesion, ...], Field(max_length=20, exclude_if=lambda lesions: not lesions)] = ()

    @model_validator(mode="after")
    def _lesions_are_facts(self) -> Self:
        """A no stays, and is refused as a contradiction where facts are checked."""
        stated = {fact.name: fact.value for fact in self.facts}
        seen = dict.fromkeys(lesion.what for lesion in self.lesions if not lesion.left_out)
        told = [name for name in seen if stated.get(name) is None]
        if told:
            known = tuple(fact for fact in self.facts if fact.name not in told)
            object.__setattr__(self, "facts", (*known, *(Fact(name=name, value=True) for name in told)))
            if hasattr(self, "_sha256"):  # a copy with other facts, put into another document
                object.__delattr__(self, "_sha256")
        return self


class ScaleScore(Document):
    """One reading of a published scale, on one zone or on the whole person."""

    scale: Id
    value: float
    zone: Id | None = None


from needling.documents.overrides import Occurrence as Occurrence  # noqa: E402
from needling.documents.overrides import Override as Override  # noqa: E402


class Assessment(_WithFacts):
    """What was found on a day. The first visit and every follow-up use the same type.

    ``country`` is an ISO 3166 code (``DE``, ``GB-SCT``): what its law says can only tighten a plan.
    """

    person: Id
    on: date
    setting: Setting
    zones: Annotated[tuple[ZoneFinding, ...], Field(min_length=1, max_length=20)]
    scores: tuple[ScaleScore, ...] = ()
    overrides: tuple[Override, ...] = ()
    photos: tuple[Text, ...] = ()
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z]{1,3})?$")] | None = None
    by: Id | None = None

    @field_validator("zones")
    @classmethod
    def _each_zone_once(cls, zones: tuple[ZoneFinding, ...]) -> tuple[ZoneFinding, ...]:
        names = [finding.zone for finding in zones]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"zone given twice: {', '.join(twice)}")
        return zones


class Goals(Document):
    """What the person wants and will put up with. Weights are relative; limits are hard.

    Prices are the person's own, in any one currency: ``visit_price`` of each visit, ``needles_price`` used up at each
    session, ``device_price`` bought once. Without ``change_worth_price``, what one meaningful change is worth to the
    person, the cost is shown and not weighed. ``robust`` says over whom a plan must be good: most of the possible
    people ("quantile"), or the people of the worst reading of what research has not settled ("worst-case").
    ``device``, ``needle_length_mm``, ``passes_count``, ``sessions_count`` and ``interval_d`` are wishes: what cannot be
    met is declined with its reason.
    """

    gain_weight: Annotated[float, Field(ge=0, le=10)] = 1.0
    downtime_weight: Annotated[float, Field(ge=0, le=10)] = 0.3
    harm_weight: Annotated[float, Field(ge=0, le=10)] = 1.0
    visits_weight: Annotated[float, Field(ge=0, le=10)] = 0.2
    cost_weight: Annotated[float, Field(ge=0, le=10)] = 1.0
    robust: Literal["quantile", "worst-case"] = "quantile"
    max_visits_count: Annotated[int, Field(ge=1, le=60)] | None = None
    max_redness_d: Annotated[float, Field(gt=0, le=60)] | None = None
    max_total_price: Annotated[float, Field(ge=0, le=1e9)] | None = None
    visit_price: Annotated[float, Field(ge=0, le=1e9)] | None = None
    needles_price: Annotated[float, Field(ge=0, le=1e9)] | None = None
    device_price: Annotated[float, Field(ge=0, le=1e9)] | None = None
    change_worth_price: Annotated[float, Field(gt=0, le=1e9)] | None = None
    device: Id | None = None
    needle_length_mm: Annotated[float, Field(gt=0, le=3)] | None = None
    passes_count: Annotated[int, Field(ge=1, le=40)] | None = None
    sessions_count: Annotated[int, Field(ge=1, le=60)] | None = None
    interval_d: Annotated[float, Field(gt=0, le=400)] | None = None

    @model_validator(mode="after")
    def _a_price_limit_needs_a_price(self) -> Self:
        named = any(price is not None for price in (self.visit_price, self.needles_price, self.device_price))
        if self.max_total_price is not None and not named:
            raise ValueError(
                f"max_total_price is {self.max_total_price:g}, but no price was given; add visit_price, needles_price "
                "or device_price"
            )
        return self


class Case(Document):
    """What one file of input holds: a person, a first assessment, and goals."""

    person: Person
    assessment: Assessment
    goals: Goals = Goals()

    @model_validator(mode="before")
    @classmethod
    def _same_person(cls, given: Any) -> Any:
        """The person's id need not be repeated inside the assessment."""
        if isinstance(given, dict):
            person, assessment = given.get("person"), given.get("assessment")
            if isinstance(person, dict) and isinstance(assessment, dict) and "person" not in assessment:
                given = {**given, "assessment": {**assessment, "person": person.get("id")}}
        return given

    @model_validator(mode="after")
    def _ids_agree(self) -> Self:
        if self.assessment.person != self.person.id:
            raise ValueError(f"the assessment is of '{self.assessment.person}', the person is '{self.person.id}'")
        return self


# ---------------------------------------------------------------- clearance


class Citation(Document):
    """A source as used by one statement: which, where in it, for or against, and what it adds."""

    key: Id
    at: Text = ""
    stance: Literal["supports", "conflicts"] = "supports"
    note: Text = ""


class Caps(Document):
    """Limits that a rule lays on a plan. None means that the rule says nothing about it."""

    home_needle_mm: Annotated[float, Field(ge=0, le=3)] | None = None
    clinic_needle_mm: Annotated[float, Field(ge=0, le=3)] | None = None
    min_interval_d: Annotated[float, Field(ge=0, le=400)] | None = None
    bleeding: Literal["allowed", "no"] | None = None
    anaesthetic: Literal["allowed", "no"] | None = None


class Decision(Document):
    """One rule that fired: what to do, where, until when, why, on whose word, and what speaks against it."""

    rule: Id
    action: Action
    zone: Id | None = None
    until: date | None = None
    until_when: Text = ""
    title: Text
    because: Text
    tell: Text
    sources: tuple[Citation, ...]
    conflicts: tuple[Id, ...] = ()
    caps: Caps | None = None
    proposal: bool = False
    overridden: bool = False


class Question(Document):
    """A fact that is not known and can still change the answer."""

    fact: Id
    zone: Id | None = None
    ask: Text
    rules: tuple[Id, ...]
    decisive: Action


class ZoneClearance(Document):
    """The verdict on one zone, person-wide decisions included."""

    zone: Id
    verdict: Verdict
    earliest: date | None = None


class Clearance(Document):
    """The answer to "is it for me?".

    ``verdict`` is for the setting that was asked about. ``envelope`` is the widest envelope that is still
    open: "home" (which includes the clinic), "clinic", or None when nobody should treat now.
    """

    person: Id
    on: date
    setting: Setting
    verdict: Verdict
    envelope: Setting | None
    zones: tuple[ZoneClearance, ...]
    decisions: tuple[Decision, ...]
    asks: tuple[Question, ...]
    earliest: date | None = None
    assessment_sha256: Sha256
    knowledge_sha256: Sha256


# ---------------------------------------------------------------- plan


class Reason(Document):
    """Why the plan is as it is: one choice, its ground, its sources; proposals are labelled."""

    what: Text
    why: Text
    sources: tuple[Citation, ...] = ()
    proposal: bool = False


class Stroke(Document):
    """One zone's rolling: needle length, directions, passes in each direction, force on the drum."""

    zone: Id
    needle_length_mm: Annotated[float, Field(gt=0, le=3)]
    directions_count: Annotated[int, Field(ge=1, le=8)]
    passes_count: Annotated[int, Field(ge=1, le=40)]
    force_N: Annotated[float, Field(gt=0, le=20)]


class Session(Document):
    """One visit or one home evening. Lists hold ids of the knowledge base.

    ``condition`` is that of the needles: ``worn`` stands for used before, dropped or bent, ``cheap`` for unknown make.
    ``cover`` says how the skin is kept afterwards; under a dressing or thick cream channels close much later.
    """

    day_d: Annotated[float, Field(ge=0, le=1500)]
    device: Id
    condition: Condition = "new"
    strokes: Annotated[tuple[Stroke, ...], Field(min_length=1)]
    endpoint: Endpoint
    cover: Cover = "occluded"
    preparation: tuple[Id, ...] = ()
    topicals: tuple[Id, ...] = ()
    aftercare: tuple[Id, ...] = ()


class FollowUp(Document):
    """A check after or between sessions."""

    day_d: Annotated[float, Field(ge=0, le=2000)]
    what: Text


class Plan(Document):
    """What would be done. No sessions is the plan "no treatment", and always a candidate.

    ``declined`` says why a wished device or length is not in it.
    """

    person: Id
    label: Text
    envelope: Setting
    sessions: tuple[Session, ...]
    stop_rules: tuple[Text, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    declined: tuple[Reason, ...] = ()
    rationale: tuple[Reason, ...] = ()
    start: date
    clearance_sha256: Sha256
    knowledge_version: Text
    knowledge_sha256: Sha256


# ---------------------------------------------------------------- forecast and choice


class MeasureForecast(Document):
    """Quantiles of one measure on one zone over the days of the forecast: ``quantiles[level][day]``."""

    zone: Id | None
    measure: Id
    label: Text
    unit: Text
    levels_share: tuple[float, ...]
    quantiles: tuple[tuple[float, ...], ...]
    seen_noise: float = 0.0


class Outcome(Document):
    """What the person came for, on the indication's own scale, at the day it is fair to judge."""

    zone: Id
    indication: Id
    scale: Id
    scale_label: Text
    judge_day_d: float
    baseline: float
    baseline_assumed: bool
    change_quantiles: tuple[float, ...]
    levels_share: tuple[float, ...]
    better_by: float
    better_by_label: Text
    dots_of_50_count: Annotated[int, Field(ge=0, le=50)]
    basis: Literal["mechanism", "published-mean", "none"]
    certainty: Literal["high", "moderate", "low", "very-low"]
    sources: tuple[Citation, ...] = ()


class Harm(Document):
    """One harm beside the benefit. Probability None: the rate is not known, and is said so."""

    harm: Id
    label: Text
    probability: float | None
    low_probability: float | None = None
    high_probability: float | None = None
    basis: Text
    sources: tuple[Citation, ...] = ()


class NotBefore(Document):
    """Earliest hour after a session for one thing, as computed and as the sheets say; the later counts."""

    item: Id
    label: Text
    computed_h: float | None
    published_h: float
    hours_h: float
    because: Text
    sources: tuple[Citation, ...] = ()


class PassesForecast(Document):
    """How many passes one zone is expected to get before the session's endpoint is reached; sessions alike once.

    ``sessions`` counts from 0; ``passes_count`` holds the levels of the forecast over all directions together.
    ``stopped_share`` is the share of possible people for whom the endpoint comes before the last planned pass.
    """

    sessions: tuple[int, ...]
    zone: Id
    planned_count: int
    passes_count: tuple[float, ...]
    stopped_share: float


class Assumption(Document):
    """What was taken for granted because it was not measured."""

    text: Text
    sources: tuple[Citation, ...] = ()


class Forecast(Document):
    """What is expected, frozen before treatment. Bands come from an ensemble of possible people.

    It carries the person and the assessment it was made for, so that it can be run again from itself. ``pain_ratio``
    is the pain of the worst session relative to a session of the reference course, both without anaesthetic.
    """

    plan_sha256: Sha256
    person: Person
    assessment: Assessment
    result: Id
    days_d: tuple[float, ...]
    measures: tuple[MeasureForecast, ...]
    outcomes: tuple[Outcome, ...]
    harms: tuple[Harm, ...]
    not_before: tuple[NotBefore, ...]
    redness_d: tuple[float, ...]
    ready_d: tuple[float, ...]
    levels_share: tuple[float, ...]
    endpoint_probability: tuple[tuple[Endpoint, float], ...]
    passes: tuple[PassesForecast, ...] = ()
    pain_ratio: tuple[float, ...] = ()
    assumptions: tuple[Assumption, ...]
    members_count: int
    key: int
    model: Text
    versions: tuple[tuple[Id, Text], ...]
    knowledge_sha256: Sha256


# What a choice holds lies in a module of its own, which needs the documents above.
from needling.documents.choice import BestListed as BestListed  # noqa: E402
from needling.documents.choice import Choice as Choice  # noqa: E402
from needling.documents.choice import Constraint as Constraint  # noqa: E402
from needling.documents.choice import OtherTreatment as OtherTreatment  # noqa: E402
from needling.documents.choice import Scorecard as Scorecard  # noqa: E402

# ---------------------------------------------------------------- approval and what was done


class Approval(Document):
    """A plan and its forecast, locked: everything after refers to this hash."""

    plan: Plan
    forecast: Forecast
    plan_sha256: Sha256
    forecast_sha256: Sha256
    clearance_sha256: Sha256
    overrides: tuple[Override, ...] = ()
    by: Id
    at: datetime


OTHER_HARM = "other"
"""The harm of an event that the knowledge does not list; its note says what it was."""


class Event(Document):
    """Something unwanted that happened, graded 1 to 5, with its day after the session, and its zone if it had one."""

    harm: Id
    grade: Annotated[int, Field(ge=1, le=5)]
    after_d: Annotated[float, Field(ge=0, le=2000)]
    zone: Annotated[Id | None, Field(exclude_if=lambda zone: zone is None)] = None
    note: Text = ""


class SessionRecord(Document):
    """What was really done on one day; without strokes: a planned session that was not done, and why.

    ``redness_d`` is how long the redness lasted. ``asked_until_d`` says up to which day after the session somebody
    asked about unwanted events: only up to then does an empty ``events`` mean that there were none. ``topicals`` are
    the products that touched the skin; None: nobody said, which is not "none". ``also_used`` are further devices: a
    roller has one length and one lot.
    """

    approval: Sha256
    session: Annotated[int, Field(ge=0, le=200)]
    on: date
    device: Id
    condition: Condition = "new"
    lot: Text | None = None
    expiry: date | None = None
    also_used: Annotated[tuple[Used, ...], Field(max_length=20, exclude_if=lambda used: not used)] = ()
    strokes: tuple[Stroke, ...]
    endpoint_seen: Endpoint | None = None
    pain_score: Annotated[float, Field(ge=0, le=10)] | None = None
    redness_d: Annotated[float, Field(ge=0, le=365)] | None = None
    events: tuple[Event, ...] = ()
    asked_until_d: Annotated[float, Field(ge=0, le=2000)] | None = None
    topicals: tuple[Id, ...] | None = None
    aftercare_given: bool | None = None
    deviations: tuple[Text, ...] = ()
    note: Text = ""
    by: Id

    @model_validator(mode="after")
    def _not_done_says_why(self) -> Self:
        if not self.strokes:
            seen = (self.endpoint_seen, self.pain_score, self.redness_d, *self.events)
            if any(one is not None for one in seen):
                raise ValueError(
                    f"session {self.session + 1} has no strokes, so it was not done, but says what was seen after it; "
                    "add the strokes, or take out endpoint_seen, pain_score, redness_d and events"
                )
            if not any(reason.strip() for reason in self.deviations):
                raise ValueError(
                    f"session {self.session + 1} has no strokes, so it was not done; say why in 'deviations', or add "
                    "the strokes that were done"
                )
        return self

    @model_validator(mode="after")
    def _events_were_asked_for(self) -> Self:
        latest = max((event.after_d for event in self.events), default=None)
        if latest is not None and self.asked_until_d is not None and latest > self.asked_until_d:
            raise ValueError(
                f"an event {latest:g} days after the session, but asked_until_d is {self.asked_until_d:g}; give the "
                "last day on which somebody asked"
            )
        return self
