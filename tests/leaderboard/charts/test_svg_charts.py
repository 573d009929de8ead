"""Charts hold what they are given, at the right place."""

from __future__ import annotations

import pytest

from leaderboard.charts.svg_charts import BOTTOM, HEIGHT, LEFT, RIGHT, WIDTH, Dot, Plot, Strip, build_axis


def test_an_axis_holds_all_values_between_round_ticks() -> None:
    for values in ([-0.31, 0.87], [0.2, 0.2], [1e-4, 3e-4], [0, 0, 1], [12.5, 900], [-5.0]):
        found = build_axis("x", values)
        assert found.low <= min(values) <= max(values) <= found.high
        assert 2 <= len(found.ticks) <= 8
        assert (found.to_fraction(found.low), found.to_fraction(found.high)) == (0, 1)
    assert build_axis("x", [0.0, 1.0]).ticks == pytest.approx((0, 0.2, 0.4, 0.6, 0.8, 1))


def test_a_log_axis_gives_each_power_the_same_room() -> None:
    found = build_axis("rows", [12, 4_000], log=True)
    assert found.ticks == (10, 100, 1_000, 10_000)
    assert [found.to_fraction(tick) for tick in found.ticks] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert build_axis("rows", [100.0, 100.0], log=True).ticks == (100, 1_000)
    assert found.format_tick(1_000) == "1,000"
    assert build_axis("x", [-1, 0]).format_tick(-0.5) == "−0.5"
    with pytest.raises(ValueError, match="empty"):
        build_axis("x", [])


def test_places_run_from_the_left_and_from_the_bottom() -> None:
    dot = Dot(0, 1, "one", None, "#000000", "M0,0Z")
    plot = Plot("name", build_axis("x", [0, 1]), build_axis("y", [0.5, 2]), [dot])
    assert (plot.across(0), plot.across(1)) == (LEFT, WIDTH - RIGHT)
    assert plot.up(plot.y.low) == HEIGHT - BOTTOM > plot.up(plot.y.high)
    assert plot.shared == (0.5, 1)
    strip = Strip("name", build_axis("x", [0, 1]), ["a", "b"], [dot], [])
    assert strip.edges[2] < strip.down(0) < strip.down(1) < strip.height - BOTTOM
