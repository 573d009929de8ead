"""The loopback Hub through the clients that people have: huggingface_hub, `hf`, datasets, pandas."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.utils import get_session

from tests.support.hub.server import Hub
from tests.support.paths import ROOT

pytestmark = pytest.mark.integration

REPO = "arena/test-results"
CARD = """---
configs:
- config_name: dataset_research
  data_files: board/dataset_research.parquet
- config_name: search_sft
  data_files: board/search_sft.parquet
---
# Results
"""


@pytest.fixture
def api(hub: Hub) -> HfApi:
    return HfApi(hub.url, "hf_bot_write")


@pytest.fixture
def filled(api: HfApi, tmp_path: Path) -> str:
    """A public repository with two boards, rows and a card; the id of its newest commit."""
    api.create_repo(REPO, repo_type="dataset", private=False)
    operations = [CommitOperationAdd("README.md", CARD.encode())]
    for track, gain in (("dataset_research", 0.25), ("search_sft", 0.5)):
        pd.DataFrame({"system": ["Finder", "Maker"], "gain": [gain, 0.125]}).to_parquet(tmp_path / track)
        operations.append(CommitOperationAdd(f"board/{track}.parquet", tmp_path / track))
    operations.append(CommitOperationAdd("deep/er/rows.jsonl", b'{"n": 1}\n{"n": 2}\n'))
    return api.create_commit(REPO, operations, commit_message="Boards", repo_type="dataset").oid


def child(code: str) -> str:
    """What a new Python process prints: the clients read their settings when they start."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_the_api_client(api: HfApi, filled: str) -> None:
    assert api.whoami()["name"] == "arena-bot"
    info = api.repo_info(REPO, repo_type="dataset", files_metadata=True)
    assert (info.sha, info.private) == (filled, False)
    assert {file.rfilename: file.size for file in info.siblings or ()}["deep/er/rows.jsonl"] == 18
    entries = {entry.path: entry for entry in api.list_repo_tree(REPO, repo_type="dataset", recursive=True)}
    assert {"board", "deep", "deep/er"} < entries.keys()
    assert entries["board/search_sft.parquet"].lfs.sha256
    assert entries["README.md"].lfs is None
    expanded = api.list_repo_tree(REPO, "board", repo_type="dataset", expand=True)
    assert {entry.last_commit.title for entry in expanded} == {"Boards"}
    found = api.get_paths_info(REPO, ["deep", "README.md", "none"], repo_type="dataset", expand=True)
    assert {entry.path for entry in found} == {"deep", "README.md"}
    assert [commit.title for commit in api.list_repo_commits(REPO, repo_type="dataset")] == ["Boards", "initial commit"]
    assert api.list_repo_refs(REPO, repo_type="dataset").branches[0].target_commit == filled
    assert api.file_exists(REPO, "README.md", repo_type="dataset")
    assert not api.file_exists(REPO, "none", repo_type="dataset")


def test_a_commit_deletes_and_an_old_revision_stays_readable(api: HfApi, filled: str) -> None:
    api.create_commit(REPO, [CommitOperationDelete("deep/", is_folder=True)], commit_message="x", repo_type="dataset")
    assert not [path for path in api.list_repo_files(REPO, repo_type="dataset") if path.startswith("deep")]
    path = api.hf_hub_download(REPO, "deep/er/rows.jsonl", repo_type="dataset", revision=filled)
    assert Path(path).read_text().count("\n") == 2
    with pytest.raises(RevisionNotFoundError):
        api.repo_info(REPO, repo_type="dataset", revision="0" * 40)


def test_a_parent_that_is_not_the_head_is_refused(api: HfApi, filled: str) -> None:
    for content in (b"1", b"2"):
        change = [CommitOperationAdd("state", content)]
        send = {"commit_message": "x", "repo_type": "dataset", "parent_commit": filled}
        if content == b"1":
            api.create_commit(REPO, change, **send)
        else:
            with pytest.raises(HfHubHTTPError, match="A commit has happened since") as refused:
                api.create_commit(REPO, change, **send)
            assert refused.value.response.status_code == 412


