"""Task discovery: search the space of labellings for those that a network generalises on."""

from whichtask.discovery.dynamics import Dynamics, record_dynamics
from whichtask.discovery.encoder import TaskEncoder, make_encoder, settle
from whichtask.discovery.meta import ESTIMATORS, InnerProblem, MetaGradient
from whichtask.discovery.search import TaskSearch, score_images

__all__ = [
    "ESTIMATORS",
    "Dynamics",
    "InnerProblem",
    "MetaGradient",
    "TaskEncoder",
    "TaskSearch",
    "make_encoder",
    "record_dynamics",
    "score_images",
    "settle",
]
