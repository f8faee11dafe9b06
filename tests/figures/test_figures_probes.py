"""Figures of the proxy, of the sources of chance and of linear tasks, from small tables."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.stats import spearmanr

from whichtask.artifacts import write_csv
from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures import draw, numbers
from whichtask.stats import mean_interval

SETTINGS = FigureSettings(dpi=60)
KINDS = {"random": 0.6, "human": 0.9, "discovered": 0.95}
STEPS = (1, 5, 10, 20)
WAYS = {"init": (True, False), "order": (False, True), "both": (False, False)}


def scored(name: str, task: str, pair: int, agreement: float, **more: Any) -> dict[str, Any]:
    return {
        "data": "quadrants",
        "network": "cnn",
        "set": name,
        "task": task,
        "pair": pair,
        "network_1": 2 * pair,
        "network_2": 2 * pair + 1,
        "agreement": agreement,
        "agreement_low": agreement - 0.01,
        "agreement_high": agreement + 0.01,
        "chance_agreement": 0.5,
        "train_accuracy": 0.99,
        "images_train": 1_000,
        **more,
    }


def write_scores(folder: Path, **more: Any) -> list[Path]:
    """Write scores of three tasks of each kind, with two pairs, and return the tables."""
    paths = []
    for kind, base in KINDS.items():
        rows = [
            scored(kind, f"{kind}_{k}", p, base + 0.01 * k + 0.001 * p, **more) for k, p in product(range(3), (0, 1))
        ]
        paths.append(folder / f"{kind}.csv")
        write_csv(paths[-1], pd.DataFrame(rows))
    return paths


def proxy_table() -> pd.DataFrame:
    noise = np.random.default_rng(0).normal(0, 0.03, 1_000).tolist()
    rows = [
        {
            "data": "quadrants",
            "set": kind,
            "task": f"{kind}_{k}",
            "pair": pair,
            "network_1": 2 * pair,
            "network_2": 2 * pair + 1,
            "configured_steps": 10,
            "inner_steps": steps,
            "proxy_agreement": 0.5 + (base - 0.5) * steps / 20 + noise.pop(),
            "agreement_loss_nats": 0.6,
            "train_accuracy": 0.5 + 0.01 * steps,
            "seconds": 0.1,
        }
        for (kind, base), k, pair, steps in product(KINDS.items(), range(3), range(2), STEPS)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def inputs(tmp_path: Path) -> dict[str, dict[str, list[Path]]]:
    write_csv(tmp_path / "proxy.csv", proxy_table())
    ways = [
        path
        for way, (order, start) in WAYS.items()
        for path in write_scores(tmp_path / way, shared_order=order, shared_initialisation=start)
    ]
    linear = [
        scored("linear", f"{name}_{i}", 0, base + 0.02 * i)
        for name, base, count in (("best", 0.95, 2), ("random", 0.9, 4), ("worst", 0.7, 2))
        for i in range(count)
    ]
    write_csv(tmp_path / "linear.csv", pd.DataFrame(linear))
    return {
        "td_proxy": {"proxy": [tmp_path / "proxy.csv"], "tables": write_scores(tmp_path / "scores")},
        "td_stochasticity": {"tables": ways},
        "td_linear": {"tables": [tmp_path / "linear.csv"]},
    }


def made(figure: str, inputs: dict[str, list[Path]]) -> pd.DataFrame:
    return numbers(figure, inputs, SETTINGS)


@pytest.mark.parametrize("figure", ["td_proxy", "td_stochasticity", "td_linear"])
def test_a_figure_is_drawn(figure: str, inputs: dict[str, dict[str, list[Path]]], tmp_path: Path) -> None:
    """That its CSV gives the same bytes again is tested of every figure in tests/workflow."""
    out = tmp_path / "out" / "drawn.png"
    draw(figure, inputs[figure], out, SETTINGS)
    with Image.open(out) as picture:
        assert min(picture.size) > 200


def test_proxy_means_and_ranks(inputs: dict[str, dict[str, list[Path]]]) -> None:
    table, proxy = made("td_proxy", inputs["td_proxy"]), proxy_table()
    curve = {(row["set"], row["inner_steps"]): row for row in table[table["row"] == "mean"].to_dict("records")}
    assert len(curve) == len(KINDS) * len(STEPS)
    rows = proxy[(proxy["set"] == "human") & (proxy["inner_steps"] == 5)]
    expected = mean_interval(rows["proxy_agreement"].to_list(), rows["task"].to_list())
    found = curve["human", 5]
    assert [found[name] for name in ("proxy_agreement", "low", "high")] == pytest.approx(list(expected[:3]), abs=1e-8)
    assert (found["n_tasks"], found["n_pairs"]) == (3, 2)
    tasks = table[table["row"] == "task"]
    assert set(tasks["inner_steps"]) == {10, 20}, "the search's own number of steps and the largest"
    for _, group in tasks.groupby("inner_steps"):
        assert len(group) == 9
        rank = spearmanr(group["proxy_agreement"], group["agreement"]).statistic
        assert group["rank_correlation"].tolist() == pytest.approx([rank] * 9, abs=1e-8)
        assert (group["rank_low"] <= rank).all()
        assert (group["rank_high"] >= rank).all()


def test_the_largest_number_of_steps_alone_and_few_tasks(tmp_path: Path) -> None:
    table = proxy_table()
    few = table[(table["inner_steps"] == 20) & table["task"].str.endswith("_0")]
    write_csv(tmp_path / "proxy.csv", few)
    chosen = {"proxy": [tmp_path / "proxy.csv"], "tables": write_scores(tmp_path)}
    found = made("td_proxy", chosen)
    assert set(found["inner_steps"]) == {20}
    assert found["rank_correlation"].isna().all(), "three tasks have no rank correlation to speak of"
    assert found[["low", "high"]].isna().all(axis=None)


def test_sources_of_chance_take_tasks_scored_in_every_way(inputs: dict[str, dict[str, list[Path]]]) -> None:
    paths = inputs["td_stochasticity"]["tables"]
    whole = pd.read_csv(paths[0])
    write_csv(paths[0], whole[whole["task"] != "random_2"])
    table = made("td_stochasticity", inputs["td_stochasticity"])
    assert "random_2" not in set(table["task"])
    means = {(row["source"], row["set"]): row for row in table[table["row"] == "mean"].to_dict("records")}
    assert {source for source, _ in means} == {"initialisation only", "order only", "initialisation and order"}
    assert means["order only", "random"]["agreement"] == pytest.approx(0.6055)
    assert means["order only", "human"]["n_tasks"] == 3


def test_linear_tasks_are_grouped_by_direction(inputs: dict[str, dict[str, list[Path]]]) -> None:
    table = made("td_linear", inputs["td_linear"])
    means = {row["direction"]: row for row in table[table["row"] == "mean"].to_dict("records")}
    assert {name: row["n_tasks"] for name, row in means.items()} == {"best": 2, "random": 4, "worst": 2}
    assert means["worst"]["agreement"] == pytest.approx(0.71)
    assert means["random"]["low"] < means["random"]["agreement"] < means["random"]["high"]


def test_bad_inputs_are_named(inputs: dict[str, dict[str, list[Path]]], tmp_path: Path) -> None:
    scores = inputs["td_proxy"]["tables"]
    with pytest.raises(WhichtaskError, match="td_linear draws tasks called best_0, .* but was given human_0"):
        made("td_linear", {"tables": scores[1:2]})
    with pytest.raises(WhichtaskError, match="no column shared_order, shared_initialisation"):
        made("td_stochasticity", {"tables": scores})
    alone = pd.read_csv(inputs["td_stochasticity"]["tables"][0])
    write_csv(tmp_path / "a.csv", alone[alone["task"] == "random_0"])
    write_csv(tmp_path / "b.csv", alone[alone["task"] == "random_1"].assign(shared_order=False))
    with pytest.raises(WhichtaskError, match="no task was scored in every way"):
        made("td_stochasticity", {"tables": [tmp_path / "a.csv", tmp_path / "b.csv"]})
    write_csv(tmp_path / "other.csv", proxy_table().assign(task="another"))
    with pytest.raises(WhichtaskError, match="no task has both a proxy and an agreement score"):
        made("td_proxy", {"proxy": [tmp_path / "other.csv"], "tables": scores})
    with pytest.raises(WhichtaskError, match="needs the input 'proxy'"):
        made("td_proxy", {"tables": scores})
