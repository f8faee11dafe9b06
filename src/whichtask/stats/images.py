"""Intervals of shares of many images, by the bootstrap."""

import numpy as np

from whichtask.seeding import numpy_generator
from whichtask.stats.estimate import LEVELS


def share_interval(share: float, images: int, resamples: int, seed: int) -> tuple[float, float]:
    """Return the bootstrap 95 % interval of a share of ``images`` images.

    Resampling images with replacement makes the number of hits binomial, so it is drawn directly.
    """
    draws = numpy_generator("share", seed).binomial(images, share, size=resamples) / images
    low, high = np.quantile(draws, LEVELS)
    return float(low), float(high)
