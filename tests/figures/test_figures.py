"""Every figure from tiny inputs: its files, its numbers, its bytes, and what it says about bad inputs."""

from pathlib import Path
from typing import Literal

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from PIL import Image

from whichtask.artifacts import write_csv, write_npz
from whichtask.config import FigureSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.figures import draw, draw_again
from whichtask.plan.figures import FIGURES
from whichtask.tasks import TaskSet

SETTINGS = FigureSettings(dpi=60, gallery_images=4, example_images=6, gif_milliseconds=50)
Inputs = dict[str, list[Path]]
# Others have files of tests of their own.
HERE = [
    "td_examples",
    "td_as_by_network",
    "td_as_by_source",
    "td_as_by_images",
    "td_dynamics",
    "td_gallery_discovered",
    "td_similarity",
]
Images = npt.NDArray[np.uint8]


def agreement_table(
    kind: str, network: str, tasks: list[str], pairs: int = 2, images: int = 100, data: str = "quadrants"
) -> pd.DataFrame:
    """Agreement that depends on kind, task and pair, in the columns that a figure reads."""
    base = {"random": 0.6, "human": 0.9, "discovered": 0.93, "dynamics": 0.7}[kind]
    rows = [
        {
            "data": data,
            "network": network,
            "set": kind,
            "task": task,
            "pair": pair,
            "network_1": 2 * pair,
            "network_2": 2 * pair + 1,
            "agreement": base + 0.01 * k + 0.002 * pair,
            "agreement_low": base + 0.01 * k - 0.01,
            "agreement_high": base + 0.01 * k + 0.01,
            "chance_agreement": 0.5 + 0.001 * k,
            "train_accuracy": 1 - 0.005 * k,
            "images_train": images,
        }
        for k, task in enumerate(tasks)
        for pair in range(pairs)
    ]
    return pd.DataFrame(rows)


def similarity_table(tasks: list[str], value: float) -> pd.DataFrame:
    pairs = [(a, b) for i, a in enumerate(tasks) for b in tasks[i + 1 :]]
    values = value + 0.001 * np.arange(len(pairs))
    return pd.DataFrame(
        {"task_a": [a for a, _ in pairs], "task_b": [b for _, b in pairs], "agreement_similarity": values}
    )


def make_inputs(folder: Path, data: ImageSet) -> dict[str, Inputs]:
    """Write what each figure needs and return it by figure."""
    rng = np.random.default_rng(0)
    n = len(data.images)
    data.save(folder / "data.npz")
    tasks: dict[Literal["human", "random"], np.ndarray] = {
        "human": np.stack([np.isin(data.labels, half) for half in ((0, 1), (0, 2))]),
        "random": rng.integers(0, 2, (2, n)),
    }
    for kind, labels in tasks.items():
        of_kind = tuple(f"{kind}_{k:03d}" for k in range(len(labels)))
        TaskSet(labels.astype(np.uint8), of_kind, kind).save(folder / f"{kind}.npz")
    logits = rng.normal(size=(3, n)).astype(np.float32)
    found = [f"discovered_{k:03d}" for k in range(3)]
    TaskSet((logits > 0).astype(np.uint8), tuple(found), "discovered").save(folder / "discovered.npz")
    write_npz(folder / "logits.npz", {"logits": logits})
    steps = np.array([0, 2, 4, 6])
    record = {
        "outer_step": steps,
        "proxy_agreement": np.array([np.nan, 0.6, 0.8, 0.9]),
        "probabilities": rng.uniform(size=(4, 5)).astype(np.float32),
        "image_indices": rng.permutation(n)[:5],
        "positive_rate": np.array([0.5, 0.4, 0.5, 0.6]),
    }
    write_npz(folder / "dynamics.npz", record)
    names = {"random": ["random_000", "random_001"], "human": ["human_000", "human_001"], "discovered": found}
    for kind, value in (("random", 0.5), ("human", 0.6), ("discovered", 0.55)):
        for network in ("cnn", "mlp"):
            write_csv(folder / network / f"{kind}.csv", agreement_table(kind, network, names[kind]))
        for images in (50, 100):
            write_csv(folder / f"{kind}_{images}.csv", agreement_table(kind, "cnn", names[kind], images=images))
        write_csv(folder / "similarity" / f"{kind}.csv", similarity_table(names[kind], value))
    frozen = agreement_table("dynamics", "cnn", ["step_0000", "step_0004", "step_0006"])
    write_csv(folder / "cnn" / "dynamics.csv", frozen)
    image_set = {"data": [folder / "data.npz"]}
    kinds = ("random", "human", "discovered")
    return {
        "td_examples": image_set | {"human": [folder / "human.npz"], "random": [folder / "random.npz"]},
        "td_as_by_network": {"tables": [folder / net / f"{k}.csv" for net in ("cnn", "mlp") for k in kinds[:2]]},
        "td_as_by_source": {"tables": [folder / "cnn" / f"{kind}.csv" for kind in kinds]},
        "td_as_by_images": {"tables": [folder / f"{k}_{n}.csv" for n in (50, 100) for k in kinds[:2]]},
        "td_dynamics": image_set | {"dynamics": [folder / "dynamics.npz"], "tables": [folder / "cnn" / "dynamics.csv"]},
        "td_gallery_discovered": image_set | {"logits": [folder / "logits.npz"], "tasks": [folder / "discovered.npz"]},
        "td_similarity": {"tables": [folder / "similarity" / f"{kind}.csv" for kind in kinds]},
    }


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory, small_images: ImageSet) -> dict[str, Inputs]:
    return make_inputs(tmp_path_factory.mktemp("grey"), small_images)


