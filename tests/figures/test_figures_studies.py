"""Figures of ablations: two-level intervals, values read from configurations, refusals, and what is drawn."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from whichtask.artifacts import write_csv, write_yaml
from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures import draw, numbers
from whichtask.figures.labels import place_labels
from whichtask.figures.tables import pairwise_interval
from whichtask.figures.td.accuracy import kind_of, rank_interval
from whichtask.figures.td.two_level import over_searches, search_means
from whichtask.stats import mean_interval

SETTINGS = FigureSettings(dpi=50)
FAITHFUL = {"fixed_initialisations": False, "halved_batch": False}
DISCOVERY = {
    "encoder": "cnn", "network": "cnn", "uniformity_weight": 0.25, "dimensions": 8, "tasks": 3, "classes": 2,
    "objective": "agreement", "diversity": "uniformity", "human_tasks": 0, "inner_steps": 5, "outer_steps": 4,
    "inner_batch_size": 16, "faithful": FAITHFUL,
}  # fmt: skip
Inputs = dict[str, list[Path]]


class Run:
    """A folder of results of made-up searches."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inputs: Inputs = {name: [] for name in ("tables", "similarities", "configs", "histories", "cross")}

    def add(self, name: str, seed: int = 0, network: str = "cnn", tasks: int = 3, **changes: Any) -> "Run":
        """Write what one search leaves behind; scores depend on the order in which searches are added."""
        offset = 0.01 * len(self.inputs["configs"])
        self.score(name, network, tasks, 0.9 + offset)
        folder = self.folder / "discovery" / name
        write_yaml(
            folder / "config.yaml",
            {"seed": seed, "network": {"arch": "x"}, "discovery": DISCOVERY | {"tasks": tasks} | changes},
        )
        write_csv(folder / "history.csv", pd.DataFrame({"outer_step": [0, 1, 2], "seconds": [1.0, 2.0, 3.5]}))
        names = [f"discovered_{k:02d}" for k in range(tasks)]
        rows = [
            {"task_a": found, "task_b": f"human_{h}", "agreement_similarity": 0.5 + 0.02 * k + 0.05 * h + offset}
            for k, found in enumerate(names)
            for h in range(2)
        ]
        write_csv(self.folder / "cross" / f"{name}.csv", pd.DataFrame(rows))
        self.inputs["configs"].append(folder / "config.yaml")
        self.inputs["histories"].append(folder / "history.csv")
        self.inputs["cross"].append(self.folder / "cross" / f"{name}.csv")
        return self.alike(name, names, 0.6 + offset)

    def score(self, name: str, network: str, tasks: int, level: float, images: int = 100) -> "Run":
        """Write an agreement table only."""
        rows = [
            {
                "data": "quadrants", "network": network, "set": name, "task": f"discovered_{k:02d}", "pair": pair,
                "network_1": 2 * pair, "network_2": 2 * pair + 1,
                "agreement": level - 0.02 * k + 0.004 * pair, "agreement_low": 0.5, "agreement_high": 1.0,
                "chance_agreement": 0.5, "train_accuracy": 0.99 - 0.02 * k, "images_train": images,
                "test_accuracy": level - 0.03 - 0.02 * k,
            }
            for k in range(tasks)
            for pair in (0, 1)
        ]  # fmt: skip
        path = self.folder / network / str(images) / f"{name}.csv"
        write_csv(path, pd.DataFrame(rows))
        self.inputs["tables"].append(path)
        return self

    def alike(self, name: str, tasks: list[str], level: float) -> "Run":
        """Write a similarity table."""
        pairs = [(a, b) for i, a in enumerate(tasks) for b in tasks[i + 1 :]]
        table = pd.DataFrame(pairs, columns=["task_a", "task_b"])
        path = self.folder / "similarity" / f"{name}.csv"
        write_csv(path, table.assign(agreement_similarity=level + 0.01 * np.arange(len(pairs))))
        self.inputs["similarities"].append(path)
        return self


