"""Coordinators over the real client and a loopback Hub, and every fault that they must survive.

| fault | test | what is asserted |
| --- | --- | --- |
| two coordinators | test_a_second_coordinator_… | it names the first and waits; each is published once |
| two at the same moment | test_of_two_that_take_the_arena_at_once_… | one has it |
| frozen beyond its lease, and waking | test_one_that_slept_… | it writes nothing; the other's result stands |
| SIGKILL between evaluating and publishing | test_coordinator_killed.py | the next run publishes it, once |
| commit landed, answered 504 | test_a_commit_that_landed_unseen_… | one commit; nothing is repeated |
| identical-content claim | test_the_same_claim_… | one has it, though both would write the same bytes |
| stale heads | test_heads_that_lag_… | the state shown is the newest |
| quota exhausted for an hour | test_an_hour_without_commits_… | work goes on; all is written after it, once |
| Hub down at start | test_a_hub_that_is_down_at_the_start_… | says so, waits, and does all |
| Hub down for a day | test_a_hub_that_is_away_for_a_day_… | what was read is evaluated; written when it is back |
| a file corrupted in the repository | test_a_damaged_… | it fails through our fault; the others go on |
| disk full on the coordinator | test_coordinator_full.py | it fails through our fault; later it is published |
| deleted by its owner while it is evaluated | test_what_is_deleted_… | nothing is published; it is shown as withdrawn |

After each: no submission is lost, none is published twice, and the state that a visitor sees is true.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from evaluator.publishing.lease import LEASE_DURATION, PATH, Lease, LeaseHeld, LeaseLost, read_lease
from submissions.arena.arena import commit_with_retry
from submissions.arena.ids import submission_dir
from submissions.errors import Unreachable
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from tests.support.hub.fixtures import hub as hub
from tests.support.hub.server import Hub
from tests.support.hub_evaluators import NAME, Arenas, Station, all_is_well

pytestmark = pytest.mark.integration


@pytest.fixture
def arenas(hub: Hub, tmp_path: Path) -> Arenas:
    return Arenas(hub, tmp_path)


@pytest.fixture
def station(arenas: Arenas) -> Station:
    return arenas.station()


def test_all_that_waits_is_evaluated_in_few_commits(arenas: Arenas, station: Station) -> None:
    ids = [arenas.submit(name).id for name in ("One", "Two", "Three")]
    station.run()
    all_is_well(arenas, *sorted(ids))
    first, *state, last = arenas.commits()
    assert (first, last) == (PATH, PATH)
    assert len(state) <= 3, "nobody waits for real, so no minute goes by while they are evaluated"
    assert PATH not in arenas.seen().results.list(), "the lease was given back"


def test_a_commit_is_made_at_most_once_a_minute_and_results_wait_no_longer(arenas: Arenas, station: Station) -> None:
    ids = [arenas.submit(name).id for name in ("One", "Two")]
    station.act = lambda _call: arenas.hub.clock.forward(20)
    station.run()
    all_is_well(arenas, *sorted(ids))
    made = arenas.hub.store.commits("datasets/arena/test-results")
    times = [datetime.fromisoformat(commit.date) for commit in reversed(made)][2:-1]
    assert all(later - earlier >= timedelta(seconds=59) for earlier, later in pairwise(times))


def test_a_second_coordinator_is_told_who_is_there_and_until_when_and_takes_over_when_that_is_past(
    arenas: Arenas, station: Station
) -> None:
    submission = arenas.submit()
    station.desk().acquire_leases()
    second = arenas.station("two")
    with pytest.raises(
        LeaseHeld, match=r"Another evaluator \(one\) works on this arena; last heartbeat at .* until .* UTC"
    ):
        second.run()
    assert arenas.states() == {submission.id: "received"}
    started = arenas.hub.clock()
    second.pause = lambda _wait: _end_when(lambda: arenas.states() == {submission.id: "published"})
    with pytest.raises(KeyboardInterrupt):
        second.run(forever=True)
    assert second.said[0].startswith("Another evaluator (one)")
    assert len([said for said in second.said if "Another evaluator" in said]) == 1
    assert arenas.hub.clock() - started >= LEASE_DURATION - timedelta(minutes=1)
    all_is_well(arenas, submission.id)


def test_of_two_that_take_the_arena_at_once_one_has_it(arenas: Arenas) -> None:
    second = arenas.station("two").desk()
    arenas.hub.faults.before_commit = lambda: _inside(arenas, PATH, _lease(arenas, "one"))
    with pytest.raises(LeaseHeld, match="one"):
        second.acquire_leases()
    assert read_lease(arenas.seen().results) == _read_lease(arenas)
    assert _read_lease(arenas).owner == "one"


def test_the_same_claim_by_two_is_had_by_one(arenas: Arenas) -> None:
    """Both would write the same bytes at the same moment; the client drops a commit that changes nothing."""
    one, two = arenas.station("one"), arenas.station("two")
    first, second = one.desk(), two.desk()
    first.acquire_leases()
    arenas.hub.clock.forward(LEASE_DURATION.total_seconds() + 1)
    for desk in (first, second):  # as if one had been given the other's name
        desk.results.owner = "same"
    second.acquire_leases()
    commit_with_retry(second.arena.results, [Change("status/claim.json", b"mine")])
    commit_with_retry(first.arena.results, [Change("status/claim.json", b"mine")])
    assert second.flush()
    with pytest.raises(LeaseLost, match="silent for longer than its lease"):
        first.flush(at_once=True)
    assert arenas.written("status/claim.json") == 1


def test_one_that_slept_beyond_its_lease_writes_nothing_when_it_wakes(arenas: Arenas, station: Station) -> None:
    submission, second = arenas.submit(), arenas.station("two")
    seen: list[tuple[dict[str, str], list[str], list[str]]] = []

    def freeze(call: int) -> None:
        if call == 5 and not seen:
            arenas.hub.clock.forward(LEASE_DURATION.total_seconds() + 1)
            second.run()
            seen.append((arenas.states(), arenas.commits(), arenas.commits("drafts")))

    station.act = freeze
    with pytest.raises(LeaseLost, match="the lease was withdrawn"):
        station.run()
    assert seen == [(arenas.states(), arenas.commits(), arenas.commits("drafts"))], "it wrote something"
    all_is_well(arenas, submission.id)


def test_one_that_slept_and_was_not_missed_goes_on(arenas: Arenas, station: Station) -> None:
    submission = arenas.submit()
    slept: list[int] = []

    def freeze(call: int) -> None:
        if call == 5 and not slept:
            slept.append(call)
            arenas.hub.clock.forward(10 * LEASE_DURATION.total_seconds())

    station.act = freeze
    station.run()
    all_is_well(arenas, submission.id)


def test_a_woken_one_takes_its_place_in_the_line_again_if_it_runs_for_ever(arenas: Arenas, station: Station) -> None:
    first, second = arenas.submit("One"), arenas.station("two")
    slept: list[int] = []

    def freeze(call: int) -> None:
        if call == 5 and not slept:
            slept.append(call)
            arenas.hub.clock.forward(LEASE_DURATION.total_seconds() + 1)
            second.run()

    later: list[str] = []

    def pause(wait: int) -> None:
        if not later:
            later.append(arenas.submit("Two").id)
        _end_when(lambda: wait > 5)

    station.act, station.pause = freeze, pause
    with pytest.raises(KeyboardInterrupt):
        station.run(forever=True)
    assert any("writes nothing more" in said for said in station.said)
    all_is_well(arenas, *sorted([first.id, *later]))


@pytest.mark.parametrize("fault", ["504 after", "reset after", "504 before", "500"])
def test_a_commit_that_landed_unseen_or_did_not_is_made_once(arenas: Arenas, station: Station, fault: str) -> None:
    submission = arenas.submit()
    arenas.hub.faults.commits.extend(["ok", "ok", fault, fault])
    station.run()
    all_is_well(arenas, submission.id)


def test_a_commit_whose_fate_stays_unknown_is_looked_for_before_more_is_written(
    arenas: Arenas, station: Station
) -> None:
    submission = arenas.submit()
    arenas.hub.faults.commits.extend(["ok", "ok", "504 after"])
    real = arenas.hub.store.apply

    def and_down(name: str, *rest: object) -> str:
        oid = real(name, *rest)  # type: ignore[arg-type]
        if name.endswith("results") and len(arenas.commits()) == 2:
            arenas.hub.faults.down = True
        return oid

    arenas.hub.store.apply = and_down  # type: ignore[method-assign]

    def up(wait: int) -> None:
        arenas.hub.faults.down = wait < 3

    station.pause = up
    station.run()
    assert len(station.waits) >= 3
    all_is_well(arenas, submission.id)


def test_heads_that_lag_do_not_bring_back_an_old_state(arenas: Arenas, station: Station) -> None:
    ids = [arenas.submit("One").id]
    arenas.hub.faults.stale = 3
    station.run()
    arenas.hub.faults.stale_commits = 1
    ids.append(arenas.submit("Two").id)
    arenas.hub.faults.stale_commits = 0
    station.run()
    arenas.hub.faults.stale = 0
    all_is_well(arenas, *sorted(ids))


def test_an_hour_without_commits_is_worked_through(arenas: Arenas, station: Station) -> None:
    ids = [arenas.submit(name).id for name in ("One", "Two", "Three")]
    desk = station.desk()
    desk.acquire_leases()
    arenas.hub.faults.quota = 1
    worker, coordinator = station.worker(desk.arena), station.coordinator()
    started = arenas.hub.clock()
    while coordinator.run_once(worker, desk) is not None:
        pass
    assert arenas.hub.clock() - started < timedelta(minutes=30), "nobody waited for the quota before all was evaluated"
    assert len(station.generator.models) == 3 * 8
    assert arenas.states() == dict.fromkeys(sorted(ids), "received"), "nothing could be told yet"
    assert desk.next_commit_at is not None
    arenas.hub.clock.forward(3601)
    assert desk.flush()
    arenas.hub.faults.quota = None
    all_is_well(arenas, *sorted(ids))
    assert len(station.generator.models) == 3 * 8


def test_a_hub_that_is_down_at_the_start_is_waited_for(arenas: Arenas, station: Station) -> None:
    submission = arenas.submit()
    arenas.hub.faults.down = True
    with pytest.raises(Unreachable):
        station.run()

    def up(wait: int) -> None:
        arenas.hub.faults.down = wait < 4
        _end_when(lambda: wait > 7)

    station.waits.clear()
    station.pause = up
    with pytest.raises(KeyboardInterrupt):
        station.run(forever=True)
    told = [said for said in station.said if "does not answer" in said]
    assert len(told) == 1, "what lasts is said once"
    assert "retried automatically" in told[0]
    all_is_well(arenas, submission.id)


def test_a_hub_that_is_away_for_a_day_gets_what_was_evaluated_meanwhile(arenas: Arenas, station: Station) -> None:
    submission = arenas.submit()

    def away(call: int) -> None:
        arenas.hub.faults.down = True
        arenas.hub.clock.forward(60)
        if call == 7:
            seen.add(len(station.trainer.jobs))

    def up(_wait: int) -> None:
        arenas.hub.faults.down = arenas.hub.clock() < back

    seen: set[int] = set()
    back = arenas.hub.clock() + timedelta(days=1)
    station.act, station.pause = away, up
    station.run()
    assert seen == {2}, "all was trained and asked while the Hub was away"
    assert len(station.generator.models) == 8, "and nothing twice"
    assert arenas.hub.clock() >= back
    all_is_well(arenas, submission.id)


@pytest.mark.parametrize("damage", ["data/a.jsonl", "submission.json"])
def test_a_damaged_submission_fails_through_our_fault_and_the_others_go_on(
    arenas: Arenas, station: Station, damage: str
) -> None:
    ids = sorted(arenas.submit(name).id for name in ("One", "Two"))
    arenas.hub.faults.corrupted.add(f"{submission_dir(ids[0])}/{damage}")
    coordinator = station.run()
    assert arenas.states() == {ids[0]: "failed", ids[1]: "published"}
    now = arenas.seen().read_history(ids[0]).now
    assert (now.fault, list(coordinator.failed)) == ("evaluator", [ids[0]])
    assert damage in now.message
    arenas.hub.faults.corrupted.clear()
    arenas.station().run()
    all_is_well(arenas, *ids)


def test_a_damaged_status_and_a_damaged_lease_stop_nobody_else(arenas: Arenas, station: Station) -> None:
    ids = sorted(arenas.submit(name).id for name in ("One", "Two"))
    by_hand(arenas, f"status/{ids[0]}.json", "{")
    by_hand(arenas, PATH, "?")
    station.run()
    assert arenas.seen().read_history(ids[1]).now.state == "published"
    assert arenas.seen().published_protocols() == {ids[1]: [NAME]}
    HfApi(arenas.hub.url).delete_file(f"status/{ids[0]}.json", "arena/test-results", repo_type="dataset")
    arenas.station().run()
    all_is_well(arenas, *ids)


def test_what_is_deleted_while_it_is_evaluated_is_not_published(arenas: Arenas, station: Station) -> None:
    ids = sorted(arenas.submit(name).id for name in ("One", "Two"))

    deleted: list[int] = []

    def delete(call: int) -> None:
        if call == 5 and not deleted:
            deleted.append(call)
            folder = submission_dir(ids[0])
            HfApi(arenas.hub.url).delete_folder(folder, "arena/test-submissions", repo_type="dataset")
            arenas.hub.clock.forward(30)

    station.act = delete
    station.run()
    seen = arenas.seen()
    assert seen.published_protocols() == {ids[1]: [NAME]}
    assert arenas.written(f"results/{ids[0]}/{NAME}.json") == 0
    now = seen.read_history(ids[0]).now
    assert (now.state, "deleted" in now.message) == ("withdrawn", True)
    assert seen.submission_ids() == [ids[1]]


def test_what_is_deleted_while_it_waits_leaves_the_line_and_comes_back_with_its_files(
    arenas: Arenas, station: Station
) -> None:
    ids = sorted(arenas.submit(name).id for name in ("One", "Two"))
    desk = station.desk()
    desk.acquire_leases()
    worker = station.worker(desk.arena)
    assert worker.submission_queue.refresh() == ids
    kept = {path: arenas.seen().submissions.read(path) for path in arenas.web.submissions.list(submission_dir(ids[1]))}
    HfApi(arenas.hub.url).delete_folder(submission_dir(ids[1]), "arena/test-submissions", repo_type="dataset")
    arenas.hub.clock.forward(60)
    assert worker.submission_queue.refresh() == ids[:1]
    desk.flush()
    assert arenas.seen().read_history(ids[1]).now.state == "withdrawn"
    commit_with_retry(arenas.seen().submissions, [Change(path, content) for path, content in kept.items()])
    desk.release_leases()
    station.run()
    all_is_well(arenas, *ids)


def test_a_cycle_with_nothing_new_costs_three_requests(arenas: Arenas, station: Station) -> None:
    arenas.submit()
    desk = station.desk()
    desk.acquire_leases()
    worker, coordinator = station.worker(desk.arena), station.coordinator()
    while coordinator.run_once(worker, desk, forever=True) is not None or desk.pending:
        arenas.hub.clock.forward(60)
    for _ in range(3):
        arenas.hub.clock.forward(3600)
        before = len(arenas.hub.requests)
        assert coordinator.run_once(worker, desk, forever=True) is None
        assert len(arenas.hub.requests) - before <= 3, arenas.hub.requests[before:]


def test_an_interrupted_one_writes_what_it_knows_and_gives_the_arena_back(arenas: Arenas, station: Station) -> None:
    submission = arenas.submit()

    def stop(call: int) -> None:
        if call == 5:
            raise KeyboardInterrupt

    station.act = stop
    with pytest.raises(KeyboardInterrupt):
        station.run()
    assert arenas.states() == {submission.id: "evaluating"}
    assert PATH not in arenas.seen().results.list()
    arenas.station("two").run()
    all_is_well(arenas, submission.id)


def by_hand(arenas: Arenas, path: str, text: str) -> None:
    """What a person does on the web page."""
    HfApi(arenas.hub.url).upload_file(
        path_or_fileobj=text.encode(), path_in_repo=path, repo_id="arena/test-results", repo_type="dataset"
    )


def _inside(arenas: Arenas, path: str, content: bytes) -> None:
    """Another writer's commit, from inside the Hub, whose lock is held."""
    store = arenas.hub.store
    changes = {path: store.put(content, path)}
    store.apply("datasets/arena/test-results", changes, "theirs", "", "alice", arenas.hub.clock().isoformat())


def _lease(arenas: Arenas, owner: str) -> bytes:
    now = arenas.hub.clock()
    return to_json(Lease(owner=owner, nonce=owner, until=now + LEASE_DURATION, heartbeat=now))


def _read_lease(arenas: Arenas) -> Lease:
    return Lease.model_validate_json(arenas.seen().results.read(PATH))


def _end_when(is_so: Callable[[], bool]) -> None:
    if is_so():
        raise KeyboardInterrupt
