"""Task ids that are valid as file and page names, from the release's ids."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from itertools import count

from pydantic import TypeAdapter, ValidationError

from submissions.records.base import TaskId

_TASK_ID: TypeAdapter[str] = TypeAdapter(TaskId)
_STEM = 100
"""Characters retained of an id that has to be changed."""


def make_safe_ids(official: Iterable[str]) -> dict[str, str]:
    """Map every id of the release to a unique id of ours, independent of their order.

    An id that is sound stays. Else `/` becomes `_`, as in the release's own file names, if that is sound and free.
    Else every other sign becomes `_` and ten digits of the SHA-256 of the id are added.
    """
    ids = list(dict.fromkeys(official))
    found = {one: one for one in ids if is_valid_id(one)}
    slashed = [one.replace("/", "_") for one in ids if one not in found]
    for one in ids:
        plain = one.replace("/", "_")
        if one not in found and is_valid_id(plain) and plain not in found and slashed.count(plain) == 1:
            found[one] = plain
    taken = set(found.values())
    for one in sorted(set(ids) - found.keys()):
        found[one] = _make_hashed_id(one, taken)
        taken.add(found[one])
    return {one: found[one] for one in ids}


def is_valid_id(name: str) -> bool:
    """Return whether a name can be a task's id as it is."""
    try:
        return _TASK_ID.validate_python(name) == name
    except ValidationError:
        return False


def _make_hashed_id(official: str, taken: set[str]) -> str:
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", official).lstrip("._-")[:_STEM] or "task"
    for number in count():
        salted = f"{official}{number or ''}".encode("utf-8", "surrogatepass")
        name = f"{stem}-{hashlib.sha256(salted).hexdigest()[:10]}"
        if name not in taken:
            return name
    raise AssertionError("count() never ends")
