"""Picture files: one rule for every mode that Pillow can give, and one line for every file that cannot be read."""

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from whichtask.data.folder import load_folder
from whichtask.data.pictures import ENDINGS, PICTURES, is_grey, levels, read_square
from whichtask.errors import WhichtaskError

SIDE = 16
RAMP = np.arange(SIDE * SIDE, dtype=np.uint8).reshape(SIDE, SIDE)  # each level once


def sixteen(kind: str) -> Image.Image:
    """16-bit grey levels whose upper halves are the ramp."""
    mode = {"<": "I;16", ">": "I;16B"}[kind[0]]
    return Image.frombytes(mode, (SIDE, SIDE), (RAMP.astype(np.uint16) * 257).astype(kind).tobytes())


def coloured(level: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.stack([level, 255 - level, level // 2], axis=2)


RGB = Image.fromarray(coloured(RAMP))
ALPHA = Image.fromarray(np.where(RAMP < 128, 0, 255).astype(np.uint8))
SEEN = np.where(RAMP < 128, 255, RAMP)  # on white


def with_alpha(image: Image.Image) -> Image.Image:
    image = image.copy()
    image.putalpha(ALPHA)
    return image


def on_white(level: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.where((RAMP < 128)[..., None], 255, level).astype(np.uint8)


# What each mode holds, and what it means as grey or RGB levels; the deviation is that of its rounding.
CASES: dict[str, tuple[Image.Image, npt.NDArray[Any], int]] = {
    "1": (Image.fromarray(RAMP > 127), np.where(RAMP > 127, 255, 0), 0),
    "L": (Image.fromarray(RAMP), RAMP, 0),
    "LA": (with_alpha(Image.fromarray(RAMP)), SEEN, 0),
    "La": (with_alpha(Image.fromarray(RAMP)).convert("La"), SEEN, 0),
    "P": (RGB.quantize(256), coloured(RAMP), 0),
    "PA": (with_alpha(RGB.quantize(256)), on_white(coloured(RAMP)), 0),
    "RGB": (RGB, coloured(RAMP), 0),
    "RGBA": (with_alpha(RGB), on_white(coloured(RAMP)), 0),
    "RGBa": (with_alpha(RGB).convert("RGBa"), on_white(coloured(RAMP)), 0),
    "RGBX": (RGB.convert("RGBX"), coloured(RAMP), 0),
    "CMYK": (RGB.convert("CMYK"), coloured(RAMP), 0),
    "YCbCr": (RGB.convert("YCbCr"), coloured(RAMP), 3),
    "HSV": (RGB.convert("HSV"), coloured(RAMP), 6),
    "LAB": (Image.fromarray(np.stack([RAMP] * 3, 2)).convert("LAB"), np.stack([RAMP] * 3, 2), 4),
    "I;16": (sixteen("<u2"), RAMP, 0),
    "I;16B": (sixteen(">u2"), RAMP, 0),
    "I;16L": (Image.frombytes("I;16L", (SIDE, SIDE), sixteen("<u2").tobytes()), RAMP, 0),
    "I;16N": (Image.frombytes("I;16N", (SIDE, SIDE), sixteen("<u2").tobytes()), RAMP, 0),
}
REFUSED = {"I": Image.fromarray(RAMP.astype(np.int32)), "F": Image.fromarray(RAMP / np.float32(255))}


def test_every_mode_is_a_case() -> None:
    assert {*CASES, *REFUSED} == set(Image.MODES)


@pytest.mark.parametrize("mode", CASES)
def test_each_mode_becomes_the_levels_that_it_means(mode: str) -> None:
    image, wanted, deviation = CASES[mode]
    assert image.mode == mode
    rgb = np.stack([wanted] * 3, 2) if wanted.ndim == 2 else wanted
    found = np.asarray(levels(image, grey=False)).astype(int)
    assert np.abs(found - rgb).max() <= deviation
    if wanted.ndim == 2:
        assert np.array_equal(np.asarray(levels(image, grey=True)), wanted)


@pytest.mark.parametrize("mode", REFUSED)
@pytest.mark.parametrize("grey", [True, False])
def test_levels_without_a_white_are_refused_by_name(tmp_path: Path, mode: str, grey: bool) -> None:
    REFUSED[mode].save(tmp_path / "x.tif")
    with pytest.raises(WhichtaskError, match=rf"x\.tif: it has .* levels \(mode {mode}\), whose white is not known"):
        read_square(tmp_path / "x.tif", SIDE, grey=grey)


@pytest.mark.parametrize("kind", ["<u2", ">u2"])
@pytest.mark.parametrize("ending", ["tif", "png", "ppm"])
def test_sixteen_bits_of_a_file_are_scaled(tmp_path: Path, kind: str, ending: str) -> None:
    if ending == "tif":
        sixteen(kind).save(tmp_path / "x.tif")
    elif ending == "png":
        Image.fromarray(RAMP.astype(np.uint16) * 257).save(tmp_path / "x.png")
    else:
        (tmp_path / "x.ppm").write_bytes(b"P5 16 16 65535\n" + (RAMP.astype(">u2") * 257).tobytes())
    path = tmp_path / f"x.{ending}"
    assert is_grey(path)
    assert np.array_equal(read_square(path, SIDE, grey=True)[..., 0], RAMP)


def test_a_picture_map_of_ten_bits_is_scaled(tmp_path: Path) -> None:
    values = np.linspace(0, 1023, SIDE * SIDE).round().astype(">u2")
    (tmp_path / "x.pgm").write_bytes(b"P5 16 16 1023\n" + values.tobytes())
    found = read_square(tmp_path / "x.pgm", SIDE, grey=True).ravel().astype(int)
    assert np.abs(found - values.astype(int) / 1023 * 255).max() <= 1


def tiff(values: npt.NDArray[Any], bits: int, photometric: int) -> bytes:
    """An uncompressed grey TIFF, which Pillow cannot write so."""
    data = values.tobytes()
    tags = [(256, SIDE), (257, SIDE), (258, bits), (259, 1), (262, photometric), (273, 8), (277, 1), (278, SIDE)]
    tags.append((279, len(data)))
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", len(tags)) + entries + bytes(4)


def test_a_tiff_says_which_level_is_white(tmp_path: Path) -> None:
    whole = RAMP.astype("<u2") * 257
    (tmp_path / "x.tif").write_bytes(tiff(65535 - whole, 16, photometric=0))
    assert np.array_equal(read_square(tmp_path / "x.tif", SIDE, grey=True)[..., 0], RAMP)


def test_twelve_bits_are_no_sixteen(tmp_path: Path) -> None:
    levels = RAMP.astype(np.int32).ravel() * 4095 // 255
    pairs = levels.reshape(-1, 2)
    packed = np.stack([pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8, pairs[:, 1] & 255], 1)
    (tmp_path / "x.tif").write_bytes(tiff(packed.astype(np.uint8), 12, photometric=1))
    found = read_square(tmp_path / "x.tif", SIDE, grey=True)[..., 0].astype(int)
    assert np.abs(found - RAMP).max() <= 1


@pytest.mark.parametrize("ending", sorted(ENDINGS))
def test_every_ending_is_read(tmp_path: Path, ending: str) -> None:
    try:
        Image.new("L", (12, 8), 100).save(tmp_path / f"x{ending}", Image.registered_extensions()[ending])
    except (OSError, KeyError, ValueError):
        pytest.skip("Pillow cannot write it")
    if ending == ".pfm":
        pytest.skip("Floats: refused")
    assert np.abs(read_square(tmp_path / f"x{ending}", 4, grey=True).astype(int) - 100).max() <= 3


def turned(orientation: int, resolution: tuple[int, int] = (72, 1)) -> bytes:
    """A JPEG, dark above and bright below before it is turned, with these EXIF data."""
    pixels = np.zeros((SIDE, SIDE), np.uint8)
    pixels[8:] = 255
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2)
    exif += struct.pack("<HHIHxx", 0x112, 3, 1, orientation) + struct.pack("<HHII", 0x11A, 5, 1, 38)
    exif += struct.pack("<I", 0) + struct.pack("<ii", *resolution)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=95, exif=exif)
    return stream.getvalue()


@pytest.mark.parametrize("resolution", [(72, 1), (-1, 0)])
@pytest.mark.parametrize(
    ("orientation", "dark"),
    [(1, np.s_[:7]), (2, np.s_[:7]), (3, np.s_[9:]), (4, np.s_[9:]), (5, np.s_[:, :7]), (6, np.s_[:, 9:]),
     (7, np.s_[:, 9:]), (8, np.s_[:, :7]), (99, np.s_[:7])],
)  # fmt: skip
def test_a_photograph_is_turned_whatever_its_other_data_are(
    tmp_path: Path, orientation: int, dark: Any, resolution: tuple[int, int]
) -> None:
    (tmp_path / "x.jpg").write_bytes(turned(orientation, resolution))
    image = read_square(tmp_path / "x.jpg", SIDE, grey=True)[..., 0]
    assert image[dark].max() < 20
    assert image.mean() == pytest.approx(127, abs=3)


def damaged() -> dict[str, bytes]:
    stream = io.BytesIO()
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8))
    noise.save(stream, "PNG")
    png = stream.getvalue()
    return {
        "empty.png": b"",
        "cut.png": png[:900],
        "header.png": png[:20] + b"\xff" * 13 + png[33:],
        "chunk.png": png[:8] + b"\0\0\0\0" + png[12:],
        "header.ppm": b"P5 x 16 255\n" + bytes(256),
        "size.ppm": b"P5 -3 16 255\n" + bytes(256),
        "huge.ppm": b"P5 900000 900000 255\n",
        "text.jpg": b"not an image",
        "lfs.jpg": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        "page.gif": b"<!DOCTYPE html><html>404</html>",
        "short.tif": b"II*\0\x08\0\0\0",
        "short.bmp": b"BM" + bytes(20),
        "program.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n",
    }


