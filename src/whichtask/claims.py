"""What the paper claims, what we measured, and a verdict by a fixed rule.

A claim says where an estimate must lie to agree with the paper: from ``paper_low`` to ``paper_high`` (either may be
open; ``paper_value`` is both), widened by ``tolerance``. The verdict compares our 95 % interval with that region:

- ``agrees``: the whole interval lies inside;
- ``differs``: the whole interval lies outside;
- ``undecided``: the interval spans an end, or there is none because only one task (or split) was measured;
- ``not comparable at this scale``: measured, but scale, data set or number of tasks are not the claim's;
- ``not measured``: the tables hold no such rows.

Numbers are comparable at paper scale only; effects (orderings, differences between kinds of tasks) at laptop scale too;
facts that need no training at every scale. The rule is code, so it cannot be tuned to a result; the claims are data
(``config/claims.yaml``).
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

import pandas as pd
import yaml
from pydantic import Field, model_validator

from whichtask.artifacts import write_csv, write_text
from whichtask.config import Section
from whichtask.config.model import parse
from whichtask.errors import WhichtaskError
from whichtask.figures import FIGURES
from whichtask.figures.splits import paired, read_splits
from whichtask.figures.tables import AGREEMENT_COLUMNS, only, pairwise_interval, read_agreement, read_similarity
from whichtask.stats import Estimate, difference_interval, mean_interval

Kind = Literal["number", "effect", "fact"]
Verdict = Literal["agrees", "differs", "undecided", "not comparable at this scale", "not measured"]

COMPARABLE_AT: dict[Kind, tuple[str, ...]] = {
    "number": ("paper",),
    "effect": ("laptop", "paper"),
    "fact": ("smoke", "laptop", "paper"),
}
EACH = "each"
SPLIT_STATISTICS = ("split_accuracy", "split_drop")


class Source(Section):
    """Where a claim was found."""

    tag: Literal["C", "R", "W", "S", "A", "I", "M"] = Field(
        description="C the authors' code, R its README, W the web page, S abstract and introduction, A computed from "
        "the authors' files, I inference, M memory of the paper."
    )
    where: str = Field(min_length=1, description="Place in that source.")


class Needs(Section):
    """What must hold, besides the scale, before a measurement is compared."""

    data: list[str] | None = Field(None, description="Data sets; null takes any.")
    tasks: int | None = Field(None, ge=1, description="Number of tasks behind the estimate; null takes any.")


class Measure(Section):
    """A statistic of the tables; tasks, or pairs of target and task, are the independent units of its interval."""

    statistic: Literal["mean", "difference", "share_above", "similarity", "split_accuracy", "split_drop"] = Field(
        description="Mean of column; that minus the mean over against, task by task where both are one set; share of "
        "tasks of the set above all tasks of against; mean pairwise similarity; mean test accuracy on one kind of "
        "train-test split; that on adversarial splits minus that on their random ones."
    )
    set: str = Field("", description="Kind of tasks; none for train-test splits.")
    network: str = Field(EACH, description="One network, or each: a verdict for every network that has the sets.")
    against: str | None = Field(None, description="The other kind of tasks, for difference and share_above.")
    against_network: str | None = Field(None, description="Its network, where that is another one.")
    column: Literal["agreement", "agreement_above_chance", "train_accuracy"] = Field(
        "agreement", description="Column of the agreement tables; above chance: minus chance_agreement."
    )
    kind: Literal["binary", "classes"] | None = Field(None, description="Kind of targets, for train-test splits.")
    split: Literal["random", "class_matched", "adversarial"] | None = Field(
        None, description="Kind of split, for split_accuracy."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        splits = self.statistic in SPLIT_STATISTICS
        if splits == bool(self.set) or splits != (self.kind is not None):
            raise ValueError(f"kind goes with the statistics {' and '.join(SPLIT_STATISTICS)}, set with all others")
        if (self.statistic == "split_accuracy") != (self.split is not None):
            raise ValueError("split goes with the statistic split_accuracy, and with no other")
        if splits and "column" in self.model_fields_set:
            raise ValueError(f"column does not go with the statistics {' and '.join(SPLIT_STATISTICS)}")
        compares = self.statistic in ("difference", "share_above")
        if compares != (self.against is not None):
            raise ValueError("against goes with the statistics difference and share_above, and with no other")
        if self.against_network and (not compares or self.network == EACH):
            raise ValueError("against_network goes with against and with a named network")
        return self


class Claim(Section):
    """One statement of the paper that the tables can support or contradict."""

    id: str = Field(pattern=r"^[a-z0-9_]+$", description="Unique name.")
    statement: str = Field(min_length=1, description="What is claimed, in one sentence.")
    figure: str = Field(description="ID of our figure that shows it.")
    kind: Kind = Field(description="Decides at which scales it is comparable.")
    paper_value: float | None = Field(None, description="The paper's number; null for orderings.")
    paper_sd: float | None = Field(None, description="Its standard deviation over tasks, where known.")
    paper_n: int | None = Field(None, description="Number of tasks behind it, where known.")
    paper_low: float | None = Field(None, description="Least value that agrees, for orderings.")
    paper_high: float | None = Field(None, description="Largest value that agrees, for orderings.")
    tolerance: float = Field(ge=0, description="How far beyond that still agrees; fixed before measuring.")
    unit: str = Field(min_length=1, description="Unit of all these values.")
    source: Source = Field(description="Where the claim was found.")
    certainty: Literal["certain", "inferred", "from_memory"] = Field(description="How sure it is that this is claimed.")
    needs: Needs = Field(Needs(), description="What must hold before it is compared.")
    measure: Measure = Field(description="How it is measured here.")
    note: str = Field("", description="What a reader must know beside the verdict.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.figure not in FIGURES:
            raise ValueError(f"figure is {self.figure!r}; allowed: {', '.join(FIGURES)}")
        ordering = self.paper_low is not None or self.paper_high is not None
        if ordering == (self.paper_value is not None):
            raise ValueError("give either paper_value, or paper_low or paper_high or both")
        if (self.source.tag == "M") != (self.certainty == "from_memory"):
            raise ValueError("certainty from_memory goes with the source tag M, and with no other")
        return self

    def accepted(self) -> tuple[float, float]:
        """Return the ends of the region in which an estimate agrees."""
        low = self.paper_low if self.paper_value is None else self.paper_value
        high = self.paper_high if self.paper_value is None else self.paper_value
        return (
            -math.inf if low is None else low - self.tolerance,
            math.inf if high is None else high + self.tolerance,
        )


class Evidence(NamedTuple):
    """What the tables say about a claim."""

    network: str
    estimate: Estimate | None
    """None where nothing was measured."""
    train_accuracy: float
    """Of the set or split that is fitted worst; NaN where no training is involved."""
    images_train: int | None
    """Training images of one network (mean over splits); None where no training is involved."""


NOTHING = float("nan")


def load_claims(path: Path) -> list[Claim]:
    """Read and check the claims.

    Raises:
        WhichtaskError: the file is no YAML list of claims, a claim is wrong (its id and key are named), or an id is
            used twice.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise WhichtaskError(f"cannot read the claims {path}: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("claims"), list):
        raise WhichtaskError(f"{path}: the file must hold one key, 'claims', with a list of claims")
    claims = [_load_claim(entry, index, path) for index, entry in enumerate(content["claims"])]
    seen: set[str] = set()
    for claim in claims:
        if claim.id in seen:
            raise WhichtaskError(f"{path}: the id {claim.id!r} is used by two claims")
        seen.add(claim.id)
    return claims


def _load_claim(entry: Any, index: int, path: Path) -> Claim:
    if not isinstance(entry, dict):
        raise WhichtaskError(f"{path}: claim {index} is no mapping of keys to values")
    return parse(Claim, entry, f"claim {entry.get('id', index)!r} of {path}")


def verdict_of(estimate: Estimate, accepted: tuple[float, float]) -> Verdict:
    """Compare an interval with the region in which it agrees; a missing interval (NaN) decides nothing."""
    low, high = accepted
    if estimate.low >= low and estimate.high <= high:
        return "agrees"
    if estimate.high < low or estimate.low > high:
        return "differs"
    return "undecided"


def evaluate(
    claims_yaml: Path,
    tables: Sequence[Path],
    similarity: Sequence[Path],
    scale: str,
    data: str,
    splits: Sequence[Path] = (),
) -> pd.DataFrame:
    """Compare all claims with the tables of one data set.

    Args:
        claims_yaml: the claims.
        tables: agreement tables of all kinds and networks. Where they hold several numbers of training images, a claim
            takes the largest that all its kinds of tasks and networks have: only like is compared with like.
        similarity: similarity tables, named by kind.
        scale: smoke, laptop or paper.
        data: the data set.
        splits: tables of accuracies on train-test splits, of all networks.

    Returns:
        A row for each claim and network, in the order of the file.

    Raises:
        WhichtaskError: an unknown scale, bad claims, or tables that are damaged or mix data sets.
    """
    if scale not in COMPARABLE_AT["fact"]:
        raise WhichtaskError(f"unknown scale {scale!r}; allowed: {', '.join(COMPARABLE_AT['fact'])}")
    claims = load_claims(claims_yaml)
    agreement = read_agreement(tables) if tables else pd.DataFrame(columns=AGREEMENT_COLUMNS)
    accuracies = read_splits(splits) if splits else pd.DataFrame(columns=["network", "kind"])
    for table in (agreement if tables else None, accuracies if splits else None):
        if table is not None and only(table, "data") != data:
            raise WhichtaskError(f"the tables are of {only(table, 'data')!r}, not of {data!r}")
    agreement = agreement.assign(agreement_above_chance=agreement["agreement"] - agreement["chance_agreement"])
    pairs = read_similarity(similarity) if similarity else pd.DataFrame(columns=["set"])
    rows = [
        _row(claim, evidence, scale, data)
        for claim in claims
        for evidence in (
            _split_evidence(claim.measure, accuracies)
            if claim.measure.statistic in SPLIT_STATISTICS
            else _evidence(claim.measure, agreement, pairs)
        )
    ]
    return pd.DataFrame(rows)


def _evidence(measure: Measure, agreement: pd.DataFrame, pairs: pd.DataFrame) -> Iterator[Evidence]:
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


def _split_evidence(measure: Measure, accuracies: pd.DataFrame) -> Iterator[Evidence]:
    """Measure a claim on train-test splits; pairs of target and task are the units, each the mean of its networks."""
    rows = accuracies[accuracies["kind"] == measure.kind]
    if measure.network != EACH:
        rows = rows[rows["network"] == measure.network]
    if rows.empty:
        yield Evidence("" if measure.network == EACH else measure.network, None, NOTHING, None)
    for network in rows["network"].unique():
        of_network = rows[rows["network"] == network]
        used = [measure.split] if measure.split else ["random", "adversarial"]
        pairs = paired(of_network)
        estimate = mean_interval(pairs[measure.split or "difference"].to_list())
        trained = min(float(pairs[f"{split}_train"].mean()) for split in used)
        images = of_network.loc[of_network["split"].isin(used), "images_train"].mean()
        yield Evidence(network, estimate, trained, round(float(images)))


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


def _row(claim: Claim, evidence: Evidence, scale: str, data: str) -> dict[str, Any]:
    estimate = evidence.estimate
    reasons = [] if estimate is None else _reasons(claim, estimate, scale, data)
    verdict: Verdict = "not measured"
    if estimate is not None:
        verdict = "not comparable at this scale" if reasons else verdict_of(estimate, claim.accepted())
    return {
        "id": claim.id,
        "statement": claim.statement,
        "figure": claim.figure,
        "paper": claim.paper_value,
        "paper_sd": claim.paper_sd,
        "paper_n": claim.paper_n,
        "agrees_if": _region(claim),
        "ours": estimate.mean if estimate else NOTHING,
        "low": estimate.low if estimate else NOTHING,
        "high": estimate.high if estimate else NOTHING,
        "n": estimate.n if estimate else 0,
        "train_accuracy": evidence.train_accuracy,
        "images_train": evidence.images_train,
        "unit": claim.unit,
        "scale": scale,
        "data": data,
        "network": evidence.network,
        "verdict": verdict,
        "certainty": claim.certainty,
        "source": f"[{claim.source.tag}] {claim.source.where}",
        "note": " ".join(part for part in (*reasons, claim.note) if part),
    }


def _reasons(claim: Claim, estimate: Estimate, scale: str, data: str) -> list[str]:
    """Say why a measurement must not be compared; an empty list if it may."""
    reasons = []
    if scale not in COMPARABLE_AT[claim.kind]:
        reasons.append(f"Needs scale {' or '.join(COMPARABLE_AT[claim.kind])}.")
    if claim.needs.data is not None and data not in claim.needs.data:
        reasons.append(f"Needs data {' or '.join(claim.needs.data)}.")
    if claim.needs.tasks not in (None, estimate.n):
        reasons.append(f"Needs {claim.needs.tasks} tasks.")
    return reasons


def _region(claim: Claim) -> str:
    low, high = claim.accepted()
    if math.isinf(high):
        return f"at least {low:.4g}"
    return f"at most {high:.4g}" if math.isinf(low) else f"{low:.4g} to {high:.4g}"


def write(table: pd.DataFrame, csv_path: Path, md_path: Path) -> None:
    """Write what ``evaluate`` returned as CSV and as a Markdown table."""
    write_csv(csv_path, table)
    counts = ", ".join(f"{number} {verdict}" for verdict, number in table["verdict"].value_counts().items())
    header = [
        "claim",
        "paper",
        "agrees if",
        "ours [95 % interval]",
        "n",
        "train accuracy",
        "where",
        "verdict",
        "source",
    ]
    lines = [header, ["---"] * len(header), *(_cells(row) for row in table.to_dict("records"))]
    body = "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
    write_text(
        md_path,
        f"# Claims\n\n{counts}.\n\n"
        "A claim agrees if the whole 95 % interval (bootstrap over tasks, or over pairs of target and task for "
        "train-test splits, n of them) lies in the region of the third "
        "column, differs if all of it lies outside, and is undecided otherwise. Numbers are compared at paper scale "
        "only, orderings and effects at laptop scale too. Sources: C the authors' code, R its README, W the web page, "
        "S abstract and introduction, A computed from the authors' files, I inference, M memory of the paper, "
        f"unverified.\n\n{body}\n",
    )


def _cells(row: dict[Any, Any]) -> list[str]:
    def number(key: str) -> str:
        return "" if pd.isna(row[key]) else f"{row[key]:.3f}"

    paper = number("paper")
    if not pd.isna(row["paper_sd"]):
        paper += f" (sd {row['paper_sd']:.3f}, n {row['paper_n']:.0f})"
    interval = f" [{number('low')}, {number('high')}]" if number("low") else ""
    trained = "" if pd.isna(row["images_train"]) else f"{row['images_train']:,.0f} images"
    where = ", ".join(part for part in (row["scale"], row["data"], row["network"], trained) if part)
    note = f" ({row['note']})" if row["note"] else ""
    return [
        f"{row['statement']} (`{row['id']}`, `{row['figure']}`)",
        paper,
        row["agrees_if"],
        number("ours") + interval,
        str(row["n"]),
        number("train_accuracy"),
        where,
        f"**{row['verdict']}**{note}",
        f"{row['source']}, {row['certainty'].replace('_', ' ')}",
    ]
