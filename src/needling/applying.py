"""May it go on, and where does it go? The topical gate and the envelope first, then the simulation.

This is the only way to a serum forecast that asks the gate itself.
"""

from __future__ import annotations

from typing import Any, NamedTuple, get_args

from pydantic import ValidationError

from needling.documents import Assessment, Citation, Cover, Person, Plan, Setting
from needling.documents.exposure import Barrier, SerumForecast, SerumGate, SerumUse, Substance
from needling.errors import BadInput, NotAllowed
from needling.knowledge import Knowledge, load_knowledge
from needling.planning.protocol import USUAL, parse
from needling.planning.topicals import RESEARCH_STAMP, gate
from needling.units import from_si, to_si

MEMBERS = 256
"""Possible people of an ensemble unless asked otherwise."""


class _Needles(NamedTuple):
    """What was done to the skin before: device, length (None: nothing), directions, passes, force, where."""

    site: str
    device: str | None = None
    needle_length_mm: float | None = None
    directions_count: int = 4
    passes_count: int = 4
    force_N: float | None = None
    longest_mm: float | None = None  # of all needles of the session, when they differ


def _usual_length(site: str, setting: Setting, kb: Knowledge) -> float:
    """The length of a site when none is given: the clinic's usual one, or the longest at home."""
    found = kb.site(site)
    length = (
        found.clinic_default_mm if setting == "clinic" else min(found.home_max_mm, kb.envelope("home").needle_max_mm)
    )
    if not length or found.never:
        raise NotAllowed(
            f"'{found.name}' is not needled {'at home' if setting == 'home' else 'at all'}; give needle_length_mm=0 "
            "for whole skin, or another site"
        )
    return length


def _needles(
    site: str | None,
    setting: Setting,
    needle_length_mm: float | None,
    device: str | None,
    protocol: str | None,
    plan: Plan | None,
    session: int,
    kb: Knowledge,
) -> _Needles:
    """The needling that was asked for: a device and a length, or a session's longest needle on the site."""
    if protocol is not None:
        if plan is not None or needle_length_mm is not None or device is not None:
            raise BadInput("a protocol says device and length itself; leave plan, needle_length_mm and device out")
        phases = parse(protocol, setting, kb)
        if not phases:
            return _Needles(site or "cheek")
        groups = [group for group in phases[0].groups if site is None or any(_on(zone, site) for zone in group.zones)]
        if not groups:
            raise BadInput(f"the protocol does not needle '{site}'")
        first = max(groups, key=lambda group: group.needle_length_mm)
        longest = max(group.needle_length_mm for group in phases[0].groups)
        where = next(zone for zone in first.zones if site is None or _on(zone, site))
        how = (first.needle_length_mm, first.directions_count, first.passes_count)
        return _Needles(where, first.device, *how, longest_mm=longest)
    if plan is not None:
        if needle_length_mm is not None or device is not None:
            raise BadInput("a plan says device and length itself; leave needle_length_mm and device out")
        if not 0 <= session < len(plan.sessions):
            raise BadInput(
                f"the plan has {len(plan.sessions)} sessions, counted from 0; session {session} is not there"
            )
        visit = plan.sessions[session]
        strokes = [stroke for stroke in visit.strokes if site is None or _on(stroke.zone, site)]
        if not strokes:
            raise BadInput(f"session {session} of the plan does not needle '{site}'")
        one = max(strokes, key=lambda stroke: stroke.needle_length_mm)
        stroked = (one.needle_length_mm, one.directions_count, one.passes_count, one.force_N)
        longest = max(stroke.needle_length_mm for stroke in visit.strokes)
        return _Needles(one.zone, visit.device, *stroked, longest_mm=longest)
    where = site or "cheek"
    kb.site(where)  # an unknown site is said before anything else
    length = _usual_length(where, setting, kb) if needle_length_mm is None else needle_length_mm
    if length == 0:
        return _Needles(where)
    return _Needles(where, device or USUAL[setting]["roller"], length)


def _on(zone: str, site: str) -> bool:
    return zone == site or zone in (f"{site}-left", f"{site}-right")


def _opened_mm(needles: _Needles, density_per_cm2: float | None, channel_depth_um: float | None) -> float | None:
    """How deep the skin was opened at most, by needles or by channels that were counted; None: it is whole."""
    opened = [length for length in (needles.needle_length_mm, needles.longest_mm) if length is not None]
    if density_per_cm2 or channel_depth_um:
        opened.append(from_si(to_si(channel_depth_um or 0.0, "um"), "mm"))
    return max(opened, default=None)


def _beyond(needles: _Needles, opened_mm: float | None, setting: Setting, kb: Knowledge) -> str:
    """Why the skin may not be opened so deep there, or with this device; empty where it may."""
    if opened_mm is None:
        return ""
    if needles.device is not None:
        device = kb.device(needles.device)
        if device.kind not in kb.envelope(setting).device_kinds:
            return f"a {device.kind} ({device.name}) is not for the {setting}. "
        if setting == "home" and not device.home:
            return f"{device.name} is not for the home. "
    site, envelope = kb.site(needles.site), kb.envelope(setting)
    ceiling = site.home_max_mm if setting == "home" else site.clinic_max_mm
    most = 0.0 if site.never else min(ceiling, envelope.needle_max_mm)
    if opened_mm <= most:
        return ""
    return f"needles of {opened_mm:g} mm are not for the {site.name} ({setting}: at most {most:g} mm). "


