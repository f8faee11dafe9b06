"""Means that no network was trained on: what is predicted before Z moves, without moving it, and after iterating it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from whichtask.config.gbi.toy import ToySettings
from whichtask.gbi.toy.arms import Arm
from whichtask.gbi.toy.online import FROZEN, Rate, choose_rate, follow
from whichtask.gbi.toy.stream import Floats, draw_means
from whichtask.seeding import Key

Rows = list[dict[str, Any]]


def tune(weights: Mapping[str, Tensor], settings: ToySettings, *seed: Key) -> tuple[Rate, float]:
    """Choose how to iterate Z of one network for unseen means, on sequences of other means; see ``choose_rate``."""
    number, length = settings.tuning_sequences, settings.tested_length
    drawn = draw_means(settings.tuning_means, settings.tested_std, number, length, *seed, "tuning")
    wanted = np.tile(np.repeat(settings.tuning_means, number), (length, 1))
    window, last = settings.network.window, settings.tested_last
    return choose_rate(weights, _tensor(drawn), _tensor(wanted), settings.grid, window, last)


def generalise(
    networks: Mapping[Arm, Mapping[str, Tensor]], rates: Mapping[Arm, Rate], settings: ToySettings, *seed: Key
) -> Rows:
    """Test networks on every mean.

    Returns:
        One row for each arm, mean and reading: ``first``, the first prediction, before any step; ``fixed``, the last
        steps with Z at maximum entropy throughout; ``iterated``, the last steps after iterating Z.
    """
    means, number = settings.tested_means, settings.tested_sequences
    x = draw_means(means, settings.tested_std, number, settings.tested_length, *seed, "tested")
    window, last = settings.network.window, settings.tested_last
    low, high = min(settings.task.means), max(settings.task.means)
    rows: Rows = []
    for arm, weights in networks.items():
        runs = {
            kind: follow(weights, _tensor(x), [rate] * x.shape[1], window).predictions.double().numpy()
            for kind, rate in (("fixed", FROZEN), ("iterated", rates[arm]))
        }
        scored = {"fixed": slice(-last, None), "iterated": slice(-last, None)}
        readings = {"first": (runs["fixed"], slice(window, window + 1))}
        readings |= {kind: (runs[kind], steps) for kind, steps in scored.items()}
        for reading, (predicted, steps) in readings.items():
            parts = [values[steps].reshape(-1, len(means), number) for values in (predicted, x)]
            for place, mean in enumerate(means):
                made, seen = (part[:, place] for part in parts)
                rows.append(
                    {
                        "arm": arm,
                        "reading": reading,
                        "test_mean": mean,
                        "inside": low <= mean <= high,
                        "prediction": float(made.mean()),
                        "error_of_mean": float(np.abs(made - mean).mean()),
                        "mae": float(np.abs(made - seen).mean()),
                        "mse": float(np.square(made - seen).mean()),
                    }
                )
    return rows


def _tensor(values: Floats) -> Tensor:
    return torch.from_numpy(values).float()
