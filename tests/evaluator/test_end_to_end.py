from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from evaluator.models.chat_template import ChatTemplate
from evaluator.tracks.protocols import load_protocol
from submissions.records.anchors import Anchors
from submissions.records.ledger import Cost, Ledger
from submissions.records.result import Result
from tests.support.factories import UNLIKE, make_benchmark, make_rows, make_task, write_delivery
from tests.support.paths import ROOT
from tests.support.process_watch import ProcessWatch
from tests.support.processes import all_end, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

TASKS = [make_task("count"), make_task("add")]
SECRETS = {
    name: f"planted-{number}"
    for number, name in enumerate(
        ("HF_TOKEN", "JUDGE_KEY", "OAUTH_CLIENT_SECRET", "WEBHOOK_SECRET", "VLLM_API_KEY", "MY_OWN", "https_proxy")
    )
}
"""Variables of the coordinator that nothing it starts may have."""


@dataclass(frozen=True)
class Measured:
    """A benchmark with anchors, and a delivery for it."""

    folder: Path
    tiny: Path

    def command(self, out: Path) -> list[str]:
        return evaluator("score", self.folder / "mine", "--benchmark", self.folder / "benchmark", "--out", out)

    def prepared(self, name: str) -> Path:
        """A folder for results, with the base model made already."""
        shutil.copytree(self.tiny, self.folder / name / "work" / "base" / "tiny-llama@1")
        return self.folder / name


def evaluator(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "evaluator", *map(str, arguments)]


def done(command: list[str]) -> str:
    return subprocess.run(
        command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    ).stdout  # its stderr is in the report


