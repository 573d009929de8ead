"""The real client against a server that speaks its protocol on loopback."""

from __future__ import annotations

import json
import logging
import re
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Literal

import openai
import pytest
from pydantic import ValidationError

from evaluator.errors import BudgetSpent, ChatFailed
from evaluator.llm import ChatAnswer, LLMConnection, LLMSettings, TokenUsage
from evaluator.llm.budget import Budget, BudgetedChat, compute_cost, estimate_max_usage
from evaluator.llm.cache import CachedChat
from evaluator.llm.database import open_transaction
from evaluator.llm.fake_server import (
    HANG,
    KEY,
    CannedReply,
    FakeChatServer,
    ReceivedRequest,
    completion_reply,
    default_reply,
    error_reply,
)
from evaluator.llm.open_client import open_client
from evaluator.llm.openai_client import OpenAIChat
from evaluator.llm.pool import map_concurrently
from evaluator.llm.prompts import Prompt
from evaluator.llm.schema import strict_schema
from evaluator.stages.metadata.descriptions import GeneratedDescription
from evaluator.stages.metadata.verdict import Comparison
from submissions.records.base import Record
from tests.support.judges import MODEL, a_connection, no_ambient_settings, verdict

__all__ = ["no_ambient_settings"]  # a fixture of this module, too

PROMPT = Prompt(name="rate@1", sha256="0" * 64, system="Rate it.", user="It is blue.")
ENVIRON = {"JUDGE_KEY": KEY}
SOON = 0.001
"""Seconds of a Retry-After: the client does the waiting."""


class Rating(Record):
    """A rating."""

    reason: str
    score: Literal[0, 1, 2] | None


GOOD = '{"reason": "so", "score": 2}'


def scripted(*replies: CannedReply) -> Callable[[ReceivedRequest], CannedReply]:
    """One reply after the other; the last for all that follow."""
    return lambda asked: replies[min(asked.number, len(replies) - 1)]


def ask(reply: Callable[[ReceivedRequest], CannedReply], **fields: object) -> ChatAnswer[Rating]:
    with FakeChatServer(reply) as server, OpenAIChat(MODEL, a_connection(server.base_url, **fields), KEY) as chat:
        return chat.request(PROMPT, Rating)


@pytest.fixture(scope="module")
def answered() -> Iterator[Callable[[CannedReply], ChatAnswer[Rating]]]:
    """What the client makes of one reply, without another try."""
    with FakeChatServer() as server, OpenAIChat(MODEL, a_connection(server.base_url, retries=0), KEY) as chat:

        def answered(reply: CannedReply) -> ChatAnswer[Rating]:
            server.answer = lambda _: reply
            return chat.request(PROMPT, Rating)

        yield answered


Answered = Callable[[CannedReply], ChatAnswer[Rating]]


@pytest.fixture
def server() -> Iterator[FakeChatServer]:
    with FakeChatServer(scripted(completion_reply(GOOD))) as loopback:
        yield loopback


# What is asked


def test_a_good_answer_is_a_record_with_its_usage(answered: Answered) -> None:
    answer = answered(completion_reply(GOOD))
    assert answer == ChatAnswer(Rating(reason="so", score=2), None, TokenUsage(prompt=100, completion=20))


def test_a_null_is_an_answer(answered: Answered) -> None:
    assert answered(completion_reply('{"reason": "", "score": null}')).record == Rating(reason="", score=None)


def test_the_request_says_all_that_shapes_the_answer(server: FakeChatServer) -> None:
    with OpenAIChat(MODEL, a_connection(server.base_url), KEY) as chat:
        chat.request(PROMPT.model_copy(update={"repeat": 3}), Rating)
    body = server.requests[0].body
    form = body.pop("response_format")
    assert body == {
        "model": "judge",
        "messages": [{"role": "system", "content": "Rate it."}, {"role": "user", "content": "It is blue."}],
        "max_completion_tokens": 1000,
        "temperature": 0,
        "seed": 45,
    }
    assert form == {
        "type": "json_schema",
        "json_schema": {"name": "Rating", "strict": True, "schema": strict_schema(Rating)},
    }


