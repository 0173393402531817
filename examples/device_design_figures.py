"""The figures of ``device_design.py``, each with its numbers as a table, on one page without scripts."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from pathlib import Path

import numpy as np
from device_design import CANNOT, LIMITS, OUTPUTS, depth_by_force, drives, knowledge, response, side_by_side

from needling.report.canvas import ACCENT, INK, MIDDLE_BAND, MUTED, PAPER, SMALL, WIDE_BAND, Figure, Frame, Sheet, draw
from needling.writing import write_text

SHADES = ("#ffffff", "#e4eff4", "#b9d6e2", "#86b7ca", "#3d7b97", "#0b5d7a")  # light to dark: reads in grey
DRAFTS = {"draft-192": "Draft A: 192 needles, tips of 8 µm", "draft-540": "Draft B: 540 needles, tips of 20 µm"}


def _paper_on(shade: int) -> str:
    return PAPER if shade >= 4 else INK


def compare_figure() -> Figure:
    """How deep both drafts go under a rising force."""
    forces = np.linspace(0.5, 8, 16)
    bands = {name: depth_by_force(name, forces) for name in DRAFTS}
    most = knowledge().envelope("clinic").force_max_N

    def paint(sheet: Sheet) -> None:
        for place, (name, title) in enumerate(DRAFTS.items()):
            frame = Frame(sheet, 26 + place * 162, 40, 142, 120, (0, 8), (0, 1.4))
            frame.y_axis((0, 0.5, 1), ("0", "0.5", "1"))
            x = forces.tolist()
            rows = bands[name].tolist()
            frame.band(x, rows[0], rows[4], WIDE_BAND)
            frame.band(x, rows[1], rows[3], MIDDLE_BAND)
            frame.curve(x, rows[2])
            limit = frame.at(most, 0)[0]
            sheet.line([(limit, 40), (limit, 160)], MUTED, 1, (4.0, 3.0))
            frame.x_axis((0, 2, 4, 6, 8), ("0", "2", "4", "6", "8"), "force on the drum, N")
            for row, line in enumerate(title.split(": ")):
                sheet.text(frame.left, 178 - 12 * row, line, SMALL, bold=row == 0)
        sheet.text(4, 194, "Depth of the channels (mm) of needles 1.5 mm long", 10.5, bold=True)
        sheet.text(26, 4, "Bands: 9 of 10 and half of possible skins. Dashed: most force in a clinic.", 8.6, MUTED)

    drafts = side_by_side()
    rows = tuple(
        (a.what, a.over, *(f"{one.middle:.3g} ({one.low:.3g} to {one.high:.3g})" for one in (a, b)))
        if a.what == b.what
        else (f"{a.what} / {b.what}", a.over, f"{a.middle:.3g} ({a.low:.3g} to {a.high:.3g})",
              f"{b.middle:.3g} ({b.low:.3g} to {b.high:.3g})")
        for a, b in zip(*drafts.values(), strict=True)
    )  # fmt: skip
    deep = [one[-1].middle for one in drafts.values()]
    alt = f"At 4 N draft A reaches {deep[0]:.2f} mm and draft B {deep[1]:.2f} mm in the middle person."
    title = "The two drafts side by side"
    headers = ("What", "Over", *DRAFTS.values())
    return Figure("compare", title, draw("compare", title, alt, 206, paint), alt, headers, rows)


def drives_figure() -> Figure:
    """Total Sobol indices: which part of the design drives which output."""
    view = drives()
    short = ("channels|per pass", "even,|1 pass", "even,|16 passes", "empty|mm², %", "depth,|mm", "force,|N")
    left, wide, tall, top = 130.0, 34.2, 17.0, 218.0

    def paint(sheet: Sheet) -> None:
        sheet.text(4, 258, "Share of the spread that an input drives (total index)", 10.5, bold=True)
        for column, words in enumerate(short):
            for row, word in enumerate(words.split("|")):
                sheet.text(left + (column + 0.5) * wide, 240 - 10 * row, word, 7.4, MUTED, "center")
        for row, name in enumerate(LIMITS):
            y = top - (row + 1) * tall
            sheet.text(left - 5, y + tall / 2, name, SMALL, align="right", stand="center")
            for column in range(len(OUTPUTS)):
                index = float(np.clip(view.total[column, row], 0, 1))
                shade = min(int(index * 1.6 * (len(SHADES) - 1)), len(SHADES) - 1)
                x = left + column * wide
                sheet.tiles([(x + 0.5, y + 0.5, wide - 1, tall - 1)], SHADES[shade])
                said = "" if index < 0.02 else f"{index:.2f}"
                sheet.text(x + wide / 2, y + tall / 2, said, 8.4, _paper_on(shade), "center", "center")
        y = top - len(LIMITS) * tall - 13
        sheet.text(left - 5, y, "mean", SMALL, MUTED, "right")
        sheet.text(left - 5, y - 12, "standard deviation", SMALL, MUTED, "right")
        for column in range(len(OUTPUTS)):
            x = left + (column + 0.5) * wide
            sheet.text(x, y, f"{view.mean[column]:.3g}", 8.4, MUTED, "center")
            sheet.text(x, y - 12, f"{view.deviation[column]:.2g}", 8.4, MUTED, "center")
        sheet.text(4, 4, "Blank: below 0.02. Other limits give other shares. 95 % intervals in the table.", 8.4, MUTED)

    rows: tuple[tuple[str, ...], ...] = tuple(
        (name, f"{low:g} to {high:g}")
        + tuple(
            f"{view.total[column, row]:.2f} ± {view.total_error[column, row]:.2f}" for column in range(len(OUTPUTS))
        )
        for row, (name, (_, low, high)) in enumerate(LIMITS.items())
    )
    spread = zip(view.mean, view.deviation, strict=True)
    rows += (("mean ± standard deviation", "", *(f"{mean:.3g} ± {deviation:.2g}" for mean, deviation in spread)),)
    best = [list(LIMITS)[int(np.argmax(view.total[column]))] for column in range(len(OUTPUTS))]
    alt = "Strongest input: " + "; ".join(f"{out}: {name}" for out, name in zip(OUTPUTS, best, strict=True)) + "."
    title = "Which part of the design drives what"
    headers = ("Input", "Limits", *OUTPUTS)
    return Figure("drives", title, draw("drives", title, alt, 272, paint), alt, headers, rows)


def response_figure() -> Figure:
    """Depth at 4 N over needles and tips."""
    needles, tips, deep = response()
    edges = (0.2, 0.35, 0.5, 0.65, 0.8)

    def paint(sheet: Sheet) -> None:
        sheet.text(4, 222, "Depth at 4 N in the middle person, mm", 10.5, bold=True)
        step_n, step_t = needles[1] - needles[0], tips[1] - tips[0]
        frame = Frame(sheet, 40, 40, 214, 165, (needles[0] - step_n / 2, needles[-1] + step_n / 2),
                      (tips[0] - step_t / 2, tips[-1] + step_t / 2))  # fmt: skip
        shades = np.searchsorted(edges, deep)
        for shade, colour in enumerate(SHADES):
            boxes = []
            for row, column in zip(*np.nonzero(shades == shade), strict=True):
                x, y = frame.at(needles[column] - step_n / 2, tips[row] - step_t / 2)
                right, above = frame.at(needles[column] + step_n / 2, tips[row] + step_t / 2)
                boxes.append((x, y, right - x, above - y))
            sheet.tiles(boxes, colour)
        frame.x_axis((100, 200, 300, 400, 500), ("100", "200", "300", "400", "500"), "needles on the drum")
        for tip in (8, 20, 37):
            sheet.text(36, frame.at(needles[0], tip)[1], f"{tip}", SMALL, align="right", stand="center")
        sheet.text(4, 208, "tip, µm", SMALL, MUTED)
        for name, letter in (("draft-192", "A"), ("draft-540", "B")):
            device = knowledge().device(name)
            x, y = frame.at(device.needles_count, device.tip_diameter_um)
            sheet.marks([(x, y)], 13, PAPER, INK)
            sheet.text(x, y - 0.4, letter, 8.6, INK, "center", "center", bold=True)
        between = (f"{low:g} to {high:g}" for low, high in pairwise(edges))
        labels = ("below 0.2", *between, "above 0.8")
        for place, (colour, said) in enumerate(zip(SHADES, labels, strict=True)):
            y = 192 - 16 * place
            sheet.tiles([(264, y - 6, 12, 12)], INK if colour == PAPER else colour)
            if colour == PAPER:
                sheet.tiles([(264.6, y - 5.4, 10.8, 10.8)], colour)
            sheet.text(281, y, said, SMALL, stand="center")
        sheet.line([frame.at(needles[0] - step_n / 2, tips[-1] + step_t / 2), (frame.left, frame.bottom)], ACCENT, 0.6)

    rows = tuple((f"{tip:.3g}", *(f"{value:.2f}" for value in row[::2])) for tip, row in zip(tips, deep, strict=True))
    alt = (
        f"Depth falls from {deep.max():.2f} mm for few sharp needles to {deep.min():.2f} mm for many blunt ones, "
        "because the hand's force is shared among the needles in contact."
    )
    title = "Few sharp needles go in; many blunt ones do not"
    headers = ("Tip, µm", *(f"{count:.0f} needles" for count in needles[::2]))
    return Figure("response", title, draw("response", title, alt, 236, paint), alt, headers, rows)


def _table(figure: Figure) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in figure.headers)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n" for row in figure.rows)
    caption = f"<caption>{escape(figure.title)}: the numbers</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead>\n{body}</table>"


def write_page(path: Path) -> Path:
    """All figures, their tables, and what the model cannot say; says where it is."""
    parts = []
    for figure in (compare_figure(), drives_figure(), response_figure()):
        parts.append(f"<h2>{escape(figure.title)}</h2>\n<p>{escape(figure.alt)}</p>\n{figure.svg}\n{_table(figure)}")
        write_text(path.parent / "device-design" / f"{figure.id}.svg", figure.svg + "\n")
    said = "".join(f"<li>{escape(line)}</li>" for line in CANNOT)
    style = (
        "body{font:16px/1.5 system-ui,sans-serif;color:#1d2730;max-width:52rem;margin:2rem auto;padding:0 1rem}"
        "svg{max-width:40rem;width:100%}table{border-collapse:collapse;font-size:.8rem}"
        "td,th{padding:.2rem .5rem;border-bottom:1px solid #dbe1e5;text-align:left;vertical-align:top}"
    )
    write_text(
        path,
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Two rollers on paper</title>'
        f"<style>{style}</style></head>\n<body><h1>Two rollers on paper</h1>\n"
        "<p>Drafts of a maker, compared in a simulation. Nothing here was measured on a device.</p>\n"
        f"{''.join(parts)}\n<h2>What the model cannot say</h2>\n<ul>{said}</ul></body></html>\n",
    )
    return path
