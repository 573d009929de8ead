"""`plan`: what it counts is what an evaluation would do, and what it prints says what that rests on."""

from __future__ import annotations

import json
from collections.abc import Collection, Generator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from evaluator.cli.app import app
from evaluator.config.profile import load_profile
from evaluator.generation import Completion
from evaluator.models import tiny_llama
from evaluator.models.chat_template import load_template
from evaluator.planning import plan
from evaluator.planning.plan import BYTES_PER_TOKEN, PlanInputs, PlanReport, make_plan
from evaluator.planning.prompt_frame import build_frame
from evaluator.planning.workload import ByteEstimatedWorkload, TokenizedWorkload, mean_load
from evaluator.runtime.resource_usage import ResourceUsage
from evaluator.scheduling import UnitResult, Units, WorkUnit
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.stages.few_shot import few_shot_requests
from evaluator.stages.fine_tune import fine_tune_request
from evaluator.stages.reference_split import load_reference
from evaluator.testing.null_backend import NullGenerator, NullTrainer, null_context
from evaluator.tracks.protocols import load_protocol
from evaluator.training import Progress
from submissions.arena.arena import open_arena
from submissions.arena.benchmark import Benchmark
from submissions.arena.ids import new_id
from submissions.cli.runtime import run_app
from submissions.records.ledger import Cost, Ledger
from submissions.records.prompt_frame import EvalSetLoad
from submissions.records.task import Row
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from tests.support.factories import NOW, make_benchmark, make_rows, make_task, write_delivery

TASKS = [make_task("a"), make_task("b")]
MINE = {"a": make_rows("mine", 12), "b": (*make_rows("other", 30), Row(input="long " * 900, output="word " * 300))}


class Noted:
    """A crew that does nothing but note what it was asked to do."""

    def __init__(self) -> None:
        self.units: list[WorkUnit] = []

    def run(self, units: Units, progress: Progress) -> Generator[UnitResult, None, None]:
        for make in units.values():
            unit = make()
            self.units.append(unit)
            progress(unit.name, 1, 1)
            answers = [Completion(text="", tokens=0, finished=True) for _ in unit.prompts]
            yield UnitResult(unit.key, answers, ResourceUsage(seconds=0))

    def discard_models(self, keys: Collection[str]) -> None:
        """Nothing is kept."""


@pytest.fixture
def source(tmp_path: Path) -> Benchmark:
    return make_benchmark(tmp_path / "benchmark", TASKS, train=7, test=7)


def planned(source: Benchmark, at: PlanInputs) -> PlanReport:
    return make_plan(at, source, TASKS, MINE.items(), lambda *_: None)


def conditions(protocol: str = "demo@1", profile: str = "cpu", **more: Any) -> PlanInputs:
    return PlanInputs(load_protocol(protocol), load_profile(profile), **more)


def asked_for(source: Benchmark, rules: AnchoredProtocol, folder: Path) -> tuple[list[WorkUnit], list[WorkUnit]]:
    """The units of work that an evaluation hands to its crew: those after shots, and those with a training."""
    crew = Noted()
    bench = replace(null_context(folder, rules, NullTrainer(), NullGenerator()), executor=crew)
    for task in TASKS:
        exam, rows = bench.build_eval_set(task, load_reference(rules, source, task.id)), MINE[task.id]
        asks = [ask for shots in rules.few_shot.shots for ask in few_shot_requests(bench, exam, rows, shots)]
        assert list(bench.run_requests([*asks, fine_tune_request(bench, exam, rows, 1)]))
    return ([unit for unit in crew.units if unit.training is None], [unit for unit in crew.units if unit.training])