def test_what_a_model_does_not_take_is_not_sent(server: FakeChatServer) -> None:
    plain = MODEL.model_copy(update={"temperature": None, "seed": None})
    with OpenAIChat(plain, a_connection(server.base_url), KEY) as chat:
        chat.request(PROMPT, Rating)
    assert not {"temperature", "seed"} & server.requests[0].body.keys()


@pytest.mark.parametrize("record", [Rating, Comparison, GeneratedDescription])
def test_a_schema_is_strict_as_the_client_has_it(record: type[Record]) -> None:
    assert strict_schema(record) == openai.pydantic_function_tool(record)["function"]["parameters"]


def test_a_record_that_cannot_be_strict_is_refused() -> None:
    class Loose(Record):
        score: int = 5

    with pytest.raises(ValueError, match=r"Loose is not strict: \['score'\]"):
        strict_schema(Loose)


def test_the_shipped_answer_fits_any_schema() -> None:
    with FakeChatServer(default_reply) as server, OpenAIChat(MODEL, a_connection(server.base_url), KEY) as chat:
        compared, described = chat.request(PROMPT, Comparison).record, chat.request(PROMPT, GeneratedDescription).record
    assert compared and compared.samples_count.score == 7
    assert described and described.input == "some words"


# What cannot be read is unscored, with a reason and never a value


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (completion_reply("Here is my verdict: " + GOOD), "is not JSON"),
        (completion_reply("```json\n" + GOOD + "\n```"), "is not JSON"),
        (completion_reply("I give it 2."), "is not JSON"),
        (completion_reply(GOOD[:-4]), "is not JSON"),
        (completion_reply(GOOD + GOOD), "is not JSON"),
        (completion_reply("[" * 100_000), "is not JSON"),
        (completion_reply('{"reason": "so", "score": 3}'), r"first at score \(literal_error\)"),
        (completion_reply('{"reason": "so", "score": "2"}'), "first at score"),
        (completion_reply('{"reason": "so"}'), r"first at score \(missing\)"),
        (completion_reply('{"reason": "so", "score": 2, "secret": 1}'), r"first at its top \(extra_forbidden\)"),
        (completion_reply("2"), "first at its top"),
        (completion_reply(""), "is empty"),
        (completion_reply(None), "is empty"),
        (completion_reply(GOOD, finish="length"), "cut off at max_completion_tokens"),
        (completion_reply(GOOD, finish="content_filter"), "content filter stopped the answer"),
        (completion_reply(None, finish="tool_calls"), "called a tool"),
        (completion_reply(None, refusal="I must not rate secret things."), "^the model refused to answer$"),
        (error_reply(400, "filtered", "content_filter"), "content filter stopped the question"),
        (error_reply(400, "too long", "context_length_exceeded"), "too long for the model"),
    ],
)
def test_an_answer_that_is_no_record_says_why_in_our_words(reply: CannedReply, why: str, answered: Answered) -> None:
    answer = answered(reply)
    assert answer.record is None
    assert answer.why
    assert re.search(why, answer.why)
    assert "secret" not in answer.why


def test_what_is_unread_was_still_counted(answered: Answered) -> None:
    assert answered(completion_reply("no")).usage == TokenUsage(prompt=100, completion=20)
    assert answered(completion_reply(GOOD, usage=None)).usage is None


# The client tries again, and nobody else


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
def test_the_client_tries_again_when_the_server_says_so(status: int) -> None:
    with FakeChatServer(scripted(error_reply(status, retry_after=SOON), completion_reply(GOOD))) as server:
        with OpenAIChat(MODEL, a_connection(server.base_url, retries=1), KEY) as chat:
            assert chat.request(PROMPT, Rating).record
        assert [asked.headers["x-stainless-retry-count"] for asked in server.requests] == ["0", "1"]


