"""A small hand-made knowledge base for the tests of the report: a few entries in every section it reads."""

from __future__ import annotations

from needling.documents import Citation
from needling.knowledge import schema
from needling.knowledge.base import Knowledge


def cite(key: str, stance: str = "supports", note: str = "") -> Citation:
    return Citation(key=key, stance=stance, note=note)


def source(key: str, kind: str = "trial", access: str = "abstract", **more: object) -> schema.Source:
    given = {"cites": f"{key.capitalize()}, a study of needling", "reason": f"What {key} is used for", "year": 2014}
    return schema.Source(key=key, kind=kind, access=access, **{**given, **more})


def knowledge() -> Knowledge:
    """A knowledge base of a few entries in every section the report reads."""
    sources = (
        source("dogra2014", doi="10.1111/jocd.12001", reason="Pigment marks and tracks in darker skin"),
        source("alqarqaz", access="secondary", reason="No darkening in 39 people"),
        source(
            "fda2025",
            kind="regulator",
            access="primary",
            url="https://www.fda.gov/microneedling",
            cites="US FDA, Microneedling Devices, content current 2025-10-15",
            reason="Who should not be needled, and what to avoid afterwards",
        ),
        source("gowda2021", kind="review", reason="A review that calls needling safe in dark skin"),
        source("kalluri2011", kind="laboratory", reason="How fast channels close in rat skin"),
        source(
            "sheets",
            kind="lay",
            access="secondary",
            url="https://example.org/aftercare",
            reason="What clinics print on their sheets",
        ),
        source("spring2017", kind="guideline", reason="Consensus that waiting is not needed for many procedures"),
        source("unused2020", reason="Never cited"),
    )
    facts = (
        schema.FactDefinition(
            name="pregnant",
            kind="yes-no",
            topic="body",
            ask="Are you pregnant?",
            ask_clinician="Pregnant?",
            quiet=False,
        ),
        schema.FactDefinition(
            name="isotretinoin_stopped", kind="date", topic="medicines", ask="When did you stop isotretinoin?"
        ),
        schema.FactDefinition(name="keloid", kind="yes-no", topic="skin", ask="Do your scars grow thick and raised?"),
        schema.FactDefinition(name="sun_planned", kind="yes-no", topic="sun", ask="Will you be in strong sun soon?"),
    )
    rules = (
        schema.Rule(
            id="dark-skin-caution",
            ref="CI23",
            title="Phototype IV to VI",
            access="abstract",
            when={"phototype": {"in": ["IV", "V", "VI"]}},
            then=schema.Then(action="caution"),
            because="x",
            tell="x",
        ),
        schema.Rule(
            id="isotretinoin-recent",
            ref="CI5",
            title="Isotretinoin",
            access="primary",
            when={"keloid": {"is": True}},
            then=schema.Then(action="defer"),
            because="x",
            tell="x",
        ),
    )
    conflicts = (
        schema.Conflict(
            id="dark-skin",
            ref="K09",
            topic="Needling in dark skin",
            side_a="The regulator warns of darker or lighter marks, and one series saw them in 5 of 36.",
            side_b="A review finds needling favourable compared with peels and lasers.",
            sources_a=(cite("fda2025"), cite("dogra2014")),
            sources_b=(cite("gowda2021"),),
            default="Caution: shorter needles, longer gaps, a test spot.",
            tell="Most people do well; about 1 in 7 got dark marks in one study. We go carefully.",
        ),
    )
    sites = (
        schema.Site(
            id="cheek",
            name="cheek",
            plural="cheeks",
            two_sided=True,
            home_max_mm=0.3,
            clinic_default_mm=1.5,
            clinic_max_mm=1.5,
        ),
        schema.Site(id="forehead", name="forehead", plural="forehead", home_max_mm=0.25, clinic_max_mm=1.0),
    )
    devices = (
        schema.Device(
            id="roller-192",
            name="192-needle roller",
            kind="roller",
            lengths_mm=(0.5, 1.0, 1.5),
            needles_count=192,
            rings_count=8,
            needles_per_ring_count=24,
            drum_diameter_mm=20,
            drum_width_mm=20,
            base_diameter_um=250,
            tip_diameter_um=20,
        ),
        schema.Device(
            id="roller-home",
            name="home roller",
            kind="roller",
            lengths_mm=(0.2, 0.25),
            needles_count=540,
            rings_count=9,
            needles_per_ring_count=60,
            drum_diameter_mm=20,
            drum_width_mm=20,
            base_diameter_um=250,
            tip_diameter_um=30,
            home=True,
        ),
    )
    indications = (
        schema.Indication(
            id="acne-scars",
            name="Atrophic acne scars",
            plain="dents left by acne",
            evidence_grade="1a",
            certainty="moderate",
            scale="goodman-baron",
            outcome=schema.OutcomeModel(model="collagen", certainty="low"),
            home_wording="skin that feels smoother",
        ),
        schema.Indication(
            id="pores-dullness",
            name="Pores and dull skin",
            plain="dull skin and visible pores",
            evidence_grade="5",
            certainty="very-low",
            outcome=schema.OutcomeModel(model="none", certainty="none"),
            home_wording="skin that looks fresher",
        ),
    )
    scales = (
        schema.Scale(
            id="goodman-baron",
            name="Goodman and Baron grade",
            low=0,
            high=4,
            lower_is_better=True,
            unit="grade",
            noise=0.3,
            licence="published",
        ),
    )
    topicals = (
        schema.Topical(
            id="hyaluronic-gel",
            name="plain hyaluronic gel",
            group="bland",
            gate="allowed",
            because="x",
            sources=(cite("sheets"),),
        ),
        schema.Topical(
            id="vitamin-c",
            name="vitamin C serum",
            group="active",
            gate="never",
            because="x",
            sources=(cite("fda2025"),),
        ),
        schema.Topical(
            id="retinoid",
            name="retinoid cream",
            group="active",
            gate="wait",
            wait_h=120,
            because="x",
            sources=(cite("sheets"),),
            proposal=True,
        ),
    )
    care = (
        schema.CareStep(
            id="sun-before",
            phase="weeks-before",
            order=1,
            says="Keep out of strong sun for four weeks.",
            sources=(cite("sheets"),),
            ref="AC4",
        ),
        schema.CareStep(
            id="clean-skin", phase="before", order=2, says="Wash hands and face; no make-up.", proposal=True
        ),
        schema.CareStep(
            id="light-hand",
            phase="during",
            order=3,
            says="Roll lightly; lift the roller to turn.",
            sources=(cite("dogra2014"),),
        ),
        schema.CareStep(id="stop-bleeding", phase="during", order=4, says="Stop when blood runs.", proposal=True),
        schema.CareStep(
            id="water-only",
            phase="after",
            order=5,
            says="Lukewarm water only.",
            from_h=8,
            to_h=24,
            sources=(cite("sheets"),),
        ),
        schema.CareStep(
            id="no-touch",
            phase="after",
            order=6,
            says="Do not touch, pick or scratch.",
            from_h=0,
            to_h=168,
            sources=(cite("fda2025"),),
        ),
        schema.CareStep(
            id="spf",
            phase="after",
            order=7,
            says="Mineral sunscreen SPF 50 every morning.",
            from_h=24,
            to_h=1008,
            sources=(cite("fda2025"),),
        ),
    )
    red_flags = (
        schema.RedFlag(
            id="infection",
            ref="RF1",
            sign="Fever, spreading hot redness, pus",
            think_of="cellulitis",
            act="Stop all products and see a doctor today.",
            urgency="same-day",
            proposal=True,
        ),
        schema.RedFlag(
            id="allergy",
            ref="RF3",
            sign="Swollen lips or tongue, wheeze",
            think_of="anaphylaxis",
            act="Call the emergency number at once.",
            urgency="emergency",
            proposal=True,
        ),
        schema.RedFlag(
            id="marks",
            ref="RF9",
            sign="New dark or pale marks",
            think_of="PIH",
            urgency="routine",
            act="No more sessions; strict sun protection; see a skin doctor.",
            sources=(cite("dogra2014"),),
        ),
    )
    follow_ups = (
        schema.FollowUpRule(
            id="day-2", says="Message check: pain, pus, blisters?", anchor="each-session", day_d=2, proposal=True
        ),
    )
    adverse_events = (
        schema.AdverseEvent(
            id="pih",
            name="Post-inflammatory hyperpigmentation, skin types IV to V",
            plain="Dark marks. In one group 5 of 36 people got them.",
        ),
    )
    return Knowledge(
        version="2026-09-01",
        sha256="a" * 64,
        sources=sources,
        facts=facts,
        rules=rules,
        conflicts=conflicts,
        sites=sites,
        devices=devices,
        indications=indications,
        scales=scales,
        topicals=topicals,
        care=care,
        red_flags=red_flags,
        adverse_events=adverse_events,
        follow_ups=follow_ups,
        parameters=tuple(_share(name, share) for name, share in SHARES.items()),
    )


SHARES = {"choosing-robust-quantile": 0.25, "choosing-redness-quantile": 0.9}
"""Over whom a gain and redness are told."""


def _share(name: str, share: float) -> schema.Parameter:
    return schema.Parameter(
        id=name,
        symbol="q",
        says="A share of people",
        quantity=schema.Quantity(median=share, unit="share"),
        basis="proposal",
        access="memory",
        certainty="none",
        proposal=True,
    )
