"""Who may do what: users, organisations, and tokens with a role."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class User:
    """A test user; the keys of `orgs` are organisations, the values `admin`, `write` or `read`."""

    name: str
    fullname: str
    orgs: Mapping[str, str] = field(default_factory=dict)

    @property
    def sub(self) -> str:
        """What stays when the user takes another name."""
        return hashlib.sha256(f"sub {self.name}".encode()).hexdigest()[:24]

    def may_read(self, namespace: str) -> bool:
        return namespace == self.name or namespace in self.orgs

    def may_write(self, namespace: str) -> bool:
        return namespace == self.name or self.orgs.get(namespace) in ("admin", "write")


@dataclass(frozen=True)
class Token:
    """Who a token speaks for, and whether it may write."""

    user: User
    role: str = "write"


BOT = User("arena-bot", "The Arena's Bot", {"arena": "admin"})
ALICE = User("alice", "Alice Liddell", {"arena": "read"})
BOB = User("bob", "Bob", {})
USERS = {user.name: user for user in (BOT, ALICE, BOB)}
TOKENS = {
    "hf_bot_write": Token(BOT),
    "hf_bot_read": Token(BOT, "read"),
    "hf_alice": Token(ALICE),
    "hf_bob": Token(BOB),
}
"""Test tokens: they open nothing outside this server."""
