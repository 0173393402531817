"""A clinic to look at: invented accounts, the people of the plan study, plans, visits and what came after them.

Everything is made by the same verbs and written by the same seam as in a real clinic; only the days lie in the past.
It is written into an empty database in a folder of its own, and never anywhere else.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from needling.choosing import choose, ensemble
from needling.documents import Approval, Assessment, Case, Choice, Event, ScaleScore, SessionRecord
from needling.errors import BadInput
from needling.planning.approve import approve
from needling.planning.cases import read_case
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.simulation import forecast, simulate_many
from needling.trials.planstudy.study import person_files
from needling.web.accounts.models import Clinic, Role, User
from needling.web.charts.models import Chart
from needling.web.charts.records import write
from needling.web.charts.trail import leave_trace
from needling.web.keys import data_folder
from needling.web.pages import knowledge
from needling.web.visits.course import course_of
from needling.web.visits.deviations import coded
from needling.web.visits.today import STATEMENT, checked, read_today

FOLDER = "demo"
"""Name of the folder, inside the usual data folder, that alone may hold a demo."""
_CLINIC = "Clinic of the demo"
_STAFF = (("owner", "Olu Owner"), ("clinician", "Clara Clinician"), ("assistant", "Asim Assistant"),
          ("auditor", "Audra Auditor"))  # fmt: skip
_MEMBERS = 256  # possible people: enough for pages to look at
_KEY = 1
_NOON = time(12, tzinfo=UTC)
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
        label: on the chart. ago_d: days since the assessment. planned: whether a plan was weighed. approved: whether
            one with sessions was approved, the best by the goals. visits: of days on which sessions were done, by
            number of the visit; None: the person did not come. lots: by visit. read: (scale, value in each zone) before
            and after. looked_ago_d: days since the last look.
    """

    label: str
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


