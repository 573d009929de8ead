"""Notifies webhooks of submission events: the organiser's for each board, and each submitter's own.

It watches commits to `results` and `drafts`, so that writers there, batched or not, need not know of it.
It blocks nothing: failed notifications are logged. A commit right before a crash triggers no notification; the Atom
feeds contain it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from evaluator.notifications.webhook_client import WebhookClient, WebhookTarget
from submissions.arena.arena import Arena
from submissions.errors import ArenaError, NotFound
from submissions.records.base import Record
from submissions.records.status import History, Stage, State, Status
from submissions.storage.repo import Change, Repo
from submissions.tracks import get_track
from submissions.tracks.published_protocol import PROTOCOL_NAME

log = logging.getLogger(__name__)

Event = Literal["evaluating", "preview", "failed", "evaluated", "published", "refused", "withdrawn"]
EVENTS: Mapping[State, Event] = {
    "checking": "evaluating",
    "evaluating": "evaluating",
    "failed": "failed",
    "evaluated": "evaluated",
    "published": "published",
    "refused": "refused",
    "withdrawn": "withdrawn",
}
"""Event for entering a state; queue positions and progress cause none."""
PREVIEW = "The scores of the preview are available; the evaluation continues."
_STATUS = re.compile(r"status/([0-9A-HJKMNP-TV-Z]{26})\.json")
_PREVIEW = re.compile(rf"previews/([0-9A-HJKMNP-TV-Z]{{26}})/{PROTOCOL_NAME}\.json")


class WebhookPayload(Record):
    """JSON body of a notification."""

    event: Event
    submission: str
    track: str
    state: State
    stage: Stage | None
    message: str
    time: datetime
    url: str
    """Address of the submission's page; without a host if the organiser configured none."""


@dataclass(frozen=True)
class BoardWebhook:
    """An organiser's webhook, for one track or, without one, for all."""

    url: str
    track: str = ""


def parse_board_webhooks(said: Sequence[str]) -> list[BoardWebhook]:
    """Parse `URL` for all boards, `TRACK=URL` for one. Raises NotFound for an unknown track or no address."""
    found = []
    for text in said:
        track, _, url = text.partition("=") if not text.startswith(("http://", "https://")) else ("", "", text)
        if not url.startswith(("http://", "https://")):
            raise NotFound(
                f"{text[:40]!r} is not a webhook: write https://… for all boards, or TRACK=https://… for one."
            )
        found.append(BoardWebhook(url, get_track(track).name if track else ""))
    return found


class Notifier:
    """Determines the events in an arena's commits, and their recipients."""

    def __init__(
        self, arena: Arena, courier: WebhookClient, told: Sequence[BoardWebhook] = (), secret: str = "", site: str = ""
    ):
        self._arena = arena
        self._client = courier
        self._boards = told
        self._secret = secret
        self._site = site.rstrip("/")

    def pending_events(self, changes: Sequence[Change]) -> list[tuple[str, Event, Status]]:
        """Events that these changes would cause: submission id, event, status.

        Call before the changes are committed.
        """
        written = [(change.path, change.content) for change in changes if change.content is not None]
        after = {match[1]: _parse_history(content) for path, content in written if (match := _STATUS.fullmatch(path))}
        found: list[tuple[str, Event, Status]] = []
        for ulid, history in after.items():
            found += [(ulid, event, status) for event, status in diff_events(self._previous_entries(ulid), history)]
        for path, _ in written:
            if (match := _PREVIEW.fullmatch(path)) and not self._has_preview(path):
                now = (after.get(match[1]) or self._arena.read_history(match[1])).now
                found.append((match[1], "preview", now.model_copy(update={"message": PREVIEW})))
        # In a commit with many files, a preview follows the start of its evaluation.
        return sorted(found, key=lambda one: one[2].time)

    def notify(self, ulid: str, event: Event, status: Status) -> None:
        """Queue a notification for each subscriber of an event. Raises ArenaError where the arena cannot be read."""
        track = self._arena.read_submission(ulid).track
        own = self._arena.read_webhook(ulid)
        targets = [
            WebhookTarget(one.url, self._secret, trusted=True) for one in self._boards if one.track in ("", track)
        ]
        if own:
            targets.append(WebhookTarget(own.url, own.secret))
        notice = WebhookPayload(
            event=event,
            submission=ulid,
            track=track,
            state=status.state,
            stage=status.stage,
            message=status.message,
            time=status.time,
            url=f"{self._site}/submissions/{ulid}",
        )
        for target in targets:
            self._client.send(target, event, notice.model_dump_json().encode())

    def _has_preview(self, preview: str) -> bool:
        """Return whether either repository already has the preview: publishing moves it from one to the other."""
        return any(preview in repo.list(preview) for repo in (self._arena.results, self._arena.drafts))

    def _previous_entries(self, ulid: str) -> tuple[Status, ...]:
        try:
            return self._arena.read_history(ulid).entries
        except NotFound:
            return ()


