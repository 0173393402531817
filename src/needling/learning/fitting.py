"""What many people teach about everybody: the doubt of the parameters, by a fit with the belief as its prior.

    y_gl = mu_gl(u) + e,   e ~ N(0, V_g / n_g),   u ~ N(0, 1)

u are the normal numbers of the doubts, which all people share. People whom the model cannot tell apart make a group g;
y_gl is the mean of their readings at one look l, mu what the simulation says of it, and V what people and readings
scatter. SciPy finds the best u; the curvature there is the covariance (Laplace), and draws from it, weighed again by
the simulation, say how good that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import erfc, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from needling.documents.learned import Combination, PopulationFit
from needling.errors import BadInput, OutOfRange
from needling.learning.people import Alike, FollowedUp, Gathered, gather, possible_people, readings_under
from needling.simulation import Belief
from needling.simulation.design import varying
from needling.simulation.identifiability import Identifiability, from_slopes
from needling.simulation.learned import Told
from needling.simulation.quantiles import rounded

Floats = NDArray[np.float64]

_SCREENED_GROUPS = 12  # groups that are asked which doubts matter; the largest
_SCREENING_PEOPLE = 64  # possible people of each while asking
_MATTERS = 0.01  # information, in variances of the belief, below which a doubt is left as it was
_MOST = 24  # doubts fitted at once: the strongest
_STEP = 0.25  # of central differences, in standard deviations of the doubt
_PEOPLE_FOR_EACH = 20  # possible people for each real one, so that the simulation's own error stays a twentieth
_FEWEST = 256  # possible people of a group at least
_SLOPE_PEOPLE, _TOGETHER = 16, 256  # the same for differences, which share their luck; and of all groups together
_ROUNDS = 8  # of laying a line through the means at most
_DRAWS = 160  # places through which that line is laid
_CLOSE = 1e-2  # of the best place: only the start of the rounds
_SETTLED = 0.05  # standard deviations of the belief; less is nothing that counts
_NEARLY_NONE = 1e-9  # of the largest variance: keeps a scatter invertible
_SURPRISES, _WAYS = 200, 6  # sets of readings that were believed possible before; main directions they differ in
_DIGITS = 9  # of a document, so that its hash is the same on every machine
_SURE_90 = 1.6448536269514722  # half of a 90 % interval of the standard normal


class Fitted(NamedTuple):
    """The belief after the data of many people (or the old one), and what the fit found: a document to keep."""

    belief: Belief
    report: PopulationFit


class _Row(NamedTuple):
    """One group's people with the same looks: their mean, and where those looks stand in the group's."""

    group: int
    columns: NDArray[np.int64]
    values: Floats
    """float64[person, look]."""


class _Fit:
    """The simulation as a function of the doubts, beside the data."""

    def __init__(self, belief: Belief, groups: Sequence[Alike], key: int) -> None:
        self.belief, self.groups, self.key = belief, groups, key
        self.names: tuple[str, ...] = ()
        self.rows: list[_Row] = []
        self._members: list[NDArray[np.int64]] = []
        for number, group in enumerate(groups):
            at = {look: place for place, look in enumerate(group.looks)}
            self._members.append(possible_people(group, max(_FEWEST, _PEOPLE_FOR_EACH * group.people)))
            for looks, values in group.seen.items():
                self.rows.append(_Row(number, np.array([at[look] for look in looks]), np.array(values)))

    def seen(self, number: int, doubts: Floats, people: int | None = None, stretch: float = 0.0) -> Floats:
        """Readings of possible people of a group, float64[point, member, look]."""
        members = self._members[number][:people]
        found = readings_under(self.belief, self.groups[number], self.names, doubts, members, self.key, stretch=stretch)
        if found is None:
            raise OutOfRange("a course of these people has no forecast near the best fit; nothing was learned")
        return found

    def start(self, doubts: Floats) -> tuple[list[Floats], list[Floats]]:
        """Mean and scatter of every group at one point: float64[look], float64[look, look]."""
        means, scatters = [], []
        for number in range(len(self.groups)):
            seen = self.seen(number, doubts[None])[0]
            means.append(seen.mean(axis=0))
            scatter = np.atleast_2d(np.cov(seen, rowvar=False))
            scatters.append(scatter + _NEARLY_NONE * np.trace(scatter) * np.eye(len(scatter)))
        return means, scatters

    def whiten(self, scatters: Sequence[Floats]) -> list[Floats]:
        """For each row the inverse root of the covariance of its mean: sampling of people and of the simulation."""
        roots = []
        for row in self.rows:
            own = scatters[row.group][np.ix_(row.columns, row.columns)]
            share = 1 / len(row.values) + 1 / self._members[row.group].size
            roots.append(np.linalg.inv(np.linalg.cholesky(own * share)))
        return roots

    def misses(self, means: Sequence[Floats], roots: Sequence[Floats]) -> Floats:
        """Whitened difference of seen and expected means, all rows in one line."""
        return np.concatenate(
            [
                root @ (row.values.mean(axis=0) - means[row.group][row.columns])
                for row, root in zip(self.rows, roots, strict=True)
            ]
        )

    def in_rows(self, changes: Sequence[Floats], roots: Sequence[Floats]) -> Floats:
        """Whitened changes of the expected means, float64[row and look, ...] from float64[look, ...] of each group."""
        return np.concatenate(
            [root @ changes[row.group][row.columns] for row, root in zip(self.rows, roots, strict=True)]
        )

    def _few(self, group: Alike) -> int:
        """Possible people of a group for differences, which share their luck: fewer where there are many groups."""
        return max(_SLOPE_PEOPLE, -(-_TOGETHER // len(self.groups)), group.people)

    def means_near(self, doubts: Floats, points: Floats) -> list[Floats]:
        """Change of every group's means from one point to others, with few people and shared luck: [look, point]."""
        changes = []
        for number, group in enumerate(self.groups):
            seen = self.seen(number, np.vstack([doubts, points]), self._few(group)).mean(axis=1)
            changes.append((seen[1:] - seen[0]).T)
        return changes

    def slopes(self, doubts: Floats) -> list[Floats]:
        """Slope of every group's means in each doubt, by central differences, float64[look, doubt]."""
        step = _STEP * np.eye(doubts.size)
        changes = self.means_near(doubts, np.vstack([doubts + step, doubts - step]))
        return [(change[:, : doubts.size] - change[:, doubts.size :]) / (2 * _STEP) for change in changes]

    def stretched(self, doubts: Floats) -> list[Floats]:
        """Slope of every group's means in a reader's stretch, float64[look, 1]."""
        changes = []
        for number, group in enumerate(self.groups):
            people = self._few(group)
            high, low = (self.seen(number, doubts[None], people, side * _TENTH).mean(axis=1)[0] for side in (1, -1))
            changes.append(((high - low) / (2 * _TENTH))[:, None])
        return changes


