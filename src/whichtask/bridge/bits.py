"""Bits for Z from several sources, as one set of tasks, so that one protocol scores their agreement."""

import numpy as np
import numpy.typing as npt
import torch

from whichtask.config import BridgeBitsJob
from whichtask.data import ImageSet
from whichtask.discovery import make_encoder, score_images
from whichtask.errors import WhichtaskError
from whichtask.seeding import numpy_generator
from whichtask.tasks import TaskSet, human_partitions, human_tasks, random_tasks
from whichtask.tasks.baselines import pca_tasks
from whichtask.tasks.sources import MOST_ENUMERATED_CLASSES
from whichtask.training import ImageBank, divide

Labels = npt.NDArray[np.uint8]
KEY = "bridge"


def make_bits(data: ImageSet, tasks: TaskSet, job: BridgeBitsJob) -> TaskSet:
    """Make bits for Z from several sources: a search, classes, principal components, an untrained encoder, chance.

    Args:
        data: the images.
        tasks: what the search found; its first tasks are taken, whatever their agreement.
        job: how many bits, and the settings of the search.

    Returns:
        As many tasks of each source as bits are asked for and the search found; of human tasks fewer, where there are
        fewer partitions, and none of an odd number of classes. Names are ``SOURCE_NUMBER``.

    Raises:
        WhichtaskError: the tasks are not binary labels of all images.
    """
    tasks.require_images(data)
    if max(tasks.n_classes) > 2:
        raise WhichtaskError(f"bits have two sides; the tasks have {max(tasks.n_classes)} classes")
    count = min(job.bits, len(tasks.names))
    found = tasks.labels[:count]
    dealt = numpy_generator(KEY, "permuted", job.seed).permutation(found.shape[1])
    sources: dict[str, Labels] = {
        "discovered": found,
        "human": _human(data, count, job.seed),
        "pca": pca_tasks(data, count, job.seed).labels,
        "untrained": _untrained(data, count, job),
        "random": random_tasks(found.shape[1], count, job.seed).labels,
        "permuted": found[:, dealt],
    }
    names = tuple(f"{source}_{number}" for source, labels in sources.items() for number in range(len(labels)))
    return TaskSet(np.concatenate(list(sources.values())), names, "bits", {}).made_for(data)


def _human(data: ImageSet, count: int, seed: int) -> Labels:
    """Cut the classes in two halves: the mutually dissimilar partitions first, then others as drawn."""
    classes = len(data.class_names)
    if classes % 2:
        return np.empty((0, len(data.labels)), np.uint8)
    if classes > MOST_ENUMERATED_CLASSES:
        return human_tasks(data.labels, data.class_names, "core", count, seed).labels
    core = [name for name, _ in human_partitions(classes, "core")]
    every = human_tasks(data.labels, data.class_names, "all")
    drawn = numpy_generator(KEY, "human", seed).permutation(list(every.names)).tolist()
    chosen = list(dict.fromkeys([*core, *drawn]))[:count]
    return every.subset([every.names.index(name) for name in chosen]).labels


def _untrained(data: ImageSet, count: int, job: BridgeBitsJob) -> Labels:
    """Cut directions of an encoder like the search's, before any search, at their medians over training images."""
    settings = job.discovery.model_copy(
        update={
            "tasks": count,
            "dimensions": max(count, job.discovery.dimensions),
            "human_tasks": 0,
            "classes": 2,
        }
    )
    bank = ImageBank.of(data)
    encoder = make_encoder(job.encoder, bank.shape, settings, (KEY, job.seed))
    train = torch.from_numpy(divide(data.n_train, job.data).train)
    scores = score_images(encoder, bank, train).numpy()
    labels: Labels = (scores > np.median(scores[:, : data.n_train], axis=1, keepdims=True)).astype(np.uint8)
    return labels
