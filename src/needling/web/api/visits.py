"""Records of sessions, what came after them, and how forecasts did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field

from needling.documents import OTHER_HARM, Id, Person, Reason, SessionRecord
from needling.documents.learning import Misses
from needling.documents.visits import VisitCheck
from needling.errors import BadInput, did_you_mean
from needling.web.accounts.access import DECIDING, EVERYBODY, WORKING
from needling.web.api.access import only
from needling.web.api.answers import ERRORS, Page, Refused, Signed, Where, answer, signed
from needling.web.api.charts import API, PageNumber, own_version, page_of, with_state
from needling.web.charts.access import own_chart
from needling.web.charts.models import Chart, Kind
from needling.web.charts.records import latest, read
from needling.web.pages import knowledge
from needling.web.visits.against import against, left_behind
from needling.web.visits.course import Course, course_of
from needling.web.visits.deciding import needs_decision
from needling.web.visits.deviations import HELD, LABELS, read_back
from needling.web.visits.signing import write_visit
from needling.web.visits.today import BEFORE, checked, held_words, questions, read_today
from needling.web.visits.used import all_used
from needling.web.visits.views import own_record
from needling.web.visits.views_after import with_after

visits = Router(tags=["Visits"])


class NewRecord(BaseModel):
    """What was done on one day; with ``supersedes`` as a correction of that version.

    ``today`` holds the answers to the questions of the day; what is left out, or null, is not known.
    """

    model_config = ConfigDict(extra="forbid")
    document: SessionRecord
    today: dict[str, bool | None] = {}
    supersedes: UUID | None = None


def _course(chart: Chart) -> Course:
    found = course_of(chart)
    if found is None:
        raise Refused(404, "Nothing is approved in this chart yet.", "Approve a plan on its page first.")
    return found


class Question(BaseModel):
    """One question of the day; ``before``: it was a yes (or whatever is not quiet) when last told."""

    name: str
    ask: str
    before: bool


class Next(BaseModel):
    """The next session without a record: its number from 0, when it is due, from when most people are ready, and what
    to ask on the day. ``session`` is null when there is none left. ``stops`` have to pass before it.
    """

    session: int | None
    due: date | None = None
    ready: date | None = None
    questions: tuple[Question, ...] = ()
    stops: tuple[Reason, ...] = ()


@visits.get("/charts/{uuid:chart}/next", response={200: Next, **ERRORS}, url_name="next")
@only(*EVERYBODY)
def get_next(request: HttpRequest, chart: UUID) -> HttpResponse:
    """The next session to record, and the questions whose answers go into ``today`` of its record."""
    found, kb = own_chart(request, chart), knowledge()
    course = _course(found)
    session = course.next_session
    if session is None:
        return answer(Next(session=None))
    asked = read_today(None, _person(found, course), course, kb).asked
    questions = tuple(Question(name=one.definition.name, ask=one.words, before=one.before) for one in asked)
    return answer(
        Next(
            session=session, due=course.expected_on(session), ready=course.ready_on(session, kb), questions=questions,
            stops=against(found, course, kb),
        )
    )  # fmt: skip


@visits.get("/charts/{uuid:chart}/records", response={200: Page[Signed[SessionRecord]], **ERRORS}, url_name="records")
@only(*EVERYBODY)
def list_records(request: HttpRequest, chart: UUID, page: PageNumber) -> HttpResponse:
    """All records of sessions, the newest first, corrected ones too."""
    rows = own_chart(request, chart).rows.filter(kind=Kind.RECORD).order_by("-at", "pk")
    return page_of(with_state(rows), page, lambda row: signed(row, SessionRecord))


@visits.post("/charts/{uuid:chart}/records", response={201: Signed[SessionRecord], **ERRORS}, url_name="records")
@only(*WORKING)
def write_record(request: HttpRequest, chart: UUID, new: NewRecord) -> HttpResponse:
    """Write what was done, under the approval in force. What goes beyond it has to be signed by a clinician."""
    from needling.learning.scored import problem_of_record

    user: Any = request.user
    found, record = own_chart(request, chart), new.document
    course = _course(found)
    if record.by != user.signature:
        raise Refused(403, "The record is signed by somebody else.", f"Give '{user.signature}' in 'by'.")
    wrong = problem_of_record(record, course.approval, course.sha256) or _unknown(record)
    if wrong:
        raise BadInput(wrong)
    old = own_version(found, new.supersedes, SessionRecord)
    if old is None and record.session in course.recorded:
        raise Refused(
            409, "This session has a record already.",
            "To correct it, name that version in 'supersedes'; else give the number of the next session.",
        )  # fmt: skip
    if old is not None and course.rows.get(record.session) != old:
        raise Refused(409, "This record is not the one in force.", "Read the records, and name the one in force.")
    before = read(old, SessionRecord) if old is not None else None
    if before is not None:
        _still_told(before, record, user)
    zones = {stroke.zone for stroke in before.strokes} if before is not None else set()
    asks = bool({stroke.zone for stroke in record.strokes} - zones)
    check = _checked(new, found, course, user) if asks else None
    stops = left_behind(found, course, knowledge()) if asks else ()
    _decided(record, course, check, stops, user)
    rows = write_visit(user, found, [*([check] if check else []), record], supersedes=old, through=API)
    return answer(signed(rows[-1], SessionRecord), 201)


def _person(chart: Chart, course: Course) -> Person:
    who = latest(chart, Person)
    return course.approval.forecast.person if who is None else who[1]


def _checked(new: NewRecord, chart: Chart, course: Course, user: Any) -> VisitCheck:
    """Screening with the answers of the day."""
    kb, record, person = knowledge(), new.document, _person(chart, course)
    asked = {question.name for question in questions(kb, person)}
    for name in new.today:
        if name not in asked:
            raise BadInput(f"'{name}' is none of the questions of the day{did_you_mean(name, asked)}")
    words = {None: "unknown", True: "yes", False: "no"}
    sent = {BEFORE + name: words[new.today.get(name)] for name in asked}
    check = checked(course, record.session, read_today(sent, person, course, kb), person, record.on, user.signature)
    if check is None:
        raise BadInput("two answers in 'today' contradict each other, or what is known of the person")
    return check


def _unknown(record: SessionRecord) -> str:
    """What a record names that is not known here, or cannot be yet; empty when all is well."""
    kb = knowledge()
    for used in all_used(record):
        kb.find("devices", used.device)
    for stroke in record.strokes:
        kb.site(stroke.zone)
    for name in record.topicals or ():
        kb.find("topicals", name)
    for event in record.events:
        if event.harm != OTHER_HARM:
            kb.find("adverse_events", event.harm)
        if event.zone is not None:
            kb.site(event.zone)
    return f"the record is of {record.on}, which is still to come" if record.on > date.today() else ""


def _still_told(before: SessionRecord, record: SessionRecord, user: Any) -> None:
    """Refuses a correction that takes away what came after a session, or a session that was done."""
    if set(before.events) - set(record.events) or (before.asked_until_d is not None and record.asked_until_d is None):
        raise Refused(
            422, "What was told of the time after this session is missing.",
            "Send 'events' and 'asked_until_d' as they stand; what is wrong with them is corrected on the page.",
        )  # fmt: skip
    if before.strokes and not record.strokes:
        if before.events or before.asked_until_d is not None:
            raise Refused(422, "Something was told of the time after this session, so it was done.", "Correct that.")
        if user.role not in DECIDING:
            raise Refused(403, "This session is on record as done.", "A clinician has to sign that it was not.")


def _decided(
    record: SessionRecord, course: Course, check: VisitCheck | None, stops: Sequence[Reason], user: Any
) -> None:
    """Refuses what goes beyond the approval, today's answers or what earlier sessions left behind, unless it is named,
    explained, and signed by somebody who may decide.
    """
    codes, words = read_back(record.deviations)
    clearance = check.clearance if check else None
    for code, says in needs_decision(record, course, clearance, knowledge(), stops) if record.strokes else ():
        if code not in codes or not words:
            why = " ".join(f"{lead} {said}" for lead, said in held_words(clearance)) if clearance else ""
            raise Refused(
                422, f"{says} {why}".strip() if code == HELD else says,
                f"If it was done all the same, add '{code}' ({LABELS[code]}) and why to 'deviations'.",
            )  # fmt: skip
        if user.role not in DECIDING:
            raise Refused(403, says, "A clinician has to sign this.")


class NewEvent(BaseModel):
    """Something unwanted that came: what (an id of the adverse events, or "other" with a note), how bad from 1 (mild)
    to 5 (death), how many days after the session, in which treated zone, and what was done about it (from grade 3 on).
    """

    model_config = ConfigDict(extra="forbid")
    harm: Id
    grade: Annotated[int, Field(ge=1, le=5)]
    after_d: Annotated[float, Field(ge=0, le=2000)]
    zone: Id | None = None
    note: Annotated[str, Field(max_length=2000)] = ""
    action: Annotated[str, Field(max_length=2000)] = ""


class After(BaseModel):
    """What came after a session: the day on which somebody asked, how long the redness lasted (null: as it stood), and
    an unwanted event, null for none.
    """

    model_config = ConfigDict(extra="forbid")
    asked_on: date
    redness_d: Annotated[float, Field(ge=0, le=365)] | None = None
    event: NewEvent | None = None


@visits.post("/charts/{uuid:chart}/records/{uuid:row}/after", response={201: Signed[SessionRecord], **ERRORS})
@only(*WORKING)
def write_after(request: HttpRequest, chart: UUID, row: UUID, new: After) -> HttpResponse:
    """Add what came after a session, as a correction of its record: events that it tells already stay. 409 when another
    version of the record is in force.
    """
    user: Any = request.user
    found, course, old = own_record(request, chart, row)
    if course is None:
        raise Refused(409, "This record is not the one in force.", "Read the records, and name the one in force.")
    if not old.record.strokes:
        raise Refused(422, "This session was not done.", "Record it first, or name a session that was done.")
    made, wrong = with_after(_as_form(new, old.record), old.record, user.signature)
    if made is None:
        places = tuple(Where(at=f"body.new.{_PLACES.get(field, field)}", says=says) for field, says, _ in wrong)
        raise Refused(422, "What was sent does not fit.", "Mend the places that are named.", places)
    return answer(signed(write_visit(user, found, [made], supersedes=old.row, through=API)[-1], SessionRecord), 201)


_PLACES = {"redness": "redness_d", "day": "event.after_d"} | {
    name: f"event.{name}" for name in ("harm", "zone", "grade", "note", "action")
}
"""Where in what was sent the fields of the page stand."""


def _as_form(new: After, record: SessionRecord) -> dict[str, str]:
    """The same on the form of the page."""
    redness = record.redness_d if new.redness_d is None else new.redness_d
    told = dict.fromkeys(("harm", "zone", "grade", "day", "note", "action"), "")
    if new.event is not None:
        one = new.event
        told = {"harm": one.harm, "zone": one.zone or "", "grade": str(one.grade), "day": repr(one.after_d),
                "note": one.note.strip(), "action": one.action.strip()}  # fmt: skip
    return {"asked_on": new.asked_on.isoformat(), "redness": "" if redness is None else repr(redness), **told}


@visits.get("/charts/{uuid:chart}/misses", response={200: Misses, **ERRORS})
@only(*EVERYBODY)
def get_misses(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Forecast against seen, and planned against delivered, of the approval in force."""
    from needling.learning import score

    course = _course(own_chart(request, chart))
    return answer(score(course.approval, course.records, course.looks, knowledge()))
