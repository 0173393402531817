"""The plan study's leaderboard as a page, as text for a terminal, and as a picture of every person's scores."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten
from typing import TYPE_CHECKING

from needling.report.canvas import (
    ACCENT,
    INK,
    MUTED,
    PAPER,
    SMALL,
    WIDE_BAND,
    Figure,
    Frame,
    Sheet,
    draw,
    lines_of,
    round_ticks,
)
from needling.report.words import plural

if TYPE_CHECKING:
    from needling.trials.planstudy.leaderboard import Entry, Leaderboard
    from needling.trials.planstudy.scorecard import Scored
    from needling.trials.planstudy.study import Study

_LETTERS = "ABCDEFGHIJ"
_DRAWN = len(_LETTERS)
_REASONS = 2
_HONEST = (
    "The scorecard judges plans by needling's own model. A plan that does well here is good in that model; it is not "
    "proven good in people."
)


def _of_person(name: str) -> str:
    return name.replace("-", " ")


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-0.00", "0.00").replace("+0.00", "0.00").replace("-", "−")


def _said(one: Scored) -> str:
    """A score in a word: its number, or why there is none of its own."""
    if one.status == "disqualified":
        return f"{_signed(one.score)} disqualified"
    if one.status == "not submitted":
        return f"{_signed(one.score)} (none handed in)"
    return _signed(one.score)


def _because(one: Scored, most: int = _REASONS) -> str:
    more = len(one.because) - most
    return "; ".join(one.because[:most]) + (f"; and {more} more" if more > 0 else "")


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    clean = [[cell.replace("|", "/") for cell in row] for row in rows]
    return ["| " + " | ".join(row) + " |" for row in (headers, ["---"] * len(headers), *clean)]


# ---------------------------------------------------------------- a page


def leaderboard_markdown(board: Leaderboard) -> str:
    """The leaderboard as a page: the ranking, the ranking under other readings, and every person's scores."""
    study, entries = board.study, board.entries
    kb, rules = study.knowledge, study.rules
    lines = [
        "# Leaderboard of the plan study",
        "",
        (
            f"Scorecard version {rules.version}, knowledge {kb.version} (sha256 `{kb.sha256}`), key {board.key}, "
            f"{board.members} possible people for each of {plural(len(study.people), 'person', 'people')}. "
            "Made by `needling planstudy FILES --out FOLDER`; a test holds it against a fresh scoring. "
            "How it works: [README](README.md)."
        ),
        "",
        f"> {_HONEST}",
        "",
        (
            "Scores are in meaningful changes of each concern's own scale, less what the plan costs the person; 0 is "
            f"doing nothing, {_signed(rules.disqualified_score)} a disqualified plan. Submissions that differ by less "
            "than two standard errors share a rank."
        ),
        "",
        *_table(
            ("rank", "submission", "by", "mean score", "standard error", "disqualified", "where allowed"),
            [_rank_row(entry, len(study.people)) for entry in entries],
        ),
        "",
        '"Where allowed" is the mean over the people on whom the plan was not disqualified.',
        "",
        "![Scores of every person](leaderboard.svg)",
        "",
    ]
    if entries[0].readings:
        names = list(entries[0].readings)
        lines += [
            "## Does the ranking hang on what is not known?",
            "",
            (
                "Mean score and rank under every other [reading of the evidence](../docs/reference/parameter-sets.md), "
                f"and under the worst of {rules.doubts_count} draws of everything that research has not settled, each "
                f"met by {rules.doubt_members_count} people."
            ),
            "",
            *_table(
                ("submission", "usual", *names, "worst doubt"),
                [_reading_row(entry) for entry in entries],
            ),
            "",
        ]
    lines += ["## Every person", ""]
    for place, member in enumerate(study.people):
        lines += [f"### {_of_person(member.id).capitalize()}", "", member.why, ""]
        if member.clearance.verdict != "go":
            lines += [f"Screening says: {member.clearance.verdict}.", ""]
        lines += _table(
            ("submission", "plan", "score", "9 of 10 people between", "gain", "redness, d", "lasting mark", "visits"),
            [_person_row(entry, entry.scores[place]) for entry in entries],
        )
        lines.append("")
        barred = [(entry.submission.name, entry.scores[place]) for entry in entries if entry.scores[place].because]
        if barred:
            lines += ["Disqualified:", "", *(f"- {name}: {_because(one)}." for name, one in barred), ""]
    return "\n".join(lines).rstrip() + "\n"