def studies(folder: Path) -> dict[str, Inputs]:
    """Return inputs by figure. Names of searches say nothing about what was varied."""
    tradeoff = Run(folder / "a").add("x", uniformity_weight=1.0).add("y", uniformity_weight=0.05)
    tradeoff.add("y.s1", seed=1, uniformity_weight=0.05)
    for kind, level in (("human", 0.93), ("random", 0.6)):
        tradeoff.score(kind, "cnn", 3, level).alike(kind, ["p", "q", "r"], 0.55)
    size = Run(folder / "b").add("x", dimensions=16).add("y", dimensions=4, tasks=1).add("z", tasks=2)
    cross = Run(folder / "c").add("x").add("y", network="mlp").inputs
    for path, network in zip(cross["configs"], ("cnn", "mlp"), strict=True):
        write_yaml(path, {"seed": 0, "encoder": 1, "network": network, "discovery": DISCOVERY | {"network": network}})
    more = Run(folder / "c").score("x", "mlp", 3, 0.8).score("human", "mlp", 1, 0.9).inputs["tables"]
    objective = Run(folder / "d").add("x").add("y", objective="xas").add("z", diversity="mutual_information")
    turned = FAITHFUL | {"halved_batch": True}
    faithful = Run(folder / "e").add("base").add("base.s1", seed=1).add("x", faithful=turned)
    kway = Run(folder / "f").add("x", classes=3).add("y")
    human = Run(folder / "g").add("x", human_tasks=3).add("y")
    accuracy = Run(folder / "h").score("random", "cnn", 5, 0.6).score("x", "cnn", 5, 0.9).score("x", "mlp", 5, 0.85)
    sizes = Run(folder / "i")
    for kind, level in (("random", 0.6), ("human", 0.9), ("discovered", 0.95)):
        for images in (50, 100):
            sizes.score(kind, "cnn", 2, level + images / 10_000, images)
    return {
        "td_tradeoff": tradeoff.inputs,
        "td_dimension": size.inputs,
        "td_cross_network": cross | {"tables": cross["tables"] + more},
        "td_estimators": objective.inputs,
        "td_faithful": faithful.inputs,
        "td_kway": kway.inputs,
        "td_human_included": human.inputs,
        "td_as_vs_accuracy": accuracy.inputs,
        "td_data_size": sizes.inputs,
    }


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Inputs]:
    return studies(tmp_path_factory.mktemp("studies"))


FIGURES = (
    "td_tradeoff", "td_dimension", "td_cross_network", "td_estimators", "td_faithful", "td_kway",
    "td_human_included", "td_as_vs_accuracy", "td_data_size",
)  # fmt: skip


def made(figure: str, inputs: Inputs) -> pd.DataFrame:
    return numbers(figure, inputs, SETTINGS)


def means(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["row"] == "mean"].set_index("group")


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_is_drawn_and_leaves_the_style_as_it_was(
    figure: str, inputs: dict[str, Inputs], tmp_path: Path
) -> None:
    """That its CSV gives the same bytes again is tested of every figure in tests/workflow."""
    before = dict(mpl.rcParams)
    draw(figure, inputs[figure], tmp_path / "drawn.png", SETTINGS)
    assert {path.suffix for path in tmp_path.iterdir()} == {".csv", ".png", ".svg"}
    assert dict(mpl.rcParams) == before


SCORES = st.lists(st.lists(st.floats(0.5, 1.0), min_size=2, max_size=5), min_size=1, max_size=4)


def rows_of(searches: list[list[float]]) -> pd.DataFrame:
    rows = [
        {
            "set": f"s{i}",
            "task": f"t{k}",
            "pair": 0,
            "network_1": 0,
            "network_2": 1,
            "agreement": value,
            "train_accuracy": 1.0,
            "chance_agreement": 0.5,
        }
        for i, tasks in enumerate(searches)
        for k, value in enumerate(tasks)
    ]
    return pd.DataFrame(rows)


