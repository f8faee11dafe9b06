"""What the website's pages of results read, made by hand: a recorded search, splits, GBI, claims and figures."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from whichtask.artifacts import write_csv, write_npz
from whichtask.claims.verdicts import evaluate
from whichtask.config import Config
from whichtask.data import ImageSet
from whichtask.figures import drawn_numbers
from whichtask.figures.gbi.cifar100 import METHODS as CIFAR100_METHODS
from whichtask.figures.gbi.images_table import FAMILIES
from whichtask.figures.gbi.ood import ARMS
from whichtask.plan.plan import Plan
from whichtask.splits.cases import BINARY_NAMES

CLAIMS = Path(__file__).parents[2] / "config" / "claims.yaml"
STEPS, FOLLOWED, POOL = 6, 30, 50
ATTACKERS = ("=<i>1</i>", "b, c")
SPLITS = ("adversarial", "random", "class_matched")


def add_studies(settings: Config) -> None:
    """Write all of that beside what ``site_results.make_results`` wrote."""
    plan = Plan(settings, 1)
    images = ImageSet.load(Path(plan.images()))
    rng = np.random.default_rng(1)
    add_search(plan, images, rng)
    add_splits(plan, images, rng)
    add_inference(plan, rng)
    add_products(plan)


def add_search(plan: Plan, images: ImageSet, rng: np.random.Generator) -> None:
    record = {
        "outer_step": np.arange(STEPS),
        "proxy_agreement": np.r_[np.nan, np.linspace(0.5, 0.9, STEPS - 1)],
        "positive_rate": np.full(STEPS, 0.5),
        "probabilities": rng.random((STEPS, FOLLOWED)),
        "image_indices": images.n_train + rng.permutation(images.n_test)[:FOLLOWED],
    }
    write_npz(Path(plan.search("dynamics", "dynamics.npz")), record)
    scores = [
        {
            "data": "own", "network": plan.main, "set": "dynamics", "task": f"step_{step:04d}", "pair": pair,
            "network_1": 2 * pair, "network_2": 2 * pair + 1,
            "agreement": 0.5 + 0.05 * step + 0.02 * pair, "agreement_low": 0.45 + 0.05 * step,
            "agreement_high": 0.6 + 0.05 * step, "chance_agreement": 0.5, "train_accuracy": 1.0, "images_train": 40,
        }
        for step in (0, STEPS - 1)
        for pair in (0, 1)
    ]  # fmt: skip
    write_csv(Path(plan.scores("dynamics")), pd.DataFrame(scores))


def add_splits(plan: Plan, images: ImageSet, rng: np.random.Generator) -> None:
    """Write the splits of the first target by two attackers; other targets and sources are missing."""
    pool = rng.permutation(images.n_train)[:POOL].astype(np.int64)
    classes = images.labels[pool].astype(np.uint8)
    targets = {"binary": (classes < len(images.class_names) / 2).astype(np.uint8), "classes": classes}
    rows: list[dict[str, Any]] = []
    arrays: dict[str, list[Any]] = {"in_train": [], "labels": [], "predictions": []}
    for task in ATTACKERS:
        for kind, labels in targets.items():
            for split in SPLITS:
                in_train = rng.permutation(np.arange(POOL) % 2 == 0)
                for seed in (0, 1):
                    guess = rng.integers(0, labels.max() + 1, POOL)
                    guess = np.where(in_train, -1, np.where(rng.random(POOL) < 0.4, labels, guess)).astype(np.int16)
                    right = float((guess == labels)[~in_train].mean())
                    names = {"kind": kind, "target": "human_0", "task": task, "split": split, "seed": seed}
                    sizes = {"images_train": int(in_train.sum()), "images_test": int((~in_train).sum())}
                    size = len(images.class_names) if kind == "classes" else len(BINARY_NAMES)
                    measured = {"test_accuracy": right, "train_accuracy": 0.99, "n_classes": size}
                    rows.append(
                        {"data": "own", "network": plan.main, "source": "discovered"} | names | measured | sizes
                    )
                    for name, values in zip(arrays, (in_train, labels, guess), strict=True):
                        arrays[name].append(values)
    table, predictions = (plan.splits(name, "discovered")[0] for name in ("accuracies.csv", "predictions.npz"))
    write_csv(Path(table), pd.DataFrame(rows))
    named = {"class_names": np.array(images.class_names), "binary_names": np.array(BINARY_NAMES)}
    stacked = {name: np.stack(values) for name, values in arrays.items()}
    write_npz(Path(predictions), {"pool": pool} | stacked | named)


def add_inference(plan: Plan, rng: np.random.Generator) -> None:
    """Write the toy stream with made-up beliefs, generations, and the tables of GBI."""
    toy = plan.settings.gbi.toy
    labels = np.arange(60) // 20 % 2
    x = np.asarray(toy.task.means)[labels] + rng.normal(0, 0.3, 60)
    columns: dict[str, Any] = {
        "observation": x,
        "mean": np.asarray(toy.task.means)[labels],
        "lstm": x,
        "gbi_hard": x,
        "bayes": x,
    }
    stream = pd.DataFrame(columns).assign(repeat=0, step=range(60))
    write_csv(Path(plan.gbi("toy-learning", "stream.csv")[0]), stream)
    steps = np.arange(5, 60)
    beliefs = [
        {"arm": arm, "step": step, "observation": x[step], "true_context": labels[step], "context": context}
        | {"one_step": 0.3 + 0.4 * context, "iterated": 0.8 if labels[step] == context else 0.2}
        for arm in ("gbi_hard", "gbi_soft") for step in steps for context in (0, 1)
    ]  # fmt: skip
    write_csv(Path(plan.gbi("toy", "stream_beliefs.csv")[0]), pd.DataFrame(beliefs))
    pictures = rng.integers(0, 256, (3, 6, 12, 12, 1), dtype=np.uint8)
    generations = {"originals": pictures[:, 0], "uniform": pictures[:, 1], "decoded": pictures[:, 2:5]}
    posterior = rng.dirichlet(np.ones(3), 3).astype(np.float32)
    write_npz(
        Path(plan.gbi("images", "generations.npz")[0]),
        generations | {"labels": np.arange(3), "posterior": posterior},
    )
    mean = {"row": "mean", "n": 3, "data": "digits", "outside": "clothes"}
    accuracy = {"accuracy": 0.8, "accuracy_low": 0.7, "accuracy_high": 0.9}
    costs = {"model_runs": 1, "forward_passes": 1, "backward_passes": 0, "milliseconds_per_image": 0.01}
    tables: dict[str, list[dict[str, Any]]] = {
        "gbi_mnist_table": [
            mean | accuracy | costs | {"method": name, "images": 100, "paper_accuracy": 0.85} for name in FAMILIES
        ],
        "gbi_ood_table": [
            mean | {"arm": arm, "method": "GBI", "score": "maximum", "auroc": 0.9, "paper_auroc": np.nan}
            for arm in ARMS
        ],
        "gbi_cifar100_table": [
            mean | accuracy | {"method": name, "level": "classes", "classes": 100, "paper_accuracy": np.nan}
            for name in CIFAR100_METHODS
        ],
        "gbi_confidence_histograms": [
            mean | {"arm": arm, "method": method, "side": side, "share": 0.5}
            | {"confidence_low": low, "confidence_high": low + 0.5}
            for arm in ARMS for method in ("GBI", "classifier softmax") for side in ("inside", "outside")
            for low in (0.0, 0.5)
        ],
        "gbi_toy_bayes": [
            {"part": "switch", "row": "mean", "measure": "posterior_new", "arm": arm, "method": method}
            | {"offset": offset, "value": 0.5}
            for arm, method in (("observer", "bayes"), ("gbi_hard", "iterated")) for offset in (-1, 0, 1)
        ],
    }  # fmt: skip
    for figure, rows in tables.items():
        write_csv(Path(plan.at(f"figures/{figure}.csv")), pd.DataFrame(rows))


def add_products(plan: Plan) -> None:
    """Write claims as the workflow does, and pictures of two figures."""
    tables = [Path(plan.scores(name)) for name in plan.sets]
    numbers = drawn_numbers("td_as_by_source", {"tables": tables}, plan.settings.figures)
    claims = evaluate(CLAIMS, {"td_as_by_source": numbers}, "laptop", "own")
    write_csv(Path(plan.at("claims.csv")), claims)
    for figure in ("td_as_by_source", "gbi_mnist_table"):
        path = Path(plan.at(f"figures/{figure}.png"))
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (1800, 600), "white").save(path)
    write_csv(Path(plan.at("figures/td_as_by_source.csv")), pd.DataFrame({"set": ["random"], "agreement": [0.5]}))