_TENTH = 0.1  # stretch of a reader at which its slope is taken


def _those_that_matter(fit: _Fit) -> tuple[str, ...]:
    """Doubts about which the readings can say something, in the belief's order.

    First every doubt is tried on a few people of the largest group of each kind; what moves nothing at all is dropped
    before the information of the rest is worked out.
    """
    everything = tuple(name for name, layer in varying(fit.belief) if layer == "doubt")
    largest = sorted(range(len(fit.groups)), key=lambda number: -fit.groups[number].people)[:_SCREENED_GROUPS]
    told = fit.belief.told
    coupled = set(told.names) if told is not None else set()

    def slopes(names: tuple[str, ...], number: int, people: int) -> tuple[Floats, Floats]:
        fit.names = names
        seen = fit.seen(number, np.vstack([np.zeros(len(names)), _STEP * 2 * np.eye(len(names))]), people)
        scatter = np.atleast_2d(np.cov(fit.seen(number, np.zeros((1, len(names))))[0], rowvar=False))
        return (seen[1:] - seen[0]).mean(axis=1).T / (2 * _STEP), scatter

    moving = {name for number in largest for name in _moving(everything, slopes(everything, number, 2)[0])} | coupled
    names = tuple(name for name in everything if name in moving)
    information = np.zeros(len(names))
    people = sum(group.people for group in fit.groups)
    counted = sum(fit.groups[number].people for number in largest)
    for number in largest:
        slope, scatter = slopes(names, number, _SCREENING_PEOPLE)
        scatter = scatter + _NEARLY_NONE * np.trace(scatter) * np.eye(len(scatter))
        for row in (row for row in fit.rows if row.group == number):
            own = slope[row.columns]
            whitened = np.linalg.solve(np.linalg.cholesky(scatter[np.ix_(row.columns, row.columns)]), own)
            information += len(row.values) * (whitened**2).sum(axis=0) * people / counted
    strongest = np.argsort(-information, kind="stable")[:_MOST]
    kept = {names[place] for place in strongest if information[place] > _MATTERS}
    return tuple(name for name in names if name in kept)


