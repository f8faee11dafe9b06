"""GPU leases with faked cards: real processes, real locks."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from whichtask.errors import WhichtaskError
from whichtask.machine import devices, leases

CARDS = ["GPU-aaaa-1", "GPU-aabb-2", "GPU-cccc-3", "GPU-dddd-4"]
JOB = """
import json, os, sys
from whichtask.machine import leases
leases.installed_cards = lambda: json.loads(sys.argv[1])
leases.POLL_SECONDS = 0.02
lease = leases.take_lease()
again = leases.take_lease()
assert again == lease
print(json.dumps([lease and lease.card, lease and lease.slot, os.environ.get("CUDA_VISIBLE_DEVICES")]), flush=True)
sys.stdin.readline()
"""


class Job:
    """A process that takes a lease and holds it until it is told to end."""

    def __init__(self, folder: Path, **environment: str):
        clean = {name: value for name, value in os.environ.items() if name != "CUDA_VISIBLE_DEVICES"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", JOB, json.dumps(CARDS)],
            env=clean | {leases.FOLDER: str(folder)} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def lease(self) -> list[str | int | None]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.process.stderr and self.process.stderr.read()
        found: list[str | int | None] = json.loads(line)
        return found

    def end(self, with_signal: int | None = None) -> None:
        if with_signal is None:
            self.process.communicate("\n", timeout=20)
        else:
            os.kill(self.process.pid, with_signal)
            self.process.communicate(timeout=20)


def test_four_jobs_get_four_cards(tmp_path: Path) -> None:
    jobs = [Job(tmp_path) for _ in range(4)]
    found = [job.lease() for job in jobs]
    assert {card for card, _, _ in found} == set(CARDS)
    assert all(shown == card for card, _, shown in found)
    for job in jobs:
        job.end()


@pytest.mark.parametrize("how", [None, signal.SIGKILL, signal.SIGTERM])
def test_a_fifth_job_waits_until_one_has_ended_however_it_ended(tmp_path: Path, how: int | None) -> None:
    jobs = [Job(tmp_path) for _ in range(4)]
    cards = [job.lease()[0] for job in jobs]
    fifth = Job(tmp_path)
    time.sleep(0.3)
    assert fifth.process.poll() is None
    jobs[2].end(how)
    assert fifth.lease()[0] == cards[2]
    for job in (jobs[0], jobs[1], jobs[3], fifth):
        job.end()


def test_slots_fill_every_card_once_before_any_twice(tmp_path: Path) -> None:
    jobs = [Job(tmp_path, **{leases.SLOTS: "2"}) for _ in range(8)]
    found = [tuple(job.lease()[:2]) for job in jobs]
    assert Counter(card for card, _ in found) == dict.fromkeys(CARDS, 2)
    assert len(set(found)) == 8
    for job in jobs:
        job.end()


def test_slots_are_taken_breadth_first(tmp_path: Path) -> None:
    jobs = []
    for _ in range(4):
        jobs.append(Job(tmp_path, **{leases.SLOTS: "2"}))
        jobs[-1].lease()
    fifth = Job(tmp_path, **{leases.SLOTS: "2"})
    assert fifth.lease()[1] == 1
    for job in (*jobs, fifth):
        job.end()


def test_many_processes_at_once_never_share_a_slot(tmp_path: Path) -> None:
    jobs = [Job(tmp_path, **{leases.SLOTS: "3"}) for _ in range(12)]
    found = [tuple(job.lease()[:2]) for job in jobs]
    assert len(set(found)) == 12
    for job in jobs:
        job.end(signal.SIGKILL)


def test_a_schedulers_choice_is_respected(tmp_path: Path) -> None:
    job = Job(tmp_path, CUDA_VISIBLE_DEVICES="2")
    assert job.lease()[0] == CARDS[2]
    job.end()


@pytest.mark.parametrize("visible", ["", "-1", "9"])
def test_no_visible_card_means_the_cpu(tmp_path: Path, visible: str) -> None:
    job = Job(tmp_path, CUDA_VISIBLE_DEVICES=visible)
    assert job.lease() == [None, None, visible]
    job.end()


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        (None, CARDS),
        ("1,0", [CARDS[1], CARDS[0]]),
        ("0,7,1", CARDS[:1]),
        ("0,0,1", CARDS[:1]),
        ("-1,0", []),
        ("GPU-cc", [CARDS[2]]),
        ("GPU-aa", []),
        (" 3 , 1", [CARDS[3], CARDS[1]]),
        ("MIG-x/1/0", ["MIG-x/1/0"]),
    ],
)
def test_visible_devices_are_read_as_cuda_reads_them(visible: str | None, expected: list[str]) -> None:
    assert leases.visible_cards(CARDS, visible) == expected


@given(st.lists(st.integers(-2, 6), max_size=6))
def test_visible_cards_are_distinct_and_installed(entries: list[int]) -> None:
    found = leases.visible_cards(CARDS, ",".join(map(str, entries)))
    assert len(set(found)) == len(found)
    assert set(found) <= set(CARDS)
    assert found == [CARDS[i] for i in entries[: len(found)]]


def test_this_machine_has_a_list_of_cards() -> None:
    assert all(card.startswith("GPU-") for card in leases.installed_cards())


@pytest.mark.parametrize("slots", ["0", "two", "-1", ""])
def test_a_wrong_number_of_slots_is_one_clear_error(monkeypatch: pytest.MonkeyPatch, slots: str) -> None:
    monkeypatch.setenv(leases.SLOTS, slots)
    with pytest.raises(WhichtaskError, match=r"allowed is a whole number from 1"):
        leases.slots_per_card()


def test_a_folder_that_cannot_be_used_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(leases, "installed_cards", lambda: CARDS)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv(leases.FOLDER, str(tmp_path / "file" / "below"))
    with pytest.raises(WhichtaskError, match="cannot keep GPU leases in"):
        leases.take_lease()


def test_a_leased_gpu_multiplies_in_tf32_and_the_cpu_in_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(torch, "set_float32_matmul_precision", asked.append)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(devices, "take_lease", lambda: None)
    assert devices.choose_device() == torch.device("cpu")
    assert not asked
    monkeypatch.setattr(devices, "take_lease", lambda: leases.Lease(CARDS[0], 0, -1))
    assert devices.choose_device() == torch.device("cuda")
    assert asked == ["high"]
