"""run.json: what a run leaves beside its results, when, and what it keeps to itself."""

import getpass
import json
import os
import re
import shlex
import socket
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pynvml
import pytest
from projects import SMOKE, Project

from whichtask.config import Config, DataSettings
from whichtask.data import ImageSet
from whichtask.data.division import divide
from whichtask.errors import WhichtaskError
from whichtask.plan.counts import Counts
from whichtask.plan.figures import FIGURES
from whichtask.runs.captions import Captions
from whichtask.runs.machine import this_machine
from whichtask.runs.privacy import shorten
from whichtask.runs.record import Copies, Record, Run, begin_run, read_record
from whichtask.runs.recorder import Recorder
from whichtask.runs.resolved import all_seeds, config_digest, plain
from whichtask.runs.source import source_of

CONCEPT, SPLIT = "td_diagram_concept", "td_diagram_split"  # figures that need nothing else


def recorder(folder: Path, **changes: object) -> Recorder:
    """Return a recorder of a results folder below ``folder``."""
    settings = Config.model_validate({"results": str(folder / "results")} | changes)
    return Recorder(folder, settings, lambda path: Path(path).parent.name)


def benchmark(folder: Path, rule: str, seconds: float) -> Path:
    """Write the benchmark file of a job."""
    path = folder / "results" / "benchmarks" / rule / "job.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:00:01\t1.0\n")
    return path


def test_a_run_is_recorded_from_its_begin_to_its_end(tmp_path: Path) -> None:
    this = recorder(tmp_path, seed=3)
    before = datetime.now(UTC)
    this.begin({"draw": 2}, "local", ["/opt/env/bin/snakemake", "--cores", "2", f"--directory={tmp_path}/here"])
    run = read_record(tmp_path / "results").last
    assert run
    assert (run.status, run.end, run.seconds) == ("running", None, {})
    assert run.command == ["snakemake", "--cores", "2", "--directory=here"]
    assert run.jobs == {"draw": 2}
    assert run.seeds["seed"] == 3
    assert before <= run.start <= datetime.now(UTC)
    assert {"python", "torch", "numpy", "snakemake", "whichtask"} <= set(run.versions)
    assert run.machine.cores >= 1
    assert run.machine.memory_gib > 0
    benchmark(tmp_path, "draw", 1.5)
    this.end("succeeded")
    run = read_record(tmp_path / "results").last
    assert run
    assert (run.status, run.seconds) == ("succeeded", {"draw": 1.5})
    assert run.end
    assert run.end >= run.start


def test_copies_across_the_held_out_cut_are_recorded(tmp_path: Path, small_images: ImageSet) -> None:
    path = tmp_path / "data.npz"
    small_images.save(path)
    settings = DataSettings(name=str(path), train_images=200, heldout_images=80, discovery_heldout_images=60)
    parts = divide(small_images.n_train, settings)
    x = small_images.x_train.copy()
    x[parts.heldout[:3]] = x[parts.train[0]]
    x[parts.discovery_heldout[0]] = x[parts.train[1]]
    x[parts.train[3]] = x[parts.train[2]]  # on one side
    this = recorder(tmp_path)
    this.settings = this.settings.model_copy(update={"data": settings})
    for there, found in ((False, None), (True, Copies(training=5, test=0, held_out=4))):
        if there:
            replace(small_images, x_train=x).save(tmp_path / "results" / "data" / "data.npz")
        this.begin({}, "local")
        this.end("succeeded")
        run = read_record(tmp_path / "results").last
        assert run
        assert run.copies == found
    (tmp_path / "results" / "data" / "data.npz").unlink()
    this.begin({}, "local")
    this.end("succeeded")
    assert [run.copies for run in read_record(tmp_path / "results").runs] == [None, found, found], "counted once"


def test_runs_are_appended_and_one_that_was_killed_is_called_so(tmp_path: Path) -> None:
    old = benchmark(tmp_path, "old", 7.0)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).timestamp()
    os.utime(old, (yesterday, yesterday))
    recorder(tmp_path).begin({}, "local")  # and killed
    benchmark(tmp_path, "first", 2.0)
    second = recorder(tmp_path, seed=1)
    second.begin({}, "slurm")
    benchmark(tmp_path, "second", 3.0)
    second.end("failed")
    record = read_record(tmp_path / "results")
    assert [run.status for run in record.runs] == ["interrupted", "failed"]
    assert record.seconds_by_rule == {"old": 7.0, "second": 3.0, "first": 2.0}
    assert record.runs[0].seconds == {"first": 2.0}
    found = record.run_of("second")
    assert found
    assert found.executor == "slurm"
    assert record.run_of("old") is None, "it was made before anything was recorded"
    assert len(record.configurations) == 2
    for digest, content in record.configurations.items():
        assert config_digest(content) == digest


