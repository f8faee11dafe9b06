"""The trade-off between agreement and diversity: AS against similarity of the found tasks by the weight lambda."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs
from whichtask.figures.labels import Segment, place_labels
from whichtask.figures.style import annotate, colour_of, save, styled
from whichtask.figures.tables import only
from whichtask.figures.td.dots import MARK
from whichtask.figures.td.panels import count_text
from whichtask.figures.td.searches import REFERENCES, interval_note, read_study, summarise_searches
from whichtask.figures.td.studies import SIMILARITY_NOTE, TRAIN_NOTE, scored


@styled()
def draw_tradeoff(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw AS against the similarity of the found tasks for each weight of diversity (lambda), in its order.

    Args:
        inputs: ``tables``, ``similarities`` and ``configs`` of searches that differ in ``uniformity_weight``; tables
            and similarities of the sets human and random may be among them.
        out: the PNG.
        settings: resolution.
    """
    key = "discovery.uniformity_weight"
    study = read_study(inputs, [key], REFERENCES, needs="similarities")
    weights = study.configs[key].astype(float).sort_values(kind="stable")
    groups = {str(name): f"{weight:g}" for name, weight in weights.items()}
    references = {name: name for name in REFERENCES if (study.agreement["set"] == name).any()}
    for name in references:
        if not (study.similarity["set"] == name).any():
            raise WhichtaskError(f"{name} tasks stand beside the searches only with both AS and similarity")
    table = summarise_searches(study, groups | references)
    table.insert(1, "uniformity_weight", pd.to_numeric(table["group"], errors="coerce"))
    means = table[table["row"] == "mean"]
    found = means[~means["group"].isin(references)]
    figure = Figure(figsize=(6.6, 5.6), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3.4, 1])
    lines = _draw_points(upper, lower, found, "discovered")
    for name in references:
        lines += _draw_points(upper, lower, means[means["group"] == name], name)
    upper.set_ylabel("agreement score (AS)\n[share of held-out images]")
    lower.set_ylabel("train\naccuracy")
    lower.set_xlabel("mean pairwise similarity of the tasks [share of images]")
    span = 1 - min(0.9, means["train_accuracy"].min())
    lower.set_ylim(1 - 1.2 * span, 1 + 0.2 * span)
    upper.margins(x=0.1, y=0.1)
    upper.legend(handles=_tradeoff_keys(table, references), loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=3)
    annotate(
        figure,
        f"Trade-off of agreement and diversity by λ ({only(study.agreement, 'data')})",
        f"Tasks scored by {scored(study)}. {interval_note(found)} {SIMILARITY_NOTE} {TRAIN_NOTE}",
    )
    place_labels(upper, found["similarity"], found["agreement"], [f"λ = {group}" for group in found["group"]], lines)
    save(figure, table, out, settings)


def _draw_points(upper: Axes, lower: Axes, means: pd.DataFrame, kind: str) -> list[Segment]:
    """Draw means with both intervals, joined in their order, and their train accuracy below; return what was drawn."""
    colour = colour_of(kind)
    known = means.dropna(subset=["similarity"])
    for axis, column in (("x", "similarity"), ("y", "agreement")):
        ends = np.stack([known[column] - known[f"{column}_low"], known[f"{column}_high"] - known[column]])
        bars: dict[str, Any] = {f"{axis}err": np.maximum(ends.astype(float), 0)}
        upper.errorbar(known["similarity"], known["agreement"], **bars, **MARK, color=colour)
    upper.plot(known["similarity"], known["agreement"], color=colour, linewidth=1.0, alpha=0.6)
    lower.plot(known["similarity"], known["train_accuracy"], "D", color=colour, markersize=4)
    lines: list[Segment] = []
    for _, mean in known.iterrows():
        x, y = mean["similarity"], mean["agreement"]
        lines.append(((mean["similarity_low"], y), (mean["similarity_high"], y)))
        lines.append(((x, mean["agreement_low"]), (x, mean["agreement_high"])))
    places = list(zip(known["similarity"], known["agreement"], strict=True))
    return lines + list(pairwise(places))


def _tradeoff_keys(table: pd.DataFrame, references: dict[str, str]) -> list[Line2D]:
    joined = f"discovered, {table['uniformity_weight'].nunique()} values of λ"
    keys = [("discovered", joined, 1.0)]
    keys += [(name, f"{name}: {count_text(table[table['group'] == name])}", 0.0) for name in references]
    return [
        Line2D([], [], color=colour_of(kind), marker="D", markersize=4, linewidth=width, label=text)
        for kind, text, width in keys
    ]
