"""One cell of the proof: plant a mark in images, audit them, and judge the first three candidates on probe images."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score

from benchmarks.audit.marks import MARKS, Planted, plant
from benchmarks.audit.peers import datalab, union
from whichtask.auditing.cuts import Cut, phi
from whichtask.auditing.explain import conflicts
from whichtask.auditing.reading import Given
from whichtask.auditing.run import Audit, run_audit
from whichtask.data import ImageSet
from whichtask.data.load import load_images
from whichtask.seeding import numpy_generator

Control = Literal["clean", "80/20", "95/5", "random labels", "label noise", "independent"]
CONTROLS: tuple[Control, ...] = ("clean", "80/20", "95/5", "random labels", "label noise", "independent")
FOUND = 0.6  # |phi| with the mark
FIRST = 3  # candidates that count
TEN = 10  # conflicting images
PROBE = 1_000  # images
SCOPES: Mapping[str, tuple[Literal["half", "one"], bool]] = {
    "half": ("half", False),
    "one": ("one", False),
    "two": ("half", True),
}
"""Classes that are marked, and whether there are two only."""


@dataclass(frozen=True)
class Cell:
    """What is planted in what; with a control nothing is, or a mark that does not go with the labels."""

    data: str
    mark: str
    strength: float
    seed: int
    scope: Literal["half", "one"] = "half"
    control: Control | None = None
    two_classes: bool = False
    second: str | None = None
    """A further mark on another half of the classes."""
    images: int = 3_000
    minutes: float = 2.0

    @property
    def name(self) -> str:
        """What its file is called."""
        values = asdict(self) | {"data": Path(self.data).stem}
        return "_".join(f"{value}".replace("/", "-").replace(" ", "-") for value in values.values())

    @property
    def where(self) -> str:
        """A key of ``SCOPES``, or ``pair``."""
        if self.second:
            return "pair"
        return "two" if self.two_classes else self.scope


class Drawn(NamedTuple):
    """The images of a cell."""

    planted: Planted
    """[n + PROBE], the probe behind the others."""
    labels: npt.NDArray[np.int64]
    """[n]."""
    names: tuple[str, ...]
    marked: npt.NDArray[np.int64]
    """The classes that are marked."""
    second: npt.NDArray[np.bool_] | None = None
    """[n + PROBE]: the further mark."""


def draw(cell: Cell) -> Drawn:
    """Draw the images of a cell, and plant what is planted."""
    images, labels, names = _draw(cell, load_images(cell.data))
    known = np.concatenate([labels, np.full(PROBE, -1)])
    count = len(names)
    side = numpy_generator("side", cell.seed).permutation(count)[: 1 if cell.scope == "one" else count // 2]
    strength = 0.5 if cell.control else cell.strength
    planted = plant(images, known, cell.mark, side, strength, cell.seed)
    if cell.control and cell.control != "independent":
        planted = planted._replace(images=images)
    if not cell.second:
        return Drawn(planted, labels, names, side)
    other = numpy_generator("second side", cell.seed).permutation(count)[: count // 2]
    further = plant(planted.images, known, cell.second, other, strength, cell.seed)
    return Drawn(planted._replace(images=further.images), labels, names, side, further.mark)


def run_peers(cell: Cell) -> dict[str, Any]:
    """Judge other ways on one cell.

    Returns:
        ``union``: whether one of its first three cuts holds the mark, None for a control; ``union_average_precision``:
        of the mark, as in ``run_cell``. ``datalab``: whether it flags any property; None where it is not installed.
    """
    planted, labels, *_ = draw(cell)
    n = len(labels)
    cuts = union(planted.images, labels, FIRST)
    flagged = datalab(planted.images[:n], labels)
    found = any(abs(phi(cut.labels[n:], planted.mark[n:])) >= FOUND for cut in cuts)
    return {
        "union": None if cell.control else found,
        "union_average_precision": None if cell.control else _average_precision(cuts, planted.mark[n:]),
        "datalab": None if flagged is None else bool(flagged),
    }


def run_cell(cell: Cell) -> dict[str, Any]:
    """Audit one cell.

    Returns:
        The cell's settings and ``found`` (whether one of the first three candidates holds the mark, and one of the
        first four a further mark), ``phis`` and ``sources`` of these, ``rank`` of the first candidate that holds it
        (from 1, 0 for none), ``rank_second`` (the same of a further mark), ``alarm`` (a finding graded high),
        ``average_precision`` (of the mark on the probe, best of the three), ``precision`` (share of the ten most
        conflicting images of the best candidate of the three whose mark is not the usual one of their class),
        ``seconds`` and ``accuracy``.
    """
    planted, labels, names, side, second = draw(cell)
    n = len(labels)
    given = Given(cell.data, planted.images[:n], labels, names, tuple(map(str, range(n))))
    audit = run_audit(given, minutes=cell.minutes, seed=cell.seed, probe=planted.images[n:], quiet=True)
    phis, further = ([] if mark is None else _phis(audit, mark[n:]) for mark in (planted.mark, second))
    found = 1 <= _rank(phis) <= FIRST
    return asdict(cell) | {
        "found": found and (second is None or 1 <= _rank(further) <= FIRST + 1),
        "phis": [round(value, 3) for value in phis[:FIRST]],
        "sources": [one.cut.source for one in audit.findings[:FIRST]],
        "evidence": [round(one.cut.evidence, 3) for one in audit.findings[:FIRST]],
        "grades": [one.grade for one in audit.findings[:FIRST]],
        "rank": _rank(phis),
        "rank_second": _rank(further),
        "alarm": any(one.grade == "high" for one in audit.findings),
        "average_precision": _average_precision([one.cut for one in audit.findings[:FIRST]], planted.mark[n:]),
        "precision": _precision(audit, phis, planted.mark[:n], np.isin(labels, side)),
        "accuracy": audit.accuracy.mean,
        "seconds": audit.seconds,
    }


def _phis(audit: Audit, mark: npt.NDArray[np.bool_]) -> list[float]:
    return [abs(phi(one.cut.labels[-PROBE:], mark)) for one in audit.findings]


def _average_precision(cuts: Sequence[Cut], mark: npt.NDArray[np.bool_]) -> float:
    """Return the best average precision of the probe's mark, by any of the cuts and either side of it."""
    sureness = [sign * cut.sureness[-PROBE:] for cut in cuts for sign in (1, -1)]
    return max((average_precision_score(mark, one) for one in sureness), default=float("nan"))


