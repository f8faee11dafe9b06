"""Linear probes against scikit-learn's, and the coverage of embeddings whose answer is known."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from whichtask.artifacts import write_npz, write_yaml
from whichtask.cli import app
from whichtask.config import DataSettings, DiscoveryJob, FeatureJob, load_config
from whichtask.data import ImageSet
from whichtask.discovery import make_encoder, settle
from whichtask.errors import WhichtaskError
from whichtask.studies.coverage import PENALTY, Found, measure_coverage, probe, read_found, untrained
from whichtask.training import ImageBank

DATA = DataSettings(train_images=200, heldout_images=150, discovery_heldout_images=50)
JOB = FeatureJob(seed=0, data=DATA)
CONFIG = load_config(
    {
        "networks": {"cnn": {"arch": "cnn", "width": 4, "hidden": 8}},
        "plan": {"networks": ["cnn"]},
        "discovery": {"tasks": 3, "dimensions": 3},
        "studies": {"networks": []},
        "ground_truth": {"networks": ["cnn"]},
    }
)
SEARCH = DiscoveryJob.of(CONFIG)


def test_probes_are_logistic_regressions() -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    plain = rng.normal(size=(500, 4))
    # The last dimension is constant.
    fitted, judged = np.split(plain * [1, 10, 0.1, 0] + 3, [300])
    truth = ((plain @ rng.normal(size=(4, 5)) + rng.normal(size=(500, 5)) > 0.3)[:300]).astype(np.uint8)
    predicted = probe(fitted, truth, judged)
    mean, std = fitted.mean(axis=0), fitted.std(axis=0)
    std[3] = 1
    for task, labels in enumerate(truth.T):
        model = LogisticRegression(C=1 / (PENALTY * len(labels)), tol=1e-8, max_iter=1_000)
        expected = model.fit((fitted - mean) / std, labels).predict((judged - mean) / std)
        assert (predicted[:, task] == expected).mean() >= 0.995
        alone = probe(fitted, truth[:, task : task + 1], judged)[:, 0]
        assert (predicted[:, task] == alone).mean() >= 0.995


@pytest.fixture(scope="module")
def covered(small_images: ImageSet) -> pd.DataFrame:
    known = np.eye(4)[small_images.labels]
    noise = np.random.default_rng(0).normal(size=(500, 3))
    searches = {
        "perfect": Found(SEARCH, known, known[:, :2] > 0.5),
        "useless": Found(SEARCH, noise, noise > 0),
    }
    return measure_coverage(small_images, searches, JOB)


def test_what_holds_the_classes_covers_all_human_tasks(covered: pd.DataFrame) -> None:
    means = covered.groupby(["set", "embedding"])["accuracy"].mean()
    assert means["perfect", "discovered"] == 1
    assert means["perfect", "labels"] < 0.95
    assert means["useless", "discovered"] == pytest.approx(0.5, abs=0.12)
    assert means["useless", "labels"] == pytest.approx(0.5, abs=0.12)
    assert means["useless", "pixels"] > 0.8


def test_there_is_a_row_for_each_search_embedding_and_task(covered: pd.DataFrame) -> None:
    assert (covered.groupby(["set", "embedding"]).size() == 3).all()  # partitions of four classes
    assert covered["n"].eq(150).all()
    assert covered["chance"].between(0.5, 0.7).all()
    sizes = covered[covered["set"] == "useless"].drop_duplicates("embedding").set_index("embedding")["dimensions"]
    assert sizes.to_dict() == {"discovered": 3, "labels": 3, "untrained": 3, "pixels": 3, "features": 9}
    same = covered[covered["embedding"].isin(["untrained", "features"])]
    first, second = (
        same[same["set"] == name].drop(columns="set").reset_index(drop=True) for name in covered["set"].unique()
    )
    pd.testing.assert_frame_equal(first, second)


def test_the_untrained_encoder_is_the_one_that_the_search_began_with(small_images: ImageSet) -> None:
    bank, images = ImageBank.of(small_images), np.arange(500)
    encoder = make_encoder(SEARCH.encoder, bank.shape, SEARCH.discovery, (SEARCH.seed,))
    settle(encoder, [bank.batch(torch.arange(200))])
    with torch.no_grad():
        expected = encoder(bank.batch(torch.arange(500))).numpy()
    assert untrained(SEARCH, bank, images[:200], images) == pytest.approx(expected, abs=1e-5)
    frozen = SEARCH.discovery.model_copy(update={"pretraining": "simclr", "freeze_backbone": True})
    regulated = SEARCH.model_copy(update={"discovery": frozen})
    assert untrained(regulated, bank, images[:200], images) == pytest.approx(expected, abs=1e-5)


def save(folder: Path, **arrays: Any) -> Path:
    write_npz(folder / "logits.npz", arrays)
    write_yaml(folder / "config.yaml", SEARCH.model_dump(mode="json"))
    return folder / "logits.npz"


def test_what_a_search_left_is_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    logits, embeddings = rng.normal(size=(3, 20)), rng.normal(size=(20, 3))
    found = read_found(save(tmp_path / "a", logits=logits, embeddings=embeddings))
    assert found.job == SEARCH
    assert np.array_equal(found.labels, logits.T > 0)
    kept = read_found(save(tmp_path / "b", logits=logits, embeddings=embeddings, kept=np.array([0, 2])))
    assert np.array_equal(kept.labels, logits[[0, 2]].T > 0)
    many = rng.normal(size=(2, 20, 3))
    classes = read_found(save(tmp_path / "c", logits=many, embeddings=embeddings)).labels
    assert classes.shape == (20, 6)
    assert np.array_equal(classes[:, 3:].argmax(axis=1), many[1].argmax(axis=1))
    assert (classes.sum(axis=1) == 2).all()


def test_files_that_do_not_fit_are_refused(small_images: ImageSet, tmp_path: Path) -> None:
    logits, embeddings = np.ones((3, 20)), np.ones((20, 3))
    with pytest.raises(WhichtaskError, match="no embeddings; run this search again"):
        read_found(save(tmp_path / "old", logits=logits))
    with pytest.raises(WhichtaskError, match="logits of 20 images but embeddings of 7"):
        read_found(save(tmp_path / "other", logits=logits, embeddings=embeddings[:7]))
    path = save(tmp_path / "bare", logits=logits, embeddings=embeddings)
    with pytest.raises(WhichtaskError, match="the search 'few' embedded 20 images, but quadrants has 500"):
        measure_coverage(small_images, {"few": read_found(path)}, JOB)
    path.with_name("config.yaml").write_text("seed: [")
    with pytest.raises(WhichtaskError, match="cannot read the settings of the search"):
        read_found(path)
    path.with_name("config.yaml").write_text("seed: one")
    with pytest.raises(WhichtaskError, match="config.yaml is not valid"):
        read_found(path)
    path.with_name("config.yaml").unlink()
    with pytest.raises(WhichtaskError, match="cannot read the settings of the search"):
        read_found(path)


def test_the_verb_names_searches_by_their_folders(small_images: ImageSet, tmp_path: Path) -> None:
    small_images.save(tmp_path / "data.npz")
    rng = np.random.default_rng(0)
    path = save(tmp_path / "mine", logits=rng.normal(size=(3, 500)), embeddings=rng.normal(size=(500, 3)))
    call = ["coverage", "--data", str(tmp_path / "data.npz"), "--logits", str(path)]
    call += ["--out", str(tmp_path / "out.csv"), "--job", JOB.model_dump_json()]
    assert CliRunner().invoke(app, call, catch_exceptions=False).exit_code == 0
    expected = measure_coverage(small_images, {"mine": read_found(path)}, JOB)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "out.csv"), expected, check_dtype=False)
