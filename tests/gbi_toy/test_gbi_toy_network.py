"""The stacked LSTM and its online learning, against torch's own layers and plain loops."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from whichtask.config.gbi.toy import BlockSettings, GaussianTask, OnlineSettings
from whichtask.errors import WhichtaskError
from whichtask.gbi.toy.arms import ARMS, Arm, abstraction_of, abstractions, code_of
from whichtask.gbi.toy.network import Weights, initial_weights, pick, run, zero_state
from whichtask.gbi.toy.stream import draw_stream
from whichtask.gbi.toy.train import Learned, Learner, learn
from whichtask.seeding import seeded
from whichtask.training import LiveState

HIDDEN, K, WINDOW = 6, 2, 3
SETTINGS = OnlineSettings(hidden=HIDDEN, window=WINDOW, learning_rate=0.01)


@pytest.fixture(autouse=True)
def _draws() -> Iterator[None]:
    """Plain draws of torch are the same in every run."""
    with seeded("toy tests"):
        yield


class Plain(nn.Module):
    """The same network of torch's layers."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.lstm, self.out = nn.Linear(1 + K, HIDDEN), nn.LSTM(HIDDEN, HIDDEN), nn.Linear(HIDDEN, 1)

    def forward(
        self, x: Tensor, z: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
        hidden, last = self.lstm(self.embed(torch.cat([x[..., None], z], dim=2)), state)
        return self.out(hidden)[..., 0], hidden, last


def plain() -> Plain:
    with seeded("toy weights", "plain"):
        network = Plain()
    of_lstm = dict(network.lstm.named_parameters())
    with torch.no_grad():
        of_lstm["bias_ih_l0"].add_(of_lstm["bias_hh_l0"])
        of_lstm["bias_hh_l0"].zero_()
    return network


def weights_of_plain(networks: int) -> Weights:
    return initial_weights(networks, K, HIDDEN, "plain")


def varied(networks: int, *, double: bool = True) -> Weights:
    weights = initial_weights(networks, K, HIDDEN, 0)
    generator = torch.Generator().manual_seed(1)
    drawn = {key: value + 0.3 * torch.randn(value.shape, generator=generator) for key, value in weights.items()}
    return {key: value.double() if double else value for key, value in drawn.items()}


def test_stacked_networks_are_torchs_own() -> None:
    x, z = torch.randn(7, 4).double(), torch.rand(7, 4, K).double()
    network = plain().double()
    expected, hidden, (_, cell) = network(x, z)
    weights = {key: value.double() for key, value in weights_of_plain(2).items()}
    found = run(weights, x.expand(2, -1, -1), z.expand(2, -1, -1, -1))
    for place in range(2):
        torch.testing.assert_close(found.predictions[place], expected, atol=1e-7, rtol=0)
        torch.testing.assert_close(found.hidden[place], hidden, atol=1e-7, rtol=0)
        torch.testing.assert_close(found.cell[place, -1], cell[0], atol=1e-7, rtol=0)


def test_stacked_is_one_by_one_and_a_run_can_be_cut() -> None:
    weights, x, z = varied(3), torch.randn(3, 6, 2).double(), torch.rand(3, 6, 2, K).double()
    whole = run(weights, x, z)
    for place in range(3):
        alone = run(pick(weights, [place]), x[[place]], z[[place]])
        torch.testing.assert_close(alone.predictions[0], whole.predictions[place])
    first = run(weights, x[:, :4], z[:, :4])
    second = run(weights, x[:, 4:], z[:, 4:], (first.hidden[:, -1], first.cell[:, -1]))
    torch.testing.assert_close(torch.cat([first.predictions, second.predictions], 1), whole.predictions)


def test_gates_multiply_the_state_before_each_step() -> None:
    weights = initial_weights(1, 0, HIDDEN, 0)
    gates = torch.rand(1, K, HIDDEN)
    x, z = torch.randn(1, 3, 2), torch.rand(1, 3, 2, K)
    found = run(weights | {"gates": gates}, x, z)
    state = zero_state(weights, 2)
    for step in range(3):
        opened = z[0, step] @ gates[0]
        one = run(weights, x[:, [step]], z[:, [step], :, :0], (state[0] * opened, state[1] * opened))
        state = one.hidden[:, 0], one.cell[:, 0]
        torch.testing.assert_close(one.predictions[:, 0], found.predictions[:, step])


def test_a_z_of_wrong_size_and_an_empty_sequence() -> None:
    weights = weights_of_plain(1)
    with pytest.raises(WhichtaskError, match="Z has the shape"):
        run(weights, torch.zeros(1, 3, 1), torch.zeros(1, 3, 1, K + 1))
    with pytest.raises(WhichtaskError, match="no observation"):
        run(weights, torch.zeros(1, 0, 1), torch.zeros(1, 0, 1, K))


def test_learning_is_a_plain_loop_with_torchs_adam() -> None:
    generator = torch.Generator().manual_seed(0)
    x, z = torch.rand(1, 12, generator=generator), torch.rand(1, 12, K, generator=generator)
    learner, network = Learner(weights_of_plain(1), SETTINGS), plain()
    trained = [p for name, p in network.named_parameters() if name != "lstm.bias_hh_l0"]
    optimizer, state = torch.optim.Adam(trained, lr=0.01), None
    for time in range(WINDOW, 12):
        found = learner.step(x, z, time)
        seen, wanted = x[0, time - WINDOW : time, None], x[0, time - WINDOW + 1 : time + 1]
        given = z[0, time - WINDOW + 1 : time + 1, None]
        _, _, after_first = network(seen[:1], given[:1], state)
        predicted, _, _ = network(seen, given, state)
        assert found.item() == pytest.approx(predicted[-1].item(), abs=1e-5)
        optimizer.zero_grad()
        (predicted[:, 0] - wanted).square().mean().backward()
        optimizer.step()
        state = after_first[0].detach(), after_first[1].detach()
    torch.testing.assert_close(
        learner.weights["recurrent"][0], dict(network.lstm.named_parameters())["weight_hh_l0"].T, atol=1e-4, rtol=0
    )


def test_networks_learn_alone_as_they_do_together() -> None:
    x, z = torch.rand(3, 15), torch.rand(3, 15, K)
    weights = varied(3, double=False)
    together = Learner(weights, SETTINGS, [1], "replay")
    made = torch.stack([together.step(x, z, time) for time in range(WINDOW, 15)], dim=1)
    for place in (0, 2):
        alone = Learner(pick(weights, [place]), SETTINGS)
        found = torch.cat([alone.step(x[[place]], z[[place]], time) for time in range(WINDOW, 15)])
        torch.testing.assert_close(found, made[place], atol=1e-4, rtol=0)


def test_a_replayed_network_predicts_the_present_and_learns_the_past() -> None:
    x, z = torch.rand(2, 30), torch.full((2, 30, K), 0.5)
    x[1] = x[0]
    learner = Learner(weights_of_plain(2), SETTINGS, [1], "replay")
    before = pick(learner.weights, [1])
    present = run(before, x[1:, 17:20, None], z[1:, 18:21, None])
    found = learner.step(x, z, 20)
    assert found[1].item() == pytest.approx(present.predictions[0, -1, 0].item(), abs=1e-6)
    assert (learner.hidden[1] == 0).all()
    assert (learner.hidden[0] != 0).any()
    observed, wanted, _ = learner._recalled(x, z, 20)
    torch.testing.assert_close(observed[0], x[0, 17:20])
    starts = [start for start in range(18) if torch.equal(x[1, start : start + 3], observed[1])]
    assert len(starts) == 1
    assert torch.equal(x[1, starts[0] + 1 : starts[0] + 4], wanted[1])
    drawn = {float(learner._recalled(x, z, time)[0][1, 0]) for time in range(10, 25)}
    assert len(drawn) > 5


class Killed(LiveState):
    """Dies after so many saves, each of which is due."""

    left = 10**9

    def due(self) -> bool:
        return True

    def save(self, *args: object, **kwargs: object) -> None:
        super().save(*args, **kwargs)  # type: ignore[arg-type]
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def learned(live: LiveState) -> Learned:
    x = torch.rand(2, 20, generator=torch.Generator().manual_seed(5))
    z = torch.rand(2, 20, K, generator=torch.Generator().manual_seed(6))
    learner = Learner(varied(2, double=False), SETTINGS, [1], "resume")
    return learn(learner, x, z, live, "test", [6, 12, 18], lambda weights, _: weights["output"].detach().clone(), 9)


def test_a_killed_run_goes_on_bit_for_bit(tmp_path: Path) -> None:
    whole = learned(LiveState(tmp_path, {"run": "whole"}))
    killed = Killed(tmp_path, {"run": "killed"})
    killed.left = 8
    with pytest.raises(KeyboardInterrupt):
        learned(killed)
    for live in (LiveState(tmp_path, {"run": "killed"}), LiveState(tmp_path, {"run": "killed"})):  # the second: done
        resumed = learned(live)
        assert torch.equal(resumed.predictions.nan_to_num(), whole.predictions.nan_to_num())
        assert torch.equal(resumed.probed, whole.probed)
        for key in whole.weights:
            assert torch.equal(resumed.weights[key], whole.weights[key])
            assert torch.equal(resumed.early[key], whole.early[key])
    assert whole.probed.shape == (3, 2, HIDDEN, 1)
    assert whole.predictions[:, :WINDOW].isnan().all()
    assert not whole.predictions[:, WINDOW:].isnan().any()


def test_a_stream_no_longer_than_the_window(tmp_path: Path) -> None:
    learner = Learner(weights_of_plain(1), SETTINGS)
    with pytest.raises(WhichtaskError, match="has 3 steps; above the window, 3"):
        learn(learner, torch.zeros(1, 3), torch.zeros(1, 3, K), LiveState(tmp_path, {}), "short")


def test_what_each_arm_is_given() -> None:
    stream = draw_stream(GaussianTask(), 6, BlockSettings(), 0)
    given = dict(zip(ARMS, abstractions(list(ARMS), stream, 2, 0), strict=True))
    labels = torch.from_numpy(stream.labels)
    for z in given.values():
        torch.testing.assert_close(z.sum(dim=1), torch.ones(len(labels)))
    assert (given["lstm"] == 0.5).all()
    assert torch.equal(given["gbi_hard"].argmax(1), labels)
    soft = given["gbi_soft"].gather(1, labels[:, None])
    torch.testing.assert_close(soft, torch.full_like(soft, 1 / (1 + np.exp(-1))))  # (0.731, 0.269)
    assert torch.equal(code_of("gbi_soft", 2)[labels], given["gbi_soft"])
    by_block = [given["shuffled_block"][stream.blocks == block] for block in range(6)]
    assert all((rows == rows[0]).all() for rows in by_block)
    assert 0.3 < given["random_step"][:, 0].mean() < 0.7
    assert (given["random_step"][1:] != given["random_step"][:-1]).any(dim=1).float().mean() > 0.3
    assert (given["constant"] == torch.tensor([1.0, 0.0])).all()
    arm: Arm = "random_step"
    assert torch.equal(abstraction_of(arm, stream, 2, 0), given[arm])
    assert not torch.equal(abstraction_of(arm, stream, 2, 1), given[arm])