@pytest.fixture(scope="module")
def colour_inputs(tmp_path_factory: pytest.TempPathFactory, small_images: ImageSet) -> dict[str, Inputs]:
    def colour(images: Images) -> Images:
        return np.concatenate([images, images[..., ::-1, :], 255 - images], axis=-1)

    s = small_images
    data = ImageSet("quadrants", colour(s.x_train), s.y_train, colour(s.x_test), s.y_test, s.class_names)
    return make_inputs(tmp_path_factory.mktemp("rgb"), data)


def drawn(figure: str, inputs: Inputs, folder: Path) -> pd.DataFrame:
    """Draw a figure and return the table beside it."""
    draw(figure, inputs, folder / f"{figure}.png", SETTINGS)
    return pd.read_csv(folder / f"{figure}.csv")


@pytest.mark.parametrize("figure", HERE)
def test_a_figure_is_written_whole_and_a_gallery_from_its_csv_to_the_same_bytes(
    figure: str, inputs: dict[str, Inputs], tmp_path: Path
) -> None:
    """Of those without images, and not of these, that is tested in tests/workflow."""
    before = dict(mpl.rcParams)
    drawn(figure, inputs[figure], tmp_path / "first")
    endings = {".png", ".svg", ".csv"} | ({".gif"} if figure == "td_dynamics" else set())
    first = {path.suffix: path for path in (tmp_path / "first").iterdir()}
    assert set(first) == endings
    with Image.open(first[".png"]) as picture:
        assert min(picture.size) > 200
    if FIGURES[figure].gallery:
        draw_again(figure, first.pop(".csv"), tmp_path / "second" / f"{figure}.png", SETTINGS, inputs[figure])
        for suffix, path in first.items():
            assert path.read_bytes() == (tmp_path / "second" / f"{figure}{suffix}").read_bytes(), suffix
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("figure", ["td_examples", "td_dynamics", "td_gallery_discovered"])
def test_colour_images_keep_their_colours(figure: str, colour_inputs: dict[str, Inputs], tmp_path: Path) -> None:
    drawn(figure, colour_inputs[figure], tmp_path)
    with Image.open(tmp_path / f"{figure}.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert (np.ptp(pixels, axis=-1) > 60).any()


def test_scores_are_the_means_of_the_tables(inputs: dict[str, Inputs], tmp_path: Path) -> None:
    table = drawn("td_as_by_source", inputs["td_as_by_source"], tmp_path)
    whole = pd.concat([pd.read_csv(path) for path in inputs["td_as_by_source"]["tables"]])
    tasks = table[table["row"] == "task"].set_index("task")["agreement"]
    pd.testing.assert_series_equal(tasks, whole.groupby("task", sort=False)["agreement"].mean(), check_names=False)
    means = {row["set"]: row for row in table[table["row"] == "mean"].to_dict("records")}
    found, human = means["discovered"], means["human"]
    assert found["agreement"] == pytest.approx(0.941)
    assert found["train_accuracy"] == pytest.approx(0.995)
    assert (found["n_tasks"], found["n_pairs"]) == (3, 2)
    assert human["low"] < human["agreement"] < human["high"]


def test_one_task_and_one_pair_have_no_interval(tmp_path: Path) -> None:
    for kind in ("random", "human"):
        write_csv(tmp_path / f"{kind}.csv", agreement_table(kind, "cnn", [f"{kind}_000"], pairs=1))
    tables = {"tables": [tmp_path / "random.csv", tmp_path / "human.csv"]}
    for figure in ("td_as_by_network", "td_as_by_source", "td_as_by_images"):
        table = drawn(figure, tables, tmp_path / "figures")
        assert table[["low", "high"]].isna().all(axis=None)
        assert table["agreement"].notna().all()


@pytest.mark.parametrize("score", [1.0, 0.1 + 0.2, 0.7])
def test_equal_scores_are_drawn(score: float, tmp_path: Path) -> None:
    names = [f"human_{k:03d}" for k in range(7)]
    write_csv(tmp_path / "human.csv", agreement_table("human", "cnn", names, pairs=3).assign(agreement=score))
    for figure in ("td_as_by_source", "td_as_by_images"):
        drawn(figure, {"tables": [tmp_path / "human.csv"]}, tmp_path / "figures")


def test_examples_show_the_same_images_under_both_tasks(
    inputs: dict[str, Inputs], small_images: ImageSet, tmp_path: Path
) -> None:
    table = drawn("td_examples", inputs["td_examples"], tmp_path)
    for kind in ("human", "random"):
        rows = table[table["kind"] == kind]
        labels = TaskSet.load(inputs["td_examples"][kind][0]).labels[0]
        assert rows["side"].tolist() == labels[rows["image_index"]].tolist()
    chosen = [sorted(rows["image_index"]) for _, rows in table.groupby("kind")]
    assert chosen[0] == chosen[1]
    assert min(chosen[0]) >= small_images.n_train
    counts = np.bincount(small_images.labels[chosen[0]], minlength=4)
    assert counts.max() - counts.min() <= 1


def test_the_gallery_shows_the_surest_test_images_of_each_side(
    inputs: dict[str, Inputs], small_images: ImageSet, tmp_path: Path
) -> None:
    table = drawn("td_gallery_discovered", inputs["td_gallery_discovered"], tmp_path)
    tasks = TaskSet.load(inputs["td_gallery_discovered"]["tasks"][0])
    logits = np.load(inputs["td_gallery_discovered"]["logits"][0])["logits"]
    test = np.arange(small_images.n_train, len(small_images.images))
    assert len(table) == 3 * 2 * SETTINGS.gallery_images
    for (name, side), rows in table.groupby(["task", "side"]):
        k = tasks.names.index(str(name))
        members = test[tasks.labels[k, test] == side]
        surest = np.sort(np.abs(logits[k, members]))[::-1][: SETTINGS.gallery_images]
        assert np.abs(rows["logit"].to_numpy()) == pytest.approx(surest)
        assert rows["logit"].to_numpy() == pytest.approx(logits[k, rows["image_index"]])


def test_dynamics_follow_the_record(inputs: dict[str, Inputs], tmp_path: Path) -> None:
    table = drawn("td_dynamics", inputs["td_dynamics"], tmp_path)
    record = np.load(inputs["td_dynamics"]["dynamics"][0])
    curve = table[table["row"] == "curve"]
    assert curve["agreement"].to_numpy() == pytest.approx(record["proxy_agreement"], nan_ok=True)
    assert curve["chance_agreement"].to_list() == pytest.approx([0.5, 0.52, 0.5, 0.52])
    sides = table[table["row"] == "label"].pivot_table(index="outer_step", columns="image_index", values="side")
    shown = record["probabilities"] > 0.5
    assert (sides[record["image_indices"]].to_numpy() == shown).all()
    assert sorted(table.loc[table["row"] == "score", "outer_step"].unique()) == [0, 4, 6]
    with Image.open(tmp_path / "td_dynamics.gif") as animation:
        assert getattr(animation, "n_frames", 1) == 4
    assert (tmp_path / "td_dynamics.gif").stat().st_size < 3_000_000


def test_similarity_takes_a_set_of_one_task(inputs: dict[str, Inputs], tmp_path: Path) -> None:
    write_csv(tmp_path / "user.csv", similarity_table(["mine"], 0.5))
    tables = inputs["td_similarity"]["tables"]
    table = drawn("td_similarity", {"tables": [*tables, tmp_path / "user.csv"]}, tmp_path)
    assert len(table) == sum(len(pd.read_csv(path)) for path in tables)


def test_many_tasks_fit_into_a_gallery_and_a_matrix(small_images: ImageSet, tmp_path: Path) -> None:
    n, names = len(small_images.images), [f"discovered_{k:03d}" for k in range(13)]
    logits = np.random.default_rng(1).normal(size=(13, n)).astype(np.float32)
    # All test images of the last task are on one side.
    logits[-1, small_images.n_train :] = 1
    small_images.save(tmp_path / "data.npz")
    TaskSet((logits > 0).astype(np.uint8), tuple(names), "discovered").save(tmp_path / "tasks.npz")
    write_npz(tmp_path / "logits.npz", {"logits": logits})
    paths = {name: [tmp_path / f"{name}.npz"] for name in ("data", "tasks", "logits")}
    assert drawn("td_gallery_discovered", paths, tmp_path)["task"].nunique() == 13
    write_csv(tmp_path / "discovered.csv", similarity_table(names, 0.5))
    assert len(drawn("td_similarity", {"tables": [tmp_path / "discovered.csv"]}, tmp_path / "out")) == 78


def test_an_unknown_figure_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match=r"unknown figure 'td_none'; allowed: td_examples"):
        draw("td_none", {}, tmp_path / "x.png", SETTINGS)


