"""Entry point of the Gradio Space and of `python app.py`: settings -> web app -> launch."""

from __future__ import annotations

import os

from leaderboard.serve import serve_arena

if __name__ == "__main__":
    serve_arena(os.environ, "app.py")
