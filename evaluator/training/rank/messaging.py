"""Messages between the ranks of one machine outside of training, without a device or a collective.

Jobs go from rank 0 to the others over a separate process group, as a rank may wait hours for one. The outcome of a
shard, and a rank's failure, go to rank 0 over a socket, from any thread at any time.
"""

from __future__ import annotations

import queue
import secrets
import tempfile
import threading
from collections.abc import Mapping
from datetime import timedelta
from multiprocessing.connection import Client, Connection, Listener, wait
from pathlib import Path
from typing import Any

import torch.distributed

from evaluator.runtime.child_process import ParentConnection

_YEAR = timedelta(days=365)
_HEARD_SECONDS = 10.0
"""Timeout of a failed rank for its report's receipt, before it ends and the launcher ends the others."""

Message = dict[str, Any]


class RankMessenger:
    """Connections of one rank: to the parent (rank 0), to rank 0 (the others)."""

    def __init__(self) -> None:
        self.rank = torch.distributed.get_rank()
        self.count = torch.distributed.get_world_size()
        self._control = torch.distributed.new_group(backend="gloo", timeout=_YEAR)
        self._speaking = threading.Lock()
        self._parent = ParentConnection() if self.rank == 0 else None
        self._shards: dict[int, queue.SimpleQueue[Message]] = {}
        self._to_first: Connection | None = None
        self._connect()

    def send(self, message: Mapping[str, Any]) -> None:
        """Send the parent a message. Only rank 0 sends, for all."""
        if self._parent is not None:
            with self._speaking:
                self._parent.send(message)

    def next_command(self) -> Message | None:
        """Receive the next command, the same on every rank; None after the parent's exit."""
        box: list[Message | None] = [self._parent.receive() if self._parent else None]
        torch.distributed.broadcast_object_list(box, src=0, group=self._control)
        return box[0]

    def gather(self, one: Any) -> list[Any]:
        """Gather the values of all ranks, on every rank."""
        found: list[Any] = [None] * self.count
        torch.distributed.all_gather_object(found, one, group=self._control)
        return found

    def report_shard(self, message: Message) -> None:
        """Report the outcome of this rank's shard; rank 0 reads it with `receive_shards`."""
        assert self._to_first is not None
        with self._speaking:
            self._to_first.send(message)

    def receive_shards(self) -> list[Message]:
        """Wait for the outcomes of the other ranks' shards of one job, jobs in order."""
        return [heard.get() for heard in self._shards.values()]

    def report_failure(self, kind: str, said: str) -> None:
        """Report this rank's failure to the parent, and return after its receipt."""
        message = {"failed": kind, "said": f"{said} (rank {self.rank})"}
        if self._to_first is None:
            self.send(message)
            return
        with self._speaking:
            self._to_first.send(message)
        self._to_first.poll(_HEARD_SECONDS)

    def _connect(self) -> None:
        with tempfile.TemporaryDirectory(prefix="arena-") as folder:
            key = secrets.token_bytes(16)
            box = [(str(Path(folder) / "socket"), key)]
            listener = Listener(box[0][0], "AF_UNIX", authkey=key) if self.rank == 0 else None
            torch.distributed.broadcast_object_list(box, src=0, group=self._control)
            if listener is None:
                self._to_first = Client(box[0][0], "AF_UNIX", authkey=box[0][1])
                self._to_first.send(self.rank)
            else:
                with listener:
                    self._start_listener([listener.accept() for _ in range(self.count - 1)])
            torch.distributed.barrier(group=self._control)  # the folder is removed after all ranks have met

    def _start_listener(self, others: list[Connection]) -> None:
        ranks = {other: int(other.recv()) for other in others}
        self._shards = {rank: queue.SimpleQueue() for rank in sorted(ranks.values())}
        if others:
            threading.Thread(target=self._listen, args=(ranks,), daemon=True).start()

    def _listen(self, ranks: dict[Connection, int]) -> None:
        while ranks:
            for other in wait(list(ranks)):
                assert isinstance(other, Connection)
                try:
                    message = other.recv()
                except (EOFError, ConnectionError):
                    del ranks[other]  # the launcher ends the other ranks
                    continue
                if "failed" in message:
                    self.send(message)
                    other.send("heard")
                else:
                    self._shards[ranks[other]].put(message)
