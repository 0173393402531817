"""Scoring rules of the outcome scales, typed again, against what the engines make of answers."""

from __future__ import annotations

import pytest

from needling.knowledge.base import Knowledge
from needling.scoring import area_points, grade_event, score_scale

# Goodman-Baron 2006, quantitative: points of one to ten scars of each kind, in four groups
GB_POINTS = {
    "macular": 1, "mild_dish": 1,
    "moderate_dish": 2, "punched_shallow": 2, "broad_shallow": 2,
    "punched_deep_normal_base": 3, "punched_deep_abnormal_base": 3, "troughs": 3, "broad_deep": 3,
    "papular": 2,
}  # fmt: skip
GB_MULTIPLIER = {0: 0, 1: 1, 10: 1, 11: 2, 20: 2, 21: 3, 500: 3}
GB_KELOID = {0: 0, 0.1: 6, 4.9: 6, 5: 12, 20: 12, 20.1: 18, 300: 18}
# ECCA 2007: weight of each kind, multiplied by 0 none, 1 under 5, 2 five to 20, 3 over 20
ECCA_WEIGHT = {"v_shaped": 15, "u_shaped": 20, "m_shaped": 25, "elastolysis": 30, "hypertrophic_inflamed": 40,
               "keloid": 50}  # fmt: skip
ECCA_COUNT = {0: 0, 1: 1, 4: 1, 5: 2, 20: 2, 21: 3}
VSS_TOPS = {
    "13": {"vascularity": 3, "pigmentation": 2, "pliability": 5, "height": 3},
    "14": {"vascularity": 3, "pigmentation": 3, "pliability": 5, "height": 3},
    "15": {"vascularity": 3, "pigmentation": 3, "pliability": 5, "height": 4},
}
MANCHESTER = {"vas": (0, 10), "colour": (1, 4), "surface": (1, 2), "contour": (1, 4), "distortion": (1, 4),
              "texture": (1, 4)}  # fmt: skip
MASI_WEIGHT = {"forehead": 0.3, "right_malar": 0.3, "left_malar": 0.3, "chin": 0.1}
MASI_AREA = {0: 0, 5: 1, 9: 1, 10: 2, 29: 2, 30: 3, 49: 3, 50: 4, 69: 4, 70: 5, 89: 5, 90: 6, 100: 6}
SALT_WEIGHT = {"top_pct": 0.40, "back_pct": 0.24, "right_pct": 0.18, "left_pct": 0.18}
SALT_BANDS = {
    0: ("S0", None), 1: ("S1", "mild"), 20: ("S1", "mild"), 21: ("S1", "moderate"), 24: ("S1", "moderate"),
    25: ("S2", "moderate"), 49: ("S2", "moderate"), 50: ("S3", "severe"), 74: ("S3", "severe"),
    75: ("S4", "severe"), 94: ("S4", "severe"), 95: ("S4", "very severe"), 99: ("S4", "very severe"),
    100: ("S5", "very severe"),
}  # fmt: skip
DLQI_BANDS = {0: "no", 1: "no", 2: "small", 5: "small", 6: "moderate", 10: "moderate", 11: "very large",
              20: "very large", 21: "extremely large", 30: "extremely large"}  # fmt: skip
ENDS = {
    "goodman-baron-qualitative": (1, 4), "goodman-baron-quantitative": (0, 84), "ecca": (0, 540), "gais": (1, 5),
    "vss": (0, 13), "posas-observer": (6, 60), "posas-patient": (6, 60), "manchester": (5, 28), "glogau": (1, 4),
    "masi": (0, 48), "mmasi": (0, 24), "hdss": (1, 4), "salt": (0, 100), "dlqi": (0, 30), "pain-nrs": (0, 10),
}  # fmt: skip
FROM_MEMORY = {"goodman-baron-quantitative", "ecca", "manchester", "wrinkle-grade"}


@pytest.mark.parametrize("scale", ENDS)
def test_range(kb: Knowledge, scale: str) -> None:
    assert (kb.by("scales")[scale].low, kb.by("scales")[scale].high) == ENDS[scale]


def test_what_rests_on_memory_is_marked(kb: Knowledge) -> None:
    assert {scale.id for scale in kb.scales if scale.access == "memory"} == FROM_MEMORY


@pytest.mark.parametrize("count", GB_MULTIPLIER)
@pytest.mark.parametrize("kind", GB_POINTS)
def test_goodman_baron_points(kb: Knowledge, kind: str, count: int) -> None:
    answers = dict.fromkeys((*GB_POINTS, "keloid_area_cm2"), 0) | {kind: count}
    expected = GB_POINTS[kind] * GB_MULTIPLIER[count]
    assert score_scale("goodman-baron-quantitative", answers, kb).value == expected


@pytest.mark.parametrize(("area", "points"), GB_KELOID.items())
def test_goodman_baron_keloid(kb: Knowledge, area: float, points: float) -> None:
    answers = dict.fromkeys(GB_POINTS, 0) | {"keloid_area_cm2": area}
    assert score_scale("goodman-baron-quantitative", answers, kb).value == points


