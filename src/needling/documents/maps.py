"""Documents about where channels lie: the outline of a zone, what a channel map of it says, how two maps agree."""

from typing import Annotated

from pydantic import Field

from needling.documents import Condition, Document, Id, Sha256, Stroke, Text


class Outline(Document):
    """A zone of skin as a polygon on flat skin: its corners in order, each as x and y."""

    corners_mm: Annotated[tuple[tuple[float, float], ...], Field(min_length=3, max_length=1000)]

    @classmethod
    def rectangle(cls, width_mm: float, height_mm: float) -> "Outline":
        """A rectangle with its lower left corner at the origin."""
        return cls(corners_mm=((0.0, 0.0), (width_mm, 0.0), (width_mm, height_mm), (0.0, height_mm)))


class Curve(Document):
    """A cumulative histogram over the area of a zone: the share of the area that has at least each level.

    ``unit`` is that of the levels. Densities are counted in cells of ``cell_mm``; depths are those of the deepest
    channel within ``within_mm`` of a place.
    """

    levels: tuple[float, ...]
    unit: Text
    area_share: tuple[float, ...]
    cell_mm: float
    within_mm: float | None = None


class MapReport(Document):
    """A channel map in numbers.

    ``reached_per_cm2`` is the density that each share of the area (``reached_share``) has, in the cells of the area
    histogram; ``evenness_ratio`` is the first of these over the second, 1 when perfectly even. ``dispersion_ratio`` is
    variance over mean of the counts: 1 for random channels, 0 for a lattice. ``gap_mm`` is the radius of the largest
    circle in the zone without a channel, ``empty_share`` the share of cells of ``gap_cell_mm`` without one.
    ``rehit_share`` counts channels that open an earlier one again, ``track_share`` those lined up in a track.
    """

    device: Id
    condition: Condition
    stroke: Stroke
    outline: Outline
    edges: Text
    overlap_share: float
    key: int
    channels_count: int
    area_cm2: float
    density_per_cm2: float
    reached_share: tuple[float, ...]
    reached_per_cm2: tuple[float, ...]
    evenness_ratio: float
    dispersion_ratio: float
    nearest_mm: float | None
    within_mm: float
    within_share: float
    rehit_share: float
    track_share: float
    empty_share: float
    gap_cell_mm: float
    gap_mm: float
    gap_at_mm: tuple[float, float]
    slit_mm: float
    stimulus_mean_share: float
    stimulus_low_share: float
    stimulus_high_share: float
    area_histogram: Curve
    depth_histogram: Curve
    knowledge_sha256: Sha256


class MapAgreement(Document):
    """How a delivered channel map agrees with the planned one, after radiotherapy's gamma index.

    A place agrees when, within ``distance_mm`` and ``difference_pct`` of the planned mean density taken together, the
    planned density is found (gamma at most 1). Places planned thinner than ``threshold_pct`` of it are not judged. It
    agrees as a whole when ``passed_share`` reaches ``wanted_share``. Densities are smoothed by ``smoothing_mm``.
    """

    planned_per_cm2: float
    delivered_per_cm2: float
    passed_share: float
    wanted_share: float
    agrees: bool
    judged_share: float
    mean_gamma_ratio: float
    difference_pct: float
    distance_mm: float
    threshold_pct: float
    smoothing_mm: float
    cell_mm: float
