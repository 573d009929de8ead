"""Settings -> web app -> launch: the Gradio Space, and `python app.py` on a laptop."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping

from leaderboard.settings import Settings, read_settings
from submissions.errors import ArenaError


def main(environ: Mapping[str, str]) -> None:
    """Serve the arena until interrupted. Raises SystemExit for a bad setting."""
    try:
        settings = read_settings(environ)
        serve(settings)
    except ArenaError as error:
        sys.exit(f"app.py: {error}")


def serve(settings: Settings) -> None:
    """Launch the web app on its host and port, and wait."""
    # Gradio makes a million objects as it is imported and keeps them all; looking for garbage among them takes a fifth
    # of the start.
    gc.disable()
    from leaderboard.site import make_app

    app = make_app(settings)
    gc.freeze()
    gc.enable()
    app.launch(
        server_name=settings.host,
        server_port=settings.port,
        share=False,
        ssr_mode=False,
        pwa=False,
        run_history=False,
        enable_monitoring=False,
        footer_links=[],
        # No end point of ours takes a file through Gradio; the submit form has its own limit.
        max_file_size=1,
    )


if __name__ == "__main__":
    # Gradio would otherwise tell its makers about each start.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    main(os.environ)
