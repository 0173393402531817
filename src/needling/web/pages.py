"""What every page shares: the template environment, the knowledge in force, and the pages for what went wrong."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from jinja2 import Environment, StrictUndefined

from needling.knowledge import Knowledge, load_knowledge
from needling.report.explanation import reference_facts
from needling.report.words import NOTICE, on_day
from needling.web.again import is_our_page, kept_back
from needling.web.menu import menu, person_ways
from needling.web.saying import said


@lru_cache(maxsize=1)
def knowledge() -> Knowledge:
    """The knowledge in force, read once for each process."""
    return load_knowledge()


def as_picture(svg: str) -> str:
    """An SVG as the address of a picture, so that its styles need no exception in the page's policy."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def pairs(ids: tuple[str, ...]) -> list[tuple[str, str]]:
    """Ids with what a form calls them."""
    return [(one, one.replace("-", " ")) for one in ids]


def _left_s(request: HttpRequest) -> int:
    from needling.web.staying import left_s

    return left_s(request)


def _stops_of(reasons: Any) -> Any:
    from needling.web.visits.stopping import stops_of

    return stops_of(reasons)


def environment(**options: Any) -> Environment:
    """The environment of all templates; undefined names are errors."""
    made = Environment(**{**options, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True})
    made.globals.update(
        static=static,
        url=reverse,
        notice=NOTICE,
        reference_facts=reference_facts,
        picture=as_picture,
        on_day=on_day,
        pairs=pairs,
        menu=menu,
        person_ways=person_ways,
        said=said,
        left_s=_left_s,
        stops_of=_stops_of,
        idle_s=settings.SESSION_COOKIE_AGE,
    )
    return made


def _plain(request: HttpRequest, status: int, title: str, says: str) -> HttpResponse:
    from django.contrib.auth.models import AnonymousUser

    if not hasattr(request, "user"):  # refused before anybody looked who it is, as for a wrong host name
        request.user = AnonymousUser()
    return render(request, "plain.html", {"title": title, "says": says}, status=status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """There is no such page."""
    return _plain(request, 404, "There is no such page", "The address is not one of ours, or it has moved.")


def refused(request: HttpRequest, exception: Exception | None = None, reason: str = "") -> HttpResponse:
    """A page for another role; or a form that cannot be taken, told by ``reason``: what was typed into a page of ours
    before somebody signed in anew is kept.
    """
    if not reason:
        return _plain(request, 403, "This is not for your role", _other_role(request, exception))
    kept = kept_back(request) if is_our_page(request) else None
    if kept is not None:
        return kept
    return _plain(
        request, 403, "That did not work", "The page was open for too long, or cookies are off. Go back and try again."
    )


def _other_role(request: HttpRequest, exception: Exception | None) -> str:
    """Which role somebody has, and which can do it."""
    from needling.web.accounts.access import OtherRole

    own = getattr(request.user, "role", "") if hasattr(request, "user") else ""
    if not own:
        return "Sign in first."
    able = dict.fromkeys(exception.roles) if isinstance(exception, OtherRole) else ()
    who = " or ".join(f"{'an' if role[0] in 'aeiou' else 'a'} {role}" for role in able) or "somebody in another role"
    return f"Your role ({own}) cannot open this; {who} can. Ask them to do it, or ask an owner to change your role."


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that is too large, or no text."""
    return _plain(
        request, 400, "That could not be read", "It is too large, or holds what is no text. Nothing was stored."
    )


def failed(request: HttpRequest) -> HttpResponse:
    """Something broke; nothing was stored."""
    return _plain(request, 500, "Something broke on our side", "Nothing was stored. Please try again.")
