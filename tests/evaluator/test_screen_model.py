"""`screen-model`: a private report for organisers, and nothing else."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from evaluator.config.protocol import PROTOCOLS
from evaluator.llm.fake_server import (
    KEY,
    CannedReply,
    FakeChatServer,
    ReceivedRequest,
    completion_reply,
    embedding_reply,
)
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.tracks.protocols import load_protocol
from submissions.arena.arena import open_arena
from submissions.records.task import Row
from tests.support.command_lines import run_command
from tests.support.concept_vectors import DISJOINT, REPHRASED, TEST, TRANSLATED, embed_concepts, reply_with_concepts
from tests.support.factories import make_benchmark, make_task, submit_delivery, write_delivery
from tests.support.judges import no_ambient_settings
from tests.support.paths import ROOT

__all__ = ["no_ambient_settings"]  # a fixture of this module, too
pytestmark = pytest.mark.integration

TASKS = [make_task("a"), make_task("b")]
ROWS = (*DISJOINT, REPHRASED, TRANSLATED)
OTHER = Row(input="Where do penguins sleep?", output="on ice")
REFERENCE = tuple(row for test in TEST for row in (Row(input=f"{test.input} train", output="x"), test))
PINNED = ROOT / "tests/evaluator/config/protocols.json"


def says_same(_: ReceivedRequest) -> CannedReply:
    return completion_reply('{"reason": "both ask for the Danube", "verdict": "same_exercise"}')


class Cli:
    """`python -m evaluator screen-model` on an arena with a submission, and on the folder it came from."""

    def __init__(self, folder: Path, server: FakeChatServer) -> None:
        self.folder = folder
        self.server = server
        self.arena = folder / "arena"
        make_benchmark(self.arena / "benchmark", TASKS, rows=REFERENCE)
        write_delivery(folder / "mine", {"a": ROWS, "b": (*DISJOINT, OTHER)})
        self.submission = submit_delivery(open_arena(str(self.arena)), TASKS, folder / "mine").id
        self.out = folder / "private" / "report.jsonl"
        self.write_models()

    def write_models(self, stages: str = "embedding", **connection: object) -> None:
        fields = {"base_url": self.server.base_url, "key_variable": "MODEL_KEY", "budget_tokens": 10**6, **connection}
        lines = []
        for stage in stages.split():
            lines += [f"[{stage}.model]", 'name = "m"', 'snapshot = "m-1"']
            lines += ["max_completion_tokens = 100"] if stage == "judge" else []
            lines += [f"[{stage}.connection]", *(f"{name} = {json.dumps(value)}" for name, value in fields.items())]
        (self.folder / "models.toml").write_text("\n".join(lines))

    def __call__(self, *arguments: object, key: str = KEY) -> subprocess.CompletedProcess[str]:
        models = ("--models", self.folder / "models.toml")
        out = () if "--out" in arguments else ("--out", self.out)
        return run_command("evaluator", "screen-model", *arguments, *models, *out, MODEL_KEY=key)

    def on_arena(self, *arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        return self(self.submission, "--arena", self.arena, *arguments, **options)

    def on_folder(self, *arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        return self(self.folder / "mine", "--benchmark", self.arena / "benchmark", *arguments, **options)

    def read_report(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.read_text().splitlines()]

    def read_pairs(self) -> list[tuple[str, int, int]]:
        return [(one["task"], one["row"], one["test_row"]) for one in self.read_report() if one["kind"] == "pair"]

    def hash_files(self) -> dict[str, str]:
        """Of every file of the arena, its folder for finished work left out."""
        files = [path for path in self.arena.rglob("*") if path.is_file() and "work" not in path.parts]
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    with FakeChatServer(says_same, reply_with_concepts) as server:
        yield Cli(tmp_path, server)


Run = Callable[[Cli], Callable[..., subprocess.CompletedProcess[str]]]


@pytest.mark.parametrize("run", [lambda cli: cli.on_arena, lambda cli: cli.on_folder], ids=["arena", "folder"])
def test_a_rephrased_and_a_translated_row_are_reported_and_nothing_is_changed(run: Run, cli: Cli) -> None:
    before = cli.hash_files()
    done = run(cli)()
    assert done.returncode == 0, done.stderr
    assert cli.read_pairs() == [("a", 4, 1), ("a", 5, 3)]
    assert [one["kind"] for one in cli.read_report()] == ["pair", "pair", "task", "task", "end"]
    assert cli.read_report()[-1]["complete"] is True
    assert "2 row pair(s) are as similar to a test row as the limit says" in done.stdout
    assert cli.hash_files() == before, "no row, no status, no result, no score"


def test_the_report_and_the_models_answers_are_private(cli: Cli) -> None:
    assert cli.on_arena().returncode == 0
    assert cli.out.stat().st_mode & 0o777 == 0o600
    assert cli.out.parent.stat().st_mode & 0o777 == 0o700
    (store,) = (cli.arena / "work").glob("*.sqlite")
    assert store.parent.stat().st_mode & 0o077 == 0


def test_the_terminal_shows_no_hidden_row(cli: Cli) -> None:
    cli.write_models("embedding judge")
    for done in (cli.on_arena(), cli.on_arena("--json")):
        assert done.returncode == 0
        assert not any(word in done.stdout for word in ("Vienna", "Danube", "Erfinder"))
    document = json.loads(done.stdout)
    assert document["tasks"][0]["verdicts"] == {"same_exercise": 2}
    assert {one["stage"] for one in document["end"]["usage"]} == {"embedding", "judge"}


@pytest.mark.parametrize("place", ["results/report.jsonl", "results/deep/er/report.jsonl", "work/../results/r.jsonl"])
@pytest.mark.parametrize("run", [lambda cli: cli.on_arena, lambda cli: cli.on_folder], ids=["arena", "folder"])
def test_a_report_in_the_public_repository_is_refused(run: Run, place: str, cli: Cli) -> None:
    done = run(cli)("--out", cli.arena / place)
    assert done.returncode == 1
    assert "which is published, and the report quotes hidden rows" in done.stderr
    assert cli.server.embedding_requests == []


def test_a_budget_that_ends_keeps_the_report_so_far(cli: Cli) -> None:
    cli.server.embed = lambda asked: embedding_reply([*map(embed_concepts, asked.texts)], usage={"prompt_tokens": 1000})
    cli.write_models(budget_tokens=2050)
    done = cli.on_arena()
    assert done.returncode == 2
    assert f"The model screen is incomplete; what it found so far is in {cli.out}" in " ".join(done.stderr.split())
    assert "budget_tokens" in done.stderr
    assert "Not everything was looked at in b" in done.stdout
    assert cli.read_pairs() == [("a", 4, 1), ("a", 5, 3)], "the task before is in the report"
    end = cli.read_report()[-1]
    assert (end["kind"], end["complete"], end["why"]) == ("end", False, "The embedding model's budget is used up.")
    cli.write_models()
    assert cli.on_arena().returncode == 0
    assert cli.read_report()[-1]["complete"] is True


def test_a_second_run_takes_every_answer_from_the_store(cli: Cli) -> None:
    cli.write_models("embedding judge")
    assert cli.on_arena().returncode == 0
    report, asked = cli.out.read_bytes(), (len(cli.server.requests), len(cli.server.embedding_requests))
    assert cli.on_arena().returncode == 0
    assert (len(cli.server.requests), len(cli.server.embedding_requests)) == asked
    assert cli.out.read_bytes() == report


def test_some_tasks_can_be_chosen(cli: Cli) -> None:
    assert cli.on_arena("--tasks", "b").returncode == 0
    assert [one.get("task") for one in cli.read_report()] == ["b", None]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("{sub}",), "--benchmark, or the arena with --arena"),
        (("01ARZ3NDEKTSV4RRFFQ69G5FAV", "--arena", "{arena}"), "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        (("{arena}/nowhere", "--benchmark", "{arena}/benchmark"), "nowhere"),
        (("{sub}", "--arena", "{arena}", "--tasks", "z"), "No task z"),
        (("{sub}", "--arena", "{arena}", "--benchmark", "{arena}/results"), "has no benchmark"),
        (("{sub}", "--arena", "{arena}", "--out", "{arena}"), "is a folder"),
    ],
)
def test_a_mistake_in_the_command_is_named(arguments: tuple[str, ...], said: str, cli: Cli) -> None:
    done = cli(*(word.format(sub=cli.submission, arena=cli.arena) for word in arguments))
    assert done.returncode == 1, done.stderr
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_missing_key_is_our_failure_before_any_call(cli: Cli) -> None:
    done = cli.on_arena(key="")
    assert done.returncode == 2
    assert "MODEL_KEY" in done.stderr
    assert not cli.out.exists()


def test_a_server_that_fails_is_reported_without_the_key(cli: Cli) -> None:
    cli.write_models(key_variable="MODEL_KEY", retries=0)
    done = cli.on_arena(key="sk-wrong")
    assert done.returncode == 2
    assert "it rejected the key" in done.stderr
    assert "sk-wrong" not in done.stderr + cli.out.read_text()


# Optional, and never automatic


def test_no_stage_of_an_evaluation_knows_the_model_screen() -> None:
    files = [*ROOT.glob("evaluator/**/*.py"), *ROOT.glob("leaderboard/**/*.py"), *ROOT.glob("submissions/**/*.py")]
    named = {
        file.relative_to(ROOT).as_posix()
        for file in files
        if re.search(r"^\s*(from|import) evaluator\.(stages\.model_screen|config\.model_screen)",
                     file.read_text(), re.MULTILINE)
    }  # fmt: skip
    allowed = ("evaluator/stages/model_screen/", "evaluator/cli/screen_", "evaluator/cli/reports/screen_")
    assert [name for name in sorted(named) if not name.startswith(allowed)] == []


def test_no_protocol_names_a_model_of_the_screen_and_no_hash_moved() -> None:
    hashes = {file.stem: load_protocol(file.stem).sha256 for file in PROTOCOLS.glob("*.toml")}
    assert hashes == json.loads(PINNED.read_text())
    schema = json.dumps(AnchoredProtocol.model_json_schema())
    assert "EmbeddingSettings" not in schema
    assert "ModelScreen" not in schema
