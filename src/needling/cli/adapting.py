"""Learning from people who were followed up: ``needling learn | adapt``.

Exit codes of ``learn``: 0 something was learned, 1 nothing was; of ``adapt``: 0 go on as planned, 1 a change, a pause,
a question or a stop is proposed. Both: 2 input that cannot be used, 3 a forecast that could not be computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from needling.cli.answering import AsJson, Key, Members, knowledge, print_json, warm, working
from needling.errors import BadInput

if TYPE_CHECKING:
    from needling.documents import Approval, Assessment, Case
    from needling.documents.learned import PopulationFit
    from needling.learning.adapting import Adapted

NOTHING_LEARNED, CHANGED = 1, 1


def learn(
    folder: Annotated[Path, typer.Argument(help="Holds a folder for each approval, with its records and follow-ups.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the fit here, as JSON; 'needling adapt --learned' reads it.")
    ] = None,
    even_if_flagged: Annotated[
        bool, typer.Option("--even-if-flagged", help="Take over a fit against which a check speaks.")
    ] = False,
    key: Key = 0,
    as_json: AsJson = False,
) -> None:
    """What followed-up people teach about everybody: which parameters their readings set, and which stay prior."""
    from needling.learning.files import read_cases
    from needling.writing import write_text

    kb = knowledge()
    with working("Reading people ...", as_json):
        cases = read_cases(folder, kb)
    warm(as_json)
    from needling.learning.fitting import fit_population
    from needling.simulation import Belief

    with working(f"Fitting {len(cases)} people ...", as_json):
        report = fit_population(Belief.prior(kb), cases, key=key, even_if_flagged=even_if_flagged).report
    if out is not None:
        write_text(out, report.model_dump_json(indent=2) + "\n")
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        from needling.report.about_learning import population_text

        typer.echo(population_text(report, kb))
        if out is not None:
            typer.echo(f"Written: {out}")
    if not report.accepted:
        raise typer.Exit(NOTHING_LEARNED)


def adapt(
    approval: Annotated[Path, typer.Argument(help="What was approved, as 'needling approve' wrote it.")],
    files: Annotated[list[Path], typer.Argument(help="Records and follow-ups, the latest among them.")],
    case: Annotated[
        Path | None,
        typer.Option(
            "--case",
            help="Case file whose goals weigh the choice; its answers count as of its assessment's day.",
        ),
    ] = None,
    earlier: Annotated[
        list[Path] | None,
        typer.Option("--earlier", help="An approval of this course that was replaced; give each of them."),
    ] = None,
    learned: Annotated[
        Path | None, typer.Option("--learned", help="What many people taught: a file of 'needling learn --out'.")
    ] = None,
    members: Members = 256,
    as_json: AsJson = False,
) -> None:
    """How a course that has begun should go on; a proposal, to be approved again."""
    from needling.learning.papers import read_approval, read_told
    from needling.planning.cases import read_case

    kb = knowledge()
    signed = read_approval(approval)
    before = [read_approval(path) for path in earlier or ()]
    told = read_told(files, signed, kb, earlier=before)
    given = read_case(case, kb) if case is not None else None
    followups = (*told.followups, *(_as_look(given, signed, case) if given is not None else ()))
    fit = _read_fit(learned) if learned is not None else None
    warm(as_json)
    from needling.learning.adapting import adapt as propose_changes
    from needling.simulation import Belief

    belief = Belief.prior(kb, members=members)
    if fit is not None:
        from needling.learning.fitting import with_population

        belief = with_population(belief, fit)
    with working("Comparing the ways to go on ...", as_json):
        found = propose_changes(
            signed, told.records, followups, belief, kb, goals=given.goals if given else None, earlier=before
        )
    if as_json:
        print_json(_as_data(found, (signed, *before)))
    else:
        from needling.report.about_learning import adapted_explanation

        typer.echo(str(adapted_explanation(found, kb)))
    if found.changed:
        raise typer.Exit(CHANGED)


def _read_fit(path: Path) -> PopulationFit:
    from pydantic import ValidationError

    from needling.documents.learned import PopulationFit
    from needling.reading import read_text

    try:
        return PopulationFit.model_validate_json(read_text(path))
    except ValidationError as invalid:
        first = invalid.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BadInput(f"{path}: not a file of 'needling learn --out': {where}: {first['msg']}") from None


def _as_look(case: Case, approval: Approval, path: Path | None) -> tuple[Assessment, ...]:
    """The answers of a case as a look on its day; none where it is the case that the course began with."""
    if case.person.id != approval.plan.person:
        raise BadInput(f"{path}: the case is of '{case.person.id}', the approval of '{approval.plan.person}'")
    if case.assessment.on <= approval.forecast.assessment.on:
        return ()
    own = tuple(fact for fact in case.assessment.facts if fact.value is not None)
    names = {fact.name for fact in own}
    facts = (*own, *(fact for fact in case.person.facts if fact.name not in names))
    return (case.assessment.model_copy(update={"facts": facts}),)


def _as_data(found: Adapted, approvals: Sequence[Approval]) -> dict[str, Any]:
    """For JSON: the proposal with what approving it needs."""
    from needling.documents.learned import Learning, Proposal

    return Proposal(
        kind=found.kind,
        changed=found.changed,
        reasons=found.reasons,
        learned=Learning.model_validate(found.learned._asdict()) if found.learned is not None else None,
        plan=found.plan,
        choice=found.choice,
        clearance=found.clearance,
        assessment=found.assessment,
        approvals=tuple(approval.sha256 for approval in approvals),
    ).model_dump(mode="json")


COMMANDS = (learn, adapt)
