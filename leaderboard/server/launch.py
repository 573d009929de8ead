"""Server that Gradio launches for the app, with our deadlines and caps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gradio import http_server
from gradio.routes import App

from leaderboard.api.call_queue import MAX_WAITING_CALLS, UnfetchedAnswers, end_left_calls
from leaderboard.server.connection_registry import KEEP_ALIVE_SECONDS, ConnectionRegistry
from leaderboard.server.deadline_protocol import DeadlineProtocol, ServerConfig

BACKLOG = 128
"""Connections accepted at once: fewer than the open files that are reserved."""
CHECKS_EVERY_TICKS = 10
"""Ticks of uvicorn, which are a tenth of a second long, between two checks of all connections."""


class ArenaServer(http_server.Server):
    """Gradio's server; once a second it looks for overdue connections, unfetched answers and calls without a client."""

    config: ServerConfig

    def __init__(self, config: ServerConfig) -> None:
        super().__init__(config)
        self._unfetched = UnfetchedAnswers()

    async def on_tick(self, counter: int) -> bool:
        """Close overdue connections; return whether the server has to end."""
        if counter % CHECKS_EVERY_TICKS == 0:
            self.config.registry.close_overdue()
            if isinstance(self.config.app, App):
                queue = self.config.app.get_blocks()._queue  # Gradio has no public name for it
                self._unfetched.drop_old(queue)
                end_left_calls(queue)
        should_exit: bool = await super().on_tick(counter)
        return should_exit


def make_config(app: App, host: str, port: int, registry: ConnectionRegistry) -> ServerConfig:
    """Make uvicorn's configuration for an app."""
    config = ServerConfig(
        app=app,
        host=host,
        port=port,
        log_level="warning",
        http=DeadlineProtocol,
        ws="none",
        # leaderboard/web/addresses.py decides which proxies are believed.
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    config.registry = registry
    return config


@contextmanager
def serve_with(registry: ConnectionRegistry) -> Iterator[None]:
    """Context manager in which Gradio launches our server: its `launch` has no option for uvicorn's configuration."""

    def start_server(
        app: App, server_name: str, server_port: int, **_: object
    ) -> tuple[str, int, str, http_server.Server]:
        app.get_blocks()._queue.max_size = MAX_WAITING_CALLS
        server = ArenaServer(make_config(app, server_name, server_port, registry))
        server.run_in_thread()
        host = f"[{server_name}]" if ":" in server_name else server_name
        shown = {"0.0.0.0": "localhost", "[::]": "localhost"}.get(host, host)  # noqa: S104
        return server_name, server_port, f"http://{shown}:{server_port}/", server

    original = http_server.start_server
    http_server.start_server = start_server
    try:
        yield
    finally:
        http_server.start_server = original
