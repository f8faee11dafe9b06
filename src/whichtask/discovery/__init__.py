"""Task discovery: search the space of labellings for those that a network generalises on."""

from whichtask.discovery.encoder import TaskEncoder, make_encoder, settle
from whichtask.discovery.meta import ESTIMATORS, InnerProblem, MetaGradient
from whichtask.discovery.search import DiscoveryJob, TaskSearch, score_images

__all__ = [
    "ESTIMATORS",
    "DiscoveryJob",
    "InnerProblem",
    "MetaGradient",
    "TaskEncoder",
    "TaskSearch",
    "make_encoder",
    "score_images",
    "settle",
]
