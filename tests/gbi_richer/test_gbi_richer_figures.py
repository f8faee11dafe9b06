"""Figures of richer codes and of continual learning draw what their tables hold."""

from pathlib import Path

import pandas as pd
import pytest

from whichtask.artifacts import write_csv
from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures import draw, numbers, read_numbers

SETTINGS = FigureSettings(dpi=50)


def richer_tables(folder: Path, repeat: int) -> tuple[Path, Path]:
    """Write tables whose accuracies are 0.1 and 0.3 in the two repeats."""
    about = {"repeat": repeat, "data": "factors32", "images_train": 10, "variance_share": 0.9, "images_test": 5}
    accuracy, loss = [], []
    for code in ("one-hot", "one part a factor"):
        for kind in ("seen", "left out"):
            own = about | {"code": code, "combinations": kind}
            for method in ("one-step", "iterative"):
                accuracy += [
                    own | {"method": method, "measure": name, "chance": 0.1, "accuracy": 0.1 + 0.2 * repeat}
                    for name in ("class", "hue")
                ]
            loss += [own | {"abstraction": name, "loss": 5.0} for name in ("given", "iterative", "uniform")]
    paths = folder / f"accuracy{repeat}.csv", folder / f"loss{repeat}.csv"
    for path, rows in zip(paths, (accuracy, loss), strict=True):
        write_csv(path, pd.DataFrame(rows))
    return paths


def test_richer(tmp_path: Path) -> None:
    accuracy, loss = zip(*(richer_tables(tmp_path, repeat) for repeat in (0, 1)), strict=True)
    draw("gbi_richer", {"accuracy": accuracy, "loss": loss}, tmp_path / "x.png", SETTINGS)
    drawn = read_numbers(tmp_path / "x.csv")
    means = drawn[(drawn["row"] == "mean") & (drawn["measure"] == "class")]
    assert means["value"].tolist() == pytest.approx([0.2] * 8)
    assert (means["n"] == 2).all()
    with pytest.raises(WhichtaskError, match="loss"):
        numbers("gbi_richer", {"accuracy": accuracy}, SETTINGS)


def test_continual_draws_the_chosen_candidates_only(tmp_path: Path) -> None:
    paths = []
    for repeat in (0, 1, 2):
        rows = [
            {
                "repeat": repeat,
                "data": "mnist",
                "learner": learner,
                "scenario": scenario,
                "candidate": candidate,
                "accuracy": 0.5 if candidate == 1 else 0.9,
                "forgetting": None if learner == "joint training" else 0.25,
                "parameters": 100,
                "updates": 7,
                "stored_images_per_class": 10 if learner == "replay" else 0,
                "tasks": 5,
                "images_train": 60,
                "chosen": candidate == 1,
            }
            for learner in ("joint training", "replay", "EWC", "GBI, one-step")
            for scenario in ("class", "task")
            for candidate in (1, 2)
        ]
        paths.append(tmp_path / f"{repeat}.csv")
        write_csv(paths[-1], pd.DataFrame(rows))
    draw("gbi_continual", {"summary": paths}, tmp_path / "x.png", SETTINGS)
    means = read_numbers(tmp_path / "x.csv").query("row == 'mean'")
    assert (means["accuracy"] == 0.5).all()
    assert (means["n"] == 3).all()
    assert means.set_index("learner")["forgetting"]["EWC"].tolist() == [0.25, 0.25]
    assert means.set_index("learner")["forgetting"]["joint training"].isna().all()
