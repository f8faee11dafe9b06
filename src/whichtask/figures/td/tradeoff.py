"""The trade-off between agreement and diversity: AS against similarity of the found tasks by the weight lambda."""

from itertools import pairwise

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs
from whichtask.figures.labels import Segment, place_labels
from whichtask.figures.marks import MARK, bars, kind_key, legend_above, line_key
from whichtask.figures.palette import colour_of
from whichtask.figures.style import annotate
from whichtask.figures.td.agreement import count_text
from whichtask.figures.td.searches import (
    REFERENCES,
    SIMILARITY_NOTE,
    TRAIN_NOTE,
    interval_note,
    read_study,
    scored,
    summarise_searches,
)


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return AS and similarity by weight of diversity (lambda): tasks, their means, and those of other kinds.

    Args:
        inputs: ``tables``, ``similarities`` and ``configs`` of searches that differ in ``uniformity_weight``; tables
            and similarities of the sets human and random may be among them.
    """
    key = "discovery.uniformity_weight"
    study = read_study(inputs, [key], REFERENCES, needs="similarities")
    references = {name: name for name in REFERENCES if (study.agreement["set"] == name).any()}
    for name in references:
        if not (study.similarity["set"] == name).any():
            raise WhichtaskError(f"{name} tasks stand beside the searches only with both AS and similarity")
    table = summarise_searches(study, study.groups(key, float) | references)
    table.insert(1, "uniformity_weight", pd.to_numeric(table["group"], errors="coerce"))
    return table.assign(**study.setting())


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Agreement score against similarity of the tasks for several weights of the uniformity loss."""
    means = table[table["row"] == "mean"]
    found = means[means["uniformity_weight"].notna()]
    references = [name for name in REFERENCES if (means["group"] == name).any()]
    figure = Figure(figsize=(7.0, 5.6), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3.4, 1])
    lines = _draw_means(upper, lower, found, "discovered")
    for name in references:
        lines += _draw_means(upper, lower, means[means["group"] == name], name)
    upper.set_ylabel("agreement score (AS)\n[share of held-out images]")
    lower.set_ylabel("train\naccuracy")
    lower.set_xlabel("mean pairwise similarity of the tasks [share of images]")
    span = 1 - min(0.9, means["train_accuracy"].min())
    lower.set_ylim(1 - 1.2 * span, 1 + 0.2 * span)
    upper.margins(x=0.1, y=0.1)
    joined = line_key(f"discovered: {len(found)} values of λ", colour_of("discovered"), marker="D", markersize=4)
    keys = [kind_key(name, count_text(table[table["group"] == name])) for name in references]
    legend_above(upper, [joined, *keys])
    annotate(
        figure,
        f"Trade-off of agreement and diversity by λ ({table['data'].iloc[0]})",
        f"Tasks scored by {scored(table)}. {interval_note(found)} {SIMILARITY_NOTE} {TRAIN_NOTE}",
    )
    texts = [f"λ = {weight:g}" for weight in found["uniformity_weight"]]
    place_labels(upper, found["similarity"], found["agreement"], texts, lines)
    return figure


def _draw_means(upper: Axes, lower: Axes, means: pd.DataFrame, kind: str) -> list[Segment]:
    """Draw means with both intervals, joined in their order, and their train accuracy below; return what was drawn."""
    colour = colour_of(kind)
    known = means.dropna(subset=["similarity"])
    x, y = known["similarity"], known["agreement"]
    errors = [bars(known[name], known[f"{name}_low"], known[f"{name}_high"]) for name in ("similarity", "agreement")]
    upper.errorbar(x, y, xerr=errors[0], yerr=errors[1], color=colour, **MARK)
    upper.plot(x, y, color=colour, linewidth=1.0, alpha=0.6)
    lower.plot(x, known["train_accuracy"], "D", color=colour, markersize=4)
    ends = known[[f"{name}{end}" for name in ("similarity", "agreement") for end in ("", "_low", "_high")]]
    lines: list[Segment] = list(pairwise(zip(x, y, strict=True)))
    for across, left, right, up, bottom, top in ends.itertuples(index=False):
        lines += [((left, up), (right, up)), ((across, bottom), (across, top))]
    return lines
