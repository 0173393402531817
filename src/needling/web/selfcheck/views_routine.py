"""The routine at home, step by step: the right roller, the quiz, the small patch, a photo; then the plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from needling.web.pages import knowledge
from needling.web.selfcheck import quiz
from needling.web.selfcheck.answers import Answers
from needling.web.selfcheck.patch import MARKED, due_step, patch_days, patch_from, read_step, steps_done
from needling.web.selfcheck.shaping import numbered, with_one_limit
from needling.web.selfcheck.telling import Told, context
from needling.web.selfcheck.views import kept, of_the_answer

_FIRST = "home-clinic-first"
_BEFORE_PATCH = (_FIRST, "home-disinfect-before", "before-clean-hands", "before-cleanse", "before-dry", "during-lift",
                 "during-endpoint-home")  # fmt: skip
"""Care steps that hold for the patch test as for any session, in the order in which they are done."""

_ROUTINE = of_the_answer("check-answer", lambda told: told.routine or told.kind == "marked")
"""Whoever has a routine; and whose patch showed something is told so on the page of the steps, and nothing else."""


@require_http_methods(["GET", "POST"])
@_ROUTINE
def steps(request: HttpRequest, answers: Answers, told: Told) -> HttpResponse:
    """What comes before the first session: the roller, the hygiene quiz, the patch test, a first photo."""
    from needling.web.selfcheck.onepage import how_words

    kb, today, problem = knowledge(), date.today(), ""
    if request.method == "POST":
        answers, problem = read_step(answers, request.POST, kb, today)
        if not problem:
            return kept(redirect("check-steps"), answers)
    if told.kind == "marked":
        return render(request, "selfcheck/steps.html", context(told, (), due=MARKED, ended=MARKED, problem=""))
    ready, care = patch_from(answers, kb), kb.by("care")
    first = told.choice.plan.sessions[0]
    more = {
        "done": steps_done(answers, kb, today), "due": due_step(answers, kb, today), "days": patch_days(answers, kb),
        "patch": answers.patch, "ready": ready, "waits": ready is not None and today < ready, "ended": MARKED,
        "today": today, "problem": problem, "sent": request.POST.get("on", "")[:20],
        "length": f"{told.lengths_mm[0]:g}",
        "wish": told.case.goals.needle_length_mm, "later": told.case.goals.needle_length_mm in told.lengths_mm,
        "device": kb.device(first.device), "how": how_words(told.choice),
        "care": {name: with_one_limit(care[name].says, told.most_mm) for name in _BEFORE_PATCH if name in care},
    }  # fmt: skip
    return render(request, "selfcheck/steps.html", context(told, (), **more), status=422 if problem else 200)


@require_http_methods(["GET", "POST"])
@_ROUTINE
def hygiene(request: HttpRequest, answers: Answers, told: Told) -> HttpResponse:
    """The quiz: all answers right opens the next step; a wrong one says why."""
    if told.kind == "marked":
        return redirect("check-steps")
    sent = request.method == "POST"
    marks = quiz.marked(request.POST)
    if sent and all(right for _, _, right in marks):
        done = answers.done if "hygiene" in answers.done else (*answers.done, "hygiene")
        return kept(redirect("check-steps"), replace(answers, done=done))
    more = {"marks": marks, "sent": sent, "reasons": quiz.reasons(told.choice, knowledge())}
    return render(request, "selfcheck/hygiene.html", more, status=422 if sent else 200)


@require_safe
@_ROUTINE
def plan(request: HttpRequest, answers: Answers, told: Told) -> HttpResponse:
    """The plan on one printable page, and in full on the screen; only when all steps before it are done."""
    from needling.web.selfcheck.calendar import roller_ends
    from needling.web.selfcheck.onepage import page_of, sections_of

    kb = knowledge()
    if due_step(answers, kb, date.today()):
        return redirect("check-steps")
    found, references, _ = numbered(sections_of(told, kb), told.bibliography)
    chosen = told.choice.plan
    more = {
        "told": told, "plan": chosen, "page": page_of(told.choice, kb), "shown": found,
        "references": references, "device": kb.device(chosen.sessions[0].device), "patch": answers.patch,
        "ends": roller_ends(chosen, kb, answers.patch),
    }  # fmt: skip
    return render(request, "selfcheck/plan.html", more)


def _calendar(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.ics"'
    return response


@require_safe
@_ROUTINE
def calendar(request: HttpRequest, answers: Answers, told: Told) -> HttpResponse:
    """The plan as a calendar file."""
    from needling.web.selfcheck.calendar import calendar_file

    if due_step(answers, knowledge(), date.today()):
        return redirect("check-steps")
    return _calendar(calendar_file(told.choice, knowledge(), answers.patch), "rolling")


@require_safe
@_ROUTINE
def patch_calendar(request: HttpRequest, answers: Answers, told: Told) -> HttpResponse:
    """The day of the small patch as a calendar file."""
    from needling.web.selfcheck.calendar import patch_file

    ready = None if told.kind == "marked" else patch_from(answers, knowledge())
    return redirect("check-steps") if ready is None else _calendar(patch_file(ready), "small-patch")


@require_safe
@of_the_answer("check-answer")
def again_calendar(request: HttpRequest, answers: Answers, told: Told) -> HttpResponse:
    """The day from which it is worth asking again, as a calendar file."""
    from needling.web.selfcheck.calendar import again_file

    if told.again is None:
        return redirect("check-answer")
    return _calendar(again_file(told.again), "ask-again")
