"""How often, and how many at once, somebody without an account may ask for what costs a computer time.

Counted by address in the memory of this process, for a minute; nothing else is known of who asks.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from needling.errors import BadInput

_TIMES = {"s": 1.0, "min": 60.0, "h": 3600.0}
_NETWORK = 64  # bits: who has one address of IPv6 has all of these
_MOST_ADDRESSES = 10_000
_WAIT_S = 1.0


def read_rate(said: str) -> tuple[int, float]:
    """A rate such as ``30/min``: how many, in how many seconds.

    Raises:
        BadInput: it is none.
    """
    number, _, unit = said.partition("/")
    if not number.isdigit() or int(number) < 1 or unit not in _TIMES:
        raise BadInput(f"NEEDLING_PUBLIC_RATE holds '{said[:20]}', which is no rate.")
    return int(number), _TIMES[unit]


def place_of(request: HttpRequest) -> str:
    """Where a request comes from: its address, of IPv6 the network."""
    said = str(request.META.get("REMOTE_ADDR", ""))
    try:
        found = ipaddress.ip_address(said)
    except ValueError:
        return ""
    if found.version == 6 and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, _NETWORK), strict=False))
    return said


class Rate:
    """So many requests of one place in a time; safe between threads, and never more places than it can keep."""

    def __init__(self, rate: str) -> None:
        self.most, self.seconds = read_rate(rate)
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()
        self._turn = threading.Lock()

    def wait_s(self, place: str) -> float:
        """0 when one more is welcome, which then counts; else after how many seconds it is."""
        now = time.monotonic()
        with self._turn:
            times = self._seen.setdefault(place, deque())
            self._seen.move_to_end(place)
            while times and times[0] <= now - self.seconds:
                times.popleft()
            if len(times) >= self.most:
                return times[0] + self.seconds - now
            times.append(now)
            while len(self._seen) > _MOST_ADDRESSES:
                self._seen.popitem(last=False)
        return 0.0


_AT_ONCE = threading.BoundedSemaphore(settings.PUBLIC_AT_ONCE)
_OFTEN = Rate(settings.PUBLIC_RATE)


def costly(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page for everybody that costs a computer a good part of a second: not too often, and few at once.

    Whoever signs in, or works in the clinic, finds a thread and time left.
    """

    @wraps(view)
    def limited(request: HttpRequest, *given: Any, **named: Any) -> HttpResponse:
        wait = _OFTEN.wait_s(place_of(request))
        if wait:
            return later(request, 429, "This was asked for very often from where you are.", wait)
        if not _AT_ONCE.acquire(timeout=_WAIT_S):
            return later(request, 503, "Many people ask at this moment.", 5.0)
        try:
            return view(request, *given, **named)
        finally:
            _AT_ONCE.release()

    return limited


def later(request: HttpRequest, status: int, because: str, wait_s: float) -> HttpResponse:
    """Not now: why, and when."""
    seconds = max(int(wait_s + 1), 1)
    says = f"{because} Please try again in {seconds} seconds; your answers are kept in your browser."
    said = render(request, "plain.html", {"title": "Please wait a moment", "says": says}, status=status)
    said["Retry-After"] = str(seconds)
    return said
