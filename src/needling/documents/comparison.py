"""Documents about two plans of one person: the same possible people under both, and what a changed input does."""

from typing import Literal

from needling.documents import Citation, Document, Forecast, Id, MeasureForecast, Plan, Scorecard, Setting, Sha256, Text
from needling.documents.maps import MapReport

Standing = Literal["first", "second", "alike", "unclear", "unknown"]
"""Which plan is better in one thing; "alike": no difference that matters; "unclear": people differ too much to say;
"unknown": the two sums do not hold the same things, because nobody has counted some of them for one plan's device."""


class LimitBroken(Document):
    """One thing in a plan beyond its envelope: what, how much is allowed, and why."""

    what: Text
    allowed: Text
    because: Text
    sources: tuple[Citation, ...] = ()


class PlanDifference(Document):
    """One thing that two plans do differently, in words; ``zone`` None: the whole plan."""

    what: Text
    zone: Id | None = None
    first: Text
    second: Text


class PairedNumber(Document):
    """One number of the same possible people under two plans, and its difference: second minus first.

    ``first``, ``second`` and ``difference`` are of the person in the middle (of chances: the mean), so the difference
    is that of the differences and not of the two middles. ``second_better_share`` and ``first_better_share`` are the
    possible people who are better off with one by at least ``counts_from``: the change that people notice on an
    outcome's scale, else what is no longer ``negligible``. ``standing``: which plan is better for nearly all of them.
    """

    id: Id
    zone: Id | None = None
    label: Text
    unit: Text
    better: Literal["lower", "higher"]
    first: float
    second: float
    difference: float
    difference_quantiles: tuple[float, ...]
    levels_share: tuple[float, ...]
    counts_from: float
    negligible: float
    second_better_share: float
    first_better_share: float
    standing: Standing


class MeasureDifference(MeasureForecast):
    """Second minus first of one measure over time, on the same possible people: ``quantiles[level][day]``."""


class MapPair(Document):
    """The channel maps of one zone under two plans: for each the session that lays most channels there, as planned.

    Both on the same square of skin, with the same luck of the hand; None where a plan does nothing on the zone.
    ``first_session`` and ``second_session`` count from 0.
    """

    zone: Id
    first: MapReport | None
    second: MapReport | None
    first_session: int | None
    second_session: int | None


class PlanSide(Document):
    """One of two plans: the plan, its forecast, its scorecard, and where it leaves its envelope."""

    name: Text
    plan: Plan
    forecast: Forecast
    scorecard: Scorecard
    breaches: tuple[LimitBroken, ...] = ()

    @property
    def inside(self) -> bool:
        """Whether the plan may be approved as far as its envelope goes."""
        return not self.breaches


class Comparison(Document):
    """Two plans of one person side by side, on the same possible people with the same luck.

    ``better`` names the plan that the choice would take of the two, "no treatment" where that is worth more, and None
    where neither may be taken or the forecast cannot tell them apart. ``unpaired`` are things that only one plan has a
    number for. ``differs``: whether anything differs that can be told.
    """

    person: Id
    setting: Setting
    first: PlanSide
    second: PlanSide
    plan_differences: tuple[PlanDifference, ...]
    numbers: tuple[PairedNumber, ...]
    unpaired: tuple[Text, ...] = ()
    days_d: tuple[float, ...]
    curves: tuple[MeasureDifference, ...]
    maps: tuple[MapPair, ...]
    better: Literal["first", "second", "no treatment"] | None
    verdict: Text
    differs: bool
    sure_share: float
    members_count: int
    key: int
    model: Text
    versions: tuple[tuple[Id, Text], ...]
    knowledge_sha256: Sha256


class InputChange(Document):
    """One input as it was and as it was asked for, in words with its unit; without ``zones`` it is the whole plan's."""

    input: Id
    zones: tuple[Id, ...] = ()
    before: Text
    after: Text


class WhatIf(Document):
    """What a changed input does: the plan as changed, its forecast, and paired differences from the plan before.

    ``stamp`` stands on everything that is shown of a plan outside its envelope. ``forecast`` is None where none may be
    made: at home beyond the home envelope, or outside the range of the model (``result`` says which). ``nearest`` is
    the nearest plan inside the envelope, and ``nearest_differences`` what it does differently (second) from the wish.
    """

    changes: tuple[InputChange, ...]
    follows: tuple[Text, ...]
    before: Plan
    plan: Plan
    plan_differences: tuple[PlanDifference, ...]
    breaches: tuple[LimitBroken, ...]
    stamp: Text = ""
    result: Literal["ok", "diverged", "out-of-range", "refused"]
    advice: Text = ""
    forecast: Forecast | None
    numbers: tuple[PairedNumber, ...]
    unpaired: tuple[Text, ...] = ()
    nearest: Plan | None = None
    nearest_differences: tuple[PlanDifference, ...] = ()

    @property
    def inside(self) -> bool:
        """Whether the plan as changed lies inside its envelope."""
        return not self.breaches
