"""The visits of one chart: what was done, the next one to record, corrections, and sessions that were not done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from needling.documents import Document, Person, SessionRecord
from needling.documents.visits import VisitCheck
from needling.learning.alarms import treated_zones
from needling.report.words import ENDPOINT_WORD, zone_name
from needling.web.accounts.access import DECIDING, EVERYBODY, WORKING, for_roles
from needling.web.charts.access import own_chart, own_row
from needling.web.charts.models import Chart, Kind, Row
from needling.web.charts.records import Superseded, latest, read
from needling.web.pages import knowledge
from needling.web.saying import say
from needling.web.visits.against import against, left_behind
from needling.web.visits.asking import asking_of
from needling.web.visits.course import Course, course_of
from needling.web.visits.deciding import needs_decision, unsigned
from needling.web.visits.deviations import DECISIONS, DEVIATIONS, HELD, LABELS, in_words
from needling.web.visits.harms import harm_names
from needling.web.visits.lacking import lacking, noted, unwritten
from needling.web.visits.meanwhile import (
    AFTERCARE,
    NEEDLES,
    Old,
    in_force,
    meanwhile_of,
    overtaken,
    plan_sent,
    session_sent,
    words_of_form,
)
from needling.web.visits.models import Visit
from needling.web.visits.recording import (
    Form,
    onto,
    planned_form,
    read_form,
    recorded_form,
    sent_form,
)
from needling.web.visits.signing import write_visit
from needling.web.visits.spots import spots_of
from needling.web.visits.today import BEFORE, Today, checked, held_up, held_words, read_today
from needling.web.visits.used import Further

_LOTS_OFFERED = 5
_DURING = ("allowed", "before-only", "clinic-only")


def sign(
    request: HttpRequest, chart: Chart, documents: Sequence[Document], supersedes: Row | None, says: str
) -> HttpResponse:
    """Write documents together or not at all; the last one supersedes. The next page says what was kept.

    Raises:
        Superseded: somebody else was faster, and nothing was written.
    """
    user: Any = request.user
    write_visit(user, chart, documents, supersedes=supersedes)
    say(request, says)
    return redirect("visits", chart.id)


@for_roles(*EVERYBODY)
@require_GET
def visits(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Every visit of the plan in force: planned, done, and what differed."""
    kb, found = knowledge(), own_chart(request, chart)
    course = course_of(found)
    if course is None:
        return render(request, "visits/none.html", {"chart": found})
    known = course.recorded
    lines = [
        {
            "number": number + 1,
            "planned": course.expected_on(number),
            "record": known.get(number),
            "row": course.rows.get(number),
            "device": kb.device(session.device).name,
            "differs": in_words(known[number].deviations) if number in known else [],
            "lacks": unwritten(known[number]) if number in known else [],
            "next": number == course.next_session,
        }
        for number, session in enumerate(course.approval.plan.sessions)
    ]
    harms = harm_names(kb)
    devices = {device.id: device.name for device in kb.devices}
    return render(
        request, "visits/visits.html",
        {
            "chart": found, "course": course, "lines": lines, "harms": harms, "devices": devices,
            "zones": {zone: zone_name(zone, kb) for zone in treated_zones(course.approval, course.records)},
            "plan": course.approval.plan, "against": against(found, course, kb),
        },
    )  # fmt: skip


# ---------------------------------------------------------------- recording


def person_of(chart: Chart, course: Course) -> Person:
    """The person with the newest answers."""
    found = latest(chart, Person)
    return course.approval.forecast.person if found is None else found[1]


