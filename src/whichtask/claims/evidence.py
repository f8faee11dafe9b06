"""What the numbers of a figure say about a claim: estimates with their intervals, and what they were measured with."""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pandas as pd

from whichtask.errors import WhichtaskError
from whichtask.figures.tables import only, pairwise_interval
from whichtask.plan.claims import (
    CROSSED,
    EVERY,
    FIRST,
    LARGEST,
    NESTED,
    RELATIVE,
    SMALLEST,
    Claim,
    Measured,
    Value,
    require_columns,
    require_value,
    same,
)
from whichtask.stats import Estimate, crossed_interval, difference_interval, mean_interval, share_of_units

NOTHING = float("nan")
Rows = pd.DataFrame
Wanted = Mapping[str, Value]


class Evidence(NamedTuple):
    """What the numbers of a figure say about one case of a claim."""

    case: str
    estimate: Estimate | None
    """None where nothing was measured."""
    network: str = ""
    """The networks behind it, where the figure's table names them."""
    train_accuracy: float = NOTHING
    """Of the side that is fitted worst; NaN where no training is involved."""
    images_train: float = NOTHING
    """Training images of one network; NaN where the table does not say."""
    data: str | None = None
    """The data set, where the figure's table or the claim names one; None: that of the run."""


def evidence(claim: Claim, table: Rows | None, *, strict: bool = True) -> Iterator[Evidence]:
    """Measure a claim: once, or once for each value of the columns that are to hold every one.

    Args:
        claim: one case.
        table: the figure's numbers; None where it was not drawn.
        strict: whether rows that fit nothing are an error, or a claim that is not measured.

    Raises:
        WhichtaskError: the table lacks a column, no row fits, or the rows of one case are of several data sets.
    """
    measured = claim.measured
    if measured is None or table is None:
        yield Evidence(claim.case, None, data=measured.data if measured else None)
        return
    require_columns(claim, list(table.columns))
    needed = [name for name in (measured.value, *measured.units) if name in table]
    known = table.dropna(subset=needed if measured.statistic in ("mean", "share_above") else [measured.value])
    found = []
    for names, wanted in _each(measured.rows, known):
        other = None if measured.other is None else measured.other | {name: wanted[name] for name in names}
        sides = [_chosen(known, one) for one in (wanted, other) if one is not None]
        if not any(side.empty for side in sides):
            case = ", ".join([part for part in (claim.case, *map(_name, names.values())) if part])
            found.append(_measured(measured, case, sides))
    if not found and strict:
        _explain(claim, known)
    yield from found or [Evidence(claim.case, None, data=measured.data)]


def _each(wanted: Wanted, table: Rows) -> Iterator[tuple[dict[str, Value], Wanted]]:
    """Yield what ``<every>`` stands for, with the wanted values that it makes: all that these rows hold, in turn."""
    columns = [column for column, value in wanted.items() if value == EVERY]
    if not columns:
        yield {}, wanted
        return
    rest = {column: value for column, value in wanted.items() if column not in columns}
    for _, values in _chosen(table, rest)[columns].drop_duplicates().iterrows():
        named = dict(zip(columns, values.tolist(), strict=True))
        yield named, {**wanted, **named}


