"""Files of looking back: approvals, records, follow-ups and scores, each recognised by what is in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from needling.documents import OTHER_HARM, Approval, Assessment, Document, ScaleScore, SessionRecord, Setting
from needling.documents.learned import Proposal
from needling.documents.learning import Misses, Visits
from needling.errors import BadInput, did_you_mean
from needling.knowledge import Knowledge, load_knowledge
from needling.knowledge.schema import FactDefinition
from needling.learning.continuing import taken_over
from needling.learning.scored import earliest_on, problem_of_followup, problem_of_record
from needling.learning.standing import again_rule
from needling.planning.answers import assessment_problems
from needling.reading import Problem, YamlText, parse_yaml, read_text, validate
from needling.simulation.bind import ENDPOINTS

_Signed = TypeVar("_Signed", Approval, Misses, Proposal)
_Place = tuple[str | int, ...]
_ReadingName = tuple[date, str | None, str]
Progress = Callable[[int, int], None]
_KINDS = "a record of a session (approval, session, strokes ...), a follow-up (person, on, zones, scores ...), or both"


class Told(NamedTuple):
    """What the files of one approval say."""

    records: tuple[SessionRecord, ...]
    followups: tuple[Assessment, ...]


def _read_signed(path: Path, model: type[_Signed], made_by: str) -> _Signed:
    text = read_text(path)
    try:
        return model.model_validate_json(text)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BadInput(f"{path}: not a file of '{made_by}': {where}: {first['msg']}") from None


def read_approval(path: Path) -> Approval:
    """A file that ``needling approve`` wrote. Raises BadInput when it is not one, or was changed afterwards."""
    approval = _read_signed(path, Approval, "needling approve")
    for name, there, locked in (
        ("plan", approval.plan.sha256, approval.plan_sha256),
        ("forecast", approval.forecast.sha256, approval.forecast_sha256),
        ("forecast's plan", approval.plan_sha256, approval.forecast.plan_sha256),
    ):
        if there != locked:
            raise BadInput(
                f"{path}: the {name} is not the one that was approved ({locked[:12]}..., in the file {there[:12]}...); "
                "take the file as 'needling approve' wrote it"
            )
    return approval


def is_proposal(path: Path) -> bool:
    """Whether a file looks like what ``needling adapt --json`` prints."""
    try:
        found = json.loads(read_text(path))
    except json.JSONDecodeError:
        return False
    return isinstance(found, dict) and {"kind", "changed", "clearance"} <= set(found)


def read_proposal(path: Path) -> Proposal:
    """What ``needling adapt --json`` printed. Raises BadInput when it is not that, or does not fit together."""
    found = _read_signed(path, Proposal, "needling adapt --json")
    choice = found.choice
    if choice is not None and (choice.plan != found.plan or choice.forecast.assessment != found.assessment):
        raise BadInput(f"{path}: its plan or assessment is not the one that was forecast; adapt again")
    return found


def read_told(paths: Sequence[Path], approval: Approval, kb: Knowledge, *, earlier: Sequence[Approval] = ()) -> Told:
    """Records and follow-ups of one approval from YAML or JSON files.

    Args:
        paths: each holds one record, one follow-up, or lists of both under ``records`` and ``followups``.
        approval: what they must belong to. kb: devices, harms and scales that they may name.
        earlier: approvals of the course that this one replaced; their records come back as records of this one.

    Raises:
        BadInput: with file and line: no such kind of file, a record of another approval or given twice, a day before
            the start, a follow-up of another person, one reading noted twice, and all that a case is refused for: an
            unknown fact, zone, concern or scale, a reading that its scale does not have.
    """
    signed = {one.sha256: one for one in (*earlier, approval)}
    taken: dict[tuple[str, int], str] = {}
    seen: dict[Assessment, str] = {}
    noted: dict[_ReadingName, str] = {}
    told = Told((), ())
    for path in paths:
        text = parse_yaml(read_text(path), str(path))
        found, at = _kind_of(text)

        def check(document: Document, text: YamlText = text, at: tuple[str, ...] = at) -> list[Problem]:
            visits = _as_visits(document)
            return [
                Problem(loc, message)
                for loc, message in (
                    *_record_problems(visits, approval, signed, kb, taken, text, bool(at)),
                    *_followup_problems(visits, approval, kb, seen, noted, text, bool(at)),
                )
            ]

        visits = _as_visits(validate(text, found, check=check))
        told = Told((*told.records, *visits.records), (*told.followups, *visits.followups))
    return told._replace(records=taken_over(told.records, approval, earlier)) if earlier else told


def _kind_of(text: YamlText) -> tuple[type[Visits | SessionRecord | Assessment], tuple[str, ...]]:
    """Which document a file holds, and under which keys its parts stand."""
    keys = set(text.data) if isinstance(text.data, dict) else set()
    if keys & {"records", "followups"}:
        return Visits, ("records", "followups")
    if keys & {"session", "strokes", "approval"} and "plan" not in keys:
        return SessionRecord, ()
    if "zones" in keys or {"person", "scores"} <= keys:
        return Assessment, ()
    what = {"plan": "an approval", "misses": "a score", "choice": "a run", "assessment": "a case"}
    known = next((name for key, name in what.items() if key in keys), "")
    hint = f"this is {known}" if known else f"its keys are {', '.join(sorted(map(str, keys))) or 'none'}"
    raise BadInput(f"{text.name}:1: {hint}; expected {_KINDS}; `needling score --template APPROVAL` prints a blank one")


def _as_visits(document: Document) -> Visits:
    if isinstance(document, Visits):
        return document
    if isinstance(document, SessionRecord):
        return Visits(records=(document,))
    assert isinstance(document, Assessment)
    return Visits(followups=(document,))


def _record_problems(
    visits: Visits,
    approval: Approval,
    signed: Mapping[str, Approval],
    kb: Knowledge,
    taken: dict[tuple[str, int], str],
    text: YamlText,
    listed: bool,
) -> Iterable[tuple[_Place, str]]:
    """What is wrong with the records of one file, with the path of keys; notes which sessions are taken, and where."""
    devices, harms = kb.by("devices"), [event.id for event in kb.adverse_events]
    for number, record in enumerate(visits.records):
        at: _Place = ("records", number) if listed else ()
        known = record.approval in signed
        key = "approval" if not known else "on" if record.on < earliest_on(approval) else "session"
        own = signed.get(record.approval, approval)
        problem = problem_of_record(record, own, record.approval if known else own.sha256)
        name = record.approval, record.session
        if problem:
            yield (*at, key), problem
        elif name in taken:
            yield (
                (*at, "session"),
                f"session {record.session + 1} has a record already, in {taken[name]}; keep one",
            )
        taken.setdefault(name, text.where((*at, "session")))
        if record.device not in devices:
            yield (*at, "device"), f"unknown device '{record.device}'{did_you_mean(record.device, devices)}"
        for place, used in enumerate(record.also_used):
            if used.device not in devices:
                where = (*at, "also_used", place, "device")
                yield where, f"unknown device '{used.device}'{did_you_mean(used.device, devices)}"
        for place, event in enumerate(record.events):
            if event.harm not in (*harms, OTHER_HARM):
                hint = did_you_mean(event.harm, harms)
                yield (*at, "events", place, "harm"), f"unknown harm '{event.harm}'{hint}; known: {', '.join(harms)}"


def _followup_problems(
    visits: Visits,
    approval: Approval,
    kb: Knowledge,
    seen: dict[Assessment, str],
    noted: dict[_ReadingName, str],
    text: YamlText,
    listed: bool,
) -> Iterable[tuple[_Place, str]]:
    """What is wrong with the follow-ups of one file, with the path of keys; notes which readings it has, and where."""
    for number, followup in enumerate(visits.followups):
        at: _Place = ("followups", number) if listed else ()
        problem = problem_of_followup(followup, approval)
        if problem:
            yield (*at, "person"), problem
        elif followup.on < (earliest := earliest_on(approval)):
            yield (*at, "on"), f"the follow-up is of {followup.on}, before the plan was made or began ({earliest})"
        elif followup in seen:
            yield at, f"the same follow-up stands in {seen[followup]}; keep one"
            continue
        seen.setdefault(followup, text.where(at))
        yield from assessment_problems(followup, kb, at)
        own: dict[_ReadingName, str] = {}  # within one follow-up the check above has spoken
        for place, reading in enumerate(followup.scores):
            key, where = _name_of(followup, reading), (*at, "scores", place)
            if key in noted:
                of = f" of {reading.zone}" if reading.zone else ""
                yield (
                    where,
                    f"{reading.scale}{of} on {followup.on} is noted already in {noted[key]}; keep the right one",
                )
            own.setdefault(key, text.where(where))
        noted.update({key: where for key, where in own.items() if key not in noted})


def _name_of(followup: Assessment, reading: ScaleScore) -> _ReadingName:
    """By what a reading is known again: day, zone and scale; where there is one zone, no zone means that one."""
    only = followup.zones[0].zone if len(followup.zones) == 1 else None
    return followup.on, reading.zone or only, reading.scale


def read_misses(paths: Sequence[Path], *, progress: Progress | None = None) -> list[Misses]:
    """Scores that ``needling score`` wrote; of a folder, every file whose name ends in ``-misses.json``.

    Raises:
        BadInput: with the file: none found, not readable, not a score, or one approval twice.
    """
    files: list[Path] = []
    for path in paths:
        found = sorted(path.rglob("*-misses.json")) if path.is_dir() else [path]
        if not found:
            raise BadInput(f"{path}: no file in this folder ends in -misses.json; 'needling score' writes them")
        files += found
    scores: list[Misses] = []
    where: dict[str, Path] = {}
    for number, file in enumerate(files, start=1):
        one = _read_signed(file, Misses, "needling score")
        if one.approval in where:
            raise BadInput(f"{file}: the same approval as {where[one.approval]}; keep the newer score")
        where[one.approval] = file
        scores.append(one)
        if progress is not None:
            progress(number, len(files))
    return scores


# ---------------------------------------------------------------- a blank record


def blank_visit(approval: Approval, session: int = 0, kb: Knowledge | None = None) -> str:
    """YAML to fill in: one session as it was planned, and a follow-up with all that is asked and read again.

    Args:
        approval: what was planned. session: which one, from 0 as in records. kb: the questions; default as shipped.

    Raises:
        BadInput: the plan has no such session.
    """
    sessions = approval.plan.sessions
    if not 0 <= session < len(sessions):
        raise BadInput(f"session {session + 1} is not in the plan; it has sessions 1 to {len(sessions)}")
    planned = sessions[session]
    last = session == len(sessions) - 1

    def day(after: float) -> date:
        return approval.plan.start + timedelta(days=int(after))

    judge = max((outcome.judge_day_d for outcome in approval.forecast.outcomes), default=max(approval.forecast.days_d))
    looked = day(judge if last else sessions[session + 1].day_d)
    strokes = [f"      - {json.dumps(stroke.model_dump(mode='json'))}" for stroke in planned.strokes]
    followup = _blank_followup(approval, looked, kb or load_knowledge())
    when = (
        f"followups:  # fair to judge from {day(judge)}; take this out until somebody has looked"
        if last
        else f"followups:  # once somebody has looked, before session {session + 2}: uncomment for 'needling adapt'"
    )
    number = f"session {session + 1} of {len(sessions)}"
    return "\n".join(
        [
            f"# Done and seen: {number}, planned for {day(planned.day_d)}. It is filled in as planned: correct what",
            "# differed, fill in 'by'. A session that was not done: 'strokes: []', and the reason in deviations.",
            "# null means not known. Then: needling score APPROVAL.json THIS.yaml ...",
            "records:",
            f'  - approval: "{approval.sha256}"',
            f"    session: {session}  # {number}; here they count from 0",
            f"    on: {day(planned.day_d)}  # as planned",
            "    by: null  # who did it: an id, no name",
            f"    device: {planned.device}",
            f"    condition: {planned.condition}  # new | worn | cheap",
            "    lot: null",
            "    expiry: null",
            "    strokes:  # delivered: passes in each direction",
            *strokes,
            f"    endpoint_seen: null  # {' | '.join(ENDPOINTS)}; planned: {planned.endpoint}",
            "    pain_score: null  # 0 to 10",
            "    redness_d: null  # days until the redness was gone",
            "    events: []  # - {harm: expected-reaction, grade: 1, after_d: 2, note: ...}; grade 1 to 5",
            "    asked_until_d: null  # last day after the session on which somebody asked about unwanted events",
            "    deviations: []  # what differed from the plan, and why",
            *(line if last else f"# {line}" for line in (when, *followup)),
            "",
        ]
    )


def _blank_followup(approval: Approval, on: date, kb: Knowledge) -> list[str]:
    """One follow-up to fill in: every scale that was forecast, and the questions that are asked again."""
    first = approval.forecast.assessment
    zones = [
        f"      - {{zone: {finding.zone}, concern: {finding.concern}, area_cm2: {finding.area_cm2:g}}}"
        for finding in first.zones
    ]
    scores = [
        f"      - {{scale: {outcome.scale}, zone: {outcome.zone}, value: null}}  # {outcome.scale_label}; "
        f"{outcome.baseline:g} at the start"
        for outcome in approval.forecast.outcomes
        if outcome.scale != "none"
    ]
    return [
        f"  - person: {approval.plan.person}",
        f"    on: {on}",
        f"    setting: {first.setting}",
        "    by: null",
        "    zones:  # a zone may carry 'facts' of its own",
        *zones,
        "    facts:  # asked again before each session; null means not known. Of the skin: in any of the zones above",
        *(f"      {line}" for line in _asked_again(approval, kb)),
        *(["    scores:", *scores] if scores else ["    scores: []"]),
    ]


def _asked_again(approval: Approval, kb: Knowledge) -> Iterable[str]:
    """Each question whose answer can change between two sessions, with the day that a yes asks for as a comment."""
    setting, sex = approval.forecast.assessment.setting, approval.forecast.person.sex_at_birth
    again = again_rule(kb).asks
    for definition in kb.facts:
        if definition.name in again and (sex is None or definition.never_of_sex != sex):
            yield f"{definition.name}: null  # {_asked(definition, setting)}"
            for detail in kb.facts:
                if detail.only_if == definition.name:
                    yield f"#   when true also {detail.name}: {_asked(detail, setting)}"


def _asked(definition: FactDefinition, setting: Setting) -> str:
    clinic = setting == "clinic" and definition.ask_clinician
    return " ".join((definition.ask_clinician if clinic else definition.ask).split())
