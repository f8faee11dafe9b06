"""Infer Z of images in one step and by iterating; the posterior over combinations of its parts."""

from collections.abc import Sequence

import torch
from torch import Tensor

from whichtask.config.gbi import InferenceSettings
from whichtask.gbi.abstraction import maximum_entropy, softmax
from whichtask.gbi.autoencoder import EncodesAndDecodes, reconstruction_loss
from whichtask.gbi.inference import gradient_at, iterate

BATCH = 500


def infer(
    model: EncodesAndDecodes, images: Tensor, parts: Sequence[int], settings: InferenceSettings | None = None
) -> Tensor:
    """Infer Z of images.

    Args:
        model: trained, in evaluation mode.
        images: float [N, C, H, W].
        parts: sizes of the parts of Z.
        settings: how Z is iterated; None: one step.

    Returns:
        [N, sum of parts]: Z where it is iterated; of one step minus the gradient, whose softmax over a part, divided by
        a temperature, is Z.
    """
    found = []
    for part in images.split(BATCH):
        loss = reconstruction_loss(model, part)
        start = maximum_entropy(len(part), parts, device=part.device)
        if settings is None:
            found.append(-gradient_at(loss, start)[1])
        else:
            found.append(iterate(loss, torch.zeros_like(start), settings, parts, check=False)[settings.steps])
    return torch.cat(found)


def joint_posterior(scores: Tensor, parts: Sequence[int], tau: float) -> Tensor:
    """Return the one-step posterior over all combinations, [B, product of parts]: the product of its parts.

    Args:
        scores: minus the gradient at the maximum-entropy point, [B, sum of parts].
        parts: sizes of the parts.
        tau: temperature, in units of the loss.
    """
    logs = [part.log() for part in softmax(scores.double() / tau, parts).split(list(parts), dim=1)]
    joint = logs[0]
    for part in logs[1:]:
        joint = (joint[:, :, None] + part[:, None, :]).flatten(1)
    posterior: Tensor = joint.exp()
    return posterior
