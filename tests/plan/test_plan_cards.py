"""Cards: whole, without clashes, and what follows from them."""

import sys
from collections import Counter
from subprocess import run

import pytest
import typer

from whichtask.cli import app
from whichtask.cli.loaders import LOADERS
from whichtask.cli.runner import help_of
from whichtask.config import Config
from whichtask.plan.cluster import OTHERS, TRAINING
from whichtask.plan.experiments import EXPERIMENTS, rule_of
from whichtask.plan.figures import FIGURES, text_of
from whichtask.plan.imports import load
from whichtask.plan.plan import Plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan(Config(), 5)


def test_the_plan_needs_no_torch() -> None:
    code = "import sys, whichtask.plan.figures, whichtask.plan.experiments; sys.exit('torch' in sys.modules)"
    assert run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("verb", EXPERIMENTS)
def test_an_experiment_has_its_function_its_inputs_and_help_that_teaches(verb: str) -> None:
    card = EXPERIMENTS[verb]
    assert callable(load(card.function))
    assert all(read.kind in LOADERS for read in card.reads.values())
    assert len(help_of(card)) > 60
    command = typer.main.get_command(app)
    for word in verb.split():
        command = command.commands[word]  # type: ignore[attr-defined]
    names = {name for parameter in command.params for name in parameter.opts}
    assert {f"--{name}" for name in (*card.reads, *card.also)} <= names


def test_no_two_experiments_write_one_file(plan: Plan) -> None:
    written = Counter(
        path
        for card in EXPERIMENTS.values()
        for paths in card.outputs(plan).values()
        for path in ([paths] if isinstance(paths, str) else paths)
    )
    assert max(written.values()) == 1


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_has_its_functions_and_says_what_it_shows(figure: str, plan: Plan) -> None:
    card = FIGURES[figure]
    draw = load(card.address("draw"))
    assert callable(load(card.address("numbers")))
    assert card.animated == hasattr(sys.modules[draw.__module__], "animate")
    assert text_of(figure).endswith((".", "?"))
    assert card.paper
    for key in filter(None, card.keys.split(", ")):
        value: object = plan.settings
        for part in key.split("."):
            value = getattr(value, part)
    if card.wanted(plan.settings):
        for paths in card.inputs(plan).values():
            assert all(path.startswith("results/") for path in paths)


def test_every_rule_of_a_card_is_known_to_clusters() -> None:
    rules = {rule_of(verb) for verb in EXPERIMENTS} | set(FIGURES)
    assert rules <= {*TRAINING, *OTHERS}
    assert not set(TRAINING) & set(OTHERS)
