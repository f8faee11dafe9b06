"""Fit groups of networks to one labelling, as the agreement score asks (``check_as.py``, ``supervised.py``).

The networks of a group (two in the paper: a pair) start from different weights and see, by default, the same batches in
the same order. Data order is a function of (seed, task, group, epoch), so a resumed run draws what an uninterrupted one
would have drawn.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from whichtask.config import AgreementSettings
from whichtask.seeding import torch_generator
from whichtask.training.finite import require_finite
from whichtask.training.images import ImageBank
from whichtask.training.live import LiveState
from whichtask.training.trainers import BatchedTrainer, LoopTrainer, Trainer

LIVE = "fit"


@dataclass(frozen=True)
class FittedGroup:
    """What is kept of the M networks of a group, trained on the same labels."""

    group: int
    heldout_predictions: Tensor
    """uint8 [M, N_heldout], in evaluation mode."""
    train_accuracy: list[float]
    """[M], in evaluation mode, on all training images."""
    epochs: int
    seconds: float
    """Wall time of the fit until this group was done, divided among the groups fitted together."""


@dataclass(frozen=True)
class Sample:
    """The images and labels of one task that groups of networks are fitted to and judged on."""

    bank: ImageBank
    train: Tensor
    """int64 [n], image indices."""
    heldout: Tensor
    """int64 [h], image indices."""
    labels: Tensor
    """int64 [N], over all images of the bank."""


def make_trainer(networks: Sequence[nn.Module], settings: AgreementSettings) -> Trainer:
    """Return the trainer that the settings name."""
    kind = BatchedTrainer if settings.execution == "batched" else LoopTrainer
    return kind(
        networks,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        precision=settings.precision,
    )


class GroupFit:
    """Groups of networks in training; a group that reaches the stopping accuracy leaves.

    Args:
        networks: GM networks, those of group g from gM on.
        groups: [G] numbers of the groups, which name their random draws.
        sample: what to fit.
        settings: how.
        seed: (what for, run seed, names of the task), which name the random draws.
    """

    def __init__(
        self,
        networks: Sequence[nn.Module],
        groups: Sequence[int],
        sample: Sample,
        settings: AgreementSettings,
        seed: tuple[str | int, ...],
    ):
        self.trainer = make_trainer(networks, settings)
        self.groups = list(groups)
        self.size = len(networks) // len(self.groups)
        self.sample, self.settings, self.seed = sample, settings, seed
        self.together = len(self.groups)
        self.epoch = 0
        self.seconds = 0.0
        self.done: list[FittedGroup] = []

    def run(self, live: LiveState | None = None, tick: Callable[[int], None] | None = None) -> list[FittedGroup]:
        """Train until every group is done and return them in the order of their numbers.

        Args:
            live: where to look for and keep the state of an interrupted fit.
            tick: called after every epoch with the number of epochs done.

        Raises:
            WhichtaskError: a network has diverged.
        """
        if live:
            self._resume(live)
        while self.groups:
            started = time.perf_counter()
            accuracy = self._epoch()
            task, rate = " ".join(map(str, self.seed[2:])), self.settings.learning_rate
            require_finite(self.trainer.state().values(), f"networks on {task}", "agreement.learning_rate", rate)
            self.epoch += 1
            self.seconds += time.perf_counter() - started
            self._retire(accuracy)
            if tick:
                tick(self.epoch)
            if live and self.groups and live.due():
                live.save(LIVE, *self._snapshot())
        if live:
            live.remove(LIVE)
        return sorted(self.done, key=lambda fitted: fitted.group)

    def _orders(self) -> Tensor:
        """Return this epoch's image order for each network, int64 [M, n]."""
        orders = []
        for group in self.groups:
            for member in range(self.size):
                of_member = 0 if self.settings.shared_order else member
                generator = torch_generator("order", *self.seed, group, of_member, self.epoch)
                orders.append(torch.randperm(len(self.sample.train), generator=generator))
        return torch.stack(orders).to(self.sample.train.device)

    def _epoch(self) -> Tensor:
        """Train one epoch; return each network's accuracy on its batches as it learned them, float [M]."""
        orders = self._orders()
        right = torch.zeros(len(orders), dtype=torch.int64, device=orders.device)
        for rows in orders.split(self.settings.batch_size, dim=1):
            if rows.shape[1] == 1:
                continue  # batch norm cannot take the statistics of one image
            indices = self.sample.train[rows]
            images = self.sample.bank.batch(indices.flatten())
            right += self.trainer.step(images.unflatten(0, indices.shape), self.sample.labels[indices])
        return right.double() / orders.shape[1]

    def _retire(self, accuracy: Tensor) -> None:
        """Judge and drop the groups that are done."""
        last = self.epoch >= self.settings.epochs
        stop = self.settings.stop_train_accuracy
        worst = accuracy.reshape(-1, self.size).min(1).values
        over = [last or (stop is not None and value >= stop) for value in worst.tolist()]
        if not any(over):
            return
        predictions = self._predict(self.sample.heldout).to(torch.uint8).cpu()
        right = self._predict(self.sample.train) == self.sample.labels[self.sample.train]
        train_accuracy = right.double().mean(1).tolist()
        for g, group in enumerate(self.groups):
            if over[g]:
                own = slice(self.size * g, self.size * (g + 1))
                seconds = self.seconds / self.together
                self.done.append(FittedGroup(group, predictions[own], train_accuracy[own], self.epoch, seconds))
        left = [g for g in range(len(self.groups)) if not over[g]]
        self.groups = [self.groups[g] for g in left]
        if left:
            self.trainer.keep(self._members(left))

    def _members(self, places: Sequence[int]) -> list[int]:
        """Return the places of the networks of the groups at these places."""
        return [self.size * g + member for g in places for member in range(self.size)]

    def _predict(self, indices: Tensor) -> Tensor:
        parts = [self.trainer.predict(self.sample.bank.batch(part)) for part in indices.split(5_000)]
        return torch.cat(parts, dim=1)

    def _snapshot(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        tensors = {f"trainer/{name}": tensor for name, tensor in self.trainer.state().items()}
        tensors |= {f"done/{fitted.group}": fitted.heldout_predictions for fitted in self.done}
        done = [[fitted.group, fitted.train_accuracy, fitted.epochs, fitted.seconds] for fitted in self.done]
        what = {"seed": list(self.seed), "groups": self.groups, "epoch": self.epoch, "seconds": self.seconds}
        return tensors, what | {"done": done}

    def _resume(self, live: LiveState) -> None:
        found = live.load(LIVE)
        if not found:
            return
        tensors, what = found
        expected = sorted(what["groups"] + [entry[0] for entry in what["done"]])
        if what["seed"] != list(self.seed) or expected != sorted(self.groups):
            return  # the state of another task or group, left by a kill between its end and its removal
        self.done = [
            FittedGroup(group, tensors[f"done/{group}"], accuracy, epochs, seconds)
            for group, accuracy, epochs, seconds in what["done"]
        ]
        self.trainer.keep(self._members([self.groups.index(group) for group in what["groups"]]))
        self.groups, self.epoch, self.seconds = list(what["groups"]), what["epoch"], what["seconds"]
        prefix = "trainer/"
        self.trainer.load({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
