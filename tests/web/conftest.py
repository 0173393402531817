"""The application in this process, with its own data folder; skipped where the extra [web] is not installed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("django", reason="the web application needs the extra [web]")

_DATA = tempfile.mkdtemp(prefix="needling-web-")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "needling.web.settings")
os.environ.setdefault("NEEDLING_DATA", _DATA)
os.environ["NEEDLING_HOSTS"] = "testserver"
os.environ["NEEDLING_PUBLIC_RATE"] = "100000/min"  # all visitors of the tests come from one address
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # the browser stories may have left their loop in this process

import django  # noqa: E402
from django.conf import settings  # noqa: E402

settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # what is tested here is not the hash
django.setup()

from django.test import Client  # noqa: E402
from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # noqa: E402
from tests.web.clinics import House  # noqa: E402
from tests.web.visitor import Visitor  # noqa: E402


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    """Somebody at the door, with a fresh browser."""
    yield Visitor(Client(raise_request_exception=True))


@pytest.fixture
def data_folder() -> Path:
    """Where the application keeps its own files."""
    return Path(os.environ["NEEDLING_DATA"])


@pytest.fixture(scope="session")
def database() -> Iterator[None]:
    """One empty database for all tests; each test makes clinics of its own in it."""
    setup_test_environment()
    old = setup_databases(verbosity=0, interactive=False)
    yield
    teardown_databases(old, verbosity=0)


@pytest.fixture
def house(database: None) -> House:
    """Two clinics that know nothing of each other, with somebody in every role; nobody has failed to sign in lately."""
    from axes.models import AccessAttempt

    AccessAttempt.objects.all().delete()
    return House.make()
