"""Train one network with each code for Z, and infer Z of combinations of factors that training showed or left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from whichtask.config.gbi import RicherJob
from whichtask.data import ImageSet
from whichtask.data.factors32 import FACTORS
from whichtask.data.hundred import PARTS, factors32_hundred
from whichtask.errors import WhichtaskError
from whichtask.gbi.abstraction import maximum_entropy, one_hot
from whichtask.gbi.fit import fit
from whichtask.gbi.gated.components import Components
from whichtask.gbi.inference import gradient_at, iterate, predict
from whichtask.gbi.richer.network import CodedAutoencoder
from whichtask.seeding import Key, numpy_generator, seeded, torch_generator
from whichtask.training.live import LiveState

SIZES = tuple(FACTORS[name] for name in PARTS)
COMBINATIONS = int(np.prod(SIZES))
CHANCE = {"class": 1 / COMBINATIONS, **{name: 1 / size for name, size in zip(PARTS, SIZES, strict=True)}}
BATCH = 2_000


@dataclass(frozen=True)
class Code:
    """How the class of an image becomes Z."""

    name: str
    parts: tuple[int, ...]
    """Sizes of the parts of Z: one part with every combination, or one for each factor."""
    embedded: bool = False

    def abstraction(self, labels: Tensor) -> Tensor:
        """Return Z [B, sum of parts] of classes [B]."""
        if len(self.parts) == 1:
            return one_hot(labels, COMBINATIONS)
        columns = values(labels).unbind(dim=1)
        return torch.cat([one_hot(column, size) for column, size in zip(columns, self.parts, strict=True)], dim=1)

    def read(self, z: Tensor) -> Tensor:
        """Return the values of the factors [B, factors] that Z names."""
        best = predict(z, self.parts)
        return values(best) if len(self.parts) == 1 else best


CODES = (
    Code("one-hot", (COMBINATIONS,)),
    Code("learned embedding", (COMBINATIONS,), embedded=True),
    Code("one part a factor", SIZES),
)


def values(labels: Tensor) -> Tensor:
    """Return the values of the factors, int64 [B, factors], of classes [B] as ``factors32_hundred`` numbers them."""
    columns = []
    for size in reversed(SIZES):
        columns.append(labels % size)
        labels = labels // size
    return torch.stack(columns[::-1], dim=1)


def hold_out(share: float, key: tuple[Key, ...]) -> Tensor:
    """Draw combinations to leave out of training, bool [combinations]; every value of a factor stays in another one.

    Raises:
        WhichtaskError: no combination is left out, or so many that a value of a factor would never be seen.
    """
    count = round(share * COMBINATIONS)
    held = torch.zeros(COMBINATIONS, dtype=torch.bool)
    held[torch.from_numpy(numpy_generator(*key, "held out").permutation(COMBINATIONS)[:count])] = True
    seen = values(torch.arange(COMBINATIONS)[~held])
    if not count or any(len(seen[:, place].unique()) < size for place, size in enumerate(SIZES)):
        raise WhichtaskError(
            f"gbi.richer.heldout_share = {share} leaves {count} of {COMBINATIONS} combinations out of training; at "
            "least one must be left out, and every value of each factor must stay in one that is not"
        )
    return held


def study(data: ImageSet, job: RicherJob, device: torch.device, live: LiveState) -> dict[str, pd.DataFrame]:
    """Compare codes for Z: one-hot, learned embeddings, and a part for each factor, also on unseen combinations.

    Args:
        data: factors32.
        job: settings.
        device: where networks are.
        live: state of the job; every network is kept.

    Returns:
        ``accuracy``: one row for each code, way of inference, kind of combinations and measure (each factor, and all
        of them: the class); ``loss``: mean reconstruction error with Z given, inferred and uniform.

    Raises:
        WhichtaskError: images without these factors, or too few of them.
    """
    settings = job.richer
    key: tuple[Key, ...] = ("gbi richer", job.seed, job.repeat)
    whole = factors32_hundred(data)
    order = numpy_generator(*key, "division").permutation(whole.n_train)
    test = whole.n_test if settings.test_images is None else settings.test_images
    train = len(order) if settings.train_images is None else settings.train_images
    if len(order) < max(train, 1) or test > whole.n_test:
        raise WhichtaskError(
            f"{data.name} has {whole.n_train} training and {whole.n_test} test images; gbi.richer asks for "
            f"{train} training and {test} test images"
        )
    labels = torch.from_numpy(whole.labels).to(device)
    held = hold_out(settings.heldout_share, key).to(device)
    rows = torch.from_numpy(order[:train]).to(device)
    pixels = torch.from_numpy(whole.images).to(device)
    basis = Components.of(pixels[rows], settings.components)
    projected = basis.project(pixels)
    rows = rows[~held[labels[rows]]]
    tested = numpy_generator(*key, "test").permutation(whole.n_test)[:test] + whole.n_train
    shown = torch.from_numpy(tested).to(device)
    facts = {"repeat": job.repeat, "data": data.name, "images_train": len(rows), "variance_share": basis.share}
    accuracy: list[dict[str, Any]] = []
    loss: list[dict[str, Any]] = []
    for code in CODES:
        model = _train(code, projected, labels, rows, job, key, live)
        for kind, of_kind in (("seen", ~held), ("left out", held)):
            own = shown[of_kind[labels[shown]]]
            found = _inferred(model, code, projected[own], labels[own], job)
            about = facts | {"code": code.name, "combinations": kind, "images_test": len(own)}
            loss += [about | {"abstraction": name, "loss": value} for name, value in found.losses.items()]
            for method, z in found.abstractions.items():
                right = code.read(z) == values(labels[own])
                shares = {"class": right.all(dim=1), **dict(zip(PARTS, right.unbind(dim=1), strict=True))}
                accuracy += [
                    about
                    | {"method": method, "measure": name, "chance": CHANCE[name]}
                    | {"accuracy": float(share.double().mean())}
                    for name, share in shares.items()
                ]
    return {"accuracy": pd.DataFrame(accuracy), "loss": pd.DataFrame(loss)}


def _train(
    code: Code,
    images: Tensor,
    labels: Tensor,
    rows: Tensor,
    job: RicherJob,
    key: tuple[Key, ...],
    live: LiveState,
) -> CodedAutoencoder:
    """Train the network with one code; batches are the same for all codes."""
    name = code.name.replace(" ", "-")
    with seeded(*key, name, "weights"):
        generator = torch_generator(*key, name, "entry")
        model = CodedAutoencoder(
            images.shape[1], sum(code.parts), job.richer.network, generator, embedded=code.embedded
        ).to(images.device)

    def batch_loss(batch: Tensor, draws: torch.Generator) -> Tensor:
        return model.training_loss(images[batch], code.abstraction(labels[batch]), draws)

    fit(model, batch_loss, rows, job.richer.fit, key, live, name)
    return model.requires_grad_(False)


@dataclass(frozen=True)
class _Inferred:
    """What was inferred of some images."""

    abstractions: dict[str, Tensor]
    """Scores or Z [N, sum of parts], by way of inference."""
    losses: dict[str, float]
    """Mean reconstruction error, by where Z comes from."""


def _inferred(model: CodedAutoencoder, code: Code, images: Tensor, labels: Tensor, job: RicherJob) -> _Inferred:
    """Infer Z in one step and iteratively."""
    settings = job.richer.inference
    gradients, iterated, losses = [], [], []
    for part, truth in _batches(images, labels):
        loss = model.loss(part)
        start = maximum_entropy(len(part), code.parts, device=part.device)
        uniform, gradient = gradient_at(loss, start)
        z = iterate(loss, torch.zeros_like(start), settings, code.parts)[settings.steps]
        gradients.append(gradient)
        iterated.append(z)
        losses.append(torch.stack([loss(code.abstraction(truth)), loss(z), uniform]))
    given, inferred, uniform_mean = torch.cat(losses, dim=1).mean(dim=1).tolist()
    return _Inferred(
        {"one-step": -torch.cat(gradients), "iterative": torch.cat(iterated)},
        {"given": given, "iterative": inferred, "uniform": uniform_mean},
    )


def _batches(images: Tensor, labels: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    yield from zip(images.split(BATCH), labels.split(BATCH), strict=True)
