"""Reading and averaging of tables, and the mosaics that figures are made of."""

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whichtask.artifacts import write_csv
from whichtask.errors import WhichtaskError
from whichtask.figures.images import FRAME, mosaic, spread_over_classes, tiles
from whichtask.figures.tables import AGREEMENT_COLUMNS, pairwise_interval, read_agreement, read_similarity
from whichtask.figures.td.agreement import count_text, learned, scores, summarise

ROW = {
    "data": "d",
    "network": "cnn",
    "set": "human",
    "task": "a",
    "pair": 0,
    "network_1": 0,
    "network_2": 1,
    "agreement": 0.9,
    "agreement_low": 0.8,
    "agreement_high": 1.0,
    "chance_agreement": 0.5,
    "train_accuracy": 1.0,
    "images_train": 100,
}


@pytest.mark.parametrize("column", AGREEMENT_COLUMNS)
def test_a_missing_column_is_named(column: str, tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", pd.DataFrame([ROW]).drop(columns=column))
    with pytest.raises(WhichtaskError, match=rf"t.csv: no column {column}; needed are"):
        read_agreement([tmp_path / "t.csv"])


def test_an_empty_table_is_named(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", pd.DataFrame([ROW]).iloc[:0])
    with pytest.raises(WhichtaskError, match=r"t.csv: the table has no rows"):
        read_agreement([tmp_path / "t.csv"])
    (tmp_path / "none.csv").touch()
    with pytest.raises(WhichtaskError, match=r"cannot read the table .*none.csv"):
        read_agreement([tmp_path / "none.csv"])


def test_similarity_is_named_by_its_file(tmp_path: Path) -> None:
    pair = pd.DataFrame({"task_a": ["a"], "task_b": ["b"], "agreement_similarity": [0.6]})
    for kind in ("human", "random"):
        write_csv(tmp_path / f"{kind}.csv", pair)
    write_csv(tmp_path / "user.csv", pair.iloc[:0])
    table = read_similarity([tmp_path / f"{kind}.csv" for kind in ("human", "random", "user")])
    assert table["set"].tolist() == ["human", "random"]
    assert read_similarity([tmp_path / "user.csv"]).empty
    write_csv(tmp_path / "bad.csv", pair.drop(columns="task_b"))
    with pytest.raises(WhichtaskError, match="no column task_b"):
        read_similarity([tmp_path / "bad.csv"])


def test_a_mean_weighs_tasks_equally_whatever_their_number_of_pairs() -> None:
    rows = [
        ROW | {"agreement": 0.8, "train_accuracy": 1.0},
        ROW | {"pair": 1, "network_1": 2, "network_2": 3, "agreement": 0.6, "train_accuracy": 0.8},
        ROW | {"task": "b", "agreement": 0.9, "train_accuracy": 0.7, "chance_agreement": 0.6},
    ]
    (summary,) = summarise(pd.DataFrame(rows), ["network", "set"]).to_dict("records")
    assert summary["agreement"] == pytest.approx(0.8)
    assert summary["train_accuracy"] == pytest.approx(0.8)
    assert summary["chance_agreement"] == pytest.approx(0.55)
    assert (summary["n_tasks"], summary["n_pairs"]) == (2, 2)
    assert summary["low"] <= 0.8 <= summary["high"]


def similarities(values: list[float], k: int) -> pd.DataFrame:
    pairs = list(combinations([f"t{i}" for i in range(k)], 2))
    return pd.DataFrame(
        {"task_a": [a for a, _ in pairs], "task_b": [b for _, b in pairs], "agreement_similarity": values}
    )


def test_a_mean_leaves_out_and_counts_networks_that_did_not_learn_their_labels() -> None:
    """Two networks that name one class for every image agree always, at a train accuracy of the commonest class."""

    def pair(task: str, number: int, agreement: float, right: float, other: float, classes: int = 2) -> dict[str, Any]:
        learned = {"train_accuracy_1": right, "train_accuracy_2": other, "train_accuracy": (right + other) / 2}
        row = {"set": "random", "task": task, "pair": number, "agreement": agreement, "chance_agreement": 0.5}
        return row | learned | {"positive_rate": 0.48 if classes == 2 else 0.6, "n_classes": classes}

    table = pd.DataFrame([pair("a", 0, 0.6, 0.99, 1.0), pair("a", 1, 1.0, 0.52, 0.52), pair("b", 0, 1.0, 0.99, 0.48)])
    (mean,) = summarise(table, ["set"]).to_dict("records")
    assert (mean["agreement"], mean["n_tasks"], mean["n_pairs"], mean["n_unlearned"]) == (0.6, 1, 1, 2)
    joined = scores(table, ["set"])
    assert joined.loc[joined["task"] == "b", "agreement"].item() == 1.0, "a task is shown with its train accuracy"
    assert "without 2 that learned nothing" in count_text(joined)
    nothing = table[table["task"] == "b"]
    assert summarise(nothing, ["set"])["agreement"].item() == 1.0, "where none learned, no set is lost"
    whole = table[table["train_accuracy"] > 0.9]
    assert "n_unlearned" not in summarise(whole, ["set"])
    three = pd.DataFrame([pair("a", 0, 0.7, 0.45, 0.45, 3), pair("a", 1, 1.0, 0.4, 0.4, 3)])
    assert learned(three, ["set"])["agreement"].to_list() == [0.7], "the commonest of three classes has 0.4"


@settings(deadline=None, max_examples=30)
@given(k=st.integers(3, 7), data=st.data())
def test_the_pairwise_interval_does_not_depend_on_the_order_of_pairs(k: int, data: st.DataObject) -> None:
    n = k * (k - 1) // 2
    values = data.draw(st.lists(st.floats(0.5, 1.0), min_size=n, max_size=n))
    table = similarities(values, k)
    shuffled = table.iloc[data.draw(st.permutations(range(n)))].copy()
    turned = shuffled.rename(columns={"task_a": "task_b", "task_b": "task_a"})
    first, second = pairwise_interval(table), pairwise_interval(turned)
    assert first == pytest.approx(second)
    assert first.n == k
    assert first.low <= first.mean <= first.high


def test_the_pairwise_interval_has_the_width_of_independent_tasks() -> None:
    # s_ij = (a_i + a_j) / 2 has as its mean the mean of a, whose standard error is known: about sd / sqrt(k).
    k = 40
    a = 0.6 + 0.1 * np.random.default_rng(0).normal(size=k)
    values = [(a[i] + a[j]) / 2 for i, j in combinations(range(k), 2)]
    estimate = pairwise_interval(similarities(values, k))
    assert estimate.mean == pytest.approx(a.mean())
    assert (estimate.high - estimate.low) / 2 == pytest.approx(2.02 * a.std(ddof=1) / np.sqrt(k), rel=0.01)


def test_two_tasks_have_a_mean_and_no_interval() -> None:
    estimate = pairwise_interval(similarities([0.7], 2))
    assert (estimate.mean, estimate.n) == (0.7, 2)
    assert np.isnan([estimate.low, estimate.high]).all()


@settings(deadline=None)
@given(labels=st.lists(st.integers(0, 3), min_size=1, max_size=40), count=st.integers(1, 20))
def test_chosen_images_are_spread_over_the_classes(labels: list[int], count: int) -> None:
    classes = np.array(labels)
    chosen = spread_over_classes(classes, count)
    assert len(set(chosen.tolist())) == len(chosen) == min(count, len(labels))
    taken, present = np.bincount(classes[chosen], minlength=4), np.bincount(classes, minlength=4)
    # A class may have two images fewer than another only if it has no more.
    assert all(taken[c] >= taken.max() - 1 or taken[c] == present[c] for c in range(4))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_mosaic_puts_each_framed_image_at_its_centre(channels: int) -> None:
    levels = np.array([10, 90, 170, 250, 40], np.uint8)
    images = np.broadcast_to(levels[:, None, None, None], (5, 9, 9, channels))
    framed = tiles(images, [0, 1, 0, 1, 0])
    assert (framed[0, 0, 0] != framed[1, 0, 0]).any()
    assert (framed[:, FRAME, FRAME, 0] == levels).all()
    laid = mosaic(framed, 3)
    for level, (x, y) in zip(levels, laid.centres, strict=True):
        assert (laid.pixels[int(y), int(x)] == level).all()
    assert (laid.pixels[-1, -1] == 255).all(), "the sixth place is empty"
