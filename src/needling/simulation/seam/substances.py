"""A product of the knowledge base, or a substance of one's own, as the equations see it; what is not known is named."""

from __future__ import annotations

from math import inf

from needling.documents.exposure import Substance
from needling.errors import BadInput, did_you_mean
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import Molecular, Topical
from needling.simulation.skin import Molecule

_SIZE = ("molar_mass_g_per_mol", "log_kow_ratio", "acid_or_base")


def substance_of(topical_id: str, kb: Knowledge, ingredient: str | None = None) -> Substance:
    """A product of the knowledge base as a substance.

    Args:
        topical_id: id of the product. kb: topicals.
        ingredient: which one of a mixture; the first of them when not said.

    Returns:
        The substance with the numbers that are known; :func:`missing` says which are not.

    Raises:
        BadInput: unknown product or ingredient, with the closest match.
    """
    topical: Topical = kb.find("topicals", topical_id)
    if ingredient is not None and not topical.ingredients:
        raise BadInput(f"'{topical.id}' is one substance; leave the ingredient out")
    name = topical.name
    numbers: Molecular = topical
    if topical.ingredients:
        by_name = {one.name: one for one in topical.ingredients}
        wanted = ingredient or topical.ingredients[0].name
        if wanted not in by_name:
            raise BadInput(
                f"'{topical.id}' holds no '{wanted}'{did_you_mean(wanted, by_name)}; it holds {', '.join(by_name)}"
            )
        name, numbers = f"{topical.name}: {wanted}", by_name[wanted]
    return Substance(
        name=name, topical=topical.id, **{field: getattr(numbers, field) for field in Molecular.model_fields}
    )


def missing(substance: Substance, kb: Knowledge) -> tuple[str, ...]:
    """Names of the numbers that a run needs and nobody gave. A large substance needs its molar mass only."""
    if substance.molar_mass_g_per_mol is not None and _is_large(substance, kb):
        return ()
    lacking = [name for name in _SIZE if getattr(substance, name) is None]
    if substance.acid_or_base in ("acid", "base") and substance.pka_ph is None:
        lacking.append("pka_ph")
    return tuple(lacking)


def _is_large(substance: Substance, kb: Knowledge) -> bool:
    mass = substance.molar_mass_g_per_mol or 0.0
    return mass > kb.parameter("macromolecule-mass").quantity.median


def molecule_of(substance: Substance, kb: Knowledge) -> Molecule:
    """A substance as the equations see it.

    Raises:
        BadInput: numbers that are not known; they are named, and never guessed.
    """
    lacking = missing(substance, kb)
    if lacking:
        raise BadInput(
            f"{substance.name}: not computed, because these numbers are not known: {', '.join(lacking)}. Give a "
            "Substance of your own: Substance(name=..., molar_mass_g_per_mol=..., log_kow_ratio=..., acid_or_base=...)"
        )
    large = _is_large(substance, kb)
    charge = substance.acid_or_base
    albumin = "acid" if charge in ("acid", "zwitterion") else "neutral"
    return Molecule(
        mass=float(substance.molar_mass_g_per_mol or 0.0),
        log_kow=0.0 if large else float(substance.log_kow_ratio or 0.0),
        acid_pka=inf if charge != "acid" or large or substance.pka_ph is None else substance.pka_ph,
        base_pka=-inf if charge != "base" or large or substance.pka_ph is None else substance.pka_ph,
        acidity=kb.parameter("film-ph").quantity.median if substance.film_ph is None else substance.film_ph,
        albumin="pharmacophore" if substance.albumin_site else albumin,
        large=large,
    )
