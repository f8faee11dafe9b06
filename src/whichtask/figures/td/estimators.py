"""Other objectives at equal inner passes, and switches to the authors' code: what do they change?"""

import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.config.variants import BASE
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import estimate_in, value_text
from whichtask.figures.td.measures import AGREEMENT, SIMILARITY, TRAIN, Measure, draw_measures
from whichtask.figures.td.searches import SIMILARITY_NOTE, read_costs, read_study, summarise_searches

OBJECTIVES = {
    "agreement": "agreement",
    "xas": "XAS",
    "foxas": "FOXAS",
    "train_loss": "training loss",
    "none": "none\n(control)",
}
DIVERSITY = {"uniformity": "", "mutual_information": ",\nmutual information"}
SWITCHES = "discovery.faithful"


def numbers_estimators(inputs: Inputs) -> pd.DataFrame:
    """Return scores, cost in seconds and inner passes by objective and diversity loss, tasks and their means.

    Args:
        inputs: ``tables``, ``similarities``, ``configs`` and ``histories`` of searches that differ in ``objective``,
            ``diversity`` and numbers of steps.
    """
    steps = ["discovery.outer_steps", "discovery.inner_steps"]
    study = read_study(inputs, ["discovery.objective", "discovery.diversity", *steps], needs="similarities")
    groups = _objectives(study.configs)
    seconds = read_costs(files(inputs, "histories"))
    without = sorted(set(groups) - set(seconds.index))
    if without:
        raise WhichtaskError(f"no history of {', '.join(without)}; each search needs one")
    table = summarise_searches(study, groups)
    passes = study.configs[steps].astype(int).prod(axis=1)
    costs = pd.DataFrame({"group": groups, "seconds": seconds, "inner_passes": passes}).groupby("group").mean()
    means = table["row"] == "mean"
    table.loc[means, list(costs)] = costs.loc[table.loc[means, "group"]].to_numpy()
    return table.assign(**study.setting())


def draw_estimators(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Tasks found by other objectives (XAS, FOXAS, training loss) and by mutual information as the loss that keeps
    tasks apart, at equal numbers of inner passes.
    """
    pairs = {group: group.split(", ") for group in table["group"].unique()}
    names = {group: f"{OBJECTIVES[objective]}{DIVERSITY[loss]}" for group, (objective, loss) in pairs.items()}
    measures = [AGREEMENT, SIMILARITY, TRAIN, Measure("seconds", "time of one search [s]", "{:,.0f} s", zero=True)]
    fewest, most = int(table["inner_passes"].min()), int(table["inner_passes"].max())
    if fewest == most:
        passes = f"Equal for all: {most:,} inner passes (outer steps × inner steps, each one batch for both networks)"
    else:
        passes = f"Inner passes (outer steps × inner steps) differ: {fewest:,} to {most:,}, so costs are not equal"
    note = (
        f"{passes}, batch sizes, data and networks. Time: sum over outer steps as measured, mean over seeds; it "
        f"depends on the machine and its load. {SIMILARITY_NOTE}"
    )
    return draw_measures(table, names, measures, "Objective of the search", note)


def _objectives(configs: pd.DataFrame) -> dict[str, str]:
    """Return the group of each search ("objective, diversity"), in the order of ``OBJECTIVES``.

    Raises:
        WhichtaskError: an objective or diversity loss that the figure does not know.
    """
    found = configs[["discovery.objective", "discovery.diversity"]].astype(str)
    for column, known in zip(found, (OBJECTIVES, DIVERSITY), strict=True):
        unknown = sorted(set(found[column]) - set(known))
        if unknown:
            raise WhichtaskError(f"{column} = {', '.join(unknown)} cannot be drawn; allowed: {', '.join(known)}")
    joined = found.agg(", ".join, axis=1)
    ordered = [f"{objective}, {diversity}" for diversity in DIVERSITY for objective in OBJECTIVES]
    return {str(name): group for group in ordered for name in joined.index[joined == group]}


def numbers_faithful(inputs: Inputs) -> pd.DataFrame:
    """Return how much each switch of ``faithful`` changes the scores, after the levels that this is made of.

    Args:
        inputs: ``tables``, ``similarities`` and ``configs`` of searches that differ in the switches; ``base`` (and its
            further seeds) among them.

    Returns:
        Rows of means as from ``searches.summarise_searches``: ``row`` = "level", one for each group of searches, and
        "mean", one for each switch, with the change of agreement and similarity against ``base``.
    """
    study = read_study(inputs, [SWITCHES], needs="similarities")
    groups = _switched(study.configs)
    summary = summarise_searches(study, groups)
    levels = summary[summary["row"] == "mean"]
    changes = levels[levels["group"] != BASE].copy()
    for column in ("agreement", "similarity"):
        base = _sets(groups, BASE)
        found = [study.change(_sets(groups, group), base, column).named(column) for group in changes["group"]]
        changes[list(found[0])] = pd.DataFrame(found).to_numpy()
    return pd.concat([levels.assign(row="level"), changes], ignore_index=True).assign(**study.setting())


def _sets(groups: dict[str, str], group: str) -> list[str]:
    return [name for name in groups if groups[name] == group]


def draw_faithful(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Does it matter where the authors' code differs from the text? Each switch of discovery.faithful turned alone,
    against base.
    """
    measures = [
        Measure("agreement", "change of AS", "{:+.3f}", zero=True),
        Measure("similarity", "change of similarity\nof found tasks", "{:+.3f}", zero=True),
        TRAIN,
    ]
    names = {group: group.replace("_", " ") for group in table.loc[table["row"] == "mean", "group"]}
    level = table[table["group"] == BASE].iloc[0]
    agreement, similarity = (value_text(estimate_in(level, column)) for column in ("agreement", "similarity"))
    note = (
        "Each switch of discovery.faithful turned alone, minus the search without; "
        f"that one has AS {agreement}, similarity {similarity}, train accuracy {level['train_accuracy']:.3f}. "
        f"{SIMILARITY_NOTE}"
    )
    return draw_measures(table, names, measures, "Switches to the authors' code: does it matter?", note)


def _switched(configs: pd.DataFrame) -> dict[str, str]:
    """Return the group of each search: the switches that it turns against the base, and to what.

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
    return groups
