"""Figures of adversarial splits: their numbers, and that images, labels and predictions belong together."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from PIL import Image

from whichtask.artifacts import write_csv, write_npz
from whichtask.config import FigureSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.figures import draw, read_numbers
from whichtask.figures.images import mosaic, tiles
from whichtask.figures.td import split_gallery
from whichtask.figures.td.split_gallery import median_row

SETTINGS = FigureSettings(dpi=60)
FIGURES = ("td_splits_table", "td_split_gallery", "td_split_classes")
Inputs = dict[str, list[Path]]
Arrays = dict[str, npt.NDArray[Any]]
CLASSES = ("a", "b", "c", "d")
TARGETS, TASKS, SEEDS = 2, 2, 2
SHARES = {"adversarial": 0.3, "random": 0.8, "class_matched": 0.7}


def image_set(n: int = 300) -> ImageSet:
    """Images of which the first two pixels are the image's index: index = 256 * first + second."""
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (n, 6, 6, 1)).astype(np.uint8)
    images[:, 0, 0, 0], images[:, 0, 1, 0] = np.divmod(np.arange(n), 256)
    labels = rng.integers(0, len(CLASSES), n)
    cut = n - 60
    return ImageSet("numbered", images[:cut], labels[:cut], images[cut:], labels[cut:], CLASSES)


def split_results(data: ImageSet) -> tuple[pd.DataFrame, Arrays]:
    """Invent networks that predict right on random splits and mostly wrong on adversarial ones."""
    rng = np.random.default_rng(4)
    pool = rng.permutation(len(data.images))[:220]
    classes = data.labels[pool]
    rows, in_train, labels, predictions = [], [], [], []
    for t in range(TARGETS):
        for k in range(TASKS):
            for kind, n in (("binary", 2), ("classes", len(CLASSES))):
                target = classes if kind == "classes" else (classes >= 2).astype(np.int64)
                for split, share in SHARES.items():
                    side = rng.random(len(pool)) < 0.5
                    for seed in range(SEEDS):
                        right = rng.random(len(pool)) < share + 0.02 * (t + k)
                        guess = np.where(right, target, (target + rng.integers(1, n, len(pool))) % n)
                        rows.append(
                            {
                                "data": data.name,
                                "network": "cnn",
                                "kind": kind,
                                "target": f"human_{t:03d}",
                                "task": f"discovered_{k:03d}",
                                "split": split,
                                "seed": seed,
                                "test_accuracy": (guess == target)[~side].mean(),
                                "train_accuracy": 1 - 0.01 * t,
                                "images_train": side.sum(),
                                "images_test": (~side).sum(),
                                "n_classes": n,
                            }
                        )
                        in_train.append(side)
                        labels.append(target)
                        predictions.append(np.where(side, -1, guess))
    arrays: Arrays = {
        "pool": pool.astype(np.int64),
        "in_train": np.stack(in_train),
        "labels": np.stack(labels).astype(np.uint8),
        "predictions": np.stack(predictions).astype(np.int16),
        "binary_names": np.array(["0", "1"]),
        "class_names": np.array(CLASSES),
    }
    return pd.DataFrame(rows), arrays


def written(folder: Path, data: ImageSet, table: pd.DataFrame, arrays: Arrays) -> Inputs:
    data.save(folder / "data.npz")
    write_csv(folder / "accuracies.csv", table)
    write_npz(folder / "predictions.npz", arrays)
    return {
        "data": [folder / "data.npz"],
        "tables": [folder / "accuracies.csv"],
        "predictions": [folder / "predictions.npz"],
    }


def rows_of(accuracies: pd.DataFrame, arrays: Arrays, chosen: "pd.Series[bool]") -> tuple[pd.DataFrame, Arrays]:
    """Return some rows of a table and of the arrays beside it."""
    rows = np.flatnonzero(chosen)
    return accuracies.iloc[rows], {name: part[rows] if part.ndim == 2 else part for name, part in arrays.items()}


@pytest.fixture(scope="module")
def data() -> ImageSet:
    return image_set()


