"""Stages of an audit whose results outlive a killed run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from whichtask.auditing.clock import Clock
from whichtask.training import LiveState

Arrays = dict[str, npt.NDArray[Any]]


class Stages:
    """Does each stage once.

    Args:
        clock: of the audit; it goes on from the last stage that is done.
        folder: where results of stages are kept; None keeps nothing.
        what: everything that decides the results, JSON values.
    """

    def __init__(self, clock: Clock, folder: Path | None, what: dict[str, Any]):
        self.clock = clock
        self.live = LiveState(folder, what) if folder else None

    def once(self, name: str, make: Callable[[], Arrays]) -> Arrays:
        """Return what a stage makes, arrays of numbers or truth values, or what an earlier run has kept of it."""
        if self.live and (found := self.live.load(name)):
            self.clock.go_on(found[1]["seconds"])
            return {key: tensor.numpy() for key, tensor in found[0].items()}
        made = make()
        if self.live:
            tensors = {key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in made.items()}
            self.live.save(name, tensors, {"seconds": self.clock.elapsed})
        return made

    def clear(self) -> None:
        """Forget all stages: the audit is written."""
        if self.live:
            self.live.clear()
