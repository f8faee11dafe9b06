"""The proxy of agreement after a few inner steps: does it tell tasks apart as the full agreement score does?

Two freshly drawn networks learn a task as in a search (SGD on the mean of both losses, the same batches, batch
statistics), but from its hard labels and without a gradient through the steps. How often they then agree on held-out
images is what a search optimises in place of the agreement score.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from whichtask.config import ProxyJob
from whichtask.data import ImageSet
from whichtask.discovery.draws import fresh_pair, inner_batches
from whichtask.discovery.inner import InnerProblem, Pair, batch_of, descend, detached, leaves, logits_of
from whichtask.discovery.losses import agreement_loss
from whichtask.errors import WhichtaskError
from whichtask.networks import build, without_running_stats
from whichtask.tasks import TaskSet
from whichtask.training import ImageBank, LiveState, divide, require_finite

PAIRS = 3
"""Pairs of networks a task."""
ROWS = "rows"


class Proxy(NamedTuple):
    """Two networks compared after some inner steps."""

    agreement: float
    """Share of the held-out images with equal predictions."""
    loss: float
    """Agreement loss on them in nats, the mean over their batches."""
    train_accuracy: float
    """Mean of both networks on the batch that they learned from last, after learning from it."""


def judge(problem: InnerProblem, pair: Pair, step: int, size: int) -> Proxy:
    """Compare two networks on all held-out images of the problem, with the statistics of batches of about ``size``.

    Args:
        problem: whose held-out images are [A, C, H, W].
        pair: both networks after ``step`` inner steps.
        step: at least 1.
        size: images in a batch; a few more where A is no multiple, because a small last batch has poor statistics.
    """
    same, losses = [], []
    with torch.no_grad():
        for part in problem.heldout.tensor_split(max(1, len(problem.heldout) // size)):
            first, second = (logits_of(problem, weights, part) for weights in pair)
            same.append(first.argmax(1) == second.argmax(1))
            losses.append(agreement_loss(first, second).item() * len(part))
        right = []
        for member, weights in enumerate(pair):
            images, labels = batch_of(problem, step - 1, member)
            right.append((logits_of(problem, weights, images).argmax(1) == labels.argmax(1)).double().mean().item())
    return Proxy(torch.cat(same).double().mean().item(), sum(losses) / len(problem.heldout), sum(right) / 2)


def proxy_rows(
    bank: ImageBank, train: Tensor, heldout: Tensor, labels: Tensor, job: ProxyJob, seed: tuple[str | int, ...]
) -> list[dict[str, Any]]:
    """Measure the proxy of one task with one pair of networks after each number of steps that the job lists.

    Args:
        bank: all images.
        train: [n] indices of the images to learn from.
        heldout: [h] indices of the images on which agreement is measured.
        labels: int64 [N], classes.
        job: settings.
        seed: (run seed, task name, pair), which name the draws.

    Returns:
        One row for each number of steps: ``inner_steps``, ``proxy_agreement``, ``agreement_loss_nats``,
        ``train_accuracy`` and ``seconds``, wall time of the inner steps from the first.
    """
    settings, classes = job.discovery, int(labels.max()) + 1
    skeleton = without_running_stats(build(job.network, bank.shape, classes, seed=("skeleton",))).to(labels.device)
    indices = inner_batches(train, max(job.proxy_steps), settings.inner_batch_size, "proxy batches", *seed)
    problem = InnerProblem(
        skeleton,
        fresh_pair(job.network, bank, classes, "proxy weights", *seed),
        bank.batch(indices.flatten()).unflatten(0, indices.shape),
        F.one_hot(labels[indices], classes).to(bank.mean.dtype),
        bank.batch(heldout),
        settings.inner_learning_rate,
    )
    pair, rows, seconds = problem.initial, [], 0.0
    for step in range(max(job.proxy_steps)):
        started = time.perf_counter()
        first, second = (
            detached(descend(problem, leaves(weights), *batch_of(problem, step, member), graph=False))
            for member, weights in enumerate(pair)
        )
        pair = first, second
        seconds += time.perf_counter() - started
        if step + 1 in job.proxy_steps:
            found = judge(problem, pair, step + 1, settings.agreement_batch_size)
            what, rate = f"inner networks on {seed[1]}", settings.inner_learning_rate
            values: list[Tensor | float] = [found.loss, *first.values(), *second.values()]
            require_finite(values, what, "discovery.inner_learning_rate", rate)
            rows.append(
                {
                    "inner_steps": step + 1,
                    "proxy_agreement": found.agreement,
                    "agreement_loss_nats": found.loss,
                    "train_accuracy": found.train_accuracy,
                    "seconds": seconds,
                }
            )
    return rows


def measure_proxy(
    data: ImageSet, tasks: Mapping[str, TaskSet], job: ProxyJob, device: torch.device, live: LiveState
) -> pd.DataFrame:
    """Measure how often two networks agree after a few steps of SGD: the proxy that a search optimises.

    Args:
        data: the data set.
        tasks: task sets of all its images, by name; the first ``job.proxy_tasks`` of each, ``PAIRS`` pairs of networks
            a task.
        job: settings; ``discovery.faithful`` has no effect here.
        device: where to train.
        live: where finished rows are kept.

    Returns:
        One row for each task, pair and number of inner steps: ``data``, ``set``, ``task``, ``pair``,
        ``configured_steps`` (inner steps of the search) and the columns of ``proxy_rows``.

    Raises:
        WhichtaskError: a set is not of these images, or a task has one class only where networks learn it.
    """
    bank, division = ImageBank.of(data, device), divide(data.n_train, job.data)
    train, heldout = (torch.from_numpy(part).to(device) for part in (division.train, division.discovery_heldout))
    resumed = live.load(ROWS)
    rows: list[dict[str, Any]] = resumed[1]["rows"] if resumed else []
    finished = {(row["set"], row["task"], row["pair"]) for row in rows}
    runs = [
        (name, k, pair)
        for name, of_set in tasks.items()
        for k in range(min(job.proxy_tasks, len(of_set.names)))
        for pair in range(PAIRS)
    ]
    _check(data, tasks, train.cpu(), runs)
    for name, k, pair in tqdm(runs, desc="proxy", unit="pair", disable=None):
        task = tasks[name].names[k]
        if (name, task, pair) in finished:
            continue
        labels = torch.from_numpy(tasks[name].labels[k]).long().to(device)
        measured = proxy_rows(bank, train, heldout, labels, job, (job.seed, task, pair))
        which = {"data": data.name, "set": name, "task": task, "pair": pair}
        rows += [{**which, "configured_steps": job.discovery.inner_steps, **row} for row in measured]
        if live.due():
            live.save(ROWS, {}, {"rows": rows})
    return pd.DataFrame(rows)


def _check(images: ImageSet, sets: Mapping[str, TaskSet], train: Tensor, runs: Sequence[tuple[str, int, int]]) -> None:
    for name, tasks in sets.items():
        tasks.require_images(images, f"the task set {name!r}", test_images=False)
    for name, k in {(name, k) for name, k, _ in runs}:
        if len(set(sets[name].labels[k][train].tolist())) == 1:
            raise WhichtaskError(
                f"task {sets[name].names[k]!r} of {name} has one class only on the {len(train)} training images; "
                "networks need more"
            )
