"""How does "so many of 50 people like you" come about?

Each possible person has a course of their own; on the judging day those whose scar grade, read by somebody, has
fallen by one or more are counted, and their share is shown as dots of fifty: 22 for three sessions of 1.5 mm on a
cheek with grade 3.

Source: goodman-baron-2006 (the scale, on which one grade is the least that counts), dogra2014, vn-roller-2019.
"""

from __future__ import annotations

import numpy as np
from person import DAY_S, course, people, planned

from needling import Forecast, forecast
from needling.simulation import Course

SOURCES = ("goodman-baron-2006", "dogra2014", "vn-roller-2019")
EXPECTED, TOLERANCE, UNIT = 22.0, 3.0, "of 50 people"
SENTENCE = "1.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3"


def forecasted() -> tuple[Course, Forecast]:
    """The example's plan on 256 possible people."""
    plan = planned(SENTENCE)
    found = course(plan, people())
    return found, forecast(found, plan)


def main() -> float:
    return float(forecasted()[1].outcomes[0].dots_of_50_count)


def draw() -> None:
    from style import ACCENT, FAINT, INK, MUTED, grid, page

    found, said = forecasted()
    outcome = said.outcomes[0]
    days = found.time / DAY_S
    judged = [np.interp(outcome.judge_day_d, days, own) for own in found.score[:, 0]]
    with page(
        "fifty_people",
        f"{outcome.dots_of_50_count} of 50 people like this one improve by {outcome.better_by_label}",
        f"Left: courses of 60 of {said.members_count} possible people on {outcome.scale_label}. Right: those who "
        f"gain enough by day {outcome.judge_day_d:g}, of fifty, as the forecast counts them (with the noise of a "
        "reading).",
        columns=2, size=(7.8, 3.8), width_ratios=(1.6, 1),
    ) as (curves, dots):  # fmt: skip
        for own, end in list(zip(found.score[:, 0], judged, strict=True))[:60]:
            better = end <= own[0] - outcome.better_by
            curves.plot(days, own, color=ACCENT if better else MUTED, lw=0.8, alpha=0.75 if better else 0.35)
        curves.axvline(outcome.judge_day_d, color=INK, lw=0.9, ls="--")
        curves.plot(
            found.session_time / DAY_S, np.full(found.session_time.size, 0.9), "^", color=INK, ms=6, clip_on=False
        )
        curves.set(xlabel="days since the first session", ylabel="grade of acne scars", xlim=(0, 240), ylim=(0.9, 4.1))
        curves.set_yticks([1, 2, 3, 4])
        grid(curves)
        x, y = np.meshgrid(range(10), range(5))
        gains = np.arange(50) < outcome.dots_of_50_count
        dots.scatter(x.ravel(), -y.ravel(), s=95, color=[ACCENT if gain else FAINT for gain in gains])
        dots.set(xlim=(-0.8, 9.8), ylim=(-6.5, 2.5), aspect="equal")
        dots.axis("off")


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
