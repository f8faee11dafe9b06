"""Arrays in: where images come from and the one form in which every experiment reads them."""

from whichtask.data.catalogue import DATASETS, fetch
from whichtask.data.describe import describe
from whichtask.data.imageset import ImageSet
from whichtask.data.load import load_images

__all__ = ["DATASETS", "ImageSet", "describe", "fetch", "load_images"]
