"""What the SLURM profile asks for: the arguments of sbatch, noted by a stand-in; and a plan for every configuration."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yte  # type: ignore[import-untyped]
from projects import ROOT, SLURM, TARGETS, Project

from whichtask.plan.experiments import EXPERIMENTS, rule_of
from whichtask.plan.figures import FIGURES

pytestmark = pytest.mark.workflow
SETTINGS = {
    "ACCOUNT": '"professor"',
    "GPU_PARTITION": '"fast"',
    "CPU_PARTITION": '"slow"',
    "GPU_TYPE": '"h100"',
    "MINUTES": "dict(discover=33)",
}
R = "results/smoke"
PATIENCE = 120  # seconds; a busy machine is no failure


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of commands named like SLURM's: ``sbatch`` notes its arguments, one a line, and refuses."""
    folder = tmp_path_factory.mktemp("commands")
    commands = {
        "sbatch": f'printf "%s\\n" "$@" "" >>"{folder}/notes"; echo refused >&2; exit 1',
        "squeue": "exit 0",
        "scancel": "exit 0",
        "sacct": "exit 1",
        "sacctmgr": "echo professor",
        "sinfo": "echo PARTITION; echo 'first*'; echo second",
        "scontrol": "echo 'MinJobAge = 300 sec'",
    }
    for name, text in commands.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, notebook: Path) -> Project:
    """A project whose smoke run seems to be done: every output is there, as an empty file."""
    project = Project(tmp_path_factory.mktemp("slurm") / "project", notebook)
    code, said = project.snakemake("--summary", "--configfile", "config/smoke.yaml")
    assert code == 0, said
    for line in re.findall(rf"^({R}/\S+)\t", said, re.M):
        output = project.folder / line
        output.parent.mkdir(parents=True, exist_ok=True)
        output.touch()
    return project


@pytest.fixture
def edited(made: Project) -> Any:
    """The same with the settings of a cluster in the profile."""
    profile = made.folder / SLURM / "config.yaml"
    before = text = profile.read_text()
    for name, value in SETTINGS.items():
        text, count = re.subn(rf"^  - {name} = .*$", f"  - {name} = {value}", text, flags=re.M)
        assert count == 1, f"{name} is set in one place"
    profile.write_text(text)
    yield made
    profile.write_text(before)


def submissions(project: Project, notebook: Path, *targets: str, retries: int | None = 0) -> list[list[str]]:
    """Make targets anew, whatever they need being there; return the arguments of every call of sbatch.

    A refused job loses its outputs, so they are made again for the next test.
    """
    files = {path: path.stat() for path in (project.folder / R).rglob("*") if path.is_file()}
    (notebook / "notes").unlink(missing_ok=True)
    words = ["--profile", SLURM, "--configfile", "config/smoke.yaml", "--rerun-triggers", "mtime"]
    words += ["--slurm-init-seconds-before-status-checks", "1"]
    words += [] if retries is None else ["--retries", str(retries)]
    code, said = project.snakemake(*words, "--force", *(f"{R}/{target}" for target in targets))
    for path, stat in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert code != 0, "sbatch refused"
    assert (notebook / "notes").exists(), said
    calls = (notebook / "notes").read_text().split("\n\n")
    return [call.splitlines() for call in calls if call.strip()]


def option(call: list[str], *names: str) -> str | None:
    """Return the value of an option in any of sbatch's ways to write it, or None."""
    for word, following in zip(call, [*call[1:], ""], strict=True):
        if word in names:
            return following
        if word.partition("=")[0] in names:
            return word.partition("=")[2]
    return None


def jobs(call: list[str]) -> list[str]:
    """Return the jobs of a submission, rule:wildcards."""
    wrapped = option(call, "--wrap") or ""
    return re.findall(r"'?([\w]+:[^' ]*)'?", wrapped.partition("--target-jobs")[2].partition("--allowed-rules")[0])


def test_a_training_job_asks_for_a_gpu_a_warning_and_a_second_chance(made: Project, notebook: Path) -> None:
    (call,) = submissions(made, notebook, "discovery/fashion_mnist/discovered/history.csv")
    assert jobs(call) == ["discover:data=fashion_mnist,search=discovered"]
    assert option(call, "--gpus") == "1"
    assert option(call, "--signal") == "USR1@300", "job steps, not the batch shell"
    assert "--requeue" in call
    assert option(call, "--mem") == "8000"
    assert option(call, "-t") == "1440", "the rule's own"
    assert option(call, "--cpus-per-task") == "1"
    assert option(call, "-p") == "first", "the cluster's default"
    assert option(call, "-A", "--account") is None


def test_settings_of_the_cluster_reach_jobs_with_a_gpu(edited: Project, notebook: Path) -> None:
    (call,) = submissions(edited, notebook, "discovery/fashion_mnist/discovered/history.csv")
    assert option(call, "-A") == "professor"
    assert option(call, "-p") == "fast"
    assert option(call, "--gpus") == "h100:1"
    assert option(call, "-t") == "33"
    assert option(call, "--signal") == "USR1@300"


def test_settings_of_the_cluster_reach_the_other_jobs(edited: Project, notebook: Path) -> None:
    (call,) = submissions(edited, notebook, "figures/td_diagram_split.png")
    assert option(call, "-A") == "professor"
    assert option(call, "-p") == "slow"
    assert option(call, "--gpus", "--gres", "--signal") is None
    assert "--requeue" in call


