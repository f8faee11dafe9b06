"""The whole graph at smoke scale, through Snakemake as a user calls it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from whichtask.data import ImageSet
from whichtask.figures import FIGURES
from whichtask.tasks import TaskSet, random_tasks, write_user_csv

pytestmark = pytest.mark.workflow
COMMAND = [sys.executable, "-m", "snakemake", "--cores", "2"]
ROOT = Path(__file__).parents[2]
DRAWN = set(FIGURES) - {"td_imagenet"}  # only where there is an ImageNet folder
PARTS = ("Snakefile", "workflow", "profiles", "config", "src", "environment.yml")


def snakemake(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    # A flag ends the list of configuration files: `words` may begin with targets.
    command = [*COMMAND, "--configfile", "config/smoke.yaml", "--nocolor", *words]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def jobs(run: subprocess.CompletedProcess[str]) -> set[str]:
    """Return the rules that a dry run would run."""
    assert run.returncode == 0, run.stderr
    table = re.search(r"^job +count\n-+ +-+\n(.*?)^total", run.stdout + run.stderr, re.S | re.M)
    return {line.split()[0] for line in table.group(1).splitlines()} if table else set()


def copy_project(target: Path) -> Path:
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, target / part, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy2(source, target / part)
    return target


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project after a smoke run."""
    copied = copy_project(tmp_path_factory.mktemp("project"))
    run = snakemake(copied, "all", "headline")
    logs = "\n".join(path.read_text() for path in copied.glob("results/smoke/logs/**/*.log"))
    assert run.returncode == 0, run.stderr[-4000:] + logs[-4000:]
    return copied


def test_everything_that_was_promised_is_there(project: Path) -> None:
    results = project / "results" / "smoke"
    for figure in DRAWN:
        with Image.open(results / "figures" / f"{figure}.png") as image:
            assert min(image.size) > 100, "a gallery of one task is low"
        assert (results / "figures" / f"{figure}.svg").stat().st_size > 1000
        assert len(pd.read_csv(results / "figures" / f"{figure}.csv")) > 0
    with Image.open(results / "figures" / "td_dynamics.gif") as animation:
        assert getattr(animation, "n_frames", 1) > 2
    claims = pd.read_csv(results / "claims.csv")
    assert set(claims["scale"]) == {"smoke"}
    numbers = claims[claims["certainty"] == "certain"]["verdict"]
    assert "agrees" not in set(numbers[claims["id"].str.startswith("discovered")]), "smoke numbers mean nothing"
    assert (results / "claims.md").read_text().startswith("# Claims")


def test_contracts_on_disk(project: Path) -> None:
    results = project / "results" / "smoke"
    images = ImageSet.load(results / "data" / "fashion_mnist.npz")
    assert (images.n_train, images.n_test, images.shape) == (60_000, 10_000, (28, 28, 1))
    for name in ("random", "human", "discovered", "dynamics"):
        assert TaskSet.load(results / "tasks" / "fashion_mnist" / f"{name}.npz").labels.shape[1] == 70_000
    table = pd.read_csv(results / "agreement" / "fashion_mnist" / "cnn" / "discovered.csv")
    assert len(table) == 6, "three tasks, two pairs"
    assert table["agreement"].between(0, 1).all()
    assert set(pd.read_csv(results / "claims_headline.csv")["id"]) == set(pd.read_csv(results / "claims.csv")["id"])
    split = results / "splits" / "fashion_mnist" / "cnn" / "random_network" / "0"
    assert {path.name for path in split.iterdir()} == {"accuracies.csv", "predictions.npz", "split.npz", "config.yaml"}
    resolved = yaml.safe_load((results / "discovery" / "fashion_mnist" / "discovered" / "config.yaml").read_text())
    assert resolved["discovery"]["tasks"] == 3
    with np.load(results / "discovery" / "fashion_mnist" / "discovered" / "logits.npz") as archive:
        assert archive["logits"].shape == (3, 70_000)
    assert not any((results / ".state").iterdir()), "finished jobs leave no live state"


def test_a_second_run_does_nothing(project: Path) -> None:
    run = snakemake(project, "all", "headline")
    assert run.returncode == 0
    assert "Nothing to be done" in run.stdout + run.stderr


