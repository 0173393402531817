"""Two plans side by side, and what a changed input does: ``needling compare | whatif``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from needling.cli.answering import (
    NO_FORECAST,
    NO_PLAN,
    AsJson,
    knowledge,
    print_json,
    warm,
    working,
)
from needling.errors import BadInput, NotAllowed, OutOfRange

if TYPE_CHECKING:
    from needling.documents import Assessment, Goals, Person, Plan
    from needling.knowledge import Knowledge

_MEMBERS = 256  # possible people unless asked otherwise
_ENDINGS = (".json", ".yaml", ".yml")
_TWO = (
    "name two plans: two JSON files of `needling plan` or approvals, or a case file with protocol sentences, like "
    'needling compare case.yaml "1 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3" "no treatment"'
)

OwnKey = Annotated[
    int | None,
    typer.Option(min=0, max=2**31 - 1, help="Key of the random numbers; a run's own, else 0, when left out."),
]
OwnMembers = Annotated[
    int | None, typer.Option(min=64, max=65536, help="Possible people; a run's own, else 256, when left out.")
]


class _Found(NamedTuple):
    """What one file holds: who, and where it has one, a plan with the key and the people it was forecast with."""

    file: Path
    person: Person
    assessment: Assessment
    goals: Goals | None = None
    plan: Plan | None = None
    key: int | None = None
    members: int | None = None


def _read(file: Path, kb: Knowledge) -> _Found:
    """A case, a run of ``needling plan``, an approval, or the JSON of ``simulate`` and ``whatif``."""
    from needling.planning.cases import read_case
    from needling.reading import read_text

    if file.suffix == ".json":
        try:
            content = json.loads(read_text(file))
        except ValueError as broken:
            raise BadInput(f"{file}: not a JSON file: {broken}") from None
        keys = set(content) if isinstance(content, dict) else set()
        if "choice" in keys:
            from needling.archive import check_knowledge, read_run

            run = read_run(file)
            check_knowledge(run, kb)
            case = run.case
            return _Found(file, case.person, case.assessment, case.goals, run.choice.plan, run.key, run.members)
        if {"plan", "forecast"} <= keys:
            return _from_forecast(file, content)
    case = read_case(file, kb)
    return _Found(file, case.person, case.assessment, case.goals)


def _from_forecast(file: Path, content: dict[str, object]) -> _Found:
    """A file with a plan and its forecast, which knows whose it is."""
    from pydantic import ValidationError

    from needling.documents import Forecast, Plan

    try:
        plan = Plan.model_validate(content["plan"])
        told = Forecast.model_validate(content["forecast"])
    except ValidationError as invalid:
        first = invalid.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BadInput(f"{file}: neither a plan's file nor an approval: {where}: {first['msg']}") from None
    if told.plan_sha256 != plan.sha256:
        raise BadInput(
            f"{file}: the forecast in it is of another plan ({told.plan_sha256[:12]}); simulate this plan again"
        )
    return _Found(file, told.person, told.assessment, None, plan, told.key, told.members_count)


def _is_file(text: str) -> bool:
    return text.endswith(_ENDINGS) or Path(text).exists()


def _is_sentence(text: str) -> bool:
    return " mm " in f" {text.lower()} ".replace("mm", " mm ") or text.strip().lower() == "no treatment"


def _sorted_out(things: list[str], kb: Knowledge) -> tuple[list[_Found], list[str]]:
    """Files and sentences among what was typed; anything else is an error that says both."""
    if wrong := [text for text in things if not _is_file(text) and not _is_sentence(text)]:
        raise BadInput(f"'{wrong[0]}' is neither a file nor a protocol sentence; {_TWO}")
    return [_read(Path(text), kb) for text in things if _is_file(text)], [text for text in things if not _is_file(text)]


def _same_person(found: list[_Found]) -> None:
    first = found[0]
    for other in found[1:]:
        if other.person.id != first.person.id:
            raise BadInput(
                f"{first.file} is of the person '{first.person.id}', {other.file} of '{other.person.id}'; two plans "
                "are compared for one person"
            )
        if other.assessment.setting != first.assessment.setting:
            raise BadInput(
                f"{first.file} is for the setting '{first.assessment.setting}', {other.file} for "
                f"'{other.assessment.setting}'; two plans are compared in one setting"
            )
        if (other.person, other.assessment) != (first.person, first.assessment):
            raise BadInput(
                f"{first.file} and {other.file} were made from other findings of '{first.person.id}' (assessed on "
                f"{first.assessment.on} and {other.assessment.on}); plan again from one case before comparing"
            )


def compare(
    things: Annotated[
        list[str],
        typer.Argument(
            metavar="A B",
            help="Two plans: JSON files of `needling plan`, approvals, or protocol sentences after a case file; a case "
            "file alone stands for its best plan.",
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="Folder for an HTML file with figures, and the JSON file.")] = None,
    key: OwnKey = None,
    members: OwnMembers = None,
    as_json: AsJson = False,
) -> None:
    """Two plans of one person on the same possible people. Exit code 0: no difference can be told; 1: they differ."""
    from needling.planning.assemble import plan_from_sentence
    from needling.planning.screen import screen

    kb = knowledge()
    found, sentences = _sorted_out(things, kb)
    if not found:
        raise BadInput(f"no case file says whose plans these are; {_TWO}")
    _same_person(found)
    first = found[0]
    clearance = screen(first.person, first.assessment, kb)
    key = key if key is not None else next((one.key for one in found if one.key is not None), 0)
    members = members or next((one.members for one in found if one.members is not None), _MEMBERS)
    written_plans = [plan_from_sentence(text, first.person, first.assessment, clearance, kb) for text in sentences]
    warm(quiet=as_json)

    from needling.choosing import ensemble
    from needling.comparing import compare as side_by_side
    from needling.documents import Goals

    lacking = 2 - len(written_plans) - sum(one.plan is not None for one in found)
    plans: list[Plan] = []
    for one in found:  # in the order in which they were named
        if one.plan is not None:
            plans.append(one.plan)
        elif lacking > 0:
            lacking -= 1
            plans.append(_best(one, kb, key, members, quiet=as_json))
    plans += written_plans
    if len(plans) != 2:
        raise BadInput(f"there {'is' if len(plans) == 1 else 'are'} {len(plans)} to compare; {_TWO}")
    wanted = [one for one in found if one.goals is not None]
    goals = wanted[0].goals if wanted and wanted[0].goals is not None else Goals()
    if any(one.goals != goals for one in wanted):
        typer.secho(f"The files hold different goals; the plans are weighed by those of {wanted[0].file}.", err=True)
    with working("Simulating both plans ...", quiet=as_json):
        try:
            result = side_by_side(
                plans[0],
                plans[1],
                first.person,
                first.assessment,
                ensemble(goals, kb, members),
                key=key,
                kb=kb,
                goals=goals,
            )
        except NotAllowed as refused:
            raise OutOfRange(str(refused)) from None
    written: list[Path] = []
    if out is not None:
        from needling.report.about_comparison import render_comparison_html
        from needling.writing import write_text

        with working("Drawing the page ...", quiet=as_json):
            page = render_comparison_html(result, kb, goals)
        name = _file_name(found)
        written = [out / f"{name}.html", out / f"{name}.json"]
        record = result.model_dump(mode="json")
        write_text(written[0], page)
        write_text(written[1], json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        from needling.report.about_comparison import comparison_text

        typer.echo(comparison_text(result, kb, goals))
        if written:
            typer.echo(f"\nWritten: {'  '.join(map(str, written))}")
    raise typer.Exit(1 if result.differs else 0)


def _best(found: _Found, kb: Knowledge, key: int, members: int, quiet: bool) -> Plan:
    """The plan that ``needling plan`` would choose for a case."""
    from needling.documents import Case, Goals
    from needling.whatif import PlanningSession

    case = Case(person=found.person, assessment=found.assessment, goals=found.goals or Goals())
    with working("Choosing a plan ...", quiet):
        return PlanningSession(case, kb, key=key, members=members).plan


def _file_name(found: list[_Found]) -> str:
    planned = [one.file.stem for one in found if one.plan is not None]
    return "-against-".join(planned) if len(planned) == 2 else f"{found[0].file.stem}-comparison"


def whatif(
    case: Annotated[Path, typer.Argument(help="Case file, or a JSON file of `needling plan` or an approval.")],
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="An input and its new value, like needle_length_mm=1.0, sessions=4 or "
            "zone:cheek-left.passes_count=3; may be given several times.",
        ),
    ] = None,
    protocol: Annotated[
        str | None, typer.Option(help="The plan to start from, as a protocol sentence; else the file's, or the best.")
    ] = None,
    key: OwnKey = None,
    members: OwnMembers = None,
    as_json: AsJson = False,
) -> None:
    """Change an input of a plan and see what that does to the same people. Exit code 1: outside, or not cleared."""
    from needling.planning.alter import read_changes

    kb = knowledge()
    found = _read(case, kb)
    wanted = _pairs(changes or [])
    read_changes(wanted, found.assessment, kb)  # a wrong one is told before anything is compiled
    warm(quiet=as_json)

    from needling.documents import Case, Goals
    from needling.whatif import PlanningSession

    whole = Case(person=found.person, assessment=found.assessment, goals=found.goals or Goals())
    with working("Simulating ...", quiet=as_json):
        session = PlanningSession(
            whole,
            kb,
            key=key if key is not None else found.key or 0,
            members=members or found.members or _MEMBERS,
            plan=protocol if protocol is not None else found.plan,
        )
        try:
            result = session.what_if(wanted)
        except NotAllowed as refused:
            _no_sessions(refused, as_json)
            raise typer.Exit(NO_PLAN) from None
    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        from needling.report.about_comparison import what_if_text

        typer.echo(what_if_text(result, kb))
    if result.result in ("diverged", "out-of-range"):
        raise typer.Exit(NO_FORECAST)
    raise typer.Exit(0 if result.inside else NO_PLAN)


def _no_sessions(refused: NotAllowed, as_json: bool) -> None:
    """Why nothing can be changed for somebody who is not cleared."""
    if as_json:
        print_json({"error": str(refused), "kind": type(refused).__name__, "forecast": None})
    else:
        typer.echo(f"No what-if: {refused}.")


def _pairs(given: list[str]) -> dict[str, float | int | str]:
    """``name=value`` as a mapping, each name once."""
    if not given:
        raise BadInput(
            "nothing is changed; name an input and its value, like --set needle_length_mm=1.0 --set sessions=4"
        )
    found: dict[str, float | int | str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not value.strip():
            raise BadInput(f"--set {text}: write an input and its value, like needle_length_mm=1.0")
        if name.strip() in found:
            raise BadInput(f"--set {name.strip()} is given twice; leave one of the two")
        found[name.strip()] = value.strip()
    return found


COMMANDS = (compare, whatif)
