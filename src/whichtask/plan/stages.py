"""The lists of ``dvc.yaml`` that follow from cards: which folders of results its stages keep and read."""

import re

from whichtask.config import Config
from whichtask.plan.plan import Plan
from whichtask.plan.td_figures import TD_FIGURES

_OUTS = re.compile(r"(\n  task_discovery:\n(?:.*\n)*?    outs:\n)(?:      - \$\{results\}.*\n)+")
_DEPS = re.compile(r"(\n      - \$\{results\}/data\n)(?:      - \$\{results\}.*\n)+?(?=      - \$\{results\}/gbi\n)")


def read_folders() -> list[str]:
    """List the folders below the results that the figures of Task Discovery are drawn from, but for the data."""
    plan = Plan(Config(), 1)
    cards = [card for card in TD_FIGURES.values() if card.wanted(plan.settings)]
    paths = [path for card in cards for paths in card.inputs(plan).values() for path in paths]
    return sorted({path.removeprefix(plan.at("")).partition("/")[0] for path in paths} - {"data"})


def render_stages(text: str) -> str:
    """Return the text of ``dvc.yaml`` with these folders as outs of ``task_discovery`` and as deps of ``products``."""
    read = read_folders()
    kept = sorted({*read, "simclr"})  # which searches read
    outs = "".join(f"      - ${{results}}/{name}: {{persist: true}}\n" for name in kept)
    deps = "".join(f"      - ${{results}}/{name}\n" for name in read)
    text = _OUTS.sub(lambda found: found[1] + outs, text)
    return _DEPS.sub(lambda found: found[1] + deps, text)
