"""Files are whole or not there, and damaged ones give one clear error."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from whichtask.artifacts import (
    Array,
    atomic_path,
    digest,
    read_csv,
    read_npz,
    read_tensors,
    write_csv,
    write_npz,
    write_tensors,
    write_text,
)
from whichtask.errors import WhichtaskError


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    write_text(target, "old")
    with pytest.raises(RuntimeError), atomic_path(target) as path:
        path.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file, no folder")
    with pytest.raises(WhichtaskError, match="cannot write .*results folder must be writable"):
        write_text(tmp_path / "results" / "x.txt", "text")


def test_a_full_disk_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match="disk must have space"), atomic_path(tmp_path / "x"):
        raise OSError(28, "No space left on device")


@given(content=arrays.arrays(np.float32, (3, 2), elements=st.floats(width=32, allow_nan=False)))
def test_tensors_come_back_bit_for_bit(tmp_path_factory: pytest.TempPathFactory, content: np.ndarray) -> None:
    path = tmp_path_factory.mktemp("tensors") / "state.safetensors"
    write_tensors(path, {"a": torch.from_numpy(content)}, {"step": 3, "names": ["x", "ü"]})
    tensors, metadata = read_tensors(path)
    assert tensors["a"].numpy().tobytes() == content.tobytes()
    assert metadata == {"step": 3, "names": ["x", "ü"]}


@pytest.mark.parametrize("keep", [0, 5, 60])
def test_truncated_files_are_one_clear_error(tmp_path: Path, keep: int) -> None:
    write_tensors(tmp_path / "a.safetensors", {"a": torch.zeros(9)})
    write_npz(tmp_path / "a.npz", {"a": np.zeros(9)})
    for name, read in (("a.safetensors", read_tensors), ("a.npz", read_npz)):
        path = tmp_path / name
        path.write_bytes(path.read_bytes()[:keep])
        with pytest.raises(WhichtaskError, match=f"cannot read .*{name}"):
            read(path)


def test_nothing_is_pickled(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="would need pickle"):
        write_npz(tmp_path / "a.npz", {"a": np.array([{}, 1], dtype=object)})
    with (tmp_path / "b.npz").open("wb") as handle:
        np.savez(handle, a=np.array([{}, 1], dtype=object))
    with pytest.raises(WhichtaskError, match="npz of plain arrays"):
        read_npz(tmp_path / "b.npz")


def test_tables_come_back(tmp_path: Path) -> None:
    table = pd.DataFrame({"task": ["a", "b"], "agreement": [0.1234567891, 1.0], "n": [1, 2]})
    write_csv(tmp_path / "t.csv", table)
    pd.testing.assert_frame_equal(read_csv(tmp_path / "t.csv"), table)
    with pytest.raises(WhichtaskError, match="cannot read the table"):
        read_csv(tmp_path / "none.csv")


def test_a_digest_knows_type_shape_and_content() -> None:
    base = np.arange(6, dtype=np.uint8)
    others: list[Array] = [base.astype(np.int16), base.reshape(2, 3), base + 1]
    assert len({digest(base), *(digest(other) for other in others)}) == 4
    assert digest(base.reshape(2, 3)[:, ::-1]) == digest(base.reshape(2, 3)[:, ::-1].copy())


def test_arrays_that_no_memory_holds_are_refused_before_they_are_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_npz(tmp_path / "zeros.npz", {"zeros": np.zeros(1_000_000)})
    monkeypatch.setattr("os.sysconf", lambda name: 1000)  # a machine of 1 MB
    with pytest.raises(WhichtaskError, match="more than this machine has"):
        read_npz(tmp_path / "zeros.npz")
