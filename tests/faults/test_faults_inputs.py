"""Inputs that are missing, cut off or damaged: one line that names the file, and nothing is written."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from killing import Server
from tiny import JOBS

from whichtask.data import ImageSet
from whichtask.data.sources import Dataset, Source, fetch_first
from whichtask.errors import WhichtaskError

READ = {
    "data.npz": ("agreement", "discover", "simclr", "continual"),
    "random.npz": ("agreement", "proxy"),
    "human.npz": ("splits",),
    "noise.npz": ("images",),
    "text.npz": ("language",),
    "factors.npz": ("richer",),
    "discover/tasks.npz": ("splits",),
    "discover/encoder.safetensors": ("linear", "regulation"),
    "simclr/backbone.safetensors": ("discover regulated",),
    "toy-learning/weights.safetensors": ("toy",),
    "tiny.yaml": ("agreement", "unsupervised"),
}
DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "cut in half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "a byte short": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "noise": lambda path: path.write_bytes(np.random.default_rng(0).bytes(500)),
}
HARMLESS = {("tiny.yaml", "a byte short"), ("tiny.yaml", "empty"), ("tiny.yaml", "cut in half")}
"""A shorter text is a text; one that leaves settings out asks for defaults."""


@pytest.fixture
def copied(inputs: Path, tmp_path: Path) -> Path:
    """The inputs again, to be damaged; the configuration still names the images of the first."""
    folder = tmp_path / "inputs"
    for path in inputs.rglob("*.*"):
        if path.is_file():
            (folder / path.relative_to(inputs)).parent.mkdir(parents=True, exist_ok=True)
            (folder / path.relative_to(inputs)).hardlink_to(path)
    return folder


@pytest.mark.parametrize(
    ("file", "damage"), [(file, damage) for file in READ for damage in DAMAGES if (file, damage) not in HARMLESS]
)
def test_a_damaged_input_is_one_line_that_names_it(
    file: str, damage: str, copied: Path, tmp_path: Path, server: Server
) -> None:
    path = copied / file
    content = path.read_bytes()
    path.unlink()  # and not through the link
    path.write_bytes(content)
    DAMAGES[damage](path)
    for name in READ[file]:
        ended = server.run(JOBS[name].command(copied, tmp_path / "out"))
        assert ended.code == 1, ended.said
        (line,) = [line for line in ended.said.splitlines() if "error: " in line]
        assert str(path) in line
        assert "Traceback" not in ended.said
    assert not (tmp_path / "out").exists()


def test_a_figure_of_a_damaged_table_is_not_drawn(inputs: Path, tmp_path: Path, server: Server) -> None:
    table = tmp_path / "random.csv"
    assert server.run(JOBS["agreement"].command(inputs, tmp_path)).code == 0
    command = ["figure", "td_as_by_source", "--input", f"tables={table}", "--out", str(tmp_path / "drawn.png")]
    assert server.run(command).code == 0
    drawn = {path: path.read_bytes() for path in tmp_path.glob("drawn.*")}
    content = table.read_bytes()
    for damage in DAMAGES.values():
        table.write_bytes(content)
        damage(table)
        ended = server.run(command)
        assert ended.code == 1
        assert f"error: cannot read the table {table}" in ended.said
        assert "Traceback" not in ended.said
        assert {path: path.read_bytes() for path in tmp_path.glob("drawn.*")} == drawn, "the old figure stays"


def test_a_source_that_fails_half_way_leaves_nothing_and_the_next_one_is_asked(small_images: ImageSet) -> None:
    folders = []

    def breaks(folder: Path, size: tuple[int, int] | None) -> ImageSet:
        (folder / "part.gz").write_bytes(b"half")
        folders.append(folder)
        raise WhichtaskError("the connection was closed after 4 of 900 bytes")

    def works(folder: Path, size: tuple[int, int] | None) -> ImageSet:
        assert not list(folder.iterdir())
        return small_images

    sources = Source("first", breaks), Source("second", works)
    assert fetch_first(Dataset("quadrants", "", sources)).provenance["source"] == "second"
    with pytest.raises(WhichtaskError, match="first: the connection was closed after 4 of 900 bytes"):
        fetch_first(Dataset("quadrants", "", sources[:1]))
    assert not any(folder.exists() for folder in folders)
