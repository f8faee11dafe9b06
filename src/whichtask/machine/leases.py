"""GPU leases: each job gets a card of its own.

Snakemake counts GPUs (``--resources gpu=4``) but never says which one a job may use, so all jobs would crowd on the
first. A job therefore locks a file that stands for a slot of a card. The kernel drops the lock when the process ends,
however it ends, so a killed job leaves no card behind. Leases are between the jobs of one user on one machine.

Cards are those that the inherited ``CUDA_VISIBLE_DEVICES`` names (a scheduler's choice is respected), or all. They are
known by their UUID: the numbers of two processes need not mean the same card.
"""

import fcntl
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from whichtask.errors import WhichtaskError

SLOTS = "WHICHTASK_SLOTS_PER_GPU"
FOLDER = "WHICHTASK_LEASES"
POLL_SECONDS = 0.5


class Lease(NamedTuple):
    """A slot of a card that this process holds until it ends."""

    card: str
    """UUID."""
    slot: int
    descriptor: int
    """Of the locked file; open as long as the process lives."""


_held: list[Lease] = []


def installed_cards() -> list[str]:
    """Return the UUIDs of this machine's NVIDIA GPUs in the order of their bus addresses; none without a driver."""
    return _of_each_card("nvmlDeviceGetUUID")


def card_names() -> list[str]:
    """Return what these GPUs are called, such as "NVIDIA H200"."""
    return _of_each_card("nvmlDeviceGetName")


def _of_each_card(question: str) -> list[str]:
    import pynvml  # noqa: PLC0415  # needed by training jobs only

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        return [str(getattr(pynvml, question)(handle)) for handle in handles]
    finally:
        pynvml.nvmlShutdown()


def visible_cards(installed: Sequence[str], visible: str | None) -> list[str]:
    """Return the cards that a value of ``CUDA_VISIBLE_DEVICES`` leaves, as CUDA reads it.

    Args:
        installed: UUIDs.
        visible: indices (in bus order) or beginnings of UUIDs, separated by commas; the first that names no card, or
            one twice, ends the list. None leaves all cards, an empty text none.
    """
    if visible is None:
        return list(installed)
    cards: list[str] = []
    for entry in (part.strip() for part in visible.split(",")):
        if entry.isdecimal():
            found = installed[int(entry) : int(entry) + 1]
        elif entry.startswith("MIG-"):
            found = [entry] if installed else []  # a slice of a card is a device of its own, NVML lists whole cards
        else:
            found = [card for card in installed if entry and card.startswith(entry)]
        if len(found) != 1 or found[0] in cards:
            break
        cards.append(found[0])
    return cards


def slots_per_card() -> int:
    """Return how many jobs may share one card: ``WHICHTASK_SLOTS_PER_GPU``, by default 1.

    Raises:
        WhichtaskError: it is set to something else than a positive whole number.
    """
    text = os.environ.get(SLOTS, "1")
    if not text.isdecimal() or int(text) < 1:
        raise WhichtaskError(f"{SLOTS} is {text!r}; allowed is a whole number from 1")
    return int(text)


def take_lease() -> Lease | None:
    """Take a free slot of a card and make it the only one that CUDA shows to this process; call it before using CUDA.

    A process that has a lease gets the same again. While all slots are taken the call waits.

    Returns:
        None where there is no GPU: the job then runs on the CPU.

    Raises:
        WhichtaskError: the folder of the lock files cannot be used, or a wrong number of slots.
    """
    if _held:
        return _held[0]
    cards = visible_cards(installed_cards(), os.environ.get("CUDA_VISIBLE_DEVICES"))
    if not cards:
        return None
    lease = next(_free_slots(cards), None)
    if lease is None:
        print(f"all slots of {len(cards)} GPUs are taken; waiting for one", file=sys.stderr, flush=True)
    while lease is None:
        time.sleep(POLL_SECONDS)
        lease = next(_free_slots(cards), None)
    _held.append(lease)
    os.environ["CUDA_VISIBLE_DEVICES"] = lease.card
    return lease


def _free_slots(cards: Sequence[str]) -> Iterator[Lease]:
    """Lock free slots one by one: the first slot of every card before the second of any."""
    folder = Path(os.environ.get(FOLDER) or Path(tempfile.gettempdir()) / f"whichtask-leases-{os.getuid()}")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.lstat().st_uid != os.getuid():
            raise PermissionError("it belongs to another user")
        for slot in range(slots_per_card()):
            for card in cards:
                flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
                descriptor = os.open(folder / f"{card}.{slot}.lock", flags, 0o600)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(descriptor)
                    continue
                yield Lease(card, slot, descriptor)
    except OSError as error:
        raise WhichtaskError(
            f"cannot keep GPU leases in {folder}: {error}; {FOLDER} may name another folder"
        ) from error
