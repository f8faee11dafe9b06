"""Each objective against its definition: torch's own SGD, finite differences, and one graph of the whole outer step."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional as F

from whichtask.config import CnnSpec, DataSettings, DiscoveryJob, DiscoverySettings, MlpSpec
from whichtask.data import ImageSet
from whichtask.discovery import ESTIMATORS, OBJECTIVES, InnerProblem, TaskEncoder, TaskSearch, make_encoder
from whichtask.discovery.inner import Pair, Weights
from whichtask.discovery.losses import agreement_loss, dependence, uniformity
from whichtask.networks import build, without_running_stats
from whichtask.tasks import TaskSet
from whichtask.training import ImageBank, divide

SHAPE = (8, 8, 1)
CNN = CnnSpec(width=2, hidden=6)


def problem(*, shares: int = 1, steps: int = 3, classes: int = 2) -> InnerProblem:
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    drawn = [build(CNN, SHAPE, classes, seed=("objective", m)).double() for m in range(2)]
    first, second = ({k: v.detach() for k, v in network.named_parameters()} for network in drawn)
    labels = torch.softmax(normal(steps, shares, 6, classes), -1)
    return InnerProblem(
        without_running_stats(drawn[0]),
        (first, second),
        normal(steps, shares, 6, 1, 8, 8),
        labels,
        normal(7, 1, 8, 8),
        0.5,
    )


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("shares", [1, 2])
@pytest.mark.parametrize("name", OBJECTIVES)
def test_estimators_agree_on_every_objective(name: str, shares: int, classes: int) -> None:
    given = problem(shares=shares, classes=classes)
    plain = ESTIMATORS["plain"](given, OBJECTIVES[name])
    assert (plain.labels.abs().max() > 0) == (name != "none"), "the control asks for nothing"
    for estimator in ("unrolled", "mixed"):
        found = ESTIMATORS[estimator](given, OBJECTIVES[name])
        torch.testing.assert_close(found.loss, plain.loss, rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(found.labels, plain.labels, rtol=1e-7, atol=1e-10)
        assert found.agreement == plain.agreement
        for weights, expected in zip(found.weights, plain.weights, strict=True):
            torch.testing.assert_close(weights, expected)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("name", ["xas", "train_loss"])
def test_gradient_of_the_labels_by_finite_differences(name: str, estimator: str) -> None:
    given = problem(steps=4)
    slope = ESTIMATORS[estimator](given, OBJECTIVES[name]).labels
    generator = torch.Generator().manual_seed(1)
    for at in (None, 0, 1, 3):  # all labels, and those of single steps
        direction = torch.randn(given.labels.shape, generator=generator, dtype=torch.float64)
        if at is not None:
            direction[[step for step in range(4) if step != at]] = 0
        ends = [
            ESTIMATORS["plain"](given._replace(labels=given.labels + s * direction), OBJECTIVES[name]).loss
            for s in (1e-6, -1e-6)
        ]
        numeric = (ends[0] - ends[1]) / 2e-6
        torch.testing.assert_close((slope * direction).sum(), numeric, rtol=1e-5, atol=1e-8)


def test_losses_equal_those_of_networks_trained_by_torchs_own_sgd() -> None:
    given = problem(steps=4)
    networks = []
    for member in (0, 1):
        network = copy.deepcopy(given.network)
        network.load_state_dict(given.initial[member], strict=False)
        networks.append(network)
    optimizer = torch.optim.SGD([p for network in networks for p in network.parameters()], lr=given.learning_rate)
    agreements, losses = [], []
    for images, labels in zip(given.images[:, 0], given.labels[:, 0], strict=True):
        agreements.append(agreement_loss(*(network(images) for network in networks)).item())
        loss = torch.stack([F.cross_entropy(network(images), labels) for network in networks]).mean()
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    agreements.append(agreement_loss(*(network(given.heldout) for network in networks)).item())
    found = {name: ESTIMATORS["unrolled"](given, objective) for name, objective in OBJECTIVES.items()}
    assert found["agreement"].loss.item() == pytest.approx(agreements[-1], rel=1e-9)
    assert found["xas"].loss.item() == pytest.approx(sum(agreements[1:]) / 4, rel=1e-9)
    assert found["train_loss"].loss.item() == pytest.approx(sum(losses) / 4, rel=1e-9)
    for part in found.values():
        assert part.agreement == found["agreement"].agreement
        for weights, network in zip(part.weights, networks, strict=True):
            torch.testing.assert_close(weights, {k: v.detach() for k, v in network.named_parameters()})


class DoubleSearch(TaskSearch):
    """A search in float64, so that its updates can be compared with another implementation's."""

    def _networks(self) -> Pair:
        first, second = super()._networks()
        return {k: v.double() for k, v in first.items()}, {k: v.double() for k, v in second.items()}


