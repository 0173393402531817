"""What stands beside a box for a reading: the range of the scale, which end is worse, its bands, and how it is read."""

from __future__ import annotations

from dataclasses import dataclass

from needling.documents import Assessment
from needling.knowledge import Knowledge
from needling.knowledge.schema import Scale
from needling.report.words import on_day, sentence
from needling.scoring.rules import scoring_of

_MEMORY = "memory"


@dataclass(frozen=True)
class Anchor:
    """One scale for whoever reads it; ``short`` fits beside the box."""

    id: str
    name: str
    short: str
    bands: tuple[str, ...]
    items: tuple[str, ...]
    notes: tuple[str, ...]
    sources: tuple[str, ...]


def anchors_of(kb: Knowledge) -> tuple[Anchor, ...]:
    """Every scale that can be read, in the order of the knowledge."""
    return tuple(_anchor(scale, kb) for scale in kb.scales)


def _anchor(scale: Scale, kb: Knowledge) -> Anchor:
    worse = "higher" if scale.lower_is_better else "lower"
    bands: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    notes: list[str] = []
    if scale.scoring:
        rule = scoring_of(scale)
        bands = tuple(_band(band.low, band.high, band.name, band.kind) for band in rule.bands)
        items = tuple(_item(one.says, one.low, one.high, one.yes_no, one.choices) for one in rule.items)
        notes = [sentence(one) for one in (rule.note, rule.verify) if one]
    if scale.access == _MEMORY:
        notes.append("How it is scored is from memory and was not checked against the paper.")
    known = kb.by("sources")
    short = f"{scale.low:g} to {scale.high:g} {scale.unit}, {worse} is worse"
    short += f": {', '.join(bands)}" if bands else ""
    cited = [known[one.key].cites for one in scale.sources if one.key in known and one.stance == "supports"]
    return Anchor(scale.id, scale.name, f"{short}.", bands, items, tuple(notes), tuple(cited))


def _band(low: float, high: float, name: str, kind: str) -> str:
    at = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return f"{at} {name.replace('-', ' ')}{f' ({kind})' if kind else ''}"


def _item(says: str, low: float, high: float, yes_no: bool, choices: tuple[str, ...]) -> str:
    if yes_no:
        return f"{says}: yes or no"
    if choices:
        return f"{says}: {', '.join(one.replace('-', ' ') for one in choices)}"
    return f"{says}: {low:g} to {high:g}"


def last_reading(scale: str, zone: str, looks: tuple[Assessment, ...]) -> str:
    """What was read of a scale in a zone the last time, with its day; "" where it never was."""
    for look in reversed(looks):
        for score in look.scores:
            if (score.scale, score.zone or "") == (scale, zone):
                return f"Last time {score.value:g}, on {on_day(look.on)}."
    return ""
