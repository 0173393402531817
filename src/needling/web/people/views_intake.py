"""The questionnaire behind a one-time link: no account, no name, nothing kept on the server before it is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import wraps
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import segno
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST
from pydantic import ValidationError

from needling.documents import Assessment, Clearance, Person, ZoneFinding
from needling.errors import BadInput, NotAllowed
from needling.web.accounts.access import WORKING, View, for_roles
from needling.web.accounts.models import hashed
from needling.web.charts.access import own_chart
from needling.web.charts.models import Row
from needling.web.charts.records import latest, write
from needling.web.charts.trail import leave_trace
from needling.web.pages import as_picture, knowledge
from needling.web.people.intake import (
    LINK,
    Sheet,
    about_zones,
    asked_for,
    forget_sheet,
    keep_sheet,
    read_sheet,
    sent_documents,
)
from needling.web.people.models import DAYS, Intake
from needling.web.people.reading import zones_of_sites
from needling.web.selfcheck import questions
from needling.web.selfcheck.you import PHOTOTYPES, SEXES, read_you

_GONE = 410
_ONLY_HERE = ("localhost", "127.0.0.1", "::1")
"""Names that lead back to the computer which asks."""
_MAY_STAY_EMPTY = "Each of these may stay empty; your clinic will ask you then."
WARNING = "trouble_after_needling"
"""The question on warning signs after needling."""
_CARE = "care"
_SAID_FOR = 600  # s: the page after sending says once more that care comes first
_SHORTEST = 40  # letters; tokens have a few more


# ---------------------------------------------------------------- the clinic's side


@for_roles(*WORKING)
@require_POST
def make(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Make a link and show it once, in letters and as a picture that a phone reads; an earlier one ends."""
    user: Any = request.user
    found = own_chart(request, chart)
    with transaction.atomic():
        made, token = Intake.make(user, found)
        leave_trace(user.clinic, user, "intake:make", str(made.id))
    link = request.build_absolute_uri(reverse("intake-open", args=[token]))
    drawn = BytesIO()
    segno.make(link).save(drawn, kind="svg", scale=5, border=2, dark="#000", light="#fff")
    context = {
        "chart": found, "link": link, "picture_of": as_picture(drawn.getvalue().decode()), "made": made,
        "only_here": urlsplit(link).hostname in _ONLY_HERE,
    }  # fmt: skip
    return render(request, "people/link.html", context | {"days": DAYS})


# ---------------------------------------------------------------- the person's side


