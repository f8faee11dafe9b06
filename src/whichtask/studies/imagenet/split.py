"""An adversarial split of ImageNet by a network that was never trained (``random_net_adv_split.py``).

A random network's output is an easy thing to learn. Within each class the images with the lower outputs get label 1;
half of the classes then train on their images with label 1, the other half on those with label 0.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from sklearn.model_selection import train_test_split
from torch import nn
from tqdm import tqdm

from whichtask.artifacts import read_csv, write_csv, write_text
from whichtask.config import ImageNetJob
from whichtask.data.torchvision_shim import models
from whichtask.errors import WhichtaskError
from whichtask.splits import adversarial_split, lowest_halves
from whichtask.studies.imagenet.photographs import Bools, Photographs
from whichtask.training import LiveState

LOGITS = "logits"
_BATCH = 256  # images at once; the logits do not depend on it


def random_network(name: str, seed: int) -> nn.Module:
    """Return a network of torchvision with one output, freshly initialised, in evaluation mode.

    Its batch norms have mean 0 and variance 1, so they do nothing. The draw is the authors' own, and not one of
    ``whichtask.seeding``: their seed gives their weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network: nn.Module = getattr(models, name)()
        network.fc = nn.Linear(network.get_submodule("fc").in_features, 1)  # type: ignore[arg-type]
    return network.eval().to(memory_format=torch.channels_last)  # type: ignore[no-any-return,call-overload]


@torch.no_grad()
def random_logits(
    photographs: Photographs, job: ImageNetJob, *, device: torch.device, workers: int, live: LiveState
) -> npt.NDArray[np.float32]:
    """Return the output of the random network for every photograph, float32 [N].

    Args:
        photographs: the images.
        job: seed, network and image size.
        device: where to compute.
        workers: processes that read images.
        live: where to look for and keep the outputs of an interrupted run.

    Raises:
        WhichtaskError: an image cannot be read.
    """
    settings = job.imagenet
    network = random_network(settings.network, job.seed).to(device)
    found = live.load(LOGITS)
    parts = [found[0][LOGITS]] if found else []
    done, total = (len(parts[0]) if parts else 0), len(photographs.paths)
    with tqdm(initial=done, total=total, desc="random logits", unit="image", disable=None) as bar:
        for images, _ in photographs.batches(
            np.arange(done, total), image_size=settings.image_size, batch_size=_BATCH, workers=workers, device=device
        ):
            parts.append(network(images)[:, 0].cpu())
            bar.update(len(images))
            if live.due():
                live.save(LOGITS, {LOGITS: torch.cat(parts)}, {})
    logits: npt.NDArray[np.float32] = torch.cat(parts).numpy()
    return logits


def class_sides(n_classes: int, seed: int) -> npt.NDArray[np.int64]:
    """Divide the classes into two halves at random as the authors do; returns [C], 1 for the half drawn, else 0."""
    chosen, _ = train_test_split(np.arange(n_classes), train_size=n_classes // 2, random_state=seed % 2**32)
    sides = np.zeros(n_classes, np.int64)
    sides[chosen] = 1
    return sides


def make_split(
    photographs: Photographs, job: ImageNetJob, *, device: torch.device, workers: int, results: Path
) -> pd.DataFrame:
    """Split the photographs: for training where the label is the side of the class, for testing elsewhere.

    Args:
        photographs: the images.
        job: seed, network and image size.
        device: where to compute.
        workers: processes that read images.
        results: results folder, for the live state.

    Returns:
        A row a photograph: ``path``, ``class``, ``logit``, ``label``, ``side`` (of the class), ``split`` (train, test).

    Raises:
        WhichtaskError: a class has fewer than two images, or an image cannot be read.
    """
    counts = np.bincount(photographs.targets)
    if counts.min() < 2:
        name = photographs.class_names[int(counts.argmin())]
        raise WhichtaskError(
            f"{photographs.root / name} has {counts.min()} image; two or more are needed, one for each side"
        )
    settings = job.imagenet
    what = {"seed": job.seed, "network": settings.network, "image_size": settings.image_size}
    where = {"photographs": photographs.sha256, "device": device.type}
    live = LiveState(results, {"verb": "imagenet split"} | what | where)
    logits = random_logits(photographs, job, device=device, workers=workers, live=live)
    labels = lowest_halves(logits, photographs.targets)
    sides = class_sides(len(photographs.class_names), job.seed)
    in_train = adversarial_split(photographs.targets, sides.tolist(), labels, photographs.class_names)
    live.clear()
    return pd.DataFrame(
        {
            "path": photographs.paths,
            "class": np.array(photographs.class_names)[photographs.targets],
            "logit": logits,
            "label": labels,
            "side": sides[photographs.targets],
            "split": np.where(in_train, "train", "test"),
        }
    )


def write_split(folder: Path, table: pd.DataFrame) -> None:
    """Write ``split.csv``, and ``train.txt`` and ``test.txt`` with one path a line."""
    for side in ("train", "test"):
        write_text(folder / f"{side}.txt", "".join(f"{path}\n" for path in table["path"][table["split"] == side]))
    write_csv(folder / "split.csv", table)


def read_split(path: Path, photographs: Photographs) -> Bools:
    """Read which photographs of a folder are for training.

    Args:
        path: ``split.csv``, with columns ``path`` and ``split`` at least.
        photographs: the images of the folder.

    Returns:
        bool [N], True for training.

    Raises:
        WhichtaskError: the table cannot be read, names images that are not there or not all that are, or a class has
            no image on one side.
    """
    table = read_csv(path)
    whole = {"path", "split"} <= set(table.columns) and bool(table["path"].notna().all())
    if not whole or not set(table["split"]) <= {"train", "test"}:
        raise WhichtaskError(f"{path} is no split: it needs a column path, and a column split with train or test")
    sides = dict(zip(table["path"], table["split"], strict=True))
    absent = sorted(set(sides) - set(photographs.paths.tolist()))
    if absent:
        raise WhichtaskError(f"{path} names {len(absent)} images that {photographs.root} lacks, first {absent[0]}")
    if len(table) != len(sides) or len(sides) != len(photographs.paths):
        raise WhichtaskError(
            f"{path} has {len(table)} rows for {len(photographs.paths)} images of {photographs.root}; each image needs "
            "one row: make the split again"
        )
    in_train: Bools = np.array([sides[name] == "train" for name in photographs.paths.tolist()])
    for side, chosen in (("train", in_train), ("test", ~in_train)):
        counts = np.bincount(photographs.targets[chosen], minlength=len(photographs.class_names))
        if counts.min() == 0:
            name = photographs.class_names[int(counts.argmin())]
            raise WhichtaskError(f"{path}: the {side} side has no image of class {name!r}")
    return in_train
