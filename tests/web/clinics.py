"""Two clinics with somebody in every role, signed in with their second factor."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from needling.documents import Person
from needling.web.accounts.models import Clinic, Role, User
from needling.web.charts.models import Chart, Row
from needling.web.charts.records import write
from needling.web.charts.trail import leave_trace

PASSWORD = "correct horse battery staple"


def user_of(clinic: Clinic, role: str) -> User:
    with transaction.atomic():
        user = User.objects.create_user(
            f"{role}-{uuid.uuid4().hex[:8]}@clinic.test",
            PASSWORD,
            name=f"{role} of {clinic.name}",
            clinic=clinic,
            role=role,
        )
        leave_trace(clinic, user, f"join:{role}", str(user.id))
    return user


def half_in(user: User, password: str = PASSWORD) -> Client:
    """A browser that went through the first door."""
    client = Client()
    client.post("/sign-in/", {"email": user.email, "password": password})
    return client


def signed_in(user: User) -> Client:
    """A browser that went through both doors."""
    client = half_in(user)
    client.get("/second-factor/")
    device = TOTPDevice.objects.get(user=user)
    answer = client.post("/second-factor/", {"code": f"{totp(device.bin_key):06d}"})
    assert answer.status_code == 302, answer.content.decode()
    return client


def open_chart(user: User, label: str) -> Chart:
    with transaction.atomic():
        chart = Chart.objects.create(clinic=user.clinic, label=label)
        leave_trace(user.clinic, user, "open-chart", str(chart.id))
    return chart


@dataclass
class House:
    """Two clinics; ``people`` has somebody of the own one by role, ``stranger`` owns the other."""

    own: Clinic
    other: Clinic
    people: dict[str, User]
    stranger: User
    chart: Chart
    row: Row

    @classmethod
    def make(cls) -> House:
        own, other = (Clinic.objects.create(name=f"{name} {uuid.uuid4().hex[:6]}") for name in ("Own", "Other"))
        people = {role.value: user_of(own, role.value) for role in Role}
        chart = open_chart(people["clinician"], "Somebody Secret")
        row = write(people["clinician"], chart, Person(id=chart.person_id, birth_year=1990))
        return cls(own, other, people, user_of(other, "owner"), chart, row)

    def browser(self, role: str) -> Any:
        return signed_in(self.people[role])
