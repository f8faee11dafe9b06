"""Adversarial train-test splits: images on which a target and an attacking task agree train, the rest test.

A network then learns the attacking task as a shortcut for the target, and fails where the two part (paper,
section 6). Each adversarial split stands beside two controls with as many training images. A *random* split is the
paper's baseline. An adversarial split also changes how frequent each class is, because a discovered task labels some
classes more often than others; a *class-matched* split is random but has as many training images of every class, so
what is left between it and the adversarial one is due to which images of a class they are, and to nothing else.
"""

from whichtask.splits.attackers import confounder, lowest_halves, random_network_attackers
from whichtask.splits.cases import Source, SourceName
from whichtask.splits.define import Target, adversarial_split, class_matched_split, random_split
from whichtask.splits.export import export_splits, split_arrays
from whichtask.splits.train import SplitResults, run_splits

__all__ = [
    "Source",
    "SourceName",
    "SplitResults",
    "Target",
    "adversarial_split",
    "class_matched_split",
    "confounder",
    "export_splits",
    "lowest_halves",
    "random_network_attackers",
    "random_split",
    "run_splits",
    "split_arrays",
]
