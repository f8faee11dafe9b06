"""Figures of what tasks are about, from small tables: their files, numbers and refusals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from whichtask.artifacts import write_csv, write_npz
from whichtask.config import FigureSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.figures import draw
from whichtask.figures.td.explain import least_predictable
from whichtask.tasks import TaskSet

SETTINGS = FigureSettings(dpi=60, gallery_images=4)
PREDICTORS = ("colour", "edges", "all features", "class")
SETS = {"human": 3, "discovered": 6}
FIGURES = ("td_explain", "td_gallery_uninterpretable", "td_coverage", "td_factors")
Inputs = dict[str, list[Path]]


def explanation() -> pd.DataFrame:
    rows = []
    for name, count in SETS.items():
        for k in range(count):
            for p, predictor in enumerate(PREDICTORS):
                value = 0.6 + 0.05 * p + 0.02 * (k * 5 % count)
                interval = {"low": value - 0.01, "high": value + 0.01, "null": 0.5, "n": 100}
                task = f"{name}_{k:02d}"
                rows.append({"set": name, "task": task, "predictor": predictor, "balanced_accuracy": value} | interval)
    return pd.DataFrame(rows)


def agreement(name: str, base: float) -> pd.DataFrame:
    rows = []
    for k in range(SETS[name]):
        for pair in (0, 1):
            score = base - 0.02 * k + 0.01 * pair
            of_task = {"set": name, "task": f"{name}_{k:02d}", "pair": pair, "agreement": score}
            of_task |= {"network_1": 2 * pair, "network_2": 2 * pair + 1}
            of_task |= {"agreement_low": score - 0.01, "agreement_high": score + 0.01, "chance_agreement": 0.5}
            rows.append(of_task | {"train_accuracy": 0.99 + 0.001 * k, "images_train": 50})
    return pd.DataFrame(rows).assign(data="quadrants", network="cnn")


def coverage_table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    tables = []
    for embedding in ("discovered", "labels", "untrained", "pixels", "features"):
        accuracy = np.sort(rng.uniform(0.6, 0.9, 20))
        for name in ("discovered", "regulated"):
            values = accuracy if embedding in {"pixels", "features"} else rng.uniform(0.6, 0.9, 20)
            columns = {"set": name, "embedding": embedding, "dimensions": 8, "task": [f"human_{k}" for k in range(20)]}
            tables.append(pd.DataFrame(columns | {"accuracy": values, "chance": 0.5, "n": 300}))
    return pd.concat(tables)


def factor_tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = []
    for kind, name, scale in (("discovered", "cnn-0.25", 0.8), ("random", "random", 0.05)):
        for k in range(3):
            for f, factor in enumerate(("shape", "bg_hue")):
                of_task = {"set": name, "kind": kind, "task": f"{name}_{k}", "factor": factor, "match": f"{factor}_0-1"}
                phi = {"phi": scale * (1 - 0.1 * (k + f)), "best": f == 0, "null_mean": 0.06, "null_95": 0.08}
                p = {"p": 0.5 if scale < 0.1 else 0.001, "p_corrected": 1 if scale < 0.1 else 0.003}
                rows.append(of_task | phi | p | {"n": 200, "shuffles": 1_000})
    summary = [
        {
            "set": "cnn-0.25",
            "kind": "discovered",
            "found_above_null": 1,
            "found_0.3": 1,
            "found_0.5": 1,
            "best_phi": 0.72,
        },
        {"set": "random", "kind": "random", "found_above_null": 0, "found_0.3": 0, "found_0.5": 0, "best_phi": 0.045},
    ]
    whole = pd.DataFrame(summary).assign(tasks=3, factors=2, low=[0.66, 0.04], high=[0.79, 0.05])
    return pd.DataFrame(rows), whole


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory, small_images: ImageSet) -> dict[str, Inputs]:
    folder = tmp_path_factory.mktemp("inputs")
    small_images.save(folder / "data.npz")
    logits = np.random.default_rng(0).normal(size=(8, 500)).astype(np.float32)
    kept = np.array([1, 2, 3, 4, 6, 7])
    names = tuple(f"discovered_{k:02d}" for k in range(6))
    TaskSet((logits[kept] > 0).astype(np.uint8), names, "discovered").save(folder / "discovered.npz")
    write_npz(folder / "logits.npz", {"logits": logits, "kept": kept})
    matches, summary = factor_tables()
    tables = {"explain": explanation(), "coverage": coverage_table(), "factors": matches, "summary": summary}
    for name, table in tables.items():
        write_csv(folder / f"{name}.csv", table)
    for name, base in (("human", 0.95), ("discovered", 0.97)):
        write_csv(folder / "cnn" / f"{name}.csv", agreement(name, base))
    both = {"tables": [folder / "cnn" / f"{name}.csv" for name in SETS], "explain": [folder / "explain.csv"]}
    gallery = {name: [folder / f"{file}.npz"] for name, file in (("data", "data"), ("tasks", "discovered"))}
    return {
        "td_explain": both,
        "td_gallery_uninterpretable": both | gallery | {"logits": [folder / "logits.npz"]},
        "td_coverage": {"coverage": [folder / "coverage.csv"]},
        "td_factors": {"factors": [folder / "factors.csv"], "summary": [folder / "summary.csv"]},
    }


def drawn(figure: str, inputs: Inputs, folder: Path) -> pd.DataFrame:
    draw(figure, inputs, folder / f"{figure}.png", SETTINGS)
    return pd.read_csv(folder / f"{figure}.csv")


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_is_written_whole_and_again_to_the_same_bytes(
    figure: str, inputs: dict[str, Inputs], tmp_path: Path
) -> None:
    for folder in ("first", "second"):
        drawn(figure, inputs[figure], tmp_path / folder)
    first = {path.suffix: path for path in (tmp_path / "first").iterdir()}
    assert set(first) == {".png", ".svg", ".csv"}
    with Image.open(first[".png"]) as picture:
        assert min(picture.size) > 100
    for suffix, path in first.items():
        assert path.read_bytes() == (tmp_path / "second" / f"{figure}{suffix}").read_bytes(), suffix


@pytest.mark.parametrize("figure", FIGURES)
def test_a_missing_input_is_named(figure: str, inputs: dict[str, Inputs], tmp_path: Path) -> None:
    for name in set(inputs[figure]) - ({"tables"} if figure == "td_explain" else set()):
        rest = {other: paths for other, paths in inputs[figure].items() if other != name}
        with pytest.raises(WhichtaskError, match=f"needs the input '{name}'"):
            draw(figure, rest, tmp_path / "x.png", SETTINGS)


def test_means_stand_above_their_tasks_and_scores_beside_them(inputs: dict[str, Inputs], tmp_path: Path) -> None:
    table = drawn("td_explain", inputs["td_explain"], tmp_path)
    source = explanation()
    means = table[table["row"] == "mean"].set_index(["set", "predictor"])["balanced_accuracy"]
    assert means.to_dict() == pytest.approx(source.groupby(["set", "predictor"])["balanced_accuracy"].mean().to_dict())
    tasks = table[table["row"] == "task"]
    assert len(tasks) == len(source)
    row = tasks[tasks["task"] == "human_01"].iloc[0]
    assert row["agreement"] == pytest.approx(0.935)
    assert row["train_accuracy"] == pytest.approx(0.991)
    of_set = table[(table["row"] == "mean") & (table["set"] == "human")].iloc[0]
    for name, mean in (("agreement", 0.935), ("train_accuracy", 0.991)):
        assert of_set[f"mean_{name}"] == pytest.approx(mean)
        assert of_set[f"mean_{name}_low"] < mean < of_set[f"mean_{name}_high"]
    plain = drawn("td_explain", {"explain": inputs["td_explain"]["explain"]}, tmp_path / "plain")
    assert "agreement" not in plain


def test_a_set_of_one_task_and_many_tasks_are_drawn(tmp_path: Path) -> None:
    one = explanation().query("task == 'human_00'")
    many = [explanation().assign(set=f"cnn-{k}") for k in range(5)]
    write_csv(tmp_path / "explain.csv", pd.concat([one, *many]))
    table = drawn("td_explain", {"explain": [tmp_path / "explain.csv"]}, tmp_path / "out")
    assert table.loc[(table["row"] == "mean") & (table["set"] == "human"), "low"].isna().all()


def test_the_rule_takes_the_least_predictable_of_tasks_that_agree() -> None:
    rows = explanation().query("set == 'discovered'")
    found = pd.Series({f"discovered_{k:02d}": 0.99 - 0.03 * k for k in range(6)})
    human = pd.Series([0.8, 0.94, 0.99])
    chosen = least_predictable(rows, found, human, 2)
    # 0.91 is reached by the first three tasks, whose features predict 0.70, 0.80 and 0.78.
    assert chosen["task"].to_list() == ["discovered_00", "discovered_02"]
    assert chosen["threshold"].to_list() == pytest.approx([0.91, 0.91])
    assert chosen["reaches"].all()
    none = least_predictable(rows, found - 0.5, human, 3)
    assert none["task"].to_list() == ["discovered_00", "discovered_05", "discovered_04"]
    assert not none["reaches"].any()


def test_the_gallery_shows_the_chosen_tasks_with_the_logits_that_were_kept(
    inputs: dict[str, Inputs], tmp_path: Path
) -> None:
    own = inputs["td_gallery_uninterpretable"]
    table = drawn("td_gallery_uninterpretable", own, tmp_path)
    logits, names = np.load(own["logits"][0]), TaskSet.load(own["tasks"][0]).names
    for task, rows in table.groupby("task"):
        expected = logits["logits"][logits["kept"][names.index(str(task))], rows["image_index"]]
        assert rows["logit"].to_numpy() == pytest.approx(expected)
    # The median human task has 0.935; discovered tasks have 0.975, 0.955, 0.935, 0.915, 0.895, 0.875.
    assert list(dict.fromkeys(table["task"])) == ["discovered_00", "discovered_03", "discovered_02", "discovered_01"]
    assert table["threshold"].unique() == pytest.approx([0.905])


def test_a_gallery_says_when_no_task_agrees_enough(inputs: dict[str, Inputs], tmp_path: Path) -> None:
    write_csv(tmp_path / "discovered.csv", agreement("discovered", 0.8))
    own = inputs["td_gallery_uninterpretable"]
    table = drawn(
        "td_gallery_uninterpretable", own | {"tables": [own["tables"][0], tmp_path / "discovered.csv"]}, tmp_path
    )
    assert not table["reaches"].any()
    assert table["task"].nunique() == 4


def test_tables_of_other_tasks_are_refused(inputs: dict[str, Inputs], tmp_path: Path) -> None:
    own = inputs["td_gallery_uninterpretable"]
    for change, message in (
        ({"tables": own["tables"][:1]}, "needs agreement of the set 'discovered'"),
        ({"tables": own["tables"][1:]}, "needs agreement of the set 'human'"),
        ({"explain": [tmp_path / "human.csv"]}, "needs an explanation of the set 'discovered'"),
    ):
        write_csv(tmp_path / "human.csv", explanation().query("set == 'human'"))
        with pytest.raises(WhichtaskError, match=message):
            draw("td_gallery_uninterpretable", own | change, tmp_path / "x.png", SETTINGS)
    write_npz(tmp_path / "logits.npz", {"logits": np.zeros((6, 500)), "kept": np.array([1, 6])})
    with pytest.raises(WhichtaskError, match="'kept' must be rows of 'logits', 0 to 5"):
        draw("td_gallery_uninterpretable", own | {"logits": [tmp_path / "logits.npz"]}, tmp_path / "x.png", SETTINGS)


def test_quartiles_are_those_of_the_tasks_and_copies_are_drawn_once(inputs: dict[str, Inputs], tmp_path: Path) -> None:
    whole = drawn("td_coverage", inputs["td_coverage"], tmp_path)
    source = coverage_table()
    table, tasks = whole[whole["row"] == "mean"], whole[whole["row"] == "task"]
    assert tasks.groupby("embedding").size().to_dict() == {
        k: 20 * n for k, n in table["embedding"].value_counts().items()
    }
    counts = table["embedding"].value_counts().to_dict()
    assert counts == {"discovered": 2, "labels": 2, "untrained": 2, "pixels": 1, "features": 1}
    for row in table.to_dict("records"):
        own = source[(source["set"] == row["set"]) & (source["embedding"] == row["embedding"])]["accuracy"]
        expected = own.quantile([0, 0.25, 0.5, 0.75, 1]).to_list()
        found = [row[name] for name in ("minimum", "quartile_1", "median", "quartile_3", "maximum")]
        assert found == pytest.approx(expected)
        assert row["low"] < row["accuracy"] < row["high"]
    write_csv(tmp_path / "odd.csv", source.assign(embedding="odd"))
    with pytest.raises(WhichtaskError, match="cannot draw embeddings odd"):
        draw("td_coverage", {"coverage": [tmp_path / "odd.csv"]}, tmp_path / "x.png", SETTINGS)


def test_the_matrix_of_factors_holds_the_best_tasks(inputs: dict[str, Inputs], tmp_path: Path) -> None:
    table = drawn("td_factors", inputs["td_factors"], tmp_path).set_index(["set", "factor"])
    assert table["phi"].to_dict() == pytest.approx(
        {
            ("cnn-0.25", "shape"): 0.8,
            ("cnn-0.25", "bg_hue"): 0.72,
            ("random", "shape"): 0.05,
            ("random", "bg_hue"): 0.045,
        }
    )
    assert table["tasks_that_found_it"].to_list() == [3, 0, 0, 0]
    write_csv(tmp_path / "other.csv", factor_tables()[1].assign(set=["a", "b"]))
    with pytest.raises(WhichtaskError, match="different sets"):
        draw("td_factors", inputs["td_factors"] | {"summary": [tmp_path / "other.csv"]}, tmp_path / "x.png", SETTINGS)
