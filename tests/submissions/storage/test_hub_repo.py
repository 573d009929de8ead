"""What a repository on the Hub must stand: each fault by its switch, and the number of requests that it may cost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from submissions.arena.arena import commit_with_retry
from submissions.errors import AccessDenied, ArenaError, Conflict, CorruptRecord, NotFound, RateLimited, Unreachable
from submissions.storage.commit_rate import CommitRateLimit
from submissions.storage.hub import HubRepo
from submissions.storage.repo import Change
from tests.support.hub.faults import COMMIT_FAULTS
from tests.support.hub.repositories import new_repo, put
from tests.support.hub.server import Hub

Open = Callable[..., HubRepo]
AT_ONCE = CommitRateLimit(per_hour=10_000, sleep=lambda _: None)


@pytest.fixture
def repo_id(hub: Hub) -> str:
    return new_repo(hub)


@pytest.fixture
def opened(hub: Hub, repo_id: str, tmp_path: Path) -> Open:
    """Opens the repository; waiting moves the Hub's clock instead, and nothing waits for real."""

    def open_it(cache: str = "cache", **options: object) -> HubRepo:
        limits = {"per_hour": 10_000, **{name: options.pop(name) for name in list(options) if name in PACE}}
        pace = CommitRateLimit(clock=hub.clock, sleep=hub.clock.forward, **limits)
        return HubRepo(repo_id, pace=pace, cache=tmp_path / cache, **options)

    return open_it


PACE = ("per_hour", "min_interval", "max_wait")


def landed(hub: Hub, repo_id: str) -> list[str]:
    """Titles of all commits but the first, oldest first, without their marks."""
    commits = hub.store.commits(f"datasets/{repo_id}")
    return [commit.title.partition(" [")[0] for commit in reversed(commits)][1:]


def put_by_hand(hub: Hub, repo_id: str, path: str, text: str) -> None:
    """What a person does on the web page."""
    api = HfApi(hub.url, "hf_bot_write")
    api.upload_file(path_or_fileobj=text.encode(), path_in_repo=path, repo_id=repo_id, repo_type="dataset")


@pytest.mark.parametrize("fault", [name for name in COMMIT_FAULTS if name not in ("412", "429")])
@pytest.mark.parametrize("times", [1, 2])
def test_a_commit_lands_once_whatever_answers_are_lost(
    hub: Hub, repo_id: str, opened: Open, fault: str, times: int
) -> None:
    repo = opened()
    first = put(repo, a="1")
    hub.faults.commits.extend([fault] * times)
    head = repo.commit([Change("a", b"2"), Change("b", b"2")], first)
    assert repo.head() == head == hub.store.head(f"datasets/{repo_id}").oid
    assert landed(hub, repo_id) == ["a", "a and 1 more"]
    fresh = opened("other")
    assert (fresh.list(), fresh.read("a")) == (["a", "b"], b"2")


def test_a_held_lock_is_waited_for_and_then_said_with_a_time(hub: Hub, repo_id: str, opened: Open) -> None:
    repo = opened()
    head = put(repo, a="1")
    hub.faults.held = True
    started = hub.clock()
    with pytest.raises(
        RateLimited, match=r"Other writers are committing to arena/test-results\. Nothing was written"
    ) as busy:
        repo.commit([Change("a", b"2")], head)
    assert hub.clock() - started > timedelta(seconds=3)
    assert busy.value.until > hub.clock()
    hub.faults.held = False
    assert (repo.head(), repo.read("a")) == (head, b"1")
    repo.commit([Change("a", b"2")], head)
    assert landed(hub, repo_id) == ["a", "a"]


def test_a_head_that_moves_at_the_last_moment_is_a_conflict(hub: Hub, repo_id: str, opened: Open) -> None:
    repo, other = opened(), opened("other")
    head = put(repo, a="1")
    hub.faults.before_commit = lambda: put_by_hand_in(hub, repo_id)
    with pytest.raises(Conflict, match="read again, then commit again"):
        repo.commit([Change("a", b"mine")], head)
    assert other.read("a") == b"theirs"
    commit_with_retry(repo, [Change("a", b"mine")])
    assert (repo.read("a"), landed(hub, repo_id)) == (b"mine", ["a", "by hand", "a"])


