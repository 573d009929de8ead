"""deploy/kubernetes: what can be known of manifests without a cluster, by holding them against each other and us."""

from __future__ import annotations

import re
import shlex
import tomllib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from evaluator.config.llm_settings import LLMConnection
from evaluator.config.profile import load_profile
from evaluator.models.memory_model import estimate_memory
from evaluator.models.model_shape import lookup_model_shape
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.tracks.protocols import load_protocol_as
from tests.support.dockerfile import STAGES, stage_environment
from tests.support.documented_commands import parsed
from tests.support.paths import ROOT

FOLDER = ROOT / "deploy/kubernetes"
QUEUE = "kueue.x-k8s.io/queue-name"
GPU = "nvidia.com/gpu"
SUBMITTER = {"cpu": 1.0, "memory": 2.0**30, GPU: 0.0}
"""At most what KubeRay asks for the pod that submits (its default: 0.5 cores and 200 MiB)."""
Manifest = dict[str, Any]


@cache
def manifests() -> tuple[Manifest, ...]:
    return tuple(one for file in sorted(FOLDER.glob("*.yaml")) for one in yaml.safe_load_all(file.read_text()))


def named(kind: str, name: str) -> Manifest:
    (found,) = [one for one in manifests() if (one["kind"], one["metadata"].get("name")) == (kind, name)]
    return found


def the(kind: str) -> Manifest:
    (found,) = [one for one in manifests() if one["kind"] == kind]
    return found


def pods() -> dict[str, tuple[int, Manifest]]:
    """How many of each pod the Ray cluster has, and what they are."""
    cluster = the("RayJob")["spec"]["rayClusterSpec"]
    found = {"head": (1, cluster["headGroupSpec"]["template"]["spec"])}
    return found | {one["groupName"]: (one["replicas"], one["template"]["spec"]) for one in cluster["workerGroupSpecs"]}


def entrypoint() -> dict[str, object]:
    """What the command line makes of the entrypoint."""
    words = shlex.split(the("RayJob")["spec"]["entrypoint"])
    return parsed(words)


def rules_of(command: dict[str, object]) -> AnchoredProtocol:
    """The one protocol that a command names."""
    (name,) = command["protocol"]  # type: ignore[misc]
    return load_protocol_as(name, AnchoredProtocol)


