"""How a verb reads what its card names: each kind of input, what a verb says about it, and its digest."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from whichtask.errors import WhichtaskError


class Loaded(NamedTuple):
    """An input."""

    value: Any
    digest: Any
    """What tells it from another one: a SHA-256, or several by name."""


class Loader(NamedTuple):
    """One kind of input."""

    load: Callable[[Sequence[Path]], Loaded]
    help: str
    several: bool = False
    """Whether the option may be given several times; the input is then a mapping by name."""


def _images(paths: Sequence[Path]) -> Loaded:
    from whichtask.data import ImageSet

    images = ImageSet.load(paths[0])
    return Loaded(images, images.sha256)


def _text(paths: Sequence[Path]) -> Loaded:
    from whichtask.data.text import TextSet

    texts = TextSet.load(paths[0])
    return Loaded(texts, texts.sha256)


def _task_set(paths: Sequence[Path]) -> Loaded:
    from whichtask.tasks import TaskSet

    tasks = TaskSet.load(paths[0])
    return Loaded(tasks, tasks.sha256)


def _task_sets(paths: Sequence[Path]) -> Loaded:
    from whichtask.tasks import TaskSet

    named = _named(paths, [path.stem for path in paths])
    sets = {name: TaskSet.load(path) for name, path in named.items()}
    return Loaded(sets, {name: tasks.sha256 for name, tasks in sets.items()})


def _searches(paths: Sequence[Path]) -> Loaded:
    from whichtask.studies.coverage import read_found

    named = _named(paths, [path.absolute().parent.name for path in paths])
    return Loaded(
        {name: read_found(path) for name, path in named.items()}, {n: file_sha256(p) for n, p in named.items()}
    )


def _weights(paths: Sequence[Path]) -> Loaded:
    from whichtask.artifacts import digest, read_tensors

    found = read_tensors(paths[0])
    return Loaded(found, {name: digest(value.numpy()) for name, value in found[0].items()})


def _encoder(paths: Sequence[Path]) -> Loaded:
    return Loaded(paths[0], file_sha256(paths[0]))


def file_sha256(path: Path, what: str = "") -> str:
    """Return the SHA-256 (hex) of a file; ``what`` is what an error calls it.

    Raises:
        WhichtaskError: it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise WhichtaskError(f"cannot read {what}{path}: {error.strerror}") from error


def _named(paths: Sequence[Path], names: list[str]) -> dict[str, Path]:
    """Return the paths by name.

    Raises:
        WhichtaskError: two have one name.
    """
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise WhichtaskError(f"several files stand for one set of tasks: {', '.join(repeated)}; names must be distinct")
    return dict(zip(names, paths, strict=True))


LOADERS = {
    "images": Loader(_images, "Image set, as `whichtask data fetch` wrote it."),
    "text": Loader(_text, "Text by domain, as `whichtask data text` wrote it."),
    "task set": Loader(_task_set, "Task set."),
    "task sets": Loader(_task_sets, "Task set, named by its file; once for each.", several=True),
    "searches": Loader(
        _searches,
        "logits.npz of a search, named by its folder, with the search's config.yaml beside it; once for each.",
        several=True,
    ),
    "weights": Loader(_weights, "weights.safetensors of `whichtask gbi toy-learning`, same repeat."),
    "encoder": Loader(_encoder, "encoder.safetensors of a search."),
}
