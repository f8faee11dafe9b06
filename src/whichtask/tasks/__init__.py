"""Tasks: named labellings of a data set's images, where they come from, and how alike they are.

"The authors" are those of Task Discovery (Atanov et al., arXiv 2212.00261), and files such as ``models/tasks.py`` are
those of their repository EPFL-VILAB/TaskDiscovery.

Tasks of random networks and clusters are in ``tasks.baselines``, which needs torch; who only reads tasks need not wait.
"""

from whichtask.tasks.components import principal_components
from whichtask.tasks.features import Features, simple_features
from whichtask.tasks.similarity import (
    adjusted_mutual_information,
    agreement_similarity,
    mean_pairwise,
    similarity_table,
)
from whichtask.tasks.sources import factor_tasks, human_partitions, human_tasks, random_tasks
from whichtask.tasks.taskset import Kind, TaskSet, normalise_polarity
from whichtask.tasks.user_csv import user_tasks, write_user_csv

__all__ = [
    "Features",
    "Kind",
    "TaskSet",
    "adjusted_mutual_information",
    "agreement_similarity",
    "factor_tasks",
    "human_partitions",
    "human_tasks",
    "mean_pairwise",
    "normalise_polarity",
    "principal_components",
    "random_tasks",
    "similarity_table",
    "simple_features",
    "user_tasks",
    "write_user_csv",
]
