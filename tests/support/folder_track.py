"""A track of two kinds of artifacts: a folder of two files for each task, and one file for no task."""

from __future__ import annotations

import os

from submissions.checking.payloads.payload import ArtifactName, CheckedFiles, CheckTarget, Payload
from submissions.checking.problem_list import ProblemList
from submissions.checking.source_file import SourceFile
from submissions.errors import InvalidFile
from submissions.records.submission import DataFile
from submissions.tracks.track import Labelled, MethodSpec, Track

PARTS = ("plan.json", "process.py")
ABORT = b"abort"
"""Content of a plan that ends the process which compares it with the rest."""


class RecipePayload(Payload):
    """A plan and a program for each task, which need each other."""

    name_form = "<task id>/plan.json"
    folders = 1

    def parse_name(self, name: str) -> ArtifactName:
        task, _, part = name.partition("/")
        if part not in PARTS:
            raise InvalidFile("This is no part of a recipe.", "Deliver <task id>/plan.json and <task id>/process.py.")
        return ArtifactName(task=task, stored=name)

    def check_file(self, entry: SourceFile, target: CheckTarget) -> DataFile | None:
        with self.open_entry(entry) as stream:
            content = stream.read()
        if b"bad" in content:
            target.listing.add_error("The part is bad.", "Write a good one.", 1)
        return None if target.listing.has_errors else target.store_content(content, 1)

    def check_whole(self, checked: CheckedFiles, listing: ProblemList) -> None:
        for task in sorted({name.partition("/")[0] for name in checked.names}):
            for part in PARTS:
                if f"{task}/{part}" not in checked.names:
                    listing.add_error(f"The recipe has no {part}.", "Add it.", file=task)
        for file in checked.files:
            if ABORT in (checked.into / file.path.removeprefix("data/")).read_bytes():
                os.abort()


class CorpusPayload(Payload):
    """One file for the whole delivery."""

    name_form = "corpus.txt"

    def parse_name(self, name: str) -> ArtifactName:
        if name != "corpus.txt":
            raise InvalidFile("This is no corpus.", "Name it corpus.txt.")
        return ArtifactName(task=None, stored=name)

    def check_file(self, entry: SourceFile, target: CheckTarget) -> DataFile | None:
        with self.open_entry(entry) as stream:
            content = stream.read()
        return target.store_content(content, max(1, content.count(b"\n")))


TRACK = Track(
    name="folders",
    title="Folders",
    module=__name__,
    payloads={"recipe": RecipePayload(), "corpus": CorpusPayload()},
    methods=(MethodSpec("sum", "sum"),),
    headline="sum",
    stages=("check", "total", "publish"),
    subsets=("all",),
    categories={"recipes": "sum"},
    system_types=(Labelled("counting", "counting"),),
    default_protocol="folders@1",
    demo_protocol="folders@1",
)
