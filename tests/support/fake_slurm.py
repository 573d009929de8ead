"""A Slurm without a cluster: sbatch, srun, scancel and scontrol for a PATH, and the life of the jobs that were sent.

It speaks as much of the real thing as our scripts use, and refuses options that it does not know. As the real one, it
runs a copy of the script, reads #SBATCH lines up to the first command, and lets the command line stand before them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

PLACE, FIRST = "FAKE_SLURM", "FAKE_SLURM_FIRST"
"""The variables that name the folder in which all is kept, and the number of the first job."""
_VALUES = (
    "--account",
    "--array",
    "--dependency",
    "--gpus-per-node",
    "--job-name",
    "--mem",
    "--nodes",
    "--ntasks",
    "--open-mode",
)
_VALUES += ("--output", "--partition", "--signal", "--time")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sbatch", allow_abbrev=False)
    for name in _VALUES:
        parser.add_argument(name)
    for name in ("--exclusive", "--requeue", "--parsable"):
        parser.add_argument(name, action="store_true", default=None)
    return parser


def directives(script: str) -> list[str]:
    """The options in a script's #SBATCH lines; those after the first command do not count."""
    found = []
    for line in script.splitlines():
        if line.startswith("#SBATCH "):
            found += line.removeprefix("#SBATCH ").split()
        elif line.strip() and not line.startswith("#"):
            break
    return found


def options_of(script: str, given: Sequence[str] = ()) -> dict[str, str]:
    """A job's options. Ends the process for one that Slurm would not know."""
    of_script = vars(_options().parse_args(directives(script)))
    of_command = vars(_options().parse_args(given))
    chosen = {name: value for some in (of_script, of_command) for name, value in some.items() if value is not None}
    return {name.replace("_", "-"): str(value) for name, value in chosen.items()}


