"""How long are channels open?

It depends on what counts as open. Under cover the path for substances closes after 60 hours on average, as measured
on arms; in open air all is over within hours. Water loss is normal long before the holes are gone.

Source: micropore-closure-2021 (60.3 h, SD 14.7, upper arm, covered), gupta2011 (2 h, open air), kalluri2011 (rats).
"""

from __future__ import annotations

import numpy as np
from person import HOUR_S, Floats, people

from needling.simulation.models import Models
from needling.simulation.seam.closing import closed_times, half_lives

SOURCES = ("micropore-closure-2021", "gupta2011", "kalluri2011")
EXPECTED, TOLERANCE, UNIT = 60.3, 3.0, "hours"
KINDS = ("substances and current", "water", "a dye or a camera")


def hours(covered: bool) -> tuple[Floats, Floats]:
    """Half-life and time until closed of each kind of open: float64[kind, person], hours."""
    drawn = people(2048).draw(0)
    half = half_lives(None, covered, drawn)
    return half / HOUR_S, closed_times(half, drawn, Models()) / HOUR_S


def main() -> float:
    """Mean time until the path of substances has closed under cover."""
    return float(hours(covered=True)[1][0].mean())


def draw() -> None:
    from style import INK, band, grid, page, points

    closed = {True: [(60.3, 14.7, 0)], False: [(2.0, 0.0, 0), (4.5, 0.5, 1), (18.0, 0.0, 2)]}
    share = float(people().draw(0, layers=())["closed-share"][0])
    x = np.geomspace(0.1, 300, 160)
    with page(
        "how_long_open",
        f"Covered channels let substances in for {main():.0f} hours; in open air for about two",
        "Marks, where the dashed line counts as closed: people, upper arm, covered (2021), and in open air (Gupta "
        "2011); rats, water loss and dye at 0.77 mm (Kalluri 2011). Bands: 90 and 50 of 100 possible people.",
        rows=2, columns=3, size=(8.2, 5.0), sharex=True, sharey=True,
    ) as axes:  # fmt: skip
        for row, covered in zip(axes, (True, False), strict=True):
            half, _ = hours(covered)
            for kind, panel in enumerate(row):
                band(panel, x, 100 * 2.0 ** (-x[:, None] / half[kind]))
                panel.axhline(100 * share, color=INK, lw=0.9, ls="--")
                for when, spread, which in closed[covered]:
                    if which == kind:
                        points(panel, [when], [100 * share], xerr=[spread] if spread else None)
                panel.set(xscale="log", xlim=(0.1, 300), ylim=(0, 100))
                panel.set_xticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
                grid(panel)
                if covered:
                    panel.set_title(f"to {KINDS[kind]}", fontsize=9.5)
                else:
                    panel.set_xlabel("hours after the session")
            row[0].set_ylabel(f"{'under cover' if covered else 'in open air'}\nchannels still open (%)")


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
