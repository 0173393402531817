"""Keyed digests: of what stands in a row that the trail tells of, so that a change which nobody told of is found.

A digest says nothing to whoever has no key. Those of a chart and its documents also hold the chart's salt, which is
destroyed when the chart is erased: from then on nobody can try words until one fits, not even with the key.
"""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Model

from needling.web.accounts.models import Clinic, User
from needling.web.charts.models import Chart, Row
from needling.web.keys import data_folder, kept_key

_NAME = "audit-key"
_SIGNED: dict[type[Model], tuple[str, ...]] = {
    User: ("clinic_id", "email", "name", "role", "is_active"),
    Chart: ("clinic_id", "label", "folded", "born", "earlier", "created", "erased"),
    Clinic: ("name", "created"),
    Row: (
        "clinic_id", "chart_id", "number", "kind", "at", "author_id", "through", "sha256", "needling",
        "knowledge_sha256", "supersedes_id",
    ),
}  # fmt: skip
"""What counts of a row. Passwords and second factors are left out: signing in may renew them without a word."""
SUBJECTS: tuple[type[Any], ...] = (User, Chart, Clinic)
"""What has a state that the trail tells of, beside documents."""


def trail_key() -> bytes:
    """The key of the trail; made when there is none yet."""
    return (settings.AUDIT_KEY or kept_key(_NAME, "NEEDLING_AUDIT_KEY")).encode()


def key_is_there() -> bool:
    """Whether there is a key already: what was signed elsewhere cannot be checked with a new one."""
    return bool(settings.AUDIT_KEY) or (data_folder() / _NAME).is_file()


def mac_of(key: bytes, *said: Any) -> str:
    """A keyed hash over words, in order."""
    return hmac.new(key, json.dumps(said, default=str).encode(), sha256).hexdigest()


def digest_of(key: bytes, thing: Model, salt: str = "") -> str:
    """What an account, a clinic, a chart or a document is, as a keyed digest.

    Args:
        thing: as it stands in the database. salt: of its chart, for a document.
    """
    kind = next(one for one in _SIGNED if isinstance(thing, one))
    salt = thing.salt if isinstance(thing, Chart) else salt
    return mac_of(key, kind.__name__, thing.pk, salt, *(getattr(thing, name) for name in _SIGNED[kind]))


def standing(subject: str) -> Model | None:
    """The account, chart or clinic with this id, as it stands in the database now; None when it is none of them."""
    try:
        wanted = UUID(subject)
    except ValueError:
        return None
    for kind in SUBJECTS:
        found: Model | None = kind._default_manager.filter(pk=wanted).first()
        if found is not None:
            return found
    return None
