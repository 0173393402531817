"""The commands that browse the evidence base: ``needling claims | conflicts | rules | ... | redflags | knowledge``.

Exit codes: 0 found, 1 nothing found (redflags: 0 no sign named, 1 a sign named), 2 input that cannot be used.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from needling.cli.answering import NOTHING_FOUND, AsJson, knowledge, print_json
from needling.errors import BadInput, did_you_mean

if TYPE_CHECKING:
    from needling.knowledge import Knowledge
    from needling.planning.redflags import Advice

SIGN_NAMED = 1

app = typer.Typer(
    help="The evidence base itself: what it holds, what rests on memory, any section by name.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Words = Annotated[list[str] | None, typer.Argument(help="Names or labels for entries in full, or words to search for.")]


def _print_lines(lines: Sequence[str]) -> None:
    typer.echo("\n".join(lines))


def _show(section: str, entries: Sequence[Any], kb: Knowledge, as_json: bool, nothing: str) -> None:
    """Print entries, or say that there are none; ends the command with its exit code."""
    from needling.report.catalogue import as_data, page_lines

    if as_json:
        print_json([as_data(section, entry, kb) for entry in entries])
    elif entries:
        _print_lines(page_lines(section, entries, kb))
    else:
        typer.echo(nothing, err=True)
    raise typer.Exit(0 if entries else NOTHING_FOUND)


def _browse(section: str, words: list[str] | None, as_json: bool) -> None:
    from needling.report.catalogue import find

    kb = knowledge()
    entries = find(section, words or (), kb)
    sought = " ".join(words or ())
    near = did_you_mean(sought, kb.by(section))
    _show(section, entries, kb, as_json, f"Nothing in {section.replace('_', ' ')} fits: {sought}{near}.")


# ---------------------------------------------------------------- sections by name


def claims(
    words: Words = None,
    article: Annotated[str | None, typer.Option(help="Only claims of one article: A, B, C, D or E.")] = None,
    verdict: Annotated[
        str | None, typer.Option(help="Only one verdict: supported, conditional, unknown, contradicted or unsafe.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What articles claim, the verdict and why, the better source, and where sources disagree."""
    from needling.knowledge.entries import ClaimVerdict
    from needling.knowledge.schema import Claim
    from needling.report.catalogue import find

    articles = tuple(part for part in get_args(get_args(Claim.model_fields["article"].annotation)[0]) if part)
    kb = knowledge()
    entries = kb.claims
    for name, given, allowed in (
        ("article", article and article.upper(), articles),
        ("verdict", verdict and verdict.lower(), get_args(ClaimVerdict)),
    ):
        if given is None:
            continue
        if given not in allowed:
            raise BadInput(f"unknown {name} '{given}'{did_you_mean(given, allowed)}; allowed: {', '.join(allowed)}")
        entries = tuple(claim for claim in entries if getattr(claim, name) == given)
    found = find("claims", words or (), kb, entries)
    _show("claims", found, kb, as_json, "No claim fits. Try fewer words, or 'needling claims' for all.")


def conflicts(words: Words = None, as_json: AsJson = False) -> None:
    """Where sources disagree: both sides, their sources, and what needling does by default."""
    _browse("conflicts", words, as_json)


def rules(words: Words = None, as_json: AsJson = False) -> None:
    """Screening rules: when they act, what they do, why, on whose word."""
    _browse("rules", words, as_json)


def devices(words: Words = None, as_json: AsJson = False) -> None:
    """Rollers, stamps and pens: geometry, sterility, life, legal status."""
    _browse("devices", words, as_json)


def indications(words: Words = None, as_json: AsJson = False) -> None:
    """Concerns that people bring: the answer, the evidence, how they are planned."""
    _browse("indications", words, as_json)


def sites(words: Words = None, as_json: AsJson = False) -> None:
    """Body sites: skin layers, longest needles, what is special there."""
    _browse("sites", words, as_json)


def topicals(words: Words = None, as_json: AsJson = False) -> None:
    """Products on needled skin: which may touch it, which wait, which never."""
    _browse("topicals", words, as_json)


def sources(words: Words = None, as_json: AsJson = False) -> None:
    """All sources: what each is used for, how it was read, and what cites it."""
    _browse("sources", words, as_json)


def alternatives(
    words: Words = None,
    concern: Annotated[str | None, typer.Option("--for", help="Only what does better than needling for it.")] = None,
    phototype: Annotated[str | None, typer.Option(help="With --for: I, II, III, IV, V or VI.")] = None,
    as_json: AsJson = False,
) -> None:
    """What else can be done, nothing included, and for whom it is better or worse than needling."""
    if concern is None:
        if phototype is not None:
            raise BadInput("--phototype needs --for CONCERN: whether something is better depends on both")
        _browse("alternatives", words, as_json)
        return
    from needling.documents import Phototype
    from needling.planning.alternatives import better_than_needling
    from needling.report.catalogue import find

    skin = next((one for one in get_args(Phototype) if phototype and one == phototype.upper()), None)
    if phototype is not None and skin is None:
        raise BadInput(f"unknown phototype '{phototype}'; allowed: {', '.join(get_args(Phototype))}")
    kb = knowledge()
    better = better_than_needling(concern, skin, kb)
    found = find("alternatives", words or (), kb, better)
    _show("alternatives", found, kb, as_json, f"Nothing is known here to do better than needling for {concern}.")


