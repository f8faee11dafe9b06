"""Disks that are full or cannot be written: one clear error, nothing half-written, the same bits once there is room."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from breaking import TAKEN_UP, full_disk, report, small_files
from killing import Server
from tiny import JOBS, Whole, contents

from whichtask.artifacts import atomic_path
from whichtask.errors import WhichtaskError
from whichtask.paths import require_past

HINT = "The results folder must be writable and the disk must have space."
NEVER = 1e9


def mounted(folder: Path, *options: str) -> bool:
    """Mount a file system in memory; it takes the administrator's rights."""
    command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "none", str(folder)]
    return os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder on which a file system may be mounted."""
    folder = tmp_path / "place"
    folder.mkdir()
    yield folder
    while os.path.ismount(folder):
        subprocess.run(["umount", str(folder)], check=True)


def fails(server: Server, command: list[str], prepare: Callable[[], None] | None, every: float = 0) -> str:
    """Run a job that cannot write; return what it says."""
    ended = server.run(command, every, prepare)
    assert ended.code == 1, ended.said
    assert "Traceback" not in ended.said
    assert ended.said.count("error: ") == 1
    return ended.said


def goes_on(name: str, server: Server, command: list[str], out: Path, whole: Whole) -> str:
    ended = server.run(command, 0, report)
    assert ended.code == 0, ended.said
    assert contents(out, JOBS[name]) == whole.outputs
    assert {path.name for path in out.iterdir()} == {*JOBS[name].outputs, ".state"}
    assert not any((out / ".state").iterdir())
    return ended.said


@pytest.mark.parametrize("name", ["agreement", "discover"])
def test_a_disk_that_is_full_when_state_is_saved(
    name: str, inputs: Path, tmp_path: Path, server: Server, whole: Callable[[str], Whole]
) -> None:
    command = JOBS[name].command(inputs, tmp_path)
    said = fails(server, command, partial(full_disk, 4))
    assert f"cannot write {tmp_path}/.state/" in said
    assert f"No space left on device. {HINT}" in said
    assert not contents(tmp_path, JOBS[name])
    assert TAKEN_UP in goes_on(name, server, command, tmp_path, whole(name))


@pytest.mark.parametrize("name", ["agreement", "splits", "proxy", "images-more"])
def test_a_disk_that_is_full_when_results_are_written_costs_no_training(
    name: str, inputs: Path, tmp_path: Path, server: Server, whole: Callable[[str], Whole]
) -> None:
    command, job = JOBS[name].command(inputs, tmp_path), JOBS[name]
    # The file is there from an earlier run, and must not be lost.
    (tmp_path / job.outputs[0]).write_text("old")
    steps = server.run(JOBS[name].command(inputs, tmp_path / "other"), 0, report).said.count("a step")
    states = server.run(command, 0, partial(full_disk, 0)).said  # not even the first state
    assert "No space left" in states
    said = fails(server, command, small_files_but_state)
    assert f"cannot write {tmp_path / job.outputs[0]}: No space left on device" in said
    assert (tmp_path / job.outputs[0]).read_text() == "old"
    again = server.run(command, 0, report)
    assert again.code == 0, again.said
    assert again.said.count("a step") < steps / 2
    assert contents(tmp_path, job) == whole(name).outputs


def small_files_but_state() -> None:
    """Let every file but states be refused, as when the results folder and ``.state`` have different quotas."""
    import errno

    replace = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if ".state" not in target.parts:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return replace(self, target)

    Path.replace = failing  # type: ignore[method-assign, assignment]


@pytest.mark.parametrize("limit", [1_000, 3_000])
def test_a_file_that_the_system_cuts_off_is_not_kept(
    limit: int, inputs: Path, tmp_path: Path, server: Server, whole: Callable[[str], Whole]
) -> None:
    command = JOBS["discover"].command(inputs, tmp_path)
    said = fails(server, command, partial(small_files, limit), NEVER)
    assert f"File too large. {HINT}" in said
    assert contents(tmp_path, JOBS["discover"]).items() <= whole("discover").outputs.items()
    assert not list(tmp_path.glob(".*.*.*")), "no temporary file is left"
    goes_on("discover", server, command, tmp_path, whole("discover"))


def test_a_real_full_disk(inputs: Path, place: Path, server: Server, whole: Callable[[str], Whole]) -> None:
    if not mounted(place, "size=24k"):
        pytest.skip("mounting needs the administrator's rights")
    command = JOBS["discover"].command(inputs, place)
    said = fails(server, command, None)
    assert "No space left on device" in said
    assert contents(place, JOBS["discover"]).items() <= whole("discover").outputs.items()
    assert not list(place.glob("**/.*.*.*")), "no temporary file is left"
    subprocess.run(["mount", "-o", "remount,size=4m", str(place)], check=True)
    goes_on("discover", server, command, place, whole("discover"))


def test_results_that_cannot_be_written_are_an_error_before_any_work(inputs: Path, place: Path, server: Server) -> None:
    if os.geteuid() == 0 and not mounted(place, "ro"):
        pytest.skip("the administrator may write everywhere")
    place.chmod(0o555) if os.geteuid() else None
    for results in (place, place / "below", inputs / "tiny.yaml" / "below"):
        ended = server.run([*JOBS["agreement"].command(inputs, place), "--results", str(results)], 0, report)
        assert ended.code == 1
        assert "error: results: cannot write to " in ended.said
        assert "a step" not in ended.said
        assert "Traceback" not in ended.said


def test_the_leftover_of_a_killed_writer_goes_with_the_next_write_and_that_of_a_living_one_stays(
    tmp_path: Path,
) -> None:
    target = tmp_path / "table.csv"
    (tmp_path / ".table.0123abcd.csv").write_text("half")
    others = [tmp_path / name for name in (".table.0123abcd.npz", ".tables.0123abcd.csv", ".table.csv")]
    for other in others:
        other.write_text("of another target")
    with atomic_path(target) as first:
        assert not (tmp_path / ".table.0123abcd.csv").exists()
        first.write_text("first")
        with atomic_path(target) as second:
            assert first.exists(), "its writer lives"
            second.write_text("second")
        assert target.read_text() == "second"
    assert target.read_text() == "first"
    assert {path.name for path in tmp_path.iterdir()} == {"table.csv", *(other.name for other in others)}


def test_results_from_the_future_are_an_error_before_any_work(tmp_path: Path) -> None:
    """Snakemake would run the job that reads one, and then remove what it made as older than its input."""
    tasks = tmp_path / "tasks" / "random.npz"
    tasks.parent.mkdir()
    for name in (tasks, tmp_path / "data.npz"):
        name.touch()
    require_past(tmp_path)
    tomorrow = time.time() + 86_400
    os.utime(tasks, (tomorrow, tomorrow))
    with pytest.raises(WhichtaskError, match=r"random\.npz was written in the future.*`touch` the file"):
        require_past(tmp_path)
    require_past(tmp_path / "missing")
