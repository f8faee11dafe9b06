"""Cards that are not whole, and claims that are wrong: one clear sentence before anything runs."""

import shutil
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from projects import ROOT, Project

from whichtask.config import Config
from whichtask.errors import WhichtaskError
from whichtask.plan.checks import check_cards
from whichtask.plan.drawn import Drawn
from whichtask.plan.experiments import EXPERIMENTS
from whichtask.plan.figures import FIGURES
from whichtask.plan.plan import Plan

CLAIMS = Path(__file__).parents[2] / "config" / "claims.yaml"


@pytest.fixture
def plan() -> Plan:
    return Plan(Config(), 5)


def test_all_cards_are_whole_and_that_is_quickly_seen(plan: Plan) -> None:
    start = process_time()
    check_cards(plan)
    assert process_time() - start < 0.3


CARDS: dict[str, tuple[str, dict[str, Any], str]] = {
    # What is wrong: experiment or figure, what its card says instead, the error.
    "no module of an experiment": (
        "proxy",
        {"function": "whichtask.studies.prox:measure_proxy"},
        "the card of experiment 'proxy' names whichtask.studies.prox:measure_proxy, "
        "but there is no module whichtask.studies.prox",
    ),
    "no function of an experiment": (
        "proxy",
        {"function": "whichtask.studies.proxy:measure"},
        "names whichtask.studies.proxy:measure, but .* defines no measure; it defines .*, measure_proxy",
    ),
    "no module of a figure": (
        "td_similarity",
        {"code": "td.similar"},
        "the card of figure 'td_similarity' names whichtask.figures.td.similar:numbers, but there is no module",
    ),
    "no numbers of a figure": (
        "td_as_by_source",
        {"code": "td.scores:by_sauce"},
        "names .*:numbers_by_sauce, but .* defines no numbers_by_sauce; it defines .*numbers_by_source",
    ),
    "no animation": ("td_similarity", {"animated": True}, "td.similarity defines no animate; it defines numbers, draw"),
    "the file of another experiment": (
        "coverage",
        {"out": "proxy/{data}.csv"},
        "the cards of experiment 'proxy' and experiment 'coverage' both write results/proxy/",
    ),
    "a file that another's wildcard may stand for": (
        "coverage",
        {"out": "explain/fashion_mnist.csv"},
        "experiment 'explain' and experiment 'coverage' both write results/explain/fashion_mnist.csv",
    ),
    "a file beside its folder": (
        "factors",
        {"also": {"summary": "gbi/toy/{repeat}/rates.csv"}},
        "experiment 'factors' and experiment 'gbi toy' both write results/gbi/toy/0/rates.csv",
    ),
    "the log of another": ("coverage", {"out": "proxy/{data}/"}, "both write results/logs/proxy/.*.log"),
    "the file of a figure": (
        "coverage",
        {"out": "figures/td_similarity.csv"},
        "experiment 'coverage' and figure 'td_similarity' both write results/figures/td_similarity.csv",
    ),
}


@pytest.mark.parametrize("wrong", CARDS)
def test_a_card_that_is_not_whole_is_one_sentence(wrong: str, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    name, changes, message = CARDS[wrong]
    cards: dict[str, Any] = EXPERIMENTS if name in EXPERIMENTS else FIGURES
    monkeypatch.setitem(cards, name, cards[name]._replace(**changes))
    with pytest.raises(WhichtaskError, match=message) as caught:
        check_cards(plan)
    assert "\n" not in str(caught.value)


def test_claims_are_of_figures_that_exist(tmp_path: Path, plan: Plan) -> None:
    assert set(Drawn(plan, CLAIMS).claimed("claims")) <= set(FIGURES)
    text = CLAIMS.read_text().replace("figure: td_as_by_network,", "figure: td_as_by_networks,", 1)
    (tmp_path / "claims.yaml").write_text(text)
    with pytest.raises(WhichtaskError, match=r"claim '\w+' of .*: there is no figure 'td_as_by_networks'; allowed: td"):
        Drawn(plan, tmp_path / "claims.yaml")


@pytest.mark.parametrize("text", ["", "claims", "claims: [a]", "claims: [{id: a}]", "claims: [", "a: 1"])
def test_claims_that_are_none_are_one_sentence(text: str, tmp_path: Path, plan: Plan) -> None:
    (tmp_path / "claims.yaml").write_text(text)
    with pytest.raises(WhichtaskError, match="cannot read the claims|the file must hold 'groups'") as caught:
        Drawn(plan, tmp_path / "claims.yaml")
    assert "\n" not in str(caught.value)


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    def edited(folder: Path) -> None:
        text = (folder / path).read_text()
        assert old in text
        (folder / path).write_text(text.replace(old, new, 1))

    return edited


FILE = "config/claims.yaml"
KEPT = "results/reference/laptop/td_as_by_source.csv"
CARD = "src/whichtask/plan/experiments.py"
SAID: dict[str, tuple[Callable[[Path], None], list[str], str]] = {
    # What is wrong: what is done to the project, what is asked for, what Snakemake says.
    "no function": (
        edit(CARD, "proxy:measure_proxy", "proxy:measure"),
        [],
        "the card of experiment 'proxy' names whichtask.studies.proxy:measure, but",
    ),
    "a claim of no figure": (
        edit(FILE, "figure: td_as_by_network,", "figure: td_as,"),
        [],
        "there is no figure 'td_as'; allowed: td_examples, ",
    ),
    "two claims with one id": (
        edit(FILE, "id: human_fitted", "id: random_fitted"),
        [],
        "config/claims.yaml: the id 'random_fitted' is used by two claims",
    ),
    "a tolerance without a source": (
        edit(FILE, "tolerance: share of tasks", "tolerance: 0.05"),
        [],
        "tolerance: 0.05 has no source: name an entry of tolerances",
    ),
    "an unknown column": (
        edit(FILE, "measured: {against: {set: human}}", "measured: {value: agreemint, against: {set: human}}"),
        [],
        "claim 'discovered_on_par_with_human': td_as_by_source has no column 'agreemint'; it has ",
    ),
    "an unknown unit": (
        edit(FILE, "measured: {against: {set: human}}", "measured: {over: tusk, against: {set: human}}"),
        [],
        "claim 'discovered_on_par_with_human': td_as_by_source has no unit 'tusk'; it has ",
    ),
    "an unknown row": (
        edit(FILE, "measured: {against: {set: human}}", "measured: {against: {set: humans}}"),
        [],
        "claim 'discovered_on_par_with_human': no row of td_as_by_source has set 'humans'; it has discovered, human, ",
    ),
    "an unknown figure": (lambda folder: None, ["td_similarty"], "No rule to produce td_similarty"),
}


@pytest.mark.workflow
@pytest.mark.parametrize("wrong", SAID)
def test_snakemake_says_it_in_a_dry_run(wrong: str, tmp_path: Path) -> None:
    spoil, targets, message = SAID[wrong]
    project = Project(tmp_path)
    (tmp_path / KEPT).parent.mkdir(parents=True)
    shutil.copy(ROOT / KEPT, tmp_path / KEPT)
    spoil(tmp_path)
    run = project.smoke("-n", "--", *targets) if targets else project.smoke("-n")
    said = run.stdout + run.stderr
    assert run.returncode == 1
    assert message in said
    assert "Traceback" not in said
    assert not project.results.exists()
