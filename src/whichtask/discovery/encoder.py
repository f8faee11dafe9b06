"""A set of tasks as one embedding and frozen orthogonal directions in it (paper, section 4.3; ``td_encoder.py``)."""

from collections.abc import Iterable
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from whichtask.artifacts import read_tensors
from whichtask.config import DiscoverySettings, NetworkSpec
from whichtask.errors import WhichtaskError
from whichtask.networks import Network, build
from whichtask.seeding import Key, numpy_generator, seeded


class TaskEncoder(nn.Module):
    """Backbone, linear map to d dimensions, batch norm without bias: embeddings that K frozen directions cut in two.

    Batch norm without a bias keeps the mean of every coordinate at 0, so each task is nearly balanced: the constant
    task, on which any two networks agree, cannot be represented.

    Attributes:
        heads: [K, d], orthonormal rows w_k; task k of an image is 1 where w_k . e(x) > 0. With C > 2 classes
            [K, C, d]: equally spaced directions in one plane a task, of which the closest to e(x) is the class.
            Learned when diversity is mutual information, otherwise frozen.
        offsets: [K], learned and added to w_k . e(x) when diversity is mutual information, otherwise None.
        human: linear map with bias from the embedding to the logits of the human tasks that it has to predict, or None.
    """

    heads: Tensor
    offsets: Tensor | None

    def __init__(self, backbone: Network, settings: DiscoverySettings, seed: tuple[Key, ...]):
        super().__init__()
        self.backbone = backbone
        self.backbone.head = nn.Identity()  # type: ignore[assignment]  # its own output layer is not used
        self.backbone.requires_grad_(not settings.freeze_backbone)
        self.frozen = settings.freeze_backbone
        self.temperature = settings.temperature
        with seeded("projection", *seed):
            self.projection = nn.Linear(backbone.feature_dim, settings.dimensions, bias=False)
        self.norm = nn.BatchNorm1d(settings.dimensions, affine=settings.gain)
        if settings.gain:
            self.norm.bias.requires_grad_(False)
        directions = torch.from_numpy(_directions(settings, numpy_generator("heads", *seed))).float()
        if settings.diversity == "mutual_information":
            self.heads = nn.Parameter(directions)
            self.offsets = nn.Parameter(torch.zeros(settings.tasks))
        else:
            self.register_buffer("heads", directions)
            self.offsets = None
        self.human: nn.Linear | None = None
        if settings.human_tasks:
            with seeded("human heads", *seed):
                self.human = nn.Linear(settings.dimensions, settings.human_tasks)
        self.train()

    def train(self, mode: bool = True) -> Self:
        """Switch between training and evaluation mode; a frozen backbone stays in evaluation mode."""
        super().train(mode)
        if self.frozen:
            self.backbone.eval()
        return self

    def forward(self, images: Tensor) -> Tensor:
        """Return embeddings [B, d] of images [B, C, H, W]."""
        embeddings: Tensor = self.norm(self.projection(self.backbone.features(images)))
        return embeddings

    def soft_labels(self, embeddings: Tensor, task: int) -> Tensor:
        """Return the label distribution of one task, [B, C]: softmax of temperature * (-w.e, w.e), or of all w.e."""
        if self.heads.ndim == 3:
            return F.softmax(self.temperature * (embeddings @ self.heads[task].T), dim=1)
        score = embeddings @ self.heads[task]
        if self.offsets is not None:
            score = score + self.offsets[task]
        score = self.temperature * score
        return F.softmax(torch.stack([-score, score], dim=1), dim=1)

    def scores(self, embeddings: Tensor) -> Tensor:
        """Return w_k . e (plus its offset) for all tasks, [K, B]; with more than two classes [K, B, C]."""
        if self.heads.ndim == 3:
            return torch.einsum("kcd,bd->kbc", self.heads, embeddings)
        score = self.heads @ embeddings.T
        return score if self.offsets is None else score + self.offsets[:, None]

    def hard_labels(self, embeddings: Tensor) -> Tensor:
        """Return the classes of all tasks, uint8 [K, B]."""
        return classes_of(self.scores(embeddings))

    def learnable(self) -> list[nn.Parameter]:
        """Return the parameters that the outer optimiser moves."""
        return [parameter for parameter in self.parameters() if parameter.requires_grad]


