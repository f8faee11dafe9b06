"""The three configurations that the project ships; the files in ``config/`` are written from them."""

from typing import Any

from whichtask.config.gbi.model import GBI_PAPER, GBI_SMOKE
from whichtask.config.model import Config, load_config

SMOKE: dict[str, Any] = {
    "scale": "smoke",
    "results": "results/smoke",
    "data": {"train_images": 2_000, "heldout_images": 500, "discovery_heldout_images": 500},
    "networks": {
        "cnn": {"arch": "cnn", "width": 4, "hidden": 16},
        "mlp": {"arch": "mlp", "width": 0.05},
        "resnet18": {"arch": "resnet18", "width": 0.0625},
        "vit": {"arch": "vit", "patch": 14, "dim": 16, "depth": 1, "heads": 2, "head_dim": 8, "mlp_dim": 16},
    },
    "tasks": {"random": 2, "human_limit": 2},
    "agreement": {"pairs": 2, "images": 500, "epochs": 2, "batch_size": 100, "bootstrap": 200},
    "plan": {"network_images": 200, "image_sweep": [200, 500], "comparison_tasks": 2, "comparison_pairs": None},
    "discovery": {
        "tasks": 3,
        "dimensions": 4,
        "inner_steps": 2,
        "inner_batch_size": 64,
        "agreement_batch_size": 64,
        "outer_steps": 4,
    },
    "dynamics": {"start_epochs": 2, "images": 500, "outer_steps": 4, "record_every": 1},
    "splits": {"images": 600, "targets": 2, "tasks": 2, "random_networks": 1, "attribute_targets": ["fill_0-1"]},
    "studies": {
        "outer_steps": 2,
        "inner_batch_size": 32,
        "images": 200,
        "uniformity_weights": [0.0],
        "sizes": [[3, 2]],
        "networks": ["mlp"],
        "objectives": ["xas", "none"],
        "faithful": ["batch_statistics_labels"],
        "human_tasks": [1],
        "linear_steps": 2,
        "proxy_steps": [1, 2],
        "proxy_tasks": 2,
    },
    "simclr": {"epochs": 1, "batch_size": 100},
    "ground_truth": {
        "data": {
            "name": "factors32",
            "generated_images": [1_500, 300],
            "train_images": 900,
            "heldout_images": 300,
            "discovery_heldout_images": 300,
        },
        "networks": ["cnn"],
        "uniformity_weights": [0.25],
        "tasks": 3,
        "outer_steps": 2,
        "inner_batch_size": 32,
        "permutations": 100,
        "split_images": 400,
    },
    "gbi": GBI_SMOKE,
    "figures": {"dpi": 80},
}

PAPER: dict[str, Any] = {
    "scale": "paper",
    "results": "results/paper",
    # The authors divide 50,000 images into 45,000 and 5,000 and optimise on the same 5,000 that they score on. Here
    # 5,000 more are set aside, so that no score is measured on images that discovery has seen.
    "data": {"name": "cifar10", "train_images": None, "heldout_images": 5_000, "discovery_heldout_images": 5_000},
    "networks": {
        "cnn": {"arch": "cnn", "width": 64, "hidden": 512},
        "mlp": {"arch": "mlp", "width": 1.0},
        "resnet18": {"arch": "resnet18", "width": 1.0},
        "vit": {
            "arch": "vit",
            "patch": 4,
            "dim": 256,
            "depth": 6,
            "heads": 6,
            "head_dim": 64,
            "mlp_dim": 256,
            "norm": "batch",
        },
    },
    "tasks": {"random": 20, "human": "core"},
    "agreement": {
        "pairs": 3,
        "images": None,
        "epochs": 100,
        "stop_train_accuracy": None,
        "batch_size": 512,
        "precision": "fp32",
    },
    "plan": {
        "networks": ["resnet18", "mlp", "vit"],
        "network_images": None,
        "image_sweep": [1_000, 5_000, 10_000, 25_000],
        "comparison_tasks": 5,
        "comparison_pairs": None,
    },
    "discovery": {
        "encoder": "resnet18",
        "network": "resnet18",
        "tasks": 32,
        "dimensions": 32,
        "temperature": 5.0,
        "uniformity_weight": 25.0,
        "inner_steps": 50,
        "inner_learning_rate": 0.01,
        "inner_batch_size": 512,
        "agreement_batch_size": 512,
        "outer_steps": 3_200,
    },
    "dynamics": {"start_epochs": 100, "images": 30_000, "outer_steps": 1_000, "record_every": 10},
    "splits": {"images": 30_000, "targets": 7, "tasks": 8, "pairs": 1},
    "studies": {
        "seeds": [0, 1, 2],
        "outer_steps": 3_200,
        "inner_batch_size": 512,
        "images": None,
        "uniformity_weights": [0.0, 1.0, 5.0, 100.0],
        "sizes": [[8, 8], [128, 128], [128, 32]],
        "classes": [3, 5],
        "human_tasks": [7],
        "linear_steps": 1_000,
        "proxy_steps": [1, 2, 5, 10, 20, 50, 100],
        "proxy_tasks": 20,
    },
    # The first author's SimCLR settings for CIFAR-10.
    "simclr": {
        "epochs": 1_000,
        "batch_size": 1_024,
        "optimizer": "lars",
        "learning_rate": 4.0,
        "weight_decay": 1e-6,
        "warmup": 0.01,
        "projection": 128,
        "crop": 0.08,
    },
    "ground_truth": {
        "data": {
            "name": "factors32",
            "generated_images": [50_000, 10_000],
            "train_images": 40_000,
            "heldout_images": 5_000,
            "discovery_heldout_images": 5_000,
        },
        "networks": ["resnet18", "mlp", "vit"],
        "uniformity_weights": [1.0, 25.0],
        "outer_steps": 3_200,
        "inner_batch_size": 512,
        "split_images": 30_000,
    },
    "gbi": GBI_PAPER,
}

PRESETS: dict[str, Config] = {
    "laptop": Config(),
    "smoke": load_config(SMOKE),
    "paper": load_config(PAPER),
}
FILES: dict[str, str] = {"laptop": "config.yaml", "smoke": "smoke.yaml", "paper": "paper.yaml"}
