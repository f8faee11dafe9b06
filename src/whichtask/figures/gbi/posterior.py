"""How far the one-step posterior is from the exact one, where, and what can be proved about it."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import log_softmax

from whichtask.artifacts import Array, read_npz
from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.repeats import over_repeats, repeats_note
from whichtask.figures.style import NEUTRAL, annotate, save, styled

Floats = npt.NDArray[np.float64]
NEEDED = ("gradients", "loss_at_start", "losses", "labels", "tau_one_step", "tau_exact")
TAUS = np.geomspace(0.1, 100, 25)
"""Values of the common tau, as multiples of the exact posterior's calibrated one."""
BINS = (0.0, 0.5, 0.8, 0.95, 0.99, 1.0)
"""Edges of the exact posterior's confidence."""
COLOURS = {"divergence": "#D55E00", "bound": "#0072B2", "agreement": "#009E73"}


@styled()
def draw_posterior_kl(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw the divergence of the one-step from the exact posterior, its bound, and where predictions agree.

    Args:
        inputs: ``posteriors``, one archive for each repeat with ``gradients`` and ``losses`` [n, K], ``loss_at_start``
            and ``labels`` [n], and the calibrated ``tau_one_step`` and ``tau_exact``.
        out: the PNG.
        settings: resolution.
    """
    archives = [_read(path) for path in files(inputs, "posteriors")]
    curve = pd.concat([_curve(archive, repeat) for repeat, archive in enumerate(archives)], ignore_index=True)
    bins = pd.concat([_by_confidence(archive, repeat) for repeat, archive in enumerate(archives)], ignore_index=True)
    calibrated = pd.concat([_calibrated(archive, repeat) for repeat, archive in enumerate(archives)], ignore_index=True)
    figure = Figure(figsize=(10.4, 4.7), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    by_tau = _draw_curve(left, curve)
    by_bin = _draw_bins(middle, right, bins)
    kl = over_repeats(calibrated, ["quantity"], "value").set_index("quantity")
    images = len(archives[0]["labels"])
    annotate(
        figure,
        "One-step posterior against the exact posterior over all tasks",
        f"{images:,} test images, {archives[0]['losses'].shape[1]} tasks, primary autoencoder. Exact: softmax of minus "
        "the reconstruction error of every task over τ. Left: both with one τ, as a multiple of the exact posterior's "
        "calibrated τ; the bound min(s, s²/8), with s the span over tasks of what linearising the loss leaves out over "
        "τ, is proved for every network. Middle and right: each with its own calibrated τ (validation images): mean "
        f"divergence {_value(kl, 'divergence')} nats, median {_value(kl, 'median divergence')}; same task predicted "
        f"for {_value(kl, 'agreement')} of images. {repeats_note(calibrated)}",
    )
    parts = {"tau": by_tau, "confidence": by_bin, "calibrated": calibrated, "curve": curve}
    save(figure, pd.concat([part.assign(row=name) for name, part in parts.items()]), out, settings)


def _read(path: Path) -> dict[str, Array]:
    archive = read_npz(path)
    missing = [name for name in NEEDED if name not in archive]
    if missing:
        raise WhichtaskError(f"{path}: no {', '.join(missing)}; needed are {', '.join(NEEDED)}")
    return archive


def _logs(archive: dict[str, Array], tau_one_step: float, tau_exact: float) -> tuple[Floats, Floats]:
    """Return the logarithms of the one-step and the exact posterior, [n, K] each."""
    one = log_softmax(-archive["gradients"].astype(np.float64) / tau_one_step, axis=1)
    exact = log_softmax(-archive["losses"].astype(np.float64) / tau_exact, axis=1)
    return one, exact


def _divergence(log_p: Floats, log_q: Floats) -> Floats:
    kl: Floats = (np.exp(log_p) * (log_p - log_q)).sum(axis=1)
    return kl


def _curve(archive: dict[str, Array], repeat: int) -> pd.DataFrame:
    """Return divergence and bound for every common tau."""
    gradients, losses = (archive[name].astype(np.float64) for name in ("gradients", "losses"))
    remainder = losses - archive["loss_at_start"][:, None] - (gradients - gradients.mean(axis=1, keepdims=True))
    rows = []
    for factor in TAUS:
        tau = factor * float(archive["tau_exact"])
        span = np.ptp(remainder, axis=1) / tau
        one, exact = _logs(archive, tau, tau)
        bound = np.minimum(span, span**2 / 8).mean()
        found = {"divergence": _divergence(exact, one).mean(), "bound": bound}
        rows += [
            {"repeat": repeat, "factor": factor, "quantity": name, "value": value} for name, value in found.items()
        ]
    return pd.DataFrame(rows)


def _by_confidence(archive: dict[str, Array], repeat: int) -> pd.DataFrame:
    """Return divergence and agreement of predictions in bins of the exact posterior's confidence."""
    one, exact = _logs(archive, float(archive["tau_one_step"]), float(archive["tau_exact"]))
    place = np.digitize(np.exp(exact).max(axis=1), BINS[1:-1])
    kl, same = _divergence(exact, one), one.argmax(axis=1) == exact.argmax(axis=1)
    rows = []
    for number in range(len(BINS) - 1):
        inside = place == number
        if inside.any():
            name = _names()[number]
            shared = {"repeat": repeat, "bin": name, "share": inside.mean()}
            rows += [
                shared | {"quantity": "divergence", "value": kl[inside].mean()},
                shared | {"quantity": "agreement", "value": same[inside].mean()},
            ]
    return pd.DataFrame(rows)


def _calibrated(archive: dict[str, Array], repeat: int) -> pd.DataFrame:
    """Return the mean and median divergence and the agreement of predictions at the calibrated temperatures."""
    one, exact = _logs(archive, float(archive["tau_one_step"]), float(archive["tau_exact"]))
    kl = _divergence(exact, one)
    found = {
        "divergence": kl.mean(),
        "median divergence": float(np.median(kl)),
        "agreement": (one.argmax(axis=1) == exact.argmax(axis=1)).mean(),
        "one-step accuracy": (one.argmax(axis=1) == archive["labels"]).mean(),
        "exact accuracy": (exact.argmax(axis=1) == archive["labels"]).mean(),
    }
    return pd.DataFrame([{"repeat": repeat, "quantity": name, "value": value} for name, value in found.items()])


def _value(summary: pd.DataFrame, name: str) -> str:
    row = summary.loc[name]
    interval = "" if np.isnan(row["low"]) else f" [{row['low']:.3f}, {row['high']:.3f}]"
    return f"{row['value']:.3f}{interval}"


def _draw_curve(axes: Axes, curve: pd.DataFrame) -> pd.DataFrame:
    summary = over_repeats(curve, ["quantity", "factor"], "value")
    for name, label in (("bound", "bound, mean over images"), ("divergence", "KL(exact || one-step)")):
        rows = summary[summary["quantity"] == name]
        axes.plot(rows["factor"], rows["value"], color=COLOURS[name], label=label)
        axes.fill_between(rows["factor"], rows["low"], rows["high"], color=COLOURS[name], alpha=0.2, linewidth=0)
    axes.axvline(1, color=NEUTRAL, linewidth=1, linestyle=":")
    axes.set(xscale="log", yscale="log", xlabel="common τ [calibrated τ of the exact posterior]", ylabel="nats")
    axes.legend(loc="upper right")
    return summary


def _draw_bins(divergence: Axes, agreement: Axes, bins: pd.DataFrame) -> pd.DataFrame:
    names = [name for name in _names() if name in set(bins["bin"])]
    summary = over_repeats(bins, ["quantity", "bin"], "value")
    shares = bins.groupby("bin")["share"].mean()
    for axes, quantity, label in (
        (divergence, "divergence", "KL(exact || one-step) [nats]"),
        (agreement, "agreement", "same task predicted [share of images]"),
    ):
        rows = summary[summary["quantity"] == quantity].set_index("bin").loc[names]
        errors = [np.nan_to_num((rows[end] - rows["value"]).abs()) for end in ("low", "high")]
        axes.bar(range(len(names)), rows["value"], yerr=errors, color=COLOURS[quantity], width=0.7, capsize=3)
        labels = [f"{name}\n({shares[name]:.0%})" for name in names]
        axes.set_xticks(range(len(names)), labels, fontsize=7.5)
        axes.set(xlabel="confidence of the exact posterior\n(share of images)", ylabel=label)
    return summary


def _names() -> Sequence[str]:
    return [f"{low:g}-{high:g}" for low, high in pairwise(BINS)]
