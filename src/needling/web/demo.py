"""A clinic to look at: invented accounts, the people of the plan study, plans, visits and what came after them.

Everything is made by the same verbs and written by the same seam as in a real clinic; only the days lie in the past.
It is written into an empty database in a folder of its own, and never anywhere else.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from needling.choosing import choose, ensemble
from needling.documents import Approval, Assessment, Case, Choice, Event, Fact, ScaleScore, Session, SessionRecord, Used
from needling.documents.overrides import ProposedOverride
from needling.errors import BadInput
from needling.planning.approve import approve
from needling.planning.cases import read_case
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.simulation import forecast, simulate_many
from needling.trials.planstudy.study import person_files
from needling.web.accounts.models import Clinic, Role, User
from needling.web.charts.models import Chart, Row
from needling.web.charts.records import read, write
from needling.web.charts.trail import leave_trace
from needling.web.keys import data_folder
from needling.web.pages import knowledge
from needling.web.people.intake import LINK, sent_documents
from needling.web.people.models import Intake
from needling.web.plans.proposals import bare
from needling.web.selfcheck.answers import Answers
from needling.web.visits.course import course_of
from needling.web.visits.deviations import coded
from needling.web.visits.today import STATEMENT, checked, read_today
from needling.web.visits.used import planned_further

FOLDER = "demo"
"""Name of the folder, inside the usual data folder, that alone may hold a demo."""
_CLINIC = "Clinic of the demo"
_STAFF = (("owner", "Dr Olu Adeyemi"), ("clinician", "Dr Clara Weiss"), ("assistant", "Asim Malik"),
          ("auditor", "Audra Finch"))  # fmt: skip
_MEMBERS = 256  # possible people: enough for pages to look at
_KEY = 0  # the plan page's own, so that both show the same numbers
_BEGAN_D = 240  # days since the clinic was set up, before the first story
_INTAKE = ("Mona Petrov", "Noor de Vries")
"""Two who only got a link to the questions: the first has not answered yet, the second has."""
_SHELF_LIFE = timedelta(days=400)


class After(NamedTuple):
    """What came after a visit: days of redness, until when somebody asked, and an event (harm, grade, day, words)."""

    redness_d: float
    asked_d: float
    event: tuple[str, int, float, str] | None = None


@dataclass(frozen=True)
class Story:
    """What happened to one person of the plan study in this clinic.

    Args:
        label: on the chart. born: day and month. ago_d: days since the assessment. planned: whether a plan was weighed.
        approved: whether one with sessions was approved, the best by the goals. visits: of days on which sessions were
        done, by number of the visit; None: the person did not come. lots: by visit. read: (scale, value in each zone)
        before
        and after. looked_ago_d: days since the last look. cleared_d: by visit, days until a clinician found that an
        unwanted event was over. tells: answers otherwise than in the study; a number is a day so long before the
        assessment. in_spite: a rule that the clinician wants to set aside, and why; nobody has signed it yet.
    """

    label: str
    born: tuple[int, int]
    ago_d: int
    screened: bool = True
    planned: bool = True
    approved: bool = False
    visits: tuple[After | None, ...] = ()
    lots: tuple[str, ...] = ("NR-2417",)
    before: tuple[str, float] | None = None
    after: tuple[str, float] | None = None
    looked_ago_d: int = 0
    late_d: Mapping[int, int] = field(default_factory=dict)
    cleared_d: Mapping[int, int] = field(default_factory=dict)
    tells: Mapping[str, Any] = field(default_factory=dict)
    in_spite: tuple[str, str] | None = None


_ASKED_AGO_D = 3
_ANSWERED_D = (None, 1)
_OVER = ("trouble_after_needling", "active_infection")
_CALM = After(2, 7)
_WARM = After(1.5, 1, ("expected-reaction", 1, 1, "Warm and pink overnight."))
_CARE = "Warm, painful, yellow crusts. Done: seen by the doctor on the same day, antibiotic."
_INFECTED = After(4, 21, ("bacterial-infection", 3, 4, _CARE))
_STORIES: dict[str, Story] = {
    "rolling-scars": Story(
        "Amira Haddad", (14, 2), 208, approved=True, visits=(_CALM, _INFECTED, _CALM), cleared_d={1: 24},
        lots=("NR-2290", "NR-2301"),
        after=("goodman-baron-qualitative", 2), looked_ago_d=3,
    ),
    "boxcar-scars": Story("Ben Carlsen", (3, 9), 75, approved=True, visits=(After(2.5, 14),), lots=("NR-2417",)),
    "stretch-marks": Story("Carla Moretti", (27, 6), 12),
    "lines-before-a-wedding": Story(
        "Dorothea Lindner", (8, 11), 30, approved=True, visits=(_WARM,),
        before=("wrinkle-grade", 3),
    ),
    "melasma": Story("Esi Mensah", (19, 4), 1, planned=False),
    "thinning-hair": Story(
        "Farid Rahimi", (30, 1), 54, approved=True, visits=(_CALM, None, _CALM, After(1, 3)),
        lots=("NR-2417", "NR-2431"), before=("hair-count", 96),
    ),
    "dull-skin-at-home": Story("Greta Nyström", (5, 12), 29, approved=True),
    "wants-long-needles": Story("Hugo Alvarez", (22, 7), 2, planned=False),
    "marks-easily": Story("Imani Okoye", (11, 3), 20),
    "neck-lines": Story(
        "Jana Kovář", (16, 10), 97, approved=True, late_d={1: 6}, lots=("NR-2301", "NR-2417"),
        visits=(_CALM, _INFECTED),
    ),
    "keloid-former": Story("Kofi Boateng", (2, 5), 30, planned=False),
    "ice-pick-scars": Story(
        "Lena Sandoval", (9, 8), 15, planned=False, tells={"isotretinoin": True, "isotretinoin_stopped": 84},
        in_spite=("isotretinoin-recent", "Low dose, stopped twelve weeks ago; the dermatologist agrees."),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Demo:
    """What is told once on the terminal."""

    accounts: tuple[tuple[str, str], ...]
    password: str
    people_count: int


def refusal() -> str:
    """Why no demo may be made here; "" when one may."""
    if data_folder().name != FOLDER:
        return f"a demo is made only in a data folder of its own that is called '{FOLDER}'"
    if os.environ.get("DATABASE_URL"):
        return "a demo is made only in its own SQLite file; take DATABASE_URL away"
    if settings.HTTPS:
        return "a demo is not made where NEEDLING_HTTPS is set: that is a clinic's server"
    if User.objects.exists() or Clinic.objects.exists() or Chart.objects.exists():
        return "this database holds something already; a demo is made only in an empty one"
    return ""


def make_demo(today: date, progress: Callable[[str], None] | None = None) -> Demo:
    """The whole demo in one transaction: all of it, or nothing.

    Raises:
        BadInput: this is no place for a demo.
    """
    if problem := refusal():
        raise BadInput(problem)
    password = "-".join(secrets.token_hex(2) for _ in range(4))  # numerical: 64 random bits, easy to type
    began = datetime.combine(today - timedelta(days=_BEGAN_D), time(8, tzinfo=UTC))
    with transaction.atomic():
        key = secrets.token_hex(20)  # numerical: as long as the hash of the codes
        with _clock(began):
            clinic = Clinic.objects.create(name=_CLINIC)
            staff = {role: _account(clinic, role, name, password, key) for role, name in _STAFF}
            leave_trace(clinic, staff["owner"], "set-up", str(clinic.id))
        told = [
            _intake(staff["assistant"], label, today, answered)
            for label, answered in zip(_INTAKE, _ANSWERED_D, strict=True)
        ]
        for file in person_files():
            case = read_case(file, knowledge())
            if case.person.id in _STORIES:
                told.append(_Telling(_STORIES[case.person.id], case, staff, today).tell(progress))
        _in_turn(told)
    accounts = tuple((role, staff[role].email) for role, _ in _STAFF)
    return Demo(accounts, password, len(_STORIES) + len(_INTAKE))


# ---------------------------------------------------------------- the days on which things happened


Told = Iterator[datetime]
"""What happened to one person: each moment is given before what happens in it, the earlier first."""


def _in_turn(told: Sequence[Told]) -> None:
    """Let everything happen in the order of its moments, whoever it happens to, so that the trail runs with time."""
    coming = [(moment, number) for number, one in enumerate(told) if (moment := next(one, None)) is not None]
    heapify(coming)
    while coming:
        moment, number = heappop(coming)
        with _clock(moment):
            then = next(told[number], None)
        if then is not None:
            heappush(coming, (max(then, moment), number))


@contextmanager
def _clock(moment: datetime) -> Iterator[None]:
    """Django's clock stands at a moment, never later than now. Only here, where nothing is served yet.

    The seam that writes documents takes no day from anybody: it reads the clock, which is set back.
    """
    usual = timezone.now
    at = min(moment, usual())
    timezone.now = lambda: at
    try:
        yield
    finally:
        timezone.now = usual


def _moment(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute, tzinfo=UTC))


def _intake(user: User, label: str, today: date, answered_d: int | None) -> Told:
    """Somebody who got a link to the questions, three days ago, and who may have answered since."""
    day = today - timedelta(days=_ASKED_AGO_D)
    yield _moment(day, 16)
    chart = _open(user, label, None)
    intake, _ = Intake.make(user, chart)
    leave_trace(user.clinic, user, "intake:make", str(intake.id))
    if answered_d is None:
        return
    yield _moment(day + timedelta(days=answered_d), 19, 40)
    quiet = {fact.name: False for fact in knowledge().facts if fact.scope == "person" and fact.quiet is False}
    answers = Answers(
        you={"birth_year": 1990, "sex_at_birth": "female", "phototype": "III"}, facts={**quiet, "smoker": True}
    )
    person, _look = sent_documents(chart, answers, None, None, knowledge(), today)
    intake.close()
    write(user, chart, person, through=LINK)
    leave_trace(user.clinic, None, "intake:sent", str(intake.id))


def code_now() -> str:
    """The second factor of this half minute, the same for every account of a demo; "" where this is no demo."""
    if data_folder().name != FOLDER:
        return ""
    device = TOTPDevice.objects.filter(user__clinic__name=_CLINIC).first()
    return "" if device is None else f"{totp(device.bin_key):06d}"


def _account(clinic: Clinic, role: str, name: str, password: str, key: str) -> User:
    user = User.objects.create_user(f"{role}@demo.example", password, name=name, clinic=clinic, role=Role(role))
    TOTPDevice.objects.create(user=user, name="phone", key=key, confirmed=True)
    leave_trace(clinic, user, f"join:{role}", str(user.id))
    return user


def _open(user: User, label: str, born: date | None) -> Chart:
    chart = Chart.objects.create(clinic=user.clinic, label=label, born=born)
    leave_trace(user.clinic, user, "open-chart", str(chart.id))
    return chart


class _Telling:
    """One story, from the first answers to the last look."""

    def __init__(self, story: Story, case: Case, staff: Mapping[str, User], today: date) -> None:
        self.story, self.today, self.case = story, today, case
        self.clinician, self.assistant = staff["clinician"], staff["assistant"]
        self.on = today - timedelta(days=story.ago_d)

    def _begin(self) -> None:
        """Open the chart; documents name it."""
        story, case = self.story, self.case
        born = date(case.person.birth_year, *reversed(story.born)) if case.person.birth_year else None
        self.chart = _open(self.assistant, story.label, born)
        facts = tuple(fact for fact in case.person.facts if fact.name not in story.tells)
        more = tuple(Fact(name=name, value=self._value(value)) for name, value in story.tells.items())
        self.person = case.person.model_copy(update={"id": self.chart.person_id, "facts": (*facts, *more)})
        scores = case.assessment.scores
        if story.before is not None:
            scores = self._readings(case.assessment, story.before)
        own: dict[str, Any] = {
            "person": self.chart.person_id, "on": self.on, "by": self.clinician.signature, "scores": scores,
        }  # fmt: skip
        self.assessment = case.assessment.model_copy(update=own)
        self.case = case.model_copy(update={"person": self.person, "assessment": self.assessment})

    def _value(self, value: Any) -> Any:
        days_ago = isinstance(value, int) and not isinstance(value, bool)
        return (self.on - timedelta(days=value)).isoformat() if days_ago else value

    def tell(self, progress: Callable[[str], None] | None) -> Told:
        """Write everything that happened, each thing after its moment."""
        yield _moment(self.on, 9)
        if progress is not None:
            progress(self.story.label)
        self._begin()
        yield _moment(self.on, 9, 20)
        write(self.assistant, self.chart, self.person)
        yield _moment(self.on, 9, 40)
        write(self.clinician, self.chart, self.assessment)
        clearance = screen(self.person, self.assessment, knowledge())
        if self.story.screened:
            write(self.clinician, self.chart, clearance)
        if self.story.in_spite is not None:
            yield _moment(self.on, 9, 50)
            self._propose(*self.story.in_spite)
        if not self.story.planned:
            return
        yield _moment(self.on, 10)
        choice = self._choice(clearance)
        write(self.clinician, self.chart, choice)
        if not self.story.approved:
            return
        yield _moment(self.on, 10, 15)
        signed = approve(
            choice.plan, choice.forecast, clearance, by=self.clinician.signature, at=_moment(self.on, 10, 15),
            kb=knowledge(),
        )  # fmt: skip
        write(self.clinician, self.chart, signed)
        yield from self._visits(signed)
        if self.story.after is not None:
            on = self.today - timedelta(days=self.story.looked_ago_d)
            yield _moment(on, 11)
            look: dict[str, Any] = {"on": on, "scores": self._readings(self.assessment, self.story.after)}
            write(self.clinician, self.chart, self.assessment.model_copy(update=look))

    def _propose(self, rule: str, note: str) -> None:
        proposal = ProposedOverride(
            rule=rule, reason="specialist-informed-choice", note=note, by=self.clinician.signature,
            person_sha256=self.person.sha256, findings_sha256=bare(self.assessment).sha256,
        )  # fmt: skip
        write(self.clinician, self.chart, proposal)

    def _choice(self, clearance: Any) -> Choice:
        """What the goals would take; where the story goes on to visits, the best plan that has any."""
        kb, goals = knowledge(), self.case.goals
        plans = propose(self.person, self.assessment, clearance, kb, goals)
        courses = simulate_many(
            plans, self.person, self.assessment, ensemble(goals, kb, _MEMBERS), key=_KEY
        )  # fmt: skip
        chosen = choose(plans, courses, goals, clearance=clearance)
        if chosen.plan.sessions or not self.story.approved:
            return chosen
        worth = {card.plan_sha256: card.utility for card in chosen.scorecards}
        having = [(plan, course) for plan, course in zip(plans, courses, strict=True) if plan.sessions]
        own, course = max(having, key=lambda one: worth[one[0].sha256])
        because = "the clinician took this plan; by the goals alone the choice would be the second best named here"
        return chosen.model_copy(
            update={
                "plan": own, "forecast": forecast(course, own), "runner_up": chosen.plan.label, "because": because,
            }
        )  # fmt: skip

    def _visits(self, approval: Approval) -> Told:
        plan = approval.plan
        days = sorted({session.day_d for session in plan.sessions})
        for number, (day, after) in enumerate(zip(days, self.story.visits, strict=False)):
            on = plan.start + timedelta(days=int(day) + self.story.late_d.get(number, 0))
            done = []
            for session, planned in enumerate(plan.sessions):
                if planned.day_d == day and on <= self.today:
                    yield _moment(on, 14)
                    done.append(self._visit(approval, session, number, on, after))
            asked = 0 if after is None else min(after.asked_d, (self.today - on).days)
            if after is not None and asked >= 1 and done:
                yield _moment(on + timedelta(days=int(asked)), 15)
                for row in done:
                    self._came_after(row, after, asked)
            cleared = self.story.cleared_d.get(number)
            if cleared is not None and on + timedelta(days=cleared) <= self.today:
                yield _moment(on + timedelta(days=cleared), 11)
                self._look_again(on + timedelta(days=cleared))

    def _visit(self, approval: Approval, session: int, number: int, on: date, after: After | None) -> Row:
        kb, course, by = knowledge(), course_of(self.chart), self.assistant.signature
        planned = approval.plan.sessions[session]
        told: dict[str, Any] = {"approval": approval.sha256, "session": session, "on": on, "by": by}
        told |= {"device": planned.device, "condition": planned.condition}
        if after is None or course is None:
            why = coded(("not-done-did-not-come",), "rang up on the day after")
            return write(self.assistant, self.chart, SessionRecord(**told, strokes=(), deviations=why))
        check = checked(course, session, read_today({STATEMENT: "yes"}, self.person, course, kb), self.person, on, by)
        if check is not None:
            write(self.assistant, self.chart, check)
        late = coded(("late",), "was travelling") if number in self.story.late_d else ()
        lots = self.story.lots
        lot = lots[min(number, len(lots) - 1)]
        record = SessionRecord(
            **told, strokes=planned.strokes, lot=lot, expiry=on + _SHELF_LIFE, also_used=self._also(planned, lot, on),
            endpoint_seen=planned.endpoint, pain_score=3.0, topicals=planned.topicals, aftercare_given=True,
            deviations=late,
        )  # fmt: skip
        return write(self.assistant, self.chart, record)

    @staticmethod
    def _also(planned: Session, lot: str, on: date) -> tuple[Used, ...]:
        """Rollers of further lengths: each length has a lot of its own."""
        return tuple(
            Used(device=one.device, needle_length_mm=float(one.length), condition=planned.condition,
                 lot=f"{lot}-{one.length}", expiry=on + _SHELF_LIFE)
            for one in planned_further(planned, knowledge())
        )  # fmt: skip

    def _came_after(self, row: Row, after: After, asked: float) -> None:
        events: tuple[Event, ...] = ()
        if after.event is not None:
            harm, grade, day, words = after.event
            events = (Event(harm=harm, grade=grade, after_d=day, note=words),)
        later = read(row, SessionRecord).model_copy(
            update={"redness_d": after.redness_d, "asked_until_d": float(asked), "events": events}
        )
        write(self.clinician, self.chart, later, supersedes=row)

    def _look_again(self, on: date) -> None:
        """A look that says that what came after a visit is over."""
        over = tuple(Fact(name=name, value=False) for name in _OVER)
        kept = tuple(fact for fact in self.assessment.facts if fact.name not in _OVER)
        look: dict[str, Any] = {"on": on, "facts": (*kept, *over), "scores": ()}
        write(self.clinician, self.chart, self.assessment.model_copy(update=look))

    @staticmethod
    def _readings(assessment: Assessment, read: tuple[str, float]) -> tuple[ScaleScore, ...]:
        scale, value = read
        return tuple(ScaleScore(scale=scale, value=value, zone=zone.zone) for zone in assessment.zones)
