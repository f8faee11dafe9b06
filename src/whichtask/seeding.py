"""Counter-based seeds: every random draw is named by what it is for, so that no history has to be kept.

``seed_of("order", run, pair, epoch)`` is the same number on every machine and in every order of calls. A run that was
killed therefore goes on with exactly the draws of an uninterrupted one.

torch is imported where it is used: figures and tables draw with NumPy and need not wait for it.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

Key = str | int


def seed_of(*keys: Key) -> int:
    """Hash a path of names and counters to a seed.

    Args:
        keys: what the draw is for, from coarse to fine, such as ``("order", run_seed, pair, epoch)``.

    Returns:
        A number in [0, 2**63), uniform for all practical purposes; the types of the keys matter (1 is not "1").
    """
    text = "\x1f".join(f"{type(key).__name__}:{key}" for key in keys)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def torch_generator(*keys: Key) -> "torch.Generator":
    """Return a CPU generator seeded by ``seed_of(*keys)``."""
    import torch  # noqa: PLC0415

    return torch.Generator().manual_seed(seed_of(*keys))


def numpy_generator(*keys: Key) -> np.random.Generator:
    """Return a NumPy generator seeded by ``seed_of(*keys)``."""
    return np.random.default_rng(seed_of(*keys))


@contextmanager
def seeded(*keys: Key) -> Iterator[None]:
    """Run a block with torch's global CPU generator seeded by ``seed_of(*keys)``, and restore it afterwards.

    Layer initialisers have no generator argument, so the initial weights of a network are drawn inside this block.
    """
    import torch  # noqa: PLC0415

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(*keys))
        yield
