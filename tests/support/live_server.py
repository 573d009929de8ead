"""The real server on a free port of this machine, as `python app.py` starts it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gradio

from leaderboard.app import launch_app, make_app
from leaderboard.settings import Settings, read_settings

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(arena: Path, **environ: str) -> Iterator[str]:
    """The site on an arena; its address without a trailing slash."""
    settings = read_settings({"ARENA": str(arena), "PORT": str(free_port()), **environ})
    with running(make_app(settings), settings) as address:
        yield address


@contextmanager
def running(app: gradio.Server, settings: Settings) -> Iterator[str]:
    """An app that a test has made, and may look into, likewise."""
    launch_app(app, settings)
    try:
        yield f"http://127.0.0.1:{settings.port}"
    finally:
        app.get_blocks().close(verbose=False)
