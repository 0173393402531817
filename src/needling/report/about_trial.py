"""A trial on a virtual population in words, tables and figures: for the terminal and as one HTML file."""

from __future__ import annotations

from collections.abc import Sequence

from needling.documents import Verdict
from needling.documents.study import FEW_WORLDS, NO_TREATMENT, Contrast, Estimate, RealTrial, Study, TrialResults
from needling.knowledge.base import Knowledge
from needling.report.bibliography import Bibliography
from needling.report.canvas import Figure
from needling.report.explanation import Row, Section, Statement, Table, Telling, section_lines, wrapped
from needling.report.html import Block, Page, Part, Tile, page_style, render_page
from needling.report.trial_figures import (
    arm_name,
    differences_of,
    interval_words,
    measure_words,
    share_words,
    trial_figures,
    value_words,
)
from needling.report.words import NOTICE, listed, number, on_day, plural, sentence, setting_words, thousands, zone_name
from needling.trials.studies import judge_day_d

VIRTUAL = (
    "These are virtual people. The trial says what the model and its sources imply, and how large a real trial would "
    "have to be. It is research, and no evidence that a treatment works: only a trial on real people is that."
)
_FINDING = {
    "better": "better, by more than the smallest difference that matters",
    "better-size-open": "better; whether by as much as matters is open",
    "better-but-small": "better, but by less than the smallest difference that matters",
    "no-difference-that-matters": "no difference that matters, in either direction",
    "worse-but-small": "worse, but by less than the smallest difference that matters",
    "worse-size-open": "worse; whether by as much as matters is open",
    "worse": "worse, by more than the smallest difference that matters",
    "undecided": "undecided: the interval holds both nothing and a difference that matters",
}
_DESIGN = {
    "paired": "paired: every virtual person is in every arm, with the same luck",
    "independent": "independent: every virtual person is in one arm only",
}
_OUTCOME = {
    "collagen": "outcome from the healing model",
    "published": "outcome from the mean of published trials and their spread",
    "none": "no forecast of the outcome is honest",
}
SPLIT_LOW, SPLIT_HIGH = 0.05, 0.95  # shares of other worlds between which they do not agree
_FROM = {
    "found": "found",
    "margin": "that matters",
    "least-world": "least of the other worlds",
    "greatest-world": "greatest of the other worlds",
}
_REAL = {"parallel": "two groups", "split-person": "both arms on each person"}


# ---------------------------------------------------------------- the pre-registration


def registration_lines(study: Study, kb: Knowledge) -> list[str]:
    """What is fixed before anything is computed, as plain text within 80 columns."""
    lines = [*wrapped(f"{study.title} ({study.id}, dated {on_day(study.on)} by its author)")]
    for lead, said in _registered(study, kb):
        lines += wrapped(f"{lead}: {said}", "  ", "    ")
    return [*lines, *wrapped(f"sha256 {study.sha256}", "  ")]


def _registered(study: Study, kb: Knowledge) -> list[tuple[str, str]]:
    """Every part of the registration with its name, in words."""
    population, analysis = study.population, study.analysis
    unit = _primary_unit(study, kb)
    zones = listed(
        [
            f"{zone_name(zone.zone, kb)} ({kb.planned_indication(zone.concern, population.setting).name}, "
            f"{zone.area_cm2:g} cm²)"
            for zone in population.zones
        ]
    )
    when = study.outcome.judge_day_d
    told = [
        ("Question", study.question),
        ("Arms", "; ".join(f"{arm.id} = {arm.said}" for arm in study.arms) + f". Control: {study.control}"),
        (
            "Primary outcome",
            f"{measure_words(study.outcome.primary)}, judged on day {number(judge_day_d(study, kb), 0)}"
            + ("" if when is not None else ", when the arm that ends last can fairly be judged"),
        ),
        (
            "Analysis",
            (
                f"{_DESIGN[analysis.design]}; everybody who entered; smallest difference that matters "
                f"{value_words(analysis.margin, unit)}; alpha {analysis.alpha_probability:g}; power for a real trial "
                f"{analysis.power_probability:g}"
            ),
        ),
        (
            "People",
            f"{plural(population.people_count, 'virtual person', 'virtual people')} screened, "
            f"{setting_words(population.setting)}; {zones}; age {population.age.mean_y:g} ± {population.age.sd_y:g} "
            f"years ({population.age.from_y:g} to {population.age.to_y:g}); phototypes "
            + ", ".join(f"{name} {100 * share:g} %" for name, share in population.phototypes.items() if share > 0),
        ),
        (
            "Losses",
            f"{100 * study.dropout.share:g} % drop out "
            + ("by the day of judging" if study.dropout.by == "end" else "after each visit")
            + f"; a session is missed with probability {study.missed_probability:g}; force of the hand scatters by "
            f"{100 * study.force.person_sd_ratio:g} % between people and {100 * study.force.session_sd_ratio:g} % "
            "between sessions",
        ),
        (
            "Doubt",
            (
                f"{plural(study.worlds.others_count, 'other possible world')}, each with "
                f"{100 * study.worlds.people_share:g} % of the people; key {study.key}"
            ),
        ),
    ]
    return [(lead, said.rstrip(".")) for lead, said in told]


