"""A crew of one station in this process."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator

from evaluator.scheduling.retry import FailureStreak, RetryPolicy
from evaluator.scheduling.work_unit import UnitResult, Units, WorkUnit
from evaluator.scheduling.worker import Worker
from evaluator.training import Progress
from submissions.errors import EvaluatorError


class LocalExecutor:
    """Does one unit after the other."""

    def __init__(self, station: Worker, tries: int = 1) -> None:
        self.station = station
        self._tries = tries

    def run(self, units: Units, progress: Progress) -> Generator[UnitResult, None, None]:
        tries, streak = RetryPolicy(self._tries), FailureStreak()
        for make in units.values():
            done = self._done(make, progress, tries, streak)
            if done is not None:
                yield done
        tries.raise_first()

    def forget(self, keys: Collection[str]) -> None:
        self.station.forget(keys)

    def _done(
        self, make: Callable[[], WorkUnit], progress: Progress, tries: RetryPolicy, streak: FailureStreak
    ) -> UnitResult | None:
        unit = make()
        while True:
            try:
                done = self.station.work(unit, progress)
            except EvaluatorError as error:
                again = tries.again(unit.name, unit.key, error)
                if streak.failed(unit.key):
                    tries.give_up(error)
                    tries.raise_first()
                if not again:
                    return None
            else:
                streak.done()
                return done
