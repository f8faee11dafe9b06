"""Other objectives at equal inner passes, and switches to the authors' code: what do they change?"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.config.variants import BASE
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.style import annotate, save, styled
from whichtask.figures.tables import only
from whichtask.figures.td.dots import AGREEMENT, SIMILARITY, TRAIN, Measure, draw_dots, height
from whichtask.figures.td.searches import Study, interval_note, read_costs, read_study, summarise_searches
from whichtask.figures.td.studies import SIMILARITY_NOTE, TRAIN_NOTE, draw_variants, scored
from whichtask.figures.td.two_level import similarity_of, values_of

OBJECTIVES = {
    "agreement": "agreement",
    "xas": "XAS",
    "foxas": "FOXAS",
    "train_loss": "training loss",
    "none": "none\n(control)",
}
DIVERSITY = {"uniformity": "", "mutual_information": ",\nmutual information"}
SWITCHES = "discovery.faithful"
SECOND = 1
"""Seed of the bootstrap of what is subtracted, so that it is drawn apart from what it is subtracted from."""


@styled()
def draw_estimators(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw AS, similarity, train accuracy and cost of searches for each objective and diversity loss.

    Args:
        inputs: ``tables``, ``similarities``, ``configs`` and ``histories`` of searches that differ in ``objective``,
            ``diversity`` and numbers of steps.
        out: the PNG.
        settings: resolution.
    """
    keys = [f"discovery.{name}" for name in ("objective", "diversity", "outer_steps", "inner_steps")]
    study = read_study(inputs, keys, needs="similarities")
    groups, names = _objectives(study.configs)
    seconds = read_costs(files(inputs, "histories"))
    without = sorted(set(groups) - set(seconds.index))
    if without:
        raise WhichtaskError(f"no history of {', '.join(without)}; each search needs one")
    table = summarise_searches(study, groups)
    costs = study.configs[keys[2:]].astype(int).assign(group=pd.Series(groups), seconds=seconds)
    costs["inner_passes"] = costs[keys[2]] * costs[keys[3]]
    by_group = costs.groupby("group")[["seconds", "inner_passes"]].mean()
    means = table["row"] == "mean"
    table.loc[means, ["seconds", "inner_passes"]] = by_group.loc[table.loc[means, "group"]].to_numpy()
    measures = [AGREEMENT, SIMILARITY, TRAIN, Measure("seconds", "time of one search [s]", "{:,.0f} s", zero=True)]
    fewest, most = int(by_group["inner_passes"].min()), int(by_group["inner_passes"].max())
    if fewest == most:
        passes = f"Equal for all: {most:,} inner passes (outer steps × inner steps, each one batch for both networks)"
    else:
        passes = f"Inner passes (outer steps × inner steps) differ: {fewest:,} to {most:,}, so costs are not equal"
    note = (
        f"{passes}, batch sizes, data and networks. Time: sum over outer steps as measured, mean over seeds; it "
        f"depends on the machine and its load. {SIMILARITY_NOTE}"
    )
    save(draw_variants(study, table, names, measures, "Objective of the search", note), table, out, settings)


def _objectives(configs: pd.DataFrame) -> tuple[dict[str, str], dict[str, str]]:
    """Return the group of each search, in the order of ``OBJECTIVES``, and the text of each group.

    Raises:
        WhichtaskError: an objective or diversity loss that the figure does not know.
    """
    found = configs[["discovery.objective", "discovery.diversity"]].astype(str)
    for column, known in zip(found, (OBJECTIVES, DIVERSITY), strict=True):
        unknown = sorted(set(found[column]) - set(known))
        if unknown:
            raise WhichtaskError(f"{column} = {', '.join(unknown)} cannot be drawn; allowed: {', '.join(known)}")
    groups, names = {}, {}
    for diversity, ending in DIVERSITY.items():
        for objective, text in OBJECTIVES.items():
            chosen = (found["discovery.objective"] == objective) & (found["discovery.diversity"] == diversity)
            for name in found.index[chosen]:
                groups[str(name)] = f"{objective}, {diversity}"
                names[f"{objective}, {diversity}"] = f"{text}{ending}"
    return groups, names