@settings(max_examples=20, deadline=None)
@given(SCORES)
def test_searches_weigh_equally_and_are_the_units(searches: list[list[float]]) -> None:
    means = search_means(rows_of(searches), "agreement")
    assert means == pytest.approx([np.mean(tasks) for tasks in searches])
    found = over_searches(means)
    assert found == pytest.approx(mean_interval(means), nan_ok=True)
    assert found.n == len(searches)
    assert np.isnan(found.low) == (len(searches) == 1)


def test_similarity_over_searches() -> None:
    def pairs(name: str, values: list[float]) -> pd.DataFrame:
        ends = [("a", "b"), ("a", "c"), ("b", "c")][: len(values)]
        table = pd.DataFrame(ends, columns=["task_a", "task_b"])
        return table.assign(set=name, agreement_similarity=values)

    both = pd.concat([pairs("x", [0.6, 0.7, 0.8]), pairs("y", [0.8])])
    assert search_means(both, "agreement_similarity") == pytest.approx([0.7, 0.8])
    nothing = over_searches(search_means(both.iloc[:0], "agreement_similarity"))
    assert np.isnan([nothing.mean, nothing.low, nothing.high]).all()


def test_human_and_random_tasks_beside_searches_are_units_themselves(inputs: dict[str, Inputs]) -> None:
    table = made("td_tradeoff", inputs["td_tradeoff"])
    human = table[(table["group"] == "human") & (table["row"] == "task")]["agreement"]
    found = means(table).loc["human"]
    expected = mean_interval(human.to_list())
    assert (found["agreement"], found["agreement_low"]) == pytest.approx(expected[:2])
    similarity = pd.concat(
        [pd.read_csv(path) for path in inputs["td_tradeoff"]["similarities"] if path.stem == "human"]
    )
    assert found["similarity_low"] == pytest.approx(pairwise_interval(similarity).low, nan_ok=True)
    assert means(table)["agreement_low"].isna().loc["1"], "one search has no interval"


def test_lambda_comes_from_the_configurations_and_seeds_are_joined(inputs: dict[str, Inputs]) -> None:
    found = means(made("td_tradeoff", inputs["td_tradeoff"]))
    assert found.index.tolist() == ["0.05", "1", "human", "random"]
    assert found["n_searches"].tolist() == [2, 1, 1, 1]
    assert found.loc["1", "agreement"] == pytest.approx(0.9 - 0.02 + 0.002)
    assert found.loc["0.05", "agreement"] == pytest.approx(0.915 - 0.02 + 0.002)
    assert found.loc["0.05", "similarity"] == pytest.approx(0.615 + 0.01)


def test_sizes_are_ordered_and_a_single_task_has_no_similarity(inputs: dict[str, Inputs]) -> None:
    found = means(made("td_dimension", inputs["td_dimension"]))
    assert found.index.tolist() == ["4, 1", "8, 2", "16, 3"]
    assert np.isnan(found.loc["4, 1", ["similarity", "agreement_low"]].astype(float)).all()
    assert found["similarity_low"].isna().all(), "one search of each"


def test_cells_are_scores_of_one_network_on_the_tasks_of_another(inputs: dict[str, Inputs]) -> None:
    table = made("td_cross_network", inputs["td_cross_network"])
    cells = table[table["row"] == "mean"].set_index(["group", "network"])["agreement"]
    assert set(cells.index) == {("cnn", "cnn"), ("cnn", "mlp"), ("mlp", "mlp"), ("human", "mlp")}
    assert cells["cnn", "mlp"] == pytest.approx(0.8 - 0.02 + 0.002)


def test_cost_is_the_sum_of_seconds_and_the_inner_passes(inputs: dict[str, Inputs], tmp_path: Path) -> None:
    found = means(made("td_estimators", inputs["td_estimators"]))
    assert found.index.tolist() == ["agreement, uniformity", "xas, uniformity", "agreement, mutual_information"]
    assert found["seconds"].tolist() == [6.5] * 3
    assert found["inner_passes"].tolist() == [20] * 3
    run = Run(tmp_path / "run").add("x").add("y", objective="xas", outer_steps=8)
    for study, words in ((inputs["td_estimators"], "Equal for all: 20 inner passes"), (run.inputs, "differ: 20 to 40")):
        draw("td_estimators", study, tmp_path / "x.png", SETTINGS)
        assert words in (tmp_path / "x.svg").read_text()


