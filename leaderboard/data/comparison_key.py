"""Key of comparable results: one track, protocol, method and subset, all in the URL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Self
from urllib.parse import urlencode

from submissions.errors import NotFound
from submissions.records.result import METHODS
from submissions.tracks import SUBSETS


@dataclass(frozen=True)
class ComparisonKey:
    """Track, protocol, method and subset; numbers are comparable only if all four are equal."""

    track: str
    protocol: str
    method: str = "fine_tune"
    subset: str = "full"

    @classmethod
    def from_query(cls, query: Mapping[str, str], track: str, protocols: tuple[str, ...]) -> Self:
        """Parse a query; a missing value is the default, the first of the protocols. Raises NotFound."""
        offered = {"protocol": protocols, "method": METHODS, "subset": SUBSETS}
        given = {name: query[name] for name in offered if query.get(name)}
        for name, value in given.items():
            if value not in offered[name]:
                raise NotFound(f"No {name} {value[:80]!r}; there are: {', '.join(offered[name])}.")
        return cls(**{"track": track, "protocol": protocols[0]} | given)

    def query(self, systems: Iterable[str] = (), **changes: str) -> str:
        """Query string of this key with changes, followed by the systems' slugs in order."""
        pairs = [*asdict(replace(self, **changes)).items(), *(("system", slug) for slug in systems)]
        return f"?{urlencode(pairs)}"
