"""One channel and the tissue that it feeds, in two dimensions: checks the reduced exchange of the other engines."""

from __future__ import annotations

import numpy as np

from needling.simulation.engines import Floats


def _graded(breaks: list[float], cells: list[int], thin: float) -> Floats:
    """Faces of cells that are thinnest at both ends of each span, ``thin`` times an even one."""
    parts = [np.array(breaks[:1])]
    for start, end, count in zip(breaks[:-1], breaks[1:], cells, strict=True):
        x = np.linspace(0, 1, count + 1)[1:]
        both = thin * x + (1 - thin) * x * x * (2 + (1 - 2 * x))  # numerical: cubic, flat slopes at both ends
        parts.append(start + (end - start) * both)
    return np.concatenate(parts)


def conductance(
    density: float,
    radius: float,
    depth: float,
    height: float,
    *,
    # numerical: cells beside and below the channel, fine enough for a part in a thousand
    cells: int = 80,
    thin: float = 0.1,  # numerical: of the cells at the wall, the tip and the rim
) -> float:
    """Steady flow from one channel to a sink at the base, times the density, per unit D K of the tissue, per m.

    Axisymmetric cylinder of radius 1 / sqrt(pi n): the wall and the end of the channel are held at 1, the base at
    0, the surface beside the channel and the outer wall are closed. Finite volumes in r and z, a sparse solve.

    Args:
        density: n, per m2. radius: a, m. depth: of the channel in the tissue, m. height: of the tissue, m.
        cells: in each half of each direction. thin: grading.
    """
    from scipy import sparse
    from scipy.sparse.linalg import spsolve

    outer = 1 / np.sqrt(np.pi * density)
    r = _graded([0.0, radius, outer], [cells // 2, cells], thin)
    z = _graded([0.0, depth, height], [cells, cells], thin)
    rc, zc = 0.5 * (r[1:] + r[:-1]), 0.5 * (z[1:] + z[:-1])
    area = np.pi * np.diff(r**2)  # of a ring
    tissue = ~((rc[:, None] < radius) & (zc[None, :] < depth))
    number = np.full(tissue.shape, -1)
    number[tissue] = np.arange(tissue.sum())
    rows, columns, values = [], [], []
    main, source = np.zeros(tissue.sum()), np.zeros(tissue.sum())
    walls: list[tuple[int, float]] = []
    for i in range(rc.size):
        for j in range(zc.size):
            here = number[i, j]
            if here < 0:
                continue
            height_j = z[j + 1] - z[j]
            if i > 0:  # inwards
                ring = 2 * np.pi * r[i] * height_j
                if number[i - 1, j] >= 0:
                    g = ring / (rc[i] - rc[i - 1])
                    there = number[i - 1, j]
                    rows += [here, there]
                    columns += [there, here]
                    values += [-g, -g]
                    main[[here, there]] += g
                else:
                    walls.append((here, ring / (rc[i] - r[i])))
            if j > 0:  # upwards
                if number[i, j - 1] >= 0:
                    g = area[i] / (zc[j] - zc[j - 1])
                    there = number[i, j - 1]
                    rows += [here, there]
                    columns += [there, here]
                    values += [-g, -g]
                    main[[here, there]] += g
                else:
                    walls.append((here, area[i] / (zc[j] - z[j])))
            if j == zc.size - 1:
                main[here] += area[i] / (z[-1] - zc[j])
    for here, g in walls:
        main[here] += g
        source[here] += g
    matrix = sparse.csc_matrix((values, (rows, columns)), shape=(main.size, main.size)) + sparse.diags(main)
    u = spsolve(matrix.tocsc(), source)
    into = sum(g * (1 - u[here]) for here, g in walls)
    return float(density * into)
