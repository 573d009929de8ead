"""Idempotency keys: a submit that is sent again under the same key returns the first submission."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from starlette.exceptions import HTTPException

HEADER, KEY_FIELD = "Idempotency-Key", "idempotency_key"
"""Where a request may state its key: in a header, or in a field of the form."""
_KEY = re.compile(r"[!-~]{1,200}")


def make_seed(owner: str, values: Mapping[str, str], key: object) -> str:
    """Return the seed of a submission's id (submissions/arena/ids.py); empty without a key.

    A key counts for its owner alone. Without an owner, it counts for one system of a team on a board: others who
    choose the same key must not get this submission. Raises HTTPException 422 for what is no key.
    """
    if key in (None, ""):
        return ""
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise HTTPException(422, f"{HEADER} must be 1 to 200 visible ASCII characters, for example a random UUID.")
    scope = [owner] if owner else [values["track"], values["team"].strip(), values["system"].strip()]
    return json.dumps([*scope, key])
