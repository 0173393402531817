"""What people may have read, each claim with its verdict and the better source."""

from __future__ import annotations

from typing import Any, get_args

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from needling.knowledge.schema import Claim, ClaimVerdict
from needling.report.bibliography import Bibliography
from needling.report.catalogue import conflicts_of
from needling.report.explanation import Telling
from needling.report.words import ACCESS_WORD, CERTAINTY_WORD
from needling.web.pages import knowledge

VERDICTS = {
    "supported": "Supported",
    "conditional": "It depends",
    "contradicted": "Contradicted",
    "unsafe": "Unsafe",
    "unknown": "Not known",
}


def _found(words: str, verdict: str) -> list[Claim]:
    wanted = words.casefold().split()
    return [
        claim
        for claim in knowledge().claims
        if (not verdict or claim.verdict == verdict)
        and all(word in f"{claim.says} {claim.because} {claim.id}".casefold() for word in wanted)
    ]


@require_safe
def claims(request: HttpRequest) -> HttpResponse:
    """All claims, or those with some words or one verdict."""
    words, verdict = request.GET.get("q", "")[:100], request.GET.get("verdict", "")
    context = {
        "found": _found(words, verdict if verdict in get_args(ClaimVerdict) else ""),
        "words": words, "verdict": verdict,
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
    context: dict[str, Any] = {"claim": found, "said": said, "label": VERDICTS.get(found.verdict, found.verdict)}
    context |= {
        "certainty": CERTAINTY_WORD[found.certainty], "access": ACCESS_WORD[found.access],
        "conflicts": conflicts_of(found, knowledge()), "references": bibliography.references(),
    }  # fmt: skip
    return render(request, "library/claim.html", context)
