"""What was typed is not lost when the session ends in between: the browser keeps it, sealed, and sends it again.

Nothing of it is stored here. Every form that somebody sees who is signed in carries a mark: for whom it was made. The
seal takes only that mark, never who was last in the browser: only they can send it, after signing in again, and see
before what they sign. A form that was made for somebody else than who is signed in is not taken at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.backends.utils import csrf_input
from django.urls import Resolver404, resolve
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

MARK = "made-for"
"""The hidden field that says for whom a form was made."""
_SALT = "needling-typed"
_LASTS_S = 24 * 60 * 60
_PAGES = "/charts/"
_NOBODYS = ("/check/", "/intake/")  # forms for who is not signed in, also on a computer of the clinic
_NOT_KEPT = ("password", "code", "token")
_NOT_AGAIN = "/erase/"  # cannot be undone: asked for anew
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_LONG, _BEGINS = 200, 80  # letters: what is folded, and what of it is seen then


# ---------------------------------------------------------------- for whom a form was made


def made_for(request: HttpRequest) -> dict[str, Any]:
    """For every template: the hidden fields of a form, with the mark of who is signed in beside Django's own."""
    return {"csrf_input": _hidden_fields(request)}


def _fields_for(request: HttpRequest) -> SafeString:
    user: Any = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not user.is_verified() or request.path.startswith(_NOBODYS):
        return csrf_input(request)
    mark = _signer().sign(str(user.pk))
    return format_html('{}<input type="hidden" name="{}" value="{}">', csrf_input(request), MARK, mark)


_hidden_fields = lazy(_fields_for, SafeString, str)


def _signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=MARK)


def _whose(request: HttpRequest, lasts_s: int | None = None) -> str | None:
    """The id of the user for whom the form that was sent was made; empty for a mark that is not ours, None without."""
    marks = request.POST.getlist(MARK) if request.method == "POST" else []
    if not marks:
        return None
    try:
        return _signer().unsign(marks[0], max_age=lasts_s) if len(marks) == 1 else ""
    except signing.BadSignature:
        return ""


def not_theirs(request: HttpRequest) -> HttpResponse | None:
    """The page that refuses a form of somebody else than who is signed in; None where nothing stands against it."""
    user: Any = request.user
    whose = _whose(request)
    if whose is None or not user.is_authenticated or whose == str(user.pk):
        return None
    says = (
        "The page was made for somebody else than who is signed in now in this browser. Nothing was stored. Who typed "
        "it signs in again as themselves, and then types it anew, or goes back and sends it."
    )
    return render(request, "plain.html", {"title": "That is not yours to send", "says": says}, status=403)


# ---------------------------------------------------------------- what was typed


def _fields(request: HttpRequest) -> list[tuple[str, list[str]]]:
    return [(name, values) for name, values in request.POST.lists() if name not in ("csrfmiddlewaretoken", MARK)]


def kept_back(request: HttpRequest) -> HttpResponse | None:
    """The page that offers to send a form again; None where there is nothing to keep, or a secret in it."""
    if request.method != "POST" or not request.path.startswith(_PAGES) or request.content_type not in _FORMS:
        return None
    fields, who, user = _fields(request), _whose(request, _LASTS_S), request.user
    if not fields or not who or (user.is_authenticated and str(user.pk) != who):
        return None
    if request.path.endswith(_NOT_AGAIN) or any(word in name.lower() for name, _ in fields for word in _NOT_KEPT):
        return None
    told = {"path": request.get_full_path(), "who": who, "fields": fields}
    return _page(request, signing.dumps(told, salt=_SALT, compress=True))


def is_our_page(request: HttpRequest) -> bool:
    """Whether the browser says that a request comes from a page of this very address."""
    return request.headers.get("Origin", "") == f"{request.scheme}://{request.get_host()}"


class Said(NamedTuple):
    """A value as it is shown: in lines, and how it begins where it is long enough to be folded."""

    lines: list[str]
    begins: str
    letters: int


def _said(value: str) -> Said:
    return Said(value.splitlines(), f"{value[:_BEGINS]}…" if len(value) > _LONG else "", len(value))


def _words(name: str) -> str:
    return re.sub(r"[-_\s]+", " ", name).strip().capitalize() or name


def _shown(path: str, fields: Iterable[tuple[str, list[str]]]) -> dict[str, Any]:
    """What will be sent: where to, what is filled in, and what is left empty."""
    filled: list[tuple[str, list[Said]]] = []
    empty: list[str] = []
    for name, values in fields:
        given = [_said(value) for value in values if value.strip()]
        if given:
            filled.append((_words(name), given))
        else:
            empty.append(_words(name))
    try:
        found = resolve(urlsplit(path).path)
        page, chart = _words(found.url_name or ""), found.kwargs.get("chart")
    except Resolver404:
        page, chart = "", None
    return {"page": page, "chart": chart, "filled": filled, "empty": empty}


def _page(request: HttpRequest, sealed: str, path: str = "", fields: Any = ()) -> HttpResponse:
    shown = {"sealed": sealed, "path": path, "fields": fields, "asked": request.path == "/again/"}
    return render(request, "again.html", shown | _shown(path, fields), status=200 if path else 401)


@csrf_exempt  # the seal says that it comes from a page of ours
@require_POST
@never_cache
def again(request: HttpRequest) -> HttpResponse:
    """What was typed before, to be sent by the one for whom the page was made, once they are signed in again."""
    sealed = request.POST.get("sealed", "")
    try:
        told = signing.loads(sealed, salt=_SALT, max_age=_LASTS_S)
    except signing.BadSignature:
        says = "It is more than a day old, or was changed on the way. Nothing was stored."
        return render(request, "plain.html", {"title": "That cannot be sent", "says": says}, status=403)
    user: Any = request.user
    if not user.is_authenticated or not user.is_verified():
        return _page(request, sealed)
    if str(user.pk) != told["who"]:
        says = "It was typed into a page of somebody else, and only they can send it, signed in. Nothing was stored."
        return render(request, "plain.html", {"title": "That is not yours to send", "says": says}, status=403)
    return _page(request, sealed, told["path"], told["fields"])
