"""Charts, what is known of a person, and everything that is kept of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, TypeVar
from uuid import UUID

from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from needling.documents import Assessment, Document, Fact, Id, Person
from needling.knowledge.facts import AGE
from needling.planning.answers import assessment_problems, case_problems
from needling.web.accounts.access import EVERYBODY, WORKING
from needling.web.api.access import only
from needling.web.api.answers import ERRORS, Listed, Page, Refused, Signed, answer, listed, signed
from needling.web.charts.access import own_chart, own_row
from needling.web.charts.finding import found_by
from needling.web.charts.matching import age_on
from needling.web.charts.models import Chart, Row
from needling.web.charts.records import KIND_OF, latest, write
from needling.web.charts.trail import leave_trace, turn_of
from needling.web.charts.views import everything_of
from needling.web.pages import knowledge

_PAGE = 50
API = "api"
D = TypeVar("D", bound=Document)
T = TypeVar("T")
charts = Router(tags=["Charts"])


class ChartAnswer(BaseModel):
    """One chart. ``label`` is how the clinic finds the person; documents carry ``person`` only."""

    id: UUID
    person: Id
    label: str
    born: date | None = None
    opened: AwareDatetime


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Labelled(_Asked):
    label: Annotated[str, Field(min_length=1, max_length=120)]

    @field_validator("label")
    @classmethod
    def _readable(cls, label: str) -> str:
        label = label.strip()
        if not label or not label.isprintable():
            raise ValueError("give a name or a number that can be printed on one line")
        return label


class NewChart(_Labelled):
    """A chart to be opened; ``born`` tells two people of one name apart."""

    born: date | None = None


class Wanted(_Labelled):
    """Words to look for. They are sent in the body: addresses are written down in places where no name belongs."""


class NewPerson(_Asked):
    """Answers of a person, and the version that they correct; none for the first."""

    document: Person
    supersedes: UUID | None = None


class NewAssessment(_Asked):
    """What was found on a day; with ``supersedes`` as a correction of that version."""

    document: Assessment
    supersedes: UUID | None = None


class Told(BaseModel):
    """Everything that is kept of one person."""

    chart: dict[str, Any]
    documents: list[dict[str, Any]]
    trail: list[dict[str, Any]]


PageNumber = Annotated[int, Query(1, ge=1, le=100_000, description="Which page of the list.")]


def page_of(found: Any, number: int, told: Any, kind: type[Page[Any]] = Page[Any], **more: int) -> HttpResponse:
    """One page of a list; a page that is not there is empty. more: what this kind of page says besides."""
    pages = Paginator(found, _PAGE)
    items = pages.page(number).object_list if number <= pages.num_pages else []
    told_of = tuple(told(one) for one in items)
    return answer(kind(items=told_of, page=number, pages=pages.num_pages, total=pages.count, **more))


def with_state(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Rows with their authors, and whether another one took their place, in one query."""
    return rows.select_related("author").annotate(replaced=Exists(Row.objects.filter(supersedes=OuterRef("pk"))))


def _told(chart: Chart) -> ChartAnswer:
    return ChartAnswer(id=chart.id, person=chart.person_id, label=chart.label, born=chart.born, opened=chart.created)


def _of_clinic(request: HttpRequest) -> QuerySet[Chart]:
    user: Any = request.user
    return Chart.objects.filter(clinic=user.clinic_id, erased=None).order_by("label", "pk")


@charts.get("", response={200: Page[ChartAnswer], **ERRORS}, url_name="charts")
@only(*EVERYBODY)
def list_charts(request: HttpRequest, page: PageNumber) -> HttpResponse:
    """The charts of the clinic by label, fifty a page."""
    return page_of(_of_clinic(request), page, _told)


@charts.post("/find", response={200: Page[ChartAnswer], **ERRORS})
@only(*EVERYBODY)
def find_charts(request: HttpRequest, wanted: Wanted, page: PageNumber) -> HttpResponse:
    """Charts that every word fits: as a part of the label, whatever its accents, or as the year of birth."""
    return page_of(found_by(_of_clinic(request), wanted.label), page, _told)


