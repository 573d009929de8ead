"""The fetch of named data sets ends with its time, its check and its counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from submissions.check_process.hub_fetch import fetch_datasets
from submissions.check_process.process import CheckCancelled
from submissions.checking import hub_datasets
from submissions.checking.hub_datasets import download_datasets, parse_hub_datasets
from submissions.errors import InvalidFile, Unreachable
from tests.support.hub.fixtures import hub as hub
from tests.support.hub.server import Hub

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
        fetch_datasets(named, (), tmp_path, 10**6, seconds=1)
    with pytest.raises(CheckCancelled):
        fetch_datasets(named, (), tmp_path, 10**6, is_cancelled=lambda: True)


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
        download_datasets(parse_hub_datasets("alice/data\nalice/data"), (), tmp_path, 10**6)
    assert len([request for request in hub.requests if "resolve" in request]) <= 4
