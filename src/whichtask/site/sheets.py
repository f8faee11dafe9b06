"""Many small images in one file: a sheet, of which pages show single tiles."""

import io
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

COLUMNS = 32
LARGEST = 64
"""Pixels of a tile's longer side; larger images are made smaller."""
SHOWN = 56
"""Pixels of a tile's longer side on the page, about."""
QUALITY = 90


class Keeper(Protocol):
    """Keeps the sheets of a website or page."""

    sheets: dict[str, Any]
    """By their names."""

    def write(self, name: str, content: bytes) -> str:
        """Keep a file, and return its address as pages see it."""
        ...


class Sheet(NamedTuple):
    """A sheet of tiles, as templates and scripts use it."""

    id: str
    """Class of the elements that show its tiles."""
    file: str
    width: int
    """Pixels of a tile on the page."""
    height: int
    columns: int
    slots: dict[int, int]
    """Place of each image in the sheet, row by row, by its index in the image set."""

    def at(self, images: Iterable[int]) -> list[int]:
        """Return the places of some images."""
        return [self.slots[int(image)] for image in images]


def make_sheet(run: Keeper, name: str, images: npt.NDArray[np.uint8], indices: Iterable[int]) -> Sheet:
    """Write a sheet of some images as WebP; a name stands for one sheet of a website.

    Args:
        run: keeps the file.
        name: of the sheet; letters, digits and what is harmless in file names.
        images: uint8 [N, H, W, C], all of the set.
        indices: which of them; repeated ones get one tile.
    """
    if name in run.sheets:
        known: Sheet = run.sheets[name]
        return known
    slots = {image: slot for slot, image in enumerate(dict.fromkeys(map(int, indices)))}
    height, width = images.shape[1:3]
    scale = min(1, LARGEST / max(height, width))
    tile = max(1, round(width * scale)), max(1, round(height * scale))
    columns = min(COLUMNS, max(1, len(slots)))
    sheet = Image.new("RGB", (columns * tile[0], max(1, -(-len(slots) // columns)) * tile[1]))
    for image, slot in slots.items():
        one = Image.fromarray(np.ascontiguousarray(np.broadcast_to(images[image], (height, width, 3))))
        one = one if scale == 1 else one.resize(tile, Image.Resampling.LANCZOS)
        sheet.paste(one, (slot % columns * tile[0], slot // columns * tile[1]))
    content = io.BytesIO()
    sheet.save(content, "WEBP", quality=QUALITY, method=4)
    times = max(1, round(SHOWN / max(tile)))
    file = run.write(f"{name}.webp", content.getvalue())
    made = Sheet(f"sheet-{name}".replace(".", "_"), file, tile[0] * times, tile[1] * times, columns, slots)
    run.sheets[name] = made
    return made
