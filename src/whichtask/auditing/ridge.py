"""Ridge regression whose images are each predicted by others only: exact, from one decomposition of the features."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.int64]

PENALTIES = (1e-3, 1e-2, 1e-1, 1.0)
"""Tried, as shares of the mean eigenvalue."""
_LEAST = 1e-6  # eigenvalues below this share of the largest are none
_MOST_LEVERAGE = 0.999


class Ridge(NamedTuple):
    """Standardised features of n images to learn from, decomposed; ready for any targets."""

    left: Floats
    """[n, r] orthonormal columns: left singular vectors of the features."""
    values: Floats
    """[r] squares of the singular values."""
    onto: Floats
    """[N, r]: features of all images times right singular vectors, times the singular values."""

    @classmethod
    def of(cls, features: Floats, fit: Integers) -> "Ridge":
        """Decompose features [N, F] of all images, by those at ``fit`` [n]."""
        chosen = features[fit]
        spread = chosen.std(0)
        kept = spread > _LEAST * max(1.0, float(spread.max(initial=0)))
        scaled = (features[:, kept] - chosen[:, kept].mean(0)) / spread[kept]
        own = scaled[fit]
        wide = own.shape[1] > len(fit)
        values, axes = np.linalg.eigh(own @ own.T if wide else own.T @ own)
        used = values > _LEAST * values[-1]
        values, axes = values[used], axes[:, used]
        if wide:
            return cls(axes, values, scaled @ (own.T @ axes))
        projected = scaled @ axes
        return cls(projected[fit] / np.sqrt(values), values, projected * np.sqrt(values))

    def leaving_one_out(self, targets: Floats, fit: Integers) -> Floats:
        """Predict targets [n, C] for all images, [N, C]: images of the fit by all others, further ones by all.

        The penalty is the one whose left-out error is smallest.
        """
        mean = targets.mean(0)
        centred = targets - mean
        inner = self.left.T @ centred
        found = []
        for penalty in self._penalties():
            weights = self.values / (self.values + penalty)
            leverage = np.minimum(self.left**2 @ weights + 1 / len(targets), _MOST_LEVERAGE)
            missed = (centred - self.left @ (weights[:, None] * inner)) / (1 - leverage)[:, None]
            found.append((float((missed**2).sum()), penalty, centred - missed))
        _, penalty, out = min(found, key=lambda one: one[0])
        predicted: Floats = self.onto @ (inner / (self.values + penalty)[:, None]) + mean
        predicted[fit] = out + mean
        return predicted

    def leaving_groups_out(self, target: Floats, fit: Integers, groups: Integers) -> Floats:
        """Predict a target [n] for all images, [N]: images of the fit by other groups [n], further ones by all.

        The penalty is the one whose prediction correlates best with the target.
        """
        inner = self.left.T @ target
        found = []
        for penalty in self._penalties():
            weights = self.values / (self.values + penalty)
            missed = target - self.left @ (weights * inner)
            for group in np.unique(groups):
                own = groups == group
                rows = self.left[own]
                # (1 - L W L^T)^-1 by Woodbury's identity, where there are more images than axes.
                if len(rows) > len(weights):
                    missed[own] += rows @ np.linalg.solve(np.diag(1 / weights) - rows.T @ rows, rows.T @ missed[own])
                else:
                    missed[own] = np.linalg.solve(np.eye(len(rows)) - (rows * weights) @ rows.T, missed[own])
            out = target - missed
            found.append((float(np.corrcoef(out, target)[0, 1]), penalty, out))
        _, penalty, out = max(found, key=lambda one: one[0])
        predicted: Floats = self.onto @ (inner / (self.values + penalty))
        predicted[fit] = out
        return predicted

    def _penalties(self) -> list[float]:
        return [share * float(self.values.mean()) for share in PENALTIES]
