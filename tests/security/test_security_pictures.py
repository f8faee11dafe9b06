"""Names of a user's classes and tasks end up in pictures that browsers show; there they are text and nothing else."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from whichtask.config import FigureSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.figures import draw
from whichtask.tasks import TaskSet
from whichtask.tasks.taskset import Kind

NAMES = (
    "<script>alert(1)</script>",
    "--><script>alert(1)</script><!--",
    "]]></style><script>alert(1)</script>",
    '"/><image href="x" onload="alert(1)"/>',
    "&lt;script&gt; &amp; &#60;b&#62;",
    "=cmd|' /C calc'!A1",
)


METADATA = ("metadata", "RDF", "Work", "type", "format", "creator", "Agent", "title")


def hostile_images(names: tuple[str, ...] = NAMES) -> ImageSet:
    labels = np.repeat(np.arange(len(names)), 3)
    pixels = np.random.default_rng(0).integers(0, 256, (len(labels), 8, 8, 1), np.uint8)
    return ImageSet("<script>alert(1)</script>", pixels, labels, pixels, labels, names)


def examples(folder: Path, images: ImageSet) -> Path:
    """Draw a cheap figure with these images' names on it, as PNG; SVG and CSV are beside it."""
    images.save(folder / "data.npz")
    cut = (np.arange(len(images.images)) % 2)[None].astype(np.uint8)
    kinds: tuple[Kind, ...] = ("human", "random")
    for kind in kinds:
        TaskSet(cut, (images.class_names[0],), kind).save(folder / f"{kind}.npz")
    inputs = {name: [folder / f"{name}.npz"] for name in ("data", "human", "random")}
    out = folder / "td_examples.png"
    draw("td_examples", inputs, out, FigureSettings(example_images=len(images.class_names)))
    return out


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    return examples(tmp_path, hostile_images())


def test_a_picture_holds_no_program(drawn: Path) -> None:
    text = drawn.with_suffix(".svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)  # noqa: S314  # our own file
    found = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert found <= {"svg", "defs", "style", "g", "path", "use", "clipPath", "rect", "image", *METADATA}
    for element in root.iter():
        for name, value in element.attrib.items():
            assert not name.lower().startswith("on"), name
            if name.endswith("href"):
                assert value.startswith(("#", "data:image/png;base64,")), value
    # In a comment, too, a name cannot end the comment.
    assert "<script" not in ElementTree.tostring(root, encoding="unicode")


def test_a_table_holds_the_names_as_they_are(drawn: Path) -> None:
    assert set(pd.read_csv(drawn.with_suffix(".csv"))["class_name"]) == set(NAMES)


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[2J", "a\0", "a\u202eb", "\udc80"])
def test_a_name_that_would_move_the_terminal_is_refused(name: str) -> None:
    pixels, labels = np.zeros((2, 8, 8, 1), np.uint8), np.arange(2)
    with pytest.raises(WhichtaskError, match="names must be printable"):
        ImageSet("mine", pixels, labels, pixels, labels, ("a", name))
    with pytest.raises(WhichtaskError, match="names must be printable"):
        ImageSet(name, pixels, labels, pixels, labels, ("a", "b"))
    with pytest.raises(WhichtaskError, match="names must be printable"):
        TaskSet(np.array([[0, 1]], np.uint8), (name,), "user")


@pytest.mark.parametrize("name", ["$\\frac{a$", "$unknown \\command$"])
def test_a_name_that_is_no_formula_is_one_clear_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(WhichtaskError, match=r"cannot draw td_examples: a name holds .* between two dollar signs"):
        examples(tmp_path, hostile_images(("a", name)))
    assert not (tmp_path / "td_examples.png").exists()
