"""What a trained GBI-LSTM infers about its context: Z at every step of the stream that a run shows.

Nothing is trained: the frozen network that the run holds is asked, with the temperature and the rate that it measured.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from whichtask.artifacts import read_tensors
from whichtask.config.gbi import ToyLearningJob
from whichtask.figures.means import where
from whichtask.gbi.inference import one_step
from whichtask.gbi.toy.arms import ARMS, Arm, code_of
from whichtask.gbi.toy.filters import of_iterating
from whichtask.gbi.toy.gradients import gradients_of
from whichtask.gbi.toy.learning import HEADLINE
from whichtask.gbi.toy.network import pick
from whichtask.gbi.toy.online import Rate
from whichtask.gbi.toy.stream import Stream
from whichtask.site.run import Run

ARM: Arm = "gbi_hard"
STREAM = ("repeat", "step", "observation", "mean", "lstm", ARM, "bayes")
RATES = ("use", "blocks", "task", "arm", *Rate._fields)

Floats = npt.NDArray[np.float64]


class Inferred(NamedTuple):
    """Probability of each context at the steps after the first window."""

    iterated: Floats
    """[N, K]: Z carried on from step to step, before each observation is seen."""
    single: Floats
    """[N, K]: by one step from each observation alone."""


def stream_of(run: Run) -> pd.DataFrame | None:
    """Return the end of the stream that the first repeat's networks learned from, with their predictions."""
    return run.table(run.plan.gbi("toy-learning", "stream.csv")[0], STREAM)


def infer(run: Run, stream: pd.DataFrame) -> Inferred | None:
    """Infer Z at every step of a stream; None where the run does not hold what that needs, or of other settings.

    Args:
        run: the results.
        stream: of ``stream_of``.
    """
    settings = run.settings.gbi.toy
    weights = run.read(run.plan.gbi("toy-learning", "weights.safetensors")[0], read_tensors)
    rates = run.table(run.plan.gbi("toy", "rates.csv")[0], RATES)
    taus = run.table(run.plan.gbi("toy", "one_step.csv")[0], ("task", "arm", "observations", "tau"))
    window = settings.network.window
    if weights is None or rates is None or taus is None or len(stream) <= window or not _fits(run, weights[1]):
        return None
    chosen = where(rates, use="stream", blocks=settings.blocks, task=HEADLINE, arm=ARM)
    fitted = where(taus, task=HEADLINE, arm=ARM, observations=1)
    if chosen.empty or fitted.empty:
        return None
    row, tau = chosen.iloc[0], float(fitted["tau"].iloc[0])
    network = pick(weights[0], [list(ARMS).index(ARM)])
    contexts = len(settings.task.means)
    x = stream["observation"].to_numpy(np.float64, copy=True)  # torch takes what it may write to
    nothing = np.zeros(len(x), np.int64)  # labels and blocks, which inference does not see
    rate = Rate(row["learning_rate"], row["momentum"], int(row["observations"]), row["l2"], row["entropy"])
    iterated, _ = of_iterating(network, Stream(x, nothing, nothing), rate, window)
    found = gradients_of(network, torch.from_numpy(x).float(), window, 1, code_of(ARM, contexts))
    return Inferred(iterated.prior, one_step(found.gradient.double(), tau).numpy())


def _fits(run: Run, what: dict[str, Any]) -> bool:
    """Say whether weights were learned with the run's settings."""
    job = ToyLearningJob.of(run.settings, run.settings.gbi.toy.seeds[0])
    return bool(what.get("job") == job.model_dump(mode="json"))
