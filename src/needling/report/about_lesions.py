"""What lies in one place of a zone, in words: what it is, where, how large, and what the rule on it asks for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from needling.documents import Assessment, Lesion, Override, Plan, ZoneFinding
from needling.knowledge.base import Knowledge
from needling.knowledge.conditions import evaluate, leaves
from needling.knowledge.schema import FactDefinition, Rule
from needling.planning.screen import STRICTNESS
from needling.report.explanation import Section, Table, Telling
from needling.report.words import sentence, zone_name

LEFT_OUT = "Keep out of the strokes."
_FIELD = re.compile(r",? (?:inside|in|in or near) the field\b.*")


@dataclass(frozen=True)
class Found:
    """One lesion of an assessment, with the number that it has in lists and on the drawing."""

    number: int
    zone: str
    lesion: Lesion
    place: str
    what: str

    @property
    def size(self) -> str:
        """Its size, or "" where nobody measured."""
        return "" if self.lesion.size_mm is None else f"{self.lesion.size_mm:g} mm"

    @property
    def detail(self) -> str:
        """Size and note in one line; "" where only its zone is known."""
        return "; ".join(one for one in (self.size, " ".join(self.lesion.note.split()).rstrip(".")) if one)

    @property
    def about(self) -> str:
        """The same, and whether it is left out."""
        return "; ".join(one for one in (self.detail, "left out of the field" if self.lesion.left_out else "") if one)


def lesion_name(definition: FactDefinition) -> str:
    """What was found, without the question around it: ``Raised mole, birthmark, wart or actinic keratosis``."""
    return _FIELD.sub("", (definition.ask_clinician or definition.ask).strip().rstrip("?"))


def lesions_of(zones: Iterable[ZoneFinding], kb: Knowledge) -> tuple[Found, ...]:
    """Every lesion, numbered in the order of the zones."""
    definitions = kb.by("facts")
    every = [(finding.zone, lesion) for finding in zones for lesion in finding.lesions]
    return tuple(
        Found(
            number, zone, lesion, zone_name(zone, kb),
            lesion_name(definitions[lesion.what]) if lesion.what in definitions else lesion.what.replace("_", " "),
        )
        for number, (zone, lesion) in enumerate(every, start=1)
    )  # fmt: skip


def rule_on(what: str, kb: Knowledge, *, home: bool) -> Rule | None:
    """The strictest rule that a yes to one question fires by itself; None where no rule speaks of it."""
    known = {what: True}
    fired = [
        rule
        for rule in kb.rules
        if rule.released
        and any(name == what for name, _, _ in leaves(rule.when))
        and evaluate(rule.when, known.get).value
        and (home or rule.then.action != "exclude_home")
    ]
    return max(fired, key=lambda rule: STRICTNESS.index(rule.then.action), default=None)


def to_do(found: Found, rule: Rule | None, treated: Collection[str], overrides: Iterable[Override] = ()) -> str:
    """What a lesion asks for at a session.

    Args:
        treated: zones that are rolled. overrides: of the rules that two clinicians set aside.
    """
    said = [LEFT_OUT] if found.lesion.left_out else []
    said += [] if found.zone in treated else ["This zone is not rolled."]
    said += [sentence(rule.tell)] if rule else []
    if rule is not None and rule.id in {one.rule for one in overrides}:
        said.append("Two clinicians set this rule aside.")
    return " ".join(said)


def treated_zones(plan: Plan) -> frozenset[str]:
    """The zones that a plan rolls."""
    return frozenset(stroke.zone for session in plan.sessions for stroke in session.strokes)


def lesions_section(
    seen: Assessment, plan: Plan, telling: Telling, overrides: Iterable[Override] = ()
) -> Section | None:
    """Every lesion of an assessment as a table: the list beside the drawing. None where there is none."""
    every = lesions_of(seen.zones, telling.kb)
    if not every:
        return None
    title = "Spots to look out for"
    telling, treated = telling.at(title), treated_zones(plan)
    rows = []
    for found in every:
        rule = rule_on(found.lesion.what, telling.kb, home=telling.home)
        rows.append(
            telling.row(
                f"{found.number}. {found.place.capitalize()}",
                found.what,
                found.detail or "–",
                to_do(found, rule, treated, overrides) or "–",
                sources=rule.sources if rule else (),
                proposal=rule.proposal if rule else False,
            )
        )
    headers = ("Where", "What", "Size and place", "What to do")
    return Section("lesions", title, tables=(Table("", headers, tuple(rows)),))
