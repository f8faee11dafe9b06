"""Sets made at random, of whatever people may have: either the right images and labels, or one sentence."""

import tempfile
import unicodedata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.optimize import linear_sum_assignment

from whichtask.agreement import score_tasks
from whichtask.config import AgreementJob, AgreementSettings, DataSettings, MlpSpec
from whichtask.data import ImageSet
from whichtask.data.classes import count_classes
from whichtask.data.listing import is_dropping
from whichtask.data.load import load_images
from whichtask.data.pictures import ENDINGS
from whichtask.errors import WhichtaskError
from whichtask.tasks import TaskSet, random_tasks, user_tasks, write_user_csv

DULL = ("all training images are equal", "hold 0 and 1 only")
DEEP = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")
LOSE: dict[str, tuple[str, ...]] = dict.fromkeys(DEEP, ("JPEG", "BMP", "WEBP", "GIF", "AVIF"))
LOSE |= dict.fromkeys(("LA", "La", "PA", "RGBA", "RGBa"), ("JPEG", "BMP", "PPM"))
"""Formats in which Pillow writes a mode without its depth or transparency, and says nothing."""
UNLIKE = 14  # levels by which a lossy format may miss a plain colour


def painted(  # noqa: PLR0911,PLR0912  # one case a mode
    mode: str, size: tuple[int, int], colour: tuple[int, int, int], alpha: int
) -> tuple[Image.Image, Any]:
    """Return a plain picture in a mode, and the RGB levels that it means, as far as the mode can tell colours apart."""
    red, green, blue = colour
    grey = (red, red, red)
    white = (255, 255, 255)
    match mode:
        case "1":
            return Image.new("1", size, int(red > 127)), (255 * (red > 127),) * 3
        case "L":
            return Image.new("L", size, red), grey
        case "LA" | "La":
            return Image.new("LA", size, (red, alpha)).convert(mode), grey if alpha else white
        case "P":
            return Image.new("RGB", size, colour).quantize(8), colour
        case "RGBA" | "RGBa":
            return Image.new("RGBA", size, (*colour, alpha)).convert(mode), colour if alpha else white
        case "PA":
            image = Image.new("RGB", size, colour).quantize(8)
            image.putalpha(alpha)
            return image, colour if alpha else white
        case "CMYK":
            return Image.new("CMYK", size, (255 - red, 255 - green, 255 - blue, 0)), colour
        case "LAB":
            return Image.new("RGB", size, grey).convert("LAB"), grey
        case "I;16" | "I;16L" | "I;16N":
            return Image.frombytes(mode, size, np.full(size[::-1], red * 257, "<u2").tobytes()), grey
        case "I;16B":
            return Image.frombytes(mode, size, np.full(size[::-1], red * 257, ">u2").tobytes()), grey
        case "I":
            return Image.new("I", size, red * 257), grey
        case "F":
            return Image.new("F", size, red / 255), grey
        case _:  # RGB, RGBX, YCbCr, HSV
            return Image.new("RGB", size, colour).convert(mode), colour


levels = st.integers(0, 255)


class Picture(NamedTuple):
    mode: str
    size: tuple[int, int]
    colour: tuple[int, int, int]
    alpha: int
    ending: str


pictures = st.builds(
    Picture,
    st.sampled_from(Image.MODES),
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.tuples(levels, levels, levels),
    st.sampled_from([0, 255]),
    st.sampled_from(sorted(ENDINGS)).flatmap(lambda ending: st.sampled_from([ending, ending.upper(), ""])),
)
class_names = st.text(min_size=1, max_size=12).filter(
    lambda name: not (set(name) & {"/", "\0"} or is_dropping(name)) and len(name.encode()) < 200
)


def save(picture: Picture, path: Path) -> tuple[Path, npt.NDArray[Any]]:
    """Write a picture, as PNG where Pillow cannot write its mode so; returns the file and the levels that it means."""
    image, means = painted(*picture[:4])
    kind = Image.registered_extensions()[picture.ending.lower() or ".png"]
    target = path.with_name(path.name + picture.ending)
    try:
        if kind not in LOSE.get(picture.mode, ()):
            image.save(target, kind)
    except (OSError, ValueError, KeyError):
        pass
    if not target.is_file() or not target.stat().st_size:
        target.unlink(missing_ok=True)
        target = path.with_name(path.name + ".png")
        Image.new("RGB", picture.size, tuple(map(int, means))).save(target)
    return target, np.array(means)


def attempt(path: Path) -> tuple[ImageSet | None, str]:
    """Return the images, or None and the one sentence."""
    try:
        return load_images(path, image_size=3), ""
    except WhichtaskError as error:
        return None, str(error)


