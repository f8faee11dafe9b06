"""One picture file as 8-bit levels: one rule for every mode that Pillow can give, and one error for what it cannot."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from whichtask.artifacts import kind_of, one_line, printable, require_memory
from whichtask.errors import WhichtaskError

Image.init()
PICTURES = tuple(name for name in ("JPEG", "PNG", "PPM", "BMP", "TIFF", "WEBP", "GIF", "AVIF") if name in Image.OPEN)
"""What a file may hold, whatever its name says. Pillow knows more formats, and hands some to other programs: EPS to
Ghostscript, which runs what is written in it."""
ENDINGS = frozenset(ending for ending, name in Image.registered_extensions().items() if name in PICTURES)
"""Of the names of picture files, in small letters."""
_GREY_MODES = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "I;16N"})
_TURNS = MappingProxyType(
    {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
)
_BITS, _PHOTOMETRIC, _WHITE_IS_ZERO = 258, 262, 0  # tags of TIFF

Pixels = npt.NDArray[np.uint8]


@contextmanager
def opened(path: Path | str) -> Iterator[Image.Image]:
    """Open a picture; whatever a decoder raises within becomes one line that names the file.

    Raises:
        WhichtaskError: the file cannot be read as one of ``PICTURES``.
    """
    try:
        with Image.open(path, formats=PICTURES) as image:
            yield image
    except Exception as error:  # decoders raise a dozen types for damaged files
        reason = one_line(error)
        if isinstance(error, UnidentifiedImageError):
            reason = _head(path) or f"it holds none of the formats {', '.join(PICTURES)}"
        raise WhichtaskError(f"cannot read the image {printable(path)}: {reason}") from error


def _head(path: Path | str) -> str:
    with Path(path).open("rb") as handle:
        return kind_of(handle.read(64))


def is_picture(path: Path | str) -> bool:
    """Say whether a file counts as a picture: by its ending, or where it has none by what it holds."""
    ending = Path(path).suffix.lower()
    if ending or not Path(path).is_file():  # whoever opens a queue waits for ever
        return ending in ENDINGS
    try:
        with opened(path):
            return True
    except WhichtaskError:
        return False


def is_grey(path: Path | str) -> bool:
    """Say whether a picture is grey, from its header alone.

    Raises:
        WhichtaskError: it cannot be read.
    """
    with opened(path) as image:
        return image.mode in _GREY_MODES


def read_square(path: Path | str, side: int, *, grey: bool) -> Pixels:
    """Read a picture, turn it upright as its EXIF data say, crop the central square and resize it.

    Args:
        path: the file.
        side: of the result, in pixels.
        grey: one channel instead of three.

    Returns:
        uint8 [side, side, 1 or 3].

    Raises:
        WhichtaskError: it cannot be read.
    """
    with opened(path) as image:
        image.load()  # a PNG may have its EXIF data at its end
        turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
        flat = levels(image, grey=grey)
        if turn is not None:  # Pillow's own function would write the other EXIF data anew, which may be damaged
            flat = flat.transpose(turn)
        return np.asarray(ImageOps.fit(flat, (side, side))).reshape(side, side, -1)


def levels(image: Image.Image, *, grey: bool) -> Image.Image:
    """Convert to 8-bit grey or RGB, transparent parts on white.

    Raises:
        ValueError: the mode does not say which level is white.
    """
    # Pillow scales what a PPM has more than 8 bits of to 16.
    if image.mode == "F" or (image.mode == "I" and image.format != "PPM"):
        kind = "floating-point" if image.mode == "F" else "32-bit integer"
        raise ValueError(f"it has {kind} levels (mode {image.mode}), whose white is not known; save 8 or 16 bit")
    if image.mode.startswith("I"):
        image = _from_sixteen(image)
    elif image.has_transparency_data:
        image = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    elif image.mode == "LAB":  # which becomes RGB only
        image = image.convert("RGB")
    return image.convert("L" if grey else "RGB")


def _from_sixteen(image: Image.Image) -> Image.Image:
    """Scale 16-bit grey levels, which Pillow would clip at 255."""
    values = np.asarray(image).astype(np.int32)
    tags = getattr(image, "tag_v2", {})
    white = 2 ** int(tags.get(_BITS, (16,))[0]) - 1  # TIFF may have 12 bits
    if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        values = white - values
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        values = np.where(values == transparent, white, values)
    return Image.fromarray((values >> (white.bit_length() - 8)).clip(0, 255).astype(np.uint8))


def require_side(side: int) -> None:
    """Refuse what is no side of an image in pixels.

    Raises:
        WhichtaskError: it is below 1.
    """
    if side < 1:
        raise WhichtaskError(f"image_size {side}: allowed is 1 pixel or more")


def room_for(count: int, side: int, channels: int) -> Pixels:
    """Return an array for images, uint8 [count, side, side, channels].

    Raises:
        WhichtaskError: there is not so much memory.
    """
    what = f"{count:,} images of {side} x {side} pixels"
    try:
        require_memory(count * side**2 * channels, what)
        return np.empty((count, side, side, channels), np.uint8)
    except (MemoryError, ValueError) as error:
        raise WhichtaskError(f"{what} do not fit: {one_line(error)}; a smaller image_size does") from error
