"""One repeat: pairing of the arms, resume, what Z does on text whose domains differ, settings that make no sense."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from whichtask.artifacts import read_csv
from whichtask.cli import app
from whichtask.config import Config, load_config
from whichtask.config.gbi import LanguageJob, TextJob
from whichtask.config.gbi.language import LanguageSettings
from whichtask.data.text import Text, TextSet
from whichtask.errors import WhichtaskError
from whichtask.gbi import one_hot
from whichtask.gbi.language import TABLES, Corpus, run_language
from whichtask.gbi.language.measure import adapt, recognise
from whichtask.gbi.language.train import ArmTraining, losses_of
from whichtask.training import LiveState

CPU = torch.device("cpu")
TINY: dict[str, Any] = {
    "held_out": ["mixed"],
    "embedding": 4,
    "hidden": 8,
    "window": 6,
    "batch_size": 8,
    "train_tokens": 384,
    "checkpoints": 2,
    "validation_windows": 3,
    "test_windows": 3,
    "contexts": [2, 3],
    "following": 2,
    "recognition_windows": 3,
    "recognition": {"steps": 2},
    "novel_sequences": 4,
    "novel": {"steps": 3},
    "novel_steps": [0, 1, 3],
}


def walk(seed: int, up: float, down: float) -> np.ndarray:
    """Letters a to e on a circle: one up or one down with these probabilities, or else any."""
    rng = np.random.default_rng(seed)
    moves = rng.choice([1, -1, 2, 3, 0], 10 * 4096, p=[up, down, *[(1 - up - down) / 3] * 3])
    return (97 + moves.cumsum() % 5).astype(np.uint8)


@pytest.fixture(scope="module")
def texts() -> TextSet:
    """A domain that goes up, one that goes down, and one that mixes them, mostly of the first."""
    parts = {"first": (0.7, 0.1), "second": (0.1, 0.7), "mixed": (0.6, 0.2)}
    return TextSet("walks", tuple(Text(name, walk(i, *part)) for i, (name, part) in enumerate(parts.items())))


def job(**changes: Any) -> LanguageJob:
    return LanguageJob(seed=0, repeat=0, language=LanguageSettings.model_validate(TINY | changes))


def test_all_tables_are_there_and_do_not_depend_on_being_killed(
    texts: TextSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whichtask.training.live.SAVE_EVERY_SECONDS", 0.0)
    chosen = job(dropout=0.2)
    whole = run_language(texts, chosen, CPU, LiveState(tmp_path / "whole", {}))
    assert tuple(whole) == TABLES
    original = LiveState.save
    deaths = 0
    for allowed in (3, 7, 6, 5):  # in the first arm, the second and the third, and between measurements
        left = iter(range(allowed))

        def dying(self: LiveState, *arguments: Any, left: Any = left) -> None:
            original(self, *arguments)
            if next(left, None) is None:
                raise KeyboardInterrupt

        monkeypatch.setattr(LiveState, "save", dying)
        try:
            run_language(texts, chosen, CPU, LiveState(tmp_path, {}))
        except KeyboardInterrupt:
            deaths += 1
    assert deaths == 4
    monkeypatch.setattr(LiveState, "save", original)
    found = run_language(texts, chosen, CPU, LiveState(tmp_path, {}))
    for name in TABLES:
        pd.testing.assert_frame_equal(found[name], whole[name], check_exact=True)


def test_arms_start_from_the_same_weights_and_differ_in_z_only(texts: TextSet, tmp_path: Path) -> None:
    chosen = job()
    corpus = Corpus.of(texts, chosen.language)
    gbi, lstm = (ArmTraining(corpus, arm, chosen, CPU) for arm in ("gbi", "lstm"))
    assert all(torch.equal(a, b) for a, b in zip(gbi.network.parameters(), lstm.network.parameters(), strict=True))
    labels = torch.tensor([0, 1, 1])
    assert torch.equal(gbi._z(labels, torch.Generator()), torch.tensor([[1.0, 0], [0, 1], [0, 1]]))
    assert torch.equal(lstm._z(labels, torch.Generator()), torch.full((3, 2), 0.5))
    lstm.run(LiveState(tmp_path, {}))
    # Columns of Z saw one and the same input, so that they learned one and the same change.
    before = ArmTraining(corpus, "lstm", chosen, CPU).network.state_dict()["lstm.weight_ih_l0"]
    change = (lstm.network.state_dict()["lstm.weight_ih_l0"] - before)[:, -2:]
    assert torch.allclose(change[:, 0], change[:, 1], atol=1e-6)
    assert bool(change.abs().max() > 1e-4)


def test_z_is_used_inferred_and_recomposed(texts: TextSet, tmp_path: Path) -> None:
    more = {"train_tokens": 40_000, "batch_size": 32, "learning_rate": 0.02, "hidden": 16, "novel": {"steps": 60}}
    chosen = job(**more, novel_steps=[0, 60])
    corpus = Corpus.of(texts, chosen.language)
    training = ArmTraining(corpus, "gbi", chosen, CPU)
    training.run(LiveState(tmp_path, {}))
    network = training.network
    windows, labels = corpus.trained["test"].each(300, 9, torch.Generator().manual_seed(0))
    given, wrong = one_hot(labels, 2), one_hot(1 - labels, 2)
    optimum = -(0.7 * np.log(0.7) + 0.1 * np.log(0.1) + 0.2 * np.log(0.2 / 3))
    assert losses_of(network, windows, given).mean().item() == pytest.approx(optimum, abs=0.06)
    assert losses_of(network, windows, wrong).mean().item() > optimum + 0.3
    inferred = recognise(network, windows, chosen)
    right = (-inferred["exact"]).argmax(dim=1) == labels
    assert right.float().mean() > 0.9
    assert ((-inferred["one_step"]).argmax(dim=1) == labels).float().mean() > 0.88
    new = corpus.novel["test"].draw(torch.zeros(300, dtype=torch.int64), 7, torch.Generator().manual_seed(1))
    learned_on = corpus.novel["train"].draw(torch.zeros(100, dtype=torch.int64), 7, torch.Generator().manual_seed(2))
    kept = adapt(network, learned_on, chosen)
    assert kept[60][0, 0] > 0.55  # mostly the first
    before, after = (losses_of(network, new, kept[step].expand(300, -1)).mean() for step in (0, 60))
    assert after < before


def test_recognition_in_parts_is_recognition_at_once(texts: TextSet, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = job()
    corpus = Corpus.of(texts, chosen.language)
    network = ArmTraining(corpus, "gbi", chosen, CPU).network.double()
    windows, _ = corpus.trained["test"].each(5, 5, torch.Generator().manual_seed(0))
    whole = recognise(network, windows, chosen)
    monkeypatch.setattr("whichtask.gbi.language.measure.CHUNK", 3)
    for method, values in recognise(network, windows, chosen).items():
        assert torch.allclose(values, whole[method], atol=1e-6)


def test_adapting_lowers_the_loss_it_optimises_and_leaves_the_weights(texts: TextSet) -> None:
    chosen = job()
    corpus = Corpus.of(texts, chosen.language)
    network = ArmTraining(corpus, "gbi", chosen, CPU).network
    before = [weight.clone() for weight in network.parameters()]
    windows = corpus.novel["train"].draw(torch.zeros(4, dtype=torch.int64), 7, torch.Generator().manual_seed(0))
    kept = adapt(network, windows, chosen)
    assert list(kept) == [0, 1, 3]
    assert torch.allclose(kept[0], torch.full((1, 2), 0.5))
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
    assert all(weight.grad is None for weight in network.parameters())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"contexts": [5, 5]}, "contexts"),
        ({"novel_steps": [1, 2]}, "novel_steps"),
        ({"novel_steps": [0, 500]}, "novel_steps"),
        ({"held_out": ["a", "a"]}, "twice"),
        ({"train_tokens": 10}, "one batch has"),
    ],
)
def test_settings_that_make_no_sense_fail_early(change: dict[str, Any], message: str) -> None:
    with pytest.raises(WhichtaskError, match=message):
        load_config({"gbi": {"language": change}})


def test_jobs_hold_what_decides_their_result() -> None:
    config = load_config({"gbi": {"language": {"folder": "mine", "characters": 5, "seeds": [3, 4]}}})
    assert TextJob.of(config) == TextJob(folder="mine", characters=5)
    plain = LanguageJob.of(load_config({"gbi": {"language": {"seeds": [4]}}}), 4)
    assert LanguageJob.of(config, 4) == plain
    with pytest.raises(WhichtaskError, match="no repeat 9"):
        LanguageJob.of(Config(), 9)


def test_the_verb_writes_its_files(texts: TextSet, tmp_path: Path) -> None:
    texts.save(tmp_path / "text.npz")
    arguments = ["gbi", "language", "--data", str(tmp_path / "text.npz"), "--out", str(tmp_path / "out")]
    arguments += ["--results", str(tmp_path), "--threads", "1", "--job", job().model_dump_json()]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"{name}.csv" for name in TABLES} | {"config.yaml"}
    assert set(read_csv(tmp_path / "out" / "learning.csv")["data"]) == {"walks"}
    assert not any((tmp_path / ".state").iterdir())
