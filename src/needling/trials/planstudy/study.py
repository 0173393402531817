"""What the plan study consists of: the people, the rules of the scorecard, and the form in which plans come in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from needling.documents import Case, Clearance, Document, Id, Plan, Text, Verdict
from needling.errors import BadInput, did_you_mean
from needling.knowledge.base import Knowledge
from needling.planning.assemble import no_treatment, plan_from_sentence
from needling.planning.cases import read_case
from needling.planning.protocol import say
from needling.planning.screen import screen
from needling.reading import Problem, read, read_text

HERE = Path(__file__).parent
PEOPLE = HERE / "people"
NOTHING = "no treatment"
"""The sentence of a plan without sessions."""

Share = Annotated[float, Field(gt=0, lt=1)]


class Listed(Document):
    """One person of the study, and what screening has to say of her."""

    id: Id
    verdict: Verdict


class Rules(Document):
    """The scorecard's numbers, as ``scorecard.yaml`` explains them; ``version`` rises with any change."""

    version: Annotated[int, Field(ge=1)]
    key: Annotated[int, Field(ge=0)]
    members_count: Annotated[int, Field(ge=64)]
    doubts_count: Annotated[int, Field(ge=2)]
    doubt_members_count: Annotated[int, Field(ge=64)]
    unlucky_share: Share
    redness_exchange_d: Annotated[float, Field(gt=0)]
    harm_exchange_probability: Annotated[float, Field(gt=0)]
    visits_exchange_count: Annotated[float, Field(gt=0)]
    kept_share: Share
    floor_score: float
    disqualified_score: float
    people: Annotated[tuple[Listed, ...], Field(min_length=1)]


def _form(value: object) -> str:
    return "sentence" if isinstance(value, str) else "plan"


Planned = Annotated[
    Annotated[Text, Tag("sentence")] | Annotated[Plan, Tag("plan")],
    Discriminator(_form),
]
"""A protocol sentence, "no treatment", or a whole plan."""


class Submission(Document):
    """Plans that somebody hands in: a name, who made them, with what, and a plan for each person by id.

    A person without a plan is scored as "no treatment", and the leaderboard says so.
    """

    name: Annotated[str, Field(min_length=1, max_length=80)]
    by: Annotated[str, Field(min_length=1, max_length=200)]
    made_with: Text
    note: Text = ""
    plans: dict[Id, Planned]


@dataclass(frozen=True)
class Member:
    """One person of the study: the case, what screening says, and why the case is there."""

    case: Case
    clearance: Clearance
    why: str

    @property
    def id(self) -> str:
        """The person's id."""
        return self.case.person.id


@dataclass(frozen=True)
class Study:
    """The plan study under one knowledge: rules and people, in the order of the scorecard."""

    rules: Rules
    people: tuple[Member, ...]
    knowledge: Knowledge

    @cached_property
    def by_id(self) -> dict[str, Member]:
        """The people by id."""
        return {member.id: member for member in self.people}


def why_of(text: str) -> str:
    """The comment at the head of a person's file."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return " ".join(lines)


def person_files() -> tuple[Path, ...]:
    """The twelve case files, in order."""
    return tuple(sorted(PEOPLE.glob("*.yaml")))


def load_study(kb: Knowledge) -> Study:
    """The shipped plan study, each person screened under the knowledge in force.

    Raises:
        BadInput: a file of the study is broken, or screening says something else than the scorecard expects: the rules
            have changed, and the study needs a new version.
    """
    rules = read(HERE / "scorecard.yaml", Rules)
    found = {}
    for path in person_files():
        case = read_case(path, kb)
        clearance = screen(case.person, case.assessment, kb)
        found[case.person.id] = Member(case, clearance, why_of(read_text(path)))
    expected = {one.id: one.verdict for one in rules.people}
    if found.keys() != expected.keys():
        odd = sorted(found.keys() ^ expected.keys())
        raise BadInput(f"{HERE / 'scorecard.yaml'}: people and files differ: {', '.join(odd)}")
    for name, verdict in expected.items():
        said = found[name].clearance.verdict
        if said != verdict:
            raise BadInput(
                f"plan study version {rules.version}: screening says '{said}' of {name}, the scorecard expects "
                f"'{verdict}'; the knowledge in force ({kb.version}, {kb.sha256[:12]}) has another rule"
            )
    return Study(rules, tuple(found[name] for name in expected), kb)


def plan_of(planned: str | Plan, member: Member, kb: Knowledge) -> Plan:
    """One plan of a submission as a plan made under today's clearance and knowledge of that person.

    A whole plan is judged by what would be done; the hashes of the version it was made under are replaced.

    Raises:
        BadInput: the sentence cannot be read, or the plan is of another person, setting or an unknown device or zone.
    """
    case, clearance = member.case, member.clearance
    if isinstance(planned, str):
        return plan_from_sentence(planned, case.person, case.assessment, clearance, kb)
    if planned.person != member.id:
        raise BadInput(f"the plan is of '{planned.person}'")
    if planned.envelope != case.assessment.setting:
        raise BadInput(f"the plan is for '{planned.envelope}', this person is seen in '{case.assessment.setting}'")
    if not planned.sessions:
        return no_treatment(case.person, case.assessment, clearance, kb)
    for session in planned.sessions:
        kb.device(session.device)
        for stroke in session.strokes:
            kb.site(stroke.zone)
    return planned.model_copy(
        update={
            "label": say(planned, kb),  # what would be done, whatever the plan calls itself
            "clearance_sha256": clearance.sha256,
            "knowledge_version": kb.version,
            "knowledge_sha256": kb.sha256,
        }
    )


def submission_problems(submission: Submission, study: Study) -> Sequence[Problem]:
    """Everything that makes a submission unusable: unknown people, plans that cannot be read."""
    found = []
    for name, planned in submission.plans.items():
        if name not in study.by_id:
            hint = did_you_mean(name, study.by_id)
            allowed = ", ".join(study.by_id)
            found.append(Problem(("plans", name), f"no such person '{name}'{hint}; allowed: {allowed}"))
            continue
        try:
            plan_of(planned, study.by_id[name], study.knowledge)
        except BadInput as problem:
            found.append(Problem(("plans", name), str(problem)))
    return found


def read_submission(path: Path, study: Study) -> Submission:
    """A submission's file, JSON or YAML, checked against the study.

    Raises:
        BadInput: file, line, path, what is wrong and what is allowed, for everything that is wrong.
    """
    return read(path, Submission, check=lambda submission: submission_problems(submission, study))


def submission_schema() -> dict[str, Any]:
    """JSON Schema of a submission, for other programs."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Submission.model_json_schema()}


def write_submission(submission: Submission) -> str:
    """A submission as the text of its file."""
    return json.dumps(submission.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"
