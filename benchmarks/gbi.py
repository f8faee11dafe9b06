"""Inferring the task of an image: one gradient step and iterating, against a decode for every task.

python -m benchmarks.gbi

The networks are GBI's own with weights as they are drawn, on which the time does not depend: the convolutional
autoencoder, and the gated one of the experiment on a hundred classes. A pure generative network has no code of the
image, so its K decodes serve the whole batch.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from benchmarks.sidebyside import Ways, main
from whichtask.config.gbi import AutoencoderSettings, Cifar100Settings, InferenceSettings
from whichtask.gbi.autoencoder import Autoencoder, reconstruction_loss
from whichtask.gbi.gated.measure import mean_loss
from whichtask.gbi.gated.network import GatedAutoencoder
from whichtask.gbi.inference import Loss, enumerate_losses, infer_one_step, iterate

IMAGES = 50
TASKS = (10, 100)
SHAPE, COMPONENTS = (28, 28, 1), 256
HUNDRED = Cifar100Settings()
Model = Autoencoder | GatedAutoencoder


def convolutional(tasks: int, *, code: bool) -> tuple[Model, Tensor]:
    """Return the autoencoder of the image experiments and a batch of images."""
    settings = AutoencoderSettings() if code else AutoencoderSettings(code=0)
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(IMAGES, SHAPE[2], *SHAPE[:2], generator=generator)
    return Autoencoder(SHAPE, tasks, settings, generator), images


def gated(tasks: int, *, code: bool) -> tuple[Model, Tensor]:
    """Return the gated autoencoder, 4,096 wide, and a batch of images as components."""
    settings = HUNDRED.network if code else HUNDRED.network.model_copy(update={"code": 0})
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(IMAGES, COMPONENTS, generator=generator)
    return GatedAutoencoder(COMPONENTS, tasks, settings, generator), images


NETWORKS: dict[str, tuple[Callable[..., tuple[Model, Tensor]], InferenceSettings]] = {
    "convolutional": (convolutional, InferenceSettings()),
    "gated": (gated, HUNDRED.inference),
}


def ways(network: str, tasks: int) -> Ways:
    """Return ways of inferring the task of a batch of images; all but the last encode them first."""
    make, inference = NETWORKS[network]
    model, images = make(tasks, code=True)
    generative, _ = make(tasks, code=False)
    for parameter in [*model.parameters(), *generative.parameters()]:
        parameter.requires_grad = False  # only Z is asked for its gradient

    def loss() -> Loss:
        return model.loss(images) if isinstance(model, GatedAutoencoder) else reconstruction_loss(model, images)

    def likelihood() -> None:
        enumerate_losses(loss(), IMAGES, tasks)

    def one_step() -> None:
        infer_one_step(loss(), IMAGES, tasks, check=False)

    def iterative() -> None:
        iterate(loss(), torch.zeros(IMAGES, tasks), inference, check=False)

    def pure_generative() -> None:
        means = generative.decode(torch.ones(tasks, 1), torch.eye(tasks)).flatten(1)
        enumerate_losses(mean_loss(means, images.flatten(1)), IMAGES, tasks)

    steps = inference.steps
    return {
        "K decodes": likelihood,
        "one step": one_step,
        f"iterative, {steps} steps": iterative,
        "pure generative": pure_generative,
    }


if __name__ == "__main__":
    cases = {f"{name}, K = {tasks}": partial(ways, name, tasks) for name in NETWORKS for tasks in TASKS}
    main("gbi", cases, images=IMAGES)
