"""`whichtask status` and `whichtask reproduce` beside a real Snakemake, in copies of a finished project."""

import json
import re
import shutil
import signal
import stat
import subprocess
import time
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import psutil
import pytest
from projects import ROOT, Project, jobs

from whichtask.errors import WhichtaskError
from whichtask.runs.plan import ask_snakemake
from whichtask.runs.status import Status, find_status

pytestmark = pytest.mark.workflow
SMOKE = (Path("config/smoke.yaml"),)
SLOW = """#!/bin/sh
echo "step 7 of 9"
exec sleep 600
"""
BROKEN = """#!/bin/sh
echo "error: no more ink" >&2
exit 1
"""


def whichtask(project: Project, *words: str) -> "subprocess.CompletedProcess[str]":
    return project.run("whichtask", *words, "--configfile", "config/smoke.yaml")


def look(project: Project, *targets: str) -> Status:
    """Return the status as the command line finds it."""
    return find_status(project.folder, ask_snakemake(project.folder, targets, SMOKE), targets, cores=2)


def made_by_snakemake(project: Project, figure: str) -> set[str]:
    """Return all files behind a figure, from what Snakemake noted of inputs when it made them."""
    inputs = {}
    place = project.folder / ".snakemake" / "metadata"
    for path in place.rglob("*"):
        if path.is_file():
            name = "".join(part.removeprefix("@") for part in path.relative_to(place).parts)
            inputs[urlsafe_b64decode(name).decode()] = json.loads(path.read_text())["input"]
    found, open_files = set(), [f"results/smoke/figures/{figure}.png"]
    while open_files:
        file = open_files.pop()
        if file in inputs and file not in found:
            found.add(file)
            open_files += inputs[file]
    return found


def test_a_finished_run_is_done_and_its_status_is_json(finished: Project, tmp_path: Path) -> None:
    run = whichtask(finished, "status", "--json", "--seconds", str(tmp_path / "seconds.csv"))
    assert run.returncode == 0, run.stderr
    status = Status.model_validate_json(run.stdout)
    assert status.targets == ["all"]
    assert (status.scale, status.results, status.work.state) == ("smoke", "results/smoke", "none")
    assert status.counts == {"done": status.total, "running": 0, "queued": 0, "left": 0, "failed": 0}
    assert status.left.wall_seconds == status.left.work_seconds == 0
    benchmarks = [finished.folder / job.job.benchmark for job in status.jobs if job.job.benchmark]
    seconds = pd.concat([pd.read_csv(path, sep="\t") for path in benchmarks])["s"]
    assert status.spent_seconds == pytest.approx(seconds.sum())
    kept = pd.read_csv(tmp_path / "seconds.csv")
    assert kept["seconds"].sum() == pytest.approx(seconds.sum())
    assert len(kept) == len(benchmarks) > 150


@pytest.mark.parametrize("figure", ["td_as_by_source", "gbi_toy_learning"])
def test_a_figure_needs_exactly_the_jobs_behind_it(finished: Project, figure: str) -> None:
    plan = ask_snakemake(finished.folder, [figure], SMOKE)
    outputs = {output for job in plan.jobs for output in job.outputs}
    behind = made_by_snakemake(finished, figure)
    assert behind <= outputs
    # Of a job with several files, others may need some only; but none is a job that nothing behind the figure needs.
    assert all(set(job.outputs) & behind for job in plan.jobs)
    other = "infer_" if figure.startswith("td_") else ("agreement", "discover", "splits", "tasks")
    assert not [job.rule for job in plan.jobs if job.rule.startswith(other)]
    assert plan.needed == []


def test_what_is_left_is_what_snakemake_would_run(finished: Project, tmp_path: Path) -> None:
    project = Project.like(finished, tmp_path)
    shutil.rmtree(project.results / "agreement" / "fashion_mnist" / "cnn")
    shutil.rmtree(project.results / "gbi" / "compute" / "0")
    for figure in ("td_examples", "td_as_by_source", "gbi_compute"):
        (project.results / "figures" / f"{figure}.svg").unlink()
    status = look(project)
    left = Counter(job.job.rule for job in status.jobs if job.state == "left")
    assert left == jobs(project.smoke("--dry-run"))
    assert {"agreement", "infer_compute", "td_examples", "claims"} <= set(left)
    assert status.counts["left"] + status.counts["done"] == status.total
    assert 0 < status.left.wall_seconds < status.left.work_seconds < status.spent_seconds * 10
    assert status.left.unknown == {}


def test_before_anything_was_run_nothing_is_invented(tmp_path: Path) -> None:
    run = Project(tmp_path).run("whichtask", "status", "gbi", "--configfile", "config/paper.yaml", "--cores", "3")
    assert run.returncode == 0, run.stderr
    assert "gbi at paper scale, results in results/paper/" in run.stdout
    assert "figures of GBI" in run.stdout
    assert "discover" not in run.stdout
    assert "is unknown: no job of their kinds has been measured at paper scale" in run.stdout
    assert "Time left" not in run.stdout
    assert "To go on: snakemake --cores all gbi --configfile config/paper.yaml" in run.stdout
    assert "\x1b" not in run.stdout, "no colours in a pipe"


