"""Cost log: costs of an evaluation, stored beside each finished stage and summed in a Ledger.

A cost lies in `stages/cost/<key>.json` under the key of the stage's output, apart from it: an output shapes scores
and repeats bit for bit, a cost does neither. A stage found in the cache has the cost of its original run.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import reduce
from operator import add
from pathlib import Path

from evaluator.config.profile import Profile
from evaluator.runtime.resource_usage import ResourceUsage
from evaluator.runtime.stage_cache import StageCache
from submissions.records.ledger import Cost, Ledger
from submissions.storage.atomic import atomic_write
from submissions.storage.codec import to_json

log = logging.getLogger(__name__)
_STAGE = "cost"
_FILE = "ledger.json"


class CostLog:
    """Costs of finished work, and the parts that one evaluation used."""

    def __init__(self, store: StageCache) -> None:
        self._store = store
        self._used: dict[tuple[str, str], dict[str, None]] = {}

    def record(self, key: str, spent: ResourceUsage) -> None:
        """Store the usage of a stage before its output, so that no finished output lacks it."""
        self._store.put(_STAGE, key, spent)

    def attribute(self, task: str, stage: str, key: str) -> None:
        """Attribute a finished output to a task; an output used twice is paid for once."""
        self._used.setdefault((task, stage), {})[key] = None

    def collect(self, stages: Sequence[str], tasks: Sequence[str]) -> tuple[Cost, ...] | None:
        """Costs of the used outputs, by stage and then by task in these orders; None if the cost of any is unknown."""
        found = []
        for stage in stages:
            for task in tasks:
                if keys := self._used.get((task, stage)):
                    spent = [self._store.get(_STAGE, key, ResourceUsage) for key in keys]
                    known = [one for one in spent if one is not None]
                    if len(known) < len(spent):
                        log.warning("The cost of %s of %s was not measured: no cost record is written.", stage, task)
                        return None
                    found.append(Cost(task=task, stage=stage, **reduce(add, known).model_dump()))
        return tuple(found)


def write_ledger(folder: Path, submission: str, protocol: str, profile: Profile, costs: tuple[Cost, ...] | None
                 ) -> None:  # fmt: skip
    """Write an evaluation's ledger beside its records, or remove an earlier one if costs are unknown."""
    if costs is None:
        (folder / _FILE).unlink(missing_ok=True)
        return
    ledger = Ledger(
        submission=submission,
        protocol=protocol,
        profile=profile.name,
        devices=profile.devices,
        hour_price=profile.hour_price,
        costs=costs,
    )
    atomic_write(folder / _FILE, to_json(ledger))


def load_ledger(folder: Path) -> dict[str, Ledger]:
    """Load the ledger in an evaluation's folder, for publication under `costs`; empty if it has none."""
    file = folder / _FILE
    return {"costs": Ledger.model_validate_json(file.read_bytes())} if file.exists() else {}
