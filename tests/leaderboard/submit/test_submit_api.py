"""Submitting by programs, and data sets that are named instead of sent, over the loopback Hub."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pandas as pd
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from starlette.testclient import TestClient
from typer.testing import CliRunner

from leaderboard.api.service import ApiService
from leaderboard.app import make_app
from leaderboard.data.snapshot.snapshot_reader import SnapshotReader
from leaderboard.settings import Settings, read_settings
from leaderboard.web.site import Site
from submissions.arena.arena import Arena, open_arena
from submissions.checking.hub_datasets import parse_hub_datasets
from submissions.cli.app import app as command
from submissions.errors import InvalidFile, InvalidForm
from tests.support.hub.fixtures import hub as hub
from tests.support.hub.server import Hub
from tests.support.hub.users import ALICE
from tests.support.submission_inputs import BANK, SARCASM
from tests.support.submission_records import arena_with_tasks
from tests.support.web_submissions import FIELDS, GOOD, ROWS, send

pytestmark = pytest.mark.integration

BEARER = {"Authorization": "Bearer hf_alice"}
ASKED = {**FIELDS, "action": "submit"}


@pytest.fixture
def arena(tmp_path: Path) -> Arena:
    return arena_with_tasks(tmp_path / "arena")


@pytest.fixture
def site(arena: Arena, tmp_path: Path) -> TestClient:
    assert arena.read_tasks()
    return TestClient(make_app(read_settings({"ARENA": str(tmp_path / "arena")})), follow_redirects=False)


@pytest.fixture
def api(hub: Hub) -> HfApi:
    api = HfApi(hub.url, "hf_alice")
    api.create_repo("alice/data", repo_type="dataset", private=False)
    return api


def put(api: HfApi, repo: str = "alice/data", **files: bytes) -> str:
    operations = [CommitOperationAdd(name.replace("__", "/"), content) for name, content in files.items()]
    return api.create_commit(repo, operations, commit_message="x", repo_type="dataset").oid


def parquet(path: Path) -> bytes:
    pd.DataFrame([json.loads(line) for line in ROWS.splitlines()]).to_parquet(path)
    return path.read_bytes()


def test_a_program_submits_files_with_a_token(site: TestClient, arena: Arena, hub: Hub) -> None:
    sent = [("files", (f"{BANK}.jsonl", ROWS))]
    answer = site.post("/api/submit", data=ASKED, files=sent, headers=BEARER)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["state"], told["page"]) == ("stored", f"/submissions/{told['id']}")
    assert arena.read_submission(told["id"]).owner == f"hf:{ALICE.sub}"
    assert "GET /api/whoami-v2" in hub.requests
    checked = site.post("/api/submit", data={**ASKED, "action": "check"}, files=sent, headers=BEARER)
    assert (checked.status_code, checked.json()["state"]) == (200, "passed")
    bad = [("files", (f"{BANK}.jsonl", ROWS + b'{"input": "x"}\n'))]
    refused = site.post("/api/submit", data=ASKED, files=bad, headers=BEARER)
    assert (refused.status_code, refused.json()["problems"][0]["line"]) == (422, 13)
    assert site.post("/api/submit", data=ASKED, headers=BEARER).json()["faults"] == {
        "files": "Choose at least one file."
    }
    assert len(arena.submission_ids()) == 1


@pytest.mark.parametrize("token", ["hf_wrong", "", "a b", "\xe9", "x" * 2000])
def test_a_token_that_is_nobody_s_submits_nothing(
    arena: Arena, hub: Hub, tmp_path: Path, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    space = {"SPACE_ID": "a/b", "OAUTH_CLIENT_ID": "c", "OAUTH_CLIENT_SECRET": "s", "OAUTH_SCOPES": "openid"}
    settings = read_settings({**space, "OPENID_PROVIDER_URL": hub.url, "ARENA": str(tmp_path / "arena")})
    answers = ApiService(make_site(settings))
    with pytest.raises(InvalidForm, match="token"):
        answers.submit("alice/data", "S", "search", "T", token=token)
    assert arena.submission_ids() == []
    assert "hf_wrong" not in caplog.text


def make_site(settings: Settings) -> Site:
    return Site(settings, SnapshotReader(open_arena(settings.arena)))


def test_a_program_names_a_data_set(site: TestClient, arena: Arena, api: HfApi, tmp_path: Path) -> None:
    commit = put(api, **{f"{BANK}.jsonl": ROWS, "README.md": b"# x", "load.py": b"raise SystemExit", "x.zip": b"x"})
    put(api, **{f"{SARCASM}.parquet": parquet(tmp_path / "p"), f"{BANK}.jsonl": b"bad"})
    answers = ApiService(site.app.state.site)  # type: ignore[attr-defined]
    told = answers.submit(f"hf://datasets/alice/data@{commit}", "Named", "search", "Team", token="hf_alice")
    assert told["state"] == "stored", told
    one = arena.read_submission(told["id"])
    assert (one.owner, one.submitter, one.private) == (f"hf:{ALICE.sub}", "Team", True)
    assert [file.task for file in one.files] == [BANK]
    pin = one.provenance.fetched[0]
    assert (pin.repo, pin.commit, pin.path) == ("alice/data", commit, f"{BANK}.jsonl")
    assert commit[:8] in site.get(told["page"]).text
    bad = answers.submit("alice/data", "Named", "search", "Team", token="hf_alice")
    assert (bad["state"], bad["problems"][0]["line"]) == ("refused", 1)


def test_single_files_and_folders_are_named_for_tasks(
    site: TestClient, arena: Arena, api: HfApi, tmp_path: Path
) -> None:
    names = {"default__train-00000-of-00001.parquet": parquet(tmp_path / "p"), "raw__a.csv": b"input,output\na,b\n"}
    head = put(api, **names)
    lines = f"{BANK} = alice/data@{head[:10]}/default\n{SARCASM}=hf://datasets/alice/data/raw/a.csv\n"
    answer = send(site, "submit", hub_data=lines)
    assert answer.status_code == 303, answer.text
    one = arena.read_submission(answer.headers["location"].rpartition("/")[2])
    assert {file.task: file.rows for file in one.files} == {BANK: 12, SARCASM: 1}
    assert {pin.commit for pin in one.provenance.fetched} == {head}


def test_a_folder_called_data_is_found(site: TestClient, arena: Arena, api: HfApi) -> None:
    put(api, **{f"data__{BANK}.jsonl": ROWS, "README.md": b"# x"})
    assert send(site, "submit", hub_data="alice/data").status_code == 303
    assert len(arena.submission_ids()) == 1


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("alice/none", "There is no public data set alice/none"),
        ("alice/data@nowhere", "alice/data has no revision"),
        ("alice/data/none.jsonl", "has no data file at"),
        ("alice/data/empty", "has nothing at"),
        ("alice/private", "There is no public data set alice/private"),
        ("nothing = alice/data/a.jsonl", "There is no task"),
        (f"{BANK} = alice/data", "names a whole repository for one task"),
        (f"{BANK} = alice/data/two", "has 2 data files"),
    ],
)
def test_what_cannot_be_fetched_is_said(site: TestClient, arena: Arena, api: HfApi, line: str, says: str) -> None:
    put(api, **{"two__a.jsonl": ROWS, "two__b.jsonl": ROWS})
    api.create_repo("alice/private", repo_type="dataset", private=True)
    put(api, "alice/private", **{f"{BANK}.jsonl": ROWS})
    answer = send(site, "submit", hub_data=line)
    assert answer.status_code == 422
    assert says in answer.text.replace("&#39;", "'")
    assert 'id="hub_data-fault"' in answer.text
    assert arena.submission_ids() == []


def test_what_the_server_s_own_token_may_read_is_not_fetched(site: TestClient, hub: Hub) -> None:
    bot = HfApi(hub.url, "hf_bot_write")
    bot.create_repo("arena/secret", repo_type="dataset", private=True)
    put(bot, "arena/secret", **{f"{BANK}.jsonl": ROWS})
    assert "There is no public data set arena/secret" in send(site, "check", hub_data="arena/secret").text


def test_too_much_is_refused_before_it_is_fetched(arena: Arena, api: HfApi, hub: Hub, tmp_path: Path) -> None:
    assert arena.read_tasks()
    put(api, **{f"{BANK}.csv": b"input,output\n" + b"a,b\n" * 300_000})
    site = TestClient(make_app(read_settings({"ARENA": str(tmp_path / "arena"), "MAX_UPLOAD_MB": "1"})))
    hub.requests.clear()
    answer = send(site, "check", hub_data="alice/data")
    assert "too large" in answer.text
    assert not any("resolve" in request for request in hub.requests)


@pytest.mark.parametrize(
    "line",
    [
        "alice/data/../../secret.jsonl", "alice/data@../x", "alice/data@main/a/../b.jsonl", "https://evil.example/a/b",
        "../alice/data", "alice/data/a%2f..%2fb.jsonl", "alice/data/a\\b.jsonl", "alice", "alice/data@a/b@c d",
        "a=b=alice/data/x.jsonl", "hf://models/alice/data", "alice/data?x=1", "alice/da..ta", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_what_is_no_name_is_never_asked_for(line: str) -> None:
    with pytest.raises(InvalidFile):
        parse_hub_datasets(line)


def test_a_program_s_form_of_another_site_is_turned_away(site: TestClient) -> None:
    answer = site.post("/api/submit", data=ASKED, files=[("files", GOOD)], headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_the_command_line_takes_a_data_set(arena: Arena, api: HfApi, tmp_path: Path) -> None:
    commit = put(api, **{f"{BANK}.jsonl": ROWS})
    where = ["--arena", str(tmp_path / "arena"), "--system", "S", "--system-type", "search", "--team", "T"]
    done = CliRunner().invoke(command, ["submit", "hf://datasets/alice/data@main", *where])
    assert done.exit_code == 0, done.output
    (ulid,) = arena.submission_ids()
    assert [pin.commit for pin in arena.read_submission(ulid).provenance.fetched] == [commit]
    one = f"{BANK}=hf://datasets/alice/data/{BANK}.jsonl"
    assert CliRunner().invoke(command, ["check", one, "--arena", str(tmp_path / "arena")]).exit_code == 0
