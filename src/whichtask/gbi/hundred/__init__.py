"""A hundred classes: GBI, likelihood and the pure generative model, and when the network uses Z at all."""

from whichtask.gbi.hundred.components import Components
from whichtask.gbi.hundred.network import GatedAutoencoder
from whichtask.gbi.hundred.study import Study

__all__ = ["Components", "GatedAutoencoder", "Study"]
