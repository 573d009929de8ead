"""Sweeps of which `make test` runs a part, and `make test-full` the whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import pytest


def sweep(values: Iterable[Any], in_short: Collection[Any] | Callable[[Any], bool]) -> list[Any]:
    """The values as parameters; those that are not in the short run are marked `full`."""
    is_short = in_short if callable(in_short) else in_short.__contains__
    return [value if is_short(value) else pytest.param(value, marks=pytest.mark.full) for value in values]
