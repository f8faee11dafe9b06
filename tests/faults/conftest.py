"""Inputs of the tiny jobs, a server that starts them, and what each of them makes when nothing disturbs it."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from killing import Server
from tiny import JOBS, MADE_FIRST, Whole, contents, write_inputs

from whichtask.data import ImageSet


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    return Server(tmp_path_factory.mktemp("logs"))


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory, small_images: ImageSet, server: Server) -> Path:
    """Folder with everything that the jobs read; to be read only."""
    folder = tmp_path_factory.mktemp("inputs")
    write_inputs(folder, small_images)
    for name in MADE_FIRST:
        ended = server.run(JOBS[name].command(folder, folder / name))
        assert ended.code == 0, ended.said
    return folder


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory, inputs: Path, server: Server) -> Callable[[str], Whole]:
    """Return the function that runs a job undisturbed, once."""

    @cache
    def run(name: str) -> Whole:
        out = tmp_path_factory.mktemp("whole")
        ended = server.run(JOBS[name].command(inputs, out))
        assert ended.code == 0, ended.said
        found = contents(out, JOBS[name])
        assert set(found) == set(JOBS[name].outputs)
        return Whole(ended.seconds, found)

    return run
