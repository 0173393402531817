"""A clinic with two clinicians, an assistant and one person, written into a data folder: ``python -m ...seeded``."""

from __future__ import annotations

import json
import os
import sys
import uuid
from datetime import date
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"


def seed(example: str) -> dict[str, object]:
    """Everything that a story needs to know; the database is set up where it is not yet."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "needling.web.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django_otp.plugins.otp_totp.models import TOTPDevice
    from tests.web.clinics import PASSWORD, open_chart, user_of

    from needling.planning.cases import read_case
    from needling.web.accounts.models import Clinic
    from needling.web.charts.records import write
    from needling.web.pages import knowledge

    call_command("migrate", verbosity=0)
    clinic = Clinic.objects.create(name=f"Story {uuid.uuid4().hex[:6]}")
    people = {}
    for name, role in (
        ("owner", "owner"),
        ("clinician", "clinician"),
        ("second", "clinician"),
        ("assistant", "assistant"),
    ):
        user = user_of(clinic, role)
        device = TOTPDevice.objects.create(user=user, name="phone", confirmed=True)
        people[name] = {"email": user.email, "key": device.key, "id": user}
    writer = people["clinician"]["id"]
    case = read_case(EXAMPLES / f"{example}.yaml", knowledge())
    chart = open_chart(writer, "Story, S.")
    write(writer, chart, case.person.model_copy(update={"id": chart.person_id}))
    write(writer, chart, case.assessment.model_copy(update={"person": chart.person_id, "on": date.today()}))
    told = {name: {"email": one["email"], "key": one["key"]} for name, one in people.items()}
    return {"chart": str(chart.id), "people": told, "password": PASSWORD}


if __name__ == "__main__":
    print(json.dumps(seed(sys.argv[1] if len(sys.argv) > 1 else "acne-scars")))
