"""A crew's parts without Ray: the line, a station's turns, failures in a row, errors on their way between machines."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from evaluator import errors
from evaluator.errors import ChildFailed, DiskFull
from evaluator.generation import Completion
from evaluator.runtime.resource_usage import FILE, ResourceUsage
from evaluator.scheduling import LocalExecutor, Worker
from evaluator.scheduling.ray.worker_pool import describe_differences
from evaluator.scheduling.retry import MAX_CONSECUTIVE_FAILURES
from evaluator.scheduling.work_queue import WorkQueue
from evaluator.testing.null_backend import NullGenerator, NullTrainer
from evaluator.training import PendingSave, Progress, TrainJob, TrainResult
from submissions.errors import EvaluatorError
from tests.support.evaluation_factories import SETUP
from tests.support.ray_workers import a_unit, by_key, keys, nothing, units


@dataclass(eq=False)
class Hands:
    cached_keys: set[str] = field(default_factory=set)
    running_keys: list[str] = field(default_factory=list)


def kinds(of: type[EvaluatorError] = EvaluatorError) -> list[type[EvaluatorError]]:
    return [of, *(kind for one in of.__subclasses__() if one.__module__ == errors.__name__ for kind in kinds(one))]


@pytest.mark.parametrize("kind", kinds())
def test_an_error_comes_through_pickle_as_itself(kind: type[EvaluatorError]) -> None:
    error = kind("A summary.", "A detail.")
    if isinstance(error, ChildFailed):
        error.log_tail = "A tail."
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (again.public, again.detail, str(again)) == ("A summary.", "A detail.", "A summary. A detail.")
    assert vars(again) == vars(error)


def test_what_is_trained_on_a_node_goes_there_and_nowhere_else() -> None:
    here, there = Hands({"c"}), Hands({"a"})
    line = WorkQueue.from_keys("abc")
    assert [line.pop_for(here, [here, there]) for _ in range(3)] == ["c", "b", None]
    assert line.pop_for(there, [here, there]) == "a"


def test_what_failed_goes_to_another_station_unless_all_failed_at_it() -> None:
    one, two = Hands(), Hands()
    line = WorkQueue.from_keys("ab")
    assert line.pop_for(one, [one, two]) == "a"
    line.requeue_failed("a", one)
    assert line.pop_for(one, [one, two]) == "b"
    assert line.pop_for(one, [one, two]) is None
    assert line.pop_for(two, [one, two]) == "a"
    line.requeue_failed("a", two)
    assert line.pop_for(one, [one, two]) == "a"


def test_what_lost_its_station_is_worked_on_alone() -> None:
    busy, free = Hands(running_keys=["x"]), Hands()
    line = WorkQueue.from_keys("b")
    assert line.record_loss("a") == 1
    line.requeue_front(["a"])
    assert list(line.keys) == ["a", "b"]
    assert line.pop_for(busy, [busy, free]) == "b"
    assert line.pop_for(busy, [busy, free]) is None
    assert line.pop_for(free, [busy, free]) == "a"
    line.requeue_front(["c"])
    free.running_keys.append("a")
    assert line.pop_for(free, [busy, free]) is None


class Failing(NullTrainer):
    def train(self, job: TrainJob, progress: Progress) -> PendingSave:
        if job.name.startswith("fails"):
            self.jobs.append(job)
            raise ChildFailed(f"{job.name} failed.")
        return super().train(job, progress)


def test_units_that_fail_in_a_row_end_the_run_early(tmp_path: Path) -> None:
    trainer = Failing()
    here = LocalExecutor(Worker(tmp_path, trainer, NullGenerator(), tmp_path / "models", together=False), tries=2)
    with pytest.raises(ChildFailed, match="fails-0"):
        by_key(here.run(units([f"fails-{number}" for number in range(9)]), nothing))
    assert len({job.name for job in trainer.jobs}) == MAX_CONSECUTIVE_FAILURES
    names = ["fails-a", "a", "fails-b", "b", "fails-c", "c", "fails-d", "d"]
    found = []
    with pytest.raises(ChildFailed, match="fails-a"):
        found.extend(done.key for done in here.run(units(names), nothing))
    assert sorted(path.parent.name for path in here.worker._models.glob("*/model")) == keys(list("abcd"))


class Saved(NullTrainer):
    """Files of the first model are written only when the second one was trained."""

    def __init__(self) -> None:
        super().__init__()
        self.second = threading.Event()
        self.overlapped: list[bool] = []

    def train(self, job: TrainJob, progress: Progress) -> PendingSave:
        saving = super().train(job, progress)
        if len(self.jobs) == 2:
            self.second.set()
            return saving

        def wait() -> TrainResult:
            self.overlapped.append(self.second.wait(60))
            return saving()

        return wait


@pytest.mark.parametrize("together", [False, True])
def test_while_a_model_is_written_the_devices_train_the_next(tmp_path: Path, together: bool) -> None:
    trainer = Saved()
    station = Worker(tmp_path, trainer, NullGenerator(), tmp_path / "models", together=together)
    threads = [threading.Thread(target=station.run, args=(a_unit(name), nothing)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(job.name for job in trainer.jobs) == ["a", "b"]
    assert trainer.overlapped == [True]


class OneAtATime(NullTrainer):
    """Notices another use of the devices at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self.using = threading.Lock()
        self.most_at_once = 0

    def train(self, job: TrainJob, progress: Progress) -> PendingSave:
        assert self.using.acquire(blocking=False), "the devices are used already"
        try:
            return super().train(job, progress)
        finally:
            self.using.release()


