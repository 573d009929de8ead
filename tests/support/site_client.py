"""The web app, asked in process."""

from __future__ import annotations

from collections.abc import Callable

from starlette.testclient import TestClient

Open = Callable[..., TestClient]
