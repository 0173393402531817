"""What somebody who may decide has to sign for: zones held up today, expired lots, too early, more than approved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from needling.documents import Clearance, Reason, SessionRecord
from needling.knowledge import Knowledge
from needling.learning.scored import delivered_plan
from needling.planning.envelope import breaches
from needling.report.words import on_day, zone_name
from needling.web.visits.course import Course
from needling.web.visits.deviations import EARLY, EXPIRED, HELD, PRODUCT, STRONGER
from needling.web.visits.recording import Form, Problem
from needling.web.visits.today import held_up
from needling.web.visits.used import expired_lots

_KEPT_OFF = ("never", "wait")
_ANYWAY = "If it was done all the same, tick it below and say why."
_HELD_ANYWAY = "Only if it has been done already: a clinician ticks that below and says why."


def needs_decision(
    record: SessionRecord,
    course: Course,
    clearance: Clearance | None,
    kb: Knowledge,
    stops: Sequence[Reason] = (),
) -> list[tuple[str, str]]:
    """What somebody who may decide has to sign for: codes with what stands against it.

    Args:
        clearance: of the day; None where the record of a treated session is only corrected.
        stops: what earlier sessions left behind that nobody has said to be over.
    """
    found = []
    held = held_up(clearance, (stroke.zone for stroke in record.strokes)) if clearance is not None else []
    if held:
        found.append((HELD, f"Not to be treated today: {', '.join(zone_name(zone, kb) for zone in held)}."))
    found += [(HELD, f"{reason.what}.") for reason in stops]
    for lot, expiry in expired_lots(record):
        which = f"Lot {lot}" if record.also_used and lot else "This lot"
        found.append((EXPIRED, f"{which} expired on {on_day(expiry)}. Use another one."))
    early = _too_early(record, course, kb)
    if early:
        found.append((EARLY, early))
    more = _more_than_planned(record, course, kb)
    if clearance is not None:
        more += _beyond_today(record, course, clearance, kb)
    if more:
        found.append((STRONGER, f"{'; '.join(more)}."))
    kept_off = [
        kb.by("topicals")[name].name for name in record.topicals or () if kb.by("topicals")[name].gate in _KEPT_OFF
    ]
    if kept_off:
        found.append((PRODUCT, f"{', '.join(kept_off)}: not on fresh channels."))
    return found


def _too_early(record: SessionRecord, course: Course, kb: Knowledge) -> str:
    """Why a session comes too early; empty when it does not."""
    start, ready = course.approval.plan.start, course.ready_on(record.session, kb)
    said = []
    if record.on < start:
        said.append(f"The plan starts on {on_day(start)}, this session is of {on_day(record.on)}.")
    if ready is not None and record.on < ready:
        said.append(f"By calculation most people are ready from {on_day(ready)}. Wait until then.")
    return " ".join(said)


def _more_than_planned(record: SessionRecord, course: Course, kb: Knowledge) -> list[str]:
    found = []
    for zone in dict.fromkeys(stroke.zone for stroke in record.strokes):
        planned, given = (
            [stroke for stroke in strokes if stroke.zone == zone]
            for strokes in (course.approval.plan.sessions[record.session].strokes, record.strokes)
        )
        name = zone_name(zone, kb)
        if not planned:
            found.append(f"{name} was not approved")
            continue
        longest = max(stroke.needle_length_mm for stroke in planned)
        if max(stroke.needle_length_mm for stroke in given) > longest:
            found.append(f"{name}: needles of {longest:g} mm at most were approved")
        wanted, done = (sum(one.directions_count * one.passes_count for one in strokes) for strokes in (planned, given))
        if done > wanted:
            found.append(f"{name}: {wanted} passes over all directions were approved, {done} given")
    return found


def _beyond_today(record: SessionRecord, course: Course, clearance: Clearance, kb: Knowledge) -> list[str]:
    """Limits of today that the session goes beyond, on the days on which the sessions really were.

    What earlier sessions went beyond is no news, and zones that may not be treated at all are told elsewhere.
    """
    before = [one for one in course.records if one.strokes and one.session != record.session and one.on <= record.on]
    in_force = {"clearance_sha256": clearance.sha256, "knowledge_sha256": kb.sha256}
    plan = course.approval.plan.model_copy(update=in_force)
    delivered = delivered_plan(course.approval, [*before, record])  # in the order of their days, this one last
    *earlier, told = delivered.sessions
    done = told.model_copy(update={"endpoint": record.endpoint_seen or told.endpoint})
    plan = plan.model_copy(update={"start": delivered.start})
    until, now = (
        Counter(breaches(plan.model_copy(update={"sessions": tuple(sessions)}), clearance, kb))
        for sessions in (earlier, (*earlier, done))
    )
    return [
        f"{_named(one.what, kb)}: {one.allowed} today ({one.because})"
        for one in now - until
        if one.because != "clearance"
    ]


def _named(what: str, kb: Knowledge) -> str:
    """A limit with its zone as people call it."""
    begins, on, zone = what.rpartition(" on ")
    return f"{begins}{on}{zone_name(zone, kb)}" if zone in {site.id for site in kb.sites} else what


def unsigned(
    needed: Sequence[tuple[str, str]], form: Form, may_decide: bool, labels: Mapping[str, str]
) -> list[Problem]:
    """What stands against signing: a decision that was not ticked, without words, or by somebody who may not decide."""
    problems: list[Problem] = []
    for code, says in needed:
        if code not in form.deviations:
            problems.append(
                ("decisions", f"{says} {_HELD_ANYWAY}", "Today")
                if code == HELD
                else ("decisions", f"{says} {_ANYWAY}", labels[code])
            )
        elif not form.words:
            problems.append(("words", f"{says} Say in words why it was done all the same.", labels[code]))
        elif not may_decide:
            problems.append(("decisions", f"{says} A clinician has to sign this.", labels[code]))
    return problems
