"""Coverage: how well an embedding predicts human tasks that it was not made for (``as_uniformity.py`` 539-570).

A linear logistic probe on the standardised embedding is fitted for every human task. All probes of one embedding are
fitted at once, by L-BFGS on the sum of their losses, which is convex and separates into the tasks.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
import yaml
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from whichtask.artifacts import read_npz, read_tensors, require_digest
from whichtask.config import DiscoveryJob, FeatureJob, parse
from whichtask.data import ImageSet
from whichtask.discovery import make_encoder, settle
from whichtask.errors import WhichtaskError
from whichtask.seeding import seed_of
from whichtask.tasks import TaskSet, human_tasks, principal_components, simple_features
from whichtask.tasks.sources import MOST_ENUMERATED_CLASSES
from whichtask.training import ImageBank, divide

FIT_IMAGES = 5_000
JUDGED_IMAGES = 5_000
MOST_TASKS = 126  # all balanced partitions of ten classes
PENALTY = 1e-4  # of half the squared weights, beside the mean loss of a task in nats
BATCH = 512

Array = npt.NDArray[Any]


class Found(NamedTuple):
    """What a search left behind."""

    job: DiscoveryJob
    embeddings: Array
    """[N, d]."""
    labels: Array
    """[N, f], the hard labels of its tasks: one column of 0 and 1 a task, or one for each class if there are more."""
    images_sha256: str | None = None
    """Of the images that it searched, where its encoder is there to say so."""


def read_found(path: Path) -> Found:
    """Read ``logits.npz`` of a search, and the ``config.yaml`` beside it.

    Raises:
        WhichtaskError: a file is missing or damaged, or there are no embeddings (searches of before they were kept).
    """
    arrays = read_npz(path)
    missing = [name for name in ("logits", "embeddings") if name not in arrays]
    if missing:
        raise WhichtaskError(f"{path}: no {', '.join(missing)}; run this search again, so that they are written")
    logits = arrays["logits"][arrays["kept"]] if "kept" in arrays else arrays["logits"]
    if logits.shape[1] != len(arrays["embeddings"]):
        raise WhichtaskError(
            f"{path}: logits of {logits.shape[1]} images but embeddings of {len(arrays['embeddings'])}; "
            "both must be of all images"
        )
    if logits.ndim == 2:
        labels = (logits > 0).T
    else:
        classes = np.arange(logits.shape[2])
        labels = np.concatenate([task.argmax(axis=1)[:, None] == classes for task in logits], axis=1)
    settings = path.with_name("config.yaml")
    try:
        content = yaml.safe_load(settings.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise WhichtaskError(f"cannot read the settings of the search {path}: {settings}: {error}") from error
    encoder = path.with_name("encoder.safetensors")
    images = read_tensors(encoder)[1].get("images") if encoder.is_file() else None
    return Found(parse(DiscoveryJob, content or {}, str(settings)), arrays["embeddings"], labels, images)


def measure_coverage(data: ImageSet, logits: Mapping[str, Found], job: FeatureJob) -> pd.DataFrame:
    """Predict human tasks from the embedding of a search, and from embeddings that need no search.

    Args:
        data: all images.
        logits: what each search left behind, by its name.
        job: seed, and the division of the images: 5,000 of the training part fit, 5,000 held-out images judge.

    Returns:
        A row for each search, embedding and human task: ``set``; ``embedding``: ``discovered``, ``labels`` (the hard
        labels of the found tasks), ``untrained`` (the encoder that the search began with, but for pre-training),
        ``pixels`` (as many principal components as the embedding has dimensions) or ``features`` (simple ones);
        ``dimensions``; ``task``; ``accuracy``; ``chance`` (share of the more frequent label) and ``n`` (images judged).

    Raises:
        WhichtaskError: a search on other images, or classes that cannot be halved.
    """
    division = divide(data.n_train, job.data)
    fit, judged = division.train[:FIT_IMAGES], division.heldout[:JUDGED_IMAGES]
    chosen = np.concatenate([fit, judged])
    tasks = _human(data, job.seed)
    labels = tasks.labels[:, chosen].T
    bank = ImageBank.of(data)
    features = simple_features(data.images[chosen]).values
    tables = []
    for name, found in tqdm(logits.items(), desc="coverage", unit="search", disable=None):
        if len(found.embeddings) != len(data.images):
            raise WhichtaskError(
                f"the search {name!r} embedded {len(found.embeddings)} images, but {data.name} has "
                f"{len(data.images)} (training and test)"
            )
        require_digest(found.images_sha256, data.sha256, f"the search {name!r}", data.name)
        dimensions = found.embeddings.shape[1]
        embeddings = {
            "discovered": found.embeddings[chosen],
            "labels": found.labels[chosen],
            "untrained": untrained(found.job, bank, fit, chosen),
            "pixels": principal_components(
                data.images[chosen], np.arange(len(fit)), dimensions, seed_of("coverage", job.seed) % 2**32
            ),
            "features": features,
        }
        for embedding, values in embeddings.items():
            right = probe(values[: len(fit)], labels[: len(fit)], values[len(fit) :]) == labels[len(fit) :]
            rate = labels[len(fit) :].mean(axis=0)
            columns = {"set": name, "embedding": embedding, "dimensions": values.shape[1], "task": tasks.names}
            measured = {"accuracy": right.mean(axis=0), "chance": np.maximum(rate, 1 - rate), "n": len(judged)}
            tables.append(pd.DataFrame(columns | measured))
    return pd.concat(tables, ignore_index=True)


def probe(fitted: Array, labels: Array, judged: Array) -> Array:
    """Fit a logistic probe for each of many tasks on one embedding, and predict.

    Args:
        fitted: embeddings [n, d] of the images that fit; a constant dimension counts for nothing.
        labels: zeros and ones [n, T].
        judged: embeddings [m, d].

    Returns:
        Predicted labels, uint8 [m, T].
    """
    mean, std = fitted.mean(axis=0, dtype=np.float64), fitted.std(axis=0, dtype=np.float64)
    x, y = (torch.from_numpy((part - mean) / np.where(std > 0, std, 1)) for part in (fitted, judged))
    truth = torch.from_numpy(labels.astype(np.float64))
    weights = torch.zeros(x.shape[1], truth.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(truth.shape[1], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights, bias], max_iter=200, history_size=20, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        missed = F.binary_cross_entropy_with_logits(x @ weights + bias, truth) * truth.shape[1]
        total = missed + PENALTY / 2 * weights.square().sum()
        total.backward()
        return total

    optimizer.step(loss)
    with torch.no_grad():
        return (y @ weights + bias > 0).to(torch.uint8).numpy()


@torch.no_grad()
def untrained(job: DiscoveryJob, bank: ImageBank, fit: Array, chosen: Array) -> Array:
    """Return the embeddings [n, d] of ``chosen`` images by the encoder of a search before its first step.

    A pre-trained backbone has random weights here. Batch norm takes the statistics of the images ``fit``.
    """
    settings = job.discovery.model_copy(update={"pretraining": "none", "freeze_backbone": False})
    encoder = make_encoder(job.encoder, bank.shape, settings, (job.seed,))
    # Parts of nearly one size: batch norm cannot take the statistics of a last image alone.
    parts = torch.from_numpy(fit).tensor_split(-(-len(fit) // BATCH))
    settle(encoder, (bank.batch(part) for part in parts))
    embedded: Array = torch.cat([encoder(bank.batch(part)) for part in torch.from_numpy(chosen).split(BATCH)]).numpy()
    return embedded


def _human(images: ImageSet, seed: int) -> TaskSet:
    """Return all balanced class partitions, at most 126; with more than 12 classes so many drawn at random."""
    which: Literal["all", "core"] = "all" if len(images.class_names) <= MOST_ENUMERATED_CLASSES else "core"
    return human_tasks(images.labels, images.class_names, which, MOST_TASKS, seed)
