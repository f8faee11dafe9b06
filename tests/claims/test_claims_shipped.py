"""The shipped claims: each is measured at every scale for which it is meant, on the rows that its settings make."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from whichtask.claims import evaluate, load_claims
from whichtask.claims.verdicts import NOT_COMPARABLE
from whichtask.config import BASE, MAIN, REGULATED, read_config
from whichtask.plan.claims import COMPARABLE_AT, RELATIVE, Claim, Measured, Value, check_rows
from whichtask.plan.figures import FIGURES
from whichtask.plan.plan import Plan

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "config" / "claims.yaml"
CONFIGS: dict[str, list[Path]] = {"laptop": [], "paper": [ROOT / "config" / "paper.yaml"]}
CLAIMS = load_claims(SHIPPED)
# What settings put into a column of a figure; all other text that claims name is decided by code.
DECIDED: dict[tuple[str, str], Callable[[Plan], list[Any]]] = {
    ("td_as_by_network", "network"): lambda plan: plan.settings.plan.networks,
    ("td_as_by_source", "network"): lambda plan: [plan.main],
    ("td_splits_table", "network"): lambda plan: [plan.main],
    ("td_as_by_images", "images_train"): lambda plan: plan.settings.plan.image_sweep,
    ("td_dimension", "group"): lambda plan: [f"{d}, {k}" for d, k in plan.settings.studies.sizes],
    ("td_cross_network", "group"): lambda plan: [plan.main, *plan.settings.studies.networks],
    ("td_cross_network", "network"): lambda plan: [plan.main, *plan.settings.studies.networks],
    ("td_tradeoff", "uniformity_weight"): lambda plan: plan.settings.studies.uniformity_weights,
    ("td_regulation", "group"): lambda _: [BASE, REGULATED, MAIN],
    ("td_regulation_factors", "group"): lambda plan: [plan.attackers, REGULATED],
    ("td_dynamics", "outer_step"): lambda plan: [0, plan.settings.dynamics.outer_steps],
    ("gbi_toy_modules", "share"): lambda plan: plan.settings.gbi.toy.active_shares,
    ("gbi_toy_modules", "blocks"): lambda plan: [plan.settings.gbi.toy.checkpoint_blocks, plan.settings.gbi.toy.blocks],
    ("gbi_toy_forgetting", "std"): lambda plan: [plan.settings.gbi.toy.task.stds[0], *plan.settings.gbi.toy.noise],
    ("gbi_toy_generalisation", "blocks"): lambda plan: [
        plan.settings.gbi.toy.early_blocks,
        plan.settings.gbi.toy.blocks,
    ],
    ("gbi_language_novel", "step"): lambda plan: plan.settings.gbi.language.novel_steps,
    ("gbi_language_novel", "domain"): lambda plan: plan.settings.gbi.language.held_out,
    ("gbi_compute", "width"): lambda plan: plan.settings.gbi.compute.widths,
    ("gbi_compute", "tasks"): lambda plan: plan.settings.gbi.compute.tasks,
    ("gbi_images_learning", "learned_images"): lambda plan: plan.settings.gbi.images.more.learning.train_images,
    **{
        (f"bridge_{figure}", "data"): lambda plan: [plan.settings_of[name].data.name for name in plan.bridged]
        for figure in ("as_vs_inference", "reliance", "recomposition")
    },
}
# Numbers that code decides.
FIXED = {("td_gallery_uninterpretable", "side"), ("td_gallery_uninterpretable", "rank"),
         ("gbi_toy_gradients", "observations")}  # fmt: skip
# What a run with the shipped settings does not have: images that a user brings, answers of people.
BROUGHT = {"imagenet", "celeba"}


def tiny_rows(claim: Claim, measured: Measured, plan: Plan) -> Iterator[dict[str, Any]]:
    """Yield rows of the claim's figure as its settings make them, with enough units for an interval."""
    for wanted in (measured.rows, *([measured.other] if measured.other else [])):
        columns = {column: values_of(claim.figure, column, value, plan) for column, value in wanted.items()}
        for values in itertools.product(*columns.values()):
            row = dict(zip(columns, values, strict=True))
            for index, unit in enumerate(units_of(claim, measured)):
                numbers = {measured.value: 0.5 + 0.01 * index, measured.minus: 0.5, measured.trained: 1.0}
                numbers |= dict(zip(measured.ends or (), (0.4, 0.6), strict=False))
                yield unit | row | {name: value for name, value in numbers.items() if name} | data_of(claim, plan)


def values_of(figure: str, column: str, value: Value, plan: Plan) -> list[Any]:
    if (figure, column) in DECIDED:
        return list(DECIDED[figure, column](plan))
    assert value not in RELATIVE, f"DECIDED does not say which settings decide {column} of {figure}"
    assert isinstance(value, str) or (figure, column) in FIXED, f"which settings decide {column} of {figure}?"
    return [value]


def units_of(claim: Claim, measured: Measured) -> list[dict[str, Any]]:
    n = claim.needs.tasks or 4
    if measured.statistic == "pairwise":
        return [{"task_a": a, "task_b": b} for a, b in itertools.combinations(range(n), 2)]
    if measured.statistic == "given":
        return [dict.fromkeys(measured.units, 3)]
    if len(measured.units) == 1:
        return [{measured.units[0]: index} for index in range(n)]
    first, second = measured.units
    return [{first: a, second: b} for a in range(2) for b in range(2)]


