"""Which addresses a stranger may name for notifications."""

from __future__ import annotations

import pytest

from submissions.errors import InvalidForm, OurError
from submissions.records.webhook_address import is_global_address, parse_webhook_ports, require_public_https
from submissions.submitting.submit import SubmissionForm
from tests.support.submission_records import FORM

PUBLIC = (
    "93.184.216.34", "1.1.1.1", "192.0.1.1", "192.167.255.255", "172.32.0.1", "100.128.0.1", "223.255.255.255",
    "2606:2800:220:1::1", "2a00:1450::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822",
)  # fmt: skip
PRIVATE = (
    # IANA's special-purpose IPv4 addresses, and those of clouds' metadata.
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.9", "192.0.0.192",
    "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16",
    # IPv6: unspecified, loopback, local, multicast, discard, documentation, segment routing, reserved.
    "::", "::1", "fc00::1", "fd00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "ff0e::1", "100::1",
    "100:0:0:1::1", "2001:db8::1", "3fff::1", "3fff:fff::1", "5f00::1", "4000::1", "2001:2::1", "2001:10::1",
    "2001:20::1", "2620:4f:8000::1", "fe80::1%eth0", "2606:4700::1%1",
    # IPv4 addresses in IPv6 ones.
    "::127.0.0.1", "::7f00:1", "::93.184.216.34", "::ffff:10.0.0.1", "::ffff:7f00:1", "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1", "64:ff9b::a00:1", "64:ff9b::7f00:1", "64:ff9b::169.254.169.254", "64:ff9b:1::7f00:1",
    "64:ff9b:1::5db8:d822", "2002:7f00:1::", "2002:a00:1::", "2001::7f00:1", "2001:0:5db8:d822::1",
    "2606:4700::5efe:10.0.0.1", "2606:4700::200:5efe:127.0.0.1",
    "", "1.2.3", "0177.0.0.1", "2130706433", "localhost",
)  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_a_global_address_may_be_used(address: str) -> None:
    assert is_global_address(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_another_address_may_not_be_used(address: str) -> None:
    assert not is_global_address(address)


@pytest.mark.parametrize("address", [one for one in PRIVATE if one])
def test_the_form_refuses_it_too(address: str) -> None:
    host = f"[{address.replace('%', '%25')}]" if ":" in address else address
    with pytest.raises(InvalidForm, match="webhook: "):
        SubmissionForm.from_form({**FORM, "webhook": f"https://{host}/"})


@pytest.mark.parametrize(
    "host",
    [
        "127.1", "0x7f.1", "0x7f000001", "017700000001", "0177.0.0.1", "0", "127.0.0.1.", "1.2.3.4.5", "a.0x7f",
        "①②⑦.⓪.⓪.①", "127。0。0。1", "１２７.0.0.1", "ｌocalhost.ｌocalhost", "a.localhost", "x.local", "db.internal",
        "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "router.lan", "metadata", "a..org", ".org",
        "example.org%2f@x", "-a.example.org", "a b.org", f"{'a' * 64}.org",
    ],
)  # fmt: skip
def test_a_host_that_only_looks_public_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        require_public_https(f"https://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.org/a?b=c#d", "https://hooks.example.org:8443/", "https://a_b.example.org/",
        "https://例え.jp/x", "https://xn--r8jz45g.jp/x", "https://[2606:4700::1111]/", "https://8.8.8.8/",
        "https://arena.example/", "https://1.example.org./",
    ],
)  # fmt: skip
def test_a_public_host_is_accepted(url: str) -> None:
    assert require_public_https(url) == url


def test_the_organiser_allows_ports() -> None:
    url = "https://hooks.example.org:9443/"
    with pytest.raises(InvalidForm, match="webhook: port 9443 is not allowed; use 443 or 8443"):
        SubmissionForm.from_form({**FORM, "webhook": url})
    ports = parse_webhook_ports("9443, 8080")
    assert ports == {443, 8443, 8080, 9443}
    assert SubmissionForm.from_form({**FORM, "webhook": url}, ports).webhook == url
    for wrong in ("all", "0", "65536", "443-500", "-1"):
        with pytest.raises(OurError, match="ARENA_WEBHOOK_PORTS"):
            parse_webhook_ports(wrong)
