"""The images of one repeat: divided by a seed, raw or each rescaled to one mean and one standard deviation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import pandas as pd
import torch
from torch import Tensor

from whichtask.config.gbi import ImagesJob, ImagesMoreJob
from whichtask.data.imageset import Array, ImageSet
from whichtask.errors import WhichtaskError
from whichtask.seeding import numpy_generator

Arm = Literal["raw", "normalised"]
ARMS: tuple[Arm, ...] = get_args(Arm)

MEAN, DEVIATION = 0.1307, 0.3081
"""To which the normalised arm brings every image: those of MNIST's training images."""
LOWEST, HIGHEST = -0.5, 2.0
"""Rescaled values that become black and white; what lies outside is clipped. Below 1e-4 of the pixels of FashionMNIST
and none of MNIST do, while the networks keep their outputs between 0 and 1."""
LEAST_DEVIATION = 1 / 255
"""One grey level: the deviation of an image of one colour, which would otherwise be divided by zero."""


class Labelled(NamedTuple):
    """Images and their classes."""

    images: Tensor
    """float [N, C, H, W], 0 to 1."""
    labels: Tensor
    """int64 [N]."""


@dataclass(frozen=True)
class Parts:
    """The images of one arm; training, validation and test images are disjoint."""

    train: Labelled
    validation: Labelled
    test: Labelled
    outside: Tensor
    """float [N, C, H, W], test images of the other set."""
    classes: int
    shape: tuple[int, int, int]
    """Height, width, channels."""


def rescaled(images: Tensor) -> Tensor:
    """Rescale each image [B, C, H, W] to the mean and deviation of the normalised arm, without clipping."""
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    deviation = images.std(dim=(1, 2, 3), correction=0, keepdim=True).clamp(min=LEAST_DEVIATION)
    return (images - mean) / deviation * DEVIATION + MEAN


def prepared(images: Tensor, arm: Arm) -> Tensor:
    """Return images [B, C, H, W] of 0 to 1 as the networks of an arm see them, again of 0 to 1.

    The normalised arm maps rescaled values from ``LOWEST`` to ``HIGHEST`` to 0 to 1 by one affine function: for a
    network whose output ends in a sigmoid nothing but the unit of its loss changes.
    """
    if arm == "raw":
        return images
    return ((rescaled(images) - LOWEST) / (HIGHEST - LOWEST)).clamp(0, 1)


def divide_images(
    images: ImageSet,
    outside: ImageSet,
    train: int | None,
    validation: int,
    test: int | None,
    key: tuple[int, int],
    device: torch.device | str = "cpu",
) -> Parts:
    """Divide images by a seed, as the raw arm sees them; ``in_arm`` gives the other.

    Args:
        images: what the networks learn; files are often sorted by class, so every part is drawn.
        outside: another set, whose images are no instance of any class.
        train: training images; None: all that are left beside validation; fewer if there are fewer.
        validation: images split off the training images.
        test: images drawn from the test images of either set; None: all; fewer if there are fewer.
        key: seed and repeat.
        device: where the images go.

    Raises:
        WhichtaskError: the sets have images of different sizes, or there are too few training images.
    """
    if images.shape != outside.shape:
        raise WhichtaskError(
            f"images of {images.name} are {images.shape} and of {outside.name} {outside.shape} (height, width, "
            "channels); both sets must have images of one size"
        )
    if images.n_train < validation + images_needed(images):
        raise WhichtaskError(
            f"{images.name} has {images.n_train} training images, too few beside validation_images = {validation}: "
            f"at least {images_needed(images)} must be left to learn from"
        )
    order = numpy_generator("gbi images", *key, "division").permutation(images.n_train)
    tested, others = (
        numpy_generator("gbi images", *key, name).permutation(count)[:test]
        for name, count in (("test", images.n_test), ("outside", outside.n_test))
    )
    learned = order[validation:][:train]
    return Parts(
        train=_labelled(images.x_train[learned], images.y_train[learned], device),
        validation=_labelled(images.x_train[order[:validation]], images.y_train[order[:validation]], device),
        test=_labelled(images.x_test[tested], images.y_test[tested], device),
        outside=_pixels(outside.x_test[others], device),
        classes=len(images.class_names),
        shape=images.shape,
    )


def in_arm(parts: Parts, arm: Arm) -> Parts:
    """Return the same images as the networks of another arm see them."""
    if arm == "raw":
        return parts
    return Parts(
        train=Labelled(prepared(parts.train.images, arm), parts.train.labels),
        validation=Labelled(prepared(parts.validation.images, arm), parts.validation.labels),
        test=Labelled(prepared(parts.test.images, arm), parts.test.labels),
        outside=prepared(parts.outside, arm),
        classes=parts.classes,
        shape=parts.shape,
    )


def images_needed(images: ImageSet) -> int:
    """Return the least number of training images: one for each class, about."""
    return len(images.class_names)


def _pixels(pixels: Array, device: torch.device | str) -> Tensor:
    return torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2).float().contiguous() / 255


def _labelled(pixels: Array, labels: Array, device: torch.device | str) -> Labelled:
    return Labelled(_pixels(pixels, device), torch.from_numpy(labels).long().to(device))


def as_table(rows: list[dict[str, Any]], about: Mapping[str, Any]) -> pd.DataFrame:
    """Return rows as a table whose first columns say what they were measured on."""
    table = pd.DataFrame(rows)
    for name, value in reversed(list(about.items())):
        table.insert(0, name, value)
    return table


def parts_of(
    data: ImageSet, outside: ImageSet, train: int | None, job: ImagesJob | ImagesMoreJob, device: torch.device
) -> Parts:
    """Divide the images of a job, with so many training images; see ``divide_images``."""
    chosen, key = job.images, (job.seed, job.repeat)
    return divide_images(data, outside, train, chosen.validation_images, chosen.test_images, key, device)


def described(data: ImageSet, outside: ImageSet, parts: Parts, repeat: int) -> dict[str, Any]:
    """Return the first columns of all tables: what they were measured on."""
    return {
        "repeat": repeat,
        "data": data.name,
        # Some MNIST files are no more than part of MNIST: figures say which one they are drawn from.
        "source": str(data.provenance.get("note", data.provenance.get("source", data.name))),
        "outside": outside.name,
        "train_images": len(parts.train.labels),
    }
