"""A whole evaluation with a metadata judge: real worker, real client, a double on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from evaluator.llm.fake_server import CannedReply, FakeChatServer, ReceivedRequest, completion_reply
from evaluator.service.submission_runner import SubmissionRunner
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.stages.judge_factory import open_judge
from evaluator.stages.metadata.judge import Judge
from evaluator.stages.metadata.verdict import DIMENSIONS
from evaluator.stages.recompute import recompute_result
from evaluator.testing.null_backend import NullGenerator, NullTrainer, null_context
from evaluator.tracks.context_pool import ContextPool
from submissions.arena.arena import open_arena
from submissions.arena.benchmark import Benchmark
from submissions.records.result import split_verdicts
from submissions.records.submission import Submission
from submissions.records.task import Metadata
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from tests.support.evaluation_factories import make_anchors, make_protocol
from tests.support.factories import make_benchmark, make_rows, make_task, submit_delivery, write_delivery
from tests.support.judges import ENVIRON, SETTINGS, a_connection, description, is_comparison, says_seven, verdict
from tests.support.judges import no_ambient_settings as no_ambient_settings

pytestmark = pytest.mark.integration

TASKS = [make_task("a"), make_task("b"), make_task("c", kind="reasoning")]
PROTOCOL = AnchoredProtocol.model_validate(make_protocol().model_dump() | {"judge": SETTINGS.model_dump()})
FULL = Metadata(
    introduction="numbers",
    task="counting",
    question="what comes next",
    domain="arithmetic",
    input="a number",
    output="the next",
    source="made up",
    samples_count=9,
    example=make_rows("elsewhere", 1)[0],
)


class World:
    """An arena, a benchmark whose references are described, and a judge on loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.arena = open_arena(str(folder))
        self.benchmark: Benchmark = make_benchmark(folder / "benchmark", TASKS)
        said = [Change(f"references/{task.id}/metadata.json", to_json(FULL)) for task in TASKS]
        self.benchmark.repo.commit(said, self.benchmark.repo.head())
        self.bench = null_context(folder / "work", PROTOCOL, NullTrainer(), NullGenerator())
        anchors = to_json(make_anchors(self.bench, self.benchmark, TASKS))
        self.benchmark.repo.commit([Change(f"anchors/{PROTOCOL.name}.json", anchors)], self.benchmark.repo.head())

    def submit(self, descriptions: Mapping[str, Metadata]) -> Submission:
        """Data for a and b, described as given."""
        folder = write_delivery(self.folder / "Finder", {name: make_rows("mine", 12) for name in "ab"})
        lines = (json.dumps({"task": task, "metadata": one.model_dump()}) for task, one in descriptions.items())
        if descriptions:
            (folder / "metadata.jsonl").write_text("\n".join(lines))
        return submit_delivery(self.arena, TASKS, folder)

    @contextmanager
    def judging(
        self, answer: Callable[[ReceivedRequest], CannedReply] = says_seven, **fields: object
    ) -> Iterator[FakeChatServer]:
        with FakeChatServer(answer) as self.server:
            self.connection = a_connection(self.server.base_url, **fields)
            yield self.server

    @contextmanager
    def judge(self, ledger: str) -> Iterator[Judge]:
        path = self.folder / "judge.sqlite"
        with open_judge("dataset_research", SETTINGS, self.connection, ENVIRON, path, ledger) as opened:
            yield opened

    def work(self, submission: Submission) -> str:
        worker = SubmissionRunner(
            self.arena,
            self.benchmark,
            ContextPool.from_context(replace(self.bench, open_judge=self.judge)),
            self.folder / "records",
        )
        return worker.evaluate(submission.id)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_the_result_says_what_the_judge_said_and_who_described_the_data(world: World) -> None:
    submission = world.submit({"a": FULL})
    with world.judging():
        assert world.work(submission) == "published"
    judged = world.arena.read_result(submission.id).metadata
    assert judged is not None
    assert judged.origins == {"generated": 1, "missing": 1, "submitted": 1}
    assert [score.name for score in judged.dimensions] == list(DIMENSIONS)
    assert judged.average.value == pytest.approx(14 / 3), "7, 7, and 0 for the task that is missing"
    assert (judged.model, judged.prompts) == ("judge", ("judge@1", "describe@1"))
    stages = [entry.stage for entry in world.arena.read_history(submission.id).entries]
    assert stages.index("metadata") == stages.index("screen") + 1


