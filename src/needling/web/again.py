"""What was typed is not lost when the session ends in between: the browser keeps it, sealed, and sends it again.

Nothing of it is stored here. The seal holds the page it was sent to and who was signed in when it was typed: only they
can send it, after signing in again, and only what came from a page of ours is sealed.
"""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

_SALT = "needling-again"
_LASTS_S = 24 * 60 * 60
_PAGES = "/charts/"
_NOT_KEPT = ("password", "code", "token")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def _fields(request: HttpRequest) -> list[tuple[str, list[str]]]:
    return [(name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"]


def kept_back(request: HttpRequest) -> HttpResponse | None:
    """The page that offers to send a form again; None where there is nothing to keep, or a secret in it."""
    from needling.web.staying import who_was_here

    if request.method != "POST" or not request.path.startswith(_PAGES) or request.content_type not in _FORMS:
        return None
    fields, who = _fields(request), who_was_here(request)
    if not fields or not who or any(word in name.lower() for name, _ in fields for word in _NOT_KEPT):
        return None
    told = {"path": request.get_full_path(), "who": who, "fields": fields}
    return _page(request, signing.dumps(told, salt=_SALT, compress=True))


def is_our_page(request: HttpRequest) -> bool:
    """Whether the browser says that a request comes from a page of this very address."""
    return request.headers.get("Origin", "") == f"{request.scheme}://{request.get_host()}"


def _page(request: HttpRequest, sealed: str, path: str = "", fields: Any = ()) -> HttpResponse:
    shown = {"sealed": sealed, "path": path, "fields": fields, "asked": request.path == "/again/"}
    return render(request, "again.html", shown, status=200 if path else 401)


@csrf_exempt  # the seal says that it comes from a page of ours
@require_POST
@never_cache
def again(request: HttpRequest) -> HttpResponse:
    """What was typed before, to be sent by the one who typed it, once they are signed in again."""
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
        says = "Somebody else typed it, and only they can send it, signed in as themselves. Nothing was stored."
        return render(request, "plain.html", {"title": "That is not yours to send", "says": says}, status=403)
    return _page(request, sealed, told["path"], told["fields"])