@pytest.fixture(scope="module")
def results(data: ImageSet) -> tuple[pd.DataFrame, Arrays]:
    return split_results(data)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory, data: ImageSet, results: tuple[pd.DataFrame, Arrays]) -> Inputs:
    return written(tmp_path_factory.mktemp("splits"), data, *results)


def needed(figure: str, inputs: Inputs) -> Inputs:
    names = {"td_splits_table": ["tables"], "td_split_classes": ["tables", "predictions"]}
    return {name: inputs[name] for name in names.get(figure, list(inputs))}


def drawn(figure: str, inputs: Inputs, folder: Path) -> pd.DataFrame:
    """Draw a figure and return the table beside it."""
    draw(figure, needed(figure, inputs), folder / f"{figure}.png", SETTINGS)
    return pd.read_csv(folder / f"{figure}.csv", keep_default_na=False, na_values={"share": ""})


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_is_written_whole_and_again_to_the_same_bytes(figure: str, inputs: Inputs, tmp_path: Path) -> None:
    for folder in ("first", "second"):
        drawn(figure, inputs, tmp_path / folder)
    first = {path.suffix: path for path in (tmp_path / "first").iterdir()}
    assert set(first) == {".png", ".svg", ".csv"}
    with Image.open(first[".png"]) as picture:
        assert min(picture.size) > 200
    for suffix, path in first.items():
        assert path.read_bytes() == (tmp_path / "second" / f"{figure}{suffix}").read_bytes(), suffix


@pytest.mark.parametrize("figure", FIGURES)
def test_a_missing_input_is_named(figure: str, inputs: Inputs, tmp_path: Path) -> None:
    whole = needed(figure, inputs)
    for name in whole:
        rest = {other: paths for other, paths in whole.items() if other != name}
        with pytest.raises(WhichtaskError, match=f"needs the input '{name}'"):
            draw(figure, rest, tmp_path / "x.png", SETTINGS)
    assert not list(tmp_path.iterdir())


def test_the_table_figure_has_the_means_of_pairs(
    inputs: Inputs, results: tuple[pd.DataFrame, Arrays], tmp_path: Path
) -> None:
    drawn("td_splits_table", inputs, tmp_path)
    table = pd.read_csv(tmp_path / "td_splits_table.csv")
    accuracies = results[0]
    keys = ["kind", "target", "task"]
    pairs = table[table["row"] == "pair"].set_index(keys)
    assert len(pairs) == 2 * TARGETS * TASKS
    for split in SHARES:
        expected = accuracies[accuracies["split"] == split].groupby(keys)["test_accuracy"].mean()
        assert pairs[split].to_dict() == pytest.approx(expected.to_dict())
    assert (pairs["difference"] - pairs["adversarial"] + pairs["random"]).abs().max() < 1e-8
    assert (pairs["matched_difference"] - pairs["adversarial"] + pairs["class_matched"]).abs().max() < 1e-8
    for _, mean in table[table["row"] == "mean"].iterrows():
        of_kind = pairs.loc[mean["kind"]]
        assert (mean["pairs"], mean["networks"]) == (TARGETS * TASKS, SEEDS)
        assert mean["chance"] == (0.5 if mean["kind"] == "binary" else 0.25)
        for column in (*SHARES, "difference", "matched_difference", "random_train", "class_matched_train"):
            assert mean[column] == pytest.approx(of_kind[column].mean())
        for column in (*SHARES, "difference", "matched_difference"):
            assert mean[f"{column}_low"] < mean[column] < mean[f"{column}_high"]


def test_one_pair_of_one_kind_is_drawn_without_an_interval(
    data: ImageSet, results: tuple[pd.DataFrame, Arrays], tmp_path: Path
) -> None:
    accuracies, arrays = results
    one = (accuracies["kind"] == "classes") & (accuracies["target"] == "human_000")
    one &= (accuracies["task"] == "discovered_001") & (accuracies["seed"] == 0)
    rows = np.flatnonzero(one)
    kept = {name: array[rows] if array.ndim == 2 else array for name, array in arrays.items()}
    inputs = written(tmp_path, data, accuracies[one], kept)
    for figure in FIGURES:
        drawn(figure, inputs, tmp_path / "figures")
    table = pd.read_csv(tmp_path / "figures" / "td_splits_table.csv")
    assert table.filter(regex="_(low|high)$").isna().all(axis=None)
    assert table["row"].tolist() == ["pair", "mean"]


