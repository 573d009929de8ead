"""Operations behind the API and the MCP end point: string arguments in, plain data out."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import ParamSpec, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from leaderboard.api.callers import CALLER, Caller, refuse_call
from leaderboard.api.flat_arguments import flatten_arguments, keep_signature
from leaderboard.board.query import BoardQuery
from leaderboard.board.rows import board_table, parse_board_query, protocols_of
from leaderboard.data.scales import protocols_in_use
from leaderboard.data.tables.table_frames import Table
from leaderboard.pages.submit.api_outcome import JsonObject, check_outcome, pending_status, token_owner
from leaderboard.pages.task.page import scores_table
from leaderboard.submit.check_job import CHECK_QUEUE, FIELDS, CheckRequest
from leaderboard.submit.check_queue import CheckQueueFull, WaitingCheck
from leaderboard.submit.check_sessions import CheckSession, TooManyChecks
from leaderboard.submit.start_check import PUBLISH
from leaderboard.tracks import BOARDS, board_named
from leaderboard.web.fault_answers import public_message
from leaderboard.web.site import Site
from submissions.check_process.delivery_check import DeliveryCheck
from submissions.checking.hub_datasets import parse_hub_datasets
from submissions.checking.limits import MAX_API_ROWS_BYTES
from submissions.errors import ArenaError, InvalidFile, InvalidForm, NotFound, TheirError
from submissions.index.result_tables import encode_table
from submissions.records.check_report import Report
from submissions.records.task import Task
from submissions.storage.temp_folder import TempFolder
from submissions.tracks import FIRST_TRACK, TRACKS, get_track

P = ParamSpec("P")
R = TypeVar("R")
log = logging.getLogger(__name__)


class SubmitArguments(BaseModel):
    """A submission as a program states it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hub_data: str = Field(description="Public data sets of the Hub: owner/name@revision, one per line.")
    system: str = Field(description="The system's name.")
    system_type: str = Field(description="How the system gets its data.")
    team: str = Field(description="The team's name.")
    submitter: str = Field(default="", description="Name of the submitter; defaults to the team.")
    description: str = Field(default="", description="Description of the system.")
    url: str = Field(default="", description="The system's page.")
    track: str = Field(default=FIRST_TRACK, description="Which board.")
    publish: str = Field(default="on_request", description="When the result is published: on_request or at_once.")
    token: str = Field(default="", description="The submitter's own Hub token.")

    def values(self) -> dict[str, str]:
        """The fields of the submit form."""
        given = self.model_dump(exclude={"token"}) | {"submitter": self.submitter or self.team}
        return dict.fromkeys(FIELDS, "") | given


