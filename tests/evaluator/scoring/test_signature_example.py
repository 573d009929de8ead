"""The submitters' page shows how to verify a message: its code says yes to ours, and no to others."""

from __future__ import annotations

import re

from evaluator.notifications.webhook_client import sign_body
from tests.support.paths import ROOT


def test_the_example_verifies_what_is_sent() -> None:
    (code,) = re.findall(
        r"```python\n(import hashlib, hmac.*?)```", (ROOT / "docs/submitter.md").read_text(), re.DOTALL
    )
    place: dict = {}
    exec(code, place)
    assert place["is_ours"]("key", b"{}", sign_body("key", b"{}"))
    assert not place["is_ours"]("key", b"{} ", sign_body("key", b"{}"))
    assert not place["is_ours"]("other", b"{}", sign_body("key", b"{}"))
