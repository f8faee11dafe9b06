"""Tables of a bridge whose numbers are known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whichtask.artifacts import write_csv

SOURCES = ("discovered", "human", "pca", "untrained", "random", "permuted", "one-hot")
AGREEMENT = {"discovered": 0.95, "human": 0.9, "pca": 0.97, "untrained": 0.8, "random": 0.6, "permuted": 0.55}
BITS, REPEATS = 5, 3
Tables = dict[str, list[Path]]


def _tables(repeat: int, data: str) -> dict[str, pd.DataFrame]:
    """Return tables in which a bit is inferred the better the higher its agreement, and then some noise."""
    rng = np.random.default_rng(repeat)
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in ("bits", "networks", "readout", "compositions")}
    for source in SOURCES:
        score = AGREEMENT.get(source, 0.9)
        about = {"repeat": repeat, "data": data, "source": source, "code": 4, "entry": "additive", "images_test": 100}
        names = [f"{source}_{number}" for number in range(BITS)] if source != "one-hot" else ["class"]
        for number, name in enumerate(names):
            right = score - 0.2 + 0.01 * number + 0.002 * rng.standard_normal()
            own = {"bit": name, "chance": 0.5, "accuracy": right, "balanced": right, "majority": 0.6}
            rows["bits"] += [about | own | {"method": method} for method in ("one-step", "iterative", "enumerated")]
            rows["bits"].append(about | own | {"method": "one-step", "code": 2, "balanced": 0.5})
        facts = {"error_given": 10.0, "error_permuted": 12.0, "reliance": score + 0.1 * repeat}
        rows["networks"] += [about | facts | {"kl": 0.1, "known": 0.3}, about | facts | {"code": 2}]
        share = {"accuracy": score, "balanced": score, "majority": 0.2}
        for method in ("one-step", "iterative", "given", "code"):
            rows["readout"].append(about | share | {"method": method})
        if source != "one-hot":
            rows["compositions"] += [
                about | share | {"method": method, "kind": kind, "number": number, "balanced": 0.5 if coin else score}
                for method in ("one-step", "iterative")
                for kind, coin in (("and", False), ("xor", False), ("three-way", False), ("fair coin", True))
                for number in range(2)
            ]
    return {name: pd.DataFrame(of) for name, of in rows.items()}


@pytest.fixture
def bridge_tables(tmp_path: Path) -> Tables:
    """Write tables of two image sets and three repeats, and the agreement of the bits."""
    paths: Tables = {}
    for data in ("fashion_mnist", "factors32"):
        for repeat in range(REPEATS):
            for name, table in _tables(repeat, data).items():
                paths.setdefault(name, []).append(tmp_path / f"{data}-{repeat}-{name}.csv")
                write_csv(paths[name][-1], table)
        scores = [
            {"task": f"{source}_{number}", "agreement": score + 0.01 * number}
            for source, score in AGREEMENT.items()
            for number in range(BITS)
        ]
        about = {"data": data, "network": "cnn", "set": "bits", "pair": 0, "network_1": 0, "network_2": 1}
        facts = {
            "agreement_low": 0.0,
            "agreement_high": 1.0,
            "chance_agreement": 0.5,
            "train_accuracy": 1.0,
            "images_train": 100,
        }
        paths.setdefault("scores", []).append(tmp_path / f"{data}-scores.csv")
        write_csv(paths["scores"][-1], pd.DataFrame(scores).assign(**about, **facts))
    return paths
