"""Learning with and without the class: what the arms share, the curves, an interrupted run, and the figure."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from whichtask.artifacts import read_csv, write_csv
from whichtask.config import FigureSettings
from whichtask.config.gbi.images import ImagesLearningSettings, ImagesSettings
from whichtask.config.gbi.inference import AutoencoderSettings
from whichtask.errors import WhichtaskError
from whichtask.figures import draw, numbers
from whichtask.gbi.abstraction import maximum_entropy, one_hot
from whichtask.gbi.autoencoder import Autoencoder, squared_error
from whichtask.gbi.images import learning
from whichtask.gbi.images.data import Parts
from whichtask.gbi.images.ensemble import start_gradients
from whichtask.gbi.images.learning import CONSTANT, GIVEN, INFERRED, SHUFFLED, learn, mean_error
from whichtask.seeding import seeded, torch_generator
from whichtask.training.live import LiveState

KEY = (0, 0)
SETTINGS = FigureSettings(dpi=40)
ABOUT: dict[str, Any] = {"data": "quadrants", "source": "here", "outside": "noise", "train_images": 300}


@pytest.fixture(scope="module")
def chosen(quick_settings: ImagesSettings) -> ImagesSettings:
    looks = ImagesLearningSettings(train_images=[100, 300, 900], seen_images=1_500, checks=3)
    return quick_settings.model_copy(update={"more": quick_settings.more.model_copy(update={"learning": looks})})


@pytest.fixture(scope="module")
def table(parts: Parts, chosen: ImagesSettings, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return pd.DataFrame(learn(parts, chosen, KEY, LiveState(tmp_path_factory.mktemp("learning"), {})))


def test_a_constant_z_is_a_network_without_z(parts: Parts) -> None:
    """The weights of a constant input are part of the bias: take Z away, put them there, and the error is equal."""
    with seeded("test"):
        model = Autoencoder((8, 8, 1), 4, AutoencoderSettings(channels=[4, 4], code=2), torch_generator("test"))
    first = next(layer for layer in model.rest if isinstance(layer, nn.Linear))
    without = nn.Linear(2, first.out_features)
    images, count = parts.test.images, len(parts.test.labels)
    with torch.no_grad():
        without.weight.copy_(first.weight[:, :2])
        without.bias.copy_(first.bias + first.weight[:, 2:].mean(dim=1))
        expected = squared_error(model.rest[1:](without(model.encode(images))), images).mean()
    found = mean_error(model, images, maximum_entropy(count, 4))
    assert found == pytest.approx(float(expected), rel=1e-5)


def test_every_method_has_its_looks_and_knowing_helps(table: pd.DataFrame) -> None:
    assert sorted(table["learned_images"].unique()) == [100, 300], "a set that has fewer gives all it has, once"
    looks = table.groupby(["learned_images", "method"])["seen_images"].apply(list)
    assert set(looks.index.get_level_values("method")) == {GIVEN, INFERRED, CONSTANT, SHUFFLED}
    assert all(seen == [500, 1_000, 1_500] for seen in looks)
    assert table.loc[table["method"] == CONSTANT, "one_step_accuracy"].isna().all()
    last = table[(table["seen_images"] == 1_500) & (table["learned_images"] == 300)].set_index("method")
    assert last["squared_error"][GIVEN] < last["squared_error"][CONSTANT]
    assert last["one_step_accuracy"][GIVEN] > last["one_step_accuracy"][SHUFFLED]


def test_arms_begin_alike_and_are_measured_as_they_say(
    parts: Parts, chosen: ImagesSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, list[Tensor]] = {}

    def begun(model: Autoencoder, loss: object, *rest: object) -> None:
        seen[str(rest[4])] = [value.clone() for value in model.state_dict().values()]

    with monkeypatch.context() as patched:
        patched.setattr(learning, "fit", begun)
        rows = pd.DataFrame(learn(parts, chosen, KEY, LiveState(tmp_path, {}))).set_index(["learned_images", "method"])
    start, *others = [seen[f"learning-300-{name}"] for name in ("Z-given", "Z-constant", "shuffled-labels")]
    assert all(torch.equal(*pair) for other in others for pair in zip(start, other, strict=True))
    with seeded("anything"):
        model = Autoencoder(parts.shape, parts.classes, chosen.autoencoder, torch_generator("any"))
    for value, kept in zip(model.state_dict().values(), start, strict=True):
        value.copy_(kept)
    images, labels = parts.test
    assert rows["squared_error"][300, GIVEN] == mean_error(model, images, one_hot(labels, 4))
    answers = start_gradients(model, images)[1].argmin(dim=1)
    assert rows["squared_error"][300, INFERRED] == mean_error(model, images, one_hot(answers, 4))
    assert rows["one_step_accuracy"][300, GIVEN] == float((answers == labels).double().mean())


@pytest.mark.parametrize("after", [4, 7])
def test_an_interrupted_run_goes_on_to_the_same_numbers(
    table: pd.DataFrame,
    parts: Parts,
    chosen: ImagesSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    after: int,
) -> None:
    calls = [0]
    measured = learning._measured

    def killed(*given: object) -> object:
        calls[0] += 1
        if calls[0] > after:
            raise KeyboardInterrupt
        return measured(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(learning, "_measured", killed)
        with pytest.raises(KeyboardInterrupt):
            learn(parts, chosen, KEY, LiveState(tmp_path, {}, every=0))
    pd.testing.assert_frame_equal(pd.DataFrame(learn(parts, chosen, KEY, LiveState(tmp_path, {}, every=0))), table)


def curves(folder: Path, table: pd.DataFrame) -> list[Path]:
    paths = [folder / f"{repeat}.csv" for repeat in (0, 1)]
    for repeat, path in enumerate(paths):
        scaled = table.assign(squared_error=table["squared_error"] * (1 + repeat))
        write_csv(path, scaled.assign(repeat=repeat, **ABOUT))
    return paths


def test_the_figure_says_differences_and_speed(tmp_path: Path, table: pd.DataFrame) -> None:
    out, inputs = tmp_path / "gbi_images_learning.png", {"learning": curves(tmp_path, table)}
    draw("gbi_images_learning", inputs, out, SETTINGS)
    drawn = read_csv(out.with_suffix(".csv"))
    assert not drawn.duplicated(["row", "repeat", "part", "method", "learned_images", "seen_images", "measure"]).any()
    seeds = drawn[(drawn["row"] == "seed") & (drawn["learned_images"] == 300)]
    value = seeds.set_index(["part", "method", "measure", "repeat", "seen_images"])["value"].sort_index()
    ends = table[(table["seen_images"] == 1_500) & (table["learned_images"] == 300)].set_index("method")[
        "squared_error"
    ]
    for repeat in (0, 1):
        found = value["difference", GIVEN, "relative_error", repeat, 1_500]
        assert found == pytest.approx(ends[GIVEN] / ends[CONSTANT] - 1)
        difference = value["difference", GIVEN, "squared_error", repeat, 1_500]
        assert difference == pytest.approx((1 + repeat) * (ends[GIVEN] - ends[CONSTANT]))
        assert 0 < value["speed", GIVEN, "share_needed", repeat, 1_500] <= 1
        assert value["speed", GIVEN, "reached", repeat, 1_500] == 1


def test_images_needed_lie_on_the_line_between_two_looks(tmp_path: Path) -> None:
    errors = {GIVEN: [10.0, 6.0, 2.0], CONSTANT: [10.0, 8.0, 4.0], SHUFFLED: [10.0, 9.0, 5.0]}
    rows = [
        {"learned_images": 300, "seen_images": 100 * (place + 1), "method": method, "squared_error": error, "images": 9}
        for method, found in errors.items()
        for place, error in enumerate(found)
    ]
    paths = curves(tmp_path, pd.DataFrame(rows).assign(one_step_accuracy=0.5))
    drawn = numbers("gbi_images_learning", {"learning": paths}, SETTINGS)
    speed = drawn[(drawn["part"] == "speed") & (drawn["row"] == "seed") & (drawn["repeat"] == 0)]
    value = speed.set_index(["method", "measure"])["value"]
    assert value[GIVEN, "share_needed"] == pytest.approx(250 / 300)
    assert value[SHUFFLED, "reached"] == 0
    assert (SHUFFLED, "share_needed") not in value.index
    table = read_csv(paths[0])
    write_csv(paths[0], table[table["method"] != CONSTANT])
    with pytest.raises(WhichtaskError, match="no method 'Z constant'"):
        numbers("gbi_images_learning", {"learning": paths[:1]}, SETTINGS)
