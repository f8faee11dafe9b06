"""Task discovery: search the space of labellings for those that a network generalises on."""

from whichtask.discovery.dynamics import Dynamics, record_dynamics
from whichtask.discovery.encoder import TaskEncoder, classes_of, load_backbone, make_encoder, settle
from whichtask.discovery.inner import InnerProblem
from whichtask.discovery.labelling import Frozen, embed_images, freeze, score_images
from whichtask.discovery.meta import ESTIMATORS, Estimator, MetaGradient, fitting, graph_bytes
from whichtask.discovery.objectives import OBJECTIVES
from whichtask.discovery.search import TaskSearch

__all__ = [
    "ESTIMATORS",
    "OBJECTIVES",
    "Dynamics",
    "Estimator",
    "Frozen",
    "InnerProblem",
    "MetaGradient",
    "TaskEncoder",
    "TaskSearch",
    "classes_of",
    "embed_images",
    "fitting",
    "freeze",
    "graph_bytes",
    "load_backbone",
    "make_encoder",
    "record_dynamics",
    "score_images",
    "settle",
]
