"""Z that is not given: the alternation against a plain loop, resume, and what the table says."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import adjusted_rand_score

from whichtask.config.gbi import UnsupervisedJob
from whichtask.config.gbi.toy import GaussianTask
from whichtask.config.gbi.unsupervised import UnsupervisedSettings
from whichtask.gbi import unsupervised
from whichtask.gbi.abstraction import softmax
from whichtask.gbi.toy.network import initial_weights, run
from whichtask.gbi.toy.stream import draw_stream
from whichtask.gbi.unsupervised import ARMS, START, Alternating, alternate, measure_unsupervised
from whichtask.seeding import seeded
from whichtask.training import LiveState

K, HIDDEN, WINDOW = 2, 5, 3
SETTINGS = UnsupervisedSettings.model_validate(
    {
        "tasks": {"easy": {"means": [0.2, 0.8], "stds": [0.05, 0.05]}},
        "blocks": 4,
        "hidden": HIDDEN,
        "window": WINDOW,
        "learning_rate": 0.01,
        "bins": 4,
    }
)
JOB = UnsupervisedJob(seed=0, repeat=1, unsupervised=SETTINGS)


def test_it_alternates_between_z_and_weights_as_a_plain_loop_does() -> None:
    with seeded("unsupervised test"):
        x, given, gates = torch.rand(9), torch.rand(3, WINDOW, K), (torch.rand(K, HIDDEN) < 0.5).float()
    weights = initial_weights(4, 0, HIDDEN, "unsupervised") | {"gates": gates.repeat(4, 1, 1)}
    learner = Alternating(weights, K, SETTINGS)
    own = {key: value.clone().requires_grad_() for key, value in initial_weights(1, 0, HIDDEN, "unsupervised").items()}
    slow = torch.optim.Adam(own.values(), lr=0.01)
    logits = torch.zeros(1, K, requires_grad=True)
    fast = torch.optim.Adam([logits], lr=SETTINGS.z_rate, betas=SETTINGS.z_betas)
    state = torch.full((1, 1, HIDDEN), START / HIDDEN), torch.zeros(1, 1, HIDDEN)
    for time in range(WINDOW, 9):
        seen = x[time - WINDOW + 1 : time + 1]
        inputs = torch.cat([torch.zeros(1), seen[:-1]])[None, :, None]

        def predict(logits: torch.Tensor, inputs: torch.Tensor = inputs) -> torch.Tensor:
            z = softmax(logits, K).expand(1, WINDOW, 1, K)
            return run(own | {"gates": gates[None]}, inputs, z, state).predictions[0, :, 0]

        made = learner.step(seen, given)
        assert made[0].item() == pytest.approx(predict(logits)[-1].item(), abs=1e-5)
        fast.zero_grad()
        loss = (predict(logits) - seen).square().mean() + SETTINGS.z_l2 * logits.square().sum() / 2
        loss.backward()
        fast.step()
        slow.zero_grad()
        (predict(logits.detach()) - seen).square().mean().backward()
        slow.step()
        torch.testing.assert_close(learner.logits, logits.detach(), atol=1e-4, rtol=0)
    torch.testing.assert_close(learner.weights["recurrent"][:1], own["recurrent"], atol=1e-4, rtol=0)


def test_nothing_but_z_is_kept_between_windows() -> None:
    weights = initial_weights(4, K, HIDDEN, "unsupervised")
    frozen = SETTINGS.model_copy(update={"learning_rate": 1e-30, "z_rate": 1e-30})
    learner, given = Alternating(weights, K, frozen), torch.full((3, WINDOW, K), 0.5)
    first = learner.step(torch.tensor([0.1, 0.2, 0.3]), given)
    learner.step(torch.tensor([9.0, 9.0, 9.0]), given)
    torch.testing.assert_close(learner.step(torch.tensor([0.1, 0.2, 0.7]), given), first)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return measure_unsupervised(JOB, LiveState(tmp_path_factory.mktemp("live"), {}))


def test_the_table(table: pd.DataFrame) -> None:
    assert table.groupby(["entry", "arm"]).size().eq(4).all()
    assert set(table["arm"]) == {*ARMS, "kmeans", "bayes"}
    inferring = table["arm"].isin({"inferred", "random", "kmeans", "bayes"})
    assert table.loc[inferring, "ari"].notna().all()
    assert table.loc[~inferring, "ari"].isna().all()
    ari, mse = (table.groupby("arm")[column].mean().to_dict() for column in ("ari", "mse"))
    assert ari["bayes"] > 0.95
    assert ari["bayes"] > ari["kmeans"] > 0.6
    assert mse["bayes"] < mse["fixed"]


def test_the_index_is_of_the_contexts_inferred_in_each_part(table: pd.DataFrame) -> None:
    task = SETTINGS.tasks["easy"]
    stream = draw_stream(task, 4, SETTINGS.block, 0, 1, "unsupervised", "easy")
    found = alternate(stream, K, "gated", JOB, "again")
    edges = np.linspace(WINDOW, len(stream.x), 5).astype(int)
    last = slice(edges[-2], edges[-1])
    expected = adjusted_rand_score(stream.labels[last], found.z[last].argmax(dim=1).numpy())
    row = table[(table["entry"] == "gated") & (table["arm"] == "inferred")].iloc[-1]
    assert row["ari"] == pytest.approx(expected)
    error = found.predictions[0, last].numpy() - stream.x[last]
    assert row["mse"] == pytest.approx(np.square(error).mean(), rel=1e-5)


def test_a_killed_run_goes_on_after_the_last_network_that_was_done(
    table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def counted(*args: object) -> unsupervised.Run:
        calls.append(str(args[2]))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return alternate(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(unsupervised, "alternate", counted)
    with pytest.raises(KeyboardInterrupt):
        measure_unsupervised(JOB, LiveState(tmp_path, {}))
    resumed = measure_unsupervised(JOB, LiveState(tmp_path, {}))
    assert calls == ["gated", "concatenated", "concatenated"]
    pd.testing.assert_frame_equal(resumed, table)


def test_three_contexts() -> None:
    task = GaussianTask(means=[0.0, 0.5, 1.0], stds=[0.05] * 3)
    stream = draw_stream(task, 2, SETTINGS.block, 0)
    found = alternate(stream, 3, "concatenated", JOB, "three")
    assert found.z.shape == (len(stream.x), 3)
    torch.testing.assert_close(found.z.sum(dim=1), torch.ones(len(stream.x)))
    assert found.predictions[:, :WINDOW].isnan().all()
    assert not found.predictions[:, WINDOW:].isnan().any()
