"""Hub client without a token or with a given one, never with this machine's own token."""

from __future__ import annotations

import os
from typing import Literal

from huggingface_hub import HfApi


def hub_api(token: str | Literal[False]) -> HfApi:
    """Return a client with that token, or without any; it never falls back to the one in HF_TOKEN."""
    return HfApi(os.environ.get("HF_ENDPOINT"), token)
