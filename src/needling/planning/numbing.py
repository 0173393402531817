"""What must be so before a numbing cream may go on: the gate, the label's limits, the place, the skin, the person.

A refusal is a hard no; a question keeps the answer open. Nothing here recommends a dose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Literal, NamedTuple

from needling.documents import Citation, Reason, Setting
from needling.errors import BadInput, did_you_mean
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import Ingredient, Topical
from needling.planning.topicals import DRUGS, RESEARCH_STAMP, anaesthetic_dose, drugs_of, gate

Skin = Literal["whole", "needled", "broken"]

CUSTOM = "custom"
FACE = "face"
_STRONG = "anaesthetic-strong"
_AT_HOME = "before-no-anaesthetic-home"
_OFF_FIRST = "before-remove-anaesthetic"
_METHAEMOGLOBIN = "methaemoglobin-risk"
_NEAR_EYES = ("eyelid", "periorbital")
_INNER = "mucosa"


class NumbingCheck(NamedTuple):
    """What stands against a planned numbing, what is open, what to take care of, and each limit in words."""

    refusals: tuple[Reason, ...]
    asks: tuple[Reason, ...]
    cautions: tuple[Reason, ...]
    limits: tuple[str, ...]
    stamp: str

    @property
    def verdict(self) -> Literal["within", "ask", "beyond"]:
        """``beyond`` with any refusal, ``ask`` with any open question, else ``within``."""
        return "beyond" if self.refusals else "ask" if self.asks else "within"

    @property
    def may_compute(self) -> bool:
        """Whether a blood level may be forecast: nothing refused, or stamped as research."""
        return not self.refusals or bool(self.stamp)


def numbing_product(name: str, contents_pct: Mapping[str, float] | None, kb: Knowledge) -> Topical:
    """A numbing cream of the knowledge base, or a made-up one from its contents, which the gate always refuses.

    Args:
        name: id of a product, or ``custom``. contents_pct: strength of each drug of a custom product, percent.

    Raises:
        BadInput: unknown product or drug, not a numbing cream, contents missing, or given for a product that has its
            own.
    """
    creams = [one for one in kb.topicals if one.group == "anaesthetic" and one.gate != "never"]
    names = [one.id for one in creams]
    if name != CUSTOM:
        found: Topical | None = kb.by("topicals").get(name)
        called = [one for one in creams if name.strip().casefold() in re.findall(r"[a-z]+", one.name.casefold())]
        if found is None and len(called) == 1:  # a brand that stands in the name of one product only
            found = called[0]
        if found is None or found.group != "anaesthetic":
            what = "is not a numbing cream" if found is not None else "is not known here"
            raise BadInput(
                f"'{name}' {what}{did_you_mean(name, names)}; known: {', '.join(names)}. Read the strength on the "
                "tube; if yours is not among them, ask a pharmacist or a clinician"
            )
        if contents_pct:
            raise BadInput(f"'{name}' has its own contents; give contents only with '{CUSTOM}'")
        if not drugs_of(found):
            raise BadInput(
                f"'{name}' is refused at any dose: {found.because.rstrip('.')}. As research, describe it as '{CUSTOM}' "
                "with its contents"
            )
        return found
    if not contents_pct:
        raise BadInput(f"'{CUSTOM}' needs its contents in percent, as lidocaine 15 and prilocaine 5")
    whole = 100  # numerical: percent
    for drug, strength in contents_pct.items():
        if drug not in DRUGS:
            raise BadInput(f"unknown drug '{drug}'{did_you_mean(drug, DRUGS)}; allowed: {', '.join(DRUGS)}")
        if not isfinite(strength) or not 0 < strength <= whole:
            raise BadInput(f"the strength of {drug} is {strength:g} %; allowed is above 0 and at most {whole} %")
    if sum(contents_pct.values()) > whole:
        raise BadInput(f"the contents add up to {sum(contents_pct.values()):g} %; at most {whole} % fit into a product")
    strong: Topical = kb.find("topicals", _STRONG)
    parts = tuple(
        Ingredient(name=drug, concentration_share=strength / whole) for drug, strength in contents_pct.items()
    )
    label = " + ".join(f"{drug} {strength:g} %" for drug, strength in contents_pct.items())
    return strong.model_copy(update={"name": label, "ingredients": parts})


def numbing_sites(sites: Sequence[str], kb: Knowledge) -> tuple[str, ...]:
    """The places as sites of the knowledge base; ``face`` stands for the cheek. Raises BadInput for unknown ones."""
    if not sites:
        raise BadInput(f"no place is given; name at least one of: {FACE}, {', '.join(site.id for site in kb.sites)}")
    return tuple(dict.fromkeys("cheek" if site == FACE else kb.site(site).id for site in sites))


def _label(product: Topical, kb: Knowledge) -> tuple[Citation, ...]:
    """What a product's entry cites of labels and regulators; its chemistry has no say here."""
    kinds = ("label", "regulator", "review")
    return tuple(c for c in product.sources if c.stance == "supports" and kb.source(c.key).kind in kinds)


