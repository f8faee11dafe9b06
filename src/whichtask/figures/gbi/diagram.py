"""Gradient-Based Inference drawn by code: its three phases, and the bound that inference maximises (Fig. 1)."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.inputs import Inputs
from whichtask.figures.palette import NEUTRAL, colour_of
from whichtask.figures.sheet import Sheet, figure_of
from whichtask.figures.style import annotate

LEARNED, GIVEN = colour_of("discovered"), colour_of("human")
PHASES = (
    ("Training: Z given", "Z: one-hot label\nof the task, given", False, True, "gradient to the weights only"),
    ("One step: Z inferred", "Z: starts at 1/K\nfor every task", True, False, "gradient to Z only, once"),
    ("Iterating: Z optimised", "Z: softmax of logits\nthat start at 0", True, False, "gradient to Z only, many times"),
)
"""Title, text of Z, whether Z changes, whether weights change, what the gradient does."""
LOG_RATIO = 1.5
"""log p(X, Z=1) - log p(X, Z=2) of the drawn example."""
ALPHAS = (0.25, 0.5, 1.0, 2.0)


def method() -> Sheet:
    """Return the diagram of the three phases."""
    sheet = Sheet(11.4, 3.9, "Gradient-Based Inference: what changes in which phase")
    results = (
        "weights learn the data\nof each task",
        "posterior = softmax(−g / τ)\nin one forward and backward pass",
        "Z fits the data, also as a\nmixture of known tasks",
    )
    for i, (title, z_text, z_moves, weights_move, gradient) in enumerate(PHASES):
        left = 0.12 + 3.76 * i
        sheet.panel(f"panel {i}", (left, 0.12), (3.62, 3.3), title)
        z_colour, colour = (LEARNED if moves else NEUTRAL for moves in (z_moves, weights_move))
        sheet.box(f"data {i}", (left + 0.62, 1.62), (0.86, 0.62), "data X", GIVEN)
        sheet.box(f"Z {i}", (left + 1.87, 2.55), (1.72, 0.62), z_text, z_colour, strong=z_moves)
        text = "network\nweights learn" if weights_move else "network\nweights frozen"
        sheet.box(f"network {i}", (left + 1.87, 1.62), (1.3, 0.62), text, colour, strong=weights_move)
        sheet.box(f"loss {i}", (left + 3.12, 1.62), (0.72, 0.62), "loss L", NEUTRAL)
        sheet.arrow(f"data to network {i}", (left + 1.05, 1.62), (left + 1.22, 1.62))
        sheet.arrow(f"Z to network {i}", (left + 1.67, 2.24), (left + 1.67, 1.93))
        sheet.arrow(f"network to loss {i}", (left + 2.52, 1.62), (left + 2.76, 1.62))
        if z_moves:
            corner = (left + 3.12, 2.55)
            sheet.path(f"gradient {i}", [(left + 3.12, 1.93), corner, (left + 2.73, 2.55)], LEARNED)
        else:
            below = [(left + 3.12, 1.31), (left + 3.12, 1.1), (left + 1.87, 1.1), (left + 1.87, 1.31)]
            sheet.path(f"gradient {i}", below, LEARNED)
        sheet.text(f"gradient text {i}", (left + 1.87, 0.93), gradient, size=8, color=LEARNED)
        sheet.text(f"result {i}", (left + 1.81, 0.48), results[i], size=8.5, style="italic")
    return sheet


numbers_method, draw_method = figure_of(method)


def numbers_concavity(_: Inputs) -> pd.DataFrame:
    """Return the bound f(q) = E_q[log p(X, Z)] + alpha H(q) of two tasks in nats: the formula, not a measurement."""
    q = np.linspace(1e-4, 1 - 1e-4, 401)
    entropy = -(q * np.log(q) + (1 - q) * np.log(1 - q))
    rows = [pd.DataFrame({"alpha": alpha, "q": q, "bound": LOG_RATIO * q + alpha * entropy}) for alpha in ALPHAS]
    return pd.concat(rows, ignore_index=True).assign(log_ratio_nats=LOG_RATIO)


def draw_concavity(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """The bound that inference of Z maximises, plotted for two tasks: concave, its maximum a softmax of the log-
    likelihoods.
    """
    figure = Figure(figsize=(6.8, 4.4), layout="constrained")
    axes = figure.subplots()
    curves = table.groupby("alpha")
    for shade, (alpha, curve) in zip(np.linspace(0.35, 1.0, len(curves)), curves, strict=True):
        axes.plot(curve["q"], curve["bound"], color=LEARNED, alpha=shade, label=f"α = {alpha:g}")
        best = curve.sort_values("bound").iloc[-1]
        axes.plot([best["q"]], [best["bound"]], "o", color=LEARNED, alpha=shade, markersize=6)
    axes.axvline(0.5, color=NEUTRAL, linestyle=":", linewidth=1.2)
    axes.text(0.51, 0.05, "maximum\nentropy", va="bottom", fontsize=8, color=NEUTRAL)
    axes.set(xlabel="q, probability of task 1", ylabel="bound f(q), up to a constant [nats]")
    axes.legend(loc="lower right")
    annotate(
        figure,
        "What inference maximises, for two tasks",
        f"f(q) = E[log p(X, Z)] + α H(q) is concave in q; points: its maximum, softmax of the log-likelihoods over α. "
        f"Task 1 is {table['log_ratio_nats'].iloc[0]:g} nats more likely. One gradient step starts where the entropy "
        "is largest. The formula is plotted; nothing is measured.",
    )
    return figure
