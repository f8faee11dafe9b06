"""The figure of regulation: its files and numbers, several seeds of a set, and bad inputs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whichtask.artifacts import write_csv
from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures import draw, numbers

SETTINGS = FigureSettings(dpi=60)
VALUES = {"crop": 0.3, "flip": 0.2, "colour_jitter": 0.2, "grey": 0.1, "all": 0.35, "mean_colour": 0.4}


def measured(name: str, factor: float, tasks: int = 3, grey: bool = False) -> pd.DataFrame:
    rows = [
        {
            "data": "quadrants",
            "set": name,
            "task": f"task_{k}",
            "augmentation": augmentation,
            "value": factor * value + 0.01 * k,
            "images": 1_200,
            "views": 3,
        }
        for k in range(tasks)
        for augmentation, value in VALUES.items()
        if not (grey and augmentation == "grey")
    ]
    return pd.DataFrame(rows)


def written(folder: Path, *tables: pd.DataFrame) -> dict[str, list[Path]]:
    paths = []
    for i, table in enumerate(tables):
        paths.append(folder / f"{i}.csv")
        write_csv(paths[-1], table)
    return {"regulation": paths}


def numbers_of(folder: Path, *tables: pd.DataFrame) -> pd.DataFrame:
    return numbers("td_regulation", written(folder, *tables), SETTINGS)


def test_means_are_of_every_set_and_the_picture_says_what_is_behind_them(tmp_path: Path) -> None:
    out = tmp_path / "td_regulation.png"
    inputs = written(tmp_path, measured("base", 1.0), measured("discovered", 0.9), measured("regulated", 0.4))
    draw("td_regulation", inputs, out, SETTINGS)
    table = pd.read_csv(out.with_suffix(".csv"))
    means = table[table["row"] == "mean"].set_index(["group", "augmentation"])
    assert len(means) == 18
    assert len(table) == 18 + 3 * 18
    assert means.loc[("regulated", "colour_jitter"), "value"] == pytest.approx(0.4 * 0.2 + 0.01)
    assert means[["low", "high"]].isna().all(axis=None), "one search of each"
    assert (means["n_tasks"] == 3).all()
    svg = out.with_suffix(".svg").read_text()
    assert "1,200 held-out" in svg
    assert "regulated: 3 tasks" in svg


def test_seeds_of_a_set_are_one_group_with_an_interval_between_them(tmp_path: Path) -> None:
    alone = numbers_of(tmp_path, measured("regulated", 0.4))
    both = numbers_of(tmp_path, measured("regulated", 0.4), measured("regulated.s1", 1.0))
    assert both["group"].unique().tolist() == ["regulated"]
    one, two = (part[(part["row"] == "mean") & (part["augmentation"] == "crop")].iloc[0] for part in (alone, both))
    assert (two["n_searches"], two["n_tasks"]) == (2, 6)
    assert two["value"] == pytest.approx(0.3 * 0.7 + 0.01)
    assert np.isnan(one["low"])
    assert two["low"] < two["value"] < two["high"]
    kept = numbers_of(tmp_path, measured("lambda-0.05", 1.0))
    assert kept["group"].unique().tolist() == ["lambda-0.05"]


def test_grey_images_and_a_single_task_can_be_drawn(tmp_path: Path) -> None:
    out = tmp_path / "td_regulation.png"
    draw("td_regulation", written(tmp_path, measured("regulated", 0.4, tasks=1, grey=True)), out, SETTINGS)
    table = pd.read_csv(out.with_suffix(".csv"))
    assert "grey" not in table["augmentation"].tolist()
    assert np.isnan(table.loc[table["row"] == "mean", "low"]).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"augmentation": "blur"}, "unknown augmentation blur"),
        ({"data": "other"}, "several values of 'data'"),
        ({"set": "base"}, "measured twice"),
    ],
)
def test_bad_tables_are_refused(tmp_path: Path, change: dict[str, str], message: str) -> None:
    inputs = written(tmp_path, measured("base", 1.0), measured("regulated", 0.4).assign(**change))
    with pytest.raises(WhichtaskError, match=message):
        numbers("td_regulation", inputs, SETTINGS)
    with pytest.raises(WhichtaskError, match="no column views"):
        numbers_of(tmp_path, measured("base", 1.0).drop(columns="views"))
