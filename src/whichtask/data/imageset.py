"""The images that every experiment reads: one frozen, validated value and its file."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from whichtask.artifacts import digest, read_npz, write_npz
from whichtask.errors import WhichtaskError
from whichtask.seeding import numpy_generator

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Factors = npt.NDArray[np.int8]
Array = npt.NDArray[Any]

REQUIRED = ("x_train", "y_train", "x_test", "y_test", "class_names")
_CHUNK = 4096  # images a step: a few MB of 64-bit counters instead of a copy of everything


@dataclass(frozen=True, eq=False)
class ImageSet:
    """A data set of images that all have one size, split into training and test images.

    Index ``i`` of the whole set (tasks, splits, predictions) means ``images[i]``: training images first, then test.

    Attributes:
        name: short name for files and figures.
        x_train: uint8 [N_train, H, W, C], C 1 (grey) or 3 (RGB); a view of the first part of ``images``.
        y_train: [N_train] indices into ``class_names``; uint8 or int64 are taken, int64 is kept.
        x_test: uint8 [N_test, H, W, C], a view of the rest of ``images``.
        y_test: [N_test].
        class_names: K names.
        factors_train: the values of known generative factors, int8 [N_train, F], or None.
        factors_test: the same, int8 [N_test, F].
        factor_names: F names; empty when there are no factors.
        provenance: how the set was made, JSON values only (``source``, ``note``, ...).
        images: uint8 [N_train + N_test, H, W, C].
        labels: int64 [N_train + N_test].
        factors: int8 [N_train + N_test, F], or None.

    Raises:
        WhichtaskError: a wrong dtype, shape, length or label, or a name that cannot be printed.
    """

    name: str
    x_train: Images
    y_train: Array
    x_test: Images
    y_test: Array
    class_names: tuple[str, ...]
    factors_train: Factors | None = None
    factors_test: Factors | None = None
    factor_names: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    images: Images = field(init=False, repr=False)
    labels: Labels = field(init=False, repr=False)
    factors: Factors | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name in (self.name, *self.class_names, *self.factor_names):
            if not name.isprintable():  # it would come into tables and figures, and onto a terminal
                raise WhichtaskError(f"data set {self.name!r}: bad name {name!r}; names must be printable")
        for split in ("train", "test"):
            self._check_split(split)
        if self.x_train.shape[1:] != self.x_test.shape[1:]:
            raise WhichtaskError(
                f"data set {self.name!r}: training images are {self.x_train.shape[1:]} and test images "
                f"{self.x_test.shape[1:]} (height, width, channels); both must be the same"
            )
        # One buffer for both splits: `images` is used everywhere, and a joined copy beside the parts would double
        # the memory of the largest object in the program.
        self._bind("images", np.concatenate([self.x_train, self.x_test]))
        self._bind("labels", np.concatenate([self.y_train, self.y_test]).astype(np.int64))
        joined = None
        if self.factors_train is not None and self.factors_test is not None:
            joined = np.concatenate([self.factors_train, self.factors_test])
            self._bind("factors_train", joined[: self.n_train])
            self._bind("factors_test", joined[self.n_train :])
        self._bind("factors", joined)
        cut = self.n_train
        self._bind("x_train", self.images[:cut])
        self._bind("x_test", self.images[cut:])
        self._bind("y_train", self.labels[:cut])
        self._bind("y_test", self.labels[cut:])

    def _bind(self, attribute: str, value: object) -> None:
        object.__setattr__(self, attribute, value)

    def _check_split(self, split: str) -> None:
        """Validate the arrays of one split against the data set's own names."""
        images, labels, factors = (getattr(self, f"{kind}_{split}") for kind in ("x", "y", "factors"))
        where = f"data set {self.name!r}, "
        if images.dtype != np.uint8:
            raise WhichtaskError(f"{where}x_{split}: dtype {images.dtype}; images must be uint8, 0 to 255")
        if images.ndim != 4 or images.shape[-1] not in (1, 3) or 0 in images.shape:
            raise WhichtaskError(
                f"{where}x_{split}: shape {images.shape}; allowed is [N, height, width, channels] with at least one "
                "image and 1 (grey) or 3 (RGB) channels"
            )
        if labels.dtype not in (np.uint8, np.int64):
            raise WhichtaskError(f"{where}y_{split}: dtype {labels.dtype}; labels must be uint8 or int64")
        if labels.shape != (len(images),):
            raise WhichtaskError(f"{where}y_{split}: shape {labels.shape}; {len(images)} images need ({len(images)},)")
        if labels.min() < 0 or labels.max() >= len(self.class_names):
            raise WhichtaskError(
                f"{where}y_{split}: labels from {labels.min()} to {labels.max()}; with {len(self.class_names)} class "
                f"names, 0 to {len(self.class_names) - 1} are allowed"
            )
        if (factors is None) != (not self.factor_names):
            raise WhichtaskError(
                f"{where}factors_{split}: factors_train, factors_test and factor_names go together; give all or none"
            )
        wanted = (len(images), len(self.factor_names))
        if factors is not None and (factors.dtype != np.int8 or factors.shape != wanted):
            raise WhichtaskError(
                f"{where}factors_{split}: {factors.dtype} {factors.shape}; one column a factor name needs int8 {wanted}"
            )

    @property
    def n_train(self) -> int:
        """Number of training images."""
        return len(self.x_train)

    @property
    def n_test(self) -> int:
        """Number of test images."""
        return len(self.x_test)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width (pixels) and channels of one image."""
        height, width, channels = self.images.shape[1:]
        return height, width, channels

    @cached_property
    def sha256(self) -> str:
        """SHA-256 (hex) of all arrays in their order: equal digests mean that image indices mean the same image."""
        arrays = [self.x_train, self.y_train, self.x_test, self.y_test]
        factors = [] if self.factors is None else [self.factors]
        return digest(*arrays, *factors)

    @cached_property
    def content_sha256(self) -> str:
        """SHA-256 (hex) of the labelled images of each split, whatever their order within the split.

        Copies of a data set often sort or shuffle it, so a published set is recognised by this digest.
        """
        sha = hashlib.sha256(repr(self.shape).encode())
        for images, labels in ((self.x_train, self.y_train), (self.x_test, self.y_test)):
            each = (
                hashlib.sha256(int(label).to_bytes(8, "little") + image.tobytes()).digest()
                for image, label in zip(images, labels, strict=True)
            )
            sha.update(b"".join(sorted(each)))
        return sha.hexdigest()

    def mean_std(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Mean and standard deviation of each channel over the training images, for normalising a batch.

        Returns:
            Two arrays [C] in units of 0 (black) to 1 (white). The deviation is at least one grey level (1/255), so that
            dividing by it is always defined.
        """
        channels = self.shape[2]
        counts = np.zeros((channels, 256), np.int64)
        for start in range(0, self.n_train, _CHUNK):
            part = self.x_train[start : start + _CHUNK].reshape(-1, channels)
            for channel in range(channels):
                counts[channel] += np.bincount(part[:, channel], minlength=256)
        share = counts / counts.sum(axis=1, keepdims=True)
        levels = np.arange(256) / 255
        mean = share @ levels
        variance = (share * (levels - mean[:, None]) ** 2).sum(axis=1)
        return mean, np.maximum(np.sqrt(variance), 1 / 255)

    def subset(self, n_train: int, n_test: int) -> "ImageSet":
        """Draw training and test images without replacement, always the same ones.

        A smaller subset is the beginning of a larger one, so results at two sizes share images.

        Raises:
            WhichtaskError: more images than there are, or fewer than one.
        """
        if not (1 <= n_train <= self.n_train and 1 <= n_test <= self.n_test):
            raise WhichtaskError(
                f"data set {self.name!r}: {n_train} training and {n_test} test images were asked for; "
                f"allowed are 1 to {self.n_train} and 1 to {self.n_test}"
            )
        train = numpy_generator("subset", "train").permutation(self.n_train)[:n_train]
        test = numpy_generator("subset", "test").permutation(self.n_test)[:n_test]
        return replace(
            self,
            x_train=self.x_train[train],
            y_train=self.y_train[train],
            x_test=self.x_test[test],
            y_test=self.y_test[test],
            factors_train=None if self.factors_train is None else self.factors_train[train],
            factors_test=None if self.factors_test is None else self.factors_test[test],
            provenance={**self.provenance, "subset_of": [self.n_train, self.n_test]},
        )

    def save(self, path: Path) -> None:
        """Write the set as an ``.npz`` of plain arrays, atomically.

        Raises:
            WhichtaskError: the file cannot be written.
        """
        arrays: dict[str, Array] = {
            "x_train": self.x_train,
            "y_train": self.y_train,
            "x_test": self.x_test,
            "y_test": self.y_test,
            "class_names": np.array(self.class_names, dtype=np.str_),
            "provenance": np.array(json.dumps({**self.provenance, "name": self.name})),
        }
        if self.factors_train is not None and self.factors_test is not None:
            arrays["factors_train"] = self.factors_train
            arrays["factors_test"] = self.factors_test
            arrays["factor_names"] = np.array(self.factor_names, dtype=np.str_)
        write_npz(path, arrays)

    @classmethod
    def load(cls, path: Path) -> "ImageSet":
        """Read what ``save`` wrote, or any ``.npz`` with the same arrays; nothing is unpickled.

        Raises:
            WhichtaskError: the file is missing, damaged, lacks an array, or its arrays contradict each other.
        """
        return cls.from_arrays(read_npz(path), path)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], path: Path) -> "ImageSet":
        """Build a set from the arrays of a file.

        Args:
            arrays: as in ``save``. Grey images may be [N, H, W]; ``provenance`` and the factors may be missing.
            path: names the set when its provenance does not, and the file in every error.

        Raises:
            WhichtaskError: an array is missing, or the arrays contradict each other.
        """
        missing = [name for name in REQUIRED if name not in arrays]
        if missing:
            raise WhichtaskError(f"{path}: no {', '.join(missing)}; an image set needs {', '.join(REQUIRED)}")
        try:
            provenance = json.loads(str(arrays.get("provenance", "{}")))
            name = provenance.pop("name", Path(path).stem)
            return cls(
                name=name,
                x_train=_with_channels(arrays["x_train"]),
                y_train=arrays["y_train"],
                x_test=_with_channels(arrays["x_test"]),
                y_test=arrays["y_test"],
                class_names=tuple(map(str, arrays["class_names"])),
                factors_train=arrays.get("factors_train"),
                factors_test=arrays.get("factors_test"),
                factor_names=tuple(map(str, arrays.get("factor_names", ()))),
                provenance=provenance,
            )
        except (WhichtaskError, ValueError, TypeError, AttributeError) as error:
            raise WhichtaskError(f"{path} is not a valid image set: {error}") from error


def _with_channels(images: Array) -> Array:
    """Give grey images [N, H, W] their channel axis."""
    return images[..., None] if images.ndim == 3 else images
