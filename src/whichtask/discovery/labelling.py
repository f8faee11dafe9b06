"""What a search leaves behind: embeddings of all images, the scores of its tasks, and their labels, frozen once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from whichtask.config import DiscoverySettings
from whichtask.discovery.encoder import TaskEncoder, classes_of, settle
from whichtask.errors import WhichtaskError
from whichtask.tasks import Kind, TaskSet, normalise_polarity
from whichtask.training import ImageBank

LABEL_BATCH = 512
"""Images that share batch statistics when labels are made the authors' way (their batch size)."""


def embed_images(encoder: TaskEncoder, bank: ImageBank, train: Tensor, *, batch_statistics: bool = False) -> Tensor:
    """Return the embeddings of all images, float [N, d], on the encoder's device.

    Args:
        encoder: left in evaluation mode with settled batch-norm statistics, unless ``batch_statistics``.
        bank: all images.
        train: indices of the images whose statistics batch norm takes.
        batch_statistics: embed as the authors' code does, each batch by its own statistics.
    """

    def batches(indices: Tensor) -> Iterator[Tensor]:
        for part in indices.split(LABEL_BATCH):
            yield bank.batch(part)

    if batch_statistics:
        encoder.train()
    else:
        settle(encoder, batches(train))
    everything = torch.arange(len(bank.pixels), device=bank.pixels.device)
    with torch.no_grad():
        return torch.cat([encoder(batch) for batch in batches(everything)])


def score_images(encoder: TaskEncoder, bank: ImageBank, train: Tensor, *, batch_statistics: bool = False) -> Tensor:
    """Return w_k . e(x) of all tasks and images, float [K, N], on the CPU; with C > 2 classes [K, N, C].

    Arguments as for ``embed_images``.
    """
    with torch.no_grad():
        return encoder.scores(embed_images(encoder, bank, train, batch_statistics=batch_statistics)).cpu()


@dataclass(frozen=True)
class Frozen:
    """The labels of a search, once and for all: the tasks that tell images apart, and all that lies behind them."""

    tasks: TaskSet
    """The kept tasks. Their names keep the numbers they had in the search, so that they can be matched with it."""
    logits: npt.NDArray[np.float32]
    """[K, N] of all tasks of the search, 2 * temperature * w.e; with C > 2 classes [K, N, C], temperature * w.e."""
    embeddings: npt.NDArray[np.float32]
    """[N, d], in evaluation mode with settled statistics."""
    kept: npt.NDArray[np.int64]
    """Which rows of ``logits`` are in ``tasks``, in the order of ``tasks``."""
    dropped: tuple[str, ...]
    """Names of the tasks that give all images one label; also in the provenance of ``tasks``."""


def freeze(
    encoder: TaskEncoder, bank: ImageBank, train: Tensor, settings: DiscoverySettings, provenance: Mapping[str, Any]
) -> Frozen:
    """Label all images once with all tasks of an encoder.

    Args:
        encoder: left settled, in evaluation mode.
        bank: all images.
        train: indices of the images whose statistics batch norm takes.
        settings: of the search.
        provenance: of the task set.

    Raises:
        WhichtaskError: every task gives all images one label.
    """
    labelled = None
    if settings.faithful.batch_statistics_labels:
        labelled = score_images(encoder, bank, train, batch_statistics=True)
    embeddings = embed_images(encoder, bank, train)
    with torch.no_grad():
        scores = encoder.scores(embeddings).cpu() if labelled is None else labelled
    labels = classes_of(scores).numpy()
    kind: Kind = "discovered" if settings.pretraining == "none" else "regulated"
    names = [f"{kind}_{k:02d}" for k in range(len(labels))]
    kept = np.flatnonzero(labels.min(axis=1) != labels.max(axis=1))
    dropped = tuple(name for k, name in enumerate(names) if k not in kept)
    if not len(kept):
        raise WhichtaskError(
            f"each of the {len(names)} tasks found gives all images one label, so there is nothing to score; "
            "a larger discovery.uniformity_weight or a smaller discovery.outer_learning_rate keeps tasks balanced"
        )
    chosen = tuple(names[k] for k in kept)
    numbered = normalise_polarity(labels[kept])  # a class that no image has leaves no gap
    return Frozen(
        tasks=TaskSet(numbered, chosen, kind, {**provenance, "dropped": list(dropped)}),
        logits=(scores * settings.temperature * (2 if settings.classes == 2 else 1)).float().numpy(),
        embeddings=embeddings.float().cpu().numpy(),
        kept=kept.astype(np.int64),
        dropped=dropped,
    )
