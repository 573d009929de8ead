"""Writes a trained model to disk while the next job trains. Uses no device and no collective."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel

from evaluator.runtime.child_process import error_name
from evaluator.training.rank.checkpoint_shards import Tensors, shard_name, write_index, write_shard
from evaluator.training.rank.messaging import RankMessenger


@dataclass(frozen=True)
class TrainedShard:
    """A rank's part of a trained model."""

    job: int
    out: Path
    shard: Tensors
    files: Mapping[str, str]
    """Text files beside the weights, by name."""


class CheckpointWriter:
    """Writes models one after the other in a background thread; a folder is created atomically."""

    def __init__(self, ranks: RankMessenger, model: PreTrainedModel) -> None:
        self._ranks = ranks
        self._model = model
        self._thread: threading.Thread | None = None

    def wait(self) -> None:
        """Wait until this rank has written its shard, so that host memory contains one model, not many."""
        if self._thread is not None:
            self._thread.join()

    def submit(self, finished: TrainedShard) -> None:
        """Write in the background."""
        self.wait()
        self._thread = threading.Thread(target=self._write_model, args=(finished,), daemon=True)
        self._thread.start()

    def _write_model(self, finished: TrainedShard) -> None:
        mine: dict[str, Any] = {"job": finished.job}
        try:
            write_shard(partial_dir(finished.out) / shard_name(self._ranks.rank, self._ranks.count), finished.shard)
        except (OSError, MemoryError) as error:
            mine |= _failure_message(error)
        if self._ranks.rank:
            self._ranks.report_shard(mine)
            return
        failed = [one for one in (mine, *self._ranks.receive_shards()) if "unsaved" in one]
        if not failed:
            try:
                self._finalize(finished)
                self._ranks.send({"job": finished.job, "saved": True})
                return
            except OSError as error:
                failed = [mine | _failure_message(error)]
        shutil.rmtree(partial_dir(finished.out), ignore_errors=True)
        self._ranks.send(failed[0])

    def _finalize(self, finished: TrainedShard) -> None:
        part = partial_dir(finished.out)
        self._model.config.save_pretrained(part)
        if self._model.generation_config is not None:
            self._model.generation_config.save_pretrained(part)
        write_index(part, self._model, self._ranks.count)
        for name, text in finished.files.items():
            (part / name).write_text(text)
        for file in (*part.iterdir(), part):
            _sync_path(file)
        shutil.rmtree(finished.out, ignore_errors=True)
        part.rename(finished.out)
        _sync_path(finished.out.parent)


def partial_dir(out: Path) -> Path:
    """Folder of a model until it is complete."""
    return out.with_name(f".part-{out.name}")


def _failure_message(error: BaseException) -> dict[str, Any]:
    return {"unsaved": error_name(error), "said": str(error)}


def _sync_path(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
