"""Base model of a protocol with the workers that train it and ask it, for any track that has one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evaluator.config.protocol import ModelProtocol
from evaluator.models.base_model import prepare_base_model
from evaluator.models.chat_template import ChatTemplate, load_template
from evaluator.models.environment import describe_setup
from evaluator.scheduling import Executor
from evaluator.scheduling.ray.cluster import cluster_address
from evaluator.scheduling.worker_factory import WorkerFactory
from evaluator.stages.track_context import ToolSettings
from submissions.records.anchors import Setup


@dataclass(frozen=True)
class ModelTools:
    """Base model, its chat template, and its workers."""

    model: Path
    """Folder of the untouched base model."""
    template: ChatTemplate
    executor: Executor
    setup: Setup


@contextmanager
def open_model(rules: ModelProtocol, settings: ToolSettings) -> Iterator[ModelTools]:
    """Open workers for a protocol on this machine or a cluster; they end with the context.

    The base model is downloaded here, before the workers start: they have no token, and find it in the shared cache.
    On a cluster the first worker determines the setup. For a thread that lives as long as the context.
    """
    from evaluator.scheduling.ray.ray_executor import RayExecutor

    machine, work = settings.profile, settings.work
    here = cluster_address() is None
    model = prepare_base_model(rules, work / "base")
    tools = WorkerFactory(rules, machine, work.resolve(), (settings.logs or work / "logs").resolve())
    with RayExecutor(tools, machine, tools.models, describe_setup(model, rules, machine) if here else None) as crew:
        yield ModelTools(model, load_template(rules.template, model), crew, crew.resolve_setup())
