"""What drives a forecast, in words, bars and tables: ranked Sobol indices, and what readings could teach."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from needling.documents import Case, Plan, Verdict
from needling.knowledge.base import Knowledge
from needling.report.bibliography import Bibliography
from needling.report.canvas import (
    ACCENT,
    FAINT,
    INK,
    MIDDLE_BAND,
    MUTED,
    SMALL,
    WIDE_BAND,
    Figure,
    Frame,
    Sheet,
    draw,
    lines_of,
)
from needling.report.explanation import Section, Statement, Table, Telling, section_lines, wrapped
from needling.report.html import Block, Page, Part, page_style, render_page
from needling.report.words import NOTICE, number, on_day, plural, sentence, setting_words
from needling.simulation.identifiability import Identifiability
from needling.simulation.indices import Factor, View
from needling.simulation.sensitivity import Sensitivity

SHOWN = 6
"""Inputs that are shown for each output."""
_TELLING = 0.02  # numerical: a share below it is said to be next to nothing
_MOST = 0.5  # numerical: more than half is "most"
_LEARNT = 0.98  # numerical: a spread that is narrowed by less than this is not listed
_BARS = 20

_PARTS = {
    "rolling": "how the device runs over the skin",
    "depth": "how deep the needles go and when a hand stops",
    "closure": "how fast the channels close",
    "healing": "how the skin heals and answers",
    "harms": "what makes marks more likely",
    "transport": "how a substance spreads in the skin",
    "unexplained": "what no number of the model explains",
}
_CHOICES = {
    "needle-length": "needle length",
    "passes": "number of passes",
    "interval": "time between sessions",
    "force": "force of the hand",
}
_KINDS = {
    "person": "how people differ",
    "doubt": "what research has not settled",
    "unexplained": "scatter of trials and counts, and of the reading at the start",
    "choice": "what you set",
}
_SHORT = {"person": "people differ", "doubt": "not settled", "unexplained": "scatter", "choice": "what you set"}
_SHADES = {"person": ACCENT, "doubt": MIDDLE_BAND, "unexplained": WIDE_BAND}


# ---------------------------------------------------------------- words


def percent(share: float) -> str:
    """A share as a whole percentage, never below 0: ``34 %``."""
    return f"{100 * min(max(share, 0.0), 1.0):.0f} %"


def factor_name(factor: Factor, kb: Knowledge) -> str:
    """An input in plain words, without its layer."""
    if factor.name in kb.by("parameters"):
        return kb.parameter(factor.name).says
    return _PARTS.get(factor.name) or _CHOICES.get(factor.name) or _KINDS.get(factor.name, factor.name)


def _varies(view: View, output: int) -> bool:
    return bool(np.all(np.isfinite(view.total[output])))


def _lower(text: str) -> str:
    """Without the capital of a sentence's start; names in capitals stay."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def joined(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _strongest_part(view: View, output: int) -> tuple[str, float]:
    """The part of the model that explains most by itself, both layers together."""
    shares: dict[str, float] = {}
    for factor, first in zip(view.factors, view.first[output], strict=True):
        shares[factor.name] = shares.get(factor.name, 0.0) + float(first)
    return max(shares.items(), key=lambda item: item[1])


