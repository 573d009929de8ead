"""A call of the API or MCP whose program hangs up ends its check."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future

import pytest
from starlette.types import Message, Receive, Scope, Send

from leaderboard.api.callers import CALLER, CallerContext, CallRefused
from leaderboard.submit.check_queue import WaitingCheck
from tests.support.event_loops import run_in_new_loop


class Visit:
    """A connection that ends when it is told to."""

    def __init__(self) -> None:
        self.end = asyncio.Event()
        self.messages: list[Message] = [{"type": "http.request", "body": b"x", "more_body": False}]

    async def receive(self) -> Message:
        if self.messages:
            return self.messages.pop()
        await self.end.wait()
        return {"type": "http.disconnect"}


async def ignore(_: Message) -> None:
    """An answer that nobody reads."""


@pytest.mark.parametrize("path", ["/gradio_api/run/check", "/mcp"])
def test_a_check_ends_with_the_connection_of_its_call(path: str) -> None:
    check: WaitingCheck[int] = WaitingCheck(lambda _: 1, Future())

    async def hang_up() -> None:
        visit = Visit()

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            del scope, send
            assert (await receive())["body"] == b"x"
            caller = CALLER.get()
            waiting = asyncio.create_task(asyncio.to_thread(caller.wait_for, check))
            visit.end.set()
            with pytest.raises(CallRefused, match="nobody waits"):
                await waiting
            assert (await receive())["type"] == "http.disconnect"

        await CallerContext(answer)({"type": "http", "path": path}, visit.receive, ignore)

    run_in_new_loop(hang_up())
    assert check.future.cancelled()


def test_an_answered_call_goes_on_in_the_queue() -> None:
    async def answer_and_hang_up() -> bool:
        visit = Visit()

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            del scope
            await receive()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"event"})
            visit.end.set()
            assert (await receive())["type"] == "http.disconnect"
            assert not CALLER.get().has_left

        await CallerContext(answer)({"type": "http", "path": "/gradio_api/call/check"}, visit.receive, ignore)
        return True

    assert run_in_new_loop(answer_and_hang_up())
