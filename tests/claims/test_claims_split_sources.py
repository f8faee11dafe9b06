"""Claims on train-test splits: each speaks of one source of attacks, and its interval of targets and attackers."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from whichtask.artifacts import write_csv
from whichtask.claims import evaluate
from whichtask.errors import WhichtaskError

CLAIM: dict[str, Any] = {
    "id": "drop",
    "statement": "Accuracy drops.",
    "figure": "td_splits_table",
    "kind": "effect",
    "paper_high": -0.1,
    "tolerance": 0.0,
    "unit": "test accuracy",
    "source": {"tag": "W", "where": "a table"},
    "certainty": "certain",
    "measure": {"statistic": "split_drop", "kind": "classes"},
}


def table(drops: dict[tuple[str, str], float], source: str | None = None, kind: str = "classes") -> pd.DataFrame:
    """Two splits of every pair of target and task."""
    rows = [
        {
            **({} if source is None else {"source": source}),
            "data": "mnist",
            "network": "cnn",
            "kind": kind,
            "target": target,
            "task": task,
            "split": split,
            "seed": 0,
            "test_accuracy": 0.9 - (drop if split == "adversarial" else 0),
            "train_accuracy": 1.0,
            "images_train": 100,
            "images_test": 100,
            "n_classes": 10,
        }
        for (target, task), drop in drops.items()
        for split in ("adversarial", "random")
    ]
    return pd.DataFrame(rows)


def evaluated(measures: list[dict[str, Any]], tables: list[pd.DataFrame], folder: Path) -> pd.DataFrame:
    claims = [CLAIM | {"id": f"claim_{i}", "measure": measure} for i, measure in enumerate(measures)]
    (folder / "claims.yaml").write_text(yaml.safe_dump({"claims": claims}))
    paths = [folder / f"splits_{i}.csv" for i in range(len(tables))]
    for path, part in zip(paths, tables, strict=True):
        write_csv(path, part)
    return evaluate(folder / "claims.yaml", [], [], "laptop", "mnist", paths)


def test_each_source_is_judged_by_its_own_splits(tmp_path: Path) -> None:
    pairs = [(target, task) for target in "ab" for task in "cd"]
    tables = [
        table(dict.fromkeys(pairs, 0.5)),
        table(dict.fromkeys(pairs, 0.2), "random_network"),
        table(dict.fromkeys(pairs, 0.7), "attribute", "attribute"),
    ]
    measures = [
        CLAIM["measure"],
        CLAIM["measure"] | {"source": "random_network"},
        CLAIM["measure"] | {"source": "attribute", "kind": "attribute"},
    ]
    rows = evaluated(measures, tables, tmp_path)
    assert rows["ours"].tolist() == pytest.approx([-0.5, -0.2, -0.7])
    assert rows["verdict"].tolist() == ["agrees"] * 3
    assert rows["n"].tolist() == [4, 4, 4]
    missing = evaluated(measures, tables[:1], tmp_path)
    assert missing["verdict"].tolist() == ["agrees", "not measured", "not measured"]


def test_pairs_that_share_a_target_are_not_taken_as_independent(tmp_path: Path) -> None:
    # Two targets of which one is immune: with eight tasks each, only the targets tell how sure the mean is.
    drops = {(target, f"task {k}"): drop for target, drop in (("a", 0.0), ("b", 0.6)) for k in range(8)}
    row = evaluated([CLAIM["measure"]], [table(drops)], tmp_path).iloc[0]
    assert row["ours"] == pytest.approx(-0.3)
    assert (row["low"], row["high"]) == (pytest.approx(-0.6), pytest.approx(0.0))
    assert row["verdict"] == "undecided"


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        ({"statistic": "split_drop", "kind": "attribute"}, "the kind attribute goes with the source attribute"),
        ({"statistic": "split_drop", "kind": "classes", "source": "attribute"}, "goes with the source attribute"),
        ({"statistic": "mean", "set": "human", "source": "discovered"}, "source goes with the statistics split_acc"),
    ],
)
def test_a_source_that_does_not_fit_is_refused(measure: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match=message):
        evaluated([measure], [], tmp_path)
