"""What frozen networks infer at the end of the stream that they learned from: Z at every step."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from whichtask.config.gbi.toy import ToySettings
from whichtask.gbi.inference import one_step
from whichtask.gbi.toy.arms import Arm, code_of
from whichtask.gbi.toy.filters import of_iterating
from whichtask.gbi.toy.gradients import gradients_of
from whichtask.gbi.toy.learning import SHOWN
from whichtask.gbi.toy.network import Weights
from whichtask.gbi.toy.online import Rate
from whichtask.gbi.toy.stream import Stream, draw_stream


class Inference(NamedTuple):
    """One network, and how its Z is inferred."""

    weights: Weights
    """Of one network, frozen."""
    tau: float
    """Of one step from one observation."""
    rate: Rate
    """Of iterating."""


def stream_beliefs(networks: Mapping[Arm, Inference], settings: ToySettings, *seed: int) -> pd.DataFrame:
    """Infer Z over the end of the stream of learning: ``SHOWN`` steps, before which the state is zero.

    Args:
        networks: by arm; those that were given the context.
        settings: task, window, and the stream.
        seed: of the run, and repeat.

    Returns:
        One row for each arm, step after the first window, and context: ``step`` of the stream, ``observation``,
        ``true_context``, ``context``, and its probability: ``one_step`` from this observation alone, ``iterated`` as
        carried on from step to step, before the observation is seen.
    """
    window, contexts = settings.network.window, len(settings.task.means)
    stream = draw_stream(settings.task, settings.blocks, settings.block, *seed, "learning")
    end = slice(-max(SHOWN, window + 1), None)
    last, steps = Stream(stream.x[end], stream.labels[end], stream.blocks[end]), np.arange(len(stream.x))[end]
    same = {
        name: np.repeat(values[window:], contexts)
        for name, values in (("step", steps), ("observation", last.x), ("true_context", last.labels))
    }
    same |= {"context": np.tile(np.arange(contexts), len(last.x) - window)}
    tables = []
    for arm, own in networks.items():
        found = gradients_of(own.weights, torch.from_numpy(last.x).float(), window, 1, code_of(arm, contexts))
        single = one_step(found.gradient.double(), own.tau).numpy()
        iterated, _ = of_iterating(own.weights, last, own.rate, window)
        tables.append(
            pd.DataFrame({"arm": arm, **same, "one_step": single.ravel(), "iterated": iterated.prior.ravel()})
        )
    return pd.concat(tables)
