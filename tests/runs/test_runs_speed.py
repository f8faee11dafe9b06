"""Benchmarks: variances of the mean AS, the overhead of a recorded run, kept rows, and the picture."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from projects import ROOT

sys.path.insert(0, str(ROOT))  # benchmarks/ is no part of the package

from benchmarks import discovery, gbi, growth, picture, sidebyside, training
from benchmarks.equal_error import Components, components, table, variance_ratio
from benchmarks.workflow import overheads

from whichtask.config import Config, MlpSpec
from whichtask.data import ImageSet
from whichtask.discovery import TaskSearch
from whichtask.figures.style import save, styled
from whichtask.stats import Floats
from whichtask.training import ImageBank, divide

TRUE = Components(order=0.25, network=0.09, pair=0.64)


def _scores(rng: np.random.Generator, times: int, groups: int, size: int) -> Floats:
    """Draw AS of all pairs, [times, G, M, M], with the true components."""
    networks = rng.normal(0, TRUE.network**0.5, (times, groups, size))
    pairs = np.triu(rng.normal(0, TRUE.pair**0.5, (times, groups, size, size)), 1)
    orders = rng.normal(0, TRUE.order**0.5, (times, groups, 1, 1))
    scores: Floats = orders + networks[..., None] + networks[..., None, :] + pairs + pairs.swapaxes(-1, -2)
    return scores


@pytest.mark.parametrize(("size", "groups"), [(2, 2), (3, 1), (4, 1), (4, 3)])
def test_the_variance_of_a_mean_is_that_of_simulated_means(size: int, groups: int) -> None:
    scores = _scores(np.random.default_rng(0), 20_000, groups, size)
    first, second = np.triu_indices(size, 1)
    assert scores[:, :, first, second].mean((1, 2)).var() == pytest.approx(TRUE.of_mean(size, groups), rel=0.05)


@pytest.mark.parametrize(("groups", "size"), [(4, 4), (2, 6)])
def test_the_components_of_all_pairs_are_estimated_without_bias(groups: int, size: int) -> None:
    drawn = _scores(np.random.default_rng(1), 6_000, groups, size)
    found = np.mean([components(scores) for scores in drawn], axis=0)
    assert found == pytest.approx(np.array(TRUE), abs=0.02)


def test_the_interval_of_the_ratio_is_over_tasks() -> None:
    rng, true = np.random.default_rng(2), TRUE.of_mean(2, 2) / TRUE.of_mean(4)
    trials = [variance_ratio([components(scores) for scores in _scores(rng, 8, 4, 4)], 4) for _ in range(300)]
    assert np.median([found.mean for found in trials]) == pytest.approx(true, rel=0.05)
    assert np.mean([found.low < true < found.high for found in trials]) > 0.88
    alike = variance_ratio([TRUE] * 3, 3)
    assert alike == pytest.approx((TRUE.of_mean(2, 2) / TRUE.of_mean(3),) * 3 + (3,))


def test_the_gain_is_the_speed_up_times_the_variance_that_as_many_networks_save() -> None:
    ways = {"authors' way": 1.0, "loop fp32": 1.5, "loop bf16": 2.0}
    rows = [(case, way, speed) for case in training.NETWORKS for way, speed in ways.items()]
    speeds = pd.DataFrame(rows, columns=["case", "way", "speedup_median"])

    def gains(case: str, precision: str, task: Components) -> list[float]:
        found = table([task] * 2, speeds)
        return list(found[(found["network"] == case) & (found["precision"] == precision)]["gain"])

    # Two separate pairs, all pairs of 3, of 4. Where networks alone vary, only their number counts.
    assert gains("cnn", "fp32", Components(0.0, 1.0, 0.0)) == pytest.approx([1.5, 1.5, 1.5])
    # Where pairs do, three networks have three of them and four have six, instead of two.
    assert gains("mlp", "bf16", Components(0.0, 0.0, 1.0)) == pytest.approx([2.0, 2.0 * 1.5 * 4 / 3, 2.0 * 3])


def _run(**changes: Any) -> dict[str, Any]:
    machine = {"system": "x", "processor": "y", "cores": 4, "usable_cores": 2, "memory_gib": 8.0, "gpus": []}
    when = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:01:40Z"}
    what = {"id": "a", "status": "succeeded", "command": [], "executor": "local", "scale": "smoke", "seeds": {}}
    source = {"config_sha256": "0", "commit": None, "changed": None, "versions": {}, "machine": machine}
    jobs = {"jobs": {"tasks": 3, "discover": 1}, "seconds": {"tasks": 60.0, "discover": 120.0}}
    return {**when, **what, **source, **jobs, **changes}


def test_overhead_is_the_share_of_core_time_without_a_job(tmp_path: Path) -> None:
    runs = [
        _run(),
        _run(seconds={"tasks": 100.0}),
        _run(status="interrupted", end=None),
        _run(status="failed"),
        _run(executor="slurm"),
    ]
    (tmp_path / "run.json").write_text(json.dumps({"format": 1, "runs": runs}))
    found = overheads([tmp_path, tmp_path / "nowhere"])
    assert found["overhead"].tolist() == pytest.approx([0.1, 0.5, 0.3])
    assert found["scale"].tolist() == ["smoke", "smoke", "all"]
    assert found["jobs"].tolist() == [4, 4, 8]
    assert overheads([tmp_path / "nowhere"]).empty


def test_speed_ups_are_against_the_first_way_and_the_peak_is_that_of_a_product() -> None:
    square = torch.ones(300, 300)

    def slow() -> None:
        square.mm(square)

    found = sidebyside.compare({"slow": slow, "fast": lambda: None}, 2, operations=1e9)
    assert found["speedup_median"][0] == 1
    assert found["speedup_min"][1] > 1
    assert (found["peak_share"] > 0).all()


def test_memory_is_what_the_work_adds_in_a_process_of_its_own() -> None:
    # In a fresh process, as memory that earlier tests have freed would be taken again.
    program = """import torch
