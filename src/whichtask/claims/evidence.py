"""What the tables say about a claim: an estimate with its interval, and what it was measured with."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from whichtask.claims.model import EACH, Drawn, Measure
from whichtask.errors import WhichtaskError
from whichtask.figures.tables import only, pairwise_interval
from whichtask.figures.td.split_pairs import paired
from whichtask.stats import Estimate, crossed_interval, difference_interval, mean_interval


class Evidence(NamedTuple):
    """What the tables say about a claim."""

    network: str
    estimate: Estimate | None
    """None where nothing was measured."""
    train_accuracy: float
    """Of the set or split that is fitted worst; NaN where no training is involved."""
    images_train: int | None
    """Training images of one network (mean over splits); None where no training is involved."""
    data: str | None = None
    """The data set, where the figure's table names one; None: that of the run."""


NOTHING = float("nan")


def evidence(measure: Measure, agreement: pd.DataFrame, pairs: pd.DataFrame) -> Iterator[Evidence]:
    """Measure a claim: once for each network that has its sets, or once without an estimate where none has."""
    if measure.statistic == "similarity":
        rows = pairs[pairs["set"] == measure.set]
        yield Evidence("", None if rows.empty else pairwise_interval(rows), NOTHING, None)
        return
    networks = agreement["network"].unique() if measure.network == EACH else [measure.network]
    measured = False
    for network in networks:
        other = measure.against_network or network
        needed = [(measure.set, network), *([(measure.against, other)] if measure.against else [])]
        images = _common_images(agreement, needed)
        if images is None:
            continue
        alike = agreement[agreement["images_train"] == images]
        first = _rows(alike, measure.set, network)
        second = _rows(alike, measure.against, other) if measure.against else None
        if measure.against == measure.set and second is not None:
            first = first[first["task"].isin(second["task"])]
        measured = True
        fits = [rows.groupby("task")["train_accuracy"].mean().mean() for rows in (first, second) if rows is not None]
        label = network if other == network else f"{network}, {other}"
        yield Evidence(label, _estimate(measure, first, second), float(min(fits)), images)
    if not measured:
        yield Evidence("" if measure.network == EACH else measure.network, None, NOTHING, None)


def split_evidence(measure: Measure, accuracies: pd.DataFrame) -> Iterator[Evidence]:
    """Measure a claim on train-test splits; targets and attacking tasks are the units, networks of a pair averaged."""
    rows = accuracies[(accuracies["kind"] == measure.kind) & (accuracies["source"] == measure.source)]
    if measure.network != EACH:
        rows = rows[rows["network"] == measure.network]
    if rows.empty:
        yield Evidence("" if measure.network == EACH else measure.network, None, NOTHING, None)
    for network in rows["network"].unique():
        of_network = rows[rows["network"] == network]
        used = [measure.split] if measure.split else ["random", "adversarial"]
        pairs = paired(of_network)
        values = pairs[measure.split or "difference"]
        estimate = crossed_interval(values.to_list(), pairs["target"].to_list(), pairs["task"].to_list())
        trained = min(float(pairs[f"{split}_train"].mean()) for split in used)
        images = of_network.loc[of_network["split"].isin(used), "images_train"].mean()
        yield Evidence(network, estimate, trained, round(float(images)))


def drawn_evidence(drawn: Drawn, table: pd.DataFrame | None) -> Iterator[Evidence]:
    """Measure a claim on the numbers of its figure: the mean of some rows, or minus that of others.

    Args:
        drawn: which rows and columns.
        table: CSV of the figure; None where it was not drawn.

    Raises:
        WhichtaskError: the table lacks a column, or its rows are of several data sets.
    """
    chosen = _drawn_rows(drawn, drawn.rows, table)
    against = _drawn_rows(drawn, drawn.against, table) if drawn.against else None
    if chosen is None or (drawn.against and against is None):
        yield Evidence("", None, NOTHING, None, drawn.data)
        return
    first = chosen[drawn.value].to_list(), chosen[drawn.unit].to_list()
    if against is None:
        estimate = mean_interval(*first)
    elif drawn.paired:
        sides = [rows.groupby(drawn.unit)[drawn.value].mean() for rows in (chosen, against)]
        estimate = mean_interval((sides[0] - drawn.times * sides[1]).dropna().to_list())
    else:
        second = (drawn.times * against[drawn.value]).to_list(), against[drawn.unit].to_list()
        estimate = difference_interval(first, second)
    fits = [
        rows[drawn.train_accuracy].mean() for rows in (chosen, against) if rows is not None and drawn.train_accuracy
    ]
    data = only(chosen, "data") if "data" in chosen else drawn.data
    yield Evidence("", estimate, float(min(fits, default=NOTHING)), None, data)


def _drawn_rows(drawn: Drawn, wanted: Mapping[str, str], table: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return the rows that hold what is wanted and have a value; None if there are none."""
    if table is None:
        return None
    needed = {drawn.value, drawn.unit, *wanted, *([drawn.train_accuracy] if drawn.train_accuracy else [])}
    missing = sorted(needed - set(table.columns))
    if missing:
        raise WhichtaskError(
            f"the figure's table has no column {', '.join(missing)}; it has {', '.join(table.columns)}"
        )
    fitting = table[drawn.value].notna()
    for column, value in wanted.items():
        fitting &= table[column].astype(str) == value
    return table[fitting] if fitting.any() else None


def _common_images(agreement: pd.DataFrame, needed: Sequence[tuple[str, str]]) -> int | None:
    """Return the largest number of training images at which all these (set, network) were scored; None if none."""
    found = [
        set(agreement.loc[(agreement["set"] == kind) & (agreement["network"] == network), "images_train"])
        for kind, network in needed
    ]
    common = set.intersection(*found)
    return int(max(common)) if common else None


def _rows(agreement: pd.DataFrame, kind: str, network: str) -> pd.DataFrame:
    rows = agreement[(agreement["set"] == kind) & (agreement["network"] == network)]
    # The bootstrap draws measurements by their place: a verdict must not depend on the order of the files.
    return rows.sort_values(["task", "pair"])


def _estimate(measure: Measure, first: pd.DataFrame, second: pd.DataFrame | None) -> Estimate:
    """Compute the statistic with its interval; tasks are the units."""
    values, units = first[measure.column].to_list(), first["task"].to_list()
    if second is None:
        return mean_interval(values, units)
    if measure.against == measure.set:
        # The same tasks with two networks: their differences are the units, which removes what tasks have in common.
        means = [rows.groupby("task")[measure.column].mean() for rows in (first, second)]
        return mean_interval((means[0] - means[1]).dropna().to_list())
    if measure.statistic == "difference":
        return difference_interval((values, units), (second[measure.column].to_list(), second["task"].to_list()))
    most = second.groupby("task")[measure.column].mean().max()
    above = first.groupby("task")[measure.column].mean() > most
    return mean_interval(above.astype(float).to_list())
