"""Adversarial splits: what trains, what is tested, what is mistaken, and the splits themselves to download."""

import base64
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from whichtask.figures.td.split_pairs import DIFFERENCES, split_numbers
from whichtask.figures.td.splits import KIND_TITLES, SOURCE_TITLES, SPLIT_NAMES
from whichtask.site.attacks import MOST_CLASSES, SHOWN, Attack, Group, groups
from whichtask.site.run import Run
from whichtask.site.sheets import Sheet, make_sheet
from whichtask.stats import Estimate

DATA = "splits-data.js"
"""Everything that downloads are made from; loaded with the first of them."""


class Mean(NamedTuple):
    """Test accuracy on one kind of split over all pairs of target and attacker."""

    split: str
    test: Estimate
    difference: Estimate | None
    """Adversarial minus this control."""


class Shown(NamedTuple):
    """A group as its template uses it."""

    key: str
    title: str
    group: Group
    sheet: Sheet
    means: list[Mean]
    chance: float
    networks: int
    files: list[dict[str, Any]]
    """Of each attack: where its arrays are in the file of downloads."""


def collect(run: Run) -> dict[str, Any]:
    """Return the groups of splits, and write the file of downloads."""
    found, missing = groups(run)
    sheets = _sheets(run, found)
    kept: dict[str, str] = {}
    shown = [_shown(group, sheets[group.images.name], kept) for group in found]
    if kept:
        run.write(DATA, f"whichtask.splits = {json.dumps({key: text for text, key in kept.items()})};\n".encode())
    words = {"names": SPLIT_NAMES, "count": SHOWN, "most": MOST_CLASSES}
    return {"groups": shown, "missing": missing, **words}


def _sheets(run: Run, found: Sequence[Group]) -> dict[str, Sheet]:
    """Make one sheet for each image set."""
    sets = {group.images.name: group.images for group in found}
    every = {name: [image for group in found if group.images.name == name for image in _images(group)] for name in sets}
    return {
        name: make_sheet(run, f"splits-{place}", images.images, every[name])
        for place, (name, images) in enumerate(sets.items(), 1)
    }


def _images(group: Group) -> Iterator[int]:
    for attack in group.attacks:
        for one in attack.classes:
            yield from [*one.trained, *(image for image, _ in (*one.tested, *one.mistaken))]


def _shown(group: Group, sheet: Sheet, kept: dict[str, str]) -> Shown:
    table = split_numbers(group.table)
    mean = table[table["row"] == "mean"].iloc[0]
    kind = KIND_TITLES[group.kind].format(n=mean["n_classes"])

    def estimate(column: str) -> Estimate:
        low, high = (float(mean.get(f"{column}_{end}", np.nan)) for end in ("low", "high"))
        return Estimate(float(mean[column]), low, high, int(mean["pairs"]))

    differences = {control: name for name, control in DIFFERENCES.items()}
    means = [
        Mean(split, estimate(split), estimate(differences[split]) if split in differences else None)
        for split in SPLIT_NAMES
        if split in mean and not np.isnan(mean[split])
    ]
    key = f"{group.source}-{group.kind}"
    title = f"{kind[0].upper()}{kind[1:]}, {SOURCE_TITLES[group.source]}"
    files = [_kept(group, attack, kept) for attack in group.attacks]
    return Shown(key, title, group, sheet, means, float(mean["chance"]), int(mean["networks"]), files)


def _kept(group: Group, attack: Attack, kept: dict[str, str]) -> dict[str, Any]:
    """Keep an attack's arrays in base64, equal ones once; return their keys."""

    def keep(array: npt.NDArray[Any]) -> str:
        text = base64.b64encode(array.tobytes()).decode()
        return kept.setdefault(text, f"a{len(kept)}")

    sides = {split: keep(np.packbits(side)) for split, side in attack.in_train.items()}
    arrays = {"pool": keep(attack.pool.astype("<i4")), "labels": keep(attack.labels), "sides": sides}
    stem = f"{group.kind}-{attack.target}-{attack.task}"
    return arrays | {"stem": stem, "names": attack.names}