def test_the_median_is_the_lower_of_two_and_the_first_of_equal_ones() -> None:
    def table(*accuracies: float) -> pd.DataFrame:
        first = pd.DataFrame({"kind": ["binary"], "split": ["adversarial"], "test_accuracy": [0.3]})
        others = pd.DataFrame({"kind": "classes", "split": "adversarial", "test_accuracy": accuracies})
        return pd.concat([first, others], ignore_index=True)

    assert median_row(table(0.5, 0.1, 0.3)) == 3
    assert median_row(table(0.5, 0.2, 0.3, 0.1)) == 2
    assert median_row(table(0.9, 0.3, 0.3, 0.3, 0.1)) == 2


def test_the_gallery_shows_the_images_that_its_table_names(
    inputs: Inputs,
    data: ImageSet,
    results: tuple[pd.DataFrame, Arrays],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[npt.NDArray[np.uint8]] = []
    whole = tiles

    def watched(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        shown.append(images)
        return whole(images)

    monkeypatch.setattr(split_gallery, "tiles", watched)
    table = drawn("td_split_gallery", inputs, tmp_path)
    accuracies, arrays = results
    row = median_row(accuracies)
    assert set(table["seed"]) == {accuracies.loc[row, "seed"]}
    # The pixels of the images that were drawn hold their index in the whole data set.
    pixels = np.concatenate([images for images in shown if len(images) > 1]).astype(int)
    assert (256 * pixels[:, 0, 0, 0] + pixels[:, 0, 1, 0]).tolist() == table["image_index"].tolist()
    assert [CLASSES[label] for label in data.labels[table["image_index"]]] == table["true_class"].tolist()
    place = {int(index): p for p, index in enumerate(arrays["pool"])}
    for shown_row in table.to_dict("records"):
        p = place[shown_row["image_index"]]
        guess = arrays["predictions"][row, p]
        assert arrays["in_train"][row, p] == (shown_row["block"] == "training")
        assert shown_row["predicted_class"] == ("" if guess < 0 else CLASSES[guess])
        column = "predicted_class" if shown_row["block"] == "mistaken" else "true_class"
        assert shown_row["column_class"] == shown_row[column]
        assert shown_row["block"] != "mistaken" or shown_row["true_class"] != shown_row["predicted_class"]
    for _, members in table.groupby(["block", "column_class"]):
        places = [place[index] for index in members["image_index"]]
        assert places == sorted(places)
        assert members["rank"].tolist() == list(range(1, len(members) + 1))


def test_each_picture_stands_in_the_column_of_its_class(
    inputs: Inputs, data: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid: list[npt.NDArray[np.uint8]] = []
    whole = mosaic

    def watched(pictures: npt.NDArray[np.uint8], columns: int, gap: tuple[int, int]) -> Any:
        laid.append(pictures.reshape(split_gallery.ROWS, columns, *pictures.shape[1:]))
        return whole(pictures, columns, gap)

    monkeypatch.setattr(split_gallery, "mosaic", watched)
    table = drawn("td_split_gallery", inputs, tmp_path)
    for block, pictures in zip(split_gallery.BLOCKS, laid, strict=True):
        for row in table[table["block"] == block].to_dict("records"):
            picture = pictures[row["rank"] - 1, CLASSES.index(row["column_class"])]
            enlarged = len(picture) // data.shape[0]
            assert (picture[::enlarged, ::enlarged, :1] == data.images[row["image_index"]]).all()


def test_classes_called_by_numbers_keep_their_names(
    data: ImageSet, results: tuple[pd.DataFrame, Arrays], tmp_path: Path
) -> None:
    names = ("00", "01", "02", "03")
    numbered = ImageSet(data.name, data.x_train, data.y_train, data.x_test, data.y_test, names)
    inputs = written(tmp_path, numbered, results[0], results[1] | {"class_names": np.array(names)})
    for figure in FIGURES[1:]:
        drawn(figure, inputs, tmp_path)
        table = read_numbers(tmp_path / f"{figure}.csv")
        assert set(table["predicted_class"].dropna()) == set(table["true_class"]) == set(names)


def test_columns_without_mistakes_stay_white(
    data: ImageSet, results: tuple[pd.DataFrame, Arrays], tmp_path: Path
) -> None:
    accuracies, arrays = results
    perfect = np.where(arrays["in_train"], -1, arrays["labels"].astype(np.int16))
    inputs = written(tmp_path, data, accuracies.assign(test_accuracy=1.0), arrays | {"predictions": perfect})
    table = drawn("td_split_gallery", inputs, tmp_path / "figures")
    assert set(table["block"]) == {"training", "test"}


def test_many_classes_are_cut_at_ten_columns(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    labels = np.arange(120) % 12
    names = tuple(f"class {c}" for c in range(12))
    images = rng.integers(0, 256, (120, 6, 6, 3)).astype(np.uint8)
    data = ImageSet("many", images[:100], labels[:100], images[100:], labels[100:], names)
    # Class 11 has training images only, so its accuracy is unknown.
    side = (np.arange(120) % 24 < 12) | (labels == 11)
    guess = np.where(side, -1, (labels + 1) % 12).astype(np.int16)
    common = {"data": "many", "network": "cnn", "kind": "classes", "target": "t", "task": "k", "seed": 0}
    numbers = {"test_accuracy": 0.0, "train_accuracy": 1.0, "images_train": 65, "images_test": 55, "n_classes": 12}
    table = pd.DataFrame([common | {"split": split} | numbers for split in ("adversarial", "random")])
    arrays: Arrays = {
        "pool": np.arange(120),
        "in_train": np.stack([side] * 2),
        "labels": np.stack([labels] * 2).astype(np.uint8),
        "predictions": np.stack([guess] * 2),
        "class_names": np.array(names),
        "binary_names": np.array(["0", "1"]),
    }
    inputs = written(tmp_path, data, table, arrays)
    assert drawn("td_split_gallery", inputs, tmp_path / "figures")["column"].max() == 9
    classes = drawn("td_split_classes", inputs, tmp_path / "figures")
    assert "class 11" not in set(classes.loc[classes["row"] == "class", "true_class"])


def test_classes_and_confusion_are_counted_right(
    inputs: Inputs, results: tuple[pd.DataFrame, Arrays], tmp_path: Path
) -> None:
    table = drawn("td_split_classes", inputs, tmp_path)
    accuracies, arrays = results
    cells = table[table["row"] == "confusion"].set_index(["true_class", "predicted_class"])["share"]
    assert cells.groupby("true_class").sum().to_list() == pytest.approx([1.0] * len(CLASSES))
    for split in SHARES:
        rows = np.flatnonzero((accuracies["kind"] == "classes") & (accuracies["split"] == split))
        shares = table[(table["row"] == "class") & (table["split"] == split)].set_index("true_class")["share"]
        for c, name in enumerate(CLASSES):
            # Every pair has the same number of networks, so the mean of means is the mean.
            of_rows = []
            for row in rows:
                tested = ~arrays["in_train"][row] & (arrays["labels"][row] == c)
                of_rows.append((arrays["predictions"][row, tested] == c).mean())
            assert shares[name] == pytest.approx(np.mean(of_rows))
            if split == "adversarial":
                assert cells[name, name] == pytest.approx(np.mean(of_rows))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "ternary"}, "unknown kind 'ternary' of splits; allowed: binary, classes, attribute"),
        ({"split": "odd"}, "unknown split 'odd' of splits; allowed: random, class_matched, adversarial"),
        ({"split": "random"}, "no adversarial split of cnn, binary, human_000, discovered_000"),
    ],
)
def test_a_bad_table_is_refused(
    change: dict[str, str], message: str, results: tuple[pd.DataFrame, Arrays], tmp_path: Path
) -> None:
    write_csv(tmp_path / "bad.csv", results[0].assign(**change))
    with pytest.raises(WhichtaskError, match=message):
        draw("td_splits_table", {"tables": [tmp_path / "bad.csv"]}, tmp_path / "x.png", SETTINGS)


