"""How much of a numbing cream reaches the blood?

A tenth of what would be noticed: 0.13 ug/mL of lidocaine at most from three patches worn for twelve hours, 0.16 from
ten grams of cream on the face, where hearts react from 1.5 on. The model gives both within a factor of 1.5.

Source: lidoderm-label, emla-smpc-absorption, lidocaine-levels-textbook.
"""

from __future__ import annotations

from needling import AnaestheticForecast, numbing

SOURCES = ("lidoderm-label", "emla-smpc-absorption", "lidocaine-levels-textbook")
EXPECTED, TOLERANCE, UNIT = 0.13, 0.04, "µg/mL, mean of the highest level from three patches"

SAID = {
    "lidocaine-heart-level": "acts on the heart, 1.5",
    "lidocaine-minor-level": "first signs, 3",
    "lidocaine-toxic-level": "toxic, 5",
    "prilocaine-toxic-level": "toxic",
}


def patches() -> AnaestheticForecast:
    """Three patches of 5 %, 420 cm2, twelve hours on the back; patches are for research only."""
    return numbing(
        "custom", contents_pct={"lidocaine": 5}, form="patch", amount_g=42, area_cm2=420, contact_min=720,
        site="shoulder-back", weight_kg=70, skin="whole", covered=True, setting="clinic", research=True,
    )  # fmt: skip


def cream() -> AnaestheticForecast:
    """Ten grams of cream with 2.5 % lidocaine and 2.5 % prilocaine on 100 cm2 of face for two hours."""
    return numbing(
        "lidocaine-prilocaine",
        amount_g=10,
        area_cm2=100,
        contact_min=120,
        site="face",
        weight_kg=70,
        covered=True,
        skin="whole",
        setting="clinic",
    )


def main() -> float:
    return patches().drugs[0].mean_peak_ug_per_ml


def draw() -> None:
    from style import INK, grid, levels, page, points

    cases = (
        ("lidocaine, three patches, 12 h", patches().drugs[0], ([11], [0.13], {"yerr": [0.06]})),
        ("lidocaine, cream on the face, 2 h", cream().drugs[0], ([2.25], [0.16], {"xerr": [0.75]})),
        ("prilocaine, the same cream", cream().drugs[1], ([2.25], [0.06], {"xerr": [0.75]})),
    )
    with page(
        "numbing_levels",
        f"Blood holds {main():.2f} µg/mL at most from three patches, a tenth of what hearts notice",
        "Marks: mean highest level and its time, as labels print them (patch 0.13, SD 0.06; cream 0.16 and 0.06 "
        "between 1.5 and 3 h). Bands: 90 and 50 of 100 possible people of 70 kg, whole skin.",
        columns=3, size=(8.6, 3.7), sharey=True,
    ) as axes:  # fmt: skip
        for panel, (title, drug, (x, y, spread)) in zip(axes, cases, strict=True):
            levels(panel, drug.time_h[1:], [row[1:] for row in drug.level_ug_per_ml])
            points(panel, x, y, **spread)
            for threshold in drug.thresholds:
                level = threshold.threshold_ug_per_ml
                panel.axhline(level, color=INK, lw=0.8, ls="--")
                left = threshold.threshold == "lidocaine-minor-level"  # beside its neighbours
                panel.annotate(
                    SAID[threshold.threshold], (0.5 if left else 23.5, level), (0, 1), textcoords="offset points",
                    fontsize=7.5, ha="left" if left else "right",
                )  # fmt: skip
            panel.set_title(title, fontsize=9.5)
            panel.set(xlabel="hours", yscale="log", ylim=(1e-3, 12), xlim=(0, 24), xticks=(0, 6, 12, 18, 24))
            grid(panel)
        axes[0].set_ylabel("blood level (µg/mL)")
        axes[0].set_yticks([0.001, 0.01, 0.1, 1, 10], ["0.001", "0.01", "0.1", "1", "10"])


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
