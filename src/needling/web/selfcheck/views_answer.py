"""The answer and the sheet for a clinic."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from needling.planning.redflags import URGENCIES, by_urgency
from needling.planning.screen import screen
from needling.web.pages import knowledge
from needling.web.selfcheck import questions
from needling.web.selfcheck.answers import Answers, read_answers
from needling.web.selfcheck.given import given
from needling.web.selfcheck.telling import Told, context, missing
from needling.web.selfcheck.views import kept, of_the_answer

_ANSWER = ("declined", "why", "questions", "alternatives", "conflicts")


@require_safe
@of_the_answer("check-aim")
def answer(request: HttpRequest, answers: Answers, told: Told) -> HttpResponse:
    """Go, wait until, see a clinician, or no: each reason with its source and what speaks against it."""
    wanted = tuple(name for name in _ANSWER if name != "questions" or told.kind == "open")
    wanted += ("expect",) if told.kind == "go" else ()
    if told.kind == "care-today":  # whoever needs a doctor today is not told of needles
        wanted = ("why",)
    sheet = told.kind not in ("go", "nothing", "open")
    more = {"done": answers.done, "missing": missing(told) if told.kind == "ask" else [], "sheet": sheet,
            "given": given(answers, knowledge())}  # fmt: skip
    return render(request, "selfcheck/answer.html", context(told, wanted, **more))


@require_safe
@of_the_answer("check-aim")
def clinic_sheet(request: HttpRequest, answers: Answers, told: Told) -> HttpResponse:
    """The sheet to print and take to a clinic."""
    kb = knowledge()
    left = sum(
        len(ones) for ones in questions.open_facts(replace(answers, everything=True), told.clearance, kb).values()
    )
    return kept(
        render(request, "selfcheck/sheet.html", context(told, ("handoff",), left=left)),
        replace(answers, everything=False),
    )


@require_POST
@never_cache
def ask_the_rest(request: HttpRequest) -> HttpResponse:
    """Ask also what cannot change the answer any more, so that the sheet tells a clinic everything."""
    answers = replace(read_answers(request), everything=True)
    if not answers.begun:
        return redirect("check-aim")
    kb = knowledge()
    case = answers.careful(kb, date.today())
    topic = questions.next_topic(answers, screen(case.person, case.assessment, kb), kb)
    return kept(redirect("check-topic", topic) if topic else redirect("check-sheet"), answers)


@require_safe
def signs(request: HttpRequest) -> HttpResponse:
    """Signs after needling that need somebody to act, the most urgent first."""
    from needling.report.words import URGENCY_WORD

    flags = by_urgency(knowledge().red_flags)
    groups = [(URGENCY_WORD[urgency], [flag for flag in flags if flag.urgency == urgency]) for urgency in URGENCIES]
    return render(request, "selfcheck/signs.html", {"groups": [group for group in groups if group[1]]})