def test_every_pair_needs_all_splits_and_only_class_matched_ones_may_be_absent(
    results: tuple[pd.DataFrame, Arrays], tmp_path: Path
) -> None:
    table = results[0]
    matched = table["split"] == "class_matched"
    write_csv(tmp_path / "two.csv", table[~matched])
    numbers = drawn("td_splits_table", {"tables": [tmp_path / "two.csv"]}, tmp_path / "figures")
    assert not [column for column in numbers if "matched" in str(column)]
    write_csv(tmp_path / "some.csv", table[~matched | (table["kind"] == "binary")])
    with pytest.raises(WhichtaskError, match="no class_matched split of cnn, classes, human_000, discovered_000"):
        drawn("td_splits_table", {"tables": [tmp_path / "some.csv"]}, tmp_path / "figures")


def test_networks_are_not_mixed(results: tuple[pd.DataFrame, Arrays], tmp_path: Path) -> None:
    write_csv(tmp_path / "cnn.csv", results[0])
    write_csv(tmp_path / "mlp.csv", results[0].assign(network="mlp"))
    both = {"tables": [tmp_path / "cnn.csv", tmp_path / "mlp.csv"]}
    with pytest.raises(WhichtaskError, match="several values of 'network'"):
        draw("td_splits_table", both, tmp_path / "x.png", SETTINGS)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing", "no pool; predictions need"),
        ("short", r"in_train is \(47, 220\)"),
        ("sides", "must be -1 on the training side"),
        ("rows", "both files must come from one run"),
        ("order", "labels are not those of the images"),
        ("pool", "more images than the data set"),
        ("names", "have other classes"),
    ],
)
def test_predictions_that_do_not_belong_to_table_or_images_are_refused(
    name: str, message: str, data: ImageSet, results: tuple[pd.DataFrame, Arrays], tmp_path: Path
) -> None:
    table, arrays = results
    changes: dict[str, Arrays] = {
        "missing": {},
        "short": {"in_train": arrays["in_train"][1:]},
        "sides": {"in_train": ~arrays["in_train"]},
        "rows": {key: arrays[key][::-1] for key in ("in_train", "labels", "predictions")},
        # What a shuffled loader does: labels in one order, images in another.
        "order": {"pool": arrays["pool"][::-1]},
        "pool": {"pool": arrays["pool"] + 100},
        "names": {"class_names": arrays["class_names"][::-1]},
    }
    bad = {key: array for key, array in (arrays | changes[name]).items() if name != "missing" or key != "pool"}
    with pytest.raises(WhichtaskError, match=message):
        drawn("td_split_gallery", written(tmp_path, data, table, bad), tmp_path / "figures")


