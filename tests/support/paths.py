"""Folders that tests read from."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The checkout."""
SHARED_DATA = Path(os.environ.get("ARENA_SHARED_DATA") or ROOT.parent / "shared" / "data")
"""Real public data sets; tests that need them skip by name where they are absent."""
