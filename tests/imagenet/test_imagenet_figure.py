"""The figure of the ImageNet split: its numbers, and one clear error for tables that do not fit."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whichtask.artifacts import read_csv, write_csv
from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures import draw
from whichtask.figures.td.imagenet import numbers


def accuracies(folder: Path, split: str, top1: float, seed: int = 0, **changes: Any) -> Path:
    """Write the table of one network."""
    row = {
        "network": "resnet50",
        "split": split,
        "seed": seed,
        "top1_accuracy": top1,
        "top5_accuracy": top1 + 0.2,
        "train_accuracy": 0.9,
        "images_train": 1_000,
        "images_test": 1_010,
        "n_classes": 20,
        "epochs": 90,
    }
    path = folder / f"{split}{seed}.csv"
    write_csv(path, pd.DataFrame([row | changes]))
    return path


def test_the_figure_shows_every_network_with_its_interval(tmp_path: Path) -> None:
    paths = [accuracies(tmp_path, "adversarial", 0.3), accuracies(tmp_path, "random", 0.6)]
    draw("td_imagenet", {"tables": paths}, tmp_path / "out" / "figure.png", FigureSettings(dpi=60))
    table = read_csv(tmp_path / "out" / "figure.csv")
    assert (tmp_path / "out" / "figure.svg").exists()
    assert table[["split", "measure"]].to_numpy().tolist() == [
        ["random", "top-1"],
        ["random", "top-5"],
        ["adversarial", "top-1"],
        ["adversarial", "top-5"],
    ]
    np.testing.assert_allclose(table["accuracy"], [0.6, 0.8, 0.3, 0.5])
    np.testing.assert_allclose(table["chance"], [0.05, 0.25, 0.05, 0.25])
    assert ((table["low"] < table["accuracy"]) & (table["accuracy"] < table["high"])).all()
    # Two standard errors of a share of 1010 images.
    error = np.sqrt(table["accuracy"] * (1 - table["accuracy"]) / 1_010)
    np.testing.assert_allclose((table["high"] - table["low"]) / (3.92 * error), 1, atol=0.1)


def test_several_networks_are_drawn_side_by_side(tmp_path: Path) -> None:
    paths = [
        accuracies(tmp_path, split, 0.3 + 0.1 * seed, seed) for split in ("random", "adversarial") for seed in (1, 0)
    ]
    draw("td_imagenet", {"tables": paths}, tmp_path / "figure.png", FigureSettings(dpi=60))
    assert numbers({"tables": paths})["seed"].tolist() == [0, 0, 1, 1] * 2


def test_tables_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    one = accuracies(tmp_path, "random", 0.5)
    with pytest.raises(WhichtaskError, match="needs accuracies of the splits random and adversarial, but has random"):
        numbers({"tables": [one]})
    with pytest.raises(WhichtaskError, match="mix several values of 'network'"):
        numbers({"tables": [one, accuracies(tmp_path, "adversarial", 0.5, network="resnet18")]})
    with pytest.raises(WhichtaskError, match="mix several values of 'epochs'"):
        numbers({"tables": [one, accuracies(tmp_path, "adversarial", 0.5, epochs=3)]})
