"""Watches the descendants of a process: the sockets they listen on, and their environments."""

from __future__ import annotations

import ipaddress
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

LISTENING, UNCONNECTED = "0A", "07"
"""Socket states of /proc/net: of a TCP socket that listens, and of a UDP socket that receives from anyone."""
TABLES = {"tcp": LISTENING, "tcp6": LISTENING, "udp": UNCONNECTED, "udp6": UNCONNECTED}
INTERVAL_SECONDS = 0.5


@dataclass
class ProcessWatch:
    """Looks at all descendants of `pid`, again and again, until the context ends."""

    pid: int
    sockets: dict[tuple[str, str], str] = field(default_factory=dict)
    """Process of every socket that was seen, by protocol and address."""
    environments: dict[int, bytes] = field(default_factory=dict)
    """Latest environment of every descendant that was seen more than once: before its exec it has its parent's."""
    commands: dict[int, str] = field(default_factory=dict)
    """Latest command of every descendant; some replace their own."""
    names: set[str] = field(default_factory=set)
    """All commands that were seen."""
    _seen: set[int] = field(default_factory=set)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._look_until_ended, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def exposed(self) -> dict[tuple[str, str], str]:
        """Sockets that another machine could reach."""
        return {key: command for key, command in self.sockets.items() if not is_loopback(key[1].rpartition(":")[0])}

    def with_value(self, text: str) -> list[str]:
        """Commands of the descendants whose environment has a text in it."""
        return [self.commands[pid] for pid, found in self.environments.items() if text.encode() in found]

    def _look_until_ended(self) -> None:
        while not self._ended.wait(INTERVAL_SECONDS):
            try:
                descendants = psutil.Process(self.pid).children(recursive=True)
            except psutil.NoSuchProcess:
                return
            listening = read_listening()
            for process in descendants:
                try:
                    self._look_at(process.pid, listening)
                except OSError:  # it has ended meanwhile
                    continue

    def _look_at(self, pid: int, listening: dict[str, tuple[str, str]]) -> None:
        folder = Path(f"/proc/{pid}")
        self.commands[pid] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        self.names.add(self.commands[pid])
        if pid in self._seen:
            self.environments[pid] = (folder / "environ").read_bytes()
        self._seen.add(pid)
        for descriptor in (folder / "fd").iterdir():
            key = listening.get(str(descriptor.readlink()))
            if key is not None:
                self.sockets[key] = self.commands[pid]


def read_listening() -> dict[str, tuple[str, str]]:
    """Read all listening sockets: protocol and address, by the name of the open file."""
    found = {}
    for table, state in TABLES.items():
        file = Path("/proc/net") / table
        for line in file.read_text().splitlines()[1:] if file.exists() else ():
            _, local, _, its_state, *_, inode = line.split()[:10]
            if its_state == state:
                address, _, port = local.partition(":")
                found[f"socket:[{inode}]"] = (table, f"{_decode_address(address)}:{int(port, 16)}")
    return found


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches an address."""
    parsed = ipaddress.ip_address(address)
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback


def _decode_address(text: str) -> str:
    """Address of /proc/net: words of 32 bits in the machine's order (here: little end first)."""
    words = [bytes.fromhex(text[start : start + 8])[::-1] for start in range(0, len(text), 8)]
    return str(ipaddress.ip_address(b"".join(words)))
