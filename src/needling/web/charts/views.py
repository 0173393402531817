"""The list of people, a chart, its documents, what leaves and what is erased, and the trail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from needling.documents import Clearance
from needling.web.accounts.access import EVERYBODY, OWNER, READING, WORKING, for_roles
from needling.web.accounts.models import User
from needling.web.charts.access import own_chart, own_row
from needling.web.charts.alarms import alarms_of
from needling.web.charts.correcting import earlier_of
from needling.web.charts.erasing import erase_chart
from needling.web.charts.finding import found_by
from needling.web.charts.matching import unlike
from needling.web.charts.models import Chart, Kind, Row, Trace
from needling.web.charts.names import folded
from needling.web.charts.records import Superseded, latest
from needling.web.charts.telling import GROUPS, filtered
from needling.web.charts.telling import lines_of as traced
from needling.web.charts.trail import leave_trace, problems
from needling.web.pages import knowledge
from needling.web.people.journey import NO_CLEARANCE, cleared_by, newest, steps_of
from needling.web.people.known import what_is_known
from needling.web.people.overview import lines_of
from needling.web.plans.proposals import signers_of
from needling.web.plans.waiting import waiting_in
from needling.web.plans.warm import Kept
from needling.web.saying import say
from needling.web.visits.against import against
from needling.web.visits.course import course_of

_PAGE = 50
_REMAINS = (
    "Nothing of this person can be reached through the application any more. The files of the database may hold some "
    "of their words a while longer: until the server is started anew or, with PostgreSQL, until its tables are "
    "vacuumed and its archives replaced. Tell whoever runs it, and have backups replaced too."
)


@for_roles(*EVERYBODY)
@require_http_methods(["GET", "POST"])
def charts(request: HttpRequest) -> HttpResponse:
    """The people of the clinic, by label, fifty a page. Words to search for are posted: no address holds a name."""
    user: Any = request.user
    words = request.POST.get("q", "").strip()[:80]
    found = Chart.objects.filter(clinic=user.clinic_id, erased=None)
    if words:
        found = found_by(found, words)
    wanted = request.POST.get("page") or request.GET.get("page")
    page = Paginator(found.order_by("label", "pk"), _PAGE).get_page(wanted)
    context = {"page": page, "lines": lines_of(list(page)), "words": words, "total": page.paginator.count}
    return render(request, "charts/list.html", context)


@for_roles(*WORKING)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Open a chart."""
    user: Any = request.user
    told = read_named(request.POST) if request.method == "POST" else Named("", None, "", [])
    alike: list[Chart] = []
    if request.method == "POST" and not told.problems:
        alike = [] if request.POST.get("another") == "yes" else alike_of(user.clinic_id, told.label)
        if not alike:
            with transaction.atomic():
                made = Chart.objects.create(clinic=user.clinic, label=told.label, born=told.born)
                leave_trace(user.clinic, user, "open-chart", str(made.id))
            return redirect("chart", made.id)
    context = {"told": told, "alike": alike}
    return render(request, "charts/new.html", context, status=422 if told.problems or alike else 200)


class Named(NamedTuple):
    """Name and day of birth as a form gives them; ``typed`` is the day as it was typed."""

    label: str
    born: date | None
    typed: str
    problems: list[tuple[str, str, str]]


def read_named(sent: Mapping[str, Any]) -> Named:
    """Name and day of birth from a form, with what is wrong with them."""
    label, typed = (str(sent.get(name, "")).strip()[:120] for name in ("label", "born"))
    born, problems = born_on(typed)
    if not (label and label.isprintable()):
        problems.insert(0, ("label", "Please give a name or a number.", "Name or number"))
    return Named(label, born, typed, problems)


def born_on(text: str) -> tuple[date | None, list[tuple[str, str, str]]]:
    """A day of birth, or what is wrong with it; None where nothing was said."""
    if not text:
        return None, []
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not date(1900, 1, 1) <= day <= date.today():  # numerical: the first year that documents take
        return None, [("born", "Give a day from 1900 to today, or leave it empty.", "Date of birth")]
    return day, []


def alike_of(clinic: UUID, label: str) -> list[Chart]:
    """Charts of a clinic that are called the same, whatever the capitals, accents and spaces."""
    return list(Chart.objects.filter(clinic=clinic, erased=None, folded=folded(label)).order_by("created"))