@charts.post("", response={201: ChartAnswer, **ERRORS}, url_name="charts")
@only(*WORKING)
def open_chart(request: HttpRequest, new: NewChart) -> HttpResponse:
    """Open a chart."""
    user: Any = request.user
    with transaction.atomic():
        made = Chart.objects.create(clinic=user.clinic, label=new.label, born=new.born)
        leave_trace(user.clinic, user, f"open-chart:{API}", str(made.id))
    return answer(_told(made), 201)


@charts.get("/{uuid:chart}", response={200: ChartAnswer, **ERRORS})
@only(*EVERYBODY)
def get_chart(request: HttpRequest, chart: UUID) -> HttpResponse:
    """One chart."""
    return answer(_told(own_chart(request, chart)))


@charts.get("/{uuid:chart}/documents", response={200: Page[Listed], **ERRORS})
@only(*EVERYBODY)
def list_documents(request: HttpRequest, chart: UUID, page: PageNumber) -> HttpResponse:
    """All documents of a chart without their text, the newest first."""
    rows = own_chart(request, chart).rows.defer("document").order_by("-at", "pk")
    return page_of(with_state(rows), page, listed)


@charts.get("/{uuid:chart}/documents/{uuid:row}", response={200: Signed[dict[str, Any]], **ERRORS})
@only(*EVERYBODY)
def get_document(request: HttpRequest, chart: UUID, row: UUID) -> HttpResponse:
    """One document as it was signed."""
    found = own_row(request, chart, row)
    return answer(signed(found, next(one for one, kind in KIND_OF.items() if kind == found.kind)))


# ---------------------------------------------------------------- what is known of a person


def in_force(chart: Chart, kind: type[D]) -> tuple[Row, D]:
    """The document of a kind that is in force.

    Raises:
        Refused: there is none yet.
    """
    found = latest(chart, kind)
    if found is None:
        raise Refused(404, f"this chart has no {KIND_OF[kind]} yet", f"Write the {KIND_OF[kind]} first.")
    return found


def own_version(chart: Chart, supersedes: UUID | None, kind: type[D]) -> Row | None:
    """The version that a new one names.

    Raises:
        Http404: it is not a document of this kind and chart.
    """
    if supersedes is None:
        return None
    return get_object_or_404(Row, pk=supersedes, chart=chart, kind=KIND_OF[kind])


def _refuse(problems: list[Any]) -> None:
    if problems:
        says = "; ".join(f"{'.'.join(map(str, one.loc))}: {one.message}" for one in problems)
        raise Refused(422, f"What was sent does not fit: {says}", "Mend what is named, and send it again.")


def _own_person(chart: Chart, name: str) -> None:
    if name != chart.person_id:
        raise Refused(422, "The document names another person.", f"In this chart the person is '{chart.person_id}'.")


@charts.get("/{uuid:chart}/person", response={200: Signed[Person], **ERRORS}, url_name="person")
@only(*EVERYBODY)
def get_person(request: HttpRequest, chart: UUID) -> HttpResponse:
    """The answers in force."""
    return answer(signed(in_force(own_chart(request, chart), Person)[0], Person))


@charts.post("/{uuid:chart}/person", response={201: Signed[Person], **ERRORS}, url_name="person")
@only(*WORKING)
def write_person(request: HttpRequest, chart: UUID, new: NewPerson) -> HttpResponse:
    """Write answers over the version in force, which ``supersedes`` names; 409 when it is another one by now."""
    user: Any = request.user
    found = own_chart(request, chart)
    _own_person(found, new.document.id)
    _refuse(_person_problems(new.document))
    _age_fits(found, new.document.facts, date.today())
    with transaction.atomic():
        turn_of(user.clinic)  # of two first versions one is the first
        seen = latest(found, Person)
        _own_answers(new.document.facts, seen[1].facts if seen else (), user)
        if new.supersedes != (seen[0].id if seen else None):
            raise Refused(
                409, "Another version of these answers is in force.",
                "Read it, lay your changes over it, and name it in 'supersedes'.",
            )  # fmt: skip
        row = write(user, found, new.document, supersedes=seen[0] if seen else None, through=API)
    return answer(signed(row, Person), 201)


