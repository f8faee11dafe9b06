"""The few numbers by which runs are compared."""

import json
from pathlib import Path

import pandas as pd
import pytest
from projects import ROOT
from typer.testing import CliRunner

from whichtask.claims.metrics import summarise
from whichtask.cli import app
from whichtask.errors import WhichtaskError
from whichtask.plan.headlines import HEADLINE_FIGURES

LAPTOP = ROOT / "results" / "reference" / "laptop"
DRAWN = [LAPTOP / f"{figure}.csv" for figure in HEADLINE_FIGURES]


def test_the_metrics_are_the_numbers_of_the_figures() -> None:
    metrics = summarise(LAPTOP / "claims.csv", DRAWN)
    table = pd.read_csv(LAPTOP / "td_as_by_source.csv")
    drawn = table[(table["row"] == "mean") & (table["set"] == "discovered")].iloc[0]
    ours = metrics["agreement"]["discovered"]
    assert (ours["mean"], ours["low"], ours["high"]) == pytest.approx(
        (drawn.agreement, drawn.low, drawn.high), abs=1e-6
    )
    assert ours["n"] == drawn.n_tasks == 8
    assert set(metrics["ood_auroc"]) == {"gbi", "matched_classifier_softmax", "deep_ensemble", "likelihood_regret"}
    claims = pd.read_csv(LAPTOP / "claims.csv")
    each = claims[~claims["kind"].isin(["question", "hypothesis"])].drop_duplicates("id")
    assert sum(metrics["claims"].values()) + sum(metrics["controls"].values()) == len(each)
    agree = each[each["claim_verdict"] == "agrees"]
    assert metrics["claims"]["agrees"] == (agree["kind"] != "control").sum() > 0
    assert metrics["controls"]["agrees"] == (agree["kind"] == "control").sum() > 0


def test_the_verb_writes_json_without_nan(tmp_path: Path) -> None:
    single = tmp_path / "td_as_by_source.csv"
    table = pd.read_csv(LAPTOP / single.name)
    table.loc[(table["row"] == "mean") & (table["set"] == "human"), ["low", "high"]] = float("nan")
    table.to_csv(single, index=False)
    drawn = [f"--drawn={single if path.name == single.name else path}" for path in DRAWN]
    run = CliRunner().invoke(
        app, ["metrics", "--claims", str(LAPTOP / "claims.csv"), *drawn, "--out", str(tmp_path / "metrics.json")]
    )
    assert run.exit_code == 0, run.output
    metrics = json.loads((tmp_path / "metrics.json").read_text(), parse_constant=pytest.fail)
    assert metrics["agreement"]["human"]["low"] is None
    random = table[(table["row"] == "mean") & (table["set"] == "random")].iloc[0]
    assert metrics["agreement"]["random"]["low"] == pytest.approx(random["low"], abs=1e-6)


def test_a_table_that_is_missing_damaged_or_mixed_is_named(tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match="no table of the figure td_as_by_source"):
        summarise(LAPTOP / "claims.csv", [path for path in DRAWN if path.stem != "td_as_by_source"])
    path = tmp_path / "td_as_by_source.csv"
    others = [other for other in DRAWN if other.stem != path.stem]
    table = pd.read_csv(LAPTOP / path.name)
    table[table["row"] != "mean"].to_csv(path, index=False)
    with pytest.raises(WhichtaskError, match="no row of means"):
        summarise(LAPTOP / "claims.csv", [path, *others])
    pd.concat([table, table.assign(network="mlp")]).to_csv(path, index=False)
    with pytest.raises(WhichtaskError, match="several means with one set"):
        summarise(LAPTOP / "claims.csv", [path, *others])