@pytest.mark.parametrize("name", damaged())
@pytest.mark.filterwarnings("ignore")  # Pillow warns of some of them, too
def test_a_damaged_file_is_one_line_with_its_path(tmp_path: Path, name: str) -> None:
    for other in ("a/0.png", "a/1.png", "b/0.png"):
        (tmp_path / other).parent.mkdir(exist_ok=True)
        Image.new("L", (9, 9), 80).save(tmp_path / other)
    (tmp_path / "b" / name).write_bytes(damaged()[name])
    with pytest.raises(WhichtaskError) as caught:
        load_folder(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"cannot read the image {tmp_path / 'b' / name}: ")
    assert "\n" not in message
    assert ("git lfs pull" in message) == (name == "lfs.jpg")
    assert ("it is empty" in message) == (name == "empty.png")


def test_programs_are_no_pictures() -> None:
    assert "EPS" not in PICTURES
    assert not ENDINGS & {".eps", ".ps", ".pdf", ".wmf"}


def test_more_pixels_than_there_is_memory_are_one_sentence(tmp_path: Path) -> None:
    for other in ("a/0.png", "a/1.png", "b/0.png", "b/1.png"):
        (tmp_path / other).parent.mkdir(exist_ok=True)
        Image.new("L", (9, 9), 80).save(tmp_path / other)
    with pytest.raises(WhichtaskError, match=r"2 images of 10000000 x 10000000 pixels do not fit: .*smaller"):
        load_folder(tmp_path, image_size=10_000_000)
