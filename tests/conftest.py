"""Shared fixtures: one torch thread, a small image set on which small networks learn something, a finished run."""

import os

import numpy as np
import pytest
import torch
from filelock import FileLock
from hypothesis import settings
from projects import Project

from whichtask.data import ImageSet

# How long an example takes depends on the machine's load, which is no property of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what runs Snakemake: it takes longest, and what ends last should be short."""
    first = {item.path for item in items if item.get_closest_marker("workflow")}
    items.sort(key=lambda item: item.path not in first)


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Test processes share the cores."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def small_images() -> ImageSet:
    """400 + 100 grey 8x8 images of four classes: a bright quadrant in noise."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 500)
    images = rng.integers(0, 100, (500, 8, 8, 1))
    for image, label in zip(images, labels, strict=True):
        row, column = 4 * (label // 2), 4 * (label % 2)
        image[row : row + 4, column : column + 4] += 120
    pixels = images.astype(np.uint8)
    return ImageSet("quadrants", pixels[:400], labels[:400], pixels[400:], labels[400:], ("a", "b", "c", "d"))


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project after a smoke run of everything; to be read or dry-run, not to be changed.

    Test processes share it: the first one that needs it makes it. ``Project.like`` makes a copy to play with.
    """
    # Each test process has a folder of its own below a common one.
    alone = "PYTEST_XDIST_WORKER" not in os.environ
    base = tmp_path_factory.getbasetemp() if alone else tmp_path_factory.getbasetemp().parent
    folder = base / "finished"
    with FileLock(base / "finished.lock"):
        project = Project(folder)
        if not (folder / "done").exists():
            run = project.smoke("all", "headline")
            logs = "\n".join(path.read_text() for path in project.results.glob("logs/**/*.log"))
            assert run.returncode == 0, run.stderr[-4000:] + logs[-4000:]
            (folder / "done").touch()
    return project
