"""Block-switching Gaussian streams, and the fresh sequences that frozen networks are tested on."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from whichtask.config.gbi.toy import BlockSettings, GaussianTask
from whichtask.errors import WhichtaskError
from whichtask.seeding import Key, numpy_generator

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Stream(NamedTuple):
    """Observations and the contexts that they come from; [T] for a stream, [T, B] for sequences side by side."""

    x: Floats
    labels: Ints
    """Context of each observation, 0 to K - 1."""
    blocks: Ints
    """Number of the block of each observation, from 0; no two sequences side by side share one."""

    def head(self, steps: int) -> "Stream":
        """Return the first steps.

        Raises:
            WhichtaskError: there are fewer.
        """
        if len(self.x) < steps:
            raise WhichtaskError(f"the stream has {len(self.x)} steps; {steps} are needed")
        return Stream(self.x[:steps], self.labels[:steps], self.blocks[:steps])


def block_lengths(blocks: int, settings: BlockSettings, rng: np.random.Generator) -> Ints:
    """Draw lengths of blocks [blocks]: geometric, lengthened to the shortest and cut to the longest."""
    drawn = rng.geometric(settings.switch_probability, blocks)
    return np.clip(drawn, settings.shortest, settings.longest).astype(np.int64)


def draw_stream(task: GaussianTask, blocks: int, settings: BlockSettings, *seed: Key) -> Stream:
    """Draw a stream [T] whose context changes at every block, to any other context alike.

    Streams of tasks with equally many contexts share block lengths, contexts and standard normal noise if their seeds
    are equal, so that they differ in means and standard deviations only.
    """
    rng = numpy_generator("toy stream", *seed)
    contexts = len(task.means)
    lengths = block_lengths(blocks, settings, rng)
    jumps = np.append(rng.integers(contexts), rng.integers(1, contexts, blocks - 1))
    labels = np.repeat(np.cumsum(jumps) % contexts, lengths)
    return Stream(_observe(task, labels, rng), labels, np.repeat(np.arange(blocks), lengths))


def stream_of(task: GaussianTask, steps: int, settings: BlockSettings, *seed: Key) -> Stream:
    """Draw a stream of so many steps, its last block cut."""
    blocks = -(-steps // settings.shortest)
    return draw_stream(task, blocks, settings, *seed).head(steps)


def draw_contexts(task: GaussianTask, sequences: int, length: int, *seed: Key) -> Stream:
    """Draw sequences of one context each, [length, K * sequences]: those of context 0 first.

    Args:
        task: contexts.
        sequences: of each context.
        length: observations in each.
        seed: names the draws.
    """
    contexts = len(task.means)
    labels = np.tile(np.repeat(np.arange(contexts), sequences), (length, 1))
    blocks = np.tile(np.arange(contexts * sequences), (length, 1))
    return Stream(_observe(task, labels, numpy_generator("toy contexts", *seed)), labels, blocks)


def draw_means(means: Sequence[float], std: float, sequences: int, length: int, *seed: Key) -> Floats:
    """Draw sequences of one mean each, [length, means * sequences]: those of the first mean first."""
    rng = numpy_generator("toy means", *seed)
    centres = np.repeat(np.asarray(means, dtype=np.float64), sequences)
    drawn: Floats = centres + std * rng.standard_normal((length, len(centres)))
    return drawn


def _observe(task: GaussianTask, labels: Ints, rng: np.random.Generator) -> Floats:
    observed: Floats = np.asarray(task.means)[labels] + np.asarray(task.stds)[labels] * rng.standard_normal(
        labels.shape
    )
    return observed
