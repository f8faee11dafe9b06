"""The meta-gradient of one task at laptop scale: one autograd graph against one checkpoint a step, or what fits.

python -m benchmarks.meta_gradient
"""

from collections.abc import Callable
from functools import partial

import torch

from benchmarks.sidebyside import main
from whichtask.config import Config
from whichtask.discovery import ESTIMATORS, Estimator, InnerProblem, fitting
from whichtask.networks import build, without_running_stats

SHAPE = (28, 28, 1)


def ways() -> dict[str, Callable[[], None]]:
    """Return the estimators on the same inner problem."""
    config = Config()
    settings, spec = config.discovery, config.networks[config.discovery.network]
    drawn = [build(spec, SHAPE, 2, seed=("benchmark", m)) for m in range(2)]
    first, second = ({k: v.detach() for k, v in network.named_parameters()} for network in drawn)
    generator = torch.Generator().manual_seed(0)
    batch = (settings.inner_steps, 1, settings.inner_batch_size)
    problem = InnerProblem(
        without_running_stats(drawn[0]),
        (first, second),
        torch.randn(*batch, 1, 28, 28, generator=generator),
        torch.softmax(torch.randn(*batch, 2, generator=generator), -1),
        torch.randn(settings.agreement_batch_size, 1, 28, 28, generator=generator),
        settings.inner_learning_rate,
    )

    auto = fitting(settings.graph_mib * 2**20)
    ways = {name: ESTIMATORS[name] for name in ("plain", "unrolled", "mixed")} | {"auto": auto}
    return {name: partial(_run, way, problem) for name, way in ways.items()}


def _run(estimator: Estimator, problem: InnerProblem) -> None:
    estimator(problem)


if __name__ == "__main__":
    main("meta_gradient", ways)
