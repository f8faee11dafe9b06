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
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast

import pandas as pd

from whichtask.artifacts import write_csv, write_text
from whichtask.claims.evidence import NOTHING, Evidence, drawn_evidence, evidence, split_evidence
from whichtask.claims.model import SPLIT_STATISTICS, Claim, Kind, Measure, load_claims
from whichtask.errors import WhichtaskError
from whichtask.figures.tables import AGREEMENT_COLUMNS, only, read_agreement, read_similarity
from whichtask.figures.td.split_pairs import read_splits
from whichtask.stats import Estimate

Verdict = Literal["agrees", "differs", "undecided", "not comparable at this scale", "not measured"]

COMPARABLE_AT: dict[Kind, tuple[str, ...]] = {
    "number": ("paper",),
    "effect": ("laptop", "paper"),
    "fact": ("smoke", "laptop", "paper"),
}


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
    drawn: Mapping[str, pd.DataFrame] | None = None,
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
        drawn: numbers of figures, by their IDs.

    Returns:
        A row for each claim and network, in the order of the file.

    Raises:
        WhichtaskError: an unknown scale, bad claims, or tables that are damaged or mix data sets.
    """
    if scale not in COMPARABLE_AT["fact"]:
        raise WhichtaskError(f"unknown scale {scale!r}; allowed: {', '.join(COMPARABLE_AT['fact'])}")
    claims = load_claims(claims_yaml)
    agreement = read_agreement(tables) if tables else pd.DataFrame(columns=AGREEMENT_COLUMNS)
    accuracies = read_splits(splits) if splits else pd.DataFrame(columns=["network", "source", "kind"])
    for table in (agreement if tables else None, accuracies if splits else None):
        if table is not None and only(table, "data") != data:
            raise WhichtaskError(f"the tables are of {only(table, 'data')!r}, not of {data!r}")
    agreement = agreement.assign(agreement_above_chance=agreement["agreement"] - agreement["chance_agreement"])
    pairs = read_similarity(similarity) if similarity else pd.DataFrame(columns=["set"])

    def measured(claim: Claim) -> Iterator[Evidence]:
        if claim.drawn:
            return drawn_evidence(claim.drawn, (drawn or {}).get(claim.figure))
        measure = cast(Measure, claim.measure)  # a claim has one of the two
        if measure.statistic in SPLIT_STATISTICS:
            return split_evidence(measure, accuracies)
        return evidence(measure, agreement, pairs)

    rows = [_row(claim, found, scale, data) for claim in claims for found in measured(claim)]
    return pd.DataFrame(rows)


def _row(claim: Claim, evidence: Evidence, scale: str, data: str) -> dict[str, Any]:
    estimate = evidence.estimate
    data = evidence.data or data
    reasons = [] if estimate is None else _reasons(claim, estimate, scale, data)
    verdict: Verdict = "not measured"
    if estimate is not None:
        verdict = "not comparable at this scale" if reasons else verdict_of(estimate, claim.accepted())
    return {
        "id": claim.id,
        "paper_title": claim.paper,
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
    body = "\n".join(f"| {' | '.join(_plain(cell) for cell in line)} |" for line in lines)
    write_text(
        md_path,
        f"# Claims\n\n{counts}.\n\n"
        "A claim agrees if the whole 95 % interval (bootstrap over tasks, or over targets and attacking tasks for "
        "train-test splits, n pairs of them, or over seeds for GBI) lies in the region of the third "
        "column, differs if all of it lies outside, and is undecided otherwise. Numbers are compared at paper scale "
        "only, orderings and effects at laptop scale too. Sources: C the authors' code, R its README, W the web page, "
        "S abstract and introduction, or a summary, A computed from the authors' files, V a published review that "
        "quotes the paper, P earlier code of the first author, I inference, M memory of the paper, "
        f"unverified.\n\n{body}\n",
    )


def _plain(cell: str) -> str:
    """Return text that Markdown shows as it is: names of data sets are the users'."""
    return cell.replace("|", "/").replace("<", "&lt;")


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
