"""Files are made as the user wants them made, and where the user wants them."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from whichtask.artifacts import atomic_path, write_csv, write_npz, write_tensors, write_text, write_yaml
from whichtask.data import ImageSet
from whichtask.data.factors32 import make
from whichtask.data.sources import Dataset, Size, Source, fetch_first
from whichtask.errors import WhichtaskError
from whichtask.machine import leases
from whichtask.splits.export import export_splits

WRITERS = {
    "text.md": lambda path: write_text(path, "x"),
    "settings.yaml": lambda path: write_yaml(path, {"a": 1}),
    "table.csv": lambda path: write_csv(path, pd.DataFrame({"a": [1]})),
    "arrays.npz": lambda path: write_npz(path, {"a": np.arange(3)}),
    "weights.safetensors": lambda path: write_tensors(path, {"a": torch.zeros(3)}),
}


@pytest.fixture(params=[0o022, 0o027, 0o077, 0o002])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.parametrize("name", WRITERS)
def test_files_have_the_permissions_that_the_user_wants(tmp_path: Path, umask: int, name: str) -> None:
    target = tmp_path / "new" / name
    WRITERS[name](target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~umask
    assert stat.S_IMODE(target.parent.stat().st_mode) & umask == 0


@pytest.mark.parametrize("name", WRITERS)
def test_a_link_in_the_results_is_replaced_and_not_followed(tmp_path: Path, name: str) -> None:
    """A link to a file. One to a folder is followed: that is how people keep results on another disk."""
    outside = tmp_path / "outside"
    outside.write_text("mine")
    target = tmp_path / "results" / name
    target.parent.mkdir()
    target.symlink_to(outside)
    WRITERS[name](target)
    assert outside.read_text() == "mine"
    assert not target.is_symlink()


def test_temporary_names_cannot_be_guessed(tmp_path: Path) -> None:
    names = set()
    for _ in range(20):
        with atomic_path(tmp_path / "a.csv") as path:
            path.write_text("x")
            names.add(path.name)
            assert path.parent == tmp_path, "beside its target, so that no rename crosses disks"
    assert len(names) == 20
    assert all(re.fullmatch(r"\.a\.[0-9a-f]{8}\.csv", name) for name in names)


def test_downloads_are_made_in_a_folder_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen = []

    def source(folder: Path, _images: Size | None) -> ImageSet:
        seen.append((folder.parent, stat.S_IMODE(folder.stat().st_mode)))
        return make(20, 8)

    fetch_first(Dataset("toy", "", (Source("a source", source),)))
    assert seen == [(tmp_path, 0o700)]
    assert list(tmp_path.iterdir()) == []


def test_names_in_a_file_are_no_paths(tmp_path: Path) -> None:
    """Splits are written as text under their names."""
    images = make(20, 8)
    names = ["../../escaped", str(tmp_path / "escaped"), "a/b", "..", "a\0b"]
    write_npz(
        tmp_path / "split.npz",
        {
            "pool": np.arange(20),
            "in_train": np.tile(np.arange(20) % 2 == 0, (len(names), 1)),
            "labels": np.zeros((len(names), 20), np.uint8),
            "names": np.array(names),
            "kind": np.array(["binary"] * len(names)),
            "class_names": np.array(images.class_names),
            "binary_names": np.array(["0", "1"]),
            "images_sha256": np.array(images.sha256),
        },
    )
    written = export_splits(tmp_path / "split.npz", images, tmp_path / "a" / "b")
    assert len(set(written)) == len(names)
    assert {path.parent for path in tmp_path.rglob("*") if path.is_file()} == {tmp_path, tmp_path / "a" / "b"}
    assert {path.name for path in tmp_path.iterdir()} == {"split.npz", "a"}


CARDS = ["GPU-aaaa-1"]


@pytest.fixture
def one_card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with one faked card; returns where the leases are kept by default."""
    monkeypatch.setattr(leases, "installed_cards", lambda: CARDS)
    monkeypatch.setattr(leases, "_held", [])
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delenv(leases.FOLDER, raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    return tmp_path / f"whichtask-leases-{os.getuid()}"


def test_leases_are_the_users_alone(one_card: Path) -> None:
    lease = leases.take_lease()
    assert lease
    assert stat.S_IMODE(one_card.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in one_card.iterdir()} == {0o600}
    os.close(lease.descriptor)


def test_a_link_in_place_of_a_lease_is_refused(one_card: Path, tmp_path: Path) -> None:
    one_card.mkdir(mode=0o700)
    (tmp_path / "mine").write_text("mine")
    (one_card / f"{CARDS[0]}.0.lock").symlink_to(tmp_path / "mine")
    with pytest.raises(WhichtaskError, match="cannot keep GPU leases in"):
        leases.take_lease()
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize("kind", ["folder", "link"])
def test_leases_in_somebody_elses_folder_are_refused(one_card: Path, tmp_path: Path, kind: str) -> None:
    """In /tmp anybody can make the folder first."""
    if kind == "folder":
        one_card.mkdir(mode=0o777)
    else:
        (tmp_path / "mine").mkdir()
        one_card.symlink_to(tmp_path / "mine")
    os.chown(one_card, 12345, 12345, follow_symlinks=False)
    with pytest.raises(WhichtaskError, match=r"cannot keep GPU leases in .*belongs to another user"):
        leases.take_lease()
    assert not list((tmp_path / "mine").iterdir()) if kind == "link" else True