def test_images_need_splits_of_the_classes(
    data: ImageSet, results: tuple[pd.DataFrame, Arrays], tmp_path: Path
) -> None:
    table, arrays = results
    inputs = written(tmp_path, data, *rows_of(table, arrays, table["kind"] == "binary"))
    for figure in FIGURES[1:]:
        with pytest.raises(WhichtaskError, match=f"{figure} needs splits of the kind 'classes'"):
            drawn(figure, inputs, tmp_path / "figures")


def test_one_file_a_target_gives_what_one_file_of_all_gives(
    inputs: Inputs, data: ImageSet, results: tuple[pd.DataFrame, Arrays], tmp_path: Path
) -> None:
    accuracies = results[0].assign(source="discovered")
    parts = [
        written(tmp_path / f"t{t}", data, *rows_of(accuracies, results[1], accuracies["target"] == f"human_{t:03d}"))
        for t in range(TARGETS)
    ]
    drawn_networks = accuracies.assign(source="random_network", task="random_network_00", network="cnn")
    other = written(
        tmp_path / "drawn", data, *rows_of(drawn_networks, results[1], accuracies["task"] == "discovered_000")
    )
    joined = {name: [part[name][0] for part in (other, *parts)] for name in ("tables", "predictions")}
    joined["data"] = inputs["data"]
    for figure in FIGURES[1:]:
        drawn(figure, inputs, tmp_path / "whole")
        drawn(figure, joined, tmp_path / "parts")
        files = [tmp_path / folder / f"{figure}.csv" for folder in ("whole", "parts")]
        assert files[0].read_bytes() == files[1].read_bytes(), (
            "random networks are passed over, and order does not count"
        )
    numbers = drawn("td_splits_table", joined, tmp_path / "parts")
    means = numbers[numbers["row"] == "mean"]
    assert means["source"].tolist() == ["discovered"] * 2 + ["random_network"] * 2
    assert means["pairs"].tolist() == [TARGETS * TASKS] * 2 + [TARGETS] * 2