@pytest.mark.parametrize(("status", "tries"), [(500, 3), (429, 3), (401, 1), (403, 1), (404, 1), (422, 1)])
def test_there_are_as_many_tries_as_the_connection_says(status: int, tries: int) -> None:
    with FakeChatServer(scripted(error_reply(status, retry_after=SOON))) as server:
        with OpenAIChat(MODEL, a_connection(server.base_url, retries=2), KEY) as chat, pytest.raises(ChatFailed):
            chat.request(PROMPT, Rating)
        assert len(server.requests) == tries


def test_a_wait_of_more_than_two_minutes_is_not_waited() -> None:
    with pytest.raises(ChatFailed, match="429: its limit is reached"):
        ask(scripted(error_reply(429, retry_after=3600)))


@pytest.mark.parametrize(
    ("reply", "to_mend"),
    [
        (error_reply(400, "no strict schemas"), "400: check the model.s support: .*no strict schemas"),
        (error_reply(401), "401: .*set the environment variable JUDGE_KEY"),
        (error_reply(403), "403: the key may not use model 'judge'"),
        (error_reply(404), "404: check base_url, and that the model 'judge' exists"),
        (error_reply(422), "422: check the model.s support"),
        (error_reply(429, retry_after=SOON), "429: .*lower at_once"),
        (error_reply(500, retry_after=SOON), "500: run again when the server works"),
        (error_reply(418), "418: check base_url"),
        (CannedReply(200, "<html>It works!</html>"), "is no chat completion. Check base_url"),
        (CannedReply(200, {"error": "no"}), "is no chat completion"),
        (completion_reply(GOOD, choices=[]), "is no chat completion"),
        (completion_reply(GOOD, usage={"prompt_tokens": -1, "completion_tokens": 0}), "is no chat completion"),
        (completion_reply(GOOD, usage={"prompt_tokens": 10**30, "completion_tokens": 0}), "is no chat completion"),
        (completion_reply(GOOD, model="judge-2027-01-01"), "another model answered: 'judge-2027-01-01'.*snapshot"),
    ],
)
def test_a_server_that_cannot_be_asked_is_our_failure_and_says_what_to_mend(
    reply: CannedReply, to_mend: str, answered: Answered
) -> None:
    with pytest.raises(ChatFailed, match=to_mend) as caught:
        answered(reply)
    assert caught.value.public == "The chat model call failed."
    assert caught.value.exit_code == 2


def test_the_snapshot_may_answer_for_the_name(answered: Answered) -> None:
    assert answered(completion_reply(GOOD, model=MODEL.snapshot)).record


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can be there
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with (
            OpenAIChat(MODEL, a_connection(address, retries=1), KEY) as chat,
            pytest.raises(ChatFailed, match="could not be reached in 2 tries: check base_url"),
        ):
            chat.request(PROMPT, Rating)


def test_a_server_that_is_silent() -> None:
    with pytest.raises(ChatFailed, match=r"silent for 0.05 seconds in each of 2 tries.*timeout_seconds"):
        ask(scripted(HANG), retries=1, timeout_seconds=0.05)


# The key


