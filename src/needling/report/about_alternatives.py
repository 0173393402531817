"""What else there is, for whom it is better, when needling is not the best answer."""

from __future__ import annotations

from needling.documents import Assessment, Choice, Person
from needling.planning.alternatives import better_than_needling, comparisons_for
from needling.report.explanation import Section, Statement, Telling
from needling.report.words import sentence

_TITLE = "What else there is"
_BY = {
    "nobody": "needs nobody",
    "person": "you can do this yourself",
    "clinician": "a clinician does this",
    "specialist": "a specialist does this",
}


def alternatives_section(person: Person, assessment: Assessment, telling: Telling) -> Section | None:
    """Methods that do better than needling for the person's concerns, and what is better said in words; None if none.

    Args:
        person: whose phototype counts; unknown counts against a method that may be worse for some.
        assessment: the concerns.
        telling: reader and knowledge.
    """
    kb = telling.kb
    telling = telling.at(_TITLE)
    points: list[Statement] = []
    for concern in dict.fromkeys(finding.concern for finding in assessment.zones):
        indication = kb.indication(concern)
        for method in better_than_needling(concern, person.phototype, kb):
            for one in comparisons_for(method, concern, person.phototype):
                if one.stands == "better":
                    lead = f"{method.name} ({_BY[method.by]})"
                    words = _both_sides(one.says, method.worse_for)
                    points.append(telling.say(words, one.sources, lead=lead, proposal=one.proposal))
        if indication.better_elsewhere:
            lead = f"For {indication.plain}" if telling.person else indication.name
            points.append(telling.say(indication.better_elsewhere, lead=lead, proposal=True))
    return Section("alternatives", _TITLE, points=tuple(points)) if points else None


def beside_plan_section(choice: Choice, telling: Telling) -> Section | None:
    """What is known to do better than the plan by a comparison that was read, and what speaks against it."""
    telling = telling.at(_TITLE)
    points = []
    for one in choice.alternatives:
        words = _both_sides(one.why, one.against)
        if not telling.person:
            words = f"{words} Certainty {one.certainty}"
        points.append(telling.say(words, one.sources, lead=f"{one.name} ({_BY[one.by]})", proposal=one.proposal))
    if not points:
        return None
    if choice.other_treatment_wins:
        verdict = (
            "Talk about this first. What is named here did better than needling where they were compared, and "
            "needling, counted carefully, is not sure to bring a change that people notice. How much better it would "
            "be in this case is not known"
        )
    else:
        verdict = (
            "What is named here did better than needling where they were compared. It is not known to be better for "
            "every zone of the plan, or the plan, counted carefully, still brings a change that people notice"
        )
    return Section("alternatives", _TITLE, (telling.say(verdict),), tuple(points))


def _both_sides(why: str, against: str) -> str:
    return f"{sentence(why)} Against it: {sentence(against)}"
