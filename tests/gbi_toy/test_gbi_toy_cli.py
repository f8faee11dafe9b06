"""The verbs of the toy sequences and their figures, from settings to files, at the smallest size."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from typer.testing import CliRunner

from whichtask.artifacts import read_csv, read_tensors, write_csv
from whichtask.cli import app
from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures import draw
from whichtask.figures.means import long_means
from whichtask.gbi.inference import one_step
from whichtask.gbi.toy.arms import ARMS, Arm, code_of
from whichtask.gbi.toy.filters import of_iterating
from whichtask.gbi.toy.gradients import gradients_of
from whichtask.gbi.toy.learning import HEADLINE
from whichtask.gbi.toy.network import pick
from whichtask.gbi.toy.online import Rate
from whichtask.gbi.toy.stream import Stream
from whichtask.stats import mean_interval

SETTINGS = FigureSettings(dpi=50)
TINY: dict[str, Any] = {
    "gbi": {
        "toy": {
            "seeds": [0, 1],
            "stress": {"three": {"means": [0.2, 0.5, 0.8], "stds": [0.15] * 3}, "four": None, "unequal": None},
            "network": {"hidden": 4},
            "blocks": 4,
            "early_blocks": 2,
            "checkpoint_blocks": 2,
            "test_sequences": 2,
            "test_length": 9,
            "validation_steps": 60,
            "stream_steps": 100,
            "tested_sequences": 1,
            "tested_length": 26,
            "tuning_means": [0.425],
            "tuning_sequences": 1,
            "grid": {"learning_rates": [0.5], "momenta": [0.0], "observations": [3], "l2": [0.0], "entropy": []},
        },
        "unsupervised": {"seeds": [0, 1], "blocks": 3, "hidden": 4, "bins": 3},
    }
}
FIGURES = {
    "gbi_toy_learning": {"curves": ["toy_learning/curves.csv"]},
    "gbi_toy_modules": {"modules": ["toy_learning/modules.csv"]},
    "gbi_toy_forgetting": {"contexts": ["toy_learning/contexts.csv", "toy/contexts.csv"]},
    "gbi_toy_generalisation": {"generalisation": ["toy/generalisation.csv"]},
    "gbi_toy_gradients": {"by_observation": ["toy/by_observation.csv"], "one_step": ["toy/one_step.csv"]},
    "gbi_toy_bayes": {"switches": ["toy/switches.csv"], "filters": ["toy/filters.csv"]},
    "gbi_unsupervised": {"unsupervised": ["unsupervised/unsupervised.csv"]},
}


def whichtask(*arguments: str | Path) -> str:
    found = CliRunner().invoke(app, ["gbi", *map(str, arguments)])
    if found.exception is not None:
        raise found.exception
    return found.output


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with config.yaml and the outputs of one repeat of every verb."""
    folder = tmp_path_factory.mktemp("toy")
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(TINY))
    common = ("--config", config, "--results", folder, "--threads", "1", "--repeat", "1")
    whichtask("toy-learning", "--out", folder / "toy_learning", *common)
    whichtask("toy", "--weights", folder / "toy_learning/weights.safetensors", "--out", folder / "toy", *common)
    whichtask("unsupervised", "--out", folder / "unsupervised", *common)
    return folder


def test_every_file_is_written_and_live_state_is_gone(results: Path) -> None:
    written = {path.name: sorted(file.name for file in path.iterdir()) for path in results.iterdir() if path.is_dir()}
    assert written["toy_learning"] == [
        "config.yaml",
        "contexts.csv",
        "curves.csv",
        "modules.csv",
        "stream.csv",
        "weights.safetensors",
    ]
    assert written["toy"] == [
        "by_observation.csv",
        "config.yaml",
        "contexts.csv",
        "curves.csv",
        "filters.csv",
        "generalisation.csv",
        "one_step.csv",
        "rates.csv",
        "starts.csv",
        "stream_beliefs.csv",
        "switches.csv",
    ]
    assert written["unsupervised"] == ["config.yaml", "unsupervised.csv"]
    assert not any((results / ".state").iterdir())
    for name in ("toy_learning", "toy", "unsupervised"):
        for path in (results / name).glob("*.csv"):
            assert (read_csv(path)["repeat"] == 1).all(), path
    assert yaml.safe_load((results / "toy/config.yaml").read_text())["weights"].keys()


def test_tables_hold_every_stream_and_arm(results: Path) -> None:
    one_step = read_csv(results / "toy/one_step.csv")
    assert set(one_step["task"]) == {"headline", "std_0.5", "three"}
    assert one_step.loc[one_step["task"] == "three", "contexts"].eq(3).all()
    assert one_step["bound_holds"].eq(1).all()
    starts = read_csv(results / "toy/starts.csv").set_index(["arm", "start"])["accuracy"]
    alone = one_step[(one_step["task"] == "headline") & (one_step["observations"] == 1)].set_index("arm")["accuracy"]
    for arm in ("gbi_hard", "gbi_soft"):
        assert starts[arm, "maximum entropy"].item() == alone[arm], "the start of all other tables"
    contexts = read_csv(results / "toy/contexts.csv")
    assert {"gbi_hard_iterated", "gbi_soft_iterated"} <= set(contexts.loc[contexts["task"] == "headline", "arm"])
    generalisation = read_csv(results / "toy/generalisation.csv")
    assert generalisation.groupby(["arm", "blocks", "reading"]).size().eq(15).all()
    assert set(generalisation["blocks"]) == {2, 4}
    assert len(read_tensors(results / "toy_learning/weights.safetensors")[0]) == 14


