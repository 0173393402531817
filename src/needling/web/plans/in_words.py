"""Each kind of document in plain words, for a page and for the sheet that a person gets: questions and answers, what
was found, what was decided, planned and done. Every number as it was signed stands in the JSON file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from needling.documents import (
    Approval,
    Assessment,
    Choice,
    Clearance,
    Document,
    Fact,
    Override,
    Person,
    Plan,
    SessionRecord,
)
from needling.documents.drafts import Draft
from needling.documents.learning import Misses
from needling.documents.overrides import ProposedOverride
from needling.documents.visits import VisitCheck
from needling.knowledge import Knowledge
from needling.knowledge.facts import resolve_name
from needling.report.about_clearance import answer_words, merged_decisions, merged_questions, verdict_headline
from needling.report.about_lesions import lesions_of
from needling.report.about_plan import SESSION_HEADERS, session_rows
from needling.report.bibliography import Bibliography
from needling.report.explanation import Row, Section, Statement, Table, Telling
from needling.report.words import (
    ENDPOINT_WORD,
    device_name,
    listed,
    number,
    of_people,
    on_day,
    plural,
    sentence,
    zone_name,
)
from needling.web.plans.proposals import REASONS
from needling.web.visits.deviations import in_words
from needling.web.visits.harms import harm_names
from needling.web.visits.used import all_used

_CONDITION = {"new": "new", "worn": "used before", "cheap": "of an unknown make"}


@dataclass(frozen=True)
class Words:
    """What a document says: statements, then tables."""

    said: tuple[Statement, ...] = ()
    tables: tuple[Table, ...] = ()

    def section(self, name: str, title: str, *before: Statement, level: Literal[2, 3] = 3) -> Section:
        """As a section of a page or a sheet."""
        return Section(name, title, (*before, *self.said), tables=self.tables, level=level)


def words_of(document: Document, kb: Knowledge, names: Mapping[str, str]) -> Words:
    """A document in plain words.

    Args:
        names: of people by signature.
    """
    told = tuple(_TOLD[type(document)](document, kb, names))
    return Words(
        tuple(replace(one, text=sentence(one.text)) for one in told if isinstance(one, Statement)),
        tuple(one for one in told if isinstance(one, Table)),
    )


def _bare(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Rows without the numbers of sources, which no list stands beside."""
    return tuple(Row(row.cells) for row in rows)


# ---------------------------------------------------------------- answers


def _question(name: str, kb: Knowledge) -> str:
    resolved = resolve_name(name, kb.by("facts"))
    asked = resolved[0].ask if resolved else name.replace("_", " ")
    return asked.strip()


def _answer(fact: Fact, kb: Knowledge) -> str:
    resolved = resolve_name(fact.name, kb.by("facts"))
    said = answer_words(fact.value, resolved[0].kind if resolved else "")
    since = f", since {on_day(fact.since)}" if fact.since else ""
    return f"{said}{since}{f', told by {fact.by}' if fact.by else ''}"


def _answers(facts: Iterable[Fact], kb: Knowledge) -> Iterator[Table]:
    """Each question as a person is asked it, with the answer."""
    rows = tuple(Row((_question(one.name, kb), _answer(one, kb))) for one in facts)
    if rows:
        yield Table("", ("Question", "Answer"), rows)


def _in_short(facts: Iterable[Fact], kb: Knowledge) -> Iterator[Statement | Table]:
    """What was answered with a yes or a figure as a table; each no, and each that is not known, in one line."""
    facts = tuple(facts)
    yield from _answers((fact for fact in facts if fact.value is not None and fact.value is not False), kb)
    for value, lead in ((False, "Answered with no"), (None, "Not known")):
        quiet = [_question(one.name, kb).rstrip("?.") for one in facts if one.value is value]
        if quiet:
            yield Statement("; ".join(quiet) + ".", lead)


def _person(person: Person, kb: Knowledge, names: Mapping[str, str]) -> Iterator[Statement | Table]:
    own = [
        ("Born", "not known" if person.birth_year is None else str(person.birth_year)),
        ("Skin type", person.phototype or "not known"),
        ("Sex at birth", person.sex_at_birth or "not known"),
    ]
    yield Statement(", ".join(f"{name.lower()}: {value}" for name, value in own) + ".", "Who")
    yield from _answers(person.facts, kb)