def classes_of(scores: Tensor) -> Tensor:
    """Return the classes, uint8 [K, N], of scores [K, N] (positive is class 1) or [K, N, C] (the largest)."""
    classes = scores > 0 if scores.ndim == 2 else scores.argmax(2)
    return classes.to(torch.uint8)


def orthogonal_directions(count: int, dimensions: int, generator: np.random.Generator) -> np.ndarray[tuple[int, int]]:
    """Return the first ``count`` rows of a random rotation of ``dimensions`` dimensions (Haar measure, det +1)."""
    if dimensions == 1:
        return np.ones((1, 1))
    from scipy.stats import special_ortho_group  # noqa: PLC0415  # takes half a second to import

    rotation = special_ortho_group.rvs(dimensions, random_state=generator)
    return np.asarray(rotation)[:count]


def plane_directions(classes: int, dimensions: int, generator: np.random.Generator) -> np.ndarray[tuple[int, int]]:
    """Return equally spaced unit vectors [classes, d] in a random plane (``utils.py`` 191-195 of the authors)."""
    plane = orthogonal_directions(2, dimensions, generator)
    angles = 2 * np.pi * np.arange(classes) / classes
    directions: np.ndarray[tuple[int, int]] = np.stack([np.cos(angles), np.sin(angles)], axis=1) @ plane
    return directions


def _directions(settings: DiscoverySettings, generator: np.random.Generator) -> np.ndarray[tuple[int, ...]]:
    if settings.classes == 2:
        return orthogonal_directions(settings.tasks, settings.dimensions, generator)
    planes = [plane_directions(settings.classes, settings.dimensions, generator) for _ in range(settings.tasks)]
    return np.stack(planes)


def make_encoder(
    spec: NetworkSpec, shape: tuple[int, int, int], settings: DiscoverySettings, seed: tuple[Key, ...]
) -> TaskEncoder:
    """Build an encoder for images of ``shape`` (H, W, C) with weights and directions named by ``seed``.

    Whatever ``settings.pretraining`` says, the backbone is random until ``load_backbone``.
    """
    return TaskEncoder(build(spec, shape, 2, seed=("encoder", *seed)), settings, seed)


def load_backbone(encoder: TaskEncoder, path: Path) -> None:
    """Give an encoder a pre-trained backbone.

    Args:
        encoder: its backbone is overwritten.
        path: safetensors of the backbone's state: the keys of ``Network.state_dict()`` without ``head.*``.

    Raises:
        WhichtaskError: the file is missing or damaged, or is of another network.
    """
    found, _ = read_tensors(path)
    wanted = encoder.backbone.state_dict()
    problems = {
        "missing": sorted(wanted.keys() - found.keys()),
        "unknown": sorted(found.keys() - wanted.keys()),
        "of another shape": [
            f"{name} {tuple(found[name].shape)} instead of {tuple(wanted[name].shape)}"
            for name in sorted(wanted.keys() & found.keys())
            if found[name].shape != wanted[name].shape
        ],
    }
    if any(problems.values()):
        listed = "; ".join(f"{what}: {', '.join(names)}" for what, names in problems.items() if names)
        raise WhichtaskError(
            f"{path} is no backbone of the encoder's network ({type(encoder.backbone).__name__}). Tensors {listed}. "
            "It must be pre-trained with the same network settings on images of the same size"
        )
    encoder.backbone.load_state_dict(found)


@torch.no_grad()
def settle(encoder: TaskEncoder, batches: Iterable[Tensor]) -> None:
    """Give batch norm the statistics of these images and switch to evaluation mode: labels no longer depend on a batch.

    The running averages of training lag behind the weights; the authors' code avoids them by labelling with batch
    statistics, which makes the label of an image depend on its batch-mates. A frozen
    backbone keeps the statistics that it came with.
    """
    if encoder.frozen:
        encoder.eval()
        features = (encoder.projection(encoder.backbone.features(batch)) for batch in batches)
        torch.optim.swa_utils.update_bn(features, encoder.norm)
    else:
        torch.optim.swa_utils.update_bn(batches, encoder)
    encoder.eval()