def _primary_unit(study: Study, kb: Knowledge) -> str:
    if study.outcome.primary != "change":
        return {"responder": "share", "redness": "d", "harm": "probability"}[study.outcome.primary]
    zone = study.population.zones[0]
    scale = kb.planned_indication(zone.concern, study.population.setting).scale
    return str(kb.by("scales")[scale].unit) if scale is not None and scale in kb.by("scales") else "points"


# ---------------------------------------------------------------- findings in words


def finding_words(contrast: Contrast, results: TrialResults) -> str:
    """One contrast in a sentence: the difference, its interval, and what the registered rule makes of it."""
    unit = results.primary_unit
    arm, control = arm_name(results, contrast.arm), arm_name(results, contrast.control)
    told = interval_words(contrast.primary.estimate, unit, sign=True)
    found = f"{arm} against {control}: {told} in {measure_words(results.primary)}; {_FINDING[contrast.finding]}"
    favour = contrast.worlds_in_favour_share
    if favour is None or contrast.finding == "undecided" or not SPLIT_LOW < favour < SPLIT_HIGH:
        return found
    return (
        f"{found}. That is so in the middle world; what nobody knows can turn it around: {100 * favour:.0f} % of the "
        "other worlds favour it"
    )


def _contrast_points(contrast: Contrast, study: Study, results: TrialResults) -> list[Statement]:
    unit = results.primary_unit
    said = [Statement(sentence(finding_words(contrast, results)))]
    primary = contrast.primary
    if primary.world_low is not None and primary.world_high is not None:
        low, high = (value_words(end, unit, sign=True) for end in (primary.world_low, primary.world_high))
        favour = contrast.worlds_in_favour_share
        also = "" if favour is None else f"; {100 * favour:.0f} % of them favour it"
        others = results.worlds_count - 1
        which = "Nine of ten" if others >= FEW_WORLDS else "All"
        said.append(
            Statement(
                f"{which} of {plural(others, 'other possible world')} lie between {low} and {high}{also}.",
                "What nobody knows",
            )
        )
    treat = contrast.number_to_treat
    if treat.value is not None:
        bounds = (
            "" if treat.low is None or treat.high is None else f" ({number(treat.low, 1)} to {number(treat.high, 1)})"
        )
        said.append(
            Statement(f"{number(treat.value, 1)}{bounds} people for one more who improves.", "Number needed to treat")
        )
    said.append(
        Statement(
            f"{plural(results.flow.eligible_count, 'virtual person', 'virtual people')} find a difference of "
            f"{value_words(study.analysis.margin, unit)} with probability {number(contrast.achieved_power, 3)}.",
            "Power",
        )
    )
    return said


def _real_words(real: RealTrial, results: TrialResults) -> tuple[str, ...]:
    def people(count: int | None) -> str:
        return "none is large enough" if count is None else thousands(count)

    unit = results.primary_unit
    return (
        f"{arm_name(results, real.arm)}, {_REAL[real.design]}",
        _FROM[real.difference_from],
        value_words(real.difference, unit, sign=True),
        value_words(real.sd, unit),
        people(real.per_arm_count),
        people(real.total_count),
        people(real.with_dropout_count),
    )


# ---------------------------------------------------------------- sections


def _flow_section(results: TrialResults) -> Section:
    flow = results.flow
    said = (
        f"{plural(flow.screened_count, 'virtual person', 'virtual people')} went through the same screening as "
        f"everybody else; {thousands(flow.eligible_count)} entered."
    )
    rows = [Row((one.reason, thousands(one.people_count))) for one in flow.not_eligible]
    table = Table("The first reason that held, for those who did not enter", ("Reason", "People"), tuple(rows))
    return Section("flow", "Who took part", (Statement(said),), tables=(table,) if rows else ())


