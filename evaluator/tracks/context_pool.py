"""Contexts of the protocols that one evaluator serves: one open at a time, as they share a machine's devices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any, Self

from evaluator.config.protocol import Protocol
from evaluator.stages.track_context import ToolSettings, TrackContext
from evaluator.tracks import get_scorer

OpenContext = Callable[[Protocol], AbstractContextManager[TrackContext]]


def open_context(protocol: Protocol, settings: ToolSettings) -> AbstractContextManager[Any]:
    """Open the context of a protocol, with the tools of its track."""
    return get_scorer(protocol.track).open_context(protocol, settings)


class ContextPool:
    """Opens a protocol's context when it is first needed, and closes it for another's, or at the end."""

    def __init__(self, protocols: Sequence[Protocol], opening: OpenContext) -> None:
        self.protocols = tuple({protocol.name: protocol for protocol in protocols}.values())
        """Protocols that are served, in order, each once."""
        self._opening = opening
        self._context: TrackContext | None = None
        self._stack = ExitStack()

    @classmethod
    def from_settings(cls, protocols: Sequence[Protocol], settings: ToolSettings) -> Self:
        """Build the pool of a machine."""
        return cls(protocols, lambda protocol: open_context(protocol, settings))

    @classmethod
    def from_context(cls, context: TrackContext) -> Self:
        """Build the pool of a single context that is open already, and stays open."""
        return cls([context.protocol], lambda _: nullcontext(context))

    def get_context(self, protocol: Protocol) -> TrackContext:
        """Return the context of a protocol, open until another protocol's is asked for."""
        if self._context is None or self._context.protocol.name != protocol.name:
            self.close()
            self._context = self._stack.enter_context(self._opening(protocol))
        return self._context

    def iter_contexts(self) -> Iterator[TrackContext]:
        """Yield every protocol's context in turn."""
        return map(self.get_context, self.protocols)

    def close(self) -> None:
        """Close the open context, if any."""
        self._context = None
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
