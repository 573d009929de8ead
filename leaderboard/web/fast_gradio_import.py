"""Importing Gradio in half the time."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

WRITES_STUBS = ("gradio.component_meta", "create_or_modify_pyi")


@contextmanager
def fast_gradio_import() -> Iterator[None]:
    """While it lasts, importing Gradio makes no type stubs, brings no MCP and looks for no garbage.

    Gradio parses and rewrites a .pyi file of its own for each of its 80 components whenever it is imported: a third of
    the start, for files that only an editor reads. It also makes a million objects and keeps them all, among which
    looking for garbage takes a sixth of the start. It brings MCP where that is installed, another sixth, to serve it
    with an older version than ours; we bring it when an agent first asks (leaderboard/api/mcp.py).
    """
    finders: list[MetaPathFinder] = [_WithoutStubs(), _WithoutMcp()]
    sys.meta_path[:0] = finders
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder not in finders]


class _WithoutStubs(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != WRITES_STUBS[0]:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec and spec.origin:
            spec.loader = _Loader(fullname, spec.origin)
        return spec


class _WithoutMcp(MetaPathFinder):
    def find_spec(self, fullname: str, *_: object) -> None:
        if fullname == "mcp":
            raise ModuleNotFoundError("MCP is brought when it is first asked for", name=fullname)


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        setattr(module, WRITES_STUBS[1], _no_stub)


def _no_stub(*component: object) -> None:
    """Stands for the function that writes a component's stub."""
