"""Training with Z given, not given or wrong: the same weights to begin with and the same batches."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from whichtask.config.gbi import LanguageJob
from whichtask.config.gbi.language import LanguageSettings
from whichtask.gbi.abstraction import maximum_entropy, one_hot
from whichtask.gbi.language.corpus import Corpus
from whichtask.gbi.language.network import LanguageModel, token_losses
from whichtask.seeding import torch_generator
from whichtask.training import LiveState, require_finite
from whichtask.training.optimizers import Adam

Arm = Literal["gbi", "lstm", "shuffled"]
ARMS: tuple[Arm, ...] = get_args(Arm)
"""Z in training: the domain; 1/K for all; a random domain for every sequence, as much input that tells nothing."""
Row = dict[str, Any]
CHUNK = 128  # windows evaluated together


class Sequences(NamedTuple):
    """Windows that losses are measured on."""

    windows: Tensor
    """int64 [N, T + 1]."""
    labels: Tensor
    """int64 [N], domains."""


@torch.no_grad()
def losses_of(network: LanguageModel, windows: Tensor, z: Tensor) -> Tensor:
    """Return the loss of every token [N, T] nats, on the CPU; in chunks, because logits of all would be large."""
    parts = zip(windows.split(CHUNK), z.split(CHUNK), strict=True)
    return torch.cat([token_losses(network, chunk, of_chunk).cpu() for chunk, of_chunk in parts])


def modes_of(arm: Arm, labels: Tensor, domains: int) -> Mapping[str, Tensor]:
    """Return the Z with which an arm is measured, by name: uniform, and given where it ever said something."""
    device = labels.device
    modes = {"uniform": maximum_entropy(len(labels), domains, device=device)}
    return {"given": one_hot(labels, domains)} | modes if arm == "gbi" else modes


def draw_sequences(
    corpus: Corpus, part: Literal["validation", "test"], count: int, length: int, job: LanguageJob, device: torch.device
) -> Sequences:
    """Draw ``count`` windows of each training domain that predict ``length`` tokens; the same for all arms."""
    generator = torch_generator("language", job.seed, job.repeat, part, length)
    windows, labels = corpus.trained[part].each(count, length + 1, generator)
    return Sequences(windows.to(device), labels.to(device))


class ArmTraining:
    """One network in training.

    Args:
        corpus: the text.
        arm: what its Z is.
        job: settings and seeds.
        device: where to train.
    """

    def __init__(self, corpus: Corpus, arm: Arm, job: LanguageJob, device: torch.device) -> None:
        self.corpus, self.arm, self.job, self.device = corpus, arm, job, device
        self.settings: LanguageSettings = job.language
        domains = len(corpus.domains)
        network = LanguageModel.drawn(corpus.tokens.vocabulary, domains, self.settings, job.seed, job.repeat)
        self.network = network.to(device)
        self.optimizer = Adam(self.network.parameters(), lr=self.settings.learning_rate, fused=True)
        self.step = 0
        self.rows: list[Row] = []

    @property
    def steps(self) -> int:
        """Number of batches."""
        return self.settings.train_tokens // (self.settings.window * self.settings.batch_size)

    def run(self, live: LiveState) -> None:
        """Train to the end, going on where an interrupted run was, and leave the finished network in ``live``."""
        self._resume(live)
        measured = np.unique(np.geomspace(max(1, self.steps // 64), self.steps, self.settings.checkpoints).round())
        length = self.settings.window
        validation = draw_sequences(
            self.corpus, "validation", self.settings.validation_windows, length, self.job, self.device
        )
        bar = tqdm(initial=self.step, total=self.steps, desc=f"language {self.arm}", unit="batch", disable=None)
        with bar:
            while self.step < self.steps:
                self._learn()
                bar.update()
                if self.step in measured:
                    self._measure(validation)
                if self.step == self.steps or live.due():
                    weights, rate = self.network.state_dict().values(), self.settings.learning_rate
                    require_finite(weights, f"the arm {self.arm}", "gbi.language.learning_rate", rate)
                    live.save(self.arm, *self._snapshot())

    def _learn(self) -> None:
        """Take one batch: windows of random domains, one step of Adam on the mean loss of their tokens."""
        settings, where = self.settings, (self.job.seed, self.job.repeat, self.step)
        domains, batch = len(self.corpus.domains), settings.batch_size
        generator = torch_generator("language batch", *where)
        labels = torch.randint(domains, (batch,), generator=generator)
        windows = self.corpus.trained["train"].draw(labels, settings.window + 1, generator).to(self.device)
        z = self._z(labels, torch_generator("language shuffled", *where)).to(self.device)
        keep = None
        if settings.dropout:
            drawn = torch.rand(
                batch, settings.window, settings.hidden, generator=torch_generator("language dropout", *where)
            )
            keep = ((drawn >= settings.dropout).float() / (1 - settings.dropout)).to(self.device)
        loss = token_losses(self.network, windows, z, keep).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.step += 1

    def _z(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        domains = len(self.corpus.domains)
        if self.arm == "lstm":
            return maximum_entropy(len(labels), domains)
        if self.arm == "shuffled":
            labels = torch.randint(domains, labels.shape, generator=generator)
        return one_hot(labels, domains)

    def _measure(self, validation: Sequences) -> None:
        tokens = self.step * self.settings.window * self.settings.batch_size
        for mode, z in modes_of(self.arm, validation.labels, len(self.corpus.domains)).items():
            loss = losses_of(self.network, validation.windows, z).double().mean().item()
            self.rows.append({"arm": self.arm, "z": mode, "tokens": tokens, "loss_nats_per_token": loss})

    def _snapshot(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        tensors = {f"weights/{name}": tensor for name, tensor in self.network.state_dict().items()}
        for number, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"adam/{number}/{name}": value for name, value in moments.items()}
        return tensors, {"step": self.step, "rows": self.rows}

    def _resume(self, live: LiveState) -> None:
        found = live.load(self.arm)
        if not found:
            return
        tensors, what = found
        self.step, self.rows = what["step"], what["rows"]
        weights = {name.removeprefix("weights/"): value for name, value in tensors.items() if name[0] == "w"}
        self.network.load_state_dict(weights)
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith("adam/"):
                _, number, moment = name.split("/")
                state.setdefault(int(number), {})[moment] = value
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})


def train_arms(corpus: Corpus, job: LanguageJob, live: LiveState, device: torch.device) -> dict[Arm, ArmTraining]:
    """Train all arms, one after the other."""
    trained = {}
    for arm in ARMS:
        trained[arm] = ArmTraining(corpus, arm, job, device)
        trained[arm].run(live)
    return trained
