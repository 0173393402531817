"""One alarm of the trail: what it says, what was said of it, and a form for owners to say what they found."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from needling.errors import BadInput
from needling.web.accounts.access import OWNER, for_roles
from needling.web.charts.alarms import FOUND, WORDS, alarms_of, answer


@for_roles(*OWNER)
@require_http_methods(["GET", "POST"])
def alarm(request: HttpRequest, number: int) -> HttpResponse:
    """An alarm stays whatever is said of it; more may be said later."""
    user: Any = request.user
    one = next((one for one in alarms_of(user.clinic_id) if one.number == number), None)
    if one is None:
        raise Http404("no such alarm")
    found, words, problem = request.POST.get("found", ""), request.POST.get("words", ""), ""
    if request.method == "POST":
        try:
            answer(user, number, found, words)
            return redirect("trail")
        except BadInput as wrong:
            problem = str(wrong)
    problems = [("words" if found in dict(FOUND) else "found", problem, "What was found")] if problem else []
    context = {
        "alarm": one, "choices_of_found": FOUND, "most": WORDS, "found": found, "words": words, "problems": problems,
    }  # fmt: skip
    return render(request, "charts/alarm.html", context, status=422 if problem else 200)
