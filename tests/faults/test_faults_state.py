"""Live state that is damaged, of another job, shared by two processes, or taken up elsewhere."""

import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from breaking import TAKEN_UP, at_step, die_before_output, jumping_clock, other_code, remove_at_step, report
from killing import Server
from tiny import JOBS, Whole, contents

from whichtask.training import LiveState

STEPS = {"agreement": 7, "discover": 5, "dynamics": 5, "language": 20, "splits": 11}
"""Place among those where a job could save at which it is killed."""
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut in half": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "another header": lambda content: bytes([content[0] ^ 4]) + content[1:],
    "another name in the header": lambda content: content.replace(b"checksum", b"checksun"),
    "one bit of a number": lambda content: content[:-2] + bytes([content[-2] ^ 1]) + content[-1:],
    "something else": lambda content: b"not a state file",
}


def killed(name: str, inputs: Path, out: Path, server: Server) -> list[str]:
    """Kill a job on its way, its state being saved at every step; return its command."""
    command = JOBS[name].command(inputs, out)
    ended = server.run(command, 0, partial(at_step, STEPS[name], signal.SIGKILL))
    assert ended.code == -signal.SIGKILL, ended.said
    assert list(out.glob(".state/*/*.safetensors"))
    return command


def finishes(name: str, server: Server, command: list[str], out: Path, whole: Whole) -> str:
    """Run a job to its end, compare it with an undisturbed run, and return what it says."""
    ended = server.run(command, 0, report)
    assert ended.code == 0, ended.said
    assert contents(out, JOBS[name]) == whole.outputs
    assert not any((out / ".state").iterdir())
    return ended.said


@pytest.mark.parametrize(
    ("name", "damage"),
    [*(("discover", damage) for damage in DAMAGES), *((name, "cut in half") for name in STEPS if name != "discover")],
)
def test_damaged_state_is_set_aside_and_that_part_begins_again(
    name: str, damage: str, inputs: Path, tmp_path: Path, server: Server, whole: Callable[[str], Whole]
) -> None:
    command = killed(name, inputs, tmp_path, server)
    states = sorted(tmp_path.glob(".state/*/*.safetensors"))
    for state in states:
        state.write_bytes(DAMAGES[damage](state.read_bytes()))
    said = finishes(name, server, command, tmp_path, whole(name))
    assert "damaged state set aside, this part begins again: " in said
    assert any(str(state) in said for state in states)
    assert "Traceback" not in said


def test_damage_is_kept_for_inspection_until_the_job_is_done(tmp_path: Path) -> None:
    live = LiveState(tmp_path, {})
    live.save("fit", {"x": torch.ones(3)}, {"epoch": 1})
    (live.folder / "fit.safetensors").write_bytes(b"")
    assert live.load("fit") is None
    assert [path.name for path in live.folder.iterdir()] == ["fit.damaged"]
    live.clear()
    assert not live.folder.exists()


def test_state_of_other_code_is_ignored(
    inputs: Path, tmp_path: Path, server: Server, whole: Callable[[str], Whole]
) -> None:
    command = killed("discover", inputs, tmp_path, server)
    assert server.run(command, 0, other_code).code == 0
    assert contents(tmp_path, JOBS["discover"]) == whole("discover").outputs
    assert len(list((tmp_path / ".state").iterdir())) == 1, "the state of the other version stays"


def test_another_setting_starts_clean_and_the_first_job_can_still_go_on(
    inputs: Path, tmp_path: Path, server: Server, whole: Callable[[str], Whole]
) -> None:
    command = killed("agreement", inputs, tmp_path, server)
    other = tmp_path / "other.csv"
    ended = server.run([*command, "--first", "1", "--out", str(other)], 0, report)
    assert ended.code == 0
    assert TAKEN_UP not in ended.said
    assert TAKEN_UP in finishes("agreement", server, command, tmp_path, whole("agreement"))


@pytest.mark.parametrize("name", ["agreement", "dynamics", "language", "discover"])
def test_two_identical_jobs_at_once_disturb_neither(
    name: str, inputs: Path, tmp_path: Path, server: Server, whole: Callable[[str], Whole]
) -> None:
    command = JOBS[name].command(inputs, tmp_path)
    both = [server.start(command) for _ in range(2)]
    for running in both:
        ended = running.end()
        assert ended.code == 0, ended.said
    assert contents(tmp_path, JOBS[name]) == whole(name).outputs
    assert not any((tmp_path / ".state").iterdir())


def test_another_number_of_threads_goes_on(inputs: Path, tmp_path: Path, server: Server) -> None:
    """The state is taken up; whether the last digits are those of one thread is not promised."""
    command = killed("discover", inputs, tmp_path, server)
    ended = server.run([*command, "--threads", "2"], 0, report)
    assert ended.code == 0, ended.said
    assert TAKEN_UP in ended.said
    assert set(contents(tmp_path, JOBS["discover"])) == set(JOBS["discover"].outputs)


def test_a_clock_that_jumps_does_not_matter(
    inputs: Path, tmp_path: Path, server: Server, whole: Callable[[str], Whole]
) -> None:
    command = JOBS["discover"].command(inputs, tmp_path)
    ended = server.run(command, 0.01, jumping_clock)
    assert ended.code == 0, ended.said
    assert contents(tmp_path, JOBS["discover"]) == whole("discover").outputs


@pytest.mark.parametrize("name", ["discover", "dynamics", "language"])
def test_a_results_folder_that_vanishes_is_made_again(
    name: str, inputs: Path, tmp_path: Path, server: Server, whole: Callable[[str], Whole]
) -> None:
    out = tmp_path / "out"
    ended = server.run(JOBS[name].command(inputs, out), 0, partial(remove_at_step, STEPS[name], out))
    assert ended.code == 0, ended.said
    assert contents(out, JOBS[name]) == whole(name).outputs


@pytest.mark.parametrize("name", ["agreement", "splits"])
def test_a_kill_between_two_files_leaves_whole_ones(
    name: str, inputs: Path, tmp_path: Path, server: Server, whole: Callable[[str], Whole]
) -> None:
    """Kill the job before each of its outputs gets its name; then its temporary file is left, until the next run."""
    command, expected = JOBS[name].command(inputs, tmp_path), whole(name)
    for outputs in range(len(JOBS[name].outputs)):
        ended = server.run(command, 0, partial(die_before_output, outputs))
        assert ended.code == -signal.SIGKILL
        found = contents(tmp_path, JOBS[name])
        assert len(found) == outputs
        assert found.items() <= expected.outputs.items()
        assert list(tmp_path.glob(".*.*.*"))
    assert TAKEN_UP in finishes(name, server, command, tmp_path, expected)
    assert {path.name for path in tmp_path.iterdir()} == {*JOBS[name].outputs, ".state"}
