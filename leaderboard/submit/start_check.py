"""Starts checks of deliveries: reserves one, saves the upload, puts it into the queue."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from leaderboard.data.snapshot.snapshot_reader import SnapshotReader
from leaderboard.settings import Settings
from leaderboard.submit.check_job import CHECK_QUEUE, FIELDS, CheckRequest, run_check_job
from leaderboard.submit.check_queue import CheckQueueFull, WaitingCheck
from leaderboard.submit.check_sessions import (
    MAX_OWN_SESSIONS,
    CheckSession,
    CheckSessions,
    TooManyChecks,
    TooManyOwnChecks,
)
from leaderboard.submit.idempotency import KEY_FIELD, make_seed
from leaderboard.submit.rate_limit import check_hourly_limit
from leaderboard.submit.submission_store import SubmissionStore
from leaderboard.submit.upload_files import receive_form, save_uploads
from leaderboard.submit.upload_slots import UploadSlots, is_account
from leaderboard.web.single_flight import wait_with_visitor
from submissions.arena.ids import seed_tail
from submissions.check_process.delivery_check import DeliveryCheck
from submissions.check_process.process import CheckCancelled
from submissions.checking.hub_datasets import parse_hub_datasets
from submissions.errors import InvalidFile
from submissions.tracks import TRACKS, get_track

PUBLISH = {"on_request": "Keep it private until I publish it", "at_once": "Publish it as soon as it is evaluated"}
EMPTY = dict.fromkeys(FIELDS, "") | {"track": next(iter(TRACKS)), "publish": next(iter(PUBLISH)), "hub_data": ""}
MAX_SUBMISSIONS_PER_HOUR = 20
"""Submissions of one owner an hour."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CheckStarter:
    """Starts checks for the submit form, POST /api/submit and the API's `submit`, within a site's limits."""

    settings: Settings
    reader: SnapshotReader
    storing: SubmissionStore
    checks: CheckSessions
    uploads: UploadSlots

    @asynccontextmanager
    async def receive_upload(
        self, request: Request, owner: str, address: str, *, is_bound: bool
    ) -> AsyncIterator[tuple[CheckSession, FormData]]:
        """Receive the form of an upload, then reserve its check; drop that if it cannot be started.

        A slow upload so takes no check's place. Raises HTTPException 429 or 503 while too many arrive or run.
        """
        with _refuse_busy():  # before anything is read, for it would be in vain
            self.checks.require_room(owner, address)
        slot = self.uploads.begin(owner, address)
        check = None
        try:
            async with receive_form(request, self.uploads, slot) as form:
                check = self.begin_check(owner, address, is_bound=is_bound)
                check.on_finish = partial(self.uploads.release, slot)
                yield check, form
        except BaseException:
            # A check without a worker would count among the running ones for good.
            if check:
                self.checks.discard(check)
            self.uploads.release(slot)
            raise

    def begin_check(self, owner: str, address: str, *, is_bound: bool) -> CheckSession:
        """Create a check. Raises HTTPException 429 while this owner has too many running, 503 while all have."""
        with _refuse_busy():
            return self.checks.create_session(owner, {}, address=address, is_bound=is_bound)

    def start_check(
        self, check: CheckSession, form: FormData, *, may_store: bool, key: str | None = None
    ) -> WaitingCheck[None] | None:
        """Save the upload and put its check into the queue; None if there is nothing to check.

        A submission that was stored under the same idempotency key (`key`, else a field of the form) is not checked
        again. Raises NotFound for no such board, HTTPException 422 or 429.
        """
        check.values = form_values(form)
        track = get_track(check.values["track"])
        uploads = [part for part in form.getlist("files") if isinstance(part, UploadFile) and part.filename]
        try:
            datasets = parse_hub_datasets(check.values["hub_data"])
        except InvalidFile as error:
            _end_with_faults(check, {"hub_data": str(error)})
            return None
        if not uploads and not datasets:
            _end_with_faults(check, {"files": "Choose at least one file."})
            return None
        is_final = form.get("action") == "submit"
        if is_final and not may_store:
            check.faults = {"sign_in": "Sign in with Hugging Face, at the top of the page, and submit again."}
        elif is_final:
            check.seed = make_seed(check.owner, check.values, key if key is not None else form.get(KEY_FIELD))
            if check.seed and (first := self.storing.find_stored(seed_tail(check.seed))):
                check.submission = first
                check.finish()
                return None
            self.check_submission_quota(check.owner)
        files = save_uploads(uploads, check.folder)
        limit, ports = self.settings.max_upload_bytes, self.settings.webhook_ports
        return self.enqueue_check(check, CheckRequest(track, files, datasets, limit, is_final, ports))

    def check_submission_quota(self, owner: str) -> None:
        """Raises HTTPException 429 if an owner has made as many submissions within the last hour as one may."""
        if not owner:
            return  # submissions without an owner cannot be counted
        briefs = self.reader.snapshot().briefs.values()
        times = {brief.id: brief.created_at for brief in briefs if brief.owner == owner}
        times |= {held.submission.id: held.submission.created_at for held in self.storing.list_pending(owner)}
        check_hourly_limit(
            times.values(),
            MAX_SUBMISSIONS_PER_HOUR,
            f"You made {MAX_SUBMISSIONS_PER_HOUR} submissions within the hour.",
        )

    def enqueue_check(self, check: CheckSession, request: CheckRequest) -> WaitingCheck[None]:
        """Run a check as soon as a worker is free. Raises HTTPException 503 if too many are waiting."""
        snapshot = self.reader.snapshot()

        def run_check(reading: DeliveryCheck) -> None:
            run_check_job(reading, check, self.storing, snapshot, request)

        try:
            waiting = CHECK_QUEUE.submit(run_check, is_account=is_account(check.owner))
        except CheckQueueFull as error:
            what = "Too many submissions are being checked right now. Please try again in a minute."
            raise HTTPException(503, what, {"Retry-After": "60"}) from error
        waiting.future.add_done_callback(partial(self._end_check, check))
        return waiting

    def _end_check(self, check: CheckSession, work: Future[None]) -> None:
        error = None if work.cancelled() else work.exception()
        if work.cancelled() or isinstance(error, CheckCancelled):
            self.checks.discard(check)
        elif error:
            log.error("Check failed", exc_info=error)


