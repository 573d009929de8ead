"""Toy track: for each task a file of integers, the more the better."""

from __future__ import annotations

from submissions.checking.payloads.payload import CheckTarget, Payload
from submissions.checking.source_file import SourceFile
from submissions.records.submission import DataFile
from submissions.tracks.track import Labelled, MethodSpec, Track


class IntegersPayload(Payload):
    """One integer on each line."""

    name_form = "<task id>.txt"

    def check_file(self, entry: SourceFile, target: CheckTarget) -> DataFile | None:
        with self.open_entry(entry) as stream:
            lines = stream.read().splitlines()
        for number, line in enumerate(lines, 1):
            if not line.strip().lstrip(b"-").isdigit():
                target.listing.add_error("The line is no integer.", "Write one integer on each line.", number)
        return None if target.listing.has_errors else target.store_content(b"\n".join(lines) + b"\n", len(lines))


TRACK = Track(
    name="toy",
    title="Toy",
    module=__name__,
    payloads={"integers": IntegersPayload()},
    methods=(MethodSpec("sum", "sum", is_preview=True),),
    headline="sum",
    stages=("check", "add", "total", "publish"),
    subsets=("all",),
    categories={"integers": "sum"},
    system_types=(Labelled("counting", "counting"),),
    default_protocol="toy@1",
    demo_protocol="toy@1",
    attempts=3,
)