@pytest.mark.parametrize("arm", ["gbi_hard", "gbi_soft"])
def test_beliefs_on_the_stream_of_learning(results: Path, arm: Arm) -> None:
    """They are what the written weights, rates and temperatures infer from the written observations."""
    found = read_csv(results / "toy/stream_beliefs.csv").query("arm == @arm")
    weights, what = read_tensors(results / "toy_learning/weights.safetensors")
    rates, taus = (read_csv(results / f"toy/{name}.csv") for name in ("rates", "one_step"))
    stream = read_csv(results / "toy_learning/stream.csv")
    row = rates[(rates["use"] == "stream") & (rates["task"] == HEADLINE) & (rates["arm"] == arm)].iloc[0]
    of_one = (taus["task"] == HEADLINE) & (taus["arm"] == arm) & (taus["observations"] == 1)
    network, window = pick(weights, [list(ARMS).index(arm)]), what["job"]["toy"]["network"]["window"]
    x = stream["observation"].to_numpy(copy=True)
    nothing = np.zeros(len(x), np.int64)
    rate = Rate(row["learning_rate"], row["momentum"], int(row["observations"]), row["l2"], row["entropy"])
    iterated, _ = of_iterating(network, Stream(x, nothing, nothing), rate, window)
    gradients = gradients_of(network, torch.from_numpy(x).float(), window, 1, code_of(arm, 2)).gradient
    single = one_step(gradients.double(), taus.loc[of_one, "tau"].item()).numpy()
    for column, expected in (("iterated", iterated.prior), ("one_step", single)):
        assert found[column].to_numpy() == pytest.approx(expected.ravel(), abs=1e-6)
    assert found["context"].tolist() == [0, 1] * (len(stream) - window)
    shown = found[found["context"] == 0]
    later = stream[window:]
    for column in ("step", "observation"):
        assert shown[column].tolist() == pytest.approx(later[column].tolist())
    assert np.array([0.2, 0.8])[shown["true_context"]].tolist() == later["mean"].tolist()


@pytest.mark.parametrize("figure", FIGURES)
def test_figures(results: Path, tmp_path: Path, figure: str) -> None:
    inputs: dict[str, list[Path]] = {}
    for name, files in FIGURES[figure].items():
        inputs[name] = []
        for file in files:
            table = read_csv(results / file)
            for repeat in (0, 1):  # a second repeat that differs a little
                numbers = table.select_dtypes("float").columns.difference(["std", "test_mean", "share", "observation"])
                again = table.assign(repeat=repeat, **{key: table[key] * (1 + 0.01 * repeat) for key in numbers})
                inputs[name].append(tmp_path / f"{repeat}_{file.replace('/', '_')}")
                write_csv(inputs[name][-1], again)
    out = tmp_path / f"{figure}.png"
    draw(figure, inputs, out, SETTINGS)
    drawn = read_csv(out.with_suffix(".csv"))
    assert {"seed", "mean"} == set(drawn["row"])
    assert drawn.loc[drawn["row"] == "mean", "n"].max() == 2
    assert drawn.loc[drawn["row"] == "seed", "repeat"].isin({0, 1}).all()
    assert out.with_suffix(".svg").stat().st_size > 10_000
    some = next(iter(FIGURES[figure]))
    with pytest.raises(WhichtaskError, match="needs the input"):
        draw(figure, {}, out, SETTINGS)
    bad = tmp_path / "bad.csv"
    write_csv(bad, pd.DataFrame({"repeat": [0]}))
    with pytest.raises(WhichtaskError, match="no column"):
        draw(figure, inputs | {some: [bad]}, out, SETTINGS)


def test_means_are_over_repeats() -> None:
    table = pd.DataFrame({"repeat": [0, 0, 1, 1], "arm": ["a"] * 4, "x": [1.0, 3.0, 5.0, 5.0]})
    found = long_means(table, ["arm"], ["x"])
    assert found.loc[found["row"] == "seed", "value"].tolist() == [2.0, 5.0]
    mean = found[found["row"] == "mean"].iloc[0]
    assert (mean["value"], mean["low"], mean["high"], mean["n"]) == mean_interval([2.0, 5.0])


def test_weights_of_another_job_are_refused(results: Path) -> None:
    options = ("--out", results / "refused", "--config", results / "config.yaml", "--results", results)
    weights = results / "toy_learning/weights.safetensors"
    with pytest.raises(WhichtaskError, match="were not learned with these settings"):
        whichtask("toy", "--weights", weights, "--repeat", "0", *options)
    with pytest.raises(WhichtaskError, match="there is no repeat 9"):
        whichtask("toy", "--weights", weights, "--repeat", "9", *options)
    with pytest.raises(WhichtaskError, match="cannot read"):
        whichtask("toy", "--weights", results / "missing.safetensors", "--repeat", "1", *options)
    assert not (results / "refused").exists()
