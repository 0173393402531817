"""Which part of a roller's design drives how even, how deep and how hard to press it is?

A maker's question: two drafts (``examples/devices/devices.yaml``), one with few sharp needles, one with many blunter
ones. First both side by side; then every design between wide limits, with Sobol indices (SALib); then the answer as a
picture. ``python examples/device_design.py`` writes ``out/device-design.html``, each figure with its numbers. It needs
the extra ``research``: ``.venv/bin/python -m pip install -e ".[research]"``.

Sources: schwarz2011 (drum), romgens2014 (force to enter by tip), lam2008 (what of a needle goes in). What the model
cannot say is at the end, and on the page.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from math import sqrt
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from needling import Belief, load_knowledge
from needling.documents import Stroke
from needling.documents.maps import Outline
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import Device
from needling.simulation import ChannelMap, channel_map
from needling.simulation.equations import depth, rolling
from needling.simulation.indices import Factor, View, sobol_indices
from needling.simulation.mapping.measures import empty_share, nearest_neighbour
from needling.units import from_si, to_si

HERE = Path(__file__).parent
OUT = HERE.parent / "out" / "device-design.html"
ZONE_MM, LENGTH_MM, DIRECTIONS, PASSES, FORCE_N = 24.0, 1.5, 4, 4, 4.0
SKINS = 256

# What is varied and between which limits: wide, so that the drafts and everything on sale lie inside. Only the tip's
# limits were measured on (romgens2014, 5 to 37 µm); another choice of limits gives other indices.
LIMITS = {
    "rings": ("choice", 4, 12),
    "needles in a ring": ("choice", 16, 48),
    "turn of every other ring": ("choice", 0.0, 0.5),
    "drum diameter, mm": ("choice", 12.0, 30.0),
    "drum width, mm": ("choice", 10.0, 24.0),
    "tip diameter, µm": ("choice", 5.0, 37.0),
    "needle length, mm": ("choice", 0.5, 2.0),
    "force on the drum, N": ("choice", 2.0, 6.0),
    "skin, and our doubt": ("person", 0, SKINS),
    "luck of the hand": ("unexplained", 0, 1000),
}
OUTPUTS = (
    "channels per cm² and pass",
    "evenness of one pass",
    "evenness of sixteen passes",
    "mm² without a channel, %",
    "depth, mm",
    "force to bury all needles, N",
)


class Design(NamedTuple):
    """One design in one hand on one skin: the factors of ``LIMITS``, in that order."""

    rings: int
    per_ring: int
    stagger: float
    diameter_mm: float
    width_mm: float
    tip_um: float
    length_mm: float
    force_N: float
    skin: int
    luck: int


@cache
def knowledge() -> Knowledge:
    """The shipped knowledge with the maker's two drafts laid over it."""
    return load_knowledge(HERE / "devices")


@cache
def skins() -> tuple[dict[str, float], ...]:
    """Possible people, what we do not know about each of them included; the last is the one in the middle."""
    kb = knowledge()
    many, middle = Belief.prior(kb, members=SKINS).draw(0), Belief.prior(kb, members=1).draw(0, layers=())
    names = list(many)
    people = [dict(zip(names, row, strict=True)) for row in np.stack([many[name] for name in names]).T.tolist()]
    return (*people, {name: float(middle[name][0]) for name in names})


def drawn(design: Design) -> Device:
    """The design as a device, checked like any other."""
    entry = knowledge().device("draft-192").model_dump() | {
        "id": "design",
        "needles_count": design.rings * design.per_ring,
        "rings_count": design.rings,
        "needles_per_ring_count": design.per_ring,
        "drum_diameter_mm": design.diameter_mm,
        "drum_width_mm": design.width_mm,
        "tip_diameter_um": design.tip_um,
    }
    return Device.model_validate(entry)


def of_device(device: Device, *, force_N: float = FORCE_N, skin: int = SKINS, luck: int = 0) -> Design:
    """A device of the knowledge as a design, half-staggered as the maps assume."""
    assert device.rings_count and device.needles_per_ring_count and device.drum_diameter_mm and device.drum_width_mm
    return Design(
        device.rings_count, device.needles_per_ring_count, 0.5, device.drum_diameter_mm, device.drum_width_mm,
        device.tip_diameter_um, LENGTH_MM, force_N, skin, luck,
    )  # fmt: skip