def _rank(phis: list[float]) -> int:
    return next((k for k, value in enumerate(phis, start=1) if value >= FOUND), 0)


def _precision(audit: Audit, phis: list[float], mark: npt.NDArray[np.bool_], marked: npt.NDArray[np.bool_]) -> float:
    first = phis[:FIRST]
    if not first:
        return float("nan")
    chosen = conflicts(audit, audit.findings[int(np.argmax(first))])[:TEN]
    return float((mark[chosen] != marked[chosen]).mean()) if len(chosen) else float("nan")


def _draw(cell: Cell, data: ImageSet) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], tuple[str, ...]]:
    """Draw the images of a cell, with the probe behind them, and their labels, without those of the probe."""
    generator = numpy_generator("cell", cell.data, cell.seed)
    images, labels, names = data.x_train, data.y_train, data.class_names
    if cell.two_classes or cell.control in ("80/20", "95/5"):
        pair = np.sort(generator.permutation(len(names))[:2])
        chosen = np.flatnonzero(np.isin(labels, pair))
        images, labels, names = images[chosen], np.searchsorted(pair, labels[chosen]), tuple(names[c] for c in pair)
    order = generator.permutation(len(labels))
    probe, rest = order[:PROBE], order[PROBE:]
    if cell.control in ("80/20", "95/5"):
        rare = 0.2 if cell.control == "80/20" else 0.05
        parts = [rest[labels[rest] == c][: int(cell.images * share)] for c, share in ((0, 1 - rare), (1, rare))]
        rest = generator.permutation(np.concatenate(parts))
    rest = rest[: cell.images]
    own = labels[rest].copy()
    if cell.control in ("random labels", "label noise"):
        wrong = generator.random(len(own)) < (1 if cell.control == "random labels" else 0.05)
        own[wrong] = generator.integers(len(names), size=int(wrong.sum()))
    return images[np.concatenate([rest, probe])], own, names


def grid(data: list[str], seeds: int, control_seeds: int) -> list[Cell]:
    """List the whole proof: marks on half and on one of the classes, a two-class set, controls, two marks at once.

    Cells that differ in data and mark follow each other, so that a part of the grid says something of all.
    """
    marks = [
        Cell(name, mark, strength, seed, scope, two_classes=two)
        for seed in range(seeds)
        for scope, two in SCOPES.values()
        for strength in (0.8, 0.9, 1.0)
        for mark in MARKS
        for name in data
    ]
    controls = [
        Cell(name, "corner", 0.5, seed, control=control)
        for seed in range(control_seeds)
        for control in CONTROLS
        for name in data
    ]
    pairs = [
        Cell(name, first, 0.9, seed, second=second)
        for seed in range(seeds)
        for first, second in pairwise(MARKS)
        for name in data
    ]
    return marks + controls + pairs
