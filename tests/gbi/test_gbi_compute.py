"""Cost of inference: operations are counted exactly, so they must follow from the methods' definitions."""

from pathlib import Path

import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from whichtask.artifacts import read_csv
from whichtask.cli import app
from whichtask.config import FigureSettings, load_config
from whichtask.config.gbi import ComputeJob
from whichtask.errors import WhichtaskError
from whichtask.figures import draw
from whichtask.gbi.compute import measure

SETTINGS = {"tasks": [2, 6], "widths": [8, 16], "batch_size": 3, "measurements": 1, "inference": {"steps": 4}}


def job(repeat: int = 0) -> ComputeJob:
    return ComputeJob.of(load_config({"gbi": {"compute": SETTINGS | {"seeds": [0, 1]}}}), repeat)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return measure(job(), torch.device("cpu"))


def test_operations_follow_from_the_methods(table: pd.DataFrame) -> None:
    cells = table.set_index(["width", "tasks", "method"])["operations_per_image"]
    for width in (8, 16):
        for tasks in (2, 6):
            one, iterative, likelihood = (cells[width, tasks, name] for name in ("one-step", "iterative", "likelihood"))
            assert iterative == 4 * one, "each step is one forward and one backward pass"
            assert likelihood / tasks == pytest.approx(one / 2, rel=0.01), "one pass a task; a step is two"
    assert (table["seconds_per_image"] > 0).all()


def test_passes_are_counted_while_a_method_runs(table: pd.DataFrame) -> None:
    columns = ["method", "tasks", "forward_passes", "backward_passes"]
    for method, tasks, forward, backward in table[columns].itertuples(index=False, name=None):
        assert (forward, backward) == {"one-step": (1, 1), "iterative": (4, 4), "likelihood": (tasks, 0)}[method]


def test_operations_do_not_depend_on_the_draw(table: pd.DataFrame) -> None:
    again = measure(job(1), torch.device("cpu"))
    assert again["operations_per_image"].equals(table["operations_per_image"])
    assert set(again["repeat"]) == {1}


def test_the_figure_draws_all_methods(tmp_path: Path, table: pd.DataFrame) -> None:
    paths = []
    for repeat in (0, 1):
        paths.append(tmp_path / f"{repeat}.csv")
        table.assign(repeat=repeat, device="cpu").to_csv(paths[-1], index=False)
    draw("gbi_compute", {"compute": paths}, tmp_path / "gbi_compute.png", FigureSettings())
    drawn = read_csv(tmp_path / "gbi_compute.csv")
    assert set(drawn["method"]) == {"one-step", "iterative", "likelihood"}
    means = drawn[drawn["row"] == "mean"]
    assert set(means["n"]) == {2}
    assert set(means.loc[means["measure"] == "backward_passes", "value"]) == {0, 1, 4}
    seeds = drawn[(drawn["row"] == "seed") & (drawn["measure"] == "operations_ratio")]
    assert set(seeds.loc[seeds["method"] == "iterative", "value"]) == {4}
    assert set(seeds["repeat"]) == {0, 1}


def test_the_verb_writes_table_and_settings(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["gbi", "compute", "--out", str(tmp_path), "--job", job().model_dump_json()])
    assert done.exit_code == 0, done.output
    assert set(read_csv(tmp_path / "compute.csv")["device"]) <= {"cpu", "cuda"}
    assert (tmp_path / "config.yaml").exists()


def test_a_repeat_must_be_one_of_the_seeds() -> None:
    with pytest.raises(WhichtaskError, match="the seeds are 0, 1"):
        job(7)
