"""Settings, descriptions and loopback judges for the tests of the metadata stage."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evaluator.config.judge_settings import JudgeSettings
from evaluator.llm import LLMConnection, LLMSettings
from evaluator.llm.fake_server import KEY, CannedReply, FakeChatServer, ReceivedRequest, completion_reply
from evaluator.stages.judge_factory import open_judge
from evaluator.stages.metadata.judge import DescribedDataset, Judge
from evaluator.stages.metadata.verdict import DIMENSIONS
from submissions.records.task import Metadata, Row

AMBIENT = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_CUSTOM_HEADERS")
ENVIRON = {"JUDGE_KEY": KEY}
MODEL = LLMSettings(name="judge", snapshot="judge-2026-01-01", temperature=0, seed=42, max_completion_tokens=1000)
SETTINGS = JudgeSettings(
    scoring="metadata@1",
    missing="zero",
    judge_prompt="judge@1",
    describe_prompt="describe@1",
    repeats=1,
    shown_rows=3,
    shown_characters=2000,
    model=MODEL,
)
ROWS = tuple(Row(input=f"How thick is glacier {number}?", output=f"{number} metres") for number in range(5))
REFERENCE = Metadata(
    introduction="glacier thickness survey questions",
    task="answering glaciologists",
    question="thickness moraine crevasse",
    domain="glaciology",
    input="English glacier sentence",
    output="metres figure",
    source="alpine surveyors",
    example=Row(input="glacier thickness?", output="metres"),
    samples_count=500,
)
SUBMITTED = REFERENCE.model_copy(
    update={"introduction": "glacier thickness", "task": "answering", "samples_count": 400}
)


@pytest.fixture(autouse=True, scope="module")
def no_ambient_settings() -> Iterator[None]:
    """Nothing that the client would read from this machine's environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (*AMBIENT, *map(str.lower, AMBIENT)):
            patch.delenv(name, raising=False)
        yield


def a_connection(base_url: str, **fields: object) -> LLMConnection:
    known = {
        "base_url": base_url,
        "key_variable": "JUDGE_KEY",
        "budget_tokens": 10**8,
        "retries": 2,
        "timeout_seconds": 20,
    }
    return LLMConnection.model_validate(known | fields)


def verdict(score: int | None = 7, **scores: int | None) -> str:
    """The JSON of a comparison: `score` in every dimension but those given."""
    points = dict.fromkeys(DIMENSIONS, score) | scores
    return json.dumps({name: {"reason": f"because of {name}", "score": value} for name, value in points.items()})


def description(text: str | None = "some glaciers") -> str:
    fields = ("introduction", "task", "domain", "question", "input", "output", "source")
    return json.dumps(dict.fromkeys(fields, text))


def is_comparison(asked: ReceivedRequest) -> bool:
    return "samples_count" in asked.schema["properties"]


def says_seven(asked: ReceivedRequest) -> CannedReply:
    return completion_reply(verdict() if is_comparison(asked) else description())


@contextmanager
def judging(
    path: Path,
    answer: Callable[[ReceivedRequest], CannedReply] = says_seven,
    settings: JudgeSettings = SETTINGS,
    **connection: object,
) -> Iterator[tuple[Judge, FakeChatServer]]:
    """A judge on a loopback server, through the real client; its cache and ledger lie at `path`."""
    with (
        FakeChatServer(answer) as server,
        open_judge(
            "dataset_research", settings, a_connection(server.base_url, **connection), ENVIRON, path, "an entry"
        ) as judge,
    ):
        yield judge, server


def discovered(task: str, metadata: Metadata | None = SUBMITTED, rows: tuple[Row, ...] = ROWS) -> DescribedDataset:
    return DescribedDataset(task, REFERENCE, rows, metadata)
