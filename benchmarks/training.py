"""Training the two networks of an agreement score: a plain DataLoader loop against this project's trainers.

python -m benchmarks.training
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.sidebyside import main
from whichtask.config import CnnSpec
from whichtask.data import ImageSet
from whichtask.networks import Network, build
from whichtask.training import BatchedTrainer, ImageBank, LoopTrainer

IMAGES, BATCH, SHAPE = 2_000, 128, (28, 28, 1)


def networks() -> list[Network]:
    """Draw the two networks of a pair."""
    return [build(CnnSpec(), SHAPE, 2, seed=("benchmark", m)) for m in range(2)]


def ways() -> dict[str, Callable[[], None]]:
    """Return ways of training a pair for one epoch of noise images."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (IMAGES, *SHAPE), generator=generator, dtype=torch.uint8).numpy()
    labels = torch.randint(0, 2, (IMAGES,), generator=generator)
    bank = ImageBank.of(
        ImageSet("noise", pixels[:-1], labels.numpy()[:-1], pixels[-1:], labels.numpy()[-1:], ("a", "b"))
    )
    order = torch.randperm(IMAGES, generator=generator)

    def plain() -> None:
        """Two ordinary loops, each with its own DataLoader of float images and a default Adam."""
        images = bank.batch(torch.arange(IMAGES)).contiguous()
        for network in networks():
            optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
            for x, y in DataLoader(TensorDataset(images, labels), BATCH, shuffle=True):
                optimizer.zero_grad()
                F.cross_entropy(network(x), y).backward()
                optimizer.step()

    def trained(
        kind: type[LoopTrainer] | type[BatchedTrainer], precision: Literal["fp32", "bf16"]
    ) -> Callable[[], None]:
        def work() -> None:
            trainer = kind(networks(), learning_rate=1e-3, precision=precision)
            for rows in order.split(BATCH):
                x = bank.batch(rows)
                trainer.step(torch.stack([x, x]), torch.stack([labels[rows]] * 2))

        return work

    return {
        "plain": plain,
        "loop fp32": trained(LoopTrainer, "fp32"),
        "loop bf16": trained(LoopTrainer, "bf16"),
        "batched fp32": trained(BatchedTrainer, "fp32"),
        "batched bf16": trained(BatchedTrainer, "bf16"),
    }


if __name__ == "__main__":
    main("training", ways)
