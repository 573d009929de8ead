"""The examples of docs/api.md and docs/visitor.md run as they stand, each by itself, against a served site."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from leaderboard.templates.markdown_docs import EXAMPLE
from tests.support.arena_fixture import TASKS, fill
from tests.support.hub.server import Hub, loopback
from tests.support.live_server import served
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow  # datasets and Gradio's client take seconds to start
EXAMPLES = [
    pytest.param(code, id=f"{name}-{number}")
    for name in ("api", "visitor")
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", (ROOT / f"docs/{name}.md").read_text(), re.DOTALL))
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("examples") / "arena"
    fill(folder)
    with loopback(tmp_path_factory.mktemp("hub")) as hub, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", hub.url)
        put_data(hub)
        with served(folder) as base:
            yield base


def put_data(hub: Hub) -> None:
    """The data set that the documents name."""
    api = HfApi(hub.url, "hf_alice")
    api.create_repo("alice/finder-data", repo_type="dataset", private=False)
    rows = "".join(f'{{"input": "question {n}", "output": "answer {n}"}}\n' for n in range(12))
    add = CommitOperationAdd("mc-en-science.jsonl", rows.encode())
    api.create_commit("alice/finder-data", [add], commit_message="Rows", repo_type="dataset")


def run(code: str, address: str, home: Path) -> str:
    """What an example prints, in a process of its own with an empty home."""
    assert EXAMPLE in code
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "HF_HOME": str(home / "hf"), "NO_PROXY": "127.0.0.1"}
    env["HF_TOKEN"] = "hf_alice"
    command = [sys.executable, "-W", "ignore", "-c", code.replace(EXAMPLE, address)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, cwd=home, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("code", EXAMPLES)
def test_it_runs_and_prints_something(code: str, address: str, tmp_path: Path) -> None:
    assert run(code, address, tmp_path).strip()


def test_there_is_one_for_each_way_to_ask() -> None:
    code = "\n".join(str(example.values[0]) for example in EXAMPLES)
    for name in ("read_parquet", "read_csv", "read_json", "load_dataset", "gradio_client", "httpx", "from mcp import"):
        assert name in code


def test_datasets_reads_what_the_page_shows(address: str, tmp_path: Path) -> None:
    code = f"""
from datasets import load_dataset
found = {{}}
for kind in ("csv", "json", "parquet"):
    address = "{EXAMPLE}/tasks." + kind + "?subset=full"
    found[kind] = load_dataset(kind, data_files=address, split="train")
assert found["parquet"]["title"][:] == found["json"]["title"][:]
assert found["csv"].column_names == found["json"].column_names == found["parquet"].column_names
print(*found["csv"]["id"])
"""
    assert run(code, address, tmp_path).split() == [task[0] for task in TASKS]
