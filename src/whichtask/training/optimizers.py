"""Optimisers of torch without the hooks for its compiler.

Making or stepping any of torch's optimisers imports the compiler, which takes as long as importing torch itself: much
of a short job. Nothing here is compiled, and the steps are torch's own, bit for bit.
"""

import inspect
from typing import TypeVar

import torch

Kind = TypeVar("Kind", bound=torch.optim.Optimizer)
# Marked with `torch._disable_dynamo`, which imports the compiler at the first call.
MARKED = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")


def eager(kind: type[Kind]) -> type[Kind]:
    """Return an optimiser's class with its own methods in place of the marked ones."""
    methods = {name: inspect.unwrap(getattr(kind, name)) for name in MARKED}
    methods["step"] = torch.no_grad()(inspect.unwrap(kind.step))
    made: type[Kind] = type(kind.__name__, (kind,), methods)
    return made


Adam = eager(torch.optim.Adam)
AdamW = eager(torch.optim.AdamW)
SGD = eager(torch.optim.SGD)
