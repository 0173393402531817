"""What was learned, in words: about everybody, and about how one course goes on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from needling.documents.learned import Combination, PopulationFit
from needling.knowledge.base import Knowledge
from needling.report.bibliography import Bibliography
from needling.report.explanation import Explanation, Section, Statement, Table, Telling, wrapped
from needling.report.words import number, signed

if TYPE_CHECKING:
    from needling.learning.adapting import Adapted

_PARTS = 4
_TELLING = 0.15  # weight in a combination below which a parameter is not named
_MOST_LEARNED = 8
_HEADLINE = {
    "go-on": "Go on as planned",
    "change": "A change is proposed",
    "stop": "It is proposed to stop here",
    "pause": "Pause: not now",
    "ask": "Not answered yet: some things must be known first",
}
_AGAIN = "This is a proposal. Nothing changes until a plan is approved again."


# ---------------------------------------------------------------- everybody


def combination_words(combination: Combination, kb: Knowledge) -> str:
    """A combination of parameters in words: the strongest, with the way they go together.

    Doubts go together as products of powers, so "more of this with more of that".
    """
    said = kb.by("parameters")
    parts = []
    for name, weight in list(zip(combination.parameters, combination.parts_ratio, strict=True))[:_PARTS]:
        if abs(weight) >= _TELLING:
            parts.append(f"{'more' if weight > 0 else 'less'} {name} ({signed(weight)}: {said[name].says.rstrip('.')})")
    return "; ".join(parts)


def population_text(fit: PopulationFit, kb: Knowledge) -> str:
    """A fit to many people: what is data, what is prior, and what speaks against it."""
    lines = [*wrapped(fit.words), ""]
    for place, one in enumerate(fit.combinations, start=1):
        low, middle, high = (number(value) for value in one.after_ratio)
        before = f"{number(one.before_ratio[0])} to {number(one.before_ratio[-1])}"
        lines += wrapped(
            f"Combination {place}: {one.data_share:.0%} data, {1 - one.data_share:.0%} prior. Before {before}, now "
            f"{low} to {high} (middle {middle}), in standard deviations of what was believed.",
        )
        lines += [*wrapped(combination_words(one, kb), "  ", "  "), ""]
    learned = sorted(zip(fit.data_share, fit.names, strict=True), reverse=True)[:_MOST_LEARNED]
    if fit.combinations:
        shares = ", ".join(f"{name} {share:.0%}" for share, name in learned)
        lines += [*wrapped(f"Of single parameters the data took away, of the variance: {shares}."), ""]
        lines += [*wrapped(_checks_words(fit)), ""]
    for said in fit.left_out:
        lines += wrapped(f"Left out: {said}.", "- ", "  ")
    prior = len(fit.still_prior)
    lines += wrapped(f"Still prior: {prior} parameters that these readings say nothing of.")
    return "\n".join(lines)


def _checks_words(fit: PopulationFit) -> str:
    def percent(value: float | None) -> str:
        return "not known" if value is None else f"{number(100 * value, 0)}%"

    scatter = "not known" if fit.scatter_ratio is None else f"{fit.scatter_ratio:.2f}"
    return (
        f"Checks: people scatter {scatter} times as much as the model says (by luck alone in "
        f"{percent(fit.scatter_probability)}); readings lie {percent(fit.stretch_share)} too high against the model, "
        f"give or take {percent(fit.stretch_sd_share)} ({percent(fit.stretch_probability)}); people so far from what "
        f"was believed: {percent(fit.surprise_probability)}. Of what is still believed {percent(fit.bent_share)} "
        "follows no straight line and counted as noise."
    )


# ---------------------------------------------------------------- one course


def _sessions(adapted: Adapted, telling: Telling) -> Section | None:
    """The sessions done and to come, with their dates."""
    plan = adapted.plan
    if plan is None:
        return None
    rows = []
    for place, session in enumerate(plan.sessions, start=1):
        on = plan.start + timedelta(days=session.day_d)
        strokes = ", ".join(
            f"{stroke.zone} {stroke.needle_length_mm:g} mm, {stroke.directions_count} x {stroke.passes_count}"
            for stroke in session.strokes
        )
        done = "done" if on < adapted.assessment.on else "to come"
        rows.append(telling.row(str(place), f"{on}", f"day {number(session.day_d)}", strokes, done))
    table = Table("", ("", "date", "", "zones", ""), tuple(rows))
    return Section("sessions", "The course", tables=(table,))


def adapted_explanation(adapted: Adapted, kb: Knowledge) -> Explanation:
    """How a course should go on, and why, with the sources of each reason.

    Args:
        adapted: from :func:`needling.learning.adapting.adapt`. kb: the knowledge that it was made with.
    """
    bibliography = Bibliography(kb)
    telling = Telling(kb, "clinician", adapted.assessment.setting == "home", bibliography)
    why = telling.at("Why")
    points = tuple(
        why.say(one.why, one.sources, lead=one.what[:1].upper() + one.what[1:], proposal=one.proposal)
        for one in adapted.reasons
    )
    headline = Section("answer", _HEADLINE[adapted.kind], paragraphs=(Statement(_AGAIN),))
    prior = Section(
        "learned",
        "Data and prior",
        paragraphs=(
            Statement(
                adapted.learned.words
                if adapted.learned is not None
                else "Nothing new was read of this person; all of the forecast is prior."
            ),
        ),
    )
    sections = (headline, _sessions(adapted, telling), Section("why", "Why", points=points), prior)
    return Explanation(
        "How this course goes on",
        "clinician",
        tuple(section for section in sections if section is not None),
        bibliography.references(),
    )
