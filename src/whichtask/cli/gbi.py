"""Verbs of Gradient-Based Inference, under ``whichtask gbi``; each area registers its own."""

import typer

gbi_app = typer.Typer(
    no_args_is_help=True,
    help="Gradient-Based Inference: give a network its task Z while it trains, infer Z from a gradient afterwards.",
)
