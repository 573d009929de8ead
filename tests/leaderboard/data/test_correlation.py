"""The rank correlation and its test, against scipy and against what chance must do."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import spearmanr

from leaderboard.data.correlation import LARGE_SAMPLE, MIN_PAIRS, describe_correlation, format_p_value, spearman


def test_rho_is_scipy_s_with_and_without_ties() -> None:
    random = np.random.default_rng(3)
    for n in (3, 6, 9, 40):
        for values in (random.normal(size=(2, n)), random.integers(0, 4, (2, n)) / 2):
            found = spearman(*values.tolist())
            assert found.rho == pytest.approx(spearmanr(*values).statistic, abs=1e-12)
            assert found.n == n


def test_p_counts_every_order_of_a_few_systems() -> None:
    x, y = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2.0, 1.0, 4.0, 3.0, 6.0, 6.0]
    observed = abs(spearmanr(x, y).statistic)
    orders = [abs(spearmanr(x, order).statistic) >= observed - 1e-9 for order in permutations(y)]
    assert spearman(x, y).p == pytest.approx(np.mean(orders))
    assert spearman([1, 2, 3, 4, 5], [5, 4, 3, 2, 1]).p == pytest.approx(2 / 120)


def test_chance_alone_is_significant_as_often_as_it_says() -> None:
    random = np.random.default_rng(5)
    p = [spearman(*random.normal(size=(2, 9)).tolist()).p for _ in range(150)]
    assert 0.01 <= np.mean([found <= 0.05 for found in p if found is not None]) <= 0.11
    assert 0.38 <= np.mean([found <= 0.5 for found in p if found is not None]) <= 0.62


def test_p_of_many_is_near_scipy_s_and_never_zero() -> None:
    x = np.arange(30.0)
    y = x + np.random.default_rng(1).normal(0, 25, 30)
    assert spearman(x.tolist(), y.tolist()).p == pytest.approx(spearmanr(x, y).pvalue, abs=0.01)
    assert spearman(x.tolist(), x.tolist()).p == 1 / 10_000


def test_p_of_a_crowd_is_calculated_and_is_scipy_s() -> None:
    random = np.random.default_rng(2)
    for strength in (0.0, 0.02, 0.08, 0.15):
        x = random.normal(size=LARGE_SAMPLE)
        y = strength * x + random.normal(size=LARGE_SAMPLE)
        expected = spearmanr(x, y).pvalue
        assert spearman(x.tolist(), y.tolist()).p == pytest.approx(expected, abs=0.002, rel=0.05)


def test_what_has_no_order_has_no_rho() -> None:
    for series in ([], [1.0], [2.0, 2.0, 2.0]):
        found = spearman(series, series)
        assert (found.n, found.rho, found.p) == (len(series), None, None)
    with pytest.raises(ValueError, match="3 values cannot be paired with 2"):
        spearman([1, 2, 3], [1, 2])


def test_the_sentence_follows_the_numbers() -> None:
    rising = [float(n) for n in range(9)]
    assert "is 1.00 over 9 systems (p < 0.001): more is more." in describe_correlation(
        spearman(rising, rising), "more is more", "less"
    )
    assert ": more is less." in describe_correlation(spearman(rising, rising[::-1]), "more", "more is less")
    mixed = spearman(rising, [3, 0, 5, 1, 8, 2, 7, 4, 6])
    unsure = describe_correlation(mixed, "yes", "no")
    assert unsure == "Spearman's rho is 0.48 over 9 systems; not significant, with few systems (p = 0.19)."
    assert describe_correlation(spearman(rising[:3], rising[:3]), "", "") == (
        f"3 systems are too few for a rank correlation; it needs at least {MIN_PAIRS}."
    )
    assert describe_correlation(spearman([], []), "", "").startswith("No system has both")
    assert "is the same for all 9 systems" in describe_correlation(spearman(rising, [1.0] * 9), "", "")
    assert [format_p_value(p) for p in (0.00001, 0.0123, 0.456)] == ["p < 0.001", "p = 0.012", "p = 0.46"]
