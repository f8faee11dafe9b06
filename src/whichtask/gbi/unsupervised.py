"""Z not given: a network that infers Z and learns its weights in turn (the first author's NeuraGEM).

At every observation, the logits of Z take one step of a fast Adam on the squared errors of the window, then the weights
one step of a slow one with the new Z. Windows are short and nothing is kept between them, and the first observation of
a window is predicted from Z alone, so that what lasts longer than a window can only be known from Z. Z gates hidden
units by fixed Bernoulli masks, or joins the input.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd
import torch
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from torch import Tensor
from tqdm import tqdm

from whichtask.config.gbi import UnsupervisedJob
from whichtask.config.gbi.toy import GaussianTask
from whichtask.config.gbi.unsupervised import UnsupervisedSettings
from whichtask.gbi.abstraction import softmax
from whichtask.gbi.inference import gradient_at
from whichtask.gbi.toy import bayes
from whichtask.gbi.toy.arms import Arm, abstractions
from whichtask.gbi.toy.network import State, Weights, initial_weights, pick, run, zero_state
from whichtask.gbi.toy.stream import Floats, Ints, Stream, draw_stream
from whichtask.seeding import seed_of, torch_generator
from whichtask.training import LiveState, require_finite
from whichtask.training.optimizers import Adam

Gate = Literal["gated", "concatenated"]
GATES: tuple[Gate, ...] = get_args(Gate)
GIVEN: dict[Arm, str] = {"lstm": "fixed", "shuffled_block": "random", "gbi_hard": "given"}
"""Arms of ``gbi.toy.arms`` to which Z is given, and what they are called here."""
ARMS = ("inferred", *GIVEN.values())
"""The first infers Z."""
START = 10.0
"""Sum of the hidden state before each window, so that gates matter from the first step on (as in NeuraGEM)."""


class Run(NamedTuple):
    """What one stream of learning leaves."""

    predictions: Tensor
    """[A, T]: before each observation; NaN for the first window."""
    z: Tensor
    """[T, K]: the inferred Z after each observation."""


class Alternating:
    """Networks, one for each arm, the first of which infers Z.

    Args:
        weights: stacked, with ``gates`` for a network that Z gates.
        contexts: K.
        settings: rates and window.
    """

    def __init__(self, weights: Mapping[str, Tensor], contexts: int, settings: UnsupervisedSettings) -> None:
        self.fixed = {name: value for name, value in weights.items() if name == "gates"}
        self.learned = {name: value.clone().requires_grad_() for name, value in weights.items() if name != "gates"}
        self.weights: Weights = self.learned | self.fixed
        self.settings, self.contexts = settings, contexts
        self.slow = Adam(list(self.learned.values()), lr=settings.learning_rate, fused=True)
        self.logits = weights["embed"].new_zeros(1, contexts)
        self.fast = Adam([self.logits], lr=settings.z_rate, betas=settings.z_betas)

    def step(self, seen: Tensor, given: Tensor) -> Tensor:
        """Predict the last observation of a window, then infer Z from all of it and learn.

        Args:
            seen: [W], the window.
            given: [A - 1, W, K], Z of the arms to which it is given.

        Returns:
            The predictions [A].
        """
        before = torch.cat([self._inferred(len(seen)), given])
        inputs = torch.cat([torch.zeros_like(seen[:1]), seen[:-1]])
        with torch.no_grad():
            now = self._run(self.weights, inputs, before)[:, -1]
        self._infer(inputs, seen)
        predicted = self._run(self.weights, inputs, torch.cat([self._inferred(len(seen)), given]))
        self.slow.zero_grad()
        (predicted - seen).square().mean(dim=1).sum().backward()
        self.slow.step()
        return now

    def _infer(self, inputs: Tensor, seen: Tensor) -> None:
        """Move the logits of Z by one step of the fast optimiser."""
        first = pick(self.weights, [0])

        def loss(logits: Tensor) -> Tensor:
            z = softmax(logits, self.contexts).expand(1, len(seen), -1)
            return (self._run(first, inputs, z) - seen).square().mean(dim=1)

        _, gradient = gradient_at(loss, self.logits)
        self.logits.grad = gradient + self.settings.z_l2 * self.logits
        self.fast.step()

    def _inferred(self, steps: int) -> Tensor:
        return softmax(self.logits.detach(), self.contexts).expand(1, steps, -1)

    def _run(self, weights: Weights, inputs: Tensor, z: Tensor) -> Tensor:
        """Return predictions [A, W] from inputs [W] and Z [A, W, K], the state being fresh."""
        hidden, cell = zero_state(weights, 1)
        state: State = (torch.full_like(hidden, START / hidden.shape[2]), cell)
        x = inputs.expand(len(z), -1)[..., None]
        return run(weights, x, z[:, :, None], state).predictions[:, :, 0]


def alternate(stream: Stream, contexts: int, entry: Gate, job: UnsupervisedJob, name: str) -> Run:
    """Let all arms learn one stream."""
    settings, seed = job.unsupervised, (job.seed, job.repeat)
    weights = initial_weights(len(ARMS), 0 if entry == "gated" else contexts, settings.hidden, *seed, "unsupervised")
    if entry == "gated":
        generator = torch_generator("unsupervised gates", *seed)
        gates = (torch.rand(contexts, settings.hidden, generator=generator) < settings.open_share).float()
        weights["gates"] = gates.repeat(len(ARMS), 1, 1)
    learner, window = Alternating(weights, contexts, settings), settings.window
    given = abstractions(list(GIVEN), stream, contexts, *seed, "unsupervised")
    x = torch.from_numpy(stream.x).float()
    predicted = torch.full((len(ARMS), len(x)), float("nan"))
    z = torch.full((len(x), contexts), 1 / contexts)
    for time in tqdm(range(window, len(x)), desc=name, disable=None):
        part = slice(time - window + 1, time + 1)
        predicted[:, time] = learner.step(x[part], given[:, part])
        z[time] = softmax(learner.logits, contexts)[0]
    values = [*learner.learned.values(), predicted[:, window:], z]
    require_finite(values, name, "gbi.unsupervised.learning_rate", settings.learning_rate)
    return Run(predicted, z)


def measure_unsupervised(job: UnsupervisedJob, live: LiveState) -> pd.DataFrame:
    """Learn streams without being given Z, by inferring it and learning weights in turn, beside controls.

    Returns:
        One row for each task, entry of Z, arm and part of the stream: ``ari``, the adjusted Rand index of the contexts
        that the arm infers against the true ones (NaN for an arm that infers none), and errors of its predictions.
    """
    settings = job.unsupervised
    rows: list[dict[str, Any]] = []
    for task_name, task in settings.tasks.items():
        stream = draw_stream(task, settings.blocks, settings.block, job.seed, job.repeat, "unsupervised", task_name)
        contexts = len(task.means)
        for entry in GATES:
            name = f"{task_name} {entry}"
            saved = live.load(name)
            found = Run(**saved[0]) if saved else alternate(stream, contexts, entry, job, name)
            if saved is None:
                live.save(name, found._asdict(), {})
            inferred = found.z.argmax(dim=1).numpy()
            random = abstractions(["shuffled_block"], stream, contexts, job.seed, job.repeat, "unsupervised")
            guesses = {"inferred": inferred, "random": random[0].argmax(dim=1).numpy()}
            for arm, predicted in zip(ARMS, found.predictions.double().numpy(), strict=True):
                key = {"task": task_name, "entry": entry, "arm": arm}
                rows += [key | row for row in _parts(stream, guesses.get(arm), predicted, settings)]
        for arm, (guess, predicted) in _controls(stream, task, settings, job).items():
            key = {"task": task_name, "entry": "none", "arm": arm}
            rows += [key | row for row in _parts(stream, guess, predicted, settings)]
    table = pd.DataFrame(rows)
    table.insert(0, "repeat", job.repeat)
    return table


def _controls(
    stream: Stream, task: GaussianTask, settings: UnsupervisedSettings, job: UnsupervisedJob
) -> dict[str, tuple[Ints, Floats]]:
    """Return contexts and predictions of k-means on means of windows, and of a Bayes filter that knows the means."""
    padded = np.concatenate([np.full(settings.window - 1, stream.x[0]), stream.x])
    means = np.lib.stride_tricks.sliding_window_view(padded, settings.window).mean(axis=1)[:, None]
    state = seed_of("unsupervised k-means", job.seed, job.repeat) % 2**32
    clusters = KMeans(len(task.means), n_init=10, random_state=state).fit(means)
    likelihood = np.exp(bayes.log_likelihood(stream.x, task))
    known = bayes.recursive(likelihood, 1 / bayes.mean_length(settings.block))
    # What k-means knows before x_t is the cluster of the window before it.
    before = np.concatenate([means[:1], clusters.cluster_centers_[clusters.labels_[:-1]]])[:, 0]
    return {
        "kmeans": (clusters.labels_.astype(np.int64), before),
        "bayes": (known.posterior.argmax(axis=1), bayes.predictions(known.prior, task)),
    }


def _parts(
    stream: Stream, guess: Ints | None, predicted: Floats, settings: UnsupervisedSettings
) -> list[dict[str, Any]]:
    """Score the parts of a stream, without the first window; ``part`` counts from 0, ``step`` is where it starts."""
    edges = np.linspace(settings.window, len(stream.x), settings.bins + 1).astype(np.int64)
    rows: list[dict[str, Any]] = []
    for part, (first, last) in enumerate(pairwise(edges)):
        inside = slice(int(first), int(last))
        error = predicted[inside] - stream.x[inside]
        ari = float("nan") if guess is None else adjusted_rand_score(stream.labels[inside], guess[inside])
        errors = {"mae": float(np.abs(error).mean()), "mse": float(np.square(error).mean())}
        rows.append({"part": part, "parts": settings.bins, "step": int(first), "ari": ari, **errors})
    return rows
