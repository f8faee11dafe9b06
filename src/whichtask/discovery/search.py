"""Meta-optimisation of a set of tasks: the outer loop (paper, section 4).

Each outer step draws one task (or several), labels T inner batches with it, trains two freshly drawn networks on them,
and moves the encoder so that the two agree more on held-out images and its embeddings stay uniform on the sphere.
Other objectives and another diversity loss may take the place of these (``objectives``, ``losses``).
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from whichtask.artifacts import require_digest
from whichtask.config import DiscoveryJob
from whichtask.discovery.draws import fresh_pair, inner_batches
from whichtask.discovery.encoder import TaskEncoder, make_encoder
from whichtask.discovery.inner import InnerProblem, Pair
from whichtask.discovery.losses import dependence, uniformity
from whichtask.discovery.meta import MetaGradient, estimator_of
from whichtask.discovery.objectives import OBJECTIVES
from whichtask.errors import WhichtaskError
from whichtask.networks import build, without_running_stats
from whichtask.seeding import numpy_generator
from whichtask.tasks import TaskSet
from whichtask.tasks.taskset import IMAGES
from whichtask.training import Division, ImageBank, LiveState, adam_state, load_adam, require_finite, start_adam
from whichtask.training.optimizers import Adam

LIVE = "search"
ON_TRAINING_BATCHES = ("xas", "foxas")
"""Objectives that need no held-out images: they judge the networks on the training batch that comes next."""


class TaskSearch:
    """A search in progress: an encoder, its optimiser, and the number of outer steps done.

    Args:
        bank: all images.
        division: which of them the inner networks learn from and which measure their agreement.
        job: settings; ``job.seed`` names every draw.
        encoder: start from this one instead of a freshly drawn one.
        human: tasks of all images, the first ``human_tasks`` of which the embedding has to predict.

    Raises:
        WhichtaskError: the settings ask for human tasks or a pre-trained backbone that are not given, or the human
            tasks are too few, not binary, or of other images.
    """

    def __init__(
        self,
        bank: ImageBank,
        division: Division,
        job: DiscoveryJob,
        encoder: TaskEncoder | None = None,
        human: TaskSet | None = None,
    ):
        self.bank, self.job, self.settings = bank, job, job.discovery
        self.device = bank.pixels.device
        if encoder is None and self.settings.pretraining != "none":
            raise WhichtaskError(f"discovery.pretraining = {self.settings.pretraining} needs a pre-trained backbone")
        made = encoder or make_encoder(job.encoder, bank.shape, job.discovery, (job.seed,))
        self.encoder = made.to(self.device)
        self.optimizer = Adam(self.encoder.learnable(), lr=self.settings.outer_learning_rate)
        start_adam(self.optimizer)
        faithful = self.settings.faithful
        heldout = division.heldout if faithful.shared_heldout else division.discovery_heldout
        self.train, self.heldout = (torch.from_numpy(part).to(self.device) for part in (division.train, heldout))
        included = _included(human, self.settings.human_tasks, bank)
        self.human = None if included is None else included.to(self.device)
        network = build(job.network, bank.shape, self.settings.classes, seed=("skeleton",))
        self.skeleton = without_running_stats(network).to(self.device)
        self.estimator = estimator_of(self.settings)
        self.history: list[dict[str, Any]] = []

    @property
    def outer_step(self) -> int:
        """Number of outer steps done."""
        return len(self.history)

    def _networks(self) -> Pair:
        """Return the weights that both inner networks start from at this outer step."""
        draw = 0 if self.settings.faithful.fixed_initialisations else self.outer_step
        return fresh_pair(self.job.network, self.bank, self.settings.classes, "inner", self.job.seed, draw)

    def _tasks(self) -> list[int]:
        """Return the tasks of this step: every task once in each pass, in an order drawn anew for each pass."""
        count, width = self.settings.tasks, self.settings.tasks_per_step
        chosen = []
        for i in range(self.outer_step * width, (self.outer_step + 1) * width):
            order = numpy_generator("tasks", self.job.seed, i // count).permutation(count)
            chosen.append(int(order[i % count]))
        return chosen

    def _inner_indices(self, further: int = 0) -> Tensor:
        """Return the image indices of the inner batches, [T + further, S, B]: no image twice while there are enough."""
        settings = self.settings
        shares = 2 if settings.faithful.halved_batch else 1
        batch = settings.inner_batch_size // shares
        steps = settings.inner_steps + further
        found = inner_batches(self.train, steps, shares * batch, "inner batches", self.job.seed, self.outer_step)
        return found.reshape(steps, shares, batch)

    def _heldout_indices(self) -> Tensor:
        size = self.settings.agreement_batch_size
        if self.settings.faithful.fixed_agreement_batch:
            return self.heldout[:size]
        generator = numpy_generator("agreement batch", self.job.seed, self.outer_step)
        return self.heldout[torch.from_numpy(generator.choice(len(self.heldout), size, replace=False)).to(self.device)]

    def _images(self, indices: Tensor) -> Tensor:
        """Return images [..., C, H, W] at indices [...]."""
        images: Tensor = self.bank.batch(indices.flatten()).unflatten(0, indices.shape)
        return images

    def _episode(self) -> list[tuple[Tensor, Tensor]]:
        """Return the updates of this outer step: indices [t, S, B] to learn from, and those [A] to be judged on.

        There is one update, after T inner steps; only FOXAS makes T of them, each after one inner step.
        """
        if self.settings.objective not in ON_TRAINING_BATCHES:
            return [(self._inner_indices(), self._heldout_indices())]
        batches = self._inner_indices(further=1)
        if self.settings.objective == "xas":
            return [(batches[:-1], batches[-1].flatten())]
        return [(batches[t : t + 1], batches[t + 1].flatten()) for t in range(len(batches) - 1)]

    def step(self) -> None:
        """Take one outer step and append it to ``history``; see ``table`` for what it holds."""
        started = time.perf_counter()
        tasks = self._tasks()
        networks = [self._networks()] * len(tasks)
        losses, agreements, rates, spreads = [], [], [], []
        self.encoder.train()
        for indices, judged in self._episode():
            images, heldout = self._images(indices), self._images(judged)
            with torch.no_grad():
                embeddings = [self.encoder(batch.flatten(0, 1)) for batch in images]
            found: list[MetaGradient] = []
            for i, task in enumerate(tasks):
                labels = torch.stack([self.encoder.soft_labels(part, task) for part in embeddings]).detach()
                frequencies = labels.mean((0, 1))
                rates.append((frequencies[1] if len(frequencies) == 2 else frequencies.max()).item())
                labels = labels.unflatten(1, indices.shape[1:])
                rate = self.settings.inner_learning_rate
                problem = InnerProblem(self.skeleton, networks[i], images, labels, heldout, rate)
                found.append(self.estimator(problem, OBJECTIVES[self.settings.objective]))
                networks[i] = found[i].weights
            self._require_finite("outer", rates)  # the encoder's, whose last step may have been too large
            self._require_finite("inner", [part.loss for part in found])
            spreads.append(self._move(images, indices, tasks, [part.labels for part in found]))
            losses += [part.loss.item() for part in found]
            agreements = [part.agreement.item() for part in found]
        self._require_finite("outer", self.encoder.state_dict().values())
        self.history.append(
            {
                "outer_step": self.outer_step,
                "task": tasks[0] if len(tasks) == 1 else -1,
                "agreement_loss_nats": float(np.mean(losses)),
                "proxy_agreement": float(np.mean(agreements)),
                "diversity_nats": float(np.mean(spreads)),
                "mean_soft_label": float(np.mean(rates)),
                "seconds": time.perf_counter() - started,
            }
        )

    def _require_finite(self, loop: Literal["inner", "outer"], values: Iterable[Tensor | float]) -> None:
        key = f"{loop}_learning_rate"
        what = f"the search's {loop} loop at outer step {self.outer_step}"
        require_finite(values, what, f"discovery.{key}", getattr(self.settings, key))

    def _diversity(self, embeddings: Tensor) -> Tensor:
        """Return the loss that keeps the tasks apart, on the embeddings [B, d] of a batch."""
        settings = self.settings
        if settings.diversity == "uniformity":
            return uniformity(embeddings, settings.uniformity_temperature)
        labels = torch.stack([self.encoder.soft_labels(embeddings, task) for task in range(settings.tasks)])
        weights = settings.mutual_information
        return dependence(labels, weights.marginal_weight, weights.entropy_weight)

    def _move(self, images: Tensor, indices: Tensor, tasks: list[int], slopes: list[Tensor]) -> float:
        """Carry the gradient from the labels into the encoder, one inner batch at a time, and update it.

        Returns:
            The diversity loss, the mean over the batches.
        """
        self.optimizer.zero_grad()
        total = 0.0
        for t, batch in enumerate(images):
            embeddings = self.encoder(batch.flatten(0, 1))
            spread = self._diversity(embeddings) / len(images)
            loss = self.settings.uniformity_weight * spread
            for task, slope in zip(tasks, slopes, strict=True):
                # The gradient of sum(labels * slope) is what the objective hands back to the labels.
                labels = self.encoder.soft_labels(embeddings, task)
                loss = loss + (labels * slope[t].flatten(0, 1)).sum() / len(tasks)
            if self.human is not None and self.encoder.human is not None:
                truth = self.human[:, indices[t].flatten()].T
                missed = F.binary_cross_entropy_with_logits(self.encoder.human(embeddings), truth)
                loss = loss + self.settings.human_weight * missed / len(images)
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

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return all that ``restore`` needs."""
        encoder = {f"encoder/{name}": tensor for name, tensor in self.encoder.state_dict().items()}
        return encoder | adam_state(self.optimizer, "adam"), {"history": self.history}

    def save(self, live: LiveState) -> None:
        """Keep the state of the search."""
        live.save(LIVE, *self.state())

    def resume(self, live: LiveState) -> None:
        """Take back what ``save`` kept, if there is anything."""
        found = live.load(LIVE)
        if found:
            self.restore(*found)

    def restore(self, tensors: dict[str, Tensor], what: Mapping[str, Any]) -> None:
        """Go back to where ``state`` was called; other tensors and values are ignored."""
        prefix = "encoder/"
        self.encoder.load_state_dict({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
        load_adam(self.optimizer, tensors, "adam")
        self.history = what["history"]

    def table(self) -> pd.DataFrame:
        """Return one row for each outer step.

        Columns: ``outer_step``; ``task`` (-1 for several); ``agreement_loss_nats``, the loss of the objective (for
        ``train_loss`` a cross-entropy; for ``foxas`` its mean over the inner steps); ``proxy_agreement`` after the last
        inner step, on held-out images or, for ``xas`` and ``foxas``, on the next training batch; ``diversity_nats``,
        the loss that keeps tasks apart, unweighted; ``mean_soft_label`` of class 1, or with more than two classes of
        the most frequent one; ``seconds``.
        """
        return pd.DataFrame(self.history)


def _included(human: TaskSet | None, count: int, bank: ImageBank) -> Tensor | None:
    """Return the first ``count`` human tasks, float [count, N], or None when there are none to include."""
    if not count:
        return None
    if human is None:
        raise WhichtaskError(f"discovery.human_tasks = {count} needs a task set of human tasks")
    labels = human.labels[:count]
    if len(labels) < count:
        raise WhichtaskError(f"discovery.human_tasks = {count}, but the task set has {len(labels)} tasks")
    if labels.shape[1] != len(bank.pixels):
        raise WhichtaskError(
            f"the human tasks label {labels.shape[1]} images, but there are {len(bank.pixels)} of them"
        )
    require_digest(human.provenance.get(IMAGES), bank.images_sha256, "the set of human tasks", "this data set")
    if labels.max() > 1:
        raise WhichtaskError("the human tasks to include must have two classes")
    return torch.from_numpy(labels).float()
