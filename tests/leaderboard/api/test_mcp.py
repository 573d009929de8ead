"""The MCP end point of the real server, asked by the real client over streamable HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import httpx
import pytest
from mcp import Client

from leaderboard.api.mcp import TOOLS
from submissions.checking.limits import MAX_API_ROWS_BYTES
from tests.support.arena_fixture import ARABIC, TASKS, fill
from tests.support.event_loops import run_in_new_loop
from tests.support.live_server import served

pytestmark = pytest.mark.integration

Ask = Callable[..., Any]
GOOD = "\n".join(json.dumps({"input": f"question {n}", "output": f"answer {n}"}) for n in range(12))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("mcp") / "arena"
    fill(folder)
    with served(folder) as base:
        yield base


@pytest.fixture(params=["auto", "legacy"])
def ask(address: str, request: pytest.FixtureRequest) -> Ask:
    """Calls a tool: its answer, or its refusal's words. In today's protocol, and as older clients speak it."""

    async def call(tool: str, **arguments: Any) -> Any:
        async with Client(f"{address}/mcp", mode=request.param) as client:
            answer = await client.call_tool(tool, arguments)
        if answer.is_error:
            return answer.content[0].text
        assert answer.structured_content is not None
        return answer.structured_content.get("result", answer.structured_content)

    return lambda tool, **arguments: run_in_new_loop(call(tool, **arguments))


def in_session(address: str, do: Callable[[Client], Coroutine[Any, Any, Any]]) -> Any:
    async def run() -> Any:
        async with Client(f"{address}/mcp") as client:
            return await do(client)

    return run_in_new_loop(run())


def test_the_tools_say_what_they_are_and_that_they_only_read(address: str) -> None:
    tools = in_session(address, lambda client: client.list_tools()).tools
    assert {tool.name for tool in tools} == set(TOOLS)
    for tool in tools:
        assert tool.description
        assert tool.annotations.read_only_hint is True
    (check,) = (tool for tool in tools if tool.name == "check_submission")
    assert set(check.input_schema["required"]) == {"task_id", "rows"}


def test_boards_tasks_and_demands(ask: Ask, address: str) -> None:
    (board,) = ask("list_boards")
    assert board["tasks"] == len(TASKS)
    rows = ask("board", track=board["track"], method="few_shot_3", sort="-overall")
    assert rows == httpx.get(f"{address}/board/dataset_research.json?method=few_shot_3&sort=-overall").json()
    assert ARABIC in [row["system"] for row in rows]
    tasks = ask("list_tasks", track=board["track"])
    assert [task["id"] for task in tasks] == [task[0] for task in TASKS]
    assert ask("get_demand", task_id="cls-ar-sarcasm")["demand"].startswith("Find a data set for: سخرية")


def test_a_submission_s_stages(ask: Ask, address: str) -> None:
    first = httpx.get(f"{address}/submissions.json").json()[-1]["id"]
    assert ask("status", submission=first)["has_result"] is True


def test_rows_are_checked_and_not_stored(ask: Ask, address: str) -> None:
    before = len(httpx.get(f"{address}/submissions.json").json())
    assert ask("check_submission", task_id="qa-vi-history", rows=GOOD) == {
        "accepted": True, "task": "qa-vi-history", "rows": 12, "problems": [],
    }  # fmt: skip
    report = ask("check_submission", task_id="qa-vi-history", rows=GOOD + '\n{"input": "half')
    assert report["accepted"] is False
    assert (report["problems"][0]["level"], report["problems"][0]["line"]) == ("error", 13)
    assert "not JSON" in report["problems"][0]["what"]
    assert len(httpx.get(f"{address}/submissions.json").json()) == before


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("board", {"track": "magic"}, "No track 'magic'; there are: dataset_research"),
        ("board", {"method": "magic"}, "few_shot_1"),
        ("get_demand", {"task_id": "../../etc/passwd"}, "/tasks.json lists all 12"),
        ("check_submission", {"task_id": "../x", "rows": GOOD}, "No task '../x'"),
        ("check_submission", {"task_id": "qa-vi-history", "rows": "x" * (MAX_API_ROWS_BYTES + 1)}, "1,048,577 bytes"),
        ("check_submission", {"task_id": "qa-vi-history", "rows": ["a"]}, "valid string"),
        ("status", {"submission": "none"}, "/submissions.json lists all"),
        ("status", {}, "submission"),
    ],
)
def test_a_refusal_says_what_to_do(ask: Ask, tool: str, arguments: dict[str, Any], words: str) -> None:
    assert words in ask(tool, **arguments)


def test_a_larger_call_is_refused_unread(address: str) -> None:
    answer = httpx.post(
        f"{address}/mcp", content=b"[" + b" " * 5_000_000 + b"]", headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413


def test_a_person_is_sent_to_the_explanation(address: str) -> None:
    assert httpx.get(f"{address}/mcp").headers["location"] == "/docs/api#mcp"
    assert httpx.get(f"{address}/mcp", headers={"Accept": "text/event-stream"}).status_code == 405


def test_another_site_s_page_cannot_ask(address: str) -> None:
    assert httpx.post(f"{address}/mcp", headers={"Origin": "https://evil.example"}).status_code == 403


def test_the_start_does_not_wait_for_it() -> None:
    code = (
        "import sys\nfrom leaderboard.web.fast_gradio_import import fast_gradio_import\n"
        "with fast_gradio_import():\n    import leaderboard.app\n"
        "assert 'mcp' not in sys.modules\nimport mcp.server\nassert 'mcp' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
