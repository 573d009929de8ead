"""Webhook of a submitter: an address for notifications, and a secret that authenticates their sender.

Stored beside the submission, in a separate file: no view of a submission can show it by mistake.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo

from submissions.records.base import Record
from submissions.records.webhook_address import WEBHOOK_PORTS, require_public_https

FILE = "webhook.json"


def _require_allowed(url: str, info: ValidationInfo) -> str:
    """Check an address with the ports in the validation's context, the usual ones by default. Raises ValueError."""
    return require_public_https(url, (info.context or {}).get("webhook_ports", WEBHOOK_PORTS))


PublicUrl = Annotated[str, Field(max_length=500), AfterValidator(_require_allowed)]
Secret = Annotated[str, Field(max_length=200)]


class Webhook(Record):
    """webhook.json. The evaluator checks the address again before use."""

    url: Annotated[str, Field(min_length=1, max_length=500)]
    secret: Secret = ""
    """Key that signs notifications; without it they are unsigned."""
