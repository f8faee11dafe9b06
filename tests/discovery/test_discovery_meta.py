"""Meta-gradients: three estimators, finite differences, and the whole way into the encoder's weights."""

import copy

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from whichtask.config import CnnSpec, DiscoverySettings, MlpSpec, NetworkSpec, ResNetSpec, VitSpec
from whichtask.discovery import ESTIMATORS, InnerProblem, TaskEncoder, fitting, graph_bytes
from whichtask.discovery.losses import agreement_loss, uniformity
from whichtask.discovery.objectives import OBJECTIVES
from whichtask.networks import build, without_running_stats

SPECS: list[NetworkSpec] = [
    CnnSpec(width=2, hidden=6),
    MlpSpec(width=0.02),
    ResNetSpec(width=0.05),
    VitSpec(patch=4, dim=8, depth=1, heads=2, head_dim=4, mlp_dim=8),
    VitSpec(patch=4, dim=8, depth=1, heads=2, head_dim=4, mlp_dim=8, norm="layer"),
]
SHAPE = (8, 8, 1)


def problem(spec: NetworkSpec, *, shares: int = 1, steps: int = 3, rate: float = 0.5) -> InnerProblem:
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    drawn = [build(spec, SHAPE, 2, seed=("meta", m)).double() for m in range(2)]
    first, second = ({k: v.detach() for k, v in network.named_parameters()} for network in drawn)
    return InnerProblem(
        without_running_stats(drawn[0]),
        (first, second),
        normal(steps, shares, 6, 1, 8, 8),
        torch.softmax(normal(steps, shares, 6, 2), -1),
        normal(7, 1, 8, 8),
        rate,
    )


@pytest.mark.parametrize("shares", [1, 2])
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.arch}-{getattr(spec, 'norm', '')}")
def test_estimators_agree(spec: NetworkSpec, shares: int) -> None:
    given = problem(spec, shares=shares)
    plain = ESTIMATORS["plain"](given)
    assert plain.labels.abs().max() > 0
    for name in ("unrolled", "mixed"):
        found = ESTIMATORS[name](given)
        torch.testing.assert_close(found.loss, plain.loss, rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(found.labels, plain.labels, rtol=1e-7, atol=1e-10 * len(given.images))
        assert found.agreement == plain.agreement


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("steps_that_fit", [0, 1, 2.5, 4, 9])
def test_a_graph_of_as_many_steps_as_fit_changes_nothing(steps_that_fit: float, objective: str) -> None:
    given = problem(SPECS[0], shares=2, steps=4)
    budget = int(steps_that_fit * graph_bytes(given))
    found, plain = fitting(budget)(given, OBJECTIVES[objective]), ESTIMATORS["plain"](given, OBJECTIVES[objective])
    torch.testing.assert_close(found.loss, plain.loss, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(found.labels, plain.labels, rtol=1e-7, atol=1e-10)
    assert found.agreement == plain.agreement


@pytest.mark.parametrize("steps", [4, 16])
def test_the_graph_stays_within_its_budget(steps: int) -> None:
    """Bytes that autograd holds at once, followed through saving and freeing, whatever the number of steps."""
    given = problem(SPECS[0], steps=steps)
    budget = 5 * graph_bytes(given)
    data = {part.untyped_storage().data_ptr() for part in (given.images, given.labels, given.heldout)}
    held: dict[int, int] = {}
    peak = 0

    class Handle:
        def __init__(self, part: Tensor) -> None:
            self.part, self.key = part, part.untyped_storage().data_ptr()
            held[self.key] = 0 if self.key in data else part.untyped_storage().nbytes()
            nonlocal peak
            peak = max(peak, sum(held.values()))

        def __del__(self) -> None:
            held.pop(self.key, None)

    with torch.autograd.graph.saved_tensors_hooks(Handle, lambda handle: handle.part):
        fitting(budget)(given)
    assert 2 * graph_bytes(given) < peak <= budget


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("shares", [1, 2])
def test_gradient_of_the_labels_by_finite_differences(name: str, shares: int) -> None:
    given = problem(SPECS[1], shares=shares)
    slope = ESTIMATORS[name](given).labels
    generator = torch.Generator().manual_seed(1)
    for _ in range(5):
        direction = torch.randn(given.labels.shape, generator=generator, dtype=torch.float64)
        step = 1e-6
        ends = [ESTIMATORS["plain"](given._replace(labels=given.labels + s * direction)).loss for s in (step, -step)]
        numeric = (ends[0] - ends[1]) / (2 * step)
        torch.testing.assert_close((slope * direction).sum(), numeric, rtol=1e-5, atol=1e-9)


def test_gradient_in_the_encoder_by_finite_differences() -> None:
    """Labels come from an encoder: chain the estimator's gradient through it and compare with moving a weight."""
    given = problem(SPECS[0])
    settings = DiscoverySettings(tasks=2, dimensions=3, inner_batch_size=6, uniformity_weight=0.3)
    backbone = build(MlpSpec(width=0.02), SHAPE, 2, seed=("encoder",))
    encoder = TaskEncoder(backbone, settings, (0,)).double()

    def value(of: TaskEncoder) -> tuple[Tensor, Tensor]:
        embeddings = torch.stack([of(batch.flatten(0, 1)) for batch in given.images])
        labels = torch.stack([of.soft_labels(part, 1) for part in embeddings]).unflatten(1, (1, 6))
        spread = torch.stack([uniformity(part) for part in embeddings]).mean()
        return labels, spread

    labels, spread = value(encoder)
    slope = ESTIMATORS["unrolled"](given._replace(labels=labels.detach())).labels
    ((labels * slope).sum() + settings.uniformity_weight * spread).backward()

    generator = torch.Generator().manual_seed(2)
    for name, parameter in encoder.named_parameters():
        if parameter.grad is None or not parameter.requires_grad:
            continue
        direction = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        ends = []
        for step in (1e-6, -1e-6):
            moved = copy.deepcopy(encoder)
            dict(moved.named_parameters())[name].data.add_(step * direction)
            with torch.no_grad():
                moved_labels, moved_spread = value(moved)
            loss = ESTIMATORS["plain"](given._replace(labels=moved_labels)).loss
            ends.append(loss + settings.uniformity_weight * moved_spread)
        numeric = (ends[0] - ends[1]) / 2e-6
        torch.testing.assert_close((parameter.grad * direction).sum(), numeric, rtol=2e-4, atol=1e-8)


def test_the_inner_steps_are_sgd_on_the_mean_of_the_two_losses() -> None:
    """The proxy after T steps equals that of networks trained by torch's own SGD."""
    given = problem(SPECS[0], steps=4)
    networks = []
    for member in (0, 1):
        network = copy.deepcopy(given.network)
        network.load_state_dict(given.initial[member], strict=False)
        networks.append(network)
    optimizer = torch.optim.SGD([p for network in networks for p in network.parameters()], lr=given.learning_rate)
    for images, labels in zip(given.images[:, 0], given.labels[:, 0], strict=True):
        losses = [-(labels * F.log_softmax(network(images), 1)).sum(1).mean() for network in networks]
        optimizer.zero_grad()
        ((losses[0] + losses[1]) / 2).backward()
        optimizer.step()
    expected = agreement_loss(*(network(given.heldout) for network in networks))
    torch.testing.assert_close(ESTIMATORS["unrolled"](given).loss, expected.detach(), rtol=1e-9, atol=1e-12)
