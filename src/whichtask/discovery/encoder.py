"""A set of tasks as one embedding and frozen orthogonal directions in it (paper, section 4.3; ``td_encoder.py``)."""

from collections.abc import Iterable

import numpy as np
import torch
from scipy.stats import special_ortho_group
from torch import Tensor, nn
from torch.nn import functional as F

from whichtask.config import DiscoverySettings, NetworkSpec
from whichtask.networks import Network, build
from whichtask.seeding import Key, numpy_generator, seeded


class TaskEncoder(nn.Module):
    """Backbone, linear map to d dimensions, batch norm without bias: embeddings that K frozen directions cut in two.

    Batch norm without a bias keeps the mean of every coordinate at 0, so each task is nearly balanced: the constant
    task, on which any two networks agree, cannot be represented.

    Attributes:
        heads: [K, d], orthonormal rows w_k; task k of an image is 1 where w_k . e(x) > 0.
    """

    heads: Tensor

    def __init__(self, backbone: Network, settings: DiscoverySettings, seed: tuple[Key, ...]):
        super().__init__()
        self.backbone = backbone
        self.backbone.head = nn.Identity()  # type: ignore[assignment]  # its own output layer is not used
        self.temperature = settings.temperature
        with seeded("projection", *seed):
            self.projection = nn.Linear(backbone.feature_dim, settings.dimensions, bias=False)
        self.norm = nn.BatchNorm1d(settings.dimensions, affine=settings.gain)
        if settings.gain:
            self.norm.bias.requires_grad_(False)
        directions = orthogonal_directions(settings.tasks, settings.dimensions, numpy_generator("heads", *seed))
        self.register_buffer("heads", torch.from_numpy(directions).float())

    def forward(self, images: Tensor) -> Tensor:
        """Return embeddings [B, d] of images [B, C, H, W]."""
        embeddings: Tensor = self.norm(self.projection(self.backbone.features(images)))
        return embeddings

    def soft_labels(self, embeddings: Tensor, task: int) -> Tensor:
        """Return the label distribution of one task, [B, 2]: softmax of temperature * (-w.e, w.e)."""
        score = self.temperature * (embeddings @ self.heads[task])
        return F.softmax(torch.stack([-score, score], dim=1), dim=1)

    def scores(self, embeddings: Tensor) -> Tensor:
        """Return w_k . e for all tasks, [K, B]."""
        return self.heads @ embeddings.T

    def learnable(self) -> list[nn.Parameter]:
        """Return the parameters that the outer optimiser moves."""
        return [parameter for parameter in self.parameters() if parameter.requires_grad]


def orthogonal_directions(count: int, dimensions: int, generator: np.random.Generator) -> np.ndarray[tuple[int, int]]:
    """Return the first ``count`` rows of a random rotation of ``dimensions`` dimensions (Haar measure, det +1)."""
    if dimensions == 1:
        return np.ones((1, 1))
    rotation = special_ortho_group.rvs(dimensions, random_state=generator)
    return np.asarray(rotation)[:count]


def make_encoder(
    spec: NetworkSpec, shape: tuple[int, int, int], settings: DiscoverySettings, seed: tuple[Key, ...]
) -> TaskEncoder:
    """Build an encoder for images of ``shape`` (H, W, C) with weights and directions named by ``seed``."""
    return TaskEncoder(build(spec, shape, 2, seed=("encoder", *seed)), settings, seed)


@torch.no_grad()
def settle(encoder: TaskEncoder, batches: Iterable[Tensor]) -> None:
    """Give batch norm the statistics of these images and switch to evaluation mode: labels no longer depend on a batch.

    The running averages of training lag behind the weights; the authors' code avoids them by labelling with batch
    statistics, which makes the label of an image depend on its batch-mates (facts 1.3, "BN mode trap").
    """
    torch.optim.swa_utils.update_bn(batches, encoder)
    encoder.eval()
