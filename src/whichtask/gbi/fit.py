"""Train one network by Adam on rows of a data set; resumable, its data order a function of seed and epoch."""

import math
from collections.abc import Callable
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm

from whichtask.config.gbi.inference import FitSettings
from whichtask.seeding import Key, torch_generator
from whichtask.training.finite import require_finite
from whichtask.training.live import LiveState
from whichtask.training.optimizers import Adam

BatchLoss = Callable[[Tensor, torch.Generator], Tensor]
"""From the rows of a batch, int64 [B] on the device, and a CPU generator for its noise, to a loss to minimise."""


def fit(
    network: nn.Module,
    loss: BatchLoss,
    rows: Tensor,
    settings: FitSettings,
    key: tuple[Key, ...],
    live: LiveState,
    name: str,
    stop: Callable[[int], bool] | None = None,
) -> pd.DataFrame:
    """Train in place and leave the network in evaluation mode.

    A finished network's state stays in ``live`` under ``name``, so that a resumed job takes it from there.

    Args:
        network: what is trained, on its device.
        loss: of a batch of rows.
        rows: int64 [N], the rows to learn from.
        settings: epochs, batch size, step size and its schedule.
        key: names the random draws.
        live: where the state is kept.
        name: of this network in the job; letters, digits and ``-`` only.
        stop: asked after every epoch with the number of epochs done; True ends the training.

    Returns:
        One row an epoch: ``epoch`` (from 1) and ``loss``, the mean over its batches.
    """
    optimizer = Adam(network.parameters(), lr=settings.learning_rate)
    history, done = _resume(network, optimizer, live, name)
    schedule = _schedule(optimizer, settings, len(history))
    network.train()
    epochs = range(len(history), settings.epochs)
    for epoch in tqdm(epochs, desc=name, unit="epoch", disable=True if done else None, leave=False):
        if done:
            break
        history.append(_epoch(loss, rows, settings, optimizer, (*key, epoch)))
        values = [*network.state_dict().values(), history[-1]]
        require_finite(values, name, "its learning_rate", settings.learning_rate)
        schedule.step()
        network.eval()
        done = epoch + 1 == settings.epochs or (stop is not None and stop(epoch + 1))
        network.train()
        if done or live.due():
            _save(network, optimizer, live, name, {"history": history, "done": done})
    network.eval()
    return pd.DataFrame({"epoch": range(1, len(history) + 1), "loss": history})


def _schedule(optimizer: torch.optim.Optimizer, settings: FitSettings, done: int) -> LambdaLR:
    """Return what sets the step size of each epoch; a function of their number, so that none of it is state."""
    for group in optimizer.param_groups:
        group["initial_lr"] = settings.learning_rate

    def factor(epoch: int) -> float:
        return 1.0 if settings.schedule == "constant" else (1 + math.cos(math.pi * epoch / settings.epochs)) / 2

    return LambdaLR(optimizer, factor, last_epoch=done - 1)


def _epoch(
    loss: BatchLoss, rows: Tensor, settings: FitSettings, optimizer: torch.optim.Optimizer, key: tuple[Key, ...]
) -> float:
    """Train one epoch; return the mean loss of its batches."""
    generator = torch_generator("gbi fit", *key)
    order = torch.randperm(len(rows), generator=generator).to(rows.device)
    losses = []
    for batch in rows[order].split(settings.batch_size):
        optimizer.zero_grad(set_to_none=True)
        value = loss(batch, generator)
        value.backward()
        optimizer.step()
        losses.append(value.detach())
    return float(torch.stack(losses).mean())


def _save(
    network: nn.Module, optimizer: torch.optim.Optimizer, live: LiveState, name: str, what: dict[str, Any]
) -> None:
    tensors = {f"network/{key}": value for key, value in network.state_dict().items()}
    if not what["done"]:
        for number, state in optimizer.state_dict()["state"].items():
            tensors |= {f"adam/{number}/{key}": value for key, value in state.items()}
    live.save(name, tensors, what)


def _resume(
    network: nn.Module, optimizer: torch.optim.Optimizer, live: LiveState, name: str
) -> tuple[list[float], bool]:
    """Load the state of an interrupted fit; return the losses so far and whether it was done."""
    found = live.load(name)
    if found is None:
        return [], False
    tensors, what = found
    network.load_state_dict({k.removeprefix("network/"): v for k, v in tensors.items() if k.startswith("network/")})
    state: dict[int, dict[str, Tensor]] = {}
    for path, value in tensors.items():
        if path.startswith("adam/"):
            _, number, key = path.split("/")
            state.setdefault(int(number), {})[key] = value
    if state:
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    return list(what["history"]), bool(what["done"])
