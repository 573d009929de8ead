"""Error messages for a model that could not be called, and suggested fixes. Messages never contain keys."""

from __future__ import annotations

import openai

from evaluator.config.llm_settings import EmbeddingSettings, LLMConnection, LLMSettings
from evaluator.errors import ChatFailed, EmbeddingFailed, ModelCallFailed

ModelSettings = LLMSettings | EmbeddingSettings
NOT_ASKED = {
    "content_filter": "the server's content filter stopped the question",
    "context_length_exceeded": "the question is too long for the model",
}
"""Error codes of the server that concern the text of one request, not its form."""
_MAX_LENGTH = 300
"""Maximum length of quoted server messages, in characters."""


def call_error(model: ModelSettings, detail: str, retries: int = 0) -> ModelCallFailed:
    """Error of the kind of the model."""
    if isinstance(model, EmbeddingSettings):
        return EmbeddingFailed("The embedding model call failed.", detail, retries)
    return ChatFailed("The chat model call failed.", detail, retries)


def http_error(
    error: openai.APIStatusError, model: ModelSettings, connection: LLMConnection, key: str
) -> ModelCallFailed:
    """Error for a status of 400 and more, after the client's retries."""
    words = str(error.message)
    words = (words.replace(key, "[key]") if key else words)[:_MAX_LENGTH]
    return call_error(
        model,
        f"{connection.base_url} answered {error.status_code}: {_suggest_fix(error.status_code, model, connection)} "
        f"The server's message: {words}",
        count_retries(error),
    )


def timeout_error(error: openai.APIConnectionError, model: ModelSettings, connection: LLMConnection) -> ModelCallFailed:
    """Error for a connection that failed, broke, or stayed silent, after the client's retries."""
    tries = f"{connection.retries + 1} tries"
    if isinstance(error, openai.APITimeoutError):
        what = f"was silent for {connection.timeout_seconds:g} seconds in each of {tries}: check the server, or raise"
        return call_error(model, f"{connection.base_url} {what} timeout_seconds.", count_retries(error))
    what = f"could not be reached in {tries}: check base_url, and that the server runs."
    return call_error(model, f"{connection.base_url} {what}", count_retries(error))


def invalid_reply_error(why: str, model: ModelSettings, connection: LLMConnection, retries: int) -> ModelCallFailed:
    """Error for a reply of status 200 that is not what this model's server sends."""
    return call_error(
        model,
        f"{connection.base_url}: {why}. Check base_url (it ends with /v1 for most servers), and that name "
        f"{model.name!r} and snapshot {model.snapshot!r} match what the server runs.",
        retries,
    )


def count_retries(error: openai.APIStatusError | openai.APIConnectionError) -> int:
    """Count the client's tries before the one that finally failed, from a header that it adds to each."""
    return int(error.request.headers.get("x-stainless-retry-count", 0))


def _suggest_fix(status: int, model: ModelSettings, connection: LLMConnection) -> str:
    variable = f"the environment variable {connection.key_variable}" if connection.key_variable else "key_variable"
    options = "temperature, seed, max_completion_tokens, strict JSON schemas, long prompts"
    if isinstance(model, EmbeddingSettings):
        options = "dimensions, batches of texts, long texts"
    takes = f"check the model's support: {options}."
    known = {
        400: takes,
        401: f"it rejected the key; set {variable}.",
        403: f"the key may not use model {model.name!r}; set {variable}, or choose another model.",
        404: f"check base_url, and that the model {model.name!r} exists.",
        422: takes,
        429: "its limit is reached, also after the retries; lower at_once, raise the limit there, or run again later.",
    }
    return known.get(
        status, "run again when the server works; answers so far are stored." if status >= 500 else "check base_url."
    )
