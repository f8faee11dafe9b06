"""Photographs of an ImageNet folder: too many for memory, so they are listed once and read batch by batch."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from whichtask.artifacts import digest
from whichtask.data.layout import find_training, list_classes
from whichtask.data.pictures import levels, opened
from whichtask.data.torchvision_shim import v2
from whichtask.errors import WhichtaskError
from whichtask.seeding import torch_generator

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's channels, as everybody takes them
RESIZED = 256 / 224  # side to which an image's shorter side is brought, as a multiple of the crop's

Indices = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Photographs:
    """The image files of the training part of an ImageFolder, sorted by class and path as torchvision sorts them."""

    root: Path
    """The folder of class folders."""
    paths: npt.NDArray[np.str_]
    """[N], relative to the root, parts joined by ``/``."""
    targets: Indices
    """[N], indices into ``class_names``."""
    class_names: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """The digest (hex) of paths and classes; what the files hold is not read."""
        return digest(self.paths, self.targets)

    def batches(
        self, indices: Indices, *, image_size: int, batch_size: int, workers: int, device: torch.device
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Read photographs, bring the shorter side to 256/224 of the crop, crop the centre and normalise.

        Args:
            indices: [n], which, in this order.
            image_size: side of the crop in pixels.
            batch_size: images in a batch; the last may be smaller.
            workers: processes that read ahead; 0 reads in this one. The result does not depend on it.
            device: where the batches go.

        Yields:
            Images, float [B, 3, S, S] in channels-last memory format, and targets, int64 [B].

        Raises:
            WhichtaskError: an image cannot be read.
        """
        if not len(indices):
            return
        loader: DataLoader[Any] = DataLoader(
            _Crops(self.root, self.paths[indices], image_size),
            batch_size=batch_size,
            num_workers=workers,
            collate_fn=_collate,
            pin_memory=device.type == "cuda",
            generator=torch_generator("imagenet workers"),  # else a loader takes a number from the global generator
        )
        mean, std = (torch.tensor(part, device=device).reshape(-1, 1, 1) for part in (_MEAN, _STD))
        targets = torch.from_numpy(self.targets[indices]).split(batch_size)
        for (pixels, problem), batch_targets in zip(loader, targets, strict=True):
            if problem:
                raise WhichtaskError(problem)
            images = pixels.to(device, non_blocking=True).contiguous(memory_format=torch.channels_last)
            yield (images.float() / 255 - mean) / std, batch_targets.to(device, non_blocking=True)


class _Crops(Dataset[tuple[Tensor, str]]):
    """Cropped photographs as uint8 [3, S, S], each with an empty text or the reason why it could not be read.

    A loader would wrap an exception of its workers into a traceback, so the reason travels as a value.

    Args:
        root: folder of the paths.
        paths: [n]; an array, because workers that count references to a million strings would each copy them.
        image_size: side of the crop.
    """

    def __init__(self, root: Path, paths: npt.NDArray[np.str_], image_size: int):
        self.root, self.paths = root, paths
        self.crop = v2.Compose([v2.Resize(round(RESIZED * image_size)), v2.CenterCrop(image_size), v2.PILToTensor()])

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[Tensor, str]:
        path = self.root / str(self.paths[index])
        try:
            with opened(path) as image:
                return self.crop(levels(image, grey=False)), ""
        except WhichtaskError as error:
            return torch.zeros(0), str(error)


def _collate(samples: Sequence[tuple[Tensor, str]]) -> tuple[Tensor, str]:
    problem = next((text for _, text in samples if text), "")
    return (torch.zeros(0) if problem else torch.stack([pixels for pixels, _ in samples])), problem


def list_photographs(folder: Path) -> Photographs:
    """List ``FOLDER/train/CLASS/*``, or ``FOLDER/CLASS/*`` where the folder is the training part itself.

    Raises:
        WhichtaskError: there is no such folder or training part, fewer than two classes, or a class without images.
    """
    if not folder.is_dir():
        raise WhichtaskError(f"{folder} does not exist or is no folder; an ImageNet folder has train/CLASS/*.JPEG")
    root = find_training(folder)
    classes = list_classes(root)
    for what in classes.left_out:
        print(f"left out: {what}")
    paths = [os.path.relpath(path, root) for files in classes.files.values() for path in files]
    labels = np.repeat(np.arange(len(classes.names)), [len(files) for files in classes.files.values()])
    return Photographs(root, np.array(paths), labels.astype(np.int64), classes.names)
