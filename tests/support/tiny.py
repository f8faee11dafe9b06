"""Every job that trains or discovers, at a size at which it takes about a second: inputs, commands, outputs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import yaml

from whichtask.data import ImageSet
from whichtask.data.factors32 import make
from whichtask.data.text import Text, TextSet
from whichtask.plan.cards import Experiment
from whichtask.plan.experiments import EXPERIMENTS
from whichtask.tasks import human_tasks, random_tasks

GATED = {"encoder": 8, "code": 2, "noise": 0.5, "hidden": 24}
FIT = {"epochs": 2, "batch_size": 50, "learning_rate": 1e-2}
GBI: dict[str, Any] = {
    "toy": {
        "seeds": [0],
        "stress": {"three": {"means": [0.2, 0.5, 0.8], "stds": [0.15] * 3}},
        "network": {"hidden": 4},
        "block": {"shortest": 10, "longest": 15},
        "blocks": 4,
        "early_blocks": 2,
        "checkpoint_blocks": 2,
        "test_sequences": 2,
        "test_length": 9,
        "validation_steps": 30,
        "stream_steps": 40,
        "tested_means": [0.0, 0.5, 1.0],
        "tested_sequences": 1,
        "tested_length": 26,
        "tuning_means": [0.425],
        "tuning_sequences": 1,
        "grid": {"learning_rates": [0.5], "momenta": [0.0], "observations": [3], "l2": [0.0], "entropy": []},
    },
    "unsupervised": {"seeds": [0], "blocks": 3, "block": {"shortest": 6, "longest": 9}, "hidden": 4, "bins": 3},
    "images": {
        "seeds": [0],
        "train_images": 200,
        "validation_images": 50,
        "test_images": 40,
        "autoencoder": {"channels": [4, 4], "code": 2},
        "fit": FIT,
        "iterative": {"steps": 3},
        "matched_accuracy": 0.3,
        "classifier": FIT,
        "members": 2,
        "draws": 2,
        "generative": FIT,
        "vae_latent": 3,
        "vae": FIT,
        "regret_images": 10,
        "regret_steps": 3,
        "tau_points": 3,
        "shown_images": 5,
        "more": {
            "train_images": 200, "codes": [0, 2], "iterated_images": 20, "steps": [1, 3], "members": 2, "draws": 2
        },
    },
    "language": {
        "seeds": [0],
        "held_out": ["mixed"],
        "embedding": 4,
        "hidden": 8,
        "window": 6,
        "batch_size": 8,
        "train_tokens": 768,
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
    },
    "cifar100": {
        "seeds": [0],
        "train_images": 200,
        "validation_images": 80,
        "test_images": 90,
        "components": 8,
        "network": GATED,
        "fit": FIT,
        "other_epochs": 2,
        "inference": {"learning_rate": 0.2, "steps": 3, "weight": 0.0},
        "sweep": {
            "codes": [1], "noises": [0.0], "hidden": [4], "entries": ["additive"], "epochs": 2, "test_images": 50,
            "width": 24,
        },
    },
    "metric": {
        "seeds": [0],
        "train_images": 200,
        "validation_images": 80,
        "test_images": 90,
        "components": 8,
        "network": GATED,
        "fit": FIT,
        "other_epochs": 1,
    },
    "richer": {
        "seeds": [0],
        "train_images": 300,
        "test_images": 80,
        "components": 6,
        "network": {"encoder": 8, "code": 3, "hidden": 8, "embedding": 4},
        "fit": FIT,
        "inference": {"steps": 2},
    },
    "continual": {
        "seeds": [0],
        "train_images": 200,
        "validation_images": 80,
        "test_images": 100,
        "batch_size": 40,
        "network": GATED | {"share": 0.3},
        "fisher_images": 20,
        "candidates": {"learning_rates": [1e-2], "gbi": [1e-2], "ewc": [1e2], "lwf": [1.0]},
    },
    "compute": {"seeds": [0], "tasks": [2, 3], "widths": [8], "batch_size": 2, "measurements": 1},
}  # fmt: skip
CONFIG: dict[str, Any] = {
    "data": {"train_images": 250, "heldout_images": 80, "discovery_heldout_images": 60},
    "networks": {"cnn": {"arch": "cnn", "width": 2, "hidden": 8}},
    "tasks": {"random": 2, "human_limit": 2},
    "agreement": {
        "pairs": 2, "images": 150, "epochs": 4, "stop_train_accuracy": None, "batch_size": 50, "bootstrap": 20
    },
    "plan": {"networks": ["cnn"], "image_sweep": [100], "network_images": 100},
    "discovery": {
        "tasks": 2, "dimensions": 3, "inner_steps": 2, "inner_batch_size": 20, "agreement_batch_size": 20,
        "outer_steps": 8,
    },
    "dynamics": {"images": 100, "start_epochs": 2, "outer_steps": 6, "record_every": 2, "shown_images": 5},
    "splits": {"images": 200, "targets": 1, "tasks": 1, "pairs": 1, "random_networks": 1},
    "simclr": {"epochs": 3, "batch_size": 50},
    "studies": {
        "outer_steps": 2, "images": 100, "inner_batch_size": 20, "networks": [], "linear_steps": 4,
        "proxy_steps": [1, 3], "proxy_tasks": 2,
    },
    "ground_truth": {"networks": ["cnn"]},
    "gbi": GBI,
    "bridge": {
        "seeds": [0], "bits": 2, "train_images": 200, "validation_images": 60, "test_images": 60, "iterated_images": 30,
        "enumerated_images": 10, "channels": [4], "hidden": 8, "code": 1, "other_codes": [2], "entries": ["additive"],
        "fit": FIT, "inference": {"steps": 2}, "compositions": 1,
    },
}  # fmt: skip
PRETRAINED = "pretrained.yaml"
"""The same search, but from a backbone of SimCLR."""
TIMED = {
    "accuracies.csv": ["seconds"],
    "compute.csv": ["seconds_per_image"],
    "history.csv": ["seconds"],
    "mnist_table.csv": ["milliseconds_per_image"],
    "proxy.csv": ["seconds"],
    "random.csv": ["seconds", "images_per_s"],
}
"""Columns of measured time, by file; nothing else may differ between two runs of a job."""


@dataclass(frozen=True)
class Job:
    """One job of the workflow.

    Attributes:
        words: its command line; ``{in}`` is the folder of its inputs, ``{out}`` that of its outputs.
        outputs: what it writes, below ``{out}``.
        resumes: whether it keeps live state.
    """

    words: str
    outputs: tuple[str, ...]
    resumes: bool = True

    def command(self, inputs: Path, out: Path, *more: str) -> list[str]:
        """Return its arguments for the command line ``whichtask``; ``more`` comes last and wins."""
        words = f"{self.words} --threads 1" + (" --results {out}" if self.resumes else "")
        if "--config" not in words:
            words += " --config {in}/tiny.yaml"
        # Split before: the folders' names may hold spaces.
        return [*(word.replace("{in}", str(inputs)).replace("{out}", str(out)) for word in words.split()), *more]


INPUTS = {
    "images": ["data.npz"],
    "text": ["text.npz"],
    "task set": ["random.npz"],
    "task sets": ["random.npz", "human.npz"],
    "searches": ["discover/logits.npz"],
    "weights": ["toy-learning/weights.safetensors"],
    "encoder": ["discover/encoder.safetensors"],
}
"""Tiny inputs, by the kind that a card names."""
OTHERS = {
    "factors": {"data": ["factors.npz"], "tasks": ["factor_random.npz"]},
    "gbi richer": {"data": ["factors.npz"]},
    "gbi images": {"outside": ["noise.npz"]},
    "gbi images-more": {"outside": ["noise.npz"]},
}


def of_card(verb: str, card: Experiment) -> Job:
    """Make a job of an experiment from its card."""
    given = [
        (name, f"{{in}}/{file}")
        for name, read in card.reads.items()
        for file in OTHERS.get(verb, {}).get(name, INPUTS[read.kind])
    ]
    given += [(name, "{out}/tasks.npz" if name == "tasks" else f"{{out}}/{name}.csv") for name in card.also]
    given += [(name.removesuffix("_name"), "discovered") for name in card.words]
    folder = card.out.endswith("/")
    file = verb.rpartition(" ")[2] + Path(card.out).suffix
    given.append(("out", "{out}" if folder else f"{{out}}/{file}"))
    given += [("repeat", "0")] if "{repeat}" in card.out else []
    outputs = (*card.writes, "config.yaml") if folder else (file,)
    also = ("tasks.npz" if name == "tasks" else f"{name}.csv" for name in card.also)
    return Job(" ".join([verb, *(f"--{name} {value}" for name, value in given)]), (*outputs, *also), card.resumes)


SEARCH = ("encoder.safetensors", "history.csv", "logits.npz", "config.yaml", "tasks.npz")
DATA = "--data {in}/data.npz"
JOBS = {
    "agreement": Job(
        f"agreement {DATA} --tasks {{in}}/random.npz --out {{out}}/random.csv", ("random.csv", "random.yaml")
    ),
    "discover": Job(f"discover {DATA} --out {{out}} --tasks {{out}}/tasks.npz", SEARCH),
    "discover regulated": Job(
        f"discover {DATA} --out {{out}} --tasks {{out}}/tasks.npz --backbone {{in}}/simclr/backbone.safetensors "
        f"--config {{in}}/{PRETRAINED}",
        SEARCH,
    ),
    "splits": Job(
        f"splits {DATA} --targets {{in}}/human.npz --attackers {{in}}/discover/tasks.npz --out {{out}}",
        ("accuracies.csv", "predictions.npz", "split.npz", "config.yaml"),
    ),
    "splits of random networks": Job(
        f"splits {DATA} --targets {{in}}/human.npz --source random_network --out {{out}}",
        ("accuracies.csv", "predictions.npz", "split.npz", "config.yaml"),
    ),
} | {verb.rpartition(" ")[2]: of_card(verb, card) for verb, card in EXPERIMENTS.items()}
MADE_FIRST = ("discover", "simclr", "toy-learning")
"""Jobs whose outputs others read."""


class Whole(NamedTuple):
    """A job that ran undisturbed: wall seconds, and its outputs without measured times."""

    seconds: float
    outputs: Mapping[str, bytes]


def write_inputs(folder: Path, images: ImageSet) -> None:
    """Write images, tasks, text and configurations; what ``MADE_FIRST`` makes comes on top."""
    images.save(folder / "data.npz")
    pixels = np.random.default_rng(1).integers(0, 256, (120, 8, 8, 1)).astype(np.uint8)
    labels = np.zeros(60, np.int64)
    ImageSet("noise", pixels[:60], labels, pixels[60:], labels, ("noise",)).save(folder / "noise.npz")
    random_tasks(len(images.labels), 2, 0).save(folder / "random.npz")
    human_tasks(images.labels, images.class_names).save(folder / "human.npz")
    random_tasks(480, 2, 0).save(folder / "factor_random.npz")
    found = make(400, 80)
    train, test = (np.ascontiguousarray(part[:, ::4, ::4]) for part in (found.x_train, found.x_test))
    replace(found, x_train=train, x_test=test).save(folder / "factors.npz")
    rng = np.random.default_rng(0)
    texts = [
        Text(name, (97 + rng.choice([1, -1, 2, 3, 0], 10 * 4096, p=odds).cumsum() % 5).astype(np.uint8))
        for name, odds in (
            ("first", [0.7, 0.1, 0.1, 0.05, 0.05]),
            ("second", [0.1, 0.7, 0.1, 0.05, 0.05]),
            ("mixed", [0.6, 0.2, 0.1, 0.05, 0.05]),
        )
    ]
    TextSet("walks", tuple(texts)).save(folder / "text.npz")
    config = CONFIG | {"data": CONFIG["data"] | {"name": str(folder / "data.npz")}}
    (folder / "tiny.yaml").write_text(yaml.safe_dump(config))
    pretrained = config | {"discovery": CONFIG["discovery"] | {"pretraining": "simclr"}}
    (folder / PRETRAINED).write_text(yaml.safe_dump(pretrained))


def content(path: Path) -> bytes:
    """Return the bytes of an output, without the columns of measured time that its file has."""
    timed = TIMED.get(path.name)
    if timed is None:
        return path.read_bytes()
    # As text, so that every digit counts; a file that ends within a row has fewer rows or cells.
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return table.drop(columns=timed, errors="ignore").to_csv(index=False).encode()


def contents(out: Path, job: Job) -> Mapping[str, bytes]:
    """Return what is there of a job's outputs."""
    return {name: content(out / name) for name in job.outputs if (out / name).exists()}
