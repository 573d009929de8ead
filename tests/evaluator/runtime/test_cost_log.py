"""What an evaluation cost: entered once, kept over restarts, published with its Result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from evaluator.config.profile import load_profile
from evaluator.generation import Completion
from evaluator.runtime.cost_log import CostLog, load_ledger, write_ledger
from evaluator.runtime.resource_usage import FILE, ResourceUsage, read_peak_bytes, reset_peak_memory
from evaluator.runtime.stage_cache import StageCache
from evaluator.service.submission_runner import SubmissionRunner
from evaluator.testing.null_backend import NullGenerator, NullTrainer
from evaluator.training import PendingSave, Progress, TrainJob
from submissions.errors import NotFound
from submissions.records.ledger import Cost, Ledger
from tests.support.evaluator_world import World
from tests.support.factories import make_rows

pytestmark = pytest.mark.integration

Key = tuple[str, str]
"""Task and stage."""
TRAINED = ResourceUsage(seconds=100.0, tokens_trained=70, peak_bytes=9)


class PaidTrainer(NullTrainer):
    """Says that every training took the same."""

    def train(self, job: TrainJob, progress: Progress) -> PendingSave:
        saving = super().train(job, progress)
        (job.out / FILE).write_text(TRAINED.model_dump_json())
        return saving


class PaidGenerator(NullGenerator):
    """Says that its first call took a second and a token, its second two of each, and so on."""

    def generate(self, model: Path, prompts: Sequence[list[int]], max_new_tokens: int) -> list[Completion]:
        found = super().generate(model, prompts, max_new_tokens)
        calls = len(self.models)
        self.last_usage = ResourceUsage(seconds=calls, tokens_generated=calls, peak_bytes=5)
        return found


@pytest.fixture
def paid(world: World) -> World:
    world.trainer, world.generator = PaidTrainer(), PaidGenerator(world.knows)
    return world


def by_key(ledger: Ledger) -> dict[Key, Cost]:
    found = {(cost.task, cost.stage): cost for cost in ledger.costs}
    assert len(found) == len(ledger.costs)
    return found


def test_a_ledger_has_what_every_stage_of_every_task_took(paid: World) -> None:
    submission = paid.submit()
    assert paid.worker().evaluate(submission.id) == "published"
    ledger = paid.arena.read_ledger(submission.id, "demo@1")
    assert (ledger.submission, ledger.protocol, ledger.profile) == (submission.id, "demo@1", "cpu")
    assert (ledger.devices, ledger.hour_price, ledger.price) == (1, None, None)
    costs = by_key(ledger)
    assert list(costs) == [(task, stage) for stage in ("screen", "few_shot", "fine_tune") for task in ("a", "b")]
    few, fine = costs["a", "few_shot"], costs["b", "fine_tune"]
    assert (few.seconds, few.tokens_generated, few.peak_bytes) == (1 + 2 + 3, 1 + 2 + 3, 5), "three numbers of shots"
    assert (fine.seconds, fine.tokens_generated, fine.tokens_trained, fine.peak_bytes) == (100 + 8, 8, 70, 9)
    assert costs["a", "screen"].tokens_generated == ledger.costs[0].tokens_trained == 0
    assert (ledger.tokens_trained, ledger.tokens_generated) == (140, sum(range(1, 9)))


@pytest.mark.parametrize("survived", range(8))
def test_what_was_finished_before_an_interruption_keeps_its_cost(paid: World, survived: int) -> None:
    """Two tasks are asked four times each; the second run's calls are counted, and so paid, from one again."""
    submission, generator = paid.submit(), PaidGenerator(paid.knows)

    def interrupted(model: Path, prompt: Sequence[int]) -> str:
        if len(generator.models) == survived:
            raise KeyboardInterrupt
        return paid.knows(model, prompt)

    generator._answer = interrupted
    with pytest.raises(KeyboardInterrupt):
        paid.worker(generator).evaluate(submission.id)
    kept = {file: file.read_bytes() for file in (paid.folder / "work" / "stages" / "cost").iterdir()}
    assert len(kept) == survived + 2, "two were screened"
    assert paid.worker().evaluate(submission.id) == "published"
    assert {file: file.read_bytes() for file in kept} == kept
    ledger = paid.arena.read_ledger(submission.id, "demo@1")
    assert ledger.tokens_generated == sum(range(1, survived + 1)) + sum(range(1, 8 - survived + 1))
    assert ledger.tokens_trained == 140, "a model that was trained before the interruption is counted with it"
    if survived >= 3:
        assert by_key(ledger)["a", "few_shot"].seconds == 6
    if survived >= 7:
        assert by_key(ledger)["a", "fine_tune"].seconds == 107


