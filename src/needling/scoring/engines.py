"""One plain function per scale: checked answers in, a score out. The numbers come from ``knowledge/scales.yaml``.

Every engine takes ``given`` (item name -> checked number; open items are absent) and the scale's :class:`Scoring`
(weights, tables), and returns a :class:`Scored`. Licences: only rules are shipped, never the text of a form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import fsum
from typing import NamedTuple

from needling.errors import BadInput
from needling.scoring.rules import Scoring

Given = Mapping[str, float]


class Scored(NamedTuple):
    """A score; ``doubt`` says why it must not be used as it stands, ``remark`` what to know about this reading."""

    value: float
    doubt: str = ""
    remark: str = ""


Engine = Callable[[Given, Scoring], Scored]


def _sum_of_points(given: Given, scoring: Scoring) -> Scored:
    return Scored(fsum(scoring.points(name, answer) for name, answer in given.items()))


def _one_rating(given: Given, _: Scoring) -> Scored:
    (value,) = given.values()
    return Scored(value)


def goodman_baron_qualitative(given: Given, scoring: Scoring) -> Scored:
    """Grade of acne scars: max over the grades present.

    Inputs: ``macular``, ``mild``, ``moderate``, ``severe``, each yes or no (grades 1 to 4). Range 1 to 4.
    Version 2006, where grade 1 is colour only (one registry calls it mild). Licence: scoring-only.

    Raises:
        BadInput: no grade is present; the scale has no grade for skin without scars.

    Sources: goodman-baron-2006 (supports), nct02646917 (conflicts).
    """
    worst = max(scoring.points(name, answer) for name, answer in given.items())
    if worst == 0:
        raise BadInput(
            "goodman-baron-qualitative: no grade is present (all answers are no), and the scale starts at 1; "
            "answer yes for each grade that is seen, or record no score"
        )
    return Scored(worst)


def goodman_baron_quantitative(given: Given, scoring: Scoring) -> Scored:
    """Score of acne scars: sum over kinds of (points x multiplier of the count), plus points of the keloid area.

    Multiplier 1, 2 or 3 for 1-10, 11-20 or more scars of a kind; points 1, 2 or 3 by group; keloids by area.
    Inputs: ten counts and ``keloid_area_cm2``. Range 0 to 84. Version 2006. Licence: scoring-only. The numbers
    are from memory: not released.

    Sources: goodman-baron-2006.
    """
    return _sum_of_points(given, scoring)


def ecca(given: Given, scoring: Scoring) -> Scored:
    """Weighted score of acne scars: sum over six kinds of (weight x 0, 1, 2 or 3 by count).

    Steps of the count: none, under 5, 5 to 20, over 20. Inputs: six counts. Range 0 to 540. Version 2007.
    Licence: scoring-only. The weights are from memory: not released.

    Sources: choo2021.
    """
    return _sum_of_points(given, scoring)


def gais(given: Given, scoring: Scoring) -> Scored:
    """Global aesthetic improvement: the rating as read, with the version it was read on.

    Input: ``rating``. Range 1 to 5 on the device label (1 is best); other forms run the other way or from -1 to 3.
    Without a version the rating is kept, and never converted. Licence: scoring-only.

    Sources: skinpen-labelling.
    """
    return _one_rating(given, scoring)


def vancouver(given: Given, scoring: Scoring) -> Scored:
    """Vancouver scar scale: vascularity + pigmentation + pliability + height.

    Range 0 to 13 (3 + 2 + 5 + 3); version 14 has pigmentation to 3, version 15 also height to 4. Licence:
    scoring-only.

    Sources: posas-vss-summary.
    """
    return _sum_of_points(given, scoring)


def posas(given: Given, scoring: Scoring) -> Scored:
    """Patient and observer scar assessment 2.0, one of its two parts: the sum of six items of 1 to 10.

    Range 6 to 60. The overall opinion is apart. Not for version 3.0. Licence: scoring-only.

    Sources: posas-vss-summary.
    """
    return _sum_of_points(given, scoring)


def manchester(given: Given, scoring: Scoring) -> Scored:
    """Manchester scar scale: visual analogue rating + colour + surface + contour + distortion + texture.

    Range 5 to 28; 5 to 18 in the version without the visual analogue rating. Licence: scoring-only. The ranges
    are from memory: not released.

    Sources: choo2021.
    """
    return _sum_of_points(given, scoring)


def glogau(given: Given, scoring: Scoring) -> Scored:
    """Glogau class of sun-aged skin: I to IV as 1 to 4, as read.

    Input: ``class``. The ages in the tables differ between sources and are not used. Licence: scoring-only.

    Sources: glogau-scoring.
    """
    return _one_rating(given, scoring)


def wrinkle_grade(given: Given, _: Scoring) -> Scored:
    """Wrinkle grade after Lemperle: the mean of the areas that were graded, each 0 to 5.

    Inputs: ``area_1`` to ``area_9``, at least one. Range 0 to 5. Licence: scoring-only. The range of one area is
    from memory: not released.

    Raises:
        BadInput: no area was graded.

    Sources: ablon2018.
    """
    if not given:
        raise BadInput("wrinkle-grade: no area is graded; grade at least one, area_1 to area_9, from 0 to 5")
    return Scored(fsum(given.values()) / len(given), remark=f"Mean of {len(given)} areas: {', '.join(given)}.")


def _regions(scoring: Scoring) -> list[str]:
    return [item.name.removesuffix("_area") for item in scoring.items if item.name.endswith("_area")]


def masi(given: Given, scoring: Scoring) -> Scored:
    """Melasma area and severity: sum over four regions of weight x area x (darkness + homogeneity).

    Weights 0.3 forehead, 0.3 each malar region, 0.1 chin; area 0 to 6, darkness and homogeneity 0 to 4.
    Range 0 to 48. Licence: scoring-only.

    Sources: masi-scoring.
    """
    return Scored(
        fsum(
            scoring.points(f"{region}_area", given[f"{region}_area"])
            * (given[f"{region}_darkness"] + given[f"{region}_homogeneity"])
            for region in _regions(scoring)
        )
    )


def mmasi(given: Given, scoring: Scoring) -> Scored:
    """Modified melasma area and severity: sum over four regions of weight x area x darkness.

    As :func:`masi` without homogeneity. Range 0 to 24. Severity bands exist and were not read. Licence:
    scoring-only.

    Sources: masi-scoring.
    """
    return Scored(
        fsum(
            scoring.points(f"{region}_area", given[f"{region}_area"]) * given[f"{region}_darkness"]
            for region in _regions(scoring)
        )
    )


def hdss(given: Given, scoring: Scoring) -> Scored:
    """Hyperhidrosis disease severity: one rating, 1 to 4, as read.

    Input: ``rating``. Licence: scoring-only.

    Sources: fatemi2015.
    """
    return _one_rating(given, scoring)


def salt(given: Given, scoring: Scoring) -> Scored:
    """Severity of alopecia: sum over four parts of the scalp of (% lost x the part's share of the scalp).

    Shares 0.40 top, 0.24 back, 0.18 each side. Range 0 to 100 %. Two sets of bands. For patchy loss, not for
    pattern loss. Licence: scoring-only.

    Sources: salt-scoring.
    """
    return _sum_of_points(given, scoring)


def hair_count(given: Given, _: Scoring) -> Scored:
    """Hairs per cm²: hairs counted / marked area.

    Inputs: ``hairs_count``, ``area_cm2``. The upper end of the range is a guard against slips. Licence: free.

    Sources: dhurat2013.
    """
    return Scored(given["hairs_count"] / given["area_cm2"])


def dlqi(given: Given, scoring: Scoring) -> Scored:
    """Dermatology life quality: the sum of ten items of 0 to 3.

    Range 0 to 30, five bands. Not relevant counts 0. One open item counts 0 (from memory: then not released); with
    more the form is not scored. Licence: fee-for-commercial-use.

    Raises:
        BadInput: more items are open than the rule allows.

    Sources: dlqi-scoring.
    """
    missing = [item.name for item in scoring.items if item.name not in given]
    if len(missing) > scoring.missing_allowed:
        raise BadInput(
            f"dlqi: {len(missing)} items are open ({', '.join(missing)}); with more than {scoring.missing_allowed} the "
            "form is not scored: ask again (an item that is not relevant to the person is answered with 0)"
        )
    return _sum_of_points(given, scoring)._replace(doubt=scoring.verify if missing else "")


def rating(given: Given, scoring: Scoring) -> Scored:
    """A plain rating, as read: pain from 0 to 10, or a mark on a line of 100 mm.

    Range and unit: those of the scale's entry. Licence: free.

    Sources: choo2021 (pain), fda-k200044 (line).
    """
    return _one_rating(given, scoring)


def _any(values: list[bool | None]) -> bool | None:
    return True if True in values else None if None in values else False


def bddq_as(given: Given, scoring: Scoring) -> Scored:
    """Screen for body dysmorphic disorder: positive = concerned AND preoccupied AND (distress OR impairment).

    The last part is 3 or more at any of items 3 to 6, or yes at item 7. Inputs: seven yes or no answers. Value 1
    positive, 0 negative. An open answer is never "no": it may stay open only where it changes nothing. A screen,
    not a diagnosis. Licence: scoring-only.

    Raises:
        BadInput: open answers still decide.

    Sources: mba-bdd-2023, bdd-screening.
    """
    answer = {item.name: bool(given[item.name]) if item.name in given else None for item in scoring.items}
    parts = [
        answer.pop("concerned"),
        answer.pop("preoccupied"),
        _any(list(answer.values())),
    ]
    if False in parts:
        return Scored(0)
    if None in parts:
        missing = [item.name for item in scoring.items if item.name not in given]
        raise BadInput(f"bddq-as: not decided; still to be answered with yes or no: {', '.join(missing)}")
    return Scored(1)


def event_grade(given: Given, scoring: Scoring) -> Scored:
    """Grade of a harm: the highest of the grades that its kind, its care and its consequences give.

    Inputs: ``kind``; ``lasted_h``, ``treatment``, ``daily_life``; ``hospital``, ``disability``, ``life_threat``,
    ``death``. Range 1 to 5. What is not known can only raise the grade, and is named. Our mapping, on the general
    steps of CTCAE 5.0. Licence: scoring-only, own wording.

    Sources: fda-microneedling-2025 (risks, reporting).
    """
    kind = scoring.kinds[int(given["kind"])]
    gradable = [item for item in scoring.items if item.name not in ("kind", "lasted_h")]
    grades = [scoring.points(item.name, given[item.name]) for item in gradable if item.name in given]
    grade = max(scoring.look_up(kind.table, given.get(kind.by, 0)), *grades, 1)  # at 0 stands the kind's lowest grade
    may_raise = {item.name: scoring.points(item.name, item.high) for item in gradable if item.name not in given}
    if kind.by not in given:
        at_most = scoring.look_up(kind.table, scoring.item(kind.by).high)
        may_raise[kind.by] = max(at_most, may_raise.get(kind.by, 0))
    still_open = [name for name, most in may_raise.items() if most > grade]
    return Scored(grade, remark=f"At least this grade; not known yet: {', '.join(still_open)}." if still_open else "")


ENGINES: dict[str, Engine] = {
    "goodman-baron-qualitative": goodman_baron_qualitative,
    "goodman-baron-quantitative": goodman_baron_quantitative,
    "ecca": ecca,
    "gais": gais,
    "vss": vancouver,
    "posas-observer": posas,
    "posas-patient": posas,
    "manchester": manchester,
    "glogau": glogau,
    "wrinkle-grade": wrinkle_grade,
    "masi": masi,
    "mmasi": mmasi,
    "hdss": hdss,
    "salt": salt,
    "hair-count": hair_count,
    "dlqi": dlqi,
    "pain-nrs": rating,
    "appearance-vas": rating,
    "bddq-as": bddq_as,
    "event-grade": event_grade,
}
