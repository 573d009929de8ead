"""What a submitter may ask for once a submission is stored, and whose submission it is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from submissions.records.base import Record

Owner = Annotated[str, Field(pattern=r"^((hf|key):[A-Za-z0-9_-]{1,128})?$")]
"""Who may ask: `hf:<sub>`, an account of the Hub; `key:<sha256>`, who holds the key that a browser was given; or
nobody but who may write in the arena's folder."""


class OwnerRequest(Record):
    """One thing asked of the evaluator, in a file of its own, so that no two can overwrite each other."""

    kind: Literal["withdraw", "retry", "publish"]
    by: Owner
    time: datetime
    samples: bool = False
    """Of `publish`: may the first rows of each data set be shown in public?"""


def filter_authorized(wishes: Iterable[OwnerRequest], owner: str) -> list[OwnerRequest]:
    """Those that count: by the submission's owner, or by whoever may write in the arena's folder."""
    return [wish for wish in wishes if wish.by in ("", owner)]


def can_show_samples(wishes: Iterable[OwnerRequest], owner: str) -> bool:
    """Whether the first rows of a submission may be shown in public: the last word on publishing it says so."""
    counted = filter_authorized(wishes, owner)
    published = [wish for wish in counted if wish.kind == "publish"]
    # A withdrawal is for good, whatever was asked for after it.
    return bool(published) and published[-1].samples and not any(wish.kind == "withdraw" for wish in counted)
