"""Floating-point operations that the jobs of a configuration come to, counted before any is run, and hours at a rate.

python -m benchmarks.operations --configfile config/paper.yaml --out results/reference/operations_paper.csv headline

One unit of work of each kind (an image that a network learns from, an inner step of a search) runs under PyTorch's
counter with the configuration's own networks, and is multiplied by the units that the plan holds. Counted are the
trainings and searches of Task Discovery; jobs of GBI, whose networks are small, are named by number only.
"""

import argparse
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Self

import pandas as pd
import torch
from pydantic import TypeAdapter
from torch.utils.flop_counter import FlopCounterMode

from whichtask.artifacts import write_csv
from whichtask.config import (
    KNOWN_DATA,
    AgreementJob,
    DataSettings,
    DiscoveryJob,
    DynamicsJob,
    LinearJob,
    ProxyJob,
    SimclrJob,
    SplitJob,
    read_config,
)
from whichtask.config.base import Section
from whichtask.config.jobs import TaskJob
from whichtask.config.networks import NetworkSpec
from whichtask.data.classes import count_classes
from whichtask.discovery import ESTIMATORS, InnerProblem
from whichtask.networks import build, without_running_stats
from whichtask.plan.plan import Plan as Settled
from whichtask.runs.plan import Job, Plan, ask_snakemake
from whichtask.studies.linear import REFERENCES, STARTS
from whichtask.studies.proxy import PAIRS
from whichtask.tasks import human_partitions

RATE = 20.0
"""TFLOP/s that are sustained: about what small convolutions in fp32 with TF32 reach on a recent data-centre card."""
CORE_RATE = 0.05
"""TFLOP/s of one core: the mean of the laptop's reference run, by its benchmark files."""
STOPPED = 0.2
"""Share of the epochs that a training takes which stops when its labels are learned: the mean of laptop runs."""
LABELLED = 3
"""Tasks of the recorded search: its labels at the first, middle and last record."""
BATCH = 4
"""Images in a counted batch; operations grow in proportion."""
SPEC: TypeAdapter[NetworkSpec] = TypeAdapter(NetworkSpec)
Shape = tuple[int, int, int]


def counted(work: Callable[[], object]) -> float:
    """Return the floating-point operations of some work."""
    with FlopCounterMode(display=False) as counter:
        work()
    return float(counter.get_total_flops())


@cache
def _passes(spec: str, shape: Shape) -> tuple[float, float]:
    network = build(SPEC.validate_json(spec), shape, 2, seed=("operations",))
    images = torch.zeros(BATCH, shape[2], *shape[:2])
    forward = counted(lambda: network(images))
    return forward / BATCH, counted(lambda: network(images).sum().backward()) / BATCH


def shape_of(data: DataSettings) -> Shape:
    """Return height, width and channels of an image set's images."""
    if data.shape is None:
        raise SystemExit(f"{data.name}: only image sets whose images are known beforehand can be counted")
    return data.shape


def passes(spec: NetworkSpec, data: DataSettings) -> tuple[float, float]:
    """Return the operations of one image: forwards, and forwards and backwards."""
    return _passes(spec.model_dump_json(), shape_of(data))


@cache
def _meta(spec: str, shape: Shape, estimator: str, steps: int) -> float:
    made = [build(SPEC.validate_json(spec), shape, 2, seed=("operations", member)) for member in (0, 1)]
    first, second = ({name: value.detach() for name, value in network.named_parameters()} for network in made)
    images = torch.rand(steps + 1, 1, BATCH, shape[2], *shape[:2])
    labels = torch.full((steps, 1, BATCH, 2), 0.5)
    skeleton = without_running_stats(made[0])
    problem = InnerProblem(skeleton, (first, second), images[:steps], labels, images[steps, 0], 0.1)
    return counted(lambda: ESTIMATORS[estimator](problem)) / BATCH


def meta(spec: NetworkSpec, data: DataSettings, estimator: str) -> tuple[float, float]:
    """Return the operations of the meta-gradient for one image: of an inner step, and of the judgement at the end.

    ``auto`` counts as one graph, which it is where memory allows.
    """
    name = "plain" if estimator == "auto" else estimator
    one, two = (_meta(spec.model_dump_json(), shape_of(data), name, steps) for steps in (1, 2))
    return two - one, 2 * one - two


