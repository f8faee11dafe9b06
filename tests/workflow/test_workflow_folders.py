"""Folders of the user's: a change anywhere below one makes what is read from it again; a copy of it changes nothing."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from projects import Project, jobs

pytestmark = pytest.mark.workflow
DATA, TEXT = "results/smoke/data/photos.npz", "results/smoke/data/text.npz"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with pictures and texts in folders, both fetched."""
    project = Project(tmp_path_factory.mktemp("folders"))
    rng = np.random.default_rng(0)
    for part, count in (("train", 60), ("test", 10)):
        for kind in ("cat", "dog"):
            place = project.folder / "photos" / part / kind
            place.mkdir(parents=True)
            for number in range(count):
                Image.fromarray(rng.integers(0, 256, (16, 16, 3)).astype(np.uint8)).save(place / f"{number}.png")
    (project.folder / "texts").mkdir()
    for name in ("news", "poems", "plays"):
        words = rng.choice(["light", "dark", name, "and", "so"], 30_000)
        (project.folder / "texts" / f"{name}.txt").write_text(" ".join(words))
    content = {
        "data": {
            "name": "photos", "image_size": 28, "train_images": 60, "heldout_images": 30, "discovery_heldout_images": 30
        },
        "agreement": {"images": 50, "batch_size": 20},
        "plan": {"network_images": 40, "image_sweep": [40]},
        "discovery": {"inner_batch_size": 20, "agreement_batch_size": 20},
        "studies": {"images": 40, "inner_batch_size": 20},
        "dynamics": {"images": 40},
        "splits": {"images": 50},
        "gbi": {"language": {"folder": "texts", "held_out": ["plays"]}},
    }  # fmt: skip
    (project.folder / "mine.yaml").write_text(yaml.safe_dump(content))
    run = snakemake(project)
    assert run.returncode == 0, run.stderr[-3000:]
    return project


def snakemake(project: Project, *words: str) -> "subprocess.CompletedProcess[str]":
    files = ["--configfile", "config/smoke.yaml", "mine.yaml"]
    return project.run("snakemake", DATA, TEXT, *words, "--cores", "2", "--nocolor", *files)


def planned(project: Project) -> set[str]:
    return set(jobs(snakemake(project, "--dry-run")))


def test_nothing_is_planned_where_nothing_changed(project: Project) -> None:
    assert not planned(project)


def test_one_more_picture_and_an_edited_text_are_seen(project: Project) -> None:
    new = project.folder / "photos" / "train" / "cat" / "one more.png"
    Image.fromarray(np.full((16, 16, 3), 9, np.uint8)).save(new)
    assert planned(project) == {"data"}
    new.unlink()
    assert not planned(project)
    text = project.folder / "texts" / "news.txt"
    before, times = text.read_bytes(), text.stat()
    text.write_bytes(before + b" more")
    assert planned(project) == {"text"}
    text.write_bytes(before)
    os.utime(text, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert not planned(project)


def test_what_a_file_system_drops_is_no_change(project: Project) -> None:
    dropped = Path(project.folder / "photos" / "train" / "cat" / ".DS_Store")
    dropped.write_bytes(b"x")
    folder = dropped.parent
    assert not planned(project), folder