@csrf_exempt
@never_cache
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Take the token out of the address and into the browser's own keeping; whether it is good is said later.

    This page never fails, so no log ever holds the address.
    """
    sheet = read_sheet(request)
    if len(token) < _SHORTEST:  # a page without its last stroke, say; what was answered stays
        return redirect("intake")
    given = hashed(token.strip("/"))
    return _kept(redirect("intake"), sheet if sheet.link == given else Sheet(link=given))


def _kept(response: HttpResponse, sheet: Sheet) -> HttpResponse:
    return keep_sheet(response, sheet, secure=settings.HTTPS)


def _gone(request: HttpRequest) -> HttpResponse:
    """The same for a link that is unknown, used, too old or worn out."""
    return forget_sheet(render(request, "people/intake_gone.html", status=_GONE))


def _with_link(view: View) -> View:
    """Hand a view the open link, the answers so far, and the assessment whose zones are asked about."""

    @wraps(view)
    def checked(request: HttpRequest, *given: Any, **named: Any) -> HttpResponse:
        sheet = read_sheet(request)
        intake = Intake.usable(sheet.link) if sheet.link else None
        if intake is None:
            return _gone(request)
        if request.method == "POST":
            intake.count_turn()
        seen = latest(intake.chart, Assessment)
        sheet = about_zones(sheet, seen[0] if seen else None, knowledge())
        return view(request, intake, sheet, seen, *given, **named)

    return never_cache(checked)


Seen = tuple[Row, Assessment] | None


def _zones(seen: Seen) -> tuple[ZoneFinding, ...]:
    return seen[1].zones if seen else ()


def _clearance(sheet: Sheet, seen: Seen) -> Clearance:
    return asked_for(sheet.answers, _zones(seen), knowledge(), date.today())


def _progress(sheet: Sheet, clearance: Clearance | None, here: str) -> dict[str, Any]:
    """Which page of how many, at most: pages that can no longer change the answer fall away."""
    kb = knowledge()
    answered = {kb.by("facts")[name].topic for name in sheet.answers.facts if name in kb.by("facts")}
    still = set(questions.open_facts(sheet.answers, clearance, kb)) if clearance else set()
    middle = [topic for topic in questions.topics(kb) if topic in answered | still or topic == here]
    pages = ["you", *middle, "summary"]
    place = pages.index(here)
    return {"number": place + 1, "of": len(pages), "back": _address(pages[place - 1]) if place else ("intake",)}


def _address(page: str | None) -> tuple[str, ...]:
    if page is None or page == "summary":
        return ("intake-summary",)
    return ("intake-you",) if page == "you" else ("intake-topic", page)


def _go_on(sheet: Sheet, seen: Seen) -> HttpResponse:
    page = questions.next_topic(sheet.answers, _clearance(sheet, seen), knowledge())
    return _kept(redirect(*_address(page)), sheet)


@require_http_methods(["GET"])
@_with_link
def begin(request: HttpRequest, intake: Intake, sheet: Sheet, seen: Seen) -> HttpResponse:
    """What is asked and why, who gets it, and how long the link holds; no name of anybody."""
    names = dict(zones_of_sites(knowledge()))
    zones = [names.get(one.zone, one.zone) for one in _zones(seen)]
    context = {"begun": sheet.seen, "zones": zones, "expires": intake.expires.date(), "clinic": intake.by.clinic.name}
    return _kept(render(request, "people/intake.html", context), sheet)


@require_http_methods(["GET", "POST"])
@_with_link
def you(request: HttpRequest, intake: Intake, sheet: Sheet, seen: Seen) -> HttpResponse:
    """Age, skin type and sex; each may stay unsaid."""
    problems: dict[str, str] = {}
    if request.method == "POST":
        told, problems = read_you(request.POST)
        if _back(request):
            answers = questions.without_orphans(replace(sheet.answers, you=told or sheet.answers.you), knowledge())
            return _kept(redirect("intake"), replace(sheet, answers=answers))
        if not problems:
            answers = questions.without_orphans(replace(sheet.answers, you=told), knowledge())
            return _go_on(replace(sheet, answers=answers, seen=True), seen)
    context = {
        "chosen": request.POST if request.method == "POST" else sheet.answers.you,
        "phototypes": PHOTOTYPES, "sexes": SEXES, "problems": problems,
        "needed": _MAY_STAY_EMPTY, "progress": _progress(sheet, _clearance(sheet, seen), "you"),
        "already": ("", False),  # what would not be done at home may be done in a clinic
    }  # fmt: skip
    return render(request, "selfcheck/you.html", context, status=422 if problems else 200)


@require_http_methods(["GET", "POST"])
@_with_link
def topic(request: HttpRequest, intake: Intake, sheet: Sheet, seen: Seen, topic: str) -> HttpResponse:
    """The questions of one topic that can still change the answer, and earlier answers to be corrected."""
    kb = knowledge()
    if topic not in questions.topics(kb):
        raise Http404("no such topic")
    if not sheet.seen:
        return redirect("intake-you")
    clearance = _clearance(sheet, seen)
    asked = questions.on_page(topic, sheet.answers, clearance, kb)
    if not asked:
        return _go_on(sheet, seen)
    whole = ""
    if request.method == "POST":
        before = asked
        given, asked = questions.read_page(asked, request.POST, date.today())
        later = replace(sheet, answers=questions.without_orphans(sheet.answers.with_facts(given), kb))
        place = _progress(sheet, clearance, topic)
        try:
            clearance = _clearance(later, seen)
            if _back(request):
                return _kept(redirect(*place["back"]), later)
            if not any(one.problem for one in asked):
                return _next_page(topic, before, later, clearance, seen)
            sheet = later
        except (BadInput, ValidationError) as contradiction:
            whole = str(contradiction)
    context = {
        "topic": topic, "title": questions.TITLES.get(topic, topic), "asked": asked, "whole": whole,
        "progress": _progress(sheet, clearance, topic),
        "more": questions.newly_added(request.GET, asked, sheet.answers) if request.method == "GET" else None,
    }  # fmt: skip
    wrong = whole or any(one.problem for one in asked)
    return _kept(render(request, "selfcheck/topic.html", context, status=422 if wrong else 200), sheet)


def _back(request: HttpRequest) -> bool:
    """Whether the person wants the page before: what is on this one is kept as far as it can be read."""
    return request.POST.get("go") == "back"


def _next_page(
    topic: str, before: tuple[questions.Asked, ...], later: Sheet, clearance: Clearance, seen: Seen
) -> HttpResponse:
    """The next topic; or the same page again, at the question that the answers have added to it."""
    kb = knowledge()
    more = None
    if questions.next_topic(later.answers, clearance, kb) == topic:
        more = questions.added(before, later.answers, clearance, kb)
    if more is None:
        return _go_on(later, seen)
    return _kept(redirect(f"{reverse('intake-topic', args=[topic])}?more=1#{more.name}"), later)


def _needs_care(sheet: Sheet) -> bool:
    """Whether the person has told of a warning sign after needling, which does not wait for a clinic to read it."""
    return sheet.answers.facts.get(WARNING) is True


@require_http_methods(["GET"])
@_with_link
def summary(request: HttpRequest, intake: Intake, sheet: Sheet, seen: Seen) -> HttpResponse:
    """Everything that was answered, to be looked over and sent."""
    if not sheet.seen:
        return redirect("intake-you")
    kb, answers = knowledge(), sheet.answers
    clearance = _clearance(sheet, seen)
    told: dict[str, list[tuple[str, str]]] = {}
    for one in kb.facts:
        if one.name in answers.facts:
            told.setdefault(one.topic, []).append((one.ask, _in_words(answers.facts[one.name])))
    context = {
        "topics": [(name, questions.TITLES.get(name, name), rows) for name, rows in told.items()],
        "you": answers.you, "phototypes": dict(PHOTOTYPES), "clinic": intake.by.clinic.name,
        "again": "again" in request.GET, "care": _needs_care(sheet),
        "asked_next": questions.next_topic(answers, clearance, kb),
        "progress": _progress(sheet, clearance, "summary"),
    }  # fmt: skip
    return render(request, "people/intake_summary.html", context)


def _in_words(value: Any) -> str:
    if value is None:
        return "I don’t know"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return f"{value:g}" if isinstance(value, float) else str(value)


@require_POST
@_with_link
def send(request: HttpRequest, intake: Intake, sheet: Sheet, seen: Seen) -> HttpResponse:
    """Write the answers into the chart and end the link, together or not at all."""
    if not sheet.seen:
        return redirect("intake-you")
    chart = intake.chart
    try:
        with transaction.atomic():
            if not intake.close():
                return _gone(request)
            who, look = latest(chart, Person), latest(chart, Assessment)
            sheet = about_zones(sheet, look[0] if look else None, knowledge())
            person, looked = sent_documents(
                chart, sheet.answers, who[1] if who else None, look[1] if look else None, knowledge(), date.today()
            )
            write(intake.by, chart, person, supersedes=who[0] if who else None, through=LINK)
            if looked is not None:
                write(intake.by, chart, looked, after=look[0] if look else None, through=LINK)
            leave_trace(intake.by.clinic, None, "intake:sent", str(intake.id))
    except NotAllowed:  # the clinic wrote in this very moment: nothing was kept, the answers are still in the browser
        return redirect(reverse("intake-summary") + "?again=1")
    response = forget_sheet(redirect("intake-sent"))
    if _needs_care(sheet):
        where = reverse("intake-sent")
        response.set_cookie(
            _CARE, "1", max_age=_SAID_FOR, httponly=True, secure=settings.HTTPS, samesite="Lax", path=where
        )
    return response


@never_cache
@require_http_methods(["GET"])
def sent(request: HttpRequest) -> HttpResponse:
    """It came in."""
    response = render(request, "people/intake_sent.html", {"care": _CARE in request.COOKIES})
    response.delete_cookie(_CARE, path=reverse("intake-sent"), samesite="Lax")
    return response
