"""Claims and tables to judge, as small as they can be."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from whichtask.claims import evaluate

FIGURE = "td_as_by_source"
NUMBER: dict[str, Any] = {
    "id": "number",
    "statement": "Tasks score 0.9.",
    "paper": "Task Discovery",
    "figure": FIGURE,
    "kind": "number",
    "paper_value": 0.9,
    "tolerance": {"value": 0.03, "source": "a guess"},
    "unit": "agreement score",
    "source": "A, a table",
    "certainty": "certain",
    "measured": {"value": "agreement", "rows": {"set": "human", "row": "task"}, "trained": "train_accuracy"},
}
ORDERING: dict[str, Any] = {
    **{key: value for key, value in NUMBER.items() if key not in ("paper_value", "tolerance")},
    "id": "ordering",
    "kind": "effect",
    "at_least": 0.0,
    "measured": NUMBER["measured"] | {"against": {"set": "random"}},
}
HUMAN, RANDOM = (0.905, 0.91, 0.915), (0.6, 0.61, 0.62)


def scores(**sets: tuple[float, ...]) -> pd.DataFrame:
    """Return rows of tasks by set, and a mean that no claim may count as a task."""
    rows = [
        {"set": name, "row": "task", "task": f"{name}_{k}", "agreement": value, "train_accuracy": 1 - 0.01 * k}
        for name, values in sets.items()
        for k, value in enumerate(values)
    ]
    return pd.DataFrame([*rows, {"set": "human", "row": "mean", "task": None, "agreement": 9.0}])


def written(folder: Path, *claims: dict[str, Any]) -> Path:
    path = folder / "claims.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"claims": list(claims)}]}))
    return path


def judged(
    folder: Path, *claims: dict[str, Any], tables: Mapping[str, pd.DataFrame] = {}, scale: str = "paper"
) -> pd.DataFrame:
    return evaluate(written(folder, *claims), tables, scale, "cifar10")
