"""What inference costs as tasks and network grow: operations counted exactly, times measured in turns."""

import time
from collections import Counter
from collections.abc import Callable

import pandas as pd
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

from whichtask.config.gbi import AutoencoderSettings, ComputeJob, ComputeSettings
from whichtask.gbi.autoencoder import Autoencoder, reconstruction_loss
from whichtask.gbi.inference import enumerate_losses, infer_one_step, iterate
from whichtask.seeding import seeded, torch_generator

SHAPE = (28, 28, 1)
CODE = 4


def measure(job: ComputeJob, device: torch.device) -> pd.DataFrame:
    """Count the operations and measure the time of one-step, iterative and enumerated inference.

    The decoders are untrained: neither operations nor times depend on the weights' values.

    Returns:
        One row for each width, number of tasks and method: ``repeat``, ``width``, ``tasks``, ``parameters`` of the
        decoder, ``method``, ``forward_passes`` and ``backward_passes`` (both of one example, counted while it runs),
        ``operations_per_image`` (floating-point, of matrix products and convolutions), ``seconds_per_image`` and
        ``device``.
    """
    settings, rows = job.compute, []
    cells = [(width, tasks) for width in settings.widths for tasks in settings.tasks]
    for width, tasks in tqdm(cells, desc="compute", unit="network", disable=None, leave=False):
        with seeded("gbi compute", job.seed, job.repeat, width, tasks):
            layers = AutoencoderSettings(channels=[16, 32], code=CODE, hidden=width, entry="multiplicative")
            model = Autoencoder(SHAPE, tasks, layers, torch_generator("gbi compute", "entry", job.repeat)).to(device)
        height, side, channels = SHAPE
        images = torch.rand(settings.batch_size, channels, height, side, generator=torch_generator("compute images"))
        for parameter in model.parameters():
            parameter.requires_grad = False  # only Z is asked for its gradient
        parameters = sum(p.numel() for p in [*model.first.parameters(), *model.entry.parameters()])
        parameters += sum(p.numel() for p in model.rest.parameters())
        shared = {"repeat": job.repeat, "width": width, "tasks": tasks, "parameters": parameters}
        rows += [shared | row for row in _methods(model, images.to(device), tasks, settings)]
    return pd.DataFrame(rows).assign(device=device.type)


def _methods(model: Autoencoder, images: Tensor, tasks: int, settings: ComputeSettings) -> list[dict[str, object]]:
    of_images, batch = reconstruction_loss(model, images), len(images)

    passes: Counter[str] = Counter()

    def loss(z: Tensor) -> Tensor:
        passes["forward_passes"] += 1
        point = z.clone()  # the counter of operations cannot follow a leaf of the graph into a module
        if point.requires_grad:
            point.register_hook(lambda _: passes.update(["backward_passes"]))
        return of_images(point)

    start = torch.zeros(batch, tasks, device=images.device)
    methods: dict[str, Callable[[], object]] = {
        "one-step": lambda: infer_one_step(loss, batch, tasks, device=images.device, check=False),
        "iterative": lambda: iterate(loss, start, settings.inference, check=False),
        "likelihood": lambda: enumerate_losses(loss, batch, tasks, images),
    }
    counted: dict[str, dict[str, float]] = {}
    for name, run in methods.items():
        passes.clear()
        with FlopCounterMode(display=False) as counter:
            run()
        counted[name] = {side: passes[side] for side in ("forward_passes", "backward_passes")}
        counted[name]["operations_per_image"] = counter.get_total_flops() / batch
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    for _ in range(settings.measurements):
        for name, run in methods.items():
            seconds[name].append(_seconds(run, images.device))
    return [
        {
            "method": name,
            **counted[name],
            "seconds_per_image": sorted(seconds[name])[len(seconds[name]) // 2] / batch,
        }
        for name in methods
    ]


def _seconds(run: Callable[[], object], device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
    started = time.perf_counter()
    run()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started