def test_switches_are_differences_to_base(inputs: dict[str, Inputs]) -> None:
    table = made("td_faithful", inputs["td_faithful"])
    change, levels = means(table), table[table["row"] == "level"].set_index("group")
    assert change.index.tolist() == ["halved_batch on"]
    assert levels.index.tolist() == ["base", "halved_batch on"]
    for column in ("agreement", "similarity"):
        base, turned = levels[column]
        assert change[column].tolist() == pytest.approx([turned - base])
        assert np.isnan(change[f"{column}_low"]).all(), "one search of each"


def test_classes_have_what_agreement_is_beyond_chance(inputs: dict[str, Inputs]) -> None:
    found = means(made("td_kway", inputs["td_kway"]))
    assert found.index.tolist() == ["2", "3"]
    assert found["beyond_chance"].to_numpy() == pytest.approx((found["agreement"] - 0.5).to_numpy() / 0.5)
    assert found["beyond_chance_low"].isna().all(), "one search of each"
    without = {name: paths for name, paths in inputs["td_kway"].items() if name != "similarities"}
    assert means(made("td_kway", without))["agreement"].tolist() == found["agreement"].tolist()


def test_similarity_to_human_tasks_is_their_mean_and_their_largest(inputs: dict[str, Inputs]) -> None:
    found = means(made("td_human_included", inputs["td_human_included"]))
    assert found.index.tolist() == ["0", "3"]
    for group, path in zip(("3", "0"), inputs["td_human_included"]["cross"], strict=True):
        by_task = pd.read_csv(path).groupby("task_a")["agreement_similarity"]
        assert found.loc[group, "human_mean"] == pytest.approx(by_task.mean().mean())
        assert found.loc[group, "human_nearest"] == pytest.approx(by_task.max().mean())


def test_three_kinds_are_scored_by_number_of_images(inputs: dict[str, Inputs]) -> None:
    table = made("td_data_size", inputs["td_data_size"])
    found = table[table["row"] == "mean"]
    assert set(found["set"]) == {"random", "human", "discovered"}
    assert len(found) == 6


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 40).flatmap(lambda n: st.tuples(*[st.lists(st.integers(0, 1), min_size=n, max_size=n)] * 3)))
def test_agreement_is_at_least_twice_the_accuracy_minus_one(labels: tuple[list[int], list[int], list[int]]) -> None:
    truth, first, second = map(np.asarray, labels)
    accuracy = ((first == truth).mean() + (second == truth).mean()) / 2
    assert (first == second).mean() >= 2 * accuracy - 1 - 1e-12


def test_rank_correlation_is_spearmans_and_tasks_are_drawn_whole() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"set": "x", "task": [f"t{k}" for k in range(12)], "test_accuracy": rng.normal(size=12)})
    table["agreement"] = table["test_accuracy"] + rng.normal(size=12)
    found = rank_interval(table)
    assert found.mean == pytest.approx(spearmanr(table["agreement"], table["test_accuracy"]).statistic)
    assert found.low < found.mean < found.high
    assert found.n == 12
    # A second network with the same values is no further evidence.
    twice = rank_interval(pd.concat([table, table]))
    assert (twice.low, twice.high, twice.n) == pytest.approx((found.low, found.high, 12))
    curved = table.assign(agreement=np.exp(table["agreement"]))
    assert rank_interval(curved) == pytest.approx(found)
    assert np.isnan(rank_interval(table.iloc[:3]).mean)
    assert np.isnan(rank_interval(table.assign(agreement=1.0)).mean)