@styled()
def draw_faithful(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw how much each switch of ``faithful`` changes AS and similarity of found tasks, against the search ``base``.

    Args:
        inputs: ``tables``, ``similarities`` and ``configs`` of searches that differ in the switches; ``base`` (and its
            further seeds) among them.
        out: the PNG.
        settings: resolution.
    """
    study = read_study(inputs, [SWITCHES], needs="similarities")
    groups, base = _switched(study.configs)
    summary = summarise_searches(study, groups)
    table, names = _differences(study, groups, base, summary)
    measures = [
        Measure("agreement", "change of AS", "{:+.3f}", zero=True),
        Measure("similarity", "change of similarity\nof found tasks", "{:+.3f}", zero=True),
        TRAIN,
    ]
    figure = Figure(figsize=(9.6, height(len(names))), layout="constrained")
    draw_dots(figure, names, table[table["row"] == "mean"], measures)
    level = summary[(summary["group"] == base) & (summary["row"] == "mean")].iloc[0]
    annotate(
        figure,
        f"Switches to the authors' code: does it matter? ({only(study.agreement, 'data')})",
        f"Each switch of discovery.faithful turned alone, minus the search without; that one has AS "
        f"{_level(level, 'agreement')}, similarity {_level(level, 'similarity')}, train accuracy "
        f"{level['train_accuracy']:.3f}. Tasks scored by {scored(study)}. "
        f"{interval_note(summary[summary['row'] == 'mean'])} Both sides are drawn independently. "
        f"{SIMILARITY_NOTE} {TRAIN_NOTE}",
    )
    save(figure, table, out, settings)


def _level(mean: pd.Series, column: str) -> str:
    low, high = mean[f"{column}_low"], mean[f"{column}_high"]
    return f"{mean[column]:.3f}" + ("" if np.isnan(low) else f" [{low:.3f}, {high:.3f}]")


def _switched(configs: pd.DataFrame) -> tuple[dict[str, str], str]:
    """Return the group of each search and that of the base: the switches that it turns and to what.

    Raises:
        WhichtaskError: there is no base.
    """
    if BASE not in configs.index:
        raise WhichtaskError(f"td_faithful compares with the search {BASE!r}; given are {', '.join(configs.index)}")
    switches = sorted(column for column in configs.columns.astype(str) if column.startswith(f"{SWITCHES}."))
    base = configs.loc[BASE, switches]
    groups = {}
    for name, own in configs[switches].iterrows():
        turned = [switch for switch in switches if own[switch] != base[switch]]
        words = (f"{switch.removeprefix(f'{SWITCHES}.')} {'on' if own[switch] else 'off'}" for switch in turned)
        groups[str(name)] = ", ".join(words) or BASE
    if set(groups.values()) == {BASE}:
        raise WhichtaskError("td_faithful needs a search with a switch of discovery.faithful turned")
    return groups, BASE


def _differences(
    study: Study, groups: dict[str, str], base: str, summary: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return a row of differences for each switch, after the levels that they are made of, and the names of lines."""
    rows, names = [summary[summary["row"] == "mean"].assign(row="level")], {}
    tables = {"agreement": study.agreement, "similarity": study.similarity}
    for group in dict.fromkeys(groups.values()):
        if group == base:
            continue
        names[group] = group.replace("_", " ")
        level = summary[(summary["group"] == group) & (summary["row"] == "mean")].iloc[0]
        row = level.to_dict()
        for column, table in tables.items():
            of_group, of_base = (table[table["set"].map(groups) == part] for part in (group, base))
            if column == "agreement":
                change = values_of(of_group, column).minus(values_of(of_base, column, SECOND))
            else:
                change = similarity_of(of_group).minus(similarity_of(of_base, SECOND))
            low, high = change.interval()
            row |= {column: change.mean, f"{column}_low": low, f"{column}_high": high}
        rows.append(pd.DataFrame([row]))
    return pd.concat(rows, ignore_index=True), names
