"""What rests on memory is known, named, and does not grow."""

from __future__ import annotations

import pytest

from needling.knowledge.base import SECTIONS, Knowledge, id_of
from needling.knowledge.debt import debt_counts, knowledge_debt
from needling.knowledge.schema import Rule

# section: (released, proposal, silent, part), as committed. Lower a number when a source has been read; never raise
# one without a decision: it means that more of what is told rests on nobody's reading.
COMMITTED = {
    "rules": (0, 11, 0, 0),
    "claims": (4, 1, 0, 0),
    "devices": (0, 2, 0, 6),
    "scales": (1, 3, 0, 0),
    "topicals": (0, 0, 0, 14),
    "care": (0, 12, 0, 0),
    "red_flags": (0, 3, 0, 0),
    "adverse_events": (0, 2, 0, 0),
    "envelopes": (0, 0, 0, 1),
    "parameters": (0, 79, 0, 0),  # decisions 0009 and 0010
    "alternatives": (0, 24, 0, 0),
    "conflicts": (0, 0, 0, 1),
}
TELLING = {"released", "proposal", "silent"}


@pytest.mark.parametrize("section", [name for name in SECTIONS if name not in ("sources", "facts")])
def test_the_debt_does_not_grow(kb: Knowledge, section: str) -> None:
    now = debt_counts(knowledge_debt(kb)).get(section, {})
    most = dict(zip(("released", "proposal", "silent", "part"), COMMITTED.get(section, (0, 0, 0, 0)), strict=True))
    grown = {name: (count, most[name]) for name, count in now.items() if count > most[name]}
    assert not grown, f"{section} rests on memory more than before (now, committed): {grown}"


def test_the_committed_numbers_are_not_looser_than_they_need_to_be(kb: Knowledge) -> None:
    now = debt_counts(knowledge_debt(kb))
    slack = {
        section: (sum(row), sum(now.get(section, {}).values()))
        for section, row in COMMITTED.items()
        if sum(row) > sum(now.get(section, {}).values())
    }
    assert not slack, f"sources were read: lower the committed numbers (committed, now): {slack}"


def test_a_rule_of_memory_is_silent_unless_it_is_our_proposal(kb: Knowledge) -> None:
    rule = next(rule for rule in kb.rules if rule.access == "memory")
    assert rule.proposal
    assert _one(_with(kb, "rules", rule.id, proposal=True), "rules", rule.id).standing == "proposal"
    assert _one(_with(kb, "rules", rule.id, proposal=False), "rules", rule.id).standing == "silent"


def test_reading_a_source_pays_the_debt(kb: Knowledge) -> None:
    assert any(debt.id == "roller-hc902" for debt in knowledge_debt(kb))
    read = kb.replace(sources=tuple(source.model_copy(update={"access": "primary"}) for source in kb.sources))
    read.__dict__.pop("_index", None)
    left = [debt.id for debt in knowledge_debt(read) if debt.section in ("devices", "topicals")]
    assert "roller-hc902" not in left and "retinoid" not in left


def test_a_new_entry_without_a_source_is_counted(kb: Knowledge) -> None:
    topical = next(one for one in kb.topicals if one.sources)
    bare = _with(kb, "topicals", topical.id, sources=(), proposal=False)
    assert _one(bare, "topicals", topical.id).standing == "released"
    assert debt_counts(knowledge_debt(bare))["topicals"]["released"] == 1


def test_part_of_an_entry_can_owe(kb: Knowledge) -> None:
    retinoid = _one(kb, "topicals", "retinoid")
    assert not retinoid.alone
    assert retinoid.rests_on == ("octanol-water-remembered", "pka-solubility-remembered")
    assert any(debt.part == "comparison 1" for debt in knowledge_debt(kb) if debt.section == "alternatives")


def test_every_debt_names_an_entry(kb: Knowledge) -> None:
    for debt in knowledge_debt(kb):
        assert debt.id in {id_of(debt.section, entry) for entry in getattr(kb, debt.section)}
        assert debt.standing in TELLING
        assert all(kb.source(key).access == "memory" for key in debt.rests_on)


def test_rules_that_act_are_read_or_ours(kb: Knowledge) -> None:
    assert all(isinstance(rule, Rule) and rule.released for rule in kb.rules)


def _with(kb: Knowledge, section: str, name: str, **change: object) -> Knowledge:
    entries = tuple(
        entry.model_copy(update=change) if id_of(section, entry) == name else entry for entry in getattr(kb, section)
    )
    changed = kb.replace(**{section: entries})
    changed.__dict__.pop("_index", None)
    return changed


def _one(kb: Knowledge, section: str, name: str):  # type: ignore[no-untyped-def]
    (debt,) = [debt for debt in knowledge_debt(kb) if debt.section == section and debt.id == name]
    return debt