def _sources(kb: Knowledge, section: str, name: str) -> tuple[Citation, ...]:
    return tuple(kb.find(section, name).sources)


def _no(what: str, why: str, sources: tuple[Citation, ...] = (), proposal: bool = False) -> Reason:
    return Reason(what=what, why=why, sources=sources, proposal=proposal)


def _gate_refusals(product: Topical, skin: Skin | None, setting: Setting, kb: Knowledge) -> list[Reason]:
    found = []
    if setting == "home":
        step = kb.find("care", _AT_HOME)
        found.append(_no("numbing cream at home", step.says, step.sources, step.proposal))
    hours_after = -1.0 if skin != "needled" else 0.0
    short_mm = kb.parameter("short-needle-length").quantity.median
    decision = gate(product.id, hours_after, short_mm, setting, kb)
    if not decision.allowed:
        known = product.name == kb.find("topicals", product.id).name
        why = decision.why if known else f"No label of it is known here, and so no limits. {decision.why}"
        found.append(_no(product.name, why, decision.sources, decision.proposal))
    if skin == "needled" and product.gate == "never":
        step = kb.find("care", _OFF_FIRST)
        found.append(_no("needled skin", step.says, step.sources, step.proposal))
    if skin == "broken":
        found.append(
            _no(
                "skin that is not whole",
                "Labels allow these creams on whole skin only; sick or broken skin lets in more, and faster.",
                (*_label(product, kb), *_sources(kb, "parameters", "broken-skin-flux-ratio")),
            )
        )
    return found


def _site_refusals(sites: Sequence[str], product: Topical, kb: Knowledge) -> list[Reason]:
    if any(site in _NEAR_EYES for site in sites):
        return [_no("near the eyes", "The cream must stay away from the eyes and the lids.", _label(product, kb))]
    if _INNER in sites:
        why = "Lips, intimate and inner skin take up so much faster that limits for skin do not hold there."
        return [_no("lips, intimate or inner skin", why, _label(product, kb), True)]
    return []


def _cover(product: Topical, covered: bool | None, kb: Knowledge) -> tuple[list[Reason], list[Reason]]:
    """(refusals, questions) about a wrap."""
    if covered is False or product.may_cover:
        return [], []
    sources = _label(product, kb)
    if covered is None:
        return [], [
            _no("a wrap", "Not known whether it would be wrapped. A cover drives more into the blood.", sources)
        ]
    if product.may_cover is False:
        return [_no("wrapped", "This cream is not to be wrapped: a cover drives more into the blood.", sources)], []
    why = "Whether its label lets it be wrapped was not found. Ask a clinician, or leave it open."
    return [], [_no("wrapped", why, sources)]


