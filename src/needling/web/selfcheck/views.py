"""The pages of the self-check. Each reads the visitor's own answers, and stores nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from markupsafe import Markup
from pydantic import ValidationError

from needling.documents import Case, Clearance, Plan
from needling.errors import BadInput
from needling.planning.redflags import URGENCIES, by_urgency
from needling.planning.screen import screen
from needling.web.pages import as_picture, knowledge
from needling.web.selfcheck import questions, quiz
from needling.web.selfcheck.answers import Answers, forget, keep, read_answers, wished_lengths
from needling.web.selfcheck.patch import due_step, patch_days, patch_from, read_step, steps_done
from needling.web.selfcheck.you import FIRST_YEAR, PHOTOTYPES, SEXES, read_you


def _kept(response: HttpResponse, answers: Answers) -> HttpResponse:
    return keep(response, answers, secure=settings.HTTPS)


def _screened(answers: Answers) -> tuple[Case, Clearance]:
    kb = knowledge()
    case = answers.case(kb, date.today())
    return case, screen(case.person, case.assessment, kb)


def _progress(answers: Answers, clearance: Clearance | None, here: str) -> dict[str, Any]:
    """Which page of how many, at most: pages that can no longer change the answer fall away."""
    kb = knowledge()
    answered = {kb.by("facts")[name].topic for name in answers.facts if name in kb.by("facts")}
    still = set(questions.open_facts(answers, clearance, kb)) if clearance else set(questions.topics(kb))
    pages = ["aim", "you", *(topic for topic in questions.topics(kb) if topic in answered | still or topic == here)]
    place = pages.index(here)
    earlier = pages[place - 1] if place else None
    return {"number": place + 1, "of": len(pages), "back": _address(earlier)}


def _address(page: str | None) -> tuple[str, ...] | None:
    if page is None:
        return None
    return (f"check-{page}",) if page in ("aim", "you") else ("check-topic", page)


def _go(page: str | None) -> HttpResponse:
    if page is None:
        return redirect("check-answer")
    return redirect(*(_address(page) or ("check-answer",)))


# ---------------------------------------------------------------- the way in


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What this is, what it is not, and the ways in."""
    return render(request, "selfcheck/start.html")


@require_safe
@never_cache
def begin(request: HttpRequest) -> HttpResponse:
    """What will be asked, and that nothing is stored."""
    return render(request, "selfcheck/begin.html", {"begun": read_answers(request).begun})


@require_POST
def forget_all(request: HttpRequest) -> HttpResponse:
    """Delete all answers from the browser, and start again."""
    return forget(redirect("start"))


@require_http_methods(["GET", "POST"])
@never_cache
def aim(request: HttpRequest) -> HttpResponse:
    """Where, what for, and with which roller."""
    kb, answers = knowledge(), read_answers(request)
    sites = [(site.id, site.plural or site.name) for site in kb.sites]
    concerns = [(one.id, one.plain) for one in kb.indications]
    lengths = wished_lengths(kb)
    problems: dict[str, str] = {}
    if request.method == "POST":
        site, concern, wish = (request.POST.get(name, "") for name in ("site", "concern", "wish"))
        if site not in dict(sites):
            problems["site"] = "Please choose a part of the body."
        if concern not in dict(concerns):
            problems["concern"] = "Please choose what it is for."
        if wish not in ("", *map(str, lengths)):
            problems["wish"] = "Please choose one of the lengths."
        if not problems:
            same = answers.aim.get("site") == site and answers.aim.get("concern") == concern
            told = {"site": site, "concern": concern, "wish": float(wish) if wish else None}
            # What was said about the skin there holds only for the same place.
            scopes = kb.by("facts")
            kept = answers.facts if same else {n: v for n, v in answers.facts.items() if scopes[n].scope != "zone"}
            done, patch = (answers.done, answers.patch) if same else ((), None)
            return _kept(redirect("check-you"), Answers(told, answers.you, kept, done, patch))
    chosen = request.POST if request.method == "POST" else {**answers.aim}
    context = {
        "sites": sites, "concerns": concerns, "lengths": lengths, "chosen": chosen, "problems": problems,
        "progress": {"number": 1, "of": 2 + len(questions.topics(kb)), "back": None},
    }  # fmt: skip
    return render(request, "selfcheck/aim.html", context, status=422 if problems else 200)