@settings(max_examples=100)
@given(st.dictionaries(class_names, st.lists(pictures, min_size=2, max_size=4), min_size=1, max_size=3))
def test_a_folder_of_any_pictures(classes: dict[str, list[Picture]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "set"
        wanted: dict[str, list[npt.NDArray[Any]]] = {}
        for name, files in classes.items():
            (folder / name).mkdir(parents=True)
            composed = unicodedata.normalize("NFC", name)
            wanted.setdefault(composed, []).extend(save(p, folder / name / str(i))[1] for i, p in enumerate(files))
        images, said = attempt(folder)
        if images is None:
            assert "\n" not in said.replace(str(folder), "")
            plain = all(p.mode not in ("I", "F") for files in classes.values() for p in files)
            printable = all(name.isprintable() for name in classes)
            assert not (plain and printable and len(wanted) > 1) or any(part in said for part in DULL)
            return
        assert count_classes(str(folder)) == len(images.class_names)
        assert set(images.class_names) == set(wanted)
        for label, name in enumerate(images.class_names):
            found = images.images[images.labels == label].astype(int)
            assert len(found) == len(wanted[name])
            assert np.abs(found - found[:, :1, :1]).max() <= UNLIKE, "a plain picture stays plain"
            means = np.array([levels[: images.shape[2]] for levels in wanted[name]])
            unlike = np.abs(found[:, None, 0, 0] - means).max(axis=2) > UNLIKE
            assert not unlike[linear_sum_assignment(unlike)].any(), "each image is one of those that were written"


LABEL_FORMS: dict[str, Any] = {
    "as they are": lambda labels: labels,
    "a column": lambda labels: labels[:, None],
    "from one": lambda labels: labels + 1,
    "far apart": lambda labels: labels * 2_999_999_999,
    "bytes": lambda labels: labels.astype(np.uint8),
    "wide": lambda labels: labels.astype(np.uint64) + 2**63,
    "negative": lambda labels: -labels,
    "text": lambda labels: np.array(["cat", "dog", "owl"])[labels],
    "floats": lambda labels: labels.astype(float),
    "not numbers": lambda labels: np.where(labels, np.nan, 0),
    "one-hot": lambda labels: np.eye(3, dtype=int)[labels],
}
REFUSED_FORMS = {"wide", "negative", "text", "floats", "not numbers", "one-hot"}
DTYPES = [np.uint8, np.int16, np.uint16, np.int64, np.float16, np.float32, np.float64]


@settings(max_examples=100)
@given(
    levels=st.lists(levels, min_size=6, max_size=12),
    form=st.sampled_from(sorted(LABEL_FORMS)),
    dtype=st.sampled_from(DTYPES),
    shape=st.sampled_from([(), (1,), (3,), (2,)]),
    scale=st.sampled_from([1, 1, 1, 257, 1 / 255]),
    seed=st.integers(0, 99),
)
def test_an_npz_of_any_arrays(
    levels: list[int], form: str, dtype: Any, shape: tuple[int, ...], scale: float, seed: int
) -> None:
    labels = np.random.default_rng(seed).integers(0, 3, len(levels))
    pixels = np.array(levels)[:, None, None, *(None for _ in shape)] * np.ones((2, 3, *shape), int)
    # A cast that wraps is nothing that a reader could see.
    most = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else np.finfo(dtype).max
    given_pixels = np.minimum(pixels * scale, most)
    x, y, cut = given_pixels.astype(dtype), LABEL_FORMS[form](labels), len(levels) - 2
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "MINE.NPZ"
        with path.open("wb") as handle:
            np.savez(handle, x_train=x[:cut], y_train=y[:cut], x_test=x[cut:], y_test=y[cut:])
        images, said = attempt(path)
        if images is None:
            assert "\n" not in said
            learnable = len(set(labels[:cut])) > 1 and set(labels[cut:]) <= set(labels[:cut])
            differ = len(set(levels[:cut])) > 1 and max(levels[:cut]) > 1 and max(levels[cut:]) > 1
            assert not (learnable and differ and scale == 1 and shape != (2,) and form not in REFUSED_FORMS)
            return
        assert form not in REFUSED_FORMS or not labels.any()
        assert count_classes(str(path)) == len(images.class_names)
        means = x.astype(int) if scale != 1 else pixels  # what was cast to levels 0 to 255 is what it is
        assert np.array_equal(images.images.reshape(means.shape), means)
        values = LABEL_FORMS[form](labels).ravel()
        assert [int(images.class_names[label]) for label in images.labels] == [int(value) for value in values]


JOB = AgreementJob(
    seed=0,
    data=DataSettings(train_images=20, heldout_images=10, discovery_heldout_images=5),
    network_name="mlp",
    network=MlpSpec(width=4),
    agreement=AgreementSettings(pairs=1, images=20, epochs=1, batch_size=10, bootstrap=20),
)


@settings(max_examples=8)
@given(st.integers(0, 1000), st.sampled_from(["keep", "csv", "training csv"]), st.booleans())
def test_tasks_are_scored_on_the_images_that_they_label(seed: int, way: str, other: bool) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 256, (50, 4, 4, 1), np.uint8), np.arange(50) % 2 * 7
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        np.savez(folder / "mine.npz", x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=y[40:])
        images = load_images(folder / "mine.npz")
        tasks = random_tasks(50, 2, seed)
        if way != "keep":
            write_user_csv(folder / "tasks.csv", tasks)
            if way == "training csv":  # as the authors publish theirs
                lines = (folder / "tasks.csv").read_text().splitlines()[:41]
                (folder / "tasks.csv").write_text("\n".join([lines[0].removeprefix("image"), *lines[1:]]) + "\n")
            tasks = user_tasks(folder / "tasks.csv", images.n_train, images.n_test)
        tasks.made_for(images).save(folder / "tasks.npz")
        loaded = TaskSet.load(folder / "tasks.npz")
        assert loaded.sha256 == tasks.sha256
        scored = images if not other else changed(images)
        if other:
            with pytest.raises(WhichtaskError, match="is of other images than those of mine: their digests differ"):
                score_tasks(scored, loaded, "mine", JOB, device=torch.device("cpu"), results=folder)
            return
        table = score_tasks(scored, loaded, "mine", JOB, device=torch.device("cpu"), results=folder)
        assert table["task"].tolist() == list(tasks.names)
        assert table["agreement"].between(0, 1).all()


def changed(images: ImageSet) -> ImageSet:
    """As many images of the same size, one level of one pixel apart."""
    x = images.x_test.copy()
    x[-1, -1, -1] ^= 1
    return ImageSet(images.name, images.x_train, images.y_train, x, images.y_test, images.class_names)
