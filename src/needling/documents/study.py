"""A trial on a virtual population: the study as registered beforehand, and what it found.

The study is the plan of its own analysis: results carry its sha256, and tables of another study are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from needling.documents import (
    Document,
    Fact,
    FactValue,
    Id,
    Phototype,
    Plan,
    Setting,
    Sha256,
    Text,
    _facts_from_mapping,
)

Primary = Literal["change", "responder", "redness", "harm"]
Design = Literal["paired", "independent"]
Sex = Literal["female", "male", "intersex"]

NO_TREATMENT = "no treatment"
CHOSEN = "chosen"
"""The plan of an arm that stands for "our default plan for this person"."""

BLOCK = 2048  # people of one shard unless a study says otherwise

Share = Annotated[float, Field(ge=0, le=1)]
_AGE_Y = Annotated[float, Field(ge=0, le=120)]


_BOTH_SEXES: dict[Sex, float] = {"female": 0.5, "male": 0.5}


def _sums_to_one(shares: Mapping[Any, float], what: str) -> None:
    total = sum(shares.values())
    if abs(total - 1) > 1e-6:
        raise ValueError(f"the shares of {what} add up to {total:g}; they must add up to 1")


class AgeSpread(Document):
    """Ages of the people who come: a normal distribution cut at both ends."""

    mean_y: _AGE_Y
    sd_y: Annotated[float, Field(ge=0, le=60)]
    from_y: _AGE_Y = 18.0
    to_y: _AGE_Y = 80.0

    @model_validator(mode="after")
    def _a_range(self) -> Self:
        if not self.from_y < self.to_y:
            raise ValueError(f"ages from {self.from_y:g} to {self.to_y:g} years hold nobody; from_y must be below to_y")
        return self


class FactShare(Document):
    """How many people answer a question with a value; the others answer it quietly.

    ``then`` holds answers that go with this one (``isotretinoin: true`` asks since when it was stopped).
    """

    name: Id
    share: Share
    value: FactValue = True
    then: tuple[Fact, ...] = ()

    _short_form = field_validator("then", mode="before")(_facts_from_mapping)


class BaselineSpread(Document):
    """Where a zone truly starts on its scale: a normal distribution, held inside the scale."""

    mean_score: float
    sd_score: Annotated[float, Field(ge=0)]


class StudyZone(Document):
    """One zone that everybody is treated on. Without ``baseline`` the concern's usual start and its spread hold."""

    zone: Id
    concern: Id
    area_cm2: Annotated[float, Field(gt=0, le=2000)]
    baseline: BaselineSpread | None = None


class Population(Document):
    """Who comes to be screened. Questions that no share is given for are answered quietly."""

    people_count: int
    setting: Setting
    age: AgeSpread
    phototypes: dict[Phototype, Share]
    sexes: dict[Sex, Share] = Field(default_factory=lambda: _BOTH_SEXES.copy())
    facts: tuple[FactShare, ...] = ()
    zones: Annotated[tuple[StudyZone, ...], Field(min_length=1, max_length=20)]

    @field_validator("people_count")
    @classmethod
    def _somebody(cls, people: int) -> int:
        if people < 1:
            raise ValueError(f"a trial with {people} people shows nothing; give people_count at least 1")
        if people > 100_000_000:
            raise ValueError(f"{people} people are more than a trial may have; at most 100000000")
        return people

    @model_validator(mode="after")
    def _shares(self) -> Self:
        _sums_to_one(self.phototypes, "the phototypes")
        _sums_to_one(self.sexes, "the sexes")
        for what, names in (
            ("fact", [fact.name for fact in self.facts]),
            ("zone", [zone.zone for zone in self.zones]),
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"{what} given twice: {', '.join(twice)}")
        return self


class Eligibility(Document):
    """Who of them may enter, on top of the same screening that everybody goes through.

    A person must give all answers of ``required`` and none of ``excluded``.
    """

    age_from_y: _AGE_Y = 0.0
    age_to_y: _AGE_Y = 120.0
    phototypes: tuple[Phototype, ...] | None = None
    sexes: tuple[Sex, ...] | None = None
    required: tuple[Fact, ...] = ()
    excluded: tuple[Fact, ...] = ()

    _short_required = field_validator("required", mode="before")(_facts_from_mapping)
    _short_excluded = field_validator("excluded", mode="before")(_facts_from_mapping)


