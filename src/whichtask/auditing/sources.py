"""Where candidates come from: measurements of the images in families, some made by people, some found by networks.

Every family is searched in the same way (``cuts``): for two sorts of images in shares that differ between classes.
"""

from collections.abc import Mapping
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from whichtask.auditing.clock import Clock
from whichtask.auditing.cuts import Cut, information
from whichtask.config import DiscoveryJob
from whichtask.discovery import TaskSearch, embed_images
from whichtask.networks import NetworkSpec, build
from whichtask.seeding import numpy_generator
from whichtask.tasks import principal_components, simple_features
from whichtask.training import Division, ImageBank, LoopTrainer

Floats = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.int64]

COMPONENTS = 16
EARLY_EPOCHS = 4
BATCH = 128
LEAST_SHARE = 0.02  # of the images on the smaller side of a cut by a property of files


def looks(images: npt.NDArray[np.uint8], fit: Integers) -> dict[str, Floats]:
    """Return what needs no network: simple features and principal components, [N, F] each."""
    components = principal_components(images, fit, min(COMPONENTS, len(fit) - 1), 0)
    return {"simple features": simple_features(images).values, "principal components": components}


def early(bank: ImageBank, labels: Integers, fit: Integers, spec: NetworkSpec, epochs: int = EARLY_EPOCHS) -> Floats:
    """Return what a network learns first from the labels: logits [N, C] after few epochs.

    Images of the fit get those of a network that learned from the other half; further images the mean of both.
    """
    order = numpy_generator("halves").permutation(fit)
    halves = [order[::2], order[1::2]]
    classes = int(labels[fit].max()) + 1
    logits = []
    for k, half in enumerate(halves):
        network = build(spec, bank.shape, classes, seed=("early", k)).to(bank.pixels.device)
        trainer = LoopTrainer([network], learning_rate=1e-3)
        for epoch in range(epochs):
            rows = numpy_generator("early order", k, epoch).permutation(half)
            for start in range(0, len(rows) - 1, BATCH):
                batch = torch.from_numpy(rows[start : start + BATCH])
                if len(batch) > 1:  # batch norm cannot take the statistics of one image
                    known = torch.from_numpy(labels[rows[start : start + BATCH]])
                    trainer.step(bank.batch(batch)[None], known[None])
        network.eval()
        with torch.no_grad():
            parts = torch.arange(len(bank.pixels)).split(1_000)
            logits.append(torch.cat([network(bank.batch(part)) for part in parts]).cpu().numpy())
    both: Floats = (logits[0] + logits[1]) / 2
    both[halves[0]], both[halves[1]] = logits[1][halves[0]], logits[0][halves[1]]
    return both


def discovered(
    bank: ImageBank, division: Division, job: DiscoveryJob, clock: Clock, until: float
) -> tuple[Floats, int]:
    """Search tasks without labels, as many outer steps as the job has or the time allows.

    Returns:
        The embeddings [N, d], in which the tasks are directions, and the number of outer steps.
    """
    search = TaskSearch(bank, division, job)
    for step in count():
        if step == job.discovery.outer_steps or clock.elapsed > until:
            break
        search.step()
        clock.say("discover tasks", step / job.discovery.outer_steps)
    train = torch.from_numpy(division.train)
    return embed_images(search.encoder, bank, train).cpu().numpy(), search.outer_step


def property_cuts(properties: Mapping[str, npt.NDArray[Any]], labels: Integers, fit: Integers) -> list[Cut]:
    """Cut images by properties of their files: each value against the rest, numbers also at their quartiles.

    Args:
        properties: [N] values by name, text or numbers.
        labels: [N].
        fit: [n] images by which the evidence is measured: the information that a side gives on the class, nats.
    """
    cuts = []
    for name, values in properties.items():
        words, places = np.unique(values, return_inverse=True)
        sides = {f"{name} is {words[k]}": places == k for k in np.argsort(-np.bincount(places))[:COMPONENTS]}
        if np.issubdtype(values.dtype, np.number):
            sides |= {
                f"{name} above {edge:g}": values > edge for edge in np.unique(np.quantile(values, (0.25, 0.5, 0.75)))
            }
        for said, side in sides.items():
            if LEAST_SHARE <= side[fit].mean() <= 1 - LEAST_SHARE:
                evidence = float(information(side[None, fit], labels[fit])[0])
                cuts.append(Cut(f"file: {said}", side, np.where(side, 1.0, -1.0), evidence))
    return cuts
