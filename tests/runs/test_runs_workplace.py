"""What is read from Snakemake's own folder and from live state, with made-up leftovers of runs."""

import os
import platform
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
import torch
from snakemake.persistence.file import FilePersistence

from whichtask.runs.live_states import find_live_states
from whichtask.runs.plan import Job, Plan
from whichtask.runs.status import find_status
from whichtask.runs.workplace import find_failures, find_marks, find_work, find_writers, last_line
from whichtask.training.live import LiveState

LOG = """
SNAKEMAKE
=========
  Host: {host}
  Command: /some where/bin/snakemake --cores 2 td_similarity

[Sun Nov 22 13:15:12 2026]
Error in rule discover:
    jobid: 3
    output: out/discover.npz
    log: out/logs/discover.log (check log file(s) for error details)
    shell:
        whichtask discover
        (command exited with non-zero exit code)
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder in which a Snakemake on this machine took its lock, saw a job fail, and was killed."""
    for name in ("locks", "log", "incomplete"):
        (tmp_path / ".snakemake" / name).mkdir(parents=True)
    (tmp_path / ".snakemake" / "locks" / "0.output.lock").write_text("out/a.csv\n")
    write_log(tmp_path, "2026-11-22T131501.995883", LOG.format(host=platform.node()))
    (tmp_path / "out" / "logs").mkdir(parents=True)
    return tmp_path


def write_log(place: Path, name: str, text: str) -> None:
    (place / ".snakemake" / "log" / f"{name}.snakemake.log").write_text(text)


def mark(place: Path, output: str, seconds_ago: float = 0.0) -> None:
    path = place / ".snakemake" / "incomplete" / urlsafe_b64encode(output.encode()).decode()
    path.write_text('{"external_jobid": null}')
    os.utime(path, (time.time() - seconds_ago,) * 2)


def status_of(place: Path, *, needed: bool = True) -> tuple[str, float | None]:
    """Return the state of one job, and for how long it has been running."""
    job = Job(
        rule="discover",
        what="discover tasks",
        outputs=["out/discover.npz", "out/history.csv"],
        log="out/logs/discover.log",
        benchmark=None,
        needed=needed,
        there=not needed,
    )
    plan = Plan(results="out", scale="smoke", data="fashion_mnist", figures=[], jobs=[job])
    found = find_status(place, plan, [], cores=2)
    assert sum(found.counts.values()) == found.total == 1
    return found.jobs[0].state, found.jobs[0].running_seconds


