"""DVC around a finished smoke run, as a user calls it: repro, push, and what a colleague's clone still knows."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from projects import ROOT, Project, jobs
from snakemake.utils import update_config

pytestmark = pytest.mark.workflow
KEPT = (".dvc/config", ".dvc/plots.html", ".dvc/.gitignore", ".dvcignore", ".gitignore", "dvc.yaml")
NOT_KEPT = {".state", "benchmarks", "logs"}
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
NOWHERE = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")


def prepared(project: Project) -> Project:
    """Give a project's programs no network, and no settings of the machine's users."""
    outside = project.folder.parent
    project.environment |= NOWHERE | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "DVC_GLOBAL_CONFIG_DIR": str(outside / "none"),
        "DVC_SYSTEM_CONFIG_DIR": str(outside / "none"),
        "DVC_SITE_CACHE_DIR": str(outside / "site"),
    }
    return project


def said(project: Project, *command: str) -> str:
    """Run a program that must succeed; return what it said."""
    run = project.run(*command)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


def git(project: Project, *words: str) -> str:
    return said(project, "git", "-c", "user.name=tester", "-c", "user.email=tester@localhost", *words)


def planned(project: Project) -> dict[str, int]:
    """Return what Snakemake would run for everything."""
    return jobs(project.run("snakemake", "--cores", "1", "--nocolor", "--dry-run", "all", "headline"))


def files(project: Project) -> dict[str, bytes]:
    """Return the results that DVC keeps, by path."""
    found = (path for path in project.results.rglob("*") if path.is_file())
    paths = {str(path.relative_to(project.results)): path for path in found}
    return {name: path.read_bytes() for name, path in paths.items() if name.split("/")[0] not in NOT_KEPT}


def key(project: Project) -> None:
    path = project.folder / "config" / "config.yaml"
    content = yaml.safe_load(path.read_text())
    content["dynamics"]["outer_steps"] += 1
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def code(project: Project) -> None:
    with (project.folder / "src" / "whichtask" / "studies" / "coverage.py").open("a") as file:
        file.write("\n# changed\n")


def table(project: Project) -> None:
    (path,) = project.results.glob("explain/*.csv")
    path.write_text(path.read_text() + "\n")


@pytest.fixture(scope="module")
def origin(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A finished run in a repository of its own, with the settings of that run as its configuration."""
    base = tmp_path_factory.mktemp("dvc")
    project = prepared(Project.like(finished, base / "origin"))
    for name in KEPT:
        (project.folder / name).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / name, project.folder / name)
    config = project.folder / "config"
    content = yaml.safe_load((config / "config.yaml").read_text())
    update_config(content, yaml.safe_load((config / "smoke.yaml").read_text()))
    (config / "config.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    git(project, "init", "--quiet", "--initial-branch", "main")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "--message", "start")
    (base / "repro").write_text(said(project, "dvc", "repro"))
    git(project, "add", "dvc.lock")
    git(project, "commit", "--quiet", "--message", "results")
    said(project, "dvc", "push")
    yield project
    shutil.rmtree(base)


@pytest.fixture(scope="module")
def clone(origin: Project) -> Project:
    """A colleague's clone after ``dvc pull``."""
    folder = origin.folder.parent / "clone"
    git(origin, "clone", "--quiet", str(origin.folder), str(folder))
    project = prepared(Project(folder))
    said(project, "dvc", "pull")
    return project


def test_repro_of_a_finished_run_only_sums_it_up(origin: Project) -> None:
    first = (origin.folder.parent / "repro").read_text()
    assert first.count("> snakemake --cores all") == len(STAGES)
    assert first.count("Nothing to be done") == len(STAGES) - 1
    assert set(re.findall(r"Rule: (\w+)\)", first)) == {"metrics", "products"}
    again = said(origin, "dvc", "repro")
    assert "snakemake" not in again
    assert again.count("didn't change, skipping") == len(STAGES)


def test_stages_keep_everything_that_is_worth_it(origin: Project) -> None:
    outs = [Path(next(iter(out))) for stage in STAGES.values() for out in stage["outs"]]
    kept = {out.name for out in outs if out.parts[0] == "${results}"}
    assert {path.name for path in origin.results.iterdir()} - NOT_KEPT == kept
    assert "up to date" in said(origin, "dvc", "status")


def test_a_clone_gets_the_same_bytes_and_snakemake_has_nothing_to_do(origin: Project, clone: Project) -> None:
    assert files(clone) == files(origin)
    assert planned(clone) == {}
    assert git(clone, "status", "--porcelain") == ""
    assert "up to date" in said(clone, "dvc", "status")


def test_files_of_a_clone_can_be_written(clone: Project) -> None:
    """A link into the cache would be read-only, or let Snakemake write into the cache."""
    for folder in (clone.results, clone.folder / ".snakemake" / "metadata"):
        status = [path.stat() for path in folder.rglob("*") if path.is_file()]
        assert all(one.st_nlink == 1 and one.st_mode & 0o200 for one in status)


def plan_after(project: Project, change: Callable[[Project], None]) -> dict[str, int]:
    """Return what Snakemake would run after a change, which is undone again."""
    before = files(project)
    change(project)
    plan = planned(project)
    assert "changed" in said(project, "dvc", "status", "products")
    git(project, "checkout", "--quiet", ".")
    for name, content in files(project).items():
        if content != before[name]:
            (project.results / name).write_bytes(before[name])
    return plan


def test_a_key_changed_after_the_pull_runs_what_it_runs_where_the_results_were_made(
    origin: Project, clone: Project
) -> None:
    plan = plan_after(clone, key)
    assert {"dynamics", "agreement", "td_dynamics"} <= set(plan)
    assert not {"data", "discover", "simclr", "splits", "infer_images", "td_similarity"} & set(plan)
    assert plan == plan_after(origin, key)


@pytest.mark.parametrize(
    ("change", "concerned"),
    [(code, {"coverage", "td_coverage"}), (table, {"td_explain", "td_gallery_uninterpretable"})],
)
def test_other_code_and_other_tables_are_not_accepted_after_the_pull(
    clone: Project, change: Callable[[Project], None], concerned: set[str]
) -> None:
    plan = plan_after(clone, change)
    assert concerned <= set(plan)
    assert not {"data", "discover", "dynamics", "agreement", "infer_images", "td_similarity"} & set(plan)


def test_metrics_and_params_are_compared(clone: Project) -> None:
    (shown,) = json.loads(said(clone, "dvc", "metrics", "show", "--json")).values()
    numbers = shown["data"]["results/smoke/metrics.json"]["data"]
    assert numbers["scale"] == "smoke"
    assert set(numbers["agreement"]["discovered"]) == {"mean", "low", "high", "n"}
    key(clone)
    (changed,) = json.loads(said(clone, "dvc", "params", "diff", "--json")).values()
    git(clone, "checkout", "--quiet", ".")
    assert {name: values["new"] - values["old"] for name, values in changed.items()} == {"dynamics.outer_steps": 1}


def test_plots_are_a_page_that_needs_no_network(clone: Project) -> None:
    said(clone, "dvc", "plots", "show")
    page = (clone.folder / "dvc_plots" / "index.html").read_text()
    sources = re.findall(r'(?:src|href)="?([^"> ]+)', page)
    assert len(sources) == 6, "figures"
    assert all((clone.folder / "dvc_plots" / source).is_file() for source in sources)
    specs = [json.loads(spec) for spec in re.findall(r"var spec = (.*);\n", page)]
    assert {"outer_step", "proxy_agreement"} <= set(specs[0]["data"]["values"][0])
    assert len(specs) == page.count("vegaEmbed(") - 1 == 2
    assert git(clone, "status", "--porcelain") == ""


def test_a_killed_repro_loses_nothing(clone: Project) -> None:
    before = files(clone)
    lost = [clone.results / "figures" / f"gbi_{figure}.png" for figure in ("concavity", "compute", "diagram")]
    for path in lost:
        path.unlink()
    with (clone.folder.parent / "said").open("w") as output:
        process = subprocess.Popen(
            ["dvc", "repro", "--single-item", "products"],
            cwd=clone.folder,
            env=clone.environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        while process.poll() is None and not any(path.exists() for path in lost):
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL
    assert not all(path.exists() for path in lost)
    assert set(before) - set(files(clone)) <= {
        f"figures/{path.stem}{end}" for path in lost for end in (".png", ".svg", ".csv")
    }
    said(clone, "snakemake", "--unlock")
    said(clone, "dvc", "repro", "--single-item", "products")
    assert set(before) <= set(files(clone))
    assert planned(clone) == {}