@require_http_methods(["GET", "POST"])
@never_cache
def you(request: HttpRequest) -> HttpResponse:
    """Age, skin type and sex; each may stay unsaid."""
    answers = read_answers(request)
    if not answers.begun:
        return redirect("check-aim")
    problem = ""
    if request.method == "POST":
        told, problem = read_you(request.POST)
        if not problem:
            answers = questions.without_orphans(replace(answers, you=told), knowledge())
            _, clearance = _screened(answers)
            return _kept(_go(questions.next_topic(answers, clearance, knowledge())), answers)
    context = {
        "chosen": request.POST if request.method == "POST" else answers.you,
        "phototypes": PHOTOTYPES, "sexes": SEXES, "problem": problem, "first_year": FIRST_YEAR,
        "progress": _progress(answers, None, "you"),
    }  # fmt: skip
    return render(request, "selfcheck/you.html", context, status=422 if problem else 200)


@require_http_methods(["GET", "POST"])
@never_cache
def topic(request: HttpRequest, topic: str) -> HttpResponse:
    """The questions of one topic that can still change the answer, and earlier answers to be corrected."""
    kb, answers = knowledge(), read_answers(request)
    if topic not in questions.topics(kb):
        raise Http404("no such topic")
    if not answers.begun:
        return redirect("check-aim")
    _, clearance = _screened(answers)
    asked = questions.on_page(topic, answers, clearance, kb)
    if not asked:
        return _go(questions.next_topic(answers, clearance, kb))
    if request.method == "POST":
        given, asked = questions.read_page(asked, request.POST, date.today())
        later = questions.without_orphans(answers.with_facts(given), kb)
        problems = [one for one in asked if one.problem]
        try:
            _, clearance = _screened(later)
        except (BadInput, ValidationError) as contradiction:
            context: dict[str, Any] = {
                "topic": topic, "title": questions.TITLES[topic], "asked": asked, "whole": str(contradiction),
            }  # fmt: skip
            return render(
                request, "selfcheck/topic.html", context | {"progress": _progress(answers, None, topic)}, status=422
            )
        if not problems:
            return _kept(_go(questions.next_topic(later, clearance, kb)), later)
        answers = later
    context = {
        "topic": topic, "title": questions.TITLES[topic], "asked": asked, "whole": "",
        "progress": _progress(answers, clearance, topic),
    }  # fmt: skip
    wrong = any(one.problem for one in asked)
    return _kept(render(request, "selfcheck/topic.html", context, status=422 if wrong else 200), answers)


# ---------------------------------------------------------------- the answer


def _declined_words(plan: Plan) -> str:
    """What stands first when a wish was declined; empty when nothing was."""
    if not plan.declined:
        return ""
    instead = " A gentle routine with short needles would be possible instead." if plan.sessions else ""
    return f"What you have in mind is not for home. A clinic may be able to help: take the sheet with you.{instead}"


def _told(answers: Answers, *, sheet: bool = False) -> dict[str, Any]:
    """The run of a visitor's case, in words for the person: sections and the sources that they use.

    Args:
        sheet: with the sheet for the clinic, also where nothing stands against a routine at home.
    """
    from needling.archive import run_case
    from needling.report.about_clearance import choice_headline, handoff_section, verdict_sentence
    from needling.report.bibliography import Bibliography
    from needling.report.explain import explain_with
    from needling.report.explanation import Telling
    from needling.report.figures import all_figures

    kb = knowledge()
    case = answers.case(kb, date.today())
    run = run_case(case, kb, key=0, members=256)
    bibliography = Bibliography(kb)
    sections = explain_with(bibliography, run.choice, kb, "person", run.clearance, case).sections
    if sheet and all(section.id != "handoff" for section in sections):
        telling = Telling(kb, "person", True, bibliography)
        sections = (*sections, handoff_section(run.clearance, telling, (case.person, case.assessment)))
    return {
        "case": case, "run": run, "headline": choice_headline(run.choice, run.clearance),
        "sentence": _declined_words(run.choice.plan) or verdict_sentence(run.clearance, person=True),
        "sections": {section.id for section in sections},
        "ordered": sections,
        "references": bibliography.references(),
        "figures": {
            name: replace(figure, svg=Markup('<img src="{}" alt="{}">').format(as_picture(figure.svg), figure.title))
            for name, figure in all_figures(run.choice, kb, None).items()
        },
    }  # fmt: skip


_ANSWER = ("declined", "why", "questions", "alternatives", "conflicts")


def _shown(told: dict[str, Any], wanted: tuple[str, ...]) -> dict[str, Any]:
    """The sections that a page shows, in the order of the telling, and exactly the sources that they use."""
    sections = [one for one in told["ordered"] if {one.id, one.id.rpartition("-")[0]} & set(wanted)]
    used = {number for one in sections for said in one.statements() for number in (*said.supports, *said.conflicts)}
    return {**told, "shown": sections, "references": [one for one in told["references"] if one.number in used]}


