"""Hand-made documents for the tests of the report: people with plans and without.

The figures are invented for the tests; only their shape is realistic.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import exp

from tests.unit.report_knowledge import cite, knowledge

from needling.documents import (
    Approval,
    Assessment,
    Assumption,
    Caps,
    Case,
    Choice,
    Clearance,
    Decision,
    Fact,
    FollowUp,
    Forecast,
    Goals,
    Harm,
    MeasureForecast,
    NotBefore,
    Outcome,
    Person,
    Plan,
    Question,
    Reason,
    Scorecard,
    Session,
    Stroke,
    ZoneClearance,
    ZoneFinding,
)

__all__ = ["cite", "knowledge"]

START = date(2026, 9, 3)
HASH = "0" * 64
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


# ---------------------------------------------------------------- people


def case(setting: str = "clinic") -> Case:
    person = Person(
        id="p-017",
        birth_year=1988,
        phototype="V",
        sex_at_birth="female",
        facts=(Fact(name="pregnant", value=False), Fact(name="keloid", value=None)),
    )
    zones = tuple(
        ZoneFinding(zone=zone, concern="acne-scars", area_cm2=35, facts=(Fact(name="sun_planned", value=False),))
        for zone in ("cheek-left", "cheek-right")
    )
    return Case(person=person, assessment=Assessment(person="p-017", on=START, setting=setting, zones=zones))


def dark_skin_decision() -> Decision:
    return Decision(
        rule="dark-skin-caution",
        action="caution",
        title="Phototype IV to VI",
        because="Pigment marks in 5 of 36 after monthly rolling; shorter needles and longer gaps are prudent.",
        tell="Darker skin gets dark marks more easily. We plan longer gaps and a small test spot first.",
        sources=(cite("dogra2014"), cite("alqarqaz", "conflicts", "0 of 39 darker")),
        conflicts=("dark-skin",),
        caps=Caps(clinic_needle_mm=1.5, min_interval_d=42),
    )


def clearance(setting: str = "clinic") -> Clearance:
    return Clearance(
        person="p-017",
        on=START,
        setting=setting,
        verdict="go",
        envelope="home",
        zones=tuple(ZoneClearance(zone=zone, verdict="go") for zone in ("cheek-left", "cheek-right")),
        decisions=(dark_skin_decision(),),
        asks=(
            Question(
                fact="sun_planned", ask="Will you be in strong sun soon?", rules=("tan-or-sun",), decisive="caution"
            ),
        ),
        assessment_sha256="b" * 64,
        knowledge_sha256="a" * 64,
    )


def deferred(setting: str = "home") -> Clearance:
    """Isotretinoin two months ago, asked at home: wait, with both sides and an open question."""
    until = date(2027, 1, 3)
    return Clearance(
        person="p-018",
        on=START,
        setting=setting,
        verdict="defer",
        envelope=None,
        zones=(
            ZoneClearance(zone="cheek-left", verdict="defer", earliest=until),
            ZoneClearance(zone="forehead", verdict="exclude"),
        ),
        decisions=(
            Decision(
                rule="isotretinoin-recent",
                action="defer",
                until=until,
                title="Isotretinoin less than six months ago",
                because="Label and regulator ask for six months; a consensus does not.",
                tell="Your acne medicine can change how skin heals. Wait six months after the last tablet.",
                sources=(cite("fda2025"), cite("spring2017", "conflicts")),
                conflicts=("dark-skin",),
            ),
            Decision(
                rule="open-acne",
                action="exclude",
                zone="forehead",
                title="Active acne in the area",
                until_when="four weeks without new spots",
                because="Spread of infection.",
                tell="Needles would spread the spots.",
                sources=(cite("fda2025"),),
                proposal=True,
            ),
        ),
        asks=(
            Question(
                fact="keloid",
                zone=None,
                ask="Do your scars grow thick and raised?",
                rules=("keloid",),
                decisive="exclude",
            ),
        ),
        earliest=until,
        assessment_sha256="b" * 64,
        knowledge_sha256="a" * 64,
    )


# ---------------------------------------------------------------- plan and forecast


def clinic_plan(sessions: int = 4, interval_d: float = 42) -> Plan:
    strokes = tuple(
        Stroke(zone=zone, needle_length_mm=1.5, directions_count=4, passes_count=4, force_N=3)
        for zone in ("cheek-left", "cheek-right")
    )
    return Plan(
        person="p-017",
        label=f"1.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x {sessions}",
        envelope="clinic",
        sessions=tuple(
            Session(
                day_d=index * interval_d,
                device="roller-192",
                strokes=strokes,
                endpoint="erythema",
                preparation=("sun-before", "clean-skin", "light-hand"),
                topicals=("hyaluronic-gel",),
                aftercare=("water-only", "no-touch", "spf"),
            )
            for index in range(sessions)
        ),
        stop_rules=("Stop when blood runs.",),
        follow_ups=(
            *(
                FollowUp(day_d=index * interval_d + 2, what="Message check: pain, pus, blisters?")
                for index in range(sessions)
            ),
            FollowUp(day_d=300, what="Scale, photos, scores"),
        ),
        rationale=(
            Reason(
                what="Needle length on the cheek: at most 1.5 mm",
                why="Tightest limit: Phototype IV to VI.",
                sources=(cite("dogra2014"),),
                proposal=True,
            ),
            Reason(
                what="At least 42 days between sessions on the cheek",
                why="Phototype IV to VI",
                sources=(cite("dogra2014"),),
                proposal=True,
            ),
            Reason(
                what="Atrophic acne scars: what the trials did",
                why="Evidence grade 1a, certainty moderate.",
                sources=(cite("dogra2014"), cite("gowda2021")),
            ),
        ),
        start=START,
        clearance_sha256=HASH,
        knowledge_version="2026-09-01",
        knowledge_sha256="a" * 64,
    )


def home_plan() -> Plan:
    strokes = tuple(
        Stroke(zone=zone, needle_length_mm=0.25, directions_count=2, passes_count=3, force_N=1)
        for zone in ("cheek-left", "cheek-right")
    )
    return Plan(
        person="p-017",
        label="0.25 mm roller, 2 directions x 3 passes, cheeks, every 7 days x 12",
        envelope="home",
        sessions=tuple(
            Session(
                day_d=7.0 * index,
                device="roller-home",
                strokes=strokes,
                endpoint="faint-pink",
                preparation=("clean-skin", "light-hand"),
                topicals=("hyaluronic-gel",),
                aftercare=("no-touch", "spf"),
            )
            for index in range(12)
        ),
        stop_rules=("Stop when blood runs.",),
        rationale=(
            Reason(
                what="Declined: 1.5 mm on the cheek at home",
                why="The limit here is 0.3 mm: home envelope.",
                sources=(cite("fda2025"),),
                proposal=True,
            ),
        ),
        start=START,
        clearance_sha256=HASH,
        knowledge_version="2026-09-01",
        knowledge_sha256="a" * 64,
    )


def nothing_plan(envelope: str = "clinic") -> Plan:
    return Plan(
        person="p-017",
        label="no treatment",
        envelope=envelope,
        sessions=(),
        start=START,
        clearance_sha256=HASH,
        knowledge_version="2026-09-01",
        knowledge_sha256="a" * 64,
    )


_Z = (-1.645, -0.674, 0.0, 0.674, 1.645)


def _days(plan: Plan, last: float = 365) -> tuple[float, ...]:
    days = {float(day) for day in range(0, int(last) + 1, 7)}
    for session in plan.sessions:
        days |= {session.day_d + step for step in (0, 0.25, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 7, 8, 10) if step <= last}
    return tuple(sorted(day for day in days if day <= last))


def _band(days: tuple[float, ...], middle: object, spread: object) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(max(0.0, middle(day) + z * spread(day)), 5) for day in days) for z in _Z)


def forecast(plan: Plan, dots: int = 31) -> Forecast:
    days = _days(plan)
    starts = [session.day_d for session in plan.sessions]

    def since(day: float) -> list[float]:
        return [day - start for start in starts if start <= day]

    def gain(day: float) -> float:
        return sum(0.22 * (1 - exp(-gap / 70)) for gap in since(day))

    def redness(day: float) -> float:
        return sum(exp(-gap / 1.6) for gap in since(day))

    def opening(day: float) -> float:
        return sum(0.5 ** (gap / 0.35) for gap in since(day))

    measures = []
    for zone in ("cheek-left", "cheek-right"):
        measures += [
            MeasureForecast(
                zone=zone,
                measure="severity",
                label="Acne scar grade (Goodman and Baron)",
                unit="grade",
                levels_share=LEVELS,
                quantiles=_band(days, lambda d: 2.8 - gain(d), lambda d: 0.25 + 0.5 * gain(d)),
            ),
            MeasureForecast(
                zone=zone,
                measure="collagen",
                label="Collagen",
                unit="ratio",
                levels_share=LEVELS,
                quantiles=_band(days, lambda d: 1 + 0.4 * gain(d), lambda d: 0.12 * gain(d)),
            ),
            MeasureForecast(
                zone=zone,
                measure="redness",
                label="Redness",
                unit="share",
                levels_share=LEVELS,
                quantiles=_band(days, redness, lambda d: 0.3 * redness(d)),
            ),
            MeasureForecast(
                zone=zone,
                measure="open-channels",
                label="Open channels",
                unit="share",
                levels_share=LEVELS,
                quantiles=_band(days, opening, lambda d: 0.3 * opening(d)),
            ),
            MeasureForecast(
                zone=zone,
                measure="seen-goodman-baron",
                label="Grade as read",
                unit="grade",
                levels_share=LEVELS,
                quantiles=_band(days, lambda d: 2.8 - gain(d), lambda d: 0.6),
                seen_noise=0.3,
            ),
        ]
    outcomes = tuple(
        Outcome(
            zone=zone,
            indication="acne-scars",
            scale="goodman-baron",
            scale_label="Goodman and Baron grade, 1 to 4",
            judge_day_d=300,
            baseline=2.8,
            baseline_assumed=True,
            change_quantiles=(-1.6, -1.1, -0.75, -0.4, 0.05),
            levels_share=LEVELS,
            better_by=0.5,
            better_by_label="at least half a grade better",
            dots_of_50_count=dots,
            basis="mechanism",
            certainty="low",
            sources=(cite("dogra2014"), cite("gowda2021", "conflicts", "no grade given")),
        )
        for zone in ("cheek-left", "cheek-right")
    )
    harms = (
        Harm(
            harm="pih",
            label="Dark marks. In one group 5 of 36 people got them.",
            probability=0.14,
            low_probability=0.05,
            high_probability=0.29,
            basis="5 of 36 people with skin type IV or V in one series",
            sources=(cite("dogra2014"), cite("alqarqaz", "conflicts")),
        ),
        Harm(
            harm="tracks",
            label="Lines of tiny scars (tracks)",
            probability=0.056,
            low_probability=0.01,
            high_probability=0.19,
            basis="2 of 36 people in the same series",
            sources=(cite("dogra2014"),),
        ),
        Harm(
            harm="infection",
            label="Infection with germs. How often is not known.",
            probability=None,
            basis="None in 18 studies; the rate in daily life is not known",
            sources=(cite("fda2025"),),
        ),
    )
    waits = (
        NotBefore(
            item="water",
            label="Wash with water",
            computed_h=6.4,
            published_h=8,
            hours_h=8,
            because="the skin lets water through until then",
            sources=(cite("kalluri2011"), cite("sheets")),
        ),
        NotBefore(
            item="make-up",
            label="Make-up",
            computed_h=31.2,
            published_h=24,
            hours_h=31.2,
            because="open channels let pigments and germs in",
            sources=(cite("kalluri2011"),),
        ),
        NotBefore(
            item="actives",
            label="Acids, retinoids, vitamin C",
            computed_h=40,
            published_h=120,
            hours_h=120,
            because="they sting and inflame open skin",
            sources=(cite("sheets"),),
        ),
        NotBefore(
            item="sport",
            label="Sport and sweat",
            computed_h=None,
            published_h=72,
            hours_h=72,
            because="sweat and heat irritate",
            sources=(cite("sheets"),),
        ),
    )
    return Forecast(
        plan_sha256=plan.sha256,
        person=case(plan.envelope).person,
        assessment=case(plan.envelope).assessment,
        result="ok",
        days_d=days,
        measures=tuple(measures),
        outcomes=outcomes,
        harms=harms,
        not_before=waits,
        redness_d=(1.1, 1.9, 2.6, 3.6, 5.8),
        ready_d=(17, 22, 27, 33, 41),
        levels_share=LEVELS,
        endpoint_probability=(("faint-pink", 0.1), ("erythema", 0.7), ("pinpoint", 0.2)),
        assumptions=(
            Assumption(
                text="The starting grade was not measured; 2.8 is usual in trials.", sources=(cite("dogra2014"),)
            ),
            Assumption(text="Dermis thickness was not measured; published values of the cheek are used."),
        ),
        members_count=256,
        key=7,
        model="roller-healing 1",
        versions=(("needling", "0.1.0"), ("numpy", "2.3.0")),
        knowledge_sha256="a" * 64,
    )


def _card(plan: str, sha256: str, gain: float, redness: float, harm: float, visits: int, **more: object) -> Scorecard:
    return Scorecard(
        plan=plan,
        plan_sha256=sha256,
        gain=gain,
        gain_low=gain * 0.6,
        redness_d=redness,
        harm_probability=harm,
        visits_count=visits,
        utility=0.6 * gain - 0.02 * visits * redness - 0.8 * harm - 0.02 * visits,
        **{"on_front": True, **more},
    )


def choice(plan: Plan | None = None, dots: int = 31) -> Choice:
    plan = plan or clinic_plan()
    sentence = "{} mm roller, 4 directions x {} passes, cheeks, every 6 weeks x {}"
    cards = [_card("no treatment", HASH if plan.sessions else plan.sha256, 0, 0, 0, 0)]
    index = 0
    for length, strength in ((0.5, 0.5), (1.0, 0.8), (1.5, 1.0)):
        for passes in (3, 4):
            for count in (3, 4, 5):
                label = sentence.format(f"{length:g}", passes, count)
                sha256 = plan.sha256 if label == plan.label else f"{index:064x}"
                index += 1
                gain = strength * (0.9 + 0.05 * passes) * (1 - exp(-count / 3)) * 2
                cards.append(
                    _card(
                        label,
                        sha256,
                        round(gain, 3),
                        1.5 + 2.2 * strength + 0.2 * passes,
                        round(0.02 + 0.1 * strength * count / 4 + 0.004 * passes, 3),
                        count,
                        on_front=passes == 4,
                        barred_by="at most 4 visits are wanted" if count > 4 else "",
                    )
                )
    return Choice(
        plan=plan,
        forecast=forecast(plan, dots),
        scorecards=tuple(cards),
        runner_up=sentence.format("1", 4, 4),
        binding="Needle length on the cheek: at most 1.5 mm. Tightest limit: Phototype IV to VI.",
        because="careful gain 0.88 meaningful changes, redness 4.5 days, chance of a lasting mark 14%, 4 visits",
        goals=Goals(max_visits_count=4),
    )


def home_choice() -> Choice:
    """A short-needle routine at home after a declined wish for long needles; no data for a result."""
    plan = home_plan()
    made = forecast(plan)
    outcomes = tuple(
        outcome.model_copy(
            update={"indication": "pores-dullness", "basis": "none", "certainty": "very-low", "dots_of_50_count": 0}
        )
        for outcome in made.outcomes
    )
    label = plan.label
    return Choice(
        plan=plan,
        forecast=made.model_copy(update={"outcomes": outcomes}),
        scorecards=(_card("no treatment", HASH, 0, 0, 0, 0), _card(label, plan.sha256, 0.2, 0.4, 0.001, 12)),
        runner_up="no treatment",
        binding="home envelope",
        because="small cost",
        goals=Goals(needle_length_mm=1.5),
    )


def approval() -> Approval:
    chosen = choice()
    return Approval(
        plan=chosen.plan,
        forecast=chosen.forecast,
        plan_sha256=chosen.plan.sha256,
        forecast_sha256=chosen.forecast.sha256,
        clearance_sha256=clearance().sha256,
        by="dr-lee",
        at=datetime(2026, 9, 3, 10, 30, tzinfo=UTC),
    )


class Channels:
    """A channel map as the simulation draws it: arrays of one length."""

    title = "1.5 mm roller, 4 directions x 4 passes"
    nearest_mm, rehit_share, track_share = 0.31, 0.02, 0.05

    def __init__(self, count: int = 900) -> None:
        self.x_mm = [(index * 7.3) % 20 for index in range(count)]
        self.y_mm = [(index * 3.7 + index // 13) % 20 for index in range(count)]
        self.pass_number = [index % 16 + 1 for index in range(count)]
