"""Training that went astray: it ends with one sentence, and not with networks that name one class for every image."""

from collections.abc import Iterable

import torch
from torch import Tensor

from whichtask.errors import WhichtaskError


def require_finite(values: Iterable[Tensor | float], what: str, setting: str, step_size: float) -> None:
    """Refuse to go on with weights, moments or losses that are no numbers any more.

    Args:
        values: all of them, of any shape.
        what: is trained, with the name of its task.
        setting: the key of the step size.
        step_size: its value.

    Raises:
        WhichtaskError: one is infinite or not a number.
    """
    if not all(bool(torch.as_tensor(value).isfinite().all()) for value in values):
        raise WhichtaskError(
            f"the training of {what} has diverged: its weights or losses are no finite numbers any more; "
            f"{setting} = {step_size:g} is too large a step"
        )
