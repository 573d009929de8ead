"""Systems offered in a form for comparison: the chosen ones, then the best, up to a limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leaderboard.data.comparison_key import ComparisonKey
from leaderboard.data.memoize import cached_per_snapshot
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.systems import SystemResult, system_results
from leaderboard.data.tables.system_profile import overall_score
from submissions.names.look_alikes import has_text

SHOWN = 60
"""Check boxes in a form; a name or team typed into its field finds the others."""


@dataclass(frozen=True)
class Picker:
    """Contents of the form."""

    offered: tuple[SystemResult, ...]
    chosen: frozenset[str]
    """Slugs of the ticked systems."""
    more: int
    """Matching systems that are not shown."""
    find: str
    """Search text of the form."""


def build_picker(snapshot: Snapshot, terms: ComparisonKey, chosen: Sequence[str] = (), find: str = "") -> Picker:
    """Build the offer for a comparison key. Chosen systems are always in it, whatever the search text."""
    best = _best_first(snapshot, terms)
    if not find.strip() and not chosen:
        return Picker(best[:SHOWN], frozenset(), max(0, len(best) - SHOWN), find)
    taken = [entry for entry in best if entry.slug in chosen]
    others = [
        entry
        for entry in best
        if entry.slug not in chosen and (has_text(entry.system.name, find) or has_text(entry.system.team, find))
    ]
    return Picker((*taken, *others[:SHOWN]), frozenset(chosen), max(0, len(others) - SHOWN), find)


@cached_per_snapshot
def _best_first(snapshot: Snapshot, terms: ComparisonKey) -> tuple[SystemResult, ...]:
    """Every system's entry by overall figure; entries without one, then flagged ones, come last."""

    def key(entry: SystemResult) -> tuple[bool, bool, float, str]:
        total = overall_score(entry.result, terms)
        value = total.value if total else None
        return entry.result.flagged is not None, value is None, -(value or 0.0), entry.system.name.casefold()

    return tuple(sorted(system_results(snapshot, terms.track, terms.protocol).values(), key=key))
