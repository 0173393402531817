"""Does the size of hyaluronic acid matter once the skin is needled?

Yes. Whole skin lets none of it in, whatever its size. Through 1 mm channels, a day later the dermis holds about ten
times as much of a 10 kDa acid as of a 1,000 kDa one, for the middle person; the bands are wider than that.

Source: mendichi2003 (size by mass), wei2018 (large sugars in human dermis); essendoubi2016 disagrees on whole skin.
"""

from __future__ import annotations

from needling import SerumForecast, Substance, serum

SOURCES = ("mendichi2003", "wei2018", "essendoubi2016")
EXPECTED, TOLERANCE, UNIT = 10.0, 5.0, "times as much of 10 kDa as of 1,000 kDa"
SIZES_KDA = (10, 100, 1000)
MIDDLE = 2  # of the five quantiles


def applied(size_kda: float, members: int = 256) -> SerumForecast:
    """A gel with 1 % of one size, right after 4 x 4 passes of a 1 mm roller on a cheek; followed as research."""
    acid = Substance(
        name=f"hyaluronic acid, {size_kda:g} kDa",
        molar_mass_g_per_mol=1e3 * size_kda,
        log_kow_ratio=-5,
        acid_or_base="neutral",
    )
    return serum(
        acid, concentration_share=0.01, needle_length_mm=1.0, setting="clinic", members=members, research=True
    )  # fmt: skip


def in_dermis(found: SerumForecast) -> tuple[tuple[float, ...], ...]:
    """Amount in the dermis, ug/cm2: [quantile][hour]."""
    return next(amount for amount in found.amounts if amount.place == "dermis").needled_ug_per_cm2


def main() -> float:
    small, large = (in_dermis(applied(size))[MIDDLE][-1] for size in (SIZES_KDA[0], SIZES_KDA[-1]))
    return small / large


def draw() -> None:
    from style import INK, grid, levels, page

    with page(
        "size_of_hyaluronic_acid",
        f"A day after needling the dermis holds {main():.0f} times as much of a 10 kDa acid as of a 1,000 kDa one",
        "Research only: a computed what-if. 1 % gel, 2 mg/cm², 1 mm roller, cheek, open air. Bands: 90 and 50 of 100 "
        "possible people, mostly because nobody knows how well channels conduct. Whole skin: nothing in the model; one "
        "study of whole skin saw 20 to 300 kDa enter (Essendoubi 2016).",
        columns=3, size=(8.0, 3.7), sharey=True,
    ) as axes:  # fmt: skip
        for panel, size in zip(axes, SIZES_KDA, strict=True):
            found = applied(size)
            levels(panel, found.hours_h[1:], [row[1:] for row in in_dermis(found)])
            panel.axhline(found.dose_ug_per_cm2, color=INK, lw=0.9, ls="--")
            panel.set_title(f"{size:,} kDa", fontsize=9.5)
            panel.set(xlabel="hours", yscale="log", ylim=(1e-3, 50), xlim=(0, 24), xticks=(0, 6, 12, 18, 24))
            grid(panel)
        axes[0].annotate("all that was put on", (12, 20), (0, 3), textcoords="offset points", fontsize=8, ha="center")
        axes[0].set_ylabel("in the dermis (µg/cm²)")
        axes[0].set_yticks([0.001, 0.01, 0.1, 1, 10], ["0.001", "0.01", "0.1", "1", "10"])


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
