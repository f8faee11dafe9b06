"""Networks: images [B, C, H, W] in, features and logits out. They know no data set.

``build`` turns a ``NetworkSpec`` (typed settings, chosen by ``arch``) into a ``Network``.

"The authors" are those of Task Discovery (Atanov et al., arXiv 2212.00261), and files such as ``models/vit.py`` are
those of their repository EPFL-VILAB/TaskDiscovery.
"""

from whichtask.config.networks import CnnSpec, MlpSpec, NetworkSpec, ResNetSpec, VitSpec
from whichtask.networks.base import Network, parameter_count, without_running_stats
from whichtask.networks.build import build

__all__ = [
    "CnnSpec",
    "MlpSpec",
    "Network",
    "NetworkSpec",
    "ResNetSpec",
    "VitSpec",
    "build",
    "parameter_count",
    "without_running_stats",
]
