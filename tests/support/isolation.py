"""Cuts the tests off from the user's home, environment and network."""

from __future__ import annotations

import ipaddress
import multiprocessing.process
import os
import platform
import secrets
import socket
import sys
from functools import cache
from pathlib import Path
from typing import Any

import psutil

USER_ENVIRONMENT = dict(os.environ)
"""The environment that the run was started with: for the few tests that install packages as the user would."""
PREFIXES = ("ARENA", "HF_", "HUGGING", "OPENAI_", "RAY_ADDRESS", "SPACE_", "WANDB_", "WEBHOOK")
"""Settings of the user's that would change what the program does."""
KEPT = {"ARENA_SHARED_DATA"}
RESOLVING = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
STARTING = {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "multiprocessing.start"}
NOWHERE = "http://127.0.0.1:9"
"""An address where nobody listens."""


def isolate_environment(home: Path) -> None:
    """Give this process, and those it starts, an empty home and none of the user's settings."""
    # Compiled once for all runs: DeepSpeed's extension takes half a minute.
    os.environ.setdefault("TORCH_EXTENSIONS_DIR", str(Path.home() / ".cache" / "torch_extensions"))
    for name in [name for name in os.environ if name.startswith(PREFIXES) and name not in KEPT]:
        del os.environ[name]
    for name in [name for name in os.environ if name.startswith("XDG_") and name.endswith(("_HOME", "_DIR"))]:
        del os.environ[name]
    # Ray reads its token once in a process: one that changes between two tests would not be accepted.
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    os.environ |= {
        "HOME": str(home),
        "HF_ENDPOINT": NOWHERE,
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "RAY_AUTH_MODE": "token",
        "GRADIO_ANALYTICS_ENABLED": "False",
        "RAY_USAGE_STATS_ENABLED": "0",
        "VLLM_NO_USAGE_STATS": "1",
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
    }


class NetworkBlocked(OSError):
    """A test wanted to reach another machine."""


class ProcessBlocked(RuntimeError):
    """A unit test wanted to start a process."""


class Guard:
    """Refuses what tests may not do, and remembers it: Python's audit events name it before it happens.

    No test may reach another machine; while `processes_allowed` is False, none may start a process.
    """

    def __init__(self) -> None:
        self.refused: list[str] = []
        self.processes_allowed = True
        self.is_active = True
        platform.processor()  # starts `uname` once in a process; the openai client asks in its first call
        sys.addaudithook(self._check_event)
        start = multiprocessing.process.BaseProcess.start

        def start_allowed(process: multiprocessing.process.BaseProcess) -> None:
            self._check_event("multiprocessing.start", (process.name,))
            start(process)

        # multiprocessing starts its children without an audit event.
        multiprocessing.process.BaseProcess.start = start_allowed  # type: ignore[method-assign]

    def _check_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.is_active:
            return
        if event == "socket.connect":
            sock, address = arguments
            # A datagram socket that is connected sends nothing: Ray asks the system this way for its own address.
            if sock.family in (socket.AF_INET, socket.AF_INET6) and sock.type != socket.SOCK_DGRAM:
                self._check_address(address[0])
        elif event in RESOLVING:
            self._check_name(arguments[0])
        elif event in STARTING and not self.processes_allowed:
            self.refused.append(f"{event} {arguments[0] if arguments else ''}")
            raise ProcessBlocked(f"A unit test starts no process: {self.refused[-1]}. Mark it as integration.")

    def _check_address(self, address: str) -> None:
        if not is_local(address):
            self.refused.append(f"connection to {address}")
            raise NetworkBlocked(f"Tests may reach this machine only, not {address}.")

    def _check_name(self, host: str | bytes | None) -> None:
        """As on a machine without a network, no other name is known: nobody is asked for it."""
        name = host.decode() if isinstance(host, bytes) else host
        if name and not is_local(name):
            raise socket.gaierror(socket.EAI_NONAME, f"Tests know no machine but this: {name}")


def is_local(host: str) -> bool:
    """Whether a name or an address, in whatever notation, means this machine."""
    if host in ("localhost", socket.gethostname()) or host.endswith(".localhost"):
        return True
    address = _parse_address(host.partition("%")[0])
    return address is not None and (address.is_loopback or address.is_unspecified or str(address) in _own_addresses())


def _parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        try:
            return ipaddress.IPv4Address(socket.inet_aton(text))  # one number, or hexadecimal ones
        except OSError:
            return None
    return getattr(address, "ipv4_mapped", None) or address


@cache
def _own_addresses() -> frozenset[str]:
    interfaces = psutil.net_if_addrs().values()
    return frozenset(entry.address.partition("%")[0] for entries in interfaces for entry in entries)
