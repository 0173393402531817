"""What many people taught about everybody: a document that a belief can be made from again."""

from __future__ import annotations

from needling.documents import Document, Id, Sha256, Text


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
    """

    knowledge_sha256: Sha256
    parameter_set: Id
    key: int
    approvals: tuple[Sha256, ...]
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
