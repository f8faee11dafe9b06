"""A small results folder made by hand: what the website reads, without any training."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from whichtask.artifacts import write_csv, write_npz
from whichtask.config import Config, DataSettings
from whichtask.data import ImageSet
from whichtask.plan.plan import Plan
from whichtask.tasks import TaskSet, agreement_similarity

MARKUP = ('<b>"bold"</b>', "<script>alert(1)</script>", "a & b", "</script><i>")
TRAIN, TEST = 220, 120


def make_results(folder: Path, classes: Sequence[str], shape: tuple[int, int, int] = (8, 8, 3)) -> Config:
    """Write images, three sets of tasks and their tables, and return the configuration that they belong to."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, len(classes), TRAIN + TEST)
    labels[: len(classes)] = np.arange(len(classes))
    # One colour for each image, which WebP keeps.
    colours = rng.integers(0, 256, (TRAIN + TEST, 1, 1, shape[2]), dtype=np.uint8)
    pixels = np.broadcast_to(colours, (TRAIN + TEST, *shape))
    images = ImageSet("own", pixels[:TRAIN], labels[:TRAIN], pixels[TRAIN:], labels[TRAIN:], tuple(classes))
    source = folder / "own.npz"
    images.save(source)
    # Not checked: a tiny set does not fit the sizes of a laptop run, which nothing here needs.
    settings = Config().model_copy(update={"results": str(folder / "results"), "data": DataSettings(name=str(source))})
    plan = Plan(settings, 1)
    images.save(Path(plan.images()))
    sides = {name: rng.integers(0, 2, (3, TRAIN + TEST)) for name in ("random", "discovered")}
    sides["human"] = (labels < len(classes) / 2).astype(np.int64)[None]
    for kind, own in sides.items():
        write_set(plan, kind, own, ["=<i>1</i>", "b, c", 'd "e"'][: len(own)] if kind == "discovered" else None)
    logits = rng.normal(size=sides["discovered"].shape).astype(np.float32)
    write_npz(Path(plan.search("discovered", "logits.npz")), {"logits": logits, "kept": np.arange(3)})
    return settings


def write_set(plan: Plan, kind: Any, labels: npt.NDArray[np.int64], names: list[str] | None) -> None:
    """Write a set of tasks, its agreement (of one pair of networks for human tasks, two for others) and similarity."""
    tasks = TaskSet(labels.astype(np.uint8), tuple(names or [f"{kind}_{k}" for k in range(len(labels))]), kind)
    tasks.save(Path(plan.tasks(kind)))
    scores = [
        {
            "data": "own", "network": plan.main, "set": kind, "task": task, "pair": pair,
            "network_1": 2 * pair, "network_2": 2 * pair + 1,
            "agreement": 0.9 - 0.1 * k - 0.02 * pair, "agreement_low": 0.85 - 0.1 * k, "agreement_high": 0.95 - 0.1 * k,
            "chance_agreement": 0.5, "train_accuracy": 1.0, "test_accuracy": 0.88 - 0.1 * k, "images_train": 40,
            "images_heldout": 10,
        }
        for k, task in enumerate(tasks.names)
        for pair in range(1 if kind == "human" else 2)
    ]  # fmt: skip
    write_csv(Path(plan.scores(kind)), pd.DataFrame(scores))
    similar = agreement_similarity(tasks.labels)
    rows = [
        {"task_a": tasks.names[i], "task_b": tasks.names[j], "agreement_similarity": similar[i, j]}
        for i in range(len(tasks.names))
        for j in range(i)
    ]
    columns = ["task_a", "task_b", "agreement_similarity"]
    write_csv(Path(plan.similarity(kind)), pd.DataFrame(rows, columns=columns))
