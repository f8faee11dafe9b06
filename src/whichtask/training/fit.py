"""Fit pairs of networks to one labelling, as the agreement score asks (``check_as.py``, ``supervised.py``).

The two networks of a pair start from different weights and see, by default, the same batches in the same order. Data
order is a function of (seed, task, pair, epoch), so a resumed run draws what an uninterrupted one would have drawn.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from whichtask.config import AgreementSettings
from whichtask.seeding import torch_generator
from whichtask.training.images import ImageBank
from whichtask.training.live import LiveState
from whichtask.training.trainers import BatchedTrainer, LoopTrainer, Trainer

LIVE = "fit"


@dataclass(frozen=True)
class FittedPair:
    """What is kept of two networks trained on the same labels."""

    pair: int
    heldout_predictions: Tensor
    """uint8 [2, N_heldout], in evaluation mode."""
    train_accuracy: tuple[float, float]
    """In evaluation mode, on all training images."""
    epochs: int
    seconds: float
    """Wall time of the fit until this pair was done, divided among the pairs fitted together."""


@dataclass(frozen=True)
class Sample:
    """The images and labels of one task that a group of pairs is fitted to and judged on."""

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


class PairFit:
    """A group of pairs in training; the group shrinks as pairs reach the stopping accuracy.

    Args:
        networks: 2G networks, the two of pair g at 2g and 2g + 1.
        pairs: [G] numbers of the pairs, which name their random draws.
        sample: what to fit.
        settings: how.
        seed: (run seed, task name), which name the random draws.
    """

    def __init__(
        self,
        networks: Sequence[nn.Module],
        pairs: Sequence[int],
        sample: Sample,
        settings: AgreementSettings,
        seed: tuple[str | int, ...],
    ):
        self.trainer = make_trainer(networks, settings)
        self.pairs = list(pairs)
        self.sample, self.settings, self.seed = sample, settings, seed
        self.group = len(self.pairs)
        self.epoch = 0
        self.seconds = 0.0
        self.done: list[FittedPair] = []

    def run(self, live: LiveState | None = None, tick: Callable[[int], None] | None = None) -> list[FittedPair]:
        """Train until every pair is done and return them in the order of their numbers.

        Args:
            live: where to look for and keep the state of an interrupted fit.
            tick: called after every epoch with the number of epochs done.
        """
        if live:
            self._resume(live)
        while self.pairs:
            started = time.perf_counter()
            accuracy = self._epoch()
            self.epoch += 1
            self.seconds += time.perf_counter() - started
            self._retire(accuracy)
            if tick:
                tick(self.epoch)
            if live and self.pairs and live.due():
                live.save(LIVE, *self._snapshot())
        if live:
            live.remove(LIVE)
        return sorted(self.done, key=lambda fitted: fitted.pair)

    def _orders(self) -> Tensor:
        """Return this epoch's image order for each network, int64 [M, n]."""
        orders = []
        for pair in self.pairs:
            for member in (0, 1):
                of_member = 0 if self.settings.shared_order else member
                generator = torch_generator("order", *self.seed, pair, of_member, self.epoch)
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
        """Judge and drop the pairs that are done."""
        last = self.epoch >= self.settings.epochs
        stop = self.settings.stop_train_accuracy
        worse = accuracy.reshape(-1, 2).min(1).values
        over = [last or (stop is not None and value >= stop) for value in worse.tolist()]
        if not any(over):
            return
        predictions = self._predict(self.sample.heldout).to(torch.uint8).cpu()
        right = self._predict(self.sample.train) == self.sample.labels[self.sample.train]
        train_accuracy = right.double().mean(1).tolist()
        for g, pair in enumerate(self.pairs):
            if over[g]:
                of_pair = slice(2 * g, 2 * g + 2)
                first, second = train_accuracy[of_pair]
                seconds = self.seconds / self.group
                self.done.append(FittedPair(pair, predictions[of_pair], (first, second), self.epoch, seconds))
        left = [g for g in range(len(self.pairs)) if not over[g]]
        self.pairs = [self.pairs[g] for g in left]
        if left:
            self.trainer.keep([member for g in left for member in (2 * g, 2 * g + 1)])

    def _predict(self, indices: Tensor) -> Tensor:
        parts = [self.trainer.predict(self.sample.bank.batch(part)) for part in indices.split(5_000)]
        return torch.cat(parts, dim=1)

    def _snapshot(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        tensors = {f"trainer/{name}": tensor for name, tensor in self.trainer.state().items()}
        tensors |= {f"done/{fitted.pair}": fitted.heldout_predictions for fitted in self.done}
        done = [[fitted.pair, fitted.train_accuracy, fitted.epochs, fitted.seconds] for fitted in self.done]
        what = {"seed": list(self.seed), "pairs": self.pairs, "epoch": self.epoch, "seconds": self.seconds}
        return tensors, what | {"done": done}

    def _resume(self, live: LiveState) -> None:
        found = live.load(LIVE)
        if not found:
            return
        tensors, what = found
        expected = sorted(what["pairs"] + [entry[0] for entry in what["done"]])
        if what["seed"] != list(self.seed) or expected != sorted(self.pairs):
            return  # the state of another task or group, left by a kill between its end and its removal
        self.done = [
            FittedPair(pair, tensors[f"done/{pair}"], (accuracy[0], accuracy[1]), epochs, seconds)
            for pair, accuracy, epochs, seconds in what["done"]
        ]
        members = [2 * self.pairs.index(pair) + member for pair in what["pairs"] for member in (0, 1)]
        self.trainer.keep(members)
        self.pairs, self.epoch, self.seconds = list(what["pairs"]), what["epoch"], what["seconds"]
        prefix = "trainer/"
        self.trainer.load({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