@require_safe
@never_cache
def answer(request: HttpRequest) -> HttpResponse:
    """Go, wait until, see a clinician, or no: each reason with its source and what speaks against it."""
    answers = read_answers(request)
    if not answers.begun:
        return redirect("check-aim")
    told = _told(answers)
    clearance = told["run"].clearance
    asked_next = questions.next_topic(answers, clearance, knowledge())
    return render(
        request,
        "selfcheck/answer.html",
        {**_shown(told, _ANSWER), "clearance": clearance, "routine": bool(told["run"].choice.plan.sessions),
         "asked_next": asked_next, "done": answers.done},
    )  # fmt: skip


@require_safe
@never_cache
def clinic_sheet(request: HttpRequest) -> HttpResponse:
    """The sheet to print and take to a clinic."""
    answers = read_answers(request)
    if not answers.begun:
        return redirect("check-aim")
    return render(request, "selfcheck/sheet.html", _shown(_told(answers, sheet=True), ("handoff",)))


# ---------------------------------------------------------------- the routine, step by step


def _routine(request: HttpRequest) -> tuple[Answers, dict[str, Any] | None]:
    answers = read_answers(request)
    told = _told(answers) if answers.begun else None
    return answers, told if told and told["run"].choice.plan.sessions else None


@require_http_methods(["GET", "POST"])
@never_cache
def steps(request: HttpRequest) -> HttpResponse:
    """What comes before the first session: the hygiene quiz, the patch test, a first photo."""
    answers, told = _routine(request)
    if told is None:
        return redirect("check-answer")
    kb, today, problem = knowledge(), date.today(), ""
    if request.method == "POST":
        answers, problem = read_step(answers, request.POST, kb, today)
        if not problem:
            return _kept(redirect("check-steps"), answers)
    ready = patch_from(answers, kb)
    context = {
        "done": steps_done(answers, kb, today), "due": due_step(answers, kb, today), "days": patch_days(answers, kb),
        "patch": answers.patch, "ready": ready, "waits": ready is not None and today < ready,
        "today": today, "problem": problem, "sent": request.POST.get("on", "")[:20],
    }  # fmt: skip
    return render(request, "selfcheck/steps.html", {**context, **told}, status=422 if problem else 200)


@require_http_methods(["GET", "POST"])
@never_cache
def hygiene(request: HttpRequest) -> HttpResponse:
    """The quiz: all answers right opens the next step; a wrong one says why."""
    answers, told = _routine(request)
    if told is None:
        return redirect("check-answer")
    care = {step.id: step for step in knowledge().care}
    sent = request.method == "POST"
    marks = quiz.marked(request.POST)
    if sent and all(right for _, _, right in marks):
        done = answers.done if "hygiene" in answers.done else ("hygiene", *answers.done)
        return _kept(redirect("check-steps"), replace(answers, done=done))
    return render(
        request, "selfcheck/hygiene.html", {"marks": marks, "sent": sent, "care": care}, status=422 if sent else 200
    )


_PLAN = ("plan", "weeks-before", "before", "during", "right-after", "missing-steps", "stop", "after", "not-before",
         "expect", "harms", "checks", "follow-up", "red-flags", "assumptions")  # fmt: skip


@require_safe
@never_cache
def plan(request: HttpRequest) -> HttpResponse:
    """The plan on one printable page; only when all steps before it are done."""
    from needling.web.selfcheck.calendar import roller_ends

    answers, told = _routine(request)
    if told is None:
        return redirect("check-answer")
    if due_step(answers, knowledge(), date.today()):
        return redirect("check-steps")
    chosen = told["run"].choice
    device = knowledge().device(chosen.plan.sessions[0].device)
    ends = roller_ends(chosen.plan, knowledge())
    return render(
        request, "selfcheck/plan.html", {**_shown(told, _PLAN), "device": device, "ends": ends, "plan": chosen.plan}
    )


@require_safe
@never_cache
def calendar(request: HttpRequest) -> HttpResponse:
    """The plan as a calendar file."""
    from needling.web.selfcheck.calendar import calendar_file

    answers, told = _routine(request)
    if told is None or due_step(answers, knowledge(), date.today()):
        return redirect("check-answer")
    response = HttpResponse(calendar_file(told["run"].choice, knowledge()), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="rolling.ics"'
    return response


@require_safe
def signs(request: HttpRequest) -> HttpResponse:
    """Signs after needling that need somebody to act, the most urgent first."""
    from needling.report.words import URGENCY_WORD

    flags = by_urgency(knowledge().red_flags)
    groups = [(URGENCY_WORD[urgency], [flag for flag in flags if flag.urgency == urgency]) for urgency in URGENCIES]
    return render(request, "selfcheck/signs.html", {"groups": [group for group in groups if group[1]]})
