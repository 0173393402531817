"""Members that are people of their own: what differs from one to the next besides the belief's numbers.

Without it every member is the same documented person with other numbers; with it each is somebody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from needling.errors import BadInput, OutOfRange

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Individuals:
    """What is known of each member; None: what the documents say holds for all.

    Args:
        age: s, float64[member]. darkness: place of the phototype among I to VI, int64[member].
        smoker, nsaid: whether, bool[member]. baseline: true start on the scale by zone, float64[member] each.
        attendance: 1 where a member comes to a visit, 0 where not, float64[visit, member]; visits are the days of the
            plan in order.
        force_ratio: force of the hand relative to the plan's, float64[visit, member].
        world: which draw of what nobody knows a member lives in, int64[member]; world 0 has counts of harms at their
            centre.
        judge_time: s from the first day at which everybody is judged; None: as the indications say.

    Assumes: redness after a visit is counted until the next one, also where a member does not come to that.

    Raises:
        BadInput: arrays of other lengths. OutOfRange: an attendance other than 0 or 1, or a force that is not above 0.
    """

    age: Floats | None = None
    darkness: Ints | None = None
    smoker: NDArray[np.bool_] | None = None
    nsaid: NDArray[np.bool_] | None = None
    baseline: Mapping[str, Floats] = field(default_factory=dict)
    attendance: Floats | None = None
    force_ratio: Floats | None = None
    world: Ints | None = None
    judge_time: float | None = None

    def __post_init__(self) -> None:
        given: list[Any] = [self.age, self.darkness, self.smoker, self.nsaid, self.world, *self.baseline.values()]
        given += [self.attendance, self.force_ratio]
        sizes = {array.shape[-1] for array in given if array is not None}
        if len(sizes) > 1:
            raise BadInput(f"individuals of {sorted(sizes)} members; give every array one number for each member")
        if self.attendance is not None and not np.all((self.attendance == 0) | (self.attendance == 1)):
            raise OutOfRange("an attendance is 1 (came) or 0 (did not come)")
        if self.force_ratio is not None and not np.all(np.isfinite(self.force_ratio) & (self.force_ratio > 0)):
            raise OutOfRange(f"a ratio of forces is finite and above 0, got {np.min(self.force_ratio):g}")

    def require_members(self, members: int) -> None:
        """Raises BadInput where the arrays do not fit an ensemble."""
        given: list[Any] = [self.age, self.darkness, self.smoker, self.nsaid, self.world, *self.baseline.values()]
        for array in given:
            if array is not None and array.shape != (members,):
                raise BadInput(f"individuals of shape {array.shape}; the ensemble has {members} members")

    def require_visits(self, visits: int, members: int) -> None:
        """Raises BadInput where attendance or force do not fit a plan."""
        for name, array in (("attendance", self.attendance), ("force_ratio", self.force_ratio)):
            if array is not None and array.shape != (visits, members):
                raise BadInput(f"{name} of shape {array.shape}; the plan has {visits} visits, the ensemble {members}")
