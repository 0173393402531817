"""Care, harms, red flags, topicals and the claims ledger: complete, coherent, and in words a person can follow."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from needling.knowledge.base import Knowledge
from needling.knowledge.schema import CareStep

LENGTHS_MM = (0.13, 0.2, 0.25, 0.3, 0.5, 0.6, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5)
RANK = {"memory": 0, "secondary": 1, "abstract": 2, "primary": 3}
FORBIDDEN = re.compile(r"\b(treat\w*|cur(e|es|ed|ing)|flawless\w*)\b", re.IGNORECASE)


def numbered(prefix: str, last: int) -> set[str]:
    return {f"{prefix}{number}" for number in range(1, last + 1)}


def steps_for(kb: Knowledge, setting: str, needle_mm: float, phototype: str | None = None) -> list[CareStep]:
    """The steps a plan would carry, chosen as the schema says."""
    return [
        step
        for step in kb.care
        if setting in step.settings
        and step.min_needle_mm <= needle_mm <= step.max_needle_mm
        and (not step.phototypes or phototype in step.phototypes)
    ]


def person_wording(kb: Knowledge) -> Iterator[tuple[str, str]]:
    """Every text here that a home user can see, with the id it belongs to."""
    for step in kb.care:
        if "home" in step.settings:
            yield step.id, step.says
    for wait in kb.waits:
        yield wait.id, wait.name
        yield wait.id, wait.because
    for event in kb.adverse_events:
        yield event.id, event.plain
    for conflict in kb.conflicts:
        if conflict.ref.startswith("SC"):
            yield conflict.id, conflict.tell


# ---------------------------------------------------------------- nothing is left out


@pytest.mark.parametrize(
    ("section", "wanted"),
    [
        ("claims", numbered("A", 24) | numbered("B", 11) | numbered("C", 21) | numbered("D", 10) | numbered("E", 14)),
        ("red_flags", numbered("RF", 15)),
        ("adverse_events", numbered("AE", 20)),
    ],
)
def test_every_row_has_an_entry(kb: Knowledge, section: str, wanted: set[str]) -> None:
    assert {entry.ref for entry in getattr(kb, section) if entry.ref} == wanted


def test_every_row_of_aftercare_and_article_conflicts_is_there(kb: Knowledge) -> None:
    assert numbered("AC", 14) <= {step.ref for step in kb.care if step.phase == "after"}
    assert {conflict.ref for conflict in kb.conflicts if conflict.ref.startswith("SC")} == numbered("SC", 15)
    assert len(kb.topicals) >= 20


def test_every_technique_row_is_used_by_a_step_or_a_topical(kb: Knowledge) -> None:
    used = {step.ref for step in kb.care} | {topical.ref for topical in kb.topicals}
    assert numbered("T", 20) <= used


# ---------------------------------------------------------------- claims


def test_claims_belong_to_their_article(kb: Knowledge) -> None:
    for claim in kb.claims:
        if claim.article is not None:
            assert claim.ref[0] == claim.article, claim.id
            assert claim.id == f"{claim.article.lower()}{int(claim.ref[1:]):02d}"


def test_a_hard_verdict_has_a_better_source(kb: Knowledge) -> None:
    bare = [claim.id for claim in kb.claims if claim.verdict in ("contradicted", "unsafe") and not claim.sources]
    assert not bare


def test_no_claim_says_it_read_more_than_its_best_source(kb: Knowledge) -> None:
    for claim in kb.claims:
        supporting = [RANK[kb.source(c.key).access] for c in claim.sources if c.stance == "supports"]
        assert RANK[claim.access] <= max(supporting, default=0), claim.id


def test_a_supported_claim_is_not_only_contradicted(kb: Knowledge) -> None:
    for claim in kb.claims:
        if claim.verdict == "supported" and claim.sources:
            assert any(citation.stance == "supports" for citation in claim.sources), claim.id


@pytest.mark.parametrize("ref", ["A7", "A10", "A11", "A13", "A18", "B4", "B7", "C2", "C7", "C13", "E2"])
def test_advice_that_could_harm_is_marked_unsafe(kb: Knowledge, ref: str) -> None:
    (claim,) = (claim for claim in kb.claims if claim.ref == ref)
    assert claim.verdict == "unsafe"


def test_article_conflicts_name_claims_of_the_ledger(kb: Knowledge) -> None:
    ledger = {claim.ref for claim in kb.claims}
    for conflict in kb.conflicts:
        if conflict.ref.startswith("SC"):
            named = set(re.findall(r"\b[A-E]\d{1,2}\b", f"{conflict.side_a} {conflict.side_b}"))
            assert named and named <= ledger, conflict.id


# ---------------------------------------------------------------- topicals

BLOCKED = {
    "vitamin C acid": "ascorbic-acid",
    "vitamin C ester": "vitamin-c-ester",
    "retinoid": "retinoid",
    "AHA and BHA": "aha-bha",
    "benzoyl peroxide": "benzoyl-peroxide",
    "fragrance and essential oils": "fragrance-oils",
    "dyes, glitter, pigments": "dyes-glitter-pigments",
    "sunscreen": "sunscreen",
    "make-up": "make-up",
    "non-sterile or preserved serum": "non-sterile-serum",
    "silicone and petrolatum": "occlusive-ointment",
    "hydroquinone": "hydroquinone",
    "metal salts": "metal-salt-booster",
    "lidocaine": "lidocaine-4",
    "lidocaine-prilocaine": "lidocaine-prilocaine",
    "tetracaine": "tetracaine-4",
    "strong anaesthetic": "anaesthetic-strong",
    "botulinum toxin": "botulinum-toxin",
    "5-fluorouracil": "fluorouracil",
    "steroid": "steroid-cream",
}


@pytest.mark.parametrize("blocked", BLOCKED.values(), ids=BLOCKED.keys())
def test_nothing_on_the_block_list_may_touch_open_channels(kb: Knowledge, blocked: str) -> None:
    gate = kb.find("topicals", blocked).gate
    assert gate != "allowed"
    if blocked == "steroid-cream":
        assert gate == "clinic-only", "only on prescription"
    else:
        assert gate in ("never", "wait", "before-only")


def test_what_may_never_go_in(kb: Knowledge) -> None:
    never = {topical.id for topical in kb.topicals if topical.gate == "never"}
    assert {"botulinum-toxin", "fragrance-oils", "non-sterile-serum", "anaesthetic-strong"} <= never


def test_only_bland_sterile_things_are_allowed(kb: Knowledge) -> None:
    allowed = {topical.id for topical in kb.topicals if topical.gate == "allowed"}
    assert allowed == {"saline", "hyaluronic-acid-gel", "hydrogel-dressing"}
    assert all("terile" in kb.find("topicals", name).name for name in allowed)


def test_a_wait_has_hours_and_nothing_else_has(kb: Knowledge) -> None:
    for topical in kb.topicals:
        assert (topical.wait_h is not None and topical.wait_h > 0) == (topical.gate == "wait"), topical.id


def test_anaesthetics_and_antiseptics_come_off_before(kb: Knowledge) -> None:
    for topical in kb.topicals:
        if topical.group in ("anaesthetic", "antiseptic"):
            assert topical.gate in ("before-only", "never"), topical.id


# ---------------------------------------------------------------- care


def test_windows_run_forward_and_belong_to_aftercare(kb: Knowledge) -> None:
    for step in kb.care:
        if step.phase == "after":
            assert step.from_h is not None and step.to_h is not None and 0 <= step.from_h < step.to_h, step.id
        else:
            assert step.from_h is None and step.to_h is None, step.id
        assert step.min_needle_mm < step.max_needle_mm, step.id


def test_order_follows_the_phases(kb: Knowledge) -> None:
    assert len({step.order for step in kb.care}) == len(kb.care)
    phases = ("weeks-before", "before", "during", "after")
    in_order = [phases.index(step.phase) for step in sorted(kb.care, key=lambda step: step.order)]
    assert in_order == sorted(in_order)


@pytest.mark.parametrize("setting", ["home", "clinic"])
@pytest.mark.parametrize("needle_mm", LENGTHS_MM)
def test_every_length_gets_one_routine_and_one_endpoint(kb: Knowledge, setting: str, needle_mm: float) -> None:
    steps = steps_for(kb, setting, needle_mm)
    endpoints = [step.id for step in steps if step.id.startswith("during-endpoint")]
    assert len(endpoints) == 1, endpoints
    short = any(step.id.startswith("after-short-") for step in steps)
    long = any(step.id == "after-cleanse-first" for step in steps)
    assert short != long and short == (needle_mm <= 0.3)
    assert any(step.id.startswith("stop-") for step in steps)


@pytest.mark.parametrize("phototype", [None, "I", "IV", "VI"])
def test_nobody_misses_patch_test_sun_or_restart_of_actives(kb: Knowledge, phototype: str | None) -> None:
    home = {step.id for step in steps_for(kb, "home", 0.25, phototype)}
    clinic = {step.id for step in steps_for(kb, "clinic", 1.5, phototype)}
    assert {"home-patch-test", "after-short-sun", "after-red-flags"} <= home
    assert {"weeks-sun-protection", "after-actives-none", "after-actives-again", "after-red-flags"} <= clinic
    darker = phototype in ("IV", "V", "VI")
    assert ("home-patch-test-darker-skin" in home) == darker
    assert ("after-actives-again-darker-skin" in clinic) == darker


def test_home_steps_never_speak_of_numbing_as_allowed(kb: Knowledge) -> None:
    home = {step.id for step in steps_for(kb, "home", 0.25)}
    assert "before-no-anaesthetic-home" in home and "stop-blood-home" in home
    assert not home & {"before-anaesthetic-dose", "before-anaesthetic-strength", "during-prp", "during-endpoint-long"}


def test_what_cannot_be_sterile_is_not_called_so(kb: Knowledge) -> None:
    hygiene = [step for step in kb.care if step.id.startswith("home-disinfect")]
    assert len(hygiene) == 2
    assert all("70 %" in step.says and "10 minutes" in step.says for step in hygiene)
    assert any("does not make the roller sterile" in step.says for step in hygiene)


def test_care_topicals_and_waits_tell_the_same_hours(kb: Knowledge) -> None:
    care, waits, topicals = kb.by("care"), kb.by("waits"), kb.by("topicals")
    for wait, step in (
        ("make-up", "after-make-up-none"),
        ("sunscreen", "after-sun-shade"),
        ("exercise", "after-sport-none"),
        ("sauna", "after-heat-none"),
        ("pool-sea", "after-water-none"),
        ("actives", "after-actives-none"),
        ("hair-removal", "after-hair-removal-none"),
        ("minoxidil", "after-scalp-drugs"),
    ):
        assert waits[wait].published_long_h == care[step].to_h, wait
    for wait, topical in (
        ("make-up", "make-up"),
        ("make-up", "mineral-make-up"),
        ("sunscreen", "sunscreen"),
        ("actives", "aha-bha"),
        ("actives", "benzoyl-peroxide"),
        ("actives", "hydroquinone"),
        ("retinoid-vitamin-c", "retinoid"),
        ("retinoid-vitamin-c", "ascorbic-acid"),
        ("minoxidil", "minoxidil"),
        ("moisturiser", "bland-cream"),
        ("hair-removal", "self-tanner"),
    ):
        assert waits[wait].published_long_h == topicals[topical].wait_h, (wait, topical)
    assert waits["actives"].published_h == care["after-short-actives"].to_h
    assert waits["water"].published_h == care["after-short-wash"].from_h


def test_short_needles_never_wait_longer_than_long_ones(kb: Knowledge) -> None:
    for wait in kb.waits:
        assert 0 < wait.published_h <= wait.published_long_h, wait.id


# ---------------------------------------------------------------- harms and red flags


def test_counts_come_in_pairs_and_fit(kb: Knowledge) -> None:
    for event in kb.adverse_events:
        assert (event.events_count is None) == (event.of_count is None), event.id
        if event.events_count is not None and event.of_count is not None:
            assert 0 <= event.events_count <= event.of_count and event.of_count > 0, event.id
            assert event.population, f"{event.id}: a count needs its group"


def test_an_unknown_rate_is_said_and_never_reads_as_none(kb: Knowledge) -> None:
    for event in kb.adverse_events:
        if event.of_count is None and event.shown and event.id != "expected-reaction":
            assert re.search(r"not known|how often", event.plain), event.id


@pytest.mark.parametrize("phototype", ["I", "II", "III", "IV", "V", "VI"])
def test_every_skin_type_is_told_about_dark_marks(kb: Knowledge, phototype: str) -> None:
    shown = [event for event in kb.adverse_events if event.id.startswith("pih") and event.shown]
    assert any(not event.phototypes or phototype in event.phototypes for event in shown)


def test_radiofrequency_harms_are_not_shown_for_rollers(kb: Knowledge) -> None:
    assert kb.find("adverse_events", "radiofrequency-harm").kinds == ("rf",)
    assert kb.find("adverse_events", "pih-radiofrequency").kinds == ("rf",)
    assert kb.find("adverse_events", "tram-track").kinds == ("roller",)


@pytest.mark.parametrize("ref", ["RF3", "RF4", "RF11"])
def test_what_can_kill_or_blind_is_an_emergency(kb: Knowledge, ref: str) -> None:
    (flag,) = (flag for flag in kb.red_flags if flag.ref == ref)
    assert flag.urgency == "emergency"


@pytest.mark.parametrize("ref", ["RF1", "RF2", "RF5", "RF12", "RF13"])
def test_what_cannot_wait_is_for_the_same_day(kb: Knowledge, ref: str) -> None:
    (flag,) = (flag for flag in kb.red_flags if flag.ref == ref)
    assert flag.urgency == "same-day"


def test_lumps_are_biopsied_before_steroids(kb: Knowledge) -> None:
    (flag,) = (flag for flag in kb.red_flags if flag.ref == "RF7")
    assert "biopsy" in flag.act.lower() and "before any steroid" in flag.act


# ---------------------------------------------------------------- words


def test_home_wording_promises_nothing_medical(kb: Knowledge) -> None:
    assert not [(name, text) for name, text in person_wording(kb) if FORBIDDEN.search(text)]


def test_home_wording_comes_in_short_sentences(kb: Knowledge) -> None:
    long = [
        (name, sentence)
        for name, text in person_wording(kb)
        for sentence in re.split(r"(?<=[.!?:;])\s", text)
        if len(sentence.split()) > 26
    ]
    assert not long
