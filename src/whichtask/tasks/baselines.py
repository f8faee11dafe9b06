"""Tasks that nobody searched for: random networks, clusters, principal components and simple features.

Every construction looks at training images only, and cuts what is continuous at its median over them, so the tasks are
as balanced as discovered ones.
"""

from itertools import zip_longest
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from whichtask.data import ImageSet
from whichtask.networks import NetworkSpec, build
from whichtask.seeding import numpy_generator, seed_of
from whichtask.tasks.components import principal_components
from whichtask.tasks.features import GROUPS, simple_features
from whichtask.tasks.taskset import Kind, TaskSet

Floats = npt.NDArray[np.floating[Any]]

FIT_IMAGES = 5_000  # training images that batch norm and principal components are fitted on
BATCH = 512
LEAST_SHARE = 0.25  # of training images above the median; below, too many are equal to it
TRIPLE = 3  # principal components in which one task clusters


def network_tasks(images: ImageSet, spec: NetworkSpec, count: int, seed: int) -> TaskSet:
    """Cut the one output of randomly drawn networks at its median.

    Batch norm takes the statistics of 5,000 training images first, so that a label does not depend on a batch.

    Args:
        images: all images.
        spec: the networks.
        count: number of tasks.
        seed: network k depends on the seed and on k only.

    Raises:
        WhichtaskError: the network does not take images of this shape.
    """
    mean, std = (torch.tensor(part * 255, dtype=torch.float32).reshape(-1, 1, 1) for part in images.mean_std())
    pixels = torch.from_numpy(images.images).permute(0, 3, 1, 2)
    # Parts of nearly one size: batch norm cannot take the statistics of a last image alone.
    fitted = _fit_images(images, seed)
    parts = fitted.tensor_split(-(-len(fitted) // BATCH))
    names = [f"network_{k:03d}" for k in range(count)]
    columns = []
    for k in range(count):
        network = build(spec, images.shape, 1, seed=("task network", seed, k))
        with torch.no_grad():
            torch.optim.swa_utils.update_bn(((pixels[part] - mean) / std for part in parts), network)
            network.eval()
            columns.append(torch.cat([network((part - mean) / std)[:, 0] for part in pixels.split(BATCH)]).numpy())
    return _cut(np.stack(columns, axis=1), names, "network", images.n_train, count, seed)


def pca_tasks(images: ImageSet, count: int, seed: int) -> TaskSet:
    """Cut the k-th principal component of the pixels at its median, for the first ``count`` components.

    There are fewer tasks where images have fewer pixels.
    """
    scores = _components(images, count, seed)
    names = [f"pca_{k:03d}" for k in range(scores.shape[1])]
    return _cut(scores, names, "pca", images.n_train, count, seed)


def kmeans_tasks(images: ImageSet, count: int, seed: int) -> TaskSet:
    """Cluster images in two by 2-means on the k-th three principal components: task 0 on 0 to 2, task 1 on 3 to 5, ...

    Several runs of 2-means on all components would end in one solution, hence disjoint subspaces. The clusters are
    those of 5,000 training images; all images go to the nearer centre. There are fewer tasks where images have fewer
    pixels.
    """
    from sklearn.cluster import KMeans  # noqa: PLC0415  # scikit-learn takes a second to import

    scores = _components(images, TRIPLE * count, seed)
    fitted = scores[_fit_images(images, seed).numpy()]
    labels = []
    for k in range(max(1, scores.shape[1] // TRIPLE)):
        own = slice(TRIPLE * k, TRIPLE * (k + 1))
        clusters = KMeans(2, n_init=4, random_state=seed_of("kmeans", seed, k) % 2**32).fit(fitted[:, own])
        labels.append(clusters.predict(scores[:, own]).astype(np.uint8))
    names = tuple(f"kmeans_{k:03d}" for k in range(len(labels)))
    return TaskSet(np.stack(labels), names, "kmeans", {"seed": seed, "components": TRIPLE})


def feature_tasks(images: ImageSet, count: int) -> TaskSet:
    """Cut simple features at their medians: the first of each group in turn (brightness first), then the second, ...

    There are fewer tasks where there are fewer features.
    """
    features = simple_features(images.images)
    in_turn = [name for names in zip_longest(*GROUPS.values()) for name in names if name in features.names]
    values = features.values[:, [features.names.index(name) for name in in_turn]]
    return _cut(values, [f"feature_{name}" for name in in_turn], "feature", images.n_train, count)


def _cut(values: Floats, names: list[str], kind: Kind, n_train: int, count: int, seed: int | None = None) -> TaskSet:
    """Label images [N] by which of the values [N, F] are above their medians over the training images.

    A value that is the same for half of the training images or nearly so has no halves and is left out; the first
    ``count`` others become tasks.
    """
    labels = values > np.median(values[:n_train], axis=0)
    kept = np.flatnonzero(labels[:n_train].mean(axis=0) > LEAST_SHARE)[:count]
    provenance = {"cut": "median of the training images", "seed": seed}
    return TaskSet(labels[:, kept].T.astype(np.uint8), tuple(names[column] for column in kept), kind, provenance)


def _fit_images(images: ImageSet, seed: int) -> torch.Tensor:
    """Draw the training images that something is fitted on."""
    return torch.from_numpy(numpy_generator("baseline images", seed).permutation(images.n_train)[:FIT_IMAGES])


def _components(images: ImageSet, count: int, seed: int) -> Floats:
    """Return the first ``count`` principal components of all images' pixels, or as many as there are, [N, count]."""
    fit = _fit_images(images, seed).numpy()
    return principal_components(images.images, fit, count, seed_of("pca", seed) % 2**32)