@for_roles(*EVERYBODY)
@require_GET
def chart(request: HttpRequest, chart: UUID) -> HttpResponse:
    """One person: what is known, what comes next, and all documents, the newest first."""
    found = own_chart(request, chart)
    rows = list(found.rows.select_related("author").order_by("-number").defer("document"))
    replaced: set[object] = {row.supersedes_id for row in rows if row.supersedes_id}
    known = what_is_known(found, knowledge(), date.today())
    at = newest(rows, replaced)
    course = course_of(found) if Kind.APPROVAL in at else None
    stops = against(found, course, knowledge())
    unsigned = waiting_in([found], knowledge())
    kept = latest(found, Clearance) if Kind.CLEARANCE in at else None
    said = cleared_by(kept[1]) if kept else NO_CLEARANCE
    doubt = unlike(found, known.person)
    steps = steps_of(found, at, known.look, course, stopped=bool(stops), said=said, unsigned=bool(unsigned),
                     unlike=bool(doubt))  # fmt: skip
    context = {
        "chart": found, "earlier": earlier_of(found), "rows": rows, "replaced": replaced, "known": known,
        "steps": steps, "doubt": doubt,
        "against": stops,
        "waiting": unsigned,
    }  # fmt: skip
    return render(request, "charts/chart.html", context)


@for_roles(*EVERYBODY)
@require_GET
def document(request: HttpRequest, chart: UUID, row: UUID) -> HttpResponse:
    """One document as it was signed."""
    found = own_row(request, chart, row)
    from needling.web.plans.everything import TITLES, document_words  # which tells all that this file hands out

    plain = json.loads(found.document)
    words = document_words(found.kind, plain, signers_of(found.clinic_id))
    context = {
        "chart": found.chart, "row": found, "text": json.dumps(plain, indent=2, ensure_ascii=False),
        "title": TITLES[Kind(found.kind)], "words": words.section("words", "In words", level=2),
    }  # fmt: skip
    return render(request, "charts/document.html", context)


@for_roles(*WORKING)
@require_POST
def export(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Everything that is kept of one person, as JSON; that it left is written down."""
    user: Any = request.user
    found = own_chart(request, chart)
    with transaction.atomic():
        leave_trace(user.clinic, user, "export", str(found.id))
        told = everything_of(found)
    response = HttpResponse(json.dumps(told, indent=1, ensure_ascii=False), content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="chart.json"'
    return response


def everything_of(chart: Chart) -> dict[str, Any]:
    """Everything that is kept of one person: documents as they were signed, and what was done with the chart."""
    traces = Trace.objects.filter(clinic=chart.clinic_id, subject=str(chart.id)).order_by("number")
    return {
        "chart": {
            "id": str(chart.id),
            "label": chart.label,
            "born": chart.born.isoformat() if chart.born else None,
            "earlier": [
                {"label": label, "born": born or None, "until": until, "corrected_by": by}
                for label, born, until, by in chart.earlier
            ],
            "opened": chart.created.isoformat(),
        },
        "documents": [_told(row) for row in chart.rows.select_related("author").order_by("number")],
        "trail": [{"at": one.at.isoformat(), "action": one.action} for one in traces],
    }


def _told(row: Row) -> dict[str, Any]:
    return {
        "id": str(row.id), "kind": row.kind, "at": row.at.isoformat(), "by": row.author.signature,
        "through": row.through, "sha256": row.sha256, "needling": row.needling,
        "knowledge_sha256": row.knowledge_sha256,
        "supersedes": str(row.supersedes_id) if row.supersedes_id else None, "document": json.loads(row.document),
    }  # fmt: skip


@for_roles(*OWNER)
@require_http_methods(["GET", "POST"])
def erase(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Remove everything that is kept of one person, and say in the trail that it was."""
    user: Any = request.user
    found = own_chart(request, chart)
    if request.method == "POST" and request.POST.get("label", "").strip() == found.label:
        try:
            clean = erase_chart(user, found)
        except Superseded:
            raise Http404("erased in this moment") from None
        Kept.forget()
        if not clean:
            return render(request, "plain.html", {"title": "Erased", "says": _REMAINS})
        say(request, "Everything that was kept of this person is erased.")
        return redirect("charts")
    problem = "Type the name exactly as it stands on the chart." if request.method == "POST" else ""
    return render(request, "charts/erase.html", {"chart": found, "problem": problem}, status=422 if problem else 200)


@for_roles(*READING)
@require_GET
def trail(request: HttpRequest) -> HttpResponse:
    """Who did what, the newest first, and whether the chain holds."""
    user: Any = request.user
    people = [(str(one.pk), one.name) for one in User.objects.filter(clinic=user.clinic_id).order_by("name")]
    who, what = request.GET.get("who", ""), request.GET.get("what", "")
    who, what = who if who in dict(people) else "", what if what in GROUPS else ""
    found = Trace.objects.filter(clinic=user.clinic_id).select_related("actor").order_by("-number")
    page = Paginator(filtered(found, who, what), _PAGE).get_page(request.GET.get("page"))
    wrong = list(problems(user.clinic)) if request.GET.get("verify") else None
    alarms = alarms_of(user.clinic_id)
    context = {
        "alarms": alarms, "answered": any(one.answers for one in alarms),
        "page": page, "wrong": wrong, "lines": traced(page, user.clinic), "who": who, "what": what,
        "people": people,
        "groups": [(name, label) for name, (label, _) in GROUPS.items()],
    }  # fmt: skip
    return render(request, "charts/trail.html", context)
