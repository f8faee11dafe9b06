"""An estimate: a mean with its 95 % interval."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
LEVELS = (0.025, 0.975)


class Estimate(NamedTuple):
    """A mean, its 95 % interval, and the number of independent units behind it."""

    mean: float
    low: float
    high: float
    n: int
