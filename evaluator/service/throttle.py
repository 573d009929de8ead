"""How often things are done that a fast stage would otherwise do a thousand times a second."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from evaluator.tracks.scorer import ProgressCallback
from submissions.records.status import Stage


def throttle_progress(report: ProgressCallback, seconds: float = 1.0) -> ProgressCallback:
    """Pass on where each stage begins and ends, and what lies between at most once in so many seconds.

    Every report is a commit, and some stages do a thousand tasks in that time.
    """
    last = -math.inf

    def report_throttled(stage: Stage, done: int, of: int) -> None:
        nonlocal last
        if done <= 1 or done == of or time.monotonic() - last >= seconds:
            last = time.monotonic()
            report(stage, done, of)

    return report_throttled


def throttle_until_changed(
    act: Callable[[], None], sign: Callable[[], str], seconds: float = 30.0
) -> Callable[[], None]:
    """Act at the first call, then when the sign has changed, and else at most once in so many seconds."""
    seen, last = None, -math.inf

    def act_throttled() -> None:
        nonlocal seen, last
        if (shown := sign()) != seen or time.monotonic() - last >= seconds:
            seen, last = shown, time.monotonic()
            act()

    return act_throttled
