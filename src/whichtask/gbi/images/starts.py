"""One step from several starts on the networks of the headline tables."""

from typing import Any

import torch
from torch import Tensor

from whichtask.gbi.autoencoder import Autoencoder, reconstruction_loss
from whichtask.gbi.images.classifier import CHUNK
from whichtask.gbi.images.networks import Networks
from whichtask.gbi.inference import gradient_at
from whichtask.gbi.starts import Part, compare_starts


def start_rows(model: Autoencoder, networks: Networks) -> list[dict[str, Any]]:
    """Return the rows of ``compare_starts`` for one arm."""
    parts = networks.parts
    nothing = torch.zeros(len(parts.outside), dtype=torch.int64, device=parts.outside.device)
    sides = [parts.validation, parts.test, (parts.outside, nothing)]
    validation, test, outside = (_part(model, images, labels) for images, labels in sides)
    return compare_starts(validation, test, parts.classes, (*networks.key, networks.arm), outside)


def _part(model: Autoencoder, images: Tensor, labels: Tensor) -> Part:
    losses = [reconstruction_loss(model, chunk) for chunk in images.split(CHUNK)]  # images are encoded once

    def gradient(z: Tensor) -> Tensor:
        return torch.cat([gradient_at(loss, part)[1] for loss, part in zip(losses, z.split(CHUNK), strict=True)])

    return Part(gradient, labels)
