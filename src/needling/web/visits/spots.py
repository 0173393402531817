"""What lies in the zones of a session, as the newest look at each of them found it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from needling.documents import ZoneFinding
from needling.knowledge import Knowledge
from needling.report.about_lesions import Found, lesions_of, rule_on, to_do
from needling.web.people.pins import Drawing, drawings_of
from needling.web.visits.against import still_signed
from needling.web.visits.course import Course


@dataclass(frozen=True)
class Spots:
    """Lesions with what each asks for, and the drawings that show where they are."""

    listed: tuple[tuple[Found, str], ...]
    drawings: tuple[Drawing, ...]


def spots_of(course: Course, session: int, kb: Knowledge) -> Spots:
    """The lesions in the zones of one session."""
    zones = list(dict.fromkeys(stroke.zone for stroke in course.approval.plan.sessions[session].strokes))
    newest: dict[str, ZoneFinding] = {}
    for look in (course.approval.forecast.assessment, *course.looks):
        newest |= {finding.zone: finding for finding in look.zones}
    found = lesions_of((newest[zone] for zone in zones if zone in newest), kb)
    home = course.approval.plan.envelope == "home"
    overrides = still_signed(course, date.today(), kb)
    return Spots(
        tuple((one, to_do(one, rule_on(one.lesion.what, kb, home=home), zones, overrides)) for one in found),
        drawings_of(found),
    )