def _age_fits(chart: Chart, facts: Iterable[Fact], on: date) -> None:
    """Refuses a stated age that is not that of the chart's date of birth on the day."""
    stated = next((fact.value for fact in facts if fact.name == AGE and fact.value is not None), None)
    if stated is None or chart.born is None:
        return
    age = age_on(chart.born, on)
    if not isinstance(stated, (int, float)) or not age <= stated < age + 1:
        raise Refused(422, f"The chart says {age} years on that day.", "Leave 'age_y' out, or correct the chart.")


def _own_answers(given: Iterable[Fact], before: Iterable[Fact], user: Any) -> None:
    """Answers are signed by whoever sends them; those that stood there before, by whoever gave them then."""
    known = set(before)
    for fact in given:
        if fact.by not in (None, user.signature) and fact not in known:
            raise Refused(
                403, f"The answer to '{fact.name}' is signed by somebody else.",
                f"Leave 'by' out, give '{user.signature}', or send the answer exactly as it stood there before.",
            )  # fmt: skip


def _answers_of(assessment: Assessment) -> list[Fact]:
    return [*assessment.facts, *(fact for zone in assessment.zones for fact in zone.facts)]


def _person_problems(person: Person) -> list[Any]:
    from needling.planning.answers import person_problems

    return list(person_problems(person, knowledge()))


@charts.get("/{uuid:chart}/assessment", response={200: Signed[Assessment], **ERRORS}, url_name="assessment")
@only(*EVERYBODY)
def get_assessment(request: HttpRequest, chart: UUID) -> HttpResponse:
    """The newest assessment."""
    return answer(signed(in_force(own_chart(request, chart), Assessment)[0], Assessment))


@charts.post("/{uuid:chart}/assessment", response={201: Signed[Assessment], **ERRORS}, url_name="assessment")
@only(*WORKING)
def write_assessment(request: HttpRequest, chart: UUID, new: NewAssessment) -> HttpResponse:
    """Write what was found on a day, later than the newest findings, or over them with ``supersedes``; else 409.

    It is signed with your name; overrides are signed by two people on the page.
    """
    user: Any = request.user
    found = own_chart(request, chart)
    _own_person(found, new.document.person)
    if new.document.overrides:
        raise Refused(403, "Overrides are not taken here.", "Have two people sign them on the page of the clearance.")
    if new.document.by not in (None, user.signature):
        raise Refused(403, "It is signed by somebody else.", f"Leave 'by' out, or give '{user.signature}'.")
    if new.document.on > date.today():
        raise Refused(422, "The findings are of a day that is still to come.", "Give the day of the visit in 'on'.")
    _age_fits(found, new.document.facts, new.document.on)
    document = new.document.model_copy(update={"by": user.signature})
    who = latest(found, Person)
    if who is None:
        _refuse(list(assessment_problems(document, knowledge(), ("document",))))
    else:
        from needling.documents import Case

        _refuse(case_problems(Case(person=who[1], assessment=document), knowledge()))
    old = own_version(found, new.supersedes, Assessment)
    with transaction.atomic():
        turn_of(user.clinic)  # what is newest stays it until this is written
        seen = latest(found, Assessment)
        _own_answers(_answers_of(document), _answers_of(seen[1]) if seen else (), user)
        if seen is not None and (old != seen[0] if old is not None else document.on <= seen[1].on):
            raise Refused(
                409, f"Other findings, of {seen[1].on.isoformat()}, are the newest.",
                "To correct them, name them in 'supersedes'; a new look without it is of a later day.",
            )  # fmt: skip
        row = write(user, found, document, supersedes=old, through=API)
    return answer(signed(row, Assessment), 201)


@charts.get("/{uuid:chart}/export", response={200: Told, **ERRORS})
@only(*WORKING)
def export_chart(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Everything that is kept of one person; that it left is written in the trail."""
    user: Any = request.user
    found = own_chart(request, chart)
    with transaction.atomic():
        leave_trace(user.clinic, user, f"export:{API}", str(found.id))
        return answer(Told(**everything_of(found)))
