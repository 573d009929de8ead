"""Items that share a passage: clustered errors, whole draws, and the coverage of intervals."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from scipy import stats

from benchmarks.scoring.cluster_coverage import PASSAGES, PassageRegime, gain_coverage, score_coverage
from evaluator.scoring.metrics.metric_result import MetricResult, build_mean_result
from evaluator.scoring.statistics import anchor_error, gain_interval, make_clusters, rescore, score_interval
from evaluator.stages.aggregate.task_scores import score_task
from submissions.records.task import Row
from tests.support.evaluation_factories import make_protocol, make_record
from tests.support.factories import make_task

CHANCE = np.random.default_rng(11)


def miller_error(values: np.ndarray, groups: np.ndarray) -> float:
    """Equation 4 of Miller 2024, written out."""
    away = values - values.mean()
    pairs = sum(float(np.outer(away[groups == one], away[groups == one]).sum()) for one in np.unique(groups))
    return sqrt(pairs) / len(values)


@pytest.mark.parametrize("items", [5, 20])
def test_the_error_of_a_mean_is_miller_s(items: int) -> None:
    groups = np.repeat(np.arange(40), items)
    values = np.clip(np.repeat(CHANCE.random(40), items) + CHANCE.normal(0, 0.1, 40 * items), 0, 1)
    found = make_clusters(groups.tolist()).jackknife_error(build_mean_result("f1", values.tolist()))
    assert found == pytest.approx(miller_error(values, groups) * sqrt(40 / 39))


def test_clusters_of_unequal_size_have_about_miller_s_error() -> None:
    sizes = CHANCE.integers(1, 12, 60)
    groups = np.repeat(np.arange(60), sizes)
    values = np.clip(np.repeat(CHANCE.random(60), sizes) + CHANCE.normal(0, 0.1, len(groups)), 0, 1)
    found = make_clusters(groups.tolist()).jackknife_error(build_mean_result("f1", values.tolist()))
    assert found == pytest.approx(miller_error(values, groups), rel=0.1)


def test_the_error_of_independent_items_is_the_least() -> None:
    values = [0.0, 1.0] * 50  # every passage has as many right as wrong answers: no spread between passages
    clusters = make_clusters(np.repeat(np.arange(50), 2).tolist())
    assert clusters.jackknife_error(build_mean_result("f1", values)) == pytest.approx(np.std(values) / sqrt(99))


def test_whole_clusters_are_drawn() -> None:
    clusters = make_clusters([7, 7, 3, 7, 9, 9])
    assert clusters.of_item.tolist() == [0, 0, 1, 0, 2, 2]
    counts = clusters.draw(500, 4)
    assert (counts[:, 0] == counts[:, 1]).all()
    assert (counts[:, 0] == counts[:, 3]).all()
    assert (counts[:, 4] == counts[:, 5]).all()
    assert (counts[:, 0] + counts[:, 2] + counts[:, 4] == 3).all()
    assert (clusters.draw(500, 4) == counts).all()


def test_student_s_t_is_by_clusters() -> None:
    even = make_clusters(np.repeat(np.arange(21), 5).tolist())
    assert even.freedom == pytest.approx(20)
    assert even.quantile == pytest.approx(stats.t.ppf(0.975, 20), rel=1e-3)
    assert make_clusters([0] * 90 + list(range(1, 11))).freedom < 1, "one passage has nearly all items"
    for count in (2, 3, 4):
        assert make_clusters(list(range(count))).quantile == pytest.approx(stats.t.ppf(0.975, count - 1), rel=5e-3)


def test_one_passage_proves_no_more_than_one_item() -> None:
    clusters = make_clusters([0] * 30)
    (score,) = rescore([build_mean_result("accuracy", [1.0] * 20 + [0.0] * 10)], clusters.draw(50, 0), clusters)
    low, high = score_interval(score)
    assert high - low > 0.75
    top, base = build_mean_result("accuracy", [1.0] * 30), build_mean_result("accuracy", [0.0] * 30)
    assert anchor_error(top, base, clusters=clusters) == 1


def test_a_corpus_metric_has_a_clustered_error() -> None:
    """The same ratio in all items of a passage: the error is that of the passages alone."""
    shares = CHANCE.random(40)
    column = np.repeat(shares, 10)

    def ratio(sums: np.ndarray) -> np.ndarray:
        return np.asarray(sums[..., 0] / sums[..., 1])

    whole = MetricResult("corpus", np.stack([column * 20, np.full(400, 20.0)], axis=1), ratio)
    clusters = make_clusters(np.repeat(np.arange(40), 10).tolist())
    assert clusters.jackknife_error(whole) == pytest.approx(shares.std(ddof=1) / sqrt(40))


def test_what_a_score_and_its_anchors_share_cancels_by_passage() -> None:
    clusters = make_clusters(np.repeat(np.arange(30), 4).tolist())
    easy = np.repeat(CHANCE.random(30), 4)
    base, reference = (build_mean_result("accuracy", (easy < share).tolist()) for share in (0.3, 0.6))
    score, low, high = rescore([reference, base, reference], clusters.draw(300, 0), clusters)
    assert gain_interval(score, low, high, lambda *ends: (ends[0] - ends[1]) / (ends[2] - ends[1])) == pytest.approx(
        (1, 1)
    )


def test_a_task_s_intervals_are_by_passage_and_few_passages_say_so() -> None:
    rows = tuple(Row(input=f"{n}?", output=("yes", "no")[n % 2], group=f"p{n // 10}") for n in range(200))
    alone = tuple(row.model_copy(update={"group": ""}) for row in rows)
    task = make_task("a", "text_classification")

    def measure(questions: tuple[Row, ...], **changes: object) -> tuple[float, str | None]:
        protocol = make_protocol(**({"statistics": changes} if changes else {}))
        record = make_record(task, dict.fromkeys(protocol.methods, 100), of=200, questions=questions)
        score = score_task(protocol, record).methods["fine_tune"].score
        assert score.interval is not None
        return score.interval[1] - score.interval[0], score.rough

    wide, rough = measure(rows)
    narrow, fine = measure(alone)
    assert wide > 2.5 * narrow
    assert (rough, fine) == (None, None)
    assert measure(rows, clusters=None) == (narrow, None), "paper@1 and older protocols take items for independent"
    few = tuple(row.model_copy(update={"group": f"p{n // 20}"}) for n, row in enumerate(rows))
    assert measure(few)[1] == "10 passages with 200 items are few for an interval"


FAST = (PassageRegime(20, 5), PassageRegime(50, 20))


def check_coverage(regime: PassageRegime, worlds: int) -> None:
    for found in (score_coverage(regime, worlds), gain_coverage(regime, worlds)):
        least = 0.93 if regime.passages >= 50 else 0.90
        assert found.share + 2 * found.error >= least
        assert found.share - 2 * found.error <= 0.97


@pytest.mark.parametrize("regime", FAST, ids=lambda regime: regime.name)
def test_intervals_cover_the_truth_where_items_share_a_passage(regime: PassageRegime) -> None:
    """The standard error of 300 worlds is 1.3 points; items taken for independent cover 45-83%."""
    check_coverage(regime, 300)


@pytest.mark.integration
@pytest.mark.full
@pytest.mark.parametrize("regime", PASSAGES, ids=lambda regime: regime.name)
def test_intervals_cover_the_truth_in_every_regime(regime: PassageRegime) -> None:
    check_coverage(regime, 2_000)


def test_items_taken_for_independent_do_not_cover() -> None:
    assert score_coverage(FAST[1], 100, is_clustered=False).share < 0.75
