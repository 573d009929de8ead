"""What reaches a webhook, in which order, and which addresses nobody is sent to."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections import deque
from pathlib import Path

import pytest

from evaluator.notifications.webhook_client import WebhookClient, WebhookTarget
from submissions.records.webhook_address import WEBHOOK_PORTS
from tests.support.webhook_receiver import LoopbackWebhookClient, certificate, receiving


def test_messages_come_in_order_and_signed() -> None:
    with receiving() as receiver:
        with WebhookClient(pauses=()) as courier:
            for number in range(20):
                courier.send(WebhookTarget(receiver.url, "s3cret", trusted=True), "published", b'{"n": %d}' % number)
        assert [body for _, body in receiver.came] == [b'{"n": %d}' % number for number in range(20)]
        for headers, body in receiver.came:
            expected = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
            assert headers["X-Arena-Signature"] == f"sha256={expected}"
            assert headers["X-Arena-Event"] == "published"
            assert "Cookie" not in headers, "the receiver sets one each time"
        assert len({headers["X-Arena-Delivery"] for headers, _ in receiver.came}) == 20


def test_nothing_is_signed_without_a_secret() -> None:
    with receiving() as receiver:
        with WebhookClient() as courier:
            courier.send(WebhookTarget(receiver.url, trusted=True), "failed", b"{}")
        ((headers, _),) = receiver.came
        assert "X-Arena-Signature" not in headers


def test_a_receiver_that_fails_is_asked_again_and_knows_it(caplog: pytest.LogCaptureFixture) -> None:
    with receiving() as receiver:
        receiver.answers = deque([500, 429, 204])
        with WebhookClient(pauses=(0, 0, 0)) as courier:
            courier.send(WebhookTarget(receiver.url, trusted=True), "failed", b"{}")
        assert len(receiver.came) == 3
        assert len({headers["X-Arena-Delivery"] for headers, _ in receiver.came}) == 1
    assert caplog.text == ""


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (302, 1), (503, 3)])
def test_what_is_not_taken_is_logged_without_the_key_in_its_address(
    status: int, tries: int, caplog: pytest.LogCaptureFixture
) -> None:
    with receiving() as elsewhere, receiving() as receiver:
        receiver.answers, receiver.location = deque([status] * tries), elsewhere.url
        with WebhookClient(pauses=(0, 0)) as courier:
            courier.send(WebhookTarget(receiver.url, trusted=True), "published", b"{}")
        assert len(receiver.came) == tries
        assert elsewhere.came == [], "nothing is redirected"
    assert caplog.messages == [f"The webhook at 127.0.0.1 did not accept published: it answered {status}"]


def test_a_dead_receiver_holds_up_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    with receiving() as dead, receiving() as alive:
        dead.gate = threading.Event()
        with WebhookClient(pauses=(), patience=0.1) as courier:
            courier.send(WebhookTarget(dead.url, trusted=True), "published", b"first")
            courier.send(WebhookTarget(alive.url, trusted=True), "published", b"second")
            assert alive.arrived.wait(60)
        assert [body for _, body in alive.came] == [b"second"]
    assert "1 webhook message(s) were not delivered before shutdown" in caplog.text


def test_one_that_never_answers_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    with receiving() as dead:
        dead.gate = threading.Event()
        with WebhookClient(pauses=(0,), seconds=0.2) as courier:
            courier.send(WebhookTarget(dead.url, trusted=True), "published", b"{}")
        assert len(dead.came) == 2
    assert caplog.messages == ["The webhook at 127.0.0.1 did not accept published: TimeoutError"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_a_stranger_s_address_does_not_reach_this_machine(host: str, caplog: pytest.LogCaptureFixture) -> None:
    with receiving() as receiver:
        port = receiver.url.split(":")[2]
        with WebhookClient(pauses=(0,)) as courier:
            courier.send(WebhookTarget(f"https://{host}:{port}"), "published", b"{}")
        assert receiver.came == []
    (message,) = caplog.messages
    assert "which is not a public address" in message


@pytest.mark.parametrize(
    "url", ["http://example.org/", "ftp://example.org", "https://exa mple", "https://", "https://["]
)
def test_a_stranger_s_address_that_is_none_is_not_used(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with WebhookClient(pauses=()) as courier:
        courier.send(WebhookTarget(url), "published", b"{}")
    assert "did not accept published" in caplog.text


@pytest.mark.parametrize("port", [22, 25, 80, 5432, 6379, 8265])
def test_a_stranger_s_port_is_one_of_a_list(port: int, caplog: pytest.LogCaptureFixture) -> None:
    with LoopbackWebhookClient(pauses=(), ports=WEBHOOK_PORTS) as courier:
        courier.send(WebhookTarget(f"https://127.0.0.1:{port}/"), "published", b"{}")
    assert f"port {port} is not allowed; use 443 or 8443" in caplog.text


def test_the_address_that_was_looked_at_is_connected_to_under_the_certificate_of_the_name(tmp_path: Path) -> None:
    server, client = certificate(tmp_path, "localhost")
    with receiving(server, "localhost") as receiver:
        with LoopbackWebhookClient(pauses=(), tls=client) as courier:
            courier.send(WebhookTarget(receiver.url, "key"), "published", b"{}")
        ((headers, _),) = receiver.came
        assert headers["Host"] == receiver.url.split("/")[2]


def test_a_certificate_of_another_name_is_not_trusted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server, client = certificate(tmp_path, "example.org")
    with receiving(server, "localhost") as receiver:
        with LoopbackWebhookClient(pauses=(), tls=client) as courier:
            courier.send(WebhookTarget(receiver.url), "published", b"{}")
        assert receiver.came == []
    assert "did not accept published: ConnectError" in caplog.text


def test_too_many_that_wait_are_dropped(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("evaluator.notifications.webhook_client.MAX_PENDING", 2)
    with receiving() as dead:
        dead.gate = threading.Event()
        with WebhookClient(pauses=(), patience=0) as courier:
            for _ in range(3):
                courier.send(WebhookTarget(dead.url, trusted=True), "published", b"{}")
    assert "2 webhook messages are pending; dropped the one for published" in caplog.messages
