"""Beliefs over time on one stream: Bayes' recursion with likelihoods or one-step posteriors, and iterating Z."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.special import entr
from torch import Tensor

from whichtask.config.gbi.toy import GaussianTask, ToySettings
from whichtask.gbi.toy import bayes
from whichtask.gbi.toy.arms import Arm, code_of
from whichtask.gbi.toy.network import pick, run
from whichtask.gbi.toy.online import Rate, follow
from whichtask.gbi.toy.posteriors import OneStep
from whichtask.gbi.toy.stream import Floats, Ints, Stream

BEFORE, AFTER = 5, 15
"""Steps before and after a switch that are averaged over switches."""


class Belief(NamedTuple):
    """What a method believes at the steps of a stream after the first window."""

    prior: Floats
    """[N, K]: of the context of x_t, before it is seen."""
    posterior: Floats
    """[N, K]: afterwards."""
    evidence: Floats
    """[N]: see ``bayes.Filtered``."""


def of_recursion(likelihood: Floats, hazard: float) -> Belief:
    """Return the belief by Bayes' recursion from likelihoods [N, K], each row up to a factor."""
    return Belief(*bayes.recursive(likelihood, hazard))


def of_single(likelihood: Floats) -> Belief:
    """Return the belief from each observation alone."""
    return of_recursion(likelihood, (likelihood.shape[1] - 1) / likelihood.shape[1])


def of_iterating(weights: Mapping[str, Tensor], stream: Stream, rate: Rate, window: int) -> tuple[Belief, Floats]:
    """Return Z while it is iterated, taken as a posterior, and the predictions [N]; there is no evidence (NaN)."""
    found = follow(weights, torch.from_numpy(stream.x).float()[:, None], [rate], window)
    z = found.z[:, 0].double().numpy()
    prior = z[window:]
    posterior = np.concatenate([z[window + 1 :], z[-1:]])  # the last update is not used any more
    return Belief(prior, posterior, np.full(len(prior), np.nan)), found.predictions[window:, 0].double().numpy()


@torch.no_grad()
def predict_with(weights: Mapping[str, Tensor], stream: Stream, prior: Floats, code: Tensor, window: int) -> Floats:
    """Return a frozen network's predictions [N] of a stream when it is given a belief as Z, one at each step.

    Args:
        weights: of one network.
        stream: [T].
        prior: [N, K], of the context of each observation after the first window; there Z is at maximum entropy.
        code: [K, K], the Z that stands for each context.
        window: steps before the first prediction.
    """
    contexts = len(code)
    before = np.full((window - 1, contexts), 1 / contexts)
    z = torch.from_numpy(np.concatenate([before, prior])).float() @ code
    done = run(pick(weights, [0]), torch.from_numpy(stream.x[:-1]).float()[None, :, None], z[None, :, None])
    return done.predictions[0, window - 1 :, 0].double().numpy()


Rows = list[dict[str, Any]]


class FilterTables(NamedTuple):
    """What is written about filters: means over the stream, and means around switches."""

    summary: Rows
    switches: Rows


