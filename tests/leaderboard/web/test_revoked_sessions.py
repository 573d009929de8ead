"""Sessions that were signed out stay signed out."""

from __future__ import annotations

import errno
import time
from pathlib import Path

import pytest

from leaderboard.web.auth.revoked_sessions import RevokedSessions

ENDS = int(time.time()) + 3600


def session(name: str, ends: float = ENDS) -> dict[str, object]:
    return {"userinfo": {"sub": name}, "expires_at": ends}


def test_a_session_is_revoked_for_good_and_alone(tmp_path: Path) -> None:
    file = tmp_path / "spool" / "revoked"
    revoked = RevokedSessions(file)
    assert not revoked.is_revoked(session("alice"))
    revoked.revoke(session("alice"))
    revoked.revoke(session("bob"))
    for known in (revoked, RevokedSessions(file)):
        assert known.is_revoked(session("alice"))
        assert known.is_revoked(session("bob"))
        assert not known.is_revoked(session("alice", ENDS + 1))  # another sign-in
        assert not known.is_revoked(session("carol"))
    assert "alice" not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", [b"", b"\0" * 100, b"nonsense\n", b"\xff\xfe 12\n", b"abc"])
def test_a_damaged_list_stops_no_start(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "revoked"
    RevokedSessions(file).revoke(session("alice"))
    file.write_bytes(file.read_bytes() + damage)
    known = RevokedSessions(file)
    assert known.is_revoked(session("alice"))
    known.revoke(session("bob"))
    known.revoke(session("carol"))
    assert RevokedSessions(file).is_revoked(session("carol"))


def test_the_list_is_bounded_and_forgets_no_session_that_lives(tmp_path: Path) -> None:
    file = tmp_path / "revoked"
    revoked = RevokedSessions(file, most=10)
    revoked.revoke(session("over", time.time() - 5))
    living = [session(f"user {number}", ENDS + number) for number in range(50)]
    for one in living:
        revoked.revoke(one)
    assert len(file.read_text().splitlines()) <= 12
    for known in (revoked, RevokedSessions(file, most=10)):
        assert all(known.is_revoked(one) for one in living)
        assert not known.is_revoked(session("new", ENDS + 100))


def test_a_disk_that_fails_is_logged_and_the_session_ends_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    revoked = RevokedSessions(tmp_path / "revoked")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("leaderboard.web.auth.revoked_sessions.atomic_write", fail)
    revoked.revoke(session("alice"))
    assert revoked.is_revoked(session("alice"))
    assert "until the next restart" in caplog.text
