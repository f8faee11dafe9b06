"""The best and the worst linear task in a frozen embedding (``OptLinearTask`` of the authors).

Every direction w on the unit sphere cuts the embeddings e in two: a task sign(w.e). A search with uniform embeddings
should have made all of them tasks that networks generalise on. Here the embedding stays as it is, and only w moves, by
the meta-gradient of the search's own proxy, to where networks agree most or least. Random directions are the reference.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from whichtask.config import LinearJob
from whichtask.data import ImageSet
from whichtask.discovery import embed_images
from whichtask.discovery.draws import fresh_pair, inner_batches
from whichtask.discovery.inner import InnerProblem
from whichtask.discovery.meta import estimator_of
from whichtask.discovery.saved import load_encoder
from whichtask.networks import build, without_running_stats
from whichtask.seeding import numpy_generator
from whichtask.tasks import TaskSet
from whichtask.training import (
    Division,
    ImageBank,
    LiveState,
    adam_state,
    divide,
    load_adam,
    require_finite,
    start_adam,
)
from whichtask.training.optimizers import Adam

STARTS = 2
"""Searches for each of the best and the worst direction, each from a fresh random one."""
REFERENCES = 4
"""Random directions to compare with."""
STEP_SIZE = 0.1
"""Of Adam; its steps are about as long in every coordinate, so that a few dozen can cross the unit sphere."""
SIGNS = {"best": 1.0, "worst": -1.0}
LIVE = "linear"


class LinearSearch:
    """Directions on their way to the best and the worst task; all of them see the same draws at each step.

    Args:
        embeddings: float [N, d] of all images, centred, from an encoder in evaluation mode with settled statistics.
        bank: all images.
        division: which of them the inner networks learn from and which measure their agreement.
        job: settings of the search that found the embedding, and ``steps``. The proxy is agreement after the inner
            steps, whatever ``discovery.objective`` says, and nothing follows ``discovery.faithful``.
    """

    def __init__(self, embeddings: Tensor, bank: ImageBank, division: Division, job: LinearJob):
        self.embeddings, self.bank, self.job, self.settings = embeddings, bank, job, job.discovery
        device = bank.pixels.device
        parts = division.train, division.discovery_heldout
        self.train, self.heldout = (torch.from_numpy(part).to(device) for part in parts)
        self.skeleton = without_running_stats(build(job.network, bank.shape, 2, seed=("skeleton",))).to(device)
        self.estimator = estimator_of(self.settings)
        self.starts = {name: self._draw(name) for name in [f"{what}_{i}" for what in SIGNS for i in range(STARTS)]}
        self.directions = {name: start.clone().requires_grad_() for name, start in self.starts.items()}
        self.optimizer = Adam(self.directions.values(), lr=STEP_SIZE)
        start_adam(self.optimizer)
        self.history: list[dict[str, Any]] = []

    @property
    def steps_done(self) -> int:
        """Number of updates of each direction."""
        return len(self.history) // len(self.directions)

    def _draw(self, name: str) -> Tensor:
        """Draw a direction uniformly from the unit sphere, [d]."""
        drawn = numpy_generator("linear direction", self.job.seed, name).standard_normal(self.embeddings.shape[1])
        return F.normalize(torch.from_numpy(drawn).to(self.embeddings), dim=0)

    def soft_labels(self, direction: Tensor, images: Tensor) -> Tensor:
        """Return the label distributions [..., 2] of images [...] as the search makes them, for any length of w."""
        score = self.settings.temperature * (self.embeddings[images] @ F.normalize(direction, dim=0))
        return F.softmax(torch.stack([-score, score], dim=-1), dim=-1)

    def step(self) -> None:
        """Move every direction once, and append a row for each to ``history``."""
        settings, at = self.settings, (self.job.seed, self.steps_done)
        indices = inner_batches(
            self.train, settings.inner_steps, settings.inner_batch_size, "linear inner batches", *at
        )
        images = self.bank.batch(indices.flatten()).unflatten(0, indices.shape)
        chosen = inner_batches(self.heldout, 1, settings.agreement_batch_size, "linear agreement batch", *at)
        heldout = self.bank.batch(chosen.flatten())
        initial = fresh_pair(self.job.network, self.bank, 2, "linear inner", *at)
        self.optimizer.zero_grad()
        rows: list[dict[str, Any]] = []
        for name, direction in self.directions.items():
            started = time.perf_counter()
            labels = self.soft_labels(direction, indices)
            problem = InnerProblem(
                self.skeleton, initial, images, labels.detach(), heldout, settings.inner_learning_rate
            )
            found = self.estimator(problem)
            # The gradient of sum(labels * slope) is what the agreement loss hands back to the labels.
            (SIGNS[name.rpartition("_")[0]] * (labels * found.labels).sum()).backward()
            rows.append(
                {
                    "step": self.steps_done,
                    "task": name,
                    "agreement_loss_nats": found.loss.item(),
                    "proxy_agreement": found.agreement.item(),
                    "mean_soft_label": labels[..., 1].mean().item(),
                    "degrees_from_start": self._degrees(name),
                    "seconds": time.perf_counter() - started,
                }
            )
        self.optimizer.step()
        with torch.no_grad():
            for direction in self.directions.values():
                direction.copy_(F.normalize(direction, dim=0))
        values: list[Tensor | float] = [*self.directions.values(), *(row["agreement_loss_nats"] for row in rows)]
        rate = settings.inner_learning_rate
        require_finite(values, "linear tasks", "discovery.inner_learning_rate", rate)
        self.history += rows

    def _degrees(self, name: str) -> float:
        cosine = (self.directions[name].detach() @ self.starts[name]).clamp(-1, 1)
        return float(torch.rad2deg(torch.arccos(cosine)))

    def run(self, live: LiveState | None = None) -> None:
        """Go on until ``job.steps`` updates are done; ``live`` keeps the state of an interrupted search."""
        if live:
            self._resume(live)
        steps = self.job.steps
        with tqdm(total=steps, initial=self.steps_done, desc="linear tasks", unit="step", disable=None) as bar:
            while self.steps_done < steps:
                self.step()
                bar.update()
                if live and live.due() and self.steps_done < steps:
                    directions = {f"direction/{name}": value for name, value in self.directions.items()}
                    live.save(LIVE, directions | adam_state(self.optimizer, "adam"), {"history": self.history})

    def _resume(self, live: LiveState) -> None:
        found = live.load(LIVE)
        if not found:
            return
        tensors, what = found
        with torch.no_grad():
            for name, direction in self.directions.items():
                direction.copy_(tensors[f"direction/{name}"])
        load_adam(self.optimizer, tensors, "adam")
        self.history = what["history"]

    def tasks(self, provenance: Mapping[str, Any]) -> TaskSet:
        """Return the hard labels sign(w.e) of all images by the directions found and by random ones.

        The provenance gets their coordinates, under ``directions``.

        Raises:
            WhichtaskError: a direction leaves all images on one side, which centred embeddings do not admit.
        """
        chosen = {name: direction.detach() for name, direction in self.directions.items()}
        chosen |= {name: self._draw(name) for name in [f"random_{i}" for i in range(REFERENCES)]}
        labels = (torch.stack(list(chosen.values())) @ self.embeddings.T > 0).cpu().numpy().astype(np.uint8)
        directions = {name: direction.tolist() for name, direction in chosen.items()}
        return TaskSet(labels, tuple(chosen), "discovered", {**provenance, "directions": directions})

    def table(self) -> pd.DataFrame:
        """Return one row for each step and direction, measured before the step.

        Columns: ``step``, ``task``, ``agreement_loss_nats``, ``proxy_agreement`` (share of the agreement batch),
        ``mean_soft_label``, ``degrees_from_start`` and ``seconds``.
        """
        return pd.DataFrame(self.history)


def linear(data: ImageSet, encoder: Path, job: LinearJob, device: torch.device, live: LiveState) -> dict[str, Any]:
    """Search the best and the worst linear task in the frozen embedding of a search, whose settings must be given.

    Args:
        data: all images.
        encoder: encoder.safetensors of the search.
        job: its settings, and the number of steps.
        device: where to train.
        live: the state of an interrupted run.

    Returns:
        ``history``, one row a step and direction; and ``tasks``: best_0, best_1, worst_0, worst_1 and random_0 to
        random_3, to be scored.
    """
    bank, division = ImageBank.of(data, device), divide(data.n_train, job.data)
    found = load_encoder(encoder, bank, job)
    embeddings = embed_images(found, bank, torch.from_numpy(division.train).to(device))
    search = LinearSearch(embeddings, bank, division, job)
    search.run(live)
    return {"history": search.table(), "tasks": search.tasks({})}
