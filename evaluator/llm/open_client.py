"""Complete chat client: the OpenAI client with a budget and a cache."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from evaluator.config.llm_settings import EmbeddingSettings, LLMConnection, LLMSettings
from evaluator.llm.budget import Budget, BudgetedChat
from evaluator.llm.cache import CachedChat
from evaluator.llm.client import ChatClient
from evaluator.llm.errors import call_error
from evaluator.llm.openai_client import OpenAIChat


@contextmanager
def open_client(
    model: LLMSettings, connection: LLMConnection, environ: Mapping[str, str], path: Path, ledger: str
) -> Iterator[ChatClient]:
    """Open a client that answers from the file at `path`, else the server, counted in `ledger`.

    Raises ChatFailed without a key.
    """
    with OpenAIChat(model, connection, read_api_key(connection, environ, model)) as server:
        yield CachedChat(BudgetedChat(server, model, Budget(connection, path, ledger)), model, path)


def read_api_key(connection: LLMConnection, environ: Mapping[str, str], model: LLMSettings | EmbeddingSettings) -> str:
    """Read the API key; empty for a server without one. Raises ModelCallFailed where it is none."""
    variable = connection.key_variable
    key = environ.get(variable, "").strip() if variable else ""
    if variable and not (key and key.isascii() and key.isprintable() and " " not in key):
        state = "contains no key: it has blanks, or characters that are not ASCII" if key else "is not set"
        raise call_error(model, f"The environment variable {variable} {state}. Set it.")
    return key