@pytest.mark.parametrize("figure", HERE)
def test_a_missing_input_is_named(figure: str, inputs: dict[str, Inputs], tmp_path: Path) -> None:
    for name in inputs[figure]:
        rest = {other: paths for other, paths in inputs[figure].items() if other != name}
        with pytest.raises(WhichtaskError, match=f"needs the input '{name}'"):
            draw(figure, rest, tmp_path / "x.png", SETTINGS)
    assert not list(tmp_path.iterdir())


def test_one_file_is_taken_where_one_is_meant(inputs: dict[str, Inputs], tmp_path: Path) -> None:
    twice = inputs["td_examples"] | {"data": inputs["td_examples"]["data"] * 2}
    with pytest.raises(WhichtaskError, match="one file as input 'data', but was given 2"):
        draw("td_examples", twice, tmp_path / "x.png", SETTINGS)


@pytest.mark.parametrize(
    ("figure", "change", "message"),
    [
        ("td_as_by_source", {"network": "other"}, "several values of 'network'"),
        ("td_as_by_network", {"images_train": 7}, "several values of 'images_train'"),
        ("td_as_by_images", {"data": "mnist"}, "several values of 'data'"),
        ("td_as_by_network", {"set": "strange"}, "cannot draw tasks of kind 'strange'"),
        ("td_dynamics", {"set": "random"}, "needs agreement of the set 'dynamics'"),
        ("td_dynamics", {"task": "first"}, "must be named step_NNNN"),
    ],
)
def test_tables_that_do_not_belong_together_are_refused(
    figure: str, change: dict[str, str | int], message: str, inputs: dict[str, Inputs], tmp_path: Path
) -> None:
    first, *rest = inputs[figure]["tables"]
    write_csv(tmp_path / "changed.csv", pd.read_csv(first).assign(**change))
    with pytest.raises(WhichtaskError, match=message):
        draw(figure, inputs[figure] | {"tables": [tmp_path / "changed.csv", *rest]}, tmp_path / "x.png", SETTINGS)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"positive_rate": None}, "no positive_rate"),
        ({"probabilities": np.zeros((4, 3), np.float32)}, "must be"),
        ({"image_indices": np.array([0, 1, 2, 3, 500])}, "image_indices must be 0 to 499"),
    ],
)
def test_a_bad_record_is_refused(
    arrays: dict[str, np.ndarray | None],
    message: str,
    inputs: dict[str, Inputs],
    tmp_path: Path,
) -> None:
    record = dict(np.load(inputs["td_dynamics"]["dynamics"][0])) | arrays
    write_npz(tmp_path / "bad.npz", {name: array for name, array in record.items() if array is not None})
    with pytest.raises(WhichtaskError, match=message):
        draw("td_dynamics", inputs["td_dynamics"] | {"dynamics": [tmp_path / "bad.npz"]}, tmp_path / "x.png", SETTINGS)