class Arm(Document):
    """What one group gets: a protocol sentence, "no treatment", "chosen" (the plan that this package would choose for
    the person), or a whole plan, whose sessions are then done on everybody.
    """

    id: Id
    plan: Text | None = None
    whole_plan: Plan | None = None
    label: Text = ""

    @model_validator(mode="after")
    def _one_plan(self) -> Self:
        if (self.plan is None) == (self.whole_plan is None):
            raise ValueError(f"arm '{self.id}' needs either 'plan' (a sentence) or 'whole_plan' (a document), not both")
        return self

    @property
    def said(self) -> str:
        """What a reader calls the arm."""
        return self.label or self.plan or (self.whole_plan.label if self.whole_plan else "") or self.id


class OutcomeOf(Document):
    """What is compared, and when.

    ``change``: improvement on the scale, zones weighed by area. ``responder``: share of people whose improvement
    reaches the concern's meaningful change. ``redness``: longest redness, days. ``harm``: chance of a lasting mark.
    Without ``judge_day_d`` everybody is judged when the arm that ends last can fairly be judged.
    """

    primary: Primary = "change"
    judge_day_d: Annotated[float, Field(gt=0, le=2000)] | None = None


class Analysis(Document):
    """How it will be judged, fixed beforehand. ``margin`` is the smallest difference that matters, in the unit of the
    primary outcome (points of the scale, share of people, days, probability). Each arm is compared with ``control``.
    """

    margin: Annotated[float, Field(gt=0)]
    alpha_probability: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    power_probability: Annotated[float, Field(gt=0.5, lt=1)] = 0.8
    control: Id | None = None
    design: Design = "paired"


class Dropout(Document):
    """How many leave: a share of the people until the day of judging, or after each visit."""

    share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    by: Literal["end", "visit"] = "end"


class Scatter(Document):
    """How the force of the hand differs: from person to person (who does it) and from session to session, log scale."""

    person_sd_ratio: Annotated[float, Field(ge=0, le=1)] = 0.0
    session_sd_ratio: Annotated[float, Field(ge=0, le=1)] = 0.0


FEW_WORLDS = 16
"""Fewer other worlds than this give no band of nine in ten: then the smallest and the largest are told."""


class Worlds(Document):
    """How what nobody knows is carried: other possible values of the model's numbers, one draw for each world.

    World 0 has every number at its centre and holds everybody. The share of each block of people that comes first also
    lives in ``others_count`` other worlds; the band of the effect over them is shown beside the sampling interval.
    """

    others_count: Annotated[int, Field(ge=0, le=1000)] = 16
    people_share: Annotated[float, Field(gt=0, le=1)] = 0.0625


class Study(Document):
    """A trial on a virtual population, registered before it is run."""

    id: Id
    title: Text
    question: Text
    on: date
    population: Population
    eligibility: Eligibility = Eligibility()
    arms: Annotated[tuple[Arm, ...], Field(min_length=2, max_length=12)]
    outcome: OutcomeOf = OutcomeOf()
    analysis: Analysis
    dropout: Dropout = Dropout()
    missed_probability: Annotated[float, Field(ge=0, le=1)] = 0.0
    force: Scatter = Scatter()
    worlds: Worlds = Worlds()
    key: Annotated[int, Field(ge=0, lt=2**63)] = 0
    block_people_count: Annotated[int, Field(ge=16, le=65536)] = BLOCK

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, given: Any) -> Any:
        """Arms may be written as a mapping from id to sentence."""
        if isinstance(given, dict) and isinstance(given.get("arms"), dict):
            arms = [
                {"id": name, **(arm if isinstance(arm, dict) else {"plan": arm})} for name, arm in given["arms"].items()
            ]
            return {**given, "arms": arms}
        return given

    @model_validator(mode="after")
    def _arms_differ(self) -> Self:
        names = [arm.id for arm in self.arms]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"arm given twice: {', '.join(twice)}")
        return self

    @property
    def control(self) -> str:
        """The arm that the others are compared with: the named one, else the first."""
        return self.analysis.control or self.arms[0].id


