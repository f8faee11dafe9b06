"""Tasks know their images: every reader that has both refuses others; and the authors' own file of tasks is read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from whichtask.agreement import score_tasks
from whichtask.artifacts import write_tensors
from whichtask.config import (
    AgreementJob,
    AgreementSettings,
    CnnSpec,
    DataSettings,
    DiscoveryJob,
    DiscoverySettings,
    FeatureJob,
)
from whichtask.data import ImageSet
from whichtask.discovery import make_encoder
from whichtask.discovery.saved import load_encoder
from whichtask.discovery.search import TaskSearch
from whichtask.errors import WhichtaskError
from whichtask.splits import Target
from whichtask.splits.define import check_tasks
from whichtask.studies.coverage import Found, measure_coverage
from whichtask.studies.explain import explain_tasks
from whichtask.tasks import TaskSet, human_tasks, random_tasks, user_tasks
from whichtask.training import ImageBank, divide

DIFFER = "is of other images than those of quadrants: their digests differ"
DATA = DataSettings(train_images=250, heldout_images=100, discovery_heldout_images=50)
JOB = AgreementJob(
    seed=0,
    data=DATA,
    network_name="cnn",
    network=CnnSpec(width=4, hidden=8),
    agreement=AgreementSettings(pairs=1, images=100, epochs=1, batch_size=50, bootstrap=20),
)
SEARCH = DiscoveryJob(
    seed=0,
    data=DATA,
    encoder=JOB.network,
    network=JOB.network,
    discovery=DiscoverySettings(tasks=2, dimensions=2, tasks_per_step=1, human_tasks=1),
)


@pytest.fixture
def human(small_images: ImageSet) -> TaskSet:
    return human_tasks(small_images.labels, small_images.class_names).made_for(small_images)


@pytest.fixture
def others(small_images: ImageSet) -> ImageSet:
    """As many images with the same labels."""
    return replace(small_images, x_test=small_images.x_test[::-1].copy())


def test_the_digest_is_kept_and_changes_no_label(small_images: ImageSet, human: TaskSet, tmp_path: Path) -> None:
    plain = human_tasks(small_images.labels, small_images.class_names)
    human.save(tmp_path / "human.npz")
    loaded = TaskSet.load(tmp_path / "human.npz")
    assert loaded.provenance == {**plain.provenance, "images": small_images.sha256}
    assert np.array_equal(loaded.labels, plain.labels)
    assert loaded.sha256 == plain.sha256, "what was scored before stays scored"
    assert loaded.subset([0]).provenance == loaded.provenance


def test_tasks_of_other_images_are_refused_and_old_ones_accepted(
    small_images: ImageSet, others: ImageSet, human: TaskSet
) -> None:
    human.require_images(small_images)
    with pytest.raises(WhichtaskError, match=rf"mine\.npz {DIFFER}"):
        human.require_images(others, Path("mine.npz"))
    human_tasks(small_images.labels, small_images.class_names).require_images(others)
    with pytest.raises(WhichtaskError, match="labels 300 images, but quadrants has 500"):
        random_tasks(300, 1, 0).require_images(small_images)


def test_two_sets_of_other_images_are_not_compared(small_images: ImageSet, others: ImageSet, human: TaskSet) -> None:
    human.require_same_images(human, "a", "b")
    human.require_same_images(random_tasks(500, 1, 0), "a", "b")
    with pytest.raises(WhichtaskError, match="a is of other images than those of b: their digests differ"):
        human.require_same_images(random_tasks(500, 1, 0).made_for(others), "a", "b")
    with pytest.raises(WhichtaskError, match="a labels 500 images and b 300; tasks are compared on the same images"):
        human.require_same_images(random_tasks(300, 1, 0), "a", "b")


def test_whoever_has_tasks_and_images_compares_them(others: ImageSet, human: TaskSet, tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match=DIFFER):
        score_tasks(others, human, "human", JOB, device=torch.device("cpu"), results=tmp_path)
    with pytest.raises(WhichtaskError, match=DIFFER):
        Target.of_task(human, "0", others)
    with pytest.raises(WhichtaskError, match=DIFFER):
        check_tasks(human, others)
    with pytest.raises(WhichtaskError, match=rf"'mine' {DIFFER}"):
        explain_tasks(others, {"mine": human}, FeatureJob(seed=0, data=DATA))
    bank = ImageBank.of(others)
    with pytest.raises(WhichtaskError, match="the set of human tasks is of other images"):
        TaskSearch(bank, divide(others.n_train, DATA), SEARCH, None, human)
    found = Found(SEARCH, np.zeros((500, 2), np.float32), np.zeros((500, 2), bool), "0" * 64)
    with pytest.raises(WhichtaskError, match=rf"the search 'mine' {DIFFER}"):
        measure_coverage(others, {"mine": found}, FeatureJob(seed=0, data=DATA))


def test_an_encoder_of_other_images_is_refused(small_images: ImageSet, others: ImageSet, tmp_path: Path) -> None:
    bank = ImageBank.of(small_images)
    encoder = make_encoder(SEARCH.encoder, bank.shape, SEARCH.discovery, (0,))
    for name, what in (("new", {"images": small_images.sha256}), ("old", {})):
        write_tensors(tmp_path / name, encoder.state_dict(), what)
        load_encoder(tmp_path / name, bank, SEARCH)
    load_encoder(tmp_path / "old", ImageBank.of(others), SEARCH)
    with pytest.raises(WhichtaskError, match="new is of other images than those of"):
        load_encoder(tmp_path / "new", ImageBank.of(others), SEARCH)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A CSV as the authors publish theirs: an index without a name, and rows for the training images only."""
    rows = [f"{i},{i % 2},{i % 3 == 0:d}" for i in range(400)]
    (tmp_path / "ssl_tasks.csv").write_text("\n".join([",resnet50-0,resnet50-1", *rows]) + "\n")
    return tmp_path / "ssl_tasks.csv"


