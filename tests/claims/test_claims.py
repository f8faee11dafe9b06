"""The rule of the verdicts, what each statistic measures, and what bad claims say."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from whichtask.artifacts import write_csv
from whichtask.claims import evaluate, load_claims, verdict_of, write
from whichtask.errors import WhichtaskError
from whichtask.figures import read_numbers
from whichtask.plan.figures import FIGURES
from whichtask.stats import Estimate

SHIPPED = Path(__file__).parents[2] / "config" / "claims.yaml"
NUMBER: dict[str, Any] = {
    "id": "number",
    "statement": "Tasks score 0.9.",
    "figure": "td_as_by_source",
    "kind": "number",
    "paper_value": 0.9,
    "tolerance": 0.03,
    "unit": "agreement score",
    "source": {"tag": "A", "where": "a table"},
    "certainty": "certain",
    "measure": {"statistic": "mean", "set": "human", "network": "cnn"},
}
ORDERING: dict[str, Any] = {
    **{key: value for key, value in NUMBER.items() if key != "paper_value"},
    "id": "ordering",
    "kind": "effect",
    "paper_low": 0.1,
    "tolerance": 0.0,
    "measure": {"statistic": "difference", "set": "human", "against": "random"},
}
DROP: dict[str, Any] = {
    **{key: value for key, value in ORDERING.items() if key != "paper_low"},
    "id": "drop",
    "figure": "td_splits_table",
    "paper_high": -0.1,
    "measure": {"statistic": "split_drop", "kind": "binary"},
}
ADVERSARIAL: dict[str, Any] = NUMBER | {
    "id": "adversarial",
    "figure": "td_splits_table",
    "paper_value": 0.2,
    "measure": {"statistic": "split_accuracy", "kind": "binary", "split": "adversarial", "network": "cnn"},
}
ends = st.floats(-1, 2)


def agreement(kind: str, network: str, means: list[float], pairs: int = 2, data: str = "cifar10") -> pd.DataFrame:
    rows = [
        {
            "data": data,
            "network": network,
            "set": kind,
            "task": f"{kind}_{k:03d}",
            "pair": pair,
            "agreement": mean + 0.004 * pair,
            "agreement_low": mean - 0.01,
            "agreement_high": mean + 0.01,
            "chance_agreement": 0.5,
            "train_accuracy": 1 - 0.01 * k,
            "images_train": 100,
        }
        for k, mean in enumerate(means)
        for pair in range(pairs)
    ]
    return pd.DataFrame(rows)


def split_table(network: str, drops: list[float], kind: str = "binary", data: str = "cifar10") -> pd.DataFrame:
    """Two networks on each split of every pair; pairs differ much in accuracy and by ``drops`` between splits."""
    rows = [
        {
            "data": data,
            "network": network,
            "kind": kind,
            "target": f"human_{k % 2:03d}",
            "task": f"discovered_{k // 2:03d}",
            "split": split,
            "seed": seed,
            "test_accuracy": 0.8 + 0.05 * k - (drop if split == "adversarial" else 0) + (0.02 * seed - 0.01),
            "train_accuracy": 0.98 if split == "adversarial" else 1.0,
            "images_train": 100 + 10 * k,
            "images_test": 100,
            "n_classes": 2,
        }
        for k, drop in enumerate(drops)
        for split in ("adversarial", "random")
        for seed in range(2)
    ]
    return pd.DataFrame(rows)


def verdicts(
    claims: list[dict[str, Any]],
    tables: list[pd.DataFrame],
    folder: Path,
    scale: str = "paper",
    data: str = "cifar10",
    similarity: list[Path] | None = None,
    splits: list[pd.DataFrame] | None = None,
) -> pd.DataFrame:
    folder.mkdir(exist_ok=True)
    (folder / "claims.yaml").write_text(yaml.safe_dump({"claims": claims}))
    paths = []
    for index, table in enumerate(tables):
        paths.append(folder / f"{index}.csv")
        write_csv(paths[-1], table)
    of_splits = []
    for index, table in enumerate(splits or []):
        of_splits.append(folder / f"splits_{index}.csv")
        write_csv(of_splits[-1], table)
    return evaluate(folder / "claims.yaml", paths, similarity or [], scale, data, of_splits)


def test_the_shipped_claims_are_valid_and_their_ids_unique() -> None:
    claims = load_claims(SHIPPED)
    assert len({claim.id for claim in claims}) == len(claims) >= 12
    assert {claim.figure for claim in claims} <= set(FIGURES)
    for claim in claims:
        low, high = claim.accepted()
        assert low < high
        # Memory is marked where a reader sees it; no number of Task Discovery rests on it.
        if claim.source.tag == "M":
            assert "memory" in claim.note
            assert claim.paper_value is None or claim.paper == "GBI"


def test_the_shipped_numbers_are_those_of_the_fact_sheet() -> None:
    numbers = {claim.id: (claim.paper_value, claim.paper_sd, claim.paper_n) for claim in load_claims(SHIPPED)}
    assert numbers["discovered_resnet18_d32"] == (0.879, 0.010, 32)
    assert numbers["discovered_mlp_d32"] == (0.941, 0.009, 32)
    assert numbers["discovered_vit_d32"] == (0.704, 0.035, 32)
    # Web page: random and adversarial splits of CIFAR-10.
    for kind, random, adversarial in (("binary", 0.81, 0.17), ("classes", 0.78, 0.41)):
        assert numbers[f"random_{kind}_accuracy"][0] == random
        assert numbers[f"adversarial_{kind}_accuracy"][0] == adversarial
    # The eight published scores of the ResNet-18 d=8 run.
    published = [0.964, 0.931, 0.958, 0.927, 0.920, 0.884, 0.943, 0.923]
    assert numbers["discovered_resnet18_d8"] == (round(float(np.mean(published)), 3), 0.024, 8)


@given(low=ends, width=st.floats(0, 1), region_low=ends, region_width=st.floats(0, 1))
def test_a_verdict_says_where_the_interval_lies(
    low: float, width: float, region_low: float, region_width: float
) -> None:
    high, region_high = low + width, region_low + region_width
    verdict = verdict_of(Estimate((low + high) / 2, low, high, 5), (region_low, region_high))
    inside = [region_low <= end <= region_high for end in (low, high)]
    apart = high < region_low or low > region_high
    assert verdict == ("agrees" if all(inside) else "differs" if apart else "undecided")


@given(low=ends, width=st.floats(0, 1), bound=ends, more=st.floats(0, 1))
def test_a_wider_region_never_turns_agreement_into_difference(
    low: float, width: float, bound: float, more: float
) -> None:
    estimate = Estimate(low, low, low + width, 5)
    order = ["differs", "undecided", "agrees"]
    narrow, wide = (verdict_of(estimate, (bound - by, math.inf)) for by in (0.0, more))
    assert order.index(wide) >= order.index(narrow)


def test_one_task_decides_nothing(tmp_path: Path) -> None:
    assert verdict_of(Estimate(0.9, math.nan, math.nan, 1), (0.0, 1.0)) == "undecided"
    (row,) = verdicts([NUMBER], [agreement("human", "cnn", [0.9])], tmp_path).to_dict("records")
    assert (row["verdict"], row["n"]) == ("undecided", 1)
    assert math.isnan(row["low"])


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), shift=st.floats(-0.05, 0.05))
def test_a_verdict_does_not_depend_on_the_order_of_rows(seed: int, shift: float, tmp_path: Path) -> None:
    human = agreement("human", "cnn", [0.85 + shift, 0.9 + shift, 0.93 + shift], pairs=3)
    whole = pd.concat([human, agreement("random", "cnn", [0.74, 0.78, 0.8], pairs=3)])
    shuffled = whole.sample(frac=1, random_state=seed)
    first, second = (verdicts([NUMBER, ORDERING], [table], tmp_path) for table in (whole, shuffled))
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.parametrize(
    ("scale", "number", "effect"),
    [
        ("paper", "agrees", "agrees"),
        ("laptop", "not comparable", "agrees"),
        ("smoke", "not comparable", "not comparable"),
    ],
)
def test_scale_decides_what_is_comparable(scale: str, number: str, effect: str, tmp_path: Path) -> None:
    tables = [agreement("human", "cnn", [0.9, 0.91, 0.92]), agreement("random", "cnn", [0.6, 0.61, 0.62])]
    first, second = verdicts([NUMBER, ORDERING], tables, tmp_path, scale)["verdict"]
    assert first.startswith(number)
    assert second.startswith(effect)


def test_data_and_number_of_tasks_must_be_the_claims(tmp_path: Path) -> None:
    tables = [agreement("human", "cnn", [0.9, 0.91, 0.92])]
    for needs, reason in (
        ({"data": ["mnist"]}, "Needs data mnist."),
        ({"tasks": 8}, "Needs 8 tasks."),
        ({"data": ["cifar10"], "tasks": 3}, ""),
    ):
        (row,) = verdicts([NUMBER | {"needs": needs}], tables, tmp_path).to_dict("records")
        assert row["note"] == reason
        assert (row["verdict"] == "agrees") == (not reason)
        assert row["ours"] == pytest.approx(0.912)


def test_each_network_that_has_both_sets_gets_a_verdict(tmp_path: Path) -> None:
    tables = [
        agreement("human", "cnn", [0.9, 0.91, 0.92]),
        agreement("random", "cnn", [0.6, 0.61]),
        agreement("human", "mlp", [0.6, 0.61, 0.62]),
        agreement("random", "mlp", [0.58, 0.59, 0.6]),
        agreement("human", "vit", [0.9, 0.9]),
    ]
    rows = verdicts([ORDERING], tables, tmp_path).to_dict("records")
    assert [(row["network"], row["verdict"]) for row in rows] == [("cnn", "agrees"), ("mlp", "differs")]
    assert rows[0]["ours"] == pytest.approx(0.305)
    # Of the set that is fitted worst: three human tasks at 1, 0.99, 0.98.
    assert rows[0]["train_accuracy"] == pytest.approx(0.99)


def test_what_is_not_in_the_tables_is_not_measured(tmp_path: Path) -> None:
    similarity = NUMBER | {"id": "similar", "measure": {"statistic": "similarity", "set": "human"}}
    for tables in ([], [agreement("random", "cnn", [0.6, 0.7])]):
        table = verdicts([NUMBER, ORDERING, similarity], tables, tmp_path)
        assert table["verdict"].tolist() == ["not measured"] * 3
        assert table["ours"].isna().all()


def test_two_networks_are_compared_task_by_task(tmp_path: Path) -> None:
    measure = {"statistic": "difference", "set": "human", "network": "a", "against": "human", "against_network": "b"}
    claim = ORDERING | {"paper_low": 0.0, "measure": measure}
    spread = [0.6, 0.75, 0.9]
    tables = [agreement("human", "a", [*spread, 0.1]), agreement("human", "b", [value - 0.01 for value in spread])]
    (row,) = verdicts([claim], tables, tmp_path).to_dict("records")
    assert (row["network"], row["n"], row["verdict"]) == ("a, b", 3, "agrees")
    assert [row["low"], row["high"]] == pytest.approx([0.01, 0.01])


def test_other_statistics(tmp_path: Path) -> None:
    share = {"statistic": "share_above", "set": "human", "against": "random"}
    chance = {"statistic": "mean", "set": "random", "column": "agreement_above_chance"}
    similar = {"statistic": "similarity", "set": "human"}
    claims = [
        NUMBER | {"id": "share", "paper_value": 1.0, "measure": share},
        NUMBER | {"id": "chance", "paper_value": 0.0, "measure": chance},
        NUMBER | {"id": "similar", "kind": "fact", "paper_value": 0.6, "measure": similar},
    ]
    tables = [agreement("human", "cnn", [0.5, 0.8, 0.9, 0.9]), agreement("random", "cnn", [0.5, 0.6], pairs=1)]
    pairs = pd.DataFrame({"task_a": ["a", "a", "b"], "task_b": ["b", "c", "c"], "agreement_similarity": [0.6] * 3})
    write_csv(tmp_path / "human.csv", pairs)
    table = verdicts(claims, tables, tmp_path / "x", scale="paper", similarity=[tmp_path / "human.csv"])
    assert table["ours"].tolist() == pytest.approx([0.75, 0.05, 0.6])
    assert table["n"].tolist() == [4, 2, 3]
    assert table["verdict"].iloc[2] == "agrees"
    smoke = verdicts(claims[2:], [], tmp_path / "x", scale="smoke", similarity=[tmp_path / "human.csv"])
    assert smoke["verdict"].tolist() == ["agrees"], "a fact needs no training"


def test_splits_are_compared_pair_by_pair(tmp_path: Path) -> None:
    tables = [split_table("cnn", [0.5, 0.52, 0.54]), split_table("mlp", [0.0, 0.02, 0.04])]
    rows = verdicts([DROP, ADVERSARIAL], [], tmp_path, splits=tables).to_dict("records")
    assert [(row["id"], row["network"], row["verdict"], row["n"]) for row in rows] == [
        ("drop", "cnn", "agrees", 3),
        ("drop", "mlp", "differs", 3),
        ("adversarial", "cnn", "differs", 3),
    ]
    assert rows[0]["ours"] == pytest.approx(-0.52)
    assert -0.54 - 1e-9 <= rows[0]["low"] <= rows[0]["high"] <= -0.5 + 1e-9, "what pairs have in common cancels"
    assert rows[2]["ours"] == pytest.approx(0.85 - 0.52)
    # Of the split that is fitted worst; the pairs have 100, 110 and 120 images.
    assert (rows[0]["train_accuracy"], rows[0]["images_train"]) == (pytest.approx(0.98), 110)
    write(pd.DataFrame(rows), tmp_path / "claims.csv", tmp_path / "claims.md")
    assert "at most -0.1" in (tmp_path / "claims.md").read_text()


def test_the_number_of_networks_on_a_pair_gives_it_no_weight(tmp_path: Path) -> None:
    table = split_table("cnn", [0.5, 0.7])
    fewer = table[~((table["task"] == "discovered_000") & (table["target"] == "human_001") & (table["seed"] == 1))]
    whole, part = (verdicts([DROP], [], tmp_path, splits=[t]).iloc[0] for t in (table, fewer))
    assert whole["ours"] == pytest.approx(part["ours"])


@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_a_verdict_on_splits_does_not_depend_on_the_order_of_rows(seed: int, tmp_path: Path) -> None:
    table = split_table("cnn", [0.05, 0.1, 0.2])
    shuffled = table.sample(frac=1, random_state=seed)
    first, second = (verdicts([DROP, ADVERSARIAL], [], tmp_path, splits=[rows]) for rows in (table, shuffled))
    pd.testing.assert_frame_equal(first, second)


def test_splits_that_were_not_trained_are_not_measured(tmp_path: Path) -> None:
    for splits in ([], [split_table("cnn", [0.5], kind="classes")]):
        table = verdicts([DROP, ADVERSARIAL], [], tmp_path, splits=splits)
        assert table["verdict"].tolist() == ["not measured"] * 2
    (row,) = verdicts([DROP], [], tmp_path, splits=[split_table("cnn", [0.5])]).to_dict("records")
    assert (row["verdict"], row["n"]) == ("undecided", 1), "one pair has no interval"


def test_split_tables_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    table = split_table("cnn", [0.5, 0.6])
    with pytest.raises(WhichtaskError, match="the tables are of 'cifar10', not of 'mnist'"):
        verdicts([DROP], [], tmp_path, data="mnist", splits=[table])
    with pytest.raises(WhichtaskError, match="no random split of cnn, binary, human_000, discovered_000"):
        verdicts([DROP], [], tmp_path, splits=[table[table["split"] == "adversarial"]])


def test_the_written_table_says_it_all(tmp_path: Path) -> None:
    tables = [agreement("human", "cnn", [0.9, 0.91, 0.92]), agreement("random", "cnn", [0.6, 0.61, 0.62])]
    absent = NUMBER | {"id": "absent", "paper_sd": 0.01, "paper_n": 32, "measure": {"statistic": "mean", "set": "user"}}
    piped = ORDERING | {"statement": "a | b"}
    table = verdicts([NUMBER, piped, absent], tables, tmp_path)
    write(table, tmp_path / "claims.csv", tmp_path / "claims.md")
    assert pd.read_csv(tmp_path / "claims.csv")["verdict"].tolist() == table["verdict"].tolist()
    text = (tmp_path / "claims.md").read_text()
    assert "2 agrees, 1 not measured." in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count(" | ") for line in rows} == {8}
    assert "| 0.900 | 0.87 to 0.93 | 0.912 [" in rows[2]
    assert "at least 0.1" in rows[3]
    assert "0.900 (sd 0.010, n 32)" in rows[4]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tolerance": -1}, "tolerance: "),
        ({"tolerances": 0.1}, "tolerances: unknown key; did you mean 'tolerance'"),
        ({"certainty": "sure"}, "certainty: "),
        ({"figure": "td_none"}, "td_none"),
        ({"paper_low": 0.1}, "either paper_value, or paper_low"),
        ({"paper_value": None}, "either paper_value, or paper_low"),
        ({"certainty": "from_memory"}, "goes with the source tag M"),
        ({"measure": {"statistic": "median", "set": "human"}}, "measure.statistic: "),
        ({"measure": {"statistic": "mean", "set": "human", "colum": "agreement"}}, "measure.colum: unknown key"),
        ({"measure": {"statistic": "difference", "set": "human"}}, "measure: against goes with"),
        (
            {"measure": {"statistic": "difference", "set": "human", "against": "human", "against_network": "mlp"}},
            "measure: against_network goes with",
        ),
        ({"measure": {"statistic": "mean"}}, "measure: kind goes with"),
        ({"measure": {"statistic": "split_drop"}}, "measure: kind goes with"),
        ({"measure": {"statistic": "split_drop", "kind": "binary", "set": "human"}}, "measure: kind goes with"),
        ({"measure": {"statistic": "split_accuracy", "kind": "binary"}}, "measure: split goes with"),
        ({"measure": {"statistic": "split_drop", "kind": "binary", "split": "random"}}, "measure: split goes with"),
        (
            {"measure": {"statistic": "split_drop", "kind": "binary", "column": "agreement"}},
            "measure: column does not go with",
        ),
    ],
)
def test_a_bad_claim_is_named_with_its_key(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError) as caught:
        verdicts([ORDERING, NUMBER | change], [], tmp_path)
    assert "claim 'number' of" in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("claims: [", "cannot read the claims"),
        ("- a", "must hold one key, 'claims'"),
        ("claims: {a: 1}", "must hold one key, 'claims'"),
        ("claims: [3]", "claim 0 is no mapping"),
    ],
)
def test_a_file_that_holds_no_claims_is_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "claims.yaml").write_text(text)
    with pytest.raises(WhichtaskError, match=message):
        load_claims(tmp_path / "claims.yaml")


def test_a_missing_file_and_a_repeated_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match="cannot read the claims"):
        load_claims(tmp_path / "none.yaml")
    with pytest.raises(WhichtaskError, match="the id 'number' is used by two claims"):
        verdicts([NUMBER, NUMBER], [], tmp_path)


def test_tables_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    human = agreement("human", "cnn", [0.9, 0.91])
    with pytest.raises(WhichtaskError, match="the tables are of 'cifar10', not of 'mnist'"):
        verdicts([NUMBER], [human], tmp_path, data="mnist")
    with pytest.raises(WhichtaskError, match="unknown scale 'huge'; allowed: smoke, laptop, paper"):
        verdicts([NUMBER], [human], tmp_path, scale="huge")


def test_only_scores_at_the_same_number_of_images_are_compared(tmp_path: Path) -> None:
    human, random = agreement("human", "cnn", [0.9, 0.91]), agreement("random", "cnn", [0.5, 0.51])
    few, many = human.assign(images_train=50, agreement=0.7), human.assign(images_train=500)
    difference = NUMBER | {"id": "gap", "measure": {"statistic": "difference", "set": "human", "against": "random"}}
    found = verdicts([NUMBER, difference], [few, many, random.assign(images_train=50)], tmp_path).set_index("id")
    assert found.loc["number", "images_train"] == 500, "one kind alone: the largest number there is"
    assert found.loc["gap", "images_train"] == 50, "the largest that both kinds have"
    assert found.loc["gap", "ours"] == pytest.approx(0.7 - 0.507)
    apart = verdicts([difference], [many, random], tmp_path / "apart")
    assert apart["verdict"].tolist() == ["not measured"]


DRAWN: dict[str, Any] = {
    **{key: value for key, value in ORDERING.items() if key not in ("measure", "paper_low")},
    "id": "drawn",
    "figure": "td_similarity",
    "paper_high": 0.0,
    "drawn": {
        "value": "share",
        "rows": {"set": "regulated", "row": "task"},
        "against": {"set": "base", "row": "task"},
        "times": 0.5,
    },
}


def drawn_table(folder: Path, name: str = "td_similarity") -> Path:
    rows = [
        {"set": kind, "row": "task", "task": k, "share": share + k / 100}
        for kind, share in (("regulated", 0.1), ("base", 0.4))
        for k in range(8)
    ]
    path = folder / f"{name}.csv"
    write_csv(path, pd.DataFrame([*rows, {"set": "base", "row": "mean", "task": "", "share": 9.0}]))
    return path


def drawn_row(folder: Path, claim: dict[str, Any], paths: list[Path]) -> Any:
    shipped = folder / "claims.yaml"
    shipped.write_text(yaml.safe_dump({"claims": [claim]}))
    drawn = {path.stem: read_numbers(path) for path in paths}
    return evaluate(shipped, [], [], "laptop", "cifar10", drawn=drawn).iloc[0]


def test_a_claim_about_a_figure_takes_the_rows_that_it_names(tmp_path: Path) -> None:
    row = drawn_row(tmp_path, DRAWN, [drawn_table(tmp_path)])
    assert row["ours"] == pytest.approx(0.135 - 0.5 * 0.435)
    assert row["low"] < row["ours"] < row["high"] < 0
    assert (row["n"], row["verdict"]) == (8, "agrees")
    alone = DRAWN | {"drawn": {"value": "share", "rows": {"set": "base", "row": "task"}}}
    assert drawn_row(tmp_path, alone, [drawn_table(tmp_path)])["ours"] == pytest.approx(0.435)


def test_a_figure_that_was_not_drawn_is_not_measured(tmp_path: Path) -> None:
    assert drawn_row(tmp_path, DRAWN, [])["verdict"] == "not measured"
    assert drawn_row(tmp_path, DRAWN, [drawn_table(tmp_path, "td_examples")])["verdict"] == "not measured"
    other = DRAWN | {"drawn": DRAWN["drawn"] | {"rows": {"set": "nobody"}}}
    assert drawn_row(tmp_path, other, [drawn_table(tmp_path)])["verdict"] == "not measured"


def test_a_column_that_a_figure_does_not_have_is_one_clear_error(tmp_path: Path) -> None:
    wrong = DRAWN | {"drawn": DRAWN["drawn"] | {"value": "shares"}}
    with pytest.raises(WhichtaskError, match=r"no column shares; it has set, row, task, share"):
        drawn_row(tmp_path, wrong, [drawn_table(tmp_path)])


def test_a_claim_is_measured_in_one_way(tmp_path: Path) -> None:
    for wrong in (DRAWN | {"measure": ORDERING["measure"]}, {k: v for k, v in DRAWN.items() if k != "drawn"}):
        with pytest.raises(WhichtaskError, match="give either measure or drawn"):
            drawn_row(tmp_path, wrong, [])


def test_seeds_that_both_sides_share_are_compared_one_by_one(tmp_path: Path) -> None:
    """What seeds have in common does not widen the interval, and the data are those that the figure names."""
    rows = [
        {"method": method, "row": "seed", "repeat": seed, "accuracy": 0.1 * seed + gain, "data": "digits"}
        for method, gain in (("one-step", 0.05), ("other", 0.0))
        for seed in range(4)
    ]
    path = tmp_path / "td_similarity.csv"
    write_csv(path, pd.DataFrame(rows))
    measured = {
        "value": "accuracy",
        "rows": {"method": "one-step", "row": "seed"},
        "against": {"method": "other", "row": "seed"},
        "unit": "repeat",
    }
    alike = {"needs": {"data": ["digits"]}, "paper_high": None, "paper_low": 0.0, "paper": "GBI"}
    together = drawn_row(tmp_path, DRAWN | alike | {"drawn": measured | {"paired": True}}, [path])
    apart = drawn_row(tmp_path, DRAWN | alike | {"drawn": measured}, [path])
    assert together["low"] == pytest.approx(0.05) == together["high"]
    assert apart["high"] - apart["low"] > 0.1
    assert (together["data"], together["verdict"], together["n"]) == ("digits", "agrees", 4)
    with pytest.raises(WhichtaskError, match="paired goes with against"):
        alone = {"value": "accuracy", "rows": {"row": "seed"}, "paired": True}
        drawn_row(tmp_path, DRAWN | {"drawn": alone}, [path])


def test_a_figure_that_names_no_data_gets_those_of_the_claim(tmp_path: Path) -> None:
    named = DRAWN | {"drawn": DRAWN["drawn"] | {"data": "text"}}
    assert drawn_row(tmp_path, named, [drawn_table(tmp_path)])["data"] == "text"
    assert drawn_row(tmp_path, DRAWN, [drawn_table(tmp_path)])["data"] == "cifar10"