def _rank_row(entry: Entry, people: int) -> tuple[str, ...]:
    allowed = [one.score for one in entry.scores if one.status != "disqualified"]
    return (
        str(entry.rank),
        entry.submission.name,
        entry.submission.by,
        _signed(entry.score),
        f"{entry.error:.3f}",
        f"{entry.disqualified} of {people}",
        _signed(sum(allowed) / len(allowed)) if allowed else "nowhere",
    )


def _reading_row(entry: Entry) -> tuple[str, ...]:
    cells = [f"{_signed(score)} ({rank})" for score, rank in entry.readings.values()]
    worst = "" if entry.worst is None else f"{_signed(entry.worst[0])} ({entry.worst[1]})"
    return entry.submission.name, f"{_signed(entry.score)} ({entry.rank})", *cells, worst


def _person_row(entry: Entry, one: Scored) -> tuple[str, ...]:
    band = one.band
    if band is None:
        return entry.submission.name, one.plan, _said(one), "", "", "", "", str(one.visits)
    return (
        entry.submission.name,
        one.plan,
        _said(one),
        f"{_signed(band[0])} and {_signed(band[1])}",
        _signed(one.gain),
        f"{one.redness_d:.1f}",
        f"{one.harm:.0%}",
        str(one.visits),
    )


# ---------------------------------------------------------------- a terminal


def study_text(study: Study) -> str:
    """The people of the study and how to take part, for a terminal."""
    rules, kb = study.rules, study.knowledge
    lines = [
        f"Plan study, scorecard version {rules.version}, knowledge {kb.version} ({kb.sha256[:12]})",
        "",
        *(
            f"{place:2}  {member.id:<24} {member.case.assessment.setting:<7} {member.clearance.verdict:<8}"
            f"{shorten(member.why, 150, placeholder=' ...')}"
            for place, member in enumerate(study.people, start=1)
        ),
        "",
        "Their case files: needling planstudy --people FOLDER",
        "The form of a submission: needling planstudy --schema",
        "Our own: needling planstudy --default FILE.json",
        "Score yours: needling planstudy FILE.json",
        "",
        _HONEST,
    ]
    return "\n".join(lines)


def leaderboard_text(board: Leaderboard) -> str:
    """The leaderboard for a terminal: the ranking, and with a few submissions every person's score."""
    study, entries = board.study, board.entries
    wide = max(len(entry.submission.name) for entry in entries)
    lines = [f"Scored on {board.members} possible people for each person, key {board.key}", ""]
    for entry in entries:
        worst = "" if entry.worst is None else f", under the worst doubt {_signed(entry.worst[0])} ({entry.worst[1]}.)"
        lines.append(
            f"{entry.rank:2}. {entry.submission.name:<{wide}} {_signed(entry.score)} ± {entry.error:.3f}, "
            f"disqualified {entry.disqualified} of {len(study.people)}{worst}"
        )
    for entry in entries:
        lines += ["", entry.submission.name]
        for member, one in zip(study.people, entry.scores, strict=True):
            lines.append(f"  {member.id:<24} {_said(one):<24} {one.plan}")
            lines += [f"  {'':<24} because: {reason}" for reason in one.because[:_REASONS]]
    return "\n".join([*lines, "", _HONEST])


# ---------------------------------------------------------------- a picture