def _moving(names: Sequence[str], slopes: Floats) -> list[str]:
    return [name for name, column in zip(names, slopes.T, strict=True) if np.any(column != 0)]


class _Best(NamedTuple):
    """The doubts after the data, and what was needed to get there.

    Args:
        doubts, covariance: after the data. start: the best single place, where the search began.
        teaches: information and directions. roots: that whiten each row.
        line: slopes of the whitened means, float64[look, doubt]. noise: the covariance around it. seen: the whitened
            means that were read, as misses of that line at 0.
        bent: share of the scatter of the expected means under the result that no straight line in the doubts explains.
        settled: whether another round would have moved nothing that counts.
    """

    doubts: Floats
    covariance: Floats
    start: Floats
    teaches: Identifiability
    roots: list[Floats]
    line: Floats
    noise: Floats
    seen: Floats
    bent: float
    settled: bool


def _best_place(fit: _Fit) -> Floats:
    """The doubts that fit best, with the belief as prior: SciPy's least squares on [whitened misses, doubts]."""
    try:
        from scipy.optimize import least_squares
    except ImportError:
        raise BadInput(
            'fitting many people needs SciPy; install it with: .venv/bin/python -m pip install -e ".[reference]"'
        ) from None

    roots = fit.whiten(fit.start(np.zeros(len(fit.names)))[1])

    def residual(doubts: Floats) -> Floats:
        return np.concatenate([fit.misses(fit.start(doubts)[0], roots), doubts])

    def slope(doubts: Floats) -> Floats:
        return np.vstack([-fit.in_rows(fit.slopes(doubts), roots), np.eye(doubts.size)])

    found = least_squares(
        residual, np.zeros(len(fit.names)), jac=slope, method="trf", xtol=_CLOSE, ftol=_CLOSE, gtol=_CLOSE, max_nfev=12
    )
    return np.asarray(found.x, dtype=np.float64)


