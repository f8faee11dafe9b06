"""Which image sets the bridge asks, and what an entry of the configuration adds."""

import pytest

from whichtask.config import MAIN, BridgeJob, Config, load_config
from whichtask.errors import WhichtaskError
from whichtask.plan.plan import TRUTH, Plan


def planned(**bridge: object) -> Plan:
    return Plan(load_config({"bridge": bridge}), 7)


def test_the_default_needs_no_network() -> None:
    plan = planned()
    assert plan.bridged == ["fashion_mnist", TRUTH]
    assert plan.found("fashion_mnist") == MAIN
    assert plan.found(TRUTH) == plan.attackers
    assert len(plan.bridge("bits")["bits"]) == 2 * len(plan.settings.bridge.seeds)


def test_another_set_is_searched_first() -> None:
    plan = planned(other_data=[{"name": "cifar10"}, {"name": "fashion_mnist"}], seeds=[0])
    assert plan.bridged == ["fashion_mnist", TRUTH, "cifar10"]
    assert plan.settings_of["cifar10"].data.name == "cifar10"
    assert list(plan.searches["cifar10"]) == [plan.found("cifar10")] == [MAIN]
    assert plan.settings_of["fashion_mnist"] is plan.settings
    assert plan.bridge_scores[-1] == "results/agreement/cifar10/cnn/bridge/bits.csv"


def test_another_set_must_fit_the_networks_and_its_division() -> None:
    with pytest.raises(WhichtaskError, match=r"bridge.other_data.0: train_images \+ heldout_images .* = 70000"):
        planned(other_data=[{"name": "cifar10", "train_images": 60_000}])


def test_a_job_knows_its_own_seed_only() -> None:
    one, other = (BridgeJob.of(load_config({"bridge": {"seeds": seeds}}), 1) for seeds in ([0, 1], [1, 2]))
    assert one == other
    assert one == BridgeJob.of(load_config({"bridge": {"seeds": [1], "agreement_images": 7}}))
    with pytest.raises(WhichtaskError, match="there is no repeat 9; the seeds are 0, 1, 2, 3, 4"):
        BridgeJob.of(Config(), 9)