def _assessment(seen: Assessment, kb: Knowledge, names: Mapping[str, str]) -> Iterator[Statement | Table]:
    yield Statement(f"{on_day(seen.on)}, {'at home' if seen.setting == 'home' else 'in the clinic'}.", "Looked at")
    concerns = kb.by("indications")
    rows = []
    for zone in seen.zones:
        concern = concerns[zone.concern].name if zone.concern in concerns else zone.concern
        measured = [
            f"{label} {value:g} {unit}"
            for label, value, unit in (
                ("epidermis", zone.epidermis_um, "µm"),
                ("dermis", zone.dermis_mm, "mm"),
            )
            if value is not None
        ]
        rows.append(
            Row(
                (
                    zone_name(zone.zone, kb).capitalize(),
                    "; ".join([concern, f"{zone.area_cm2:g} cm²", *measured]),
                    "; ".join(f"{_question(one.name, kb)} {_answer(one, kb)}" for one in zone.facts) or "–",
                )
            )
        )
    yield Table("", ("Zone", "Concern and size", "Found there"), tuple(rows))
    for one in lesions_of(seen.zones, kb):
        yield Statement(f"{one.place}: {one.what}{f'; {one.about}' if one.about else ''}.", f"Spot {one.number}")
    yield from _answers(seen.facts, kb)
    if seen.scores:
        yield Table("", ("Scale", "Zone", "Read"), tuple(_readings(seen, kb)))
    yield from _overrides(seen.overrides, kb, names)


def _readings(seen: Assessment, kb: Knowledge) -> Iterator[Row]:
    scales = kb.by("scales")
    for score in seen.scores:
        known = scales.get(score.scale)
        bounds = f" of {known.low:g} to {known.high:g}" if known else ""
        where = zone_name(score.zone, kb) if score.zone else "the whole person"
        yield Row((known.name if known else score.scale, where, f"{score.value:g}{bounds}"))


# ---------------------------------------------------------------- clearance


def _rule(name: str, kb: Knowledge) -> str:
    rules = kb.by("rules")
    return str(rules[name].title.rstrip(".")) if name in rules else name


def _overrides(overrides: Iterable[Override], kb: Knowledge, names: Mapping[str, str]) -> Iterator[Statement]:
    for one in overrides:
        signed = " and ".join(names.get(who, who) for who in (one.by, one.second) if who)
        note = f" {one.note}" if one.note else ""
        yield Statement(f"{dict(REASONS).get(one.reason, one.reason)}.{note} Signed by {signed}.",
                        f"In spite of “{_rule(one.rule, kb)}”")  # fmt: skip


def _clearance(clearance: Clearance, kb: Knowledge, names: Mapping[str, str]) -> Iterator[Statement | Table]:
    earliest = f" Not before {on_day(clearance.earliest)}." if clearance.earliest else ""
    yield Statement(f"{verdict_headline(clearance)}.{earliest}", "Answer")
    for decision, zones in merged_decisions(clearance.decisions):
        where = f" ({listed([zone_name(zone, kb) for zone in zones])})" if zones else ""
        until = f" Not before {on_day(decision.until)}." if decision.until else ""
        aside = " Set aside by two signatures." if decision.overridden else ""
        yield Statement(f"{decision.because.rstrip('.')}.{until}{aside}", f"{decision.title.rstrip('.')}{where}")
    for question, _ in merged_questions(clearance.asks):
        yield Statement(question.ask, "Not known")


def _proposed(one: ProposedOverride, kb: Knowledge, names: Mapping[str, str]) -> Iterator[Statement]:
    note = f" {one.note}" if one.note else ""
    what = "taken back" if one.withdrawn else "proposed, to be signed by another clinician"
    yield Statement(
        f"{what}. {dict(REASONS).get(one.reason, one.reason)}.{note}", f"In spite of “{_rule(one.rule, kb)}”"
    )


# ---------------------------------------------------------------- plans


def _plan(plan: Plan, kb: Knowledge, names: Mapping[str, str]) -> Iterator[Statement | Table]:
    if not plan.sessions:
        yield Statement(f"{plan.label.rstrip('.')}: no session.", "Plan")
        return
    devices = listed(list(dict.fromkeys(device_name(one.device, kb) for one in plan.sessions)))
    yield Statement(f"{plan.label.rstrip('.')}. From {on_day(plan.start)}, with {devices}.", "Plan")
    telling = Telling(kb, "clinician", plan.envelope == "home", Bibliography(kb))
    yield Table("", SESSION_HEADERS, _bare(session_rows(plan, telling)))


def _draft(draft: Draft, kb: Knowledge, names: Mapping[str, str]) -> Iterator[Statement | Table]:
    yield from _brief(draft.plan)


def _brief(plan: Plan) -> Iterator[Statement]:
    """A plan that was only weighed, in one line."""
    count = plural(len(plan.sessions), "session")
    yield Statement(f"{plan.label.rstrip('.')}; {count}, from {on_day(plan.start)}.", "Plan")


def _choice(choice: Choice, kb: Knowledge, names: Mapping[str, str]) -> Iterator[Statement | Table]:
    yield from _brief(choice.plan)
    if choice.other_treatment_wins:
        yield Statement("Another treatment may do better.")


