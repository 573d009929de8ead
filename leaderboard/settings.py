"""Settings from environment variables, and the error for an invalid value."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from submissions.errors import OurError
from submissions.submitting.attempts import read_limits


class BadSetting(OurError):
    """An invalid value of an environment variable."""


@dataclass(frozen=True)
class Settings:
    """Settings of this web process."""

    arena: str
    """ARENA: folder, or Hub location `hf://ORG/PREFIX`, of the arena's repositories."""
    host: str
    port: int
    protocol: str
    """Default protocol of boards whose URL names none.

    ARENA_PROTOCOL; else arena@1 on a Space, where visitors expect real numbers, and demo@1 on any other machine.
    """
    max_upload_bytes: int
    """Maximum bytes of a submission; a larger one is refused during the upload."""
    sign_in: bool
    """True if submitting requires signing in with Hugging Face: on a Space with `hf_oauth: true`.

    Nowhere else: there huggingface_hub would treat every visitor as the owner of the server's token.
    """
    limits: Mapping[str, int]
    """Attempt limits of a team by track; ATTEMPTS, for example search_sft=3."""
    spool: Path
    """Folder of accepted submissions until the Hub stores them: SPOOL, best on a disk that outlives the process."""
    fast_gradio_import: bool
    """Whether the workaround of leaderboard/web/fast_gradio_import.py is used: unless FAST_GRADIO_IMPORT=no."""


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings from a mapping such as os.environ. Raises BadSetting."""
    return Settings(
        arena=environ.get("ARENA") or ".arena",
        # A Space is reached from outside its container; a laptop should not be.
        host=environ.get("HOST") or ("0.0.0.0" if environ.get("SPACE_ID") else "127.0.0.1"),  # noqa: S104
        port=_parse_integer(environ, "PORT", 7860, 1, 65535),
        protocol=_parse_protocol(environ.get("ARENA_PROTOCOL") or ("arena@1" if environ.get("SPACE_ID") else "demo@1")),
        max_upload_bytes=_parse_integer(environ, "MAX_UPLOAD_MB", 512, 1, 100_000) * 2**20,
        sign_in=_is_sign_in_enabled(environ),
        limits=read_limits(environ.get("ATTEMPTS", "")),
        spool=Path(environ.get("SPOOL") or ".arena-spool"),
        fast_gradio_import=_parse_switch(environ, "FAST_GRADIO_IMPORT"),
    )


def require_free_port(settings: Settings) -> None:
    """Check that the server can listen at its host and port. Raises BadSetting."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            where = f"HOST={settings.host} PORT={settings.port}"
            raise BadSetting(
                f"Cannot listen at {where}: {error.strerror or error}. Set another PORT or HOST."
            ) from error


def _parse_integer(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environ.get(name, "").strip() or str(default)
    if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
        raise BadSetting(f"{name}={text!r} is not a whole number from {low} to {high}: correct or unset it.")
    return int(text)


def _parse_switch(environ: Mapping[str, str], name: str) -> bool:
    """Read yes or no; yes where it is not set."""
    text = environ.get(name, "").strip().casefold() or "yes"
    if text not in ("yes", "no"):
        raise BadSetting(f"{name}={text!r} is neither yes nor no: correct or unset it.")
    return text == "yes"


def _is_sign_in_enabled(environ: Mapping[str, str]) -> bool:
    """Return whether sign-in is enabled: a Space sets it if its card has `hf_oauth: true`."""
    if not (environ.get("SPACE_ID") and environ.get("OAUTH_CLIENT_ID")):
        return False
    for name in ("OAUTH_CLIENT_SECRET", "OAUTH_SCOPES", "OPENID_PROVIDER_URL"):
        if not environ.get(name):
            raise BadSetting(f"OAUTH_CLIENT_ID is set and {name} is not: set `hf_oauth: true` in the Space's card.")
    return True


def _parse_protocol(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9_-]+@[0-9]+", name):
        raise BadSetting(f"ARENA_PROTOCOL={name!r} is not a protocol: a name and a version, for example arena@1.")
    return name
