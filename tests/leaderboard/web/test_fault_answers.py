"""Full, read-only and failing disks, damaged files, a Hub that does not answer: status and words, nothing stored."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from leaderboard.api.service import ApiService, with_public_errors
from leaderboard.app import make_app
from leaderboard.settings import read_settings
from submissions.arena.arena import Arena
from submissions.cli.app import app as command
from submissions.cli.runtime import run_app
from submissions.errors import InvalidForm
from tests.support.hub.fixtures import hub as hub
from tests.support.hub.server import Hub
from tests.support.site_client import Open
from tests.support.web_submissions import FIELDS, GOOD, ROWS, send

pytestmark = pytest.mark.integration

DISK = {errno.ENOSPC: 507, errno.EDQUOT: 507, errno.EROFS: 503, errno.EIO: 503}
STEPS = {
    "the parts of the form": "leaderboard.submit.upload_files._PartFile.write",
    "the check's folder": "submissions.storage.temp_folder.tempfile.mkdtemp",
    "the upload": "leaderboard.submit.start_check.save_uploads",
    "the commit": "submissions.storage.local_repo._stage_content",
}
ROUTES: dict[str, Callable[[TestClient], httpx2.Response]] = {
    "page": lambda site: send(site, "submit", GOOD),
    "script": lambda site: site.post(
        "/submit", data={**FIELDS, "action": "submit"}, files=[("files", GOOD)], headers={"Accept": "application/json"}
    ),
    "api": lambda site: site.post("/api/submit", data={**FIELDS, "action": "submit"}, files=[("files", GOOD)]),
}


@pytest.fixture
def quiet(arena: Arena, visit: Open) -> TestClient:
    assert arena.read_tasks()
    return TestClient(visit().app, follow_redirects=False, raise_server_exceptions=False)


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, int], None]]:
    with monkeypatch.context() as failing:

        def install(target: str, code: int) -> None:
            def raise_fault(*_: object, **__: object) -> None:
                raise OSError(code, "the system's words", "/srv/arena/part")

            failing.setattr(target, raise_fault)

        yield install


@pytest.mark.parametrize(
    ("step", "route"),
    # A script is answered before the commit; the check's page has the words then (tests/leaderboard/submit/).
    [(step, route) for step in STEPS for route in ROUTES if (step, route) != ("the commit", "script")],
)
def test_a_disk_that_fails_stores_nothing_and_says_so(
    arena: Arena, quiet: TestClient, fail: Callable[[str, int], None], step: str, route: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    before = arena.submissions.head(), arena.submissions.list()
    for code, status in DISK.items():
        caplog.clear()
        fail(STEPS[step], code)
        answer = ROUTES[route](quiet)
        assert answer.status_code == status, answer.text
        assert answer.headers["retry-after"]
        assert "Nothing was stored" in answer.text
        assert "/srv/arena/part" not in answer.text
        assert "/srv/arena/part" in caplog.text
        if route != "page":
            assert "Nothing was stored" in answer.json()["error"]
    assert (arena.submissions.head(), arena.submissions.list()) == before


def test_a_request_of_an_owner_meets_the_same_words(
    arena: Arena, quiet: TestClient, fail: Callable[[str, int], None]
) -> None:
    ulid = send(quiet, "submit", GOOD).headers["location"].rpartition("/")[2]
    before = arena.submissions.head()
    form = {"kind": "withdraw", "sure": "1"}
    for code, status in DISK.items():
        fail(STEPS["the commit"], code)
        page = quiet.post(f"/submissions/{ulid}/actions", data=form)
        script = quiet.post(f"/submissions/{ulid}/actions", data=form, headers={"Accept": "application/json"})
        assert page.status_code == script.status_code == status
        assert "Nothing was stored" in page.text
        assert "Nothing was stored" in script.json()["error"]
    assert arena.submissions.head() == before


def test_the_api_and_mcp_say_it_too(quiet: TestClient, fail: Callable[[str, int], None]) -> None:
    check = with_public_errors(ApiService(quiet.app.state.site).check, InvalidForm_of)  # type: ignore[attr-defined]
    fail("submissions.storage.temp_folder.tempfile.mkdtemp", errno.ENOSPC)
    with pytest.raises(InvalidForm, match="The disk of this machine is full"):
        check("mc-en-science", ROWS.decode())
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"} | {
        "params": {"name": "check_submission", "arguments": {"task_id": "mc-en-science", "rows": ROWS.decode()}}
    }
    answer = quiet.post("/mcp", json=call, headers={"Accept": "application/json, text/event-stream"})
    assert "The disk of this machine is full" in answer.text


def InvalidForm_of(message: str) -> InvalidForm:  # noqa: N802 - stands for an error class
    return InvalidForm({"fault": message})


@pytest.mark.parametrize("code", DISK)
def test_the_command_line_ends_with_our_exit_code(
    arena: Arena, tmp_path: Path, fail: Callable[[str, int], None], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "mc-en-science.jsonl"
    source.write_bytes(ROWS)
    fail(STEPS["the commit"], code)
    who = ["--system", "S", "--system-type", "search", "--team", "T", "--arena", str(tmp_path / "arena"), "--json"]
    before = arena.submissions.head()
    assert run_app(command, "submissions", ["submit", str(source), *who]) == 2
    out = capsys.readouterr()
    assert "Nothing was stored" in out.err
    assert "/srv/arena/part" in out.err
    assert json.loads(out.out)["fault"] == "evaluator"
    assert arena.submissions.head() == before


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\0" * 65])
def test_a_damaged_head_is_503_on_every_page_and_the_log_names_the_remedy(
    arena: Arena, visit: Open, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    folder = arena.results.folder  # type: ignore[attr-defined]
    (folder / ".head").write_bytes(content)
    site = visit()
    for path in ("/", "/board/dataset_research", "/submissions.json", "/submit", "/tasks"):
        answer = site.get(path)
        assert answer.status_code == 503, path
        assert answer.headers["retry-after"]
        assert "organiser has to repair it" in answer.text
    assert "results/.head" in caplog.text
    assert "python -m submissions repair-head" in caplog.text
    assert CliRunner().invoke(command, ["repair-head", str(folder.parent)]).exit_code == 0
    assert site.get("/board/dataset_research").status_code == 200


def test_a_damaged_journal_stops_no_page(arena: Arena, visit: Open) -> None:
    for repo in (arena.results, arena.submissions):
        journal = repo.folder / ".journal"  # type: ignore[attr-defined]
        journal.mkdir()
        (journal / "changes.json").write_bytes(b"\0" * 50)
    site = visit()
    assert site.get("/board/dataset_research").status_code == 200
    assert send(site, "submit", GOOD).status_code == 303


UNREACHABLE = "Could not reach the Hugging Face Hub (alice/data). Try again later."


def asked(action: str) -> dict[str, str]:
    return {**FIELDS, "action": action, "hub_data": "alice/data@main"}


@pytest.mark.parametrize("action", ["check", "submit"])
@pytest.mark.parametrize("way", ["answers 503", "is no Hub"])
def test_an_unreachable_hub_is_the_same_sentence_everywhere(
    quiet: TestClient, hub: Hub, arena: Arena, action: str, way: str, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if way == "answers 503":
        hub.faults.down = True
    else:
        monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    before = arena.submissions.head()
    answers = {
        "api": quiet.post("/api/submit", data=asked(action)),
        "page": quiet.post("/submit", data=asked(action), files=[("files", ("", b""))]),
    }
    for name, answer in answers.items():
        assert answer.status_code == 503, name
        assert answer.headers["retry-after"] == "60"
        assert UNREACHABLE in answer.text, name
    assert answers["api"].json()["error"] == UNREACHABLE
    checks = quiet.app.state.site.checks  # type: ignore[attr-defined]
    (key,) = checks._checks
    assert UNREACHABLE in quiet.get(f"/checks/{key}").text
    submit = with_public_errors(ApiService(quiet.app.state.site).submit, InvalidForm_of)  # type: ignore[attr-defined]
    with pytest.raises(InvalidForm, match="Could not reach the Hugging Face Hub"):
        submit("alice/data@main", "S", "search", "T")
    source = ["hf://datasets/alice/data@main"]
    assert run_app(command, "submissions", ["check", *source, "--arena", str(tmp_path / "arena"), "--json"]) == 2
    out = capsys.readouterr()
    assert json.loads(out.out)["error"] == UNREACHABLE
    assert arena.submissions.head() == before


def test_an_arena_whose_hub_does_not_answer_is_503_on_its_pages(hub: Hub) -> None:
    hub.faults.down = True
    site = TestClient(make_app(read_settings({"ARENA": "hf://arena/web"})), raise_server_exceptions=False)
    for path in ("/", "/board/dataset_research", "/submissions.json"):
        answer = site.get(path)
        assert answer.status_code == 503, path
        assert answer.headers["retry-after"] == "60"
        assert "The Hub does not answer" in answer.text
    assert site.get("/healthz").status_code == 200
    assert site.get("/readyz").status_code == 503
