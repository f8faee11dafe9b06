"""One task alone, followed from labels that no network generalises on to labels that it does (the paper's video)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from whichtask.config import DynamicsJob
from whichtask.data import ImageSet
from whichtask.discovery.encoder import TaskEncoder, make_encoder
from whichtask.discovery.labelling import score_images
from whichtask.discovery.search import TaskSearch
from whichtask.seeding import numpy_generator
from whichtask.tasks import TaskSet
from whichtask.training import Division, ImageBank, LiveState, divide, require_finite
from whichtask.training.optimizers import Adam

SETTLING_IMAGES = 5_000
"""Training images whose statistics batch norm takes for a record."""
MEMORISING_RATE = 1e-3
"""Step size of Adam."""
LIVE, LABELS = "dynamics", "labels/"
ALONE: dict[str, Any] = {
    "classes": 2,
    "diversity": "uniformity",
    "human_tasks": 0,
    "pretraining": "none",
    "freeze_backbone": False,
}
"""What a set of tasks may have and one task that starts at random labels cannot."""


@dataclass(frozen=True)
class Dynamics:
    """What was recorded of one task over T records, for S images that stay the same."""

    outer_step: npt.NDArray[np.int64]
    """[T], outer steps done at each record."""
    proxy_agreement: npt.NDArray[np.float64]
    """[T], mean agreement of the inner networks on their agreement batches since the record before; NaN at step 0."""
    agreement_loss: npt.NDArray[np.float64]
    """[T], nats, likewise."""
    positive_rate: npt.NDArray[np.float64]
    """[T], share of all images on side 1."""
    probabilities: npt.NDArray[np.float32]
    """[T, S], soft label of side 1."""
    image_indices: npt.NDArray[np.int64]
    """[S], held-out images, as indices into training then test images."""
    labels: npt.NDArray[np.uint8]
    """[3, N], hard labels of all images at the first, middle and last record."""
    label_steps: npt.NDArray[np.int64]
    """[3], their outer steps."""
    start_accuracy: float
    """Accuracy on the memorised random labels before the first outer step; NaN for a random network."""


def memorise(encoder: TaskEncoder, bank: ImageBank, images: Tensor, epochs: int, seed: int) -> float:
    """Fit the first task of an encoder to random labels of ``images`` [n]; stop at 99 % or after ``epochs``.

    Returns:
        The accuracy of the last epoch, in training mode.
    """
    optimizer = Adam(encoder.learnable(), lr=MEMORISING_RATE)
    generator = numpy_generator("memorised labels", seed)
    labels = torch.from_numpy(generator.integers(0, 2, len(images))).to(images.device)
    encoder.train()
    accuracy = 0.0
    for _ in tqdm(range(epochs), desc="memorising random labels", unit="epoch", disable=None, leave=False):
        right = 0
        for rows in torch.from_numpy(generator.permutation(len(images))).to(images.device).split(128):
            if len(rows) == 1:
                continue  # batch norm cannot take the statistics of one image
            probability = encoder.soft_labels(encoder(bank.batch(images[rows])), 0)
            loss = F.nll_loss(torch.log(probability + 1e-6), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            right += int((probability.argmax(1) == labels[rows]).sum())
        require_finite(encoder.state_dict().values(), "the encoder on random labels", "its step size", MEMORISING_RATE)
        accuracy = right / len(images)
        if accuracy >= 0.99:
            break
    return accuracy


class _Recorder:
    """Takes records of a search's only task; knows how to go on from its part of the live state."""

    def __init__(self, search: TaskSearch, shown: Tensor, job: DynamicsJob):
        self.search, self.shown, self.job = search, shown, job
        steps = job.dynamics.outer_steps
        self.at = sorted({*range(0, steps + 1, job.dynamics.record_every), steps})
        self.label_steps = [self.at[0], self.at[len(self.at) // 2], self.at[-1]]
        self.rows: list[dict[str, Any]] = []
        self.labels: list[Tensor] = []

    def __call__(self, search: TaskSearch) -> None:
        """Record the task if this outer step is one to record."""
        step = search.outer_step
        if step not in self.at or (self.rows and step <= self.rows[-1]["outer_step"]):
            return
        since = search.history[self.rows[-1]["outer_step"] :] if self.rows else []
        score = score_images(search.encoder, search.bank, search.train[:SETTLING_IMAGES])[0]
        gap = 2 * search.settings.temperature * score
        self.rows.append(
            {
                "outer_step": step,
                "proxy_agreement": float(np.mean([row["proxy_agreement"] for row in since])) if since else None,
                "agreement_loss": float(np.mean([row["agreement_loss_nats"] for row in since])) if since else None,
                "positive_rate": (score > 0).double().mean().item(),
                "probabilities": torch.sigmoid(gap[self.shown.cpu()]).tolist(),
            }
        )
        if step in self.label_steps:
            self.labels.append((score > 0).to(torch.uint8))

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return the records, as ``restore`` takes them."""
        return {f"{LABELS}{i}": labels for i, labels in enumerate(self.labels)}, {"rows": self.rows}

    def restore(self, tensors: Mapping[str, Tensor], what: Mapping[str, Any]) -> None:
        """Take back the records; other tensors and values are ignored."""
        count = sum(name.startswith(LABELS) for name in tensors)
        self.labels, self.rows = [tensors[f"{LABELS}{i}"] for i in range(count)], what["rows"]

    def result(self, start_accuracy: float) -> Dynamics:
        """Return all records as arrays."""

        def column(name: str) -> npt.NDArray[np.float64]:
            return np.array([np.nan if row[name] is None else row[name] for row in self.rows], dtype=np.float64)

        return Dynamics(
            outer_step=np.array([row["outer_step"] for row in self.rows], dtype=np.int64),
            proxy_agreement=column("proxy_agreement"),
            agreement_loss=column("agreement_loss"),
            positive_rate=column("positive_rate"),
            probabilities=np.array([row["probabilities"] for row in self.rows], dtype=np.float32),
            image_indices=self.shown.cpu().numpy(),
            labels=torch.stack(self.labels).numpy(),
            label_steps=np.array(self.label_steps, dtype=np.int64),
            start_accuracy=start_accuracy,
        )


def record_dynamics(bank: ImageBank, division: Division, job: DynamicsJob, live: LiveState | None = None) -> Dynamics:
    """Meta-optimise one task and record its labels, and the agreement of the inner networks, on the way.

    The task has two classes and nothing beside it, whatever the search of the set does (``ALONE``).
    """
    job = job.model_copy(update={"discovery": job.discovery.model_copy(update=ALONE)})
    settings, device = job.dynamics, bank.pixels.device
    # The inner networks must learn from memorised images only: elsewhere the task network interpolates, and other
    # networks can learn that.
    division = replace(division, train=division.train[: settings.images])
    encoder = make_encoder(job.encoder, bank.shape, job.discovery, (job.seed, "dynamics")).to(device)
    start_accuracy = float("nan")
    if settings.start == "random_labels":
        images = torch.from_numpy(division.train).to(device)
        start_accuracy = memorise(encoder, bank, images, settings.start_epochs, job.seed)
    search = TaskSearch(bank, division, job, encoder)
    # Held-out images: neither memorised nor used for the proxy.
    recorder = _Recorder(search, torch.from_numpy(division.heldout[: settings.shown_images]).to(device), job)
    if live and (found := live.load(LIVE)):
        search.restore(*found)
        recorder.restore(*found)

    def after(search: TaskSearch) -> None:
        recorder(search)
        if live and live.due():
            # One file for both: a signal, a kill or a second process between two files would part them.
            (tensors, history), (labels, rows) = search.state(), recorder.state()
            live.save(LIVE, tensors | labels, history | rows)

    recorder(search)
    search.run(settings.outer_steps, after=after)
    return recorder.result(start_accuracy)


def dynamics(data: ImageSet, job: DynamicsJob, device: torch.device, live: LiveState) -> dict[str, Any]:
    """Discover one task and record how it changes: agreement and the labels of a few images, step by step.

    Args:
        data: all images.
        job: settings.
        device: where to train.
        live: the state of an interrupted run.

    Returns:
        ``dynamics``, the record; and ``tasks``, the task at the first, middle and last step, to be scored.
    """
    found = record_dynamics(ImageBank.of(data, device), divide(data.n_train, job.data), job, live)
    names = tuple(f"step_{step:04d}" for step in found.label_steps)
    record = {name: np.asarray(value) for name, value in vars(found).items() if name != "labels"}
    return {"dynamics": record, "tasks": TaskSet(found.labels, names, "discovered")}