CHANGES: dict[str, tuple[list[str], set[str], set[str]]] = {
    # A change: jobs that must run again, jobs that must not.
    "figure style": (
        ["figures={dpi: 81}"],
        {"td_examples", "td_similarity"},
        {"agreement", "data", "discover", "dynamics", "similarity", "splits", "tasks"},
    ),
    "scoring": (
        ["agreement={epochs: 3}"],
        {"agreement", "agreement_comparison", "splits", "claims", "td_as_by_source"},
        {"data", "discover", "dynamics", "tasks", "similarity", "simclr", "linear", "td_examples", "td_coverage"},
    ),
    "more random tasks": (
        ["tasks={random: 3}"],
        {"tasks", "agreement", "td_as_by_source"},
        {"data", "discover", "dynamics", "td_gallery_discovered"},
    ),
    "one task": (
        ["dynamics={outer_steps: 5}"],
        {"dynamics", "td_dynamics"},
        {"data", "discover", "tasks", "claims", "td_similarity", "td_as_by_images"},
    ),
    "studies": (
        ["studies={outer_steps: 3}"],
        {"discover", "td_tradeoff", "td_regulation", "claims"},
        {"data", "tasks", "dynamics", "simclr", "splits", "td_as_by_source", "td_gallery_discovered", "td_factors"},
    ),
    "pre-training": (
        ["simclr={temperature: 0.4}"],
        {"simclr", "discover", "td_gallery_regulated", "td_regulation"},
        {"data", "tasks", "dynamics", "splits", "td_tradeoff", "td_dimension", "linear", "proxy"},
    ),
    "one split more": (
        ["splits={targets: 1}"],
        {"td_splits_table", "claims"},
        {"splits", "discover", "tasks", "agreement"},
    ),
    "discovery": (
        ["discovery={temperature: 4.0}"],
        {"discover", "dynamics", "td_similarity", "claims"},
        {"data", "tasks", "simclr", "td_examples", "td_as_by_network", "infer_images", "gbi_mnist_table"},
    ),
    "another way to iterate Z": (
        ["gbi={cifar100: {inference: {steps: 4}}}"],
        {"infer_cifar100", "gbi_cifar100_table", "claims"},
        {"data", "hundred", "infer_images", "infer_toy", "infer_language", "gbi_mnist_table", "discover"},
    ),
    "longer toy streams": (
        ["gbi={toy: {blocks: 8}}"],
        {"infer_toy-learning", "infer_toy", "gbi_toy_learning"},
        {"infer_unsupervised", "infer_language", "infer_images", "gbi_unsupervised", "discover"},
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_key_reruns_only_what_depends_on_it(project: Path, change: str) -> None:
    config, again, untouched = CHANGES[change]
    planned = jobs(snakemake(project, "--dry-run", "--config", *config))
    assert again <= planned
    assert not untouched & planned


def test_changed_code_of_figures_reruns_figures_only(project: Path) -> None:
    file = project / "src" / "whichtask" / "figures" / "style.py"
    before, stat = file.read_text(), file.stat()
    try:
        file.write_text(before + "\n# changed\n")
        planned = jobs(snakemake(project, "--dry-run"))
    finally:
        file.write_text(before)
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert set(DRAWN) <= planned
    assert not {"agreement", "discover", "data", "tasks"} & planned


@pytest.mark.parametrize("config", ["config.yaml", "smoke.yaml", "paper.yaml"])
def test_every_configuration_has_a_plan(tmp_path: Path, config: str) -> None:
    run = snakemake(copy_project(tmp_path), "--dry-run", "--configfile", f"config/{config}")
    assert {"discover", "agreement", "claims"} <= jobs(run)


MISTAKES: dict[str, tuple[str, str]] = {
    "unknown key": ("agreement={epoch: 3}", "agreement.epoch: unknown key; did you mean 'epochs'?"),
    "unknown data": ("data={name: svhn}", "'svhn' is no known data set (fashion_mnist"),
    "too many tasks": ("discovery={tasks: 99}", "tasks must be at most dimensions"),
    "unknown network": ("plan={networks: [vgg]}", "unknown network 'vgg'; networks has cnn"),
    "image too small": ("networks={vit: {arch: vit, patch: 9}}", "cannot be cut into patches of 9x9"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_bad_configuration_fails_before_any_job(tmp_path: Path, mistake: str) -> None:
    config, message = MISTAKES[mistake]
    run = snakemake(copy_project(tmp_path), "--dry-run", "--config", config)
    assert run.returncode != 0
    said = run.stdout + run.stderr
    assert message in said
    assert "Traceback" not in said
    assert not (tmp_path / "results").exists()


def test_a_results_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    copied = copy_project(tmp_path)
    (copied / "blocked").write_text("a file where a folder should be")
    run = snakemake(copied, "--config", "results=blocked/results")
    assert run.returncode != 0
    said = run.stdout + run.stderr
    assert "blocked" in said
    assert "Traceback" not in said


def test_a_killed_run_goes_on_where_it_was(project: Path, tmp_path: Path) -> None:
    """Kill a discovery after its first saved state, run again, and compare with the uninterrupted result."""
    results = project / "results" / "smoke"
    copied = copy_project(tmp_path)
    shutil.copytree(results / "data", copied / "results" / "smoke" / "data")
    settings = results / "discovery" / "fashion_mnist" / "discovered" / "config.yaml"
    job = json.dumps(yaml.safe_load(settings.read_text()))
    command = [
        *(sys.executable, "-c"),
        "import whichtask.training.live as live; live.SAVE_EVERY_SECONDS = 0\n"
        "import os, whichtask.discovery.search as search\n"
        "save = search.TaskSearch.save\n"
        "def save_and_die(self, state):\n"
        "    save(self, state)\n"
        "    if self.outer_step == 2: os.kill(os.getpid(), 9)\n"
        "search.TaskSearch.save = save_and_die\n"
        "from whichtask.cli import main; main()",
        *("discover", "--data", "results/smoke/data/fashion_mnist.npz", "--out", "set", "--tasks", "found.npz"),
        *("--job", job, "--threads", "1", "--results", "live"),
    ]
    killed = subprocess.run(command, cwd=copied, capture_output=True, check=False)
    assert killed.returncode == -9
    assert list((copied / "live" / ".state").glob("*/search.safetensors"))
    assert not (copied / "found.npz").exists(), "nothing half-written"
    again = subprocess.run(command, cwd=copied, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    expected = TaskSet.load(results / "tasks" / "fashion_mnist" / "discovered.npz")
    assert np.array_equal(TaskSet.load(copied / "found.npz").labels, expected.labels)
    for name in ("encoder.safetensors", "logits.npz"):
        ours, theirs = copied / "set" / name, results / "discovery" / "fashion_mnist" / "discovered" / name
        assert ours.read_bytes() == theirs.read_bytes(), name


def test_one_more_seed_runs_one_more_job(project: Path) -> None:
    run = snakemake(project, "--dry-run", "--config", "gbi={compute: {seeds: [0, 1, 2]}}")
    assert run.returncode == 0, run.stderr
    count = re.search(r"^infer_compute +(\d+)$", run.stdout + run.stderr, re.M)
    assert count
    assert count.group(1) == "1"


def test_your_own_images_and_tasks_run_through(project: Path, tmp_path: Path, small_images: ImageSet) -> None:
    """Images from an .npz, tasks from a CSV: scored, compared and drawn beside the others; an edited CSV runs again."""
    copied = copy_project(tmp_path)
    # What does not depend on the images is there already.
    for folder in ("gbi", "data"):
        shutil.copytree(project / "results" / "smoke" / folder, copied / "results" / "smoke" / folder)
    small_images.save(copied / "mine.npz")
    write_user_csv(copied / "mine.csv", random_tasks(500, 2, seed=9))
    content = {
        "data": {"name": "mine.npz", "train_images": 250, "heldout_images": 80, "discovery_heldout_images": 70},
        "tasks": {"user": "mine.csv"},
        "networks": {"vit": {"patch": 4}},
        "agreement": {"images": 200, "batch_size": 50},
        "plan": {"network_images": 100, "image_sweep": [100, 200]},
        "dynamics": {"images": 200},
        "splits": {"images": 250},
    }
    (copied / "mine.yaml").write_text(yaml.safe_dump(content))
    both = ["--configfile", "config/smoke.yaml", "mine.yaml"]
    run = snakemake(copied, "headline", *both)
    logs = "\n".join(path.read_text() for path in copied.glob("results/smoke/logs/**/*.log"))
    assert run.returncode == 0, run.stderr[-4000:] + logs[-4000:]
    drawn = pd.read_csv(copied / "results" / "smoke" / "figures" / "td_as_by_source.csv")
    assert set(drawn["set"]) == {"random", "human", "discovered", "user"}
    write_user_csv(copied / "mine.csv", random_tasks(500, 2, seed=10))
    planned = jobs(snakemake(copied, "headline", "--dry-run", *both))
    assert {"tasks", "agreement", "td_as_by_source", "claims"} <= planned
    assert not {"data", "discover", "dynamics", "td_examples"} & planned
