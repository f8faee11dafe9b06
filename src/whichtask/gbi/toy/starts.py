"""One step from several starts on the networks that learned the headline stream."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from whichtask.gbi.inference import gradient_at
from whichtask.gbi.starts import Part, compare_starts
from whichtask.gbi.toy.gradients import loss_of, windows_of
from whichtask.gbi.toy.stream import Stream
from whichtask.seeding import Key


def start_rows(
    weights: Mapping[str, Tensor], code: Tensor, validation: Stream, test: Stream, window: int, *key: Key
) -> list[dict[str, Any]]:
    """Return the rows of ``compare_starts`` for the error of the newest observation of each window.

    Args:
        weights: of one network.
        code: [K, K], the Z that stands for each context.
        validation: stream on which tau is fitted.
        test: stream to infer.
        window: observations that the network runs over.
        key: names the draws.
    """

    def part(stream: Stream) -> Part:
        x = torch.from_numpy(stream.x).float()
        loss = loss_of(weights, windows_of(weights, x, window), 1, code)
        return Part(lambda z: gradient_at(loss, z)[1], torch.from_numpy(stream.labels[window:]))

    return compare_starts(part(validation), part(test), len(code), key)
