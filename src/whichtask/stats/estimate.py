"""An estimate: a mean with its 95 % interval."""

from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

Floats = npt.NDArray[np.float64]
LEVELS = (0.025, 0.975)


class Estimate(NamedTuple):
    """A mean, its 95 % interval, and the number of independent units behind it."""

    mean: float
    low: float
    high: float
    n: int

    @classmethod
    def of_error(cls, mean: float, error: float, freedom: float, n: int) -> Self:
        """Return the interval of Student's t.

        Args:
            mean: the estimate.
            error: its standard error.
            freedom: degrees of freedom of that; below or at 0 nothing says how far the mean varies, and the interval
                is unknown (NaN).
            n: number of independent units.
        """
        half = float(stdtrit(freedom, LEVELS[1])) * error if freedom > 0 else float("nan")
        return cls(mean, mean - half, mean + half, n)

    def named(self, column: str) -> dict[str, float]:
        """Return the mean and the ends of its interval: COLUMN, ``COLUMN_low``, ``COLUMN_high``."""
        return {column: self.mean, f"{column}_low": self.low, f"{column}_high": self.high}
