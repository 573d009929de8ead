"""Progress goes one way, to a sink; queue upkeep and withdrawals belong to the timer behind the checkpoints."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from evaluator.errors import SubmissionWithdrawn
from evaluator.service.queue_timer import QueueTimer
from evaluator.service.status_sink import StatusSink
from evaluator.tracks.dataset_research.evaluation import evaluate_submission
from evaluator.tracks.evaluation_job import EvaluationJob
from evaluator.tracks.events import Event, EventSink, NullSink, PreviewReady, StageProgress
from submissions.errors import EvaluatorError, RateLimited, Unreachable
from tests.support.evaluator_world import TASKS, ListSink, World, wish


class StoppedTimer(QueueTimer):
    """Never does any upkeep, so that whatever happens to the queue came from elsewhere."""

    def watch_submission(self, _ulid: str) -> Callable[[], None]:
        return lambda: None


class CountingTimer(QueueTimer):
    """Counts the upkeep that was done."""

    def __init__(self, world: World, seconds: float) -> None:
        super().__init__(world.worker().submission_queue, seconds=seconds)
        self.upkeeps: list[str] = []
        queue = self._queue
        applied = queue.apply_requests

        def counted() -> None:
            self.upkeeps.append("upkeep")
            applied()

        queue.apply_requests = counted  # type: ignore[method-assign]


def job_of(world: World, events: EventSink, cancellation: Callable[[], None] = lambda: None) -> EvaluationJob:
    bench = world.bench(world.generator)
    return EvaluationJob(
        benchmark=world.benchmark,
        tasks=tuple(TASKS),
        context=bench,
        folder=world.folder / "records",
        events=events,
        cancellation=cancellation,
        wants_preview=True,
    )


def test_events_come_in_the_order_of_the_stages(world: World) -> None:
    submission, sink = world.submit(), ListSink()
    result = evaluate_submission(job_of(world, sink), world.worker().build_submission_data(submission))
    progress = [(one.stage, one.done, one.of) for one in sink.events if isinstance(one, StageProgress)]
    counted = [("check", 2), ("screen", 2), ("few_shot", 2), ("fine_tune", 2), ("total", 3)]
    expected = [(stage, done, of) for stage, of in counted for done in range(1, of + 1)]
    assert progress == [*expected[:6], ("fine_tune", 0, 2), *expected[6:]]
    (at,) = (number for number, one in enumerate(sink.events) if isinstance(one, PreviewReady))
    before, after = sink.events[at - 1], sink.events[at + 1]
    assert (before, after) == (StageProgress("few_shot", 2, 2), StageProgress("fine_tune", 0, 2))
    preview = sink.events[at]
    assert isinstance(preview, PreviewReady)
    assert preview.preview.submission == result.submission == submission.id


def test_without_a_sink_or_a_timer_an_evaluation_runs_to_its_end(world: World) -> None:
    submission = world.submit()
    wish(world, submission.id, "withdraw")
    result = evaluate_submission(job_of(world, NullSink()), world.worker().build_submission_data(submission))
    assert result.submission == submission.id


@pytest.mark.parametrize(
    "error", [EvaluatorError("no"), SubmissionWithdrawn("no"), OSError(28, "No space left on device")], ids=repr
)
def test_a_sink_that_raises_neither_reorders_the_queue_nor_withdraws(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    ids = sorted(world.submit(name).id for name in ("one", "two", "three"))
    worker = world.worker()
    queue = worker.submission_queue
    assert queue.refresh() == ids
    before = [world.arena.read_history(ulid) for ulid in ids]

    def emit(_sink: StatusSink, _event: Event) -> None:
        raise error

    monkeypatch.setattr(StatusSink, "emit", emit)
    assert worker.evaluate(ids[0], StoppedTimer(queue)) == "failed"
    assert [world.arena.read_history(ulid) for ulid in ids[1:]] == before[1:]
    assert queue.queued_ids() == ids
    assert world.arena.read_history(ids[0]).now.fault == "evaluator"


def test_progress_alone_touches_nobody_else_and_heeds_no_withdrawal(world: World) -> None:
    ids = sorted(world.submit(name).id for name in ("one", "two"))
    worker = world.worker()
    worker.submission_queue.refresh()
    before = world.arena.read_history(ids[1])
    sink = StatusSink(world.arena, world.arena.read_submission(ids[0]))
    wish(world, ids[0], "withdraw")
    for done in range(1, 4):
        sink.emit(StageProgress("screen", done, 3))
    assert world.arena.read_history(ids[0]).now.stage == "screen"
    assert world.arena.read_history(ids[1]) == before


def test_a_withdrawal_is_honoured_at_the_next_checkpoint(world: World) -> None:
    submission, other = world.submit("one"), world.submit("two")
    queue = world.worker().submission_queue
    check = QueueTimer(queue, seconds=3600.0).watch_submission(submission.id)
    check()
    assert world.arena.read_history(other.id).now.place == 1
    wish(world, submission.id, "withdraw")
    with pytest.raises(SubmissionWithdrawn, match="was withdrawn while it was evaluated"):
        check()
    assert world.arena.read_history(submission.id).now.state == "withdrawn"


def test_a_withdrawal_ends_the_stage_loop_before_its_progress_is_reported(world: World) -> None:
    submission, sink = world.submit(), ListSink()

    def cancelled() -> None:
        if StageProgress("screen", 1, 2) in sink.events:
            raise SubmissionWithdrawn("It was withdrawn.")

    with pytest.raises(SubmissionWithdrawn):
        evaluate_submission(job_of(world, sink, cancelled), world.worker().build_submission_data(submission))
    assert sink.events[-1] == StageProgress("screen", 1, 2)
    assert not world.generator.models


def test_upkeep_is_done_when_something_was_submitted_and_else_when_its_time_has_come(world: World) -> None:
    submission = world.submit("one")
    rare, often = CountingTimer(world, seconds=3600.0), CountingTimer(world, seconds=0.0)
    for timer, expected in ((rare, 1), (often, 3)):
        check = timer.watch_submission(submission.id)
        for _ in range(3):
            check()
        assert len(timer.upkeeps) == expected
    check = rare.watch_submission(submission.id)
    check()
    later = world.submit("two")
    check()
    assert len(rare.upkeeps) == 3
    assert world.arena.read_history(later.id).now.place == 1, "it came while another one was evaluated"


@pytest.mark.parametrize(
    "error",
    [Unreachable("The Hub does not answer."), RateLimited("Too many.", datetime.now(UTC))],
    ids=["unreachable", "rate-limited"],
)
def test_an_evaluation_goes_on_while_the_hub_is_away(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    submission = world.submit()
    timer = QueueTimer(world.worker().submission_queue)

    def away() -> str:
        raise error

    monkeypatch.setattr(world.arena.submissions, "head", away)
    with caplog.at_level(logging.WARNING):
        timer.watch_submission(submission.id)()
    assert "Postponed queue upkeep" in caplog.text
