"""Lets a function that takes a pydantic model be called with the model's fields, as Gradio and MCP call functions."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, ParamSpec, TypeVar, get_type_hints

from pydantic import BaseModel

P = ParamSpec("P")
R = TypeVar("R")


def flatten_arguments(function: Callable[..., R]) -> Callable[..., R]:
    """Replace a function's last parameter, a model, by parameters for the model's fields, all of them texts."""
    types = get_type_hints(function)
    *plain, last = signature(function).parameters.values()
    model: type[BaseModel] = types[last.name]
    own = [parameter.replace(annotation=types.get(parameter.name, parameter.annotation)) for parameter in plain]
    flat = Signature([*own, *_field_parameters(model)], return_annotation=types["return"])

    @wraps(function)
    def call_with_fields(*args: Any, **kwargs: Any) -> R:
        bound = flat.bind(*args, **kwargs)
        values = bound.arguments
        fields = model(**{name: values[name] for name in model.model_fields if name in values})
        bound.apply_defaults()
        return function(*(values[parameter.name] for parameter in plain), fields)

    shown = {name: parameter.annotation for name, parameter in flat.parameters.items() if name != "self"}
    call_with_fields.__annotations__ = shown | {"return": types["return"]}
    return keep_signature(call_with_fields, flat)


def keep_signature(function: Callable[P, R], shown: Signature) -> Callable[P, R]:
    """Have `inspect.signature` show a signature that functools.wraps would take from the function inside."""
    function.__signature__ = shown  # type: ignore[attr-defined]
    return function


def _field_parameters(model: type[BaseModel]) -> list[Parameter]:
    return [
        Parameter(
            name,
            Parameter.POSITIONAL_OR_KEYWORD,
            default=Parameter.empty if field.is_required() else field.default,
            annotation=str,
        )
        for name, field in model.model_fields.items()
    ]