@dataclass
class Slurm:
    """Jobs that were sent, and what became of them."""

    folder: Path
    first: int = field(default_factory=lambda: 100 * os.getpid())
    """The number of the first job. Jobs have folders in /tmp by their number, and other tests may run beside this."""

    def environment(self) -> dict[str, str]:
        """What makes the commands those of this cluster."""
        tools = self.folder / "bin"
        tools.mkdir(parents=True, exist_ok=True)
        for name in COMMANDS:
            (tools / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" {name} "$@"\n')
            (tools / name).chmod(0o755)
        return {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", PLACE: str(self.folder), FIRST: str(self.first)}

    def jobs(self) -> dict[int, Job]:
        return {int(file.stem): Job(**json.loads(file.read_text())) for file in sorted(self.folder.glob("jobs/*.json"))}

    def run(self) -> dict[str, list[int]]:
        """Run every job when those it waits for have ended, the elements of an array together.

        The exit codes of each, `<job>` or `<job>_<element>`, one for each time that it ran.
        """
        ended: dict[str, list[int]] = {}
        for number, job in self.jobs().items():  # by number: a job waits for earlier ones alone
            if waits := job.options.get("dependency"):
                kind, _, other = waits.partition(":")
                assert kind == "afterany", waits
                assert [name for name in ended if name.split("_")[0] == other], f"{waits} is no job that has ended"
            elements = list(job.elements())
            with ThreadPoolExecutor(len(elements)) as pool:
                found = pool.map(lambda element, number=number, job=job: self._ran(number, job, element), elements)
                ended |= dict(zip((f"{number}{f'_{one}' if one else ''}" for one in elements), found, strict=True))
        return ended

    def tell(self, job_id: int, sent: signal.Signals) -> None:
        """Send a signal to a job's batch script, as `--signal=B:` does."""
        os.kill(int((self.folder / f"shells/{job_id}").read_text()), sent)

    def _ran(self, number: int, job: Job, element: int) -> list[int]:
        codes: list[int] = []
        again = self.folder / f"requeued/{number + max(0, element - 1)}"
        while not codes or again.exists():
            again.unlink(missing_ok=True)
            codes.append(self._ran_once(number, job, element, len(codes)))
        return codes

    def _ran_once(self, number: int, job: Job, element: int, restarts: int) -> int:
        mine = number + max(0, element - 1)
        script = self.folder / f"spool/{mine}/slurm_script"
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(job.script)
        script.chmod(0o755)
        env = job.environment | {"SLURM_JOB_ID": str(mine), "SLURM_SUBMIT_DIR": job.cwd}
        if restarts:
            env["SLURM_RESTART_COUNT"] = str(restarts)
        if element:
            env |= {"SLURM_ARRAY_JOB_ID": str(number), "SLURM_ARRAY_TASK_ID": str(element)}
            env |= {
                "SLURM_ARRAY_TASK_MAX": str(max(job.elements())),
                "SLURM_ARRAY_TASK_COUNT": str(len(job.elements())),
            }
        names = {"x": job.options["job-name"], "A": str(number), "a": str(element), "j": str(mine)}
        log = Path(job.cwd, self.folder, re.sub("%([xAaj])", lambda found: names[found[1]], job.options["output"]))
        with log.open("a" if job.options.get("open-mode") == "append" else "w") as out:
            shell = subprocess.Popen([script], cwd=job.cwd, env=env, stdout=out, stderr=subprocess.STDOUT)
            (self.folder / "shells").mkdir(exist_ok=True)
            (self.folder / f"shells/{mine}").write_text(str(shell.pid))
            return shell.wait()


@dataclass
class Job:
    script: str
    options: dict[str, str]
    environment: dict[str, str]
    cwd: str

    def elements(self) -> Sequence[int]:
        """The numbers of its array; 0 alone where it is none."""
        if "array" not in self.options:
            return [0]
        first, _, last = self.options["array"].partition("-")
        return range(int(first), int(last or first) + 1)


def _sbatch(place: Path, words: Sequence[str]) -> None:
    at = next(number for number, word in enumerate(words) if not word.startswith("-"))
    assert at == len(words) - 1, "words after the script"
    script = Path(words[at]).read_text()
    options = options_of(script, words[:at])
    (place / "jobs").mkdir(exist_ok=True)
    number = int(os.environ[FIRST]) + 50 * len(list((place / "jobs").iterdir()))
    job = Job(script, options, dict(os.environ), str(Path.cwd()))
    (place / f"jobs/{number}.json").write_text(json.dumps(vars(job)))
    print(number if "parsable" in options else f"Submitted batch job {number}")


def _srun(place: Path, words: Sequence[str]) -> None:
    at = next(number for number, word in enumerate(words) if not word.startswith("-"))
    assert set(words[:at]) <= {"--ntasks=1", "--cpu-bind=none"}, words[:at]
    (place / "steps").mkdir(exist_ok=True)
    (place / "steps" / os.environ["SLURM_JOB_ID"]).write_text(str(os.getpid()))
    os.execvp(words[at], words[at:])


def _meant(place: Path, name: str) -> list[int]:
    """The jobs of a name: `A_n` is one element, the bare number of an array all of its elements."""
    number, _, element = name.partition("_")
    file = place / f"jobs/{number}.json"
    if element:
        return [int(number) + max(0, int(element) - 1)]
    elements = Job(**json.loads(file.read_text())).elements() if file.exists() else [0]
    return [int(number) + max(0, one - 1) for one in elements]


def _scancel(place: Path, words: Sequence[str]) -> None:
    how, name = words
    for job in _meant(place, name):
        os.kill(int((place / f"steps/{job}").read_text()), getattr(signal, f"SIG{how.removeprefix('--signal=')}"))


def _scontrol(place: Path, words: Sequence[str]) -> None:
    verb, name = words
    assert verb == "requeue", verb
    (place / "requeued").mkdir(exist_ok=True)
    for job in _meant(place, name):
        (place / f"requeued/{job}").touch()


COMMANDS = {"sbatch": _sbatch, "srun": _srun, "scancel": _scancel, "scontrol": _scontrol}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](Path(os.environ[PLACE]), sys.argv[2:])
