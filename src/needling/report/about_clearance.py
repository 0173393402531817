"""The answer to "is it for me?" in words: verdict, reasons, open questions, both sides, the hand-off sheet."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import date

from needling.documents import Assessment, Choice, Clearance, Decision, Fact, FactValue, Person, Question, Verdict
from needling.knowledge.schema import Conflict, FactDefinition, Rule
from needling.report.about_home import home_headline, home_sentence, lead_word, says_until
from needling.report.about_lesions import lesions_of
from needling.report.explanation import Row, Section, Statement, Table, Telling
from needling.report.words import (
    ACTION_WORD,
    VERDICT_WORD,
    listed,
    number,
    on_day,
    plural,
    sentence,
    setting_words,
    zone_name,
    zones_name,
)

NOT_KNOWN = "not known"


# ---------------------------------------------------------------- verdict


def verdict_headline(clearance: Clearance) -> str:
    """The answer in a few words."""
    if clearance.setting == "home":
        return home_headline(clearance)
    return VERDICT_WORD[clearance.verdict]


def choice_headline(choice: Choice, clearance: Clearance) -> str:
    """The answer in a few words: a wish declined, another treatment, doing nothing, what a home routine is not."""
    if clearance.verdict != "go":
        return verdict_headline(clearance)
    if choice.plan.declined:
        return "Not what was asked for"
    if choice.other_treatment_wins:
        if choice.plan.sessions and choice.plan.envelope == "home":
            return "No known benefit at home; another treatment may do better"
        beside = "; the needling plan stands beside it" if choice.plan.sessions else ""
        return f"Another treatment may do better{beside}"
    if not choice.plan.sessions:
        return "Doing nothing is best for now"
    if choice.plan.envelope == "home":
        return "No known benefit at home; a gentle routine, if you want one"
    return verdict_headline(clearance)


def verdict_sentence(clearance: Clearance, *, person: bool) -> str:
    """The verdict in one or two sentences, for the setting that was asked about."""
    where = setting_words(clearance.setting)
    wait = f"The earliest date is {on_day(clearance.earliest)}." if clearance.earliest else "There is no date yet."
    questions = plural(len(merged_questions(clearance.asks)), "question is", "questions are")
    sentences: dict[Verdict, str] = {
        "go": f"Yes. Nothing that we were told speaks against needling {where}.",
        "ask": f"We cannot answer yet. {questions} open. An open question never counts as a no.",
        "defer": f"Not now: waiting is needed first. {wait}",
        "refer": "Not before a clinician has looked at it. Take the sheet for the clinic with you.",
        "exclude": f"No: needling {where} is not suitable for you as things are.",
    }
    if person:
        return (clearance.setting == "home" and home_sentence(clearance)) or sentences[clearance.verdict]
    open_for = {"home": "at home and in the clinic", "clinic": "in the clinic only", None: "nowhere"}
    rules = len(merged_decisions(clearance.decisions))
    return (
        f"{VERDICT_WORD[clearance.verdict]}, {where}; open {open_for[clearance.envelope]}. "
        f"{plural(rules, 'rule speaks', 'rules speak')} to this, {questions} open."
        + (f" Earliest date {on_day(clearance.earliest)}." if clearance.earliest else "")
    )


def _zone_rows(clearance: Clearance, telling: Telling) -> tuple[Row, ...]:
    return tuple(
        telling.row(
            zone_name(zone.zone, telling.kb).capitalize(),
            VERDICT_WORD[zone.verdict] if telling.person else zone.verdict,
            on_day(zone.earliest) if zone.earliest else "",
        )
        for zone in clearance.zones
    )


def answer_section(clearance: Clearance, telling: Telling) -> Section:
    """Verdict, and the zones one by one where they differ."""
    telling = telling.at("The answer")
    differ = len({(zone.verdict, zone.earliest) for zone in clearance.zones}) > 1
    tables = (Table("Each zone", ("Zone", "Answer", "Not before"), _zone_rows(clearance, telling)),) if differ else ()
    return Section(
        "answer", "The answer", (telling.say(verdict_sentence(clearance, person=telling.person)),), tables=tables
    )


# ---------------------------------------------------------------- decisions and questions


def until_words(decision: Decision) -> str:
    """Until when a decision holds; empty when it says nothing about time."""
    parts = []
    if decision.until is not None:
        parts.append(f"until {on_day(decision.until)}")
    if decision.until_when:
        parts.append(f"until {decision.until_when.rstrip('.').removeprefix('until ')}")
    return ", and ".join(parts)


def _rule_words(decision: Decision, telling: Telling) -> str:
    """The rule's id, label, action and access, as a clinician looks it up."""
    rule: Rule | None = telling.kb.by("rules").get(decision.rule)
    parts = [decision.rule, decision.action.replace("_", " ")]
    if rule is not None:
        parts.insert(1, rule.ref)
        parts.append(f"access {rule.access}")
    return ", ".join(part for part in parts if part)


