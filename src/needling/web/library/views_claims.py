"""What people may have read, each claim with its verdict and the better source."""

from __future__ import annotations

from typing import Any, get_args

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from needling.knowledge.entries import ClaimVerdict
from needling.report.bibliography import Bibliography
from needling.report.catalogue import conflicts_of
from needling.report.explanation import Telling
from needling.report.words import ACCESS_WORD, CERTAINTY_WORD
from needling.web.library.search import TOPICS, search, topics_of
from needling.web.pages import knowledge

VERDICTS = {
    "supported": "Supported",
    "conditional": "It depends",
    "contradicted": "Contradicted",
    "unsafe": "Unsafe",
    "unknown": "Not known",
}


@require_safe
def claims(request: HttpRequest) -> HttpResponse:
    """All claims, or those with some words, of one topic or with one verdict."""
    words, verdict, topic = (request.GET.get(name, "")[:100] for name in ("q", "verdict", "topic"))
    found = search(knowledge().claims, words)
    shown = [one for one in found.claims if verdict not in get_args(ClaimVerdict) or one.verdict == verdict]
    context = {
        "found": [one for one in shown if topic not in TOPICS or topic in topics_of(one)],
        "words": words, "verdict": verdict, "topic": topic, "read_as": found.read_as if found.claims else (),
        "topics": [(name, title) for name, (title, _) in TOPICS.items()],
        "verdicts": [(name, VERDICTS.get(name, name)) for name in get_args(ClaimVerdict)],
        "labels": VERDICTS, "all": len(knowledge().claims),
    }  # fmt: skip
    return render(request, "library/claims.html", context)


@require_safe
def claim(request: HttpRequest, claim: str) -> HttpResponse:
    """One claim in full: verdict, reason, sources for and against."""
    found = knowledge().by("claims").get(claim)
    if found is None:
        raise Http404("no such claim")
    bibliography = Bibliography(knowledge())
    said = Telling(knowledge(), "person", True, bibliography).at("Claim").say(found.because, found.sources)
    context: dict[str, Any] = {"claim": found, "because": said, "label": VERDICTS.get(found.verdict, found.verdict)}
    context |= {
        "certainty": CERTAINTY_WORD[found.certainty], "access": ACCESS_WORD[found.access],
        "conflicts": conflicts_of(found, knowledge()), "references": bibliography.references(),
    }  # fmt: skip
    return render(request, "library/claim.html", context)
