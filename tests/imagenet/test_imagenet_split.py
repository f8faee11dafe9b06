"""The random-network split: what is read, what the split is, that it resumes, and one clear error for each mistake."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import nn

from whichtask.artifacts import write_csv
from whichtask.config import ImageNetJob
from whichtask.data.torchvision_shim import models, torchvision
from whichtask.errors import WhichtaskError
from whichtask.studies.imagenet import list_photographs, make_split, read_split, write_split
from whichtask.studies.imagenet.split import class_sides, random_network

CPU = torch.device("cpu")


def split(folder: Path, job: ImageNetJob, results: Path, workers: int = 0) -> pd.DataFrame:
    return make_split(list_photographs(folder), job, device=CPU, workers=workers, results=results)


def test_photographs_are_read_as_the_authors_read_them(folder: Path) -> None:
    photographs = list_photographs(folder)
    chosen = np.array([40, 3, 17])
    ((images, targets),) = photographs.batches(chosen, image_size=32, batch_size=8, workers=0, device=CPU)
    assert targets.tolist() == [3, 0, 1]
    transforms = torchvision.transforms  # the first version, which the authors used
    theirs = transforms.Compose(
        [
            transforms.Resize(37),
            transforms.CenterCrop(32),
            transforms.ToTensor(),
            transforms.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
        ]
    )
    for image, index in zip(images, chosen, strict=True):
        with Image.open(photographs.root / str(photographs.paths[index])) as file:
            assert torch.equal(image, theirs(file.convert("RGB")))


def test_the_train_folder_itself_is_taken_too(folder: Path) -> None:
    whole, part = list_photographs(folder), list_photographs(folder / "train")
    assert whole.sha256 == part.sha256
    assert whole.class_names == ("n01", "n02", "n03", "n04")
    assert len(whole.paths) == 48
    assert all(path.split("/")[0] == f"n0{c + 1}" for path, c in zip(whole.paths, whole.targets, strict=True))


def test_the_network_is_the_one_that_a_seed_gave_the_authors() -> None:
    before = torch.get_rng_state()
    ours = random_network("resnet18", 3)
    assert torch.equal(torch.get_rng_state(), before), "the global generator is left alone"
    torch.manual_seed(3)
    theirs = models.resnet18()
    theirs.fc = nn.Linear(512, 1)
    torch.set_rng_state(before)
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))
    assert not ours.training


def test_the_lower_half_of_a_class_trains_on_one_side_only(folder: Path, job: ImageNetJob, tmp_path: Path) -> None:
    (folder / "train" / "n02" / "n02_0.JPEG").unlink()  # an odd number of images
    table = split(folder, job, tmp_path)
    assert table["logit"].nunique() > 40
    for name, rows in table.groupby("class"):
        low, high = rows[rows["label"] == 1], rows[rows["label"] == 0]
        assert low["logit"].max() <= high["logit"].min()
        assert len(low) == len(rows) // 2, name
        assert len(set(rows["side"])) == 1
        assert ((rows["split"] == "train") == (rows["label"] == rows["side"])).all()
    sides = table.groupby("class")["side"].first()
    assert sides.sum() == 2
    np.testing.assert_array_equal(sides, class_sides(4, 0))
    assert (class_sides(1_000, 0) != class_sides(1_000, 1)).any()
    assert not list(tmp_path.glob(".state/*"))


@pytest.mark.parametrize(("stopped_at", "workers"), [(1, 0), (3, 0), (3, 2)])
def test_a_killed_split_ends_with_the_same_logits(
    folder: Path, job: ImageNetJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopped_at: int, workers: int
) -> None:
    monkeypatch.setattr("whichtask.training.live.SAVE_EVERY_SECONDS", 0.0)
    monkeypatch.setattr("whichtask.studies.imagenet.split._BATCH", 10)
    whole = split(folder, job, tmp_path / "whole")
    made = random_network("resnet18", 0)
    seen: list[int] = []

    class Dying(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            if len(seen) == stopped_at:
                raise KeyboardInterrupt
            seen.append(len(images))
            result: torch.Tensor = made(images)
            return result

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("whichtask.studies.imagenet.split.random_network", lambda _name, _seed: Dying())
        split(folder, job, tmp_path / "killed")
    counted: list[int] = []
    made.register_forward_hook(lambda _network, inputs, _output: counted.append(len(inputs[0])))
    monkeypatch.setattr("whichtask.studies.imagenet.split.random_network", lambda _name, _seed: made)
    pd.testing.assert_frame_equal(split(folder, job, tmp_path / "killed", workers), whole, check_exact=True)
    assert sum(counted) == 48 - 10 * stopped_at, "only what was left is computed"


def test_a_split_comes_back_from_its_file(folder: Path, job: ImageNetJob, tmp_path: Path) -> None:
    table = split(folder, job, tmp_path)
    write_split(tmp_path / "split", table)
    # The order of the rows does not matter.
    write_csv(tmp_path / "turned.csv", table.iloc[::-1])
    for path in ("split/split.csv", "turned.csv"):
        in_train = read_split(tmp_path / path, list_photographs(folder))
        np.testing.assert_array_equal(in_train, table["split"] == "train")
    listed = [(tmp_path / "split" / f"{side}.txt").read_text().split() for side in ("train", "test")]
    assert sorted(listed[0] + listed[1]) == sorted(table["path"])
    assert all((folder / "train" / path).is_file() for path in listed[0])
    assert set(listed[0]) == set(table["path"][table["split"] == "train"])


@pytest.mark.parametrize("workers", [0, 2])
def test_an_unreadable_image_is_named(folder: Path, job: ImageNetJob, tmp_path: Path, workers: int) -> None:
    bad = folder / "train" / "n03" / "n03_4.JPEG"
    bad.write_bytes(bad.read_bytes()[:300])
    with pytest.raises(WhichtaskError) as caught:
        split(folder, job, tmp_path, workers)
    message = str(caught.value)
    assert message.startswith(f"cannot read the image {bad}: ")
    assert "Traceback" not in message


def test_folders_that_are_no_imagenet_are_refused(folder: Path, job: ImageNetJob, tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match="does not exist or is no folder"):
        list_photographs(tmp_path / "nothing")
    (tmp_path / "held" / "val" / "n01").mkdir(parents=True)
    with pytest.raises(WhichtaskError, match="held has val but no train"):
        list_photographs(tmp_path / "held")
    (tmp_path / "one" / "train" / "n01").mkdir(parents=True)
    with pytest.raises(WhichtaskError, match=r"one/train has no subfolders of images beside empty folders .n01."):
        list_photographs(tmp_path / "one")
    for path in (folder / "train" / "n04").iterdir():
        if not path.name.endswith("_1.JPEG"):
            path.unlink()
    with pytest.raises(WhichtaskError, match="n04 has 1 image; two or more are needed"):
        split(folder, job, tmp_path)
    (folder / "train" / "n04" / "n04_1.JPEG").unlink()
    (folder / "train" / "n04" / "n04.heic").touch()
    with pytest.raises(WhichtaskError, match="n04 has no images that can be read: 1 .heic"):
        list_photographs(folder)


def test_what_is_no_class_and_no_photograph_is_left_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train = folder / "train"
    before = list_photographs(folder)
    (folder / "Val").mkdir()
    (train / "n05").mkdir()
    (train / "n01" / ".ipynb_checkpoints").mkdir()
    shutil.copy(train / "n01" / "n01_0.JPEG", train / "n01" / ".ipynb_checkpoints" / "n01_0.JPEG")
    for name in ("._n01_0.JPEG", "Thumbs.db", "n01.heic"):
        (train / "n01" / name).touch()
    (train / "n01" / "loop").symlink_to(train)
    after = list_photographs(folder)
    assert (after.sha256, after.class_names) == (before.sha256, before.class_names)
    assert capsys.readouterr().out.splitlines() == [
        "left out: empty folders in train: n05",
        "left out: files in train that are no images or cannot be read: 1 .heic",
    ]
    train.rename(folder / "Training_Set")
    assert list_photographs(folder).sha256 == before.sha256


def half(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(split=["train", "test"] * (len(table) // 2))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda t: t.replace("n02/n02_3.JPEG", "n02/n02_99.JPEG"),
            r"names 1 images that .*train lacks, first n02/n02_99",
        ),
        (lambda t: t.iloc[:-2], r"has 46 rows for 48 images"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "has 49 rows for 48 images"),
        (lambda t: t.drop(columns="split"), "is no split: it needs a column path"),
        (lambda t: t.replace("test", "tests"), "a column split with train or test"),
        (lambda t: t.assign(split=np.where(t["path"].str[:3] == "n03", "train", t["split"])), "the test side .*'n03'"),
    ],
)
def test_split_files_that_do_not_fit_are_refused(
    folder: Path, tmp_path: Path, spoil: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    photographs = list_photographs(folder)
    write_csv(tmp_path / "split.csv", spoil(half(pd.DataFrame({"path": photographs.paths}))))
    with pytest.raises(WhichtaskError, match=message):
        read_split(tmp_path / "split.csv", photographs)
