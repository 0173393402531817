"""What else could be done, and for whom it is better than needling."""

from __future__ import annotations

from needling.documents import OtherTreatment, Phototype
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import Alternative, Comparison

# How well a comparison was read, best first: what is only remembered comes last.
_READ = ("primary", "abstract", "secondary", "memory")


def comparisons_for(
    alternative: Alternative, indication_id: str, phototype: Phototype | None
) -> tuple[Comparison, ...]:
    """What is known of one alternative against needling, for one concern and one phototype.

    Args:
        alternative: the other method.
        indication_id: the concern.
        phototype: I to VI, or None when it is not known. A comparison made for some phototypes is then left out:
            it may not hold.

    Returns:
        The comparisons that name the concern (or no concern at all), in the order of the file.
    """
    return tuple(
        one
        for one in alternative.comparisons
        if (not one.indications or indication_id in one.indications)
        and (not one.phototypes or phototype in one.phototypes)
    )


def released(comparison: Comparison) -> bool:
    """Whether a comparison may be told as it stands: read somewhere, or openly our proposal."""
    return comparison.access != "memory" or comparison.proposal


def _may_be_worse(alternative: Alternative, indication_id: str, phototype: Phototype | None) -> bool:
    """Whether it is worse for this concern and phototype; for an unknown phototype, whether it is for any."""
    return any(
        one.stands == "worse"
        and (not one.indications or indication_id in one.indications)
        and (not one.phototypes or phototype is None or phototype in one.phototypes)
        for one in alternative.comparisons
    )


def better_than_needling(indication_id: str, phototype: Phototype | None, kb: Knowledge) -> tuple[Alternative, ...]:
    """Alternatives that do better than needling for a concern and a phototype.

    An alternative that is better by one comparison and worse by another, both for this person, is left out; so is
    one that may be worse because the phototype is not known. A comparison that rests on memory counts only where it
    is marked as our proposal; it comes last.

    Args:
        indication_id: the concern.
        phototype: I to VI, or None when it is not known.
        kb: alternatives and indications.

    Returns:
        The alternatives, those that were read best first; empty when none is known to be better.

    Raises:
        BadInput: unknown indication.
    """
    kb.indication(indication_id)
    found: list[tuple[int, int, Alternative]] = []
    for place, alternative in enumerate(kb.alternatives):
        told = [one for one in comparisons_for(alternative, indication_id, phototype) if released(one)]
        better = [one for one in told if one.stands == "better"]
        if better and not _may_be_worse(alternative, indication_id, phototype):
            found.append((min(_READ.index(one.access) for one in better), place, alternative))
    return tuple(alternative for _, _, alternative in sorted(found, key=lambda row: row[:2]))


# A comparison counts as known when somebody read it and it is worth more than a hint.
_KNOWN = ("high", "moderate", "low")


def known_better(indication_id: str, phototype: Phototype | None, kb: Knowledge) -> tuple[OtherTreatment, ...]:
    """What of :func:`better_than_needling` rests on a comparison that was read, with what speaks against it.

    Doing nothing is not among them: it is a candidate of every choice.

    Args:
        indication_id: the concern. phototype: I to VI, or None when it is not known. kb: alternatives.

    Returns:
        One entry for each method and comparison of low certainty at least, those read best first.

    Raises:
        BadInput: unknown indication.
    """
    return tuple(
        OtherTreatment(
            method=method.id,
            name=method.name,
            by=method.by,
            concern=indication_id,
            why=one.says,
            against=method.worse_for,
            certainty=one.certainty,
            access=one.access,
            sources=one.sources,
            proposal=one.proposal,
        )
        for method in better_than_needling(indication_id, phototype, kb)
        for one in comparisons_for(method, indication_id, phototype)
        if one.stands == "better" and one.access != "memory" and one.certainty in _KNOWN and method.by != "nobody"
    )
