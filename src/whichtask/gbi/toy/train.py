"""Online learning: one observation at a time, back through a short window.

Before each new observation the networks predict it from the window before it, and the error of that prediction is what
the learning curves show. Then they take one step of Adam on the mean squared error over the window. The state that the
next window starts from is the one after the first observation of this window, without its gradient, so that every
observation passes once, as it does when a frozen network runs over a stream. (The first author's older code takes the
state after the *last* one into the next, overlapping window.)
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from whichtask.config.gbi.toy import OnlineSettings
from whichtask.errors import WhichtaskError
from whichtask.gbi.toy.network import Weights, pick, run, zero_state
from whichtask.seeding import Key, numpy_generator
from whichtask.training import LiveState, require_finite
from whichtask.training.optimizers import Adam

EARLY = "early."
Probe = Callable[[Weights, int], Tensor]
"""Measure the networks, frozen, after so many steps; gives one tensor, of the same shape every time."""


class Learned(NamedTuple):
    """Networks after a stream."""

    weights: Weights
    predictions: Tensor
    """[A, T]: of each observation before it was learned from; NaN for the first window."""
    probed: Tensor
    """[steps probed, ...]."""
    early: Weights
    """Weights on the way; none if none were asked for."""


class Learner:
    """Stacked networks, their optimiser and their state.

    Args:
        weights: where they start.
        settings: window and rate.
        replayed: networks that learn from random windows of what they have seen, always from the zero state.
        seed: names the draws of these windows.
    """

    def __init__(
        self, weights: Mapping[str, Tensor], settings: OnlineSettings, replayed: Sequence[int] = (), *seed: Key
    ) -> None:
        self.fixed = {name: value for name, value in weights.items() if name == "gates"}
        self.learned = {name: value.clone().requires_grad_() for name, value in weights.items() if name != "gates"}
        self.weights = self.learned | self.fixed
        self.optimizer = Adam(list(self.learned.values()), lr=settings.learning_rate, fused=True)
        self.window, self.replayed, self.seed = settings.window, list(replayed), seed
        self.hidden, self.cell = zero_state(weights, 1)
        self.carried = torch.ones_like(self.hidden)
        self.carried[self.replayed] = 0

    def step(self, x: Tensor, z: Tensor, time: int) -> Tensor:
        """Predict observation ``time`` of the stream, then learn from it.

        Args:
            x: [A, T] the whole stream.
            z: [A, T, K] of each observation.
            time: at least the window.

        Returns:
            The predictions, [A].
        """
        inputs, targets = slice(time - self.window, time), slice(time - self.window + 1, time + 1)
        observed, wanted, given = x[:, inputs], x[:, targets], z[:, targets]
        online = None
        if self.replayed:
            online = self._unlearned(observed, given)
            observed, wanted, given = self._recalled(x, z, time)
        done = run(self.weights, observed[..., None], given[:, :, None], (self.hidden, self.cell))
        predicted = done.predictions[:, :, 0]
        self.optimizer.zero_grad()
        (predicted - wanted).square().mean(dim=1).sum().backward()
        self.optimizer.step()
        self.hidden, self.cell = (state[:, 0].detach() * self.carried for state in (done.hidden, done.cell))
        now = predicted[:, -1].detach().clone()
        if online is not None:
            now[self.replayed] = online
        return now

    @torch.no_grad()
    def _unlearned(self, observed: Tensor, given: Tensor) -> Tensor:
        """Return what the replayed networks predict from the present window, [replayed]."""
        some = pick(self.weights, self.replayed)
        done = run(some, observed[self.replayed][..., None], given[self.replayed][:, :, None])
        return done.predictions[:, -1, 0]

    def _recalled(self, x: Tensor, z: Tensor, time: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return inputs, targets and Z of the present window, and of a random one for the replayed networks."""
        rng = numpy_generator("toy replay", *self.seed, time)
        ends = np.full(len(x), time)
        ends[self.replayed] = rng.integers(self.window, time + 1, len(self.replayed))
        places = torch.from_numpy(ends[:, None] + np.arange(-self.window, 1)).to(x.device)
        rows = torch.arange(len(x), device=x.device)[:, None]
        values = x[rows, places]
        return values[:, :-1], values[:, 1:], z[rows, places[:, 1:]]

    def tensors(self) -> dict[str, Tensor]:
        """Return everything that ``restore`` needs."""
        saved = {f"weight.{name}": value for name, value in self.learned.items()}
        for name, value in self.learned.items():
            for key, moment in self.optimizer.state.get(value, {}).items():
                saved[f"{key}.{name}"] = moment
        return saved | {"hidden": self.hidden, "cell": self.cell}

    @torch.no_grad()
    def restore(self, saved: Mapping[str, Tensor]) -> None:
        """Go back to where ``tensors`` was called."""
        for name, value in self.learned.items():
            value.copy_(saved[f"weight.{name}"])
            self.optimizer.state[value] = {
                key: saved[f"{key}.{name}"].to(value.device) for key in ("step", "exp_avg", "exp_avg_sq")
            }
        self.hidden, self.cell = saved["hidden"].to(self.hidden.device), saved["cell"].to(self.cell.device)


def learn(
    learner: Learner,
    x: Tensor,
    z: Tensor,
    live: LiveState,
    name: str,
    probes: Sequence[int] = (),
    probe: Probe | None = None,
    keep_at: int | None = None,
) -> Learned:
    """Let networks learn a stream from beginning to end, or go on where a killed run stopped.

    Args:
        learner: fresh.
        x: float32 [A, T], observations.
        z: float32 [A, T, K], Z of each.
        live: where the state is kept.
        name: of the state, and of the progress bar.
        probes: numbers of steps after which the frozen networks are measured, in order.
        probe: measures them.
        keep_at: number of steps after which the weights are kept.

    Raises:
        WhichtaskError: the stream is no longer than the window, or a network has diverged.
    """
    steps = x.shape[1]
    if steps <= learner.window:
        raise WhichtaskError(f"the stream has {steps} steps; above the window, {learner.window}, are needed")
    predicted = torch.full_like(x, float("nan"))
    probed: list[Tensor] = []
    early: Weights = {}
    first = learner.window
    saved = live.load(name)
    if saved:
        tensors, facts = saved
        learner.restore(tensors)
        predicted, first = tensors["predicted"].to(x.device), int(facts["step"])
        probed = list(tensors["probed"]) if "probed" in tensors else []
        early = {key.removeprefix(EARLY): value.to(x.device) for key, value in tensors.items() if key.startswith(EARLY)}
    for step in tqdm(range(first, steps), desc=name, disable=None, initial=first, total=steps):
        predicted[:, step] = learner.step(x, z, step)
        if probe is not None and step + 1 in probes:
            probed.append(probe(learner.weights, step + 1))
        if step + 1 == keep_at:
            early = {key: value.clone() for key, value in pick(learner.weights, range(len(x))).items()}
        if live.due() or step + 1 == steps:
            values = [*learner.learned.values(), predicted[:, step]]
            require_finite(values, name, "its learning_rate", learner.optimizer.param_groups[0]["lr"])
            done = {"probed": torch.stack(probed)} if probed else {}
            done |= {f"{EARLY}{key}": value for key, value in early.items()}
            live.save(name, learner.tensors() | {"predicted": predicted} | done, {"step": step + 1})
    kept = torch.stack(probed) if probed else x.new_zeros(0)
    return Learned(pick(learner.weights, range(len(x))), predicted, kept, early)
