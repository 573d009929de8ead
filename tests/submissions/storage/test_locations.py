"""An arena on the Hub by its address: the same commands, and what is said of an address that cannot be one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from submissions.arena.arena import open_arena
from submissions.arena.benchmark import open_benchmark
from submissions.errors import NotFound
from submissions.storage.codec import to_jsonl
from submissions.storage.hub import HubRepo
from submissions.storage.local_repo import LocalRepo
from submissions.storage.locations import open_repo
from submissions.storage.repo import Change
from tests.support.command_lines import run_command, run_process
from tests.support.factories import make_task
from tests.support.hub.repositories import new_repo
from tests.support.hub.server import Hub
from tests.support.paths import ROOT
from tests.support.submission_inputs import BANK, GOOD, SARCASM
from tests.support.submission_records import publish

ARENA = "hf://arena/test"


@pytest.fixture
def arena(hub: Hub) -> str:
    """An empty arena on the Hub, with two tasks."""
    for name in ("test-submissions", "test-drafts", "test-benchmark"):
        new_repo(hub, name)
    HfApi(hub.url).create_repo("arena/test-results", repo_type="dataset", private=False, token="hf_bot_write")
    results = open_arena(ARENA).results
    results.commit(
        [
            Change(
                "tasks.jsonl",
                to_jsonl([make_task(BANK, "text_classification"), make_task(SARCASM, "text_classification")]),
            )
        ],
        results.head(),
    )
    return ARENA


def test_an_arena_is_three_repositories() -> None:
    arena = open_arena("hf://our-lab/Arena.1/")
    ids = [repo.repo_id for repo in (arena.submissions, arena.results, arena.drafts) if isinstance(repo, HubRepo)]
    assert ids == ["our-lab/Arena.1-submissions", "our-lab/Arena.1-results", "our-lab/Arena.1-drafts"]
    assert isinstance(open_repo("/some/folder"), LocalRepo)


@pytest.mark.parametrize(
    "where", ["hf://", "hf://lab", "hf://lab/", "hf://a/b/c", "hf:///x", "hf://lab/a b", "hf://../x"]
)
def test_an_address_that_cannot_be_one_is_told(where: str) -> None:
    with pytest.raises(NotFound, match="write hf://ORG/PREFIX"):
        open_arena(where)


@pytest.mark.integration
def test_the_way_of_a_submission_through_the_hub(hub: Hub, arena: str, tmp_path: Path) -> None:
    (tmp_path / f"{BANK}.jsonl").write_bytes(GOOD)
    who = ("--system", "Finder", "--system-type", "search", "--team", "Team")
    assert run_process("submissions", "check", tmp_path / f"{BANK}.jsonl", "--arena", arena).returncode == 0
    done = run_process("submissions", "submit", tmp_path / f"{BANK}.jsonl", "--arena", arena, *who, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    ulid = json.loads(done.stdout)["id"]
    before = len(hub.requests)
    assert f"{ulid}: received" in run_process("submissions", "status", ulid, "--arena", arena).stdout
    assert len(hub.requests) - before <= 10
    opened = open_arena(arena)
    publish(opened, opened.read_submission(ulid))
    assert "under demo@1" in run_process("submissions", "status", ulid, "--arena", arena).stdout
    got = run_process("submissions", "download", ulid, "--arena", arena, "--to", tmp_path / "got", "--json")
    assert (got.returncode, got.stderr) == (0, "")
    assert (tmp_path / "got" / f"data/{BANK}.jsonl").read_bytes().count(b"\n") == GOOD.count(b"\n")


def test_what_a_command_says_without_a_right_token(arena: str, tmp_path: Path) -> None:
    (tmp_path / f"{BANK}.jsonl").write_bytes(GOOD)
    done = run_command("submissions", "status", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--arena", arena, HF_TOKEN="hf_bob")
    assert done.returncode == 2
    assert "Set HF_TOKEN to a token" in done.stderr
    assert "hf_bob" not in done.stderr + done.stdout
    assert run_command("submissions", "status", "nonsense", "--arena", "hf://arena").stderr.startswith("hf://arena")


@pytest.mark.usefixtures("arena")
def test_a_benchmark_on_the_hub() -> None:
    with pytest.raises(NotFound, match="hf://arena/test-benchmark has no benchmark"):
        open_benchmark(f"{ARENA}-benchmark")
    repo = open_repo(f"{ARENA}-benchmark")
    repo.commit([Change("tasks.jsonl", to_jsonl([make_task(BANK, "text_classification")]))], repo.head())
    assert [one.id for one in open_benchmark(f"{ARENA}-benchmark").read_tasks()] == [BANK]


@pytest.mark.integration
def test_a_folder_does_not_pay_for_the_hub(tmp_path: Path) -> None:
    code = f"""
import sys
from submissions import open_arena
open_arena({str(tmp_path)!r})
print("huggingface_hub" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
