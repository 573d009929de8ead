"""Writes the events of one evaluation into the arena: progress as a status, the preview as a result."""

from __future__ import annotations

from evaluator.publishing.publisher import Publisher
from evaluator.publishing.status_log import append_status, progress_status
from evaluator.tracks.events import Event, PreviewReady
from submissions.arena.arena import Arena, commit_with_retry
from submissions.records.submission import Submission


class StatusSink:
    """Event sink of one submission; it knows nothing of the queue or of other submissions."""

    def __init__(self, arena: Arena, submission: Submission) -> None:
        self._arena, self._submission = arena, submission

    def emit(self, event: Event) -> None:
        """Commit an event. Raises what a commit raises."""
        if isinstance(event, PreviewReady):
            Publisher(self._arena).publish_preview(self._submission, event.preview)
            return
        status = progress_status(event.stage, event.done, event.of)
        commit_with_retry(self._arena.results, [append_status(self._arena, self._submission.id, status)])
