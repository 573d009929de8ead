"""Look-alike names are one name, a team's name has one owner, and the same files are recognized."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from submissions.arena.arena import Arena
from submissions.arena.ids import new_id
from submissions.errors import InvalidForm, RepeatedFiles, TeamNameTaken, TheirError
from submissions.names.look_alikes import are_alike, group_names
from submissions.records.status import History, Status
from submissions.records.submission import Submission
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from submissions.submitting.attempts import count_attempts, read_keys
from submissions.submitting.bulk_commit import commit_submissions
from submissions.submitting.submit import SubmissionForm
from submissions.submitting.team_names import list_guests, store_invitation
from tests.support.submission_records import NOW, arena_with_tasks, stored

ALIKE = [
    ("Café Lab", "Cafe\u0301 Lab"), ("Café Lab", "CAFÉ LAB"), ("Café Lab", "Café\u00a0 Lab"),
    ("Café Lab", "Café\u200b Lab"),
    ("Data Lab", "Dаta Lаb"), ("ТEAM", "team"), ("paypal", "paypaI"), ("modern", "rnodern"), ("Straße", "STRASSE"),
    ("ΝΙΚΗ", "νικη"), ("NIKH", "ΝΙΚΗ"), ("İstanbul", "istanbul"), ("Ｔｅａｍ", "Team"), ("a\u2011b", "a-b"),
    ("𝐓eam", "Team"),
    ("O’Neil", "O'Neil"), ("ﾊﾛｰ", "ハロー"), ("Лаб", "ЛАБ"), ("Te\u00adam", "Team"), ("Team\u2800X", "Team X"),
    ("Te\u034fam", "Team"),
]  # fmt: skip
DISTINCT = [
    ("Team 1", "Team 2"), ("Nova", "Vova"), ("Cafe", "Café"), ("中国", "中國"), ("Team A", "Team B"), ("вол", "кол"),
    ("v1.0", "v1.1"), ("Team", "Teams"), ("NIKH", "νικη"), ("Data Lab", "DataLab"), ("ai", "al"),
]  # fmt: skip


@pytest.fixture
def arena(tmp_path: Path) -> Arena:
    return arena_with_tasks(tmp_path / "arena")


@pytest.fixture
def first(arena: Arena, tmp_path: Path) -> Submission:
    return stored(arena, tmp_path)


def vary(like: Submission, number: int, **changes: object) -> Submission:
    """Another submission with the same stored files, said to have other content unless `files` are given."""
    files = tuple(file.model_copy(update={"sha256": f"{number:064x}"}) for file in like.files)
    update = {"id": new_id(NOW + timedelta(minutes=number)), "files": files, **changes}
    return Submission.model_validate({**like.model_dump(), **like.model_copy(update=update).model_dump()})


@pytest.mark.parametrize(("one", "other"), ALIKE, ids=ascii)
def test_names_that_look_alike_are_one_name(one: str, other: str) -> None:
    assert are_alike(one, other)
    assert len(set(group_names([one, other]).values())) == 1


@pytest.mark.parametrize(("one", "other"), DISTINCT, ids=ascii)
def test_names_that_can_be_told_apart_stay_apart(one: str, other: str) -> None:
    assert not are_alike(one, other)
    assert group_names([one, other]) == {one: one, other: other}


def test_the_first_name_of_a_group_stands_for_it() -> None:
    assert group_names(["Lab", "Else", "LAB", "Lаb"]) == {"Lab": "Lab", "Else": "Else", "LAB": "Lab", "Lаb": "Lab"}


FORM = {"system": "S", "system_type": "search", "team": "T", "submitter": "U"}


@pytest.mark.parametrize("char", ["\u200b", "\u00ad", "\u2800", "\u3164", "\u202e", "\u2066", "\ufeff", "\ufe0f",
                                  "\u200d", "\ue000", "\U000e0041", "\u061c", "\u180e", "\u2028", "\x85",
                                  "\u0378"])  # fmt: skip
def test_characters_that_show_nothing_are_refused_in_names(char: str) -> None:
    for field in ("team", "system"):
        with pytest.raises(InvalidForm, match=f"{field}: it must have no control"):
            SubmissionForm.from_form({**FORM, field: f"Te{char}am"})


@pytest.mark.parametrize(
    "name", ["می\u200cخواهم", "क्\u200dष", "👩🏽\u200d🔬 Lab", "❤\ufe0f", "日本 研究所", "Æther", "e\u0301"]
)
def test_joiners_stay_where_a_script_or_an_emoji_needs_them(name: str) -> None:
    assert are_alike(SubmissionForm.from_form({**FORM, "team": name}).team, name)


def test_a_name_is_stored_with_single_blanks_and_composed() -> None:
    form = SubmissionForm.from_form({**FORM, "team": "  Cafe\u0301 \u00a0 Lab\u3000"})
    assert form.team == "Café Lab"


def test_a_team_name_belongs_to_its_first_owner_in_every_spelling(
    arena: Arena, first: Submission, tmp_path: Path
) -> None:
    mine = vary(first, 1, team="Data Lab", owner="hf:1")
    thief = vary(first, 2, team="DATА LAB", owner="hf:2")
    again = vary(first, 3, team="data lab", owner="hf:1")
    denied = commit_submissions(arena, [(one, tmp_path / "into") for one in (mine, thief, again)], limits={})
    assert denied.keys() == {thief.id}
    assert isinstance(denied[thief.id], TeamNameTaken)
    assert mine.id in str(denied[thief.id])
    assert "hf:2" in str(denied[thief.id])
    late = vary(first, 4, team="Data Lab", owner="key:abc")
    assert late.id in commit_submissions(arena, [(late, tmp_path / "into")], limits={})
    organiser = vary(first, 5, team="Data Lab")
    assert organiser.id in commit_submissions(arena, [(organiser, tmp_path / "into")], limits={})


def test_an_owner_invites_and_revokes_and_others_may_not(arena: Arena, first: Submission, tmp_path: Path) -> None:
    mine = vary(first, 1, team="Data Lab", owner="hf:1")
    assert not commit_submissions(arena, [(mine, tmp_path / "into")], limits={})
    every = list(read_keys(arena, {}))
    with pytest.raises(TheirError, match="Only the owner"):
        store_invitation(arena, every, "Data Lab", "hf:2", "hf:2", NOW)
    with pytest.raises(TheirError, match="No submission has the team name"):
        store_invitation(arena, every, "Nobody", "hf:2", "hf:1", NOW)
    store_invitation(arena, every, "DATA LAB", "hf:2", "hf:1", NOW)
    guest = vary(first, 2, team="Data Lab", owner="hf:2")
    assert not commit_submissions(arena, [(guest, tmp_path / "into")], limits={})
    assert list_guests(arena.read_team_invitations(), "Data Lab", "hf:1") == ["hf:2"]
    store_invitation(arena, every, "Data Lab", "hf:2", "hf:1", NOW + timedelta(seconds=1), "revoke")
    later = vary(first, 3, team="Data Lab", owner="hf:2")
    assert later.id in commit_submissions(arena, [(later, tmp_path / "into")], limits={})
    assert count_attempts(arena, first.track, "Dаta lab").used == (mine.id, guest.id)
    store_invitation(arena, every, "Data Lab", "", "", NOW)  # an organiser, for the command line
    assert not commit_submissions(arena, [(vary(first, 4, team="Data Lab"), tmp_path / "into")], limits={})


def test_the_same_files_are_refused_where_attempts_are_limited(arena: Arena, first: Submission, tmp_path: Path) -> None:
    limits = {first.track: 9}
    twin = vary(first, 1, files=first.files, team=first.team.upper())
    denied = commit_submissions(arena, [(twin, tmp_path / "into")], limits=limits)
    assert isinstance(denied[twin.id], RepeatedFiles)
    assert first.id in str(denied[twin.id])
    both = [vary(first, number, files=vary(first, 7).files) for number in (2, 3)]
    assert commit_submissions(arena, [(one, tmp_path / "into") for one in both], limits=limits).keys() == {both[1].id}
    withdrawn = Status(state="withdrawn", message="So.", time=NOW)
    history = to_json(History(submission=first.id, entries=(withdrawn,)))
    arena.results.commit([Change(f"status/{first.id}.json", history)], arena.results.head())
    assert not commit_submissions(arena, [(twin, tmp_path / "into")], limits=limits)
    others = vary(first, 9, files=first.files, team="Other", owner="hf:3")
    assert not commit_submissions(arena, [(others, tmp_path / "into")], limits=limits)


def test_of_two_claims_of_a_name_at_once_one_is_stored(arena: Arena, first: Submission, tmp_path: Path) -> None:
    claims = [vary(first, number, team="New", owner=f"hf:{number}") for number in range(1, 5)]
    denied: list[str] = []

    def claim(one: Submission) -> None:
        denied.extend(commit_submissions(arena, [(one, tmp_path / "into")], limits={}))

    threads = [threading.Thread(target=claim, args=(one,)) for one in claims]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(denied) == 3