def of_step(job: DiscoveryJob) -> float:
    """Return the operations of one outer step of a search: meta-gradient, labels, and the encoder's own gradient."""
    settings, data = job.discovery, job.data
    images = settings.inner_steps * settings.inner_batch_size
    step, judged = meta(job.network, data, settings.estimator)
    forward, training = passes(job.encoder, data)
    encoder = forward + (forward if settings.freeze_backbone else training)
    if settings.objective == "none":
        step, judged = 2 * passes(job.network, data)[1], 0.0
    problems = settings.inner_steps if settings.objective == "foxas" else 1
    each = images * step + problems * settings.agreement_batch_size * judged
    return settings.tasks_per_step * each + images * encoder


def images_of(data: DataSettings) -> int:
    """Return how many training images there are, held-out ones among them."""
    return data.generated_images[0] if data.name == "factors32" else KNOWN_DATA[data.name].train_images


def training_images(data: DataSettings, wanted: int | None = None) -> int:
    """Return how many of them networks learn from."""
    most = images_of(data) - data.heldout_images - data.discovery_heldout_images
    return min(wanted or most, data.train_images or most, most)


class Counter:
    """Counts the jobs of a plan.

    Args:
        plan: what there is to do.
        settled: the same configuration.
    """

    def __init__(self, plan: Plan, settled: Settled):
        self.settled = settled
        self.maker = {path: job for job in plan.jobs for path in job.outputs}
        self.operations = {job.outputs[0]: self._of(job) for job in plan.jobs}

    @classmethod
    def of(cls, plan: Plan, configfiles: Sequence[Path]) -> Self:
        """Return the counter of a plan that Snakemake made of some configuration files."""
        settings = read_config(configfiles)
        human = human_partitions(count_classes(settings.data.name), settings.tasks.human, settings.tasks.human_limit)
        return cls(plan, Settled(settings, len(human)))

    def _of(self, job: Job) -> float | None:
        """Return the operations of a job; None: it is not counted."""
        if job.rule in self.KINDS:
            kind, count = self.KINDS[job.rule]
            return count(self, job, kind.model_validate_json(job.settings))
        return None if job.rule.startswith(("infer_", "bridge_infer")) else 0.0

    def tasks(self, path: str) -> int:
        """Return how many tasks a set has."""
        job = self.maker[path]
        match job.rule:
            case "tasks":
                settings = TaskJob.model_validate_json(job.settings)
                if settings.kind == "human":
                    return self.settled.human_tasks
                return settings.tasks.random if settings.kind == "random" else settings.tasks.baseline
            case "discover":
                return DiscoveryJob.model_validate_json(job.settings).discovery.tasks
            case "dynamics":
                return LABELLED
            case "linear":
                return 2 * STARTS + REFERENCES
        return 6 * self.settled.settings.bridge.bits

    def _sets(self, job: Job) -> list[int]:
        return [self.tasks(path) for path in job.inputs if "/tasks/" in path]

    def _agreement(self, job: Job, settings: AgreementJob) -> float:
        protocol = self.settled.protocols.get(job.wildcards.get("protocol", ""))
        (tasks,) = self._sets(job)
        wanted, data = settings.agreement, settings.data
        images = training_images(data, wanted.images)
        forward, training = passes(settings.network, data)
        network = _epochs(wanted) * images * training + data.heldout_images * forward
        return min(tasks, (protocol and protocol.first) or tasks) * wanted.pairs * wanted.group * network

    def _splits(self, job: Job, settings: SplitJob) -> float:
        splits, data = settings.splits, settings.data
        source = job.wildcards["source"]
        attackers = splits.random_networks if source == "random_network" else splits.tasks
        kinds = 1 if source == "attribute" else 2
        images = training_images(data, splits.images) / 2
        forward, training = passes(settings.network, data)
        network = _epochs(settings.agreement) * images * training + images * forward
        return attackers * kinds * 3 * splits.pairs * 2 * network

    def _discover(self, _: Job, settings: DiscoveryJob) -> float:
        return settings.discovery.outer_steps * of_step(settings)

    def _linear(self, _: Job, settings: LinearJob) -> float:
        return settings.steps * 2 * STARTS * of_step(settings)

    def _simclr(self, _: Job, settings: SimclrJob) -> float:
        views = settings.simclr.epochs * training_images(settings.data) * 2
        return views * passes(settings.encoder, settings.data)[1]

    def _dynamics(self, _: Job, job: DynamicsJob) -> float:
        settings = job.dynamics
        forward, training = passes(job.encoder, job.data)
        records = (settings.outer_steps // settings.record_every + 1) * images_of(job.data) * forward
        return settings.outer_steps * of_step(job) + settings.start_epochs * settings.images * training + records

    def _proxy(self, job: Job, settings: ProxyJob) -> float:
        forward, training = passes(settings.network, settings.data)
        learned = max(settings.proxy_steps) * settings.discovery.inner_batch_size * training
        judged = len(settings.proxy_steps) * settings.data.discovery_heldout_images * forward
        return sum(min(tasks, settings.proxy_tasks) for tasks in self._sets(job)) * PAIRS * 2 * (learned + judged)

    KINDS: ClassVar[dict[str, tuple[type[Section], Callable[..., float]]]] = {
        "agreement": (AgreementJob, _agreement),
        "agreement_comparison": (AgreementJob, _agreement),
        "splits": (SplitJob, _splits),
        "discover": (DiscoveryJob, _discover),
        "simclr": (SimclrJob, _simclr),
        "dynamics": (DynamicsJob, _dynamics),
        "linear": (LinearJob, _linear),
        "proxy": (ProxyJob, _proxy),
    }
    """By rule: its settings, and what counts them."""

    def needed(self, jobs: Iterable[Job]) -> list[Job]:
        """List some jobs and all that they need."""
        found: dict[str, Job] = {}
        open_jobs = list(jobs)
        while open_jobs:
            job = open_jobs.pop()
            if job.outputs[0] not in found:
                found[job.outputs[0]] = job
                open_jobs += [self.maker[path] for path in job.inputs if path in self.maker]
        return list(found.values())

    def row(self, jobs: Iterable[Job], **what: str) -> dict[str, Any]:
        """Return what some jobs come to."""
        operations = [self.operations[job.outputs[0]] for job in jobs]
        known = [value for value in operations if value]
        hours = [value / (RATE * 1e12) / 3600 for value in known]
        return what | {
            "jobs": len(known),
            "jobs_not_counted": operations.count(None),
            "exaflop": sum(known) / 1e18,
            "gpu_hours": sum(hours),
            "longest_gpu_hours": max(hours, default=0.0),
            "core_hours": sum(known) / (CORE_RATE * 1e12) / 3600,
        }


def _epochs(settings: Any) -> float:
    return float(settings.epochs * (1 if settings.stop_train_accuracy is None else STOPPED))


def table(folder: Path, target: str, configfiles: Sequence[Path]) -> pd.DataFrame:
    """Return what a target comes to: all of it, by rule, and each figure with all that it needs.

    Columns: ``target``, ``part`` (``all``, a rule, or a figure), ``jobs`` that were counted, ``jobs_not_counted``,
    ``exaflop``, ``gpu_hours`` at ``RATE``, ``longest_gpu_hours`` of one job, ``core_hours`` at ``CORE_RATE``.
    """
    plan = ask_snakemake(folder, [target], configfiles)
    counter = Counter.of(plan, configfiles)
    rows = [counter.row(plan.jobs, target=target, part="all")]
    for rule in dict.fromkeys(job.rule for job in plan.jobs):
        jobs = [job for job in plan.jobs if job.rule == rule]
        rows.append(counter.row(counter.needed(jobs) if rule in plan.figures else jobs, target=target, part=rule))
    found = pd.DataFrame(rows)
    return found[(found["jobs"] > 0) | (found["jobs_not_counted"] > 0)]


def main(arguments: list[str] | None = None) -> None:
    """Print and write the table of some targets."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("targets", nargs="+", help="rules or figures")
    parser.add_argument("--configfile", type=Path, action="append", default=[], help="on top of config/config.yaml")
    parser.add_argument("--out", type=Path, help="CSV")
    given = parser.parse_args(arguments)
    found = pd.concat([table(Path(), target, given.configfile) for target in given.targets], ignore_index=True)
    print(found.to_string(index=False, float_format=lambda value: f"{value:.3g}"))
    if given.out:
        write_csv(given.out, found)


if __name__ == "__main__":
    main()
