"""Splits as files: the verbs, and that what is exported is what was trained on."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from whichtask.artifacts import read_csv, read_npz, write_npz
from whichtask.cli import main
from whichtask.config import AgreementSettings, CnnSpec, DataSettings, SplitJob, SplitSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.splits import export_splits
from whichtask.tasks import TaskSet, human_tasks

JOB = SplitJob(
    seed=0,
    data=DataSettings(train_images=300, heldout_images=50, discovery_heldout_images=50),
    network_name="cnn",
    network=CnnSpec(width=4, hidden=16),
    agreement=AgreementSettings(epochs=1, batch_size=50),
    splits=SplitSettings(images=150, tasks=2, random_networks=1),
)
CASE = ["kind", "target", "task", "split"]


def call(*words: object) -> None:
    """Run the command line in this process."""
    before = sys.argv
    sys.argv = ["whichtask", *map(str, words)]
    try:
        main()
    except SystemExit as end:
        if end.code not in (0, None):
            raise
    finally:
        sys.argv = before


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, shortcut_images: ImageSet, brightness: TaskSet) -> Path:
    """Return a folder with images, tasks and the splits of one target by the command line."""
    folder = tmp_path_factory.mktemp("export")
    shortcut_images.save(folder / "data.npz")
    human_tasks(shortcut_images.labels, shortcut_images.class_names).save(folder / "human.npz")
    # A name that no file should have.
    TaskSet(brightness.labels, ("dark/bright, 50 %",), "discovered").save(folder / "found.npz")
    words = ["--targets", folder / "human.npz", "--target", "1", "--attackers", folder / "found.npz"]
    call("splits", *common(folder), *words)
    return folder


def common(folder: Path, out: str = "splits") -> list[str | Path]:
    return [
        *("--data", folder / "data.npz", "--job", JOB.model_dump_json(), "--out", folder / out),
        *("--results", folder / "results", "--threads", "1"),
    ]


def test_the_verb_writes_the_splits_that_were_trained_on(folder: Path, shortcut_images: ImageSet) -> None:
    table, split = read_csv(folder / "splits" / "accuracies.csv"), read_npz(folder / "splits" / "split.npz")
    predictions = read_npz(folder / "splits" / "predictions.npz")
    assert set(table["source"]) == {"discovered"}
    assert set(table["target"]) == {"human_001"}
    assert len(split["names"]) == 6, "2 kinds x 3 splits"
    assert str(split["images_sha256"]) == shortcut_images.sha256
    np.testing.assert_array_equal(split["pool"], predictions["pool"])
    of_row = table[CASE].agg("-".join, axis=1)
    for row, name in enumerate(of_row):
        case = split["names"].tolist().index(name)
        np.testing.assert_array_equal(split["in_train"][case], predictions["in_train"][row])
        np.testing.assert_array_equal(split["labels"][case], predictions["labels"][row])
        assert split["kind"][case] == table["kind"][row]
    assert yaml.safe_load((folder / "splits" / "config.yaml").read_text())["splits"]["images"] == 150
    assert not any((folder / "results" / ".state").iterdir()), "live state of finished jobs is removed"


def test_an_exported_split_read_back_is_the_split(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "export"
    call("splits-export", "--split", folder / "splits" / "split.npz", "--data", folder / "data.npz", "--out", out)
    assert "6 splits" in capsys.readouterr().out
    split = read_npz(folder / "splits" / "split.npz")
    data = ImageSet.load(folder / "data.npz")
    assert len(list(out.iterdir())) == 6 * 3 + 1
    for case, name in enumerate(split["names"]):
        stem = str(name).replace("dark/bright, 50 %", "dark%2Fbright%2C%2050%20%25")
        table = pd.read_csv(out / f"{stem}.csv", dtype={"class_name": str})
        assert list(table.columns) == ["image", "split", "label", "class_name"]
        assert table["image"].is_monotonic_increasing
        train, test = (np.loadtxt(out / f"{stem}.{side}.txt", dtype=np.int64) for side in ("train", "test"))
        np.testing.assert_array_equal(np.sort(split["pool"][split["in_train"][case]]), train)
        np.testing.assert_array_equal(np.sort(split["pool"][~split["in_train"][case]]), test)
        assert set(table.loc[table["split"] == "train", "image"]) == set(train)
        label = dict(zip(split["pool"].tolist(), split["labels"][case].tolist(), strict=True))
        assert table["label"].tolist() == [label[image] for image in table["image"]]
        if split["kind"][case] == "classes":
            assert table["class_name"].tolist() == [data.class_names[c] for c in data.labels[table["image"]]]
        else:
            assert table["class_name"].tolist() == table["label"].astype(str).tolist()
    text = (out / "README.txt").read_text()
    assert text.count("\n") == 1, "one paragraph"
    assert data.sha256 in text


def test_splits_of_other_images_or_damaged_ones_are_refused(folder: Path, tmp_path: Path) -> None:
    data = ImageSet.load(folder / "data.npz")
    split = folder / "splits" / "split.npz"
    other = ImageSet("other", data.x_train[::-1].copy(), data.y_train, data.x_test, data.y_test, data.class_names)
    with pytest.raises(WhichtaskError, match="splits other images than those of 'other'"):
        export_splits(split, other, tmp_path)
    arrays = read_npz(split)
    write_npz(tmp_path / "less.npz", {name: array for name, array in arrays.items() if name != "labels"})
    with pytest.raises(WhichtaskError, match="no labels; splits need pool"):
        export_splits(tmp_path / "less.npz", data, tmp_path / "x")
    write_npz(tmp_path / "short.npz", arrays | {"in_train": arrays["in_train"][1:]})
    with pytest.raises(WhichtaskError, match="names and pool make it"):
        export_splits(tmp_path / "short.npz", data, tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_a_partition_random_networks_and_an_attribute_from_the_command_line(folder: Path) -> None:
    (folder / "warm.json").write_text(json.dumps({"a": 0, "b": 1, "c": 1, "d": 0}))
    call("splits", *common(folder, "drawn"), "--partition", folder / "warm.json", "--source", "random_network")
    table = read_csv(folder / "drawn" / "accuracies.csv")
    assert set(table["target"]) == {"warm"}
    assert set(table["task"]) == {"random_network_00"}
    attackers = ["--attackers", folder / "found.npz"]
    words = ["--targets", folder / "human.npz", "--target", "human_000", *attackers]
    groups = ["--group", folder / "found.npz", "--group-name", "dark/bright, 50 %"]
    call("splits", *common(folder, "attribute"), *words, "--source", "attribute", *groups)
    table = read_csv(folder / "attribute" / "accuracies.csv")
    assert set(table["kind"]) == {"attribute"}
    assert set(table["group"]) == {"dark/bright, 50 %"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "give the target either as --targets with --target, or as --partition"),
        (["--targets", "human.npz", "--partition", "x.yaml"], "give the target either as"),
        (["--targets", "human.npz"], "attacking tasks go with the sources discovered and attribute"),
        (["--targets", "human.npz", "--group", "found.npz"], "--group and --group-name go together"),
        (["--targets", "human.npz", "--source", "odd"], "unknown source of splits 'odd'"),
    ],
)
def test_options_that_do_not_fit_are_one_error_on_the_command_line(
    words: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given: list[str | Path] = [folder / word if word.endswith(".npz") else word for word in words]
    with pytest.raises(SystemExit) as end:
        call("splits", *common(folder, "nothing"), *given)
    assert end.value.code == 1
    assert message in capsys.readouterr().err
    assert not (folder / "nothing").exists()
