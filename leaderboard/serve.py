"""Starts the web app: `python app.py` in a checkout and on a Space, `arena-web` where the wheel is installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from leaderboard.settings import Settings, read_settings, require_free_port
from submissions.cli.missing_packages import explain_missing_packages
from submissions.errors import ArenaError
from submissions.storage.private_files import set_private_umask


def main() -> None:
    """Run `arena-web` with the settings in the environment."""
    serve_arena(os.environ, "arena-web")


def serve_arena(environ: Mapping[str, str], program: str) -> None:
    """Serve the arena until interrupted. Raises SystemExit for a setting that cannot be used."""
    set_private_umask()
    # Gradio would otherwise tell its makers about each start.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    try:
        settings = read_settings(environ)
        require_free_port(settings)
        with explain_missing_packages("pip install 'datasetresearch-arena[web]'"):
            launch_and_wait(settings)
    except ArenaError as error:
        print(f"{program}: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def launch_and_wait(settings: Settings) -> None:
    """Launch the web app on its host and port, and wait."""
    from leaderboard.data.snapshot.memory_release import limit_heap
    from leaderboard.web.fast_gradio_import import fast_gradio_import
    from submissions.storage.temp_folder import remove_abandoned_folders

    remove_abandoned_folders()
    limit_heap()
    with fast_gradio_import(is_enabled=settings.fast_gradio_import):
        from leaderboard.app import launch_app, make_app
        from leaderboard.server.open_files import get_open_files

        app = make_app(settings)
    launch_app(app, settings)
    print(f"The arena in {settings.arena} is served at http://{settings.host}:{settings.port}", flush=True)
    most = app.state.connections.limits.total
    print(f"Open files: at most {get_open_files():,}; connections at the same time: at most {most:,}", flush=True)
    app.get_blocks().block_thread()
