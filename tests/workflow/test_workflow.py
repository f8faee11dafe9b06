"""The whole graph at smoke scale, through Snakemake as a user calls it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image
from projects import PRESETS, Project, jobs

from whichtask.claims import evaluate
from whichtask.config import FigureSettings
from whichtask.data import ImageSet
from whichtask.figures import draw_again, read_numbers
from whichtask.plan.figures import FIGURES
from whichtask.plan.site import PAGES
from whichtask.tasks import TaskSet, random_tasks, write_user_csv

pytestmark = pytest.mark.workflow
DRAWN = set(FIGURES) - {"td_imagenet"}  # only where there is an ImageNet folder


def test_everything_that_was_promised_is_there(finished: Project) -> None:
    results = finished.results
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
    site = [path for path in (results / "site").rglob("*") if path.is_file()]
    assert {f"{name}.html" for name in PAGES} <= {path.name for path in site}
    assert sum(path.stat().st_size for path in site) < 15_000_000


def test_contracts_on_disk(finished: Project) -> None:
    results = finished.results
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


def test_a_second_run_does_nothing(finished: Project, tmp_path: Path) -> None:
    run = Project.like(finished, tmp_path).smoke("all", "headline")
    assert run.returncode == 0
    assert "Nothing to be done" in run.stdout + run.stderr


SITE = {"site", "whole_site"}  # it shows all figures and claims
CHANGES: dict[str, tuple[list[str], set[str], set[str]]] = {
    # A change: jobs that must run again, jobs that must not.
    "figure style": (
        ["figures={dpi: 81}"],
        {"td_examples", "td_similarity"},
        {"agreement", "data", "discover", "dynamics", "similarity", "splits", "tasks"},
    ),
    "more images held out": (
        ["data={heldout_images: 900}"],
        {"agreement", "discover", "td_as_by_source"},
        {"data", "tasks", "infer_images", "gbi_ood_table"},
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
        {"dynamics", "td_dynamics", "claims"},
        {"data", "discover", "tasks", "td_similarity", "td_as_by_images"},
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
def test_a_changed_key_reruns_only_what_depends_on_it(finished: Project, change: str) -> None:
    config, again, untouched = CHANGES[change]
    planned = set(jobs(finished.smoke("--dry-run", "--config", *config)))
    assert again <= planned
    assert not untouched & planned


def test_claims_are_read_from_exactly_the_numbers_in_the_figures(finished: Project) -> None:
    """Claims make these numbers from the tables, without the pictures: they must be those of the figures' CSVs."""
    config = finished.folder / "config" / "claims.yaml"
    figures = sorted((finished.results / "figures").glob("*.csv"))
    numbers = {path.stem: read_numbers(path) for path in figures}
    expected = evaluate(config, numbers, "smoke", "fashion_mnist")
    found = pd.read_csv(finished.results / "claims.csv")
    columns = ["id", "ours", "low", "high", "n", "verdict", "claim_verdict"]
    assert len(found) > 100
    pd.testing.assert_frame_equal(found[columns], expected[columns], check_dtype=False, rtol=1e-8)


@pytest.mark.parametrize("figure", sorted(name for name in DRAWN if not FIGURES[name].gallery))
def test_a_figure_is_drawn_again_from_its_csv_alone(finished: Project, tmp_path: Path, figure: str) -> None:
    drawn = finished.results / "figures"
    draw_again(figure, drawn / f"{figure}.csv", tmp_path / f"{figure}.png", FigureSettings(dpi=80))
    for ending in ("png", "svg"):
        assert (tmp_path / f"{figure}.{ending}").read_bytes() == (drawn / f"{figure}.{ending}").read_bytes()


STYLES = {
    # A change of style: the one figure that is drawn again.
    "figures={own: {td_similarity: {dpi: 81}}}": "td_similarity",
    "figures={own: {gbi_ood_table: {rc: {font.size: 8}}}}": "gbi_ood_table",  # claims are read from its numbers
    "figures={example_images: 5}": "td_examples",
    "figures={gif_milliseconds: 90}": "td_dynamics",
}


@pytest.mark.parametrize("style", STYLES)
def test_a_changed_style_of_a_figure_reruns_one_job_and_the_website_that_shows_it(
    finished: Project, style: str
) -> None:
    planned = jobs(finished.smoke("all", "headline", "--dry-run", "--config", style))
    assert {rule: count for rule, count in planned.items() if rule not in SITE} == {STYLES[style]: 1}


CODE = {
    # A file of the package: rules that must run again when it changes, and no other.
    "figures/td/similarity.py": {"td_similarity", "td_regulated_similarity", "claims"},
    # Its numbers are claimed, and they may have changed with it.
    "figures/gbi/ood.py": {"gbi_ood_table", "gbi_ood_tau", "gbi_confidence_histograms", "claims"},
    "figures/style.py": {*DRAWN, "claims"},
    "claims/verdicts.py": {"claims"},
    "plan/claims.py": {"claims"},
    "studies/explain.py": {"explain", "td_explain", "td_gallery_uninterpretable", "claims"},
    "plan/cards.py": set(),
    "figures/__init__.py": set(),
}