def double_search(images: ImageSet, **changes: Any) -> DoubleSearch:
    small = {"tasks": 3, "dimensions": 4, "inner_steps": 3, "inner_batch_size": 12, "agreement_batch_size": 20}
    job = DiscoveryJob(
        seed=0,
        data=DataSettings(train_images=200, heldout_images=80, discovery_heldout_images=60),
        encoder=MlpSpec(width=0.02),
        network=CNN,
        discovery=DiscoverySettings.model_validate(small | {"inner_learning_rate": 1.0} | changes),
    )
    single = ImageBank.of(images)
    bank = ImageBank(single.pixels, single.mean.double(), single.std.double())
    encoder = make_encoder(job.encoder, bank.shape, job.discovery, (0,)).double()
    human = TaskSet((images.labels[None] > [[0], [1]]).astype("uint8"), ("above 0", "above 1"), "human")
    search = DoubleSearch(bank, divide(images.n_train, job.data), job, encoder, human)
    if search.human is not None:
        search.human = search.human.double()
    return search


def outer_step_in_one_graph(search: TaskSearch) -> TaskEncoder:
    """Take the first outer step by plain autograd from the encoder's weights to the loss, as the facts define it."""
    settings, task = search.settings, search._tasks()[0]
    encoder = copy.deepcopy(search.encoder).train()
    optimizer = torch.optim.Adam(encoder.learnable(), lr=settings.outer_learning_rate)
    nets: list[Weights] = [{k: v.requires_grad_() for k, v in part.items()} for part in search._networks()]
    batches = search._inner_indices(further=1)[:, 0]
    judged: Tensor = torch.zeros((), dtype=torch.float64)
    spread = judged.clone()
    for t in range(settings.inner_steps):
        images = search.bank.batch(batches[t])
        embeddings = encoder(images)
        labels = encoder.soft_labels(embeddings, task)
        if settings.diversity == "uniformity":
            apart = uniformity(embeddings, settings.uniformity_temperature)
        else:
            apart = dependence(torch.stack([encoder.soft_labels(embeddings, k) for k in range(settings.tasks)]), 1, 0.1)
        spread = spread + settings.uniformity_weight * apart
        if encoder.human is not None and search.human is not None:
            truth = search.human[:, batches[t]].T
            log_p = F.logsigmoid(encoder.human(embeddings) * (2 * truth - 1))
            spread = spread - settings.human_weight * log_p.mean()
        losses = [-(labels * F.log_softmax(functional_call(search.skeleton, w, images), 1)).sum(1).mean() for w in nets]
        if settings.objective == "train_loss":
            judged = judged + sum(losses) / 2
        slopes = [
            torch.autograd.grad(sum(losses) / 2, list(weights.values()), create_graph=True)  # type: ignore[arg-type]
            for weights in nets
        ]
        nets = [
            {k: v - settings.inner_learning_rate * g for (k, v), g in zip(weights.items(), part, strict=True)}
            for weights, part in zip(nets, slopes, strict=True)
        ]
        following = search.bank.batch(batches[t + 1])
        if settings.objective in ("xas", "foxas"):
            judged = judged + agreement_loss(*(functional_call(search.skeleton, w, following) for w in nets))
        if settings.objective == "foxas":
            optimizer.zero_grad()
            (judged + spread).backward()
            optimizer.step()
            judged, spread = torch.zeros_like(judged), torch.zeros_like(spread)
            nets = [{k: v.detach().requires_grad_() for k, v in weights.items()} for weights in nets]
    if settings.objective == "agreement":
        heldout = search.bank.batch(search._heldout_indices())
        judged = settings.inner_steps * agreement_loss(*(functional_call(search.skeleton, w, heldout) for w in nets))
    if settings.objective != "foxas":
        ((judged + spread) / settings.inner_steps).backward()
        optimizer.step()
    return encoder


WAYS: list[dict[str, Any]] = [
    *({"objective": name} for name in OBJECTIVES),
    {"diversity": "mutual_information"},
    {"diversity": "mutual_information", "objective": "foxas"},
    {"classes": 3},
    {"human_tasks": 2, "human_weight": 0.7},
    {"human_tasks": 1, "objective": "xas", "classes": 3},
]


@pytest.mark.parametrize("changes", WAYS, ids=str)
def test_an_outer_step_equals_one_by_plain_autograd(small_images: ImageSet, changes: dict[str, Any]) -> None:
    search = double_search(small_images, **changes)
    before = copy.deepcopy(search.encoder)
    expected = outer_step_in_one_graph(search)
    search.step()
    parts = zip(before.named_parameters(), search.encoder.parameters(), expected.parameters(), strict=True)
    for (name, start), found, wanted in parts:
        assert torch.equal(start, found) != found.requires_grad, name
        # Adam divides the gradient by its size, so a tiny gradient's rounding is magnified.
        torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-6)


def test_xas_learns_from_the_same_batches_and_is_judged_on_a_further_one(small_images: ImageSet) -> None:
    plain = double_search(small_images)._episode()
    (learned, judged), *rest = double_search(small_images, objective="xas")._episode()
    assert not rest
    assert torch.equal(learned, plain[0][0])
    assert not set(judged.tolist()) & set(learned.flatten().tolist())
    steps = double_search(small_images, objective="foxas")._episode()
    assert torch.equal(torch.cat([indices for indices, _ in steps]), learned)
    assert torch.equal(steps[0][1], learned[1].flatten())
    assert torch.equal(steps[-1][1], judged)
