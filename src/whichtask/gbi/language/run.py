"""One repeat of the language experiment: train the arms, measure them, keep what is done."""

from collections.abc import Callable

import pandas as pd
import torch

from whichtask.config.gbi import LanguageJob
from whichtask.data.text import TextSet
from whichtask.gbi.language.corpus import Corpus
from whichtask.gbi.language.measure import (
    Networks,
    measure_context,
    measure_novel,
    measure_recognition,
    measure_test,
)
from whichtask.gbi.language.train import Row, train_arms
from whichtask.training import LiveState

TABLES = ("learning", "test", "context", "recognition", "following", "novel", "novel_z")
MEASURED = "measured"

Stage = Callable[[Corpus, Networks, LanguageJob, torch.device], tuple[list[Row], ...]]


def run_language(data: TextSet, job: LanguageJob, device: torch.device, live: LiveState) -> dict[str, pd.DataFrame]:
    """Train language models with the domain given as Z, with Z uninformative and with shuffled labels; infer Z.

    Args:
        data: text by domain.
        job: settings.
        device: where to train.
        live: where finished networks and measurements stay until the job is done.

    Returns:
        The tables by name, ``TABLES``, each with the columns ``data``, ``repeat`` and ``characters_per_token``.

    Raises:
        WhichtaskError: the text does not fit the settings.
    """
    corpus = Corpus.of(data, job.language)
    arms = train_arms(corpus, job, live, device)
    networks: Networks = {arm: training.network.requires_grad_(False) for arm, training in arms.items()}
    found = live.load(MEASURED)
    rows: dict[str, list[Row]] = found[1]["rows"] if found else {}
    stages: dict[tuple[str, ...], Stage] = {
        ("test",): lambda *of: (measure_test(*of),),
        ("context",): lambda *of: (measure_context(*of),),
        ("recognition", "following"): measure_recognition,
        ("novel", "novel_z"): measure_novel,
    }
    for names, stage in stages.items():
        if names[0] not in rows:
            rows |= dict(zip(names, stage(corpus, networks, job, device), strict=True))
            live.save(MEASURED, {}, {"rows": rows})
    rows["learning"] = [row for training in arms.values() for row in training.rows]
    tables = {name: pd.DataFrame(rows[name]) for name in TABLES}
    for table in tables.values():
        table.insert(0, "repeat", job.repeat)
        table.insert(0, "data", data.name)
        table["characters_per_token"] = corpus.characters_per_token
    return tables
