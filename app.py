"""The Gradio Space, and `python app.py` on a laptop: leaderboard/serve.py does the work."""

from __future__ import annotations

import os

from leaderboard.serve import serve_arena

if __name__ == "__main__":
    serve_arena(os.environ, "app.py")
