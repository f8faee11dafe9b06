"""SIGKILL at random moments, again and again: every job ends with the bits of an undisturbed run."""

import math
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from killing import Server
from tiny import JOBS, Whole, contents

from whichtask.seeding import numpy_generator

KILLS = int(os.environ.get("WHICHTASK_KILLS", "100"))
SEED = int(os.environ.get("WHICHTASK_KILLS_SEED", "0"))
EACH = math.ceil(KILLS / len(JOBS))
AT_A_STRETCH = 6
"""Kills of one run, after which it may end: early ones would otherwise never let it."""
SAVING = (0.0, 0.02, 0.1)
"""Seconds between two saves; each attempt draws one."""


@pytest.mark.parametrize("name", JOBS)
def test_a_job_that_is_killed_at_random_moments_ends_with_the_same_bits(
    name: str, inputs: Path, tmp_path: Path, server: Server, whole: Callable[[str], Whole]
) -> None:
    job, expected = JOBS[name], whole(name)
    rng = numpy_generator("kills", SEED, name)
    killed = runs = 0
    while killed < EACH:
        out = tmp_path / str(runs)
        command = job.command(inputs, out)
        for attempt in range(AT_A_STRETCH + 1):
            running = server.start(command, every=float(rng.choice(SAVING)))
            moment = rng.uniform(0, expected.seconds)
            if attempt < AT_A_STRETCH and not running.wait(moment):
                running.send(signal.SIGKILL)
            ended = running.end()
            half = {file for file, bits in contents(out, job).items() if bits != expected.outputs[file]}
            assert not half, f"{half} after {killed} kills, run {runs}, attempt {attempt}"
            if ended.code != -signal.SIGKILL:
                break
            killed += 1
        assert ended.code == 0, ended.said
        assert contents(out, job) == expected.outputs
        left = {path.name for path in out.iterdir()} - set(job.outputs)
        assert left <= {".state"}, "no temporary files"
        assert not any(out.glob(".state/*")), "a finished job leaves no live state"
        runs += 1
        assert runs < 20 * EACH, "most kills came too late"
