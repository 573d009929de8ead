"""Rules of each track for submissions."""

from importlib import import_module

from submissions.errors import NotFound
from submissions.tracks import dataset_research
from submissions.tracks.track import ProtocolSpec, Track

TRACKS = {"dataset_research": dataset_research.TRACK}

FIRST_TRACK = next(iter(TRACKS))
"""The track where none is named."""


def list_system_types() -> tuple[str, ...]:
    """List the types of systems of all tracks."""
    return tuple(dict.fromkeys(kind for track in TRACKS.values() for kind in track.system_type_keys))


def get_track(name: str) -> Track:
    """Return the track. Raises NotFound with the names that exist."""
    try:
        return TRACKS[name]
    except KeyError:
        raise NotFound(f"No track {name[:80]!r}; there are: {', '.join(TRACKS)}.") from None


def load_track(module: str) -> Track:
    """Load the track that a module holds as TRACK: what a process of its own knows of the caller's track."""
    track = import_module(module).TRACK
    assert isinstance(track, Track)
    return track


def find_module(track: Track) -> str:
    """Return the module that a track can be loaded from. Raises ValueError if that holds another one."""
    if load_track(track.module) != track:
        raise ValueError(f"{track.module}.TRACK is not this track {track.name}, and another process would use that.")
    return track.module


def find_track(protocol: str) -> Track:
    """Return the track of a protocol by the protocol's name, which is unique across tracks; else the first track."""
    return find_owner(protocol) or TRACKS[FIRST_TRACK]


def find_owner(protocol: str) -> Track | None:
    """Return the track that lists a protocol, in any version; None for a protocol that no track lists."""
    return next((track for track in TRACKS.values() if track.has_protocol(protocol)), None)


def describe_protocol(name: str) -> ProtocolSpec:
    """Return the facts of a protocol as its track knows them, for arenas whose evaluator has published none."""
    return find_track(name).describe_protocol(name)