# ---------------------------------------------------------------- what a design does


def rolled(design: Design, directions: int = DIRECTIONS, passes: int = PASSES) -> ChannelMap:
    """Every channel of a square of 24 mm."""
    stroke = Stroke(
        zone="cheek-left", needle_length_mm=design.length_mm, directions_count=directions, passes_count=passes,
        force_N=design.force_N,
    )  # fmt: skip
    member = skins()[design.skin] | {"ring-stagger": design.stagger}
    square = Outline.rectangle(ZONE_MM, ZONE_MM)
    return channel_map(drawn(design), stroke, square, knowledge(), key=design.luck, member=member)


def neighbour_ratio(x_mm: NDArray[np.float64], y_mm: NDArray[np.float64], away_mm: NDArray[np.float64]) -> float:
    """Mean distance to the nearest channel over that of random ones: 1 random, below 1 in clumps, 2.15 at most.

    Random channels in a square are a little farther apart because some neighbours lie outside (Donnelly's correction):

        0.5 sqrt(A/n) + (0.0514 + 0.041/sqrt(n)) P/n
    """
    count, area, edge = x_mm.size, ZONE_MM**2, 4 * ZONE_MM
    expected = 0.5 * sqrt(area / count) + (0.0514 + 0.041 / sqrt(count)) * edge / count
    return float(away_mm.mean() / expected)


def evenness(laid: ChannelMap, passes: int) -> float:
    """Ratio of the nearest neighbours after the first passes of a map."""
    first = laid.punctures.pass_index < passes
    own = replace(laid.punctures, x=laid.punctures.x[first], y=laid.punctures.y[first])
    return neighbour_ratio(laid.x_mm[first], laid.y_mm[first], from_si(1.0, "mm") * nearest_neighbour(own))


class Pressed(NamedTuple):
    """Needles in the skin at once, the force that buries them all, and how deep channels are under the hand's force."""

    touching: float
    full_N: float
    depth_mm: float


def pressed(design: Design) -> Pressed:
    """The force on the drum shared among the needles in contact, by the plain equations of the package."""
    skin = skins()[design.skin]
    length, radius = to_si(design.length_mm, "mm"), to_si(design.diameter_mm / 2, "mm")
    touching = rolling.needles_in_contact(design.rings * design.per_ring, rolling.entry_tilt(radius, length))
    each = depth.insertion_force(
        to_si(design.tip_um, "um"), skin["insertion-force-slope"], skin["insertion-force-intercept"]
    )
    reached = depth.reached_depth(
        length, skin["roller-efficiency"], skin["roller-dead-length"], length, 1.0,
        depth.force_share(design.force_N, touching, each),
    )  # fmt: skip
    return Pressed(touching, touching * each, from_si(reached, "mm"))


def outcome(design: Design) -> list[float]:
    """The numbers of ``OUTPUTS``."""
    laid, hand = rolled(design), pressed(design)
    cells = laid.punctures.region.cells(laid.binning.gap)
    return [
        laid.density_per_cm2 / (DIRECTIONS * PASSES),
        evenness(laid, 1),
        evenness(laid, DIRECTIONS * PASSES),
        100 * empty_share(laid.punctures, cells),
        hand.depth_mm,
        hand.full_N,
    ]


# ---------------------------------------------------------------- the three questions


class Row(NamedTuple):
    """One line of the comparison: what, and between which values nine of ten hands or skins lie, with the middle."""

    what: str
    over: str
    low: float
    middle: float
    high: float


# Directions and passes that lay about as many channels with either draft.
ALIKE = {"draft-192": (4, 4), "draft-540": (2, 3)}


