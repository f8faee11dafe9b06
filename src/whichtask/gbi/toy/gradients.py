"""The gradient of a frozen network with respect to Z at maximum entropy, at every step of a stream, in one batch."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from whichtask.errors import WhichtaskError
from whichtask.gbi.abstraction import maximum_entropy
from whichtask.gbi.inference import Loss, enumerate_losses, gradient_at
from whichtask.gbi.toy.network import run, zero_state


class Windows(NamedTuple):
    """Every window of a stream, and the state that a network with Z at maximum entropy has before it."""

    inputs: Tensor
    """[1, W, N]."""
    targets: Tensor
    """[W, N]; the last is the newest observation."""
    hidden: Tensor
    """[1, N, H]."""
    cell: Tensor
    """[1, N, H]."""


class Gradients(NamedTuple):
    """What one forward and one backward pass, and K forward passes, say of every window."""

    start: Tensor
    """[N]: loss at maximum entropy."""
    gradient: Tensor
    """[N, K]: there, with respect to the posterior that enters as Z."""
    losses: Tensor
    """[N, K]: with every context given as in training."""


def windows_of(weights: Mapping[str, Tensor], x: Tensor, window: int) -> Windows:
    """Cut a stream into windows; window n ends with the target ``x[window + n]``.

    Args:
        weights: of one network, A = 1.
        x: [T].
        window: observations in each.

    Raises:
        WhichtaskError: the stream is no longer than the window.
    """
    if len(x) <= window:
        raise WhichtaskError(f"the stream has {len(x)} steps; above the window, {window}, are needed")
    frozen = {name: value.detach() for name, value in weights.items()}
    contexts = frozen["embed"].shape[1] - 1
    with torch.no_grad():
        z = x.new_full((1, len(x), 1, contexts), 1 / contexts)
        done = run(frozen, x[None, :, None], z)
    count = len(x) - window
    # The state before input t is the one after input t - 1, zero before the first.
    before = [
        torch.cat([zeros, values[:, : count - 1, 0]], dim=1)
        for zeros, values in zip(zero_state(frozen, 1), (done.hidden, done.cell), strict=True)
    ]
    pieces = x.unfold(0, window + 1, 1).T
    return Windows(pieces[None, :-1], pieces[1:], *before)


def loss_of(weights: Mapping[str, Tensor], windows: Windows, observations: int, code: Tensor) -> Loss:
    """Return the function from a posterior [N, K] to the summed squared error of each window's last observations, [N].

    Args:
        weights: of one network.
        windows: of its stream.
        observations: how many.
        code: [K, K], the Z that the network was given for each context; a posterior enters as its mixture of these.

    Raises:
        WhichtaskError: a window has fewer observations.
    """
    steps = len(windows.targets)
    if not 1 <= observations <= steps:
        raise WhichtaskError(f"the error of {observations} observations was asked for; a window has {steps}")
    frozen = {name: value.detach() for name, value in weights.items()}

    def loss(posterior: Tensor) -> Tensor:
        z = posterior @ code
        given = z.expand(1, steps, *z.shape)
        done = run(frozen, windows.inputs, given, (windows.hidden, windows.cell))
        return (done.predictions[0] - windows.targets)[-observations:].square().sum(dim=0)

    return loss


def gradients_of(weights: Mapping[str, Tensor], x: Tensor, window: int, observations: int, code: Tensor) -> Gradients:
    """Measure every window of a stream.

    Args:
        weights: of one network.
        x: [T].
        window: observations that a network runs over with the Z in question.
        observations: last ones whose squared errors are summed.
        code: see ``loss_of``.
    """
    pieces, contexts = windows_of(weights, x, window), len(code)
    loss, count = loss_of(weights, pieces, observations, code), len(x) - window
    start, gradient = gradient_at(loss, maximum_entropy(count, contexts, dtype=x.dtype, device=x.device))
    return Gradients(start, gradient, enumerate_losses(loss, count, contexts, like=x))