_CALM = After(2, 7)
_WARM = After(1.5, 1, ("expected-reaction", 1, 1, "Warm and pink overnight."))
_CARE = "Warm, painful, yellow crusts. Done: seen by the doctor on the same day, antibiotic, healed."
_INFECTED = After(4, 21, ("bacterial-infection", 3, 4, _CARE))
_STORIES: dict[str, Story] = {
    "rolling-scars": Story(
        "Amira Scars", 208, approved=True, visits=(_CALM, After(3, 14), _CALM), lots=("NR-2290", "NR-2301"),
        after=("goodman-baron-qualitative", 2), looked_ago_d=3,
    ),
    "boxcar-scars": Story("Ben Boxcar", 75, approved=True, visits=(After(2.5, 14),), lots=("NR-2417",)),
    "stretch-marks": Story("Carla Marks", 12),
    "lines-before-a-wedding": Story(
        "Dora Lines", 30, approved=True, visits=(_WARM,),
        before=("wrinkle-grade", 3),
    ),
    "melasma": Story("Esi Melasma", 1, planned=False),
    "thinning-hair": Story(
        "Farid Hair", 54, approved=True, visits=(_CALM, None, _CALM, After(1, 3)), lots=("NR-2417", "NR-2431"),
        before=("hair-count", 96),
    ),
    "dull-skin-at-home": Story("Greta Home", 29, approved=True),
    "wants-long-needles": Story("Hugo Longneedle", 2, planned=False),
    "marks-easily": Story("Imani Marks", 20),
    "neck-lines": Story(
        "Jana Neck", 97, approved=True, late_d={1: 6}, lots=("NR-2301", "NR-2417"),
        visits=(_CALM, _INFECTED),
    ),
    "keloid-former": Story("Kofi Keloid", 30, planned=False),
    "ice-pick-scars": Story("Lena Icepick", 15, screened=True),
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
    with transaction.atomic():
        clinic = Clinic.objects.create(name=_CLINIC)
        key = secrets.token_hex(20)  # numerical: as long as the hash of the codes
        staff = {role: _account(clinic, role, name, password, key) for role, name in _STAFF}
        leave_trace(clinic, staff["owner"], "set-up", str(clinic.id))
        for file in person_files():
            case = read_case(file, knowledge())
            if case.person.id in _STORIES:
                story = _STORIES[case.person.id]
                if progress is not None:
                    progress(story.label)
                _Telling(story, case, staff, today).tell()
        _open(staff["assistant"], "Mona Newcomer")
    accounts = tuple((role, staff[role].email) for role, _ in _STAFF)
    return Demo(accounts, password, len(_STORIES) + 1)


def code_now() -> str:
    """The second factor of this half minute, the same for every account of a demo; "" where this is no demo."""
    if data_folder().name != FOLDER:
        return ""
    device = TOTPDevice.objects.filter(user__clinic__name=_CLINIC).first()
    return "" if device is None else f"{totp(device.bin_key):06d}"


def _account(clinic: Clinic, role: str, name: str, password: str, key: str) -> User:
    user = User.objects.create_user(f"{role}@demo.example", password, name=name, clinic=clinic, role=Role(role))
    TOTPDevice.objects.create(user=user, name="phone", key=key, confirmed=True)
    return user


def _open(user: User, label: str) -> Chart:
    chart = Chart.objects.create(clinic=user.clinic, label=label)
    leave_trace(user.clinic, user, "open-chart", str(chart.id))
    return chart


class _Telling:
    """One story, from the first answers to the last look."""

    def __init__(self, story: Story, case: Case, staff: Mapping[str, User], today: date) -> None:
        self.story, self.today = story, today
        self.clinician, self.assistant = staff["clinician"], staff["assistant"]
        self.chart = _open(self.assistant, story.label)
        self.person = case.person.model_copy(update={"id": self.chart.person_id})
        scores = case.assessment.scores
        if story.before is not None:
            scores = self._readings(case.assessment, story.before)
        own: dict[str, Any] = {
            "person": self.chart.person_id, "on": today - timedelta(days=story.ago_d), "by": self.clinician.signature,
            "scores": scores,
        }  # fmt: skip
        self.assessment = case.assessment.model_copy(update=own)
        self.case = case.model_copy(update={"person": self.person, "assessment": self.assessment})

    def tell(self) -> None:
        """Write everything that happened."""
        write(self.assistant, self.chart, self.person)
        write(self.clinician, self.chart, self.assessment)
        clearance = screen(self.person, self.assessment, knowledge())
        if self.story.screened:
            write(self.clinician, self.chart, clearance)
        if not self.story.planned:
            return
        choice = self._choice(clearance)
        write(self.clinician, self.chart, choice)
        if not self.story.approved:
            return
        at = datetime.combine(self.assessment.on, _NOON)
        signed = approve(
            choice.plan, choice.forecast, clearance, by=self.clinician.signature, at=at, kb=knowledge()
        )  # fmt: skip
        write(self.clinician, self.chart, signed)
        self._visits(signed)
        if self.story.after is not None:
            look: dict[str, Any] = {
                "on": self.today - timedelta(days=self.story.looked_ago_d),
                "scores": self._readings(self.assessment, self.story.after),
            }
            write(self.clinician, self.chart, self.assessment.model_copy(update=look))

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

    def _visits(self, approval: Approval) -> None:
        plan = approval.plan
        days = sorted({session.day_d for session in plan.sessions})
        for number, (day, after) in enumerate(zip(days, self.story.visits, strict=False)):
            on = plan.start + timedelta(days=int(day) + self.story.late_d.get(number, 0))
            for session, planned in enumerate(plan.sessions):
                if planned.day_d == day and on <= self.today:
                    self._visit(approval, session, number, on, after)

    def _visit(self, approval: Approval, session: int, number: int, on: date, after: After | None) -> None:
        kb, course, by = knowledge(), course_of(self.chart), self.assistant.signature
        planned = approval.plan.sessions[session]
        told: dict[str, Any] = {"approval": approval.sha256, "session": session, "on": on, "by": by}
        told |= {"device": planned.device, "condition": planned.condition}
        if after is None or course is None:
            why = coded(("not-done-did-not-come",), "rang up on the day after")
            write(self.assistant, self.chart, SessionRecord(**told, strokes=(), deviations=why))
            return
        check = checked(course, session, read_today({STATEMENT: "yes"}, self.person, course, kb), self.person, on, by)
        if check is not None:
            write(self.assistant, self.chart, check)
        late = coded(("late",), "was travelling") if number in self.story.late_d else ()
        lots = self.story.lots
        record = SessionRecord(
            **told, strokes=planned.strokes, lot=lots[min(number, len(lots) - 1)], expiry=on + _SHELF_LIFE,
            endpoint_seen=planned.endpoint, pain_score=3.0, topicals=planned.topicals, aftercare_given=True,
            deviations=late,
        )  # fmt: skip
        row = write(self.assistant, self.chart, record)
        asked = min(after.asked_d, (self.today - on).days)
        if asked < 1:
            return
        events: tuple[Event, ...] = ()
        if after.event is not None:
            harm, grade, day, words = after.event
            events = (Event(harm=harm, grade=grade, after_d=day, note=words),)
        later = record.model_copy(
            update={"redness_d": after.redness_d, "asked_until_d": float(asked), "events": events}
        )
        write(self.clinician, self.chart, later, supersedes=row)

    @staticmethod
    def _readings(assessment: Assessment, read: tuple[str, float]) -> tuple[ScaleScore, ...]:
        scale, value = read
        return tuple(ScaleScore(scale=scale, value=value, zone=zone.zone) for zone in assessment.zones)
