"""Documents of looking back: how one approval did, and how the forecasts of many people did together."""

from datetime import date, datetime
from typing import Literal

from needling.documents import Assessment, Document, Endpoint, Id, SessionRecord, Sha256, Text

Standing = Literal["holds", "failing", "too few to say"]


class Visits(Document):
    """A file of what was done and seen: records of sessions, and later assessments."""

    records: tuple[SessionRecord, ...] = ()
    followups: tuple[Assessment, ...] = ()


class Miss(Document):
    """One forecast against what was seen: where in the band it fell and how far off it was.

    Everything is in ``unit``. ``error`` is seen minus the forecast's median. ``nothing_crps`` is the score of the
    forecast "nothing changes" with the same noise, and ``expected_change`` how far the forecast's mean lies from it.
    ``below_share`` and ``up_to_share`` are the forecast's probabilities of less than the reading, and of no more
    than it: on a scale of whole grades a reading stands for all that rounds to it. It lies inside a band that leaves
    out 5 % at either end when both it or less, and it or more, were likelier than that. ``by`` is who read it; None
    when nobody said, and for what the person told.
    """

    measure: Id
    unit: Text
    zone: Id | None
    on: date
    forecast_median: float
    forecast_mean: float
    expected_change: float
    low: float
    high: float
    seen: float
    error: float
    crps: float
    nothing_crps: float
    below_share: float
    up_to_share: float
    inside_50: bool
    inside_90: bool
    by: Id | None = None


class Delivery(Document):
    """Planned against delivered channels of one session and zone; ``session`` counts from 0, as in records.

    ``at_endpoint``: fewer channels than planned, because the planned endpoint was reached first, which is what the plan
    asks for. ``beyond_endpoint``: more was seen than the planned endpoint, so the skin was treated too hard.
    ``as_planned``: done, not beyond the endpoint, and within the allowed difference or stopped at the endpoint.
    ``agreement_share`` is the share of the zone where the delivered map agrees with the planned one (gamma index) and
    ``agrees`` whether that is enough; None where no maps were laid, with ``map_note`` saying on which outline they
    were, or why not.
    """

    session: int
    zone: Id
    planned_per_cm2: float
    delivered_per_cm2: float
    difference_pct: float
    late_d: float
    done: bool
    at_endpoint: bool
    beyond_endpoint: bool = False
    as_planned: bool
    agreement_share: float | None = None
    agrees: bool | None = None
    map_note: Text = ""


class EndpointMiss(Document):
    """The endpoint seen after a session (counted from 0) against the chance that was forecast for each.

    ``rps_ratio`` is the ranked probability score: 0 when certain and right, 1 when certain and at the other end.
    ``even_rps_ratio`` is that of all endpoints being equally likely.
    """

    session: int
    seen: Endpoint
    expected_probability: tuple[tuple[Endpoint, float], ...]
    rps_ratio: float
    even_rps_ratio: float


class ToldEvent(Document):
    """One unwanted event as it was recorded, whether or not its harm has a rate.

    ``session`` counts from 0, as in records; ``on`` is the day on which it was noted, ``after_d`` days after the
    session. ``serious``: its grade is severe or worse. ``expected``: no more than the redness and swelling that
    everybody has.
    """

    session: int
    on: date
    harm: Id
    label: Text
    grade: int
    grade_label: Text
    after_d: float
    expected: bool
    serious: bool
    note: Text = ""


class EventMiss(Document):
    """One harm that was forecast with a chance, and whether it came. ``brier_ratio`` is the square of the difference.

    ``group`` joins the counts that are about the same harm in different groups of people.
    """

    harm: Id
    group: Text
    label: Text
    probability: float
    happened: bool
    brier_ratio: float


