"""Applies the owner requests (withdraw, publish) that the evaluator handles between two tasks."""

from __future__ import annotations

import logging

from evaluator.publishing.publisher import Publisher
from submissions.arena.arena import Arena
from submissions.errors import CorruptRecord, NotFound
from submissions.records.owner_requests import OwnerRequest, filter_authorized

log = logging.getLogger(__name__)


class OwnerRequestHandler:
    """Handles withdrawals and publications. The queue handles retries (evaluator/service/submission_queue.py)."""

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._publisher = Publisher(arena)
        self._head = ""
        self._applied: dict[str, frozenset[str]] = {}

    def __call__(self) -> None:
        """Handle the requests since the last call.

        The first call goes through all requests, as a killed run may have left some half done.
        """
        head = self._arena.submissions.head()
        if head == self._head:
            return
        for ulid in self._arena.ids_with_requests():
            try:
                self._apply_requests(ulid)
            except (CorruptRecord, NotFound) as error:
                log.error("Skipped the owner requests for %s: %s", ulid, error)
        self._head = head

    def authorized_requests(self, ulid: str) -> list[OwnerRequest]:
        """Requests for a submission by authorized users. Raises NotFound, CorruptRecord."""
        wishes = self._arena.read_owner_requests(ulid)
        return filter_authorized(wishes, self._arena.read_submission(ulid).owner) if wishes else []

    def _apply_requests(self, ulid: str) -> None:
        kinds = frozenset(wish.kind for wish in self.authorized_requests(ulid))
        if self._applied.get(ulid) == kinds:
            return  # later events were already sent to the webhook of the request
        if "withdraw" in kinds:
            self._publisher.withdraw(ulid)
        elif "publish" in kinds:
            self._publisher.publish_drafts(ulid)
        self._applied[ulid] = kinds
