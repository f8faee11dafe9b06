"""The metric of the error: its weights, what it leaves as it was, its study and its figure."""

from pathlib import Path

import pandas as pd
import pytest
import torch

from whichtask.artifacts import write_csv
from whichtask.config import FigureSettings
from whichtask.config.gbi import FitSettings, MetricJob, MetricSettings
from whichtask.config.gbi.cifar100 import GatedSettings
from whichtask.data import ImageSet
from whichtask.figures import draw, read_numbers
from whichtask.gbi import one_hot
from whichtask.gbi.autoencoder import squared_error
from whichtask.gbi.gated import Components, GatedAutoencoder, measure
from whichtask.gbi.metric import compare_metrics
from whichtask.seeding import seeded, torch_generator
from whichtask.training import LiveState

SETTINGS = MetricSettings(
    seeds=[0],
    train_images=300,
    validation_images=80,
    test_images=90,
    components=10,
    network=GatedSettings(encoder=16, code=2, noise=1.0, hidden=32),
    fit=FitSettings(epochs=8, batch_size=30, learning_rate=1e-2, schedule="cosine"),
    other_epochs=8,
)
VARIANCES = torch.tensor([9.0, 4.0, 1.0, 0.25], dtype=torch.float64)


def basis() -> Components:
    return Components(torch.zeros(4), torch.eye(4), VARIANCES, float(VARIANCES.sum()))


def network(weights: torch.Tensor | None, code: int = 2) -> GatedAutoencoder:
    chosen = GatedSettings(encoder=8, code=code, noise=1.0, hidden=12)
    with seeded("test metric"):
        return GatedAutoencoder(4, 3, chosen, torch_generator("test metric entry"), weights)


def shown(count: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    images = torch.randn(count, 4, dtype=torch.float64, generator=torch_generator("test metric images"))
    return images, one_hot(torch.arange(count) % 3, 3, torch.float64)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_the_loss_is_a_plain_loop_over_weighted_components(power: float) -> None:
    model = network(basis().weights(power)).double().requires_grad_(False)
    images, z = shown()
    rebuilt = model.decode(model.encode(images), z)
    for place, loss in enumerate(model.loss(images)(z)):
        total = 0.0
        for component in range(4):
            error = float(rebuilt[place, component] - images[place, component])
            total += float(VARIANCES[component]) ** -power * error**2
        assert float(loss) == pytest.approx(total, rel=1e-12)


def test_training_minimises_the_same_error() -> None:
    weights = basis().weights(0.5)
    images, z = shown()
    model = network(weights).double()
    model.noise = 0.0
    torch.testing.assert_close(model.training_loss(images, z, torch_generator("x")), model.loss(images)(z).mean())


def test_the_metric_of_pixels_is_the_plain_squared_error_bit_for_bit() -> None:
    images, z = (part.float() for part in shown())
    weights = basis().weights(0.0).float()
    assert torch.equal(weights, torch.ones(4))
    plain, weighted = network(None), network(weights)
    found = [model.training_loss(images, z, torch_generator("x")) for model in (plain, weighted)]
    code = plain.encode(images) + torch.randn(6, 2, generator=torch_generator("x"))
    expected = squared_error(plain.decode(code, z), images).mean()
    assert found[0] == found[1] == expected
    for loss in (*found, expected):
        loss.backward()
    expected_gradients = [weight.grad / 2 for weight in plain.parameters() if weight.grad is not None]
    assert len(expected_gradients) == len(list(plain.parameters()))
    for gradient, other in zip(expected_gradients, weighted.parameters(), strict=True):
        assert other.grad is not None
        assert torch.equal(gradient, other.grad)


def test_a_network_without_a_code_is_the_decoder_of_its_means() -> None:
    model = network(basis().weights(0.5), code=0).double().requires_grad_(False)
    images, _ = shown(20)
    scale = basis().weights(0.25)
    gradients, losses = measure.of_means(measure.reconstructed_means(model) * scale, images * scale)
    torch.testing.assert_close(losses, measure.losses(model, images))
    beside = measure.gradients(model, images)  # the decoder's bias adds the same to all entries
    torch.testing.assert_close(gradients - gradients.mean(1, keepdim=True), beside - beside.mean(1, keepdim=True))


def test_every_method_in_every_metric(small_images: ImageSet, tmp_path: Path) -> None:
    job = MetricJob(seed=0, repeat=0, metric=SETTINGS)
    table = compare_metrics(small_images, job, torch.device("cpu"), LiveState(tmp_path, {"a": 1}))
    by_metric = table.groupby("power")["method"].agg(list)
    assert by_metric[0.0] == by_metric[0.5]
    assert by_metric[1.0] == ["class mean, one-step", "class mean, likelihood"]
    accuracy = table.set_index(["power", "method"])["accuracy"]
    for power in (0.0, 0.5):
        # In each metric a decoder that sees Z only learns the class means.
        generative, mean = (accuracy[power, f"{name}, likelihood"] for name in ("pure generative", "class mean"))
        assert generative == pytest.approx(mean, abs=0.1)
        assert accuracy[power, "one-step"] > 0.5
    alone = SETTINGS.model_copy(update={"powers": [1.0]})
    other = compare_metrics(
        small_images, MetricJob(seed=0, repeat=0, metric=alone), torch.device("cpu"), LiveState(tmp_path, {"a": 2})
    )
    white = other.set_index(["power", "method"])["accuracy"]
    assert white[1.0, "class mean, likelihood"] == accuracy[1.0, "class mean, likelihood"]


def test_the_figure(tmp_path: Path) -> None:
    paths = []
    for repeat in (0, 1):
        about = {"repeat": repeat, "data": "cifar100", "classes": 100, "images_train": 10, "components": 4}
        rows = [
            about | {"images_test": 5, "power": power, "method": method, "accuracy": value + 0.02 * repeat, "epochs": 3}
            for power in (0.0, 0.5)
            for method, value in (
                ("class mean, likelihood", 0.1), ("pure generative, likelihood", 0.1), ("class mean, one-step", 0.1),
                ("one-step", 0.2), ("likelihood", 0.3),
            )
        ]  # fmt: skip
        rows.append(rows[0] | {"power": 1.0, "accuracy": 0.15})
        paths.append(tmp_path / f"{repeat}.csv")
        write_csv(paths[-1], pd.DataFrame(rows))
    draw("gbi_cifar100_metric", {"metric": paths}, tmp_path / "x.png", FigureSettings(dpi=50))
    drawn = read_numbers(tmp_path / "x.csv")
    means = drawn[drawn["row"] == "mean"].set_index(["power", "method"])
    assert means["minus_likelihood"][0.5, "one-step"] == pytest.approx(-0.1)
    assert means["accuracy"][0.5, "one-step"] == pytest.approx(0.21)
    assert (means["n"] == 2).all()
    assert means["paper_accuracy"][0.0, "one-step"] == 0.1852
    assert "class mean, one-step" not in set(drawn["method"])