def test_a_benchmark_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    this = recorder(tmp_path)
    this.begin({}, "local")
    benchmark(tmp_path, "whole", 2.0)
    benchmark(tmp_path, "empty", 1.0).write_text("")
    benchmark(tmp_path, "half", 1.0).write_text("s\th:m:s\n")
    benchmark(tmp_path, "odd", 1.0).write_text("s\th:m:s\n-\t-\n")
    this.end("succeeded")
    assert read_record(tmp_path / "results").seconds_by_rule == {"whole": 2.0}


def test_gpus_are_listed_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["NVIDIA H200", "NVIDIA L4"]
    for call, answer in {
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlDeviceGetCount": lambda: 2,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetName": lambda handle: names[handle],
    }.items():
        monkeypatch.setattr(pynvml, call, answer)
    assert this_machine().gpus == names

    def no_driver() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_DRIVER_NOT_LOADED)

    monkeypatch.setattr(pynvml, "nvmlInit", no_driver)
    assert this_machine().gpus == []


def test_a_run_that_never_began_does_not_end(tmp_path: Path) -> None:
    recorder(tmp_path).end("succeeded")
    assert not (tmp_path / "results").exists()


def test_the_digest_is_that_of_the_configuration(tmp_path: Path) -> None:
    first, same, other = (config_digest(plain(Config(seed=seed), tmp_path)) for seed in (1, 1, 2))
    assert first == same != other
    assert re.fullmatch("[0-9a-f]{64}", first)
    seeds = all_seeds(plain(Config(seed=4), tmp_path))
    assert seeds["seed"] == 4
    assert seeds["gbi.toy.seeds"] == list(range(8))
    assert seeds["data.split_seed"] == 42


PATHS = {
    "/home/person/project/config/mine.yaml": "config/mine.yaml",
    "results=/home/person/project/results": "results=results",
    "data={name: /media/person/my disk/photos}": "data={name: .../my disk/photos}",
    "/media/person/my disk/photos": ".../photos",
    "--directory=/home/person/elsewhere": "--directory=.../elsewhere",
    "~/photos": "~/photos",
    "results/smoke": "results/smoke",
    "https://example.org/a/b": "https://example.org/a/b",
    "1/2": "1/2",
}


@pytest.mark.parametrize("text", PATHS)
def test_paths_of_the_machine_are_shortened(text: str) -> None:
    assert shorten(text, Path("/home/person/project")) == PATHS[text]


def test_the_commit_is_that_of_the_project_itself(tmp_path: Path) -> None:
    assert source_of(tmp_path) == (None, None)
    git(tmp_path, "init", "--quiet")
    assert source_of(tmp_path) == (None, None), "nothing is committed yet"
    (tmp_path / "file").write_text("a")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "--quiet", "--message=first")
    commit, changed = source_of(tmp_path)
    assert re.fullmatch("[0-9a-f]{40}", commit or "")
    assert changed is False
    (tmp_path / "file").write_text("b")
    assert source_of(tmp_path) == (commit, True)
    archive = tmp_path / "archive"  # unpacked inside another project's clone
    archive.mkdir()
    assert source_of(archive) == (None, None)


def git(folder: Path, *words: str) -> None:
    """Run git as somebody."""
    who = {f"GIT_{role}_{what}": "a" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(["git", *words], cwd=folder, check=True, env=os.environ | who)


def test_a_caption_names_commit_and_command_of_its_figure(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text("/results/\n")
    git(tmp_path, "add", ".gitignore")
    git(tmp_path, "commit", "--quiet", "--message=first")
    commit, _ = source_of(tmp_path)
    assert commit
    this = recorder(tmp_path)
    this.begin({}, "local")
    benchmark(tmp_path, "td_examples", 1.0)
    this.end("succeeded")
    files, changes = [tmp_path / "config" / "mine.yaml"], {"results": str(tmp_path / "results"), "seed": 1}
    captions = Captions(tmp_path, this.settings, 7, files, changes)
    made = captions.made("td_examples")
    assert f":Commit: ``{commit[:12]}``\n" in made
    assert "no run was recorded" in captions.made("td_similarity")
    (command,) = re.findall(":Command: ``(.*)``", made)
    words = ["td_examples", "--configfile", "config/mine.yaml", "--config", 'results="results"', "seed=1"]
    assert shlex.split(command) == ["snakemake", "--cores", "all", *words]
    assert not json.loads(json.dumps(captions)), "it leaves Snakemake's digest of the configuration as it is"


def test_counts_are_those_of_the_configuration() -> None:
    laptop = Counts(Config(), 7)
    assert laptop.kinds == "6 random, 7 human and 8 discovered tasks"
    assert laptop.main == "2 pairs of networks a task, 5,000 training images"
    assert laptop.by_network == "3 random and 3 human tasks; 1 pair of networks a task, 1,000 training images"
    assert laptop.seeds("toy") == "8 seeds"
    whole = Config.model_validate({"agreement": {"images": None}, "plan": {"network_images": None}})
    assert Counts(whole, 7).by_network == (
        "6 random and 7 human tasks; 2 pairs of networks a task, all training images"
    )


def test_a_file_that_is_no_record_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match="no run of the workflow has begun"):
        read_record(tmp_path)
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "run.json").write_text('{"format": 1, "runs": [{"id"')
    with pytest.raises(WhichtaskError, match="is no record of runs"):
        recorder(tmp_path).begin({}, "local")