def test_a_rescore_keeps_the_verdicts_bit_for_bit(world: World) -> None:
    submission = world.submit({})
    with world.judging():
        world.work(submission)
    folder = world.folder / "records" / submission.id / "demo@1"
    again = recompute_result(folder)
    assert again.metadata is not None
    assert to_json(again) == (folder / "result.json").read_bytes()
    assert split_verdicts(again)[0] == world.arena.read_result(submission.id)


def test_no_word_of_the_judge_or_the_reference_is_published(world: World) -> None:
    submission = world.submit({"a": FULL.model_copy(update={"introduction": "MY OWN WORDS"})})
    with world.judging():
        world.work(submission)
    published = world.arena.results.read(f"results/{submission.id}/demo@1.json").decode()
    for word in ("because of", "MY OWN WORDS", FULL.introduction, "some glaciers"):
        assert word not in published


def test_an_answer_in_prose_blocks_publication_until_it_was_asked_again(world: World) -> None:
    submission = world.submit({"a": FULL, "b": FULL.model_copy(update={"introduction": "other numbers"})})
    asked: list[ReceivedRequest] = []

    def prose_at_first(one: ReceivedRequest) -> CannedReply:
        asked.append(one)
        return completion_reply("I find both splendid, 10 out of 10." if len(asked) == 1 else verdict())

    with world.judging(prose_at_first):
        assert world.work(submission) == "failed"
        now = world.arena.read_history(submission.id).now
        assert (now.fault, submission.id in world.arena.result_ids()) == ("evaluator", False)
        assert "The judge has no verdict on 1 of 3 tasks" in now.message
        assert world.work(submission) == "published"
    assert len(asked) == 3, "what was answered is not asked again"


def test_a_spent_budget_stops_the_stage_and_nothing_is_published(world: World) -> None:
    submission = world.submit({"a": FULL, "b": FULL})
    with world.judging(budget_tokens=10):
        assert world.work(submission) == "failed"
        message = world.arena.read_history(submission.id).now.message
        assert message.startswith("The metadata stage is incomplete: the chat model's budget is used up.")
        assert world.server.requests == []
    with world.judging():
        assert world.work(submission) == "published"


def test_a_store_of_answers_that_is_no_database_fails_the_stage_and_not_the_worker(world: World) -> None:
    submission = world.submit({"a": FULL})
    (world.folder / "judge.sqlite").write_bytes(b"no database " * 99)
    with world.judging():
        assert world.work(submission) == "failed"
    now = world.arena.read_history(submission.id).now
    assert (now.fault, now.message) == ("evaluator", "The store of the chat model's answers failed.")


def test_the_judges_server_is_named_when_it_is_gone_and_the_key_is_not(world: World) -> None:
    submission = world.submit({"a": FULL})
    with world.judging(retries=0):
        pass
    assert world.work(submission) == "failed"
    message = world.arena.read_history(submission.id).now.message
    assert "The chat model call failed" in message
    assert ENVIRON["JUDGE_KEY"] not in message


def test_the_judge_never_moves_a_gain(world: World) -> None:
    submission = world.submit({"a": FULL})
    with world.judging(lambda asked: completion_reply(verdict(0) if is_comparison(asked) else description())):
        world.work(submission)
    low = world.arena.read_result(submission.id)
    other = World(world.folder / "other")
    again = other.submit({"a": FULL})
    with other.judging():
        other.work(again)
    high = other.arena.read_result(again.id)
    assert low.totals == high.totals
    assert low.metadata != high.metadata
