"""Download of a submission and its result as a folder of files."""

from __future__ import annotations

import tempfile
from pathlib import Path

from submissions.arena.arena import Arena
from submissions.errors import TheirError
from submissions.index.result_tables import ENDINGS, encode_table, task_table
from submissions.storage.atomic import atomic_write
from submissions.storage.codec import to_json


def download_submission(arena: Arena, ulid: str, to: Path) -> list[str]:
    """Write submission.json, data/ and, once published, result.json and tasks.csv, .json and .parquet.

    Where there is a result under more than one protocol, those of the others lie in a folder named after it.

    The folder `to` appears whole or not at all. Returns the paths in it. Raises NotFound, or TheirError if it exists.
    """
    if to.exists() or not to.absolute().parent.is_dir():
        raise TheirError(f"{to} exists already, or its parent does not: name a new folder with --to.")
    submission = arena.read_submission(ulid)
    files = {"submission.json": to_json(submission)}
    for place, protocol in enumerate(arena.published_protocols().get(ulid, [])):
        result, folder = arena.read_result(ulid, protocol), f"{protocol}/" if place else ""
        files[f"{folder}result.json"] = to_json(result)
        table = task_table(result)
        files |= {f"{folder}tasks.{ending}": encode_table(table, ending) for ending in ENDINGS}
    with tempfile.TemporaryDirectory(dir=to.absolute().parent, prefix=".part-") as temporary:
        whole = Path(temporary) / "whole"
        for path, content in files.items():
            atomic_write(whole / path, content)
        for file in submission.files:
            atomic_write(whole / file.path, arena.read_artifact(submission, file))
        whole.rename(to)
    return sorted([*files, *(file.path for file in submission.files)])
