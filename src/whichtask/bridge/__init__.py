"""The bridge: GBI whose task abstractions are discovered tasks, beside tasks of other sources.

The only room that knows both ``gbi`` and ``discovery``.
"""

from whichtask.bridge.abstraction import SOURCES, Abstraction, abstractions, balanced_accuracy
from whichtask.bridge.bits import make_bits
from whichtask.bridge.inference import infer
from whichtask.bridge.study import study

__all__ = [
    "SOURCES",
    "Abstraction",
    "abstractions",
    "balanced_accuracy",
    "infer",
    "make_bits",
    "study",
]
