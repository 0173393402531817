"""The page that lists the addresses of the API, and the one on which tokens are made and revoked."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe
from ninja import NinjaAPI

from needling.web.accounts.access import EVERYBODY, for_roles
from needling.web.api.models import Token
from needling.web.charts.trail import leave_trace

_MOST = 20
_NAME = 80


class Address(NamedTuple):
    """One thing that a program may ask for, as the page shows it."""

    method: str
    path: str
    says: str
    sends: str
    gives: str
    status: str


def _named(schema: dict[str, Any]) -> str:
    """The name of a schema; that of its parts where it has none of its own."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    return str(schema.get("title", schema.get("type", "")))


def _body(content: dict[str, Any]) -> str:
    return _named(content.get("application/json", {}).get("schema", {}))


@lru_cache(maxsize=1)
def _described(api: NinjaAPI) -> bytes:
    """The description of an API as JSON, worked out once for each process: it takes half a second."""
    return json.dumps(api.get_openapi_schema(), default=str).encode()


@require_safe
def openapi(request: HttpRequest, api: NinjaAPI) -> HttpResponse:
    """The description for programs."""
    return HttpResponse(_described(api), content_type="application/json")


@lru_cache(maxsize=1)
def addresses(api: NinjaAPI) -> dict[str, list[Address]]:
    """What the description of an API says, by subject."""
    found: dict[str, list[Address]] = {}
    for where, methods in json.loads(_described(api))["paths"].items():
        for method, told in methods.items():
            status, given = next((code, one) for code, one in told["responses"].items() if int(code) < 300)
            one = Address(
                method.upper(), where, told.get("description", told["summary"]),
                _body(told.get("requestBody", {}).get("content", {})), _body(given.get("content", {})), str(status),
            )  # fmt: skip
            found.setdefault(told["tags"][0], []).append(one)
    return found


@require_GET
def description(request: HttpRequest, api: NinjaAPI) -> HttpResponse:
    """All addresses in plain words; the description for programs is ``openapi.json`` beside it."""
    return render(request, "api/description.html", {"subjects": addresses(api)})


def _own(request: HttpRequest) -> Any:
    user: Any = request.user
    return Token.objects.filter(user=user).order_by("revoked", "-made")


@for_roles(*EVERYBODY)
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """Your tokens; a new one is shown once."""
    user: Any = request.user
    name, made, problem = request.POST.get("name", "").strip()[:_NAME], "", ""
    if request.method == "POST":
        if not name or not name.isprintable():
            problem = "Please say what the token is for."
        elif _own(request).filter(revoked=None).count() >= _MOST:
            problem = f"There are {_MOST} tokens already. Revoke one that is not used."
        else:
            with transaction.atomic():
                token, made = Token.make(user, name)
                leave_trace(user.clinic, user, "token:made", str(token.id))
    context = {"tokens": list(_own(request)), "made": made, "problem": problem, "name": name if problem else ""}
    return render(request, "api/tokens.html", context, status=422 if problem else 200)


@for_roles(*EVERYBODY)
@require_POST
def revoke(request: HttpRequest, token: UUID) -> HttpResponse:
    """End one of your own tokens, at once and for good."""
    user: Any = request.user
    found = get_object_or_404(Token, pk=token, user=user)
    if found.revoked is None:
        with transaction.atomic():
            Token.objects.filter(pk=found.pk, revoked=None).update(revoked=timezone.now())
            leave_trace(user.clinic, user, "token:revoked", str(found.id))
    return redirect("tokens")
