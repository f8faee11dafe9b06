"""The gated autoencoder in principal components that the experiments of many classes share."""

from whichtask.gbi.gated.components import Components
from whichtask.gbi.gated.network import GatedAutoencoder

__all__ = ["Components", "GatedAutoencoder"]
