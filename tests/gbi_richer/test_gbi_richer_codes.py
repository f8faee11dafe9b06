"""Codes for Z, what is left out of training, and the verb."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from whichtask.artifacts import read_csv
from whichtask.cli import main
from whichtask.config import load_config
from whichtask.config.gbi import FitSettings, InferenceSettings, RicherJob
from whichtask.config.gbi.richer import CodedSettings, RicherSettings
from whichtask.data import ImageSet
from whichtask.data.factors32 import make
from whichtask.errors import WhichtaskError
from whichtask.gbi import check_abstraction, one_hot
from whichtask.gbi.richer import CodedAutoencoder, study
from whichtask.gbi.richer.study import CODES, COMBINATIONS, SIZES, hold_out, values
from whichtask.seeding import seeded, torch_generator
from whichtask.training import LiveState

SETTINGS = RicherSettings(
    seeds=[0],
    train_images=300,
    test_images=80,
    components=6,
    network=CodedSettings(encoder=8, code=3, hidden=8, embedding=4),
    fit=FitSettings(epochs=1),
    inference=InferenceSettings(steps=2),
)


@pytest.fixture(scope="module")
def factors() -> ImageSet:
    found = make(400, 80)
    train, test = (np.ascontiguousarray(images[:, ::4, ::4]) for images in (found.x_train, found.x_test))
    return replace(found, x_train=train, x_test=test)


def test_every_code_reads_back_what_it_was_given() -> None:
    labels = torch.arange(COMBINATIONS)
    for code in CODES:
        z = check_abstraction(code.abstraction(labels), code.parts)
        assert (code.read(z) == values(labels)).all()
    assert len(values(labels).unique(dim=0)) == COMBINATIONS
    assert values(labels).amax(dim=0).tolist() == [size - 1 for size in SIZES]


def test_only_the_code_in_parts_shares_entries_between_classes() -> None:
    one, _, parts = CODES
    pair = torch.tensor([0, 1])  # the same shape and hue, without and with outline
    first, second = one.abstraction(pair)
    assert not (first * second).any()
    first, second = parts.abstraction(pair)
    assert (first * second).sum() == 2


def test_what_is_left_out_depends_on_the_key_and_leaves_every_value_of_a_factor() -> None:
    held = hold_out(0.2, ("a",))
    assert held.sum() == round(0.2 * COMBINATIONS)
    assert torch.equal(held, hold_out(0.2, ("a",)))
    assert not torch.equal(held, hold_out(0.2, ("b",)))
    seen = values(torch.arange(COMBINATIONS)[~held])
    assert [len(column.unique()) for column in seen.T] == list(SIZES)
    for share in (0.001, 0.99):
        with pytest.raises(WhichtaskError, match="heldout_share"):
            hold_out(share, ("a",))


def test_an_embedding_is_a_row_of_a_learned_matrix() -> None:
    with seeded("test richer"):
        model = CodedAutoencoder(6, 5, SETTINGS.network, torch_generator("test richer"), embedded=True)
    assert model.embedding is not None
    code = torch.randn(5, 3, generator=torch_generator("test code"))
    z = one_hot(torch.arange(5), 5)
    direct = model.last(model.rest(model.entry(model.first(code), model.embedding)))
    torch.testing.assert_close(model.decode(code, z), direct)


def test_combinations_left_out_are_not_trained_and_a_resumed_job_gives_the_same(
    factors: ImageSet, tmp_path: Path
) -> None:
    job = RicherJob(seed=0, repeat=0, richer=SETTINGS)
    live = LiveState(tmp_path, {"job": "test"})
    accuracy, loss = study(factors, job, torch.device("cpu"), live).values()
    state = live.load("learned-embedding")
    assert state is not None
    key = ("gbi richer", 0, 0)
    start = CodedAutoencoder(
        6, COMBINATIONS, SETTINGS.network, torch_generator(*key, "learned-embedding", "entry"), embedded=True
    )
    assert start.embedding is not None
    moved = (state[0]["network/embedding"] != start.embedding).any(dim=1)
    held = hold_out(SETTINGS.heldout_share, key)
    assert not moved[held].any()
    assert moved[~held].double().mean() > 0.9
    assert accuracy["accuracy"].between(0, 1).all()
    whole = accuracy[accuracy["measure"] == "class"].set_index(["code", "method", "combinations"])["accuracy"]
    part = accuracy[accuracy["measure"] == "shape"].set_index(["code", "method", "combinations"])["accuracy"]
    assert (whole <= part).all()
    assert set(loss["abstraction"]) == {"given", "iterative", "uniform"}
    counts = accuracy.groupby("combinations")["images_test"].first()
    assert counts.sum() == 80
    again = study(factors, job, torch.device("cpu"), live)  # takes the networks from the state
    assert accuracy.equals(again["accuracy"])
    assert loss.equals(again["loss"])


def test_bad_input(factors: ImageSet, small_images: ImageSet, tmp_path: Path) -> None:
    live = LiveState(tmp_path, {"job": "bad"})
    job = RicherJob(seed=0, repeat=0, richer=SETTINGS)
    with pytest.raises(WhichtaskError, match="shape, hue, outline"):
        study(small_images, job, torch.device("cpu"), live)
    many = RicherJob(seed=0, repeat=0, richer=SETTINGS.model_copy(update={"train_images": 401}))
    with pytest.raises(WhichtaskError, match="asks for 401 training"):
        study(factors, many, torch.device("cpu"), live)
    with pytest.raises(WhichtaskError, match="no repeat 9"):
        RicherJob.of(load_config({}), 9)


def test_the_verb(factors: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    factors.save(tmp_path / "x.npz")
    job = RicherJob(seed=0, repeat=0, richer=SETTINGS).model_dump_json()
    command = ["whichtask", "gbi", "richer", "--data", str(tmp_path / "x.npz"), "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", [*command, "--job", job, "--results", str(tmp_path), "--threads", "1"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"accuracy.csv", "loss.csv", "config.yaml"}
    assert set(read_csv(tmp_path / "out" / "accuracy.csv")["code"]) == {code.name for code in CODES}
