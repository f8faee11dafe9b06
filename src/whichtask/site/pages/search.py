"""Meta-optimisation: one task while it is being discovered, step by step."""

import math
from typing import Any, NamedTuple

import pandas as pd

from whichtask.data import ImageSet
from whichtask.figures.td.dynamics import SET, read_frozen, read_record
from whichtask.site.charts import Chart, chart
from whichtask.site.galleries import divide_test
from whichtask.site.measured import agreement_interval
from whichtask.site.run import Missing, Run
from whichtask.site.sheets import Sheet, make_sheet


class Score(NamedTuple):
    """The agreement score of the task frozen at one step, mean over pairs of networks."""

    step: int
    agreement: float
    low: float
    high: float
    pairs: int
    train_accuracy: float


class Search(NamedTuple):
    """A recorded search."""

    images: str
    sheet: Sheet
    steps: list[int]
    proxy: list[float]
    """Agreement of the inner networks at each step; NaN where none was measured."""
    chance: list[float]
    sides: list[str]
    """Of each image, "0" or "1", at each step; images that end on side 0 come first."""
    scores: list[Score]
    chart: Chart
    rest: list[int]
    """Places of the first, middle and last step: what is shown without a script."""

    def on_side(self, place: int, side: int) -> list[int]:
        """Return the places of the images that are on a side at the step of this place."""
        return [image for image, other in enumerate(self.sides[place]) if other == str(side)]


def collect(run: Run) -> dict[str, Any]:
    """Return the recorded search, and what is missing of it."""
    images = run.images()
    missing: list[Missing] = []
    found = _search(run, images, missing) if images else None
    if found is None:
        missing = [run.missing("A recorded search", "td_dynamics")]
    data = found and {
        "steps": found.steps, "proxy": found.proxy, "chance": found.chance, "sides": found.sides,
        "scores": [score._asdict() for score in found.scores], "sheet": found.sheet._replace(slots={}),
    }  # fmt: skip
    return {"search": found, "missing": missing, "data": data}


def _search(run: Run, images: ImageSet, missing: list[Missing]) -> Search | None:
    record = run.read(run.plan.search(SET, "dynamics.npz"), lambda path: read_record(path, images))
    if record is None:
        return None
    curve, labels = record[record["row"] == "curve"], record[record["row"] == "label"]
    # What the quiz may ask is shown nowhere.
    labels = labels[~labels["image_index"].isin(divide_test(images, "main")[0])]
    sides = labels.pivot_table(index="outer_step", columns="image_index", values="side", sort=False).astype(int)
    order = [int(image) for image in sides.columns]
    frozen = run.read(run.plan.scores(SET), lambda path: read_frozen([path]))
    if frozen is None:
        missing.append(run.missing("Full agreement of the task on its way", "td_dynamics"))
    scores = [] if frozen is None else scores_of(frozen)
    steps = [int(step) for step in curve["outer_step"]]
    return Search(
        images.name,
        make_sheet(run, "main-search", images.images, order),
        steps,
        curve["agreement"].tolist(),
        curve["chance_agreement"].tolist(),
        ["".join(map(str, row)) for row in sides.to_numpy()],
        scores,
        _chart(curve, scores),
        list(dict.fromkeys([0, len(steps) // 2, len(steps) - 1])),
    )


def scores_of(frozen: pd.DataFrame) -> list[Score]:
    """Average the agreement of frozen tasks over their pairs of networks.

    Args:
        frozen: rows of ``read_frozen``.
    """
    found = []
    for step, rows in frozen.groupby("outer_step"):
        agreement, train = (float(rows[column].mean()) for column in ("agreement", "train_accuracy"))
        found.append(Score(int(str(step)), agreement, *agreement_interval(rows), len(rows), train))
    return found


def _chart(curve: pd.DataFrame, scores: list[Score]) -> Chart:
    steps = curve["outer_step"].tolist()
    values = [*curve["agreement"], *curve["chance_agreement"], *(score.low for score in scores)]
    least = min(value for value in values if math.isfinite(value))
    drawn = chart(("outer step", steps[0], max(steps[-1], steps[0] + 1)), ("agreement", min(0.4, least), 1.0))
    drawn = drawn.with_line("chance", "neutral dashed", steps, curve["chance_agreement"].tolist())
    drawn = drawn.with_line("proxy: what is optimised", "first", steps, curve["agreement"].tolist())
    if not scores:
        return drawn
    at = [score.step for score in scores]
    drawn = drawn.with_ranges("ink", at, [score.low for score in scores], [score.high for score in scores])
    return drawn.with_dots("full agreement score, 95 % interval", "ink", at, [score.agreement for score in scores])
