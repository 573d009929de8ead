"""deploy/slurm on a Slurm without a cluster (tests/support/fake_slurm.py)."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evaluator.config.profile import load_profile
from evaluator.stages.track_context import ToolSettings
from evaluator.tracks.context_pool import open_context
from evaluator.tracks.protocols import load_protocol
from submissions.arena.arena import open_arena
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from tests.support.documented_commands import parsed
from tests.support.evaluation_factories import make_anchors
from tests.support.factories import make_benchmark, make_rows, make_task, submit_delivery, write_delivery
from tests.support.fake_slurm import Slurm, directives, options_of
from tests.support.paths import ROOT
from tests.support.processes import until

FOLDER = ROOT / "deploy/slurm"
SUBMIT, JOB = FOLDER / "submit.sh", FOLDER / "evaluate.sbatch"
NOTES = """#!/bin/sh
# A Python that only writes down what it is asked, and what of it is in its environment.
case "$1" in -c) exec {python} "$@" ;; esac
echo "$@" >> {notes}
echo "ray=$RAY_ADDRESS tmp=$TMPDIR ext=$TORCH_EXTENSIONS_DIR usage=$RAY_USAGE_STATS_ENABLED" >> {notes}
[ -d "$TMPDIR" ] || exit 9
mkdir -p "$TORCH_EXTENSIONS_DIR"
{then}
"""


@pytest.fixture
def slurm(tmp_path: Path) -> Slurm:
    return Slurm(tmp_path / "slurm")


def noting(folder: Path, then: str = "") -> Path:
    tool = folder / "python"
    tool.write_text(NOTES.format(python=sys.executable, notes=folder / "notes", then=then))
    tool.chmod(0o755)
    return tool


def sent(slurm: Slurm, *words: str, **settings: object) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in slurm.environment().items() if name != "TORCH_EXTENSIONS_DIR"}
    env |= {name: str(value) for name, value in settings.items()}
    return subprocess.run([SUBMIT, *words], env=env, cwd=slurm.folder, capture_output=True, text=True, check=False)


def ended(slurm: Slurm, codes: list[int]) -> dict[str, list[int]]:
    """That an array of one, and the job after it, ended with these codes."""
    return {f"{slurm.first}_1": codes, f"{slurm.first + 50}": codes}


def asked(folder: Path) -> list[str]:
    return [line for line in (folder / "notes").read_text().splitlines() if line.startswith("-m ")]


@pytest.mark.integration
def test_every_share_has_a_node_and_one_job_publishes_after_all(slurm: Slurm, tmp_path: Path) -> None:
    settings = {"ARENA": "hf://our-lab/arena", "WORK": "../work", "PYTHON": noting(tmp_path), "PROFILE": "cpu"}
    array, publish = slurm.first, slurm.first + 50
    said = sent(slurm, "3", "--partition=gpu", "--gpus-per-node=4", **settings, RAY_ADDRESS="10.0.0.1:6379")
    assert said.stdout == (
        f"Array {array} does 3 share(s); job {publish} publishes when all of them have ended. "
        f"Logs: {tmp_path / 'work'}/logs\n"
    )
    first, last = slurm.jobs().values()
    assert (first.options["array"], last.options["dependency"]) == ("1-3", f"afterany:{array}")
    for job in (first, last):
        wanted = {"partition": "gpu", "gpus-per-node": "4", "nodes": "1", "exclusive": "True", "requeue": "True"}
        assert wanted.items() <= job.options.items()
    assert slurm.run() == {**{f"{array}_{part}": [0] for part in (1, 2, 3)}, f"{publish}": [0]}
    common = f"--arena hf://our-lab/arena --work {tmp_path / 'work'} --protocol arena@1 --profile cpu"
    shares = [f"-m evaluator share {part}/3 --run {array} {common}" for part in (1, 2, 3)]
    *found, publishing = asked(tmp_path)
    assert sorted(found) == shares
    assert publishing == f"-m evaluator work --once {common} --no-judge"
    for line in asked(tmp_path):
        said_of = parsed(["python", *line.split()])
        assert (said_of["work"], said_of["profile"]) == (tmp_path / "work", "cpu")


@pytest.mark.integration
def test_a_node_s_ray_is_its_own_and_nothing_of_a_job_is_left(slurm: Slurm, tmp_path: Path) -> None:
    python = noting(tmp_path)
    sent(slurm, "1", ARENA=tmp_path, WORK=tmp_path, PYTHON=python, PROFILE="cpu", RAY_ADDRESS="10.0.0.1:6379")
    slurm.run()
    surroundings = [line for line in (tmp_path / "notes").read_text().splitlines() if line.startswith("ray=")]
    assert [line.split()[0] for line in surroundings] == ["ray=", "ray="]
    for line in surroundings:
        found = dict(word.split("=") for word in line.split())
        assert found["usage"] == "0"
        assert len(found["tmp"]) < 40
        assert not Path(found["tmp"]).exists()
        assert not Path(found["ext"]).exists()


@pytest.mark.integration
def test_a_folder_for_extensions_that_was_set_is_kept(slurm: Slurm, tmp_path: Path) -> None:
    extensions = tmp_path / "extensions"
    python = noting(tmp_path)
    sent(slurm, "1", ARENA=tmp_path, WORK=tmp_path, PYTHON=python, PROFILE="cpu", TORCH_EXTENSIONS_DIR=extensions)
    slurm.run()
    assert f"ext={extensions} " in (tmp_path / "notes").read_text()
    assert extensions.exists()


@pytest.mark.integration
def test_what_a_killed_job_left_on_the_ram_disk_goes(slurm: Slurm, tmp_path: Path) -> None:
    if not os.access("/dev/shm", os.W_OK):
        pytest.skip("this machine has no RAM disk at /dev/shm")
    models = Path(f"/dev/shm/test-{os.getpid()}")
    (models / "left").mkdir(parents=True)
    python = noting(tmp_path, f"[ ! -e {models} ] && mkdir {models}")
    text = python.read_text().replace(f"-c) exec {sys.executable}", f"-c) echo {models}; exit 0; exec")
    python.write_text(text)
    sent(slurm, "1", ARENA=tmp_path, WORK=tmp_path, PYTHON=python)
    assert slurm.run() == ended(slurm, [0]), "each job finds it empty"
    assert not models.exists()


@pytest.mark.integration
def test_settings_that_are_missing_are_named(slurm: Slurm, tmp_path: Path) -> None:
    assert "set ARENA" in sent(slurm, "1", WORK=tmp_path).stderr
    assert "set WORK" in sent(slurm, "1", ARENA=tmp_path).stderr
    for word in ("", "0", "all", "--partition=gpu"):
        assert "How many nodes?" in sent(slurm, word, ARENA=tmp_path, WORK=tmp_path).stderr
    assert slurm.jobs() == {}


@pytest.mark.integration
def test_an_option_that_slurm_does_not_know_stops_it(slurm: Slurm, tmp_path: Path) -> None:
    said = sent(slurm, "1", "--partitoin=gpu", ARENA=tmp_path, WORK=tmp_path)
    assert said.returncode != 0
    assert "--partitoin" in said.stderr
    assert slurm.jobs() == {}


@pytest.mark.integration
def test_a_profile_that_does_not_exist_fails_the_job(slurm: Slurm, tmp_path: Path) -> None:
    sent(slurm, "1", ARENA=tmp_path, WORK=tmp_path, PYTHON=noting(tmp_path), PROFILE="abacus")
    assert slurm.run() == ended(slurm, [1])
    assert not (tmp_path / "notes").exists()
    assert "abacus" in (tmp_path / f"logs/arena-share-{slurm.first}_1.log").read_text()


STOPPED = """
[ -n "$SLURM_RESTART_COUNT" ] && exit 0
trap 'echo told >> {folder}/told; exit 130' TERM
mkfifo {folder}/never-$SLURM_JOB_ID
exec 3<> {folder}/never-$SLURM_JOB_ID
touch {folder}/ready-$SLURM_JOB_ID
read -r nothing <&3
"""


@pytest.mark.integration
def test_out_of_time_a_share_is_told_and_goes_back_into_the_line(slurm: Slurm, tmp_path: Path) -> None:
    python = noting(tmp_path, STOPPED.format(folder=tmp_path))
    sent(slurm, "1", ARENA=tmp_path, WORK=tmp_path, PYTHON=python, PROFILE="cpu", RESTARTS=1)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(slurm.run)
        for number in (slurm.first, slurm.first + 50):
            until((tmp_path / f"ready-{number}").exists, "the step to run")
            slurm.tell(number, signal.SIGUSR1)
        assert running.result() == ended(slurm, [130, 0])
    assert (tmp_path / "told").read_text() == "told\n" * 2


@pytest.mark.integration
def test_one_share_out_of_time_leaves_the_others_alone(slurm: Slurm, tmp_path: Path) -> None:
    python = noting(tmp_path, STOPPED.format(folder=tmp_path))
    sent(slurm, "2", ARENA=tmp_path, WORK=tmp_path, PYTHON=python, PROFILE="cpu", RESTARTS=1)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(slurm.run)
        first, second, publish = (slurm.first + offset for offset in (0, 1, 50))
        for number in (first, second):
            until((tmp_path / f"ready-{number}").exists, "both steps to run")
        slurm.tell(first, signal.SIGUSR1)
        until((tmp_path / "told").exists, "the first to be told")
        (tmp_path / f"never-{second}").write_text("go on\n")
        until((tmp_path / f"ready-{publish}").exists, "the last job to run")
        (tmp_path / f"never-{publish}").write_text("go on\n")
        assert running.result() == {f"{first}_1": [130, 0], f"{first}_2": [0], f"{publish}": [0]}
    assert (tmp_path / "told").read_text() == "told\n"


@pytest.mark.integration
@pytest.mark.parametrize("restarts", [0, 1])
def test_what_fails_or_was_cancelled_does_not_go_back_into_the_line(
    slurm: Slurm, tmp_path: Path, restarts: int
) -> None:
    sent(slurm, "1", ARENA=tmp_path, WORK=tmp_path, PYTHON=noting(tmp_path, "exit 2"), PROFILE="cpu", RESTARTS=restarts)
    assert slurm.run() == ended(slurm, [2])


def test_every_setting_is_told_and_every_told_one_is_a_setting() -> None:
    text = JOB.read_text()
    head, body = text.split("set -uo pipefail")
    told = set(re.findall(r"^#   ([A-Z]+) ", head, re.M))
    used = set(re.findall(r"\$\{([A-Z]+):[-?]", body))
    assert told == used - {"SLURM"}


@pytest.mark.integration
def test_the_page_s_example_is_one(slurm: Slurm, tmp_path: Path) -> None:
    page = (ROOT / "docs/organiser-cluster.md").read_text()
    (line,) = re.findall(r"^\$ deploy/slurm/submit\.sh (.+)$", page, re.M)
    (exported,) = re.findall(r"^\$ export (ARENA=.+)$", page, re.M)
    given = dict(word.split("=") for word in exported.split())
    assert given.keys() <= set(re.findall(r"^#   ([A-Z]+) ", JOB.read_text(), re.M))
    said = sent(slurm, *line.split(), **given | {"WORK": str(tmp_path / "work")})
    assert said.returncode == 0, said.stderr
    assert [job.options["account"] for job in slurm.jobs().values()] == ["ours", "ours"]


def test_the_job_asks_for_the_devices_of_its_profile() -> None:
    from evaluator.config.profile import load_profile

    text = JOB.read_text()
    (profile,) = re.findall(r"PROFILE:-(\S+)\}", text)
    assert options_of(text)["gpus-per-node"] == str(load_profile(profile).devices)
    assert "--exclusive" in directives(text)


@pytest.mark.integration
def test_the_scripts_have_no_fault_that_shellcheck_knows() -> None:
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed (Debian: apt-get install shellcheck)")
    done = subprocess.run(["shellcheck", SUBMIT, JOB], capture_output=True, text=True, check=False)
    assert done.stdout == ""


@pytest.mark.slow
@pytest.mark.full  # shares without Slurm are in every run: test_shard.py
@pytest.mark.timeout(1800)
def test_shares_on_several_nodes_publish_what_one_evaluator_does(slurm: Slurm, tmp_path: Path) -> None:
    """The real engine and trainer: two shares at once on a fresh work folder, then the publishing job."""
    tasks = [make_task(name) for name in ("count", "add")]
    benchmark = make_benchmark(tmp_path / "arena/benchmark", tasks, train=16, test=4)
    with open_context(load_protocol("demo@1"), ToolSettings(load_profile("cpu"), tmp_path / "measuring")) as bench:
        anchors = Change("anchors/demo@1.json", to_json(make_anchors(bench, benchmark, tasks)))
    benchmark.repo.commit([anchors], benchmark.repo.head())
    arena = open_arena(str(tmp_path / "arena"))
    rows = {task.id: make_rows(task.id, 16, start=200) for task in tasks}
    ulid = submit_delivery(arena, tasks, write_delivery(tmp_path / "mine", rows)).id
    evaluator = [sys.executable, "-m", "evaluator"]
    env = {"OMP_NUM_THREADS": "1", "TORCH_EXTENSIONS_DIR": str(tmp_path / "extensions"), **os.environ}
    shutil.copytree(tmp_path / "arena", tmp_path / "undisturbed")
    settings = {"PROTOCOL": "demo@1", "PROFILE": "cpu", "PYTHON": sys.executable}
    settings |= {name: env[name] for name in ("OMP_NUM_THREADS", "TORCH_EXTENSIONS_DIR")}
    said = sent(slurm, "2", ARENA=tmp_path / "arena", WORK=tmp_path / "work", **settings)
    assert said.returncode == 0, said.stderr
    codes = slurm.run()
    logs = "\n".join(log.read_text() for log in sorted((tmp_path / "work/logs").glob("*.log")))
    assert codes == {f"{slurm.first}_1": [0], f"{slurm.first}_2": [0], f"{slurm.first + 50}": [0]}, logs
    assert len(list((tmp_path / "work/stages/fine_tune").glob("*.json"))) == len(tasks)
    publishing = (tmp_path / f"work/logs/arena-publish-{slurm.first + 50}.log").read_text()
    assert f"{ulid}: published." in publishing
    assert not (tmp_path / "work/logs/engine.log").exists(), "the publishing job started no engine"
    assert not (tmp_path / "work/logs/trainer.log").exists()
    work = ["work", "--arena", tmp_path / "undisturbed", "--once", "--no-judge"]
    subprocess.run([*evaluator, *work], cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
    path = f"results/results/{ulid}/demo@1.json"
    mine, theirs = ((tmp_path / name / path).read_bytes() for name in ("arena", "undisturbed"))
    assert json.loads(mine) == json.loads(theirs)
    assert mine == theirs
