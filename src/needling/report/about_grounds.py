"""The clearance for the clinician who decides: what decides here comes first, in plain words; the codes stand apart."""

from __future__ import annotations

from collections.abc import Mapping

from needling.documents import Action, Clearance, Decision, Override
from needling.knowledge.schema import Conflict, Rule
from needling.report.about_clearance import caps_words, merged_decisions, until_words
from needling.report.explanation import Section, Statement, Table, Telling
from needling.report.words import ACTION_WORD, listed, plural, setting_words, zones_name

_ORDER: tuple[Action, ...] = ("exclude", "refer", "defer", "exclude_home", "premedicate", "caution", "note")

Ground = tuple[Decision, tuple[str, ...]]


def ordered_grounds(clearance: Clearance) -> list[Ground]:
    """What fired, each rule once with its zones: what decides in this setting first, what is only for home last."""
    in_clinic = clearance.setting == "clinic"

    def rank(ground: Ground) -> tuple[bool, bool, int]:
        decision, _ = ground
        elsewhere = in_clinic and decision.action == "exclude_home"
        return elsewhere, decision.overridden and not elsewhere, _ORDER.index(decision.action)

    return sorted(merged_decisions(clearance.decisions), key=rank)


def ground_word(decision: Decision, clearance: Clearance) -> str:
    """The action in a few words; of a rule for home, seen in a clinic, that it does not count here."""
    word = ACTION_WORD[decision.action]
    if clearance.setting == "clinic" and decision.action == "exclude_home":
        return f"{word}; in a clinic this rule stops nothing"
    return word


def ground_statement(decision: Decision, zones: tuple[str, ...], telling: Telling) -> Statement:
    """One rule in plain words: where, why, until when, inside which limits, and whether sources disagree."""
    where = f", {zones_name(zones, telling.kb)}" if zones else ""
    until, caps = until_words(decision), caps_words(decision if telling.home else _in_clinic(decision))
    parts = [decision.because.strip()]
    parts += [f"This holds {until}."] if until else []
    parts += [f"Limits: {caps}."] if caps else []
    topics = [topic for name in decision.conflicts if (topic := _topic(name, telling))]
    if topics:
        parts.append(f"Sources disagree on this; both sides stand below: {' '.join(topics)}")
    return telling.say(
        " ".join(parts), decision.sources, lead=f"{decision.title}{where}", proposal=decision.proposal
    )  # fmt: skip


def _in_clinic(decision: Decision) -> Decision:
    """Without the limit for home, which a clinic has no use for."""
    caps = decision.caps.model_copy(update={"home_needle_mm": None}) if decision.caps is not None else None
    return decision.model_copy(update={"caps": caps})


def _topic(name: str, telling: Telling) -> str:
    conflict: Conflict | None = telling.kb.by("conflicts").get(name)
    return conflict.topic if conflict else ""


def limits_sentence(clearance: Clearance) -> str:
    """How many rules spoke, how many questions are open, and where needling stays possible."""
    rules = plural(len(merged_decisions(clearance.decisions)), "rule speaks", "rules speak")
    asked = len({(question.fact, question.ask) for question in clearance.asks})
    questions = f" {plural(asked, 'question is', 'questions are')} open." if asked else " No question is open."
    return f"{rules} to this, {setting_words(clearance.setting)}.{questions}"


def set_aside_words(override: Override, reasons: Mapping[str, str], names: Mapping[str, str]) -> str:
    """Why a rule was set aside and by whom, by name where the clinic knows the signature."""
    who = listed([names.get(one, one) for one in (override.by, override.second)])
    return " ".join(part for part in (f"{reasons[override.reason]}.", f"Signed by {who}.", override.note) if part)


def audit_section(clearance: Clearance, telling: Telling) -> Section:
    """The codes: verdict, envelope, and every rule with its id, its row of the evidence and how well that was read."""
    title = "For auditors: rules by their codes"
    telling = telling.at(title)
    rows = []
    for decision, zones in ordered_grounds(clearance):
        rule: Rule | None = telling.kb.by("rules").get(decision.rule)
        rows.append(
            telling.row(
                decision.rule,
                rule.ref if rule else "not in this knowledge base",
                decision.action.replace("_", " ") + (", overridden" if decision.overridden else ""),
                ", ".join(zones) or "whole person",
                rule.access if rule else "",
                ", ".join(_ref(name, telling) for name in decision.conflicts),
            )
        )
    envelope = clearance.envelope or "none"
    intro = telling.say(
        f"Verdict {clearance.verdict}, setting {clearance.setting}, widest open envelope {envelope}; clearance "
        f"{clearance.sha256}, assessment {clearance.assessment_sha256}, knowledge {clearance.knowledge_sha256}"
    )
    headers = ("Rule", "Evidence", "Action", "Zone", "Source read", "Conflicts")
    tables = (Table("", headers, tuple(rows)),) if rows else ()
    return Section("audit", title, (intro,), tables=tables)


def _ref(name: str, telling: Telling) -> str:
    conflict: Conflict | None = telling.kb.by("conflicts").get(name)
    return (conflict.ref if conflict else "") or name