@pytest.mark.parametrize(
    ("token", "reads", "status"), [("hf_alice", True, 403), ("hf_bob", False, 404), (False, False, 401)]
)
def test_a_private_repository_is_for_its_people(hub: Hub, api: HfApi, token: str, reads: bool, status: int) -> None:
    api.create_repo("arena/private", repo_type="dataset", private=True)
    stranger = HfApi(hub.url, token)
    if reads:
        assert stranger.repo_info("arena/private", repo_type="dataset").private
    else:
        with pytest.raises(RepositoryNotFoundError):
            stranger.repo_info("arena/private", repo_type="dataset")
    with pytest.raises(HfHubHTTPError) as refused:
        stranger.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="arena/private", repo_type="dataset")
    assert refused.value.response.status_code == status


@pytest.mark.usefixtures("filled")
def test_the_hf_command(hub: Hub, tmp_path: Path) -> None:
    def hf(*arguments: str) -> str:
        command = [str(Path(sys.executable).parent / "hf"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "arena-bot" in hf("auth", "whoami")
    hf("download", REPO, "--repo-type", "dataset", "--local-dir", str(tmp_path / "got"))
    assert pd.read_parquet(tmp_path / "got" / "board" / "search_sft.parquet")["gain"].tolist() == [0.5, 0.125]
    (tmp_path / "note.txt").write_text("hello")
    hf("upload", REPO, str(tmp_path / "note.txt"), "note.txt", "--repo-type", "dataset")
    file = hub.store.file(f"datasets/{REPO}", hub.store.head(f"datasets/{REPO}").seq, "note.txt")
    assert file is not None
    assert hub.store.blob(file.sha256).read_text() == "hello"


@pytest.mark.usefixtures("filled")
def test_load_dataset_of_a_board_by_its_name() -> None:
    code = f"""
import json, datasets
print(json.dumps([row["gain"] for row in datasets.load_dataset({REPO!r}, "dataset_research", split="train")]))
"""
    assert json.loads(child(code)) == [0.25, 0.125]


@pytest.mark.usefixtures("filled")
def test_pandas_reads_by_address() -> None:
    code = f"""
import pandas as pd
rows = pd.read_json("hf://datasets/{REPO}/deep/er/rows.jsonl", lines=True)
board = pd.read_parquet("hf://datasets/{REPO}/board/search_sft.parquet")
print(rows["n"].tolist(), board["gain"].tolist())
"""
    assert child(code) == "[1, 2] [0.5, 0.125]"


def test_a_part_of_a_file(hub: Hub, filled: str) -> None:
    url = f"{hub.url}/datasets/{REPO}/resolve/main/deep/er/rows.jsonl"
    head = get_session().head(url)
    assert (head.headers["X-Repo-Commit"], head.headers["Content-Length"]) == (filled, "18")
    part = get_session().get(url, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.text) == (206, 'n":'[:3])
    assert part.headers["ETag"] == head.headers["ETag"]


def test_the_server_runs_by_itself(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.hub", "--port", "0", "--data", str(tmp_path), "--quota", "2"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        url = running.stdout.readline().split("HF_ENDPOINT=")[1].split()[0]
        try:
            session = get_session()
            shown = session.post(f"{url}/-/faults", json={"held": True, "commits": ["409"]}).json()
            assert (shown["faults"]["held"], shown["faults"]["commits"], shown["faults"]["quota"]) == (True, ["409"], 2)
            assert session.post(f"{url}/-/clock", json={"forward": 3600}).json()["time"] > shown["time"]
            HfApi(url, "hf_bob").create_repo("bob/mine", repo_type="dataset")
            assert session.get(f"{url}/-/").json()["repos"] == ["datasets/bob/mine"]
        finally:
            running.terminate()
