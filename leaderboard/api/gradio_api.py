"""End points for programs: JSON answers through gradio_client or plain HTTP."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from functools import partial, wraps
from inspect import Parameter, signature
from typing import Any, ParamSpec, TypeVar

import gradio

from leaderboard.api.callers import CALLER
from leaderboard.api.flat_arguments import keep_signature
from leaderboard.api.service import ApiService, with_public_errors

P = ParamSpec("P")
R = TypeVar("R")
_JSON = {
    bool: "true or false", int: "a number", float: "a number", dict: "an object", list: "an array", type(None): "null",
}  # fmt: skip
NAMES = ("boards", "board", "tasks", "task", "status", "check", "submit")
AT_ONCE = 16
"""Concurrent calls of one end point; each only reads memory, or checks a small file."""


def register_endpoints(app: gradio.Server) -> None:
    """Register the end points on the Gradio server."""
    answers = ApiService(app.state.site)
    # Gradio hides every message but that of its own error class.
    refusal = partial(gradio.Error, print_exception=False)
    for name in NAMES:
        app.api(
            _with_caller(with_public_errors(_with_text_arguments(getattr(answers, name), refusal), refusal)),
            name=name,
            concurrency_limit=AT_ONCE,
        )


def _with_text_arguments(function: Callable[P, R], refusal: Callable[[str], Exception]) -> Callable[P, R]:
    """Reject arguments that are not strings; Gradio ignores the function's annotations."""
    taken = signature(function, eval_str=True)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        for name, value in taken.bind(*args, **kwargs).arguments.items():
            if not isinstance(value, str):
                raise refusal(f"{name} must be a string, not {_JSON.get(type(value), 'this')}.")
        return function(*args, **kwargs)

    # Gradio describes the return type to its clients, to which every answer is any JSON.
    return keep_signature(call, taken.replace(return_annotation=Any))


def _with_caller(function: Callable[..., R]) -> Callable[..., R]:
    """Set the caller of a call: Gradio's queue runs it in the context of another request."""
    taken = signature(function, eval_str=True)

    @wraps(function)
    def call(request: gradio.Request, *args: object) -> R:
        context = copy_context()
        if request.request:
            context.run(CALLER.set, request.request.scope["caller"])
        return context.run(function, *args)

    asked = Parameter("request", Parameter.POSITIONAL_OR_KEYWORD, annotation=gradio.Request)
    call.__annotations__ = {"request": gradio.Request, **function.__annotations__}
    return keep_signature(call, taken.replace(parameters=[asked, *taken.parameters.values()]))
