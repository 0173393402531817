"""A person's own answers: kept in their browser until they are sent, then laid over what the clinic knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse

from needling.documents import Assessment, Clearance, Fact, Person, Question, ZoneFinding
from needling.knowledge import Knowledge
from needling.planning.protocol import site_zones
from needling.planning.screen import screen
from needling.report.about_clearance import answer_words
from needling.web.charts.models import Chart, Row
from needling.web.people.models import DAYS
from needling.web.people.reading import standing
from needling.web.selfcheck.answers import Answers

BY = "the person"
"""Who is named in a fact that came through a link."""
LINK = "link"
"""How documents came in that were written behind a link."""
_COOKIE = "intake"
_PATH = "/intake/"
_SALT = "needling.intake"
_ANYWHERE = "pores-dullness"  # a concern that no rule speaks of: without zones only the person is asked about
_ABOUT_YOU = ("birth_year", "phototype", "sex_at_birth")


@dataclass(frozen=True)
class Sheet:
    """What somebody has answered so far.

    Args:
        link: hash of the link's token. about: id of the assessment whose zones were asked about; "" without one.
        seen: whether the first page, on age and skin type, was answered.
    """

    link: str = ""
    about: str = ""
    seen: bool = False
    answers: Answers = field(default_factory=Answers)


def read_sheet(request: HttpRequest) -> Sheet:
    """What the browser sent; nothing when it sent nothing, or something that we did not sign."""
    try:
        kept = signing.loads(request.COOKIES.get(_COOKIE, ""), salt=_SALT, max_age=timedelta(days=DAYS))
    except signing.BadSignature:
        return Sheet()
    return Sheet(kept["link"], kept["about"], kept["seen"], Answers(you=kept["you"], facts=kept["facts"]))


def keep_sheet(response: HttpResponse, sheet: Sheet, *, secure: bool) -> HttpResponse:
    """Hand the answers to the browser until it is closed; no script reads them, no other site sends them."""
    kept = {
        "link": sheet.link, "about": sheet.about, "seen": sheet.seen,
        "you": sheet.answers.you, "facts": sheet.answers.facts,
    }  # fmt: skip
    response.set_cookie(
        _COOKIE, signing.dumps(kept, salt=_SALT, compress=True),
        httponly=True, secure=secure, samesite="Lax", path=_PATH,
    )  # fmt: skip
    return response


def forget_sheet(response: HttpResponse) -> HttpResponse:
    """Delete the answers from the browser."""
    response.delete_cookie(_COOKIE, path=_PATH, samesite="Lax")
    return response


# ---------------------------------------------------------------- what is asked


def about_zones(sheet: Sheet, assessment: Row | None, kb: Knowledge) -> Sheet:
    """The sheet for the zones of the assessment in force; answers on the skin of other zones are asked again."""
    now = "" if assessment is None else str(assessment.id)
    if sheet.about == now:
        return sheet
    scopes = kb.by("facts")
    kept = {
        name: value for name, value in sheet.answers.facts.items() if name in scopes and scopes[name].scope == "person"
    }
    return replace(sheet, about=now, answers=replace(sheet.answers, facts=kept))


def _stand_ins(kb: Knowledge) -> list[dict[str, Any]]:
    """Every site that may be needled, for nothing in particular: whatever depends on the person is asked."""
    return [
        {"zone": zone, "concern": _ANYWHERE, "area_cm2": site.usual_area_cm2 or 1.0}
        for site in kb.sites
        if not site.never
        for zone in site_zones(site)[:1]
    ]


def _case(answers: Answers, zones: Iterable[ZoneFinding], kb: Knowledge, today: date) -> tuple[Person, Assessment]:
    scopes = {name: definition.scope for name, definition in kb.by("facts").items()}
    known = {name: value for name, value in answers.facts.items() if value is not None}
    named = [{"zone": one.zone, "concern": one.concern, "area_cm2": one.area_cm2} for one in zones]
    you = {name: answers.you.get(name) for name in _ABOUT_YOU}
    facts = {name: value for name, value in known.items() if scopes.get(name) == "person"}
    on_skin = {name: value for name, value in known.items() if scopes.get(name) == "zone"}
    return (
        Person.model_validate({"id": "you", **you, "facts": facts}),
        Assessment.model_validate(
            {
                "person": "you", "on": today.isoformat(), "setting": "clinic",
                "zones": named or _stand_ins(kb), "facts": on_skin,
            }
        ),
    )  # fmt: skip


def asked_for(answers: Answers, zones: tuple[ZoneFinding, ...], kb: Knowledge, today: date) -> Clearance:
    """The screening of what was answered so far, whose questions are those that can still change the answer.

    Without zones, or where their concern alone decides, only what holds for the whole person is asked. Who does not
    say their sex is asked what is asked of either.

    Raises:
        BadInput: answers that cannot all be true.
    """
    decided = bool(zones) and screen(*_case(Answers(you=answers.you), zones, kb, today), kb).verdict == "exclude"
    if decided:
        zones = ()
    found = screen(*_case(answers, zones, kb, today), kb)
    definitions = kb.by("facts")
    asks = [ask for ask in found.asks if zones or (ask.fact in definitions and definitions[ask.fact].scope == "person")]
    if answers.you.get("sex_at_birth") is None and found.verdict != "exclude":
        told = {ask.fact for ask in asks}
        asks += [
            Question(fact=one.name, zone=None, ask=one.ask, rules=(), decisive="defer")
            for one in kb.facts
            if one.never_of_sex and one.name not in told and answers.facts.get(one.name) is None
        ]
    return found.model_copy(update={"asks": tuple(asks)})


# ---------------------------------------------------------------- what the clinic gets


def _laid_over(before: tuple[Fact, ...], given: Mapping[str, Any], kb: Knowledge) -> tuple[Fact, ...]:
    """Facts as they are known now: a later answer over an earlier one, and none whose own question fell away."""
    facts = {fact.name: fact for fact in before}
    for name, value in given.items():
        if value is not None:
            facts[name] = Fact(name=name, value=value, by=BY)
    for definition in kb.facts:
        parent = definition.only_if
        if parent is not None and parent in facts and facts[parent].value is False:
            facts.pop(definition.name, None)
    return tuple(facts.values())


def sent_documents(
    chart: Chart, answers: Answers, person: Person | None, assessment: Assessment | None, kb: Knowledge, today: date
) -> tuple[Person, Assessment | None]:
    """What came in, as documents: the person's answers over what is known, and what they say of their skin.

    "I don't know" changes nothing that the clinic knew. The skin type that a clinic has entered stays: somebody has
    looked. What is said of the skin becomes an assessment of today without readings, of the same zones, signed by the
    person; it is for the clinician to look and to make their own. Until then what somebody has found there stands,
    whatever the person says; what was not found then is asked anew.
    """
    scopes = {name: definition.scope for name, definition in kb.by("facts").items()}
    own = {name: value for name, value in answers.facts.items() if scopes.get(name) == "person"}
    skin = {name: value for name, value in answers.facts.items() if scopes.get(name) == "zone"}
    before = person or Person(id=chart.person_id)
    facts = _laid_over(before.facts, own, kb)
    said_sex = answers.you.get("sex_at_birth")
    sex = said_sex or before.sex_at_birth
    never = {one.name for one in kb.facts if one.never_of_sex and one.never_of_sex == sex}
    if any(fact.value is True and fact.name in never for fact in facts):
        if said_sex:
            facts = tuple(fact for fact in facts if fact.name not in never)
        else:
            sex = None  # what was entered before cannot be: it is asked again
    told = Person(
        id=chart.person_id,
        birth_year=answers.you.get("birth_year") or before.birth_year,
        phototype=before.phototype or answers.you.get("phototype"),
        sex_at_birth=sex,
        facts=facts,
    )
    if assessment is None or not any(value is not None for value in skin.values()):
        return told, None
    seen = standing(assessment.facts, kb)
    yes_there = {fact.name for fact in seen if fact.value is True}
    news = {name: value for name, value in skin.items() if value is not False or name not in yes_there}
    looked = Assessment(
        person=chart.person_id,
        on=today,
        setting=assessment.setting,
        zones=tuple(zone.model_copy(update={"facts": standing(zone.facts, kb)}) for zone in assessment.zones),
        facts=_laid_over(seen, news, kb),
        country=assessment.country,
        by=chart.person_id,
    )
    return told, looked


def changed(before: Person | None, after: Person, kb: Knowledge) -> list[tuple[str, str, str]]:
    """Answers of the person that differ from what was known: the question, then, now."""
    known = {fact.name: fact.value for fact in before.facts} if before else {}
    definitions = kb.by("facts")
    return [
        (
            definitions[fact.name].ask_clinician or definitions[fact.name].ask,
            answer_words(known[fact.name], definitions[fact.name].kind),
            answer_words(fact.value, definitions[fact.name].kind),
        )
        for fact in after.facts
        if fact.by == BY and fact.name in definitions and fact.name in known and known[fact.name] != fact.value
    ]