def caps_words(decision: Decision) -> str:
    """The limits that a decision sets; empty when it sets none."""
    caps = decision.caps
    if caps is None:
        return ""
    parts = []
    if caps.home_needle_mm is not None:
        parts.append(f"home needle at most {caps.home_needle_mm:g} mm")
    if caps.clinic_needle_mm is not None:
        parts.append(f"clinic needle at most {caps.clinic_needle_mm:g} mm")
    if caps.min_interval_d is not None:
        parts.append(f"at least {caps.min_interval_d:g} days between sessions")
    if caps.bleeding == "no":
        parts.append("no bleeding")
    if caps.anaesthetic == "no":
        parts.append("no numbing cream")
    return listed(parts)


def merged_decisions(decisions: Iterable[Decision]) -> list[tuple[Decision, tuple[str, ...]]]:
    """A rule that fired alike on several zones once, with all of them; no zone means the whole person."""
    found: dict[tuple[object, ...], tuple[Decision, tuple[str, ...]]] = {}
    for decision in decisions:
        key = (decision.rule, decision.action, decision.until, decision.overridden, decision.zone is None)
        first, zones = found.get(key, (decision, ()))
        found[key] = (first, (*zones, *((decision.zone,) if decision.zone else ())))
    return list(found.values())


def decision_statement(decision: Decision, zones: tuple[str, ...], telling: Telling) -> Statement:
    """One decision with its action, places, time and ground."""
    until = until_words(decision)
    where = f", {zones_name(zones, telling.kb)}" if zones else ""
    caps = caps_words(decision)
    if telling.person:
        word = lead_word(decision) if telling.home else ACTION_WORD[decision.action]
        lead = word if telling.home else f"{word}{where}"  # at home there is one place, and it was named by the person
        parts = [decision.tell.strip()]
        if telling.home and parts[0].startswith(word):  # nothing is said twice
            lead = ""
        if until and not (telling.home and decision.until is None and says_until(decision.tell)):
            parts.append(f"This holds {until}.")
        if decision.overridden:
            parts.append("Two clinicians looked at this and decided to go on.")
    else:
        lead = f"{decision.title}{where} ({_rule_words(decision, telling)})"
        parts = [decision.because.strip()]
        if until:
            parts.append(f"Holds {until}.")
        if caps:
            parts.append(f"Limits: {caps}.")
        if decision.overridden:
            parts.append("OVERRIDDEN with a coded reason and two signatures.")
        if decision.conflicts:
            parts.append(f"Sources disagree: {', '.join(_conflict_label(c, telling) for c in decision.conflicts)}.")
    return telling.say(
        " ".join(part for part in parts if part), decision.sources, lead=lead, proposal=decision.proposal
    )


def _conflict_label(name: str, telling: Telling) -> str:
    conflict: Conflict | None = telling.kb.by("conflicts").get(name)
    return (conflict.ref or conflict.topic) if conflict else name


