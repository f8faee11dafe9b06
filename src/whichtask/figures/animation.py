"""A matplotlib figure that changes, written as a small GIF."""

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from whichtask.artifacts import atomic_path

MOST_FRAMES = 60  # more make the file large and show nothing new
COLOURS = 255  # the 256th index is left for "unchanged": with it the file is ten times smaller
HOLD = 12  # times that the last frame is shown as long as the others


def write_gif(figure: Figure, at: Callable[[int], None], steps: Sequence[int], out: Path, milliseconds: int) -> None:
    """Draw the figure at each step and write the frames as an endless GIF, atomically.

    All frames share one palette without dithering: what does not move stays equal to the pixel, which keeps the file
    small, and does not flicker.

    Args:
        figure: what is drawn.
        at: changes the figure to a step.
        steps: in order; at most ``MOST_FRAMES`` evenly spaced ones are drawn, first and last among them.
        out: the GIF.
        milliseconds: time of a frame.
    """
    chosen = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), MOST_FRAMES)).round().astype(int))
    frames = []
    for index in chosen:
        at(steps[index])
        picture = BytesIO()
        figure.savefig(picture, format="png")
        figure.set_layout_engine("none")  # the first frame's layout stays: nothing jumps
        frames.append(Image.open(picture, formats=("PNG",)).convert("RGB"))
    both = Image.fromarray(np.concatenate([np.asarray(frames[0]), np.asarray(frames[-1])]))
    palette = both.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE)
    indexed = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    times = [milliseconds] * (len(frames) - 1) + [milliseconds * HOLD]
    with atomic_path(out) as path:
        indexed[0].save(path, save_all=True, append_images=indexed[1:], duration=times, loop=0, optimize=True)
