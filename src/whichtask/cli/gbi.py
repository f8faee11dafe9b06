"""Verbs of Gradient-Based Inference, under ``whichtask gbi``; each area registers its own."""

import typer

from whichtask.cli import gbi_codes, gbi_compute, gbi_hundred, gbi_images, gbi_language, gbi_toy

gbi_app = typer.Typer(
    no_args_is_help=True,
    help="Gradient-Based Inference: give a network its task Z while it trains, infer Z from a gradient afterwards.",
)

gbi_codes.register(gbi_app)
gbi_compute.register(gbi_app)
gbi_hundred.register(gbi_app)
gbi_images.register(gbi_app)
gbi_language.register(gbi_app)
gbi_toy.register(gbi_app)
