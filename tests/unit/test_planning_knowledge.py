"""The planning knowledge makes sense: sites, devices, concerns, scales, limits and follow-ups agree with each other."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import pairwise

import pytest

from needling.knowledge.base import Knowledge
from needling.knowledge.load import build_knowledge
from needling.knowledge.schema import Device, Indication, Protocol, Site

KB: Knowledge = build_knowledge()

SITES = {
    "eyelid": "BS1",
    "periorbital": "BS2",
    "forehead": "BS3",
    "nose": "BS4",
    "upper-lip": "BS5",
    "cheek": "BS6",
    "chin-jaw": "BS7",
    "neck": "BS8",
    "decollete": "BS9",
    "scalp": "BS10",
    "shoulder-back": "BS11",
    "abdomen": "BS12",
    "thigh-buttock": "BS13",
    "upper-arm": "BS14",
    "hand": "BS15",
    "mucosa": "BS16",
    "axilla": "BS17",
}
TWO_SIDED = {"periorbital", "eyelid", "cheek", "upper-arm", "hand", "thigh-buttock", "shoulder-back", "axilla"}
PLANNED = {
    "acne-scars-rolling",
    "acne-scars-boxcar",
    "wrinkles-face",
    "upper-lip-lines",
    "neck-lines",
    "striae",
    "melasma",
    "pih-after-acne",
    "pores-dullness",
    "surgical-scar",
    "traumatic-scar",
    "hair-thinning",
}
REFERRED = {
    "acne-scars-ice-pick",
    "acne-marks-flat",
    "burn-scar",
    "alopecia-areata",
    "hyperhidrosis",
    "vitiligo",
    "rosacea",
    "active-acne",
}
WITHOUT_EVIDENCE = {"cellulite", "product-delivery"}
ARTICLE_LENGTHS_MM = {0.2, 0.3, 0.5, 1.0, 1.5, 2.0, 2.5}
FORBIDDEN = re.compile(r"\b(treat(s|ed|ing|ment)?|cur(e|es|ed)|flawless|perfect|heal(s|ed)?|regenerat\w*)\b", re.I)


def protocols() -> Iterator[tuple[Indication, Protocol, Site]]:
    """Every protocol of every concern on each of its sites."""
    for indication in KB.indications:
        for protocol in indication.protocols:
            for site in protocol.sites:
                yield indication, protocol, KB.by("sites")[site]


PROTOCOLS = list(protocols())
NAMES = [f"{concern.id}-{protocol.setting}-{site.id}" for concern, protocol, site in PROTOCOLS]


# ---------------------------------------------------------------- sites


def test_the_sites_are_those_of_the_evidence() -> None:
    assert {site.id: site.ref for site in KB.sites} == SITES
    assert {site.id for site in KB.sites if site.two_sided} == TWO_SIDED
    assert {site.id for site in KB.sites if site.never} == {"eyelid", "mucosa"}
    assert {site.id for site in KB.sites if site.bony} == {"forehead", "nose", "chin-jaw", "hand"}
    assert {site.id for site in KB.sites if site.keloid_prone} == {"decollete", "shoulder-back"}


@pytest.mark.parametrize("site", KB.sites, ids=lambda site: site.id)
def test_a_site_never_gives_more_at_home_than_in_the_clinic(site: Site) -> None:
    assert site.home_max_mm <= site.clinic_max_mm <= KB.envelope("clinic").needle_max_mm
    assert site.home_max_mm <= KB.envelope("home").needle_max_mm
    if site.clinic_default_mm is not None:
        assert site.home_max_mm <= site.clinic_default_mm <= site.clinic_max_mm
    if site.never or site.id == "axilla":
        assert site.home_max_mm == site.clinic_max_mm == 0
        assert not site.roller
    assert site.proposal and site.sources, "a ceiling is our proposal and names the facts behind it"
    assert not any(mark in f"{site.name}{site.plural}" for mark in ",+/"), "names are parts of a protocol sentence"


@pytest.mark.parametrize("site", [s for s in KB.sites if s.epidermis_um], ids=lambda site: site.id)
def test_histology_and_imaging_of_the_epidermis_are_kept_apart(site: Site) -> None:
    assert 30 <= site.epidermis_um <= 150
    assert site.epidermis_imaging_um is None or site.epidermis_imaging_um > 1.5 * site.epidermis_um


def test_thin_sites_are_thin_and_labels_are_different() -> None:
    face = [site for site in KB.sites if site.dermis_mm]
    assert min(face, key=lambda site: site.dermis_mm).id == "eyelid"
    assert len({site.name for site in KB.sites}) == len({site.plural for site in KB.sites}) == len(KB.sites)


# ---------------------------------------------------------------- devices


def density_per_cm2(device: Device, share: float, length_mm: float) -> float:
    """Holes per cm2 of one pass of a roller: needles over the strip that one turn covers, typed again here."""
    assert device.drum_diameter_mm and device.drum_width_mm
    circumference_cm = math.pi * (device.drum_diameter_mm + 2 * share * length_mm) / 10
    return device.needles_count / (circumference_cm * device.drum_width_mm / 10)


def test_mf8_lays_13_to_15_holes_per_pass() -> None:
    mf8 = KB.device("roller-mf8")
    assert density_per_cm2(mf8, 0, 1.5) == pytest.approx(15.3, abs=0.05)
    assert density_per_cm2(mf8, 1, 1.5) == pytest.approx(13.3, abs=0.05)


def test_fifteen_passes_come_near_the_published_250() -> None:
    short = KB.device("roller-192")
    laid = [15 * density_per_cm2(short, share, 0.2) for share in (1, 0)]
    assert laid == pytest.approx([225, 229], abs=0.5)


def test_a_pen_lays_what_needles_rate_and_speed_give() -> None:
    pen = KB.device("pen-skinpen-precision")
    assert pen.rate_hz and pen.speed_mm_per_s and pen.head_width_mm
    per_second = pen.needles_count * pen.rate_hz
    assert per_second == pytest.approx(1630, rel=0.01)
    assert 100 * per_second / (pen.speed_mm_per_s * pen.head_width_mm) == pytest.approx(1170, rel=0.01)


def test_there_is_a_device_for_each_article_length() -> None:
    assert len(KB.devices) >= 20
    assert set(KB.device("roller-192").lengths_mm) == ARTICLE_LENGTHS_MM
    assert {"roller-home", "stamp-home", "stamp-digital", "pen-generic"} <= set(KB.by("devices"))


@pytest.mark.parametrize("device", KB.devices, ids=lambda device: device.id)
def test_a_device_is_physical(device: Device) -> None:
    assert device.lengths_mm and all(0.1 <= length <= 3 for length in device.lengths_mm)
    assert all(shorter < longer for shorter, longer in pairwise(device.lengths_mm))
    assert 0 < device.tip_diameter_um < device.base_diameter_um <= 400
    assert device.id.startswith(device.kind)
    if device.kind == "roller":
        assert 5 <= density_per_cm2(device, 0.5, 1) <= 60
    assert device.sources and device.legal


@pytest.mark.parametrize("device", KB.devices, ids=lambda device: device.id)
def test_a_device_says_what_is_not_known_of_it(device: Device) -> None:
    access = {source.key: source.access for source in KB.sources}
    if any(access[citation.key] == "memory" for citation in device.sources):
        assert device.proposal and device.warning
    if device.proposal or device.kind == "pen":
        assert device.warning


@pytest.mark.parametrize("device", KB.devices, ids=lambda device: device.id)
def test_home_devices_are_short_and_wear_out_and_clinic_devices_are_used_once(device: Device) -> None:
    if device.home:
        assert device.kind in KB.envelope("home").device_kinds
        assert max(device.lengths_mm) <= KB.envelope("home").needle_max_mm
        assert device.life_uses_count == 10 and device.life_mo == 3
        assert not device.single_use
    elif device.id != "roller-540":
        assert device.sterile and device.single_use


# ---------------------------------------------------------------- concerns and protocols


def test_the_concerns_and_their_answers() -> None:
    answers: dict[str, set[str]] = {}
    for indication in KB.indications:
        answers.setdefault(indication.answer, set()).add(indication.id)
    assert answers == {"plan": PLANNED, "refer": REFERRED, "no-evidence": WITHOUT_EVIDENCE}


def test_every_row_of_the_plan_parameters_is_used() -> None:
    refs = {ref for indication in KB.indications for ref in indication.ref.split()}
    assert {f"PP{number}" for number in range(1, 12)} <= refs
    assert {f"IN{number}" for number in (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17)} <= refs
    assert {"IN1a", "IN1b", "IN1c", "IN1d", "IN2"} <= refs


@pytest.mark.parametrize("indication", KB.indications, ids=lambda indication: indication.id)
def test_every_concern_has_sources_and_a_grade(indication: Indication) -> None:
    assert indication.sources and indication.evidence_grade and indication.plain and indication.better_elsewhere
    assert indication.outcome.sources and indication.outcome.note
    for protocol in indication.protocols:
        assert protocol.proposal and protocol.sources


@pytest.mark.parametrize("indication", KB.indications, ids=lambda indication: indication.id)
def test_what_is_planned_can_be_planned_and_judged(indication: Indication) -> None:
    if indication.answer != "plan":
        assert indication.answer_why and not indication.protocols and indication.outcome.model == "none"
        return
    assert any(protocol.setting == "clinic" for protocol in indication.protocols)
    if indication.scale is None:
        assert indication.outcome.model == "none" and "scale" in indication.outcome.note
    else:
        assert indication.meaningful_change and indication.meaningful_label


@pytest.mark.parametrize("indication", KB.indications, ids=lambda indication: indication.id)
def test_the_outcome_fits_its_scale(indication: Indication) -> None:
    outcome = indication.outcome
    if indication.scale is None:
        return
    scale = KB.by("scales")[indication.scale]
    assert scale.lower_is_better == indication.lower_is_better
    if outcome.model == "none":
        assert outcome.change is None
        return
    assert indication.baseline is not None and indication.baseline_sd and indication.meaningful_change
    assert scale.low < indication.baseline < scale.high
    assert indication.meaningful_change >= scale.noise, "a change below the noise of one reading is not meaningful"
    assert outcome.model == "collagen" or outcome.change is not None
    if outcome.change is not None:  # beside the healing model it can be run in its place
        assert outcome.change_sd and outcome.reference_sessions_count
        assert (outcome.change < 0) == indication.lower_is_better
        assert scale.low <= indication.baseline + outcome.change <= scale.high
    if outcome.model == "collagen":
        assert outcome.certainty in ("low", "very-low")


@pytest.mark.parametrize(
    ("concern", "seen"), [("hair-thinning", (1.6, 15.82, 69.2)), ("melasma", (-1.85, -3.28, -4.73, -3.18, -3.20))]
)
def test_the_published_spread_covers_the_trials(concern: str, seen: tuple[float, ...]) -> None:
    outcome = KB.indication(concern).outcome
    assert outcome.change is not None and outcome.change_sd is not None
    assert all(abs(value - outcome.change) <= 2 * outcome.change_sd for value in seen)


def test_the_wording_for_home_promises_nothing() -> None:
    said = {
        indication.id: FORBIDDEN.findall(f"{indication.home_wording} {indication.plain}")
        for indication in KB.indications
        if indication.home_wording
    }
    assert {indication.id for indication in KB.indications if indication.answer == "plan"} <= set(said)
    assert not {name: words for name, words in said.items() if words}


@pytest.mark.parametrize(("indication", "protocol", "site"), PROTOCOLS, ids=NAMES)
def test_a_protocol_stays_inside_site_and_envelope(indication: Indication, protocol: Protocol, site: Site) -> None:
    envelope = KB.envelope(protocol.setting)
    ceiling = site.home_max_mm if protocol.setting == "home" else site.clinic_max_mm
    assert not site.never
    for length in protocol.lengths_mm:
        assert 0.1 <= length <= min(ceiling, envelope.needle_max_mm)
    assert 1 <= protocol.directions_count <= envelope.directions_max_count
    assert max(protocol.passes_count) <= envelope.passes_max_count
    assert max(protocol.sessions_count) <= envelope.sessions_max_count
    shortest = min(protocol.lengths_mm)
    rows = sorted(envelope.frequency, key=lambda row: row.up_to_mm)
    assert min(protocol.intervals_d) >= next(row.min_interval_d for row in rows if shortest <= row.up_to_mm)
    assert protocol.endpoint in envelope.endpoints
    if protocol.endpoint == "pinpoint":
        assert envelope.bleeding_from_mm is not None and max(protocol.lengths_mm) >= envelope.bleeding_from_mm
    if indication.id in ("melasma", "pih-after-acne"):
        assert protocol.endpoint == "erythema" and max(protocol.lengths_mm) <= 0.5


@pytest.mark.parametrize(("indication", "protocol", "site"), PROTOCOLS, ids=NAMES)
def test_a_protocol_has_a_device_for_each_length_and_enough_to_choose_from(
    indication: Indication, protocol: Protocol, site: Site
) -> None:
    devices = [KB.device(name) for name in protocol.devices]
    assert {device.kind for device in devices} <= set(KB.envelope(protocol.setting).device_kinds)
    if protocol.setting == "home":
        assert all(device.home for device in devices)
    usable = [device for device in devices if device.kind != "roller" or site.roller]
    for length in protocol.lengths_mm:
        assert any(length in device.lengths_mm for device in usable)
    assert any(device.kind != "roller" for device in devices), "small zones need a stamp or pen"
    grid = len(protocol.lengths_mm) * len(protocol.passes_count) * len(protocol.sessions_count)
    assert 8 <= grid * len(protocol.intervals_d) <= 36


def test_no_concern_has_two_protocols_for_one_site() -> None:
    assert len(NAMES) == len(set(NAMES)), "the second would never be used"


def test_cheek_scars_are_the_standard_course() -> None:
    (protocol,) = [p for i, p, s in PROTOCOLS if i.id == "acne-scars-rolling" and s.id == "cheek"]
    assert protocol.lengths_mm == (1.0, 1.5) and protocol.directions_count == 4
    assert protocol.passes_count == (4, 5) and protocol.sessions_count == (3, 4, 6)
    assert protocol.intervals_d == (28, 42)


# ---------------------------------------------------------------- scales, limits, follow-ups


def test_scales_have_room_for_their_noise() -> None:
    ids = set(KB.by("scales"))
    assert {"goodman-baron-qualitative", "goodman-baron-quantitative", "ecca", "gais", "vss", "manchester"} <= ids
    assert {"posas-observer", "glogau", "wrinkle-grade", "masi", "mmasi", "hdss", "salt", "hair-count"} <= ids
    assert {"dlqi", "pain-nrs"} <= ids
    for scale in KB.scales:
        assert scale.low < scale.high and 0 < scale.noise < (scale.high - scale.low) / 4
        assert scale.licence and scale.sources
    assert [scale.id for scale in KB.scales if not scale.lower_is_better] == ["hair-count"]


def test_the_noise_of_the_quantitative_score_follows_from_two_raters() -> None:
    # 19 of 21 differences within 4 points; a difference of two readings has twice the variance of one.
    within = 19 / 21
    spread = 4 / (math.sqrt(2) * 1.67)
    assert math.erf(1.67 / math.sqrt(2)) == pytest.approx(within, abs=0.005)
    assert KB.by("scales")["goodman-baron-quantitative"].noise == pytest.approx(spread, abs=0.05)


@pytest.mark.parametrize("setting", ["home", "clinic"])
def test_longer_needles_wait_longer(setting: str) -> None:
    envelope = KB.envelope(setting)  # type: ignore[arg-type]
    for shorter, longer in pairwise(envelope.frequency):
        assert shorter.up_to_mm < longer.up_to_mm and shorter.min_interval_d < longer.min_interval_d
    longest = max(envelope.needle_max_mm, envelope.written_plan_needle_max_mm or 0)
    assert envelope.frequency[-1].up_to_mm == longest, "every length has an interval, and none beyond"
    assert "confluent" not in envelope.endpoints and "rf" not in envelope.device_kinds
    assert envelope.proposal and envelope.sources


def test_home_is_the_narrower_envelope() -> None:
    home, clinic = KB.envelope("home"), KB.envelope("clinic")
    assert home.needle_max_mm == 0.3 and home.written_plan_needle_max_mm == 0.5
    assert home.force_max_N < clinic.force_max_N == 6
    assert set(home.endpoints) == {"none", "faint-pink"} < set(clinic.endpoints)
    assert "pen" not in home.device_kinds and home.bleeding_from_mm is None
    assert home.first_sessions_count == 4 and home.first_needle_max_mm == 0.2
    assert clinic.bleeding_from_mm == 1.5


def test_the_forces_that_plans_ask_for_are_inside_the_envelopes() -> None:
    for envelope in KB.envelopes:
        assert KB.parameter(f"planning-force-{envelope.setting}").quantity.median <= envelope.force_max_N


def test_follow_ups_cover_the_schedule() -> None:
    days: dict[str, set[float]] = {}
    for rule in KB.follow_ups:
        days.setdefault(rule.anchor, set()).add(rule.day_d)
    assert days["each-session"] >= {1, 7} and days["last-session"] == {90, 180, 365}
    assert days["before-session"] == {0}
    assert all(rule.proposal and rule.sources for rule in KB.follow_ups)
