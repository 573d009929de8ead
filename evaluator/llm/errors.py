"""Error messages for a chat model that could not be reached, and suggested fixes. Messages never contain keys."""

from __future__ import annotations

import openai

from evaluator.config.llm_settings import LLMConnection, LLMSettings
from evaluator.errors import ChatFailed

_SUMMARY = "The chat model call failed."
_MAX_LENGTH = 300
"""Maximum length of quoted server messages, in characters."""


def http_error(error: openai.APIStatusError, model: LLMSettings, connection: LLMConnection, key: str) -> ChatFailed:
    """Error for a status of 400 and more, after the client's retries."""
    words = str(error.message)
    words = (words.replace(key, "[key]") if key else words)[:_MAX_LENGTH]
    return ChatFailed(
        _SUMMARY,
        f"{connection.base_url} answered {error.status_code}: {_suggest_fix(error.status_code, model, connection)} "
        f"The server's message: {words}",
        count_retries(error),
    )


def timeout_error(error: openai.APIConnectionError, connection: LLMConnection) -> ChatFailed:
    """Error for a connection that failed, broke, or stayed silent, after the client's retries."""
    tries = f"{connection.retries + 1} tries"
    if isinstance(error, openai.APITimeoutError):
        what = f"was silent for {connection.timeout_seconds:g} seconds in each of {tries}: check the server, or raise"
        return ChatFailed(_SUMMARY, f"{connection.base_url} {what} timeout_seconds.", count_retries(error))
    what = f"could not be reached in {tries}: check base_url, and that the server runs."
    return ChatFailed(_SUMMARY, f"{connection.base_url} {what}", count_retries(error))


def invalid_reply_error(why: str, model: LLMSettings, connection: LLMConnection, retries: int) -> ChatFailed:
    """Error for a reply of status 200 that is not this model's chat completion."""
    return ChatFailed(
        _SUMMARY,
        f"{connection.base_url}: {why}. Check base_url (it ends with /v1 for most servers), and that name "
        f"{model.name!r} and snapshot {model.snapshot!r} match what the server runs.",
        retries,
    )


def count_retries(error: openai.APIStatusError | openai.APIConnectionError) -> int:
    """Count the client's tries before the one that finally failed, from a header that it adds to each."""
    return int(error.request.headers.get("x-stainless-retry-count", 0))


def _suggest_fix(status: int, model: LLMSettings, connection: LLMConnection) -> str:
    variable = f"the environment variable {connection.key_variable}" if connection.key_variable else "key_variable"
    takes = "check the model's support: temperature, seed, max_completion_tokens, strict JSON schemas, long prompts."
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