def test_predictions_must_come_in_the_order_of_their_tables(
    data: ImageSet, results: tuple[pd.DataFrame, Arrays], tmp_path: Path
) -> None:
    accuracies, arrays = results
    parts = [
        written(tmp_path / f"t{t}", data, *rows_of(accuracies, arrays, accuracies["target"] == f"human_{t:03d}"))
        for t in range(TARGETS)
    ]
    both = {name: [part[name][0] for part in parts] for name in ("tables", "predictions")}
    with pytest.raises(WhichtaskError, match="both files must come from one run"):
        drawn("td_split_classes", both | {"predictions": both["predictions"][::-1]}, tmp_path)
    with pytest.raises(WhichtaskError, match="2 tables and 1 predictions; each table needs its own"):
        drawn("td_split_classes", both | {"predictions": both["predictions"][:1]}, tmp_path)
    with pytest.raises(WhichtaskError, match="twice; give each table once"):
        drawn("td_split_classes", {name: [paths[0]] * 2 for name, paths in both.items()}, tmp_path)
    moved = arrays | {"pool": arrays["pool"][::-1].copy()}
    again = written(tmp_path / "moved", data, *rows_of(accuracies, moved, accuracies["target"] == "human_001"))
    mixed = {name: [parts[0][name][0], again[name][0]] for name in ("tables", "predictions")}
    with pytest.raises(WhichtaskError, match="other images or classes in one file than in another"):
        drawn("td_split_classes", mixed, tmp_path)


def test_all_sources_stand_side_by_side_and_attributes_have_a_worst_group(
    results: tuple[pd.DataFrame, Arrays], tmp_path: Path
) -> None:
    table = results[0]
    binary = table[table["kind"] == "binary"]
    worst = binary["test_accuracy"] / 2
    attribute = binary.assign(data="factors", source="attribute", kind="attribute", worst_group_accuracy=worst)
    tables = {"discovered": table, "random_network": table.assign(source="random_network"), "attribute": attribute}
    for name, part in tables.items():
        write_csv(tmp_path / f"{name}.csv", part)
    given = {"tables": [tmp_path / f"{name}.csv" for name in tables]}
    numbers = drawn("td_splits_table", given, tmp_path)
    means = numbers[numbers["row"] == "mean"].set_index(["source", "kind"])
    assert list(means.index) == [
        ("discovered", "binary"),
        ("discovered", "classes"),
        ("random_network", "binary"),
        ("random_network", "classes"),
        ("attribute", "attribute"),
    ]
    assert set(means["data"]) == {"numbered", "factors"}
    of_attribute = means.loc[[("attribute", "attribute")]].astype(str)
    for split in SHARES:
        value, low, high = (float(of_attribute[f"{split}_worst{ending}"].iloc[0]) for ending in ("", "_low", "_high"))
        assert value == pytest.approx(float(of_attribute[split].iloc[0]) / 2)
        assert low < value < high
    others = means[means["data"] == "numbered"]
    assert (others["adversarial_worst"].astype(str) == "").all()
    # Of one source and kind there must be one data set.
    write_csv(tmp_path / "more.csv", attribute.assign(data="numbered", target="other"))
    with pytest.raises(WhichtaskError, match="several values of 'data'"):
        drawn("td_splits_table", {"tables": [*given["tables"], tmp_path / "more.csv"]}, tmp_path)