def jurisdictions(words: Words = None, as_json: AsJson = False) -> None:
    """What law and regulators say, by country code (US, CA, AU, DE, GB-SCT ...); not legal advice."""
    from needling.planning.jurisdiction import jurisdictions_of
    from needling.report.catalogue import find

    kb = knowledge()
    # A code is looked up, never searched for: "BR" also stands inside other words.
    codes = [word for word in words or () if re.fullmatch(r"[A-Za-z]{2}(-[A-Za-z]{2,3})?", word)]
    found = {place.id: place for code in codes for place in jurisdictions_of(code, kb)}
    if not codes:
        found = {place.id: place for place in find("jurisdictions", words or (), kb)}
    nothing = "This place was not looked up; that does not mean that there is no law. Ask your regulator."
    _show("jurisdictions", tuple(found.values()), kb, as_json, nothing)


# ---------------------------------------------------------------- red flags


def _ask_signs(kb: Knowledge, to_stderr: bool) -> list[str]:
    """Show the signs with numbers and read which of them are there."""
    from needling.planning.redflags import OTHER
    from needling.report.catalogue import wrapped

    lines = wrapped("Cannot breathe, collapse, or fast swelling of the face? Stop reading: call for help now.")
    lines += ["", "Which of these do you see or feel after needling?", ""]
    for number, flag in enumerate(kb.red_flags, start=1):
        lines += wrapped(flag.sign, 1 if number < 10 else 0, f"{number}) ")
    lines += ["", *wrapped("Give all the numbers that fit, as 1, 6. 'other' for something else, 'none' for none.")]
    typer.echo("\n".join(lines), err=to_stderr)
    while True:
        typer.echo("> ", nl=False, err=to_stderr)
        line = sys.stdin.readline()
        if not line:
            raise BadInput("the answer ended before it was given; run 'needling redflags --signs 1,6' instead")
        given = [word for word in re.split(r"[,;\s]+", line.strip().lower()) if word]
        if given == ["none"]:
            return []
        numbers = {str(number) for number in range(1, len(kb.red_flags) + 1)}
        if given and all(word in (OTHER, "?") or word in numbers for word in given):
            return [OTHER if word == "?" else word for word in given]
        typer.echo(f"Please give numbers from 1 to {len(kb.red_flags)}, 'other' or 'none'.", err=to_stderr)


def _advice_lines(advice: Advice, kb: Knowledge) -> list[str]:
    from needling.report.catalogue import citations_of, wrapped
    from needling.report.words import ACCESS_WORD, NOTICE, URGENCY_WORD

    lines: list[str] = []
    if advice.urgency is not None:
        lines += [URGENCY_WORD[advice.urgency].upper(), ""]
    lines += wrapped(advice.says)
    for flag in advice.flags:
        lines += ["", *wrapped(f"{URGENCY_WORD[flag.urgency]}.", 0, "* "), *wrapped(f"Sign: {flag.sign}.", 2)]
        lines += wrapped(f"What to do: {flag.act}", 2) + wrapped(f"It may be: {flag.think_of}.", 2)
        cited = [f"{c.key} ({ACCESS_WORD[kb.source(c.key).access]})" for _, c in citations_of(flag)]
        standing = "ordinary practice, our proposal" if flag.proposal else ""
        lines += wrapped("; ".join([*cited, *([standing] if standing else [])]), 2, "Rests on: ")
    for word in advice.unlisted:
        lines += ["", *wrapped(f"Not on the list: {word}. See a clinician if you are worried.", 0, "* ")]
    return [*lines, "", *wrapped(NOTICE)]


