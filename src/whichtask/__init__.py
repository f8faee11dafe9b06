"""whichtask: which tasks does a network generalise on, and which task is it in?

Five functions of arrays (``whichtask.api``), loaded when they are first asked for, as torch takes seconds to import.
"""

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whichtask.api import adversarial_split, agreement_score, audit, discover, infer

__all__ = ["adversarial_split", "agreement_score", "audit", "discover", "infer"]

_MODULE = "module://"
_backend = os.environ.get("MPLBACKEND", "")
if _backend.startswith(_MODULE) and find_spec(_backend.removeprefix(_MODULE).partition(".")[0]) is None:
    # Every terminal of a notebook server names the server's own, without which matplotlib cannot be imported in another
    # environment. What is drawn here needs no display.
    del os.environ["MPLBACKEND"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from whichtask import api  # noqa: PLC0415

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
