"""The command line: one verb for each kind of job. The workflow's rules call these verbs, and so can you."""

import io
import sys

import typer

from whichtask.cli import audit, experiments, imagenet, products, runner, runs, settings, site, sources, splits
from whichtask.errors import WhichtaskError

app = typer.Typer(
    name="whichtask",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Which tasks does a network generalise on? Each verb reads files and writes files; "
    "`snakemake --cores all` runs them all in order. Start with `whichtask data describe fashion_mnist`.",
)
gbi_app = typer.Typer(
    no_args_is_help=True,
    help="Gradient-Based Inference: give a network its task Z while it trains, infer Z from a gradient afterwards.",
)
app.add_typer(sources.data_app, name="data")
app.add_typer(sources.tasks_app, name="tasks")
app.add_typer(settings.config_app, name="config")
bridge_app = typer.Typer(no_args_is_help=True, help="The bridge: Gradient-Based Inference on discovered tasks.")
app.add_typer(gbi_app, name="gbi")
app.add_typer(bridge_app, name="bridge")
runner.add_verbs(app, {"gbi": gbi_app, "bridge": bridge_app})
for verbs in (audit, experiments, imagenet, products, runs, site, splits):
    verbs.register(app)


def main() -> None:
    """Run the command line; a user's mistake ends with one message and exit code 1, without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of classes may hold letters that a terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except WhichtaskError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
