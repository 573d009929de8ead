from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evaluator.runtime.work_dir_lock import exclusive_lock
from evaluator.service.submission_queue import MAX_ATTEMPTS
from submissions.arena.arena import open_arena
from submissions.records.owner_requests import OwnerRequest
from tests.support.command_lines import run_command
from tests.support.factories import make_benchmark, make_rows, make_task, submit_delivery, write_delivery
from tests.support.paths import ROOT

pytestmark = pytest.mark.integration

TASKS = [make_task("a"), make_task("b")]


class Cli:
    """`python -m evaluator` in a folder with a benchmark and a delivery; the base model is made already."""

    def __init__(self, folder: Path, tiny: Path) -> None:
        self.folder = folder
        make_benchmark(folder / "benchmark", TASKS)
        write_delivery(folder / "mine", {"a": make_rows("mine", 12)})
        for work in ("out/work", "benchmark/.work", "arena/work"):
            shutil.copytree(tiny, folder / work / "base" / "tiny-llama@1")

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_command("evaluator", *(argument.format(here=self.folder) for argument in arguments))


@pytest.fixture
def cli(tmp_path: Path, tiny: Path) -> Cli:
    return Cli(tmp_path, tiny)


SCORE = ("score", "{here}/mine", "--benchmark", "{here}/benchmark", "--out", "{here}/out")
ANCHORS = ("anchors", "--benchmark", "{here}/benchmark")
WORK = ("work", "--arena", "{here}/arena", "--benchmark", "{here}/benchmark", "--once")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("score",), "Missing argument"),
        (("score", "{here}/mine"), "--benchmark"),
        ((*SCORE, "--magic"), "No such option"),
        (("train",), "No such command"),
        ((*SCORE, "--protocol", "demo@9"), "there are: arena@1, demo@1, paper@1"),
        ((*SCORE, "--profile", "gpu"), "there are: "),
        ((*SCORE, "--tasks", "a,zzz"), "No task zzz in dataset_research; there are: a, b"),
        ((*SCORE, "--track", "chess"), "there are: dataset_research"),
        ((*ANCHORS, "--protocol", "demo@9"), "there are: arena@1, demo@1, paper@1"),
        ((*ANCHORS, "--tasks", "zzz"), "there are: a, b"),
        ((*WORK, "--profile", "gpu"), "there are: "),
        ((*SCORE, "--protocol", "arena@1"), "name its connection with --judge FILE"),
        ((*WORK, "--protocol", "paper@1"), "--no-judge"),
        ((*SCORE, "--protocol", "arena@1", "--judge", "{here}/none.toml"), "No file {here}/none.toml"),
        ((*ANCHORS, "--official"), "no official scores under demo@1"),
        (("rescore", "{here}/mine"), "has no run.json"),
        (("rescore", "{here}/mine", "--protocol", "demo@9"), "there are: arena@1"),
        (("anchors", "--benchmark", "{here}/mine"), "has no benchmark"),
        (("work", "--arena", "{here}/no/where", "--benchmark", "{here}/benchmark", "--once"), "{here}/no"),
    ],
)
def test_a_mistake_in_the_command_exits_with_1_and_names_what_exists(
    cli: Cli, arguments: tuple[str, ...], said: str
) -> None:
    done = cli(*arguments)
    assert done.returncode == 1, done.stderr
    assert said.format(here=cli.folder) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_delivery_with_errors_is_refused(cli: Cli) -> None:
    (cli.folder / "mine" / "a.jsonl").write_text('{"input": "only"}\n')
    done = cli(*SCORE, "--json")
    assert done.returncode == 1
    assert "a.jsonl:1" in done.stderr
    assert json.loads(done.stdout)["fault"] == "submission"
    assert not (cli.folder / "out" / "result.json").exists()


def test_missing_anchors_are_our_failure_with_the_command_that_measures_them(cli: Cli) -> None:
    done = cli(*SCORE)
    assert done.returncode == 2
    assert "python -m evaluator anchors --benchmark" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_work_folder_in_use_is_our_failure(cli: Cli) -> None:
    with exclusive_lock(cli.folder / "out" / "work"):
        done = cli(*SCORE)
    assert done.returncode == 2
    assert "Another evaluator uses" in done.stderr


def test_an_empty_arena_is_worked_through_at_once(cli: Cli) -> None:
    done = cli(*WORK)
    assert (done.returncode, done.stdout) == (0, "")
    assert (cli.folder / "arena" / "results" / "tasks.jsonl").is_file()


def test_a_submission_that_failed_says_so_until_the_next_run(cli: Cli) -> None:
    arena = open_arena(str(cli.folder / "arena"))
    submission = submit_delivery(arena, TASKS, cli.folder / "mine")
    for left in range(MAX_ATTEMPTS, -1, -1):
        if not left:
            assert cli(*WORK).returncode == 0, "it waits until somebody asks"
            arena.add_owner_request(submission.id, OwnerRequest(kind="retry", by="", time=datetime.now(UTC)))
        done = cli(*WORK)
        assert done.returncode == 2
        assert f"{submission.id}: failed." in done.stdout
        assert "1 submission(s) failed. The next `work` retries, up to 3 times in all" in done.stderr
        now = arena.read_history(submission.id).now
        assert (now.state, now.fault) == ("failed", "evaluator")
        assert "python -m evaluator anchors" in now.message


def test_neither_torch_nor_transformers_is_loaded_by_a_worker_s_own_process() -> None:
    code = (
        "import sys, evaluator.cli.app, evaluator.testing.null_backend, evaluator.training, evaluator.generation;"
        "import evaluator.service.coordinator, evaluator.service.shard, evaluator.planning.plan;"
        "print(sorted({'torch', 'transformers', 'vllm', 'deepspeed', 'gradio'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("base_url = ", "is not TOML"),
        ("budget_tokens = 9", "base_url: Field required"),
        ('base_url = "ftp://x"\nbudget_tokens = 9', "wanted http"),
        ('base_url = "http://x/v1"\nbudget_tokens = 9\nkey = "sk-secret"', "key: Extra inputs are not permitted"),
    ],
)
def test_a_judges_file_that_cannot_be_read_says_what_is_wrong_in_it(cli: Cli, content: str, said: str) -> None:
    (cli.folder / "judge.toml").write_text(content)
    done = cli(*SCORE, "--protocol", "arena@1", "--judge", str(cli.folder / "judge.toml"))
    assert done.returncode == 1
    assert said in done.stderr
    assert "sk-secret" not in done.stderr
    assert "Traceback" not in done.stderr
