"""The verbs `linear` and `proxy`: the files they write, and what they say about inputs that do not fit."""

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from whichtask.artifacts import write_tensors
from whichtask.cli import app
from whichtask.config import CnnSpec, DataSettings, DiscoverySettings, LinearJob, MlpSpec, ProxyJob
from whichtask.data import ImageSet
from whichtask.discovery import make_encoder
from whichtask.errors import WhichtaskError
from whichtask.tasks import TaskSet, human_tasks, random_tasks

SEARCH = {
    "seed": 0,
    "data": DataSettings(train_images=200, heldout_images=80, discovery_heldout_images=60),
    "encoder": MlpSpec(width=0.1),
    "network": CnnSpec(width=2, hidden=6),
    "discovery": DiscoverySettings(tasks=3, dimensions=4, inner_steps=2, inner_batch_size=20, agreement_batch_size=20),
}
LINEAR = LinearJob.model_validate(SEARCH | {"steps": 2})
PROXY = ProxyJob.model_validate(SEARCH | {"proxy_steps": [1, 2], "proxy_tasks": 1})


@pytest.fixture
def folder(tmp_path: Path, small_images: ImageSet) -> Path:
    """Return a folder with images, an encoder and two task sets."""
    small_images.save(tmp_path / "data.npz")
    encoder = make_encoder(LINEAR.encoder, (8, 8, 1), LINEAR.discovery, (0,))
    write_tensors(tmp_path / "encoder.safetensors", encoder.state_dict())
    random_tasks(500, 2, 0).save(tmp_path / "random.npz")
    human_tasks(small_images.labels, small_images.class_names).save(tmp_path / "human.npz")
    return tmp_path


def run(verb: str, folder: Path, *options: str) -> None:
    common = ["--data", str(folder / "data.npz"), "--results", str(folder / "results"), "--threads", "1"]
    CliRunner().invoke(app, [verb, *common, *options], catch_exceptions=False)


def linear(folder: Path, job: LinearJob, out: str) -> None:
    paths = ["--encoder", str(folder / "encoder.safetensors"), "--out", str(folder / out)]
    run("linear", folder, *paths, "--tasks", str(folder / out / "linear.npz"), "--job", job.model_dump_json())


def test_linear_writes_tasks_and_the_same_ones_again(folder: Path) -> None:
    linear(folder, LINEAR, "first")
    linear(folder, LINEAR, "second")
    first, second = (TaskSet.load(folder / out / "linear.npz") for out in ("first", "second"))
    assert first.sha256 == second.sha256
    assert first.names[:4] == ("best_0", "best_1", "worst_0", "worst_1")
    assert first.provenance["verb"] == "linear"
    assert len(pd.read_csv(folder / "first" / "history.csv")) == 2 * 4
    assert (folder / "first" / "config.yaml").exists()


def test_linear_refuses_the_encoder_of_other_settings(folder: Path) -> None:
    wider = LINEAR.model_copy(update={"discovery": LINEAR.discovery.model_copy(update={"dimensions": 5})})
    with pytest.raises(WhichtaskError, match=r"encoder.safetensors does not hold an encoder of these settings"):
        linear(folder, wider, "out")


def test_proxy_writes_a_row_for_each_task_pair_and_number_of_steps(folder: Path) -> None:
    sets = [option for name in ("random", "human") for option in ("--tasks", str(folder / f"{name}.npz"))]
    run("proxy", folder, *sets, "--out", str(folder / "proxy.csv"), "--job", PROXY.model_dump_json())
    table = pd.read_csv(folder / "proxy.csv")
    assert len(table) == 2 * 1 * 3 * 2
    assert set(table["set"]) == {"random", "human"}
    with pytest.raises(WhichtaskError, match="several files stand for one set of tasks: human"):
        run("proxy", folder, *sets, *sets, "--out", str(folder / "x.csv"), "--job", PROXY.model_dump_json())