def data_of(claim: Claim, plan: Plan) -> dict[str, str]:
    """Return the data of the figures of GBI that name theirs."""
    if claim.figure == "gbi_cifar100_table":
        return {"data": {"either": "cifar100"}.get(plan.settings.gbi.hundred, plan.settings.gbi.hundred)}
    return {"data": "mnist"} if claim.figure in ("gbi_mnist_table", "gbi_ood_table") else {}


def verdicts(scale: str) -> pd.DataFrame:
    plan = Plan(read_config(CONFIGS[scale]), 7)
    assert plan.settings.scale == scale
    rows: dict[str, list[dict[str, Any]]] = {}
    for claim in CLAIMS:
        if claim.measured:
            rows.setdefault(claim.figure, []).extend(tiny_rows(claim, claim.measured, plan))
    # Rows that several claims name are there once.
    tables = {figure: pd.DataFrame(found).drop_duplicates() for figure, found in rows.items()}
    return evaluate(SHIPPED, tables, scale, plan.data)


@pytest.mark.parametrize("scale", CONFIGS)
def test_every_claim_is_measured_at_every_scale_for_which_it_is_meant(scale: str) -> None:
    found = verdicts(scale)
    meant = {claim.id for claim in CLAIMS if claim.measured and scale in COMPARABLE_AT[claim.kind]}
    brought = {claim.id for claim in CLAIMS if claim.needs.data and BROUGHT & set(claim.needs.data)}
    assert len(meant) > 50
    for name, rows in found[found["id"].isin(meant)].groupby("id"):
        assert np.isfinite(rows["ours"]).all(), name
        assert rows["claim_verdict"].iloc[0] in (
            {NOT_COMPARABLE} if name in brought else {"agrees", "differs", "undecided"}
        ), rows[["case", "verdict", "note"]]


def test_cases_follow_the_settings() -> None:
    found = verdicts("paper").groupby("id")["case"].agg(list)
    assert found["gbi_language_novel"] == read_config().gbi.language.held_out
    assert found["human_above_random"] == [
        *(f"compared networks, {name}" for name in ("resnet18", "mlp", "vit")),
        "main network, resnet18",
    ]


def test_no_two_claims_share_an_id_and_the_regions_are_regions() -> None:
    ids = [entry["id"] for group in yaml.safe_load(SHIPPED.read_text())["groups"] for entry in group["claims"]]
    assert len(ids) == len(set(ids)) == len({claim.id for claim in CLAIMS}) > 80
    for claim in CLAIMS:
        low, high = claim.accepted()
        assert low <= high
        # Memory is marked where a reader sees it; no number of Task Discovery rests on it.
        if claim.source.tag == "M":
            assert "memory" in claim.note
            assert claim.paper_value is None or claim.paper == "GBI"
        # An ordering has no tolerance, unless the text only says that nothing is lost.
        if claim.tolerance is None:
            assert claim.paper_value is None or claim.kind in ("fact", "question")


def test_the_numbers_are_those_of_the_fact_sheet() -> None:
    numbers = {(claim.id, claim.case): (claim.paper_value, claim.paper_sd, claim.paper_n) for claim in CLAIMS}
    assert numbers["discovered_mean", "ResNet-18, d = 32"] == (0.879, 0.010, 32)
    assert numbers["discovered_mean", "MLP, d = 32"] == (0.941, 0.009, 32)
    assert numbers["discovered_mean", "ViT, d = 32"] == (0.704, 0.035, 32)
    # The eight published scores of the ResNet-18 d=8 run.
    published = [0.964, 0.931, 0.958, 0.927, 0.920, 0.884, 0.943, 0.923]
    assert numbers["discovered_mean", "ResNet-18, d = 8"] == (round(float(np.mean(published)), 3), 0.024, 8)
    # Web page: random and adversarial splits.
    for case, random, adversarial in (("2-way targets", 0.81, 0.17), ("10-way targets", 0.78, 0.41)):
        assert numbers["random_split_accuracy", case][0] == random
        assert numbers["adversarial_split_accuracy", case][0] == adversarial
    assert [numbers["celeba_split_accuracy", case][0] for case in ("random", "adversarial")] == [0.94, 0.29]
    assert [numbers["imagenet_split_accuracy", case][0] for case in ("random", "adversarial")] == [0.59, 0.42]


def test_colour_is_judged_where_images_have_colour() -> None:
    table = verdicts("laptop").set_index(["id", "case"])
    for name in ("regulated_less_colour", "regulated_invariant_to_colour_jitter"):
        assert table.loc[(name, "main images"), "verdict"] == NOT_COMPARABLE
        assert table.loc[(name, "factors32"), "verdict"] in ("agrees", "differs", "undecided")


def test_open_questions_name_a_figure_and_people_are_waited_for() -> None:
    questions = [claim for claim in CLAIMS if claim.kind == "question"]
    assert len(questions) == 6
    assert {claim.figure for claim in questions} <= set(FIGURES)
    (quiz,) = [claim for claim in CLAIMS if claim.waits]
    assert quiz.id == "people_above_half"


@pytest.mark.parametrize("scale", CONFIGS)
def test_the_rows_are_known_before_anything_is_measured(scale: str) -> None:
    check_rows(CLAIMS, ROOT, read_config(CONFIGS[scale]))
