"""That the rest of a topic was asked, and is a no: said once for each topic, so that what is open is never a no."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from needling.knowledge.schema import FactDefinition

REST = "rest-"


def with_the_rest(definitions: Iterable[FactDefinition], sent: Any, sex: str | None) -> Mapping[str, Any]:
    """A form with the noes that its statements give: for every open question of a topic that was ticked.

    Only questions to which "no" is the quiet answer; none that depends on another one, or is never asked of this sex.

    Args:
        sent: the form. sex: at birth, None where it is not known.
    """
    told = {name: sent.get(name) for name in sent}
    for fact in definitions:
        if told.get(REST + fact.topic) == "yes" and may_be_no(fact, sex) and not str(told.get(fact.name) or "").strip():
            told[fact.name] = "no"
    return told


def may_be_no(fact: FactDefinition, sex: str | None) -> bool:
    """Whether a statement on the rest of its topic answers a question."""
    never = fact.never_of_sex is not None and fact.never_of_sex == sex
    return fact.kind == "yes-no" and fact.quiet is False and fact.only_if is None and not never
