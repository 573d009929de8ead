"""Key of comparable results: one track, protocol, method and subset, all in the URL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Self
from urllib.parse import urlencode

from submissions.errors import NotFound
from submissions.tracks import get_track


@dataclass(frozen=True)
class ComparisonKey:
    """Track, protocol, method and subset; numbers are comparable only if all four are equal."""

    track: str
    protocol: str
    method: str = ""
    """By default the method that ranks on the track's board."""
    subset: str = ""
    """By default the track's first subset."""

    def __post_init__(self) -> None:
        """Fill in the track's defaults."""
        if not (self.method and self.subset):
            known = get_track(self.track)
            object.__setattr__(self, "method", self.method or known.headline)
            object.__setattr__(self, "subset", self.subset or known.subsets[0])

    @classmethod
    def from_query(cls, query: Mapping[str, str], track: str, protocols: tuple[str, ...]) -> Self:
        """Parse a query; a missing value is the default, the first of the protocols. Raises NotFound."""
        known = get_track(track)
        offered = {"protocol": protocols, "method": known.method_keys, "subset": known.subsets}
        given = {name: query[name] for name in offered if query.get(name)}
        for name, value in given.items():
            if value not in offered[name]:
                raise NotFound(f"No {name} {value[:80]!r}; there are: {', '.join(offered[name])}.")
        return cls(**{"track": track, "protocol": protocols[0]} | given)

    def query(self, systems: Iterable[str] = (), **changes: str) -> str:
        """Query string of this key with changes, followed by the systems' slugs in order."""
        pairs = [*asdict(replace(self, **changes)).items(), *(("system", slug) for slug in systems)]
        return f"?{urlencode(pairs)}"
