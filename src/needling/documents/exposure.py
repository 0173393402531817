"""Documents about what goes into the skin: a substance, how it is put on, and where it is afterwards.

Frozen and with units in the field names, as all documents (:mod:`needling.documents`).
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from needling.documents import (
    Assessment,
    Assumption,
    Citation,
    Cover,
    Document,
    Id,
    Person,
    Reason,
    Setting,
    Sha256,
    Text,
)

Charge = Literal["neutral", "acid", "base", "zwitterion"]
Barrier = Literal["wilschut-robinson", "bricks"]
Share = Annotated[float, Field(gt=0, le=1)]


class Substance(Document):
    """One substance with the numbers that decide how far it goes. None: not known, and never guessed.

    ``pka_ph`` is that of the group that ``acid_or_base`` names; a "zwitterion" has none here, and its
    ``log_kow_ratio`` is the apparent one near neutral.
    The solubility is that of the form without charge in water; ``concentration_share`` the strength of the product;
    ``film_ph`` its acidity. ``topical`` names its entry in the knowledge base; without one no gate speaks for it.
    """

    name: Text
    topical: Id | None = None
    molar_mass_g_per_mol: Annotated[float, Field(ge=10, le=1e7)] | None = None
    log_kow_ratio: Annotated[float, Field(ge=-10, le=12)] | None = None
    acid_or_base: Charge | None = None
    pka_ph: Annotated[float, Field(ge=-5, le=20)] | None = None
    solubility_g_per_l: Annotated[float, Field(gt=0)] | None = None
    concentration_share: Share | None = None
    film_ph: Annotated[float, Field(ge=0, le=14)] | None = None
    albumin_site: bool = False


class SerumUse(Document):
    """How a substance is put on: where, how much, how long, and what was done to the skin before.

    Without ``needle_length_mm`` the skin is whole. ``hours_after_h`` is the time from the session to the application;
    below 0 the product goes on whole skin and comes off when the session starts. ``density_per_cm2`` and
    ``channel_depth_um`` stand in for a device where channels were counted. ``receptor`` is a skin sheet over a
    receptor, as in the laboratory (``skin_thickness_um`` in all); otherwise blood carries the substance off.
    A person and an assessment move closing and thickness by what is known of them.
    """

    substance: Substance
    site: Id = "cheek"
    setting: Setting = "home"
    cover: Cover = "open-air"
    product_mg_per_cm2: Annotated[float, Field(gt=0, le=1000)]
    concentration_share: Share
    hours_h: Annotated[float, Field(gt=0, le=2000)] = 24.0
    wash_off_h: Annotated[float, Field(gt=0, le=2000)] | None = None
    hours_after_h: Annotated[float, Field(ge=-2000, le=2000)] = 0.0
    needle_length_mm: Annotated[float, Field(gt=0, le=3)] | None = None
    device: Id | None = None
    directions_count: Annotated[int, Field(ge=1, le=8)] = 4
    passes_count: Annotated[int, Field(ge=1, le=40)] = 4
    force_N: Annotated[float, Field(gt=0, le=20)] | None = None
    density_per_cm2: Annotated[float, Field(ge=0, le=10000)] | None = None
    channel_depth_um: Annotated[float, Field(gt=0, le=3000)] | None = None
    channel_radius_um: Annotated[float, Field(gt=0, le=300)] | None = None
    receptor: bool = False
    skin_thickness_um: Annotated[float, Field(ge=50, le=6000)] | None = None
    barrier: Barrier = "wilschut-robinson"
    person: Person | None = None
    assessment: Assessment | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.person is None) != (self.assessment is None):
            raise ValueError("give both a person and an assessment, or neither")
        if (self.density_per_cm2 is None) != (self.channel_depth_um is None):
            raise ValueError("channels that were counted need both density_per_cm2 and channel_depth_um")
        if self.device is not None and self.needle_length_mm is None:
            raise ValueError("a device needs needle_length_mm")
        return self


class SerumGate(Document):
    """What the topical gate says of this use. ``stamp`` is empty, or stands on every output of a research run."""

    allowed: bool
    why: Text
    when_allowed_h: float | None = None
    sources: tuple[Citation, ...] = ()
    proposal: bool = True
    stamp: Text = ""


class Channels(Document):
    """The channels when the product goes on, as quantiles over possible people, and how fast they close."""

    density_per_cm2: tuple[float, ...]
    depth_um: tuple[float, ...]
    radius_um: tuple[float, ...]
    opening_share: tuple[float, ...]
    half_life_h: tuple[float, ...]


class SerumAmount(Document):
    """How much is in one place over time: ``needled_ug_per_cm2[level][time]``, and the same through whole skin."""

    place: Id
    label: Text
    needled_ug_per_cm2: tuple[tuple[float, ...], ...]
    whole_skin_ug_per_cm2: tuple[tuple[float, ...], ...]


class Permeability(Document):
    """How easily one substance passes one site, as quantiles over possible people.

    ``skin_cm_per_h`` is whole skin over a receptor, ``horny_layer_cm_per_h`` the horny layer alone; partitions are
    over the product. The three formulas are of whole skin for the form without charge, without any spread.
    """

    substance: Substance
    site: Id
    levels_share: tuple[float, ...]
    skin_cm_per_h: tuple[float, ...]
    horny_layer_cm_per_h: tuple[float, ...]
    horny_partition_ratio: tuple[float, ...]
    horny_diffusivity_cm2_per_s: tuple[float, ...]
    tissue_partition_ratio: tuple[float, ...]
    tissue_diffusivity_cm2_per_s: tuple[float, ...]
    binding_ratio: tuple[float, ...]
    clearance_per_s: tuple[float, ...]
    living_skin_cm_per_h: tuple[float, ...]
    lag_h: tuple[float, ...]
    charge_free_share: float
    wilschut_robinson_cm_per_h: float | None
    potts_guy_cm_per_h: float | None
    epa_cm_per_h: float | None
    cleek_bunge_cm_per_h: float | None
    assumptions: tuple[Assumption, ...]
    members_count: int
    key: int
    knowledge_sha256: Sha256


class SerumForecast(Document):
    """Where a substance goes after it is put on the skin. Always bands over possible people, never one number.

    ``enhancement_ratio`` is what passed the horny layer by the end, needled over whole skin: an interval; less than a
    millionth of the dose counts as a millionth. ``stamp`` repeats the gate's; it stands on every output.
    """

    use: SerumUse
    gate: SerumGate
    stamp: Text
    result: Id
    dose_ug_per_cm2: float
    channels: Channels | None
    hours_h: tuple[float, ...]
    levels_share: tuple[float, ...]
    amounts: tuple[SerumAmount, ...]
    enhancement_ratio: tuple[float, ...]
    permeability: Permeability
    assumptions: tuple[Assumption, ...]
    sources: tuple[Citation, ...]
    members_count: int
    key: int
    model: Text
    versions: tuple[tuple[Id, Text], ...]
    knowledge_version: Text
    knowledge_sha256: Sha256


# ---------------------------------------------------------------- numbing cream in the blood


class LevelThreshold(Document):
    """A blood level to compare with, and how likely the highest level passes it.

    ``probability`` is the share of possible people; ``high_probability`` is the most that so many of them can rule out
    (95 %). ``margin_ratio`` is the threshold over the peak that 95 of 100 people stay below.
    """

    threshold: Id
    label: Text
    threshold_ug_per_ml: float
    probability: Annotated[float, Field(ge=0, le=1)]
    high_probability: Annotated[float, Field(ge=0, le=1)]
    margin_ratio: float
    sources: tuple[Citation, ...] = ()


class LevelForecast(Document):
    """One drug of a numbing cream in the blood over the hours from putting it on: ``level_ug_per_ml[level][time]``."""

    drug: Id
    dose_mg: float
    time_h: tuple[float, ...]
    levels_share: tuple[float, ...]
    level_ug_per_ml: tuple[tuple[float, ...], ...]
    peak_ug_per_ml: tuple[float, ...]
    mean_peak_ug_per_ml: float
    peak_time_h: tuple[float, ...]
    absorbed_mg: tuple[float, ...]
    thresholds: tuple[LevelThreshold, ...]


class AnaestheticForecast(Document):
    """A numbing cream before needling: whether the label allows it, and what blood level to expect.

    ``beyond``: at least one refusal, and no levels unless it was asked for as research (then ``stamp`` says so).
    ``ask``: something that decides is not known. ``within`` says that label limits are kept, not that it is safe. None
    as an answer means "not asked".
    """

    product: Text
    contents_pct: tuple[tuple[Id, float], ...]
    form: Literal["cream", "patch"]
    amount_g: float
    area_cm2: float
    contact_min: float
    sites: tuple[Id, ...]
    setting: Setting
    covered: bool | None
    skin: Literal["whole", "needled", "broken"] | None
    weight_kg: float | None
    age_y: float | None
    liver_disease: bool | None
    heart_disease: bool | None
    methaemoglobin_risk: bool | None
    verdict: Literal["within", "ask", "beyond"]
    refusals: tuple[Reason, ...]
    asks: tuple[Reason, ...]
    cautions: tuple[Reason, ...]
    limits: tuple[Text, ...]
    drugs: tuple[LevelForecast, ...]
    not_forecast: tuple[Text, ...]
    assumptions: tuple[Assumption, ...]
    stamp: Text
    members_count: int
    key: int
    model: Text
    knowledge_sha256: Sha256