def output_words(found: Sensitivity, output: int, kb: Knowledge) -> tuple[str, ...]:
    """One output in a few sentences: which part, which layer, which single inputs, and what the user can do.

    Args:
        found: the indices. output: its place. kb: names of parameters.
    """
    layers, parts, single = (found.view(name) for name in ("layers", "parts", "parameters"))
    label = _lower(found.outputs[output].label)
    if layers is None or parts is None or single is None or not _varies(layers, output):
        return (f"{sentence(found.outputs[output].label)[:-1]}: the same for everybody under this plan.",)
    part, share = _strongest_part(parts, output)
    much = "Most of" if share > _MOST else "The largest part of"
    said = [
        f"{much} what is not known about {label} is {_PARTS.get(part, part)} ({percent(share)} of its spread).",
        "Of the whole spread, "
        + ", ".join(
            f"{percent(layers.first[output, place])} is {_KINDS[layers.factors[place].kind]}"
            for place in layers.ranked(output)
            if layers.first[output, place] >= _TELLING
        )
        + ".",
    ]
    named = [
        f"{_lower(factor_name(single.factors[place], kb))} ({_KINDS[single.factors[place].kind]}; "
        f"{percent(single.total[output, place])})"
        for place in single.ranked(output)[:3]
        if single.total[output, place] >= _TELLING and single.factors[place].kind != "unexplained"
    ]
    if named:
        said.append(f"The single inputs that matter most: {'; '.join(named)}.")
    choices = found.view("choices")
    if choices is not None and _varies(choices, output):
        said.append(_choice_words(choices, output))
    return tuple(said)


def _choice_words(view: View, output: int) -> str:
    own = [place for place in view.ranked(output) if view.factors[place].kind == "choice"]
    strong = [place for place in own if view.total[output, place] >= _TELLING]
    weak = joined([_CHOICES[view.factors[place].name] for place in own if place not in strong])
    alone = len(own) - len(strong) == 1
    said = []
    if strong:
        told = ", ".join(
            f"{_CHOICES[view.factors[place].name]} ({percent(view.total[output, place])})" for place in strong
        )
        said.append(f"of what you can set, between half and twice this plan, it answers to {told}")
    if weak:
        said.append(f"{weak} hardly {'matters' if alone else 'matter'} there")
    return sentence("; ".join(said))


# ---------------------------------------------------------------- tables


_HEADERS = ("Input", "Kind", "By itself", "With all it does")


def _bar(share: float) -> str:
    return "█" * round(_BARS * min(max(share, 0.0), 1.0))


def _cells(view: View, output: int, place: int, kb: Knowledge) -> tuple[str, ...]:
    factor = view.factors[place]
    return (
        sentence(factor_name(factor, kb))[:-1],
        _SHORT[factor.kind],
        f"{number(view.first[output, place])} ± {number(view.first_error[output, place])}",
        f"{number(view.total[output, place])} ± {number(view.total_error[output, place])}",
    )


def _table(view: View, output: int, caption: str, telling: Telling, bars: bool) -> Table:
    rows = []
    ranked = view.ranked(output)
    for place in [place for place in ranked[:SHOWN] if view.total[output, place] >= _TELLING] or ranked[:1]:
        factor = view.factors[place]
        entry = telling.kb.by("parameters").get(factor.name)
        rows.append(
            telling.row(
                *_cells(view, output, place, telling.kb),
                *([_bar(view.total[output, place])] if bars else []),
                sources=entry.sources if entry is not None else (),
                proposal=entry is not None and entry.proposal,
            )
        )
    return Table(caption, (*_HEADERS, *([""] if bars else [])), tuple(rows))


def sensitivity_sections(found: Sensitivity, telling: Telling, *, bars: bool) -> tuple[Section, ...]:
    """One section for each output: words, then the inputs that matter most.

    Args:
        found: the indices. telling: who reads, and the bibliography that numbers the parameters' sources.
        bars: whether tables carry bars of characters, where no figure stands beside them.
    """
    sections = []
    single = found.view("parameters")
    for place, output in enumerate(found.outputs):
        here = telling.at(f"what drives {output.id}")
        paragraphs = tuple(Statement(one) for one in output_words(found, place, telling.kb))
        tables = []
        if single is not None and _varies(single, place):
            spread = f"mean {number(single.mean[place])}, standard deviation {number(single.deviation[place])}"
            tables.append(_table(single, place, f"Share of the spread ({spread})", here, bars))
        sections.append(Section(output.id, sentence(output.label)[:-1], paragraphs, tables=tuple(tables)))
    return tuple(sections)


