"""Stamps: the same few pixels at the same place in many images, whatever else these show.

Logos, captions, dates, frames, dead pixels, and the constant levels that an edit leaves in dark or bright parts. What
repeats is found by counting. What repeats because of what is shown, such as an empty background, follows from the rest
of the image; a stamp does not, and that tells them apart.
"""

from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import binary_dilation

from whichtask.auditing.cuts import Cut, information
from whichtask.auditing.measured import cells
from whichtask.auditing.mixture import class_means
from whichtask.auditing.ridge import Ridge
from whichtask.seeding import numpy_generator

Images = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.floating[Any]]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

SEARCHED = 3_000  # images
SHAPES = ((2, 2), (1, 3), (3, 1))  # patches, pixels
COARSE = 4  # bits of a level that are left out, rounded
COMMON = 3  # patterns of a patch that are looked at
LEAST_SHARE = 0.02  # of the images, with a pattern and without
LEAST_INFORMATION = 0.02  # nats
MOST_GROUPS = 400
TOGETHER = 0.8  # correlation from which two patterns come together
MOST_EXPLAINED = 0.05  # of a stamp's variance within classes, by the rest of the image
KEPT = 4


class _Pattern(NamedTuple):
    """Coarse levels [h, w, C] of a patch."""

    row: int
    column: int
    levels: Images

    def within(self, images: Images) -> Bools:
        """Say which of the images [N, H, W, C] have it, [N]."""
        height, width = self.levels.shape[:2]
        patch = images[:, self.row : self.row + height, self.column : self.column + width]
        found: Bools = (_coarse(patch) == self.levels).all((1, 2, 3))
        return found


def stamp_cuts(images: Images, labels: Integers, fit: Integers) -> list[Cut]:
    """Cut images by whether they have a stamp.

    The evidence of a stamp is the information that it gives on the class, in nats, less by as much as the rest of the
    image explains of it within the classes; patterns that come together are one stamp.

    Args:
        images: uint8 [N, H, W, C].
        labels: [N], of which only those of the fit are looked at.
        fit: [n] images to search.
    """
    few = np.sort(numpy_generator("stamps").permutation(fit)[:SEARCHED])
    classes = labels[few]
    patterns, has = _repeated(images[few])
    known = information(has, classes)
    order = np.argsort(-known, kind="stable")
    order = order[known[order] > LEAST_INFORMATION]
    if not len(order):
        return []
    own = has[order].T.astype(np.float32)
    within = own - class_means(own, classes, int(classes.max()) + 1)[classes]
    standard = (own - own.mean(0)) / np.maximum(np.linalg.norm(own - own.mean(0), axis=0), 1e-9)
    rest = _Rest(images[few], classes)
    left, found = np.ones(len(order), bool), []
    for _ in range(MOST_GROUPS):
        if not left.any():
            break
        first = int(np.argmax(left))
        group = left & (standard.T @ standard[:, first] > TOGETHER)
        left &= ~group
        area = np.zeros(images.shape[1:3], bool)
        for pattern in (patterns[k] for k in order[group]):
            height, width = pattern.levels.shape[:2]
            area[pattern.row : pattern.row + height, pattern.column : pattern.column + width] = True
        evidence = known[order[first]] * (1 - rest.explained(within[:, first], area) / MOST_EXPLAINED)
        if evidence > LEAST_INFORMATION:
            found.append((float(evidence), patterns[order[first]], area))
    return [_cut(images, *one) for one in sorted(found, key=lambda one: -one[0])[:KEPT]]


def _cut(images: Images, evidence: float, pattern: _Pattern, area: Bools) -> Cut:
    side = pattern.within(images)
    rows, columns = (np.flatnonzero(area.any(axis)) for axis in (1, 0))
    place = f"rows {rows[0]} to {rows[-1]}, columns {columns[0]} to {columns[-1]}"
    return Cut(f"stamp: {place}", side, np.where(side, 1.0, -1.0), evidence)


def _coarse(images: Images) -> Images:
    half = 1 << COARSE - 1
    return np.right_shift(np.minimum(images, 255 - half) + np.uint8(half), COARSE).astype(np.uint8)


def _repeated(images: Images) -> tuple[list[_Pattern], Bools]:
    """Return patterns that repeat, and which images have them, [K, n]."""
    coarse = _coarse(images)
    patterns, has = [], []
    for shape in SHAPES:
        weights = numpy_generator("codes of patches").integers(1, 1 << 50, (images.shape[3], *shape))
        windows = sliding_window_view(coarse, shape, axis=(1, 2))
        for row, column in product(*map(range, windows.shape[1:3])):
            patches = windows[:, row, column]
            codes = (patches * weights).sum((1, 2, 3))
            values, first, sizes = np.unique(codes, return_index=True, return_counts=True)
            for k in np.argsort(-sizes, kind="stable")[:COMMON]:
                if LEAST_SHARE <= sizes[k] / len(images) <= 1 - LEAST_SHARE:
                    patterns.append(_Pattern(row, column, patches[first[k]].transpose(1, 2, 0)))
                    has.append(codes == values[k])
    return patterns, np.array(has, bool).reshape(-1, len(images))


class _Rest:
    """What images [n, H, W, C] show in coarse cells, without what their classes explain."""

    def __init__(self, images: Images, classes: Integers):
        means = np.stack([cell.mean((1, 2)) for cell in cells(images.astype(np.float32))], axis=2)
        shown = means.reshape(len(images), -1)
        centred = shown - class_means(shown, classes, int(classes.max()) + 1)[classes]
        self.shown = centred.reshape(means.shape)
        self.ridges: dict[bytes, Ridge] = {}

    def explained(self, target: Floats, area: Bools) -> float:
        """Return the share of a target [n] that the cells which an area [H, W] does not touch explain, 0 to 1."""
        kept = np.array([not cell.any() for cell in cells(binary_dilation(area)[None])])
        varied = float((target**2).sum())
        if not kept.any() or varied < 1e-9:  # nothing to learn from, or nothing that classes leave open
            return 0.0
        everyone = np.arange(len(target))
        key = kept.tobytes()
        if key not in self.ridges:
            self.ridges[key] = Ridge.of(self.shown[:, :, kept].reshape(len(target), -1), everyone)
        predicted = self.ridges[key].leaving_one_out(target[:, None].astype(np.float64), everyone)[:, 0]
        return max(0.0, 1 - float(((target - predicted) ** 2).sum()) / varied)