def put_by_hand_in(hub: Hub, repo_id: str) -> None:
    """Another writer's commit, from inside the Hub, whose lock is held."""
    changes = {"a": hub.store.put(b"theirs", "a")}
    hub.store.apply(f"datasets/{repo_id}", changes, "by hand", "", "alice", hub.clock().isoformat())


def test_a_refusal_for_the_head_alone_is_a_conflict(hub: Hub, opened: Open) -> None:
    repo = opened()
    head = put(repo, a="1")
    hub.faults.commits.append("412")
    with pytest.raises(Conflict):
        repo.commit([Change("a", b"2")], head)


def test_a_commit_whose_answer_was_lost_is_found_under_those_of_others(hub: Hub, repo_id: str, opened: Open) -> None:
    repo = opened()
    head = put(repo, a="1")
    real = hub.store.apply

    def and_another(name: str, *rest: object) -> str:
        oid = real(name, *rest)
        real(name, {"b": hub.store.put(b"theirs", "b")}, "by hand", "", "alice", hub.clock().isoformat())
        return oid

    hub.faults.commits.append("504 after")
    hub.store.apply = and_another
    mine = repo.commit([Change("a", b"2")], head)
    hub.store.apply = real
    assert repo.head() != mine
    assert (repo.list(), repo.read("a"), repo.read("b")) == (["a", "b"], b"2", b"theirs")
    assert landed(hub, repo_id) == ["a", "a", "by hand"]


def test_a_hub_that_goes_down_with_the_answer_leaves_the_truth_to_the_next_head(
    hub: Hub, repo_id: str, opened: Open
) -> None:
    repo = opened()
    head = put(repo, a="1")
    repo.list()
    hub.faults.commits.append("504 after")
    hub.faults.requests.extend(["ok", "ok", "503", "503", "503"])
    with pytest.raises(Unreachable, match=r"arena/test-results \(503\)"):
        repo.commit([Change("a", b"2")], head)
    assert repo.head() != head
    assert repo.read("a") == b"2"
    assert landed(hub, repo_id) == ["a", "a"]


@pytest.mark.integration
def test_a_commit_that_is_never_answered_is_given_up_and_found(hub: Hub, repo_id: str, opened: Open) -> None:
    repo = opened(timeout=1.0)
    head = put(repo, a="1")
    hub.faults.gate = threading.Event()
    new = repo.commit([Change("a", b"2")], head)
    assert (repo.head(), repo.read("a")) == (new, b"2")
    assert landed(hub, repo_id) == ["a", "a"]


def test_a_used_up_quota_is_said_with_the_time_and_not_asked_again_before(hub: Hub, repo_id: str, opened: Open) -> None:
    repo = opened()
    hub.faults.quota = 3
    for text in ("1", "2", "3"):
        head = put(repo, a=text)
    for _ in range(2):
        sent = len(hub.requests)
        with pytest.raises(RateLimited, match="Nothing was written") as busy:
            repo.commit([Change("a", b"4")], head)
    assert not [request for request in hub.requests[sent:] if "/commit/" in request]
    assert timedelta(minutes=58) < busy.value.until - hub.clock() < timedelta(minutes=61)
    assert (repo.head(), repo.read("a")) == (head, b"3")
    hub.clock.forward((busy.value.until - hub.clock()).total_seconds())
    repo.commit([Change("a", b"4")], head)
    assert len(landed(hub, repo_id)) == 4


def test_who_is_patient_waits_until_the_quota_is_free(hub: Hub, repo_id: str, opened: Open) -> None:
    repo = opened(per_hour=5, max_wait=timedelta(hours=2))
    started = hub.clock()
    for text in "abcdefghijkl":
        put(repo, **{text: text})
    assert len(landed(hub, repo_id)) == 12
    assert timedelta(hours=2) < hub.clock() - started < timedelta(hours=3)


def test_the_budget_counts_the_commits_of_all_writers(hub: Hub, opened: Open) -> None:
    one, other = opened(per_hour=5), opened("other", per_hour=5)
    for number in range(4):  # the repository's own first commit counts too
        put((one, other)[number % 2], a=str(number))
    for repo in (one, other):
        with pytest.raises(RateLimited) as busy:
            put(repo, a="more")
    assert timedelta(minutes=55) < busy.value.until - hub.clock() <= timedelta(hours=1)