def ask_gate(
    substance: Substance, needles_mm: float | None, hours_after_h: float, setting: Setting, kb: Knowledge
) -> SerumGate:
    """What the topical gate says of a substance at a time around a session.

    Args:
        substance: with ``topical``, its entry; without one nothing speaks for it, and the answer is no.
        needles_mm: longest needle of the session (mm); None for whole skin and no session.
        hours_after_h: from the session to the application (h); negative before it.
        setting: home or clinic. kb: topicals and waiting times.

    Raises:
        BadInput: unknown product; a time or a length that cannot be.
    """
    if substance.topical is None:
        why = "It has no entry in the knowledge base, so nothing shows that it may go on the skin."
        return SerumGate(allowed=False, why=why)
    topical = kb.find("topicals", substance.topical)
    if topical.group == "anaesthetic":
        why = (
            "Whether a numbing cream may go on hangs on its label and on the person: ask needling numbing. "
            + topical.because
        )
        return SerumGate(allowed=False, why=why, sources=_about_needling(topical.sources, kb))
    if needles_mm is None and topical.gate in ("wait", "before-only"):
        why = f"Whole skin and no needling: the wait does not count here. {topical.because}"
        return SerumGate(
            allowed=True,
            why=why,
            when_allowed_h=0.0,
            sources=_about_needling(topical.sources, kb),
            proposal=topical.proposal,
        )
    shortest = min(min(device.lengths_mm) for device in kb.devices)
    found = gate(topical.id, hours_after_h, shortest if needles_mm is None else needles_mm, setting, kb)
    return SerumGate(
        allowed=found.allowed,
        why=found.why,
        when_allowed_h=found.when_allowed_h,
        sources=_about_needling(found.sources, kb),
        proposal=found.proposal,
    )


def _about_needling(sources: tuple[Citation, ...], kb: Knowledge) -> tuple[Citation, ...]:
    """The sources that speak of the gate, without those that only give a number of the molecule."""
    return tuple(
        citation
        for citation in sources
        if citation.key not in _OF_THE_MOLECULE and kb.source(citation.key).access != "memory"
    )


_OF_THE_MOLECULE = (
    "formula-mass",
    "chen2010",
    "mendichi2003",
    "essendoubi2016",
    "emla-partition",
    "pliaglis-partition",
)


def _what_is_allowed(asked: SerumGate, substance: Substance, setting: Setting, kb: Knowledge) -> str:
    """From when on, or in which way, it would be right."""
    if asked.when_allowed_h is not None:
        return f"Allowed from {asked.when_allowed_h:g} h after the session."
    kind = kb.find("topicals", substance.topical).gate if substance.topical is not None else ""
    if kind == "before-only":
        return "Allowed before the session on whole skin, and off before the first stroke."
    if kind == "clinic-only" and setting == "home":
        return "Allowed in a clinic only, when a specialist decides so."
    return "No time makes it right."


def _refusal(asked: SerumGate, substance: Substance, setting: Setting, kb: Knowledge) -> str:
    """The gate's no in one message: what, why, what is allowed, on whose word, and what is left to do."""
    keys = ", ".join(dict.fromkeys(citation.key for citation in asked.sources))
    ours = " Our own careful default." if asked.proposal else ""
    return (
        f"{substance.name}: {asked.why} {_what_is_allowed(asked, substance, setting, kb)}{ours} "
        f"Sources: {keys or 'none'}. To see what it would do, as research and stamped so on every output: "
        "research=True (command line: --research)."
    )


def _vouched(own: Substance, kb: Knowledge) -> Substance:
    """A substance of one's own may name a product, whose gate then speaks for it, only when it is that product's."""
    if own.topical is None:
        return own
    topical = kb.find("topicals", own.topical)
    known = topical.ingredients or (topical,)
    if any(
        (own.molar_mass_g_per_mol, own.log_kow_ratio) == (one.molar_mass_g_per_mol, one.log_kow_ratio) for one in known
    ):
        return own
    return own.model_copy(update={"topical": None})


def _checked(given: dict[str, Any]) -> SerumUse:
    """The use as a document, or one clear message."""
    try:
        return SerumUse.model_validate(given)
    except ValidationError as invalid:
        said = []
        for found in invalid.errors(include_url=False)[:3]:
            name = ".".join(str(part) for part in found["loc"])
            message = found["msg"].removeprefix("Value error, ")
            said.append(f"{name} is {found['input']!r}: {message[0].lower()}{message[1:]}" if name else message)
        raise BadInput("; ".join(said)) from None


