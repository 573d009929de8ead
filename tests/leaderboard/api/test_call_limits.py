"""Calls of programs on the real server: limits by address, a bounded queue, answers that nobody fetches."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from unittest import mock

import gradio
import httpx
import pytest

from leaderboard.api import service
from leaderboard.api.call_queue import MAX_UNFETCHED_SESSIONS, MAX_WAITING_CALLS, UNFETCHED_SECONDS, UnfetchedAnswers
from leaderboard.api.callers import MAX_CHECKS, MAX_CHECKS_PER_ADDRESS, CallCounts
from leaderboard.api.gradio_api import AT_ONCE
from leaderboard.app import make_app
from leaderboard.settings import read_settings
from submissions.records.check_report import Report
from tests.support.arena_fixture import fill
from tests.support.live_server import free_port, running

pytestmark = pytest.mark.integration

TASK = "mc-en-science"
ROWS = '{"input": "question", "output": "answer"}\n' * 12
PROXY = {"TRUSTED_PROXIES": "127.0.0.1"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[gradio.Server]:
    folder = tmp_path_factory.mktemp("limits") / "arena"
    fill(folder)
    settings = read_settings({"ARENA": str(folder), "PORT": str(free_port()), **PROXY})
    app = make_app(settings)
    with running(app, settings) as address:
        app.state.address = address
        yield app


@pytest.fixture
def client(app: gradio.Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=app.state.address, timeout=10) as client:
        yield client


@contextmanager
def busy_checks() -> Iterator[threading.Event]:
    """Checks of rows wait for a free process until the end of the context, and then find nothing wrong."""
    free = threading.Event()

    def wait_until_free(*_: object) -> Report:
        assert free.wait(15)
        return Report(track="dataset_research", files=(), problems=(), missing=())

    with mock.patch.object(service, "_check_rows", wait_until_free):
        try:
            yield free
        finally:
            free.set()


def run_check(client: httpx.Client, address: str) -> httpx.Response:
    return client.post(
        "/gradio_api/run/check", json={"data": [TASK, ROWS]}, headers={"X-Forwarded-For": f"9.9.9.9, {address}"}
    )


def call_mcp(client: httpx.Client, address: str) -> dict[str, object]:
    call = {"name": "check_submission", "arguments": {"task_id": TASK, "rows": ROWS}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    headers = {"Accept": "application/json, text/event-stream", "X-Forwarded-For": address}
    result: dict[str, object] = client.post("/mcp", json=body, headers=headers).json()["result"]
    return result


def call_queue(client: httpx.Client, end: str, data: list[str], address: str = "192.0.2.50") -> httpx.Response:
    return client.post(f"/gradio_api/call/{end}", json={"data": data}, headers={"X-Forwarded-For": address})


def wait_for_checks(app: gradio.Server, count: int) -> None:
    """Wait until so many calls are counted."""
    calls: CallCounts = app.state.site.calls
    pause = threading.Event()
    while calls._running.total() < count:
        pause.wait(0.005)


def test_one_address_runs_only_a_few_checks_by_every_way(app: gradio.Server, client: httpx.Client) -> None:
    with ThreadPoolExecutor(2 * MAX_CHECKS_PER_ADDRESS) as pool:
        with busy_checks():
            waiting = [pool.submit(run_check, client, "192.0.2.1") for _ in range(MAX_CHECKS_PER_ADDRESS - 1)]
            agent = pool.submit(call_mcp, client, "192.0.2.1")
            wait_for_checks(app, MAX_CHECKS_PER_ADDRESS)
            refused = run_check(client, "192.0.2.1")
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
            assert "checks from your address are running" in refused.json()["error"]
            told = call_mcp(client, "192.0.2.1")
            assert told["isError"]
            assert "checks from your address are running" in json.dumps(told["content"])
            event = call_queue(client, "check", [TASK, ROWS], "192.0.2.1").json()["event_id"]
            answer = client.get(f"/gradio_api/call/check/{event}").text
            assert "event: error" in answer
            assert "checks from your address are running" in answer
            other = pool.submit(run_check, client, "192.0.2.2")
            wait_for_checks(app, MAX_CHECKS_PER_ADDRESS + 1)
        assert [call.result().status_code for call in (*waiting, other)] == [200] * MAX_CHECKS_PER_ADDRESS
        assert not agent.result()["isError"]
    assert app.state.site.calls._running.total() == 0


def test_all_together_are_bounded_too(app: gradio.Server, client: httpx.Client) -> None:
    with ThreadPoolExecutor(MAX_CHECKS) as pool:
        with busy_checks():
            waiting = [pool.submit(run_check, client, f"192.0.2.{n // 4}") for n in range(MAX_CHECKS)]
            wait_for_checks(app, MAX_CHECKS)
            refused = run_check(client, "192.0.2.99")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
            assert client.get("/about").status_code == 200, "pages have threads of their own"
        assert {call.result().status_code for call in waiting} == {200}


def test_the_queue_is_bounded(app: gradio.Server, client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = app.state.site.calls
    monkeypatch.setattr(calls, "_per_address", 1000)
    monkeypatch.setattr(calls, "_total", 1000)
    with busy_checks() as free:
        answers = [call_queue(client, "check", [TASK, ROWS]) for _ in range(AT_ONCE)]
        wait_for_checks(app, AT_ONCE)
        answers += [call_queue(client, "check", [TASK, ROWS]) for _ in range(MAX_WAITING_CALLS + 3)]
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses == {200: AT_ONCE + MAX_WAITING_CALLS, 503: 3}
        assert answers[-1].headers["retry-after"] == "10"
        assert "Queue is full" in answers[-1].json()["detail"]
        free.set()
        for answer in answers[: AT_ONCE + MAX_WAITING_CALLS]:
            assert "event: " in client.get(f"/gradio_api/call/check/{answer.json()['event_id']}").text


def test_answers_that_nobody_fetches_are_dropped(app: gradio.Server, client: httpx.Client) -> None:
    queue = app.get_blocks()._queue
    now = [0.0]
    unfetched = UnfetchedAnswers(lambda: now[0])
    pause = threading.Event()
    for _ in range(MAX_UNFETCHED_SESSIONS + 10):
        call_queue(client, "boards", [])
        while queue.event_ids_to_events:
            pause.wait(0.005)
    kept = call_queue(client, "boards", []).json()["event_id"]
    while queue.event_ids_to_events:
        pause.wait(0.005)
    unfetched.drop_old(queue)
    assert sum(not messages.empty() for messages in queue.pending_messages_per_session.values()) <= (
        MAX_UNFETCHED_SESSIONS
    )
    assert "event: complete" in client.get(f"/gradio_api/call/boards/{kept}").text, "the newest are kept"
    now[0] = UNFETCHED_SECONDS + 1
    unfetched.drop_old(queue)
    assert not any(not messages.empty() for messages in queue.pending_messages_per_session.values())
    assert set(queue.pending_event_ids_session) <= set(queue.pending_messages_per_session)


def test_the_end_points_still_describe_their_own_arguments_only(client: httpx.Client) -> None:
    ends = client.get("/gradio_api/info").json()["named_endpoints"]
    assert [argument["parameter_name"] for argument in ends["/check"]["parameters"]] == ["task_id", "rows"]
