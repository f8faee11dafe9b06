"""Whether the agreement of a labelling predicts how well its bit is inferred."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.bridge.common import ALL, MAIN, METHODS, OTHER, SOURCES, WORDS, by_seed, name_of, read
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import MARK, bars, estimate_in, legend_below_title, line_key, name_rows, value_text
from whichtask.figures.means import means
from whichtask.figures.palette import NEUTRAL
from whichtask.figures.style import annotate
from whichtask.figures.tables import AGREEMENT_COLUMNS, read_table
from whichtask.plan.counts import counted
from whichtask.stats import rank_interval

COLUMNS = ("entry", "method", "bit", "chance", "accuracy", "balanced", "majority", "images_test")
VALUES = ("accuracy", "balanced", "majority")
CHANCE_LEVEL = 0.5
CHANCE_SOURCES = ("random", "permuted")


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return each bit's agreement and inferred accuracy, means by source, and rank correlations.

    Args:
        inputs: ``bits``, one table for each image set and repeat; ``scores``, the agreement of all bits, one for each
            image set.

    Returns:
        ``row`` is "bit" (mean over seeds: ``agreement``, ``chance_agreement``, ``accuracy``, ``balanced``,
        ``majority``), "seed" or "mean" (of a source's bits), or "rho": Spearman's correlation of agreement and balanced
        accuracy over the bits of a source, or of all, with its interval over bits and seeds. ``rho_excess`` is that of
        the agreement above chance; ``width`` tells the main width of the code.
    """
    table = read(files(inputs, "bits"), COLUMNS)
    scores = pd.concat([read_table(path, AGREEMENT_COLUMNS) for path in files(inputs, "scores")], ignore_index=True)
    scored = scores.groupby(["data", "task"])[["agreement", "chance_agreement", "train_accuracy"]].mean().reset_index()
    table = table.merge(scored.rename(columns={"task": "bit"}), on=["data", "bit"], how="left")
    main = table.loc[table["method"] == "iterative", "code"].iloc[0]
    table = table.assign(width=np.where(table["code"] == main, MAIN, OTHER))
    about = ["data", "source", "method", "code", "width"]
    bits = means(table, [*about, "bit"], VALUES).assign(row="bit")
    bits = bits.merge(scored.rename(columns={"task": "bit"}), on=["data", "bit"], how="left")
    correlations = [
        dict(zip(about, (data, source, method, code, MAIN if code == main else OTHER), strict=True))
        | _correlations(own)
        for (data, method, code), rows in table[table["agreement"].notna()].groupby(["data", "method", "code"])
        for source, own in [(ALL, rows), *((name, rows[rows["source"] == name]) for name in rows["source"].unique())]
    ]
    whole = by_seed(table, about, VALUES)
    return pd.concat([bits, whole, pd.DataFrame(correlations).assign(row="rho")], ignore_index=True)


