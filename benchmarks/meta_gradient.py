"""The meta-gradient of one task at laptop scale by time and memory: one graph, checkpoints, what fits, and ``higher``.

python -m benchmarks.meta_gradient

``higher`` (which the authors used) is compared where it is installed: pip install higher.
"""

import importlib
import importlib.util
from functools import partial

import torch
from torch import nn

from benchmarks.sidebyside import Ways, main
from whichtask.config import Config
from whichtask.discovery import ESTIMATORS, Estimator, InnerProblem, fitting
from whichtask.discovery.losses import agreement_loss, soft_cross_entropy
from whichtask.networks import build, without_running_stats

SHAPE = (28, 28, 1)
STEPS = (5, 10, 25, 50)


def ways(steps: int) -> Ways:
    """Return the estimators on the same inner problem of so many steps."""
    config = Config()
    settings, spec = config.discovery, config.networks[config.discovery.network]
    drawn = [build(spec, SHAPE, 2, seed=("benchmark", m)) for m in range(2)]
    first, second = ({k: v.detach() for k, v in network.named_parameters()} for network in drawn)
    generator = torch.Generator().manual_seed(0)
    batch = (steps, 1, settings.inner_batch_size)
    problem = InnerProblem(
        without_running_stats(drawn[0]),
        (first, second),
        torch.randn(*batch, 1, 28, 28, generator=generator),
        torch.softmax(torch.randn(*batch, 2, generator=generator), -1),
        torch.randn(settings.agreement_batch_size, 1, 28, 28, generator=generator),
        settings.inner_learning_rate,
    )
    auto = fitting(settings.graph_mib * 2**20)
    estimators = {name: ESTIMATORS[name] for name in ("plain", "unrolled", "mixed")} | {"auto": auto}
    found = {name: partial(_run, way, problem) for name, way in estimators.items()}
    if importlib.util.find_spec("higher"):
        found["higher"] = partial(_higher, [without_running_stats(network) for network in drawn], problem)
    return found


def _run(estimator: Estimator, problem: InnerProblem) -> None:
    estimator(problem)


def _higher(networks: list[nn.Module], problem: InnerProblem) -> None:
    """Differentiate through both networks' SGD with ``higher``, as the authors' code does."""
    higher = importlib.import_module("higher")
    labels = problem.labels.clone().requires_grad_()
    # The cnn is its parts one after another; higher cannot wrap its class, whose base is abstract.
    modules = [nn.Sequential(*network.children()) for network in networks]
    optimizers = [torch.optim.SGD(module.parameters(), lr=problem.learning_rate / 2) for module in modules]
    with (
        higher.innerloop_ctx(modules[0], optimizers[0]) as (first, first_steps),
        higher.innerloop_ctx(modules[1], optimizers[1]) as (second, second_steps),
    ):
        for images, soft in zip(problem.images[:, 0], labels[:, 0], strict=True):
            for network, stepper in ((first, first_steps), (second, second_steps)):
                stepper.step(soft_cross_entropy(network(images), soft))
        loss = agreement_loss(first(problem.heldout), second(problem.heldout))
        torch.autograd.grad(loss, labels)


if __name__ == "__main__":
    main("meta_gradient", {f"{steps} steps": partial(ways, steps) for steps in STEPS}, memory=True)
