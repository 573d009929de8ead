"""The real embedding client against a server that speaks its protocol on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from evaluator.config.llm_settings import EmbeddingSettings
from evaluator.errors import BudgetSpent, EmbeddingFailed, ModelCallFailed
from evaluator.llm import TokenUsage
from evaluator.llm.budget import Budget
from evaluator.llm.embeddings.budgeted_embeddings import estimate_embedding_usage
from evaluator.llm.embeddings.embedding_client import EmbeddingAnswer
from evaluator.llm.embeddings.open_embeddings import open_embeddings
from evaluator.llm.embeddings.openai_embeddings import OpenAIEmbeddings
from evaluator.llm.fake_server import (
    HANG,
    KEY,
    CannedReply,
    FakeChatServer,
    ReceivedRequest,
    count_words,
    embedding_reply,
    error_reply,
)
from tests.support.judges import ENVIRON, a_connection, no_ambient_settings

__all__ = ["no_ambient_settings"]  # a fixture of this module, too

MODEL = EmbeddingSettings(name="vectors", snapshot="vectors-2026-01-01")
SOON = 0.001
Answered = Callable[[CannedReply], EmbeddingAnswer]


@pytest.fixture(scope="module")
def answered() -> Iterator[Answered]:
    """What the client makes of one reply for two texts, without another try."""
    with (
        FakeChatServer() as server,
        OpenAIEmbeddings(MODEL, a_connection(server.base_url, retries=0), KEY) as client,
    ):

        def answered(reply: CannedReply) -> EmbeddingAnswer:
            server.embed = lambda _: reply
            return client.embed(["a", "b"])

        yield answered


def vectors_of(answer: EmbeddingAnswer) -> list[list[float]]:
    assert answer.vectors is not None
    return [[round(float(number), 4) for number in row] for row in answer.vectors]


def test_vectors_have_length_one_and_the_usage_of_the_server(answered: Answered) -> None:
    answer = answered(embedding_reply([[3.0, 4.0], [0.0, 2.0]]))
    assert vectors_of(answer) == [[0.6, 0.8], [0.0, 1.0]]
    assert answer.usage == TokenUsage(prompt=20, completion=0)


def test_vectors_are_ordered_by_their_index(answered: Answered) -> None:
    data = [{"index": 1, "embedding": [0.0, 1.0]}, {"index": 0, "embedding": [1.0, 0.0]}]
    assert vectors_of(answered(embedding_reply([], data=data))) == [[1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize("broken", [[0.0, 0.0], [float("nan"), 1.0], [float("inf"), 1.0]])
def test_a_vector_without_a_direction_is_none(broken: list[float], answered: Answered) -> None:
    vectors = answered(embedding_reply([broken, [0.0, 1.0]])).vectors
    assert vectors is not None
    assert np.isnan(vectors[0]).all()
    assert list(vectors[1]) == [0.0, 1.0]


@pytest.mark.parametrize(
    ("reply", "to_mend"),
    [
        (CannedReply(200, "<html>It works!</html>"), "is no list of embeddings. Check base_url"),
        (embedding_reply([[1.0], None]), "is no list of embeddings"),
        (embedding_reply([[1.0], []]), "is no list of embeddings"),
        (embedding_reply([[1.0], ["1.0x"]]), "is no list of embeddings"),  # type: ignore[list-item]
        (embedding_reply([[1.0]]), "1 embeddings for 2 texts"),
        (embedding_reply([[1.0], [1.0], [1.0]]), "3 embeddings for 2 texts"),
        (embedding_reply([], data=[{"index": 0, "embedding": [1.0]}] * 2), "numbers them otherwise"),
        (embedding_reply([[1.0], [1.0, 2.0]]), "all vectors of one length; the reply has lengths 1, 2"),
        (embedding_reply([[1.0], [1.0]], model="other"), "another model answered: 'other'"),
        (embedding_reply([[1.0], [1.0]], usage={"prompt_tokens": -1}), "is no list of embeddings"),
        (error_reply(400, "no"), "400: check the model's support: dimensions"),
        (error_reply(401, "no"), "401: it rejected the key; set the environment variable JUDGE_KEY"),
        (error_reply(404, "no"), "404: check base_url, and that the model 'vectors' exists"),
        (error_reply(500, "no"), "500: run again when the server works"),
    ],
)
def test_a_server_that_cannot_be_used_says_what_to_mend(reply: CannedReply, to_mend: str, answered: Answered) -> None:
    with pytest.raises(EmbeddingFailed, match=to_mend) as caught:
        answered(reply)
    assert caught.value.public == "The embedding model call failed."
    assert (caught.value.exit_code, caught.value.__context__) == (2, None)


@pytest.mark.parametrize("code", ["context_length_exceeded", "content_filter"])
def test_texts_that_the_server_refuses_are_no_failure(code: str, answered: Answered) -> None:
    answer = answered(error_reply(400, "no", code))
    assert answer.vectors is None
    assert answer.why


def test_the_request_says_all_that_shapes_the_vectors() -> None:
    shorter = MODEL.model_copy(update={"dimensions": 8})
    with (
        FakeChatServer() as server,
        OpenAIEmbeddings(shorter, a_connection(server.base_url), KEY) as client,
    ):
        client.embed(["one text", "冰川"])
    assert server.requests == []
    (asked,) = server.embedding_requests
    assert asked.body == {
        "model": "vectors",
        "input": ["one text", "冰川"],
        "encoding_format": "float",
        "dimensions": 8,
    }


def test_vectors_of_another_length_than_asked_for_are_refused() -> None:
    shorter = MODEL.model_copy(update={"dimensions": 8})
    with (
        FakeChatServer(embed=lambda _: embedding_reply([[1.0, 2.0]])) as server,
        OpenAIEmbeddings(shorter, a_connection(server.base_url), KEY) as client,
        pytest.raises(EmbeddingFailed, match="vectors of 8 numbers; the reply has lengths 2"),
    ):
        client.embed(["a"])


def test_a_silent_server_ends_the_call_after_its_tries() -> None:
    with (
        FakeChatServer(embed=lambda _: HANG) as server,
        OpenAIEmbeddings(MODEL, a_connection(server.base_url, retries=1, timeout_seconds=0.05), KEY) as client,
        pytest.raises(EmbeddingFailed, match=r"silent for 0.05 seconds in each of 2 tries"),
    ):
        client.embed(["a"])


# The cache and the budget


def embed_once(
    server: FakeChatServer, path: Path, texts: list[str], model: EmbeddingSettings = MODEL, **fields: object
) -> EmbeddingAnswer:
    with open_embeddings(model, a_connection(server.base_url, **fields), ENVIRON, path, "an entry") as client:
        return client.embed(texts)


def spent(path: Path) -> int:
    return Budget(a_connection("http://host/v1"), path, "an entry").recorded_usage.prompt


def test_a_text_is_embedded_once(tmp_path: Path) -> None:
    path = tmp_path / "work" / "m.sqlite"
    with FakeChatServer() as server:
        first = embed_once(server, path, ["red car", "blue car", "red car"])
        again = embed_once(server, path, ["blue car", "green car", "red car"])
    assert [asked.texts for asked in server.embedding_requests] == [["red car", "blue car"], ["green car"]]
    assert first.vectors is not None
    assert again.vectors is not None
    assert np.array_equal(first.vectors[0], first.vectors[2])
    assert np.array_equal(first.vectors[:2], again.vectors[[2, 0]])
    assert path.parent.stat().st_mode & 0o077 == 0
    assert spent(path) == 30


@pytest.mark.parametrize("change", [{"snapshot": "vectors-2"}, {"dimensions": 32}, {"name": "other"}])
def test_another_model_is_asked_again(change: dict[str, object], tmp_path: Path) -> None:
    with FakeChatServer() as server:
        embed_once(server, tmp_path / "m", ["red car"])
        embed_once(server, tmp_path / "m", ["red car"], MODEL.model_copy(update=change))
    assert len(server.embedding_requests) == 2


def test_a_text_without_a_usable_vector_is_asked_for_again(tmp_path: Path) -> None:
    with FakeChatServer(embed=lambda _: embedding_reply([[0.0, 0.0]])) as server:
        for _ in range(2):
            assert np.isnan(embed_once(server, tmp_path / "m", ["red car"]).vectors).all()  # type: ignore[arg-type]
    assert len(server.embedding_requests) == 2


def test_a_model_that_changed_is_named(tmp_path: Path) -> None:
    with FakeChatServer() as server:
        embed_once(server, tmp_path / "m", ["red car"])
        server.embed = lambda asked: count_words(asked, dimensions=16)
        with pytest.raises(EmbeddingFailed, match=r"another length: 16 and 64 numbers\. Name the new version"):
            embed_once(server, tmp_path / "m", ["red car", "blue car"])


def test_a_call_that_may_cost_too_much_is_not_made(tmp_path: Path) -> None:
    most = estimate_embedding_usage(["red car"]).prompt
    with FakeChatServer() as server:
        with pytest.raises(BudgetSpent, match=r"an entry has spent 0 tokens.*budget_tokens") as caught:
            embed_once(server, tmp_path / "m", ["red car"], budget_tokens=most - 1)
        assert server.embedding_requests == []
        embed_once(server, tmp_path / "m", ["red car"], budget_tokens=most)
    assert caught.value.public == "The embedding model's budget is used up."


def test_money_counts_too(tmp_path: Path) -> None:
    prices = {"prompt_price": 2.0, "budget_money": 1e-6}
    with FakeChatServer() as server, pytest.raises(BudgetSpent, match="budget_money"):
        embed_once(server, tmp_path / "m", ["red car"], **prices)


@pytest.mark.parametrize("final", [error_reply(500, retry_after=SOON), error_reply(404), CannedReply(200, "<html>")])
def test_a_call_that_failed_has_spent_the_texts_of_every_try(final: CannedReply, tmp_path: Path) -> None:
    replies = [error_reply(503, retry_after=SOON)] * 2 + [final]

    def scripted(asked: ReceivedRequest) -> CannedReply:
        return replies[asked.number]

    with FakeChatServer(embed=scripted) as server, pytest.raises(ModelCallFailed):
        embed_once(server, tmp_path / "m", ["red car"])
    assert spent(tmp_path / "m") == 3 * estimate_embedding_usage(["red car"]).prompt


@pytest.mark.parametrize("text", ["冰川 🏔️ " * 50, "", "a"])
def test_what_a_call_may_take_is_never_less_than_its_bytes(text: str) -> None:
    assert estimate_embedding_usage([text, text]).prompt > 2 * len(text.encode())


def test_a_missing_key_is_named_before_any_call(tmp_path: Path) -> None:
    connection = a_connection("http://127.0.0.1:9/v1")
    with (
        pytest.raises(EmbeddingFailed, match="The environment variable JUDGE_KEY is not set"),
        open_embeddings(MODEL, connection, {}, tmp_path / "m", "l"),
    ):
        raise AssertionError("it was opened")


def test_the_shipped_server_embeds_equal_words_alike(tmp_path: Path) -> None:
    with FakeChatServer() as server:
        vectors = embed_once(server, tmp_path / "m", ["a red car", "car red a", "blue sky"]).vectors
    assert vectors is not None
    cosines = vectors @ vectors.T
    assert cosines[0, 1] == pytest.approx(1)
    assert cosines[0, 2] < 0.5
