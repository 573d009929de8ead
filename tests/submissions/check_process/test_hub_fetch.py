"""The fetch of named data sets ends with its time, its check and its counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from submissions.check_process.hub_fetch import fetch_datasets
from submissions.check_process.process import CheckCancelled
from submissions.checking import hub_datasets
from submissions.checking.hub_datasets import download_datasets, parse_hub_datasets
from submissions.errors import InvalidFile, Unreachable
from submissions.tracks.dataset_research import TRACK
from tests.support import folder_track
from tests.support.hub.fixtures import hub as hub
from tests.support.hub.server import Hub
from tests.support.toy_track import TOY_TASKS
from tests.tracks import toy_submissions

pytestmark = pytest.mark.integration


@pytest.fixture
def api(hub: Hub) -> HfApi:
    api = HfApi(hub.url, "hf_alice")
    api.create_repo("alice/data", repo_type="dataset", private=False)
    files = [CommitOperationAdd(f"{name}.jsonl", b"{}\n") for name in ("one", "two")]
    api.create_commit("alice/data", files, commit_message="x", repo_type="dataset")
    return api


@pytest.mark.usefixtures("api")
def test_a_slow_hub_ends_the_fetch(hub: Hub, tmp_path: Path) -> None:
    hub.faults.slow = 60
    named = parse_hub_datasets("alice/data")
    with pytest.raises(Unreachable, match="did not deliver the named files within 1 seconds"):
        fetch_datasets(named, (), tmp_path, 10**6, track=TRACK, seconds=1)
    with pytest.raises(CheckCancelled):
        fetch_datasets(named, (), tmp_path, 10**6, track=TRACK, is_cancelled=lambda: True)


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize(
    ("limit", "says"), [("MAX_HUB_FILES", "data files together"), ("MAX_ENTRIES", "files together")]
)
def test_files_are_counted_over_all_lines(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, says: str
) -> None:
    monkeypatch.setattr(hub_datasets, limit, 3)
    hub.requests.clear()
    with pytest.raises(InvalidFile, match=f"more than 3 {says}"):
        download_datasets(parse_hub_datasets("alice/data\nalice/data"), (), tmp_path, 10**6, TRACK)
    assert len([request for request in hub.requests if "resolve" in request]) <= 4


def test_a_track_s_own_files_are_fetched(api: HfApi, tmp_path: Path) -> None:
    files = [CommitOperationAdd(name, b"1\n") for name in ("small.txt", "x.txt", "data.csv", "README.txt")]
    api.create_commit("alice/data", files, commit_message="x", repo_type="dataset")
    toy, limit = toy_submissions.TRACK, 10**6
    whole = fetch_datasets(parse_hub_datasets("alice/data"), TOY_TASKS, tmp_path / "whole", limit, track=toy)
    assert sorted(file.name for file in whole.files) == ["small.txt", "x.txt"]
    for_task = parse_hub_datasets("large=alice/data/x.txt")
    one = fetch_datasets(for_task, TOY_TASKS, tmp_path / "one", limit, track=toy)
    assert [file.name for file in one.files] == ["large.txt"]
    with pytest.raises(InvalidFile, match=r"has no data file at 'data\.csv'|nothing at") as caught:
        fetch_datasets(parse_hub_datasets("large=alice/data/data.csv"), TOY_TASKS, tmp_path / "csv", limit, track=toy)
    assert caught.value.fix in ("Data files end in .txt.", "Check the path.")


def test_files_in_folders_are_not_fetched(tmp_path: Path) -> None:
    assert folder_track.TRACK.hub_endings == (".txt",), "the corpus"
    track = replace(folder_track.TRACK, payloads={"recipe": folder_track.RecipePayload()})
    with pytest.raises(InvalidFile, match="Files of the track folders are not fetched"):
        download_datasets(parse_hub_datasets("alice/data"), (), tmp_path, 10**6, track)
