"""An evaluation is killed, at each of its steps and at random moments: what holds when it is run again.

`python -m tests.support.fault_injection.scenarios` prints the table; test_faults_killed.py has the same runs.
"""

from __future__ import annotations

import json
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluator.runtime.resource_usage import FILE
from evaluator.testing.null_backend import NullGenerator, NullTrainer, null_context
from evaluator.tracks.protocols import load_protocol
from submissions.arena.arena import commit_with_retry
from submissions.records.ledger import Cost, Ledger
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from tests.support.evaluation_factories import make_anchors
from tests.support.factories import make_benchmark, make_rows, make_task, write_delivery
from tests.support.fault_injection.light_arena import Job, Launcher, log_of

TASKS = [make_task("count"), make_task("add")]
ANSWERS = ("few_shot", "fine_tune")
MOMENTS = 20
SEED = 6
PAUSE = 0.003
"""Seconds of each step of a light training or answer when a random moment is to fall into one."""


@dataclass(frozen=True)
class Outcome:
    """An evaluation that was killed, and run again."""

    step: str
    """Before which it was killed."""
    same_result: bool
    same_ledger: bool
    """But for the seconds, which are of this run."""
    trained_again: int
    """Trainings that had ended and were begun again."""
    asked_again: int
    """Answers that were stored and were asked for again."""
    left: tuple[str, ...]
    """Models and half-written files that were not removed."""

    @property
    def is_well(self) -> bool:
        return self.same_result and self.same_ledger and not (self.trained_again or self.asked_again or self.left)


class World:
    """A benchmark, a delivery, and as many evaluations of it as a test likes."""

    def __init__(self, folder: Path, launcher: Launcher) -> None:
        self._folder, self._launcher = folder, launcher
        benchmark = make_benchmark(folder / "benchmark", TASKS)
        bench = null_context(folder / "anchors", load_protocol("demo@1"), NullTrainer(), NullGenerator())
        anchors = to_json(make_anchors(bench, benchmark, TASKS))
        commit_with_retry(benchmark.repo, [Change("anchors/demo@1.json", anchors)])
        write_delivery(folder / "mine", {task.id: make_rows(task.id, 12, start=200) for task in TASKS})
        whole = folder / "undisturbed"
        self._run(self._job(whole))
        self.result, self.ledger = (whole / "result.json").read_bytes(), ledger_in(whole)
        self.steps = log_of(whole, "steps").read_text().splitlines()

    def killed_at(self, step: int) -> Outcome:
        """The outcome where the process dies just before a step."""
        out = self._folder / f"step-{step}"
        code = self._launcher.run(self._job(out, die=step))
        assert code == -signal.SIGKILL, log_of(out, "said").read_text()
        return self._again(out, self.steps[step])

    def killed_after(self, moments: Sequence[float]) -> Iterator[Outcome]:
        """The outcomes where the process is killed from outside, at shares of what an undisturbed run takes."""
        began = time.perf_counter()
        self._run(self._job(self._folder / "slow", pause=PAUSE))
        whole = time.perf_counter() - began
        for number, share in enumerate(moments):
            out = self._folder / f"moment-{number}"
            self._launcher.run(self._job(out, moment=share * whole, pause=PAUSE))
            yield self._again(out, last_of(out))

    def _again(self, out: Path, step: str) -> Outcome:
        ended, stored, asked = set(models_in(out)), answers_in(out), count_in(out, "answers")
        ended |= {file.stem for file in stored if file.parent.name == "fine_tune"}
        began = count_in(out, "trainings")
        self._run(self._job(out))
        anew = count_in(out, "trainings") - began
        in_all = len(TASKS) * (len(load_protocol("demo@1").few_shot.shots) + 1)
        now_asked = (count_in(out, "answers") - asked).total()
        return Outcome(
            step=step,
            same_result=(out / "result.json").read_bytes() == self.result,
            same_ledger=ledger_in(out) == self.ledger,
            trained_again=sum(anew[f"began {key}"] for key in ended),
            asked_again=now_asked - (in_all - len(stored)),
            left=tuple(file.name for file in [*(out / "work" / "models").glob("*"), *out.rglob(".part-*")]),
        )

    def _job(self, out: Path, die: int | None = None, moment: float | None = None, pause: float = 0.0) -> Job:
        return Job(
            str(self._folder / "benchmark"), str(self._folder / "mine"), str(out), die=die, moment=moment, pause=pause
        )

    def _run(self, job: Job) -> None:
        assert self._launcher.run(job) == 0, log_of(Path(job.out), "said").read_text()


