"""Training the two networks of an agreement score: the authors' way, a plain loop, and this project's trainers.

python -m benchmarks.training

The authors' way (``check_as.py``): images as PIL pictures that are transformed one by one, a DataLoader, one Adam over
both networks, fp32. The plain loop is that with images that were made tensors beforehand and an Adam for each network.
"""

from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Literal

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, TensorDataset

from benchmarks.operations import counted
from benchmarks.sidebyside import Ways, main
from whichtask.config import CnnSpec, MlpSpec, NetworkSpec, ResNetSpec, VitSpec
from whichtask.data import ImageSet
from whichtask.data.torchvision_shim import v2
from whichtask.networks import build
from whichtask.training import BatchedTrainer, ImageBank, LoopTrainer

BATCH, SHAPE = 128, (32, 32, 3)
NETWORKS: dict[str, tuple[NetworkSpec, int]] = {
    # The laptop's networks and a wider ResNet-18; and how many images an epoch has, so that each takes about as long.
    "cnn": (CnnSpec(), 1_024),
    "mlp": (MlpSpec(width=0.25), 1_024),
    "resnet18 of width 1/16": (ResNetSpec(width=0.0625), 512),
    "resnet18 of width 1/4": (ResNetSpec(width=0.25), 128),
    "vit": (VitSpec(patch=4, dim=64, depth=3, heads=4, head_dim=16, mlp_dim=128), 512),
}


class Pictures(Dataset[tuple[Tensor, int]]):
    """Images as torchvision's data sets hold them: arrays, made pictures and transformed when they are asked for."""

    def __init__(self, images: ImageSet):
        mean, std = images.mean_std()
        self.pixels, self.labels = images.images, images.labels
        steps = [v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(mean.tolist(), std.tolist())]
        self.transform = v2.Compose(steps)

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.pixels[index])), int(self.labels[index])


def ways(spec: NetworkSpec, count: int) -> Ways:
    """Return ways of training a pair for one epoch of noise images."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (count, *SHAPE), generator=generator, dtype=torch.uint8).numpy()
    targets = torch.randint(0, 2, (count,), generator=generator)
    labels, half = targets.numpy(), count // 2
    images = ImageSet("noise", pixels[:half], labels[:half], pixels[half:], labels[half:], ("a", "b"))
    bank, order = ImageBank.of(images), torch.randperm(count, generator=generator)

    def pair() -> list[nn.Module]:
        return [build(spec, SHAPE, 2, seed=("benchmark", m)) for m in range(2)]

    def authors() -> None:
        networks = pair()
        optimizer = torch.optim.Adam(chain(*(network.parameters() for network in networks)), lr=1e-3)
        for x, y in DataLoader(Pictures(images), BATCH, shuffle=True):
            optimizer.zero_grad()
            torch.stack([F.cross_entropy(network(x), y) for network in networks]).sum().backward()
            optimizer.step()

    def plain() -> None:
        everything = bank.batch(torch.arange(count)).contiguous()
        networks = pair()
        optimizers = [torch.optim.Adam(network.parameters(), lr=1e-3) for network in networks]
        for x, y in DataLoader(TensorDataset(everything, targets), BATCH, shuffle=True):
            for network, optimizer in zip(networks, optimizers, strict=True):
                optimizer.zero_grad()
                F.cross_entropy(network(x), y).backward()
                optimizer.step()

    def trained(
        kind: type[LoopTrainer] | type[BatchedTrainer], precision: Literal["fp32", "bf16"]
    ) -> Callable[[], None]:
        def work() -> None:
            trainer = kind(pair(), learning_rate=1e-3, precision=precision)
            for rows in order.split(BATCH):
                x = bank.batch(rows)
                trainer.step(torch.stack([x, x]), torch.stack([targets[rows]] * 2))

        return work

    found = {
        "authors' way": authors,
        "plain loop": plain,
        "loop fp32": trained(LoopTrainer, "fp32"),
        "loop bf16": trained(LoopTrainer, "bf16"),
    }
    if isinstance(spec, CnnSpec):
        found |= {"batched fp32": trained(BatchedTrainer, "fp32"), "batched bf16": trained(BatchedTrainer, "bf16")}
    return found


def operations(case: str) -> float:
    """Return the floating-point operations of an epoch of a pair, as PyTorch counts them in the plain loop."""
    return counted(ways(*NETWORKS[case])["plain loop"])


if __name__ == "__main__":
    main("training", {name: partial(ways, *case) for name, case in NETWORKS.items()}, operations=operations)
