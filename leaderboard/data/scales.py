"""Facts of the protocols that pages show: scale, order and purpose. Numbers of two protocols never share a column."""

from __future__ import annotations

from collections.abc import Iterable

from leaderboard.data.snapshot.snapshot import Snapshot
from submissions.tracks import TRACKS, describe_protocol, find_track
from submissions.tracks.published_protocol import ProtocolScale, PublishedProtocol
from submissions.tracks.track import ProtocolSpec


def facts_of(snapshot: Snapshot, protocol: str) -> PublishedProtocol | ProtocolSpec:
    """Return a protocol's facts as the evaluator published them, else as its track knows them."""
    return snapshot.protocols.get(protocol) or describe_protocol(protocol)


def track_of(snapshot: Snapshot, protocol: str) -> str:
    """Return the name of a protocol's track; of the first one for a protocol that nobody knows."""
    published = snapshot.protocols.get(protocol)
    return published.track if published and published.track in TRACKS else find_track(protocol).name


def scale_of(snapshot: Snapshot, protocol: str) -> ProtocolScale:
    """Return the scale of a protocol's totals."""
    return facts_of(snapshot, protocol).scale


def note_of(snapshot: Snapshot, protocol: str) -> str:
    """Return the purpose of a protocol in a sentence; empty if it is not known."""
    return facts_of(snapshot, protocol).note


def protocols_in_use(snapshot: Snapshot, default: str, found: Iterable[str]) -> tuple[str, ...]:
    """Order a board's protocols: the default one first, then the others as they ask to be ordered, then by name."""
    return (default, *sorted(set(found) - {default}, key=lambda name: (facts_of(snapshot, name).order, name)))
