"""Executor with one worker in this process."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator

from evaluator.scheduling.retry import FailureStreak, RetryPolicy
from evaluator.scheduling.work_unit import UnitResult, Units, WorkUnit
from evaluator.scheduling.worker import Worker
from evaluator.training import Progress
from submissions.errors import EvaluatorError


class LocalExecutor:
    """Executes one unit after the other."""

    def __init__(self, worker: Worker, tries: int = 1) -> None:
        self.worker = worker
        self._tries = tries

    def run(self, units: Units, progress: Progress) -> Generator[UnitResult, None, None]:
        tries, streak = RetryPolicy(self._tries), FailureStreak()
        for make in units.values():
            done = self._run_unit(make, progress, tries, streak)
            if done is not None:
                yield done
        tries.raise_first_failure()

    def discard_models(self, keys: Collection[str]) -> None:
        self.worker.discard_models(keys)

    def _run_unit(
        self, make: Callable[[], WorkUnit], progress: Progress, tries: RetryPolicy, streak: FailureStreak
    ) -> UnitResult | None:
        unit = make()
        while True:
            try:
                done = self.worker.run(unit, progress)
            except EvaluatorError as error:
                again = tries.should_retry(unit.name, unit.key, error)
                if streak.record_failure(unit.key):
                    tries.record_final_failure(error)
                    tries.raise_first_failure()
                if not again:
                    return None
            else:
                streak.reset()
                return done