def test_a_run_that_is_gone_from_the_record_cannot_end(tmp_path: Path) -> None:
    this = recorder(tmp_path)
    this.begin({}, "local")
    (tmp_path / "results" / "run.json").write_text(Record().model_dump_json())
    with pytest.raises(WhichtaskError, match="does not hold the run"):
        this.end("succeeded")


@pytest.mark.workflow
def test_a_finished_run_is_recorded_whole(finished: Project) -> None:
    text = (finished.results / "run.json").read_text()
    record = read_record(finished.results)
    run = record.last
    assert run
    assert (run.status, run.scale, run.executor) == ("succeeded", "smoke", "local")
    assert set(FIGURES) - {"td_imagenet"} <= set(record.seconds_by_rule)
    assert {"discover", "agreement", "infer_toy"} <= set(record.seconds_by_rule)
    assert record.configurations[run.config_sha256]["discovery"]["tasks"] == 3
    assert list(json.loads(text)) == list(Record.model_fields)
    assert set(json.loads(text)["runs"][0]) == set(Run.model_fields)
    assert not re.search(r"(?<![\w.])/(?:home|root|tmp|work|usr|opt|var|etc)/", text), "no path of the machine"
    words = set(re.findall(r"[\w.-]+", text))
    assert socket.gethostname() not in words
    assert getpass.getuser() not in words


@pytest.mark.workflow
def test_the_workflow_writes_it_when_jobs_run_and_only_then(tmp_path: Path) -> None:
    failing = tmp_path / "failing"
    failing.mkdir()
    (failing / "whichtask").write_text("#!/bin/sh\nexit 1\n")
    (failing / "whichtask").chmod(0o755)
    project = Project(tmp_path / "project")
    target = project.results / "run.json"

    def snakemake(figure: str, *words: str) -> int:
        return project.run("snakemake", figure, *SMOKE, *words).returncode

    assert snakemake(CONCEPT, "--dry-run") == 0
    assert not project.results.exists()
    assert snakemake(CONCEPT) == 0
    first = target.read_bytes()
    assert snakemake(CONCEPT) == 0, "nothing to be done"
    assert snakemake(CONCEPT, "--touch") == 0
    # As Snakemake calls itself for single jobs, on a node of a cluster for example; it would even leave hooks out.
    alone = ("--mode", "remote", "--target-jobs", f"{SPLIT}:", "--allowed-rules", SPLIT, "--nolock")
    assert snakemake(SPLIT, *alone) == 0
    assert (project.results / "figures" / f"{SPLIT}.png").exists()
    assert target.read_bytes() == first
    project.environment["PATH"] = f"{failing}:{project.environment['PATH']}"
    assert snakemake(SPLIT, "--forcerun", SPLIT) != 0
    record = read_record(project.results)
    assert [run.status for run in record.runs] == ["succeeded", "failed"]
    assert [list(run.jobs) for run in record.runs] == [[CONCEPT], [SPLIT]]
    assert list(record.runs[0].seconds) == [CONCEPT]


def test_a_new_run_keeps_what_it_did_not_make(tmp_path: Path) -> None:
    this = recorder(tmp_path)
    this.begin({}, "local")
    run = read_record(tmp_path / "results").last
    assert run
    begin_run(tmp_path / "results", run.model_copy(update={"id": "another"}), {"seed": 0}, {})
    assert [one.id for one in read_record(tmp_path / "results").runs] == [run.id, "another"]
    this.end("succeeded")  # two at once: each ends its own entry
    assert [one.status for one in read_record(tmp_path / "results").runs] == ["succeeded", "running"]
