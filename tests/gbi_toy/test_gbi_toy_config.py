"""Settings of the toy sequences: nonsense fails with the key and what is allowed; jobs hold what they need."""

from typing import Any

import pytest

from whichtask.config import Config, load_config
from whichtask.config.gbi import ToyJob, ToyLearningJob, UnsupervisedJob
from whichtask.config.gbi.toy import ToySettings
from whichtask.errors import WhichtaskError


@pytest.mark.parametrize(
    ("toy", "message"),
    [
        ({"task": {"means": [0.2, 0.8], "stds": [0.3, 0.0]}}, r"gbi.toy.task.stds.1: .*greater than 0"),
        ({"task": {"means": [0.2, 0.8], "stds": [0.3, -1]}}, r"gbi.toy.task.stds.1: .*greater than 0"),
        ({"task": {"means": [0.2, 0.8], "stds": [0.3]}}, "there are 2 means but 1 stds"),
        ({"task": {"means": [0.2, 0.2], "stds": [0.3, 0.3]}}, "are equal"),
        ({"task": {"means": [0.2], "stds": [0.3]}}, "gbi.toy.task.means"),
        ({"stress": {"bad": {"means": [0, 1, 2], "stds": [1, 1]}}}, "there are 3 means but 2 stds"),
        ({"noise": [0.0]}, "gbi.toy.noise.0"),
        ({"test_length": 5}, "test_length = 5 must be above network.window = 5"),
        ({"stream_steps": 4}, "stream_steps = 4 must be above network.window = 5"),
        ({"tested_length": 5}, "tested_length = 5 must be above"),
        ({"blocks": 2, "block": {"shortest": 1, "longest": 2}, "early_blocks": 1}, r"block.shortest \* blocks = 2"),
        ({"network": {"window": 1}}, "gbi.toy.network.window"),
        ({"block": {"shortest": 60}}, "shortest = 60 must be at most longest = 50"),
        ({"tested_last": 96}, "tested_last = 96 must be at most"),
        ({"grid": {"observations": [6]}}, "grid.observations has 6"),
        ({"grid": {"l2": [], "entropy": []}}, "l2 and entropy are both empty"),
        ({"tuning_means": [0.3]}, r"tuning_means has \[0.3\], which are also tested"),
        ({"early_blocks": 300}, "early_blocks = 300 must be at most blocks = 200"),
    ],
)
def test_bad_settings(toy: dict[str, Any], message: str) -> None:
    with pytest.raises(WhichtaskError, match=message):
        load_config({"gbi": {"toy": toy}})


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"tasks": {"a": {"means": [0.5, 0.5], "stds": [1, 1]}}}, "are equal"),
        ({"tasks": {"replace": True}}, "gbi.unsupervised.tasks"),
        ({"blocks": 2, "bins": 20}, r"must be above window \* bins"),
        ({"z_betas": [0.6, 1.0]}, "must be below 1"),
        ({"z_rate": 0}, "gbi.unsupervised.z_rate"),
    ],
)
def test_bad_unsupervised_settings(section: dict[str, Any], message: str) -> None:
    with pytest.raises(WhichtaskError, match=message):
        load_config({"gbi": {"unsupervised": section}})


def test_a_job_holds_its_repeat_and_what_it_uses() -> None:
    config = load_config({"gbi": {"toy": {"seeds": [3, 4], "stream_steps": 77}}})
    learning = ToyLearningJob.of(config, 4)
    assert learning.toy.seeds == [4]
    assert "stream_steps" not in learning.model_dump()["toy"]
    assert ToyLearningJob.of(config) == ToyLearningJob.of(load_config({"gbi": {"toy": {"seeds": [3]}}}))
    assert ToyLearningJob.model_validate_json(learning.model_dump_json()) == learning
    everything = ToyJob.of(config, 3)
    assert everything.toy.stream_steps == 77
    assert ToyJob.model_validate_json(everything.model_dump_json()) == everything
    with pytest.raises(WhichtaskError, match="there is no repeat 5; the seeds are 3, 4"):
        ToyJob.of(config, 5)
    assert UnsupervisedJob.of(Config(), 1).unsupervised.seeds == [1]


def test_neighbours_of_the_stress_streams_are_as_far_apart_as_the_headlines() -> None:
    settings = ToySettings()
    for name in ("three", "four"):
        task = settings.stress[name]
        assert (task.means[1] - task.means[0]) / task.stds[0] == pytest.approx(0.6 / 0.3)
