"""Files of looking back: approvals, records, follow-ups and scores, each recognised by what is in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from needling.documents import Approval, Assessment, Document, SessionRecord
from needling.documents.learning import Misses, Visits
from needling.errors import BadInput, did_you_mean
from needling.knowledge import Knowledge
from needling.learning.scored import problem_of_followup, problem_of_record
from needling.reading import Problem, YamlText, parse_yaml, read_text, validate
from needling.simulation.bind import ENDPOINTS

_Signed = TypeVar("_Signed", Approval, Misses)
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


def read_told(paths: Sequence[Path], approval: Approval, kb: Knowledge) -> Told:
    """Records and follow-ups of one approval from YAML or JSON files.

    Args:
        paths: each holds one record, one follow-up, or lists of both under ``records`` and ``followups``.
        approval: what they must belong to. kb: devices, harms and scales that they may name.

    Raises:
        BadInput: with file and line: no such kind of file, a record of another approval or given twice, a day before
            the start, a follow-up of another person, a reading that its scale does not have.
    """
    sha256 = approval.sha256
    taken: dict[int, str] = {}
    seen: dict[Assessment, str] = {}
    told = Told((), ())
    for path in paths:
        text = parse_yaml(read_text(path), str(path))
        found, at = _kind_of(text)

        def check(document: Document, text: YamlText = text, at: tuple[str, ...] = at) -> list[Problem]:
            visits = _as_visits(document)
            return [
                Problem(loc, message)
                for loc, message in _problems(visits, approval, sha256, kb, taken, seen, text, bool(at))
            ]

        visits = _as_visits(validate(text, found, check=check))
        told = Told((*told.records, *visits.records), (*told.followups, *visits.followups))
    return told


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


def _problems(
    visits: Visits,
    approval: Approval,
    sha256: str,
    kb: Knowledge,
    taken: dict[int, str],
    seen: dict[Assessment, str],
    text: YamlText,
    listed: bool,
) -> Iterable[tuple[tuple[str | int, ...], str]]:
    """What is wrong in one file, with the path of keys; notes which sessions and follow-ups are taken, and where."""
    devices, harms, scales = kb.by("devices"), [event.id for event in kb.adverse_events], kb.by("scales")
    for number, record in enumerate(visits.records):
        at: tuple[str | int, ...] = ("records", number) if listed else ()
        key = "approval" if record.approval != sha256 else "on" if record.on < approval.plan.start else "session"
        problem = problem_of_record(record, approval, sha256)
        if problem:
            yield (*at, key), problem
        elif record.session in taken:
            yield (
                (*at, "session"),
                f"session {record.session} has a record already, in {taken[record.session]}; keep one",
            )
        taken.setdefault(record.session, text.where((*at, "session")))
        if record.device not in devices:
            yield (*at, "device"), f"unknown device '{record.device}'{did_you_mean(record.device, devices)}"
        for place, event in enumerate(record.events):
            if event.harm not in harms:
                hint = did_you_mean(event.harm, harms)
                yield (*at, "events", place, "harm"), f"unknown harm '{event.harm}'{hint}; known: {', '.join(harms)}"
    for number, followup in enumerate(visits.followups):
        at = ("followups", number) if listed else ()
        problem = problem_of_followup(followup, approval)
        if problem:
            yield (*at, "person"), problem
        elif followup.on < approval.plan.start:
            yield (*at, "on"), f"the follow-up is of {followup.on}, before the plan's start on {approval.plan.start}"
        elif followup in seen:
            yield at, f"the same follow-up stands in {seen[followup]}; keep one"
        seen.setdefault(followup, text.where(at))
        for place, reading in enumerate(followup.scores):
            scale = scales.get(reading.scale)
            if scale is not None and not scale.low <= reading.value <= scale.high:
                yield (
                    (*at, "scores", place, "value"),
                    (f"{scale.name}: {reading.value:g}; the scale runs from {scale.low:g} to {scale.high:g}"),
                )


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


def blank_visit(approval: Approval, session: int = 0) -> str:
    """YAML to fill in: one session as it was planned, and a follow-up with every scale that was forecast.

    Raises:
        BadInput: the plan has no such session.
    """
    sessions = approval.plan.sessions
    if session >= len(sessions):
        raise BadInput(f"session {session} is not in the plan; it has sessions 0 to {len(sessions) - 1}")
    planned = sessions[session]
    first = approval.forecast.assessment

    def day(after: float) -> date:
        return approval.plan.start + timedelta(days=int(after))

    judge = max((outcome.judge_day_d for outcome in approval.forecast.outcomes), default=max(approval.forecast.days_d))
    strokes = [f"      - {json.dumps(stroke.model_dump(mode='json'))}" for stroke in planned.strokes]
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
    followup = [
        f"followups:  # fair to judge from {day(judge)}; take this out until somebody has looked",
        f"  - person: {approval.plan.person}",
        f"    on: {day(judge)}",
        f"    setting: {first.setting}",
        "    by: null",
        "    zones:",
        *zones,
        *(["    scores:", *scores] if scores else ["    scores: []"]),
    ]
    return "\n".join(
        [
            f"# Done and seen: session {session} of 0 to {len(sessions) - 1}, as planned. Correct what differed,",
            "# fill in 'by'. A session that was not done: 'strokes: []', and the reason in deviations.",
            "# null means not known. Then: needling score APPROVAL.json THIS.yaml ...",
            "records:",
            f'  - approval: "{approval.sha256}"',
            f"    session: {session}",
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
            *(followup if session == len(sessions) - 1 else [f"# {line}" for line in followup]),
            "",
        ]
    )
