"""Which webhooks are told what, while submissions are evaluated, withdrawn and published for real."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evaluator.cli.app import app
from evaluator.notifications.notifier import BoardWebhook, diff_events, notifying_arena, parse_board_webhooks
from evaluator.notifications.webhook_client import WebhookClient
from evaluator.service.submission_runner import SubmissionRunner
from evaluator.stages.context import EvaluationContext
from evaluator.testing.null_backend import NullGenerator
from submissions.arena.arena import result_path
from submissions.arena.ids import submission_dir
from submissions.checking.check import check_sources
from submissions.errors import Conflict, NotFound
from submissions.records.status import History, State, Status
from submissions.records.submission import Submission
from submissions.records.webhook import FILE, Webhook
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from submissions.submitting.submit import SubmissionForm, store_submission
from submissions.tracks import TRACKS
from tests.support.evaluator_world import PROTOCOL, TASKS, World, broken, wish
from tests.support.factories import NOW, make_rows, write_delivery
from tests.support.webhook_receiver import LoopbackWebhookClient, Receiver, certificate, receiving

pytestmark = pytest.mark.integration

TRACK = "dataset_research"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@contextmanager
def told(world: World, *all_boards: BoardWebhook, courier: WebhookClient | None = None) -> Iterator[SubmissionRunner]:
    """A worker whose arena is watched."""
    opened = notifying_arena(
        world.arena, all_boards, "s3cret", "https://arena.example/", courier or WebhookClient(pauses=())
    )
    with opened as arena:
        yield replace(world.worker(), arena=arena)


def submitted(world: World, name: str = "Finder", *, private: bool = False, **form: str) -> Submission:
    folder = write_delivery(world.folder / name, {task: make_rows("mine", 12) for task in ("a", "b")})
    (into := world.folder / f"{name}-checked").mkdir()
    report = check_sources([folder], TASKS, into=into, track=TRACKS[TRACK])
    fields = {"system": name, "system_type": "search", "team": "Team", "submitter": "An", **form}
    return store_submission(world.arena, report, into, SubmissionForm.from_form(fields), NOW, private=private)


def came(receiver: Receiver) -> list[tuple[str, str]]:
    return [(body["event"], body["state"]) for body in (json.loads(body) for _, body in receiver.came)]


def test_a_board_is_told_of_every_step_once_and_in_order(world: World, receiver: Receiver) -> None:
    submission = submitted(world)
    with told(world, BoardWebhook(receiver.url)) as worker:
        worker.submission_queue.refresh()
        assert worker.evaluate(submission.id) == "published"
    assert came(receiver) == [("evaluating", "checking"), ("preview", "evaluating"), ("published", "published")]
    headers, body = receiver.came[-1]
    said = json.loads(body)
    assert said == {
        "event": "published",
        "submission": submission.id,
        "track": TRACK,
        "state": "published",
        "stage": "publish",
        "message": "The result is public.",
        "time": json.loads(to_json(world.arena.read_history(submission.id).now))["time"],
        "url": f"https://arena.example/submissions/{submission.id}",
    }
    assert headers["X-Arena-Signature"] == f"sha256={hmac.new(b's3cret', body, hashlib.sha256).hexdigest()}"


def test_a_failure_is_told_and_so_is_the_next_try(world: World, receiver: Receiver) -> None:
    submission = submitted(world)
    with told(world, BoardWebhook(receiver.url)) as worker:
        failing = replace(worker, contexts=world.pool(NullGenerator(broken)))
        assert failing.evaluate(submission.id) == "failed"
        worker.submission_queue.refresh()
        assert worker.evaluate(submission.id) == "published"
    assert [event for event, _ in came(receiver)] == ["evaluating", "failed", "evaluating", "preview", "published"]
    assert json.loads(receiver.came[1][1])["message"] == "The engine went away."


def test_a_private_result_is_told_when_it_is_there_and_when_it_is_published(world: World, receiver: Receiver) -> None:
    submission = submitted(world, private=True)
    with told(world, BoardWebhook(receiver.url)) as worker:
        assert worker.evaluate(submission.id) == "evaluated"
        wish(world, submission.id, "publish")
        worker.submission_queue.refresh()
        wish(world, submission.id, "withdraw")
        worker.submission_queue.refresh()
    assert [event for event, _ in came(receiver)] == ["evaluating", "preview", "evaluated", "published", "withdrawn"]


def test_a_board_s_webhook_hears_of_its_track_alone(world: World, receiver: Receiver) -> None:
    submission = submitted(world)
    with (
        receiving() as other,
        told(world, BoardWebhook(other.url, "deep_research"), BoardWebhook(receiver.url, TRACK)) as worker,
    ):
        worker.evaluate(submission.id)
    assert len(receiver.came) == 3
    assert other.came == []


def test_a_submitter_s_webhook_hears_of_its_submission_alone(world: World, tmp_path: Path) -> None:
    (keys := tmp_path / "keys").mkdir()
    server, client = certificate(keys, "localhost")
    with receiving(server, "localhost") as receiver:
        mine, other = submitted(world, "mine"), submitted(world, "other")
        # The form would not take an address of this machine, nor does the courier, if it is not lenient.
        path = f"{submission_dir(mine.id)}/{FILE}"
        record = to_json(Webhook(url=receiver.url, secret="mine alone"))
        world.arena.submissions.commit([Change(path, record)], world.arena.submissions.head())
        with told(world, courier=LoopbackWebhookClient(pauses=(), tls=client)) as worker:
            for one in (mine, other):
                assert worker.evaluate(one.id) == "published"
        assert {json.loads(body)["submission"] for _, body in receiver.came} == {mine.id}
        assert [event for event, _ in came(receiver)] == ["evaluating", "preview", "published"]
        headers, body = receiver.came[0]
        assert headers["X-Arena-Signature"] == f"sha256={hmac.new(b'mine alone', body, hashlib.sha256).hexdigest()}"


def test_a_submitter_s_webhook_into_our_network_is_not_called(
    world: World, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    submission = submitted(world)
    path = f"{submission_dir(submission.id)}/{FILE}"
    record = to_json(Webhook(url=receiver.url.replace("http:", "https:")))
    world.arena.submissions.commit([Change(path, record)], world.arena.submissions.head())
    with told(world) as worker:
        assert worker.evaluate(submission.id) == "published"
    assert receiver.came == []
    assert "it resolves to 127.0.0.1, which is not a public address" in caplog.text


def test_a_receiver_that_is_gone_hinders_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    submission = submitted(world)
    with receiving() as gone:
        address = gone.url
    with told(world, BoardWebhook(address)) as worker:
        assert worker.evaluate(submission.id) == "published"
    assert len(caplog.messages) == 3
    assert "did not accept published: ConnectError" in caplog.messages[-1]


def test_a_damaged_webhook_hinders_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    submission = submitted(world)
    path = f"{submission_dir(submission.id)}/{FILE}"
    world.arena.submissions.commit([Change(path, b"{")], world.arena.submissions.head())
    with told(world) as worker:
        assert worker.evaluate(submission.id) == "published"
    assert f"Skipped webhook notifications of published for {submission.id}" in caplog.text


def test_a_commit_that_is_refused_is_not_told(world: World, receiver: Receiver) -> None:
    submission = submitted(world)
    status = Status(state="published", message="Done.", time=NOW)
    change = Change(f"status/{submission.id}.json", to_json(History(submission=submission.id, entries=(status,))))
    with told(world, BoardWebhook(receiver.url)) as worker, pytest.raises(Conflict):
        worker.arena.results.commit([change], "a" * 64)
    assert receiver.came == []


def test_of_what_is_written_at_once_the_beginning_is_told_before_its_preview(world: World, receiver: Receiver) -> None:
    submission = submitted(world)
    steps: tuple[tuple[State, datetime], ...] = (
        ("checking", NOW),
        ("evaluating", NOW + timedelta(seconds=1)),
        ("queued", NOW + timedelta(seconds=2)),
    )
    entries = tuple(Status(state=state, message="", time=time) for state, time in steps)
    history = to_json(History(submission=submission.id, entries=entries))
    preview = result_path(submission.id, PROTOCOL.name, "previews")
    with told(world, BoardWebhook(receiver.url)) as worker:
        changes = [Change(preview, b"{}"), Change(f"status/{submission.id}.json", history)]
        worker.arena.results.commit(changes, worker.arena.results.head())
    assert came(receiver) == [("evaluating", "checking"), ("preview", "queued")]


def a_history(*states: State) -> tuple[Status, ...]:
    return tuple(Status(state=state, message=str(number), time=NOW) for number, state in enumerate(states))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([], ["queued"], []),
        (["received"], ["received", "evaluating"], ["evaluating"]),
        (["received", "checking"], ["received", "checking", "evaluating"], []),
        (["queued"], ["queued", "evaluating", "published"], ["evaluating", "published"]),
        (["failed"], ["failed", "retrying"], []),
        (["failed"], ["failed", "retrying", "failed"], ["failed"]),
        (["published"], ["published", "evaluating", "published"], ["evaluating", "published"]),
        (["published", "withdrawn"], ["published", "withdrawn"], []),
        (["queued"], ["queued", "checking", "evaluating", "queued", "checking"], ["evaluating"]),
        (["checking", "evaluating", "queued"], ["checking", "evaluating", "queued", "checking", "failed"], ["failed"]),
        (["evaluating", "failed", "queued"], ["evaluating", "failed", "queued", "checking"], ["evaluating"]),
    ],
)
def test_what_is_worth_a_message(before: Sequence[State], after: Sequence[State], expected: list[str]) -> None:
    history = History(submission="0" * 26, entries=a_history(*after))
    assert [event for event, _ in diff_events(a_history(*before), history)] == expected


def test_progress_that_takes_the_place_of_progress_is_not_told() -> None:
    before = (Status(state="evaluating", message="1 of 9", done=1, of=9, time=NOW),)
    after = (Status(state="evaluating", message="2 of 9", done=2, of=9, time=NOW),)
    assert diff_events(before, History(submission="0" * 26, entries=after)) == []


def test_how_boards_are_named() -> None:
    found = parse_board_webhooks(["https://a.example/x=1", f"{TRACK}=http://chat.internal/?a=b"])
    assert found == [BoardWebhook("https://a.example/x=1"), BoardWebhook("http://chat.internal/?a=b", TRACK)]
    with pytest.raises(NotFound, match="write https://"):
        parse_board_webhooks(["a.example"])
    with pytest.raises(NotFound, match=TRACK):
        parse_board_webhooks(["nonsense=https://a.example"])


def test_the_work_command_tells_what_it_is_told_to(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = submitted(world)

    @contextmanager
    def opened(*_settings: object) -> Iterator[EvaluationContext]:
        yield world.bench(world.generator)

    monkeypatch.setattr("evaluator.tracks.context_pool.open_context", opened)
    environment = {"ARENA_WEBHOOK": f"{TRACK}={receiver.url}", "ARENA_WEBHOOK_SECRET": "s", "ARENA_SITE": "https://a.b"}
    done = CliRunner().invoke(app, ["work", "--arena", str(world.folder), "--once"], env=environment)
    assert done.exit_code == 0, done.output
    assert [event for event, _ in came(receiver)] == ["evaluating", "preview", "published"]
    headers, body = receiver.came[0]
    assert "X-Arena-Signature" in headers
    assert json.loads(body)["url"] == f"https://a.b/submissions/{submission.id}"
