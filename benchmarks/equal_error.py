"""What a task's mean AS costs at equal standard error: separate pairs of networks against all pairs of a few.

python -m benchmarks.equal_error

The AS of networks i and j that see the batches of order g is taken as m + o_g + e_i + e_j + r_ij. Networks are trained
in groups, one order of batches each, and all their pairs compared; the analysis of variance of these pairs gives the
components, and they the variance of the mean over any number of groups of any size. With the speed-ups of
``benchmark_training.csv`` this is the cost against the authors' way, whose pairs are separate.
"""

import argparse
import os
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from benchmarks.training import NETWORKS
from whichtask.artifacts import read_csv, write_csv
from whichtask.config import AgreementSettings
from whichtask.data import ImageSet
from whichtask.data.catalogue import fetch
from whichtask.data.sources import MIRROR_VARIABLE
from whichtask.networks import build
from whichtask.stats import Estimate, Floats
from whichtask.tasks import human_tasks, random_tasks
from whichtask.training import GroupFit, ImageBank, Sample

IMAGES, HELDOUT = 1_000, 2_000
MEASURED = "cnn"
"""The network whose components are measured; the others are taken to have the same."""
WAYS = {"fp32": "loop fp32", "bf16": "loop bf16"}


class Components(NamedTuple):
    """Variances of o, e and r. An unbiased estimate may fall below 0."""

    order: float
    network: float
    pair: float

    def of_mean(self, size: int, groups: int = 1) -> float:
        """Return the variance of the mean AS over all pairs of some groups of networks; a group of 2 is a pair."""
        pairs = size * (size - 1) / 2
        return (self.order + 4 * self.network / size + self.pair / pairs) / groups


def components(scores: Floats) -> Components:
    """Estimate the components of one task from the AS of all pairs.

    Args:
        scores: [G, M, M], symmetric; G at least 2 and M at least 4. The diagonals are not read.
    """
    groups, size, _ = scores.shape
    pairs = np.triu_indices(size, 1)
    each = scores[:, pairs[0], pairs[1]]
    means = each.mean(axis=1)
    rows = np.where(np.eye(size, dtype=bool), 0, scores).sum(axis=2) / (size - 1)
    networks = (rows - means[:, None]) * (size - 1) / (size - 2)
    rest = each - means[:, None] - networks[:, pairs[0]] - networks[:, pairs[1]]
    pair = (rest**2).sum() / (groups * size * (size - 3) / 2)
    network = (networks**2).sum() / (groups * (size - 1)) - pair / (size - 2)
    within = Components(0.0, network, pair).of_mean(size)
    return Components(float(means.var(ddof=1) - within), float(network), float(pair))


def mean_of(tasks: Sequence[Components]) -> Components:
    """Return the mean components of several tasks, none of them below 0."""
    return Components(*np.mean(tasks, axis=0).clip(0).tolist())


def variance_ratio(tasks: Sequence[Components], size: int) -> Estimate:
    """Return the variance of the mean of two separate pairs over that of all pairs of one group of ``size``.

    Of the tasks' mean components; the interval is the jackknife's over tasks, of the logarithm.
    """

    def ratio(chosen: Sequence[Components]) -> float:
        mean = mean_of(chosen)
        return float(np.log(mean.of_mean(2, groups=2) / mean.of_mean(size)))

    n, whole = len(tasks), ratio(tasks)
    pseudo = [n * whole - (n - 1) * ratio([*tasks[:k], *tasks[k + 1 :]]) for k in range(n)]
    found = Estimate.of_error(whole, float(np.std(pseudo, ddof=1)) / n**0.5, n - 1, n)
    mean, low, high = np.exp(found[:3]).tolist()
    return Estimate(mean, low, high, n)


def real_images() -> ImageSet:
    """Return CIFAR-10 where a mirror has it, else generated images with ten factors."""
    mirror = os.environ.get(MIRROR_VARIABLE)
    name = "cifar10" if mirror and (Path(mirror) / "cifar10.npz").exists() else "factors32"
    return fetch(name, images=(IMAGES + HELDOUT, 10))