def told_decisions(clearance: Clearance) -> tuple[Decision, ...]:
    """What a person is told. How to go about it (notes, cautions) is for whoever may go, and for no one else."""
    going = {zone.zone for zone in clearance.zones if zone.verdict == "go"}
    return tuple(
        decision
        for decision in clearance.decisions
        if decision.action not in ("note", "caution")
        or (clearance.verdict == "go" and (decision.zone is None or decision.zone in going))
    )


def decisions_section(clearance: Clearance, telling: Telling) -> Section:
    """Why: every rule that fired."""
    telling = telling.at("Why this answer")
    told = told_decisions(clearance) if telling.person else clearance.decisions
    points = tuple(decision_statement(decision, zones, telling) for decision, zones in merged_decisions(told))
    still = plural(len(merged_questions(clearance.asks)), "question is", "questions are")
    said = (
        f"Nothing can be said yet: {still} open, and none of them counts as a no."
        if clearance.asks
        else "None of the rules that were checked speaks against it."
    )
    nothing = () if points else (telling.say(said),)
    return Section("why", "Why this answer", nothing, points)


def merged_questions(questions: tuple[Question, ...]) -> list[tuple[Question, tuple[str, ...]]]:
    """A question that is asked of several zones once, with all of them."""
    found: dict[tuple[str, str], tuple[Question, tuple[str, ...]]] = {}
    for question in questions:
        first, zones = found.get((question.fact, question.ask), (question, ()))
        found[question.fact, question.ask] = (first, (*zones, *((question.zone,) if question.zone else ())))
    return list(found.values())


def question_text(question: Question, zones: tuple[str, ...], telling: Telling) -> str:
    """A question with its places; to a person at home "this area" is the one area that they asked about."""
    where = f" ({zones_name(zones, telling.kb)})" if zones and not (telling.person and telling.home) else ""
    return f"{question.ask.strip()}{where}"


def questions_section(clearance: Clearance, telling: Telling) -> Section | None:
    """What is not known and can still change the answer."""
    if not clearance.asks:
        return None
    telling = telling.at("Questions still open")
    if telling.person:
        points = tuple(
            telling.say(question_text(question, zones, telling)) for question, zones in merged_questions(clearance.asks)
        )
    else:
        points = tuple(
            telling.say(
                f"{question_text(question, zones, telling)} Fact {question.fact}; at worst "
                f"{question.decisive.replace('_', ' ')}; asked by {', '.join(question.rules)}"
            )
            for question, zones in merged_questions(clearance.asks)
        )
    intro = telling.say("The answer can change with each of these. Not known never counts as no")
    return Section("questions", "Questions still open", (intro,), points)


def conflicts_section(names: Iterable[str], telling: Telling, *, codes: bool = True) -> Section | None:
    """Both sides of every conflict behind the decisions, and what the system does by default; with its code or not."""
    telling = telling.at("Where sources disagree")
    points: list[Statement] = []
    for name in dict.fromkeys(names):
        conflict: Conflict | None = telling.kb.by("conflicts").get(name)
        if conflict is None:
            points.append(telling.say(f"Conflict {name} is not in this knowledge base"))
            continue
        label = f" ({conflict.ref})" if conflict.ref and codes and not telling.person else ""
        topic = f"{sentence(conflict.topic)}{label}"
        points.append(telling.say(conflict.side_a, conflict.sources_a, lead=f"{topic} One side"))
        points.append(telling.say(conflict.side_b, conflict.sources_b, lead=f"{topic} The other side"))
        if telling.person and conflict.tell:
            points.append(telling.say(conflict.tell, lead=f"{topic} For you"))
        else:
            points.append(telling.say(conflict.default, lead=f"{topic} What we do", proposal=True))
    return Section("conflicts", "Where sources disagree", points=tuple(points)) if points else None