@pytest.mark.parametrize("file", CODE)
def test_changed_code_of_a_figure_reruns_what_it_decides(finished: Project, tmp_path: Path, file: str) -> None:
    project = Project.like(finished, tmp_path)
    with (project.folder / "src" / "whichtask" / file).open("a") as source:
        source.write("\n# changed\n")
    assert set(jobs(project.smoke("all", "headline", "--dry-run"))) - SITE == CODE[file]


@pytest.mark.parametrize("config", PRESETS)
def test_every_configuration_has_a_plan(tmp_path: Path, config: str) -> None:
    run = Project(tmp_path).run("snakemake", "--cores", "2", "--nocolor", "-n", "--configfile", f"config/{config}")
    assert {"discover", "agreement", "claims"} <= set(jobs(run))


# More are tried without Snakemake in tests/config.
MISTAKES: dict[str, tuple[str, str]] = {
    "unknown key": ("agreement={epoch: 3}", "agreement.epoch: unknown key; did you mean 'epochs'?"),
    "style of no figure": (
        "figures={own: {td_similar: {dpi: 9}}}",
        "figures.own: no figure 'td_similar'; allowed: td_",
    ),
    "image too small": ("networks={vit: {arch: vit, patch: 9}}", "cannot be cut into patches of 9x9"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_bad_configuration_fails_before_any_job(tmp_path: Path, mistake: str) -> None:
    config, message = MISTAKES[mistake]
    run = Project(tmp_path).smoke("--dry-run", "--config", config)
    assert run.returncode != 0
    said = run.stdout + run.stderr
    assert message in said
    assert "Traceback" not in said
    assert not (tmp_path / "results").exists()


def test_a_results_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    project = Project(tmp_path)
    (tmp_path / "blocked").write_text("a file where a folder should be")
    run = project.smoke("--config", "results=blocked/results")
    assert run.returncode != 0
    said = run.stdout + run.stderr
    assert "blocked" in said
    assert "Traceback" not in said


def test_a_killed_run_goes_on_where_it_was(finished: Project, tmp_path: Path) -> None:
    """Kill a discovery after its first saved state, run again, and compare with the uninterrupted result."""
    results = finished.results
    project = Project(tmp_path)
    shutil.copytree(results / "data", project.results / "data")
    settings = results / "discovery" / "fashion_mnist" / "discovered" / "config.yaml"
    job = json.dumps(yaml.safe_load(settings.read_text()))
    command = [
        *("python", "-c"),
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
    killed = project.run(*command)
    assert killed.returncode == -9
    assert list((tmp_path / "live" / ".state").glob("*/search.safetensors"))
    assert not (tmp_path / "found.npz").exists(), "nothing half-written"
    again = project.run(*command)
    assert again.returncode == 0, again.stderr
    expected = TaskSet.load(results / "tasks" / "fashion_mnist" / "discovered.npz")
    assert np.array_equal(TaskSet.load(tmp_path / "found.npz").labels, expected.labels)
    for name in ("encoder.safetensors", "logits.npz"):
        ours, theirs = tmp_path / "set" / name, results / "discovery" / "fashion_mnist" / "discovered" / name
        assert ours.read_bytes() == theirs.read_bytes(), name


def test_one_more_seed_runs_one_more_job(finished: Project) -> None:
    run = finished.smoke("--dry-run", "--config", "gbi={compute: {seeds: [0, 1]}}")
    assert jobs(run)["infer_compute"] == 1


def test_your_own_images_and_tasks_run_through(finished: Project, tmp_path: Path, small_images: ImageSet) -> None:
    """Images from an .npz, tasks from a CSV: scored, compared and drawn beside the others; an edited CSV runs again."""
    project = Project(tmp_path)
    # What does not depend on the images is there already.
    for folder in ("gbi", "data"):
        shutil.copytree(finished.results / folder, project.results / folder)
    small_images.save(tmp_path / "mine.npz")
    write_user_csv(tmp_path / "mine.csv", random_tasks(500, 2, seed=9))
    content = {
        "data": {"name": "mine.npz", "train_images": 250, "heldout_images": 80, "discovery_heldout_images": 70},
        "tasks": {"user": "mine.csv"},
        "networks": {"vit": {"patch": 4}},
        "agreement": {"images": 200, "batch_size": 50},
        "plan": {"network_images": 100, "image_sweep": [100, 200]},
        "dynamics": {"images": 200},
        "splits": {"images": 250},
    }
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(content))
    both = ["--configfile", "config/smoke.yaml", "mine.yaml"]
    wanted = ("td_as_by_source", "td_gallery_discovered", "td_split_gallery")
    run = project.run("snakemake", *wanted, "--cores", "2", *both)
    logs = "\n".join(path.read_text() for path in project.results.glob("logs/**/*.log"))
    assert run.returncode == 0, run.stderr[-4000:] + logs[-4000:]
    drawn = pd.read_csv(project.results / "figures" / "td_as_by_source.csv")
    assert set(drawn["set"]) == {"random", "human", "discovered", "user"}
    write_user_csv(tmp_path / "mine.csv", random_tasks(500, 2, seed=10))
    planned = set(jobs(project.run("snakemake", *wanted, "--cores", "2", "--dry-run", "--nocolor", *both)))
    assert {"tasks", "agreement", "td_as_by_source"} <= planned
    assert not {"data", "discover", "td_gallery_discovered"} & planned