def filter_tables(
    networks: Mapping[Arm, Mapping[str, Tensor]],
    found: Mapping[Arm, OneStep],
    rates: Mapping[Arm, Rate],
    test: Stream,
    settings: ToySettings,
) -> FilterTables:
    """Compare methods on the headline stream.

    Args:
        networks: weights of one network each, by arm; "lstm" is among them.
        found: one-step posteriors from single observations, of the arms that were given the context.
        rates: how Z of these is iterated.
        test: the stream.
        settings: task and window.
    """
    task, window = settings.task, settings.network.window
    hazard = 1 / bayes.mean_length(settings.block)
    log_likelihood = bayes.log_likelihood(test.x, task)
    likelihood = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    # Every method starts after the first window, with the same knowledge: none.
    known = of_recursion(likelihood[window:], hazard)
    timed = bayes.exact(log_likelihood, settings.block)
    beliefs: dict[tuple[str, str], tuple[Belief | None, Floats]] = {
        ("observer", "bayes"): (known, bayes.predictions(known.prior, task)),
        ("observer", "bayes_timed"): (
            Belief(*(values[window:] for values in timed)),
            bayes.predictions(timed.prior[window:], task),
        ),
        ("observer", "single"): _observed(of_single(likelihood[window:]), task),
        ("observer", "oracle"): (None, np.asarray(task.means)[test.labels[window:]]),
    }
    contexts = len(task.means)
    uniform = np.full((len(test.x) - window, contexts), 1 / contexts)
    given = np.eye(contexts)[test.labels[window:]]
    lstm = networks["lstm"]
    beliefs["lstm", "fixed"] = None, predict_with(lstm, test, uniform, code_of("lstm", contexts), window)
    for arm, one in found.items():
        weights, code = networks[arm], code_of(arm, contexts)
        replaced = of_recursion(one.posterior.numpy(), hazard)
        alone = of_single(one.posterior.numpy())
        beliefs[arm, "given"] = None, predict_with(weights, test, given, code, window)
        beliefs[arm, "fixed"] = None, predict_with(weights, test, uniform, code, window)
        beliefs[arm, "one_step"] = alone, predict_with(weights, test, alone.prior, code, window)
        beliefs[arm, "one_step_recursion"] = replaced, predict_with(weights, test, replaced.prior, code, window)
        beliefs[arm, "bayes"] = known, predict_with(weights, test, known.prior, code, window)
        beliefs[arm, "iterated"] = of_iterating(weights, test, rates[arm], window)
    late = Stream(test.x[window:], test.labels[window:], test.blocks[window:])
    tables = FilterTables([], [])
    for (whose, method), (belief, predicted) in beliefs.items():
        key = {"arm": whose, "method": method}
        tables.summary.append(key | _errors(predicted, late, task) | _quality(belief, late.labels))
        if belief is not None and (whose == "observer" or method != "bayes"):
            tables.switches.extend(key | row for row in around_switches(belief, late))
    return tables


def _observed(belief: Belief, task: GaussianTask) -> tuple[Belief, Floats]:
    return belief, bayes.predictions(belief.prior, task)


def _errors(predicted: Floats, stream: Stream, task: GaussianTask) -> dict[str, float]:
    means = np.asarray(task.means)[stream.labels]
    return {
        "error_of_mean": float(np.abs(predicted - means).mean()),
        "mae": float(np.abs(predicted - stream.x).mean()),
        "mse": float(np.square(predicted - stream.x).mean()),
    }


def _quality(belief: Belief | None, labels: Ints) -> dict[str, float]:
    """Return accuracy, mean log evidence and entropy of a belief; NaN without one."""
    if belief is None:
        return dict.fromkeys(("accuracy", "log_evidence", "entropy"), float("nan"))
    return {
        "accuracy": float((belief.posterior.argmax(axis=1) == labels).mean()),
        "log_evidence": float(np.log(belief.evidence).mean()),
        "entropy": float(entr(belief.posterior).sum(axis=1).mean()),
    }


def around_switches(belief: Belief, stream: Stream) -> Rows:
    """Average a belief over all switches, one row for each step relative to them; 0 is the first of the new block.

    ``posterior_new`` is the probability of the context that begins at the switch, ``log_evidence`` how expected each
    observation was.
    """
    switches = np.flatnonzero(np.diff(stream.blocks)) + 1
    switches = switches[(switches >= BEFORE) & (switches < len(stream.x) - AFTER)]
    rows: Rows = []
    for offset in range(-BEFORE, AFTER + 1) if len(switches) else ():
        steps = switches + offset
        rows.append(
            {
                "offset": offset,
                "switches": len(switches),
                "posterior_new": float(belief.posterior[steps, stream.labels[switches]].mean()),
                "entropy": float(entr(belief.posterior[steps]).sum(axis=1).mean()),
                "log_evidence": float(np.log(belief.evidence[steps]).mean()),
            }
        )
    return rows
