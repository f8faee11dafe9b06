"""What networks do with a cut: agreement of those that learn it; reliance and damage of those that learn classes."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from whichtask.config import AgreementSettings
from whichtask.errors import WhichtaskError
from whichtask.networks import Network, NetworkSpec, build
from whichtask.seeding import Key, numpy_generator
from whichtask.splits import adversarial_split, class_matched_split
from whichtask.stats import Estimate, mean_interval, pairs_interval
from whichtask.training import GroupFit, ImageBank, Sample

Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

PAIRS = 2
"""Pairs of networks behind every measure: four networks."""
MOST_TRAIN, MOST_JUDGED = 4_000, 2_000  # images
LEAST = 2  # images of a class on either side of an adversarial split
UNKNOWN = Estimate(float("nan"), float("nan"), float("nan"), 0)


class Fitted(NamedTuple):
    """Networks that learned one labelling."""

    networks: list[Network]
    judged: Integers
    """[h] images."""
    predictions: npt.NDArray[np.int64]
    """[networks, h]."""

    def right(self, labels: Integers) -> Bools:
        """Say which predictions are the labels [N], [networks, h]."""
        found: Bools = self.predictions == labels[self.judged]
        return found


class Training(NamedTuple):
    """How networks are trained in an audit."""

    bank: ImageBank
    spec: NetworkSpec
    settings: AgreementSettings
    seed: int

    def fit(self, train: Integers, judged: Integers, labels: Integers, *key: Key) -> Fitted:
        """Train networks on labels [N] of some images, and let them predict others; large parts are drawn from."""
        drawn = [
            numpy_generator("audit images", k).permutation(part)[:most]
            for k, (part, most) in enumerate(((train, MOST_TRAIN), (judged, MOST_JUDGED)))
        ]
        classes = int(labels[drawn[0]].max()) + 1
        seed = ("audit", self.seed, *key)
        networks = [
            build(self.spec, self.bank.shape, classes, seed=(*seed, number)).to(self.bank.pixels.device)
            for number in range(2 * PAIRS)
        ]
        device = self.bank.pixels.device
        parts = [torch.from_numpy(part).to(device) for part in drawn]
        sample = Sample(self.bank, parts[0], parts[1], torch.from_numpy(labels).to(device))
        fits = GroupFit(networks, list(range(PAIRS)), sample, self.settings, seed).run()
        predictions = np.concatenate([fit.heldout_predictions.numpy() for fit in fits]).astype(np.int64)
        return Fitted(networks, drawn[1], predictions)


def agreement(fitted: Fitted) -> Estimate:
    """Return the agreement score: the share of images on which two networks agree, over all pairs of networks."""
    pairs = [(a, b) for a in range(2 * PAIRS) for b in range(a)]
    shares = [float((fitted.predictions[a] == fitted.predictions[b]).mean()) for a, b in pairs]
    return pairs_interval(shares, [a for a, _ in pairs], [b for _, b in pairs])


def sides_of(cut: Bools, labels: Integers, among: Integers) -> Integers:
    """Return the side that the images of each class are more often on than all images are, [C] of 0 and 1."""
    classes = labels[among]
    sizes = np.bincount(classes, minlength=int(labels.max()) + 1)
    shares = np.bincount(classes, cut[among], minlength=len(sizes)) / np.maximum(sizes, 1)
    sides: Integers = (shares > cut[among].mean()).astype(np.int64)
    return sides


def reliance(fitted: Fitted, cut: Bools, labels: Integers, sides: Integers) -> Estimate:
    """Return how much more often networks are right where an image is on the side of its class, matched by class.

    Args:
        fitted: networks that learned the classes on an ordinary split.
        cut: [N].
        labels: [N] classes.
        sides: [C], see ``sides_of``.
    """
    classes = labels[fitted.judged]
    agrees = cut[fitted.judged] == sides[classes]
    right = fitted.right(labels)
    differences, weights = [], []
    for c in np.unique(classes):
        both = [(classes == c) & agrees, (classes == c) & ~agrees]
        if all(part.any() for part in both):
            differences.append(right[:, both[0]].mean(1) - right[:, both[1]].mean(1))
            weights.append(2 / sum(1 / part.sum() for part in both))
    if not weights:
        return UNKNOWN
    return mean_interval(np.average(differences, axis=0, weights=weights).tolist())


class Split(NamedTuple):
    """An adversarial split of some images and its control."""

    pool: Integers
    """[P] images of classes that are on both sides of the cut."""
    adversarial: Bools
    """[P], True for training."""
    matched: Bools
    """[P], likewise."""


def split_by(cut: Bools, labels: Integers, sides: Integers, seed: int) -> Split | None:
    """Split images adversarially by a cut [N]; None where no two classes part on it."""
    counts = np.stack([np.bincount(labels[cut == side], minlength=len(sides)) for side in (0, 1)])
    usable = np.flatnonzero(counts.min(0) >= LEAST)
    pool = np.flatnonzero(np.isin(labels, usable))
    classes = np.searchsorted(usable, labels[pool])
    try:
        adversarial = adversarial_split(
            classes, sides[usable].tolist(), cut[pool].astype(int), [str(c) for c in usable]
        )
    except WhichtaskError:
        return None
    return Split(pool, adversarial, class_matched_split(classes, adversarial, numpy_generator("audit split", seed)))


def damage(training: Training, split: Split, labels: Integers, name: str) -> tuple[Estimate, Estimate, Estimate]:
    """Return accuracy on the class-matched split, on the adversarial split, and the fall from one to the other."""
    scores = []
    for kind, chosen in (("matched", split.matched), ("adversarial", split.adversarial)):
        fitted = training.fit(split.pool[chosen], split.pool[~chosen], labels, kind, name)
        scores.append(fitted.right(labels).mean(1))
    return mean_interval(scores[0]), mean_interval(scores[1]), mean_interval(scores[0] - scores[1])


@torch.no_grad()
def occlusion(networks: list[Network], bank: ImageBank, images: Integers, cells: int = 8) -> npt.NDArray[np.float64]:
    """Return how far the logit of a cut moves where a patch is hidden behind the mean image, [cells, cells].

    Args:
        networks: that learned the cut.
        bank: all images.
        images: [n] to look at.
        cells: patches a side.
    """
    batch = bank.batch(torch.from_numpy(images))
    height, width = batch.shape[2:]
    rows, columns = (np.linspace(0, n, cells + 1).round().astype(int) for n in (height, width))
    mean = batch.mean(0)

    def margin(network: nn.Module, pixels: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = network(pixels)
        return logits[:, 1] - logits[:, 0]

    moved = np.zeros((cells, cells))
    for network in networks:
        network.eval()
        whole = margin(network, batch)
        for i in range(cells):
            for j in range(cells):
                hidden = batch.clone()
                place = slice(rows[i], rows[i + 1]), slice(columns[j], columns[j + 1])
                hidden[:, :, place[0], place[1]] = mean[:, place[0], place[1]]
                moved[i, j] += float((margin(network, hidden) - whole).abs().mean())
    return moved / len(networks)
