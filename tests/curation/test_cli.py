"""The command line in real processes: what it says, where, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command_lines import run_command, run_process
from tests.support.official_release import reference


@pytest.mark.integration
def test_import_says_what_it_did_and_then_that_nothing_changed(flat: Path, tmp_path: Path) -> None:
    first, second = (run_process("curation", "import-flat", flat, tmp_path / "dest") for _ in range(2))
    assert (first.returncode, first.stderr) == (0, "")
    assert "Imported 2 tasks with 40 reference rows" in first.stdout
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout.startswith("Nothing changed")


def test_import_answers_in_json(flat: Path, tmp_path: Path) -> None:
    done = run_command("curation", "import-flat", "--json", flat, tmp_path / "dest")
    assert json.loads(done.stdout) == {"changed": True, "tasks": 2, "rows": 40, "problems": []}


def test_problems_go_to_stderr_with_exit_code_1(flat: Path, tmp_path: Path) -> None:
    (flat / "references" / "mc-en-sums.jsonl").write_text("{}\n")
    done = run_command("curation", "import-flat", flat, tmp_path / "dest")
    assert (done.returncode, done.stdout) == (1, "")
    assert "references/mc-en-sums.jsonl:1: input: Field required. Add the field." in done.stderr
    assert "references/mc-en-sums.jsonl:1: output: Field required. Add the field." in done.stderr
    assert "nothing was written" in done.stderr


def test_problems_are_listed_in_json(flat: Path, tmp_path: Path) -> None:
    (flat / "references" / "mc-en-sums.jsonl").write_text("{}\n")
    done = run_command("curation", "import-flat", "--json", flat, tmp_path / "dest")
    assert (done.returncode, done.stderr) == (1, "")
    problems = json.loads(done.stdout)["problems"]
    assert [(problem["file"], problem["line"]) for problem in problems] == [("references/mc-en-sums.jsonl", 1)] * 2


def test_an_occupied_destination_is_theirs_to_mend(flat: Path) -> None:
    done = run_command("curation", "import-flat", flat, flat)
    assert done.returncode == 1
    assert "has other content" in done.stderr


def test_an_official_import_says_what_it_left_out(release: Path, tmp_path: Path) -> None:
    reference(release, "translation").unlink()
    refused = run_command("curation", "import-official", release, tmp_path / "dest")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "is the reference 'lab/translation'" in refused.stderr
    assert "--skip-missing" in refused.stderr
    done = run_command("curation", "import-official", "--skip-missing", release, tmp_path / "dest")
    assert done.returncode == 0
    assert "Imported 5 tasks with 125 reference rows" in done.stdout
    assert "skipping 1 without a reference" in done.stdout
    assert done.stderr.startswith("warning: test_metadata.json: Entry 5")
    assert run_command("curation", "verify", tmp_path / "dest").returncode == 0


def test_an_official_import_answers_in_json(release: Path, tmp_path: Path) -> None:
    done = run_command("curation", "import-official", "--json", release, tmp_path / "dest")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"changed": True, "tasks": 6, "rows": 150, "skipped": [], "problems": []}
    (release / "final_test.json").write_text("[")
    refused = run_command("curation", "import-official", "--json", release, tmp_path / "dest")
    assert (refused.returncode, refused.stderr) == (1, "")
    assert [(problem["file"], problem["line"]) for problem in json.loads(refused.stdout)["problems"]] == [
        ("final_test.json", 1)
    ]


def test_verify_tells_sound_from_damaged(imported: Path) -> None:
    assert run_command("curation", "verify", imported).returncode == 0
    assert json.loads(run_command("curation", "verify", "--json", imported).stdout) == {"sound": True, "problems": []}
    (imported / "tasks.jsonl").write_text("{}\n")
    done = run_command("curation", "verify", imported)
    assert (done.returncode, done.stdout) == (1, "")
    assert "tasks.jsonl: The file was changed after the import." in done.stderr


def test_verify_needs_a_folder_and_makes_none(tmp_path: Path) -> None:
    done = run_command("curation", "verify", tmp_path / "nowhere")
    assert done.returncode == 1
    assert "No folder" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_command_line_ends_with_1() -> None:
    assert run_command("curation", "import-flat").returncode == 1
