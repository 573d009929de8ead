"""Settings -> web app -> launch: the Gradio Space, and `python app.py` on a laptop."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from leaderboard.data.memory_release import limit_heap
from leaderboard.settings import Settings, read_settings, require_free_port
from leaderboard.web.fast_gradio_import import fast_gradio_import
from submissions.errors import ArenaError


def main(environ: Mapping[str, str]) -> None:
    """Serve the arena until interrupted. Raises SystemExit for a setting that cannot be used."""
    try:
        settings = read_settings(environ)
        serve_arena(settings)
    except ArenaError as error:
        print(f"app.py: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def serve_arena(settings: Settings) -> None:
    """Launch the web app on its host and port, and wait."""
    limit_heap()
    require_free_port(settings)
    with fast_gradio_import():
        from leaderboard.app import launch_app, make_app

        app = make_app(settings)
    launch_app(app, settings)
    print(f"The arena in {settings.arena} is served at http://{settings.host}:{settings.port}", flush=True)
    app.get_blocks().block_thread()


if __name__ == "__main__":
    # Gradio would otherwise tell its makers about each start.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    main(os.environ)
