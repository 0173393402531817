"""What else there is, for whom it is better, when needling is not the best answer."""

from __future__ import annotations

from needling.documents import Assessment, Person
from needling.planning.alternatives import better_than_needling, comparisons_for
from needling.report.explanation import Section, Statement, Telling

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
    telling = telling.at("What else there is")
    points: list[Statement] = []
    for concern in dict.fromkeys(finding.concern for finding in assessment.zones):
        indication = kb.indication(concern)
        for method in better_than_needling(concern, person.phototype, kb):
            for one in comparisons_for(method, concern, person.phototype):
                if one.stands == "better":
                    lead = f"{method.name} ({_BY[method.by]})"
                    points.append(telling.say(one.says, one.sources, lead=lead, proposal=one.proposal))
        if indication.better_elsewhere:
            lead = f"For {indication.plain}" if telling.person else indication.name
            points.append(telling.say(indication.better_elsewhere, lead=lead, proposal=True))
    return Section("alternatives", "What else there is", points=tuple(points)) if points else None
