"""What was sent has to be text: the letter NUL, which databases cannot keep, is turned away at the door."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

_NUL = "\x00"


class Readable:
    """Refuses a request with a NUL in its address or its form; the API reads its JSON by its own rules."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer to what can be read.

        Raises:
            BadRequest: a NUL was sent.
        """
        if _NUL in request.path_info:
            raise BadRequest("a NUL was sent")
        for name, values in chain(request.GET.lists(), request.POST.lists()):
            if _NUL in name or any(_NUL in value for value in values):
                raise BadRequest("a NUL was sent")
        return self.answer(request)
