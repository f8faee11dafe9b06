"""Figures of the bridge draw what their tables hold."""

from pathlib import Path

import pytest

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures import draw, numbers, read_numbers

SETTINGS = FigureSettings(dpi=50)
Tables = dict[str, list[Path]]
READS = {
    "bridge_as_vs_inference": ("bits", "scores"),
    "bridge_reliance": ("networks",),
    "bridge_readout": ("readout",),
    "bridge_recomposition": ("compositions",),
}


@pytest.mark.parametrize("figure", READS)
def test_figures_are_drawn(figure: str, bridge_tables: Tables, tmp_path: Path) -> None:
    draw(figure, {name: bridge_tables[name] for name in READS[figure]}, tmp_path / "x.png", SETTINGS)
    assert not read_numbers(tmp_path / "x.csv").empty
    with pytest.raises(WhichtaskError, match=READS[figure][-1]):
        numbers(figure, {name: bridge_tables[name] for name in READS[figure][:-1]}, SETTINGS)


def test_correlations_are_over_bits_and_seeds(bridge_tables: Tables) -> None:
    table = numbers("bridge_as_vs_inference", {name: bridge_tables[name] for name in ("bits", "scores")}, SETTINGS)
    rho = table[(table["row"] == "rho") & (table["width"] == "main") & (table["data"] == "factors32")]
    whole = rho[(rho["source"] == "all") & (rho["method"] == "one-step")].iloc[0]
    assert whole["n"] == 30
    assert whole["seeds"] == 3
    assert 0.9 < whole["rho_low"] < whole["rho"] <= whole["rho_high"]
    assert set(rho["source"]) == {"all", "discovered", "human", "pca", "untrained", "random", "permuted"}
    other = table[(table["row"] == "rho") & (table["width"] == "other") & (table["source"] == "all")]
    assert other["rho"].isna().all()  # all bits are at chance there
    mean = table[(table["row"] == "mean") & (table["width"] == "main") & (table["source"] == "random")].iloc[0]
    assert mean["balanced"] == pytest.approx(0.42, abs=0.005)


def test_the_mean_over_compositions_leaves_out_coins(bridge_tables: Tables) -> None:
    table = numbers("bridge_recomposition", {"compositions": bridge_tables["compositions"]}, SETTINGS)
    means = table[(table["row"] == "mean") & (table["source"] == "pca") & (table["method"] == "iterative")]
    found = means[means["data"] == "factors32"].set_index("kind")["balanced"]
    assert found["all compositions"] == pytest.approx(0.97)
    assert found["fair coin"] == pytest.approx(0.5)
