"""A data set in words and numbers, for the terminal."""

import numpy as np
import numpy.typing as npt

from whichtask.artifacts import printable
from whichtask.data.checks import count_copies
from whichtask.data.imageset import ImageSet

_MOST = 20  # classes that are listed one by one


def describe(imageset: ImageSet) -> str:
    """Return name, sizes, classes, statistics, factors, digest and provenance as aligned text of several lines."""
    height, width, channels = imageset.shape
    mean, std = imageset.mean_std()
    megabytes = imageset.images.nbytes / 1e6
    rows = [
        ("name", imageset.name),
        ("images", f"{imageset.n_train:,} training + {imageset.n_test:,} test"),
        ("shape", f"{height} x {width} pixels, {'grey' if channels == 1 else 'RGB'}"),
        ("mean", _decimals(mean) + "  (training images, 0 to 1, by channel)"),
        ("std", _decimals(std)),
        ("memory", f"{megabytes:.1f} MB as uint8"),
        ("sha256", imageset.sha256),
        ("copies", _copies(imageset)),
        *((printable(key.replace("_", " ")), printable(value)) for key, value in imageset.provenance.items()),
    ]
    if imageset.factors is not None:
        counts = imageset.factors.max(axis=0).astype(int) + 1
        values = (f"{name} {count}" for name, count in zip(imageset.factor_names, counts, strict=True))
        rows.append(("factors", ", ".join(values) + "  (number of values)"))
    left = max(len(key) for key, _ in rows)
    lines = [f"{key:<{left}}  {value}" for key, value in rows]
    return "\n".join([*lines, "", *_class_table(imageset)]) + "\n"


def _class_table(imageset: ImageSet) -> list[str]:
    """Classes with their numbers of training and test images."""
    k = len(imageset.class_names)
    train = np.bincount(imageset.y_train, minlength=k)
    test = np.bincount(imageset.y_test, minlength=k)
    shown = imageset.class_names[:_MOST]
    wide = max(len("class"), *map(len, shown))
    lines = [f"{'class':<{wide}}  {'train':>9}  {'test':>9}"]
    lines += [f"{name:<{wide}}  {train[i]:>9,}  {test[i]:>9,}" for i, name in enumerate(shown)]
    if k > _MOST:
        lines.append(
            f"... and {k - _MOST} more; smallest class {train.min():,} + {test.min():,} images, "
            f"largest {train.max():,} + {test.max():,}"
        )
    return lines


def _copies(imageset: ImageSet) -> str:
    train, test = count_copies(imageset)
    if not (train or test):
        return "none (no two training images are equal, no test image equals one)"
    parted = ", so that an image and its copy may come to both sides of a held-out cut" if train else ""
    return f"{train:,} training images equal an earlier one{parted}; {test:,} test images equal a training image"


def _decimals(values: npt.NDArray[np.float64]) -> str:
    return "  ".join(f"{value:.4f}" for value in values)
