"""What is measured while arms learn: contexts, shared units, curves."""

import numpy as np
import pytest
import torch

from whichtask.config import Config
from whichtask.config.gbi import ToyLearningJob
from whichtask.config.gbi.toy import GaussianTask, ToyLearningSettings
from whichtask.gbi.toy import bayes
from whichtask.gbi.toy.arms import ARMS, abstractions
from whichtask.gbi.toy.contexts import ContextTest, active_units, last_two, measure_contexts, shared_ratio
from whichtask.gbi.toy.learning import BIN, LearningTables, curve_rows, learn_headline, observers
from whichtask.gbi.toy.network import initial_weights, run
from whichtask.gbi.toy.stream import draw_contexts, draw_stream
from whichtask.training import LiveState

TWO = GaussianTask()
SMALL = {
    "network": {"hidden": 6},
    "blocks": 8,
    "early_blocks": 3,
    "checkpoint_blocks": 4,
    "test_sequences": 3,
    "test_length": 12,
}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> LearningTables:
    job = ToyLearningJob(seed=0, repeat=2, toy=ToyLearningSettings.model_validate(SMALL))
    return learn_headline(job, LiveState(tmp_path_factory.mktemp("live"), {}))


def test_contexts_are_measured_one_by_one() -> None:
    drawn = draw_contexts(TWO, 3, 10, 0)
    test = ContextTest(
        torch.from_numpy(drawn.x).float()[None].expand(2, -1, -1),
        abstractions(["gbi_hard", "lstm"], drawn, 2, 0),
        contexts=2,
        skipped=4,
    )
    weights = {key: value * (1 + torch.arange(2)[:, None, None]) for key, value in initial_weights(2, 2, 5, 0).items()}
    found = measure_contexts(weights, test)
    for network in range(2):
        for context in range(2):
            columns = slice(3 * context, 3 * context + 3)
            done = run(weights, test.x[:, :-1, columns], test.z[:, 1:, columns])
            error = (done.predictions - test.x[:, 1:, columns])[network, 4:]
            assert found[network, context, 0].item() == pytest.approx(error.abs().mean().item())
            assert found[network, context, 1].item() == pytest.approx(error.square().mean().item())
            units = done.hidden[network, 4:].reshape(-1, 5).var(dim=0)
            torch.testing.assert_close(found[network, context, 2:], units)


def test_shared_units() -> None:
    #                         both  first only  both at 5 %  too weak  never
    variance = torch.tensor([[1.0, 1.0, 1.0, 9e-5, 0.0], [0.5, 0.01, 0.06, 9e-5, 0.0]])
    ten, five = (active_units(variance, share, 1e-4) for share in (0.1, 0.05))
    assert ten.tolist() == [[True, True, True, False, False], [True, False, False, False, False]]
    assert shared_ratio(ten).item() == pytest.approx(1 / 3)
    assert shared_ratio(five).item() == pytest.approx(2 / 3)
    assert shared_ratio(torch.zeros(2, 4, dtype=torch.bool)).isnan()
    assert shared_ratio(torch.stack([ten, five])).shape == (2,)


def test_the_last_two_contexts() -> None:
    assert last_two([0, 0, 2, 2, 1, 1]) == (1, 2)
    assert last_two([0, 1, 1]) == (1, 0)


def test_curves_average_whole_bins() -> None:
    x = np.zeros(5 + 2 * BIN + 7)
    predicted = np.arange(len(x), dtype=np.float64)
    predicted[:5] = np.nan
    rows = curve_rows({"a": predicted}, x, 5, 3)
    assert rows[["repeat", "arm", "step", "steps"]].to_numpy().tolist() == [[3, "a", 5, BIN], [3, "a", 5 + BIN, BIN]]
    assert rows["mae"].tolist() == pytest.approx(
        [predicted[5 : 5 + BIN].mean(), predicted[5 + BIN : 5 + 2 * BIN].mean()]
    )
    assert rows["mse"].iloc[0] == pytest.approx(np.square(predicted[5 : 5 + BIN]).mean())
    short = curve_rows({"a": predicted[:20]}, x[:20], 5, 3)
    assert short["steps"].tolist() == [15]


def test_observers_are_ordered_by_what_they_know() -> None:
    settings = ToyLearningSettings(blocks=300)
    stream = draw_stream(TWO, 300, settings.block, "observers")
    mse = {name: np.square(made - stream.x).mean() for name, made in observers(stream, TWO, settings).items()}
    assert mse["mean"] > mse["bayes"] > mse["bayes_timed"] > mse["oracle"]
    assert mse["oracle"] == pytest.approx(0.09, rel=0.05)
    hazard = 1 / bayes.mean_length(settings.block)
    again = bayes.recursive(np.exp(bayes.log_likelihood(stream.x, TWO)), hazard)
    assert observers(stream, TWO, settings)["bayes"] == pytest.approx(bayes.predictions(again.prior, TWO))


def test_tables_of_learning(tables: LearningTables) -> None:
    curves, contexts, modules = tables.curves, tables.contexts, tables.modules
    assert set(curves["arm"]) == {*ARMS, "mean", "bayes", "bayes_timed", "oracle"}
    for table in (curves, contexts, modules):
        assert (table["repeat"] == 2).all()
    assert contexts.groupby(["arm", "blocks"]).size().eq(2).all()
    assert sorted(set(contexts["blocks"])) == [4, 8]
    pairs = contexts[contexts["arm"] == "lstm"].pivot_table(index="blocks", columns="block", values="context")
    assert (pairs["last"] != pairs["second_to_last"]).all()
    assert modules.groupby(["arm", "blocks"]).size().eq(3).all()
    assert modules["shared_ratio"].dropna().between(0, 1).all()
    assert curves[["mae", "mse"]].notna().all(axis=None)
    assert {name for name in tables.weights if not name.startswith("early.")} == {
        name.removeprefix("early.") for name in tables.weights if name.startswith("early.")
    }
    assert (tables.weights["early.recurrent"] != tables.weights["recurrent"]).any()


def test_all_arms_start_alike_and_the_one_without_information_stays_so(tables: LearningTables) -> None:
    """Where Z is constant, it is a bias: the networks cannot be told apart by its value alone."""
    first = tables.curves.groupby("arm")["mae"].first()
    assert first["lstm"] == pytest.approx(first["constant"], rel=0.1)
    assert len({round(value, 6) for value in tables.curves.groupby("arm")["mae"].last()}) == len(first)


def test_another_repeat_is_another_run() -> None:
    streams = [draw_stream(TWO, 4, Config().gbi.toy.block, 0, repeat, "learning") for repeat in (0, 1)]
    assert not np.array_equal(streams[0].x[:50], streams[1].x[:50])
