"""Answers to the quiz, as browsers export them: read, checked, and summed up by task."""

import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from whichtask.errors import WhichtaskError

FILE = "quiz.json"
"""In ``files/`` of a website: what its quiz asks."""
COLUMNS = ("run", "session", "set", "task", "seed", "number", "image", "side", "answer")
TEXT = ("run", "session", "set", "task")
Z = 1.959964
"""Two-sided 95 % of the normal distribution; as in ``answers.js``."""


def read_quiz(site: Path) -> dict[str, Any]:
    """Read what the quiz of a website asks: ``run``, and ``sets`` with their ``tasks``.

    Raises:
        WhichtaskError: the folder holds no website with a quiz.
    """
    try:
        found: dict[str, Any] = json.loads((site / "files" / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WhichtaskError(f"{site} is no website with a quiz: {error}; whichtask site writes one") from error
    return found


def read_answers(files: Sequence[Path], run: str | None = None) -> pd.DataFrame:
    """Read exports of one run's quiz; an answer that several files hold is kept once.

    Args:
        files: CSV or JSON.
        run: which run they must be of; None: all of the same.

    Returns:
        A row for each answer: ``run``, ``session``, ``set``, ``task``, ``seed``, ``number`` of the question, place of
        the ``image``, its ``side`` and the ``answer``, 0 or 1.

    Raises:
        WhichtaskError: a file is damaged or no export, or the files are of several runs.
    """
    tables = [_read(path) for path in files]
    runs = {str(path): table["run"].iloc[0] for path, table in zip(files, tables, strict=True)}
    if len(set(runs.values())) > 1:
        listed = ", ".join(f"{path} of {run}" for path, run in runs.items())
        raise WhichtaskError(f"these answers are of several runs, whose tasks differ: {listed}; give files of one run")
    if run and {run} != set(runs.values()):
        raise WhichtaskError(f"{files[0]} is of another run, {tables[0]['run'].iloc[0]}; the website's is {run}")
    joined: pd.DataFrame = pd.concat(tables, ignore_index=True)
    return joined.drop_duplicates(["session", "set", "task", "number"], ignore_index=True)


def _read(path: Path) -> pd.DataFrame:
    try:
        text = path.read_text(encoding="utf-8-sig")
        if text.lstrip().startswith("{"):
            table = pd.DataFrame(json.loads(text)["answers"])
        else:
            table = pd.read_csv(io.StringIO(text), keep_default_na=False, dtype=dict.fromkeys(TEXT, str))
        table = table[list(COLUMNS)]
        numbers = [name for name in COLUMNS if name not in TEXT]
        table = table.astype(dict.fromkeys(numbers, "int64") | dict.fromkeys(TEXT, str))
    except OSError as error:
        raise WhichtaskError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WhichtaskError(f"{path} is damaged, or no export of the quiz ({', '.join(COLUMNS)})") from error
    if table.empty or not table[["side", "answer"]].isin([0, 1]).all(axis=None) or len(set(table["run"])) > 1:
        raise WhichtaskError(f"{path} is damaged: it needs answers of one run, with side and answer 0 or 1")
    return table


def accuracy_by_task(answers: pd.DataFrame, quiz: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Return the share of right answers for each task, and for all in the last row.

    Args:
        answers: from ``read_answers``.
        quiz: from ``read_quiz``; with it come ``network_agreement`` and ``network_accuracy`` of each task.

    Returns:
        ``set``, ``task``, number of ``sessions``, of ``answers`` and of ``right`` ones, ``accuracy``, and its 95 %
        interval ``low`` to ``high``.
    """
    rows = answers.assign(right=answers["side"] == answers["answer"])
    groups = [*rows.groupby(["set", "task"], sort=False), (("all", "all"), rows)]
    table = pd.DataFrame(
        [
            _row(str(set_name), str(task), own["session"].nunique(), int(own["right"].sum()), len(own))
            for (set_name, task), own in groups
        ]
    )
    known = {(one["key"], task["name"]): task for one in (quiz or {}).get("sets", []) for task in one["tasks"]}
    for column, key in (("network_agreement", "agreement"), ("network_accuracy", "network")) if quiz else ():
        names = zip(table["set"], table["task"], strict=True)
        table[column] = [known.get(name, {}).get(key) for name in names]
    return table


def _row(set_name: str, task: str, sessions: int, right: int, n: int) -> dict[str, object]:
    low, high = wilson(right, n)
    counts = {"sessions": sessions, "answers": n, "right": right}
    return {"set": set_name, "task": task, **counts, "accuracy": right / n, "low": low, "high": high}


def wilson(right: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share.

    Source: E. B. Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    share = right / n
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return max(0.0, middle - half), min(1.0, middle + half)