def _arms_section(results: TrialResults) -> Section:
    unit = results.primary_unit
    rows = [
        Row(
            (
                arm_name(results, arm.arm),
                thousands(arm.people_count),
                thousands(arm.dropped_out_count),
                interval_words(arm.primary, unit),
                share_words(arm.responders),
                share_words(arm.harm),
            )
        )
        for arm in results.arms
    ]
    headers = ("Arm", "People", "Dropped out", sentence(measure_words(results.primary))[:-1], "Improve", "Lasting mark")
    said = (
        f"Judged on day {number(results.judge_day_d, 0)}. Improve: by a meaningful step, without the noise of a "
        "reading. Lasting mark: the harm stands beside the benefit."
    )
    points = tuple(Statement(f"{arm.label}.", arm.arm) for arm in results.arms if arm.label != arm.arm)
    return Section("arms", "Each arm", (Statement(said),), points, (Table("", headers, tuple(rows)),))


def _differences_section(study: Study, results: TrialResults) -> Section:
    points = [one for contrast in results.contrasts for one in _contrast_points(contrast, study, results)]
    rows = [
        Row((f"{arm_name(results, contrast.arm)}, {words}", interval_words(one.estimate, one.unit, sign=True)))
        for contrast in results.contrasts
        for words, one in (
            *differences_of(contrast),
            *((f"{measure_words(other.measure)} ({other.people})", other) for other in contrast.others),
        )
    ]
    table = Table("All differences from the control", ("What", "Difference (interval)"), tuple(rows))
    said = f"{_DESIGN[results.design].capitalize()}. Intervals at {100 * (1 - study.analysis.alpha_probability):g} %."
    return Section("differences", "Differences", (Statement(said),), tuple(points), (table,))


def _real_section(study: Study, results: TrialResults) -> Section:
    headers = ("Trial", "Which difference", "Difference", "Spread", "Each arm", "Together", "With dropouts")
    tables = []
    if results.real_trials:
        rows = tuple(Row(_real_words(real, results)) for real in results.real_trials)
        caption = (
            f"People for power {study.analysis.power_probability:g} at alpha {study.analysis.alpha_probability:g}, "
            "with the noise of real readings"
        )
        tables.append(Table(caption, headers, rows))
    points = [
        Statement(
            f"{number(one.ratio, 1)} times as many virtual people would be needed for the same interval if nobody were "
            "their own control"
            + ("." if one.measured_ratio is None else f" ({number(one.measured_ratio, 1)} times as measured)."),
            f"Saved by pairing, {arm_name(results, one.arm)}",
        )
        for one in results.efficiency
    ]
    reasons = {(_REAL[real.design].capitalize(), real.because): None for real in results.real_trials if real.because}
    why = tuple(Statement(sentence(because), lead) for lead, because in reasons)
    return Section("real-trial", "A real trial", why, tuple(points), tuple(tables))


def _registration_section(study: Study, kb: Knowledge) -> Section:
    points = tuple(Statement(f"{said}.", lead) for lead, said in _registered(study, kb))
    said = Statement(f"Fixed before anything was computed; the study's sha256 is {study.sha256}.")
    return Section("registration", "Registered beforehand", (said,), points)


def _assumptions_section(study: Study, results: TrialResults, telling: Telling) -> Section:
    """What the result rests on, with sources: the concerns, the numbers of the population, and the notes of the run."""
    kb, telling = telling.kb, telling.at("what the trial rests on")
    points = [Statement(sentence(note)) for note in results.notes]
    for concern in dict.fromkeys(zone.concern for zone in study.population.zones):
        entry = kb.planned_indication(concern, study.population.setting)
        text = f"evidence: {entry.evidence_grade}; certainty {entry.certainty}; {_OUTCOME[entry.outcome.model]}"
        points.append(telling.say(text, entry.sources, lead=entry.name, proposal=entry.proposal))
    for parameter in kb.parameters:
        if parameter.id.startswith("population-"):
            middle = parameter.quantity.median
            text = f"{number(middle, 3)} {parameter.quantity.unit}".replace(" ratio", "")
            points.append(telling.say(text, parameter.sources, lead=parameter.says, proposal=parameter.proposal))
    if any(arm.plan == NO_TREATMENT for arm in study.arms):
        points.append(Statement("The arm without treatment keeps its score, but for the noise of a reading."))
    return Section("assumptions", "What it rests on", (Statement(VIRTUAL),), tuple(points))


