"""The device design study gives its numbers, agrees with closed forms, and draws its page."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import import_module
from math import acos, pi
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


@pytest.fixture(scope="module")
def design() -> Iterator[ModuleType]:
    sys.path.insert(0, str(EXAMPLES))
    yield import_module("device_design")
    sys.path.remove(str(EXAMPLES))
    for name in ("device_design", "device_design_figures"):
        sys.modules.pop(name, None)


def middle(design: ModuleType, draft: str, begins: str) -> float:
    (found,) = [row.middle for row in design.side_by_side()[draft] if row.what.startswith(begins)]
    return float(found)


def test_the_drafts_are_an_overlay_that_loads(design: ModuleType) -> None:
    kb = design.knowledge()
    assert not kb.warnings
    assert {"draft-192", "draft-540", "roller-192"} <= {device.id for device in kb.devices}


def test_many_blunter_needles_do_not_go_in(design: ModuleType) -> None:
    deep = [middle(design, draft, "depth at 4 N") for draft in ("draft-192", "draft-540")]
    assert deep[0] == pytest.approx(0.82, abs=0.05) and deep[1] == pytest.approx(0.40, abs=0.05)
    force = middle(design, "draft-540", "force to bury")
    assert force > design.knowledge().envelope("clinic").force_max_N


def test_force_is_needles_in_contact_times_one_needle_s_force(design: ModuleType) -> None:
    """By hand, for the person in the middle: 4.6 mN/µm of tip less 3 mN, on the needles within the arc in the skin."""
    for draft, needles, tip in (("draft-192", 192, 8), ("draft-540", 540, 20)):
        found = design.pressed(design.of_device(design.knowledge().device(draft)))
        touching = needles * acos(10 / 11.5) / pi
        assert found.touching == pytest.approx(touching)
        assert found.full_N == pytest.approx(touching * (4.6 * tip - 3) * 1e-3)
        buried = 0.65 * 1.5**2 / (1.5 + 0.25)
        assert found.depth_mm == pytest.approx(buried * min(1, 4 / found.full_N))


def test_at_equal_density_the_larger_drum_load_is_as_even(design: ModuleType) -> None:
    a, b = (middle(design, draft, "channels per cm² at equal") for draft in ("draft-192", "draft-540"))
    assert b == pytest.approx(a, rel=0.1)
    gaps = [middle(design, draft, "largest gap") for draft in ("draft-192", "draft-540")]
    assert gaps[1] < gaps[0] and gaps[0] == pytest.approx(1.04, abs=0.1)


@pytest.mark.parametrize("count", [40, 400])
def test_random_channels_have_a_neighbour_ratio_of_one(design: ModuleType, count: int) -> None:
    luck = np.random.default_rng(3)
    found = []
    for _ in range(100):
        x, y = luck.uniform(0, design.ZONE_MM, (2, count))
        away = np.hypot(x[:, None] - x, y[:, None] - y) + 1e3 * np.eye(count)
        found.append(design.neighbour_ratio(x, y, away.min(axis=1)))
    assert np.mean(found) == pytest.approx(1, abs=0.03)


def test_the_cube_s_corners_are_the_limits(design: ModuleType) -> None:
    low, high = design.at(np.zeros(10)), design.at(np.full(10, 1 - 1e-9))
    limits = list(design.LIMITS.values())
    assert list(low) == pytest.approx([one[1] for one in limits])
    assert list(high)[:8] == pytest.approx([one[2] for one in limits[:8]])
    assert high.skin == design.SKINS - 1 and high.luck == 999


def test_what_drives_a_roller(design: ModuleType) -> None:
    pytest.importorskip("SALib", reason="Sobol indices need SALib, which is not installed")
    view = design.drives()
    names = list(design.LIMITS)

    def total(output: str, factor: str) -> float:
        (row,) = [place for place, name in enumerate(design.OUTPUTS) if name.startswith(output)]
        return float(view.total[row, names.index(factor)])

    assert design.main() == pytest.approx(0.49, abs=0.15)
    assert design.main() == max(total("force", name) for name in names)
    assert total("depth", "needle length, mm") == max(total("depth", name) for name in names)
    assert total("evenness of sixteen", "luck of the hand") > 0.6
    assert view.deviation[design.OUTPUTS.index("evenness of sixteen passes")] < 0.05
    assert total("channels", "tip diameter, µm") == pytest.approx(0, abs=0.01)
    assert total("mm²", "rings") + total("mm²", "needles in a ring") > 0.5


@pytest.mark.slow
def test_the_page_has_every_figure_with_its_numbers(design: ModuleType, tmp_path: Path) -> None:
    pytest.importorskip("SALib", reason="Sobol indices need SALib, which is not installed")
    page = (
        import_module("device_design_figures").write_page(tmp_path / "device-design.html").read_text(encoding="utf-8")
    )
    assert page.count("<svg") == 3 == page.count("<table") and "What the model cannot say" in page
    assert not re.search(r"<script|nan", page)
    for row in re.findall(r"<tr>(.*?)</tr>", page, flags=re.DOTALL):
        assert len(re.findall("<t[dh]", row)) in (4, 8)
    assert {path.name for path in (tmp_path / "device-design").glob("*.svg")} == {
        "compare.svg",
        "drives.svg",
        "response.svg",
    }
