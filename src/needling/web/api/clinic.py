"""What the whole clinic looks at: what is due, unwanted events, and who was treated with a lot."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field, field_validator

from needling.documents import Id
from needling.learning.unwanted import serious_from
from needling.web.accounts.access import EVERYBODY
from needling.web.api.access import only
from needling.web.api.answers import ERRORS, Page
from needling.web.api.charts import PageNumber, page_of
from needling.web.pages import knowledge
from needling.web.visits.harms import harm_names
from needling.web.visits.models import Due, Unwanted, Visit
from needling.web.visits.views_clinic import counted, due_in, events_in, treated_with

clinic = Router(tags=["Clinic"])


class DueAnswer(BaseModel):
    """One thing to do for a person, and its day. ``kind``: "session" (one without a record), "check" (a look or a
    question after one) or "judge" (the reading by which the result is judged); ``session`` counts from 0.
    ``severe_event``: a severe unwanted event is on record.
    """

    chart: UUID
    label: str
    on: date
    kind: str
    session: int
    says: str
    severe_event: bool


class EventAnswer(BaseModel):
    """One unwanted event and its day; ``name`` and ``care`` are the words of its harm. ``record`` tells the rest."""

    chart: UUID
    label: str
    record: UUID
    on: date
    harm: Id
    name: str
    grade: int
    care: str


class TreatedAnswer(BaseModel):
    """One device with one lot in one session, which ``record`` tells in full; ``lot`` is empty where none was named."""

    chart: UUID
    label: str
    record: UUID
    on: date
    device: Id
    lot: str


class TreatedPage(Page[TreatedAnswer]):
    """One page of those who were treated with a lot, and how many people and sessions there are on all pages."""

    people: int
    sessions: int


class WantedLot(BaseModel):
    """A lot, or how it begins; null for sessions that name none. Capital letters, spaces and dashes do not matter."""

    model_config = ConfigDict(extra="forbid")
    lot: Annotated[str, Field(min_length=1, max_length=80)] | None

    @field_validator("lot")
    @classmethod
    def _told(cls, lot: str | None) -> str | None:
        lot = lot if lot is None else lot.strip()
        if lot == "":
            raise ValueError("give the lot, or how it begins; null for sessions that name none")
        return lot


FromGrade = Annotated[
    int | None, Query(None, ge=1, le=5, description="From which grade on; left out: severe ones, as on the page.")
]


def _clinic(request: HttpRequest) -> UUID:
    user: Any = request.user
    return UUID(str(user.clinic_id))


@clinic.get("/due", response={200: Page[DueAnswer], **ERRORS}, url_name="clinic-due")
@only(*EVERYBODY)
def list_due(request: HttpRequest, page: PageNumber) -> HttpResponse:
    """What is due in the clinic up to two weeks ahead, the longest overdue first."""
    severe = Unwanted.objects.filter(chart=OuterRef("chart"), grade__gte=serious_from(knowledge()))
    found = due_in(_clinic(request), date.today()).annotate(severe=Exists(severe))

    def told(one: Due) -> DueAnswer:
        severe_event = bool(getattr(one, "severe", False))
        return DueAnswer(
            chart=one.chart_id, label=one.chart.label, on=one.on, kind=one.kind, session=one.session, says=one.says,
            severe_event=severe_event,
        )  # fmt: skip

    return page_of(found, page, told)


@clinic.get("/events", response={200: Page[EventAnswer], **ERRORS}, url_name="clinic-events")
@only(*EVERYBODY)
def list_events(request: HttpRequest, page: PageNumber, grade: FromGrade) -> HttpResponse:
    """Unwanted events of the clinic, the newest first; those of records that were corrected do not count."""
    kb = knowledge()
    names, harms = harm_names(kb), kb.by("adverse_events")

    def told(one: Unwanted) -> EventAnswer:
        care = harms[one.harm].manage if one.harm in harms else ""
        return EventAnswer(
            chart=one.chart_id, label=one.chart.label, record=one.row_id, on=one.on, harm=one.harm,
            name=names.get(one.harm, one.harm), grade=one.grade, care=care,
        )  # fmt: skip

    return page_of(events_in(_clinic(request), serious_from(kb) if grade is None else grade), page, told)


@clinic.post("/lots/find", response={200: TreatedPage, **ERRORS}, url_name="clinic-lots")
@only(*EVERYBODY)
def find_lot(request: HttpRequest, wanted: WantedLot, page: PageNumber) -> HttpResponse:
    """Who was treated with a lot, the newest first: every record in force whose lot begins so."""

    def told(one: Visit) -> TreatedAnswer:
        return TreatedAnswer(
            chart=one.chart_id, label=one.chart.label, record=one.row_id, on=one.on, device=one.device, lot=one.lot
        )

    found = treated_with(_clinic(request), wanted.lot or "")
    return page_of(found, page, told, TreatedPage, **counted(found))
