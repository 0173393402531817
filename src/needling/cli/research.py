"""For research: ``needling sensitivity | export``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from needling.cli.answering import NO_PLAN, AsJson, Key, console, knowledge, print_json, warm, working

if TYPE_CHECKING:
    from needling.documents import Case, Plan
    from needling.knowledge import Knowledge
    from needling.simulation.sensitivity import Progress

_MEMBERS = 256  # numerical: possible people when a plan has to be chosen first

Protocol = Annotated[
    str | None,
    typer.Option(help='Like "1.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3"; else the best plan.'),
]
Zone = Annotated[str | None, typer.Option(help="Whose outcome; the largest treated zone unless given.")]
CaseOrRun = Annotated[Path, typer.Argument(help="Case file, or a JSON file that 'needling plan' wrote.")]


def _planned(file: Path, protocol: str | None, key: int, kb: Knowledge, quiet: bool) -> tuple[Case, Plan, int]:
    """The case, its plan (as written, as chosen in a run, or chosen now), and the key to simulate it with."""
    from needling.planning.assemble import plan_from_sentence
    from needling.planning.cases import read_case
    from needling.planning.screen import screen

    if _is_run(file):
        from needling.archive import check_knowledge, read_run

        run = read_run(file)
        check_knowledge(run, kb)
        case, plan, key = run.case, run.choice.plan, run.key
        clearance = run.clearance
    else:
        case = read_case(file, kb)
        clearance = screen(case.person, case.assessment, kb)
        plan = None
    if protocol is not None:
        plan = plan_from_sentence(protocol, case.person, case.assessment, clearance, kb)
    if plan is None:
        from needling.archive import run_case

        with working("Choosing a plan ...", quiet):
            plan = run_case(case, kb, key=key, members=_MEMBERS).choice.plan
    return case, plan, key


def _is_run(file: Path) -> bool:
    from needling.reading import read_text

    if file.suffix != ".json":
        return False
    try:
        return "choice" in json.loads(read_text(file))
    except (ValueError, TypeError):
        return False


@contextmanager
def _counted(what: str, quiet: bool) -> Iterator[Progress | None]:
    """A bar with the time that is left, where somebody is watching."""
    to = console(stderr=True)
    if quiet or not to.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), console=to, transient=True
    ) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def sensitivity(
    case: CaseOrRun,
    protocol: Protocol = None,
    zone: Zone = None,
    samples: Annotated[int, typer.Option(help="Points of the Sobol sequence for each view, a power of two.")] = 512,
    key: Key = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for an HTML file with figures, and the JSON file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Which input drives which part of a forecast: people, doubt, scatter, or what you set (Sobol indices)."""
    from needling.planning.envelope import breaches
    from needling.planning.screen import screen
    from needling.simulation.indices import check_samples

    check_samples(samples)
    kb = knowledge()
    warm(quiet=as_json)
    found_case, plan, key = _planned(case, protocol, key, kb, quiet=as_json)

    from needling.report.about_sensitivity import render_sensitivity_html, sensitivity_text
    from needling.simulation import Belief
    from needling.simulation.identifiability import readings_teach
    from needling.simulation.sensitivity import main_zone, sobol
    from needling.writing import write_text

    person, assessment = found_case.person, found_case.assessment
    belief = Belief.prior(kb)
    with _counted("Simulating possible people ...", quiet=as_json) as progress:
        found = sobol(plan, person, assessment, belief, zone=zone, samples=samples, key=key, progress=progress)
    where = zone or main_zone(plan, assessment)
    days = _reading_days(plan, where, found_case, kb)
    teach = readings_teach(plan, person, assessment, belief, zone=where, days=days, key=key)
    what = f"readings of this person on days {' and '.join(f'{day:.0f}' for day in days)}"
    data = found.as_data() | {"zone": where, "readings": None if teach is None else teach.as_data(len(teach.columns))}
    outside = breaches(plan, screen(person, assessment, kb), kb)
    if as_json:
        print_json(data)
    else:
        typer.echo(sensitivity_text(found, teach, what, kb))
    if out is not None:
        written = (out / f"{case.stem}-sensitivity.html", out / f"{case.stem}-sensitivity.json")
        write_text(written[0], render_sensitivity_html(found, teach, what, found_case, plan, kb))
        write_text(written[1], json.dumps(data, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
        if not as_json:
            typer.echo(f"\nWritten: {written[0]}  {written[1]}")
    if outside and not as_json:
        from needling.report.terminal import show_breaches

        show_breaches(console(), outside)
    raise typer.Exit(NO_PLAN if outside else 0)


def _reading_days(plan: Plan, zone: str, case: Case, kb: Knowledge) -> list[float]:
    """Days on which a reading teaches: the last session, and the judging day."""
    concern = next(finding.concern for finding in case.assessment.zones if finding.zone == zone)
    last = max((session.day_d for session in plan.sessions), default=0.0)
    judge = kb.planned_indication(concern, case.assessment.setting).judge_after_last_d
    return [last, last + judge]


def export(
    case: CaseOrRun,
    sbml: Annotated[Path, typer.Option(help="SBML file to write.")],
    protocol: Protocol = None,
    zone: Zone = None,
    member: Annotated[
        int | None, typer.Option(min=0, help="Member of the ensemble; the person in the middle unless given.")
    ] = None,
    key: Key = 0,
) -> None:
    """The healing model of one person, zone and plan for other programs, as SBML Level 3 Version 2."""
    kb = knowledge()
    warm(quiet=False)
    found_case, plan, key = _planned(case, protocol, key, kb, quiet=False)

    from needling.simulation import Belief, simulate
    from needling.simulation.design import middle_person
    from needling.simulation.exchange import course_to_sbml
    from needling.simulation.sensitivity import main_zone
    from needling.writing import write_text

    belief = Belief.prior(kb)
    who: Any = middle_person(belief) if member is None else belief.with_members([member])
    course = simulate(plan, found_case.person, found_case.assessment, who, key=key)
    where = zone or main_zone(plan, found_case.assessment)
    write_text(sbml, course_to_sbml(course, where))
    whose = "the person in the middle" if member is None else f"member {member} of key {key}"
    typer.echo(f"Written: {sbml} ({plan.label}; {where}; {whose})")


COMMANDS = (sensitivity, export)
