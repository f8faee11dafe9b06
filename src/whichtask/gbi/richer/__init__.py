"""Richer codes for Z: one-hot, learned embeddings, and a part for each factor, which can name unseen combinations."""

from whichtask.gbi.richer.network import CodedAutoencoder
from whichtask.gbi.richer.study import study

__all__ = ["CodedAutoencoder", "study"]
