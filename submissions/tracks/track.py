"""Definition of a track: what may be submitted to it, and the words of its records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from submissions.checking.payloads.payload import Payload
from submissions.estimation.stage_load import Workload


@dataclass(frozen=True)
class Labelled:
    """A stored key with its name for people."""

    key: str
    label: str


@dataclass(frozen=True)
class MethodSpec(Labelled):
    """One method that measures a delivery."""

    is_preview: bool = False
    """True if it is measured before the costly stages, as part of the preview."""


@dataclass(frozen=True)
class Track:
    """One board's rules for what may be submitted, and the keys that its records use."""

    name: str
    title: str
    methods: tuple[MethodSpec, ...]
    """Methods in the order of the pages."""
    headline: str
    """Key of the method that ranks; the default of the board."""
    stages: tuple[str, ...]
    """Steps of an evaluation, in order; statuses and costs name them."""
    default_protocol: str
    """Protocol of the board where neither URL nor settings name one, on a public site."""
    demo_protocol: str
    """The same where ARENA_PROTOCOL is unset on any other machine."""
    subsets: tuple[str, ...]
    """Subsets of its tasks, each with a separate board; the first is shown by default."""
    categories: Mapping[str, str]
    """Category of a task to its headline metric under the default protocol."""
    payloads: Mapping[str, Payload]
    """Kinds of artifacts in a submission, by key; a file belongs to the first that claims its name."""
    module: str
    """Name of the module that holds this track as TRACK, for processes that check a delivery."""
    groups: tuple[Labelled, ...] = ()
    """Groups of tasks with totals of their own, beside `overall`: the values of `Task.kind`."""
    system_types: tuple[Labelled, ...] = ()
    """Ways in which a system gets its data, one of which each submission states."""
    attempts: int | None = None
    """Attempts of a team unless the organiser sets another limit; None for no limit."""
    workload: Workload | None = None
    """Work of an evaluation for one task; None for a track without estimates."""
    has_descriptions: bool = False
    """True if a delivery may have a metadata.jsonl with descriptions of its data sets."""

    @property
    def max_file_bytes(self) -> int:
        """Byte limit of a delivered file of any kind."""
        return max(payload.max_file_bytes for payload in self.payloads.values())

    @property
    def method_keys(self) -> tuple[str, ...]:
        """Keys of all methods, in the order of the pages."""
        return tuple(method.key for method in self.methods)

    @property
    def group_keys(self) -> tuple[str, ...]:
        """Groups with stored totals: `overall`, then the track's own."""
        return ("overall", *(group.key for group in self.groups))

    @property
    def system_type_keys(self) -> tuple[str, ...]:
        """Keys of all types of systems."""
        return tuple(kind.key for kind in self.system_types)
