"""Getting a data set from an ordered list of sources: the first that works, the result checked by SHA-256."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from whichtask.config import KNOWN_DATA
from whichtask.data.imageset import ImageSet
from whichtask.errors import WhichtaskError

MIRROR_VARIABLE = "WHICHTASK_MIRROR"

Size = tuple[int, int]  # numbers of training and test images


@dataclass(frozen=True)
class Source:
    """One place that a data set can come from.

    Attributes:
        label: what provenance and errors call it.
        fetch: takes an empty folder to work in and the wanted size (or None for everything) and returns the images;
            it raises WhichtaskError with the reason when this source cannot give them.
        content_sha256: the ``ImageSet.content_sha256`` that the result must have, or None where no fixed content is
            known.
    """

    label: str
    fetch: Callable[[Path, Size | None], ImageSet]
    content_sha256: str | None = None


@dataclass(frozen=True)
class Dataset:
    """A known data set.

    Attributes:
        name: what the user calls it.
        summary: one line for listings.
        sources: in the order in which they are tried.
    """

    name: str
    summary: str
    sources: tuple[Source, ...]


def unknown_data(name: str) -> WhichtaskError:
    """Return the error for a name that is no data set."""
    return WhichtaskError(
        f"unknown data set {name!r}: allowed are {', '.join(KNOWN_DATA)}, a folder in ImageFolder layout or an .npz "
        "with x_train, y_train, x_test and y_test (CelebA, ImageNet and the like are read from your own folder)"
    )


def fetch_first(dataset: Dataset, images: Size | None = None) -> ImageSet:
    """Get a data set from the first source that has it.

    Args:
        dataset: what to get.
        images: numbers of training and test images, a fixed random draw; None for all. A source that has fewer is
            passed over.

    Returns:
        The images; ``provenance["source"]`` says which source they came from, and ``"note"``, where there is one, what
        to mind about it.

    Raises:
        WhichtaskError: no source worked; the message lists each source with its reason and says what to do.
    """
    reasons = []
    for source in dataset.sources:
        try:
            return _fetch_from(source, images)
        except WhichtaskError as error:
            reasons.append(f"  {source.label}: {error}")
    raise WhichtaskError(
        f"no source of the data set {dataset.name!r} worked:\n" + "\n".join(reasons) + "\n"
        f"Set {MIRROR_VARIABLE} to a folder that holds {dataset.name}.npz (x_train, y_train, x_test, y_test), run this "
        "once where the network reaches one of the sources, or give your own folder of images or .npz instead."
    )


def _fetch_from(source: Source, images: Size | None) -> ImageSet:
    """Fetch from one source, check the digest, record the source and reduce to the wanted size."""
    with tempfile.TemporaryDirectory(prefix="whichtask-") as folder:
        imageset = source.fetch(Path(folder), images)
    if source.content_sha256 is not None and imageset.content_sha256 != source.content_sha256:
        raise WhichtaskError(
            f"its {imageset.n_train:,} + {imageset.n_test:,} images are not the published ones: expected content "
            f"SHA-256 {source.content_sha256}, found {imageset.content_sha256}"
        )
    imageset = replace(imageset, provenance={**imageset.provenance, "source": source.label})
    if images is None or images == (imageset.n_train, imageset.n_test):
        return imageset
    return imageset.subset(*images)