def amount(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(Ki|Mi|Gi|Ti|)", str(text)).groups()  # type: ignore[union-attr]
    return float(number) * 1024 ** ("", "Ki", "Mi", "Gi", "Ti").index(unit)


def requested(pod: Manifest) -> dict[str, float]:
    (container,) = pod["containers"]
    return {name: amount(container["resources"]["requests"].get(name, "0")) for name in (GPU, "cpu", "memory")}


def test_the_entrypoint_is_a_command_of_ours() -> None:
    said = entrypoint()
    assert said["arena"] == "hf://ORG/PREFIX"
    assert said["forever"] is False, "a run that never ends keeps its nodes"
    assert rules_of(said).judge is not None
    assert "$" not in the("RayJob")["spec"]["entrypoint"], "nobody expands it but the head's shell"


def test_everything_that_has_a_namespace_is_in_the_same() -> None:
    space = the("Namespace")["metadata"]["name"]
    for one in manifests():
        if one["kind"] in ("RayJob", "LocalQueue", "PersistentVolumeClaim", "ConfigMap", "NetworkPolicy"):
            assert one["metadata"]["namespace"] == space, one["kind"]
    labels = the("ClusterQueue")["spec"]["namespaceSelector"]["matchLabels"]
    assert labels == {"kubernetes.io/metadata.name": space}


def test_the_run_is_in_a_queue_that_holds_all_of_it() -> None:
    local = named("LocalQueue", the("RayJob")["metadata"]["labels"][QUEUE])
    groups = named("ClusterQueue", local["spec"]["clusterQueue"])["spec"]["resourceGroups"]
    quota = {}
    for group in groups:
        for flavor in group["flavors"]:
            assert named("ResourceFlavor", flavor["name"])
            assert [one["name"] for one in flavor["resources"]] == group["coveredResources"]
            quota |= {one["name"]: amount(one["nominalQuota"]) for one in flavor["resources"]}
    for name, most in quota.items():
        asked = sum(count * requested(pod)[name] for count, pod in pods().values()) + SUBMITTER[name]
        assert asked <= most, name
    assert quota.keys() == {GPU, "cpu", "memory"}


def test_the_run_begins_suspended_and_gives_its_cluster_back() -> None:
    spec = the("RayJob")["spec"]
    assert spec["suspend"] is True
    assert spec["shutdownAfterJobFinishes"] is True
    assert "clusterSelector" not in spec
    assert spec["rayClusterSpec"].get("enableInTreeAutoscaling", False) is False
    for group in spec["rayClusterSpec"]["workerGroupSpecs"]:
        assert group["replicas"] == group["minReplicas"] == group["maxReplicas"]


def test_no_unit_of_work_runs_on_the_head() -> None:
    head = the("RayJob")["spec"]["rayClusterSpec"]["headGroupSpec"]
    assert (head["rayStartParams"]["num-gpus"], head["rayStartParams"]["num-cpus"]) == ("0", "0")
    assert requested(head["template"]["spec"])[GPU] == 0


def test_a_worker_is_what_the_profile_says() -> None:
    name = str(entrypoint()["profile"])
    profile, (_, pod) = load_profile(name), pods()["gpu"]
    assert requested(pod)[GPU] == profile.devices
    assert requested(pod)["cpu"] >= profile.cpus
    assert profile.models is not None
    assert profile.models.startswith("/dev/shm/")


def test_the_ram_disk_holds_two_models_and_what_ray_keeps() -> None:
    (_, pod), (group,) = pods()["gpu"], the("RayJob")["spec"]["rayClusterSpec"]["workerGroupSpecs"]
    (container,) = pod["containers"]
    (mount,) = [one for one in container["volumeMounts"] if one["mountPath"] == "/dev/shm"]
    (volume,) = [one for one in pod["volumes"] if one["name"] == mount["name"]]
    assert volume["emptyDir"]["medium"] == "Memory"
    room = amount(volume["emptyDir"]["sizeLimit"])
    store, buffers = float(group["rayStartParams"]["object-store-memory"]), 4e9
    rules = rules_of(entrypoint())
    memory = estimate_memory(lookup_model_shape(rules.base_model.id), load_profile(str(entrypoint()["profile"])), rules)
    assert memory is not None
    models = memory.host["models"]
    assert models + store + buffers < 0.9 * room
    assert room + memory.host_total - models < amount(container["resources"]["limits"]["memory"])


def test_what_is_mounted_exists() -> None:
    for _, pod in pods().values():
        volumes = {one["name"]: one for one in pod["volumes"]}
        for container in pod["containers"]:
            mounted = {one["name"] for one in container["volumeMounts"]}
            assert mounted == volumes.keys()
        for volume in volumes.values():
            if "persistentVolumeClaim" in volume:
                claim = named("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"])
                assert claim["spec"]["accessModes"] == ["ReadWriteMany"], "pods are on several nodes"
            if "configMap" in volume:
                assert named("ConfigMap", volume["configMap"]["name"])


def test_the_judge_s_file_can_be_read_and_is_where_the_command_looks() -> None:
    settings = LLMConnection.model_validate(tomllib.loads(the("ConfigMap")["data"]["judge.toml"]))
    assert settings.key_variable == "JUDGE_KEY"
    _, head = pods()["head"]
    (place,) = [one["mountPath"] for one in head["containers"][0]["volumeMounts"] if one["name"] == "judge"]
    assert entrypoint()["judge"] == Path(place, "judge.toml")


def test_the_work_folder_is_on_what_all_pods_share() -> None:
    for _, pod in pods().values():
        places = {one["name"]: one["mountPath"] for one in pod["containers"][0]["volumeMounts"]}
        assert Path(str(entrypoint()["work"])).is_relative_to(places["work"])
        assert Path(stage_environment("evaluator")["HF_HOME"]).is_relative_to(places["work"])
        assert ("VOLUME", places["work"]) in STAGES["evaluator"]


def test_pods_run_as_the_image_s_user_and_reap_their_dead() -> None:
    runs = " && ".join(rest for word, rest in STAGES["evaluator"] if word == "RUN")
    for _, pod in pods().values():
        context = pod["securityContext"]
        assert f"useradd --create-home --uid {context['runAsUser']}" in runs
        assert context["fsGroup"] == context["runAsUser"]
        assert pod["shareProcessNamespace"] is True


def test_secrets_are_nowhere_but_in_the_secret() -> None:
    assert not [one for one in manifests() if one["kind"] == "Secret"], "it is made by a command, and never committed"
    page = (ROOT / "docs/organiser-cluster.md").read_text()
    (source,) = pods()["head"][1]["containers"][0]["envFrom"]
    name = source["secretRef"]["name"]
    assert f"kubectl create secret generic {name} --namespace {the('Namespace')['metadata']['name']}" in page
    for key in ("HF_TOKEN", "JUDGE_KEY"):
        assert f"--from-literal={key}=" in page


