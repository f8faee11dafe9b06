"""Meta-optimisation of a set of tasks: the outer loop (paper, section 4; facts 1.5).

Each outer step draws one task (or several), labels T inner batches with it, trains two freshly drawn networks on them,
and moves the encoder so that the two agree more on held-out images and its embeddings stay uniform on the sphere.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

from whichtask.config import DiscoveryJob
from whichtask.discovery.encoder import TaskEncoder, make_encoder, settle
from whichtask.discovery.losses import uniformity
from whichtask.discovery.meta import ESTIMATORS, InnerProblem, Weights
from whichtask.networks import build, without_running_stats
from whichtask.seeding import numpy_generator
from whichtask.training import Division, ImageBank, LiveState, adam_state, load_adam, start_adam

LIVE = "search"
LABEL_BATCH = 512
"""Images that share batch statistics when labels are made the authors' way (their batch size)."""


class TaskSearch:
    """A search in progress: an encoder, its optimiser, and the number of outer steps done.

    Args:
        bank: all images.
        division: which of them the inner networks learn from and which measure their agreement.
        job: settings; ``job.seed`` names every draw.
        encoder: start from this one instead of a freshly drawn one.
    """

    def __init__(self, bank: ImageBank, division: Division, job: DiscoveryJob, encoder: TaskEncoder | None = None):
        self.bank, self.job, self.settings = bank, job, job.discovery
        self.device = bank.pixels.device
        made = encoder or make_encoder(job.encoder, bank.shape, job.discovery, (job.seed,))
        self.encoder = made.to(self.device)
        self.optimizer = torch.optim.Adam(self.encoder.learnable(), lr=self.settings.outer_learning_rate)
        start_adam(self.optimizer)
        faithful = self.settings.faithful
        heldout = division.heldout if faithful.shared_heldout else division.discovery_heldout
        self.train, self.heldout = (torch.from_numpy(part).to(self.device) for part in (division.train, heldout))
        self.skeleton = without_running_stats(self._draw_network(0, 0)).to(self.device)
        self.history: list[dict[str, Any]] = []

    @property
    def outer_step(self) -> int:
        """Number of outer steps done."""
        return len(self.history)

    def _draw_network(self, step: int, member: int) -> torch.nn.Module:
        draw = 0 if self.settings.faithful.fixed_initialisations else step
        return build(self.job.network, self.bank.shape, 2, seed=("inner", self.job.seed, draw, member))

    def _initial(self, member: int) -> Weights:
        named = self._draw_network(self.outer_step, member).named_parameters()
        return {name: value.detach().to(self.device) for name, value in named}

    def _tasks(self) -> list[int]:
        """Return the tasks of this step: every task once in each pass, in an order drawn anew for each pass."""
        count, width = self.settings.tasks, self.settings.tasks_per_step
        chosen = []
        for i in range(self.outer_step * width, (self.outer_step + 1) * width):
            order = numpy_generator("tasks", self.job.seed, i // count).permutation(count)
            chosen.append(int(order[i % count]))
        return chosen

    def _inner_indices(self) -> Tensor:
        """Return the image indices of the inner batches, [T, S, B]: no image twice while there are enough."""
        settings = self.settings
        shares = 2 if settings.faithful.halved_batch else 1
        batch = settings.inner_batch_size // shares
        wanted = settings.inner_steps * shares * batch
        generator = numpy_generator("inner batches", self.job.seed, self.outer_step)
        passes = -(-wanted // len(self.train))
        order = np.concatenate([generator.permutation(len(self.train)) for _ in range(passes)])[:wanted]
        return self.train[torch.from_numpy(order).to(self.device)].reshape(settings.inner_steps, shares, batch)

    def _heldout_indices(self) -> Tensor:
        size = self.settings.agreement_batch_size
        if self.settings.faithful.fixed_agreement_batch:
            return self.heldout[:size]
        generator = numpy_generator("agreement batch", self.job.seed, self.outer_step)
        return self.heldout[torch.from_numpy(generator.choice(len(self.heldout), size, replace=False)).to(self.device)]

    def step(self) -> None:
        """Take one outer step and append it to ``history``."""
        started = time.perf_counter()
        settings, tasks = self.settings, self._tasks()
        indices = self._inner_indices()
        images = self.bank.batch(indices.flatten()).unflatten(0, indices.shape)
        heldout = self.bank.batch(self._heldout_indices())
        initial = self._initial(0), self._initial(1)
        self.encoder.train()
        with torch.no_grad():
            embeddings = [self.encoder(batch.flatten(0, 1)) for batch in images]
        records, slopes = [], []
        for task in tasks:
            labels = torch.stack([self.encoder.soft_labels(part, task) for part in embeddings])
            labels = labels.unflatten(1, indices.shape[1:])
            problem = InnerProblem(self.skeleton, initial, images, labels, heldout, settings.inner_learning_rate)
            found = ESTIMATORS[settings.estimator](problem)
            slopes.append(found.labels)
            records.append((found.loss.item(), found.agreement.item(), labels[..., 1].mean().item()))
        spread = self._move(images, tasks, slopes)
        losses, agreements, rates = (float(np.mean(part)) for part in zip(*records, strict=True))
        self.history.append(
            {
                "outer_step": self.outer_step,
                "task": tasks[0] if len(tasks) == 1 else -1,
                "agreement_loss_nats": losses,
                "proxy_agreement": agreements,
                "uniformity_nats": spread,
                "mean_soft_label": rates,
                "seconds": time.perf_counter() - started,
            }
        )

    def _move(self, images: Tensor, tasks: list[int], slopes: list[Tensor]) -> float:
        """Carry the gradient from the labels into the encoder, one inner batch at a time, and update it."""
        self.optimizer.zero_grad()
        total = 0.0
        for t, batch in enumerate(images):
            embeddings = self.encoder(batch.flatten(0, 1))
            spread = uniformity(embeddings, self.settings.uniformity_temperature) / len(images)
            loss = self.settings.uniformity_weight * spread
            for task, slope in zip(tasks, slopes, strict=True):
                # The gradient of sum(labels * slope) is what the agreement loss hands back to the labels.
                labels = self.encoder.soft_labels(embeddings, task)
                loss = loss + (labels * slope[t].flatten(0, 1)).sum() / len(tasks)
            loss.backward()
            total += spread.item()
        self.optimizer.step()
        return total

    def run(
        self, steps: int, live: LiveState | None = None, after: Callable[["TaskSearch"], None] | None = None
    ) -> None:
        """Go on until ``steps`` outer steps are done in all.

        Args:
            steps: where to stop.
            live: where to look for and keep the state of an interrupted search.
            after: called after each outer step.
        """
        if live:
            self.resume(live)
        with tqdm(total=steps, initial=self.outer_step, desc="discovery", unit="step", disable=None) as bar:
            while self.outer_step < steps:
                self.step()
                if after:
                    after(self)
                recent = np.mean([row["proxy_agreement"] for row in self.history[-20:]])
                bar.set_postfix(proxy_agreement=f"{recent:.3f}", refresh=False)
                bar.update()
                if live and live.due() and self.outer_step < steps:
                    self.save(live)

    def save(self, live: LiveState) -> None:
        """Keep the state of the search."""
        encoder = {f"encoder/{name}": tensor for name, tensor in self.encoder.state_dict().items()}
        live.save(LIVE, encoder | adam_state(self.optimizer, "adam"), {"history": self.history})

    def resume(self, live: LiveState) -> None:
        """Take back what ``save`` kept, if there is anything."""
        found = live.load(LIVE)
        if not found:
            return
        tensors, what = found
        prefix = "encoder/"
        self.encoder.load_state_dict({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
        load_adam(self.optimizer, tensors, "adam")
        self.history = what["history"]

    def table(self) -> pd.DataFrame:
        """Return one row for each outer step."""
        return pd.DataFrame(self.history)


def score_images(encoder: TaskEncoder, bank: ImageBank, train: Tensor, *, batch_statistics: bool = False) -> Tensor:
    """Return w_k . e(x) of all tasks and images, float [K, N], on the CPU.

    Args:
        encoder: left in evaluation mode with settled batch-norm statistics, unless ``batch_statistics``.
        bank: all images.
        train: indices of the images whose statistics batch norm takes.
        batch_statistics: label as the authors' code does, each batch by its own statistics.
    """

    def batches(indices: Tensor, size: int) -> Iterator[Tensor]:
        for part in indices.split(size):
            yield bank.batch(part)

    if batch_statistics:
        encoder.train()
    else:
        settle(encoder, batches(train, LABEL_BATCH))
    everything = torch.arange(len(bank.pixels), device=bank.pixels.device)
    with torch.no_grad():
        parts = [encoder.scores(encoder(batch)) for batch in batches(everything, LABEL_BATCH)]
    return torch.cat(parts, dim=1).cpu()
