"""Gradient-Based Inference: infer the task abstraction Z of any network that takes one, by its gradient.

``loss`` is a function from Z [B, K] to the loss of each example [B], of a network in evaluation mode:

>>> network.eval()

>>> posterior = infer_one_step(loss, batch=32, parts=10, tau=2.0)
"""

from whichtask.gbi.abstraction import check_abstraction, maximum_entropy, one_hot, softmax
from whichtask.gbi.entry import Entry
from whichtask.gbi.inference import (
    Loss,
    divergence,
    entropy,
    enumerate_losses,
    exact_posterior,
    gradient_at,
    infer_one_step,
    iterate,
    kl_bound,
    one_step,
    predict,
)
from whichtask.gbi.scores import auroc, auroc_interval, calibration_error, confidence, fit_tau

__all__ = [
    "Entry",
    "Loss",
    "auroc",
    "auroc_interval",
    "calibration_error",
    "check_abstraction",
    "confidence",
    "divergence",
    "entropy",
    "enumerate_losses",
    "exact_posterior",
    "fit_tau",
    "gradient_at",
    "infer_one_step",
    "iterate",
    "kl_bound",
    "maximum_entropy",
    "one_hot",
    "one_step",
    "predict",
    "softmax",
]