def measure(images: ImageSet, of_kind: int, groups: int, size: int) -> list[Components]:
    """Train groups of the measured network on random and human tasks, and return the components of each task."""
    everything = len(images.images)
    sets = random_tasks(everything, of_kind, 0), human_tasks(images.labels, images.class_names, "all", of_kind)
    bank, settings, found = ImageBank.of(images), AgreementSettings(group=size, images=IMAGES), []
    rows, heldout = torch.arange(IMAGES), torch.arange(IMAGES, IMAGES + HELDOUT)
    listed = [(tasks.names[k], tasks.labels[k]) for tasks in sets for k in range(of_kind)]
    for task, labels in tqdm(listed, desc="tasks", disable=None):
        scores = np.ones((groups, size, size))
        for group in range(groups):
            seeds = [("equal error", task, group, member) for member in range(size)]
            networks = [build(NETWORKS[MEASURED][0], bank.shape, 2, seed=seed) for seed in seeds]
            sample = Sample(bank, rows, heldout, torch.from_numpy(labels).long())
            (fitted,) = GroupFit(networks, [group], sample, settings, ("equal error", 0, task)).run()
            for i, j in combinations(range(size), 2):
                same = fitted.heldout_predictions[i] == fitted.heldout_predictions[j]
                scores[group, i, j] = scores[group, j, i] = same.double().mean()
        found.append(components(scores))
    return found


def table(tasks: Sequence[Components], training: pd.DataFrame, **about: object) -> pd.DataFrame:
    """Return how many times cheaper than the authors' way a mean AS is, for each network, precision and scheme.

    ``gain`` is the ratio of variances, for as many networks, times the speed-up of the training; its interval is that
    of the ratio.
    """
    schemes = {"2 separate pairs": (4, Estimate(1.0, 1.0, 1.0, len(tasks)))}
    schemes |= {f"all pairs of {size}": (size, variance_ratio(tasks, size)) for size in (3, 4)}
    mean = mean_of(tasks)
    parts = {"order": mean.order, "networks": 2 * mean.network, "pair": mean.pair}
    about |= {f"{name}_share": part / mean.of_mean(2) for name, part in parts.items()}
    speed, rows = training.set_index(["case", "way"])["speedup_median"], []
    for network, (precision, way) in [(network, item) for network in NETWORKS for item in WAYS.items()]:
        for scheme, (networks, ratio) in schemes.items():
            faster = speed[network, way]
            mean_gain, low, high = (faster * value * 4 / networks for value in ratio[:3])
            row = {"network": network, "precision": precision, "scheme": scheme, "networks": networks}
            row |= (
                ratio.named("variance_ratio")
                | {"speedup": faster}
                | Estimate(mean_gain, low, high, ratio.n).named("gain")
            )
            rows.append(row | {"tasks": ratio.n} | about)
    return pd.DataFrame(rows)


def main() -> None:
    """Read the options, measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tasks", type=int, default=2, help="random tasks, and human tasks (default 2)")
    parser.add_argument("--groups", type=int, default=4, help="orders of batches for each task (default 4)")
    parser.add_argument("--size", type=int, default=4, help="networks for each order (default 4)")
    parser.add_argument("--out", type=Path, default=Path("results/reference/benchmark_equal_error.csv"))
    given = parser.parse_args()
    torch.set_num_threads(1)
    images = real_images()
    tasks = measure(images, given.tasks, given.groups, given.size)
    training = read_csv(Path("results/reference/benchmark_training.csv"))
    found = table(tasks, training, measured=MEASURED, data=images.name, groups=given.groups, size=given.size)
    print(found.to_string(index=False, float_format="{:.3g}".format))
    write_csv(given.out, found)


if __name__ == "__main__":
    main()
