from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.config.protocol import GainScale, RatioScale
from evaluator.scoring.metrics import MetricResult, build_mean_result
from evaluator.scoring.metrics.metric_result import combine_weighted
from evaluator.scoring.normalization import AnchorScores, is_admitted, normalized_score, resampled_scores
from submissions.records.base import Score
from tests.support.evaluation_factories import make_anchor

GAIN = GainScale(kind="gain", low=-1.0, high=1.5, admission=2.0)
RATIO = RatioScale(kind="ratio")
ANCHOR = make_anchor(0.2, 0.6)


def scored(value: float, items: int = 10) -> MetricResult:
    return build_mean_result("accuracy", [value] * items)


@pytest.mark.parametrize(
    ("score", "expected"), [(0.2, 0.0), (0.6, 1.0), (0.4, 0.5), (0.1, -0.25), (1.0, 1.5), (0.7, 1.25), (0.0, -0.5)]
)
def test_gain_is_0_at_the_base_and_1_at_the_reference(score: float, expected: float) -> None:
    found = normalized_score(scored(score), AnchorScores(ANCHOR), GAIN)
    assert (found.name, found.value, found.n) == ("gain", pytest.approx(expected), 10)


def test_gain_is_clipped_on_both_sides() -> None:
    narrow = AnchorScores(make_anchor(0.5, 0.6))
    assert normalized_score(scored(0.0), narrow, GAIN).value == GAIN.low
    assert normalized_score(scored(1.0), narrow, GAIN).value == GAIN.high


@pytest.mark.parametrize(
    ("base", "reference", "noise", "counts"),
    [(0.25, 0.75, 0.25, True), (0.25, 0.75, 0.26, False), (0.5, 0.5, 0.0, False), (0.6, 0.2, 0.0, False)],
)
def test_a_task_counts_from_two_standard_errors_on(base: float, reference: float, noise: float, counts: bool) -> None:
    anchor = make_anchor(base, reference, noise)
    assert is_admitted(anchor, GAIN) is counts
    assert (normalized_score(scored(0.3), AnchorScores(anchor), GAIN).value is not None) is counts
    assert is_admitted(anchor, RATIO), "under paper@1 every task counts"


def test_an_unscored_end_of_the_scale_admits_no_task() -> None:
    anchor = ANCHOR.model_copy(update={"reference": Score(name="accuracy", n=0, why="the engine failed")})
    assert not is_admitted(anchor, GAIN)
    assert normalized_score(scored(0.5), AnchorScores(anchor), GAIN).why == "the engine failed"


@pytest.mark.parametrize("scale", [GAIN, RATIO])
def test_an_unscored_score_is_worth_nothing_and_says_why(scale: GainScale | RatioScale) -> None:
    found = normalized_score(build_mean_result("accuracy", []), AnchorScores(ANCHOR), scale)
    assert (found.value, found.why) == (None, "no items to score")


def test_a_ratio_is_over_the_reference_and_not_clipped() -> None:
    assert normalized_score(scored(0.9), AnchorScores(make_anchor(0.0, 0.1)), RATIO).value == pytest.approx(9.0)
    assert normalized_score(scored(0.9), AnchorScores(make_anchor(0.5, 0.0)), RATIO).value == 0.0, "no metric is left"


def test_a_ratio_of_a_combined_score_is_taken_metric_by_metric() -> None:
    mine = combine_weighted("blend", [(0.7, scored(0.2)), (0.3, scored(0.1))])
    anchor = make_anchor(0.0, 0.5).model_copy(
        update={"reference_parts": tuple(Score(name="p", value=value, n=9) for value in (0.4, 0.5))}
    )
    assert normalized_score(mine, AnchorScores(anchor), RATIO).value == pytest.approx(0.7 * 0.5 + 0.3 * 0.2)
    dropped = anchor.model_copy(
        update={"reference_parts": (anchor.reference_parts[0], Score(name="p", n=0, why="No Result"))}
    )
    assert normalized_score(mine, AnchorScores(dropped), RATIO).value == pytest.approx(0.5), (
        "the weight of what is left is 1"
    )


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=8), st.integers(0, 99))
def test_a_resample_is_the_worth_of_the_chosen_items(values: list[float], seed: int) -> None:
    chance = np.random.default_rng(seed)
    base, top = chance.random(len(values)) / 4, 0.5 + chance.random(len(values)) / 2
    chosen = chance.integers(0, len(values), (5, len(values)))
    counts = np.stack([np.bincount(row, minlength=len(values)) for row in chosen]).astype(float)
    mine, ends = (
        build_mean_result("a", values),
        AnchorScores(ANCHOR, build_mean_result("a", list(base)), build_mean_result("a", list(top))),
    )
    found = resampled_scores(mine, ends, GAIN, counts)
    for row, value in zip(chosen, found, strict=True):
        picked = [np.mean([column[item] for item in row]) for column in (values, base, top)]
        expected = (picked[0] - picked[1]) / (picked[2] - picked[1])
        assert value == pytest.approx(min(max(expected, -1.0), 1.5))


def test_a_choice_that_leaves_no_room_between_the_ends_is_at_a_limit() -> None:
    ends = AnchorScores(ANCHOR, build_mean_result("a", [1.0, 0.0]), build_mean_result("a", [1.0, 1.0]))
    first, both = np.array([[2.0, 0.0]]), np.array([[1.0, 1.0]])
    assert resampled_scores(build_mean_result("a", [0.5, 0.5]), ends, GAIN, first) == [-1.0]
    assert resampled_scores(build_mean_result("a", [1.0, 0.0]), ends, GAIN, first) == [0.0]
    assert resampled_scores(build_mean_result("a", [1.0, 0.0]), ends, GAIN, both) == [0.0]