def _approval(approval: Approval, kb: Knowledge, names: Mapping[str, str]) -> Iterator[Statement | Table]:
    yield Statement(f"by {names.get(approval.by, approval.by)}, {on_day(approval.at.date())}.", "Approved")
    yield from _plan(approval.plan, kb, names)
    yield from _overrides(approval.overrides, kb, names)
    for one in approval.forecast.outcomes:
        if one.basis != "none":
            where = zone_name(one.zone, kb)
            yield Statement(
                f"{one.dots_of_50_count} of 50 people gain this: {one.better_by_label.rstrip('.')} ({where}).",
                "Forecast",
            )
    rows = tuple(
        Row((one.label.rstrip("."), "not known" if one.probability is None else of_people(one.probability)))
        for one in approval.forecast.harms
    )
    if rows:
        yield Table("Unwanted, as it was forecast", ("What", "How often"), rows)


# ---------------------------------------------------------------- visits


def _record(record: SessionRecord, kb: Knowledge, names: Mapping[str, str]) -> Iterator[Statement | Table]:
    done = "done" if record.strokes else "not done"
    yield Statement(f"{done} on {on_day(record.on)}.", f"Session {record.session + 1}")
    if record.strokes:
        for used in all_used(record):
            lot = f", lot {used.lot}" if used.lot else ", lot not written down"
            expiry = f", expires {on_day(used.expiry)}" if used.expiry else ""
            length = getattr(used, "needle_length_mm", None)
            of = f" of {length:g} mm" if length else ""
            yield Statement(f"{device_name(used.device, kb)}{of}, {_CONDITION[used.condition]}{lot}{expiry}.", "Device")
        yield Table("", ("Where", "Needle", "How"), tuple(
            Row((zone_name(one.zone, kb).capitalize(), f"{one.needle_length_mm:g} mm",
                 f"{plural(one.directions_count, 'direction')} x {plural(one.passes_count, 'pass', 'passes')}"))
            for one in record.strokes
        ))  # fmt: skip
        known = kb.by("topicals")
        told = [
            ("Stopped at", record.endpoint_seen and ENDPOINT_WORD[record.endpoint_seen]),
            ("Pain", None if record.pain_score is None else f"{number(record.pain_score)} of 10"),
            ("Redness", None if record.redness_d is None else plural(record.redness_d, "day")),
            ("Aftercare sheet", None if record.aftercare_given is None else
             "given" if record.aftercare_given else "not given"),
            ("Products", None if record.topicals is None else
             listed([known[one].name if one in known else one for one in record.topicals]) or "none"),
        ]  # fmt: skip
        yield Statement("; ".join(f"{name.lower()}: {value or 'not known'}" for name, value in told) + ".", "Seen")
    yield from (Statement(f"{one.rstrip('.')}.", "Differed") for one in in_words(record.deviations))
    if record.note:
        yield Statement(record.note, "Note")
    yield from _events(record, kb)


def _events(record: SessionRecord, kb: Knowledge) -> Iterator[Statement]:
    harms = harm_names(kb)
    for event in record.events:
        where = f", {zone_name(event.zone, kb)}" if event.zone else ""
        on = on_day(record.on + timedelta(days=int(event.after_d)))
        note = f" {event.note}" if event.note else ""
        yield Statement(f"{harms.get(event.harm, event.harm)}{where}, grade {event.grade}, {on}.{note}", "Unwanted")
    if record.strokes and not record.events:
        asked = record.asked_until_d
        says = "nobody asked yet" if asked is None else f"none up to day {number(asked)}, when somebody asked last"
        yield Statement(f"{says}.", "Unwanted")


def _check(check: VisitCheck, kb: Knowledge, names: Mapping[str, str]) -> Iterator[Statement | Table]:
    yield Statement(f"{on_day(check.on)}, before session {check.session + 1}.", "Asked on")
    yield from _in_short(check.answers, kb)
    yield from _clearance(check.clearance, kb, names)


def _misses(misses: Misses, kb: Knowledge, names: Mapping[str, str]) -> Iterator[Statement | Table]:
    share = misses.inside_90_share
    within = "" if share is None else f" {share:.0%} of them lay where the forecast had nine of ten."
    yield Statement(
        f"{plural(len(misses.misses), 'reading')} of scales and times held against the forecast.{within}",
        "Forecast and seen",
    )


_TOLD: dict[type[Document], Callable[[Any, Knowledge, Mapping[str, str]], Iterator[Statement | Table]]] = {
    Person: _person,
    Assessment: _assessment,
    Clearance: _clearance,
    Choice: _choice,
    Plan: _plan,
    Approval: _approval,
    Draft: _draft,
    ProposedOverride: _proposed,
    SessionRecord: _record,
    VisitCheck: _check,
    Misses: _misses,
}
