"""The records that are written down. Every one is frozen and refuses fields it does not know."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Kind = Literal["knowledge", "reasoning"]
"""What a task asks of its data: breadth of facts, or paths of inference."""

SystemType = Literal["search", "synthesis", "deep_research", "hybrid"]
"""How a DataResearcher comes by its data."""

Method = Literal["few_shot_1", "few_shot_3", "few_shot_5", "fine_tune"]
"""How a data set's worth is measured: as shots in the prompt, or as training data."""

METHODS: tuple[Method, ...] = ("few_shot_1", "few_shot_3", "few_shot_5", "fine_tune")

State = Literal["received", "checking", "refused", "queued", "evaluating", "failed", "published"]
"""Where a submission stands. `refused` and `published` are final; `failed` is taken up again by the next worker."""

Stage = Literal["check", "screen", "metadata", "few_shot", "fine_tune", "total", "publish"]
"""The steps of an evaluation, in order."""

TaskId = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$"), AfterValidator(lambda task: _without_ending(task))
]
Ulid = Annotated[str, Field(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A name that people choose: any script, no control characters."""


def _without_ending(task: str) -> str:
    if task.endswith((".csv", ".json", ".jsonl", ".parquet")):
        raise ValueError("a task id must not end like a file name: its page and its data file could not be told apart")
    return task


class Record(BaseModel):
    """The base of all that is written to a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Row(Record):
    """One training or test example: what the model is given, and what it should say."""

    input: str
    output: str


class Task(Record):
    """One demand for a data set. Public."""

    id: TaskId
    track: str
    title: str
    category: str
    """What the data set is for, for example `multiple_choice`; the track lists the categories."""
    kind: Kind
    language: str
    """BCP 47 tag of the outputs, for example `en` or `zh-Hant`."""
    subsets: tuple[str, ...] = ("full",)
    """The boards that count this task; `pro` is the hard subset."""
    metric: str
    """The headline metric under arena@1, for example `token_f1`."""
    demand: str
    """What a DataResearcher is given: the wanted data set in plain words."""


class Metadata(Record):
    """What a data set is, in the dimensions that the judge compares (paper, section 3.2)."""

    introduction: str
    task: str
    question: str
    domain: str = ""
    input: str
    output: str
    source: str
    example: Row | None = None
    samples_count: int = Field(ge=0)


class Score(Record):
    """One measured number. An unscored value is None and says why; it is never zero."""

    name: str
    value: float | None = Field(default=None, allow_inf_nan=False)
    n: int = Field(ge=0)
    """How many items (or tasks, in a total) the value is the mean of."""
    interval: tuple[float, float] | None = None
    """Lower and upper bound of the 95% interval, on the scale of the value."""
    why: str | None = None
    """Why there is no value."""

    @model_validator(mode="after")
    def _unscored_says_why(self) -> Self:
        if self.value is None and not self.why:
            raise ValueError(f"score {self.name!r} has no value and does not say why")
        return self


class Setup(Record):
    """What shaped a number besides the protocol: the machine and the software."""

    model: str
    model_sha256: Sha256
    """Hash over the base model's weights, configuration and tokenizer."""
    packages: dict[str, str]
    """Version of each library that computes: name to version."""
    hardware: str
    seed: int
    pipeline: int = 1
    """The evaluator's own version: counted up whenever a change to its code moves numbers."""


class Anchor(Record):
    """The two ends of a task's scale: the untouched model, and the model trained on the real data."""

    base: Score
    reference: Score
    noise: float = Field(ge=0, allow_inf_nan=False)
    """Standard error of reference minus base over the test items."""
    exam_sha256: Sha256
    """Hash of what was asked; other test rows need other anchors."""
    train_sha256: Sha256
    """Hash of the rows that the reference model was trained on."""


class Anchors(Record):
    """All anchors of a benchmark under one protocol."""

    protocol: str
    protocol_sha256: Sha256
    setup: Setup
    tasks: dict[TaskId, Anchor]


class Reference(Record):
    """The hidden side of a task. Private: only the evaluator and curation read it."""

    task: TaskId
    metadata: Metadata
    train: tuple[Row, ...]
    test: tuple[Row, ...]


class DataFile(Record):
    """One stored data file of a submission."""

    task: TaskId
    path: str
    """Inside the submission's folder, for example `data/mc-en-science.jsonl`."""
    sha256: Sha256
    bytes: int = Field(ge=0)
    rows: int = Field(ge=1)


class Provenance(Record):
    """Where the data came from, in the submitter's words."""

    description: str = Field(default="", max_length=4000)
    url: str = Field(default="", max_length=500, pattern=r"^(https?://\S+)?$")


class Submission(Record):
    """A delivered set of data sets. Written once, by the web app or the command line."""

    id: Ulid
    track: str
    system: Name
    system_type: SystemType
    team: Name
    submitter: Name
    files: tuple[DataFile, ...]
    provenance: Provenance = Provenance()
    created_at: datetime


class Status(Record):
    """Where a submission stood at one time."""

    state: State
    stage: Stage | None = None
    done: int | None = Field(default=None, ge=0)
    """Tasks of this stage that are finished, out of `of`."""
    of: int | None = Field(default=None, ge=0)
    place: int | None = Field(default=None, ge=1)
    """Place in the queue, 1 is next."""
    message: str
    fault: Literal["submission", "evaluator"] | None = None
    """Whose fault a refusal or failure is."""
    time: datetime


class History(Record):
    """All that happened to a submission, oldest first."""

    submission: Ulid
    entries: tuple[Status, ...] = Field(min_length=1)

    @property
    def now(self) -> Status:
        """The latest entry."""
        return self.entries[-1]


class MethodScore(Record):
    """What one method measured on one task."""

    method: Method
    score: Score
    """The task's headline metric, in [0, 1]."""
    gain: Score
    """(score - base) / (reference - base), clipped to [-1, 1.5] (arena@1)."""
    others: tuple[Score, ...] = ()
    """Further metrics, shown and never ranked."""


class TaskResult(Record):
    """One task of a result. A missing task is listed too, with gain 0."""

    task: TaskId
    state: Literal["scored", "missing"]
    rows: int = Field(ge=0)
    """Rows the model was trained on, after the screen."""
    removed: int = Field(ge=0)
    """Rows the screen removed as copies of test rows."""
    base: Score
    reference: Score
    methods: tuple[MethodScore, ...]


class Total(Record):
    """A mean over tasks: one cell of the board."""

    method: Method
    subset: str
    group: Literal["overall", "knowledge", "reasoning"]
    gain: Score
    median: float | None = Field(default=None, allow_inf_nan=False)


class Result(Record):
    """All that is published of an evaluated submission. Holds no time: the same work gives the same bytes."""

    submission: Ulid
    track: str
    system: Name
    system_type: SystemType
    team: Name
    protocol: str
    protocol_sha256: Sha256
    setup: Setup
    flagged: str | None = None
    """Why this entry is unranked until an organiser looks, for example leaked test rows."""
    tasks: tuple[TaskResult, ...]
    totals: tuple[Total, ...]