def redflags(
    signs: Annotated[
        str | None, typer.Option(help="Signs by number, label or name, as 1,rf06-redness-grows; 'none' for none.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """After needling: which signs need help, how fast, and what to do first. Exit code 1 when a sign is named."""
    from needling.planning.redflags import advise

    kb = knowledge()
    if signs is None:
        given = _ask_signs(kb, to_stderr=as_json)
    else:
        words = [word for word in signs.split(",") if word.strip()]
        given = [] if [word.strip().lower() for word in words] == ["none"] else words
    advice = advise(given, kb)
    if as_json:
        print_json(
            {
                "urgency": advice.urgency,
                "says": advice.says,
                "signs": [flag.model_dump(mode="json") for flag in advice.flags],
                "not_listed": list(advice.unlisted),
            }
        )
    else:
        _print_lines(_advice_lines(advice, kb))
    raise typer.Exit(SIGN_NAMED if advice.found else 0)


# ---------------------------------------------------------------- scales


def _answer(word: str) -> tuple[str, float | str]:
    """``name=value`` as typed: a number where it is one."""
    name, equals, value = word.partition("=")
    if not equals or not name or not value:
        raise BadInput(f"'{word}' is not an answer; write it as name=value")
    try:
        return name, float(value)
    except ValueError:
        return name, value


def scale(
    name: Annotated[str | None, typer.Argument(help="A scale; without it all scales are listed.")] = None,
    answers: Annotated[
        list[str] | None, typer.Argument(help="Answers as name=value; without them: what it asks.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score a published outcome scale from its answers; no text of any form is shipped."""
    from needling.scoring import needs, score_scale

    kb = knowledge()
    if name is None:
        _show("scales", kb.scales, kb, as_json, "There are no scales.")
    elif not answers:
        asked = needs(name, kb)
        rows = [
            f"{one.name}: {one.says} ({' | '.join(one.choices) if one.choices else f'{one.low:g} to {one.high:g}'})"
            for one in asked
        ]
        print_json([one._asdict() for one in asked]) if as_json else _print_lines(rows)
    else:
        result = score_scale(name, dict(map(_answer, answers)), kb)
        if as_json:
            print_json(result._asdict())
        else:
            band = f", {result.band}" if result.band else ""
            released = "" if result.released else " (not released)"
            _print_lines([f"{result.scale}: {result.value:g} of {result.low:g} to {result.high:g}{band}{released}"])
            if result.note:
                _print_lines([result.note])


# ---------------------------------------------------------------- knowledge: the base itself


@app.command()
def show(
    section: Annotated[str | None, typer.Argument(help="Section, as care or parameters; without it all names.")] = None,
    words: Words = None,
    as_json: AsJson = False,
) -> None:
    """Any section of the evidence base, or one entry of it in full."""
    from needling.knowledge.base import SECTIONS
    from needling.report.catalogue import known_section

    if section is not None:
        _browse(known_section(section), words, as_json)
        return
    kb = knowledge()
    counts = {name: len(getattr(kb, name)) for name in SECTIONS}
    if as_json:
        print_json(counts)
    else:
        _print_lines([f"{count:>5}  {name.replace('_', '-')}" for name, count in counts.items()])


@app.command()
def debt(as_json: AsJson = False) -> None:
    """Every entry that rests on memory alone, and whether it acts: released, as our proposal, or silent."""
    from needling.knowledge.debt import STANDINGS, debt_counts, knowledge_debt
    from needling.report.catalogue import wrapped

    debts = knowledge_debt(knowledge())
    counts = debt_counts(debts)
    if as_json:
        print_json({"counts": counts, "debts": [one._asdict() for one in debts]})
        raise typer.Exit(0 if debts else NOTHING_FOUND)
    lines = wrapped(
        "What rests on memory, or on no source at all. released: acts or is told as it stands; proposal: acts, marked "
        "as ours; silent: loaded, does not act; part: a remembered source beside others."
    )
    heads = (*STANDINGS, "part")
    lines += ["", "section".ljust(18) + "".join(head.rjust(10) for head in heads)]
    for section, row in counts.items():
        lines.append(section.replace("_", " ").ljust(18) + "".join(str(row[head]).rjust(10) for head in heads))
    for section in counts:
        lines += ["", f"{section.replace('_', ' ')}:"]
        for head in heads:
            named = [
                one.id + (f" [{one.part}]" if one.part else "")
                for one in debts
                if one.section == section and head == (one.standing if one.alone else "part")
            ]
            lines += wrapped(", ".join(named), 2, f"{head}: ") if named else []
    _print_lines(lines)
    raise typer.Exit(0 if debts else NOTHING_FOUND)


@app.command()
def info(as_json: AsJson = False) -> None:
    """Version, hash, counts, how the sources were read, load time, and what is wrong with a clinic's own folder."""
    from needling.knowledge.base import SECTIONS
    from needling.knowledge.load import OVERLAY_VARIABLE

    start = time.perf_counter()
    kb = knowledge()
    load_s = time.perf_counter() - start
    read_as = {access: sum(source.access == access for source in kb.sources) for access in _ACCESS}
    overlay = os.environ.get(OVERLAY_VARIABLE) or None
    counts = {name: len(getattr(kb, name)) for name in SECTIONS}
    if as_json:
        print_json(
            {
                "version": kb.version,
                "sha256": kb.sha256,
                "counts": counts,
                "sources_read_as": read_as,
                "load_s": round(load_s, 4),
                "overlay": overlay,
                "warnings": list(kb.warnings),
            }
        )
        return
    lines = [f"version   {kb.version}", f"sha256    {kb.sha256}", f"loaded in {load_s * 1000:.0f} ms"]
    lines += [f"overlay   {overlay or f'none ({OVERLAY_VARIABLE} is not set)'}"]
    lines += [f"warnings  {len(kb.warnings) or 'none'}", "", "entries:"]
    lines += [f"{count:>6}  {name.replace('_', ' ')}" for name, count in counts.items()]
    lines += ["", "sources, by how they were read:"]
    lines += [f"{count:>6}  {access}" for access, count in read_as.items()]
    _print_lines(lines)


_ACCESS = ("primary", "abstract", "secondary", "memory")

COMMANDS = (
    claims,
    conflicts,
    rules,
    devices,
    indications,
    sites,
    topicals,
    sources,
    alternatives,
    jurisdictions,
    redflags,
    scale,
)

GROUPS = {"knowledge": app}