def test_a_wrong_key_names_its_variable_and_not_itself(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with FakeChatServer() as server, OpenAIChat(MODEL, a_connection(server.base_url), "sk-wrong-secret") as chat:
        with pytest.raises(ChatFailed, match=r"JUDGE_KEY.*Incorrect API key provided: Bearer \[key\]") as caught:
            chat.request(PROMPT, Rating)
        assert server.requests == []
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert "sk-wrong-secret" not in caplog.text
    assert caplog.records


@pytest.mark.parametrize(
    ("key", "state"), [(None, "is not set"), ("  \n", "is not set"), ("a\nb", "blanks"), ("schlüssel", "ASCII")]
)
def test_a_key_that_cannot_be_one(key: str | None, state: str, tmp_path: Path) -> None:
    environ = {} if key is None else {"JUDGE_KEY": key}
    connection = a_connection("http://127.0.0.1:9/v1")
    with (
        pytest.raises(ChatFailed, match=f"JUDGE_KEY.*{state}") as caught,
        open_client(MODEL, connection, environ, tmp_path / "c", "l"),
    ):
        raise AssertionError("it was opened")
    assert key is None or not key.strip() or key not in str(caught.value)


def test_a_key_s_line_end_is_no_part_of_it(server: FakeChatServer, tmp_path: Path) -> None:
    environ = {"JUDGE_KEY": f"{KEY}\n"}
    with open_client(MODEL, a_connection(server.base_url), environ, tmp_path / "c", "l") as chat:
        assert chat.request(PROMPT, Rating).record


def test_no_key_is_sent_where_none_is_wanted(tmp_path: Path) -> None:
    with FakeChatServer() as server:
        connection = a_connection(server.base_url, key_variable="")
        with (
            open_client(MODEL, connection, ENVIRON, tmp_path / "c", "l") as chat,
            pytest.raises(ChatFailed, match="Bearer none"),
        ):
            chat.request(PROMPT, Rating)


@pytest.mark.parametrize("url", ["ftp://host/v1", "host/v1", "http://me:secret@host/v1", "http://host/v1?key=1", ""])
def test_an_address_carries_no_secret(url: str) -> None:
    with pytest.raises(ValidationError, match="base_url"):
        LLMConnection(base_url=url, budget_tokens=1)


def test_a_price_needs_a_budget() -> None:
    with pytest.raises(ValidationError, match="budget_money"):
        LLMConnection(base_url="http://host/v1", budget_tokens=1, prompt_price=0.1)


# The cache


def opened(
    server: FakeChatServer, path: Path, model: LLMSettings = MODEL, ledger: str = "l", **fields: object
) -> CachedChat:
    connection = a_connection(server.base_url, **fields)
    chat = OpenAIChat(model, connection, KEY)
    return CachedChat(BudgetedChat(chat, model, Budget(connection, path, ledger)), model, path)


def test_an_answer_is_asked_for_once(server: FakeChatServer, tmp_path: Path) -> None:
    path = tmp_path / "work" / "chat.sqlite"
    first = opened(server, path).request(PROMPT, Rating)
    with FakeChatServer(scripted(error_reply(500))) as moved:
        again = opened(moved, path).request(PROMPT, Rating)
        assert moved.requests == []
    assert again == ChatAnswer(first.record)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "change",
    [{"sha256": "1" * 64}, {"name": "rate@2"}, {"user": "It is red."}, {"system": "Rate it well."}, {"repeat": 1}],
    ids=lambda change: next(iter(change)),
)
def test_another_question_is_asked(change: dict[str, object], server: FakeChatServer, tmp_path: Path) -> None:
    chat = opened(server, tmp_path / "c")
    chat.request(PROMPT, Rating)
    chat.request(PROMPT.model_copy(update=change), Rating)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "change", [{"snapshot": "s2"}, {"temperature": 1.0}, {"seed": 1}, {"max_completion_tokens": 9}, {"name": "other"}]
)
def test_another_model_is_asked(change: dict[str, object], server: FakeChatServer, tmp_path: Path) -> None:
    opened(server, tmp_path / "c").request(PROMPT, Rating)
    opened(server, tmp_path / "c", MODEL.model_copy(update=change)).request(PROMPT, Rating)
    assert len(server.requests) == 2


def test_another_schema_is_asked(server: FakeChatServer, tmp_path: Path) -> None:
    class Ratings(Record):
        reason: str
        score: Literal[0, 1, 2, 3] | None

    chat = opened(server, tmp_path / "c")
    assert chat.request(PROMPT, Rating).record
    assert chat.request(PROMPT, Ratings).record
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "bad", [completion_reply("no"), completion_reply(None, refusal="no"), completion_reply(GOOD, finish="length")]
)
def test_what_cannot_be_read_is_asked_again_by_the_next_run(bad: CannedReply, tmp_path: Path) -> None:
    with FakeChatServer(scripted(bad, completion_reply(GOOD))) as server:
        assert opened(server, tmp_path / "c").request(PROMPT, Rating).record is None
        assert opened(server, tmp_path / "c").request(PROMPT, Rating).record
        assert opened(server, tmp_path / "c").request(PROMPT, Rating).record
        assert len(server.requests) == 2


