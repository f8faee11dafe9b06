"""Continual learning of classes in sequence: GBI beside EWC, LwF, replay and fine-tuning, equal in size and updates."""

from whichtask.gbi.continual.study import study

__all__ = ["study"]