def leaderboard_figure(board: Leaderboard) -> Figure:
    """Every person's score by submission, with the band of nine of ten possible people, and the same as a table."""
    study, entries = board.study, board.entries[:_DRAWN]
    step, head = 11.0, 25.0
    block = head + step * len(entries)
    key_height = 12.0 * len(entries) + 58
    height = key_height + block * len(study.people) + 34
    bands = [one.band for entry in entries for one in entry.scores if one.band is not None]
    low = min([study.rules.disqualified_score, *(band[0] for band in bands)])
    high = max([1.0, *(band[1] for band in bands)])
    ends = (low - 0.05 * (high - low), high + 0.02 * (high - low))

    def paint(sheet: Sheet) -> None:
        sheet.text(6, height - 12, "Score on each person, in meaningful changes", 11, bold=True)
        for index, entry in enumerate(entries):
            said = f"{_LETTERS[index]}  {entry.submission.name}: mean {_signed(entry.score)}, rank {entry.rank}"
            sheet.text(6, height - 28 - 12 * index, said, SMALL)
        frame = Frame(sheet, 20, 34, 308, block * len(study.people), ends, (0, 1))
        ticks = round_ticks(*ends, 6)
        frame.x_axis(ticks, [_tick(tick) for tick in ticks], grid=True)
        for tick in ticks:  # said again at the top: the picture is longer than a screen
            x = frame.at(tick, 0)[0]
            sheet.text(x, frame.bottom + frame.height + 4, _tick(tick), SMALL, MUTED, "center")
        nothing = frame.at(0, 0)[0]
        sheet.line([(nothing, 34), (nothing, 34 + frame.height)], MUTED, 0.8)
        sheet.text(frame.left + frame.width / 2, 6, "0 = doing nothing; right of it is better", SMALL, MUTED, "center")
        for place, member in enumerate(study.people):
            top = 34 + block * (len(study.people) - place)
            setting = member.case.assessment.setting
            said = f"{_of_person(member.id).capitalize()} ({member.case.person.phototype}, {setting})"
            sheet.tiles([(6, top - 16, 330, 13)], PAPER)
            sheet.text(6, top - 13, lines_of(said, 60, 1)[0], SMALL, bold=True)
            for index, entry in enumerate(entries):
                y = top - head - step * index
                sheet.text(6, y, _LETTERS[index], SMALL, MUTED, stand="center")
                _paint_score(frame, y, entry.scores[place])
        _paint_key(sheet, height - key_height + 20)

    rows = tuple(
        (_of_person(member.id), entry.submission.name, _said(one), *_band_cells(one))
        for place, member in enumerate(study.people)
        for entry in entries
        for one in (entry.scores[place],)
    )
    ranking = "; ".join(f"{entry.submission.name} {_signed(entry.score)}" for entry in entries)
    alt = (
        f"Scores of {plural(len(entries), 'submission')} on {plural(len(study.people), 'person', 'people')}, in "
        f"meaningful changes; 0 is doing nothing. Means: {ranking}."
    )
    title = "The plan study, person by person"
    headers = ("Person", "Submission", "Score", "9 of 10 people above", "9 of 10 people below")
    return Figure("planstudy", title, draw("planstudy", title, alt, height, paint), alt, headers, rows)


def _tick(value: float) -> str:
    return f"{value:+g}".replace("-", "−") if value else "0"


def _band_cells(one: Scored) -> tuple[str, str]:
    return ("", "") if one.band is None else (_signed(one.band[0]), _signed(one.band[1]))


def _paint_score(frame: Frame, y: float, one: Scored) -> None:
    sheet = frame.sheet
    x = frame.at(one.score, 0)[0]
    if one.band is not None:
        left, right = (frame.at(value, 0)[0] for value in one.band)
        sheet.tiles([(left, y - 2.5, right - left, 5)], WIDE_BAND)
        sheet.line([(x, y - 4), (x, y + 4)], ACCENT, 2.6)
    elif one.status == "disqualified":
        sheet.marks([(x, y)], 6, INK, INK, "x", 1.6)
        sheet.text(x + 7, y, "disqualified", 8, MUTED, stand="center")
    else:
        sheet.marks([(x, y)], 6, PAPER, INK)


def _paint_key(sheet: Sheet, y: float) -> None:
    sheet.tiles([(6, y - 2.5, 20, 5)], WIDE_BAND)
    sheet.line([(14, y - 4), (14, y + 4)], ACCENT, 2.6)
    sheet.text(30, y - 3, "score, and 9 of 10 people", SMALL)
    sheet.marks([(168, y)], 6, PAPER, INK)
    sheet.text(175, y - 3, "no treatment", SMALL)
    sheet.marks([(254, y)], 6, INK, INK, "x", 1.6)
    sheet.text(261, y - 3, "disqualified", SMALL)
