"""One search for each network, as at paper scale: what is searched, scored and drawn; and which are headlines."""

from pathlib import Path

import pandas as pd
import pytest
from projects import ROOT

from whichtask.config import Config, read_config
from whichtask.errors import WhichtaskError
from whichtask.figures.td.scores import numbers_by_network
from whichtask.plan.drawn import Drawn
from whichtask.plan.plan import Plan

CLAIMS = ROOT / "config" / "claims.yaml"
OWN = {"plan": {"networks": ["cnn", "mlp"], "searches": ["mlp"], "network_images": 500}}


def test_each_network_is_searched_and_scores_what_it_found() -> None:
    plan = Plan(read_config([], OWN), 7)
    found = plan.searches["fashion_mnist"]["discovered-mlp"]
    assert (found.discovery.encoder, found.discovery.network) == ("mlp", "mlp")
    assert found.discovery.outer_steps == plan.settings.discovery.outer_steps, "as the main search does"
    folder = "results/agreement/fashion_mnist"
    assert {f"{folder}/mlp/images-500/discovered-mlp.csv", f"{folder}/cnn/images-500/discovered.csv"} < {
        *plan.by_network
    }
    assert "discovered-mlp" not in plan.of_studies("")
    assert not [path for path in Plan(Config(), 7).by_network if "discovered" in path]


def test_tasks_of_all_these_searches_are_discovered_ones(tmp_path: Path) -> None:
    tables = []
    for network, name in {"cnn": "discovered", "mlp": "discovered-mlp"}.items():
        row = {"data": "d", "network": network, "set": name, "pair": 0, "network_1": 0, "network_2": 1}
        row |= dict.fromkeys(("agreement", "agreement_low", "agreement_high", "train_accuracy"), 0.9)
        row |= {"chance_agreement": 0.5, "images_train": 100}
        tables.append(tmp_path / f"{network}.csv")
        pd.DataFrame([row | {"task": f"{name}_{task}"} for task in range(3)]).to_csv(tables[-1], index=False)
    numbers = numbers_by_network({"tables": tables})
    assert set(numbers["set"]) == {"discovered"}
    assert set(numbers.loc[numbers["row"] == "mean", "network"]) == {"cnn", "mlp"}


def test_a_search_needs_a_network_and_a_headline_a_figure() -> None:
    with pytest.raises(WhichtaskError, match=r"plan\.searches: unknown network 'lenet'"):
        read_config([], {"plan": {"searches": ["lenet"]}})
    wrong = Plan(read_config([], {"plan": {"headlines": ["td_none"]}}), 7)
    with pytest.raises(WhichtaskError, match=r"plan\.headlines: no figure 'td_none'; allowed: td_"):
        Drawn(wrong, CLAIMS)


def test_headlines_and_ablations_are_all_of_task_discovery() -> None:
    drawn = Drawn(Plan(read_config([], {"plan": {"headlines": ["td_proxy"]}}), 7), CLAIMS)
    further = set(drawn.further_files("td_"))
    assert "results/figures/td_proxy.png" in drawn.headlines
    assert not further & set(drawn.headlines)
    assert further | {path for path in drawn.headlines if "/td_" in path} == set(drawn.all_files("td_"))
