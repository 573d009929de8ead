"""Imports Gradio in half the time.

Gradio does three things at import that a server needs none of:

- It parses and rewrites a .pyi file for each of its 80 components, files that only an editor reads: a third of the
  import (`create_or_modify_pyi` in gradio/component_meta.py, called from `ComponentMeta.__new__`).
- It makes a million objects and keeps them all, and the garbage collector searches them again and again: a sixth.
- It imports MCP where that is installed, another sixth, to serve it with an older protocol than ours; we import it when
  an agent first asks (leaderboard/api/mcp.py).

Measured with Gradio 6 on two busy cores: `import gradio` takes 3.7 s of CPU time, inside `fast_gradio_import` 1.5 s.
A Space that sleeps is started by its first visitor, who waits for this. The price is a finder in `sys.meta_path` that
replaces one function of Gradio, and a frozen garbage collector: drop this module once Gradio has a switch of its own.
If a new release of Gradio fails to start, set FAST_GRADIO_IMPORT=no to see whether this is the cause.
"""

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
def fast_gradio_import(*, is_enabled: bool = True) -> Iterator[None]:
    """Context manager in which importing Gradio skips type stubs, MCP and garbage collection.

    Gradio parses and rewrites a .pyi file for each of its 80 components whenever it is imported: a third of the
    start, for files that only an editor reads. It also creates a million objects and keeps them all, so that garbage
    collection takes a sixth of the start. It imports MCP if installed, another sixth, to serve it with an older
    version than ours; we import it when an agent first asks (leaderboard/api/mcp.py).
    """
    if not is_enabled:
        yield
        return
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
            raise ModuleNotFoundError("MCP is imported on first use", name=fullname)


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        setattr(module, WRITES_STUBS[1], _no_stub)


def _no_stub(*component: object) -> None:
    """Replacement for the function that writes a component's stub."""