def test_marks_are_read_as_snakemake_writes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of outputs whose names are too long for one file, and beside files that are no marks."""
    monkeypatch.chdir(tmp_path)
    persistence = FilePersistence()
    outputs = {"results/a b/ü.csv", "results/" + "long/" * 80 + "x.npz"}
    for output in outputs:
        persistence._mark_incomplete(output, None)
    (tmp_path / ".snakemake" / "incomplete" / "migration_underway").touch()
    marks = find_marks(tmp_path)
    assert outputs <= set(marks)
    assert all(abs(marks[output] - time.time()) < 60 for output in outputs)
    for output in outputs:
        persistence._unmark_incomplete(output)
    assert not outputs & set(find_marks(tmp_path))


def test_a_lock_without_a_snakemake_is_stale_if_it_is_from_this_machine(place: Path) -> None:
    work = find_work(place)
    assert (work.state, work.command) == ("stale lock", "snakemake --cores 2 td_similarity")
    write_log(place, "2026-11-22T140000.000000", LOG.format(host="node17"))
    write_log(place, "2026-11-22T150000.000000", "Congratulations, your workflow is in a good condition!\n")
    assert (find_work(place).state, find_work(place).host) == ("elsewhere", "node17")
    (place / ".snakemake" / "locks" / "0.output.lock").unlink()
    assert find_work(place).state == "none"


def test_only_a_snakemake_that_can_hold_the_lock_counts_as_at_work(place: Path) -> None:
    program = place / "snakemake"
    program.write_text("import time\nprint('up', flush=True)\ntime.sleep(600)\n")
    for words, state in ((["-n"], "stale lock"), (["--mode", "remote"], "stale lock"), (["--cores", "2"], "here")):
        command = [sys.executable, str(program), *words]
        with subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            work = find_work(place)
            process.kill()
        assert (work.state, work.process) == (state, process.pid if state == "here" else None)


def test_a_mark_without_a_process_is_a_job_that_was_cut_off(place: Path) -> None:
    (place / ".snakemake" / "log" / "2026-11-22T131501.995883.snakemake.log").unlink()
    assert status_of(place, needed=False) == ("done", None)
    mark(place, "out/history.csv")
    assert status_of(place) == ("left", None)
    assert status_of(place, needed=False) == ("left", None), "its files are there, but it did not end"


def test_a_job_whose_log_a_process_writes_is_running(place: Path) -> None:
    mark(place, "out/history.csv", seconds_ago=100)
    with (place / "out" / "logs" / "discover.log").open("w") as log:
        program = "import time\nprint('step 3', flush=True)\nprint(1, file=__import__('sys').stderr, flush=True)\n"
        with subprocess.Popen(
            [sys.executable, "-c", f"{program}time.sleep(600)"], cwd=place, stdout=log, stderr=subprocess.PIPE
        ) as process:
            assert process.stderr
            process.stderr.readline()
            assert (place / "out" / "logs" / "discover.log") in find_writers(place)
            state, seconds = status_of(place)
            process.kill()
    assert state == "running"
    assert 100 <= (seconds or 0) < 700
    assert status_of(place)[0] == "failed", "it ended, and the last run's log says that it failed"


def test_on_a_cluster_a_job_waits_until_its_log_is_written(place: Path) -> None:
    write_log(place, "2026-11-22T140000.000000", LOG.format(host="login1"))
    lock = place / ".snakemake" / "locks" / "0.output.lock"
    os.utime(lock, (time.time() - 1000,) * 2)
    mark(place, "out/discover.npz", seconds_ago=2000)
    assert status_of(place)[0] == "failed", "of the run before this one"
    mark(place, "out/discover.npz", seconds_ago=500)
    assert status_of(place) == ("queued", None)
    (place / "out" / "logs" / "discover.log").write_text("step 1\n")
    assert status_of(place)[0] == "running"


def test_failures_are_those_of_the_last_runs(place: Path) -> None:
    assert find_failures(place) == {"out/logs/discover.log"}
    assert status_of(place)[0] == "failed"
    assert status_of(place, needed=False)[0] == "done", "it was made since"
    for hour in range(14, 18):
        write_log(place, f"2026-11-22T{hour}0000.000000", "Nothing to be done\n")
    assert find_failures(place) == set()


@pytest.mark.parametrize(
    ("written", "last"),
    [
        (b"", ""),
        (b"one\ntwo\n\n", "two"),
        (b"10 %\r20 %\r", "20 %"),
        (b"\x1b[31mred\x1b[0m\x07\n", "[31mred[0m"),
        (b"x" * 9000 + b"\nend \xff", "end \N{REPLACEMENT CHARACTER}"),
    ],
)
def test_the_last_line_of_a_log(tmp_path: Path, written: bytes, last: str) -> None:
    (tmp_path / "a.log").write_bytes(written)
    assert last_line(tmp_path / "a.log") == last
    assert last_line(tmp_path / "missing.log") == ""


def test_live_state_says_how_far_a_job_is(place: Path) -> None:
    assert find_live_states(place, "out") == []
    live = LiveState(place / "out", {"job": 1})
    live.save("fit", {"weights": torch.zeros(3)}, {"epoch": 4, "seconds": 1.5, "done": [[0, 1.0]], "seed": [1, 2]})
    (found,) = find_live_states(place, "out")
    assert found.folder == str(live.folder.relative_to(place))
    assert found.says == "fit, epoch 4, 1 done"
    assert found.bytes == (live.folder / "fit.safetensors").stat().st_size
    (live.folder / "fit.safetensors").write_bytes(b"damaged")
    assert find_live_states(place, "out")[0].says == "fit.safetensors cannot be read"
    live.clear()
    assert find_live_states(place, "out") == []


def test_live_state_goes_to_the_one_running_job_that_can_have_saved_it(place: Path) -> None:
    job = Job(rule="x", what="x", outputs=["out/x.csv"], log=None, benchmark=None, needed=True, there=False)
    other = job.model_copy(update={"outputs": ["out/y.csv"], "log": "out/logs/y.log"})
    plan = Plan(results="out", scale="smoke", data="fashion_mnist", figures=[], jobs=[job, other])
    old, new = (LiveState(place / "out", {"job": name}) for name in ("old", "new"))
    for live in (old, new):
        live.save("fit", {}, {"epoch": 1})
    os.utime(old.folder / "fit.safetensors", (time.time() - 3600,) * 2)
    assert len(find_status(place, plan, [], 1).live_states) == 2, "nothing runs: both are left over"
    write_log(place, "2026-11-22T140000.000000", LOG.format(host="login1"))
    os.utime(place / ".snakemake" / "locks" / "0.output.lock", (time.time() - 1000,) * 2)
    mark(place, "out/y.csv", seconds_ago=60)
    log = place / "out" / "logs" / "y.log"
    log.touch()
    os.utime(log, (time.time() - 50,) * 2)
    found = find_status(place, plan, [], 1)
    running = found.jobs[1]
    assert running.state == "running"
    assert running.live_state
    assert running.live_state.folder.endswith(new.folder.name)
    assert [state.folder.rsplit("/", 1)[1] for state in found.live_states] == [old.folder.name]
