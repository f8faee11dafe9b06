"""What Z is made of: the bits of one source, or the class; and how right an inferred one is."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from whichtask.data import ImageSet
from whichtask.gbi.abstraction import one_hot
from whichtask.tasks import TaskSet

ONE_HOT = "one-hot"
SOURCES = ("discovered", "human", "pca", "untrained", "random", "permuted", ONE_HOT)
"""Sources of Z, in the order of figures."""


@dataclass(frozen=True)
class Abstraction:
    """Z of all images: one part for each bit, or one part with all classes."""

    source: str
    names: tuple[str, ...]
    """Of the parts."""
    labels: Tensor
    """int64 [N, parts]."""
    parts: tuple[int, ...]
    """Sizes of the parts: 2 for a bit."""

    def z(self, rows: Tensor) -> Tensor:
        """Return Z [B, sum of parts] of images at rows [B]."""
        columns = self.labels[rows].unbind(dim=1)
        return torch.cat([one_hot(labels, size) for labels, size in zip(columns, self.parts, strict=True)], dim=1)


def abstractions(data: ImageSet, bits: TaskSet, device: torch.device) -> list[Abstraction]:
    """Return Z of each source that the bits name, and the one-hot class."""
    found = []
    sources = np.array([name.rpartition("_")[0] for name in bits.names])
    for source in dict.fromkeys(sources.tolist()):
        own = np.flatnonzero(sources == source).tolist()
        labels = torch.from_numpy(bits.labels[own].T).long().to(device)
        found.append(Abstraction(source, tuple(bits.names[k] for k in own), labels, (2,) * len(own)))
    classes = torch.from_numpy(data.labels).long().to(device)[:, None]
    return [*found, Abstraction(ONE_HOT, ("class",), classes, (len(data.class_names),))]


class Accuracy(NamedTuple):
    """How right labels are."""

    accuracy: float
    balanced: float
    """Mean over the classes that occur of the share of their images that are right."""
    majority: float
    """Share of the most frequent class: the accuracy of a constant answer."""


def balanced_accuracy(predicted: Tensor, truth: Tensor) -> Accuracy:
    """Compare predicted labels with true ones, both int64 [B]."""
    right = (predicted == truth).double()
    counts = torch.bincount(truth)
    recalls = torch.bincount(truth, right)[counts > 0] / counts[counts > 0]
    return Accuracy(float(right.mean()), float(recalls.mean()), float(counts.max()) / len(truth))
