"""Definition of a track: what may be submitted to it, and the words of its records."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from submissions.checking.payloads.payload import Payload
from submissions.errors import InvalidFile
from submissions.estimation.stage_load import Workload
from submissions.records.base import Record
from submissions.records.task import Reference
from submissions.tracks.published_protocol import POINTS, ProtocolScale


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
    phrase: str = ""
    """Name in a sentence, after "by"; empty for the label."""

    @property
    def words(self) -> str:
        """Name in a sentence, after "by"."""
        return self.phrase or self.label


@dataclass(frozen=True)
class ProtocolSpec:
    """Facts of a protocol that pages show, for arenas whose evaluator has published none."""

    name: str
    scale: ProtocolScale
    order: int = 1
    """Position among the track's protocols, the smallest first."""
    note: str = ""
    """Purpose of the protocol, in a sentence."""


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
    reference: type[Record] = Reference
    """Hidden side of a task. `Reference` lies in files of rows; any other type in one file, reference.json."""
    groups: tuple[Labelled, ...] = ()
    """Groups of tasks with totals of their own, beside `overall`: the values of `Task.kind`."""
    system_types: tuple[Labelled, ...] = ()
    """Ways in which a system gets its data, one of which each submission states."""
    scale: ProtocolScale | None = None
    """Scale of its totals under a protocol that is not among `protocols`; None for the headline's values in points."""
    protocols: tuple[ProtocolSpec, ...] = ()
    """Facts of its protocols, for arenas whose evaluator has published none."""
    subset_labels: Mapping[str, str] = field(default_factory=dict)
    """Names of subsets on pages, where they differ from the keys."""
    attempts: int | None = None
    """Attempts of a team unless the organiser sets another limit; None for no limit."""
    workload: Workload | None = None
    """Work of an evaluation for one task; None for a track without estimates."""
    has_descriptions: bool = False
    """True if a delivery may have a metadata.jsonl with descriptions of its data sets."""

    @property
    def folders(self) -> int:
        """Greatest number of folders in a delivered file's name."""
        return max(payload.folders for payload in self.payloads.values())

    def claims_name(self, name: str) -> bool:
        """Return whether a file's name has the form of one of the payloads."""
        for payload in self.payloads.values():
            with suppress(InvalidFile):
                payload.parse_name(name)
                return True
        return False

    @property
    def max_file_bytes(self) -> int:
        """Byte limit of a delivered file of any kind."""
        return max(payload.max_file_bytes for payload in self.payloads.values())

    @property
    def hub_endings(self) -> tuple[str, ...]:
        """Endings of its payloads' files in a data set on the Hub."""
        return tuple(dict.fromkeys(end for payload in self.payloads.values() for end in payload.hub_endings))

    @property
    def size_fix(self) -> str:
        """Advice for a delivery that is too large, from its first payload."""
        return next(iter(self.payloads.values())).size_fix

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

    def name_subset(self, key: str) -> str:
        """Name of a subset on pages."""
        return self.subset_labels.get(key, key)

    def has_protocol(self, name: str) -> bool:
        """Return whether a protocol is one of the track's, in any version."""
        names = (self.default_protocol, self.demo_protocol, *(known.name for known in self.protocols))
        return _family(name) in map(_family, names)

    def describe_protocol(self, name: str) -> ProtocolSpec:
        """Return the facts of a protocol; another version has those of the one that is listed, but for its note."""
        for known in self.protocols:
            if known.name == name:
                return known
        for known in self.protocols:
            if _family(known.name) == _family(name):
                return replace(known, name=name, note="")
        return ProtocolSpec(name, self.scale or self._headline_scale(), self._order_by_name(name))

    def _headline_scale(self) -> ProtocolScale:
        label = self.headline_method.label
        heading = label[:1].upper() + label[1:]
        return POINTS.model_copy(update={"heading": heading, "meaning": f"{heading}, averaged over all tasks."})

    def _order_by_name(self, protocol: str) -> int:
        """Position of a protocol that is not listed: any version of the default one first, of the demo one last."""
        orders = {_family(self.demo_protocol): 2, _family(self.default_protocol): 0}
        return orders.get(_family(protocol), 1)

    @property
    def preview_keys(self) -> tuple[str, ...]:
        """Keys of the methods that are measured before the costly stages."""
        return tuple(method.key for method in self.methods if method.is_preview)

    @property
    def headline_method(self) -> MethodSpec:
        """The method that ranks. Raises StopIteration for a track that lists none of that key."""
        return next(method for method in self.methods if method.key == self.headline)

    def label_method(self, key: str) -> str:
        """Name of a method on pages; the key in plain words for one that the track does not list."""
        method = self.find_method(key)
        return method.label if method else key.replace("_", " ")

    def find_method(self, key: str) -> MethodSpec | None:
        """Return a method by its key; None if the track has no such method."""
        return next((method for method in self.methods if method.key == key), None)


def _family(protocol: str) -> str:
    """Name of a protocol without its version."""
    return protocol.partition("@")[0]
