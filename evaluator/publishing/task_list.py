"""Publishes the public side of the benchmark and the facts of the served protocols, for the web app."""

from __future__ import annotations

from collections.abc import Iterable

from evaluator.config.protocol import Protocol
from evaluator.publishing.results_table import backfill_tables
from evaluator.stages.track_context import TrackContext
from evaluator.tracks import get_scorer
from submissions.arena.arena import Arena, commit_with_retry
from submissions.arena.benchmark import Benchmark
from submissions.storage.codec import to_jsonl
from submissions.storage.format_version import FORMAT, format_change, read_format
from submissions.storage.format_version import PATH as FORMAT_PATH
from submissions.storage.repo import Change
from submissions.tracks import get_track
from submissions.tracks.published_protocol import PublishedProtocol


def publish_task_list(arena: Arena, benchmark: Benchmark, contexts: Iterable[TrackContext]) -> None:
    """Write the tasks and every protocol's facts and frame into `results`, if they are not there yet.

    Those of protocols without a context here stay as they were published.
    """
    tasks, results = benchmark.read_tasks(), arena.results
    frames = {frame.protocol: frame for frame in arena.read_frames()}
    protocols = {protocol.name: protocol for protocol in arena.read_protocols()}
    for context in contexts:
        rules = context.protocol
        protocols[rules.name] = describe_protocol(rules, benchmark)
        workload = get_scorer(rules.track).workload
        if workload is not None and (frame := workload.build_frame(context, benchmark, tasks)):
            frames[rules.name] = frame
    files = {
        "tasks.jsonl": to_jsonl(tasks),
        "frames.jsonl": to_jsonl([frames[name] for name in sorted(frames)]),
        "protocols.jsonl": to_jsonl([protocols[name] for name in sorted(protocols)]),
    }
    changes = [
        Change(path, content)
        for path, content in files.items()
        if path not in results.list(path) or results.read(path) != content
    ]
    changes += backfill_tables(results)
    if FORMAT_PATH not in results.list(FORMAT_PATH) or read_format(results) < FORMAT:
        changes.append(format_change())
    if changes:
        commit_with_retry(results, changes)


def describe_protocol(rules: Protocol, benchmark: Benchmark) -> PublishedProtocol:
    """Describe a protocol for readers without the evaluator."""
    track, scorer = get_track(rules.track), get_scorer(rules.track)
    version, known = scorer.current_version(benchmark, rules), track.describe_protocol(rules.name)
    return PublishedProtocol(
        name=rules.name,
        track=rules.track,
        sha256=version.protocol_sha256,
        benchmark_sha256=version.benchmark_sha256,
        stages=track.stages,
        methods=rules.methods,
        scale=scorer.describe_scale(rules),
        order=known.order,
        note=known.note,
    )
