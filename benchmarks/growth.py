"""How the time and memory of one outer step of a search grow with its tasks, dimensions, inner steps and images.

python -m benchmarks.growth

One size at a time leaves a small search. ``auto`` keeps a graph of as many inner steps as fit into ``GRAPH_MIB``, four
of the small search: beyond them its memory must not grow.
"""

from functools import partial

import torch

from benchmarks.sidebyside import Ways, main
from whichtask.config import CnnSpec, DataSettings, DiscoveryJob, DiscoverySettings
from whichtask.data import ImageSet
from whichtask.discovery import TaskSearch
from whichtask.training import ImageBank, divide

SHAPE, COUNT = (28, 28, 1), 10_000
GRAPH_MIB = 64
SMALL = {"tasks": 8, "dimensions": 32, "inner_steps": 4, "inner_batch_size": 64}
VALUES = {
    "tasks": (2, 8, 32),
    "dimensions": (8, 32, 128),
    "inner_steps": (4, 8, 16, 32),
    "inner_batch_size": (32, 64, 128),
}


def ways(key: str, value: int) -> Ways:
    """Return one outer step of a search whose ``discovery.KEY`` has this value, by estimator."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (COUNT + 10, *SHAPE), generator=generator, dtype=torch.uint8).numpy()
    labels = torch.randint(0, 2, (COUNT + 10,), generator=generator).numpy()
    images = ImageSet("noise", pixels[:COUNT], labels[:COUNT], pixels[COUNT:], labels[COUNT:], ("a", "b"))
    data = DataSettings(train_images=None, heldout_images=500, discovery_heldout_images=500)
    bank, division = ImageBank.of(images), divide(COUNT, data)

    def search(estimator: str) -> TaskSearch:
        sizes = SMALL | {key: value, "agreement_batch_size": 64, "graph_mib": GRAPH_MIB, "estimator": estimator}
        settings = DiscoverySettings.model_validate(sizes)
        job = DiscoveryJob(seed=0, data=data, encoder=CnnSpec(), network=CnnSpec(), discovery=settings)
        return TaskSearch(bank, division, job)

    return {estimator: search(estimator).step for estimator in ("unrolled", "auto")}


if __name__ == "__main__":
    cases = {f"{key} = {value}": partial(ways, key, value) for key, values in VALUES.items() for value in values}
    main("growth", cases, memory=True)
