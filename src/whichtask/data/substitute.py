"""CIFAR-100 where it can be had, and else factors32, whose factors make 96 classes."""

from dataclasses import replace
from typing import Literal

from whichtask.data import factors32
from whichtask.data.catalogue import fetch
from whichtask.data.imageset import ImageSet
from whichtask.data.sources import Size
from whichtask.errors import WhichtaskError

HundredSource = Literal["either", "cifar100", "factors32"]


def fetch_hundred(source: HundredSource, factors_images: Size) -> ImageSet:
    """Get images of about a hundred classes.

    Args:
        source: ``cifar100``, ``factors32``, or ``either``: the second where no source of the first works.
        factors_images: numbers of training and test images, where factors32 are drawn.

    Returns:
        The images; their name says which they are, and ``provenance["note"]`` why they are not CIFAR-100.

    Raises:
        WhichtaskError: no source of CIFAR-100 works, and nothing may stand in for it.
    """
    note = "asked for instead of CIFAR-100"
    if source != "factors32":
        try:
            return fetch("cifar100")
        except WhichtaskError as error:
            if source == "cifar100":
                raise
            note = f"stands in for CIFAR-100, which could not be had: {error}"
    images = factors32.make(*factors_images)
    return replace(images, provenance={**images.provenance, "source": "generated", "note": note})
