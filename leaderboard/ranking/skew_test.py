"""Test of paired differences for systems whose gains have unlike shapes, and the power of it.

A sign-flip test asks whether differences are symmetric about 0. Where one system gains a little everywhere and another
much on few tasks, equal means are no symmetry, and it parts them too often; dividing by the standard error changes
nothing, for that follows from the sum and the sum of squares, which no flip changes. So a pair must also differ by the
t statistic corrected for skewness (Hall 1992, "On the Removal of Skewness by Transformation", equation 2.2):

    g = t + a (t^2 / 3 + 1 / 6) + a^2 t^3 / 27,  a = skewness / sqrt(tasks)

The smaller of |t| and |g| counts, but for a pair with no task of the other sign: then no rare value speaks against
the difference, and t counts. T / skewness^2 is the number of tasks that carry a rare value, about p T for a value on
a share p of T tasks. Below MIN_RARE of them the test may part systems of equal mean, which is said as "too few
tasks".
"""

from __future__ import annotations

from functools import lru_cache
from math import inf, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MIN_RARE = 5
"""Least number of tasks that must carry the rare value of a pair's differences."""
MIN_TASKS = 2 * MIN_RARE
"""Tasks below which no shape has its rare value on MIN_RARE of them, which is said beside a board's ranks."""
POWER = 0.8
"""Share of boards that would part two systems at the smallest visible difference."""
FLAT = 1e-9
"""Standard deviation up to which differences are all the same."""


def skewness_p(differences: Floats) -> Floats:
    """Two-sided p-values by the corrected t, one per row of (pairs, tasks)."""
    tasks = differences.shape[1]
    means = differences.mean(axis=1)
    centred = differences - means[:, None]
    t, smaller = _correct_skewness(means, (centred**2).mean(axis=1), (centred**3).mean(axis=1), tasks)
    use_t = _may_use_t(t, smaller, tasks) & _is_one_sided(differences)
    return student_p(np.where(use_t, t, smaller), max(tasks - 1, 1))


def has_too_few_tasks(differences: Floats) -> bool:
    """Return whether one pair's differences, shape (tasks,), are too few, or too few of them carry a rare value.

    A rare value matters if it has the sign that the others have not.
    """
    if len(differences) < MIN_TASKS:
        return True
    centred = differences - differences.mean()
    squares, cubes = float((centred**2).mean()), float((centred**3).mean())
    if squares <= FLAT**2 or _is_one_sided(differences[None])[0]:
        return False
    return cubes**2 / squares**3 * MIN_RARE > len(differences)


def skewness_statistics(values: Floats, rows: NDArray[np.intp]) -> Floats:
    """Absolute corrected t of some systems with all, shape (rows, systems).

    From products of (systems, tasks) tables, since thousands of systems have millions of pairs.
    """
    tasks, means = values.shape[1], values.mean(axis=1)
    centred = values - means[:, None]
    squared = centred**2
    second, third = squared.sum(axis=1), (squared * centred).sum(axis=1)
    mine = centred[rows]
    squares = (second[rows, None] + second[None, :] - 2 * (mine @ centred.T)) / tasks
    mixed = squared[rows] @ centred.T - mine @ squared.T
    cubes = (third[rows, None] - third[None, :] - 3 * mixed) / tasks
    t, smaller = _correct_skewness(means[rows, None] - means[None, :], squares, cubes, tasks)
    use_t = _may_use_t(t, smaller, tasks)
    for at, row in enumerate(rows):
        others = np.flatnonzero(use_t[at])
        others = others[_is_one_sided(values[row] - values[others])]
        smaller[at, others] = t[at, others]
    return smaller


def _may_use_t(t: Floats, smaller: Floats, tasks: int) -> NDArray[np.bool_]:
    """Return where it could matter that t counts alone."""
    found: NDArray[np.bool_] = (smaller < t) & (t >= student_threshold(0.05, max(tasks - 1, 1)))
    return found


def _is_one_sided(differences: Floats) -> NDArray[np.bool_]:
    """Return for each row whether no two tasks differ in sign."""
    found: NDArray[np.bool_] = (differences.min(axis=1) >= -FLAT) | (differences.max(axis=1) <= FLAT)
    return found


def _correct_skewness(means: Floats, squares: Floats, cubes: Floats, tasks: int) -> tuple[Floats, Floats]:
    """Return |t|, and the smaller of |t| and |g|, from the mean and the central moments of differences."""
    is_flat = squares <= FLAT**2
    spread = np.sqrt(np.where(is_flat, 1.0, squares))
    skewness = np.where(is_flat, 0.0, cubes / spread**3)
    t = means / spread * sqrt(tasks - 1)
    a = skewness / sqrt(tasks)
    g = t + a * (t * t / 3 + 1 / 6) + a * a * t**3 / 27
    # A correction that turns the sign says that nothing is known of the direction.
    smaller = np.where(g * t <= 0, 0.0, np.minimum(np.abs(t), np.abs(g)))
    constant = np.where(np.abs(means) <= FLAT, 0.0, inf)
    return np.where(is_flat, constant, np.abs(t)), np.where(is_flat, constant, smaller)


def student_p(statistic: Floats, freedom: int) -> Floats:
    """Two-sided p-values of Student's t with whole degrees of freedom (Abramowitz and Stegun 26.7.3, 26.7.4)."""
    angle = np.arctan(np.abs(statistic) / sqrt(freedom))
    sine, cosine = np.sin(angle), np.cos(angle)
    is_odd = freedom % 2
    term = cosine if is_odd else np.ones_like(cosine)
    total = term if freedom > 1 else np.zeros_like(cosine)
    for at in range(2 + is_odd, freedom - 1, 2):
        term = term * cosine**2 * (at - 1) / at
        total = total + term
    inside = 2 / np.pi * (angle + sine * total) if is_odd else sine * total
    found: Floats = np.clip(1 - inside, 0.0, 1.0)
    return found


@lru_cache(maxsize=4096)
def student_threshold(p: float, freedom: int) -> float:
    """Return the statistic whose two-sided p-value is `p`; infinite for 0."""
    if p <= 0:
        return inf
    low, high = 0.0, 1.0
    while student_p(np.array(high), freedom) > p and high < 1e12:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if student_p(np.array(middle), freedom) > p else (low, middle)
    return high


def smallest_visible_difference(differences: Floats, level: float) -> float | None:
    """Mean difference that a test at this level would find on POWER of boards with this spread; None for one task.

    (t of the level + t of the power) x standard deviation / sqrt(tasks), for one pair of systems, tested alone.
    """
    tasks = len(differences)
    if tasks < 2:
        return None
    freedom = tasks - 1
    factor = student_threshold(level, freedom) + student_threshold(2 * (1 - POWER), freedom)
    return float(factor * differences.std(ddof=1) / sqrt(tasks))
