"""What a Z is good for: whether the decoder relies on it, how exact one step is, what can be read from it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from whichtask.bridge.abstraction import balanced_accuracy
from whichtask.bridge.compositions import Floats, labellings, products, read_out
from whichtask.bridge.inference import joint_posterior
from whichtask.gbi.autoencoder import Autoencoder, squared_error
from whichtask.gbi.inference import divergence, exact_posterior
from whichtask.gbi.scores import fit_tau


class Inferred(NamedTuple):
    """Z, or minus its gradients, or other features [., F] of images."""

    seen: Tensor
    """Of validation images, on which readouts and temperatures are fitted."""
    shown: Tensor
    """Of test images."""


@torch.no_grad()
def reliance(model: Autoencoder, images: Tensor, z: Tensor, generator: torch.Generator) -> dict[str, float]:
    """Return the mean reconstruction error of images with their own Z and that of others, and how much more that is.

    Args:
        model: trained.
        images: [B, C, H, W].
        z: their Z.
        generator: deals Z out to other images, all parts of one together.
    """
    code = model.encode(images)
    dealt = torch.randperm(len(images), generator=generator).to(images.device)
    given, permuted = (float(squared_error(model.decode(code, own), images).mean()) for own in (z, z[dealt]))
    return {"error_given": given, "error_permuted": permuted, "reliance": permuted / given - 1}


def posterior_error(one_step: Inferred, truth: Tensor, losses: Tensor, parts: Sequence[int]) -> dict[str, float]:
    """Return how far one step is from the exact posterior over all combinations.

    Both have one temperature: that of one step, fitted on validation images.

    Args:
        one_step: minus gradients.
        truth: labels of the validation images, [N, parts].
        losses: of all combinations of the first test images, [B, combinations].
        parts: sizes of the parts, all equal.

    Returns:
        ``tau``; ``kl``, the mean KL(one step || exact) a part, in nats; ``known``, how much entropy less than a uniform
        distribution the exact posterior has, a part: where it knows nothing, to be near it is no merit.
    """
    tau = fit_tau(-one_step.seen.reshape(-1, parts[0]), truth.reshape(-1))
    exact = exact_posterior(losses.double(), tau)
    near = joint_posterior(one_step.shown[: len(losses)], parts, tau)
    known = math.log(losses.shape[1]) - torch.special.entr(exact).sum(dim=1)
    return {
        "tau": tau,
        "kl": float(divergence(near, exact).mean()) / len(parts),
        "known": float(known.mean()) / len(parts),
    }


def readouts(
    ways: Mapping[str, Inferred], seen: Tensor, shown: Tensor, parts: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """Yield the accuracy of the class by a linear readout of what was inferred.

    Args:
        ways: features by the way in which they were inferred; "code" is the image's code.
        seen: classes of the validation images.
        shown: classes of the test images.
        parts: sizes of the parts of Z.
    """
    for method, inferred in ways.items():
        features = [_readable(part, parts, method) for part in inferred]
        predicted = torch.from_numpy(read_out(features[0], seen.cpu().numpy(), features[1]))
        yield {"method": method, **balanced_accuracy(predicted, shown.cpu())._asdict()}


def _readable(values: Tensor, parts: Sequence[int], method: str) -> Floats:
    """Return Z without what follows from the rest: a part of two entries by the difference of these."""
    if method != "code" and len(parts) > 1:
        values = _signed(values, parts)
    return values.detach().cpu().double().numpy()


def _signed(values: Tensor, parts: Sequence[int]) -> Tensor:
    """Return the second minus the first entry of parts of two, [B, parts]."""
    pairs = values.reshape(len(values), len(parts), 2)
    return pairs[..., 1] - pairs[..., 0]


def recompositions(
    ways: Mapping[str, Inferred], seen: Tensor, shown: Tensor, count: int, generator: np.random.Generator
) -> Iterator[dict[str, Any]]:
    """Yield the accuracy of labellings that no network was told, read from inferred bits and their products.

    Args:
        ways: Z, or minus gradients, by the way in which they were inferred.
        seen: true bits of the validation images, [N, bits].
        shown: true bits of the test images.
        count: labellings of each kind.
        generator: draws them.
    """
    parts = (2,) * seen.shape[1]
    features = {
        method: [products(_bounded(_signed(part, parts), inferred.seen, parts)) for part in inferred]
        for method, inferred in ways.items()
    }
    bits = torch.cat([seen, shown]).cpu().numpy()
    for number, (kind, labels) in enumerate(labellings(bits, count, generator)):
        truth = torch.from_numpy(labels[len(seen) :])
        for method, (own, others) in features.items():
            predicted = torch.from_numpy(read_out(own, labels[: len(seen)], others))
            found = balanced_accuracy(predicted, truth)
            yield {"method": method, "kind": kind, "number": number, **found._asdict()}


def _bounded(signed: Tensor, seen: Tensor, parts: Sequence[int]) -> Floats:
    """Return signed bits as numbers of -1 to 1: by their sizes in units of their spread on validation images."""
    unit = _signed(seen, parts).square().mean(dim=0).sqrt().clamp(min=1e-12)
    found: Floats = torch.tanh(signed / unit).detach().cpu().double().numpy()
    return found