@pytest.mark.parametrize("protocol", ["demo@1", "paper@1"])
def test_what_is_counted_is_what_an_evaluation_does(
    source: Benchmark, protocol: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "tokenizer_here", lambda _: tiny_llama.TOKENIZER.parent)
    at = conditions(protocol)
    found = planned(source, at)
    shot, tuned = asked_for(source, at.protocol, tmp_path / "work")
    by_name = {phase.name: phase for phase in found.plan.phases}
    examples = [len(one.input_ids) for unit in tuned if unit.training for one in unit.training.examples]
    assert by_name["train"].expected.trained == at.protocol.sft.epochs * sum(examples)
    assert by_name["generate"].expected.read == pytest.approx(sum(len(ids) for unit in tuned for ids in unit.prompts))
    assert by_name["generate"].most.written == sum(unit.limit * len(unit.prompts) for unit in tuned)
    assert by_name["few_shot"].most.written == sum(unit.limit * len(unit.prompts) for unit in shot)
    assert found.how == "counted with the base model's tokenizer"
    assert max(examples) == at.protocol.sft.cutoff_tokens or protocol != "demo@1", "one row was to be cut"


def test_prompts_after_shots_are_as_long_as_the_most_that_is_planned(source: Benchmark, tmp_path: Path) -> None:
    """But for which rows are drawn: the plan takes their mean."""
    at = conditions()
    with_shots = PlanInputs(at.protocol.model_copy(update={"few_shot": at.protocol.few_shot.model_copy(
        update={"draws": 40, "shots": (1,)})}), at.profile)  # fmt: skip
    shot, _ = asked_for(source, with_shots.protocol, tmp_path / "work")
    real: dict[str, list[int]] = {}
    for unit in shot:
        real.setdefault(unit.name, []).extend(len(ids) for ids in unit.prompts)
    found = planned(source, with_shots)
    exam, mine = found.exams["a"], found.delivered["a"]
    assert fmean(real["a"]) == pytest.approx(exam.question_tokens + mine.row_tokens, rel=0.05)


def test_reckoning_from_bytes_comes_near_to_counting(source: Benchmark) -> None:
    rules = load_protocol("demo@1")
    template = load_template(rules.template, tiny_llama.TOKENIZER.parent)
    rows = make_rows("mine", 50)
    frame = build_frame(rules, template, [row.input + row.output for row in rows])
    counted, reckoned = TokenizedWorkload(rules, template), ByteEstimatedWorkload(rules, frame)
    assert reckoned.count_delivery(rows).tokens_trained == pytest.approx(
        counted.count_delivery(rows).tokens_trained, rel=0.05
    )
    reference = load_reference(rules, source, "a")
    assert (counted.count_eval_set(reference).items, reckoned.count_eval_set(reference).items) == (7, 7)
    for size in ("question_tokens", "answer_tokens", "limit_tokens"):
        assert getattr(reckoned.count_eval_set(reference), size) == pytest.approx(
            getattr(counted.count_eval_set(reference), size), rel=0.3
        )


def test_without_the_tokenizer_tokens_are_reckoned_and_it_says_so(
    source: Benchmark, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "tokenizer_here", lambda _: None)
    found = planned(source, conditions("arena@1", "8xh100"))
    assert found.how == f"estimated at {BYTES_PER_TOKEN:.2g} bytes a token"
    assert found.fits
    assert found.shape.parameters == 8_030_261_248


def test_of_hidden_rows_only_the_mean_is_told() -> None:
    few = EvalSetLoad(items=10, question_tokens=10.2, answer_tokens=3, limit_tokens=6)
    many = EvalSetLoad(items=30, question_tokens=50.4, answer_tokens=5, limit_tokens=10)
    assert mean_load([few, many]) == EvalSetLoad(items=20, question_tokens=40, answer_tokens=4, limit_tokens=9)
    assert mean_load([]).items == 0


def past(arena: Path, profile: str, count: int) -> None:
    repo = open_arena(str(arena)).results
    for day in range(count):
        ulid = new_id(NOW + timedelta(days=day))
        cost = Cost(task="a", stage="fine_tune", seconds=10.0 * (day + 1), tokens_trained=1000 * (day + 1))
        ledger = Ledger(submission=ulid, protocol="demo@1", profile=profile, devices=1, costs=(cost,))
        repo.commit([Change(f"costs/{ulid}/demo@1.json", to_json(ledger))], repo.head())


