"""The two trainers give the same numbers, keep the right networks, and go on from a saved state bit for bit."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from whichtask.config import CnnSpec, MlpSpec, NetworkSpec, ResNetSpec, VitSpec
from whichtask.networks import build
from whichtask.training import BatchedTrainer, LoopTrainer, Trainer, resolve_precision

SPECS: list[NetworkSpec] = [
    CnnSpec(width=2, hidden=8),
    MlpSpec(width=0.02),
    ResNetSpec(width=0.05),
    VitSpec(patch=4, dim=8, depth=1, heads=2, head_dim=4, mlp_dim=8),
]


def networks(spec: NetworkSpec, count: int) -> list[nn.Module]:
    return [build(spec, (8, 8, 1), 2, seed=("test", m)).double() for m in range(count)]


def batches(members: int, steps: int = 3) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(0)
    return [
        (
            torch.randn(members, 12, 1, 8, 8, generator=generator, dtype=torch.float64),
            torch.randint(0, 2, (members, 12), generator=generator),
        )
        for _ in range(steps)
    ]


def pair(spec: NetworkSpec, members: int) -> tuple[LoopTrainer, BatchedTrainer]:
    drawn = networks(spec, members)
    return (
        LoopTrainer(copy.deepcopy(drawn), learning_rate=1e-2, weight_decay=1e-3),
        BatchedTrainer(drawn, learning_rate=1e-2, weight_decay=1e-3),
    )


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.arch)
def test_batched_equals_looped(spec: NetworkSpec) -> None:
    loop, batched = pair(spec, 4)
    data = batches(4)
    for images, labels in data:
        assert torch.equal(loop.step(images, labels), batched.step(images, labels))
    for m, network in enumerate(loop.networks):
        for name, value in network.state_dict().items():
            ours = (batched.parameters | batched.buffers)[name][m]
            torch.testing.assert_close(ours, value, rtol=1e-7, atol=1e-9)
    images = data[0][0][0]
    assert torch.equal(loop.predict(images), batched.predict(images))


@pytest.mark.parametrize("spec", SPECS[:2], ids=lambda spec: spec.arch)
def test_batched_equals_looped_after_some_are_dropped(spec: NetworkSpec) -> None:
    loop, batched = pair(spec, 4)
    for trainer in (loop, batched):
        trainer.step(*batches(4)[0])
        trainer.keep([2, 3])
        for images, labels in batches(2):
            trainer.step(images, labels)
    for m, network in enumerate(loop.networks):
        for name, value in network.named_parameters():
            torch.testing.assert_close(batched.parameters[name][m], value, rtol=1e-7, atol=1e-9)


def test_a_step_is_one_step_of_adam_on_the_cross_entropy() -> None:
    (network,) = networks(SPECS[0], 1)
    plain = copy.deepcopy(network)
    trainer = LoopTrainer([network], learning_rate=1e-2)
    optimizer = torch.optim.Adam(plain.parameters(), lr=1e-2)
    for images, labels in batches(1):
        logits = plain(images[0])
        optimizer.zero_grad()
        F.cross_entropy(logits, labels[0]).backward()
        optimizer.step()
        right = trainer.step(images, labels)
        assert right.item() == (logits.argmax(1) == labels[0]).sum().item()
    for ours, expected in zip(network.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", [LoopTrainer, BatchedTrainer])
def test_a_loaded_state_goes_on_bit_for_bit(kind: type[LoopTrainer] | type[BatchedTrainer]) -> None:
    data = batches(2, steps=6)

    def trainer() -> Trainer:
        return kind(networks(SPECS[0], 2), learning_rate=1e-2)

    whole = trainer()
    for images, labels in data:
        whole.step(images, labels)
    first, second = trainer(), trainer()
    for images, labels in data[:3]:
        first.step(images, labels)
    second.load({name: tensor.clone() for name, tensor in first.state().items()})
    for images, labels in data[3:]:
        second.step(images, labels)
    expected, found = whole.state(), second.state()
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


@pytest.mark.parametrize("kind", [LoopTrainer, BatchedTrainer])
def test_bf16_learns_with_weights_kept_in_fp32(kind: type[LoopTrainer] | type[BatchedTrainer]) -> None:
    drawn = [network.float() for network in networks(SPECS[0], 2)]
    trainer = kind(drawn, learning_rate=1e-2, precision="bf16")
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(2, 32, 1, 8, 8, generator=generator)
    labels = (images.mean((2, 3, 4)) > 0).long()
    for _ in range(40):
        right = trainer.step(images, labels)
    assert right.min() >= 30
    assert {tensor.dtype for name, tensor in trainer.state().items() if "exp_avg" in name} == {torch.float32}


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [({"avx512_bf16": True}, "bf16"), ({"amx_bf16": True}, "bf16"), ({"avx2": True}, "fp32")],
)
def test_auto_takes_bf16_where_the_processor_is_made_for_it(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], expected: str
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert resolve_precision("auto", torch.device("cpu")) == expected
    assert [resolve_precision(asked, torch.device("cpu")) for asked in ("fp32", "bf16")] == ["fp32", "bf16"]
