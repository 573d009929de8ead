"""The Hub as a stranger sees it, or the owner of a given token: never with this machine's own token."""

from __future__ import annotations

import os
from typing import Literal

from huggingface_hub import HfApi


def hub_api(token: str | Literal[False]) -> HfApi:
    """A client with that token, or with none; it never falls back to the one in HF_TOKEN."""
    return HfApi(os.environ.get("HF_ENDPOINT"), token)
