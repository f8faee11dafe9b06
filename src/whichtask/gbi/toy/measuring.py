"""Everything measured after learning: other streams, one-step posteriors, filters, unseen means."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from whichtask.config.gbi import ToyJob, ToyLearningJob
from whichtask.config.gbi.toy import GaussianTask, ToySettings
from whichtask.errors import WhichtaskError
from whichtask.gbi.toy.arms import ARMS, Arm, code_of
from whichtask.gbi.toy.beliefs import Inference, stream_beliefs
from whichtask.gbi.toy.contexts import last_two
from whichtask.gbi.toy.filters import filter_tables
from whichtask.gbi.toy.generalisation import generalise, tune
from whichtask.gbi.toy.learning import BLOCKS, HEADLINE, context_rows, curve_rows, learn_arms, observers
from whichtask.gbi.toy.network import Weights, pick
from whichtask.gbi.toy.online import Rate, choose_rate, follow
from whichtask.gbi.toy.posteriors import OneStep, by_observation, infer, summary
from whichtask.gbi.toy.starts import start_rows
from whichtask.gbi.toy.stream import Floats, draw_contexts, draw_stream, stream_of
from whichtask.gbi.toy.train import EARLY
from whichtask.training import LiveState

Rows = list[dict[str, Any]]
GIVEN: tuple[Arm, ...] = ("gbi_hard", "gbi_soft")
"""Arms whose Z was the context."""
NOISE_ARMS: tuple[Arm, ...] = ("lstm", *GIVEN, "shuffled_block")
STRESS_ARMS: tuple[Arm, ...] = ("lstm", *GIVEN)
TESTED_ARMS: tuple[Arm, ...] = ("lstm", *GIVEN, "shuffled_block")
"""Arms that meet unseen means."""
PIECES = 5
"""Sequences side by side into which the validation stream is cut to choose a rate."""


class Subject(NamedTuple):
    """One network that learned one stream."""

    task_name: str
    task: GaussianTask
    arm: Arm
    weights: Weights


def measure_learned(
    weights: tuple[Weights, Mapping[str, Any]], job: ToyJob, live: LiveState
) -> dict[str, pd.DataFrame]:
    """Measure what gradients say about the context: likelihoods, posteriors, filters, unseen means, other streams.

    Args:
        weights: of ``learning.learn_headline`` with the same settings, and what was written beside them.
        job: settings.
        live: where a killed run goes on.

    Returns:
        Tables by the name of their file.

    Raises:
        WhichtaskError: the weights were learned with other settings.
    """
    learned, what = weights
    fitting = ToyLearningJob(seed=job.seed, repeat=job.repeat, toy=job.toy.learning)
    if what.get("job") != fitting.model_dump(mode="json"):
        raise WhichtaskError(
            "the weights were not learned with these settings: seed, repeat and the keys of learning of gbi.toy must "
            f"be those of this job (repeat {job.repeat}); run `whichtask gbi toy-learning` with them first"
        )
    return measure(job, learned, live)


def measure(job: ToyJob, learned: Weights, live: LiveState) -> dict[str, pd.DataFrame]:
    """Run one repeat.

    Args:
        job: settings.
        learned: early and final weights of all arms on the headline stream, in the order of ``ARMS``.
        live: where a killed run goes on.

    Returns:
        Tables by the name of their file.
    """
    settings, seed = job.toy, (job.seed, job.repeat)
    late = {name: value for name, value in learned.items() if not name.startswith(EARLY)}
    early = {name.removeprefix(EARLY): value for name, value in learned.items() if name.startswith(EARLY)}
    headline = {arm: pick(late, [place]) for place, arm in enumerate(ARMS)}
    others = _learn_others(job, live)
    subjects = [Subject(HEADLINE, settings.task, arm, weights) for arm, weights in headline.items()] + others.subjects
    rates = {(each.task_name, each.arm): _tuned(live, each, settings, *seed) for each in subjects if each.arm in GIVEN}
    posteriors = _posteriors(subjects, settings, *seed)
    filters = filter_tables(
        headline,
        {arm: posteriors.singles[HEADLINE, arm] for arm in GIVEN},
        {arm: rates[HEADLINE, arm][0] for arm in GIVEN},
        stream_of(settings.task, settings.stream_steps, settings.block, *seed, "test"),
        settings,
    )
    chosen = {("stream", settings.blocks, name, arm): found for (name, arm), found in rates.items()}
    generalised: Rows = []
    for blocks, weights in ((settings.early_blocks, early), (settings.blocks, late)):
        tested = {arm: pick(weights, [list(ARMS).index(arm)]) for arm in TESTED_ARMS}
        tuned = {
            arm: kept(live, f"unseen {blocks} {arm}", partial(tune, each, settings, *seed))
            for arm, each in tested.items()
        }
        found = generalise(tested, {arm: rate for arm, (rate, _) in tuned.items()}, settings, *seed)
        generalised += [{"blocks": blocks, **row} for row in found]
        chosen |= {("unseen means", blocks, HEADLINE, arm): choice for arm, choice in tuned.items()}
    rows: dict[str, Rows] = {
        "starts": _starts(headline, settings, *seed),
        "one_step": posteriors.summaries,
        "by_observation": posteriors.curves,
        "filters": filters.summary,
        "switches": filters.switches,
        "generalisation": generalised,
        "rates": [
            {"use": use, "blocks": blocks, "task": name, "arm": arm, **rate._asdict(), "validation_error": error}
            for (use, blocks, name, arm), (rate, error) in chosen.items()
        ],
    }
    tables = {name: pd.DataFrame(each).assign(repeat=job.repeat) for name, each in rows.items()}
    iterated = pd.DataFrame(_iterated_contexts(subjects, rates, settings, job))
    inferring = {
        arm: Inference(headline[arm], posteriors.singles[HEADLINE, arm].tau, rates[HEADLINE, arm][0]) for arm in GIVEN
    }
    beliefs = stream_beliefs(inferring, settings, *seed).assign(repeat=job.repeat)
    more = {"curves": others.curves, "contexts": pd.concat([others.contexts, iterated]), "stream_beliefs": beliefs}
    return tables | more


def kept(live: LiveState, name: str, choose: Callable[[], tuple[Rate, float]]) -> tuple[Rate, float]:
    """Return a chosen rate and its error from the live state, or choose it and keep it there."""
    saved = live.load(name)
    if saved:
        return Rate(*saved[1]["rate"]), float(saved[1]["error"])
    rate, error = choose()
    live.save(name, {"error": torch.tensor(error)}, {"rate": list(rate), "error": error})
    return rate, error


def _tuned(live: LiveState, subject: Subject, settings: ToySettings, *seed: int) -> tuple[Rate, float]:
    name = f"stream {subject.task_name} {subject.arm}"
    return kept(live, name, partial(tune_on_stream, subject, settings, *seed))


class Others(NamedTuple):
    """What was learned of the streams other than the headline one."""

    subjects: list[Subject]
    curves: pd.DataFrame
    contexts: pd.DataFrame


def _learn_others(job: ToyJob, live: LiveState) -> Others:
    settings, seed = job.toy, (job.seed, job.repeat)
    subjects, curves, contexts = [], [], []
    for group in _groups(settings):
        names, tasks = [name for _, name, _ in group], [task for _, _, task in group]
        name = f"learning {len(tasks[0].means)} contexts"
        done = learn_arms([arm for arm, _, _ in group], tasks, seed, settings, live, name)
        rows = context_rows(done, tasks, job.repeat)
        contexts.append(rows.assign(task=np.repeat(names, len(rows) // len(names))))
        for place, (arm, name, task) in enumerate(group):
            subjects.append(Subject(name, task, arm, pick(done.learned.weights, [place])))
            predicted: dict[str, Floats] = {arm: done.learned.predictions[place].double().numpy()}
            if arm == "lstm":
                predicted |= observers(done.streams[place], task, settings)
            table = curve_rows(predicted, done.streams[place].x, settings.network.window, job.repeat)
            curves.append(table.assign(task=name))
    return Others(subjects, pd.concat(curves), pd.concat(contexts))


def _groups(settings: ToySettings) -> list[list[tuple[Arm, str, GaussianTask]]]:
    """Return arms, names and tasks of the other streams, those with equally many contexts together."""
    means = settings.task.means
    noisy = {f"std_{std:g}": GaussianTask(means=means, stds=[std] * len(means)) for std in settings.noise}
    todo = [(arm, name, task) for name, task in noisy.items() for arm in NOISE_ARMS]
    todo += [(arm, name, task) for name, task in settings.stress.items() for arm in STRESS_ARMS]
    sizes = sorted({len(task.means) for _, _, task in todo})
    return [[each for each in todo if len(each[2].means) == size] for size in sizes]


def tune_on_stream(subject: Subject, settings: ToySettings, *seed: str | int) -> tuple[Rate, float]:
    """Choose how to iterate Z on the validation stream, cut into pieces side by side.

    Raises:
        WhichtaskError: the pieces are no longer than the window.
    """
    stream = stream_of(subject.task, settings.validation_steps, settings.block, *seed, "validation")
    window, length = settings.network.window, len(stream.x) // PIECES
    if length <= window:
        raise WhichtaskError(
            f"toy.validation_steps = {settings.validation_steps} gives {PIECES} sequences of {length}; each must be "
            f"longer than the window, {window}"
        )
    x, wanted = (
        torch.from_numpy(values[: length * PIECES].reshape(PIECES, length).T).float()
        for values in (stream.x, np.asarray(subject.task.means)[stream.labels])
    )
    return choose_rate(subject.weights, x, wanted, settings.grid, window, length - window)


def _iterated_contexts(
    subjects: Sequence[Subject], rates: Mapping[tuple[str, Arm], tuple[Rate, float]], settings: ToySettings, job: ToyJob
) -> Rows:
    """Return the errors of the final networks on both last contexts when nobody gives them Z: it is iterated."""
    rows: Rows = []
    for subject in subjects:
        task, window = subject.task, settings.network.window
        if subject.arm not in GIVEN or len(set(task.stds)) > 1 or len(task.means) != len(settings.task.means):
            continue
        number = settings.test_sequences
        test = draw_contexts(task, number, settings.test_length, job.seed, job.repeat, "contexts")
        rate, _ = rates[subject.task_name, subject.arm]
        x = torch.from_numpy(test.x).float()
        error = (follow(subject.weights, x, [rate] * x.shape[1], window).predictions - x)[window:].abs()
        by_context = error.double().view(len(error), len(task.means), number)
        stream = draw_stream(task, settings.blocks, settings.block, job.seed, job.repeat, "learning")
        pair = last_two(stream.labels.tolist())
        rows.extend(
            {
                "repeat": job.repeat,
                "std": task.stds[context],
                "arm": f"{subject.arm}_iterated",
                "blocks": settings.blocks,
                "block": block,
                "context": context,
                "mae": float(by_context[:, context].mean()),
                "mse": float(by_context[:, context].square().mean()),
                "oracle_mae": task.stds[context] * float(np.sqrt(2 / np.pi)),
                "oracle_mse": task.stds[context] ** 2,
                "task": subject.task_name,
            }
            for block, context in zip(BLOCKS, pair, strict=True)
        )
    return rows


def _starts(headline: Mapping[Arm, Weights], settings: ToySettings, *seed: int) -> Rows:
    """Return one-step inference from several starts, of the networks that were given the context."""
    task = settings.task
    validation, test = (
        stream_of(task, steps, settings.block, *seed, name)
        for steps, name in ((settings.validation_steps, "validation"), (settings.stream_steps, "test"))
    )
    return [
        {"arm": arm, **row}
        for arm in GIVEN
        for row in start_rows(
            headline[arm], code_of(arm, len(task.means)), validation, test, settings.network.window, *seed
        )
    ]


class Posteriors(NamedTuple):
    """One-step posteriors of all networks that were given the context."""

    summaries: Rows
    curves: Rows
    singles: dict[tuple[str, Arm], OneStep]
    """From one observation, by task and arm."""


def _posteriors(subjects: Sequence[Subject], settings: ToySettings, *seed: str | int) -> Posteriors:
    window = settings.network.window
    found = Posteriors([], [], {})
    for subject in subjects:
        if subject.arm not in (*GIVEN, "shuffled_block"):
            continue
        validation = stream_of(subject.task, settings.validation_steps, settings.block, *seed, "validation")
        test = stream_of(subject.task, settings.stream_steps, settings.block, *seed, "test")
        for observations in (1, window):
            code: Tensor = code_of(subject.arm, len(subject.task.means))
            one = infer(subject.weights, subject.task, code, validation, test, window, observations)
            key: dict[str, Any] = {"task": subject.task_name, "contexts": len(subject.task.means)}
            key |= {"arm": subject.arm, "observations": observations}
            found.summaries.append(key | summary(one, subject.task, test, window))
            if observations == 1:
                found.singles[subject.task_name, subject.arm] = one
                rows = by_observation(one, subject.task, test, window)
                found.curves.extend(key | row for row in rows)
    return found
