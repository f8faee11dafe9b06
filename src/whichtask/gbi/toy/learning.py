"""Learning of the headline stream: curves of all arms, forgetting and shared units on the way, final weights."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from whichtask.config.gbi import ToyLearningJob
from whichtask.config.gbi.toy import GaussianTask, ToyLearningSettings
from whichtask.gbi.toy import bayes
from whichtask.gbi.toy.arms import ARMS, REPLAYED, Arm, abstractions
from whichtask.gbi.toy.contexts import (
    ABSOLUTE,
    SQUARED,
    ContextTest,
    active_units,
    last_two,
    measure_contexts,
    shared_ratio,
)
from whichtask.gbi.toy.network import Weights, initial_weights
from whichtask.gbi.toy.stream import Floats, Stream, draw_contexts, draw_stream
from whichtask.gbi.toy.train import EARLY, Learned, Learner, learn
from whichtask.training import LiveState

HEADLINE = "headline"
"""Name of the stream that all arms learn."""
BLOCKS = ("last", "second_to_last")
BIN = 50
"""Steps that a point of a learning curve averages over."""
SHOWN = 150
"""Steps of the stream that are written out, at its end."""


class Experiment(NamedTuple):
    """Arms that learned their streams, and how their frozen networks did on the way."""

    arms: list[Arm]
    streams: list[Stream]
    """One for each arm; all of one length."""
    learned: Learned
    probes: list[int]
    """Steps after which the frozen networks were measured."""


def learn_arms(
    arms: Sequence[Arm],
    tasks: Sequence[GaussianTask],
    job_seed: tuple[int, int],
    settings: ToyLearningSettings,
    live: LiveState,
    name: str,
) -> Experiment:
    """Let arms learn the streams of their tasks, all with equally many contexts, and measure them on the way.

    Args:
        arms: what each network is given.
        tasks: the stream of each network.
        job_seed: seed of the run and repeat.
        settings: of learning.
        live: where a killed run goes on.
        name: of the state.
    """
    contexts = len(tasks[0].means)
    streams = [draw_stream(task, settings.blocks, settings.block, *job_seed, "learning") for task in tasks]
    z = torch.stack(
        [abstractions([arm], stream, contexts, *job_seed)[0] for arm, stream in zip(arms, streams, strict=True)]
    )
    tests = [
        draw_contexts(task, settings.test_sequences, settings.test_length, *job_seed, "contexts") for task in tasks
    ]
    test = ContextTest(
        x=_stacked([each.x for each in tests]),
        z=torch.stack(
            [
                abstractions([arm], each, contexts, *job_seed, "contexts")[0]
                for arm, each in zip(arms, tests, strict=True)
            ]
        ),
        contexts=contexts,
        skipped=settings.network.window,
    )
    ends = np.flatnonzero(np.diff(streams[0].blocks, append=settings.blocks)) + 1
    probes = [int(end) for end in ends[settings.checkpoint_blocks - 1 :: settings.checkpoint_blocks]]
    # All arms start from the same weights: what differs afterwards is what they were given.
    weights = initial_weights(len(arms), contexts, settings.network.hidden, *job_seed)
    replayed = [place for place, arm in enumerate(arms) if arm in REPLAYED]
    learner = Learner(weights, settings.network, replayed, *job_seed)
    x = _stacked([stream.x for stream in streams])
    keep_at = int(ends[settings.early_blocks - 1])
    learned = learn(learner, x, z, live, name, probes, lambda weights, _: measure_contexts(weights, test), keep_at)
    return Experiment(list(arms), streams, learned, probes)


def _stacked(values: Sequence[Floats]) -> Tensor:
    return torch.from_numpy(np.stack(values)).float()


class LearningTables(NamedTuple):
    """What the job writes."""

    curves: pd.DataFrame
    contexts: pd.DataFrame
    modules: pd.DataFrame
    stream: pd.DataFrame
    weights: Weights


def learn_headline(job: ToyLearningJob, live: LiveState) -> LearningTables:
    """Let all arms learn the headline stream online, and measure forgetting and shared units on the way.

    Returns:
        Tables, and the weights of all arms for ``measuring.measure``.
    """
    settings, seed = job.toy, (job.seed, job.repeat)
    arms = list(ARMS)
    done = learn_arms(arms, [settings.task] * len(arms), seed, settings, live, "learning")
    stream = done.streams[0]
    known = observers(stream, settings.task, settings)
    predicted: dict[str, Floats] = {
        arm: values.double().numpy() for arm, values in zip(arms, done.learned.predictions, strict=True)
    }
    return LearningTables(
        curves=curve_rows(predicted | known, stream.x, settings.network.window, job.repeat).assign(task=HEADLINE),
        contexts=context_rows(done, [settings.task] * len(arms), job.repeat).assign(task=HEADLINE),
        modules=module_rows(done, settings, job.repeat),
        stream=_example(predicted, known, stream, settings.task, job.repeat),
        weights=done.learned.weights | {f"{EARLY}{name}": value for name, value in done.learned.early.items()},
    )


def observers(stream: Stream, task: GaussianTask, settings: ToyLearningSettings) -> dict[str, Floats]:
    """Return the predictions [T] of observers who know the means, from the least to the most that can be known."""
    likelihood = bayes.log_likelihood(stream.x, task)
    hazard = 1 / bayes.mean_length(settings.block)
    simple = bayes.recursive(np.exp(likelihood - likelihood.max(axis=1, keepdims=True)), hazard)
    timed = bayes.exact(likelihood, settings.block)
    return {
        "mean": np.full(len(stream.x), np.mean(task.means)),
        "bayes": bayes.predictions(simple.prior, task),
        "bayes_timed": bayes.predictions(timed.prior, task),
        "oracle": np.asarray(task.means)[stream.labels],
    }


def curve_rows(predicted: Mapping[str, Floats], x: Floats, window: int, repeat: int) -> pd.DataFrame:
    """Average the errors of predictions made before learning over bins of steps; a last, shorter bin is left out.

    Args:
        predicted: [T] by arm.
        x: [T].
        window: first steps, which no network predicts.
        repeat: for the table.
    """
    rows: list[dict[str, Any]] = []
    for arm, values in predicted.items():
        error = np.abs(values - x)[window:]
        size = min(BIN, len(error))
        for place, part in enumerate(error[: len(error) // size * size].reshape(-1, size)):
            first = window + place * part.size
            mae, mse = float(part.mean()), float(np.square(part).mean())
            rows.append({"repeat": repeat, "arm": arm, "step": first, "steps": part.size, "mae": mae, "mse": mse})
    return pd.DataFrame(rows)


def context_rows(done: Experiment, tasks: Sequence[GaussianTask], repeat: int) -> pd.DataFrame:
    """Return the errors of the frozen networks on the contexts of the last two blocks, at every measurement."""
    rows: list[dict[str, Any]] = []
    for place, (arm, stream, task) in enumerate(zip(done.arms, done.streams, tasks, strict=True)):
        for probe, measured in zip(done.probes, done.learned.probed, strict=True):
            pair = last_two(stream.labels[:probe].tolist())
            for block, context in zip(BLOCKS, pair, strict=True):
                std = task.stds[context]
                rows.append(
                    {
                        "repeat": repeat,
                        "std": std,
                        "arm": arm,
                        "blocks": int(stream.blocks[probe - 1]) + 1,
                        "block": block,
                        "context": context,
                        "mae": float(measured[place, context, ABSOLUTE]),
                        "mse": float(measured[place, context, SQUARED]),
                        "oracle_mae": std * float(np.sqrt(2 / np.pi)),
                        "oracle_mse": std**2,
                    }
                )
    return pd.DataFrame(rows)


def module_rows(done: Experiment, settings: ToyLearningSettings, repeat: int) -> pd.DataFrame:
    """Return the share of units that all contexts use, at every measurement and for every threshold."""
    rows: list[dict[str, Any]] = []
    blocks = done.streams[0].blocks
    for share in settings.active_shares:
        active = active_units(done.learned.probed[..., 2:], share, settings.active_variance)
        ratios, used = shared_ratio(active), active.any(dim=-2).sum(dim=-1)
        for probe, ratio, units in zip(done.probes, ratios, used, strict=True):
            rows += [
                {
                    "repeat": repeat,
                    "arm": arm,
                    "blocks": int(blocks[probe - 1]) + 1,
                    "share": share,
                    "shared_ratio": float(ratio[place]),
                    "active_units": int(units[place]),
                }
                for place, arm in enumerate(done.arms)
            ]
    return pd.DataFrame(rows)


def _example(
    predicted: Mapping[str, Floats], known: Mapping[str, Floats], stream: Stream, task: GaussianTask, repeat: int
) -> pd.DataFrame:
    """Return the end of the stream: what was observed, and what some arms predicted."""
    columns = {"observation": stream.x, "mean": np.asarray(task.means)[stream.labels]}
    columns |= {arm: predicted[arm] for arm in ("lstm", "gbi_hard")} | {"bayes": known["bayes"]}
    table = pd.DataFrame(columns).tail(SHOWN)
    table.insert(0, "step", table.index)
    table.insert(0, "repeat", repeat)
    return table
