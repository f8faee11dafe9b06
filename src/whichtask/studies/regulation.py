"""What regulation changes in tasks: how often augmentations flip their labels, and how far colour explains them.

A task that is invariant to an augmentation keeps an image's label under it, so its flip rate is 0. A flip rate of 1/2
is that of a balanced task whose labels of the augmented and of the plain image have nothing to do with each other.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from torch import Tensor
from tqdm import tqdm

from whichtask.config import RegulationJob
from whichtask.data import ImageSet
from whichtask.discovery import TaskEncoder, freeze
from whichtask.discovery.saved import load_encoder
from whichtask.training import Division, ImageBank, divide
from whichtask.training.augment import augmentation, augmented, names_for

MEAN_COLOUR = "mean_colour"
DRAWS = 3
"""Augmented views of each image."""
BATCH = 500


def regulation_table(
    encoder: TaskEncoder, bank: ImageBank, division: Division, job: RegulationJob, set_name: str
) -> pd.DataFrame:
    """Measure flip rates and the share of label variance that mean colour explains, for each task of a search.

    Args:
        encoder: of the search; left settled on the training images, in evaluation mode. A frozen backbone keeps its
            own statistics.
        bank: all images.
        division: which images settle and fit (``train``) and which are judged (``heldout``).
        job: settings of the search, strengths of the augmentations.
        set_name: column ``set``.

    Returns:
        One row for each task that the search kept and each augmentation (``augment.names_for``, then ``MEAN_COLOUR``):
        ``set``, ``task``, ``augmentation``, ``value`` (flip rate in 0..1; for ``MEAN_COLOUR`` R^2, at most 1),
        ``images`` (how many held-out images are behind it) and ``views`` (of each image behind a flip rate).
    """
    device = bank.pixels.device
    train, heldout = (torch.from_numpy(part).to(device) for part in (division.train, division.heldout))
    found = freeze(encoder, bank, train, job.discovery, {})
    with torch.no_grad():
        # Not the frozen labels themselves, which may be made from the statistics of a batch.
        labels = encoder.hard_labels(torch.from_numpy(found.embeddings).to(device)).cpu()
    names = names_for(bank.shape[2])
    values = {
        name: flip_rates(encoder, bank, heldout, labels, job, name)
        for name in tqdm(names, desc=f"flip rates of {set_name} tasks", unit="augmentation", disable=None)
    }
    values[MEAN_COLOUR] = colour_share(bank, division, labels)
    rows = [
        {"set": set_name, "task": task, "augmentation": name, "value": float(of_task[k])}
        for task, k in zip(found.tasks.names, found.kept, strict=True)
        for name, of_task in values.items()
    ]
    return pd.DataFrame(rows).assign(images=len(heldout), views=DRAWS)


@torch.no_grad()
def flip_rates(
    encoder: TaskEncoder, bank: ImageBank, images: Tensor, labels: Tensor, job: RegulationJob, name: str
) -> npt.NDArray[np.float64]:
    """Return the share of augmented views whose hard label is not that of the plain image, for each task, [K].

    Args:
        encoder: in evaluation mode with settled statistics.
        bank: all images.
        images: [n] indices of the images to augment, ``DRAWS`` times each.
        labels: uint8 [K, N], labels of the plain images, on the CPU.
        job: strengths of the augmentations, and the seed that names the draws.
        name: the augmentation, see ``augment.augmentation``.
    """
    augment = augmentation(name, job.simclr, bank.shape)
    flips = torch.zeros(len(labels), dtype=torch.int64)
    for draw in range(DRAWS):
        for i, part in enumerate(images.split(BATCH)):
            views = augmented(bank, part, augment, ("flip rate", job.seed, name, draw, i))
            flips += (encoder.hard_labels(encoder(views)).cpu() != labels[:, part.cpu()]).sum(1)
    rates: npt.NDArray[np.float64] = (flips.double() / (DRAWS * len(images))).numpy()
    return rates


def colour_share(bank: ImageBank, division: Division, labels: Tensor) -> npt.NDArray[np.float64]:
    """Return the share of label variance that a linear function of an image's mean colour explains, for each task, [K].

    It is R^2 on the held-out images of a regression fitted on the training images, so it can be a little below 0. The
    mean colour of a grey image is its mean brightness. With more than two classes it is the R^2 of all their indicators
    together; with two, that is the R^2 of the label itself.

    Args:
        bank: all images.
        division: which of them to fit and to judge on.
        labels: uint8 [K, N].
    """
    # Sums of integers: the means (up to a factor) without a copy of all images as floats.
    colour = bank.pixels.sum((2, 3), dtype=torch.int64).double().cpu().numpy()
    shares = []
    for of_task in labels.numpy():
        indicators = (of_task[:, None] == np.unique(of_task)).astype(np.float64)
        fitted = LinearRegression().fit(colour[division.train], indicators[division.train])
        predicted = fitted.predict(colour[division.heldout])
        shares.append(r2_score(indicators[division.heldout], predicted, multioutput="variance_weighted"))
    return np.array(shares, dtype=np.float64)


def regulation(data: ImageSet, encoder: Path, set_name: str, job: RegulationJob, device: torch.device) -> pd.DataFrame:
    """Count how often augmentations flip the labels of a search's tasks, and how far mean colour explains the labels.

    Args:
        data: all images.
        encoder: encoder.safetensors of the search.
        set_name: name of the search's task set.
        job: settings of the search, strengths of the augmentations.
        device: where to measure.

    Returns:
        One row for each task and augmentation: ``data`` and the columns of ``regulation_table``.
    """
    bank = ImageBank.of(data, device)
    found = load_encoder(encoder, bank, job)
    table = regulation_table(found, bank, divide(data.n_train, job.data), job, set_name)
    table.insert(0, "data", data.name)
    return table
