"""Whose address counts: behind proxies, made up by a visitor, and in IPv6."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from leaderboard.settings import read_settings
from leaderboard.web.addresses import VisitorAddress, group_address
from leaderboard.web.auth.visitor import address_of


def ask(proxies: str, peer: str, *forwarded: str, **environ: str) -> str:
    """The address that a page counts."""

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(address_of(Request({**scope, "session": {}})))(scope, receive, send)

    app = VisitorAddress(page, read_settings({"TRUSTED_PROXIES": proxies, **environ}))
    headers = [("X-Forwarded-For", line) for line in forwarded]
    return TestClient(app, client=(peer, 50000)).get("/", headers=headers).text


@pytest.mark.parametrize("forwarded", [(), ("9.9.9.9",), ("9.9.9.9, 8.8.8.8",), ("9.9.9.9", "1.1.1.1")])
def test_without_a_setting_the_peer_counts_whatever_it_writes(forwarded: tuple[str, ...]) -> None:
    assert ask("", "192.0.2.1", *forwarded) == "192.0.2.1"


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        (("203.0.113.5",), "203.0.113.5"),
        (("9.9.9.9, 203.0.113.5",), "203.0.113.5"),
        (("9.9.9.9", "203.0.113.5"), "203.0.113.5"),
        (("9.9.9.9, 203.0.113.5, 10.0.0.3",), "203.0.113.5"),
        (("10.0.0.9, 203.0.113.5, 10.0.0.3, 10.0.0.4",), "203.0.113.5"),
        (("203.0.113.5:4711",), "203.0.113.5"),
        (('"[2001:db8:1:2:3::4]:80"',), "2001:db8:1:2::/64"),
        (("<script>",), "10.0.0.2"),
        (("203.0.113.5, unknown",), "10.0.0.2"),
        (("203.0.113.5, ",), "10.0.0.2"),
        ((), "10.0.0.2"),
    ],
)
def test_behind_proxies_the_right_most_other_address_counts(forwarded: tuple[str, ...], expected: str) -> None:
    assert ask("10.0.0.0/8", "10.0.0.2", *forwarded) == expected


def test_a_visitor_beside_the_proxy_is_not_believed() -> None:
    assert ask("10.0.0.0/8", "192.0.2.1", "203.0.113.5") == "192.0.2.1"


def test_on_a_space_the_last_entry_is_the_hub_s() -> None:
    assert ask("", "10.0.0.2", "9.9.9.9, 203.0.113.5", SPACE_ID="a/b") == "203.0.113.5"


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("192.0.2.1", "192.0.2.1"),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_network_is_one_visitor(address: str, counted: str) -> None:
    assert group_address(address) == counted
