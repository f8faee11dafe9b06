"""SimCLR: its loss against a literal double loop, LARS by hand, the schedule, learning, and exact resume."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from whichtask.config import CnnSpec, DataSettings, SimclrJob, SimclrSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.networks import build
from whichtask.seeding import torch_generator
from whichtask.training import ImageBank, LiveState, divide
from whichtask.training.lars import Lars
from whichtask.training.simclr import Pretraining, make_optimizer, nt_xent, pretrain, step_size

DATA = DataSettings(train_images=100, heldout_images=80, discovery_heldout_images=60)


def job(**changes: Any) -> SimclrJob:
    small: dict[str, Any] = {"epochs": 3, "batch_size": 32, "projection": 8, "warmup": 0.2}
    return SimclrJob(
        seed=0,
        data=DATA,
        encoder=CnnSpec(width=2, hidden=8),
        simclr=SimclrSettings.model_validate(small | changes),
    )


def literal_nt_xent(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """Equation 1 of SimCLR, term by term."""
    z = torch.cat([first, second])
    n = len(first)

    def similarity(i: int, k: int) -> Tensor:
        return torch.exp((z[i] @ z[k]) / (z[i].norm() * z[k].norm()) / temperature)

    total = torch.zeros((), dtype=z.dtype)
    for i in range(2 * n):
        others = [similarity(i, k) for k in range(2 * n) if k != i]
        total = total - torch.log(similarity(i, (i + n) % (2 * n)) / torch.stack(others).sum())
    return total / (2 * n)


def embeddings(seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch_generator("embeddings", seed)
    first = torch.randn(5, 3, generator=generator, dtype=torch.float64)
    return first, first + torch.randn(5, 3, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 2.0])
def test_the_loss_is_the_papers(temperature: float) -> None:
    pair = embeddings()
    loss, _ = nt_xent(*pair, temperature)
    torch.testing.assert_close(loss, literal_nt_xent(*pair, temperature), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(nt_xent(pair[1], 3 * pair[0], temperature)[0], loss, rtol=1e-12, atol=1e-12)


def test_the_gradient_of_the_loss_matches_finite_differences() -> None:
    first, second = (part.requires_grad_() for part in embeddings(1))
    assert torch.autograd.gradcheck(lambda a, b: nt_xent(a, b, 0.3)[0], (first, second))


def test_hits_count_views_nearest_to_their_partner() -> None:
    first, second = torch.eye(4), torch.eye(4)
    assert nt_xent(first, second, 0.5)[1] == 1
    # The last two images swap their second views: these four views are nearest to a wrong one.
    assert nt_xent(first, second[[0, 1, 3, 2]], 0.5)[1] == 0.5


def test_one_lars_step_by_hand() -> None:
    weight = nn.Parameter(torch.tensor([[3.0, 4.0]], dtype=torch.float64))
    bias = nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
    groups: list[dict[str, Any]] = [
        {"params": [weight], "weight_decay": 0.1, "adapt": True},
        {"params": [bias], "weight_decay": 0.0, "adapt": False},
    ]
    optimizer = Lars(groups, lr=2.0, momentum=0.5, trust=0.01)
    weight.grad, bias.grad = torch.tensor([[0.0, 1.0]], dtype=torch.float64), torch.tensor([0.25], dtype=torch.float64)
    optimizer.step()
    # g = (0.3, 1.4), |w| = 5, so the step is 2 x 0.01 x 5 / |g| x g.
    slope = torch.tensor([[0.3, 1.4]], dtype=torch.float64)
    velocity = 0.1 * slope / math.sqrt(0.3**2 + 1.4**2)
    expected = torch.tensor([[3.0, 4.0]], dtype=torch.float64) - velocity
    torch.testing.assert_close(weight.detach(), expected)
    torch.testing.assert_close(bias.detach(), torch.tensor([0.5], dtype=torch.float64))
    before = weight.detach().clone()
    weight.grad, bias.grad = -0.1 * before, torch.tensor([0.0], dtype=torch.float64)
    optimizer.step()  # no gradient is left beside the weight decay: momentum alone
    torch.testing.assert_close(weight.detach(), before - 0.5 * velocity)
    torch.testing.assert_close(bias.detach(), torch.tensor([0.25], dtype=torch.float64))


@pytest.mark.parametrize("optimizer", ["adamw", "lars"])
def test_biases_and_norms_have_no_weight_decay(optimizer: str) -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    made = make_optimizer(module, SimclrSettings.model_validate({"optimizer": optimizer, "weight_decay": 0.5}))
    decay = {id(p): group["weight_decay"] for group in made.param_groups for p in group["params"]}
    assert decay[id(module[0].weight)] == 0.5
    assert [decay[id(p)] for p in (module[0].bias, module[1].weight, module[1].bias)] == [0, 0, 0]
    assert len(decay) == 4


def test_the_step_size_warms_up_and_falls_to_zero() -> None:
    settings = SimclrSettings(learning_rate=0.8, warmup=0.2)
    sizes = [step_size(step, 20, settings) for step in range(20)]
    assert sizes[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8])
    assert sizes[12] == pytest.approx(0.4)
    assert sorted(sizes[4:], reverse=True) == sizes[4:]
    assert 0 < sizes[-1] < 0.01
    assert step_size(0, 5, SimclrSettings(learning_rate=0.8, warmup=0)) == 0.8


def start(images: ImageSet, chosen: SimclrJob) -> Pretraining:
    return Pretraining(ImageBank.of(images), divide(images.n_train, chosen.data).train, chosen)


def history(run: Pretraining) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "seconds"} for row in run.history]


@pytest.mark.parametrize(("optimizer", "killed_at"), [("adamw", 1), ("adamw", 5), ("lars", 4)])
def test_a_killed_run_resumes_bit_for_bit(
    small_images: ImageSet, tmp_path: Path, optimizer: str, killed_at: int
) -> None:
    chosen = job(optimizer=optimizer)
    whole = start(small_images, chosen)
    whole.run()
    first = start(small_images, chosen)
    for _ in range(killed_at):
        first.step()
    first.save(LiveState(tmp_path, {}))
    second = start(small_images, chosen)
    second.run(LiveState(tmp_path, {}))
    assert (whole.epoch_steps, whole.done, second.done) == (3, 9, 9)  # an incomplete batch is left out
    assert history(second) == history(whole)
    expected = whole._state()
    assert all(torch.equal(value, expected[name]) for name, value in second._state().items())


def test_pretraining_finds_partners_and_returns_a_backbone(small_images: ImageSet) -> None:
    chosen = job(epochs=12, colour=0.1, crop=1.0, learning_rate=0.01)
    chosen = chosen.model_copy(update={"encoder": CnnSpec(width=8, hidden=32)})
    bank = ImageBank.of(small_images)
    state, table = pretrain(bank, divide(small_images.n_train, DATA).train, chosen)
    assert list(table) == ["epoch", "loss_nats", "top1_positive", "learning_rate", "seconds"]
    assert table["epoch"].tolist() == list(range(1, 13))
    assert table["loss_nats"].iloc[-1] < table["loss_nats"].iloc[0] - 0.4
    assert table["top1_positive"].iloc[-1] > 0.4  # chance: 1 of 63
    network = build(chosen.encoder, bank.shape, 2, seed=("any",))
    missing, unexpected = network.load_state_dict(state, strict=False)
    assert (missing, unexpected) == (["head.weight", "head.bias"], [])
    assert state["body.0.1.num_batches_tracked"] == 36


def test_draws_differ_between_steps_epochs_and_seeds(small_images: ImageSet) -> None:
    one, other = start(small_images, job()), start(small_images, job().model_copy(update={"seed": 1}))
    indices = one.train[:10]
    views = [run._views(indices, *place)[0] for run, place in ((one, (0, 0)), (one, (0, 1)), (one, (1, 0)))]
    assert not torch.equal(views[0], views[1])
    assert not torch.equal(views[0], views[2])
    weights = [next(run.backbone.parameters()) for run in (one, other)]
    assert not torch.equal(*weights)


def test_one_image_cannot_be_told_apart(small_images: ImageSet) -> None:
    with pytest.raises(WhichtaskError, match="two or more"):
        Pretraining(ImageBank.of(small_images), divide(400, DATA).train[:1], job())
