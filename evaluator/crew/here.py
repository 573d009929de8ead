"""A crew of one station in this process."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable

from evaluator.crew.station import Station
from evaluator.crew.tries import Tries
from evaluator.crew.unit import Done, Unit
from evaluator.trainer import Progress
from submissions.errors import EvaluatorError


class Here:
    """Does one unit after the other."""

    def __init__(self, station: Station, tries: int = 1) -> None:
        self.station = station
        self._tries = tries

    def run(self, units: Iterable[Unit], progress: Progress) -> Generator[Done, None, None]:
        tries = Tries(self._tries)
        for unit in units:
            done = self._done(unit, progress, tries)
            if done is not None:
                yield done
        tries.raise_first()

    def forget(self, keys: Collection[str]) -> None:
        self.station.forget(keys)

    def _done(self, unit: Unit, progress: Progress, tries: Tries) -> Done | None:
        while True:
            try:
                return self.station.work(unit, progress)
            except EvaluatorError as error:
                if not tries.again(unit.name, unit.key, error):
                    return None