def test_short_jobs_share_a_submission(made: Project, notebook: Path) -> None:
    sets = ["random", "human", "discovered", "base"]
    (call,) = submissions(made, notebook, *(f"similarity/fashion_mnist/{name}.csv" for name in sets))
    assert {job.partition("set=")[2] for job in jobs(call)} == set(sets)
    assert len(jobs(call)) == len(sets)
    figures = ["td_diagram_concept", "td_diagram_agreement", "td_diagram_search", "td_diagram_split"]
    calls = submissions(made, notebook, *(f"figures/{name}.png" for name in figures))
    assert sorted(name.rstrip(":") for call in calls for name in jobs(call)) == sorted(figures)
    assert len(calls) == 1


def test_training_jobs_do_not_and_as_many_as_are_ready_are_submitted(made: Project, notebook: Path) -> None:
    """The default profile's ``gpu=8`` holds for one machine."""
    tables = sorted((made.folder / R / "agreement/fashion_mnist").rglob("*.csv"))[:12]
    calls = submissions(made, notebook, *(str(table.relative_to(made.folder / R)) for table in tables))
    assert [len(jobs(call)) for call in calls] == [1] * 12


def test_a_job_that_was_cut_off_is_submitted_again(made: Project, notebook: Path) -> None:
    calls = submissions(made, notebook, "agreement/fashion_mnist/cnn/random.csv", retries=None)
    assert len(calls) == 1 + profile()["retries"] > 2


def test_a_run_survives_a_slurm_that_does_not_answer(made: Project, notebook: Path, tmp_path: Path) -> None:
    outputs = [f"{R}/figures/td_diagram_split.{ending}" for ending in ("png", "svg", "csv")]
    benchmark = Path(f"{R}/benchmarks/figures/td_diagram_split.tsv")
    lines = f"echo >>{tmp_path}/asked; [ $(wc -l <{tmp_path}/asked) -gt 6 ] && echo '1|COMPLETED'"
    before = {name: (notebook / name).read_text() for name in ("sbatch", "sacct")}
    (notebook / "sbatch").write_text(
        f"#!/bin/sh\nmkdir -p {benchmark.parent}\ntouch {benchmark} {' '.join(outputs)}\necho 1\n"
    )
    (notebook / "sacct").write_text(f'#!/bin/sh\ncase "$*" in *--name*) {lines} ;; *) exit 1 ;; esac\n')
    process = made.start(
        *(outputs[0], "--force", "--rerun-triggers", "mtime", "--retries", "0"),
        *("--profile", SLURM, "--configfile", "config/smoke.yaml"),
        *("--slurm-init-seconds-before-status-checks", "1", "--max-status-checks-per-second", "10"),
    )
    try:
        assert process.wait(PATIENCE) == 0, made.said
    finally:
        made.stop()
        for name, text in before.items():
            (notebook / name).write_text(text)
    assert len((tmp_path / "asked").read_text()) == 7


def profile() -> dict[str, Any]:
    """Return the profile as Snakemake computes it."""
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        with (ROOT / SLURM / "config.yaml").open() as stream:
            return dict(yte.process_yaml(stream, require_use_yte=True))
    finally:
        os.chdir(before)


def test_the_profile_knows_every_rule(made: Project) -> None:
    code, said = made.snakemake("--list-rules")
    assert code == 0
    rules = set(re.findall(r"^([\w-]+)$", said, re.M)) - set(TARGETS)
    text = "\n".join(path.read_text() for path in sorted((ROOT / "workflow" / "rules").glob("*.smk")))
    training = set(re.findall(r"^ *rule (\w+):\n(?:(?!^ *(?:use )?rule\b).*\n)*? *gpu=1,", text, re.M))
    training |= {new for base, new in re.findall(r"use rule (\w+) as (\w+)", text) if base in training}
    settings = profile()["set-resources"]
    asked = {name for name, resources in settings.items() if "slurm_extra" in resources}
    assert training <= asked
    assert {rule for rule in asked - training if rule in rules} <= {rule_of(verb) for verb in EXPERIMENTS}
    drawn = set(FIGURES)
    assert rules <= set(settings)
    assert {name for name, group in profile()["groups"].items() if group == "figures"} >= drawn
    assert not training & set(profile()["groups"])


def test_it_repeats_what_the_default_profile_says() -> None:
    default = (ROOT / "workflow" / "profiles" / "default" / "config.yaml").read_text()
    mine = profile()
    for key in ("rerun-incomplete", "keep-going"):
        assert re.search(rf"^{key}: true$", default, re.M)
        assert mine[key] is True


@pytest.mark.parametrize("config", ["config.yaml", "smoke.yaml", "paper.yaml"])
@pytest.mark.parametrize("folder", ["default", "slurm"])
def test_every_profile_plans_every_configuration(tmp_path: Path, notebook: Path, folder: str, config: str) -> None:
    project = Project(tmp_path / "project", notebook)
    given = ["--profile", f"workflow/profiles/{folder}"] + (["--cores", "2"] if folder == "default" else [])
    code, said = project.snakemake("--dry-run", "--quiet", "rules", *given, "--configfile", f"config/{config}")
    assert code == 0, said
    assert re.search(r"^agreement +\d+$", said, re.M), said
    assert not (notebook / "notes").exists() or "sbatch" not in said
