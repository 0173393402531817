"""What was learned, as documents: what many people taught about everybody, and how one course should go on."""

from __future__ import annotations

from typing import Literal

from needling.documents import Assessment, Choice, Clearance, Document, Id, Plan, Reason, Sha256, Text


class Combination(Document):
    """One combination of parameters that the data set; all in standard deviations of what was believed before.

    ``parts_ratio`` are the weights of the parameters, the strongest first; the squares of all weights add up to 1.
    ``before_ratio`` and ``after_ratio`` are its 5 %, 50 % and 95 %. ``data_share`` is the part of its variance that the
    data took away; the rest is prior.
    """

    parameters: tuple[Id, ...]
    parts_ratio: tuple[float, ...]
    before_ratio: tuple[float, float, float]
    after_ratio: tuple[float, float, float]
    data_share: float


class PopulationFit(Document):
    """The doubts of the parameters after the data of many people, and whether the fit can be believed.

    ``centre_ratio`` and ``covariance_ratio`` are of the doubts in ``names``, in standard deviations of the doubt that
    the knowledge gives. ``scatter_ratio`` is the scatter of the readings around the fit over what the model expects,
    ``stretch_share`` by how much readings lie too high against anything the model can say, each with its chance by luck
    alone; ``surprise_probability`` is the chance that people would differ so much from what was believed.
    ``bent_share`` is the part of what was still believed that no straight line follows; it was counted as noise.
    ``approvals`` and ``people`` (ids) are those it was learned from, so that nobody counts twice.
    """

    knowledge_sha256: Sha256
    parameter_set: Id
    key: int
    approvals: tuple[Sha256, ...]
    people: tuple[Id, ...] = ()
    accepted: bool
    people_count: int
    readings_count: int
    left_out: tuple[Text, ...]
    names: tuple[Id, ...]
    centre_ratio: tuple[float, ...]
    covariance_ratio: tuple[tuple[float, ...], ...]
    data_share: tuple[float, ...]
    combinations: tuple[Combination, ...]
    still_prior: tuple[Id, ...]
    scatter_ratio: float | None = None
    scatter_probability: float | None = None
    stretch_share: float | None = None
    stretch_sd_share: float | None = None
    stretch_probability: float | None = None
    surprise_probability: float | None = None
    bent_share: float | None = None
    flags: tuple[Text, ...] = ()
    words: Text


class Learning(Document):
    """What the readings of one person did to what was believed; see the report of a reweighting."""

    accepted: bool
    effective_members_count: float
    temper_share: float
    data_share: dict[str, float]
    words: Text


class Proposal(Document):
    """How a course should go on, with all that approving it needs; nothing changes until it is approved.

    ``plan`` holds the sessions that were done and those to come; None for a pause, a question and a complete course.
    ``approvals`` are those that it stands on, the one in force first: records of any of them belong to the course.
    """

    kind: Literal["go-on", "change", "stop", "pause", "ask"]
    changed: bool
    reasons: tuple[Reason, ...]
    learned: Learning | None = None
    plan: Plan | None = None
    choice: Choice | None = None
    clearance: Clearance
    assessment: Assessment
    approvals: tuple[Sha256, ...] = ()
