"""Infer Z from a trained network: by one gradient step, by iterating, or by trying every task.

All of it works with any network that takes Z: give the function from Z to the loss of each example, a negative
log-likelihood up to a factor tau. Examples of a batch do not influence each other. Equations as in the paper.

Call ``eval()`` on the network first. In training mode dropout gives each call another loss, and batch norm mixes the
examples of a batch and takes their statistics, so that inference changes the network.
"""

import warnings
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from whichtask.config.gbi.inference import InferenceSettings
from whichtask.errors import WhichtaskError
from whichtask.gbi.abstraction import combinations, maximum_entropy, one_hot, parts_of, softmax, split
from whichtask.training.optimizers import SGD, Adam

Loss = Callable[[Tensor], Tensor]
"""From Z [B, K] to the loss of each of the B examples, [B]; example i must depend on row i only, and always in the same
way: the network is in evaluation mode, ``network.eval()``."""


def gradient_at(loss: Loss, z: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss [B] and its gradient with respect to Z [B, K], at Z; weights get no gradient.

    Raises:
        WhichtaskError: the loss is not one value an example, or a loss or gradient is not finite.
    """
    with torch.enable_grad():
        point = z.detach().requires_grad_()
        losses = loss(point)
        if losses.shape != z.shape[:1]:
            raise WhichtaskError(
                f"the loss has the shape {tuple(losses.shape)}; Z {tuple(z.shape)} needs one loss an example, "
                f"[{z.shape[0]}]"
            )
        (gradient,) = torch.autograd.grad(losses.sum(), point)
    return require_finite(losses.detach(), "losses"), require_finite(gradient, "gradients")


def require_finite(values: Tensor, what: str) -> Tensor:
    """Return values of which none is infinite or not a number.

    Raises:
        WhichtaskError: some are.
    """
    finite = values.isfinite()
    if not finite.all():
        raise WhichtaskError(
            f"{int((~finite).sum())} of {values.numel()} {what} are not finite, so there is no posterior; look at the "
            "network's weights and inputs"
        )
    return values


@torch.no_grad()
def warn_of_chance(loss: Loss, z: Tensor, losses: Tensor, parts: int | Sequence[int]) -> None:
    """Warn when a loss is not a function of Z, row by row: the network is in training mode, most likely.

    The loss is called once more with all rows but the first changed, on which the first must not depend.

    Args:
        loss: of the trained network.
        z: [B, K], where to look.
        losses: [B], what the loss said there.
        parts: sizes of the parts of Z.
    """
    if not len(losses):
        return
    changed = z.detach().clone()
    for part in split(changed, parts):  # views
        part[1:] /= 2
        part[1:, 0] += 0.5
    first, second = losses[0], loss(changed)[0]
    if not torch.allclose(first, second, rtol=1e-3, atol=1e-6):
        warnings.warn(
            f"the loss of one example and one Z is {float(first):.6g} and then {float(second):.6g}: it is not "
            "deterministic, or other examples influence it. Call eval() on the network before inference: dropout and "
            "batch norm make a network in training mode another one at each call",
            stacklevel=3,
        )


def require_tau(tau: float) -> float:
    """Return a temperature that is positive and finite.

    Raises:
        WhichtaskError: it is not.
    """
    if not 0 < tau < float("inf"):
        raise WhichtaskError(f"tau is {tau}; the temperature must be positive and finite")
    return tau


def one_step(gradient: Tensor, tau: float, parts: int | Sequence[int] | None = None) -> Tensor:
    """Turn a gradient at the maximum-entropy point into a posterior, ``softmax(-g / tau)`` (Eq. 7).

    This is one exponentiated-gradient step, and the exact maximum of the linearised evidence bound
    ``-z . g + tau H(z)``.

    Args:
        gradient: [B, K], of the loss with respect to Z at ``maximum_entropy``.
        tau: temperature, in units of the loss; see ``calibration.fit_tau``.
        parts: sizes of the parts of Z; None: one part.

    Returns:
        [B, K], each part a distribution.

    Raises:
        WhichtaskError: a gradient is not finite, or tau is no temperature.
    """
    return softmax(
        -require_finite(gradient, "gradients") / require_tau(tau), gradient.shape[1] if parts is None else parts
    )


def infer_one_step(
    loss: Loss,
    batch: int,
    parts: int | Sequence[int],
    tau: float = 1.0,
    *,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    check: bool = True,
) -> Tensor:
    """Infer the posterior of a batch by one forward and one backward pass.

    Args:
        loss: of the trained network on this batch, in evaluation mode (``network.eval()``).
        batch: number of examples B.
        parts: number of tasks K, or the sizes of several parts.
        tau: temperature, in units of the loss.
        dtype: of Z.
        device: of Z.
        check: whether to look, by one more forward pass, that the loss is deterministic, and warn where it is not.

    Returns:
        [B, sum of parts], each part a distribution.

    Raises:
        WhichtaskError: a loss or gradient is not finite.
    """
    start = maximum_entropy(batch, parts, dtype=dtype, device=device)
    losses, gradient = gradient_at(loss, start)
    if check:
        warn_of_chance(loss, start, losses, parts)
    return one_step(gradient, tau, parts)


def entropy(z: Tensor) -> Tensor:
    """Return the entropy of each row [B] in nats; summed over the parts where there are several."""
    total: Tensor = torch.special.entr(z).sum(dim=1)
    return total


def iterate(
    loss: Loss,
    start: Tensor,
    settings: InferenceSettings,
    parts: int | Sequence[int] | None = None,
    record: Sequence[int] | None = None,
    *,
    check: bool = True,
) -> dict[int, Tensor]:
    """Optimise Z with frozen weights.

    Args:
        loss: of the trained network, in evaluation mode (``network.eval()``).
        start: logits of Z to start from, [B, K]; zeros are the maximum-entropy point.
        settings: optimiser, steps and regulariser.
        parts: sizes of the parts of Z; None: one part.
        record: steps at which Z is kept, 0 being the start; None: the last.
        check: as for ``infer_one_step``, at the start.

    Returns:
        Z [B, K] at each of these steps.

    Raises:
        WhichtaskError: a step that cannot be recorded, or a loss or gradient that is not finite.
    """
    sizes = parts_of(start.shape[1] if parts is None else parts)
    wanted = {settings.steps} if record is None else set(record)
    if wanted and max(wanted) > settings.steps:
        raise WhichtaskError(f"step {max(wanted)} cannot be recorded: there are {settings.steps} steps")
    if check:
        z = softmax(start.detach(), sizes)
        warn_of_chance(loss, z, gradient_at(loss, z)[0], sizes)
    logits = start.detach().clone()
    optimizer = _optimizer(logits, settings)
    kept = {0: softmax(logits, sizes)} if 0 in wanted else {}
    for step in range(1, settings.steps + 1):
        gradient = _logit_gradient(loss, logits, settings, sizes)
        if optimizer is None:
            logits = logits - settings.learning_rate * gradient
        else:
            logits.grad = gradient
            optimizer.step()
        if step in wanted:
            kept[step] = softmax(logits, sizes)
    return kept


def _optimizer(logits: Tensor, settings: InferenceSettings) -> torch.optim.Optimizer | None:
    """Return an optimiser of the logits; None for exponentiated gradient, which is a plain step on them."""
    if settings.optimizer == "sgd":
        return SGD([logits], lr=settings.learning_rate, momentum=settings.momentum)
    return Adam([logits], lr=settings.learning_rate) if settings.optimizer == "adam" else None


def _logit_gradient(loss: Loss, logits: Tensor, settings: InferenceSettings, sizes: tuple[int, ...]) -> Tensor:
    """Return the gradient of loss plus regulariser with respect to the logits.

    For exponentiated gradient it is the gradient with respect to Z itself: adding a multiple of it to the logits
    multiplies Z by its exponential.
    """
    mirror = settings.optimizer == "exponentiated"

    def objective(point: Tensor) -> Tensor:
        z = point if mirror else softmax(point, sizes)
        value = loss(z)
        if settings.regulariser == "entropy" and settings.weight:
            value = value - settings.weight * entropy(z)
        return value

    _, gradient = gradient_at(objective, softmax(logits, sizes) if mirror else logits)
    if settings.regulariser == "l2":
        gradient = gradient + settings.weight * logits
    return gradient


@torch.no_grad()
def enumerate_losses(loss: Loss, batch: int, parts: int | Sequence[int], like: Tensor | None = None) -> Tensor:
    """Return the loss of every task given as one-hot, a forward pass each: the exact comparison.

    Args:
        loss: of the trained network, in evaluation mode (``network.eval()``).
        batch: number of examples B.
        parts: number of tasks K, or the sizes of several parts, of which all combinations are tried.
        like: a tensor whose dtype and device Z shall have.

    Returns:
        [B, K]; of several parts [B, product of sizes], in the order of ``combinations``.

    Raises:
        WhichtaskError: a loss is not finite.
    """
    like = torch.empty(0) if like is None else like
    sizes = parts_of(parts)
    columns = []
    for row in combinations(sizes, like.device):
        hot = [one_hot(label.expand(batch), size, like.dtype) for label, size in zip(row, sizes, strict=True)]
        columns.append(loss(torch.cat(hot, dim=1)))
    return require_finite(torch.stack(columns, dim=1), "losses")


def exact_posterior(losses: Tensor, tau: float) -> Tensor:
    """Return the posterior of a uniform prior from the losses of every task [B, K], ``softmax(-L / tau)``.

    Raises:
        WhichtaskError: a loss is not finite, or tau is no temperature.
    """
    return (-require_finite(losses, "losses") / require_tau(tau)).softmax(dim=1)


def kl_bound(losses: Tensor, loss_at_start: Tensor, gradient: Tensor, tau: float) -> Tensor:
    """Bound the divergence of the one-step from the exact posterior, in either direction.

    With remainders ``r_k = L(e_k) - L(z0) - g . (e_k - z0)`` the exact posterior is the one-step posterior tilted by
    ``exp(-r / tau)``. Hoeffding's lemma on a variable in an interval of length ``s = (max r - min r) / tau`` gives
    ``KL <= s^2 / 8``, and the ratio of the two is at most ``exp(s)``, so also ``KL <= s``. Networks for which ``r`` is
    the same for all tasks, such as a linear decoder with squared error and two tasks, are exact.

    Args:
        losses: [B, K], of every task given as one-hot.
        loss_at_start: [B], at the maximum-entropy point.
        gradient: [B, K], there.
        tau: temperature of both posteriors.

    Returns:
        [B], nats.
    """
    remainder = losses - loss_at_start[:, None] - (gradient - gradient.mean(dim=1, keepdim=True))
    span = (remainder.amax(dim=1) - remainder.amin(dim=1)) / require_tau(tau)
    return torch.minimum(span, span.square() / 8)


def divergence(p: Tensor, q: Tensor) -> Tensor:
    """Return KL(p || q) of each row, [B] nats; where p is 0 it adds nothing.

    Raises:
        WhichtaskError: the shapes differ.
    """
    if p.shape != q.shape:
        raise WhichtaskError(f"distributions of shapes {tuple(p.shape)} and {tuple(q.shape)} cannot be compared")
    total: Tensor = (torch.special.xlogy(p, p) - torch.special.xlogy(p, q)).sum(dim=1)
    return total


def predict(z: Tensor, parts: int | Sequence[int] | None = None) -> Tensor:
    """Return the most probable task of each part, int64 [B, parts]; [B] where there is one part."""
    best = [part.argmax(dim=1) for part in split(z, z.shape[1] if parts is None else parts)]
    return best[0] if len(best) == 1 else torch.stack(best, dim=1)