# ---------------------------------------------------------------- results


class Estimate(Document):
    """A number with its confidence interval, in the unit of what it stands beside."""

    value: float
    low: float
    high: float


class Excluded(Document):
    """One reason not to enter, in the order of checking, and for how many people it was the first that held."""

    reason: Text
    people_count: int


class Flow(Document):
    """How many were screened, how many entered, and why the others did not."""

    screened_count: int
    eligible_count: int
    not_eligible: tuple[Excluded, ...]


class MeasureSpread(Document):
    """How one measure differs between the people of an arm. ``quantiles`` are at ``levels_share``."""

    measure: Id
    unit: Text
    mean: float
    sd: float
    levels_share: tuple[float, ...]
    quantiles: tuple[float, ...]


class ArmResult(Document):
    """One arm: who stayed, what happened, harms beside benefit. Shares carry confidence intervals.

    ``responders`` are None where no honest forecast of the result exists: nobody knows, which is not "nobody".
    """

    arm: Id
    label: Text
    people_count: int
    dropped_out_count: int
    sessions_planned_count: int
    sessions_missed_count: int
    primary: Estimate
    responders: Estimate | None
    responders_seen: Estimate | None
    harm: Estimate
    harmed_count: int
    measures: tuple[MeasureSpread, ...]


class Difference(Document):
    """An arm minus the control in one measure, on one set of people; ``world_low`` and ``world_high`` hold 90 % of the
    other possible worlds (None without them).
    """

    measure: Id
    unit: Text
    people: Literal["everybody", "completers"]
    estimate: Estimate
    sd: float
    world_low: float | None = None
    world_high: float | None = None


class NumberToTreat(Document):
    """People to treat for one more responder, negative where the control has more of them.

    Without bounds where the interval of the difference holds 0; without a value where responders are not known.
    """

    value: float | None
    low: float | None
    high: float | None


Finding = Literal[
    "better", "better-size-open", "better-but-small", "no-difference-that-matters", "worse-but-small",
    "worse-size-open", "worse", "undecided",
]  # fmt: skip
"""What an interval says: "better" only where all of it lies beyond the margin, "size open" where it holds it."""


class Contrast(Document):
    """One arm against the control. ``finding`` judges the primary outcome against 0 and the margin.

    ``achieved_power`` is the chance of this many virtual people to show a difference as large as the margin.
    """

    arm: Id
    control: Id
    primary: Difference
    completers: Difference
    as_seen: Difference | None
    others: tuple[Difference, ...]
    number_to_treat: NumberToTreat
    achieved_power: float
    finding: Finding
    worlds_in_favour_share: float | None


class RealTrial(Document):
    """People that a real trial needs to show a difference with this spread, as readings carry it.

    ``difference_from`` says which difference: the one found in the middle world, the study's own margin, or the least
    and the greatest of the other worlds. What nobody knows changes sizes by a lot, so one alone is never shown.
    """

    arm: Id
    control: Id
    design: Literal["parallel", "split-person"]
    difference_from: Literal["found", "margin", "least-world", "greatest-world"] = "found"
    difference: float
    sd: float
    per_arm_count: int | None
    total_count: int | None
    with_dropout_count: int | None
    because: Text


class Efficiency(Document):
    """What it saves that virtual people are their own controls.

    ``ratio`` is the people of independent arms for the same width of the interval over those of paired ones;
    ``measured_ratio`` the same from the widths found when everybody counts in one arm only.
    """

    arm: Id
    paired_half_width: float
    paired_people_count: int
    independent_people_count: int
    ratio: float
    measured_ratio: float | None


class TrialResults(Document):
    """What the trial found, with the hashes of what it rests on."""

    study_id: Id
    study_sha256: Sha256
    knowledge_sha256: Sha256
    version: Text
    primary: Primary
    primary_unit: Text
    judge_day_d: float
    design: Design
    worlds_count: int
    flow: Flow
    arms: tuple[ArmResult, ...]
    contrasts: tuple[Contrast, ...]
    real_trials: tuple[RealTrial, ...]
    efficiency: tuple[Efficiency, ...]
    notes: tuple[Text, ...] = ()
