"""A folder of small images that tests only read."""

from pathlib import Path

import pytest
from planted import marked_images, write_folder


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 120 images of four classes; to be read only."""
    images, labels, _ = marked_images(120)
    return write_folder(tmp_path_factory.mktemp("given") / "images", images, labels)
