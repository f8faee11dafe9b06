"""Whether cards are whole: what they name exists, and no two of them write one file. Nothing is imported for that."""

from collections.abc import Iterator
from itertools import product
from string import Formatter

from whichtask.errors import WhichtaskError
from whichtask.plan.experiments import EXPERIMENTS
from whichtask.plan.figures import FIGURES
from whichtask.plan.imports import whats_missing
from whichtask.plan.plan import Plan


def check_cards(plan: Plan) -> None:
    """Check the cards of all experiments and figures.

    Raises:
        WhichtaskError: a card names a module or a function that does not exist, or two write one file.
    """
    for card, address in _addresses():
        if missing := whats_missing(address):
            raise WhichtaskError(f"the card of {card} names {address}, but {missing}")
    writers: dict[str, str] = {}
    for card, pattern in _outputs(plan):
        for path in _expanded(pattern, plan):
            other = writers.setdefault(path, card)
            if other != card:
                raise WhichtaskError(f"the cards of {other} and {card} both write {path}")


def _addresses() -> Iterator[tuple[str, str]]:
    for verb, experiment in EXPERIMENTS.items():
        yield f"experiment {verb!r}", experiment.function
    for figure, card in FIGURES.items():
        for step in ("numbers", "draw", *(["animate"] if card.animated else [])):
            yield f"figure {figure!r}", card.address(step)


def _outputs(plan: Plan) -> Iterator[tuple[str, str]]:
    for verb, experiment in EXPERIMENTS.items():
        card = f"experiment {verb!r}"
        for paths in experiment.outputs(plan).values():
            yield from ((card, path) for path in ([paths] if isinstance(paths, str) else paths))
        yield card, plan.at(f"logs/{experiment.place}.log")
    for figure, drawn in FIGURES.items():
        yield from ((f"figure {figure!r}", plan.at(f"figures/{figure}.{ending}")) for ending in drawn.endings)


def _expanded(pattern: str, plan: Plan) -> Iterator[str]:
    """Yield the paths of a pattern; one repeat stands for all."""
    names = dict.fromkeys(name for _, name, _, _ in Formatter().parse(pattern) if name)
    for values in product(*(plan.wildcards.get(name, ("0",)) for name in names)):
        yield pattern.format_map(dict(zip(names, values, strict=True)))
