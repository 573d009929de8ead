"""Settings from environment variables, and the error for an invalid value."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from submissions.checking.limits import MAX_UPLOAD_MB
from submissions.errors import OurError
from submissions.records.webhook_address import parse_webhook_ports
from submissions.submitting.attempts import read_limits
from submissions.tracks import FIRST_TRACK, TRACKS, find_owner, get_track
from submissions.tracks.published_protocol import PROTOCOL_NAME

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
_ROOT = r"(?:/[A-Za-z0-9._~-]*[A-Za-z0-9_~-])+"


FRAMED_BY_ITSELF = "'self'"
"""`frame_ancestors` of a site that no other site may show in a frame."""


class BadSetting(OurError):
    """An invalid value of an environment variable."""


@dataclass(frozen=True)
class Settings:
    """Settings of this web process."""

    arena: str
    """ARENA: folder, or Hub location `hf://ORG/PREFIX`, of the arena's repositories."""
    host: str
    port: int
    site: str
    """SITE: the site's own address, without a trailing slash; then links and redirects name no other host.

    On a Space by default the Space's host. Empty: each visitor's Host header decides.
    """
    is_host_checked: bool
    """True if SITE is set: then requests for other host names are refused."""
    root_path: str
    """Path of SITE, or ROOT_PATH: where a proxy serves the site below a path, such as /arena; else empty."""
    trusted_proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
    """TRUSTED_PROXIES: addresses of reverse proxies whose X-Forwarded-For and X-Forwarded-Host are believed.

    On a Space by default all: only the Hub's proxy reaches its container.
    """
    frame_ancestors: str
    """Sites that may show pages in a frame, as in a Content-Security-Policy: the site itself and FRAME_ANCESTORS."""
    protocols: Mapping[str, str]
    """ARENA_PROTOCOL: default protocol of a board whose URL names none, by track."""
    is_space: bool
    """True on a Space, where visitors expect real numbers, so that boards have no demo protocol by default."""
    max_upload_bytes: int
    """Maximum bytes of a submission; a larger one is refused during the upload."""
    sign_in: bool
    """True if submitting requires signing in with Hugging Face: on a Space with `hf_oauth: true`.

    Nowhere else: there huggingface_hub would treat every visitor as the owner of the server's token.
    """
    limits: Mapping[str, int]
    """ATTEMPTS: attempt limits of a team by track, for example `track=10`."""
    webhook_ports: frozenset[int]
    """Ports that the webhooks of submitters may use; ARENA_WEBHOOK_PORTS adds to the usual ones."""
    spool: Path
    """Folder of accepted submissions until the Hub stores them: SPOOL, best on a disk that outlives the process."""
    fast_gradio_import: bool
    """Whether the workaround of leaderboard/web/fast_gradio_import.py is used: unless FAST_GRADIO_IMPORT=no."""

    def protocol_of(self, track: str) -> str:
        """Return the default protocol of a board. Raises NotFound for an unknown track."""
        known = get_track(track)
        return self.protocols.get(track) or (known.default_protocol if self.is_space else known.demo_protocol)


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings from a mapping such as os.environ. Raises BadSetting."""
    site = _parse_site(environ)
    return Settings(
        arena=environ.get("ARENA") or ".arena",
        # A Space is reached from outside its container; a laptop should not be.
        host=environ.get("HOST") or ("0.0.0.0" if environ.get("SPACE_ID") else "127.0.0.1"),  # noqa: S104
        port=_parse_integer(environ, "PORT", 7860, 1, 65535),
        site=site,
        is_host_checked=bool(environ.get("SITE", "").strip()),
        root_path=_parse_root_path(environ, urlsplit(site).path),
        trusted_proxies=_parse_proxies(environ),
        frame_ancestors=_parse_frame_ancestors(environ),
        protocols=_parse_protocols(environ.get("ARENA_PROTOCOL", "")),
        is_space=bool(environ.get("SPACE_ID")),
        max_upload_bytes=_parse_integer(environ, "MAX_UPLOAD_MB", MAX_UPLOAD_MB, 1, 100_000) * 2**20,
        sign_in=_is_sign_in_enabled(environ),
        limits=read_limits(environ.get("ATTEMPTS", "")),
        webhook_ports=parse_webhook_ports(environ.get("ARENA_WEBHOOK_PORTS", "")),
        spool=Path(environ.get("SPOOL") or ".arena-spool"),
        fast_gradio_import=_parse_switch(environ, "FAST_GRADIO_IMPORT"),
    )


def is_trusted_proxy(address: str, settings: Settings) -> bool:
    """Return whether the address that a connection comes from is one of TRUSTED_PROXIES."""
    try:
        peer = ipaddress.ip_address(address)
    except ValueError:
        return False
    peer = getattr(peer, "ipv4_mapped", None) or peer  # as a socket for both families reports it
    return any(peer in network for network in settings.trusted_proxies if network.version == peer.version)


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


def _parse_site(environ: Mapping[str, str]) -> str:
    """Read SITE, or the address of the Space that this is; empty for neither."""
    host = environ.get("SPACE_HOST", "").strip()
    text = environ.get("SITE", "").strip() or (f"https://{host}" if host else "")
    site = text.rstrip("/")
    if text and not re.fullmatch(rf"(?i:https?)://{_HOST}(?:{_ROOT})?", site):
        raise BadSetting(
            f"SITE={text[:200]!r} is not the address of a site: write for example https://arena.example.org, "
            "or https://example.org/arena where a proxy serves it below a path."
        )
    scheme, _, rest = site.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.lower()}{slash}{path}" if site else ""


def _parse_root_path(environ: Mapping[str, str], of_site: str) -> str:
    text = environ.get("ROOT_PATH", "").strip()
    path = text.rstrip("/") or of_site
    if path and not re.fullmatch(_ROOT, path):
        raise BadSetting(f"ROOT_PATH={text[:200]!r} is not a path: write for example /arena.")
    if of_site not in ("", path):
        raise BadSetting(f"ROOT_PATH={text[:200]!r} is not the path of SITE, which is {of_site}: unset one of them.")
    return path


def _parse_proxies(environ: Mapping[str, str]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Read a list such as `127.0.0.1, 10.0.0.0/8`."""
    text = environ.get("TRUSTED_PROXIES", "").strip() or ("0.0.0.0/0, ::/0" if environ.get("SPACE_ID") else "")
    try:
        return tuple(ipaddress.ip_network(part) for part in re.split(r"[,\s]+", text) if part)
    except ValueError as error:
        raise BadSetting(
            f"TRUSTED_PROXIES={text[:200]!r}: {error}. Write addresses or networks, for example 127.0.0.1, 10.0.0.0/8."
        ) from error