def test_the_authors_tasks_are_read_and_scored(small_images: ImageSet, published: Path, tmp_path: Path) -> None:
    tasks = user_tasks(published, 400, 100).made_for(small_images)
    assert tasks.names == ("resnet50-0", "resnet50-1")
    assert tasks.labels.shape == (2, 400)
    assert tasks.provenance["unlabelled_test_images"] == 100
    tasks.save(tmp_path / "tasks.npz")
    loaded = TaskSet.load(tmp_path / "tasks.npz")
    table = score_tasks(small_images, loaded, "user", JOB, device=torch.device("cpu"), results=tmp_path)
    assert len(table) == 2
    assert len(explain_tasks(small_images, {"user": loaded}, FeatureJob(seed=0, data=DATA)))
    assert Target.of_task(loaded, "resnet50-0", small_images).sides is None


def test_labels_of_test_images_are_asked_for_where_they_are_needed(
    small_images: ImageSet, published: Path, others: ImageSet
) -> None:
    tasks = user_tasks(published, 400, 100)
    with pytest.raises(WhichtaskError, match=r"mine\.npz labels the training images only; labels of the test images"):
        tasks.require_images(small_images, "mine.npz")
    with pytest.raises(WhichtaskError, match=DIFFER):
        tasks.made_for(small_images).require_images(others, test_images=False)
    with pytest.raises(WhichtaskError, match="labels 400 images, but quadrants has 500"):
        replace(tasks, provenance={}).require_images(small_images, test_images=False)


def test_part_of_the_test_images_is_no_set(published: Path) -> None:
    published.write_text(published.read_text(encoding="utf-8") + "400,1,1\n", encoding="utf-8")
    with pytest.raises(WhichtaskError, match="99 images are missing .401, .* or each of the 400 training images"):
        user_tasks(published, 400, 100)
