"""The verb that audits somebody's images; it imports what it runs when it runs."""

import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from whichtask.cli.settings import ThreadsOption
from whichtask.errors import WhichtaskError
from whichtask.paths import require_writable

MISTAKE, FOUND = 2, 1
BEGUN = {"findings.json", ".state"}
WRITTEN = BEGUN | {"report.html", "tasks.csv", "scores.csv", "splits"}
"""What an audit leaves; a workflow that does one again takes a part of it away."""


def register(app: typer.Typer) -> None:
    """Add this verb to the command line."""
    app.command("audit")(audit)


def audit(
    images: Annotated[Path, typer.Argument(metavar="FOLDER_OR_NPZ_OR_CSV", help="Labelled images.")],
    out: Annotated[Path, typer.Option(help="Folder to write to: a new or empty one, or an earlier audit.")],
    labels: Annotated[Path | None, typer.Option(help="CSV with the columns file and label, for a folder.")] = None,
    network: Annotated[str, typer.Option(help="cnn, mlp, resnet18 or vit.")] = "cnn",
    minutes: Annotated[float, typer.Option(help="Minutes it may take; with fewer it does less and says so.")] = 10.0,
    image_size: Annotated[
        int | None,
        typer.Option(min=8, help="Side in pixels that files are brought to; default: their own up to 64, or 32."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of every draw.")] = 0,
    fail_on: Annotated[
        str | None, typer.Option(help="high, medium or low: exit code 1 where a finding has this grade or a worse one.")
    ] = None,
    baseline: Annotated[Path | None, typer.Option(help="findings.json of an earlier audit of these classes.")] = None,
    fail_on_new: Annotated[
        bool, typer.Option("--fail-on-new", help="Only findings that the baseline lacks count for --fail-on.")
    ] = False,
    threads: ThreadsOption = None,
) -> None:
    """Find the shortcuts that a network will take in labelled images, and measure what they do.

    Images are a folder with one subfolder a class, an .npz with images and labels, or a CSV with file and label. Writes
    report.html, findings.json, tasks.csv, scores.csv and splits/ to the folder. A killed run goes on where it was; a
    second run on unchanged input does nothing. Exit code 0; 1 with --fail-on, where there is such a finding; 2 for
    mistakes.
    """
    try:
        content = _audit(
            images, out, labels, network, minutes, image_size, seed, threads, (fail_on, baseline, fail_on_new)
        )
    except WhichtaskError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(MISTAKE) from None
    print(content["verdict"])
    if skipped := content["troubles"]["skipped_files"]:
        from whichtask.data.layout import count_endings, ending_of

        endings = Counter(ending_of(one["file"]) for one in skipped)
        print(f"files that are no images or cannot be read, and were skipped: {count_endings(endings)}")
    print(out / "report.html")
    failed = content["failing"]
    if failed:
        print(f"--fail-on {fail_on}: {', '.join(failed)}")
        raise typer.Exit(FOUND)


def _audit(
    images: Path,
    out: Path,
    labels: Path | None,
    network: str,
    minutes: float,
    image_size: int | None,
    seed: int,
    threads: int | None,
    ci: tuple[str | None, Path | None, bool],
) -> dict[str, Any]:
    """Audit, or find that it is done; return the findings with the names of those that fail."""
    fail_on, baseline, fail_on_new = ci
    if not 0 < minutes < float("inf"):
        raise WhichtaskError(f"--minutes {minutes:g}: an audit needs more than 0")
    if fail_on not in (None, "high", "medium", "low"):
        raise WhichtaskError(f"--fail-on {fail_on}: allowed are high, medium and low")
    if fail_on_new and (baseline is None or fail_on is None):
        raise WhichtaskError("--fail-on-new needs --baseline and --fail-on")
    _require_own(out)
    from whichtask.auditing.reading import input_digest, read
    from whichtask.auditing.write import FINDINGS, failing, read_findings, summary, write_audit

    known = read_findings(baseline) if baseline else None
    if not images.exists():
        raise WhichtaskError(f"there is no {images}; give a folder of images, an .npz or a .csv")
    settings = {"network": network, "minutes": minutes, "image_size": image_size, "seed": seed}
    digest = input_digest(images, labels)
    content = _done(out / FINDINGS, digest, settings)
    if content is None:
        started = time.monotonic()
        given = read(images, labels, image_size)
        spent = time.monotonic() - started
        from whichtask.auditing.run import run_audit
        from whichtask.machine.devices import set_threads
        from whichtask.training.live import until_written

        set_threads(threads)
        with until_written():
            done = run_audit(given, network=network, minutes=minutes, seed=seed, state=out, digest=digest, spent=spent)
            content = summary(done, digest, settings)
            write_audit(done, out, content)
    else:
        print("nothing to do: this audit is done", file=sys.stderr)
    return content | {"failing": failing(content, fail_on, known if fail_on_new else None) if fail_on else []}


def _require_own(out: Path) -> None:
    """Refuse a folder that is not writable or holds something else than an audit."""
    require_writable(out)
    there = {path.name for path in out.iterdir()} if out.is_dir() else set()
    if not (there & BEGUN or there <= WRITTEN):
        raise WhichtaskError(f"{out} holds something else; --out takes a new folder, an empty one or an earlier audit")


def _done(path: Path, digest: str, settings: dict[str, Any]) -> dict[str, Any] | None:
    """Return the findings of the same audit, where it is done."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return content if (content["input"]["sha256"], content["settings"]) == (digest, settings) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