class Misses(Document):
    """The score of one approval: each miss, each delivery, and how the forecast did over all.

    ``mean_crps`` and ``bias`` are means over readings of the indications' scales; times and chances stand apart.
    ``told`` are all unwanted events that were recorded; ``events`` only the harms that have a chance to score.
    ``start`` is the day that the course began, which a course approved anew half-way keeps, and ``approved_at`` when
    this approval was given.
    """

    approval: Sha256
    person: Id
    start: date | None = None
    approved_at: datetime | None = None
    misses: tuple[Miss, ...]
    deliveries: tuple[Delivery, ...]
    endpoints: tuple[EndpointMiss, ...] = ()
    events: tuple[EventMiss, ...] = ()
    told: tuple[ToldEvent, ...] = ()
    unscored: tuple[Text, ...] = ()
    mean_crps: float | None
    bias: float | None
    inside_50_share: float | None
    inside_90_share: float | None


# ---------------------------------------------------------------- many people together


class Coverage(Document):
    """How many readings fell inside a band, each person counting once; ``low_share`` to ``high_share`` is Wilson's."""

    nominal_share: float
    observed_share: float
    low_share: float
    high_share: float


class CalibrationPoint(Document):
    """Share of readings below a level of their forecasts, and what chance allows there when the forecasts are right."""

    nominal_share: float
    observed_share: float
    low_share: float
    high_share: float


class MeasureCalibration(Document):
    """How the forecasts of one measure did over many people, in ``unit``; readings of one person go together.

    ``nothing_crps`` is the score of "nothing changes" with the same noise and ``skill_ratio`` what the forecast gains
    on it (1: perfect, 0: no better). ``bias`` is seen minus the forecast's mean; ``bias_probability`` how likely one as
    large is by chance alone. ``change_ratio`` is the change seen over the change expected: 1.2 when it is 20 % larger.
    ``lean_ratio`` is the mean place of a reading in its forecast as a normal score, positive when people change more
    than forecast. Intervals hold 90 %. ``heights_ratio`` are those of the histogram of places, 1 when even.
    ``readers_count`` is how many are known to have read; where more than one, readings of one reader go together.
    """

    measure: Id
    label: Text
    unit: Text
    people_count: int
    readings_count: int
    readers_count: int = 0
    mean_crps: float | None
    nothing_crps: float | None
    skill_ratio: float | None
    skill_low_ratio: float | None
    skill_high_ratio: float | None
    expected_change: float | None
    bias: float | None
    bias_low: float | None
    bias_high: float | None
    bias_probability: float | None
    change_ratio: float | None
    change_low_ratio: float | None
    change_high_ratio: float | None
    lean_ratio: float | None
    coverage: tuple[Coverage, ...]
    points: tuple[CalibrationPoint, ...]
    edges_share: tuple[float, ...]
    heights_ratio: tuple[float, ...]
    verdict: Standing
    because: Text


class EventCalibration(Document):
    """How often something came that was forecast with a chance: seen, expected, and what chance allows around that.

    ``low_count`` to ``high_count`` holds at least 90 % of what the forecasts' own chances give by luck (exact).
    ``doubled_probability`` is the chance that twice the odds would have been noticed.
    """

    event: Id
    label: Text
    people_count: int
    expected_count: float
    observed_count: int
    low_count: int
    high_count: int
    event_probability: float
    doubled_probability: float
    mean_brier_ratio: float
    verdict: Standing
    because: Text


class Calibration(Document):
    """How forecasts did over many people: each measure, all together, and events; a model that fails is shown failing.

    ``everything`` puts all measures on one footing (places in the forecast's band); ``alarm_share`` is the chance that
    any of its tests fails although all forecasts are right, and ``tests_count`` how many share it.
    ``without_followup_count`` is how many approvals have no reading on a scale, so nothing is known of their end.
    """

    people_count: int
    without_followup_count: int = 0
    approvals: tuple[Sha256, ...]
    everything: MeasureCalibration | None
    measures: tuple[MeasureCalibration, ...]
    events: tuple[EventCalibration, ...]
    deliveries_count: int
    delivered_share: float | None
    verdict: Standing
    because: Text
    rule: Text
    alarm_share: float
    tests_count: int
    knowledge_sha256: Sha256
