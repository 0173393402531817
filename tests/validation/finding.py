"""One published or exact number beside ours."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

GROUPS = (
    "Rolling and channel map",
    "Depth and endpoint",
    "Closure and downtime",
    "Passive permeability",
    "Transport",
    "Blood levels",
    "Healing and outcome",
)


@dataclass(frozen=True)
class Finding:
    """One number of a publication, of a closed form or of another program, and ours.

    Args:
        group: of ``GROUPS``. case: what was done, with unit. published: the number as printed. seen: the same as
            one number where it is one. ours: our mean or value. low, high: 5-95 % band of our possible people.
        tolerance: in words. accepted_low, accepted_high: where ``ours`` must lie.
        kind: a *verification* asks whether the equations are solved right, a *validation* whether they are the
            right equations. building: whether the number was used to set parameters or choose the form.
        note: why it misses, or what was assumed. doubt_low, doubt_high: 5-95 % band of the mean itself, from the
            doubt layer alone. points, points_inside: published rows that one finding stands for, and how many of
            them lie in our band.
    """

    group: str
    case: str
    published: str
    ours: float
    low: float
    high: float
    tolerance: str
    accepted_low: float
    accepted_high: float
    building: bool
    kind: Literal["verification", "validation"] = "validation"
    seen: float | None = None
    note: str = ""
    doubt_low: float = -math.inf
    doubt_high: float = math.inf
    points: int = 0
    points_inside: int = 0

    def __post_init__(self) -> None:
        assert self.group in GROUPS, self.group

    @property
    def passed(self) -> bool:
        return bool(self.accepted_low <= self.ours <= self.accepted_high)

    @property
    def blind(self) -> bool:
        """Whether it counts for the honesty of the bands: published, one number, and not used for building."""
        return self.kind == "validation" and not self.building and self.seen is not None and math.isfinite(self.low)

    @property
    def inside(self) -> bool:
        """Whether the published number lies in our 90 % band."""
        return self.seen is not None and bool(self.low <= self.seen <= self.high)

    def as_data(self) -> dict[str, Any]:
        """For JSON: no infinities, and the verdicts written out."""
        plain = {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in asdict(self).items()
        }
        return plain | {"passed": self.passed, "blind": self.blind, "inside": self.inside if self.blind else None}


def of_people(
    group: str,
    case: str,
    published: str,
    values: NDArray[np.float64],
    tolerance: str,
    low: float,
    high: float,
    **more: Any,
) -> Finding:
    """A finding whose number is the mean over possible people, with their band."""
    more.setdefault("building", True)
    return Finding(
        group,
        case,
        published,
        float(values.mean()),
        float(np.quantile(values, 0.05)),
        float(np.quantile(values, 0.95)),
        tolerance,
        low,
        high,
        **more,
    )


def exact(group: str, case: str, wanted: float, ours: float, share: float, published: str = "", **more: Any) -> Finding:
    """A verification: ours must lie within a share of a number that is known exactly or from another program."""
    room = abs(wanted) * share
    return Finding(
        group,
        case,
        published or f"{wanted:.6g}",
        ours,
        math.nan,
        math.nan,
        f"±{100 * share:g} %",
        wanted - room,
        wanted + room,
        building=False,
        kind="verification",
        seen=wanted,
        **more,
    )
