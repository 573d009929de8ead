"""Parser of server replies: a record, or the reason for none. It never guesses, extracts from prose, or repairs."""

from __future__ import annotations

from pydantic import BaseModel, Field, ValidationError

from evaluator.config.llm_settings import LLMSettings
from evaluator.llm.client import ChatAnswer, R, TokenUsage


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


MAX_TOKENS = 10**9
"""Larger token counts are rejected, as a ledger could not store them."""


class _Usage(BaseModel):
    prompt_tokens: int = Field(ge=0, le=MAX_TOKENS)
    completion_tokens: int = Field(ge=0, le=MAX_TOKENS)


class _Reply(BaseModel):
    """The fields used of a chat completion; servers add others."""

    model: str | None = None
    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


_CUT_SHORT = {
    "length": "the answer was cut off at max_completion_tokens",
    "content_filter": "the server's content filter stopped the answer",
    "tool_calls": "the model called a tool in place of an answer",
    "function_call": "the model called a function in place of an answer",
}


def parse_reply(body: bytes, model: LLMSettings, schema: type[R]) -> ChatAnswer[R] | str:
    """Parse a server's reply; a str result is the reason why this server cannot be used."""
    try:
        reply = _Reply.model_validate_json(body)
    except ValidationError:
        return "the reply is no chat completion"
    if reply.model not in (None, model.name, model.snapshot):
        return f"another model answered: {reply.model[:80]!r}"
    record, why = _parse_record(reply.choices[0], schema)
    if reply.usage is None:
        return ChatAnswer(record, why)
    return ChatAnswer(
        record, why, TokenUsage(prompt=reply.usage.prompt_tokens, completion=reply.usage.completion_tokens)
    )


def _parse_record(choice: _Choice, schema: type[R]) -> tuple[R | None, str | None]:
    """Parse the record in a choice, or return the reason for none."""
    if choice.message.refusal:
        return None, "the model refused to answer"
    if choice.finish_reason in _CUT_SHORT:
        return None, _CUT_SHORT[choice.finish_reason]
    if not choice.message.content:
        return None, "the answer is empty"
    try:
        return schema.model_validate_json(choice.message.content), None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            return None, "the answer is not JSON"
        known = [str(part) for part in first["loc"] if part in schema.model_fields]  # other names are the model's words
        return None, f"the answer does not fit the schema, first at {'.'.join(known) or 'its top'} ({first['type']})"
