"""The rule of the verdicts, on cases and on claims, and what each way to measure measures."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_claims import FIGURE, HUMAN, NUMBER, ORDERING, RANDOM, judged, scores

from whichtask.claims import summary, verdict_of, verdict_over
from whichtask.claims.verdicts import NOT_COMPARABLE, NOT_MEASURED, VERDICTS, by_chance
from whichtask.errors import WhichtaskError
from whichtask.stats import Estimate, crossed_interval, difference_interval, mean_interval

ends = st.floats(-1, 2)


@given(low=ends, width=st.floats(0, 1), region_low=ends, region_width=st.floats(0, 1))
def test_a_verdict_says_where_the_interval_lies(
    low: float, width: float, region_low: float, region_width: float
) -> None:
    high, region_high = low + width, region_low + region_width
    verdict = verdict_of(Estimate((low + high) / 2, low, high, 5), (region_low, region_high))
    inside = [region_low <= end <= region_high for end in (low, high)]
    apart = high < region_low or low > region_high
    assert verdict == ("agrees" if all(inside) else "differs" if apart else "undecided")


@pytest.mark.parametrize(
    ("interval", "region", "verdict"),
    [
        ((0.0, 0.0), (0.0, math.inf), "undecided"),  # no effect at all
        ((0.0, 0.2), (0.0, math.inf), "undecided"),
        ((-0.2, 0.0), (-math.inf, 0.0), "undecided"),
        ((1e-9, 0.2), (0.0, math.inf), "agrees"),
        ((-0.2, -1e-9), (0.0, math.inf), "differs"),
        ((-0.01, 0.01), (-0.01, 0.01), "agrees"),  # a region with two ends is no ordering
        ((math.nan, math.nan), (0.0, math.inf), "undecided"),
    ],
)
def test_an_ordering_agrees_strictly_on_one_side(
    interval: tuple[float, float], region: tuple[float, float], verdict: str
) -> None:
    assert verdict_of(Estimate(sum(interval) / 2, *interval, 5), region) == verdict


@given(cases=st.lists(st.sampled_from(VERDICTS[:5]), min_size=1))
def test_one_verdict_over_all_cases(cases: list[str]) -> None:
    judged_cases = [case for case in cases if case in ("agrees", "differs", "undecided")]
    verdict = verdict_over(cases)
    if not judged_cases:
        assert verdict == (NOT_COMPARABLE if NOT_COMPARABLE in cases else NOT_MEASURED)
    elif "differs" in cases:
        assert verdict == "differs"
    else:
        assert (verdict == "agrees") == (set(judged_cases) == {"agrees"})


def test_claims_are_counted_once_controls_and_chance_apart(tmp_path: Path) -> None:
    two = ORDERING | {"cases": [{"case": "all"}, {"case": "more", "at_least": 0.4}]}
    control = ORDERING | {"id": "control", "kind": "control"}
    table = judged(tmp_path, NUMBER, two, control, tables={FIGURE: scores(human=HUMAN, random=RANDOM)})
    assert table["id"].tolist() == ["number", "ordering", "ordering", "control"]
    assert table["verdict"].tolist() == ["agrees", "agrees", "differs", "agrees"]
    assert table["claim_verdict"].tolist() == ["agrees", "differs", "differs", "agrees"]
    assert by_chance(table) == (1, 0.025), "one ordering; a number and a control are none"
    assert summary(table).startswith("2 claims: 1 agree, 1 differ. 1 controls: 1 agree.")


@pytest.mark.parametrize(
    ("scale", "number", "effect"),
    [
        ("paper", "agrees", "agrees"),
        ("laptop", NOT_COMPARABLE, "agrees"),
        ("smoke", NOT_COMPARABLE, NOT_COMPARABLE),
    ],
)
def test_scale_decides_what_is_comparable(scale: str, number: str, effect: str, tmp_path: Path) -> None:
    table = judged(tmp_path, NUMBER, ORDERING, scale=scale, tables={FIGURE: scores(human=HUMAN, random=RANDOM)})
    assert table["verdict"].tolist() == [number, effect]


def test_data_and_number_of_tasks_must_be_the_claims(tmp_path: Path) -> None:
    for needs, reason in (
        ({"data": ["mnist"]}, "Needs data mnist."),
        ({"tasks": 8}, "Needs 8 tasks."),
        ({"data": ["cifar10"], "tasks": 3}, ""),
    ):
        (row,) = judged(tmp_path, NUMBER | {"needs": needs}, tables={FIGURE: scores(human=HUMAN)}).to_dict("records")
        assert row["note"] == reason
        assert (row["verdict"] == "agrees") == (not reason)
        assert row["ours"] == pytest.approx(0.91)


def test_what_was_not_drawn_waits_or_is_open_has_no_value(tmp_path: Path) -> None:
    waiting = {key: value for key, value in NUMBER.items() if key != "measured"} | {"id": "w", "waits": "Waits."}
    question = {key: NUMBER[key] for key in ("statement", "paper", "figure", "source", "certainty")}
    table = judged(tmp_path, NUMBER, waiting, question | {"id": "q", "kind": "question"})
    assert table["verdict"].tolist() == [NOT_MEASURED, NOT_MEASURED, "open question"]
    assert table["ours"].isna().all()
    assert table["note"].tolist()[1] == "Waits."


def test_numbers_are_compared_as_numbers(tmp_path: Path) -> None:
    table = scores(human=HUMAN).assign(weight=0.0)
    for weight in (0, 0.0, "0"):
        claim = NUMBER | {"measured": NUMBER["measured"] | {"rows": {"row": "task", "weight": weight}}}
        assert judged(tmp_path, claim, tables={FIGURE: table})["verdict"].tolist() == ["agrees"]


def test_relative_values_follow_the_table(tmp_path: Path) -> None:
    parts = [scores(human=HUMAN).assign(blocks=20, name="a"), scores(human=RANDOM).assign(blocks=100, name="b")]
    for wanted, expected in (
        ({"blocks": "<smallest>"}, [0.91]),
        ({"blocks": "<largest>"}, [0.61]),
        ({"name": "<first>"}, [0.91]),
        ({"name": "<every>"}, [0.91, 0.61]),
    ):
        rows = {"row": "task", "set": "human"} | wanted
        claim = NUMBER | {"measured": NUMBER["measured"] | {"rows": rows}}
        table = judged(tmp_path, claim, tables={FIGURE: pd.concat(parts)})
        assert table["ours"].tolist() == pytest.approx(expected)
    assert table["case"].tolist() == ["a", "b"]


def test_the_other_side_is_what_differs(tmp_path: Path) -> None:
    table = pd.concat([scores(human=HUMAN, random=RANDOM).assign(network=name) for name in ("cnn", "mlp")])
    every = ORDERING["measured"]["rows"] | {"network": "<every>"}
    found = judged(tmp_path, ORDERING | {"measured": ORDERING["measured"] | {"rows": every}}, tables={FIGURE: table})
    assert found["network"].tolist() == found["case"].tolist() == ["cnn", "mlp"]
    assert found["ours"].tolist() == pytest.approx([0.3, 0.3])
    # Of the side that is fitted worst.
    assert found["train_accuracy"].tolist() == pytest.approx([0.99, 0.99])
    estimate = difference_interval((HUMAN, range(3)), (RANDOM, range(3)))
    assert (found["low"].iloc[0], found["n"].iloc[0]) == (pytest.approx(estimate.low), 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": "agreements"}, "claim 'number': td_as_by_source has no column 'agreements'; it has set, row, task"),
        ({"over": "tasks"}, "claim 'number': td_as_by_source has no unit 'tasks'; it has set, row, task"),
        ({"rows": {"set": "humans"}}, "no row of td_as_by_source has set 'humans'; it has human, random"),
        ({"rows": {"agreement": 7}}, "no row of td_as_by_source has agreement 7; it has 0.6, 0.61"),
        (
            {"rows": {"set": "human", "task": "random_0"}},
            "no row of td_as_by_source has task 'random_0'; it has human_0",
        ),
    ],
)
def test_a_column_unit_or_row_that_is_not_there_is_one_clear_error(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    claim = NUMBER | {"measured": NUMBER["measured"] | change}
    table = scores(human=HUMAN, random=RANDOM)
    with pytest.raises(WhichtaskError, match=message):
        judged(tmp_path, claim, tables={FIGURE: table})
    if "rows" in change:  # at a scale for which it is not meant, the rows need not be there
        assert judged(tmp_path, claim, scale="laptop", tables={FIGURE: table})["verdict"].tolist() == [NOT_MEASURED]


def test_crossed_units_are_not_taken_as_independent(tmp_path: Path) -> None:
    # Two targets of which one is immune: with eight tasks each, only the targets tell how sure the mean is.
    rows: list[dict[str, Any]] = [
        {"target": target, "task": k, "difference": -drop, "adversarial_train": 1.0, "row": "pair"}
        for target, drop in (("a", 0.0), ("b", 0.6))
        for k in range(8)
    ]
    measured = {"value": "difference", "rows": {"row": "pair"}, "over": "target x task", "trained": "adversarial_train"}
    drop = {key: value for key, value in ORDERING.items() if key != "at_least"} | {"at_most": -0.1}
    (row,) = judged(tmp_path, drop | {"measured": measured}, tables={FIGURE: pd.DataFrame(rows)}).to_dict("records")
    wanted = crossed_interval([r["difference"] for r in rows], [r["target"] for r in rows], [r["task"] for r in rows])
    assert (row["ours"], row["low"]) == (pytest.approx(-0.3), pytest.approx(wanted.low))
    assert (row["verdict"], row["n"]) == ("undecided", 16)


def test_several_searches_are_the_units_of_their_tasks(tmp_path: Path) -> None:
    """One search: its tasks; several: the searches, as tasks of one are alike and called like those of the others."""
    one = scores(base=(0.7, 0.8, 0.9)).dropna()
    three = pd.concat([one.assign(set=f"base.s{k}", agreement=one["agreement"] + k / 100) for k in range(3)])
    claim = NUMBER | {"measured": NUMBER["measured"] | {"rows": {"row": "task"}, "over": "set / task"}}
    single, several = (judged(tmp_path, claim, tables={FIGURE: table}).iloc[0] for table in (one, three))
    assert (single["n"], several["n"]) == (3, 3)
    assert single["low"] == pytest.approx(mean_interval([0.7, 0.8, 0.9]).low)
    assert several["low"] == pytest.approx(mean_interval([0.8, 0.81, 0.82]).low)


def test_what_both_sides_share_does_not_widen_the_interval(tmp_path: Path) -> None:
    rows = [
        {"method": method, "repeat": seed, "accuracy": 0.1 * seed + gain, "data": "digits"}
        for method, gain in (("one-step", 0.05), ("other", 0.0))
        for seed in range(4)
    ]
    measured = {"value": "accuracy", "rows": {"method": "one-step"}, "against": {"method": "other"}, "over": "repeat"}
    claim = ORDERING | {"needs": {"data": ["digits"]}}
    together, apart = (
        judged(tmp_path, claim | {"measured": measured | {"paired": paired}}, tables={FIGURE: pd.DataFrame(rows)}).iloc[
            0
        ]
        for paired in (True, False)
    )
    assert together["low"] == pytest.approx(0.05) == together["high"]
    assert apart["high"] - apart["low"] > 0.1
    assert (together["data"], together["verdict"], together["n"]) == ("digits", "agrees", 4)


def test_other_statistics(tmp_path: Path) -> None:
    share = {"statistic": "share_above", "against": {"set": "random"}}
    chance = {"rows": {"set": "random"}, "minus": "train_accuracy"}
    pairs = pd.DataFrame({"set": "human", "task_a": [*"aab"], "task_b": [*"bcc"], "similarity": [0.6] * 3})
    similar = {"statistic": "pairwise", "value": "similarity", "rows": {"set": "human"}}
    given_ = {"statistic": "given", "value": "mean", "ends": ["low", "high"], "over": "n", "rows": {"set": "a"}}
    estimates = pd.DataFrame({"set": ["a", "b"], "mean": [0.9, 0.5], "low": [0.8, 0.4], "high": [0.95, 0.8], "n": 7})
    base = {"value": "agreement", "rows": {"set": "human", "row": "task"}}
    claims = [
        NUMBER | {"id": "share", "measured": base | share},
        NUMBER | {"id": "chance", "measured": base | chance},
        NUMBER | {"id": "similar", "figure": "td_similarity", "measured": similar},
        NUMBER | {"id": "given", "figure": "td_as_vs_accuracy", "measured": given_},
        NUMBER | {"id": "both", "figure": "td_as_vs_accuracy", "measured": given_ | {"against": {"set": "b"}}},
    ]
    tables = {
        FIGURE: scores(human=(0.5, 0.8, 0.9, 0.9), random=(0.5, 0.6)),
        "td_similarity": pairs,
        "td_as_vs_accuracy": estimates,
    }
    table = judged(tmp_path, *claims, tables=tables)
    assert table["ours"].tolist() == pytest.approx([0.75, 0.55 - 0.995, 0.6, 0.9, 0.4])
    assert table["n"].tolist() == [4, 2, 3, 7, 7]
    assert [table["low"][0], table["high"][0]] == pytest.approx([0.1941, 0.9937], abs=1e-4), "Clopper and Pearson"
    assert [table["low"][3], table["high"][3]] == [0.8, 0.95]
    # Of independent estimates: from each mean to the end that makes the difference smaller, or larger.
    assert table["low"][4] == pytest.approx(0.4 - math.hypot(0.1, 0.3))
    assert table["high"][4] == pytest.approx(0.4 + math.hypot(0.05, 0.1))


def test_one_unit_decides_nothing(tmp_path: Path) -> None:
    (row,) = judged(tmp_path, NUMBER, tables={FIGURE: scores(human=(0.9,))}).to_dict("records")
    assert (row["verdict"], row["n"]) == ("undecided", 1)
    assert math.isnan(row["low"])


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_a_verdict_does_not_depend_on_the_order_of_rows(seed: int, tmp_path: Path) -> None:
    table = scores(human=(0.85, 0.9, 0.93), random=(0.74, 0.78, 0.8))
    shuffled = table.sample(frac=1, random_state=seed)
    first, second = (judged(tmp_path, NUMBER, ORDERING, tables={FIGURE: rows}) for rows in (table, shuffled))
    pd.testing.assert_frame_equal(first, second)


def test_an_unknown_scale_and_mixed_data_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match="unknown scale 'huge'; allowed: smoke, laptop, paper"):
        judged(tmp_path, NUMBER, scale="huge")
    mixed = scores(human=HUMAN).assign(data=["a", "b", "a", "a"])
    with pytest.raises(WhichtaskError, match="several values of 'data'"):
        judged(tmp_path, NUMBER, tables={FIGURE: mixed})
