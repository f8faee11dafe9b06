"""A network trained from scratch on one side of a split of ImageNet and tested on the other (``imagenet/train.py``)."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from whichtask.artifacts import digest
from whichtask.config import ImageNetJob
from whichtask.data.torchvision_shim import models
from whichtask.errors import WhichtaskError
from whichtask.seeding import numpy_generator, seeded, torch_generator
from whichtask.splits import class_matched_split
from whichtask.studies.imagenet.photographs import Bools, Indices, Photographs
from whichtask.training import LiveState, State, require_finite
from whichtask.training.optimizers import SGD

CONTROLS = ("adversarial", "random")
LIVE = "training"
TOP = 5


@dataclass(frozen=True)
class TrainedNetwork:
    """What is kept of a trained network."""

    accuracies: pd.DataFrame
    """One row."""
    history: pd.DataFrame
    """A row an epoch."""
    confusion: npt.NDArray[np.int32]
    """[C, C], test images by true and by predicted class, after the last epoch."""
    weights: State
    """Weights and buffers."""


def controlled(photographs: Photographs, in_train: Bools, control: str, seed: int) -> Bools:
    """Return the split itself, or a random one with as many training images of every class.

    Raises:
        WhichtaskError: the control is neither ``adversarial`` nor ``random``.
    """
    if control not in CONTROLS:
        raise WhichtaskError(f"unknown control {control!r}; allowed: {', '.join(CONTROLS)}")
    if control == "adversarial":
        return in_train
    return class_matched_split(photographs.targets, in_train, numpy_generator("imagenet random split", seed))


@dataclass(frozen=True)
class _Tested:
    """Counts of right and wrong images."""

    confusion: Tensor
    """int64 [C, C] on the CPU, by true and by predicted class."""
    in_top: int
    """How many images have their class among the five highest outputs."""

    @property
    def images(self) -> int:
        return int(self.confusion.sum())

    @property
    def top1(self) -> float:
        return float(self.confusion.trace()) / self.images

    @property
    def top5(self) -> float:
        return self.in_top / self.images


class _Training:
    """A network in training: SGD, the step size ten times smaller in each third of the epochs."""

    def __init__(
        self, photographs: Photographs, in_train: Bools, job: ImageNetJob, *, device: torch.device, workers: int
    ):
        self.photographs, self.job, self.settings = photographs, job, job.imagenet
        self.train, self.test = np.flatnonzero(in_train), np.flatnonzero(~in_train)
        self.device = device
        self.reading: dict[str, Any] = {
            "image_size": self.settings.image_size,
            "batch_size": self.settings.batch_size,
            "workers": workers,
            "device": device,
        }
        with seeded("imagenet weights", job.seed):
            network = getattr(models, self.settings.network)(num_classes=len(photographs.class_names))
        self.network: nn.Module = network.to(device, memory_format=torch.channels_last)
        self.optimizer = SGD(self.network.parameters(), lr=self.settings.learning_rate, momentum=0.9, weight_decay=1e-4)
        # Made now rather than at the first step, so that a state always has the same tensors.
        self.momenta = {name: torch.zeros_like(p) for name, p in self.network.named_parameters()}
        for name, p in self.network.named_parameters():
            self.optimizer.state[p]["momentum_buffer"] = self.momenta[name]
        self.history: list[dict[str, Any]] = []
        self.tested: _Tested | None = None
        self.seconds = 0.0

    def run(self, live: LiveState) -> _Tested:
        """Train all epochs that are left, keeping the state after each long one; return what the last test found."""
        self._resume(live)
        epochs = range(len(self.history), self.settings.epochs)
        bar = tqdm(epochs, initial=epochs.start, total=epochs.stop, desc="training", unit="epoch", disable=None)
        for epoch in bar:
            started = time.perf_counter()
            row = self._epoch(epoch)
            self.tested = self.count(self.test, "test")
            self.seconds += time.perf_counter() - started
            self.history.append(row | {"test_top1": self.tested.top1, "test_top5": self.tested.top5})
            if live.due():
                live.save(LIVE, *self._snapshot(self.tested))
        if self.tested is None:
            raise RuntimeError("a state without a test")
        return self.tested

    def _epoch(self, epoch: int) -> dict[str, Any]:
        """Train one epoch; return its step size, and loss and accuracy on its batches as the network learned them."""
        rate = self.settings.learning_rate * 0.1 ** (3 * epoch // self.settings.epochs)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        generator = torch_generator("imagenet order", self.job.seed, epoch)
        order = self.train[torch.randperm(len(self.train), generator=generator).numpy()]
        loss_sum, right = (torch.zeros((), dtype=torch.float64, device=self.device) for _ in range(2))
        seen = 0
        self.network.train()
        for images, targets in self._batches(order, f"epoch {epoch + 1}"):
            if len(images) == 1:
                continue  # batch norm cannot take the statistics of one image
            self.optimizer.zero_grad()
            logits = self._logits(images)
            loss = F.cross_entropy(logits, targets)
            loss.backward()
            self.optimizer.step()
            seen += len(images)
            # Kept on the device: reading a number after each step would make the GPU wait.
            loss_sum += loss.detach() * len(images)
            right += (logits.detach().argmax(1) == targets).sum()
        require_finite(
            [*self.network.state_dict().values(), loss_sum], self.settings.network, "imagenet.learning_rate", rate
        )
        learned = {"train_loss": float(loss_sum) / seen, "train_accuracy": float(right) / seen}
        return {"epoch": epoch + 1, "learning_rate": rate} | learned

    def _batches(self, indices: Indices, what: str) -> "tqdm[tuple[Tensor, Tensor]]":
        total = -(-len(indices) // self.settings.batch_size)
        batches = self.photographs.batches(indices, **self.reading)
        return tqdm(batches, total=total, desc=what, unit="batch", leave=False, disable=None)

    def _logits(self, images: Tensor) -> Tensor:
        """Return outputs at full precision; on a GPU the network itself computes in bf16."""
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.device.type == "cuda"):
            logits: Tensor = self.network(images)
        return logits.float()

    @torch.no_grad()
    def count(self, indices: Indices, what: str) -> _Tested:
        """Count right and wrong images in evaluation mode."""
        self.network.eval()
        classes = len(self.photographs.class_names)
        confusion = torch.zeros(classes * classes, dtype=torch.int64, device=self.device)
        in_top = torch.zeros((), dtype=torch.int64, device=self.device)
        for images, targets in self._batches(indices, what):
            best = self._logits(images).topk(min(TOP, classes), dim=1).indices
            confusion += torch.bincount(targets * classes + best[:, 0], minlength=classes * classes)
            in_top += (best == targets[:, None]).sum()
        return _Tested(confusion.reshape(classes, classes).cpu(), int(in_top))

    def _snapshot(self, tested: _Tested) -> tuple[State, dict[str, Any]]:
        tensors = {f"network/{name}": tensor for name, tensor in self.network.state_dict().items()}
        tensors |= {f"momentum/{name}": tensor for name, tensor in self.momenta.items()}
        what = {"history": self.history, "seconds": self.seconds, "in_top": tested.in_top}
        return tensors | {"confusion": tested.confusion}, what

    def _resume(self, live: LiveState) -> None:
        found = live.load(LIVE)
        if not found:
            return
        tensors, what = found
        prefix = "network/"
        self.network.load_state_dict({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
        for name, momentum in self.momenta.items():
            momentum.copy_(tensors[f"momentum/{name}"])
        self.history, self.seconds = what["history"], what["seconds"]
        self.tested = _Tested(tensors["confusion"], what["in_top"])


def train_network(
    photographs: Photographs,
    in_train: Bools,
    control: str,
    job: ImageNetJob,
    *,
    device: torch.device,
    workers: int,
    results: Path,
) -> TrainedNetwork:
    """Train a network on the training side of a split, or of its random control, and test it on the other side.

    The last epoch's network is tested: choosing the best epoch would choose on the test images. A killed run goes on
    after its last whole epoch; on the CPU it ends with the numbers of an uninterrupted one, bit for bit.

    Args:
        photographs: the images.
        in_train: [N], the adversarial split.
        control: ``adversarial``, or ``random`` for a random split with as many training images of every class.
        job: settings.
        device: where to train; on a GPU in bf16.
        workers: processes that read images.
        results: results folder, for the live state.

    Raises:
        WhichtaskError: an unknown control, batches of one image, or an image cannot be read.
    """
    if job.imagenet.batch_size < 2:
        raise WhichtaskError("imagenet.batch_size is 1; batch norm needs batches of two images or more")
    chosen = controlled(photographs, in_train, control, job.seed)
    settings = job.imagenet.model_dump(mode="json", exclude={"folder"})
    what = {"verb": "imagenet train", "seed": job.seed, "imagenet": settings, "control": control}
    where = {"photographs": photographs.sha256, "split": digest(in_train), "device": device.type}
    live = LiveState(results, what | where)
    training = _Training(photographs, chosen, job, device=device, workers=workers)
    with torch.backends.cudnn.flags(enabled=True, deterministic=True, benchmark=False):
        tested = training.run(live)
        learned = training.count(training.train, "training images")
    of_class = (tested.confusion.diagonal() / tested.confusion.sum(1)).tolist()
    worst = int(np.argmin(of_class))
    row = {
        "network": job.imagenet.network,
        "split": control,
        "seed": job.seed,
        "top1_accuracy": tested.top1,
        "top5_accuracy": tested.top5,
        "worst_class_accuracy": of_class[worst],
        "worst_class": photographs.class_names[worst],
        "train_accuracy": learned.top1,
        "images_train": learned.images,
        "images_test": tested.images,
        "n_classes": len(photographs.class_names),
        "epochs": len(training.history),
        "seconds": training.seconds,
        "device": device.type,
    }
    live.clear()
    confusion = tested.confusion.numpy().astype(np.int32)
    return TrainedNetwork(pd.DataFrame([row]), pd.DataFrame(training.history), confusion, training.network.state_dict())
