"""What a scale's ``scoring`` block may hold, and how its tables and bands are read."""

from __future__ import annotations

from functools import lru_cache
from math import floor
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from needling.documents import Id, Text
from needling.errors import BadKnowledge
from needling.knowledge.entries import Access, Entry
from needling.knowledge.schema import Scale

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Licence = Literal["free", "fee-for-commercial-use", "scoring-only"]
"""``scoring-only``: a published tool whose permission for the item text is not clear, so only its rule is shipped."""


class Step(Entry):
    """One step of a table: from ``at_least`` (or just above ``above``) an answer earns these points."""

    at_least: float | None = None
    above: float | None = None
    points: float

    @model_validator(mode="after")
    def _one_edge(self) -> Self:
        if (self.at_least is None) == (self.above is None):
            raise ValueError("a step needs either 'at_least' or 'above'")
        return self

    def reached(self, answer: float) -> bool:
        """Whether an answer is on or beyond this step."""
        return answer >= self.at_least if self.at_least is not None else self.above is not None and answer > self.above


class Item(Entry):
    """One answer of a scale: its range, or its words in order, and what one point of it weighs."""

    name: Name
    says: Text
    low: float = 0
    high: float = 1
    whole: bool = True
    yes_no: bool = False
    needed: bool = True
    weight: float = 1
    table: str = ""
    choices: tuple[Id, ...] = ()


class Band(Entry):
    """A named stretch of the score; ``kind`` tells apart two sets of bands for one scale."""

    low: float
    high: float
    name: Text
    kind: Text = ""


class Version(Entry):
    """One form of a scale: its range, and which items differ from the form that the entry describes."""

    id: Id
    says: Text
    low: float
    high: float
    best: float | None = None
    worst: float | None = None
    lows: dict[str, float] = Field(default_factory=dict)
    highs: dict[str, float] = Field(default_factory=dict)
    leaves_out: tuple[str, ...] = ()
    access: Access


class Kind(Entry):
    """One kind of harm: the answer (``by``) and the table that set its grade."""

    id: Id
    by: Name
    table: str


class Scoring(Entry):
    """The scoring rule of one scale as data.

    ``version`` is the form taken when none is named; with ``unknown_version`` a reading of an unknown form is kept
    but never converted. ``verify`` says what must be checked before a score that is not released may be used.
    """

    licence: Licence
    version: str = ""
    unknown_version: bool = False
    verify: Text = ""
    note: Text = ""
    missing_allowed: int = 0
    items: tuple[Item, ...]
    tables: dict[str, tuple[Step, ...]] = Field(default_factory=dict)
    bands: tuple[Band, ...] = ()
    versions: tuple[Version, ...] = ()
    kinds: tuple[Kind, ...] = ()

    @model_validator(mode="after")
    def _names_resolve(self) -> Self:
        names = {item.name for item in self.items}
        used = {item.table for item in self.items if item.table} | {kind.table for kind in self.kinds}
        changed = {name for form in self.versions for name in (*form.lows, *form.highs, *form.leaves_out)}
        lost = (used - set(self.tables)) | ((changed | {kind.by for kind in self.kinds}) - names)
        if len(names) < len(self.items) or lost:
            raise ValueError(f"item named twice, or unknown table or item: {', '.join(sorted(lost)) or 'twice'}")
        return self

    def item(self, name: str) -> Item:
        """One item by name."""
        return next(item for item in self.items if item.name == name)

    def form(self, version: str) -> Version | None:
        """One version by id; None when the scale has no such version."""
        return next((form for form in self.versions if form.id == version), None)

    def points(self, name: str, answer: float) -> float:
        """Points of one answer: weight x (the answer, or what its table gives for it)."""
        item = self.item(name)
        return item.weight * (self.look_up(item.table, answer) if item.table else answer)

    def look_up(self, table: str, answer: float) -> float:
        """Points of the last step that an answer has reached; 0 below the first."""
        return max((step.points for step in self.tables[table] if step.reached(answer)), default=0.0)

    def band(self, value: float) -> str:
        """Name of the band of a score, of each set of bands where there are several.

        Bands are printed for whole numbers. A score between two whole numbers belongs to the lower one, except
        that anything above 0 is never in a band that holds 0 alone.
        """
        whole = 1 if 0 < value < 1 and any(band.low == band.high == 0 for band in self.bands) else floor(value)
        found = [band for band in self.bands if band.low <= whole <= band.high]
        return "; ".join(f"{band.name} ({band.kind})" if band.kind else band.name for band in found)


@lru_cache(maxsize=256)
def _parsed(name: str, content: str) -> Scoring:
    try:
        return Scoring.model_validate_json(content)
    except ValidationError as broken:
        raise BadKnowledge(f"scale '{name}': its scoring block cannot be used: {broken}") from None


def scoring_of(scale: Scale) -> Scoring:
    """The checked scoring rule of a scale. Raises BadKnowledge when it has none or a broken one."""
    import json

    if not scale.scoring:
        raise BadKnowledge(f"scale '{scale.id}' has no scoring block in scales.yaml")
    return _parsed(scale.id, json.dumps(scale.scoring))
