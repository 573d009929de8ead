"""The records that are written down. Every one is frozen and refuses fields it does not know."""

from __future__ import annotations

from datetime import datetime
from statistics import stdev
from typing import Literal

from pydantic import Field

from submissions.records.base import Name as Name
from submissions.records.base import Record as Record
from submissions.records.base import Score as Score
from submissions.records.base import Sha256 as Sha256
from submissions.records.base import TaskId as TaskId
from submissions.records.base import Ulid as Ulid
from submissions.records.findings import JudgeScores, ScreenFindings
from submissions.records.owner_requests import Owner as Owner

Kind = Literal["knowledge", "reasoning"]
"""What a task asks of its data: breadth of facts, or paths of inference."""

SystemType = Literal["search", "synthesis", "deep_research", "hybrid"]
"""How a DataResearcher comes by its data."""

Method = Literal["few_shot_1", "few_shot_3", "few_shot_5", "fine_tune"]
"""How a data set's worth is measured: as shots in the prompt, or as training data."""

METHODS: tuple[Method, ...] = ("few_shot_1", "few_shot_3", "few_shot_5", "fine_tune")

State = Literal[
    "received",
    "checking",
    "refused",
    "queued",
    "evaluating",
    "retrying",
    "failed",
    "evaluated",
    "published",
    "withdrawn",
]
"""Where a submission stands. `refused`, `published` and `withdrawn` are final; `failed` is taken up again, which is
`retrying`; `evaluated` has a result that only its submitter sees, until they publish it."""

Stage = Literal["check", "screen", "metadata", "few_shot", "fine_tune", "total", "publish"]
"""The steps of an evaluation, in order."""


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


class Description(Record):
    """What a submitter says of one delivered data set: a line of metadata.jsonl."""

    task: TaskId
    metadata: Metadata


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
    """The mean over the trainings of `seeds`."""
    base_parts: tuple[Score, ...] = ()
    """The metrics that a combined score is made of (paper@1: translation and generation), in the metric's order."""
    reference_parts: tuple[Score, ...] = ()
    seeds: tuple[float, ...] = ()
    """The reference's score for each training seed; empty where it was imported."""
    noise: float = Field(ge=0, allow_inf_nan=False)
    """Standard error of reference minus base: over the test items, and over the seeds."""
    origin: Literal["measured", "official"] = "measured"
    """Measured here, or taken from the official release's score files."""
    exam_sha256: Sha256
    """Hash of what was asked; other test rows need other anchors."""
    train_sha256: Sha256
    """Hash of the rows that the reference model was trained on."""
    scored_sha256: Sha256
    """Hash of how answers became scores: metrics, category, language."""

    @property
    def seed_sd(self) -> float | None:
        """Standard deviation of the reference's score between training seeds; None with fewer than two."""
        return stdev(self.seeds) if len(self.seeds) > 1 else None


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


class DescriptionFile(Record):
    """The stored metadata.jsonl of a submission."""

    path: str
    """Inside the submission's folder."""
    sha256: Sha256
    bytes: int = Field(ge=0)
    tasks: int = Field(ge=0)


class PinnedFile(Record):
    """A file of a public data set on the Hub, as of one commit."""

    repo: str = Field(max_length=200)
    commit: str = Field(pattern=r"^[0-9a-f]{40}$")
    path: str = Field(max_length=1000)


class Provenance(Record):
    """Where the data came from, in the submitter's words."""

    description: str = Field(default="", max_length=4000)
    url: str = Field(default="", max_length=500, pattern=r"^(https?://\S+)?$")
    fetched: tuple[PinnedFile, ...] = ()
    """Where the files were fetched from, if they were named instead of sent; this is known, not said."""


class Submission(Record):
    """A delivered set of data sets. Written once, by the web app or the command line."""

    id: Ulid
    track: str
    system: Name
    system_type: SystemType
    team: Name
    submitter: Name
    files: tuple[DataFile, ...]
    descriptions: DescriptionFile | None = None
    """What the submitter says of the data sets, for the judge; without it the judge's model describes them."""
    provenance: Provenance = Provenance()
    owner: Owner = ""
    """Who may withdraw, retry and publish it."""
    private: bool = False
    """Whether its result stays with its owner until they publish it."""
    created_at: datetime


class Status(Record):
    """Where a submission stood at one time."""

    state: State
    stage: Stage | None = None
    done: int | None = Field(default=None, ge=0)
    """Tasks of this stage that are finished, out of `of`."""
    of: int | None = Field(default=None, ge=0)
    place: int | None = Field(default=None, ge=1)
    """Place in the queue, 1 is next, out of `of`."""
    expected_start: datetime | None = None
    """Of a queued submission: when its turn comes if those before it take as long as those before them did."""
    message: str
    log_tail: str = Field(default="", max_length=4000)
    """The last lines of the log of what failed, without anything of the hidden rows or the machine."""
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
    """What the score is worth on the protocol's scale, which its name says: `gain` is (score - base) / (reference -
    base), clipped (arena@1); `ratio` is score / reference by metric, weighted, not clipped (paper@1)."""
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
    screen: ScreenFindings | None = None
    """What the screen found in the delivered rows; None where nothing was delivered, or nothing was screened."""
    base: Score
    reference: Score
    seed_sd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Standard deviation of the reference's score between training seeds."""
    methods: tuple[MethodScore, ...]


class Total(Record):
    """A mean over tasks: one cell of the board."""

    method: Method
    subset: str
    group: Literal["overall", "knowledge", "reasoning"]
    gain: Score
    """Mean of the tasks' gains, with the 95% interval of a two-level bootstrap over tasks and items."""
    median: float | None = Field(default=None, allow_inf_nan=False)
    seed_sd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """How far another training seed would move the mean (standard deviation); no part of the interval."""


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
    metadata: JudgeScores | None = None
    """How well the delivered data is described, by the judge; None where nothing was judged. Never ranked by."""
