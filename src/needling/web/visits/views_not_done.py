"""A session that was not done, and why."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from needling.documents import SessionRecord
from needling.documents.visits import VisitCheck
from needling.report.words import on_day
from needling.web.accounts.access import DECIDING, WORKING, for_roles
from needling.web.charts.access import own_chart
from needling.web.charts.models import Chart
from needling.web.charts.records import Superseded
from needling.web.pages import knowledge
from needling.web.visits.course import Course, course_of
from needling.web.visits.deviations import NOT_DONE, coded
from needling.web.visits.meanwhile import Old, in_force, overtaken, plan_sent, session_sent, words_of_record
from needling.web.visits.recording import Problem
from needling.web.visits.today import BEFORE, STATEMENT, checked, read_today
from needling.web.visits.views import person_of, same_visit, sign

_WORDS = 2000


@for_roles(*WORKING)
@require_http_methods(["GET", "POST"])
def not_done(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Say that the next session was not done, and why; answers of the day that stand against it are kept too."""
    found = own_chart(request, chart)
    course = course_of(found)
    if course is None:
        return render(request, "visits/none.html", {"chart": found})
    session = course.next_session
    if request.method == "POST" and not same_visit(request, course, session):
        return _late(request, found)
    if session is None:
        return redirect("visits", found.id)
    return _form(request, found, course, session, None)


def _late(request: HttpRequest, chart: Chart) -> HttpResponse:
    """Somebody recorded the session in the meantime: the form as it was sent, or signed in the place of theirs."""
    number, plan = session_sent(request, None), plan_sent(request, chart, None)
    now = in_force(chart, number)
    if now is None or number is None or plan != now[0].approval.plan:
        reasons, sent = dict(NOT_DONE), request.POST
        said = [("Day", sent.get("on", "")), ("Why", reasons.get(sent.get("why", ""), "")), ("In words",
                sent.get("words", ""))]  # fmt: skip
        return overtaken(request, chart, [("Session", "not done"), *((name, words) for name, words in said if words)])
    return _form(request, chart, now[0], number, now[1])


def _form(request: HttpRequest, chart: Chart, course: Course, session: int, theirs: Old | None) -> HttpResponse:
    """The page, or the record written.

    Args:
        theirs: what somebody signed of this session since the page was opened; it is replaced where the page names it.
    """
    kb, user = knowledge(), request.user
    planned = course.approval.plan.sessions[session]
    sent: Any = request.POST
    told = {"on": date.today().isoformat(), "why": "", "words": ""}
    told |= {name: str(sent.get(name, told[name])).strip()[:_WORDS] for name in told}
    known = theirs is None or sent.get("replaces") == str(theirs.row.pk)
    problems: list[Problem] = []
    if request.method == "POST" and known:
        problems = _problems(told, course, theirs, user)
        if not problems:
            signature = user.signature
            record = SessionRecord(
                approval=course.sha256, session=session, on=date.fromisoformat(told["on"]), device=planned.device,
                strokes=(), deviations=coded([f"not-done-{told['why']}"], told["words"]), by=signature,
            )  # fmt: skip
            check = _check_sent(request, chart, course, session, record.on, signature)
            says = f"Kept: session {session + 1} was not done."
            replaced = theirs.row if theirs else None
            try:
                return sign(request, chart, [*([check] if check else []), record], replaced, says)
            except Superseded:
                return _late(request, chart)
    context = {
        "chart": chart, "course": course, "session": session, "told": told, "problems": problems,
        "reasons": NOT_DONE, "carried": _carried(request), "theirs": theirs,
        "signed": words_of_record(theirs.record, planned, kb) if theirs else (),
        "expected": course.expected_on(session), "planned": kb.device(planned.device).name,
    }  # fmt: skip
    return render(request, "visits/not_done.html", context, status=422 if problems else 200 if known else 409)


def _problems(told: dict[str, str], course: Course, theirs: Old | None, user: Any) -> list[Problem]:
    problems: list[Problem] = []
    on = _past_day(told["on"])
    if on is None or on < course.earliest_on:
        problems.append(("on", f"Give a day from {on_day(course.earliest_on)} to today.", "Day"))
    if told["why"] not in dict(NOT_DONE):
        problems.append(("why", "Choose a reason.", "Why"))
    if told["why"] == "other" and not told["words"]:
        problems.append(("words", "Say why.", "In words"))
    if theirs is not None and (theirs.record.events or theirs.record.asked_until_d is not None):
        says = "What came after this session is on record already, so it was done. Correct that record instead."
        problems.append(("why", says, "Not done"))
    elif theirs is not None and theirs.record.strokes and user.role not in DECIDING:
        says = "This session is on record as done. A clinician has to sign that it was not."
        problems.append(("why", says, "Not done"))
    return problems


def _past_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day <= date.today() else None


def _carried(request: HttpRequest) -> list[tuple[str, str]]:
    """Answers of the day that came with the form."""
    sent = request.POST.items()
    return [(name, str(value)) for name, value in sent if name == STATEMENT or name.startswith(BEFORE)]


def _check_sent(
    request: HttpRequest, chart: Chart, course: Course, session: int, on: date, signature: str
) -> VisitCheck | None:
    if not _carried(request):
        return None
    person = person_of(chart, course)
    today = read_today(request.POST, person, course, knowledge())
    return checked(course, session, today, person, on, signature)