def test_state_is_committed_at_most_once_in_a_gap(hub: Hub, opened: Open) -> None:
    repo = opened(min_interval=timedelta(minutes=1))
    hub.clock.forward(60)
    put(repo, a="1")
    with pytest.raises(RateLimited) as busy:
        put(repo, a="2")
    assert timedelta(seconds=50) < busy.value.until - hub.clock() <= timedelta(seconds=60)
    hub.clock.forward(60)
    put(repo, a="2")
    assert repo.read("a") == b"2"


def test_a_lagging_repo_info_does_not_matter(hub: Hub, opened: Open) -> None:
    repo = opened()
    hub.faults.stale = 3
    heads = [put(repo, a=str(number)) for number in range(5)]
    assert repo.head() == heads[-1]
    assert opened("other").read("a") == b"4"


def test_a_lagging_list_of_commits_does_not_take_the_head_back(hub: Hub, opened: Open) -> None:
    repo = opened()
    heads = [put(repo, a=str(number)) for number in range(3)]
    hub.faults.stale_commits = 2
    assert repo.head() == heads[-1]
    repo.commit([Change("a", b"new")], heads[-1])
    assert repo.read("a") == b"new"


def test_a_lost_answer_is_found_once_the_lagging_list_catches_up(hub: Hub, repo_id: str, tmp_path: Path) -> None:
    tries: list[int] = []

    def wait(seconds: float) -> None:
        hub.clock.forward(seconds)
        tries.append(hub.requests.count(f"POST /api/datasets/{repo_id}/commit/main"))
        if tries.count(3) == 2:  # the second try was refused with 412, and the list was asked in vain
            hub.faults.stale_commits = 0

    repo = HubRepo(repo_id, pace=CommitRateLimit(clock=hub.clock, sleep=wait), cache=tmp_path)
    head = put(repo, a="1")
    hub.faults.stale_commits = 1
    hub.faults.commits.append("504 after")
    new = repo.commit([Change("a", b"2")], head)
    assert tries == [2, 3, 3]
    assert landed(hub, repo_id) == ["a", "a"]
    assert new == repo.head() == hub.store.head(f"datasets/{repo_id}").oid


def test_a_branch_that_was_taken_back_is_believed_after_a_while(hub: Hub, opened: Open) -> None:
    repo = opened()
    first = put(repo, a="1")
    second = put(repo, a="2", b="2")
    hub.faults.stale_commits = 1
    assert repo.head() == second
    hub.clock.forward(700)
    assert repo.head() == first


def test_a_repository_that_was_made_anew_is_read_anew(hub: Hub, repo_id: str, opened: Open) -> None:
    repo = opened()
    put(repo, a="1", b="1")
    assert repo.list() == ["a", "b"]
    HfApi(hub.url, "hf_bot_write").delete_repo(repo_id, repo_type="dataset")
    new_repo(hub)
    put_by_hand(hub, repo_id, "a", "new")
    with pytest.raises(NotFound):
        repo.read("b") if repo.head() else None
    assert (repo.list(), repo.read("a")) == (["a"], b"new")


def test_a_rewritten_history_is_noticed_by_who_only_reads(hub: Hub, repo_id: str, opened: Open) -> None:
    repo = opened()
    put(repo, a="1")
    HfApi(hub.url, "hf_bot_write").delete_repo(repo_id, repo_type="dataset")
    new_repo(hub)
    put_by_hand(hub, repo_id, "a", "new")
    assert repo.read("a") == b"new"


def test_a_hub_that_is_down_is_said_and_comes_back(hub: Hub, opened: Open) -> None:
    hub.faults.down = True
    repo = opened()
    with pytest.raises(Unreachable, match=r"The Hub does not answer for arena/test-results \(503\)"):
        repo.head()
    assert len(hub.requests) == 1 + 3, "tried three times"
    hub.clock.forward(86_400)
    hub.faults.down = False
    put(repo, a="1")
    hub.faults.down = True
    for ask in (repo.head, lambda: repo.read("a")):
        with pytest.raises(Unreachable):
            ask()
    hub.faults.down = False
    assert repo.read("a") == b"1"


