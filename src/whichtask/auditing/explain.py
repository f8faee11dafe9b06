"""What a finding is, in words and numbers that a person can check: classes, features, files."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from whichtask.auditing.mixture import class_means
from whichtask.auditing.run import DISCOVERED, EARLY, Audit, Finding
from whichtask.stats import Estimate
from whichtask.tasks import simple_features

SHOWN_FEATURES = 5
MOST_CONFLICTS = 200
LEAST_CORRELATION = 0.1

WORDS = {
    "file": "properties of the files",
    "stamp": "the same few pixels at the same place, counted from 0",
    "colour": "levels and colours: means, spreads and histograms of the channels",
    "extremes": "the lowest and highest levels, where edits of all levels leave gaps and heaps",
    "layout": "where the image is bright or dark: cells, frame and slopes",
    "frequency": "fineness: how much of each spatial frequency there is",
    "steps": "steps between neighbouring pixels, as noise, smoothing and slopes leave them",
    "compression": "traces of compression in blocks of 8 x 8 pixels",
    "pixels": "the pixels themselves",
    "all measurements": "levels, colours, layout, fineness, steps and compression together",
    "simple features": "simple features: brightness, colour, contrast, edges, position",
    "principal components": "the directions in which the images differ most",
    EARLY: "what a network learns first from your labels",
    DISCOVERED: "tasks that were found by a search without labels",
}
"""Families of measurements as people read them."""

ADVICE = {
    "stamp": "Look at the grids: crop or mask this place, in all images.",
    "colour": "Normalise levels and white balance of all images in the same way, or add colour jitter in training.",
    "extremes": "Look for an edit of levels or colours in a part of the images; do it in all of them, or in none.",
    "layout": "Look at the map and the grids: crop or mask the marked place, such as a frame, a stamp or a caption.",
    "frequency": "Bring all images to one resolution and sharpness, through the same resizing.",
    "steps": "Denoise, smooth or resize all images in the same way; look for a different camera or program.",
    "compression": "Save all images anew with one codec and quality, from the least compressed originals.",
    "pixels": "Look at the map and the grids: crop or mask the marked place.",
    "file": "Export all images anew in one size, type and mode; networks that see resized images may see its traces.",
}
USUAL = (
    "Collect images of each class from the side that it lacks, or give the rare ones more weight; "
    "and report test accuracy on the split in the folder splits/ beside your own."
)


class ClassRow(NamedTuple):
    """One class on both sides of a cut."""

    name: str
    images: int
    share: float
    """Of its images on side 1."""
    side: int
    """The one that it is more often on than all images are."""


def family(finding: Finding) -> str:
    """Return the family that a cut comes from, a key of ``WORDS``."""
    return finding.cut.source.split(":")[0]


def describe(finding: Finding) -> str:
    """Say what kind of cut it is."""
    _, _, detail = finding.cut.source.partition(": ")
    return f"{WORDS[family(finding)]}: {detail}" if detail else WORDS[family(finding)]


def advise(finding: Finding) -> str:
    """Say what to do about it."""
    return f"{ADVICE[family(finding)]} {USUAL}" if family(finding) in ADVICE else USUAL


def names_of(findings: list[Finding]) -> list[str]:
    """Name findings by their families, numbered within each: ``colour_1``."""
    counts: dict[str, int] = {}
    names = []
    for finding in findings:
        key = family(finding).replace(" ", "_")
        counts[key] = counts.get(key, 0) + 1
        names.append(f"{key}_{counts[key]}")
    return names


def classes_of(audit: Audit, finding: Finding) -> list[ClassRow]:
    """Return each class's place on the cut."""
    given = audit.given
    own = finding.cut.labels[: len(given.labels)]
    sizes = np.bincount(given.labels, minlength=len(given.class_names))
    shares = np.bincount(given.labels, own, minlength=len(sizes)) / np.maximum(sizes, 1)
    return [
        ClassRow(name, int(n), float(share), int(side))
        for name, n, share, side in zip(
            given.class_names, sizes, shares, _padded(finding.sides, len(sizes)), strict=True
        )
        if n
    ]


def _padded(sides: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    return np.pad(sides, (0, count - len(sides)))


def features_of(audit: Audit) -> tuple[npt.NDArray[np.float64], list[str]]:
    """Measure simple features and numbers about files, [N, F] without the means of the classes, and name them."""
    given = audit.given
    simple = simple_features(given.images)
    columns = {name.replace("_", " "): simple.values[:, k] for k, name in enumerate(simple.names)}
    columns |= {f"file: {k}": v for k, v in given.properties.items() if np.issubdtype(v.dtype, np.number)}
    values = np.stack(list(columns.values()), axis=1).astype(np.float64)
    means = class_means(values, given.labels, len(given.class_names))
    return values - means[given.labels], list(columns)


def predictors(finding: Finding, features: tuple[npt.NDArray[np.float64], list[str]]) -> list[tuple[str, float]]:
    """Return the features that correlate most with the cut within classes, with their correlation."""
    values, names = features
    own = finding.cut.labels[: len(values)].astype(float)
    own -= own.mean()
    scale = np.sqrt((values**2).sum(0) * (own**2).sum())
    found = np.divide(own @ values, scale, out=np.zeros(len(names)), where=scale > 1e-9)
    order = np.argsort(-np.abs(found))[:SHOWN_FEATURES]
    return [(names[k], float(found[k])) for k in order if abs(found[k]) >= LEAST_CORRELATION]


def conflicts(audit: Audit, finding: Finding) -> npt.NDArray[np.int64]:
    """Return the images that are clearly on the other side than their class, the clearest first."""
    given = audit.given
    side = np.where(_padded(finding.sides, len(given.class_names))[given.labels] == 1, 1.0, -1.0)
    against = -side * finding.cut.sureness[: len(given.labels)]
    order = np.argsort(-against, kind="stable")
    return order[against[order] > 0][:MOST_CONFLICTS]


def number(estimate: Estimate, *, share: bool = False) -> dict[str, Any] | None:
    """Return an estimate as JSON: value, low, high and n; None where nothing was measured.

    Args:
        estimate: what was measured.
        share: it lies from 0 to 1, and so shall its interval.
    """
    if not estimate.n:
        return None
    low, high = np.clip([estimate.low, estimate.high], 0, 1) if share else (estimate.low, estimate.high)
    ends = {name: None if np.isnan(end) else round(float(end), 4) for name, end in (("low", low), ("high", high))}
    return {"value": round(estimate.mean, 4), **ends, "n": estimate.n}
