"""Fitting one or many networks to labels: images on the device, counter-based order, exact resume."""

from whichtask.data.division import Division, divide
from whichtask.training.adam import State, adam_state, load_adam, start_adam
from whichtask.training.finite import require_finite
from whichtask.training.fit import FittedGroup, GroupFit, Sample
from whichtask.training.images import ImageBank
from whichtask.training.live import LiveState
from whichtask.training.trainers import BatchedTrainer, LoopTrainer, Trainer, resolve_precision

__all__ = [
    "BatchedTrainer",
    "Division",
    "FittedGroup",
    "GroupFit",
    "ImageBank",
    "LiveState",
    "LoopTrainer",
    "Sample",
    "State",
    "Trainer",
    "adam_state",
    "divide",
    "load_adam",
    "require_finite",
    "resolve_precision",
    "start_adam",
]
