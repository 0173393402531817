"""The routine at home, step by step: the right roller, the quiz, the small patch, a photo; then the plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from needling.web.pages import knowledge
from needling.web.selfcheck import quiz
from needling.web.selfcheck.answers import Answers, read_answers
from needling.web.selfcheck.patch import MARKED, due_step, patch_days, patch_from, read_step, steps_done
from needling.web.selfcheck.telling import Told, begun, context
from needling.web.selfcheck.views import kept

_BEFORE_PATCH = ("home-disinfect-before", "before-clean-hands", "before-cleanse", "before-dry", "during-lift",
                 "during-endpoint-home")  # fmt: skip
"""Care steps that hold for the patch test as for any session, in the order in which they are done."""


def _routine(request: HttpRequest) -> tuple[Answers, Told | None]:
    answers, told = begun(request)
    return answers, told if told is not None and told.routine else None


@require_http_methods(["GET", "POST"])
@never_cache
def steps(request: HttpRequest) -> HttpResponse:
    """What comes before the first session: the roller, the hygiene quiz, the patch test, a first photo."""
    from needling.web.selfcheck.onepage import how_words

    answers, told = _routine(request)
    if told is None:
        return redirect("check-answer")
    kb, today, problem = knowledge(), date.today(), ""
    if request.method == "POST":
        answers, problem = read_step(answers, request.POST, kb, today)
        if not problem:
            return kept(redirect("check-steps"), answers)
    ready, care = patch_from(answers, kb), kb.by("care")
    first = told.choice.plan.sessions[0]
    more = {
        "done": steps_done(answers, kb, today), "due": due_step(answers, kb, today), "days": patch_days(answers, kb),
        "patch": answers.patch, "ready": ready, "waits": ready is not None and today < ready, "ended": MARKED,
        "today": today, "problem": problem, "sent": request.POST.get("on", "")[:20],
        "length": f"{max(stroke.needle_length_mm for stroke in first.strokes):g}",
        "wish": told.case.goals.needle_length_mm, "device": kb.device(first.device), "how": how_words(told.choice),
        "care": {name: care[name].says for name in _BEFORE_PATCH if name in care},
    }  # fmt: skip
    return render(request, "selfcheck/steps.html", context(told, (), **more), status=422 if problem else 200)


@require_http_methods(["GET", "POST"])
@never_cache
def hygiene(request: HttpRequest) -> HttpResponse:
    """The quiz: all answers right opens the next step; a wrong one says why."""
    answers, told = _routine(request)
    if told is None:
        return redirect("check-answer")
    sent = request.method == "POST"
    marks = quiz.marked(request.POST)
    if sent and all(right for _, _, right in marks):
        done = answers.done if "hygiene" in answers.done else (*answers.done, "hygiene")
        return kept(redirect("check-steps"), replace(answers, done=done))
    more = {"marks": marks, "sent": sent, "care": knowledge().by("care")}
    return render(request, "selfcheck/hygiene.html", more, status=422 if sent else 200)


@require_safe
@never_cache
def plan(request: HttpRequest) -> HttpResponse:
    """The plan on one printable page, and in full on the screen; only when all steps before it are done."""
    from needling.web.selfcheck.calendar import roller_ends
    from needling.web.selfcheck.onepage import page_of, sections_of

    answers, told = _routine(request)
    if told is None:
        return redirect("check-answer")
    kb = knowledge()
    if due_step(answers, kb, date.today()):
        return redirect("check-steps")
    found = sections_of(told, kb)
    used = {number for one in found for said in one.statements() for number in (*said.supports, *said.conflicts)}
    chosen = told.choice.plan
    more = {
        "told": told, "plan": chosen, "page": page_of(told.choice, kb), "shown": found,
        "references": [one for one in told.bibliography if one.number in used],
        "device": kb.device(chosen.sessions[0].device), "ends": roller_ends(chosen, kb),
    }  # fmt: skip
    return render(request, "selfcheck/plan.html", more)


def _calendar(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.ics"'
    return response


@require_safe
@never_cache
def calendar(request: HttpRequest) -> HttpResponse:
    """The plan as a calendar file."""
    from needling.web.selfcheck.calendar import calendar_file

    answers, told = _routine(request)
    if told is None or due_step(answers, knowledge(), date.today()):
        return redirect("check-answer")
    return _calendar(calendar_file(told.choice, knowledge()), "rolling")


@require_safe
@never_cache
def patch_calendar(request: HttpRequest) -> HttpResponse:
    """The day of the small patch as a calendar file."""
    from needling.web.selfcheck.calendar import patch_file

    ready = patch_from(read_answers(request), knowledge())
    return redirect("check-steps") if ready is None else _calendar(patch_file(ready), "small-patch")


@require_safe
@never_cache
def again_calendar(request: HttpRequest) -> HttpResponse:
    """The day from which it is worth asking again, as a calendar file."""
    from needling.web.selfcheck.calendar import again_file

    _, told = begun(request)
    if told is None or told.clearance.earliest is None:
        return redirect("check-answer")
    return _calendar(again_file(told.clearance.earliest), "ask-again")