def ledger_in(out: Path) -> list[Cost]:
    """What an evaluation cost but for the time that it took."""
    found = Ledger.model_validate_json((out / "ledger.json").read_bytes())
    return [cost.model_copy(update={"seconds": 0.0}) for cost in found.costs]


def models_in(out: Path) -> list[str]:
    """The keys of finished trainings whose model lies here."""
    return [file.parents[1].name for file in (out / "work" / "models").glob(f"*/model/{FILE}")]


def answers_in(out: Path) -> list[Path]:
    """Stored answers that can be read."""
    files = [file for stage in ANSWERS for file in (out / "work" / "stages" / stage).glob("[!.]*.json")]
    assert all(json.loads(file.read_bytes())["texts"] for file in files)
    return files


def count_in(out: Path, log: str) -> Counter[str]:
    """How often something was done in a folder, by all runs there."""
    file = log_of(out, log)
    return Counter(file.read_text().splitlines()) if file.exists() else Counter()


def last_of(out: Path) -> str:
    """The last step of a run that was killed."""
    file = log_of(out, "steps")
    return (
        (file.read_text().splitlines() or ["before the first step"])[-1] if file.exists() else "before the first step"
    )


def moments(count: int = MOMENTS) -> list[float]:
    """Shares of a run."""
    chance = random.Random(SEED)
    return [chance.random() for _ in range(count)]


def kind_of(step: str) -> str:
    """What a step is about, for the table."""
    if step.startswith(("start", "training", "answering")):
        return "a stage, a training or an answer begins"
    place = step.split(" ", 2)[2]
    if "models/" in place:
        return "a model is made, kept or removed"
    if "stages/cost" in place:
        return "a cost is stored"
    if "stages/" in place:
        return "a stage's output is stored"
    kinds = {"result.json": "the Result", "ledger.json": "the ledger", "work": "the work folder"}
    return f"{kinds.get(place, 'a file of the records')} is written"


def table(named: Sequence[tuple[str, str, Sequence[Outcome]]]) -> str:
    """Rows of fault, moment, what holds, and runs, in Markdown."""
    lines = ["| fault | moment | what holds after the next run | runs |", "|---|---|---|---|"]
    for fault, moment, outcomes in named:
        lines.append(f"| {fault} | {moment} | {holds(outcomes)} | {len(outcomes)} |")
    return "\n".join(lines)


def holds(outcomes: Sequence[Outcome]) -> str:
    """What is so after all of these."""
    found = {
        "Result byte for byte": sum(not one.same_result for one in outcomes),
        "same ledger": sum(not one.same_ledger for one in outcomes),
        "no finished training repeated": sum(one.trained_again for one in outcomes),
        "no stored answer asked again": sum(one.asked_again for one in outcomes),
        "no model or half file left": sum(bool(one.left) for one in outcomes),
    }
    return ", ".join(f"{what}{f' BUT {but}' if but else ''}" for what, but in found.items())


def by_kind(outcomes: Sequence[Outcome]) -> list[tuple[str, str, Sequence[Outcome]]]:
    """Outcomes of steps, by what the step is about."""
    kinds: dict[str, list[Outcome]] = {}
    for one in outcomes:
        kinds.setdefault(kind_of(one.step), []).append(one)
    return [("SIGKILL", f"before and after: {kind}", some) for kind, some in kinds.items()]


def main() -> None:
    """Kill and print."""
    with tempfile.TemporaryDirectory() as folder, Launcher(Path(folder)) as launcher:
        world = World(Path(folder), launcher)
        began = time.perf_counter()
        steps = [world.killed_at(step) for step in range(len(world.steps))]
        random_ones = list(world.killed_after(moments()))
        seconds = time.perf_counter() - began
    print(table([*by_kind(steps), ("SIGKILL", f"random moments, seed {SEED}", random_ones)]))
    print(f"{len(steps) + len(random_ones)} runs killed and run again in {seconds:.0f} s")


if __name__ == "__main__":
    main()
