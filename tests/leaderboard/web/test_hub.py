"""The web app on an arena on the Hub: the same pages, and a form that stores there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from starlette.testclient import TestClient

from leaderboard.app import make_app
from leaderboard.settings import read_settings
from submissions.arena.arena import Arena, open_arena
from submissions.storage.repo import Change
from tests.support.hub.fixtures import hub as hub
from tests.support.hub.server import Hub
from tests.support.web_submissions import GOOD, send

pytestmark = pytest.mark.integration

ARENA = "hf://arena/web"


@pytest.fixture
def on_hub(hub: Hub, arena: Arena) -> Arena:
    """The filled arena, copied to the Hub."""
    there = open_arena(ARENA)
    for name in ("submissions", "results", "drafts"):
        HfApi(hub.url, "hf_bot_write").create_repo(f"arena/web-{name}", repo_type="dataset", private=name != "results")
        source, target = getattr(arena, name), getattr(there, name)
        if paths := source.list():
            target.commit([Change(path, source.read(path)) for path in paths], target.head())
        assert target.list() == paths
    return there


def words(page: str) -> list[str]:
    """What a page says, without its marks and the parts that name its state."""
    return re.sub(r"(?s)<script.*?</script>|<[^>]*>", " ", page).split()


@pytest.mark.usefixtures("on_hub")
def test_pages_are_those_of_a_folder(site: TestClient) -> None:
    there = TestClient(make_app(read_settings({"ARENA": ARENA})), follow_redirects=False)
    for path in ("/", "/tasks", "/submissions"):
        mine, theirs = site.get(path), there.get(path)
        assert (mine.status_code, words(mine.text)) == (theirs.status_code, words(theirs.text))


def test_a_new_result_is_shown_without_reading_all_again(hub: Hub, on_hub: Arena) -> None:
    app = make_app(read_settings({"ARENA": ARENA}))
    there = TestClient(app, follow_redirects=False)
    assert there.get("/submissions").status_code == 200
    before = len(hub.requests)
    tasks = on_hub.results.read("tasks.jsonl").replace(b'"title":"', b'"title":"Renamed ', 1)
    on_hub.results.commit([Change("tasks.jsonl", tasks)], on_hub.results.head())
    written = len(hub.requests)
    app.state.site.reader.refresh()  # which it does by itself now and then
    assert "Renamed" in there.get("/tasks").text
    assert written - before <= 5
    assert len(hub.requests) - written <= 5, hub.requests[written:]


def test_a_wish_that_the_hub_takes_only_later_is_told_when_to_come_again(
    hub: Hub, on_hub: Arena, tmp_path: Path
) -> None:
    settings = read_settings({"ARENA": ARENA, "SPOOL": str(tmp_path / "spool")})
    there = TestClient(make_app(settings), follow_redirects=False)
    page = send(there, "submit", GOOD).headers["location"]
    before = on_hub.submissions.head()
    hub.faults.quota = 1
    answer = there.post(f"{page}/actions", data={"kind": "withdraw", "sure": "1"})
    assert answer.status_code == 503
    assert 3500 < int(answer.headers["Retry-After"]) < 3700
    assert "Nothing was written; try again at" in answer.text
    assert on_hub.submissions.head() == before