def test_arrays_of_other_images_are_refused(inputs: dict[str, Inputs], tmp_path: Path) -> None:
    labels = np.tile([0, 1], (3, 20))
    TaskSet(labels, ("a", "b", "c"), "discovered").save(tmp_path / "few.npz")
    gallery = inputs["td_gallery_discovered"]
    with pytest.raises(WhichtaskError, match="labels 40 images, but quadrants has 500"):
        draw("td_gallery_discovered", gallery | {"tasks": [tmp_path / "few.npz"]}, tmp_path / "x.png", SETTINGS)
    write_npz(tmp_path / "logits.npz", {"logits": np.zeros((2, 500), np.float32)})
    with pytest.raises(WhichtaskError, match="must have the shape of the tasks"):
        draw("td_gallery_discovered", gallery | {"logits": [tmp_path / "logits.npz"]}, tmp_path / "x.png", SETTINGS)


def test_the_matrix_needs_discovered_tasks(inputs: dict[str, Inputs], tmp_path: Path) -> None:
    human = [path for path in inputs["td_similarity"]["tables"] if path.stem == "human"]
    with pytest.raises(WhichtaskError, match="needs pairs of discovered tasks"):
        draw("td_similarity", {"tables": human}, tmp_path / "x.png", SETTINGS)
