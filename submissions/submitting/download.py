"""A submission and its result as a folder of files."""

from __future__ import annotations

import tempfile
from pathlib import Path

from submissions.arena.arena import Arena, dump, folder_of
from submissions.errors import TheirError
from submissions.index.result_tables import ENDINGS, encode, task_table
from submissions.storage.local_repo import write_whole


def download(arena: Arena, ulid: str, to: Path) -> list[str]:
    """Write submission.json, data/ and, once published, result.json and tasks.csv, .json and .parquet.

    Where there is a result under more than one protocol, those of the others lie in a folder named after it.

    The folder `to` appears whole or not at all. Returns the paths in it. Raises NotFound, or TheirError if it exists.
    """
    if to.exists() or not to.absolute().parent.is_dir():
        raise TheirError(f"{to} exists already, or its parent does not: name a new folder with --to.")
    submission = arena.submission(ulid)
    files = {"submission.json": dump(submission)}
    for place, protocol in enumerate(arena.published().get(ulid, [])):
        result, folder = arena.result(ulid, protocol), f"{protocol}/" if place else ""
        files[f"{folder}result.json"] = dump(result)
        table = task_table(result)
        files |= {f"{folder}tasks.{ending}": encode(table, ending) for ending in ENDINGS}
    with tempfile.TemporaryDirectory(dir=to.absolute().parent, prefix=".part-") as temporary:
        whole = Path(temporary) / "whole"
        for path, content in files.items():
            write_whole(whole / path, content)
        for file in submission.files:
            write_whole(whole / file.path, arena.submissions.read(f"{folder_of(ulid)}/{file.path}"))
        whole.rename(to)
    return sorted([*files, *(file.path for file in submission.files)])