def test_connections_that_are_cut_are_tried_again(hub: Hub, opened: Open) -> None:
    put(opened(), a="1")
    hub.faults.requests.extend(["reset", "ok", "reset", "500", "ok", "reset"])
    repo = opened("other")
    assert repo.list() == ["a"]
    assert repo.read("a") == b"1"


def test_too_many_requests_are_said_with_the_time(hub: Hub, opened: Open) -> None:
    repo = opened()
    put(repo, a="1")
    hub.faults.limited = 10
    with pytest.raises(RateLimited, match="rate limit for") as busy:
        repo.head()
    assert timedelta(seconds=50) < busy.value.until - hub.clock() < timedelta(seconds=60)
    assert hub.faults.limited == 9, "not asked again"


def test_a_corrupted_file_is_named_and_never_handed_out(hub: Hub, opened: Open) -> None:
    put(opened(), a="1", b="1")
    hub.faults.corrupted.add("a")
    repo = opened("other")
    assert repo.list() == ["a", "b"]
    with pytest.raises(CorruptRecord, match=r"^a in arena/test-results is not what was committed"):
        repo.read("a")
    assert repo.read("b") == b"1"
    hub.faults.corrupted.clear()
    assert repo.read("a") == b"1"


def test_what_is_kept_here_is_read_again_if_it_was_damaged_or_cannot_be_kept(
    hub: Hub, opened: Open, tmp_path: Path
) -> None:
    repo = opened()
    put(repo, a="1")
    assert (repo.list(), repo.read("a"), repo.read("a")) == (["a"], b"1", b"1")
    assert sum("/resolve/" in request and request.endswith("/a") for request in hub.requests) == 1
    (kept,) = (path for path in (tmp_path / "cache").rglob("*") if path.is_file())
    kept.write_bytes(b"damaged")
    assert repo.read("a") == b"1"
    (tmp_path / "full").write_text("a file where the folder should be")
    other = opened("full")
    assert (other.list(), other.read("a")) == (["a"], b"1")


@pytest.mark.parametrize("page", [1, 3, 1000])
def test_pages_of_a_tree_are_all_read(hub: Hub, opened: Open, page: int) -> None:
    put(opened(), **{f"x/{number}": "1" for number in range(7)}, **{"y/a": "1"})
    hub.faults.page = page
    assert len(opened("other").list()) == 8
    assert len(opened("other").list("x/")) == 7


def test_what_a_person_commits_by_hand_is_seen(hub: Hub, repo_id: str, opened: Open) -> None:
    repo, writer = opened(), opened("other")
    put(writer, a="1", b="1")
    assert repo.list() == ["a", "b"]
    put_by_hand(hub, repo_id, "by-hand", "x")
    put(writer, a="2")
    repo.head()
    assert (repo.list(), repo.read("a"), repo.read("by-hand")) == (["a", "b", "by-hand"], b"2", b"x")


@pytest.mark.parametrize("steps", ["{", '{"steps": [{"nonce": 1}]}', '{"steps": []}'])
def test_a_damaged_list_of_changes_only_costs_requests(hub: Hub, repo_id: str, opened: Open, steps: str) -> None:
    repo, writer = opened(), opened("other")
    put(writer, a="1")
    assert repo.list() == ["a"]
    put_by_hand(hub, repo_id, ".changes.json", steps)
    put(writer, b="1")
    put(opened("third"), c="1")
    repo.head()
    assert repo.list() == ["a", "b", "c"]


def test_a_reader_far_behind_lists_everything_again(opened: Open) -> None:
    repo, writer = opened(), opened("other")
    put(writer, a="0")
    assert repo.list() == ["a"]
    for number in range(60):
        put(writer, **{f"x/{number}": "1"})
    repo.head()
    assert len(repo.list()) == 61
    put(writer, **{f"y/{number}": "1" for number in range(500)})
    repo.head()
    assert len(repo.list()) == 561


