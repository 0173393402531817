"""Numbing cream before needling: first whether it may go on at all, then what reaches the blood.

The gate and the label come first. Only what they let through is forecast, or what is asked for as research, and then
every output carries a stamp. A level that is forecast never turns a refusal into a yes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Literal

from needling.documents import Assumption, Citation, Setting
from needling.documents.exposure import AnaestheticForecast
from needling.errors import BadInput
from needling.knowledge.base import Knowledge
from needling.planning.numbing import NumbingCheck, Skin, check_numbing, numbing_product, numbing_sites
from needling.planning.topicals import drugs_of
from needling.units import UNITS

MEMBERS = 1024
_LONGEST_H = 24


def numbing(
    product: str,
    *,
    amount_g: float,
    area_cm2: float,
    contact_min: float,
    site: str | Sequence[str],
    kb: Knowledge | None = None,
    covered: bool | None = None,
    skin: Skin | None = None,
    setting: Setting = "home",
    weight_kg: float | None = None,
    age_y: float | None = None,
    liver_disease: bool | None = None,
    heart_disease: bool | None = None,
    methaemoglobin_risk: bool | None = None,
    contents_pct: Mapping[str, float] | None = None,
    form: Literal["cream", "patch"] = "cream",
    compartments: Literal["one", "two"] = "one",
    research: bool = False,
    members: int = MEMBERS,
    key: int = 0,
) -> AnaestheticForecast:
    """A numbing cream on many possible people: label limits, blood level over time, chances of passing levels.

    product -> skin -> blood (one or two compartments) -> out: :mod:`needling.simulation.equations.systemic`.

    Args:
        product: id of a numbing cream (``needling topicals``), or ``custom`` with contents, as research only.
        amount_g: cream on the skin, all places together (g). area_cm2: skin covered (cm²). contact_min: time until it
            is wiped off (min). site: one place or several, which then share amount and area alike; ``face`` is allowed.
        kb: knowledge; the shipped one when left out. covered: wrapped, or open to the air; None: not asked, and
            computed as wrapped.
        skin: whole, needled or broken; None: not asked. setting: home (always refused) or clinic; home when not said.
        weight_kg, age_y, liver_disease, heart_disease, methaemoglobin_risk: of the person; None: not asked.
        contents_pct: drug and strength (%) of a custom product. form: a patch is for research.
        compartments: of the body; two give an earlier peak.
        research: compute what is refused as well; stamped. members: possible people. key: of the random numbers.

    Returns:
        The forecast; without levels where the product is refused, the weight is not known, or a child is asked for.
        What is not asked counts as absent in the levels and keeps the verdict at ``ask``.

    Raises:
        BadInput: unknown product, drug or place; an amount that is no number above 0. OutOfRange: a person or a place
        that the model was not made for.

    Assumes: one application, wiped off completely; skin that was not asked about is whole.

    Sources: emla-smpc-absorption, lidoderm-label, patch-extended-2002 (built from), lidocaine-labels-remembered and
        bennett1982 (both sides on clearance). No blood levels after microneedling were found.
    """
    if kb is None:
        from needling.knowledge import load_knowledge

        kb = load_knowledge()
    for name, value, unit in (
        ("amount_g", amount_g, "g"),
        ("area_cm2", area_cm2, "cm²"),
        ("contact_min", contact_min, "minutes"),
    ):
        if not isfinite(value) or value <= 0:
            raise BadInput(f"{name} is {value:g} {unit}; it must be a number above 0")
    if weight_kg is not None and not (isfinite(weight_kg) and weight_kg > 0):
        raise BadInput(f"weight_kg is {weight_kg:g} kg; it must be a number above 0")
    if age_y is not None and not (isfinite(age_y) and 0 <= age_y <= _OLDEST_Y):
        raise BadInput(f"age_y is {age_y:g} years; it must be a number from 0 to {_OLDEST_Y}")
    minutes_per_hour = UNITS["h"].si_factor / UNITS["min"].si_factor
    contact_h = contact_min / minutes_per_hour
    if contact_h > _LONGEST_H:
        raise BadInput(f"contact_min is {contact_min:g} minutes; the model follows at most {_LONGEST_H} hours")
    if members < 1:
        raise BadInput(f"members is {members}; at least 1 is needed")
    if form == "patch" and not research:
        raise BadInput("patches are no numbing cream before needling; the model holds them for research only")
    sites = numbing_sites([site] if isinstance(site, str) else site, kb)
    cream = numbing_product(product, contents_pct, kb)
    check = check_numbing(
        cream,
        amount_g,
        area_cm2,
        contact_h,
        sites,
        kb,
        covered=covered,
        skin=skin,
        setting=setting,
        weight_kg=weight_kg,
        age_y=age_y,
        liver_disease=liver_disease,
        heart_disease=heart_disease,
        methaemoglobin_risk=methaemoglobin_risk,
        research=research,
    )
    contents = drugs_of(cream)
    forecast = AnaestheticForecast(
        product=cream.name,
        contents_pct=tuple((drug, round(_PERCENT * share, 6)) for drug, share in contents),
        form=form,
        amount_g=amount_g,
        area_cm2=area_cm2,
        contact_min=contact_min,
        sites=sites,
        setting=setting,
        covered=covered,
        skin=skin,
        weight_kg=weight_kg,
        age_y=age_y,
        liver_disease=liver_disease,
        heart_disease=heart_disease,
        methaemoglobin_risk=methaemoglobin_risk,
        verdict=check.verdict,
        refusals=check.refusals,
        asks=check.asks,
        cautions=check.cautions,
        limits=check.limits,
        drugs=(),
        not_forecast=(),
        assumptions=(),
        stamp=check.stamp,
        members_count=members,
        key=key,
        model=f"skin depot, {compartments}-compartment body",
        knowledge_sha256=kb.sha256,
    )
    youngest_y = kb.parameter("systemic-youngest-age").quantity.median
    child = age_y is not None and age_y < youngest_y
    if weight_kg is None or child or not check.may_compute:
        return forecast
    return _with_levels(forecast, contents, check, weight_kg, compartments, kb)


_PERCENT = 100
_OLDEST_Y = 120


def _with_levels(
    forecast: AnaestheticForecast,
    contents: Sequence[tuple[str, float]],
    check: NumbingCheck,
    weight_kg: float,
    compartments: Literal["one", "two"],
    kb: Knowledge,
) -> AnaestheticForecast:
    """The same with the blood level of each drug that is modelled."""
    from needling.simulation import Belief
    from needling.simulation.systemic import MODELLED, Body, check_range, exposure, layers_of, level_forecast

    check_range(weight_kg, forecast.sites, kb)
    belief = Belief.prior(kb, members=forecast.members_count)
    drawn = belief.draw(forecast.key)
    body = Body(weight_kg, liver=forecast.liver_disease is True, heart=forecast.heart_disease is True)
    found = []
    for drug, share in contents:
        if drug not in MODELLED:
            continue
        dose_mg = forecast.amount_g * share * UNITS["g"].si_factor / UNITS["mg"].si_factor
        layers = layers_of(
            dose_mg,
            forecast.area_cm2,
            share,
            forecast.sites,
            form=forecast.form,
            covered=forecast.covered is not False,
            skin=forecast.skin or "whole",
        )
        contact = forecast.contact_min * UNITS["min"].si_factor
        found.append(
            level_forecast(drug, exposure(drug, layers, contact, body, drawn, compartments=compartments), belief)
        )
    return forecast.model_copy(
        update={
            "drugs": tuple(found),
            "not_forecast": tuple(drug for drug, _ in contents if drug not in MODELLED),
            "assumptions": tuple(_assumptions(forecast, check, kb)),
        }
    )


def _assumptions(forecast: AnaestheticForecast, check: NumbingCheck, kb: Knowledge) -> list[Assumption]:
    """What was taken for granted, with the other side where sources disagree."""

    def sources(*names: str) -> tuple[Citation, ...]:
        cited = {citation.key: citation for name in names for citation in kb.parameter(name).sources}
        return tuple(cited.values())

    drugs = [drug for drug, _ in forecast.contents_pct]
    found = [
        Assumption(
            text="How much enters the skin comes from what used creams and patches had lost, not from blood levels.",
            sources=sources("cream-flux-face", "cream-flux-body"),
        ),
    ]
    if "lidocaine" in drugs:
        text = (
            "How fast lidocaine leaves the blood is disputed: labels, recalled and not looked up, say 0.64 L/min, one "
            "study of three people 0.9 to 1.2. The band holds both; the slower one is the careful side."
        )
        found.append(Assumption(text=text, sources=sources("lidocaine-clearance")))
    if "prilocaine" in drugs:
        text = "How fast prilocaine leaves the blood is recalled from a label and was not looked up."
        found.append(Assumption(text=text, sources=sources("prilocaine-clearance")))
    if forecast.covered is None:
        found.append(Assumption(text="Computed as wrapped, which gives more, because it was not asked."))
    if forecast.covered is False:
        text = "How much less an open cream gives than a covered one is our guess."
        found.append(Assumption(text=text, sources=sources("open-cream-ratio")))
    if forecast.skin in ("needled", "broken"):
        text = (
            "No blood levels after numbing cream on microneedled skin were found. How much more enters opened skin is "
            "a guess with a very wide band."
        )
        found.append(Assumption(text=text, sources=sources(f"{forecast.skin}-skin-flux-ratio")))
    if forecast.skin is None:
        found.append(Assumption(text="The skin is taken as whole, because it was not asked."))
    unasked = [
        name
        for name, answer in (("liver disease", forecast.liver_disease), ("heart disease", forecast.heart_disease))
        if answer is None
    ]
    if unasked:
        found.append(Assumption(text=f"No {' and no '.join(unasked)} in the levels, because it was not asked."))
    text = (
        "One application, wiped off completely. The first product that lidocaine breaks down to acts too and is not "
        "counted. Stronger creams are taken to give little more, because such creams hold more than dissolves."
    )
    found.append(Assumption(text=text, sources=sources("cream-strength-exponent")))
    return found
