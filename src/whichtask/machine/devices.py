"""Which processor a job runs on, and how many of its threads."""

import os

import torch

from whichtask.machine.leases import take_lease


def choose_device() -> torch.device:
    """Lease a GPU for this process and return it, or the CPU where there is none; see ``leases``.

    On a GPU matrix products in fp32 take TF32, as cuDNN's convolutions do by default.
    """
    if not (take_lease() and torch.cuda.is_available()):
        return torch.device("cpu")
    torch.set_float32_matmul_precision("high")
    return torch.device("cuda")


def set_threads(threads: int | None) -> None:
    """Let torch use so many CPU threads; None leaves its default, the number of cores.

    Jobs that share a machine must not each take all of it: Snakemake's rules pass their own number.
    """
    if threads is not None:
        torch.set_num_threads(threads)
        os.environ["OMP_NUM_THREADS"] = str(threads)