@cache
def side_by_side(hands: int = 12) -> dict[str, tuple[Row, ...]]:
    """Both drafts: maps over several hands, depth and force over possible skins."""
    found = {}
    for name, alike in ALIKE.items():
        device = knowledge().device(name)
        maps = np.array([outcome(of_device(device, luck=luck))[:4] for luck in range(hands)])
        equal = [rolled(of_device(device, luck=luck), *alike) for luck in range(hands)]
        cells = [one.punctures.region.cells(one.binning.gap) for one in equal]
        again = np.array(
            [
                (one.density_per_cm2, 100 * empty_share(one.punctures, cell), from_si(one.summary.gap, "mm"))
                for one, cell in zip(equal, cells, strict=True)
            ]
        )
        skin = np.array([pressed(of_device(device, skin=skin)) for skin in range(SKINS)])
        what = f"at equal density ({alike[0]} directions x {alike[1]} passes)"
        columns = [
            *((OUTPUTS[place], "hands", maps[:, place]) for place in range(4)),
            (f"channels per cm² {what}", "hands", again[:, 0]),
            (f"mm² without a channel {what}, %", "hands", again[:, 1]),
            (f"largest gap {what}, mm", "hands", again[:, 2]),
            ("needles in contact at once", "skins", skin[:, 0]),
            (OUTPUTS[5], "skins", skin[:, 1]),
            (f"depth at {FORCE_N:g} N, mm", "skins", skin[:, 2]),
        ]
        found[name] = tuple(Row(one, over, *np.quantile(values, (0.05, 0.5, 0.95))) for one, over, values in columns)
    return found


def depth_by_force(name: str, forces_N: NDArray[np.float64]) -> NDArray[np.float64]:
    """Depth under a rising force: 5, 25, 50, 75 and 95 % of the possible skins, float64[level, force], mm."""
    device = knowledge().device(name)
    values = [
        [pressed(of_device(device, force_N=float(force), skin=skin)).depth_mm for skin in range(SKINS)]
        for force in forces_N
    ]
    return np.quantile(np.array(values), (0.05, 0.25, 0.5, 0.75, 0.95), axis=1)


@cache
def drives(samples: int = 128) -> View:
    """Sobol indices of every output on every factor."""
    columns = [Factor(name, kind, name) for name, (kind, _, _) in LIMITS.items()]  # type: ignore[arg-type]

    def evaluate(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.array([outcome(at(row)) for row in rows])

    return sobol_indices("design", columns, evaluate, samples=samples)


def at(share: NDArray[np.float64]) -> Design:
    """A point of the unit cube as a design; what is counted is whole."""
    values = []
    for part, (_, low, high) in zip(share.tolist(), LIMITS.values(), strict=True):
        whole = isinstance(low, int)
        last = 0 if high in (SKINS, 1000) else 1
        values.append(min(int(low + part * (high - low + last)), int(high)) if whole else low + part * (high - low))
    return Design(*values)  # type: ignore[arg-type]


@cache
def response(steps: int = 12) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Depth at 4 N over needles on the drum and diameter of their tips, for the skin in the middle, mm."""
    needles, tips = np.linspace(96, 576, steps + 1), np.linspace(5, 37, steps + 1)
    start = of_device(knowledge().device("draft-192"))
    grid = [
        [pressed(start._replace(rings=1, per_ring=int(n), tip_um=float(t))).depth_mm for n in needles] for t in tips
    ]
    return needles, tips, np.array(grid)


CANNOT = (
    (
        "Force is shared evenly among the needles in contact; skin that tents between close needles (a bed of nails) "
        "is not in the model, and would make many needles worse still."
    ),
    "Evenness after sixteen passes hardly varies at all; its indices share out what is left, mostly the hand's luck.",
    "How far a needle bends, breaks or wears with its thickness and steel is not modelled; nor what it costs.",
    "The turn of every other ring is our assumption even for rollers on sale: nobody has published it.",
    "Force to enter was measured with single needles on skin outside the body; on a person it may differ.",
    "A deeper or more even map is not a better result in people: that needs a trial.",
)


def main() -> float:
    """Total index of the tip's diameter for the force that buries all needles."""
    view = drives()
    return float(view.total[OUTPUTS.index("force to bury all needles, N"), list(LIMITS).index("tip diameter, µm")])


if __name__ == "__main__":
    if find_spec("SALib") is None:
        raise SystemExit(
            'this example needs SALib; from the folder of the clone: .venv/bin/python -m pip install -e ".[research]"'
        )
    from device_design_figures import write_page

    print(write_page(OUT))
