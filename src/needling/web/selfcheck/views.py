"""The questions of the self-check. Each page reads the visitor's own answers, and stores nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from pydantic import ValidationError

from needling.documents import Case, Clearance
from needling.errors import BadInput
from needling.knowledge import Knowledge
from needling.planning.screen import screen
from needling.web.pages import knowledge
from needling.web.selfcheck import questions
from needling.web.selfcheck.answers import Answers, forget, keep, read_answers, wished_lengths
from needling.web.selfcheck.patch import MARKED
from needling.web.selfcheck.takeaway import LARGEST, NAME, file_of, read_file
from needling.web.selfcheck.telling import Told, begun, known_already
from needling.web.selfcheck.you import FIRST_YEAR, NEEDED, PHOTOTYPES, SEXES, read_you


def kept(response: HttpResponse, answers: Answers) -> HttpResponse:
    """A response that hands the answers back to the visitor's browser."""
    return keep(response, answers, secure=settings.HTTPS)


View = Callable[[HttpRequest, Answers, Told], HttpResponse]


def of_the_answer(
    otherwise: str, when: Callable[[Told], bool] = lambda told: True
) -> Callable[[View], Callable[[HttpRequest], HttpResponse]]:
    """A view of what is told to the visitor, kept by no browser; the page named ``otherwise`` where there is nothing
    to tell yet, or not what the view needs.
    """

    def decorated(view: View) -> Callable[[HttpRequest], HttpResponse]:
        @wraps(view)
        def checked(request: HttpRequest) -> HttpResponse:
            answers, told = begun(request)
            return redirect(otherwise) if told is None or not when(told) else view(request, answers, told)

        return never_cache(checked)

    return decorated


def _screened(answers: Answers) -> tuple[Case, Clearance]:
    kb = knowledge()
    case = answers.careful(kb, date.today())
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


def _go(page: str | None, answers: Answers) -> HttpResponse:
    if page is None:
        return redirect("check-sheet" if answers.everything else "check-answer")
    return redirect(*(_address(page) or ("check-answer",)))


def _back(request: HttpRequest) -> bool:
    """Whether the visitor wants the page before: what is on this one is kept as far as it can be read."""
    return request.POST.get("go") == "back"