@contextmanager
def _refuse_busy() -> Iterator[None]:
    """Context manager that turns too many checks into an answer."""
    try:
        yield
    except TooManyOwnChecks as error:
        what = (
            f"{MAX_OWN_SESSIONS} of your submissions are being checked right now. "
            "Send the next when one of them is done."
        )
        raise HTTPException(429, what, {"Retry-After": "60"}) from error
    except TooManyChecks as error:
        what = "Too many submissions are being checked right now. Please try again in a minute."
        raise HTTPException(503, what, {"Retry-After": "60"}) from error


async def wait_for_check(request: Request, waiting: WaitingCheck[None]) -> None:
    """Wait until a check is over, whatever its outcome. Raises ClientDisconnect once its visitor has left.

    A check that nobody waits for any more is then not begun, or ended.
    """
    over: Future[None] = Future()

    def end_wait(_: Future[None]) -> None:
        if over.set_running_or_notify_cancel():
            over.set_result(None)

    waiting.future.add_done_callback(end_wait)
    try:
        await wait_with_visitor(request, over)
    except ClientDisconnect:
        waiting.abandon()
        raise


def form_values(form: FormData) -> dict[str, str]:
    """Extract the form's fields; missing ones take the empty form's values."""
    given = {name: form.get(name) for name in EMPTY}
    values = {name: value if isinstance(value, str) else EMPTY[name] for name, value in given.items()}
    return values if values["publish"] in PUBLISH else values | {"publish": EMPTY["publish"]}


def _end_with_faults(check: CheckSession, faults: Mapping[str, str]) -> None:
    check.faults = faults
    check.finish()