def how_section(found: Sensitivity) -> Section:
    """How the shares were made and what they do not say."""
    choices = found.view("choices")
    made = (
        f"{found.runs} possible people were simulated ({found.samples} points of a Sobol sequence for each view, key "
        f"{found.key}). 'By itself' is the first-order Sobol index, 'with all it does' the total index; ± is half the "
        "width of the 95 % confidence interval. First-order indices of all inputs add up to at most 1, totals to at "
        "least 1, but for their errors."
    )
    limits = (
        "The inputs are taken to be independent of each other. What the model leaves out is in no share, and a small "
        "share of a wide spread can still be much."
    )
    said = [made, limits]
    if choices is not None and choices.outside_share > 0:
        said.append(
            f"{percent(choices.outside_share)} of the combinations of what you can set lie outside the range that the "
            "model was made for."
        )
    return Section("how", "How this was found", tuple(Statement(one) for one in said))


def identifiability_section(found: Identifiability, what: str, telling: Telling) -> Section:
    """What observations fix: how many combinations of parameters, which, and whose spread they narrow.

    Args:
        found: their information. what: the observations in words, as "two readings of the scale".
    """
    count, all_of_them = found.fixed, len(found.columns)
    fixed = "no combination" if count == 0 else plural(count, "combination")
    said = [
        Statement(
            f"{sentence(what)[:-1]} can fix {fixed} of {plural(all_of_them, 'parameter')}; about everything else they "
            "say less than is believed already."
        )
    ]
    points = []
    for direction in range(count):
        weights = "; ".join(
            f"{_lower(telling.kb.parameter(name).says)} ({_KINDS[layer]}) {'+' if weight > 0 else '−'}"
            f"{number(abs(weight))}"
            for (name, layer), weight in found.combination(direction, SHOWN)
        )
        left = 1 / np.sqrt(1 + found.strength[direction])
        points.append(Statement(f"{weights}. Its spread falls to {percent(left)}.", f"Combination {direction + 1}"))
    rows = []
    for place in np.argsort(found.left, kind="stable")[:SHOWN]:
        if found.left[place] < _LEARNT:
            name, layer = found.columns[int(place)]
            entry = telling.kb.parameter(name)
            rows.append(
                telling.at("what readings teach").row(
                    sentence(entry.says)[:-1], _SHORT[layer], percent(found.left[place]), sources=entry.sources
                )
            )
    table = Table("Spread that is left", ("Parameter", "Kind", "Left"), tuple(rows))
    tables = (table,) if rows else ()
    return Section("teach", "What readings can teach", tuple(said), tuple(points), tables)


# ---------------------------------------------------------------- figures