class Asking(NullGenerator):
    def __init__(self, trainer: OneAtATime) -> None:
        super().__init__()
        self._trainer = trainer

    def generate(self, model: Path, prompts: Sequence[list[int]], max_new_tokens: int) -> list[Completion]:
        assert self._trainer.using.acquire(blocking=False), "the devices are used already"
        try:
            return super().generate(model, prompts, max_new_tokens)
        finally:
            self._trainer.using.release()


def test_in_turns_nothing_uses_the_devices_twice(tmp_path: Path) -> None:
    trainer = OneAtATime()
    station = Worker(tmp_path, trainer, Asking(trainer), tmp_path / "models", together=False)
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(20):
                station.run(a_unit(f"{number}-{turn}", trained=turn % 3 > 0), nothing)
        except (EvaluatorError, AssertionError) as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []


def test_a_full_disk_is_an_error_with_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _content: bytes) -> None:
        raise OSError(28, "No space left on device", "/somewhere")

    monkeypatch.setattr("evaluator.scheduling.worker.atomic_write", full)
    station = Worker(tmp_path, NullTrainer(), NullGenerator(), tmp_path / "models", together=False)
    with pytest.raises(DiskFull) as failed:
        station.run(a_unit("a"), nothing)
    assert "No space left on device" in failed.value.public
    assert "/somewhere" not in failed.value.public


def test_what_nobody_wants_for_a_day_is_swept(tmp_path: Path) -> None:
    station = Worker(tmp_path, NullTrainer(), NullGenerator(), tmp_path / "models", together=False)
    for name in ("wanted", "other"):
        (tmp_path / "models" / name / "model").mkdir(parents=True)
        (tmp_path / "models" / name / "model" / FILE).write_text(ResourceUsage(seconds=0).model_dump_json())
    station.discard_stale_models(["wanted"], 86_400)
    assert station.cached_models() == ["other", "wanted"]
    station.discard_stale_models(["wanted"], -1)
    assert station.cached_models() == ["wanted"]


def test_a_difference_of_setups_is_said_by_name() -> None:
    other = SETUP.model_copy(update={"hardware": "a phone", "packages": {"torch": "1"}})
    said = list(describe_differences(SETUP, other))
    assert said == ["packages have torch 1 and not None", "hardware is a phone and not none"]
