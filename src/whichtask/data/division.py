"""The training images of a data set, divided once by a seed into those to learn from and those to judge on."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from whichtask.config import DataSettings
from whichtask.errors import WhichtaskError
from whichtask.seeding import numpy_generator

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Division:
    """Disjoint parts of the training images of a data set, as indices into it."""

    train: Indices
    """Networks and tasks learn from these."""
    heldout: Indices
    """Agreement is scored on these; discovery does not see them."""
    discovery_heldout: Indices
    """The proxy of the meta-optimisation is measured on these."""


def divide(n_train: int, settings: DataSettings) -> Division:
    """Divide the training images of a data set into three disjoint parts by a seed.

    Both held-out parts come first in the permutation, so that they stay the same whatever ``train_images`` is.

    Raises:
        WhichtaskError: the data set has too few images.
    """
    held, inner = settings.heldout_images, settings.discovery_heldout_images
    left = n_train - held - inner
    wanted = left if settings.train_images is None else settings.train_images
    if left < max(wanted, 1):
        raise WhichtaskError(
            f"{settings.name} has {n_train} training images, too few for data.train_images = "
            f"{settings.train_images or 'all that are left'} beside heldout_images = {held} and "
            f"discovery_heldout_images = {inner}"
        )
    order = numpy_generator("division", settings.split_seed).permutation(n_train)
    return Division(order[held + inner :][:wanted], order[:held], order[held : held + inner])