@pytest.mark.parametrize(("profile", "count", "judged"), [("cpu", 3, 3), ("cpu", 2, 0), ("other", 5, 0)])
def test_past_evaluations_on_the_same_profile_go_before_its_figures(
    source: Benchmark, tmp_path: Path, profile: str, count: int, judged: int
) -> None:
    (tmp_path / "arena").mkdir()
    past(tmp_path / "arena", profile, count)
    found = planned(source, conditions(arena=open_arena(str(tmp_path / "arena"))))
    assert found.estimate.evaluations == judged
    if judged:
        assert found.estimate.seconds.middle == pytest.approx(found.estimate.tokens_trained / 100, rel=1e-3)
    else:
        assert found.estimate == found.plan.estimate


def cli(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = run_app(app, "evaluator", [str(argument) for argument in arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.usefixtures("source")
@pytest.mark.integration
def test_the_command_prints_what_it_rests_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where, mine = tmp_path / "benchmark", write_delivery(tmp_path / "mine", MINE)
    rest = ("--benchmark", where, "--protocol", "arena@1", "--profile", "8xh100", "--stations", 2)
    code, out, _ = cli(capsys, "plan", mine, *rest, "--hour-price", 2)
    said = " ".join(out.split())
    assert code == 0
    assert "2 task(s) under arena@1 on 8xh100, estimated" in said
    assert "Planned from the speeds in the profile 8xh100, not measured" in said
    assert "Wall time on 2 worker(s) of 8 device(s): about" in said
    assert "Price: about $" in said
    assert "weights 16.1 GB" in said
    assert "It fits by this estimate." in said
    code, out, _ = cli(capsys, "plan", mine, *rest, "--json")
    document = json.loads(out)
    assert document["basis"] == "planned from the machine's profile, not measured"
    assert (document["devices"], document["price"], document["fits"]) == (16, None, True)
    assert document["seconds"]["low"] < document["seconds"]["middle"] < document["seconds"]["high"]
    assert [phase["name"] for phase in document["phases"]] == [
        "start-up", "screen", "few_shot", "train", "swap", "generate"]  # fmt: skip


@pytest.mark.integration
def test_a_whole_benchmark_is_planned_and_twice_the_stations_take_half_the_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks = [make_task(f"t{number}") for number in range(208)]
    make_benchmark(tmp_path / "benchmark", tasks)
    mine = write_delivery(tmp_path / "mine", {task.id: make_rows(task.id, 12) for task in tasks})
    rest = ("--benchmark", tmp_path / "benchmark", "--protocol", "arena@1", "--profile", "4xa100-80", "--json")
    found = {stations: json.loads(cli(capsys, "plan", mine, *rest, "--stations", stations)[1]) for stations in (1, 2)}
    assert len(found[1]["tasks"]) == 208
    assert found[1]["phases"] == found[2]["phases"]
    before = sum(phase["seconds"]["middle"] for phase in found[1]["phases"][:2])
    work = {stations: one["seconds"]["middle"] - before for stations, one in found.items()}
    assert work[2] == pytest.approx(work[1] / 2)
    swaps = load_profile("4xa100-80").speed.training_seconds * 208
    assert found[1]["phases"][4]["seconds"]["middle"] == pytest.approx(swaps)


@pytest.mark.usefixtures("source")
@pytest.mark.integration
def test_a_delivery_that_score_refuses_is_not_planned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "a.jsonl").write_text('{"input": "only"}\n')
    code, out, err = cli(capsys, "plan", mine, "--benchmark", tmp_path / "benchmark")
    assert (code, out) == (1, "")
    assert "a.jsonl:1" in err
