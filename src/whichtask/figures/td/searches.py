"""Several searches for tasks: what each was run with, and their scores over searches and tasks."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import yaml

from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.tables import (
    SIMILARITY_COLUMNS,
    common,
    only,
    pairwise_interval,
    read_agreement,
    read_similarity,
    read_table,
)
from whichtask.figures.td.agreement import counted, learned, summarise
from whichtask.figures.td.two_level import over_searches, search_means
from whichtask.stats import Estimate, difference_interval, mean_interval

REFERENCES = ("human", "random")
"""Sets that are no searches and may stand beside them."""
COLUMNS = (
    "group", "row", "set", "task", "agreement", "agreement_low", "agreement_high", "n_tasks", "n_pairs",
    "train_accuracy", "chance_agreement", "similarity", "similarity_low", "similarity_high", "n_searches",
)  # fmt: skip
TRAIN_NOTE = "Agreement means something only where train accuracy is near 1."
SIMILARITY_NOTE = "Similarity: mean over pairs of tasks; 0.5 is the least, 1 the same task."


class Study(NamedTuple):
    """Searches and their scores; ``set`` names the search in every table."""

    configs: pd.DataFrame
    """One row a search, indexed by set: every key of its configuration, dotted from section to key."""
    agreement: pd.DataFrame
    similarity: pd.DataFrame

    def groups(self, key: str, kind: Callable[[Any], float]) -> dict[str, str]:
        """Return the group of each search, the value of one key of its configuration, from small to large."""
        values = self.configs[key].map(kind).sort_values(kind="stable")
        return {str(name): f"{value:g}" for name, value in values.items()}

    def means(self, sets: Collection[str], column: str) -> list[float]:
        """Return the mean of each of some searches, of similarity or of a column of agreement."""
        table, column = (
            (self.similarity, "agreement_similarity") if column == "similarity" else (self.agreement, column)
        )
        return search_means(table[table["set"].isin(sets)], column)

    def mean(self, sets: Collection[str], column: str) -> Estimate:
        """Average agreement or similarity over some searches, or over the tasks of a set that is no search."""
        if not set(sets) <= set(REFERENCES):
            return over_searches(self.means(sets, column))
        table = self.similarity if column == "similarity" else self.agreement
        rows = table[table["set"].isin(sets)]
        if rows.empty:
            return over_searches([])
        return (
            pairwise_interval(rows)
            if column == "similarity"
            else mean_interval(rows[column].to_list(), rows["task"].to_list())
        )

    def change(self, sets: Collection[str], base: Collection[str], column: str) -> Estimate:
        """Return how far the mean over some searches is above that over independent others."""
        sides = [self.means(side, column) for side in (sets, base)]
        return difference_interval((sides[0], None), (sides[1], None)) if all(sides) else over_searches([])

    def setting(self) -> dict[str, Any]:
        """Return what all scores have in common; several networks are refused."""
        return common(self.agreement, "data", "network", "images_train")


def read_study(inputs: Inputs, varied: Sequence[str], references: Sequence[str] = (), needs: str = "") -> Study:
    """Read ``tables``, ``configs`` and, where given, ``similarities`` of searches that differ in a few keys only.

    Args:
        inputs: files by name; a configuration belongs to the set that its folder is called by.
        varied: dotted keys in which the searches may differ, beside ``seed``; a section stands for all its keys.
        references: sets that need no configuration.
        needs: "similarities" where a figure cannot do without them.

    Raises:
        WhichtaskError: a file that does not fit, a search without scores or configuration, or searches that differ in
            other keys too.
    """
    configs = read_configs(files(inputs, "configs"))
    everything = read_agreement(files(inputs, "tables"))
    agreement = learned(everything, ["network", "set"])
    if unlearned := len(everything) - len(agreement):
        print(f"left out: {unlearned} of {len(everything)} pairs of networks, which did not learn their labels")
    only(agreement, "images_train")
    paths = files(inputs, "similarities") if needs else inputs.get("similarities", ())
    similarity = read_similarity(paths) if paths else pd.DataFrame(columns=["set", *SIMILARITY_COLUMNS])
    check_alike(configs, varied)
    scored, known = set(agreement["set"]), set(configs.index)
    for missing, what in ((known - scored, "agreement"), (scored - known - set(references), "configuration")):
        if missing:
            raise WhichtaskError(f"no {what} of {', '.join(sorted(missing))}; each search needs tables and configs")
    if needs:
        # A search for a single task has no pairs of tasks, hence no rows.
        absent = known - {path.stem for path in paths}
        if absent:
            raise WhichtaskError(f"no similarity table of {', '.join(sorted(absent))}")
    return Study(configs, agreement, similarity)


def read_configs(paths: Sequence[Path]) -> pd.DataFrame:
    """Read the configurations of searches, one row each, indexed by the name of their folder.

    Raises:
        WhichtaskError: a file is missing or no mapping, lacks seed or discovery, or two have one name.
    """
    rows = {}
    for path in paths:
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
            raise WhichtaskError(f"cannot read the configuration {path}: {error}") from error
        if not isinstance(content, dict) or "seed" not in content or not isinstance(content.get("discovery"), dict):
            raise WhichtaskError(f"{path}: no configuration of a search; it has the keys seed and discovery")
        if path.parent.name in rows:
            raise WhichtaskError(f"two configurations of one search, {path.parent.name!r}")
        rows[path.parent.name] = pd.json_normalize(content).astype(object).iloc[0]
    return pd.DataFrame(rows).T


def check_alike(configs: pd.DataFrame, varied: Sequence[str]) -> None:
    """Check that searches differ in nothing but their seed and the keys that a figure compares.

    Raises:
        WhichtaskError: they differ in other keys, or lack one that is compared.
    """
    for key in varied:
        if key not in configs and not any(column.startswith(f"{key}.") for column in configs.columns.astype(str)):
            raise WhichtaskError(f"the configurations of {', '.join(configs.index)} have no key {key}")
    free = [column for column in configs if any(f"{column}.".startswith(f"{key}.") for key in ("seed", *varied))]
    other = [column for column in configs.columns.difference(free) if len(set(configs[column].map(repr))) > 1]
    if other:
        listed = ", ".join(f"{name} ({key})" for key in other for name in configs[key].map(str).unique())
        raise WhichtaskError(
            f"the searches differ in {', '.join(other)} too: {listed}; compared are searches that differ in "
            f"{', '.join(varied)} and seed only"
        )


def summarise_searches(
    study: Study, groups: Mapping[str, str], more: Mapping[str, pd.DataFrame] | None = None
) -> pd.DataFrame:
    """Average agreement and similarity of groups of searches with 95 % intervals between searches.

    Args:
        study: searches and their scores.
        groups: for each set its group; searches of one group differ in their seed only.
        more: further measurements of tasks, tables with ``set``, ``task`` and a column called by the key.

    Returns:
        Rows of two kinds, ``row`` = "task" (one for each task of a search, without similarity) and "mean" (one for each
        group): ``group``, ``row``, ``set``, ``task``, ``agreement``, ``similarity`` and the ends of their intervals,
        ``train_accuracy``, ``chance_agreement``, ``n_searches``, ``n_tasks`` (most of one search) and ``n_pairs``; and
        the further measurements.
    """
    parts, more = [], more or {}
    for group in dict.fromkeys(groups.values()):
        sets = [name for name in groups if groups[name] == group]
        tasks = summarise(study.agreement[study.agreement["set"].isin(sets)], ["set", "task"])
        mean = {"n_tasks": tasks.groupby("set").size().max(), "n_pairs": tasks["n_pairs"].max()}
        mean |= study.mean(sets, "agreement").named("agreement") | study.mean(sets, "similarity").named("similarity")
        mean |= {name: study.mean(sets, name).mean for name in ("train_accuracy", "chance_agreement")}
        for name, table in more.items():
            rows = table[table["set"].isin(sets)]
            of_task = rows.groupby(["set", "task"], as_index=False)[name].mean()
            tasks = tasks.merge(of_task, on=["set", "task"], how="left")
            mean |= over_searches(search_means(rows, name)).named(name)
        means = pd.DataFrame([mean]).assign(row="mean", set="", task="", n_searches=len(sets))
        parts += [part.assign(group=group) for part in (tasks.assign(row="task"), means)]
    measured = [f"{name}{end}" for name in more for end in ("", "_low", "_high")]
    return pd.concat(parts, ignore_index=True)[[*COLUMNS, *measured]]


def read_costs(paths: Sequence[Path]) -> pd.Series:
    """Return the measured seconds of searches by set, from their histories, whose folders are called by the set."""
    seconds = {path.parent.name: read_table(path, ["outer_step", "seconds"])["seconds"].sum() for path in paths}
    return pd.Series(seconds, dtype=float)


def scored(table: pd.DataFrame) -> str:
    """Say what tasks were scored with."""
    first = table.iloc[0]
    return f"{first['network']} networks trained on {first['images_train']:,} images"


def interval_note(means: pd.DataFrame) -> str:
    """Say what n is and what the intervals hold, for the rows of groups that are searches."""
    nouns = {
        "n_searches": ("search", "searches"),
        "n_tasks": ("task", "tasks"),
        "n_pairs": ("pair of networks", "pairs of networks"),
    }
    text = f"Each mean: {' × '.join(counted(means[column], *noun) for column, noun in nouns.items())}. "
    found = means.loc[~means["group"].isin(REFERENCES), "n_searches"]
    if found.max() > 1:
        text += "Bars: 95 % interval between searches with different seeds (Student's t)"
        text += "; none where there is one search. " if found.min() == 1 else ". "
    elif len(found):
        text += "One search tells nothing of how far searches differ, so that these have no interval. "
    if len(found) < len(means):
        text += "Human and random tasks: 95 % interval over tasks. "
    return text.rstrip()
