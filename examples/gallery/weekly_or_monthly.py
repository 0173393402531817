"""Weekly or monthly?

For the same five sessions monthly leaves a little less of the scars than weekly three months after the last one, by
some 5 of 100 parts, which is less than anyone would see. The model is fitted to one trial of each; nobody has
compared them.

Source: vn-roller-2019 (twelve weekly sessions), dogra2014 (five monthly ones); no trial compared intervals.
"""

from __future__ import annotations

import numpy as np
from person import DAY_S, after_last, course, planned

from needling.simulation import Course

SOURCES = ("vn-roller-2019", "dogra2014")
EXPECTED, TOLERANCE, UNIT = 0.05, 0.03, "of the scar grade, left more by weekly than by monthly"
TRIALS = {
    "twelve weekly sessions of 1.0 mm": (1.0, 7, 12, ((0.0, 0.678), (30.4, 0.587), (60.9, 0.538))),
    "five monthly sessions of 1.5 mm": (1.5, 30, 5, ((30.0, 0.554),)),
}


def needled(length_mm: float, interval_d: float, sessions: int) -> Course:
    """Sessions with some 200 channels for each cm2; the trials did not count them."""
    how = "7 directions x 2 passes, cheeks"
    return course(
        planned(f"{length_mm} mm roller (roller-mf8), {how}, every {interval_d:g} days x {sessions}"), as_planned=True
    )  # fmt: skip


def main() -> float:
    weekly, monthly = (needled(1.5, interval, 5) for interval in (7, 30))
    return float(np.median(after_last(weekly, weekly.severity, 90) - after_last(monthly, monthly.severity, 90)))


def draw() -> None:
    from style import INK, OTHER, band, grid, page, points

    with page(
        "weekly_or_monthly",
        "The same five sessions leave a little less of a scar when they are monthly instead of weekly",
        "Marks: share of the acne-scar grade left, weekly (Vietnam 2019, 31 people) and monthly (Dogra 2014, 30 "
        "people); the model was fitted to both. Right: five sessions each, middle person; no trial has compared "
        "intervals.",
        columns=3, size=(8.6, 3.7), sharey=True,
    ) as axes:  # fmt: skip
        for panel, (title, (length, interval, sessions, seen)) in zip(axes, TRIALS.items(), strict=False):
            found = needled(length, interval, sessions)
            band(panel, found.time / DAY_S, found.severity[:, 0].T)
            end = found.session_time[-1] / DAY_S
            points(panel, [end + day for day, _ in seen], [share for _, share in seen])
            panel.plot(found.session_time / DAY_S, np.zeros(sessions), "^", color=INK, ms=5, clip_on=False)
            panel.set_title(title, fontsize=9.5)
        for interval, colour, style in ((7, OTHER, "-"), (14, INK, ":"), (30, "C0", "-"), (60, INK, "--")):
            found = needled(1.5, interval, 5)
            axes[2].plot(
                found.time / DAY_S,
                np.median(found.severity[:, 0], axis=0),
                style,
                color=colour,
                label=f"every {interval} days",
            )
        axes[2].set_title("five sessions of 1.5 mm", fontsize=9.5)
        axes[2].legend(loc="lower left")
        for panel in axes:
            panel.set(xlabel="days since the first session", xlim=(0, 270), ylim=(0, 1.03), xticks=(0, 90, 180, 270))
            grid(panel)
        axes[0].set_ylabel("share of the scar grade left")


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