def test_a_kept_answer_that_fits_no_more_is_asked_again(server: FakeChatServer, tmp_path: Path) -> None:
    opened(server, tmp_path / "c").request(PROMPT, Rating)
    with sqlite3.connect(tmp_path / "c") as database:
        database.execute("UPDATE answers SET record = '{}'")
    database.close()
    assert opened(server, tmp_path / "c").request(PROMPT, Rating).record
    assert len(server.requests) == 2


@pytest.mark.integration
def test_many_threads_share_a_cache_and_a_ledger(server: FakeChatServer, tmp_path: Path) -> None:
    chat = opened(server, tmp_path / "c")
    questions = [PROMPT.model_copy(update={"user": str(number % 20)}) for number in range(60)]
    answers = map_concurrently(lambda prompt: chat.request(prompt, Rating), questions, at_once=8)
    assert all(answer.record == Rating(reason="so", score=2) for answer in answers)
    spent = Budget(a_connection(server.base_url), tmp_path / "c", "l").recorded_usage
    assert spent == TokenUsage(prompt=100 * len(server.requests), completion=20 * len(server.requests))
    assert chat.request(PROMPT.model_copy(update={"user": "7"}), Rating).usage is None


@pytest.mark.integration
def test_threads_that_open_a_new_file_together_all_write(tmp_path: Path) -> None:
    meeting = threading.Barrier(3)

    def write(path: Path) -> None:
        meeting.wait(30)
        with open_transaction(path) as database:
            database.execute("INSERT INTO spent VALUES ('l', 1, 0) ON CONFLICT DO UPDATE SET prompt = prompt + 1")

    map_concurrently(write, [tmp_path / str(number // 3) for number in range(600)], at_once=3)
    for number in range(200):
        with open_transaction(tmp_path / str(number)) as database:
            assert database.execute("SELECT prompt FROM spent").fetchone() == (3,)


def test_the_key_is_not_in_the_file(server: FakeChatServer, tmp_path: Path) -> None:
    opened(server, tmp_path / "c").request(PROMPT, Rating)
    assert all(KEY.encode() not in file.read_bytes() for file in tmp_path.iterdir())


# What happens to the file


def notadb(path: Path) -> None:
    path.write_bytes(b"This is no database. " * 100)


def torn(path: Path) -> None:
    with open_transaction(path) as database:
        database.executemany("INSERT INTO answers VALUES (?, ?)", [(f"{n}", "x" * 900) for n in range(50)])
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 40_000)


def a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("damage", "to_mend"),
    [(notadb, "move it away, or restore it"), (torn, "move it away"), (a_folder, "make its folder and disk writable")],
)
def test_a_file_that_cannot_be_used_is_our_failure(
    damage: Callable[[Path], None], to_mend: str, server: FakeChatServer, tmp_path: Path
) -> None:
    path = tmp_path / "judge.sqlite"
    damage(path)
    with pytest.raises(ChatFailed, match=rf"judge\.sqlite: .*{to_mend}") as caught:
        opened(server, path).request(PROMPT, Rating)
    assert caught.value.public == "The store of the chat model's answers failed."


def test_a_full_disk_is_our_failure_and_undoes_what_was_begun(tmp_path: Path) -> None:
    path = tmp_path / "judge.sqlite"
    with open_transaction(path) as database:
        database.execute("INSERT INTO spent VALUES ('l', 1, 2)")
    with pytest.raises(ChatFailed, match="free space on its disk"), open_transaction(path) as database:
        database.execute("UPDATE spent SET prompt = 7")
        database.execute("PRAGMA max_page_count = 1")  # sqlite's own way to run out of room
        database.execute("INSERT INTO answers VALUES ('k', ?)", ("x" * 10**6,))
    with open_transaction(path) as database:
        assert database.execute("SELECT prompt FROM spent").fetchone() == (1,)


def test_a_file_that_another_process_holds_is_our_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluator.llm.database._BUSY_TIMEOUT_SECONDS", 0.0)
    path = tmp_path / "judge.sqlite"
    with (
        open_transaction(path),
        pytest.raises(ChatFailed, match="another process has locked it"),
        open_transaction(path),
    ):
        raise AssertionError("it was opened twice")


# The budget


def budget(path: Path, tokens: int, ledger: str = "an entry", **prices: float) -> Budget:
    return Budget(a_connection("http://127.0.0.1:9/v1", budget_tokens=tokens, **prices), path, ledger)


def test_the_ledger_holds_the_most_and_then_what_was_taken(tmp_path: Path) -> None:
    mine = budget(tmp_path / "c", 1000)
    held = TokenUsage(prompt=600, completion=300)
    mine.reserve(held)
    assert mine.recorded_usage == held
    mine.settle(held, TokenUsage(prompt=200, completion=50))
    assert budget(tmp_path / "c", 1000).recorded_usage == TokenUsage(prompt=200, completion=50)
    assert budget(tmp_path / "c", 1000, "another").recorded_usage == TokenUsage(prompt=0, completion=0)


def test_a_call_that_may_cost_too_much_is_not_made(server: FakeChatServer, tmp_path: Path) -> None:
    most = estimate_max_usage(PROMPT, Rating, MODEL)
    tokens = most.prompt + most.completion
    with pytest.raises(BudgetSpent, match=f"an entry has spent 0 tokens.*{tokens - 1:,} tokens.*budget_tokens"):
        opened(server, tmp_path / "c", ledger="an entry", budget_tokens=tokens - 1).request(PROMPT, Rating)
    assert server.requests == []
    assert opened(server, tmp_path / "c", budget_tokens=tokens).request(PROMPT, Rating).record


def test_money_is_a_limit_too(tmp_path: Path) -> None:
    prices = {"prompt_price": 2.0, "completion_price": 8.0, "budget_money": 0.01}
    assert compute_cost(TokenUsage(prompt=10**6, completion=500_000), a_connection("http://host/v1", **prices)) == 6.0
    mine = budget(tmp_path / "c", 10**9, **prices)
    mine.reserve(TokenUsage(prompt=1000, completion=1000))
    mine.settle(TokenUsage(prompt=1000, completion=1000), None)  # 0.01: all of it
    with pytest.raises(BudgetSpent, match=r"2,000 tokens \(0.01 in money\).*budget_money"):
        mine.reserve(TokenUsage(prompt=1, completion=0))


def test_a_run_that_was_killed_or_failed_has_spent_what_it_held(tmp_path: Path) -> None:
    most = estimate_max_usage(PROMPT, Rating, MODEL)
    with FakeChatServer(scripted(error_reply(500))) as server, pytest.raises(ChatFailed):
        opened(server, tmp_path / "c", retries=0).request(PROMPT, Rating)
    assert budget(tmp_path / "c", 0, "l").recorded_usage == most


@pytest.mark.parametrize(("usage", "last"), [({}, TokenUsage(prompt=100, completion=20)), ({"usage": None}, None)])
def test_the_prompt_of_every_earlier_try_is_booked(
    usage: dict[str, object], last: TokenUsage | None, tmp_path: Path
) -> None:
    busy = error_reply(500, retry_after=SOON)
    with FakeChatServer(scripted(busy, busy, completion_reply(GOOD, **usage))) as server:
        assert opened(server, tmp_path / "c").request(PROMPT, Rating).record
    one = last or estimate_max_usage(PROMPT, Rating, MODEL)
    assert budget(tmp_path / "c", 0, "l").recorded_usage == TokenUsage(prompt=3 * one.prompt, completion=one.completion)


@pytest.mark.parametrize(
    ("final", "raised"),
    [
        (error_reply(500, retry_after=SOON), True),
        (error_reply(404), True),
        (CannedReply(200, "<html>"), True),
        (error_reply(400, "filtered", "content_filter"), False),
    ],
)
def test_a_call_that_fails_has_spent_the_prompt_of_every_try(final: CannedReply, raised: bool, tmp_path: Path) -> None:
    busy = error_reply(503, retry_after=SOON)
    with FakeChatServer(scripted(busy, busy, final)) as server:
        with pytest.raises(ChatFailed) if raised else nullcontext():
            opened(server, tmp_path / "c").request(PROMPT, Rating)
        assert len(server.requests) == 3
    most = estimate_max_usage(PROMPT, Rating, MODEL)
    assert budget(tmp_path / "c", 0, "l").recorded_usage == TokenUsage(
        prompt=3 * most.prompt, completion=most.completion
    )


def test_a_server_that_was_silent_may_have_read_every_prompt(tmp_path: Path) -> None:
    with FakeChatServer(scripted(HANG)) as server, pytest.raises(ChatFailed, match="silent"):
        opened(server, tmp_path / "c", retries=1, timeout_seconds=0.05).request(PROMPT, Rating)
    assert budget(tmp_path / "c", 0, "l").recorded_usage.prompt == 2 * estimate_max_usage(PROMPT, Rating, MODEL).prompt


def test_a_call_waits_for_what_others_give_back(tmp_path: Path) -> None:
    held = TokenUsage(prompt=60, completion=0)
    mine = budget(tmp_path / "c", 100)
    mine.reserve(held)
    waiting = threading.Thread(target=mine.reserve, args=(held,))
    waiting.start()
    mine.settle(held, TokenUsage(prompt=10, completion=0))
    waiting.join()
    assert mine.recorded_usage == TokenUsage(prompt=70, completion=0)


def test_what_a_call_may_take_is_never_less_than_it_takes() -> None:
    prompt = PROMPT.model_copy(update={"user": "冰川 🏔️ " * 50})
    assert estimate_max_usage(prompt, Rating, MODEL).prompt > len((prompt.system + prompt.user).encode())
    assert estimate_max_usage(prompt, Rating, MODEL).completion == MODEL.max_completion_tokens


# Many at once


def test_no_more_calls_are_open_than_the_limit_says() -> None:
    meeting = threading.Barrier(3)

    def together(_: ReceivedRequest) -> CannedReply:
        meeting.wait(30)  # three calls must be open at the same time for any of them to be answered
        return completion_reply(GOOD)

    with FakeChatServer(together) as server, OpenAIChat(MODEL, a_connection(server.base_url), KEY) as chat:
        answers = map_concurrently(
            lambda number: chat.request(PROMPT.model_copy(update={"repeat": number}), Rating), range(12), at_once=3
        )
        assert [bool(answer.record) for answer in answers] == [True] * 12
        assert server.most_at_once == 3


def test_answers_come_in_order_and_are_counted() -> None:
    seen: list[int] = []
    assert map_concurrently(lambda number: number * 2, range(9), at_once=4, done=seen.append) == [
        number * 2 for number in range(9)
    ]
    assert seen == list(range(1, 10))
    assert map_concurrently(str, [], at_once=4) == []


def test_the_first_error_ends_it_and_drops_what_has_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    dropped = threading.Event()

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            super().shutdown(wait=False, cancel_futures=cancel_futures)
            dropped.set()
            super().shutdown(wait=wait)

    def work(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise ChatFailed("no")
        dropped.wait()  # the second call is in flight until the rest was dropped

    monkeypatch.setattr("evaluator.llm.pool.ThreadPoolExecutor", Pool)
    with pytest.raises(ChatFailed):
        map_concurrently(work, range(1000), at_once=1)
    assert begun[0] == 0
    assert len(begun) <= 2, "at most one more was taken before the rest was dropped"


def test_the_double_knows_what_was_asked(server: FakeChatServer) -> None:
    with OpenAIChat(MODEL, a_connection(server.base_url), KEY) as chat:
        chat.request(PROMPT, Comparison)
    assert server.requests[0].text == "Rate it.\n\nIt is blue."
    assert json.loads(verdict()).keys() == server.requests[0].schema["properties"].keys()