# ---------------------------------------------------------------- the way in


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What this is, what it is not, and the ways in."""
    return render(request, "selfcheck/start.html")


@require_safe
@never_cache
def begin(request: HttpRequest) -> HttpResponse:
    """What will be asked, and that nothing is stored."""
    return render(request, "selfcheck/begin.html", {"begun": read_answers(request).begun, "problem": "", "file": NAME})


@require_safe
@never_cache
def take_along(request: HttpRequest) -> HttpResponse:
    """The answers as a file for the visitor, to go on with on a later day."""
    answers = read_answers(request)
    if not answers.begun:
        return redirect("check-aim")
    response = HttpResponse(file_of(answers), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{NAME}"'
    return response


@require_POST
@never_cache
def bring_back(request: HttpRequest) -> HttpResponse:
    """Answers from such a file; what may have changed since is asked again, with the earlier answer beside it."""
    sent = request.FILES.get("answers")
    content = sent.read(LARGEST) if sent is not None and not isinstance(sent, list) else b""
    answers, problem = read_file(content, knowledge()) if content else (Answers(), "Please choose the file first.")
    if problem:
        context = {"begun": read_answers(request).begun, "problem": problem, "file": NAME}
        return render(request, "selfcheck/begin.html", context, status=422)
    _, clearance = _screened(answers)
    return kept(_go(questions.next_topic(answers, clearance, knowledge()), answers), answers)


@require_POST
def forget_all(request: HttpRequest) -> HttpResponse:
    """Delete all answers from the browser, and start again."""
    return forget(redirect("start"))


def _goes_with(concern: str, site: str, kb: Knowledge) -> bool:
    """Whether a concern is one of a part of the body. Where nobody may roll at home, the answer itself says so."""
    place = kb.site(site)
    named = {name for protocol in kb.indication(concern).protocols for name in protocol.sites}
    return place.never or place.home_max_mm == 0 or not named or site in named


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
        if not problems and not _goes_with(concern, site, kb):
            name = dict(concerns)[concern]
            problems["concern"] = (
                f"“{name}” and this part of the body do not go together. Please change one of the two."
            )
        if wish not in ("", *map(str, lengths)):
            problems["wish"] = "Please choose one of the lengths."
        if _back(request) and problems:
            return redirect("check")
        if not problems:
            same = answers.aim.get("site") == site and answers.aim.get("concern") == concern
            told = {"site": site, "concern": concern, "wish": float(wish) if wish else None}
            # What was said about the skin there holds only for the same place.
            scopes = kb.by("facts")
            facts = answers.facts if same else {n: v for n, v in answers.facts.items() if scopes[n].scope != "zone"}
            # That the patch showed something holds wherever it was rolled.
            done = answers.done if same else tuple(one for one in answers.done if one == MARKED)
            patch, earlier = (answers.patch, answers.before) if same else (None, {})
            later = Answers(told, answers.you, facts, done, patch, earlier, saved=answers.saved)
            return kept(redirect("check" if _back(request) else "check-you"), later)
    chosen = request.POST if request.method == "POST" else {**answers.aim}
    context = {
        "sites": sites, "concerns": concerns, "lengths": lengths, "chosen": chosen, "problems": problems,
        "progress": {"number": 1, "of": 2 + len(questions.topics(kb)), "back": None},
    }  # fmt: skip
    return render(request, "selfcheck/aim.html", context, status=422 if problems else 200)


@require_http_methods(["GET", "POST"])
@never_cache
def you(request: HttpRequest) -> HttpResponse:
    """Age, skin type and sex; the page says which of them a plan needs."""
    answers = read_answers(request)
    if not answers.begun:
        return redirect("check-aim")
    problems: dict[str, str] = {}
    if request.method == "POST":
        told, problems = read_you(request.POST, knowledge())
        if _back(request):
            later = questions.without_orphans(replace(answers, you=told or answers.you), knowledge())
            return kept(redirect("check-aim"), later)
        if not problems:
            answers = questions.without_orphans(replace(answers, you=told), knowledge())
            _, clearance = _screened(answers)
            return kept(_go(questions.next_topic(answers, clearance, knowledge()), answers), answers)
    context = {
        "chosen": request.POST if request.method == "POST" else answers.you,
        "phototypes": PHOTOTYPES, "sexes": SEXES, "problems": problems, "first_year": FIRST_YEAR,
        "needed": NEEDED,
        "progress": _progress(answers, None, "you"), "already": known_already(answers),
    }  # fmt: skip
    return render(request, "selfcheck/you.html", context, status=422 if problems else 200)


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
        return _go(questions.next_topic(answers, clearance, kb), answers)
    whole = ""
    if request.method == "POST":
        before = asked
        given, asked = questions.read_page(asked, request.POST, date.today())
        later = questions.without_orphans(answers.with_facts(given), kb)
        try:
            _, found = _screened(later)
        except (BadInput, ValidationError) as contradiction:
            whole = str(contradiction)
        if not whole:
            place = _progress(answers, clearance, topic)
            if _back(request):
                return kept(redirect(*(place["back"] or ("check",))), later)
            if not any(one.problem for one in asked):
                return _next_page(topic, before, later, found, kb)
            answers, clearance = later, found
    more = questions.newly_added(request.GET, asked, answers) if request.method == "GET" else None
    context = {
        "topic": topic, "title": questions.TITLES[topic], "asked": asked, "whole": whole, "more": more,
        "progress": _progress(answers, None if whole else clearance, topic),
    }  # fmt: skip
    wrong = whole or any(one.problem for one in asked)
    page = render(request, "selfcheck/topic.html", context, status=422 if wrong else 200)
    return page if whole else kept(page, answers)


def _next_page(
    topic: str, before: tuple[questions.Asked, ...], later: Answers, found: Clearance, kb: Knowledge
) -> HttpResponse:
    """The next topic; or the same page again, at the question that the answers have added to it."""
    following = questions.next_topic(later, found, kb)
    more = questions.added(before, later, found, kb) if following == topic else None
    if more is None:
        return kept(_go(following, later), later)
    return kept(redirect(f"{reverse('check-topic', args=[topic])}?more=1#{more.name}"), later)
