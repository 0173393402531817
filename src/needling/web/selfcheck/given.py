"""What a visitor has answered, each answer with the address at which it can be changed."""

from __future__ import annotations

from django.urls import reverse

from needling.knowledge import Knowledge
from needling.report.about_clearance import answer_words
from needling.report.words import sentence
from needling.web.selfcheck.answers import Answers
from needling.web.selfcheck.questions import TITLES, topics
from needling.web.selfcheck.you import PHOTOTYPES

Given = tuple[str, tuple[tuple[str, str, str], ...]]
"""A page by its title: of each question its words, the answer, and the address."""
_OPEN = "I don’t know"
_UNSAID = "not said"


def given(answers: Answers, kb: Knowledge) -> tuple[Given, ...]:
    """All answers, page by page, in the order in which they are asked."""
    aim, you = reverse("check-aim"), reverse("check-you")
    site, wish = kb.site(answers.aim["site"]), answers.aim.get("wish")
    skin = dict(PHOTOTYPES).get(answers.you.get("phototype") or "", _OPEN)
    found: list[Given] = [
        (
            "Where, and what for",
            (
                ("Part of the body", site.plural or site.name, f"{aim}#site"),
                ("What it is for", kb.indication(answers.aim["concern"]).plain, f"{aim}#concern"),
                ("Needle length", "no roller yet, or not known" if wish is None else f"{wish:g} mm", f"{aim}#wish"),
            ),
        ),
        (
            "About you",
            (
                ("Year of birth", str(answers.you.get("birth_year") or _UNSAID), f"{you}#birth_year"),
                ("How your skin takes the sun", skin, f"{you}#phototype"),
                ("Sex at birth", answers.you.get("sex_at_birth") or _UNSAID, f"{you}#sex"),
            ),
        ),
    ]
    for topic in topics(kb):
        page = reverse("check-topic", args=[topic])
        asked = tuple(
            (one.ask, _said(answers.facts[one.name], one.kind), f"{page}#{one.name}")
            for one in kb.facts
            if one.topic == topic and one.name in answers.facts
        )
        found += [(TITLES.get(topic, sentence(topic)), asked)] if asked else []
    return tuple(found)


def _said(value: object, kind: str) -> str:
    if value is None:
        return _OPEN
    return answer_words(tuple(value) if isinstance(value, list) else value, kind)  # type: ignore[arg-type]
