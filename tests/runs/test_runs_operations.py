"""Operations counted beforehand are those that the work then comes to."""

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from projects import ROOT, Project

sys.path.insert(0, str(ROOT))  # benchmarks/ is no part of the package

from benchmarks.operations import STOPPED, Counter, counted, of_step, passes, table

from whichtask.config import (
    AgreementJob,
    CnnSpec,
    DataSettings,
    DiscoveryJob,
    DiscoverySettings,
    MlpSpec,
    TaskJob,
    read_config,
)
from whichtask.data import ImageSet
from whichtask.discovery import TaskSearch
from whichtask.plan.plan import Plan as Settled
from whichtask.runs.plan import Job, Plan
from whichtask.training import ImageBank, divide

DATA = DataSettings(train_images=200, heldout_images=80, discovery_heldout_images=60)


def test_a_forward_pass_is_counted_by_hand() -> None:
    forward, _ = passes(MlpSpec(width=1.0), DATA)
    sizes = [28 * 28, 1024, 512, 256, 64, 2]
    assert forward == 2 * sum(a * b for a, b in pairwise(sizes))


@pytest.mark.parametrize("changes", [{}, {"estimator": "plain"}, {"objective": "foxas"}, {"tasks_per_step": 2}])
def test_a_step_of_a_search_comes_to_what_was_counted(changes: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (400, 28, 28, 1)).astype(np.uint8)
    labels = np.arange(400) % 2
    data = ImageSet("fashion_mnist", images, labels, images[:50], labels[:50], ("0", "1"), provenance={})
    small = {"inner_steps": 3, "inner_batch_size": 20, "agreement_batch_size": 20}
    job = DiscoveryJob(
        seed=0,
        data=DATA,
        encoder=MlpSpec(width=0.1),
        network=CnnSpec(width=4, hidden=12),
        discovery=DiscoverySettings.model_validate(small | changes),
    )
    search = TaskSearch(ImageBank.of(data), divide(data.n_train, DATA), job)
    assert of_step(job) == pytest.approx(counted(search.step), rel=0.05)


def test_what_a_figure_needs_is_added_up() -> None:
    settings = read_config([], {"agreement": {"pairs": 2, "epochs": 10, "images": 1000}})
    score = AgreementJob.of(settings, "cnn")
    tasks = TaskJob.of(settings, "random")
    made = {"log": None, "benchmark": None, "needed": True, "there": False, "what": ""}
    jobs = [
        Job(rule="tasks", outputs=["results/tasks/fashion_mnist/random.npz"], settings=tasks.model_dump_json(), **made),
        Job(
            rule="agreement",
            outputs=["results/agreement/scores.csv"],
            inputs=["results/data/fashion_mnist.npz", "results/tasks/fashion_mnist/random.npz"],
            settings=score.model_dump_json(),
            **made,
        ),
        Job(rule="infer_toy", outputs=["results/gbi/toy.csv"], settings=json.dumps({}), **made),
        Job(rule="td_drawn", outputs=["results/figures/td.png"], inputs=["results/agreement/scores.csv"], **made),
    ]
    plan = Plan(results="results", scale="laptop", data="fashion_mnist", figures=["td_drawn"], jobs=jobs)
    counter = Counter(plan, Settled(settings, 7))
    forward, training = passes(settings.networks["cnn"], settings.data)
    of_network = STOPPED * 10 * 1000 * training + 5000 * forward
    row = counter.row(counter.needed(jobs[-1:]), target="td_drawn")
    assert row["exaflop"] * 1e18 == pytest.approx(6 * 2 * 2 * of_network)
    assert (row["jobs"], row["jobs_not_counted"]) == (1, 0)
    assert counter.row(jobs)["jobs_not_counted"] == 1


@pytest.mark.workflow
@pytest.mark.parametrize("scale", ["paper", "workstation"])
def test_the_tables_that_pages_read_are_those_of_the_configurations(tmp_path: Path, scale: str) -> None:
    kept = pd.read_csv(ROOT / "results" / "reference" / f"operations_{scale}.csv")
    found = table(Project(tmp_path).folder, "headline", [Path("config") / f"{scale}.yaml"])
    kept = kept[kept["target"] == "headline"].reset_index(drop=True)
    pd.testing.assert_frame_equal(found.reset_index(drop=True), kept, rtol=1e-6)  # else: make operations


def test_the_papers_experiments_can_be_afforded() -> None:
    kept = pd.read_csv(ROOT / "results" / "reference" / "operations_paper.csv")
    headline = kept[(kept["target"] == "headline") & (kept["part"] == "all")].iloc[0]
    assert headline["gpu_hours"] <= 150
    assert kept["longest_gpu_hours"].max() < 24
