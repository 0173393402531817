"""What a forecast takes for granted, in plain words, with the source of the value used instead."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from needling.documents import Assumption
from needling.knowledge.base import USUAL_SET, Knowledge
from needling.simulation.course import Course
from needling.simulation.models import choices
from needling.simulation.seam import closing
from needling.simulation.seam.context import Context, fact

_CONDITION = {
    "worn": "Needles that were used before or are bent are taken as blunter and of uneven depth; nobody has measured "
    "how much. They can tear the skin, which is not forecast: throw them away.",
    "cheap": "Needles of unknown make are taken as blunt and of uneven depth; nobody has measured how much. They can "
    "tear the skin, which is not forecast.",
}
_MODEL_WORDS = {
    "closure": "Channels were taken to close in two phases: a part at once, as skin is elastic, and the rest slowly.",
    "depth": "Too little force was taken to let fewer needles in, at full depth, instead of making channels shallower.",
    "stimulus": "How unevenly the channels lie was taken from a channel map.",
    "outcome": "Where trials give a mean change it is used, even where the healing model could forecast.",
    "session": "Every planned pass was taken as done, whatever is seen on the skin.",
}


def assumptions(course: Course) -> Iterable[Assumption]:
    """All of them, in the order of a reader's questions: skin, start, person, hand, closing, models."""
    context: Context = course.context
    yield from _about_skin(context)
    yield from _about_person(context)
    if context.plan.sessions:
        yield from _about_sessions(course)
    yield from _about_models(context)


def _about_skin(context: Context) -> Iterable[Assumption]:
    kb = context.belief.knowledge
    for zone in context.zones:
        if zone.finding.epidermis_um is None:
            value = zone.site.epidermis_um
            if value is None:
                text = (
                    f"Skin thickness of {zone.site.plural} was not measured and no value was found; "
                    "that of the cheek is used."
                )
                yield Assumption(text=text, sources=kb.parameter("reference-epidermis").sources)
            else:
                yield Assumption(
                    text=f"Skin thickness of {zone.site.plural} was not measured; {value:g} µm is used "
                    "with its spread between people.",
                    sources=zone.site.sources,
                )
    for zone, start in zip(context.zones, context.baselines, strict=True):
        if start.assumed and zone.scale is not None and np.isfinite(start.central):
            yield Assumption(
                text=f"{zone.indication.name} on {zone.site.plural} was not scored; the usual value "
                f"{start.central:g} on {zone.scale.name} is used with its spread.",
                sources=zone.indication.sources,
            )


def _about_person(context: Context) -> Iterable[Assumption]:
    if context.person.phototype is None:
        yield Assumption(
            text="The skin type (phototype) is not known; the more careful pigment check and the higher "
            "published rate of pigment marks are used."
        )
    if context.person.birth_year is None:
        yield Assumption(text="The year of birth is not known; no slowing by age is counted.")
    if fact("smoker", context.person, context.assessment) is None:
        yield Assumption(text="Whether the person smokes is not known; no slowing by smoking is counted.")
    if fact("nsaid", context.person, context.assessment) is None and context.plan.sessions:
        yield Assumption(
            text="Whether anti-inflammatory painkillers are taken is not known; no slower closing is counted.",
            sources=context.belief.knowledge.parameter("nsaid-closure-ratio").sources,
        )


def _about_sessions(course: Course) -> Iterable[Assumption]:
    context: Context = course.context
    kb, plan = context.belief.knowledge, context.plan
    yield Assumption(
        text="The planned force was taken to be the force of the hand; nobody has measured it on rollers.",
        sources=kb.parameter("insertion-force-slope").sources,
    )
    if closing.is_covered(plan.sessions):
        yield Assumption(
            text="Channels were taken to close as under a dressing, which is slower than in open air.",
            sources=kb.parameter("barrier-half-life").sources,
        )
    else:
        yield Assumption(
            text="The skin was taken to stay open to the air after each session; under a dressing or thick cream "
            "channels close much later.",
            sources=kb.parameter("open-air-barrier-ratio").sources,
        )
    for condition in sorted({session.condition for session in plan.sessions} - {"new"}):
        yield Assumption(text=_CONDITION[condition], sources=kb.parameter(f"{condition}-tip-ratio").sources)
    if (course.passes < course.planned_passes[:, :, None]).any():
        yield _about_stopping(course, kb)
    yield Assumption(
        text=f"Pain without anaesthetic is compared with a session of the reference course: about "
        f"{float(np.median(course.pain.max(axis=(0, 1)))):.2g} times as much. How it grows with depth and number is "
        "our guess.",
        sources=kb.parameter("pain-depth-exponent").sources,
    )


def _about_stopping(course: Course, kb: Knowledge) -> Assumption:
    """The zone and session where the endpoint comes soonest."""
    stopped = (course.passes < course.planned_passes[:, :, None]).mean(axis=2)
    session, zone = np.unravel_index(int(np.argmax(stopped)), stopped.shape)
    done, planned = course.passes[session, zone], course.planned_passes[session, zone]
    return Assumption(
        text=f"The hand was taken to stop as soon as the agreed endpoint is seen: of {planned:g} planned passes about "
        f"{np.median(done):g} are expected, and {stopped[session, zone]:.0%} of people reach it before the last one.",
        sources=kb.parameter("endpoint-strikes").sources,
    )


def _about_models(context: Context) -> Iterable[Assumption]:
    for name, allowed in choices().items():
        if getattr(context.models, name) != allowed[0]:
            yield Assumption(text=_MODEL_WORDS[name])
    if context.belief.parameter_set != USUAL_SET:
        chosen = context.belief.knowledge.parameter_set(context.belief.parameter_set)
        yield Assumption(text=f"Parameters: {chosen.name}. {chosen.says}", sources=chosen.sources)