def test_how_many_requests_each_call_costs(hub: Hub, opened: Open) -> None:
    writer, reader = opened(), opened("other")
    put(writer, **{f"status/{number}.json": "1" for number in range(50)})

    def costs(call: Callable[[], object]) -> int:
        before = len(hub.requests)
        call()
        return len(hub.requests) - before

    found = {
        "head": costs(reader.head),
        "list, the first time": costs(reader.list),
        "list and ids again": costs(lambda: (reader.list("status/"), reader.ids())),
        "read": costs(lambda: reader.read("status/7.json")),
        "read again": costs(lambda: reader.read("status/7.json")),
        "commit, the first": costs(lambda: put(reader, a="1")) - 1,
        "commit": costs(lambda: put(reader, a="2")) - 1,
        "commit of one who never listed": costs(lambda: put(writer, a="3")) - 1,
    }
    put(writer, **{"status/9.json": "2"})
    found["a new head"] = costs(reader.head)
    found["what changed"] = costs(lambda: (reader.ids(), reader.read("status/9.json")))
    assert found == {
        "head": 1,
        "list, the first time": 1,
        "list and ids again": 0,
        "read": 1,
        "read again": 0,
        "commit, the first": 3,
        "commit": 2,
        "commit of one who never listed": 4,
        "a new head": 2,
        "what changed": 1,
    }


def test_one_submission_is_found_without_listing_all(hub: Hub, opened: Open) -> None:
    put(opened(), **{f"2026/11/{number}/submission.json": "1" for number in range(30)})
    repo = opened("other")
    repo.head()
    before = len(hub.requests)
    assert repo.read("2026/11/7/submission.json") == b"1"
    assert repo.list("2026/11/8/submission.json") == ["2026/11/8/submission.json"]
    assert repo.list("2026/11/9/wishes/") == []
    assert len(hub.requests) - before == 3


def test_looking_into_many_folders_costs_a_list_and_not_a_request_each(hub: Hub, opened: Open) -> None:
    files = {f"2026/11/{number}/data/{task}.jsonl": "1" for number in range(60) for task in "ab"}
    put(opened(), **files, **{"2026/11/7/wishes/1.json": "1"})
    repo = opened("other")
    repo.head()
    before = len(hub.requests)
    found = [number for number in range(60) if "wishes" in repo.list_dir(f"2026/11/{number}")]
    assert found == [7]
    assert len(hub.requests) - before <= 22


@pytest.mark.parametrize("token", ["hf_nobody", "hf_bob", "hf_bot_read"])
def test_a_token_that_may_not_is_named_by_its_setting_and_not_shown(
    hub: Hub, repo_id: str, token: str, tmp_path: Path
) -> None:
    repo = HubRepo(repo_id, endpoint=hub.url, token=token, cache=tmp_path / "cache", pace=AT_ONCE)
    with pytest.raises(AccessDenied, match=r"Set HF_TOKEN") as denied:
        put(repo, a="1")
    assert token not in str(denied.value)
    assert repo_id in str(denied.value)
    assert hub.store.head(f"datasets/{repo_id}").seq == 0


def test_a_repository_that_is_not_there_is_denied(hub: Hub, tmp_path: Path) -> None:
    repo = HubRepo("arena/none", endpoint=hub.url, cache=tmp_path / "cache", pace=AT_ONCE)
    with pytest.raises(AccessDenied, match="arena/none: it does not exist"):
        repo.list()


def test_writers_under_all_faults_at_once_lose_nothing(hub: Hub, repo_id: str, tmp_path: Path) -> None:
    hub.faults.commits.extend(["504 after", "ok", "reset before", "409", "reset after", "ok", "500", "504 before"] * 6)

    def write(writer: int) -> None:
        repo = HubRepo(repo_id, cache=tmp_path / str(writer), pace=AT_ONCE)
        left = [f"{writer}/{number}" for number in range(4)]
        while left:
            try:
                commit_with_retry(repo, [Change(left[0], b"x")])
            except (Conflict, RateLimited, Unreachable):
                if left[0] not in repo.list():
                    continue
            left.pop(0)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(HubRepo(repo_id, cache=tmp_path / "end").list()) == 12