def _correlations(rows: pd.DataFrame) -> dict[str, float]:
    """Return the rank correlations of some bits."""
    crossed = rows.pivot_table(index="repeat", columns="bit", values="balanced")
    facts = rows.drop_duplicates("bit").set_index("bit").loc[crossed.columns]
    agreement = facts["agreement"].to_numpy(np.float64)
    chance = facts["chance_agreement"].to_numpy(np.float64)
    found = rank_interval(agreement, crossed.to_numpy(np.float64))
    # Networks that give one answer only agree by chance alone.
    above = np.divide(agreement - chance, 1 - chance, out=np.zeros_like(chance), where=chance < 1)
    excess = rank_interval(above, crossed.to_numpy(np.float64))
    counts = {"n": found.n, "seeds": len(crossed)}
    return found.named("rho") | excess.named("rho_excess") | counts


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Agreement score of each bit against the balanced accuracy with which one gradient step infers it on held-out
    images, by source of the bit; and the rank correlation of the two over the bits of all sources and within each, in
    one step, by iterating, and by trying all combinations.
    """
    sets = list(table["data"].unique())
    figure = Figure(figsize=(1.6 + 4.2 * len(sets), 7.2), layout="constrained")
    grid = figure.subplots(2, len(sets), squeeze=False, height_ratios=[1.25, 1])
    for upper, lower, data in zip(*grid, sets, strict=True):
        own = table[(table["data"] == data) & (table["width"] == MAIN)]
        _scatter(upper, own[(own["row"] == "bit") & (own["method"] == "one-step")])
        whole = own[(own["row"] == "rho") & (own["source"] == ALL) & (own["method"] == "one-step")].iloc[0]
        upper.set_title(f"{name_of(data)}: rank correlation {value_text(estimate_in(whole, 'rho'), '{:.2f}')}")
        _correlation_lines(lower, own[own["row"] == "rho"])
        if data != sets[0]:
            lower.set_yticklabels([])
    grid[0][0].set_ylabel("bit inferred in one step\n[balanced accuracy, test images]")
    shown = table[table["row"] == "bit"]
    keys = [
        line_key(name, colour, marker="o", linestyle="")
        for source, (name, colour) in SOURCES.items()
        if source in set(shown.loc[shown["agreement"].notna(), "source"])
    ]
    keys += [
        line_key(WORDS[method], NEUTRAL, marker=METHODS[method], linestyle="")
        for method in ("one-step", "iterative", "enumerated")
    ]
    legend_below_title(figure, keys, 3 if len(sets) == 1 else 5)
    seeds = int(shown["n"].max())
    annotate(
        figure,
        "Does agreement predict what a gradient can infer?",
        f"Each point is a bit: mean over {counted(seeds, 'seed')} of the autoencoder, bars 95 % over seeds. "
        "Agreement: of two networks that learn the labelling, on other held-out images. Balanced accuracy is 0.5 by "
        f"chance (dotted) whatever the majority; the largest majority rate of a bit is {shown_majority(shown):.2f}. "
        "Spearman's rank correlation with its 95 % interval over bits and seeds; n is the number of bits.",
    )
    return figure


def shown_majority(bits: pd.DataFrame) -> float:
    """Return the largest majority rate of a bit."""
    return float(bits.loc[bits["agreement"].notna(), "majority"].max())


def _scatter(axes: Axes, bits: pd.DataFrame) -> None:
    for source, (_, colour) in SOURCES.items():
        own = bits[(bits["source"] == source) & bits["agreement"].notna()]
        errors = bars(own["balanced"], own["balanced_low"], own["balanced_high"])
        style = MARK | {"fmt": "o", "markersize": 4.5, "capsize": 0, "elinewidth": 0.8, "alpha": 0.8}
        axes.errorbar(own["agreement"], own["balanced"], yerr=errors, color=colour, **style)
    axes.axhline(CHANCE_LEVEL, color=NEUTRAL, linestyle=":", linewidth=1.0)
    axes.grid(visible=True, axis="both")
    axes.set_xlabel("agreement score of the bit")


def _correlation_lines(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw rank correlations, a line for the bits of all sources and for those of each."""
    lines = [ALL, *(source for source in SOURCES if source in set(rows["source"]))]
    names = []
    for line, source in enumerate(lines):
        own = rows[rows["source"] == source]
        name, colour = ("all sources", NEUTRAL) if source == ALL else SOURCES[source]
        names.append(f"{name}, n = {int(own['n'].max())}")
        for offset, method in zip((-0.22, 0.0, 0.22), ("one-step", "iterative", "enumerated"), strict=True):
            found = own[own["method"] == method]
            if found.empty or np.isnan(found.iloc[0]["rho"]):
                continue
            rho, low, high, _ = estimate_in(found.iloc[0], "rho")
            style = MARK | {"fmt": METHODS[method], "capsize": 2}
            axes.errorbar([rho], [line + offset], xerr=bars(rho, low, high), color=colour, **style)
    name_rows(axes, names)
    axes.axvline(0, color=NEUTRAL, linestyle=":", linewidth=1.0)
    axes.set_xlim(-1.03, 1.03)
    axes.set_xlabel("rank correlation of agreement and accuracy")
