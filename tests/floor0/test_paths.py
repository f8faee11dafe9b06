"""The results folder is checked before any work is done."""

from pathlib import Path

import pytest

from whichtask.errors import WhichtaskError
from whichtask.paths import require_writable


def test_a_folder_that_is_there_or_can_be_made_passes_and_is_not_made(tmp_path: Path) -> None:
    require_writable(tmp_path)
    require_writable(tmp_path / "a" / "b")
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WhichtaskError, match="file is no folder"):
        require_writable(tmp_path / "file" / "results")


def test_a_read_only_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)  # permission bits do not bind root
    with pytest.raises(WhichtaskError, match="is not writable for this user"):
        require_writable(tmp_path / "results")
