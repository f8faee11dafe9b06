"""Headline measures: which numbers of which figures two runs are compared by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Headline:
    """Which rows and columns of a figure's table are a headline measure."""

    figure: str
    """ID of the figure."""
    by: str
    """Column that tells the rows apart."""
    value: str
    """Column of the mean; those of its interval are called like it, unless named here."""
    n: str
    """Column of the number of independent units (tasks, pairs, seeds)."""
    rows: Mapping[str, Sequence[str]]
    """Columns and what they may hold in these rows, besides ``row`` = mean."""
    low: str = ""
    high: str = ""


# Measure: where its numbers are.
HEADLINES = {
    "agreement": Headline("td_as_by_source", "set", "agreement", "n_tasks", {}, "low", "high"),
    "adversarial_minus_random_accuracy": Headline("td_splits_table", "kind", "difference", "pairs", {}),
    "gbi_minus_lstm_mae": Headline(
        "gbi_toy_learning",
        "arm",
        "value",
        "n",
        {"part": ["difference"], "phase": ["early"], "measure": ["mae"], "arm": ["gbi_hard", "shuffled_block"]},
        "low",
        "high",
    ),
    "mnist_accuracy": Headline(
        "gbi_mnist_table",
        "method",
        "accuracy",
        "n",
        {"method": ["classifier, matched", "GBI, one-step", "GBI, iterative", "likelihood"]},
    ),
    "ood_auroc": Headline(
        "gbi_ood_table",
        "method",
        "auroc",
        "n",
        {
            "method": ["GBI", "matched classifier softmax", "deep ensemble", "likelihood regret"],
            "arm": ["normalised"],
            "score": ["maximum", "own"],
        },
    ),
    "language_minus_lstm_bits": Headline(
        "gbi_language_learning",
        "series",
        "value",
        "n",
        {"panel": ["test difference"], "series": ["GBI-LSTM, Z given", "shuffled labels"], "domain": ["all domains"]},
        "low",
        "high",
    ),
}
HEADLINE_FIGURES = sorted({headline.figure for headline in HEADLINES.values()})
"""Figures that they are read from."""