def _parse_frame_ancestors(environ: Mapping[str, str]) -> str:
    """Read a list such as `https://lab.example https://*.lab.example`; `none` allows the site itself only."""
    text = environ.get("FRAME_ANCESTORS", "").strip()
    allowed = [] if text == "none" else text.split() or ["https://huggingface.co"]
    for source in allowed:
        if not re.fullmatch(rf"https?://(?:\*\.)?{_HOST}", source):
            raise BadSetting(
                f"FRAME_ANCESTORS={text[:200]!r}: {source[:80]!r} is not a site. Write addresses such as "
                "https://lab.example, joined by blanks, or none."
            )
    return " ".join([FRAMED_BY_ITSELF, *allowed])


def _is_sign_in_enabled(environ: Mapping[str, str]) -> bool:
    """Return whether sign-in is enabled: a Space sets it if its card has `hf_oauth: true`."""
    if not (environ.get("SPACE_ID") and environ.get("OAUTH_CLIENT_ID")):
        return False
    for name in ("OAUTH_CLIENT_SECRET", "OAUTH_SCOPES", "OPENID_PROVIDER_URL"):
        if not environ.get(name):
            raise BadSetting(f"OAUTH_CLIENT_ID is set and {name} is not: set `hf_oauth: true` in the Space's card.")
    return True


def _parse_protocols(text: str) -> dict[str, str]:
    """Read a list such as `track=name@1, other=name@2`; a protocol without a track is of the first that has it."""
    chosen: dict[str, str] = {}
    for part in filter(None, re.split(r"[,\s]+", text)):
        track, _, name = part.rpartition("=")
        if not re.fullmatch(PROTOCOL_NAME, name):
            raise BadSetting(
                f"ARENA_PROTOCOL={text[:200]!r}: {name[:80]!r} is not a protocol: a name and a version, for example "
                "arena@1, or for several boards track=protocol, joined by commas."
            )
        if track and track not in TRACKS:
            raise BadSetting(f"ARENA_PROTOCOL={text[:200]!r}: no track {track[:80]!r}; there are: {', '.join(TRACKS)}.")
        board = track or _guess_board(text, name)
        if (owner := find_owner(name)) and owner.name != board:
            raise BadSetting(f"ARENA_PROTOCOL={text[:200]!r}: {name} is a protocol of {owner.name}, not of {board}.")
        if board in chosen:
            raise BadSetting(f"ARENA_PROTOCOL={text[:200]!r} names two protocols for the board {board}: omit one.")
        chosen[board] = name
    return chosen


def _guess_board(text: str, protocol: str) -> str:
    """Return the track of a protocol that is named alone; an unknown protocol is of the only track."""
    if owner := find_owner(protocol):
        return owner.name
    if len(TRACKS) > 1:
        raise BadSetting(
            f"ARENA_PROTOCOL={text[:200]!r}: no track has a protocol {protocol[:80]!r}. Write track={protocol[:80]}, "
            f"with one of the tracks: {', '.join(TRACKS)}."
        )
    return FIRST_TRACK
