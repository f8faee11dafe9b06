"""One step from several starts: maximum entropy gives the table's answers, the rest what algebra says; the figure."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torch import Tensor

from whichtask.artifacts import read_csv, write_csv
from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures import draw, numbers
from whichtask.gbi.starts import DRAWS, MAXIMUM_ENTROPY, Part, compare_starts, starting_points
from whichtask.seeding import torch_generator

TASKS = 4
SETTINGS = FigureSettings(dpi=40)


def test_starts_are_points_of_the_simplex_and_reproducible() -> None:
    mean = torch.tensor([0.4, 0.3, 0.2, 0.1])
    points, again, other = (starting_points(50, mean, key) for key in ("a", "a", "b"))
    for name, drawn in points.items():
        assert len(drawn) == (1 if name in (MAXIMUM_ENTROPY, "mean posterior") else DRAWS)
        for z, same in zip(drawn, again[name], strict=True):
            assert torch.equal(z, same)
            torch.testing.assert_close(z.sum(dim=1), torch.ones(50))
            assert (z >= 0).all()
    assert not torch.equal(points["one-hot"][0], other["one-hot"][0])
    assert (points["one-hot"][0].amax(dim=1) == 1).all()
    torch.testing.assert_close(points["halfway to a one-hot"][1], (points["one-hot"][1] + 1 / TASKS) / 2)


def part(name: str, bend: float) -> Part:
    """Gradients of a quadratic loss ``g . z + bend |z|^2 / 2``, with labels that mostly have the least ``g``."""
    generator = torch_generator("starts", name)
    linear = torch.randn(300, TASKS, generator=generator)
    labels = (linear + 0.5 * torch.randn(300, TASKS, generator=generator)).argmin(dim=1)

    def gradient(z: Tensor) -> Tensor:
        return linear + bend * z

    return Part(gradient, labels)


def test_where_the_loss_is_linear_every_start_gives_the_same_and_else_one_hots_are_worst() -> None:
    for bend, depends in ((0.0, False), (3.0, True)):
        found = compare_starts(part("validation", bend), part("test", bend), TASKS, ("key",), part("outside", bend))
        table = pd.DataFrame(found).groupby("start", sort=False).mean(numeric_only=True)
        accuracy = table["accuracy"]
        direct = part("test", bend)
        plain = direct.gradient(torch.full((300, TASKS), 1 / TASKS)).argmin(dim=1)
        assert accuracy[MAXIMUM_ENTROPY] == float((plain == direct.labels).double().mean())
        assert table["same_answer"][MAXIMUM_ENTROPY] == 1
        assert table["start_entropy"][MAXIMUM_ENTROPY] == pytest.approx(1)
        assert table["start_entropy"]["one-hot"] == 0
        if depends:
            assert accuracy["one-hot"] < accuracy["halfway to a one-hot"] < accuracy[MAXIMUM_ENTROPY]
            assert table["same_answer"]["one-hot"] < 0.9
        else:
            assert (accuracy == accuracy[MAXIMUM_ENTROPY]).all()
            assert (table["same_answer"] == 1).all()
            assert table["auroc"].max() == pytest.approx(table["auroc"].min(), abs=1e-3)


def tables(folder: Path) -> dict[str, list[Path]]:
    """Return what two repeats of both experiments would write."""
    about: dict[str, Any] = {"data": "mnist", "source": "here", "outside": "noise", "train_images": 300}
    inputs: dict[str, list[Path]] = {"images": [], "toy": []}
    for repeat in (0, 1):
        sides = [part(f"{side} {repeat}", 2.0) for side in ("validation", "test", "outside")]
        rows = pd.DataFrame(compare_starts(sides[0], sides[1], TASKS, (repeat,), sides[2]))
        arms = pd.concat([rows.assign(arm=arm) for arm in ("raw", "normalised")]).assign(repeat=repeat, **about)
        toy = rows.drop(columns="auroc").assign(arm="gbi_hard", repeat=repeat)
        for name, table in (("images", arms), ("toy", toy)):
            path = folder / f"{name}-{repeat}.csv"
            write_csv(path, table)
            inputs[name].append(path)
    return inputs


def test_the_figure_averages_draws_before_seeds(tmp_path: Path) -> None:
    inputs, out = tables(tmp_path), tmp_path / "gbi_starts.png"
    draw("gbi_starts", inputs, out, SETTINGS)
    drawn = read_csv(out.with_suffix(".csv"))
    keys = ["row", "repeat", "part", "arm", "start", "measure"]
    assert not drawn.duplicated(keys).any()
    seeds = drawn[(drawn["row"] == "seed") & (drawn["arm"] == "raw") & (drawn["measure"] == "accuracy")]
    value = seeds.set_index(["part", "start", "repeat"])["value"]
    source = read_csv(inputs["images"][1])
    expected = source[source["arm"] == "raw"].groupby("start")["accuracy"].mean()
    assert value["value", "one-hot", 1] == pytest.approx(expected["one-hot"])
    assert value["difference", "one-hot", 1] == pytest.approx(expected["one-hot"] - expected[MAXIMUM_ENTROPY])


def test_tables_without_the_reference_are_refused(tmp_path: Path) -> None:
    inputs = tables(tmp_path)
    for path in [*inputs["images"], *inputs["toy"]]:
        table = read_csv(path)
        write_csv(path, table[table["start"] != MAXIMUM_ENTROPY])
    with pytest.raises(WhichtaskError, match="no start 'maximum entropy'"):
        numbers("gbi_starts", inputs, SETTINGS)
