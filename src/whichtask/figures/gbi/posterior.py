"""How far the one-step posterior is from the exact one, where, and what can be proved about it."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import log_softmax

from whichtask.artifacts import Array, read_npz
from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import band, bars, estimate_in, value_text
from whichtask.figures.means import means, repeats_note, where
from whichtask.figures.palette import BLUE, GREEN, NEUTRAL, VERMILION
from whichtask.figures.style import annotate
from whichtask.stats import Floats

NEEDED = ("gradients", "loss_at_start", "losses", "labels", "tau_one_step", "tau_exact")
TAUS = np.geomspace(0.1, 100, 25)
"""Values of the common tau, as multiples of the exact posterior's calibrated one."""
BINS = (0.0, 0.5, 0.8, 0.95, 0.99, 1.0)
"""Edges of the exact posterior's confidence."""
BIN_NAMES = [f"{low:g}-{high:g}" for low, high in pairwise(BINS)]
CURVES = {"bound": ("bound, mean over images", BLUE), "divergence": ("KL(exact || one-step)", VERMILION)}
BY_BIN = {
    "divergence": ("KL(exact || one-step) [nats]", VERMILION),
    "agreement": ("same task predicted [share of images]", GREEN),
}


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Compare the posteriors of every image, over values of tau and in bins of confidence.

    Args:
        inputs: ``posteriors``, one archive for each repeat with ``gradients`` and ``losses`` [n, K], ``loss_at_start``
            and ``labels`` [n], and the calibrated ``tau_one_step`` and ``tau_exact``.

    Returns:
        Means over repeats (``row`` = "tau", "confidence") and each repeat's own (``row`` = "calibrated", "curve");
        ``images`` and ``tasks`` are n and K; ``share`` is the bin's share of images.

    Raises:
        WhichtaskError: an archive that does not fit.
    """
    archives = [_read(path) for path in files(inputs, "posteriors")]
    own = pd.concat([_compared(archive).assign(repeat=repeat) for repeat, archive in enumerate(archives)])
    curve, bins, calibrated = (where(own, row=row) for row in ("curve", "confidence", "calibrated"))
    joined = pd.concat(
        [_means(curve, "factor").assign(row="tau"), _means(bins, "bin").assign(row="confidence"), calibrated, curve]
    )
    n, tasks = archives[0]["losses"].shape
    shares = bins.groupby("bin")["share"].mean()
    columns = ["quantity", "factor", "value", "low", "high", "n", "row", "bin", "repeat"]
    return joined[columns].assign(images=n, tasks=tasks, share=joined["bin"].map(shares))


def _read(path: Path) -> dict[str, Array]:
    archive = read_npz(path)
    missing = [name for name in NEEDED if name not in archive]
    if missing:
        raise WhichtaskError(f"{path}: no {', '.join(missing)}; needed are {', '.join(NEEDED)}")
    return archive


def _means(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    found = means(rows, ["quantity", by], ["value"])
    return found.rename(columns={"value_low": "low", "value_high": "high"})


def _compared(archive: dict[str, Array]) -> pd.DataFrame:
    """Return what one archive says for every common tau, in bins of the exact posterior's confidence, and over all."""
    gradients, losses = (archive[name].astype(np.float64) for name in ("gradients", "losses"))
    tau_one_step, tau_exact = float(archive["tau_one_step"]), float(archive["tau_exact"])
    remainder = losses - archive["loss_at_start"][:, None] - (gradients - gradients.mean(axis=1, keepdims=True))
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for factor in TAUS:
        tau = factor * tau_exact
        span = np.ptp(remainder, axis=1) / tau
        kl = _divergence(log_softmax(-losses / tau, axis=1), log_softmax(-gradients / tau, axis=1))
        bound = np.minimum(span, span**2 / 8)
        found.append(({"row": "curve", "factor": factor}, {"divergence": kl.mean(), "bound": bound.mean()}))
    one, exact = log_softmax(-gradients / tau_one_step, axis=1), log_softmax(-losses / tau_exact, axis=1)
    kl, same = _divergence(exact, one), one.argmax(axis=1) == exact.argmax(axis=1)
    place = np.digitize(np.exp(exact).max(axis=1), BINS[1:-1])
    for number, name in enumerate(BIN_NAMES):
        inside = place == number
        if inside.any():
            shared = {"row": "confidence", "bin": name, "share": inside.mean()}
            found.append((shared, {"divergence": kl[inside].mean(), "agreement": same[inside].mean()}))
    overall = {
        "divergence": kl.mean(),
        "median divergence": np.median(kl),
        "agreement": same.mean(),
        "one-step accuracy": (one.argmax(axis=1) == archive["labels"]).mean(),
        "exact accuracy": (exact.argmax(axis=1) == archive["labels"]).mean(),
    }
    found.append(({"row": "calibrated"}, overall))
    return pd.DataFrame(
        [{**key, "quantity": name, "value": value} for key, values in found for name, value in values.items()]
    )


def _divergence(log_p: Floats, log_q: Floats) -> Floats:
    kl: Floats = (np.exp(log_p) * (log_p - log_q)).sum(axis=1)
    return kl


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Divergence of the one-step posterior from the exact posterior over all tasks (MNIST autoencoder), with a bound
    that is proved for every network.
    """
    figure = Figure(figsize=(10.4, 4.7), layout="constrained")
    left, *right = figure.subplots(1, 3)
    for name, (label, colour) in CURVES.items():
        rows = where(table, row="tau", quantity=name)
        band(left, rows["factor"], rows["value"], rows["low"], rows["high"], colour, label)
    left.axvline(1, color=NEUTRAL, linewidth=1, linestyle=":")
    left.set(xscale="log", yscale="log", xlabel="common τ [calibrated τ of the exact posterior]", ylabel="nats")
    left.legend(loc="upper right")
    for axes, (name, (label, colour)) in zip(right, BY_BIN.items(), strict=True):
        _draw_bins(axes, where(table, row="confidence", quantity=name).set_index("bin"), colour)
        axes.set_ylabel(label)
    first, over_all = (
        table.iloc[0],
        means(where(table, row="calibrated"), ["quantity"], ["value"]).set_index("quantity"),
    )
    written = {name: value_text(estimate_in(row)) for name, row in over_all.iterrows()}
    annotate(
        figure,
        "One-step posterior against the exact posterior over all tasks",
        f"{first['images']:,} test images, {first['tasks']} tasks, primary autoencoder. Exact: softmax of minus the "
        "reconstruction error of every task over τ. Left: both with one τ, as a multiple of the exact posterior's "
        "calibrated τ; the bound min(s, s²/8), with s the span over tasks of what linearising the loss leaves out "
        "over τ, is proved for every network. Middle and right: each with its own calibrated τ (validation images): "
        f"mean divergence {written['divergence']} nats, median {written['median divergence']}; same task predicted for "
        f"{written['agreement']} of images. {repeats_note(int(over_all['n'].max()))}",
    )
    return figure


def _draw_bins(axes: Axes, rows: pd.DataFrame, colour: str) -> None:
    rows = rows.loc[[name for name in BIN_NAMES if name in rows.index]]
    errors = bars(rows["value"], rows["low"], rows["high"])
    axes.bar(range(len(rows)), rows["value"], yerr=errors, color=colour, width=0.7, capsize=3)
    axes.set_xticks(range(len(rows)), [f"{name}\n({row['share']:.0%})" for name, row in rows.iterrows()], fontsize=7.5)
    axes.set_xlabel("confidence of the exact posterior\n(share of images)")
