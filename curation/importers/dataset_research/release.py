"""Reader of the published release as a whole: tasks, reference rows and scores, with every problem at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from curation.importers.dataset_research.convert_task import convert_task
from curation.importers.dataset_research.json_files import quote_value, read_json
from curation.importers.dataset_research.published_scores import BASE, REFERENCE, convert_scores, make_note, read_scores
from curation.importers.dataset_research.reference_files import FOLDERS, References
from curation.importers.dataset_research.release_tasks import FILE, ReleaseTask, read_domains, read_entries
from curation.importers.dataset_research.task_ids import make_safe_ids
from curation.layout.flat_reader import FlatBenchmark, InvalidBenchmark
from curation.layout.hash_split import split_rows
from curation.records import FlatTask, make_error, make_warning
from submissions.arena.benchmark import OfficialAnchor, OfficialAnchors
from submissions.errors import NotFound
from submissions.records.check_report import Problem
from submissions.records.task import Row

ASKED = 1000
"""Number of first reference rows that the published evaluation trains on and asks."""
_NAMED = 5
Scores = dict[str, dict[str, Mapping[str, object]]]
"""Score file to task id to the file's entry for the task."""


@dataclass(frozen=True)
class Options:
    """Options of an import of the release."""

    registry: Path | None = None
    """LLaMA-Factory's dataset_info.json; by default the one in the release's own folder."""
    domains: Path | None = None
    """File of tasks with knowledge or reasoning metadata, for tasks that lack it in the release."""
    skip_missing: bool = False
    """Leave out tasks without a reference file."""


@dataclass(frozen=True)
class Release:
    """Validated contents of the release."""

    flat: FlatBenchmark
    anchors: OfficialAnchors
    skipped: tuple[str, ...]
    """Tasks without a reference file, by the release's ids."""
    warnings: tuple[Problem, ...]


def read_release(
    source: Path, options: Options, progress: Callable[[str, int, int], None] = lambda *_: None
) -> Release:
    """Read the whole release. Raises NotFound if missing, InvalidBenchmark with every problem if unsound."""
    if not (source / FILE).is_file():
        raise NotFound(f"{source} has no {FILE}: name the folder of the release ({FILE}, {REFERENCE}, {BASE}).")
    problems: list[Problem] = []
    entries = _read_tasks(source, options, problems)
    scores = _load_scores(source, entries, problems)
    ids = make_safe_ids(entry.id for entry in entries)
    references = References(source, _read_registry(source, options, problems), problems)
    found: dict[ReleaseTask, tuple[Row, ...] | None] = {}
    for number, entry in enumerate(entries):
        progress(ids[entry.id], number, len(entries))
        found[entry] = references.read_rows(entry)
    rows = {entry: mine for entry, mine in found.items() if mine}
    skipped = [entry for entry, mine in found.items() if mine is None]
    problems += _report_missing(skipped, options, every=len(skipped) == len(entries))
    tasks: list[FlatTask] = []
    anchors: dict[str, OfficialAnchor] = {}
    for entry, mine in rows.items():
        tasks += convert_task(entry, ids[entry.id], mine, problems)
        anchors[ids[entry.id]] = _make_anchor(entry, len(mine), scores, problems)
        problems += _check_split(entry, ids[entry.id], mine)
    problems = list(dict.fromkeys(problems))
    if errors := [problem for problem in problems if problem.level == "error"]:
        raise InvalidBenchmark(source, errors)
    return Release(
        FlatBenchmark(tuple(tasks), {ids[entry.id]: mine for entry, mine in rows.items()}),
        OfficialAnchors(release_sha256=_hash_release(source), tasks=anchors),
        tuple(entry.id for entry in skipped),
        tuple(problems),
    )


def _read_tasks(source: Path, options: Options, problems: list[Problem]) -> list[ReleaseTask]:
    domains: dict[str, object] = {}
    if options.domains:
        said = read_json(options.domains, options.domains.name, problems)
        domains = {} if said is None else read_domains(said, options.domains.name, problems)
    content = read_json(source / FILE, FILE, problems)
    return [] if content is None else read_entries(content, domains, problems)


def _read_registry(source: Path, options: Options, problems: list[Problem]) -> dict[str, object]:
    path = options.registry or source / "dataset_info.json"
    if not options.registry and not path.is_file():
        return {}
    content = read_json(path, path.name, problems)
    if content is not None and not isinstance(content, dict):
        problems.append(make_error(path.name, None, "It is not a registry of data sets.", "Name a dataset_info.json."))
    return content if isinstance(content, dict) else {}


def _load_scores(source: Path, entries: Sequence[ReleaseTask], problems: list[Problem]) -> Scores:
    """Load both score files, with a warning for tasks that only they contain."""
    known = {entry.id for entry in entries}
    scores: Scores = {}
    for file in (BASE, REFERENCE):
        content = read_json(source / file, file, problems)
        scores[file] = {} if content is None else read_scores(content, file, problems)
        if strangers := [task for task in scores[file] if task not in known]:
            what = f"{len(strangers)} task(s) are not in {FILE}: {_join_names(strangers)}."
            problems.append(make_warning(file, what, "Their scores are ignored."))
    return scores


def _report_missing(skipped: Sequence[ReleaseTask], options: Options, *, every: bool) -> Iterator[Problem]:
    """Yield problems for tasks without a reference; none may be left out if `every` task is one of them."""
    for entry in skipped:
        what = f"{entry.where}no file below {FOLDERS} is the reference {quote_value(entry.dataset)}."
        if options.skip_missing and not every:
            yield make_warning(
                FILE, what, "The task is skipped, so totals are over fewer tasks than the published ones."
            )
        else:
            yield make_error(FILE, None, what, "Add it, name a registry with --registry, or pass --skip-missing.")


def _make_anchor(entry: ReleaseTask, rows: int, scores: Scores, problems: list[Problem]) -> OfficialAnchor:
    base, reference = (
        convert_scores(entry, scores[file].get(entry.id), min(rows, ASKED), file, problems)
        for file in (BASE, REFERENCE)
    )
    notes = filter(None, (make_note(scores[file].get(entry.id), file) for file in (BASE, REFERENCE)))
    return OfficialAnchor(official_id=entry.id, base=base, reference=reference, note="; ".join(notes))


def _check_split(entry: ReleaseTask, task: str, rows: Sequence[Row]) -> Iterator[Problem]:
    sides = set(split_rows(task, rows))
    if len(sides) == 1:
        what = f"{entry.where}all {len(rows)} rows of its reference fall into the {sides.pop()} half."
        yield make_error(
            FILE, None, what, "Remove the task: there would be nothing to train on, or nothing to test on."
        )


def _join_names(names: Sequence[str]) -> str:
    shown = ", ".join(quote_value(name) for name in names[:_NAMED])
    return f"{shown}, …" if len(names) > _NAMED else shown


def _hash_release(source: Path) -> str:
    """Return the SHA-256 over the contents of the task and score files, each preceded by its length in eight bytes."""
    digest = hashlib.sha256()
    for file in (FILE, BASE, REFERENCE):
        content = (source / file).read_bytes()
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()
