"""Pairs of networks: order of images, early stop, and exact resume after a kill at any epoch."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from whichtask.config import AgreementSettings, CnnSpec, DataSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.networks import build
from whichtask.training import FittedGroup, GroupFit, ImageBank, LiveState, Sample, divide

SPEC = CnnSpec(width=2, hidden=8)


def settings(**changes: object) -> AgreementSettings:
    return AgreementSettings.model_validate({"epochs": 5, "batch_size": 50, "stop_train_accuracy": None} | changes)


@pytest.fixture
def make_fit(small_images: ImageSet) -> Callable[[AgreementSettings], GroupFit]:
    bank = ImageBank.of(small_images)
    labels = torch.from_numpy(small_images.labels % 2)
    sample = Sample(bank, torch.arange(0, 300), torch.arange(300, 400), labels)

    def make(chosen: AgreementSettings) -> GroupFit:
        networks = [build(SPEC, bank.shape, 2, seed=("w", pair, m)) for pair in range(2) for m in (0, 1)]
        return GroupFit(networks, [0, 1], sample, chosen, ("test", 0, "task"))

    return make


def same(first: list[FittedGroup], second: list[FittedGroup]) -> bool:
    return all(
        torch.equal(a.heldout_predictions, b.heldout_predictions)
        and (a.group, a.train_accuracy, a.epochs) == (b.group, b.train_accuracy, b.epochs)
        for a, b in zip(first, second, strict=True)
    )


class Killed(Exception):
    """Stands for a kill between two epochs."""


@pytest.mark.parametrize("execution", ["loop", "batched"])
@pytest.mark.parametrize("epoch", [1, 2, 4])
def test_a_killed_fit_resumes_bit_for_bit(
    make_fit: Callable[[AgreementSettings], GroupFit], tmp_path: Path, execution: str, epoch: int
) -> None:
    chosen = settings(execution=execution, stop_train_accuracy=0.9)
    expected = make_fit(chosen).run()

    def kill(done: int) -> None:
        if done == epoch + 1:
            raise Killed

    live = LiveState(tmp_path, {"job": 1}, every=0)
    try:
        make_fit(chosen).run(live, kill)
    except Killed:
        assert live.load("fit") is not None
    found = make_fit(chosen).run(LiveState(tmp_path, {"job": 1}, every=0))
    assert same(found, expected)
    assert live.load("fit") is None


def test_both_networks_see_the_same_order_unless_told_otherwise(
    make_fit: Callable[[AgreementSettings], GroupFit],
) -> None:
    orders = make_fit(settings())._orders()
    assert torch.equal(orders[0], orders[1])
    assert not torch.equal(orders[0], orders[2]), "another pair has another order"
    apart = make_fit(settings(shared_order=False))._orders()
    assert not torch.equal(apart[0], apart[1])
    assert torch.equal(orders.sort(dim=1).values, torch.arange(300).expand(4, -1)), "each image once"


def test_the_order_changes_with_the_epoch(make_fit: Callable[[AgreementSettings], GroupFit]) -> None:
    fit = make_fit(settings())
    first = fit._orders()
    fit.epoch = 1
    assert not torch.equal(first, fit._orders())


def test_an_easy_task_stops_early_and_a_limit_ends_a_hard_one(
    make_fit: Callable[[AgreementSettings], GroupFit],
) -> None:
    easy = make_fit(settings(epochs=60, stop_train_accuracy=0.95)).run()
    assert max(fitted.epochs for fitted in easy) < 60
    assert min(min(fitted.train_accuracy) for fitted in easy) > 0.85
    assert {fitted.epochs for fitted in make_fit(settings(epochs=2)).run()} == {2}


def test_the_state_of_another_task_is_not_resumed(
    make_fit: Callable[[AgreementSettings], GroupFit], tmp_path: Path
) -> None:
    live = LiveState(tmp_path, {}, every=0)
    live.save("fit", {}, {"seed": [0, "other"], "groups": [0, 1], "epoch": 3, "seconds": 1.0, "done": []})
    assert same(make_fit(settings()).run(live), make_fit(settings()).run())


def test_live_state_depends_on_the_job(tmp_path: Path) -> None:
    assert LiveState(tmp_path, {"a": 1}).folder == LiveState(tmp_path, {"a": 1}).folder
    assert LiveState(tmp_path, {"a": 1}).folder != LiveState(tmp_path, {"a": 2}).folder


@given(
    train=st.one_of(st.none(), st.integers(1, 60)),
    held=st.integers(1, 20),
    inner=st.integers(1, 20),
    seed=st.integers(0, 5),
)
def test_the_parts_of_a_division_are_disjoint(train: int | None, held: int, inner: int, seed: int) -> None:
    chosen = DataSettings(train_images=train, heldout_images=held, discovery_heldout_images=inner, split_seed=seed)
    parts = divide(100, chosen)
    together = np.concatenate([parts.train, parts.heldout, parts.discovery_heldout])
    assert len(np.unique(together)) == len(together)
    assert len(parts.train) == (train or 100 - held - inner)
    whole = divide(100, chosen.model_copy(update={"train_images": None}))
    assert np.array_equal(whole.heldout, parts.heldout), "held-out images do not depend on the number of others"


def test_too_few_images_to_divide() -> None:
    with pytest.raises(WhichtaskError, match="too few for data.train_images = 90"):
        divide(100, DataSettings(train_images=90, heldout_images=10, discovery_heldout_images=10))


def test_normalised_batches_have_mean_zero(small_images: ImageSet) -> None:
    bank = ImageBank.of(small_images)
    batch = bank.batch(torch.arange(small_images.n_train))
    assert batch.shape == (400, 1, 8, 8)
    torch.testing.assert_close(batch.mean(), torch.tensor(0.0), atol=1e-4, rtol=0)
    torch.testing.assert_close(batch.std(), torch.tensor(1.0), atol=1e-3, rtol=0)