from benchmarks.sidebyside import peak_mib
kept = []
print(peak_mib(lambda: kept.append(torch.ones(64, 2**18))), len(kept))"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    added, kept = done.stdout.split()
    assert float(added) == pytest.approx(64, abs=16)
    assert kept == "0"


def test_rows_of_what_was_not_measured_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "speed.csv"
    earlier = [("two", "plain"), ("two", "gone"), ("one", "plain"), ("one", "elsewhere"), ("old", "plain")]
    pd.DataFrame(earlier, columns=["case", "way"]).assign(speedup_median=7.0).to_csv(out, index=False)
    cases: sidebyside.Cases = dict.fromkeys(["one", "two"], lambda: {"plain": lambda: None})
    monkeypatch.setattr(sys, "argv", ["speed", "--rounds", "1", "--cases", "one", "--out", str(out)])
    sidebyside.main("speed", cases, images=10)
    found = pd.read_csv(out).set_index(["case", "way"])["speedup_median"]
    assert found.to_dict() == {
        ("one", "plain"): 1,
        ("one", "elsewhere"): 7,
        ("two", "plain"): 7,
        ("two", "gone"): 7,
    }


def test_ways_of_inference_and_of_a_search_run() -> None:
    for way in gbi.ways("gated", 3).values():
        way()
    for way in growth.ways("inner_steps", 1).values():
        way()
        search = getattr(way, "__self__", None)
        assert isinstance(search, TaskSearch)
        assert search.outer_step == 1


def test_the_operations_of_an_epoch_are_those_of_both_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(training.NETWORKS, "small", (MlpSpec(width=0.1), 30))
    one = training.operations("small")
    monkeypatch.setitem(training.NETWORKS, "small", (MlpSpec(width=0.1), 60))
    assert training.operations("small") == pytest.approx(2 * one)


def test_the_picture_shows_every_network_and_way(tmp_path: Path) -> None:
    rows = [
        {"case": case, "way": way, "speedup_median": 2.0, "speedup_min": 1.5, "speedup_max": 2.25, "rounds": 3}
        for case in ("cnn", "resnet18 of width 1/4")
        for way in ("authors' way", *picture.WAYS, "batched fp32")
    ]
    with styled({}):
        figure = picture.draw(pd.DataFrame(rows))
        texts = [text for text in figure.axes[0].texts if text.get_text() == "2.00"]
        assert len(texts) == 2 * len(picture.WAYS)
        assert figure.get_figwidth() == 7
        save(figure, tmp_path / "speed.png", dpi=50)
    assert (tmp_path / "speed.svg").exists()


def test_two_searches_that_differ_in_nothing_find_the_same_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "WAYS", ("unrolled", "plain"))
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 256, (400, 8, 8, 1)).astype(np.uint8), rng.integers(0, 2, 400)
    images = ImageSet("noise", pixels[:390], labels[:390], pixels[390:], labels[390:], ("a", "b"))
    small = {"train_images": 200, "heldout_images": 50, "discovery_heldout_images": 50}
    search = {"inner_steps": 2, "inner_batch_size": 16, "agreement_batch_size": 16, "tasks": 3, "dimensions": 3}
    laptop = Config()
    parts = {"data": laptop.data.model_copy(update=small), "discovery": laptop.discovery.model_copy(update=search)}
    settings = laptop.model_copy(update=parts)
    division = divide(390, settings.data)
    found = discovery.compare(ImageBank.of(images), division, settings, 3)
    assert found["equal_labels_least"].min() > 0.99, "the same draws and gradients"
    assert found["proxy_difference"].max() < 0.1
    assert (found["seconds"] > 0).all()
    assert found.loc[0, "speedup"] == 1
