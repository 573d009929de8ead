"""A crew on a real Ray of several nodes, on loopback, with fake GPUs."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import ray
from ray.cluster_utils import Cluster
from ray.util.placement_group import placement_group_table

from evaluator.config.profile import Profile
from evaluator.errors import ChildFailed, NoWorkerAvailable, WorkerLost
from evaluator.runtime.resource_usage import FILE, ResourceUsage
from evaluator.scheduling.ray.ray_executor import RayExecutor
from submissions.records.anchors import Setup
from tests.support.evaluation_factories import SETUP
from tests.support.processes import all_end, until
from tests.support.ray_workers import Light, by_key, gpus, keys, nothing, units

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Nodes:
    """A head without room, and nodes of two fake GPUs each."""

    cluster: Cluster

    def add(self) -> str:
        """The id of a new node."""
        return str(self.cluster.add_node(num_cpus=2, num_gpus=2, object_store_memory=80 << 20).node_id)

    def kill(self, node: str) -> None:
        (found,) = (one for one in self.cluster.worker_nodes if one.node_id == node)
        self.cluster.remove_node(found, allow_graceful=False)

    @property
    def ids(self) -> list[str]:
        return [str(one.node_id) for one in self.cluster.worker_nodes]


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    folder = tempfile.mkdtemp(prefix="arena-nodes-", dir="/tmp")
    # Or Ray writes one into the home folder. It stays: Ray remembers the first token of a process for good.
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_TMPDIR", folder)
        head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": 80 << 20}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        patch.setenv("RAY_ADDRESS", cluster.address)
        found = Nodes(cluster)
        for _ in range(2):
            found.add()
        yield found
        cluster.shutdown()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def light(tmp_path: Path) -> Light:
    return Light(tmp_path)


def crew(light: Light, profile: Profile, setup: Setup | None = SETUP) -> RayExecutor:
    return RayExecutor(light, profile, light.models, setup)


def all_work(mine: RayExecutor, light: Light, stations: int) -> None:
    """Have so many stations come, by as many units that wait for each other."""
    names = [f"waits-for-{number}" for number in range(stations)]

    def progress(_name: str, _step: int, _of: int) -> None:
        if len({entry["pid"] for entry in light.diary.read("train")}) == stations:
            for name in names:
                light.diary.let_go(name)

    assert sorted(by_key(mine.run(units(names), progress))) == keys(names)


def test_twenty_units_outlive_a_node_that_dies_half_way_and_none_is_done_twice(nodes: Nodes, light: Light) -> None:
    nodes.add()
    names = ["waits", *(f"unit-{number}" for number in range(19))]
    diary, finished, lost = light.diary, [], ""
    with crew(light, gpus(2)) as mine:
        for done in mine.run(units(names), nothing):
            finished.append(done.key)
            waiting = [entry["node"] for entry in diary.read("train") if entry["name"] == "waits"]
            if len(finished) >= 10 and not lost and waiting:  # under load its worker may start after ten others ended
                (lost,) = waiting
                begun = {entry["name"] for entry in diary.read("train") if entry["node"] == lost}
                nodes.kill(lost)
                all_end(entry["pid"] for entry in diary.read("open") if entry["node"] == lost)
                diary.let_go()
                before = set(finished)
    assert sorted(finished) == keys(names)
    times = {name: diary.names("train").count(name) for name in names}
    assert all(times[name] == 1 for name in names if f"key-{name}" in before), "what is finished is not done again"
    again = {name for name, count in times.items() if count > 1}
    assert "waits" in again
    assert again <= begun
    elsewhere = {f"key-{entry['name']}" for entry in diary.read("trained") if entry["node"] != lost}
    assert elsewhere >= set(keys(names)) - before
    assert len(nodes.ids) == 2


def test_a_node_that_joins_later_gets_work(nodes: Nodes, light: Light) -> None:
    names = [f"waits-{number}" for number in range(8)]
    joined: list[str] = []

    def progress(_name: str, _step: int, _of: int) -> None:
        if not joined:
            joined.append(nodes.add())
        elif any(entry["node"] == joined[0] for entry in light.diary.read("train")):
            for name in names:
                light.diary.let_go(name)

    with crew(light, gpus(2)) as mine:
        assert sorted(by_key(mine.run(units(names), progress))) == keys(names)
    assert light.diary.names("train") == sorted(names)
    nodes.kill(joined[0])


def test_stations_are_packed_by_the_profile_s_devices_and_share_none(nodes: Nodes, light: Light) -> None:
    def used(devices: int) -> set[tuple[str, str]]:
        names, seen = [f"waits-{devices}-{number}" for number in range(4)], []

        def progress(_name: str, _step: int, _of: int) -> None:
            if len({entry["pid"] for entry in light.diary.read("train")}) >= len(nodes.ids) * (2 // devices):
                created = [one for one in placement_group_table().values() if one["state"] == "CREATED"]
                seen.extend((one["strategy"], one["bundles"][0]) for one in created)
                for name in names:
                    light.diary.let_go(name)

        shutil.rmtree(light.diary.folder, ignore_errors=True)
        with crew(light, gpus(devices)) as mine:
            assert sorted(by_key(mine.run(units(names), progress))) == keys(names)
        assert seen
        assert all(one == ("STRICT_PACK", {"CPU": 1.0, "GPU": float(devices)}) for one in seen)
        return {(entry["node"], entry["devices"]) for entry in light.diary.read("open")}

    assert used(2) == {(node, "0,1") for node in nodes.ids}
    assert used(1) == {(node, device) for node in nodes.ids for device in "01"}


def test_a_unit_that_fails_is_tried_elsewhere_and_the_others_are_done(nodes: Nodes, light: Light) -> None:
    names = ["fails", *(f"unit-{number}" for number in range(6))]
    with crew(light, gpus(2)) as mine:
        all_work(mine, light, len(nodes.ids))
        with pytest.raises(ChildFailed) as failed:
            by_key(mine.run(units(names), nothing))
    assert [name for name in light.diary.names("ask") if "waits" not in name] == keys(names[1:])
    tried = [entry["node"] for entry in light.diary.read("train") if entry["name"] == "fails"]
    assert sorted(tried) == sorted(nodes.ids)
    said = failed.value
    assert (said.public, said.detail, said.log_tail) == ("fails failed.", "Its log is here.", "the tail")


@pytest.mark.usefixtures("nodes")
def test_a_unit_that_kills_its_stations_is_given_up_by_name(light: Light) -> None:
    names = ["kills", *(f"unit-{number}" for number in range(6))]
    with crew(light, gpus(2)) as mine, pytest.raises(WorkerLost, match=r"kills lost its worker 4 time"):
        by_key(mine.run(units(names), nothing))
    # A unit whose worker is killed while it answers is done again.
    assert set(light.diary.names("ask")) == set(keys(names[1:]))
    assert light.diary.names("train").count("kills") == 4


@pytest.mark.usefixtures("nodes")
def test_where_everything_fails_it_is_not_the_units(light: Light) -> None:
    names = [f"fails-{number}" for number in range(40)]
    with crew(light, gpus(2)) as mine:
        with pytest.raises(ChildFailed):
            by_key(mine.run(units(names), nothing))
        assert len(set(light.diary.names("train"))) < 12
        assert by_key(mine.run(units(["later"]), nothing)).keys() == {"key-later"}, "mended: all may work again"


def test_a_station_with_another_setup_is_sent_away(
    nodes: Nodes, light: Light, caplog: pytest.LogCaptureFixture
) -> None:
    odd, names = nodes.ids[0], [f"unit-{number}" for number in range(8)]
    mixed = Light(light.folder, odd_node=odd)
    with caplog.at_level(logging.WARNING), crew(mixed, gpus(1)) as mine:
        assert sorted(by_key(mine.run(units(names), nothing))) == keys(names)
    assert {entry["node"] for entry in light.diary.read("train")} == {nodes.ids[1]}
    assert "hardware is another and not none" in caplog.text


@pytest.mark.usefixtures("nodes")
def test_where_every_station_has_another_setup_nobody_works(light: Light) -> None:
    other = SETUP.model_copy(update={"packages": {"torch": "1"}})
    with (
        crew(light, gpus(2), other) as mine,
        pytest.raises(NoWorkerAvailable, match=r"packages have torch None and not 1"),
    ):
        by_key(mine.run(units(["a", "b", "c"]), nothing))
    assert light.diary.read("train") == []


@pytest.mark.usefixtures("nodes")
def test_a_cluster_s_first_station_says_what_the_setup_is(light: Light) -> None:
    with crew(light, gpus(2), None) as mine:
        assert mine.resolve_setup() == SETUP
        assert len(light.diary.read("open")) == 1
        assert by_key(mine.run(units(["a"]), nothing)) == {"key-a": ["key-a:0", "key-a:1"]}
        assert len(light.diary.read("open")) == 1, "it stays for the units"


@pytest.mark.usefixtures("nodes")
def test_too_large_a_station_is_refused_with_what_there_is(light: Light) -> None:
    with crew(light, gpus(16, start_seconds=1.0)) as mine, pytest.raises(NoWorkerAvailable) as failed:
        by_key(mine.run(units(["a"]), nothing))
    assert "which needs 1 CPU, 16 GPU on one node" in failed.value.public
    assert failed.value.detail == "The nodes have: 0 CPU, 0 GPU; 2 CPU, 2 GPU; 2 CPU, 2 GPU."


def test_what_a_killed_run_had_trained_is_only_asked_where_it_lies(nodes: Nodes, light: Light) -> None:
    trained = {"unit-3": nodes.ids[0], "unit-5": nodes.ids[1], "unit-6": nodes.ids[1]}
    for name, node in (*trained.items(), ("of-nobody", nodes.ids[0])):
        model = light.models / node / f"key-{name}" / "model"
        model.mkdir(parents=True)
        (model / FILE).write_text(ResourceUsage(seconds=1).model_dump_json())
    names = [f"unit-{number}" for number in range(8)]
    with crew(light, gpus(2)) as mine:
        for done in mine.run(units(names), nothing):
            mine.discard_models([done.key])
        until(lambda: not list(light.models.glob("*/key-unit-*")), "models should be removed")
    assert light.diary.names("train") == sorted(set(names) - set(trained))
    asked = {entry["name"]: entry["node"] for entry in light.diary.read("ask")}
    assert {name: asked[f"key-{name}"] for name in trained} == trained
    assert list(light.models.glob("*/key-of-nobody")), "somebody may come for it"


@pytest.mark.usefixtures("nodes")
def test_a_run_that_is_broken_off_ends_what_is_at_work_and_the_next_one_finds_stations(light: Light) -> None:
    class CalledOff(Exception):
        pass

    def stop(_name: str, _step: int, _of: int) -> None:
        raise CalledOff

    with crew(light, gpus(2)) as mine:
        with pytest.raises(CalledOff):
            by_key(mine.run(units(["waits", "waits-too"]), stop))
        at_work = {entry["pid"] for entry in light.diary.read("train")}
        all_end(at_work)
        assert by_key(mine.run(units(["other"]), nothing)).keys() == {"key-other"}
    assert light.diary.names("trained") == ["other"]
    assert not ray.is_initialized()