def test_goodman_baron_groups_add_up_to_its_end() -> None:
    by_kind = [3 * points for points in GB_POINTS.values()]
    groups = (sum(by_kind[:2]), sum(by_kind[2:5]), sum(by_kind[5:9]), by_kind[9] + 18)
    assert groups == (6, 18, 36, 24) and sum(groups) == 84


@pytest.mark.parametrize("count", ECCA_COUNT)
@pytest.mark.parametrize("kind", ECCA_WEIGHT)
def test_ecca(kb: Knowledge, kind: str, count: int) -> None:
    answers = dict.fromkeys(ECCA_WEIGHT, 0) | {kind: count}
    assert score_scale("ecca", answers, kb).value == ECCA_WEIGHT[kind] * ECCA_COUNT[count]


@pytest.mark.parametrize("version", VSS_TOPS)
def test_vancouver(kb: Knowledge, version: str) -> None:
    result = score_scale("vss", {**VSS_TOPS[version], "version": version}, kb)
    assert (result.value, result.high, result.version) == (int(version), int(version), version)


def test_manchester(kb: Knowledge) -> None:
    lowest = {name: low for name, (low, _) in MANCHESTER.items()}
    highest = {name: high for name, (_, high) in MANCHESTER.items()}
    assert [score_scale("manchester", answers, kb).value for answers in (lowest, highest)] == [5, 28]
    for answers in (lowest, highest):
        del answers["vas"]
        answers["version"] = "without-vas"  # type: ignore[assignment]
    assert [score_scale("manchester", answers, kb).value for answers in (lowest, highest)] == [5, 18]


@pytest.mark.parametrize(("region", "weight"), MASI_WEIGHT.items())
def test_melasma_weights(kb: Knowledge, region: str, weight: float) -> None:
    clear = {f"{name}_{part}": 0 for name in MASI_WEIGHT for part in ("area", "darkness", "homogeneity")}
    answers = clear | {f"{region}_area": 5, f"{region}_darkness": 3, f"{region}_homogeneity": 2}
    assert score_scale("masi", answers, kb).value == pytest.approx(weight * 5 * (3 + 2))
    without = {name: answer for name, answer in answers.items() if not name.endswith("homogeneity")}
    assert score_scale("mmasi", without, kb).value == pytest.approx(weight * 5 * 3)


@pytest.mark.parametrize("scale", ["masi", "mmasi"])
def test_melasma_area(kb: Knowledge, scale: str) -> None:
    assert {share: area_points(scale, share, kb) for share in MASI_AREA} == MASI_AREA


@pytest.mark.parametrize(("part", "weight"), SALT_WEIGHT.items())
def test_salt_weights(kb: Knowledge, part: str, weight: float) -> None:
    answers = dict.fromkeys(SALT_WEIGHT, 0) | {part: 50}
    assert score_scale("salt", answers, kb).value == pytest.approx(weight * 50)


@pytest.mark.parametrize(("share", "bands"), SALT_BANDS.items())
def test_salt_bands(kb: Knowledge, share: int, bands: tuple[str, str | None]) -> None:
    found = score_scale("salt", dict.fromkeys(SALT_WEIGHT, share), kb).band
    wanted = [name for name in bands if name]
    assert [part.split(" (")[0] for part in found.split("; ")] == wanted


@pytest.mark.parametrize(("total", "band"), DLQI_BANDS.items())
def test_dlqi_bands(kb: Knowledge, total: int, band: str) -> None:
    full, rest = divmod(total, 3)
    answers = {f"item_{n}": 3 if n <= full else rest if n == full + 1 else 0 for n in range(1, 11)}
    result = score_scale("dlqi", answers, kb)
    assert (result.value, result.band) == (total, f"{band} effect")


@pytest.mark.parametrize(
    ("kind", "given", "grade"),
    [
        ("expected-redness", {"lasted_h": 72}, 1),
        ("swelling", {"lasted_h": 73}, 2),
        ("pigment-change", {}, 2),
        ("cold-sores", {}, 2),
        ("dermatitis", {}, 2),
        ("infection", {"treatment": "drip-or-hospital"}, 3),
        ("scar", {"treatment": "surgery"}, 3),
        ("granuloma", {"treatment": "by-mouth"}, 3),
        ("granuloma", {"treatment": "local"}, 2),
        ("anaphylaxis", {}, 4),
        ("anaesthetic-toxicity", {}, 4),
        ("other", {"treatment": "none"}, 1),
        ("other", {"treatment": "home"}, 1),
        ("other", {"treatment": "local"}, 2),
        ("other", {"daily_life": "some-tasks"}, 2),
        ("other", {"daily_life": "self-care"}, 3),
        ("other", {"consequences": ["disability"]}, 3),
        ("other", {"consequences": ["life_threat"]}, 4),
        ("other", {"consequences": ["death"]}, 5),
    ],
)
def test_grades_of_harm(kb: Knowledge, kind: str, given: dict[str, object], grade: int) -> None:
    assert grade_event(kind, kb, **given).grade == grade  # type: ignore[arg-type]
