"""The random-network split of a real ImageNet folder, and a network trained on it."""

from whichtask.studies.imagenet.photographs import Photographs, list_photographs
from whichtask.studies.imagenet.split import make_split, read_split, write_split
from whichtask.studies.imagenet.train import CONTROLS, TrainedNetwork, train_network

__all__ = [
    "CONTROLS",
    "Photographs",
    "TrainedNetwork",
    "list_photographs",
    "make_split",
    "read_split",
    "train_network",
    "write_split",
]