# ---------------------------------------------------------------- hand-off sheet


def answer_words(value: FactValue, kind: str = "") -> str:
    """An answer as a person reads it; None is "not known", never "no"."""
    if value is None:
        return NOT_KNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return listed([part.replace("-", " ") for part in value]) if value else "none of them"
    if isinstance(value, float):
        return number(value)
    if kind == "date":
        with suppress(ValueError):
            return on_day(date.fromisoformat(value))
    return value


def _told(facts: Iterable[tuple[Fact, tuple[str, ...]]], telling: Telling) -> list[tuple[str, str, str]]:
    """Topic, question and answer of each fact, with its zones, its time and who said so."""
    found = []
    for fact, zones in facts:
        definition: FactDefinition | None = telling.kb.by("facts").get(fact.name)
        asked = (definition.ask_clinician or definition.ask) if definition else fact.name.replace("_", " ")
        where = f" ({zones_name(zones, telling.kb)})" if zones else ""
        notes = [answer_words(fact.value, definition.kind if definition else "")]
        if fact.since is not None:
            notes.append(f"since {on_day(fact.since)}")
        if fact.by:
            notes.append(f"by {fact.by}")
        topic = definition.topic if definition else "other"
        found.append((topic, f"{asked.strip()}{where}", ", ".join(notes)))
    return found


def _zone_facts(seen: Assessment) -> list[tuple[Fact, tuple[str, ...]]]:
    """The same answer on several zones once, with all of them."""
    found: dict[Fact, tuple[str, ...]] = {}
    for finding in seen.zones:
        for fact in finding.facts:
            found[fact] = (*found.get(fact, ()), finding.zone)
    return list(found.items())


Known = tuple[Person, Assessment]
"""Who was asked and what was found: what the hand-off sheet is filled from."""


def told_facts(known: Known, telling: Telling) -> list[tuple[str, str, str]]:
    """Topic, question and answer of everything that was asked of a person and of their skin."""
    person, seen = known
    whole: list[tuple[Fact, tuple[str, ...]]] = [(fact, ()) for fact in (*person.facts, *seen.facts)]
    return _told([*whole, *_zone_facts(seen)], telling)


def facts_table(known: Known, telling: Telling) -> Table:
    """What was told and found: person, zones, scores, and every answer that is neither a no nor unknown."""
    person, seen = known
    rows = [
        telling.row("Birth year", str(person.birth_year) if person.birth_year else NOT_KNOWN),
        telling.row("Skin type", person.phototype or NOT_KNOWN),
        telling.row("Sex at birth", person.sex_at_birth or NOT_KNOWN),
    ]
    for finding in seen.zones:
        concern = telling.kb.by("indications").get(finding.concern)
        measured = [f"{finding.area_cm2:g} cm²", concern.name if concern else finding.concern]
        if finding.epidermis_um is not None:
            measured.append(f"epidermis {finding.epidermis_um:g} µm")
        if finding.dermis_mm is not None:
            measured.append(f"dermis {finding.dermis_mm:g} mm")
        rows.append(telling.row(zone_name(finding.zone, telling.kb).capitalize(), ", ".join(measured)))
    told = told_facts(known, telling)
    rows += [telling.row(asked, answer) for _, asked, answer in told if answer not in ("no", NOT_KNOWN)]
    for found in lesions_of(seen.zones, telling.kb):
        rows.append(
            telling.row(f"{found.place.capitalize()}, in one place", f"{found.what}; {found.about}".rstrip("; "))
        )
    for score in seen.scores:
        where = f" ({zone_name(score.zone, telling.kb)})" if score.zone else ""
        scale = telling.kb.by("scales").get(score.scale)
        rows.append(telling.row(f"{scale.name if scale else score.scale}{where}", number(score.value)))
    return Table(f"What was known on {on_day(seen.on)}", ("Question", "Answer"), tuple(rows))
