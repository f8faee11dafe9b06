"""Figures of the language experiment: what is drawn is written, differences are paired, intervals have units."""

import math
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whichtask.artifacts import write_csv
from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures import draw, numbers, read_numbers
from whichtask.figures.gbi.language_context import edges
from whichtask.stats import mean_interval

SETTINGS = FigureSettings(dpi=40)
MODES = (("gbi", "given"), ("gbi", "uniform"), ("lstm", "uniform"), ("shuffled", "uniform"))
DOMAINS = ("prose", "law")
BIT = np.log(2)


def write(tmp_path: Path, name: str, rows: list[dict[str, object]]) -> list[Path]:
    """Write one table for each repeat."""
    table = pd.DataFrame(rows).assign(data="made_up", characters_per_token=1.0)
    paths = []
    for repeat, group in table.groupby("repeat"):
        paths.append(tmp_path / str(repeat) / f"{name}.csv")
        write_csv(paths[-1], group)
    return paths


def loss(arm: str, z: str, repeat: int) -> float:
    """In bits: given is 0.1 + 0.01 per repeat below the LSTM, uniform 0.2 above."""
    shift = {("gbi", "given"): -0.1 - 0.01 * repeat, ("gbi", "uniform"): 0.2}.get((arm, z), 0.0)
    return 2.0 + repeat + shift


def rows_of(column: str, values: tuple[object, ...], repeats: int = 3) -> list[dict[str, object]]:
    return [
        {"repeat": r, "arm": arm, "z": z, column: value, "loss_nats_per_token": BIT * loss(arm, z, r)}
        for r, (arm, z), value in product(range(repeats), MODES, values)
    ]


def test_learning_pairs_by_seed_and_averages_domains(tmp_path: Path) -> None:
    inputs = {
        "learning": write(tmp_path, "learning", rows_of("tokens", (1_000, 50_000))),
        "test": write(tmp_path, "test", rows_of("domain", DOMAINS)),
    }
    draw("gbi_language_learning", inputs, tmp_path / "f.png", SETTINGS)
    drawn = read_numbers(tmp_path / "f.csv")
    final = drawn[(drawn["panel"] == "test difference") & (drawn["series"] == "GBI-LSTM, Z given")]
    whole = final[final["domain"] == "all domains"]
    # Repeats differ by a whole bit, which pairing removes.
    assert whole.loc[whole["row"] == "seed", "value"].to_list() == pytest.approx([-0.1, -0.11, -0.12])
    mean = whole[whole["row"] == "mean"].iloc[0]
    assert mean["value"] == pytest.approx(-0.11)
    assert mean["n"] == 3
    assert (mean["low"], mean["high"]) == pytest.approx(mean_interval([-0.1, -0.11, -0.12])[1:3])
    assert set(final["domain"]) == {"all domains", *DOMAINS}
    assert all((tmp_path / f"f.{kind}").exists() for kind in ("png", "svg"))


def test_context_groups_tokens_and_names_methods(tmp_path: Path) -> None:
    recognised = [
        {"repeat": r, "context_tokens": n, "method": m, "domains": 4, "accuracy": 0.5 + 0.1 * r}
        for r, n, m in product(range(2), (2, 5), ("one_step", "iterative", "exact"))
    ]
    following = rows_of("context_tokens", (2, 5), 2)
    following += [row | {"z": "one_step"} for row in following if (row["arm"], row["z"]) == ("gbi", "given")]
    inputs = {
        "context": write(tmp_path, "context", rows_of("context_tokens", tuple(range(1, 13)), 2)),
        "recognition": write(tmp_path, "recognition", recognised),
        "following": write(tmp_path, "following", following),
    }
    draw("gbi_language_context", inputs, tmp_path / "f.png", SETTINGS)
    drawn = read_numbers(tmp_path / "f.csv")
    assert sorted(drawn.loc[drawn["panel"] == "loss", "context_tokens"].unique()) == [1, 2, 5, 10, 12]
    accuracy = drawn[(drawn["panel"] == "accuracy") & (drawn["row"] == "mean")]
    assert set(accuracy["series"]) == {"one-step", "iterative", "every domain tried"}
    assert accuracy["value"].to_list() == pytest.approx([0.55] * 6)
    inferred = drawn[(drawn["panel"] == "inferred difference") & (drawn["row"] == "mean")]
    assert set(inferred["series"]) == {"Z given", "Z uniform", "one-step", "shuffled labels"}