class NotifyingRepo:
    """Repository that sends notifications for its commits after they succeed."""

    def __init__(self, repo: Repo, notices: Notifier) -> None:
        self._repo = repo
        self._notifier = notices

    def head(self) -> str:
        return self._repo.head()

    def read(self, path: str) -> bytes:
        return self._repo.read(path)

    def list_dir(self, folder: str = "") -> list[str]:
        return self._repo.list_dir(folder)

    def list(self, prefix: str = "") -> list[str]:
        return self._repo.list(prefix)

    def ids(self, prefix: str = "") -> dict[str, str]:
        return self._repo.ids(prefix)

    def commit(self, changes: Sequence[Change], parent: str) -> str:
        found = self._pending_events(changes)
        head = self._repo.commit(changes, parent)
        for ulid, event, status in found:
            self._notify(ulid, event, status)
        return head

    def _pending_events(self, changes: Sequence[Change]) -> Sequence[tuple[str, Event, Status]]:
        try:
            return self._notifier.pending_events(changes)
        except (ArenaError, OSError, ValidationError) as error:
            log.warning("Skipped webhook notifications for a commit: %s", error)
            return []

    def _notify(self, ulid: str, event: Event, status: Status) -> None:
        try:
            self._notifier.notify(ulid, event, status)
        except (ArenaError, OSError) as error:
            log.warning("Skipped webhook notifications of %s for %s: %s", event, ulid, error)


@contextmanager
def notifying_arena(
    arena: Arena,
    told: Sequence[BoardWebhook] = (),
    secret: str = "",
    site: str = "",
    courier: WebhookClient | None = None,
) -> Iterator[Arena]:
    """Wrap an arena to notify its webhooks of every commit made through it."""
    with courier or WebhookClient() as running:
        notices = Notifier(arena, running, told, secret, site)
        yield replace(arena, results=NotifyingRepo(arena.results, notices), drafts=NotifyingRepo(arena.drafts, notices))


def diff_events(before: Sequence[Status], after: History) -> list[tuple[Event, Status]]:
    """Events between two histories of a submission, which may differ by several entries."""
    same = 0
    while same < min(len(before), len(after.entries)) and before[same] == after.entries[same]:
        same += 1
    last: Event | None = None
    for status in before:
        last = _event_after(last, status)
    found: list[tuple[Event, Status]] = []
    for status in after.entries[same:]:
        event = EVENTS.get(status.state)
        if event and event != last:
            found.append((event, status))
        last = _event_after(last, status)
    return found


def _event_after(last: Event | None, status: Status) -> Event | None:
    """Last notified event after a status; the wait between the shots and the trainings starts no evaluation again."""
    return last if (status.state, last) == ("queued", "evaluating") else EVENTS.get(status.state)


def _parse_history(content: bytes | Path) -> History:
    return History.model_validate_json(content.read_bytes() if isinstance(content, Path) else content)
