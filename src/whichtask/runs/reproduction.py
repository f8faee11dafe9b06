"""One figure made, or made again and compared."""

import json
from collections.abc import Sequence
from pathlib import Path
from textwrap import TextWrapper, shorten

from whichtask.artifacts import write_text
from whichtask.errors import WhichtaskError
from whichtask.plan.figures import FIGURES, paper_of, text_of
from whichtask.runs.compare import Comparison, compare
from whichtask.runs.figure import claims_of, files, first_sentence, sizes
from whichtask.runs.page import LINE, columns, count, jobs_page
from whichtask.runs.plan import Plan, ask_snakemake, configuration_words
from whichtask.runs.run import run_snakemake
from whichtask.runs.seconds import duration, estimates, measured, wall_seconds

REFERENCE = "results/reference/laptop"
NOTE = "reproduced.json"


def list_page(folder: Path, configfiles: Sequence[Path]) -> str:
    """Return a table of all figures of a configuration: whether they are there, and what they show."""
    plan = ask_snakemake(folder, ["figures"], configfiles)
    needed = {job.rule for job in plan.needed}
    rows = []
    for figure in plan.figures:
        there = files(folder, plan.results, figure)
        state = "" if not there else "out of date" if figure in needed else "there"
        shows = first_sentence(text_of(figure))
        rows.append(f"{figure:<28}{state:<13}{shorten(shows, LINE, placeholder=' ...')}")
    head = f"{len(rows)} figures at {plan.scale} scale, in {plan.results}/figures/"
    return "\n".join([head, "", *rows])


def make(folder: Path, figure: str, configfiles: Sequence[Path], cores: int, *, dry_run: bool) -> None:
    """Run the jobs that a figure needs and that are not done; then print where and what it is.

    Raises:
        WhichtaskError: a wrong configuration, or a job failed.
    """
    plan = ask_snakemake(folder, [figure], configfiles)
    print(_needed_page(folder, figure, plan, cores))
    if dry_run:
        return
    if plan.needed:
        run_snakemake(folder, [figure, "--cores", str(cores), *configuration_words(configfiles)])
    print(_outcome(folder, figure, plan))


def _needed_page(folder: Path, figure: str, plan: Plan, cores: int) -> str:
    needed = plan.needed
    if not needed:
        return f"{figure} needs {count(len(plan.jobs), 'job')}; nothing is left to do."
    known = estimates(folder, plan, measured(folder, plan.jobs))
    times = [known[name].seconds for name in map(plan.name_of, needed) if name in known]
    unknown = len(needed) - len(times)
    head = f"{figure} needs {count(len(plan.jobs), 'job')}, of which {len(needed)} must run:"
    lines = [head, "", jobs_page(needed, plan, known), ""]
    if times:
        lines.append(f"About {duration(wall_seconds(times, cores))} on {count(cores, 'core')}, roughly.")
    if unknown:
        lines.append(f"The time of {count(unknown, 'job')} is unknown: never measured at {plan.scale} scale.")
    return "\n".join(lines)


def _outcome(folder: Path, figure: str, plan: Plan) -> str:
    card = FIGURES[figure]
    lines = ["", figure, *_wrapped(text_of(figure)), ""]
    lines += [*_wrapped(f"Paper: {paper_of(figure)}; {card.paper}"), *_wrapped(f"Keys: {card.keys or 'none'}")]
    lines += [f"  {path}" for path in files(folder, plan.results, figure)]
    lines.append(f"  {sizes(folder / plan.results / 'figures' / f'{figure}.csv')}")
    claims = claims_of(folder, plan, figure)
    for claim in claims:
        verdict = ": ".join(part for part in (claim.verdict, claim.ours) if part)
        lines += ["", *_wrapped(f"claim {claim.identifier}: {claim.statement}"), *_wrapped(verdict, "    ")]
    if not claims:
        lines.append("  No claim of the papers is read from this figure.")
    return "\n".join(lines)


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return TextWrapper(
        LINE, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    ).wrap(text)


def make_again(
    folder: Path, figure: str, configfiles: Sequence[Path], again: Path, cores: int, *, dry_run: bool
) -> None:
    """Make a figure and all that it needs from nothing in a folder of its own, and compare its numbers.

    They are compared with those in the results folder or, at laptop scale where there are none, with those that the
    project keeps.

    Args:
        folder: the project's folder.
        figure: ID of the figure.
        configfiles: configuration files on top of ``config/config.yaml``.
        again: folder that is new or empty, or in which the same was begun.
        cores: cores for Snakemake.
        dry_run: only list the jobs.

    Raises:
        WhichtaskError: there is nothing to compare with, the folder holds other things, a job failed, or the numbers
            differ.
    """
    plan = ask_snakemake(folder, [figure], configfiles)
    earlier = _earlier(folder, figure, plan)
    if plan.needed:
        print(f"{earlier} may not be what this code makes: {len(plan.needed)} of its jobs are out of date or missing.")
    if dry_run:
        print(jobs_page(plan.jobs, plan, estimates(folder, plan, measured(folder, plan.jobs))))
        return
    _claim_folder(folder / again, {"figure": figure, "configfiles": [str(path) for path in configfiles]})
    results = f"results={json.dumps(str(again))}"
    run_snakemake(folder, [figure, "--cores", str(cores), *configuration_words(configfiles), "--config", results])
    ours = folder / again / "figures" / f"{figure}.csv"
    print(_compared(figure, compare(ours, folder / earlier), ours, earlier))


def _earlier(folder: Path, figure: str, plan: Plan) -> Path:
    places = [f"{plan.results}/figures", *([REFERENCE] if plan.scale == "laptop" else [])]
    for place in places:
        if (folder / place / f"{figure}.csv").is_file():
            return Path(place) / f"{figure}.csv"
    raise WhichtaskError(
        f"nothing to compare with: {figure}.csv is not in {' or '.join(places)}; make it first without --again"
    )


def _claim_folder(again: Path, what: dict[str, object]) -> None:
    note = again / NOTE
    text = json.dumps(what, indent=2) + "\n"
    if again.exists() and (not again.is_dir() or any(again.iterdir())):
        begun = note.read_text(encoding="utf-8") if note.is_file() else ""
        if begun != text:
            raise WhichtaskError(f"--again {again}: must be a new or an empty folder, or one where the same was begun")
    write_text(note, text)


def _compared(figure: str, found: Comparison, ours: Path, earlier: Path) -> str:
    """Return what to say of equal numbers.

    Raises:
        WhichtaskError: they differ.
    """
    lines = ["", f"{ours} against {earlier}:"]
    left_out = f" Not compared, because they are measured times: {', '.join(found.left_out)}." if found.left_out else ""
    if found.equal:
        return "\n".join([*lines, "  the same bits." if found.same_bits else f"  the same numbers.{left_out}"])
    rows = [["column", "difference"], *([name, text] for name, text in found.different.items())]
    print("\n".join([*lines, columns(rows), left_out.strip()]))
    raise WhichtaskError(f"{figure}: the numbers differ in {count(len(found.different), 'column')} (table above)")
