"""Stale build locks of DeepSpeed's extension, left by killed builders.

A builder marks its folder with a file, and others wait until that is gone: forever, if nobody is left to remove it.
"""

from __future__ import annotations

import os
import time
from pathlib import Path


def extension_dir() -> Path:
    """Folder of PyTorch's compiled extensions."""
    from torch.utils.cpp_extension import get_default_build_root

    return Path(os.environ.get("TORCH_EXTENSIONS_DIR") or get_default_build_root())


def remove_stale_locks(folder: Path, seconds: float) -> None:
    """Remove locks older than a trainer may take to start: their owners timed out and were ended."""
    for mark in folder.rglob("lock"):
        if time.time() - mark.stat().st_mtime > seconds:
            mark.unlink(missing_ok=True)
