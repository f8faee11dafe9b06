"""Meta-gradients: every network has a second derivative and can be called as a pure function."""

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from whichtask.networks import CnnSpec, MlpSpec, Network, NetworkSpec, ResNetSpec, VitSpec, build, without_running_stats
from whichtask.networks.vit import Attention

SPECS: dict[str, NetworkSpec] = {
    "cnn": CnnSpec(width=2, hidden=5),
    "mlp": MlpSpec(width=1 / 64),
    "resnet18": ResNetSpec(width=1 / 32),
    "vit": VitSpec(dim=6, depth=2, heads=2, head_dim=3, mlp_dim=5),
    "vit-layer": VitSpec(dim=6, depth=2, heads=2, head_dim=3, mlp_dim=5, norm="layer"),
}
each_network = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)


def _pure(spec: NetworkSpec) -> tuple[Network, dict[str, Tensor]]:
    network = without_running_stats(build(spec, (8, 8, 1), 2, seed=("gradient",))).double()
    return network, dict(network.named_parameters())


@each_network
def test_gradient_through_a_training_step(spec: NetworkSpec) -> None:
    # The derivative with respect to soft labels of a loss after one SGD step on them, as task discovery needs it.
    network, parameters = _pure(spec)
    generator = torch.Generator().manual_seed(0)
    train, test = torch.randn(2, 6, 1, 8, 8, generator=generator, dtype=torch.float64)
    direction = torch.randn(6, 2, generator=generator, dtype=torch.float64)

    def loss_after_step(task_logits: Tensor) -> Tensor:
        loss = F.cross_entropy(functional_call(network, parameters, (train,)), task_logits.softmax(dim=1))
        gradients = torch.autograd.grad(loss, list(parameters.values()), create_graph=True)
        moved = {name: p - 0.01 * g for (name, p), g in zip(parameters.items(), gradients, strict=True)}
        logits: Tensor = functional_call(network, moved, (test,))
        return logits.square().mean()

    start = torch.zeros(6, 2, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(loss_after_step(start), start)
    step = 1e-5  # small, since a ReLU that changes sign within it spoils the difference
    difference = (loss_after_step(start + step * direction) - loss_after_step(start - step * direction)) / (2 * step)
    assert gradient.abs().max() > 0
    torch.testing.assert_close((gradient * direction).sum(), difference, rtol=1e-5, atol=1e-10)


def test_attention_second_derivative() -> None:
    torch.manual_seed(0)
    attention = Attention(dim=3, heads=2, head_dim=2).double()
    tokens = torch.randn(2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(attention, (tokens,))


@each_network
def test_without_running_stats_is_pure(spec: NetworkSpec) -> None:
    original = build(spec, (8, 8, 1), 2, seed=("pure",))
    before = {name: value.clone() for name, value in original.state_dict().items()}
    pure = without_running_stats(original)
    assert not list(pure.buffers())
    images = torch.randn(4, 1, 8, 8)
    trained = pure.train()(images)
    torch.testing.assert_close(trained, pure.eval()(images), rtol=0, atol=0)
    # The original is left alone: its norms still count, and its first batch gives the same logits.
    assert all(torch.equal(value, before[name]) for name, value in original.state_dict().items())
    torch.testing.assert_close(original.train()(images), trained)
    norms = [module for module in original.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    assert all(norm.num_batches_tracked == 1 for norm in norms)
    assert bool(norms) == (spec != SPECS["vit-layer"])