def trial_sections(study: Study, results: TrialResults, telling: Telling) -> tuple[Section, ...]:
    """All sections in the order of reading."""
    return (
        _differences_section(study, results),
        _arms_section(results),
        _flow_section(results),
        _real_section(study, results),
        _assumptions_section(study, results, telling),
        _registration_section(study, telling.kb),
    )


# ---------------------------------------------------------------- text and page


def trial_text(study: Study, results: TrialResults, kb: Knowledge) -> str:
    """The results as plain text within 80 columns; the registration is not repeated."""
    telling = Telling(kb, "clinician", False, Bibliography(kb))
    lines: list[str] = []
    for section in trial_sections(study, results, telling)[:-1]:
        lines += section_lines(section)
    keys = ", ".join(f"[{reference.number}] {reference.key}" for reference in telling.bibliography.references())
    lines += [*wrapped(f"Sources: {keys}" if keys else ""), "", *wrapped(NOTICE)]
    return "\n".join(line.rstrip() for line in lines)


def _in_short(share: Estimate | None) -> str:
    return share_words(share).partition(" (")[0]


def _tiles(study: Study, results: TrialResults) -> tuple[Tile, ...]:
    """What to remember: the difference, benefit and harm of the arm, people for a real trial."""
    first = results.contrasts[0]
    arm = next(one for one in results.arms if one.arm == first.arm)
    unit = results.primary_unit
    level = 100 * (1 - study.analysis.alpha_probability)
    value = value_words(first.primary.estimate.value, unit, sign=True)
    interval = interval_words(first.primary.estimate, unit, sign=True).partition(" (")[2].removesuffix(")")
    tiles = [
        Tile(
            value,
            f"{measure_words(results.primary)}, {arm_name(results, arm.arm)} against "
            f"{arm_name(results, first.control)}; {level:g} % interval {interval}",
        ),
        Tile(_in_short(arm.responders), f"improve by a meaningful step with {arm_name(results, arm.arm)}"),
        Tile(_in_short(arm.harm), f"get a lasting mark with {arm_name(results, arm.arm)}"),
    ]
    sized = [one for one in results.real_trials if one.difference_from == "margin" and one.total_count is not None]
    if sized:
        words = f"real people to show the difference that matters ({_REAL[sized[0].design]})"
        tiles.append(Tile(thousands(sized[0].total_count or 0), words))
    return tuple(tiles)


def render_trial_html(
    study: Study, results: TrialResults, kb: Knowledge, figures: dict[str, Figure] | None = None
) -> str:
    """The whole trial as one HTML file: findings, figures with their tables, what it rests on, registration, sources.

    Args:
        study: as registered. results: of that study. kb: names and sources. figures: where they are drawn already.
    """
    figures = trial_figures(study, results) if figures is None else figures
    bibliography = Bibliography(kb)
    telling = Telling(kb, "clinician", False, bibliography)
    outcomes = tuple(name for name in figures if name.startswith("outcome-"))
    places: dict[str, Sequence[str]] = {
        "differences": ("differences",),
        "arms": ("harms", *outcomes),
        "flow": ("flow",),
    }
    blocks = {
        section.id: Block(section, tuple(figures[name] for name in places.get(section.id, ()) if name in figures))
        for section in trial_sections(study, results, telling)
    }
    parts = (
        Part("found", "What it found", tuple(blocks[name] for name in ("differences", "arms", "flow")), VIRTUAL),
        Part("plan-a-trial", "Planning a real trial", (blocks["real-trial"],)),
        Part("method", "How it was made", (blocks["registration"], blocks["assumptions"])),
    )
    verdict: Verdict = "go"
    return render_page(
        Page(
            title=study.title,
            about=f"Trial {study.id} on virtual people, dated {on_day(study.on)} by its author; knowledge {kb.version}",
            verdict=verdict,
            verdict_words=study.question,
            answer=sentence(finding_words(results.contrasts[0], results)),
            tiles=_tiles(study, results),
            parts=parts,
            references=bibliography.references(),
            approval=(),
            marks=f"Study {results.study_sha256} · knowledge {results.knowledge_sha256} · {results.version}",
            style=page_style(),
            notice=f"{VIRTUAL} {NOTICE}",
        )
    )