def _context(chart: Chart, course: Course, session: int, form: Form, today: Today | None) -> dict[str, Any]:
    kb = knowledge()
    planned = course.approval.plan.sessions[session]
    shown = {*planned.topicals, *form.topicals}
    products = [one for one in kb.topicals if one.gate in _DURING or one.id in shown]
    lots = Visit.objects.filter(clinic=chart.clinic_id, device__in=_devices_of(form)).exclude(lot="").order_by("-on")
    return {
        "chart": chart, "course": course, "session": session, "form": form, "today": today, "planned": planned,
        "endpoints": ENDPOINT_WORD, "needles": NEEDLES, "aftercares": AFTERCARE,
        "devices": [(one.id, one.name) for one in kb.devices], "products": products,
        "lots": list(dict.fromkeys(lots.values_list("lot", flat=True)[: 4 * _LOTS_OFFERED]))[:_LOTS_OFFERED],
        "deviations": DEVIATIONS, "decisions": DECISIONS, "ready": course.ready_on(session, kb),
        "expected": course.expected_on(session), "problems": [], "held": None, "blank": Further(),
        "against": left_behind(chart, course, kb),
        "spots": spots_of(course, session, kb), "lacking": [], "meanwhile": None, "moved": False,
    }  # fmt: skip


def _devices_of(form: Form) -> set[str]:
    return {form.device, *(one.device for one in form.further)}


def same_visit(request: HttpRequest, course: Course, session: int | None) -> bool:
    """Whether the page that was sent is about the session that is still to be recorded."""
    return request.POST.get("session") == str(session) and request.POST.get("approval") == course.sha256


