"""The real server: Gradio's client, Gradio's own pages, headers, and what a start costs it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import httpx
import plotly.offline
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from leaderboard.api.gradio_api import NAMES
from leaderboard.web.fast_gradio_import import WRITES_STUBS
from leaderboard.web.site import HERE
from tests.support.arena_fixture import SCRIPT, fill
from tests.support.live_server import served

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("served") / "arena"
    fill(folder)
    with served(folder) as base:
        yield base


@pytest.fixture(scope="module")
def client(address: str) -> Client:
    return Client(address, verbose=False)


def test_the_client_gets_the_board_as_its_twin_gives_it(client: Client, address: str) -> None:
    rows = client.predict(method="few_shot_3", api_name="/board")
    assert rows == httpx.get(f"{address}/board/dataset_research.json?method=few_shot_3").json()
    assert rows[0]["system"] == SCRIPT


@pytest.mark.parametrize("path", ["/gradio_api/call/check", "/gradio_api/queue/join", "/mcp"])
@pytest.mark.parametrize("announced", [True, False])
def test_nobody_fills_the_memory_with_one_call(address: str, path: str, *, announced: bool) -> None:
    body = [b'{"data": ["mc-en-science", "', *[b"x" * 2**16] * 80, b'"]}']
    sent = {"content": b"".join(body)} if announced else {"content": iter(body)}
    answer = httpx.post(f"{address}{path}", headers={"Content-Type": "application/json"}, **sent)
    assert answer.status_code in {400, 413}


def test_the_client_gets_any_view_of_the_board(client: Client, address: str) -> None:
    view = {"language": "en", "columns": "selected,tasks", "best": "team", "asof": "2026-03-05"}
    rows = client.predict(**view, api_name="/board")
    assert rows == httpx.get(f"{address}/board/dataset_research.json", params=view).json()
    assert len(rows) == 5
    assert client.predict("dataset_research", "fine_tune", "full", "", "-overall", api_name="/board")[0]["overall"]


def test_the_client_gets_a_task_with_its_scores(client: Client, address: str) -> None:
    task = client.predict("mc-en-science", api_name="/task")
    assert task["language"] == "en"
    assert task["scores"] == httpx.get(f"{address}/tasks/mc-en-science.json").json()


def test_the_client_gets_where_a_submission_stands(client: Client, address: str) -> None:
    first = httpx.get(f"{address}/submissions.json").json()[-1]["id"]
    status = client.predict(first, api_name="/status")
    assert status["entries"][-1]["state"] == "published"
    assert status["has_result"] is True


@pytest.mark.parametrize(("end", "name"), [("/board", "magic"), ("/task", "none"), ("/status", "none")])
def test_the_client_is_told_what_does_not_exist(client: Client, end: str, name: str) -> None:
    with pytest.raises(AppError, match=f"No (track|task|submission) '{name}'"):
        client.predict(name, api_name=end)


@pytest.mark.parametrize(
    ("end", "given", "message"),
    [
        ("/task", {"task_id": {"a": 1}}, "task_id must be a string, not an object"),
        ("/status", {"submission": [1]}, "submission must be a string, not an array"),
        ("/board", {"method": 5}, "method must be a string, not a number"),
        ("/board", {"sort": 7}, "sort must be a string, not a number"),
        ("/board", {"protocol": None}, "protocol must be a string, not null"),
    ],
)
def test_the_client_is_told_what_is_no_text(client: Client, end: str, given: dict[str, object], message: str) -> None:
    with pytest.raises(AppError, match=message):
        client.predict(**given, api_name=end)


def test_the_end_points_say_what_they_are(address: str) -> None:
    ends = httpx.get(f"{address}/gradio_api/info").json()["named_endpoints"]
    assert set(ends) == {f"/{name}" for name in NAMES}
    assert "descending order" in ends["/board"]["description"]


def test_our_pages_come_before_gradio_s(address: str) -> None:
    assert "training data that teaches a model most" in httpx.get(address).text
    assert httpx.head(address).status_code == 200
    assert httpx.get(f"{address}/no-such-page").status_code == 404


def test_pages_carry_the_headers_and_ask_no_other_host(address: str) -> None:
    policy = httpx.get(address).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'; style-src 'self';" in policy
    assert "frame-ancestors 'self' https://huggingface.co" in policy


def test_pages_are_sent_compressed(address: str) -> None:
    for _ in range(3):
        page = httpx.get(f"{address}/board/dataset_research", headers={"Accept-Encoding": "gzip, br"})
        plain = httpx.get(f"{address}/board/dataset_research", headers={"Accept-Encoding": "identity"})
        assert page.text == plain.text
    table = httpx.get(f"{address}/board/dataset_research.csv", headers={"Accept-Encoding": "gzip, br"})
    assert (page.headers["content-encoding"], table.headers["content-encoding"]) == ("br", "br")
    assert page.text.startswith("<!doctype html>")
    assert table.text.startswith("system,team")


def test_gradio_takes_no_files(address: str) -> None:
    answer = httpx.post(f"{address}/gradio_api/upload", files={"files": ("a.txt", b"x" * 5000)})
    assert answer.status_code >= 400


def test_a_form_is_taken_by_the_real_server(address: str) -> None:
    rows = b'{"input": "q", "output": "a"}\n' * 12
    form = {"track": "dataset_research", "action": "check"}
    answer = httpx.post(f"{address}/submit", data=form, files=[("files", ("mc-en-science.jsonl", rows))])
    assert answer.status_code == 200
    assert "The data passes the check" in answer.text


def test_gradio_still_has_the_function_that_a_quick_start_leaves_out() -> None:
    assert hasattr(importlib.import_module(WRITES_STUBS[0]), WRITES_STUBS[1])


def test_the_vendored_plotly_is_the_one_that_figures_are_made_for() -> None:
    bundle = (HERE / "static/vendor/plotly.min.js").read_text()
    assert bundle.startswith(f"/* plotly.js v{plotly.offline.get_plotlyjs_version()} ")