class ApiService:
    """Operations of one site, each on its newest snapshot. Only `submit` writes. Raises ArenaError."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._calls = site.calls

    def boards(self) -> list[JsonObject]:
        """List the boards with their questions, protocols, methods, subsets, names of files and task counts."""
        snapshot = self.site.reader.snapshot()
        return [
            {
                "track": name,
                "title": TRACKS[name].title,
                "question": board.lead,
                "protocols": list(
                    protocols_in_use(snapshot, self.site.settings.protocol_of(name), protocols_of(snapshot, name))
                ),
                "methods": list(TRACKS[name].method_keys),
                "subsets": list(TRACKS[name].subsets),
                "files": [payload.name_form for payload in TRACKS[name].payloads.values()],
                "tasks": sum(task.track == name for task in snapshot.tasks.values()),
            }
            for name, board in BOARDS.items()
        ]

    @flatten_arguments
    def board(self, track: str = FIRST_TRACK, query: BoardQuery = BoardQuery()) -> list[JsonObject]:  # noqa: B008
        """Return the rows of a board, in order; entries under review come last, with a reason in `flagged`.

        method, subset and protocol are among those that boards lists; an empty one is the board's default. sort is a
        column, with a leading - for descending order. The other arguments match the parameters of the page's URL: q,
        system_type, badge and best (team) filter the rows; kind, category and language select the tasks; columns and
        pin are comma-separated lists; asof is a day, YYYY-MM-DD.
        """
        snapshot = self.site.reader.snapshot()
        _, choice = parse_board_query(snapshot, track, self.site.settings.protocol_of(track), query.model_dump())
        return _table_records(board_table(snapshot, board_named(track).track, choice))

    def tasks(self, track: str = FIRST_TRACK) -> list[JsonObject]:
        """List a track's tasks: id, title, category, kind, language and subsets of each, without the demand."""
        names = {"id", "title", "category", "kind", "language", "subsets"}
        known = self.site.reader.snapshot().tasks.values()
        return [task.model_dump(mode="json", include=names) for task in known if task.track == get_track(track).name]

    def demand(self, task_id: str) -> JsonObject:
        """Return one task's demand (the description of the wanted data) and its other public fields."""
        return self._find_task(task_id).model_dump(mode="json")

    def task(self, task_id: str) -> JsonObject:
        """Return one task: its demand, its other public fields, and every system's gain on it in `scores`."""
        return self.demand(task_id) | {"scores": _table_records(scores_table(self.site.reader.snapshot(), task_id))}

    def status(self, submission: str) -> JsonObject:
        """Return a submission's status history, oldest first, and whether it has a result."""
        snapshot = self.site.reader.snapshot()
        if submission not in snapshot.histories and (waiting := pending_status(self.site, submission)):
            return waiting
        if submission not in snapshot.histories:
            raise NotFound(
                f"No submission {submission[:40]!r}; /submissions.json lists all {len(snapshot.submissions)}."
            )
        history: JsonObject = snapshot.histories[submission].model_dump(mode="json")
        return history | {"has_result": submission in snapshot.results}

    def check(self, task_id: str, rows: str) -> JsonObject:
        """Check the data for one task without storing it: `rows` is the text of its file, at most 1 MiB.

        In a .jsonl file each line is a JSON object; of data sets it has the strings `input` and `output`. The answer
        states if the file would be accepted and how many rows it has, and lists every problem with its line, its cause
        and how to fix it.
        """
        task = self._find_task(task_id)
        if (size := len(text := rows.encode(errors="surrogatepass"))) > MAX_API_ROWS_BYTES:
            raise InvalidFile(
                f"The rows are {size:,} bytes; the limit here is {MAX_API_ROWS_BYTES:,}.", "Use the /submit page."
            )
        payload = next(iter(get_track(task.track).payloads.values()))
        with TempFolder() as folder:
            # Only a known task's id becomes a file's name.
            source, into = folder / payload.name_file(task.id), folder / "checked"
            source.write_bytes(text)
            into.mkdir()
            with self._calls.count_check():
                report = _check_rows(source, task, into)
        problems = [problem.model_dump(mode="json") for problem in report.problems]
        counted = sum(file.rows for file in report.files)
        return {"accepted": report.accepted, "task": task.id, "rows": counted, "problems": problems}

    @flatten_arguments
    def submit(self, form: SubmitArguments) -> JsonObject:
        """Submit public data sets of the Hub in the submit page's format: owner/name@revision, one per line.

        token is a Hub token of the submitter; the server looks up its owner on the Hub and does not store it. publish
        is on_request or at_once. The answer's `state` is stored, waiting (until the time in `until`), or refused.
        """
        if form.publish not in PUBLISH:
            raise InvalidForm({"publish": f"there are: {', '.join(PUBLISH)}"})
        request = CheckRequest(
            get_track(form.track),
            (),
            parse_hub_datasets(form.hub_data),
            self.site.settings.max_upload_bytes,
            is_final=True,
        )
        owner = token_owner(self.site, form.token)
        starter = self.site.check_starter
        try:
            starter.check_submission_quota(owner)
            check = self.site.checks.create_session(owner, form.values())
            work = self._enqueue_check(check, request)
        except TooManyChecks as error:
            raise refuse_call(503, "Too many submissions are being checked.") from error
        except HTTPException as error:
            raise refuse_call(error.status_code, error.detail) from error
        CALLER.get(Caller("")).wait_for(work)
        if check.failure:
            self.site.checks.discard(check)
            raise check.failure
        return check_outcome(self.site, check)

    def _enqueue_check(self, check: CheckSession, request: CheckRequest) -> WaitingCheck[None]:
        """Queue a check, or drop it. Raises HTTPException 503."""
        try:
            return self.site.check_starter.enqueue_check(check, request)
        except HTTPException:
            self.site.checks.discard(check)
            raise

    def _find_task(self, task_id: str) -> Task:
        known = self.site.reader.snapshot().tasks
        if task_id not in known:
            raise NotFound(f"No task {task_id[:120]!r}; /tasks.json lists all {len(known)}.")
        return known[task_id]


def with_public_errors(function: Callable[P, R], refusal: Callable[[str], Exception]) -> Callable[P, R]:
    """Wrap a function so that our errors and disk faults become public errors; hide other errors' messages."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except (ArenaError, OSError) as error:
            message = public_message(error)
            if message is None:
                raise
            if not isinstance(error, TheirError):
                log.error("%s: %s", function.__name__, error)
            raise refusal(message) from error

    return keep_signature(call, signature(function, eval_str=True))


def _check_rows(source: Path, task: Task, into: Path) -> Report:
    """Check one file in the queue of all visitors' checks. Raises CallRefused if too many are waiting."""
    track = get_track(task.track)

    def check_file(reading: DeliveryCheck) -> Report:
        return reading.check_sources([source], [task], into=into, track=track)

    try:
        waiting = CHECK_QUEUE.submit(check_file, is_account=False)
    except CheckQueueFull as error:
        raise refuse_call(503, "Too many submissions are being checked.") from error
    return CALLER.get(Caller("")).wait_for(waiting).result()


def _table_records(table: Table) -> list[JsonObject]:
    rows: list[JsonObject] = json.loads(encode_table(table.frame, "json"))
    return rows
