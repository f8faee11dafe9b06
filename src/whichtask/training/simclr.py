"""SimCLR (Chen et al. 2020, arXiv 2002.05709): a backbone for which two augmented views of an image look alike.

Tasks that are linear in such features inherit their invariances; that is what regulates task discovery. Order and
augmentations are functions of (seed, epoch, step), so a resumed run draws what an uninterrupted one would have drawn.
"""

import math
import time
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from whichtask.config import SimclrJob, SimclrSettings
from whichtask.data import ImageSet
from whichtask.data.division import divide
from whichtask.errors import WhichtaskError
from whichtask.networks import build
from whichtask.seeding import seeded, torch_generator
from whichtask.training.adam import State, start_adam
from whichtask.training.augment import ALL, augmentation, augmented
from whichtask.training.finite import require_finite
from whichtask.training.images import ImageBank
from whichtask.training.lars import Lars
from whichtask.training.live import LiveState
from whichtask.training.optimizers import AdamW

LIVE = "simclr"


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Return the NT-Xent loss of two views, and how often a view is nearest to its own partner.

    With z the 2B normalised embeddings and s = z z' / temperature, the loss is the mean over all views i of
    -log(exp s_ij / sum_{k != i} exp s_ik), where j is the other view of the same image (equation 1 of SimCLR).

    Args:
        first: [B, p], embeddings of one view of each image.
        second: [B, p], of the other.
        temperature: of the similarities.

    Returns:
        The loss in nats, and the share of the 2B views whose most similar other view is j.
    """
    views = F.normalize(torch.cat([first, second]), dim=1)
    itself = torch.eye(len(views), dtype=torch.bool, device=views.device)
    similarity = (views @ views.T / temperature).masked_fill(itself, -math.inf)
    partner = torch.arange(len(views), device=views.device).roll(len(first))
    return F.cross_entropy(similarity, partner), (similarity.argmax(1) == partner).double().mean()


def step_size(step: int, total: int, settings: SimclrSettings) -> float:
    """Return the step size of step 0 .. total - 1: linear warm-up to ``learning_rate``, then half a cosine to 0."""
    warm = round(settings.warmup * total)
    if step < warm:
        return settings.learning_rate * (step + 1) / warm
    return settings.learning_rate * (1 + math.cos(math.pi * (step - warm) / max(1, total - warm))) / 2


def projection_head(size: int, dimensions: int) -> nn.Sequential:
    """Return the head in whose output views are compared; it is thrown away after training."""
    hidden = nn.Linear(size, size, bias=False)
    return nn.Sequential(hidden, nn.BatchNorm1d(size), nn.ReLU(), nn.Linear(size, dimensions, bias=False))


def make_optimizer(module: nn.Module, settings: SimclrSettings) -> torch.optim.Optimizer:
    """Return AdamW or LARS with its state made; biases and norms have no weight decay and no layer-wise step."""
    weights = [parameter for parameter in module.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in module.parameters() if parameter.ndim <= 1]
    groups: list[dict[str, Any]] = [
        {"params": weights, "weight_decay": settings.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    if settings.optimizer == "lars":
        return Lars([group | {"adapt": adapt} for group, adapt in zip(groups, (True, False), strict=True)], lr=0.0)
    adam = AdamW(groups, lr=0.0)
    start_adam(adam)
    return adam


class Pretraining:
    """A SimCLR run in progress.

    Args:
        bank: all images.
        train: [n] indices of the images to learn from; labels are not used.
        job: settings; ``job.seed`` names every draw.

    Raises:
        WhichtaskError: there are fewer than two images, so that none has another to be told apart from.
    """

    def __init__(self, bank: ImageBank, train: npt.NDArray[np.int64], job: SimclrJob):
        if len(train) < 2:
            raise WhichtaskError(f"SimCLR tells images apart and needs two or more; there are {len(train)} to train on")
        self.bank, self.settings, self.seed = bank, job.simclr, job.seed
        device = bank.pixels.device
        self.train = torch.from_numpy(train).to(device)
        self.augment = augmentation(ALL, job.simclr, bank.shape)
        backbone = build(job.encoder, bank.shape, 2, seed=("simclr", job.seed))
        backbone.head = nn.Identity()  # type: ignore[assignment]  # its own output layer is not used
        with seeded("simclr projection", job.seed):
            projection = projection_head(backbone.feature_dim, job.simclr.projection)
        self.backbone, self.projection = backbone.to(device), projection.to(device)
        self.networks = nn.ModuleDict({"backbone": self.backbone, "projection": self.projection})
        self.optimizer = make_optimizer(self.networks, job.simclr)
        self.batch = min(job.simclr.batch_size, len(train))
        # The loss depends on the number of views it is taken over, so an incomplete last batch is left out.
        self.epoch_steps = len(train) // self.batch
        self.total = self.epoch_steps * job.simclr.epochs
        self.done = 0
        """Steps taken."""
        self.sums = {"loss_nats": 0.0, "top1_positive": 0.0, "seconds": 0.0}
        """Of the epoch in progress."""
        self.history: list[dict[str, Any]] = []

    def step(self) -> None:
        """Take one step; after the last of an epoch append the epoch to ``history``."""
        started = time.perf_counter()
        epoch, position = divmod(self.done, self.epoch_steps)
        order = torch.randperm(len(self.train), generator=torch_generator("simclr order", self.seed, epoch))
        rows = order[position * self.batch :][: self.batch].to(self.train.device)
        rate = step_size(self.done, self.total, self.settings)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss, hits = nt_xent(*self._views(self.train[rows], epoch, position), self.settings.temperature)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.done += 1
        new = {"loss_nats": loss.item(), "top1_positive": hits.item(), "seconds": time.perf_counter() - started}
        self.sums = {name: value + new[name] for name, value in self.sums.items()}
        if position == self.epoch_steps - 1:
            state = [*self.networks.state_dict().values(), self.sums["loss_nats"]]
            require_finite(state, "the SimCLR backbone", "simclr.learning_rate", self.settings.learning_rate)
            means = {name: self.sums[name] / self.epoch_steps for name in ("loss_nats", "top1_positive")}
            seconds = self.sums["seconds"]
            self.history.append({"epoch": epoch + 1, **means, "learning_rate": rate, "seconds": seconds})
            self.sums = dict.fromkeys(self.sums, 0.0)

    def _views(self, indices: Tensor, epoch: int, position: int) -> tuple[Tensor, Tensor]:
        """Return the embeddings of two views of each image, [B, p] each."""
        seed = ("simclr views", self.seed, epoch, position)
        views = torch.cat([augmented(self.bank, indices, self.augment, (*seed, view)) for view in (0, 1)])
        self.networks.train()
        first, second = self.projection(self.backbone.features(views)).chunk(2)
        return first, second

    def run(self, live: LiveState | None = None) -> None:
        """Go on until all epochs are done; look for, and keep, the state of an interrupted run in ``live``."""
        if live:
            self.resume(live)
        with tqdm(total=self.total, initial=self.done, desc="SimCLR", unit="step", disable=None) as bar:
            while self.done < self.total:
                self.step()
                if self.history:
                    bar.set_postfix({name: f"{self.history[-1][name]:.3f}" for name in self.sums}, refresh=False)
                bar.update()
                if live and live.due() and self.done < self.total:
                    self.save(live)

    def _state(self) -> State:
        """Return weights, buffers and moments as named tensors (views, not copies)."""
        state = {f"networks/{name}": tensor for name, tensor in self.networks.state_dict().items()}
        for i, parameter in enumerate(self.networks.parameters()):
            state |= {f"optimizer/{i}/{name}": tensor for name, tensor in self.optimizer.state[parameter].items()}
        return state

    def save(self, live: LiveState) -> None:
        """Keep the state of the run."""
        live.save(LIVE, self._state(), {"done": self.done, "sums": self.sums, "history": self.history})

    @torch.no_grad()
    def resume(self, live: LiveState) -> None:
        """Take back what ``save`` kept, if there is anything."""
        found = live.load(LIVE)
        if not found:
            return
        tensors, what = found
        for name, tensor in self._state().items():
            tensor.copy_(tensors[name])
        self.done, self.sums, self.history = what["done"], what["sums"], what["history"]


def pretrain(
    bank: ImageBank, train: npt.NDArray[np.int64], job: SimclrJob, live: LiveState | None = None
) -> tuple[State, pd.DataFrame]:
    """Train a backbone with SimCLR.

    Args:
        bank: all images.
        train: [n] indices of the images to learn from.
        job: settings.
        live: where to look for and keep the state of an interrupted run.

    Returns:
        The state dict of a ``Network`` without its ``head``: weights, and batch-norm statistics of augmented images.
        And one row an epoch: ``epoch`` (from 1), ``loss_nats``, ``top1_positive`` (share of views nearest to their
        partner), both means over the epoch's steps, ``learning_rate`` of its last step, ``seconds``.
    """
    run = Pretraining(bank, train, job)
    run.run(live)
    return {name: tensor.detach().cpu() for name, tensor in run.backbone.state_dict().items()}, pd.DataFrame(
        run.history
    )


def simclr(data: ImageSet, job: SimclrJob, device: torch.device, live: LiveState) -> dict[str, State | pd.DataFrame]:
    """Pre-train the encoder's network with SimCLR on the training images, without labels.

    Args:
        data: all images.
        job: settings.
        device: where to train.
        live: the state of an interrupted run.

    Returns:
        ``backbone``, a network without its head, and ``history``, one row an epoch; see ``pretrain``.
    """
    bank = ImageBank.of(data, device)
    backbone, history = pretrain(bank, divide(data.n_train, job.data).train, job, live)
    return {"backbone": backbone, "history": history}
