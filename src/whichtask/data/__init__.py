"""Arrays in: where images come from and the one form in which every experiment reads them."""

from whichtask.data.imageset import ImageSet

# Getting images (`load.load_images`, `catalogue.fetch`) needs torchvision, which takes seconds to import and which no
# experiment needs: those modules are imported where they are used.
__all__ = ["ImageSet"]
