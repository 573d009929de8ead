"""Bounds of Gradio's queue: waiting calls, answers that nobody fetches, and calls whose client has left."""

from __future__ import annotations

import time
from collections.abc import Callable

from gradio.queueing import Queue

MAX_WAITING_CALLS = 32
"""Calls in the queue; each holds its arguments, up to 4 MiB, in memory."""
MAX_UNFETCHED_SESSIONS = 24
"""Clients whose answers wait for them; an answer may have megabytes."""
UNFETCHED_SECONDS = 60.0


class UnfetchedAnswers:
    """Drops answers that are not fetched: Gradio keeps those of its last 2,000 sessions for good."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting_since: dict[str, float] = {}

    def drop_old(self, queue: Queue) -> None:
        """Drop the answers of sessions that wait too long, and of the oldest of too many; called once a second."""
        now, before = self._clock(), self._waiting_since
        active = {event.session_hash for event in list(queue.event_ids_to_events.values())}
        sessions = queue.pending_messages_per_session
        idle = [name for name, messages in list(sessions.items()) if name not in active and not messages.empty()]
        self._waiting_since = since = {name: before.get(name, now) for name in idle}
        oldest_first = sorted(idle, key=since.__getitem__)
        excess = set(oldest_first[: max(0, len(idle) - MAX_UNFETCHED_SESSIONS)])
        for name in idle:
            if name in excess or now - since[name] > UNFETCHED_SECONDS:
                del sessions[name]
        for name in list(queue.pending_event_ids_session):
            if name not in sessions and name not in active:
                del queue.pending_event_ids_session[name]


def end_left_calls(queue: Queue) -> None:
    """End the checks of running calls whose event stream was closed; called once a second.

    Gradio itself drops such a call only before it runs.
    """
    for jobs in list(queue.active_jobs):
        for event in jobs or ():
            if not event.alive and (caller := event.request.scope.get("caller")):
                caller.leave()