@pytest.fixture(scope="module")
def measured(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    world = Measured(tmp_path_factory.mktemp("world"), tiny)
    benchmark = world.folder / "benchmark"
    make_benchmark(benchmark, TASKS, train=32, test=8, more_train=UNLIKE)
    write_delivery(world.folder / "mine", {task.id: make_rows(task.id, 32, start=200) for task in TASKS})
    command = evaluator("anchors", "--benchmark", benchmark, "--work", world.prepared("measuring") / "work", "--json")
    anchors = json.loads(done(command))
    assert anchors.pop("refused") == []
    assert Anchors.model_validate(anchors).tasks.keys() == {"count", "add"}
    return world


@pytest.fixture(scope="module")
def watch(measured: Measured) -> ProcessWatch:
    """What was seen of the processes below a whole evaluation, which was started with secrets."""
    out = measured.prepared("undisturbed")
    environment = {**os.environ, **SECRETS}
    with (
        subprocess.Popen(measured.command(out), cwd=ROOT, stdout=subprocess.DEVNULL, env=environment) as process,
        ProcessWatch(process.pid) as watch,
    ):
        assert process.wait() == 0
    return watch


@pytest.fixture(scope="module")
def undisturbed(measured: Measured, watch: ProcessWatch) -> bytes:
    assert watch.commands
    out = measured.folder / "undisturbed"
    assert not list((out / "work" / "models").glob("*")), "models are not kept when they are examined"
    return (out / "result.json").read_bytes()


def test_good_rows_are_worth_about_what_the_reference_is_worth(undisturbed: bytes) -> None:
    result = Result.model_validate_json(undisturbed)
    (total,) = (one for one in result.totals if (one.method, one.group) == ("fine_tune", "overall"))
    assert total.gain.value is not None
    assert total.gain.value > 0.5
    assert [task.state for task in result.tasks] == ["scored", "scored"]


def test_no_process_of_an_evaluation_listens_beyond_this_machine(watch: ProcessWatch) -> None:
    """Trainer, ranks, engine, and the Ray that runs them; by /proc/net, so that none is left out."""
    commands = "\n".join(watch.names)
    for part in ("rank.launch", "rank.main", "engine_process", "gcs_server", "raylet", "ray::"):
        assert part in commands, "the watch should have seen every kind of process"
    assert any("rank.main" in command for command in watch.sockets.values()), "gloo listens, on loopback"
    assert any("gcs_server" in command for command in watch.sockets.values())
    assert watch.exposed == {}


def test_secrets_stay_with_the_coordinator(watch: ProcessWatch) -> None:
    environments = b"\n".join(watch.environments.values())
    assert b"rendezvous" in environments, "the ranks' own settings are there"
    assert [(name, command) for name, value in SECRETS.items() for command in watch.with_value(value)] == []


def test_the_ledger_says_what_it_took(measured: Measured, undisturbed: bytes, template: ChatTemplate) -> None:
    assert undisturbed
    costs, rules = ledger(measured.folder / "undisturbed"), load_protocol("demo@1")
    assert list(costs) == [(task.id, stage) for stage in ("screen", "few_shot", "fine_tune") for task in TASKS]
    for (task, stage), cost in costs.items():
        assert cost.seconds > 0
        assert (cost.peak_bytes is None) == (stage == "screen")
        assert (cost.tokens_generated == 0) == (stage == "screen")
        rows = [(row.input, row.output) for row in make_rows(task, 32, start=200)]
        tokens = sum(len(one.input_ids) for one in template.build_examples(rows, rules.sft.cutoff_tokens))
        assert cost.tokens_trained == (rules.sft.epochs * tokens if stage == "fine_tune" else 0)


def ledger(out: Path) -> dict[tuple[str, str], Cost]:
    """What an evaluation cost, by task and stage."""
    found = Ledger.model_validate_json((out / "ledger.json").read_bytes())
    return {(cost.task, cost.stage): cost for cost in found.costs}


def counted(cost: Cost) -> tuple[int, int]:
    """What is the same whenever the same work is done."""
    return cost.tokens_trained, cost.tokens_generated


def command_of(process: psutil.Process) -> list[str]:
    """How a process was started; nothing of one that ended meanwhile."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def cost_of(output: Path) -> Path:
    """Where the cost of a stored output lies."""
    return output.parents[1] / "cost" / output.name


def test_a_rescore_from_the_stored_answers_gives_the_same_bytes(measured: Measured, undisturbed: bytes) -> None:
    out = measured.folder / "undisturbed"
    again = measured.folder / "again.json"
    said = done(evaluator("rescore", out, "--out", again))
    assert again.read_bytes() == undisturbed
    assert "is identical, bit for bit" in said


@pytest.mark.full  # with light tools in every run: test_faults_killed.py
def test_a_killed_evaluation_goes_on_to_the_same_result(measured: Measured, undisturbed: bytes) -> None:
    out = measured.prepared("killed")
    finished = out / "work" / "stages"
    with subprocess.Popen(measured.command(out), cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        until(lambda: list(finished.glob("fine_tune/*.json")) or process.poll() is not None, "a task to be finished")
        family = psutil.Process(process.pid).children(recursive=True)
        ours = [child for child in family if "evaluator." in " ".join(command_of(child))]
        process.kill()
    assert len(ours) >= 4, "an engine, a trainer and its two ranks, below a station that Ray started"
    all_end(child.pid for child in family)
    assert not (out / "result.json").exists()
    outputs = [file for file in finished.rglob("*.json") if file.parent.name != "cost"]
    before = {file: file.stat().st_mtime_ns for file in (*outputs, *(cost_of(file) for file in outputs))}
    done(measured.command(out))
    assert (out / "result.json").read_bytes() == undisturbed
    assert {file: file.stat().st_mtime_ns for file in before} == before
    assert len(list(finished.glob("fine_tune/*.json"))) == 2
    mine, theirs = ledger(out), ledger(measured.folder / "undisturbed")
    assert list(mine) == list(theirs)
    assert [counted(cost) for cost in mine.values()] == [counted(cost) for cost in theirs.values()]
    for file in before:
        if file.parent.name == "fine_tune":
            stored, task = json.loads(cost_of(file).read_bytes()), json.loads(file.read_bytes())["task"]
            assert stored.items() <= mine[task, "fine_tune"].model_dump().items()
    assert not [
        child for child in psutil.Process().children(recursive=True) if "evaluator" in " ".join(child.cmdline())
    ]