def test_every_error_says_which_repository(repo_id: str, opened: Open) -> None:
    repo = opened()
    head = put(repo, a="1")
    said = []
    for path, parent, kind in (("a", "0" * 40, Conflict), ("a/b", head, ValueError)):
        with pytest.raises(kind) as caught:
            repo.commit([Change(path, b"2")], parent)
        said.append(str(caught.value))
    with pytest.raises(ArenaError) as missing:
        repo.read("none")
    said.append(str(missing.value))
    assert [repo_id in message for message in said] == [True] * 3


def test_files_that_are_read_one_by_one_are_read_again_only_when_they_change(hub: Hub, opened: Open) -> None:
    writer, reader = opened(), opened("other")
    put(writer, **{f"status/{number:02}": f"{number} old" for number in range(40)}, tasks="a", frames="b")

    def read_all() -> int:
        before = len(hub.requests)
        reader.head()
        for path in ("tasks", "frames", *(f"status/{number:02}" for number in range(40))):
            reader.read(path)
        with pytest.raises(NotFound):
            reader.read("absent")
        return len(hub.requests) - before

    assert read_all() == 1 + 43 + 1, "the head, each file, and a list of the folder with many of them"
    assert read_all() == 1
    put(writer, **{"status/07": "2", "tasks": "3"})
    assert read_all() == 1 + 1 + 2, "the head, what changed, and the two files"
    assert (reader.read("status/07"), reader.read("tasks")) == (b"2", b"3")
    put(writer, absent="now")
    reader.head()
    assert reader.read("absent") == b"now"


def test_a_thread_that_looks_while_another_commits_is_not_taken_back(hub: Hub, repo_id: str, opened: Open) -> None:
    repo = opened(timeout=60)
    head = put(repo, a="1")
    repo.list()
    hub.faults.gate = threading.Event()
    made: list[str] = []
    writer = threading.Thread(target=lambda: made.append(repo.commit([Change("a", b"2")], head)))
    writer.start()
    while repo.head() == head:
        assert writer.is_alive()
    put_by_hand_in(hub, repo_id)
    newest = repo.head()
    hub.faults.gate.set()
    writer.join()
    assert made[0] not in (head, newest)
    assert [repo.head() for _ in range(2)] == [newest] * 2
    assert repo.read("a") == b"theirs"
    put(repo, b="3")
    assert (repo.read("a"), repo.read("b")) == (b"theirs", b"3")


def test_a_crowd_under_a_quota_is_taken_or_told_when(hub: Hub, repo_id: str, tmp_path: Path) -> None:
    hub.faults.quota = 8
    repo = HubRepo(repo_id, cache=tmp_path / "cache", pace=CommitRateLimit(clock=hub.clock))
    told: list[RateLimited] = []

    def push(client: int) -> None:
        for number in range(4):
            while True:
                try:
                    commit_with_retry(repo, [Change(f"2026/11/{client}-{number}/submission.json", b"x")])
                    break
                except RateLimited as busy:
                    told.append(busy)
                    hub.clock.forward(max(0.0, (busy.until - hub.clock()).total_seconds()))

    clients = [threading.Thread(target=push, args=(client,)) for client in range(8)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert len(repo.list()) == len(landed(hub, repo_id)) == 32
    assert told


def test_folders_are_looked_into_without_listing_what_lies_below(hub: Hub, opened: Open) -> None:
    writer, reader = opened(), opened("other")
    put(writer, **{f"2026/11/{name}/data/{number}": "1" for name in "ab" for number in range(5)}, top="1")

    def looked() -> tuple[list[list[str]], int]:
        before = len(hub.requests)
        reader.head()
        found = [reader.list_dir(folder) for folder in ("", "2026", "2026/11", "none")]
        assert found == [opened("fresh").list_dir(folder) for folder in ("", "2026", "2026/11", "none")]
        return found, len(hub.requests) - before - 8

    assert looked() == ([["2026", "top"], ["11"], ["a", "b"], []], 5)
    assert looked()[1] == 1
    put(writer, **{"2026/11/c/x": "1", "2026/12/d/x": "1"})
    assert looked() == ([["2026", "top"], ["11", "12"], ["a", "b", "c"], []], 2)
    writer.commit([Change("2026/11/c/x", None), Change("top", None)], writer.head())
    assert looked()[0] == [["2026"], ["11", "12"], ["a", "b"], []]