def test_points_are_means_over_pairs_by_kind(inputs: dict[str, Inputs]) -> None:
    table = made("td_as_vs_accuracy", inputs["td_as_vs_accuracy"])
    assert table.groupby("kind").size().to_dict() == {"random": 5, "discovered": 10}
    assert table["agreement"].iloc[0] == pytest.approx(0.602)
    assert [kind_of(name) for name in ("human", "regulated.s2", "lambda-0.05", "base.s1")] == [
        "human", "regulated", "discovered", "discovered",
    ]  # fmt: skip


def broken(run: Run, figure: str, message: str, **change: list[Path]) -> None:
    with pytest.raises(WhichtaskError, match=message):
        made(figure, run.inputs | change)


def test_searches_that_differ_in_other_keys_are_refused(tmp_path: Path) -> None:
    run = Run(tmp_path).add("x").add("y", uniformity_weight=1.0, outer_steps=9)
    broken(run, "td_tradeoff", r"differ in discovery.outer_steps too: 4 .*, 9 ")


def test_a_search_without_one_of_its_files_is_named(tmp_path: Path) -> None:
    run = Run(tmp_path).add("x").add("y", uniformity_weight=1.0)
    broken(run, "td_tradeoff", "no configuration of y", configs=run.inputs["configs"][:1])
    broken(run, "td_tradeoff", "no agreement of y", tables=run.inputs["tables"][:1])
    broken(run, "td_tradeoff", "no similarity table of y", similarities=run.inputs["similarities"][:1])
    broken(run, "td_tradeoff", "needs the input 'similarities'", similarities=[])
    broken(run, "td_tradeoff", "two configurations of one search", configs=run.inputs["configs"][:1] * 2)
    run = Run(tmp_path / "b").add("x").add("y", objective="xas")
    broken(run, "td_estimators", "no history of y", histories=run.inputs["histories"][:1])
    run = Run(tmp_path / "c").add("x").add("y", human_tasks=1)
    broken(run, "td_human_included", "no cross similarity of y", cross=run.inputs["cross"][:1])


def test_configurations_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    run = Run(tmp_path).add("x", objective="magic").add("y")
    broken(run, "td_estimators", "discovery.objective = magic cannot be drawn; allowed: agreement")
    broken(run, "td_faithful", "differ in discovery.objective too")
    run = Run(tmp_path / "b").add("x")
    broken(run, "td_faithful", "compares with the search 'base'")
    broken(Run(tmp_path / "c").add("base"), "td_faithful", "needs a search with a switch")
    config = run.inputs["configs"][0]
    for text, message in (("[1]", "no configuration of a search"), ("a: [", "cannot read the configuration")):
        config.write_text(text)
        broken(run, "td_tradeoff", message)
    write_yaml(config, {"seed": 0, "discovery": {"tasks": 3}})
    broken(run, "td_tradeoff", "x have no key discovery.uniformity_weight")
    config.unlink()
    broken(run, "td_tradeoff", "cannot read the configuration")


def test_human_tasks_must_be_the_same(tmp_path: Path) -> None:
    run = Run(tmp_path).add("x").add("y", human_tasks=1)
    table = pd.read_csv(run.inputs["cross"][1])
    write_csv(run.inputs["cross"][1], table[table["task_b"] == "human_0"])
    broken(run, "td_human_included", "to different human tasks")


def test_references_need_both_measures(tmp_path: Path) -> None:
    run = Run(tmp_path).add("x").add("y", uniformity_weight=1.0).score("human", "cnn", 3, 0.9)
    broken(run, "td_tradeoff", "human tasks stand beside the searches only with both")


def test_labels_of_close_points_do_not_cover_each_other() -> None:
    figure = Figure(figsize=(4, 3))
    axes = figure.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    x, y = pd.Series([0.5, 0.5, 0.51, np.nan, 0.99]), pd.Series([0.5, 0.52, 0.5, 0.5, 0.99])
    place_labels(axes, x, y, [f"label {i}" for i in range(5)], [((0.0, 0.55), (1.0, 0.55))])
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) == 4
    for i, first in enumerate(boxes):
        assert axes.bbox.x0 <= first.x0 < first.x1 <= axes.bbox.x1
        assert not any(first.overlaps(second) for second in boxes[i + 1 :])