WRONG: dict[str, tuple[list[str], str]] = {
    "figure": (["reproduce", "gbi_concavty"], "no figure is called 'gbi_concavty' (did you mean gbi_concavity?)"),
    "target": (["reproduce", "td_imagenet"], "no rule or figure of this configuration is called 'td_imagenet'"),
    "no figure": (["reproduce"], "name a figure; whichtask reproduce --list lists them"),
    "configuration": (["status", "--configfile", "wrong.yaml"], "agreement.epoch: unknown key; did you mean 'epochs'?"),
    "missing file": (["status", "--configfile", "no.yaml"], "--configfile no.yaml: there is no such file"),
}


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("untouched"))
    (project.folder / "wrong.yaml").write_text("agreement: {epoch: 3}\n")
    return project


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_is_one_clear_error(untouched: Project, mistake: str) -> None:
    words, message = WRONG[mistake]
    run = untouched.run("whichtask", *words)
    assert run.returncode == 1
    assert message in run.stderr
    assert run.stderr.startswith("error: ")
    assert "Traceback" not in run.stderr


def test_elsewhere_there_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match="has no Snakefile and no config/config.yaml: run this in the project's"):
        ask_snakemake(tmp_path, [])
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_with_a_configuration_is_said_before_snakemake_reads_it(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("")
    with pytest.raises(WhichtaskError, match=r"the configuration .*empty\.yaml is empty; give at least one key"):
        ask_snakemake(ROOT, [], [tmp_path / "empty.yaml"])


@pytest.fixture
def disturbed(finished: Project, tmp_path: Path) -> Iterator[Project]:
    """A copy that lacks a figure and its table, whose jobs run whatever is put in place of ``whichtask``."""
    (tmp_path / "bin").mkdir()
    project = Project.like(finished, tmp_path / "project")
    project.environment["PATH"] = f"{tmp_path / 'bin'}:{project.environment['PATH']}"
    (project.results / "similarity" / "fashion_mnist" / "human.csv").unlink()
    (project.results / "figures" / "td_similarity.csv").unlink()
    yield project
    project.stop()


def replace_whichtask(project: Project, program: str) -> Path:
    path = project.folder.parent / "bin" / "whichtask"
    path.write_text(program)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_running_then_killed_then_made(disturbed: Project) -> None:
    """Look while a job runs, after Snakemake was killed beside it, and after the job is gone too; then go on."""
    program = replace_whichtask(disturbed, SLOW)
    log = disturbed.results / "logs" / "similarity" / "fashion_mnist" / "human.log"
    log.unlink()
    snakemake = disturbed.start("td_similarity", "--cores", "1", "--configfile", "config/smoke.yaml")
    limit = time.monotonic() + 120
    while not (log.exists() and log.read_text()) and time.monotonic() < limit:
        time.sleep(0.1)
    status = look(disturbed, "td_similarity")
    assert (status.work.state, status.work.process) == ("here", snakemake.pid)
    assert status.work.command == "snakemake --nocolor td_similarity --cores 1 --configfile config/smoke.yaml"
    assert [(job.job.rule, job.last_line) for job in status.jobs if job.state == "running"] == [
        ("similarity", "step 7 of 9")
    ]
    assert [job.job.rule for job in status.jobs if job.state == "left"] == ["td_similarity"]

    job = next(
        child for child in psutil.Process(snakemake.pid).children(recursive=True) if child.cmdline()[0] == "sleep"
    )
    snakemake.send_signal(signal.SIGKILL)
    snakemake.wait()
    status = look(disturbed, "td_similarity")
    assert status.work.state == "stale lock"
    assert status.counts["running"] == 1, "the job outlives its Snakemake"

    job.kill()
    program.unlink()
    page = whichtask(disturbed, "status", "td_similarity").stdout
    assert "A Snakemake that was killed has left its lock" in page
    unlock = "snakemake --unlock td_similarity --configfile config/smoke.yaml"
    assert unlock in page
    assert disturbed.run(*unlock.split()).returncode == 0
    before = {path: path.stat().st_mtime_ns for path in disturbed.results.rglob("*.*") if path.is_file()}
    made = whichtask(disturbed, "reproduce", "td_similarity", "--cores", "1")
    assert made.returncode == 0, made.stderr
    assert re.search(r"td_similarity needs \d+ jobs, of which 2 must run", made.stdout)
    assert "results/smoke/figures/td_similarity.csv" in made.stdout
    changed = {path.stem for path, when in before.items() if path.stat().st_mtime_ns != when}
    assert changed - {"run"} == {"td_similarity", "human"}, "run.json is written by every run"


def test_a_failed_job_is_named_with_its_last_words(disturbed: Project) -> None:
    replace_whichtask(disturbed, BROKEN)
    code, _ = disturbed.snakemake("td_similarity", "--cores", "1", "--configfile", "config/smoke.yaml")
    assert code == 1
    status = look(disturbed, "td_similarity")
    assert [(job.job.rule, job.last_line) for job in status.jobs if job.state == "failed"] == [
        ("similarity", "error: no more ink")
    ]
    assert status.counts["left"] == 1


def test_a_figure_made_again_from_nothing_has_the_same_bits(finished: Project, tmp_path: Path) -> None:
    again = tmp_path / "new one"
    run = whichtask(finished, "reproduce", "gbi_concavity", "--cores", "1", "--again", str(again))
    assert run.returncode == 0, run.stderr
    assert "the same bits" in run.stdout
    made = {path.name for path in (again / "figures").iterdir()}
    assert made == {f"gbi_concavity.{ending}" for ending in ("png", "svg", "csv")}


def test_all_figures_are_listed_with_what_they_show(finished: Project) -> None:
    run = whichtask(finished, "reproduce", "--list")
    assert run.returncode == 0, run.stderr
    lines = [line for line in run.stdout.splitlines() if line.startswith(("td_", "gbi_"))]
    assert len(lines) > 55
    assert all(line.split()[1] == "there" and len(line.split()) > 4 for line in lines)
