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
def quick_imports() -> Iterator[None]:
    """While it lasts, importing Gradio makes no type stubs and looks for no garbage.

    Gradio parses and rewrites a .pyi file of its own for each of its 80 components whenever it is imported: a third of
    the start, for files that only an editor reads. It also makes a million objects and keeps them all, among which
    looking for garbage takes a sixth of the start.
    """
    finder = _WithoutStubs()
    sys.meta_path.insert(0, finder)
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        sys.meta_path.remove(finder)


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


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        setattr(module, WRITES_STUBS[1], _no_stub)


def _no_stub(*component: object) -> None:
    """Stands for the function that writes a component's stub."""
