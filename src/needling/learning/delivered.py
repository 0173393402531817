"""Planned against delivered: density, day and, where asked for, the map of every channel, zone by zone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from math import sqrt

import numpy as np

from needling.documents import Approval, Condition, Endpoint, SessionRecord, Stroke
from needling.documents.learning import Delivery
from needling.documents.maps import Outline
from needling.errors import OutOfRange
from needling.knowledge import Knowledge
from needling.simulation import agreement, channel_map, recorded_map
from needling.simulation.bind import ENDPOINTS, planned_density_per_cm2
from needling.simulation.seam.picture import ChannelMap
from needling.units import from_si, to_si


def deliveries_of(
    approval: Approval, records: Sequence[SessionRecord], kb: Knowledge, *, maps: bool = False
) -> Iterator[Delivery]:
    """Each planned zone of each recorded session, all its strokes together.

    Args:
        approval: what was planned. records: what was done, checked to belong to it. kb: devices, and what agrees.
        maps: whether the channels of both are laid on the zone and compared.
    """
    allowed = kb.parameter("agreement-density").quantity
    areas = {finding.zone: finding.area_cm2 for finding in approval.forecast.assessment.zones}
    for record in records:
        if record.session >= len(approval.plan.sessions):
            continue  # given up under an earlier approval; this plan has no session to hold it against
        planned = approval.plan.sessions[record.session]
        late = (record.on - approval.plan.start - timedelta(days=planned.day_d)).days
        for zone in dict.fromkeys(stroke.zone for stroke in planned.strokes):
            tasks = [stroke for stroke in planned.strokes if stroke.zone == zone]
            done = [stroke for stroke in record.strokes if stroke.zone == zone]
            wanted, given = (
                sum(planned_density_per_cm2(kb.device(device), stroke) for stroke in strokes)
                for device, strokes in ((planned.device, tasks), (record.device, done))
            )
            share, agrees, note = None, None, ""
            if maps and done:
                first = (planned.device, planned.condition, tasks)
                share, agrees, note = _agreement(first, (record.device, record.condition, done), areas[zone], kb)
            seen = _grade(record.endpoint_seen) - _grade(planned.endpoint) if record.endpoint_seen else None
            at_endpoint = bool(done) and given < wanted and seen == 0
            beyond = bool(done) and seen is not None and seen > 0
            difference = (given - wanted) / wanted
            near = abs(difference) <= to_si(allowed.median, allowed.unit) and agrees is not False
            yield Delivery(
                session=record.session,
                zone=zone,
                planned_per_cm2=wanted,
                delivered_per_cm2=given,
                difference_pct=from_si(difference, "pct"),
                late_d=float(late),
                done=bool(done),
                at_endpoint=at_endpoint,
                beyond_endpoint=beyond,
                as_planned=bool(done) and not beyond and (near or at_endpoint),
                agreement_share=share,
                agrees=agrees,
                map_note=note,
            )


def _grade(endpoint: Endpoint) -> int:
    return ENDPOINTS.index(endpoint)


Rolled = tuple[str, Condition, Sequence[Stroke]]


def _agreement(
    planned: Rolled, delivered: Rolled, area_cm2: float, kb: Knowledge
) -> tuple[float | None, bool | None, str]:
    """Share of a zone that agrees, whether that is enough, and what the maps were laid on."""
    side_mm = from_si(sqrt(to_si(area_cm2, "cm2")), "mm")
    outline = Outline.rectangle(side_mm, side_mm)
    try:
        compared = agreement(*(_laid(rolled, outline, key, kb) for key, rolled in enumerate((planned, delivered))))
    except OutOfRange as outside:
        return None, None, f"no map: {outside}"
    note = f"laid on a flat square of {area_cm2:g} cm², for the outline of the zone is not known; one run of chance"
    return float(compared.passed), bool(compared.agrees), note


def _laid(rolled: Rolled, outline: Outline, key: int, kb: Knowledge) -> ChannelMap:
    """The channels of all strokes on a zone, as one map; each stroke has its own chance."""
    device, condition, strokes = rolled
    made = [
        channel_map(device, stroke, outline, kb, key=2 * number + key, condition=condition)
        for number, stroke in enumerate(strokes)
    ]
    if len(made) == 1:
        return made[0]
    x_mm, y_mm, depth_mm = (
        np.concatenate([getattr(one, name) for one in made]) for name in ("x_mm", "y_mm", "depth_mm")
    )
    return recorded_map(x_mm, y_mm, made[0], depth_mm=depth_mm)
