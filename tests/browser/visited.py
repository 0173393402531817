"""A clinic with people whose plans are approved: ``python -m tests.browser.visited 3``.

With a second word, ``lesions``, each of them has two that the plan leaves out.
"""

from __future__ import annotations

import json
import os
import sys
import uuid


def seed(charts: int, lesions: bool) -> dict[str, object]:
    """Who can sign in, and charts with an approved plan and nothing recorded."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "needling.web.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django_otp.plugins.otp_totp.models import TOTPDevice
    from tests.web.clinics import PASSWORD, open_chart, user_of
    from tests.web.courses import approved
    from tests.web.spots import approved_with_lesions

    from needling.web.accounts.models import Clinic

    call_command("migrate", verbosity=0)
    user = user_of(Clinic.objects.create(name=f"Story {uuid.uuid4().hex[:6]}"), "clinician")
    device = TOTPDevice.objects.create(user=user, name="phone", confirmed=True)
    opened = [open_chart(user, f"Story, Person {number + 1}") for number in range(charts)]
    for chart in opened:
        (approved_with_lesions if lesions else approved)(user, chart)
    return {"email": user.email, "key": device.key, "password": PASSWORD, "charts": [str(one.id) for one in opened]}


if __name__ == "__main__":
    print(json.dumps(seed(int(sys.argv[1]) if len(sys.argv) > 1 else 1, "lesions" in sys.argv)))