def _best(fit: _Fit) -> _Best:
    """The doubts after the data, as the normal distribution that suits them best.

    Around the best place the expected means are no straight lines: a product of two doubts can be known far better than
    either, and the curvature at one point would call that a thin straight ridge. So the straight line is laid through
    the means over the whole of what is still believed (statistical linearisation), and what it misses counts as noise:

        mu(u) ~ a + A u + e',  e' ~ N(0, W)          C = (1 + A' (1 + W)^-1 A)^-1

    all in units of the sampling error, and again with the new belief until nothing moves.
    """
    start = _best_place(fit)
    place = start.copy()
    size = place.size
    means, scatters = fit.start(place)
    roots = next_roots = fit.whiten(scatters)
    whitened = fit.in_rows(fit.slopes(place), roots)
    covariance = np.asarray(np.linalg.inv(np.eye(size) + whitened.T @ whitened), dtype=np.float64)
    numbers = np.random.default_rng(0).standard_normal((_DRAWS // 2, size))
    numbers = np.vstack([numbers, -numbers])
    columns = [(name, "doubt") for name in fit.names]
    settled, bent = False, 0.0
    for _ in range(_ROUNDS):
        roots = next_roots
        values, vectors = np.linalg.eigh(covariance)
        spread = numbers @ (vectors * np.sqrt(values)).T
        changes = fit.in_rows(fit.means_near(place, place + spread), roots).T
        middle = changes.mean(axis=0)
        line = np.linalg.lstsq(spread, changes - middle, rcond=None)[0]
        rest = changes - middle - spread @ line
        noise = np.eye(rest.shape[1]) + rest.T @ rest / (len(rest) - size - 1)
        bent = float((rest**2).sum() / ((changes - middle) ** 2).sum())
        seen = fit.misses(means, roots) - middle + line.T @ place
        root = np.linalg.inv(np.linalg.cholesky(noise))
        teaches = from_slopes(columns, root @ line.T, np.ones(len(noise)))  # type: ignore[arg-type]
        covariance = np.asarray(np.linalg.inv(np.eye(size) + teaches.information), dtype=np.float64)
        before, place = place, np.asarray(covariance @ (root @ line.T).T @ (root @ seen), dtype=np.float64)
        means, scatters = fit.start(place)
        next_roots = fit.whiten(scatters)
        if settled := bool(np.max(np.abs(place - before)) < _SETTLED):
            break
    return _Best(place, covariance, start, teaches, roots, line.T, noise, seen, bent, settled)


class _Checks(NamedTuple):
    """What speaks for or against a fit."""

    scatter: float
    scatter_probability: float
    stretch: float
    stretch_sd: float
    stretch_probability: float
    surprise_probability: float


def _both_sides(distance: float) -> float:
    """Chance that a standard normal number lies further out, on either side."""
    return erfc(abs(distance) / sqrt(2))


def _checks(fit: _Fit, best: _Best) -> _Checks:
    """Three questions to a fit: do people scatter as the model says, does the reader read too high, and would anybody
    have expected this before?

    The scatter is that of each person around the mean of the people alike, or around the fit for whom nobody is alike
    (V of the simulation, its spread over possible people for the error); the stretch b is fitted beside the doubts,
    with the same noise and a wide prior; the surprise is the distance of all means from what was believed.
    """
    total, spread, expected = 0.0, 0.0, 0.0
    for number in range(len(fit.groups)):
        possible = fit.seen(number, best.doubts[None])[0]
        for row in (row for row in fit.rows if row.group == number):
            own = possible[:, row.columns]
            scatter = np.atleast_2d(np.cov(own, rowvar=False))
            root = np.linalg.inv(np.linalg.cholesky(scatter + _NEARLY_NONE * np.trace(scatter) * np.eye(len(scatter))))
            distances = (((own - own.mean(axis=0)) @ root.T) ** 2).sum(axis=1)
            people = len(row.values)
            alone = people == 1  # nobody to compare with but the fit
            middle = own.mean(axis=0) if alone else row.values.mean(axis=0)
            free = people if alone else people - 1
            total += float((((row.values - middle) @ root.T) ** 2).sum())
            expected += free * len(root)
            spread += free * float(np.var(distances))
    stretch = fit.in_rows(fit.stretched(best.doubts), best.roots)
    laid = np.hstack([best.line, stretch])
    inverse = np.linalg.inv(best.noise)
    covariance = np.linalg.inv(np.eye(laid.shape[1]) + laid.T @ inverse @ laid)
    height = float((covariance @ laid.T @ inverse @ best.seen)[-1])
    error = float(np.sqrt(covariance[-1, -1]))
    # Before the data the stretch was believed to be within a whole of nothing: what it can vary by, if it is nothing.
    by_luck = float(np.sqrt(max(error**2 - error**4, np.finfo(float).tiny)))
    return _Checks(
        scatter=total / expected if expected else 1.0,
        scatter_probability=_both_sides((total - expected) / np.sqrt(spread)) if spread else 1.0,
        stretch=height,
        stretch_sd=error,
        stretch_probability=_both_sides(height / by_luck),
        surprise_probability=_surprise(fit, best),
    )


def _surprise(fit: _Fit, best: _Best) -> float:
    """How many of the readings that were believed possible before would have lain as far out: the distance of all means
    from the middle of what was believed, beside the same distance of people simulated under drawn doubts.
    """
    generator = np.random.default_rng(1)
    nothing = np.zeros(len(fit.names))
    points = generator.standard_normal((_SURPRISES, nothing.size))
    believed = fit.in_rows(fit.means_near(nothing, points), best.roots).T
    believed += generator.standard_normal(believed.shape)  # whitened means scatter by 1
    seen = fit.misses(fit.start(nothing)[0], best.roots)
    middle = believed.mean(axis=0)
    ways = np.linalg.svd(believed - middle, full_matrices=False)[2][:_WAYS]  # in which the model can vary at all
    placed = (believed - middle) @ ways.T
    own = (seen - middle) @ ways.T
    distances = ((np.vstack([placed, own]) / placed.std(axis=0)) ** 2).sum(axis=1)
    return float((1 + np.sum(distances[:-1] >= distances[-1])) / (1 + _SURPRISES))


def _flags(checks: _Checks, best: _Best, limit: float) -> tuple[str, ...]:
    """What speaks against a fit, in words."""
    flags = []
    if checks.stretch_probability < limit:
        way = "high" if checks.stretch > 0 else "low"
        flags.append(
            f"readings lie {abs(checks.stretch):.0%} too {way} against anything the model can say (error "
            f"{checks.stretch_sd:.0%}); look at how they were read before anything is learned from them"
        )
    if checks.scatter_probability < limit:
        way = "more" if checks.scatter > 1 else "less"
        flags.append(f"people scatter {way} than the model says ({checks.scatter:.2f} times the variance)")
    if checks.surprise_probability < limit:
        flags.append(
            f"these people lie outside what was believed before (chance {checks.surprise_probability:.2g}): they "
            "differ from those of the trials, or the readings do"
        )
    if not best.settled:
        flags.append("the rounds of the fit did not settle")
    return tuple(flags)


def _told(belief: Belief, names: Sequence[str], doubts: Floats, covariance: Floats) -> Told:
    """What a belief was told before and what it is told now, as one map: z = c0 + R0 u, u ~ N(doubts, covariance)."""
    earlier = belief.told or Told((), np.empty(0), np.empty((0, 0)))
    everything = tuple(dict.fromkeys((*earlier.names, *names)))
    size = len(everything)
    first = [everything.index(name) for name in earlier.names]
    second = [everything.index(name) for name in names]
    centre, root, shift, spread = np.zeros(size), np.eye(size), np.zeros(size), np.eye(size)
    centre[first], root[np.ix_(first, first)] = earlier.centre, earlier.root
    shift[second], spread[np.ix_(second, second)] = doubts, covariance
    return Told.of(everything, centre + root @ shift, root @ spread @ root.T)


def with_population(belief: Belief, fit: PopulationFit) -> Belief:
    """A belief with what a kept fit says of everybody.

    Args:
        belief: of the same knowledge and parameters, before any fit. fit: as :func:`fit_population` wrote it.

    Raises:
        BadInput: other knowledge or parameters, or a belief that was told something already.
    """
    if belief.knowledge.sha256 != fit.knowledge_sha256 or belief.parameter_set != fit.parameter_set:
        raise BadInput(
            f"the fit was made with knowledge {fit.knowledge_sha256[:12]} and the parameters '{fit.parameter_set}', "
            f"the belief has {belief.knowledge.sha256[:12]} and '{belief.parameter_set}'; fit again"
        )
    if belief.told is not None:
        raise BadInput("this belief was told about everybody already; start from Belief.prior")
    if not fit.accepted:
        return belief
    told = Told.of(
        fit.names,
        np.array(fit.centre_ratio),
        np.array(fit.covariance_ratio),
        source=fit.sha256,
        approvals=fit.approvals,
        people=fit.people,
    )
    return replace(belief, told=told)


def _combinations(best: _Best, names: Sequence[str]) -> tuple[Combination, ...]:
    """The directions about which the data say more than was believed."""
    found = []
    for direction in range(best.teaches.fixed):
        weights = best.teaches.directions[:, direction]
        told = best.teaches.combination(direction, len(names))
        middle = float(weights @ best.doubts)
        variance = float(weights @ best.covariance @ weights)
        half = _SURE_90 * float(np.sqrt(variance))
        found.append(
            Combination(
                parameters=tuple(name for (name, _), _ in told),
                parts_ratio=_figures([weight for _, weight in told]),
                before_ratio=_figures([-_SURE_90, 0.0, _SURE_90]),
                after_ratio=_figures([middle - half, middle, middle + half]),
                data_share=_figures([1 - variance])[0],
            )
        )
    return tuple(found)


def _figures(values: Sequence[float]) -> Any:
    return tuple(rounded(np.asarray(values), _DIGITS).tolist())


def fit_population(
    belief: Belief, cases: Sequence[FollowedUp], *, key: int = 0, even_if_flagged: bool = False
) -> Fitted:
    """What many followed-up people teach about everybody.

    All people share the doubts; each differs by the person layer, by what is known of the person, by the course as it
    was delivered and by the days of the readings. People that the model cannot tell apart count by their mean. Only
    doubts that the readings can say something about are fitted; the rest stays prior, and is named.

    Args:
        belief: before the data: the prior, or one that was told about other people.
        cases: (approval, records, followups) of each person; missing and late follow-ups are welcome. A person counts
            once, by the approval with the most readings, however many approvals there are.
        key: of the random numbers of the simulation.
        even_if_flagged: take over a fit against which a check speaks.

    Returns:
        The belief with the doubts after the data (``told``), and the report: combinations that the data set with their
        90 % intervals before and after, how much of each is data and how much prior, and the checks. The old belief
        when there are too few people, when the readings say less than was believed, or when a check speaks against the
        fit.

    Raises:
        BadInput: nobody at all, people that the belief has learned from, or a belief about one person.
        OutOfRange: courses without a forecast.

    Assumes: the model's person layer and the scale's noise; readings of one look in one group scatter normally enough
        for their mean; doubts after the data as one normal distribution, with bends counted as noise.
    """
    if belief.pool is not None:
        raise BadInput("this belief is about one person; what holds for everybody is fitted from Belief.prior")
    known, persons = (set(), set()) if belief.told is None else (set(belief.told.approvals), set(belief.told.people))
    twice = {
        f"'{approval.plan.person}'"
        for approval, _, _ in cases
        if approval.sha256 in known or approval.plan.person in persons
    }
    if twice:
        raise BadInput(f"the belief has learned from these people already: {', '.join(sorted(twice))}; leave them out")
    if not cases:
        raise BadInput("nothing can be learned from nobody; give approvals with their records and follow-ups")
    gathered = gather(belief, cases)
    least = belief.knowledge.parameter("fitting-least-people").quantity.median
    if gathered.people < least:
        words = f"{gathered.people} people can be used, at least {least:g} are needed; nothing was learned."
        return Fitted(belief, _nothing(belief, gathered, key, words))
    fit = _Fit(belief, gathered.groups, key)
    fit.names = _those_that_matter(fit)
    if not fit.names:
        return Fitted(belief, _nothing(belief, gathered, key, "These readings say nothing about any parameter."))
    best = _best(fit)
    checks = _checks(fit, best)
    combinations = _combinations(best, fit.names)
    flags = _flags(checks, best, belief.knowledge.parameter("fitting-flag-probability").quantity.median)
    accepted = bool(combinations) and (even_if_flagged or not flags)
    told = _told(belief, fit.names, best.doubts, best.covariance)
    others = tuple(name for name, layer in varying(belief) if layer == "doubt" and name not in told.names)
    report = PopulationFit(
        knowledge_sha256=belief.knowledge.sha256,
        parameter_set=belief.parameter_set,
        key=key,
        approvals=tuple(sorted({*known, *gathered.approvals})),
        people=tuple(sorted({*persons, *gathered.persons})),
        accepted=accepted,
        people_count=gathered.people,
        readings_count=gathered.readings,
        left_out=gathered.left_out,
        names=told.names,
        centre_ratio=_figures(told.centre.tolist()),
        covariance_ratio=tuple(_figures(row) for row in told.covariance.tolist()),
        data_share=_figures([1 - float(one) for one in np.diag(told.covariance)]),
        combinations=combinations,
        still_prior=others,
        scatter_ratio=_figures([checks.scatter])[0],
        scatter_probability=_figures([checks.scatter_probability])[0],
        stretch_share=_figures([checks.stretch])[0],
        stretch_sd_share=_figures([checks.stretch_sd])[0],
        stretch_probability=_figures([checks.stretch_probability])[0],
        surprise_probability=_figures([checks.surprise_probability])[0],
        bent_share=_figures([best.bent])[0],
        flags=flags,
        words=_words(accepted, gathered, combinations, flags, len(told.names), len(others)),
    )
    return Fitted(with_population(replace(belief, told=None), report) if accepted else belief, report)


def _nothing(belief: Belief, gathered: Gathered, key: int, words: str) -> PopulationFit:
    return PopulationFit(
        knowledge_sha256=belief.knowledge.sha256,
        parameter_set=belief.parameter_set,
        key=key,
        approvals=tuple(sorted(gathered.approvals)),
        people=tuple(sorted(gathered.persons)),
        accepted=False,
        people_count=gathered.people,
        readings_count=gathered.readings,
        left_out=gathered.left_out,
        names=(),
        centre_ratio=(),
        covariance_ratio=(),
        data_share=(),
        combinations=(),
        still_prior=tuple(name for name, layer in varying(belief) if layer == "doubt"),
        words=words,
    )


def _words(
    accepted: bool,
    gathered: Gathered,
    combinations: Sequence[Combination],
    flags: Sequence[str],
    fitted: int,
    others: int,
) -> str:
    """One paragraph: what was used, what the data set, and what is still prior."""
    said = f"{gathered.people} people with {gathered.readings} readings. "
    if not combinations:
        return said + "They say less than was believed before; nothing was learned."
    shares = ", ".join(f"{one.data_share:.0%}" for one in combinations)
    plural = "combination" if len(combinations) == 1 else "combinations"
    said += (
        f"They set {len(combinations)} {plural} of {fitted} parameters (share of the variance that is data: {shares}; "
        f"the rest is prior). Every other combination, and {others} more parameters, are still prior."
    )
    if flags:
        said += " Against the fit speaks: " + "; ".join(flags) + "."
    return said + ("" if accepted else " Nothing was taken over.")