def _name(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _chosen(table: Rows, wanted: Wanted) -> Rows:
    """Return the rows that hold what is wanted; relative values last, among the rows that hold all others."""
    for column, value in sorted(wanted.items(), key=lambda item: item[1] in RELATIVE):
        cells = table[column]
        if table.empty:
            return table
        if value == FIRST:
            fitting = cells == cells.dropna().iloc[0]
        elif value in (SMALLEST, LARGEST):
            numbers = pd.to_numeric(cells)
            fitting = numbers == (numbers.min() if value == SMALLEST else numbers.max())
        else:
            fitting = cells.map(lambda cell, value=value: same(value, cell))
        table = table[fitting]
    return table


def _explain(claim: Claim, table: Rows) -> None:
    """Raise an error that names the first value that no row holds beside the values before it."""
    measured = claim.measured
    for wanted in (measured.rows, measured.other or {}) if measured else ():
        rows = table
        for column, value in wanted.items():
            require_value(claim, column, value, rows[column].dropna().unique())
            rows = _chosen(rows, {column: value}) if value not in RELATIVE else rows
    raise WhichtaskError(f"claim {claim.name}: no row of {claim.figure} fits both sides")


def _measured(measured: Measured, case: str, sides: list[Rows]) -> Evidence:
    first = sides[0]
    networks = {str(name): None for side in sides if "network" in side for name in side["network"].dropna()}
    fits = [side[measured.trained].mean() for side in sides] if measured.trained else []
    images = pd.to_numeric(first["images_train"]).mean() if "images_train" in first else NOTHING
    data = only(first, "data") if "data" in first else measured.data
    return Evidence(
        case, _estimate(measured, sides), ", ".join(networks), float(min(fits, default=NOTHING)), float(images), data
    )


def _estimate(measured: Measured, sides: list[Rows]) -> Estimate:
    """Compute the statistic with its interval."""
    if measured.statistic == "pairwise":
        return pairwise_interval(sides[0].rename(columns={measured.value: "agreement_similarity"}))
    if measured.statistic == "given":
        return _difference_of_given(measured, [_given(measured, side) for side in sides])
    values = [side[measured.value] - (side[measured.minus] if measured.minus else 0) for side in sides]
    units = [_units(measured, side) for side in sides]
    if NESTED in measured.over:
        values = [of.groupby(unit).mean() for of, unit in zip(values, units, strict=True)]
        units = [of.index.to_series() for of in values]
    if measured.statistic == "share_above":
        own, others = (of.groupby(unit).mean() for of, unit in zip(values, units, strict=True))
        return share_of_units(int((own > others.max()).sum()), len(own))
    if measured.paired:
        means = [of.groupby(unit).mean() for of, unit in zip(values, units, strict=True)]
        difference = (means[0] - measured.times * means[1]).dropna()
        return _mean(measured, difference, difference.index)
    if len(sides) == 1:
        return _mean(measured, values[0], units[0])
    return difference_interval(
        (values[0].to_list(), units[0].to_list()), ((measured.times * values[1]).to_list(), units[1].to_list())
    )


def _units(measured: Measured, rows: Rows) -> pd.Series:
    """Return the independent unit of every row: a pair of crossed ones, or the outer of nested ones if several."""
    columns = rows[measured.units]
    if CROSSED in measured.over:
        return pd.Series(list(zip(*(columns[name] for name in columns), strict=True)), rows.index)
    several = [name for name in columns if len(columns[name].unique()) > 1]
    return columns[several[0] if several else columns.columns[-1]]


def _mean(measured: Measured, values: pd.Series, units: pd.Series | pd.Index) -> Estimate:
    if CROSSED in measured.over:
        first, second = zip(*units, strict=True)
        return crossed_interval(values.to_list(), list(first), list(second))
    return mean_interval(values.to_list(), list(units))


def _given(measured: Measured, rows: Rows) -> Estimate:
    """Return the estimate that the rows hold, all the same one, over so many units as they say or are."""
    low, high = measured.ends or ("", "")
    mean, bottom, top = (float(only(rows, column)) for column in (measured.value, low, high))
    counted = CROSSED in measured.over
    n = len(rows[measured.units].drop_duplicates()) if counted else int(float(only(rows, measured.over)))
    return Estimate(mean, bottom, top, n)


def _difference_of_given(measured: Measured, found: list[Estimate]) -> Estimate:
    """Return one estimate, or the difference of two independent ones from their intervals (Zou and Donner 2008)."""
    if len(found) == 1:
        return found[0]
    (a, b), times = found, measured.times
    mean = a.mean - times * b.mean
    low = mean - math.hypot(a.mean - a.low, times * (b.high - b.mean))
    high = mean + math.hypot(a.high - a.mean, times * (b.mean - b.low))
    return Estimate(mean, low, high, min(a.n, b.n))