def layers_figure(found: Sensitivity) -> Figure | None:
    """For each output, how much is people, what doubt, what scatter, and what only together."""
    view = found.view("layers")
    shown = [] if view is None else [place for place in range(len(found.outputs)) if _varies(view, place)]
    if view is None or not shown:
        return None
    row, below = 30.0, 44.0
    height = below + row * len(shown) + 30
    order = [kind for kind in _SHADES if any(factor.kind == kind for factor in view.factors)]
    shares: dict[int, dict[str, float]] = {
        place: {
            factor.kind: max(float(first), 0.0) for factor, first in zip(view.factors, view.first[place], strict=True)
        }
        for place in shown
    }

    def paint(sheet: Sheet) -> None:
        frame = Frame(sheet, 8, below - 10, 312, row * len(shown), (0.0, 1.0), (float(len(shown)), 0.0))
        frame.x_axis([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"], "share of the spread", grid=True)
        for index, place in enumerate(shown):
            top = frame.bottom + frame.height - index * row
            sheet.text(frame.left, top - 10, found.outputs[place].label, SMALL)
            whole = max(sum(shares[place].values()), 1.0)
            start = 0.0
            for kind in order:
                end = start + shares[place].get(kind, 0.0) / whole
                _box(sheet, frame.at(start, 0)[0], frame.at(end, 0)[0], top - 26, top - 14, _SHADES[kind])
                start = end
            _box(sheet, frame.at(start, 0)[0], frame.at(1, 0)[0], top - 26, top - 14, FAINT)
        left = 8.0
        for shade, said in (*((_SHADES[kind], _SHORT[kind]) for kind in order), (FAINT, "the rest")):
            _box(sheet, left, left + 10, height - 18, height - 8, shade)
            sheet.text(left + 13, height - 16.5, said, SMALL)
            left += 22 + 5.2 * len(said)

    rows = tuple(
        (
            found.outputs[place].label,
            *(percent(shares[place].get(kind, 0.0)) for kind in order),
            percent(1 - sum(shares[place].values())),
        )
        for place in shown
    )
    headers = ("Output", *(_KINDS[kind].capitalize() for kind in order), "Only together, or error")
    alt = "Shares of the spread. " + " ".join(
        f"{found.outputs[place].label}: "
        + ", ".join(f"{_KINDS[kind]} {percent(shares[place].get(kind, 0.0))}" for kind in order)
        + "."
        for place in shown
    )
    title = "People, doubt and scatter"
    return Figure("layers", title, draw("layers", title, alt, height, paint), alt, headers, rows)


def _box(sheet: Sheet, left: float, right: float, bottom: float, top: float, fill: str) -> None:
    """A bar, as a thick line: lines are painted in order, so that the grid stays behind."""
    if right > left:
        middle = 0.5 * (bottom + top)
        sheet.line([(left, middle), (right, middle)], fill, top - bottom)


def drivers_figure(found: Sensitivity, view: View, output: int, kb: Knowledge) -> Figure | None:
    """Ranked bars: dark what an input does by itself, light with all it does, and the confidence interval.

    Args:
        found: the indices. view: one of its views. output: place of the output. kb: names of parameters.
    """
    if not _varies(view, output):
        return None
    shown = [place for place in view.ranked(output)[:SHOWN] if view.total[output, place] >= _TELLING]
    if not shown:
        return None
    row, below = 32.0, 36.0
    height = below + row * len(shown) + 20
    most = max(float((view.total + view.total_error)[output, shown].max()), 0.1)

    def paint(sheet: Sheet) -> None:
        frame = Frame(sheet, 8, below, 322, row * len(shown), (0.0, most), (float(len(shown)), 0.0))
        step = 0.1 if most < 0.55 else 0.25
        ticks = [tick * step for tick in range(int(most / step + 1e-9) + 1)]
        frame.x_axis(ticks, [percent(tick) for tick in ticks], "share of the spread", grid=True)
        for index, place in enumerate(shown):
            factor = view.factors[place]
            top = frame.bottom + frame.height - index * row
            name = sentence(factor_name(factor, kb))[:-1]
            kind = "" if factor.kind == "choice" or factor.name == factor.kind else f" ({_SHORT[factor.kind]})"
            sheet.text(frame.left, top - 11, lines_of(name, 68 - len(kind), 1)[0] + kind, SMALL)
            first, total = max(view.first[output, place], 0.0), max(view.total[output, place], 0.0)
            error = view.total_error[output, place]
            zero = frame.at(0, 0)[0]
            _box(sheet, zero, frame.at(total, 0)[0], top - 26, top - 15, MIDDLE_BAND)
            _box(sheet, zero, frame.at(min(first, total), 0)[0], top - 26, top - 15, ACCENT)
            ends = [frame.at(max(total - error, 0.0), 0)[0], frame.at(total + error, 0)[0]]
            sheet.line([(end, top - 20.5) for end in ends], INK, 1.2)
            for end in ends:
                sheet.line([(end, top - 23.5), (end, top - 17.5)], INK, 1.2)
        for left, shade, said in ((8, ACCENT, "by itself"), (82, MIDDLE_BAND, "with all it does")):
            _box(sheet, left, left + 10, height - 13, height - 3, shade)
            sheet.text(left + 13, height - 11.5, said, SMALL)
        sheet.line([(190, height - 8), (204, height - 8)], INK, 1.2)
        sheet.text(208, height - 11.5, "95 % confidence interval", SMALL, MUTED)

    what = found.outputs[output]
    title = f"{what.label}: {'what you set, and the rest' if view.name == 'choices' else 'what drives it'}"
    alt = f"{title}. " + " ".join(
        f"{sentence(factor_name(view.factors[place], kb))[:-1]} ({_KINDS[view.factors[place].kind]}): "
        f"{percent(view.total[output, place])}."
        for place in shown
    )
    rows = tuple(_cells(view, output, place, kb) for place in view.ranked(output)[: 2 * SHOWN])
    name = f"{view.name}-{what.id}"
    return Figure(name, title, draw(name, title, alt, height, paint), alt, _HEADERS, rows)


def figures_of(found: Sensitivity, output: int, kb: Knowledge) -> tuple[Figure, ...]:
    """The figures of one output: single inputs, and what a user can set."""
    views = [view for name in ("parameters", "choices") if (view := found.view(name)) is not None]
    made = [drivers_figure(found, view, output, kb) for view in views]
    return tuple(figure for figure in made if figure is not None)


# ---------------------------------------------------------------- pages


def _headline(found: Sensitivity, kb: Knowledge) -> str:
    return output_words(found, 0, kb)[0]


def sensitivity_text(found: Sensitivity, teach: Identifiability | None, what: str, kb: Knowledge) -> str:
    """The whole answer as plain text, at most 80 columns."""
    telling = Telling(kb, "clinician", False, Bibliography(kb))
    sections = [*sensitivity_sections(found, telling, bars=True)]
    if teach is not None:
        sections.append(identifiability_section(teach, what, telling))
    sections.append(how_section(found))
    lines = [*wrapped(f"What drives the forecast of: {found.plan}"), ""]
    for section in sections:
        lines += section_lines(section)
    references = telling.bibliography.references()
    keys = ", ".join(f"[{reference.number}] {reference.key}" for reference in references)
    lines += [*wrapped(f"Sources: {keys}" if keys else ""), "", *wrapped(NOTICE)]
    return "\n".join(line.rstrip() for line in lines)


def render_sensitivity_html(
    found: Sensitivity, teach: Identifiability | None, what: str, case: Case, plan: Plan, kb: Knowledge
) -> str:
    """The whole answer as one HTML file with figures, their tables and sources.

    Args:
        found: the indices. teach: what readings of the person would fix, None where there is no scale. what: those
            readings in words. case, plan: whose forecast it is. kb: names and sources.
    """
    bibliography = Bibliography(kb)
    telling = Telling(kb, "clinician", False, bibliography)
    overview = layers_figure(found)
    blocks = [
        Block(section, figures_of(found, place, kb))
        for place, section in enumerate(sensitivity_sections(found, telling, bars=False))
    ]
    how = [Block(how_section(found))]
    if teach is not None:
        how.insert(0, Block(identifiability_section(teach, what, telling)))
    first = Section("overview", "All outputs side by side")
    parts = [
        Part("drives", "What drives the forecast", (*([Block(first, (overview,))] if overview else []), *blocks)),
        Part("method", "What can be learnt, and how this was found", tuple(how)),
    ]
    verdict: Verdict = "go"
    return render_page(
        Page(
            title="What drives the forecast",
            about=f"Person {plan.person}, {setting_words(plan.envelope)}, start {on_day(plan.start)}, knowledge of "
            f"{plan.knowledge_version}",
            verdict=verdict,
            verdict_words=sentence(plan.label)[:-1],
            answer=_headline(found, kb),
            tiles=(),
            parts=tuple(parts),
            references=bibliography.references(),
            approval=(),
            marks=f"Plan {plan.sha256} · knowledge {plan.knowledge_sha256} · key {found.key}",
            style=page_style(),
        )
    )
