"""Verdicts for people: one line a claim with its cases folded behind it, and the table of all cases."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from whichtask.artifacts import write_csv, write_text
from whichtask.claims.verdicts import CHANCE, CONTROL, HYPOTHESIS, QUESTION, VERDICTS, by_chance

COLUMNS = ("case", "ours [95 % interval]", "n", "agrees if", "paper", "train accuracy", "where", "verdict", "note")

VERBS = {"agrees": "agree", "differs": "differ"}
"""What several claims do."""


def write(table: pd.DataFrame, csv_path: Path, md_path: Path) -> None:
    """Write what ``evaluate`` returned as CSV and as a page."""
    write_csv(csv_path, table)
    controls, questions, ours = (table["kind"] == kind for kind in (CONTROL, "question", HYPOTHESIS))
    lines = ["# Claims", "", summary(table), ""]
    lines += [
        "A claim agrees if the whole 95 % interval of every case lies where it must, strictly on one side for "
        "orderings; it differs if all of the interval of any case lies outside, and is undecided otherwise. Cases that "
        "are not comparable or not measured are left out. Numbers are compared at paper scale only, orderings and "
        "effects at laptop scale too. Intervals are over tasks, over targets and attacking tasks for train-test "
        "splits, or over seeds for GBI. Sources: C the authors' code, R its README, W the web page, S abstract and "
        "introduction, or a summary, A computed from the authors' files, V a published review that quotes the paper, P "
        "earlier code of the first author, I inference, M memory of the paper, unverified, H ours."
    ]
    for paper, rows in table[~controls & ~questions & ~ours].groupby("paper_title", sort=False):
        lines += ["", f"## {paper}", *_folded(rows)]
    if controls.any():
        about = "What a sound measurement must show, whether or not the papers are right; not counted as claims."
        lines += ["", "## Controls", "", about, *_folded(table[controls])]
    if ours.any():
        about = "What we expected of the bridge between the papers, written down before the run; no paper claims it."
        lines += ["", "## Hypotheses", "", about, *_folded(table[ours])]
    if questions.any():
        lines += ["", "## Open in the papers", ""]
        lines += [
            f"- {_plain(row['statement'])} Shown by `{row['figure']}` ({_plain(row['source'])})."
            for row in table[questions].to_dict("records")
        ]
    write_text(md_path, "\n".join([*lines, ""]))


def summary(table: pd.DataFrame) -> str:
    """Return how many claims and controls have which verdict, and how many orderings would agree by chance."""
    claims = table.drop_duplicates("id")
    own = claims[~claims["kind"].isin((CONTROL, "question", HYPOTHESIS))]
    parts = [f"{len(own)} claims: {_counts(own)}."]
    controls = claims[claims["kind"] == CONTROL]
    if len(controls):
        parts.append(f"{len(controls)} controls: {_counts(controls)}.")
    hypotheses = claims[claims["kind"] == HYPOTHESIS]
    if len(hypotheses):
        parts.append(f"{len(hypotheses)} hypotheses of ours: {_counts(hypotheses)}.")
    orderings, expected = by_chance(table)
    if orderings:
        parts.append(
            f"If nothing had any effect, at most {expected:.1f} of the {orderings} orderings that were judged would "
            f"agree by chance ({orderings} x {CHANCE})."
        )
    return " ".join(parts)


def _counts(claims: pd.DataFrame) -> str:
    counts = claims["claim_verdict"].value_counts()
    return ", ".join(f"{counts[name]} {VERBS.get(name, name)}" for name in VERDICTS if name in counts)


def _folded(rows: pd.DataFrame) -> list[str]:
    """Return the lines of some claims: those with one verdict together, each folded."""
    lines = []
    for verdict in VERDICTS:
        if verdict == QUESTION:
            continue
        for _, cases in rows[rows["claim_verdict"] == verdict].groupby("id", sort=False):
            lines += ["", *_claim(cases)]
    return lines


def _claim(cases: pd.DataFrame) -> list[str]:
    first, figures = cases.iloc[0], [f"`{figure}`" for figure in cases["figure"].unique()]
    others = cases.loc[cases["verdict"] != first["claim_verdict"], "verdict"].value_counts()
    number = [f"{len(cases)} cases", *(f"{n} {verdict}" for verdict, n in others.items())] if len(cases) > 1 else []
    parts = ", ".join([part for part in (_overall(cases), *number) if part])
    source = f"{_plain(first['source'])}, {first['certainty'].replace('_', ' ')}"
    return [
        f"<details><summary><b>{first['claim_verdict']}</b> {_plain(first['statement'])} "
        f"{parts} <code>{first['id']}</code></summary>",
        "",
        f"{source}. Figure{'s' if len(figures) > 1 else ''} {', '.join(figures)}; unit: {_plain(first['unit'])}; "
        f"n: {first['over'] or 'none'}.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{' --- |' * len(COLUMNS)}",
        *(f"| {' | '.join(_plain(cell) for cell in _cells(row))} |" for row in cases.to_dict("records")),
        "",
        "</details>",
    ]


def _overall(cases: pd.DataFrame) -> str:
    """Return what was measured: one value with its interval, or the range over cases."""
    known, regions = cases[cases["ours"].notna()], cases["agrees_if"].unique()
    text = f"{known['ours'].min():.3f} to {known['ours'].max():.3f}" if len(known) > 1 else ""
    text = measured(known.iloc[0]) if len(known) == 1 else text
    return " ".join([part for part in (text, f"(agrees if {regions[0]})" if len(regions) == 1 else "") if part])


def measured(row: Mapping[Any, Any] | pd.Series) -> str:
    """Return our value with its interval, or nothing."""
    if pd.isna(row["ours"]):
        return ""
    return f"{row['ours']:.3f}" + ("" if pd.isna(row["low"]) else f" [{row['low']:.3f}, {row['high']:.3f}]")


def _plain(cell: str) -> str:
    """Return text that Markdown and HTML show as it is: names of data sets are the users'."""
    return cell.replace("&", "&amp;").replace("|", "/").replace("<", "&lt;")


def _cells(row: dict[Any, Any]) -> list[str]:
    def number(key: str) -> str:
        return "" if pd.isna(row[key]) else f"{row[key]:.3f}"

    paper = number("paper")
    if not pd.isna(row["paper_sd"]):
        paper += f" (sd {row['paper_sd']:.3f}, n {row['paper_n']:.0f})"
    trained = "" if pd.isna(row["images_train"]) else f"{row['images_train']:,.0f} images"
    where = ", ".join(part for part in (row["scale"], row["data"], row["network"], trained) if part)
    return [
        row["case"], measured(row), str(row["n"]), row["agrees_if"], paper, number("train_accuracy"), where,
        row["verdict"], row["note"],
    ]  # fmt: skip