def all_pods() -> list[Manifest]:
    """The specification of every pod of a run, with its labels."""
    spec = the("RayJob")["spec"]
    cluster = spec["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    return [spec["submitterPodTemplate"], *(group["template"] for group in groups)]


def test_only_the_coordinator_has_secrets() -> None:
    with_secrets = [pod for pod in all_pods() for one in pod["spec"]["containers"] if "secretRef" in repr(one)]
    assert with_secrets == [the("RayJob")["spec"]["rayClusterSpec"]["headGroupSpec"]["template"]]


def test_ray_asks_for_a_token() -> None:
    assert the("RayJob")["spec"]["rayClusterSpec"]["authOptions"] == {"mode": "token"}
    names = {one["name"] for pod in all_pods() for box in pod["spec"]["containers"] for one in box.get("env", ())}
    assert not {"RAY_AUTH_MODE", "RAY_AUTH_TOKEN"} & names, "KubeRay sets both"


def test_no_pod_gains_privileges() -> None:
    assert the("Namespace")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for pod in (pod["spec"] for pod in all_pods()):
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        for container in pod["containers"]:
            wanted = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
            assert container["securityContext"] == wanted
            assert "hostPort" not in repr(container)


def policies_for(labels: Manifest) -> list[Manifest]:
    """The network policies that apply to a pod."""
    found = [one["spec"] for one in manifests() if one["kind"] == "NetworkPolicy"]
    return [one for one in found if one["podSelector"].get("matchLabels", {}).items() <= labels.items()]


def test_ray_s_ports_are_for_the_run_s_own_pods() -> None:
    """All is denied but what a policy allows: among the run's pods, and the dashboard to KubeRay."""
    for pod in all_pods():
        labels = pod["metadata"]["labels"]
        policies = policies_for(labels)
        assert {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} in policies
        sources = [rule for one in policies for rule in one.get("ingress", ())]
        own, operator = sources
        assert own == {"from": [{"podSelector": {"matchLabels": {"app.kubernetes.io/part-of": "arena-evaluator"}}}]}
        assert operator["ports"] == [{"protocol": "TCP", "port": 8265}]
        assert operator["from"][0]["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "kuberay-operator"}
        blocks = [to for one in policies for rule in one.get("egress", ()) for to in rule["to"] if "ipBlock" in to]
        assert bool(blocks) == (labels.get("app.kubernetes.io/component") == "coordinator")
        assert all("169.254.0.0/16" in to["ipBlock"]["except"] for to in blocks)


def test_the_page_s_commands_name_files_that_are_there() -> None:
    page = (ROOT / "docs/organiser-cluster.md").read_text()
    named = re.findall(r"^\$ kubectl \w+ (-f .+)$", page, re.M)
    files = [ROOT / file for line in named for file in line.replace("-f ", "").split()]
    assert sorted(files) == sorted(FOLDER.glob("*.yaml"))
    (target,) = re.findall(r"^\$ docker build --target (\w+) -t", page, re.M)
    assert target in STAGES
    (words,) = re.findall(r"^    arena-evaluator (work .+)$", page, re.M)
    assert parsed(["python", "-m", "evaluator", *words.split()])["judge"] == Path("judge.toml")


def test_ray_s_version_is_the_one_that_is_installed_with_its_dashboard() -> None:
    lock = (ROOT / "evaluator/requirements-gpu.txt").read_text()
    assert f"\nray=={the('RayJob')['spec']['rayClusterSpec']['rayVersion']} " in lock
    for package in ("aiohttp-cors", "opencensus", "py-spy", "virtualenv"):
        assert f"\n{package}==" in lock, "without ray[default] no job can be submitted"


def test_what_is_set_is_known_to_who_reads_it() -> None:
    settings = {one["name"] for _, pod in pods().values() for one in pod["containers"][0]["env"]}
    assert settings
    ray, vllm = (Path(str(find_spec(name).origin)).parent for name in ("ray", "vllm"))  # type: ignore[union-attr]
    # Ray's own settings are compiled in, without their prefix.
    compiled = (ray / "_raylet.so").read_bytes()
    assert [name for name in settings if name.removeprefix("RAY_").encode() not in compiled] == []
    assert "VLLM_NO_USAGE_STATS" in (vllm / "envs.py").read_text()
    assert '"RAY_USAGE_STATS_ENABLED"' in (ray / "_common/usage/usage_constants.py").read_text()
    assert {"VLLM_NO_USAGE_STATS", "RAY_USAGE_STATS_ENABLED"} <= stage_environment("evaluator").keys()