def serum(
    substance: str | Substance,
    *,
    site: str | None = None,
    setting: Setting = "home",
    needle_length_mm: float | None = None,
    device: str | None = None,
    protocol: str | None = None,
    plan: Plan | None = None,
    session: int = 0,
    hours_after_h: float = 0.0,
    cover: Cover = "open-air",
    product_mg_per_cm2: float | None = None,
    concentration_share: float | None = None,
    hours_h: float = 24.0,
    wash_off_h: float | None = None,
    density_per_cm2: float | None = None,
    channel_depth_um: float | None = None,
    channel_radius_um: float | None = None,
    receptor: bool = False,
    skin_thickness_um: float | None = None,
    barrier: Barrier = "wilschut-robinson",
    ingredient: str | None = None,
    person: Person | None = None,
    assessment: Assessment | None = None,
    research: bool = False,
    members: int = MEMBERS,
    key: int = 0,
    kb: Knowledge | None = None,
) -> SerumForecast:
    """What a serum does on needled skin: amounts by layer over time, as bands. The topical gate is asked first.

    ``serum("hyaluronic-acid-gel")`` is enough: right after needling a cheek at home with the usual roller.

    Args:
        substance: id of a product of the knowledge base, or a ``Substance`` of one's own.
        site: where; default cheek, or where the protocol or plan needles. setting: home or clinic.
        needle_length_mm: 0 for whole skin; default the site's usual. device: id; default the setting's usual roller.
        protocol: a sentence instead, its first group counts. plan, session: a plan's stroke on the site instead.
        hours_after_h: from the session to the application; below 0 it goes on before, and comes off for the session.
        cover: open air or occluded. product_mg_per_cm2: product on the skin, default 2.
        concentration_share: of the substance in the product; default its usual strength.
        hours_h: how long to follow it. wash_off_h: when it is taken off.
        density_per_cm2, channel_depth_um, channel_radius_um: channels that were counted, instead of a device.
        receptor: a skin sheet in the laboratory, skin_thickness_um thick. barrier: formula of the horny layer.
        ingredient: which substance of a mixture. person, assessment: move closing and thickness.
        research: compute what the gate or the envelope refuses; every output is stamped.
        members: possible people. key: of the random numbers. kb: knowledge, default the one in force.

    Returns:
        The forecast, with the gate's answer, what was taken for granted, and its sources.

    Raises:
        NotAllowed: the gate or the envelope says no; with reason, sources and what is allowed.
        BadInput: unknown names (with the closest match); numbers of the substance that are not known.
        OutOfRange: values beyond what the model was made for.
    """
    kb = kb or load_knowledge()
    if setting not in get_args(Setting):
        raise BadInput(f"setting is {setting!r}; it is {' or '.join(get_args(Setting))}")
    from needling.simulation.seam.substances import missing, substance_of

    own = substance_of(substance, kb, ingredient) if isinstance(substance, str) else _vouched(substance, kb)
    needles = _needles(site, setting, needle_length_mm, device, protocol, plan, session, kb)
    opened_mm = _opened_mm(needles, density_per_cm2, channel_depth_um)
    asked = ask_gate(own, opened_mm, hours_after_h, setting, kb)
    beyond = _beyond(needles, opened_mm, setting, kb)
    if not research:
        if not asked.allowed:
            raise NotAllowed(_refusal(asked, own, setting, kb))
        if beyond:
            raise NotAllowed(f"{beyond}Choose a shorter needle, another site, or research=True.")
    else:
        says = "allowed" if asked.allowed else "no"
        asked = asked.model_copy(update={"stamp": f"{RESEARCH_STAMP} The gate says {says}: {beyond}{asked.why}"})
    strength = own.concentration_share if concentration_share is None else concentration_share
    if strength is None:
        lacking = ("concentration_share", *missing(own, kb))
        raise BadInput(
            f"{own.name}: not computed, because these numbers are not known: {', '.join(lacking)}. "
            "Give concentration_share, and for numbers of the molecule a Substance of your own."
        )
    usual = kb.parameter("film-dose").quantity.median
    use = _checked(
        {
            "substance": own,
            "site": needles.site,
            "setting": setting,
            "cover": cover,
            "product_mg_per_cm2": usual if product_mg_per_cm2 is None else product_mg_per_cm2,
            "concentration_share": strength,
            "hours_h": hours_h,
            "wash_off_h": wash_off_h,
            "hours_after_h": hours_after_h,
            "needle_length_mm": needles.needle_length_mm,
            "device": needles.device,
            "directions_count": needles.directions_count,
            "passes_count": needles.passes_count,
            "force_N": needles.force_N,
            "density_per_cm2": density_per_cm2,
            "channel_depth_um": channel_depth_um,
            "channel_radius_um": channel_radius_um,
            "receptor": receptor,
            "skin_thickness_um": skin_thickness_um,
            "barrier": barrier,
            "person": person,
            "assessment": assessment,
        },
    )
    from needling.simulation.belief import Belief
    from needling.simulation.serum import forecast_serum

    return forecast_serum(use, asked, Belief.prior(kb, members=members), key=key)
