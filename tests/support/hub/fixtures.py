"""For a conftest to import: a Hub of its own for each test, and the client kept from everything else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import huggingface_hub.utils._cache_assets
import pytest

from tests.support.hub.server import Hub, loopback


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A running Hub; new processes find it by their environment, with a token that may write."""
    environment = {
        "HF_ENDPOINT": "",
        "HF_TOKEN": "hf_bot_write",
        "HF_HOME": str(tmp_path / "hf-home"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }
    # The client reads these when it is imported, which another test may have done long ago.
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    for name in ("HF_HUB_CACHE", "HF_ASSETS_CACHE", "HF_XET_CACHE"):
        monkeypatch.setattr(huggingface_hub.constants, name, str(tmp_path / "hf-home" / name))
    # A copy of its own, without which contents that one test read would be at hand in the next.
    monkeypatch.setattr(huggingface_hub.utils._cache_assets, "HF_ASSETS_CACHE", str(tmp_path / "hf-home" / "assets"))
    with loopback(tmp_path / "hub") as running:
        for name, value in {**environment, "HF_ENDPOINT": running.url}.items():
            monkeypatch.setenv(name, value)
        yield running