def _person(
    drugs: Sequence[str],
    weight_kg: float | None,
    age_y: float | None,
    liver_disease: bool | None,
    heart_disease: bool | None,
    methaemoglobin_risk: bool | None,
    kb: Knowledge,
) -> tuple[list[Reason], list[Reason], list[Reason]]:
    """(refusals, questions, cautions) about who it is for."""
    refusals, asks, cautions = [], [], []
    if weight_kg is None:
        asks.append(_no("body weight", "Not known. The same cream weighs more on a light person."))
    youngest_y = kb.parameter("systemic-youngest-age").quantity.median
    if age_y is None:
        asks.append(_no("age", "Not known. Children have much lower limits."))
    elif age_y < youngest_y:
        why = f"Below {youngest_y:g} years no blood level is forecast here. A clinician who treats children decides."
        asks.append(_no("a child", why, _sources(kb, "parameters", "systemic-youngest-age"), True))
    for name, answer, parameter in (
        ("liver disease", liver_disease, "liver-clearance-ratio"),
        ("heart disease", heart_disease, "heart-clearance-ratio"),
    ):
        sources = _sources(kb, "parameters", parameter)
        if answer is None:
            asks.append(_no(name, f"Not known. With {name} the drug stays longer in the blood.", sources))
        elif answer:
            why = f"With {name} the drug stays longer in the blood. A clinician who knows you has to decide."
            asks.append(_no(name, why, sources))
    if "prilocaine" in drugs:
        rule = kb.find("rules", _METHAEMOGLOBIN)
        if methaemoglobin_risk:
            refusals.append(_no(rule.title, rule.tell, rule.sources, rule.proposal))
        elif methaemoglobin_risk is None:
            why = (
                "Not known. Prilocaine can keep blood from carrying oxygen, above all with G6PD deficiency, dapsone, a "
                "sulfa medicine or a nitrate."
            )
            asks.append(_no(rule.title, why, rule.sources))
        cautions.append(
            _no(
                "blue-grey lips",
                "After a cream with prilocaine this means too little oxygen in the blood, also at levels far below a "
                "toxic one. Wash it off and call for help.",
                _sources(kb, "red_flags", "rf04-numbing-cream-toxicity"),
            )
        )
    return refusals, asks, cautions


def check_numbing(
    product: Topical,
    amount_g: float,
    area_cm2: float,
    contact_h: float,
    sites: Sequence[str],
    kb: Knowledge,
    *,
    covered: bool | None,
    skin: Skin | None,
    setting: Setting,
    weight_kg: float | None,
    age_y: float | None,
    liver_disease: bool | None = None,
    heart_disease: bool | None = None,
    methaemoglobin_risk: bool | None = None,
    research: bool = False,
) -> NumbingCheck:
    """All that stands against a planned numbing, or leaves it open. None means not asked, and never reads as "no".

    Args:
        product: from :func:`numbing_product`. amount_g: cream on the skin, all places together (g).
        area_cm2: skin covered (cm²). contact_h: time on the skin (h). sites: from :func:`numbing_sites`. kb: knowledge.
        covered: wrapped. skin: whole, needled (never allowed) or broken (never allowed). setting: home (never allowed)
        or clinic. weight_kg, age_y: of the person. liver_disease, heart_disease, methaemoglobin_risk: answers.
        research: stamp it, so that a forecast may show what is refused. No answer changes.

    Raises:
        BadInput: an amount that is no number above 0.
    """
    refusals = _gate_refusals(product, skin, setting, kb)
    refusals += _site_refusals(sites, product, kb)
    asks: list[Reason] = []
    if skin is None:
        asks.append(_no("the skin", "Not known whether it is whole: no wound, no eczema, not yet needled."))
    dose = anaesthetic_dose(product.id, amount_g, area_cm2, contact_h, weight_kg, kb, age_y=age_y)
    if product.gate != "never" and dose.verdict == "beyond":
        refusals.append(_no("the limits of the label", dose.why, _label(product, kb)))
    unknown = [limit.what for limit in dose.limits if limit.state == "no limit found"]
    if unknown:
        why = f"No limit was found for {', '.join(unknown)}, which does not mean that there is none. Ask a clinician."
        asks.append(_no("the limits of the label", why, _label(product, kb)))
    wrapped, unclear = _cover(product, covered, kb)
    refusals += wrapped
    asks += unclear
    contents = drugs_of(product)
    refused, asked, cautions = _person(
        [drug for drug, _ in contents], weight_kg, age_y, liver_disease, heart_disease, methaemoglobin_risk, kb
    )
    shop = kb.parameter("shop-lidocaine-strength").quantity.median
    strength = dict(contents).get("lidocaine", 0.0) * 100  # numerical: percent
    if strength > shop:
        strong = kb.find("topicals", _STRONG)
        why = (
            f"It holds {strength:g} % lidocaine. The US regulator warns of shop creams above {shop:g} % for cosmetic "
            "use: this needs a prescription and a clinician."
        )
        cautions.append(_no("a strong cream", why, strong.sources))
    off = kb.find("care", _OFF_FIRST)
    cautions.append(_no("before the first stroke", off.says, off.sources))
    return NumbingCheck(
        tuple(refusals + refused),
        tuple(asks + asked),
        tuple(cautions),
        tuple(limit.says for limit in dose.limits),
        RESEARCH_STAMP if research else "",
    )