def test_work_that_was_done_for_another_submission_costs_what_it_cost_then(paid: World) -> None:
    first, second = paid.submit("one"), paid.submit("two")
    worker = paid.worker()
    worker.evaluate(first.id)
    worker.evaluate(second.id)
    one, two = (paid.arena.read_ledger(made.id, "demo@1") for made in (first, second))
    assert one.costs == two.costs
    assert len(one.costs) == 6


def test_each_evaluation_of_a_worker_has_its_own_costs(paid: World) -> None:
    both, alone = paid.submit("both"), paid.submit("alone", {"b": make_rows("other", 12)})
    worker = paid.worker()
    worker.evaluate(both.id)
    worker.evaluate(alone.id)
    assert {cost.task for cost in paid.arena.read_ledger(alone.id, "demo@1").costs} == {"b"}


def test_work_of_an_earlier_evaluator_has_no_known_cost_and_no_ledger(
    paid: World, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = paid.submit("one"), paid.submit("two")
    assert paid.worker().evaluate(first.id) == "published"
    for file in (paid.folder / "work" / "stages" / "cost").iterdir():
        file.unlink()
    assert paid.worker().evaluate(second.id) == "published"
    with pytest.raises(NotFound):
        paid.arena.read_ledger(second.id, "demo@1")
    assert "was not measured" in caplog.text


def test_an_evaluation_again_takes_a_ledger_away_that_is_no_longer_known(paid: World) -> None:
    submission = paid.submit()
    worker: SubmissionRunner = paid.worker()
    worker.evaluate(submission.id)
    folder, profile = worker.records / submission.id / "demo@1", load_profile("cpu")
    assert load_ledger(folder) == {"costs": paid.arena.read_ledger(submission.id, "demo@1")}
    write_ledger(folder, submission.id, "demo@1", profile, None)
    assert load_ledger(folder) == {}
    write_ledger(folder, submission.id, "demo@1", profile, None)


def test_the_same_output_used_twice_was_paid_for_once(tmp_path: Path) -> None:
    costs = CostLog(StageCache(tmp_path))
    costs.record("k", ResourceUsage(seconds=2, tokens_generated=3))
    costs.record("l", ResourceUsage(seconds=5, tokens_generated=7))
    for key in ("k", "k", "l", "k"):
        costs.attribute("t", "few_shot", key)
    costs.attribute("t", "base", "not asked for an entry")
    assert costs.collect(["few_shot"], ["other", "t"]) == (
        Cost(task="t", stage="few_shot", seconds=7, tokens_generated=10),
    )


def test_a_price_is_that_of_all_devices(tmp_path: Path) -> None:
    profile = load_profile("cpu").model_copy(update={"devices": 4, "hour_price": 2.5})
    costs = (Cost(task="t", stage="fine_tune", seconds=1800),)
    write_ledger(tmp_path, "0" * 26, "demo@1", profile, costs)
    ledger = load_ledger(tmp_path)["costs"]
    assert (ledger.device_hours, ledger.price) == (2.0, 5.0)


def test_memory_is_watched_anew() -> None:
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("no Linux, no peak")
    reset_peak_memory("cpu")
    before = read_peak_bytes("cpu")
    held = bytearray(b"x") * 2**28
    most = read_peak_bytes("cpu")
    assert before
    assert most
    assert most - before > 0.9 * len(held)
    del held
    reset_peak_memory("cpu")
    after = read_peak_bytes("cpu")
    assert after
    assert after < most - 2**27
