"""The totals as plain tables, read by others' tools: `datasets` and pandas, over a loopback Hub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from evaluator.publishing.results_table import README, backfill_tables, readme_changes, table_changes
from submissions.arena.arena import commit_with_retry
from submissions.storage.local_repo import LocalRepo
from submissions.storage.repo import Change
from tests.support.hub.fixtures import hub as hub
from tests.support.hub.server import Hub
from tests.support.hub_evaluators import PROTOCOL, Arenas

NAME = PROTOCOL.name
READ = """
import json, sys
from datasets import load_dataset
found = load_dataset("arena/test-results", "dataset_research")
print(json.dumps({split: rows.to_list() for split, rows in found.items()}, default=str))
"""


@pytest.fixture
def arenas(hub: Hub, tmp_path: Path) -> Arenas:
    return Arenas(hub, tmp_path)


@pytest.mark.integration
def test_load_dataset_reads_the_totals_of_a_track(arenas: Arenas) -> None:
    ids = sorted(arenas.submit(name).id for name in ("One", "Two"))
    arenas.station().run()
    environment = {**os.environ, "HF_DATASETS_CACHE": str(arenas.folder / "cache")}
    done = subprocess.run([sys.executable, "-c", READ], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (rows,) = json.loads(done.stdout.splitlines()[-1]).values()
    results = {ulid: arenas.seen().read_result(ulid) for ulid in ids}
    wanted = [(ulid, total) for ulid in ids for total in results[ulid].totals]
    assert len(rows) == len(wanted)
    for row, (ulid, total) in zip(rows, wanted, strict=True):
        assert (row["submission"], row["protocol"], row["system"]) == (ulid, NAME, results[ulid].system)
        assert (row["method"], row["subset"], row["group"]) == (total.method, total.subset, total.group)
        assert (row["gain"], row["tasks"], row["why"]) == (total.gain.value, total.gain.n, total.gain.why)
        assert (row["gain_low"], row["gain_high"]) == (total.gain.interval or (None, None))


def test_what_is_withdrawn_leaves_the_table_and_a_damaged_one_is_made_from_the_results(arenas: Arenas) -> None:
    ids = sorted(arenas.submit(name).id for name in ("One", "Two"))
    arenas.station().run()
    results = arenas.seen().results
    (path,) = results.list("table/")
    sound = results.read(path)
    commit_with_retry(results, [Change(path, b"damaged")])
    made = arenas.seen().read_result(ids[1])
    assert {change.path: change.content for change in table_changes(results, [made])} == {path: sound}
    left = table_changes(results, [], [(ids[1], NAME)])
    commit_with_retry(results, left)
    assert len(results.read(path)) < len(sound)
    assert [change.content for change in table_changes(results, [], [(ids[0], NAME)])] == [None]


def test_an_arena_of_an_older_version_gets_its_tables_and_a_written_readme_keeps_its_words(arenas: Arenas) -> None:
    arenas.submit()
    arenas.station().run()
    results = arenas.seen().results
    (path,) = results.list("table/")
    sound = results.read(path)
    mine = b"---\nlicense: cc-by-4.0\n---\n# Ours\n\n---\n"
    commit_with_retry(results, [Change(path, None), Change(README, mine)])
    changes = {change.path: change.content for change in backfill_tables(results)}
    assert changes[path] == sound
    text = changes[README]
    assert isinstance(text, bytes)
    assert text.endswith(b"---\n# Ours\n\n---\n")
    front = yaml.safe_load(text.split(b"---\n")[1])
    files = [{"split": "totals", "path": "table/dataset_research/*.parquet"}]
    configs = [{"config_name": "dataset_research", "data_files": files}]
    assert front == {"license": "cc-by-4.0", "configs": configs}
    commit_with_retry(results, [Change(path, content) for path, content in changes.items()])
    assert backfill_tables(results) == []


def test_a_readme_that_cannot_be_understood_is_left_as_it_is(tmp_path: Path) -> None:
    repo = LocalRepo(tmp_path)
    for text in ("---\n- a\n---\n", "---\na: [\n---\n"):
        commit_with_retry(repo, [Change(README, text.encode())])
        assert readme_changes(repo, ["dataset_research"]) == []
    commit_with_retry(repo, [Change(README, b"no front matter")])
    (change,) = readme_changes(repo, ["dataset_research"])
    assert isinstance(change.content, bytes)
    assert change.content.endswith(b"---\nno front matter")
