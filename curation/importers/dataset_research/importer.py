"""Import of the published release as a benchmark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from curation.importers.dataset_research.release import Options, read_release
from curation.layout.benchmark_writer import ImportReport, build_files, write_benchmark
from submissions.arena.benchmark import OFFICIAL
from submissions.storage.codec import to_json


class OfficialImport(ImportReport):
    """Result of an import of the release."""

    skipped: tuple[str, ...]
    """Tasks left out because the release has no reference file for them, by its ids."""


def import_official(
    source: Path,
    dest: Path,
    options: Options = Options(),  # noqa: B008 -- it is frozen
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> OfficialImport:
    """Import the release and its published scores (anchors/official.json) as a benchmark, in one commit.

    Raises NotFound without a release, InvalidBenchmark for an unsound one, BenchmarkExists as `import_flat` does.
    """
    release = read_release(source, options, progress)
    files = build_files(release.flat, {OFFICIAL: to_json(release.anchors)})
    return OfficialImport(
        changed=write_benchmark(files, dest),
        tasks=len(release.flat.tasks),
        rows=sum(map(len, release.flat.rows.values())),
        skipped=release.skipped,
        warnings=release.warnings,
    )
