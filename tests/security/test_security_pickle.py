"""Files that would run a program if they were unpickled: every kind that is read, refused with one error."""

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from whichtask.artifacts import read_csv, read_npz, read_tensors
from whichtask.claims import load_claims
from whichtask.cli import main
from whichtask.config import read_config
from whichtask.data import ImageSet, cifar
from whichtask.data.classes import count_classes
from whichtask.data.load import load_images
from whichtask.data.text.rdata import read_strings
from whichtask.data.text.sources import load_folder as load_texts
from whichtask.data.text.textset import TextSet
from whichtask.errors import WhichtaskError
from whichtask.splits.export import read_split
from whichtask.studies.imagenet.photographs import list_photographs
from whichtask.tasks import TaskSet, user_tasks


class Trap:
    """Makes the file ``sprung`` where it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path("sprung"),))


PICKLED = pickle.dumps(Trap(), protocol=2)
YAML = "!!python/object/apply:os.mkdir [sprung]"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which nothing was sprung, before and after."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, **arrays)
    return buffer.getvalue()


def image_arrays() -> dict[str, np.ndarray]:
    images = np.zeros((4, 8, 8), np.uint8)
    labels = np.arange(4)
    return {"x_train": images, "y_train": labels, "x_test": images, "y_test": labels}


OBJECTS = np.array([Trap()], dtype=object)


def zipped_pickle() -> bytes:
    """What ``torch.save`` writes: a zip whose ``data.pkl`` is unpickled."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", PICKLED)
        archive.writestr("archive/version", "3")
    return buffer.getvalue()


# Name of the file, its content, who reads it.
FILES: dict[str, tuple[str, bytes, Callable[[Path], object]]] = {
    "images, an array of objects": ("a.npz", npz(**{**image_arrays(), "class_names": OBJECTS}), load_images),
    "images as the workflow keeps them": ("a.npz", npz(**{**image_arrays(), "class_names": OBJECTS}), ImageSet.load),
    "images, all a pickle": ("a.npz", PICKLED, load_images),
    "images in a zip with a pickle": ("a.npz", zipped_pickle(), load_images),
    "number of classes": ("a.npz", npz(y_train=OBJECTS), lambda path: count_classes(str(path))),
    "tasks": ("a.npz", npz(labels=OBJECTS, names=OBJECTS, kind=OBJECTS, provenance=OBJECTS), TaskSet.load),
    "splits": ("a.npz", npz(pool=OBJECTS), read_split),
    "texts": ("a.npz", npz(text=OBJECTS), TextSet.load),
    "arrays": ("a.npz", npz(logits=OBJECTS), read_npz),
    "weights, a pickle": ("a.safetensors", PICKLED, read_tensors),
    "weights, torch's own file": ("a.safetensors", zipped_pickle(), read_tensors),
    "a table": ("a.csv", PICKLED, read_csv),
    "your tasks": ("a.csv", PICKLED, lambda path: user_tasks(path, 2, 2)),
    "your tasks, a header first": ("a.csv", b"image,a\n" + PICKLED, lambda path: user_tasks(path, 2, 2)),
    "a configuration": ("a.yaml", PICKLED, lambda path: read_config([path])),
    "a configuration with objects": ("a.yaml", f"seed: {YAML}".encode(), lambda path: read_config([path])),
    "claims with objects": ("a.yaml", f"groups: {YAML}".encode(), load_claims),
    "CIFAR": ("a.tar.gz", PICKLED, lambda path: cifar.read(cifar.CIFAR10, path.read_bytes())),
    "an R database": ("a.rdb", PICKLED, lambda path: read_strings(path.read_bytes(), path.read_bytes())),
}


def test_the_trap_works(here: Path) -> None:
    pickle.loads(PICKLED)  # noqa: S301  # on purpose
    assert (here / "sprung").exists()
    (here / "sprung").unlink()
    np.load(io.BytesIO(FILES["arrays"][1]), allow_pickle=True)["logits"]
    assert (here / "sprung").exists()
    (here / "sprung").unlink()
    yaml.load(YAML, Loader=yaml.UnsafeLoader)  # noqa: S506  # on purpose
    assert (here / "sprung").is_dir()
    (here / "sprung").rmdir()
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        torch.load(io.BytesIO(PICKLED), weights_only=True)


@pytest.mark.parametrize("kind", FILES)
def test_a_pickle_in_place_of_a_file_is_refused(here: Path, kind: str) -> None:
    name, content, read = FILES[kind]
    (here / name).write_bytes(content)
    with pytest.raises(WhichtaskError) as caught:
        read(here / name)
    assert len(str(caught.value)) < 2000
    assert not (here / "sprung").exists()


@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
def test_a_pickle_in_place_of_a_picture_is_refused(here: Path, ending: str) -> None:
    for name in ("a", "b"):
        (here / "pictures" / name).mkdir(parents=True)
        for number in range(2):
            Image.new("L", (8, 8)).save(here / "pictures" / name / f"{number}.png")
    (here / "pictures" / "b" / f"2.{ending}").write_bytes(PICKLED)
    with pytest.raises(WhichtaskError, match=rf"cannot read the image .*2\.{ending}"):
        load_images(here / "pictures")
    assert not (here / "sprung").exists()


def test_a_pickle_in_place_of_a_photograph_is_refused(here: Path) -> None:
    for name in ("a", "b"):
        (here / "train" / name).mkdir(parents=True)
        (here / "train" / name / "0.JPEG").write_bytes(PICKLED)
    photographs = list_photographs(here)
    with pytest.raises(WhichtaskError, match=r"cannot read the image .*0\.JPEG"):
        list(photographs.batches(np.arange(2), image_size=8, batch_size=2, workers=0, device=torch.device("cpu")))
    assert not (here / "sprung").exists()


def test_a_pickle_in_place_of_a_text_is_refused(here: Path) -> None:
    for name in ("a", "b"):
        (here / "texts").mkdir(exist_ok=True)
        (here / "texts" / f"{name}.txt").write_bytes(PICKLED)
    with pytest.raises(WhichtaskError):
        load_texts(here / "texts", 1000)
    assert not (here / "sprung").exists()


def test_the_command_line_says_so_in_one_line(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "a.npz").write_bytes(FILES["images, an array of objects"][1])
    monkeypatch.setattr("sys.argv", ["whichtask", "data", "fetch", "a.npz"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("error: cannot read a.npz as an .npz of plain arrays: ")
    assert "Traceback" not in said
    assert not (here / "sprung").exists()