@for_roles(*WORKING)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Record the next session: opened as planned, the questions of the day asked again, signed once."""
    found = own_chart(request, chart)
    course = course_of(found)
    if course is None:
        return render(request, "visits/none.html", {"chart": found})
    session = course.next_session
    if request.method == "POST" and not same_visit(request, course, session):
        return _late(request, found)
    if session is None:
        return redirect("visits", found.id)
    opened = planned_form(course.approval.plan.sessions[session], date.today(), knowledge())
    return _recorder(request, found, course, session, opened, None)


@for_roles(*WORKING)
@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, chart: UUID, row: UUID) -> HttpResponse:
    """Correct a record: the new one supersedes it, and the old one stays readable."""
    found, course, old = own_record(request, chart, row)
    if course is None:
        return _late(request, found, old) if request.method == "POST" else overtaken(request, found)
    planned = course.approval.plan.sessions[old.record.session]
    return _recorder(request, found, course, old.record.session, recorded_form(old.record, planned, knowledge()), old)


def _late(request: HttpRequest, chart: Chart, before: Old | None = None) -> HttpResponse:
    """Somebody was faster: the form as it was sent, to be signed as a correction of what they signed, or left.

    Args:
        before: the record that was to be corrected; None for a form of a new one.
    """
    kb = knowledge()
    plan = plan_sent(request, chart, before)
    number = session_sent(request, before)
    if plan is None or number is None or not 0 <= number < len(plan.sessions):
        return overtaken(request, chart)
    planned = plan.sessions[number]
    opened = recorded_form(before.record, planned, kb) if before else planned_form(planned, date.today(), kb)
    yours = sent_form(request.POST, opened)
    now = in_force(chart, number)
    if now is not None and now[0].approval.plan == plan:
        return _recorder(request, chart, now[0], number, opened, now[1], late=True)
    course = course_of(chart)
    if course is not None and course.next_session == number and before is None:
        return _recorder(request, chart, course, number, onto(yours, course.approval.plan.sessions[number], kb), None,
                         late=True)  # fmt: skip
    return overtaken(request, chart, words_of_form(yours, kb))


def own_record(request: HttpRequest, chart: UUID, row: UUID) -> tuple[Chart, Course | None, Old]:
    """A record of an own chart, and the course that it is in force in; None when it is in force no more."""
    found = own_row(request, chart, row)
    if found.kind != Kind.RECORD:
        raise Http404("this is no record of a session")
    course, record = course_of(found.chart), read(found, SessionRecord)
    if course is None or course.rows.get(record.session) != found:
        course = None
    return found.chart, course, Old(found, record)


def _added(request: HttpRequest, course: Course, session: int, opened: Form, old: Old) -> frozenset[str]:
    """Zones that a correction adds to what was recorded: nobody asked of them whether something stands against it."""
    if request.method != "POST":
        return frozenset()
    form = sent_form(request.POST, opened)
    record, _ = read_form(form, course, session, date.today(), request.user.signature, knowledge())
    zones = {stroke.zone for stroke in record.strokes} if record is not None else set()
    return frozenset(zones - {stroke.zone for stroke in old.record.strokes})


def _came_after(old: SessionRecord, on: date) -> dict[str, Any]:
    """What was told of the time after a session, on the same days where the session itself moves to another."""
    moved = (old.on - on).days
    events = tuple(one.model_copy(update={"after_d": max(0.0, one.after_d + moved)}) for one in old.events)
    asked = None if old.asked_until_d is None else max(0.0, old.asked_until_d + moved)
    return {"redness_d": old.redness_d, "events": events if moved else old.events, "asked_until_d": asked}


def _recorder(
    request: HttpRequest, chart: Chart, course: Course, session: int, opened: Form, old: Old | None, *,
    late: bool = False,
) -> HttpResponse:  # fmt: skip
    kb, user = knowledge(), request.user
    signature = user.signature
    # Whoever came second asked too: their answers are theirs, and are signed with their correction.
    told_today = any(name.startswith(BEFORE) for name in request.POST)
    added = _added(request, course, session, opened, old) if old is not None else frozenset()
    asks = old is None or not old.record.strokes or told_today or bool(added)
    person = person_of(chart, course)
    today = read_today(request.POST if request.method == "POST" else None, person, course, kb) if asks else None
    form = opened if request.method == "GET" or (late and old is None) else sent_form(request.POST, opened)
    context = _context(chart, course, session, form, today) | {"old": old}
    if today is not None:
        context["asking"] = asking_of(chart, course, today, person)
    if request.method == "GET":
        return render(request, "visits/record.html", context)
    if late:
        planned = course.approval.plan.sessions[session]
        context["meanwhile"] = meanwhile_of(old, form, today, planned, kb) if old is not None else None
        context["moved"] = old is None
        return render(request, "visits/record.html", context, status=409)
    record, problems = read_form(form, course, session, date.today(), signature, kb)
    check: VisitCheck | None = None
    told: VisitCheck | None = None
    if record is not None and today is not None:
        check = checked(course, session, today, person, record.on, signature)
        # Without the tick every question is open: then the tick is asked for, and only what was marked is told.
        told = check
        if not today.stated and HELD not in form.deviations:
            problems.append(("asked", "Ask them, then tick “I asked all of these today”.", "Questions of the day"))
            told = checked(course, session, replace(today, stated=True), person, record.on, signature)
        if check is None or told is None:
            problems.append(("today", "Two answers contradict each other.", "Questions of the day"))
        elif held := held_up(told.clearance, (stroke.zone for stroke in record.strokes)):
            context["held"] = told.clearance
            context["held_zones"] = [zone_name(zone, kb) for zone in held]
            context["held_words"] = held_words(told.clearance)
    if record is not None:
        stops = context["against"] if asks else ()
        needed = needs_decision(record, course, told.clearance if told else None, kb, stops)
        problems += unsigned(needed, form, user.role in DECIDING, LABELS)
    lacks = lacking(form)
    names = [name for _, name in lacks]
    unsaid = not set(names) <= set(form.without)
    if problems or record is None or unsaid:
        more = {"problems": problems, "lacking": lacks if unsaid else []}
        return render(request, "visits/record.html", context | more, status=422)
    record = record.model_copy(update={"note": noted(record.note, names)})
    if old is not None and old.record.strokes:
        record = record.model_copy(update=_came_after(old.record, record.on))
    says = f"Session {session + 1} is {'corrected' if old else 'kept'}."
    try:
        return sign(request, chart, [*([check] if check else []), record], old.row if old else None, says)
    except Superseded:
        return _late(request, chart, old)