def test_the_slope_says_how_the_benefit_changes_with_each_doubling_of_the_context(tmp_path: Path) -> None:
    # 2 and 5 tokens, one group each: the benefit shrinks from 0.4 to 0.1 nats in log2(5 / 2) doublings.
    rows = rows_of("context_tokens", (2, 5), 2)
    for row in rows:
        benefit = 0.4 if row["context_tokens"] == 2 else 0.1
        row["loss_nats_per_token"] = 2.0 - (benefit if row["z"] == "given" else 0.0)
    recognised: list[dict[str, object]] = [
        {"repeat": r, "context_tokens": 2, "method": "exact", "domains": 4, "accuracy": 0.5} for r in (0, 1)
    ]
    inputs = {
        "context": write(tmp_path, "context", rows),
        "recognition": write(tmp_path, "recognition", recognised),
        "following": write(tmp_path, "following", rows),
    }
    draw("gbi_language_context", inputs, tmp_path / "f.png", SETTINGS)
    drawn = read_numbers(tmp_path / "f.csv")
    slopes = drawn[(drawn["panel"] == "slope") & (drawn["series"] == "GBI-LSTM, Z given") & (drawn["row"] == "seed")]
    assert slopes["value"].to_list() == pytest.approx([0.3 / math.log(2) / math.log2(5 / 2)] * 2)


@pytest.mark.parametrize(("longest", "expected"), [(1, [1]), (3, [1, 2, 3]), (5, [1, 2, 5]), (12, [1, 2, 5, 10, 12])])
def test_edges_end_with_the_longest_context(longest: int, expected: list[int]) -> None:
    assert edges(longest) == expected


def test_novel_changes_are_since_before_step_one(tmp_path: Path) -> None:
    steps = [
        {"repeat": r, "domain": d, "arm": arm, "step": s, "loss_nats_per_token": BIT * (3 + r - gain * s)}
        for r, d, (arm, gain), s in product(range(2), DOMAINS, (("gbi", 0.01), ("lstm", 0.0)), (0, 1, 10))
    ]
    entries = [
        {"repeat": r, "domain": d, "arm": arm, "entry": e, "value": 0.5}
        for r, d, arm, e in product(range(2), DOMAINS, ("gbi", "lstm"), ("a", "b"))
    ]
    inputs = {"novel": write(tmp_path, "novel", steps), "novel_z": write(tmp_path, "novel_z", entries)}
    draw("gbi_language_novel", inputs, tmp_path / "f.png", SETTINGS)
    drawn = read_numbers(tmp_path / "f.csv")
    last = drawn[(drawn["panel"] == "change") & (drawn["step"] == 10) & (drawn["row"] == "seed")]
    assert last.loc[last["series"] == "GBI-LSTM", "value"].to_list() == pytest.approx([-0.1] * 4)
    assert last.loc[last["series"] == "LSTM", "value"].to_list() == pytest.approx([0.0] * 4)


def test_bad_inputs_are_named(tmp_path: Path) -> None:
    learning = write(tmp_path, "learning", rows_of("tokens", (1_000,), 1))
    with pytest.raises(WhichtaskError, match="needs the input 'test'"):
        numbers("gbi_language_learning", {"learning": learning}, SETTINGS)
    with pytest.raises(WhichtaskError, match="no column domain"):
        numbers("gbi_language_learning", {"learning": learning, "test": learning}, SETTINGS)
    one = {"learning": learning, "test": write(tmp_path / "t", "test", rows_of("domain", DOMAINS, 1))}
    draw("gbi_language_learning", one, tmp_path / "f.png", SETTINGS)  # one seed: no interval, but a figure
    assert read_numbers(tmp_path / "f.csv")["low"].isna().all()
