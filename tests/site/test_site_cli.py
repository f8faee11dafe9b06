"""``whichtask site``: of a folder alone, of one without a record, of another version, and shown."""

import json
import webbrowser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from whichtask.cli import app
from whichtask.errors import WhichtaskError


def site(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["site", *map(str, words)])


def record(results: Path, configuration: dict[str, object]) -> None:
    """Write the record of one run."""
    run: dict[str, Any] = {
        "id": "1", "status": "succeeded", "start": "2026-01-01T00:00:00Z", "command": [], "executor": "local",
        "scale": "smoke", "config_sha256": "abc", "seeds": {}, "commit": None, "changed": None, "versions": {},
        "machine": {"system": "", "processor": "", "cores": 1, "usable_cores": 1, "memory_gib": 1, "gpus": []},
        "jobs": {},
    }  # fmt: skip
    content = {"runs": [run], "configurations": {"abc": configuration}}
    (results / "run.json").write_text(json.dumps(content))


def test_the_configuration_is_that_of_the_run(tmp_path: Path) -> None:
    """A folder is enough: it knows what it holds, wherever it has been moved to."""
    record(tmp_path, {"scale": "smoke", "results": "somewhere/else"})
    assert site("--results", tmp_path, "--out", tmp_path / "site").exit_code == 0
    page = (tmp_path / "site" / "index.html").read_text()
    assert "A smoke run" in page
    assert "td_gallery_discovered --configfile config/smoke.yaml" in page


def test_a_configuration_of_another_version(tmp_path: Path) -> None:
    record(tmp_path, {"scale": "laptop", "gone": 1})
    result = site("--results", tmp_path, "--out", tmp_path / "site")
    assert isinstance(result.exception, WhichtaskError)
    assert "gone" in str(result.exception)
    assert "Give its settings with --config" in str(result.exception)


def test_what_is_left_out_is_said_and_the_page_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(webbrowser, "open", shown.append)
    images = tmp_path / "data" / "fashion_mnist.npz"
    images.parent.mkdir()
    images.write_bytes(b"no archive")
    result = site("--results", tmp_path, "--open")
    assert result.exit_code == 0, result.output
    assert "left out: cannot read" in result.output
    assert shown == [(tmp_path / "site" / "index.html").as_uri()]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    result = site("--results", tmp_path / "none")
    assert isinstance(result.exception, WhichtaskError)
    assert "is no folder" in str(result.exception)
