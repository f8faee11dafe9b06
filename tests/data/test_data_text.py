"""Text by domain: cleaning, parts, the file, and the user's own folder."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from whichtask.artifacts import write_npz
from whichtask.cli import app
from whichtask.data.text import ALPHABET, BLOCK, Text, TextSet, to_codes
from whichtask.data.text.alphabet import clean, in_alphabet, to_bytes
from whichtask.data.text.sources import load_folder
from whichtask.data.text.textset import LEAST
from whichtask.errors import WhichtaskError

PARTS = ("train", "validation", "test")


def text(name: str, blocks: int, extra: int = 0) -> Text:
    """Block i holds the character 33 + i % 90 only."""
    rows = [np.full(BLOCK, 33 + block % 90, np.uint8) for block in range(blocks)]
    return Text(name, np.concatenate([*rows, np.full(extra, 126, np.uint8)]), "CC0", "made up")


def test_cleaning_keeps_words_and_removes_layout() -> None:
    raw = ["“Caf\u00e9” \u2014  na\u00efve\n   lines\twrap", "-----", "", "second\x07 one\u2026"]
    assert clean(raw, "x") == '"Cafe" -- naive lines wrap\nsecond one...\n'


def test_text_in_other_letters_is_refused() -> None:
    with pytest.raises(WhichtaskError, match="greek: only .*Latin"):
        clean(["αβγδ εζηθ words"], "greek")


@given(st.text(max_size=200))
@settings(max_examples=100)
def test_cleaned_text_is_in_the_alphabet_and_clean_already(raw: str) -> None:
    try:
        once = clean(raw.splitlines(), "x")
    except WhichtaskError:
        return
    assert in_alphabet(to_bytes(once))
    assert clean(once.splitlines(), "x") == once


def test_codes_are_places_in_the_alphabet() -> None:
    codes = to_codes(to_bytes(ALPHABET))
    assert codes.tolist() == list(range(96))


@given(st.integers(10, 45), st.integers(0, BLOCK - 1))
@settings(max_examples=30, deadline=None)
def test_parts_are_disjoint_cover_all_blocks_and_come_from_all_over(blocks: int, extra: int) -> None:
    whole = text("a", blocks, extra)
    found = {part: np.concatenate(whole.segments(part)) for part in PARTS}  # type: ignore[arg-type]
    assert sum(map(len, found.values())) == blocks * BLOCK
    of = {part: set(np.unique(codes)) for part, codes in found.items()}
    assert not of["train"] & of["validation"]
    assert not of["train"] & of["test"]
    assert not of["validation"] & of["test"]
    assert of["test"] == {33 + block for block in range(9, blocks, 10)}


def test_characters_of_a_segment_follow_one_another() -> None:
    whole = text("a", 20)
    joined = whole.characters.tobytes()
    for part in PARTS:
        assert all(segment.tobytes() in joined for segment in whole.segments(part))  # type: ignore[arg-type]


def test_a_limited_text_is_from_all_over_and_keeps_its_parts() -> None:
    whole = text("a", 80)
    part = whole.limited(3 * LEAST + 5)
    assert len(part.characters) == 3 * LEAST
    assert part.characters[0] == whole.characters[0]
    assert part.characters[-1] == whole.characters[-1]
    tests = np.unique(np.concatenate(part.segments("test")))
    assert set(tests) <= set(np.unique(np.concatenate(whole.segments("test"))))
    assert whole.limited(10**9) is whole
    assert len(whole.limited(1).characters) == LEAST


def test_the_file_gives_back_all(tmp_path: Path) -> None:
    made = TextSet("mine", (text("a", 10), text("b", 12, 7)), {"source": "here", "missing": {}})
    made.save(tmp_path / "text.npz")
    read = TextSet.load(tmp_path / "text.npz")
    assert (read.name, read.names, read.provenance) == (made.name, made.names, made.provenance)
    assert [one.licence for one in read.texts] == ["CC0", "CC0"]
    assert [one.sha256 for one in read.texts] == [one.sha256 for one in made.texts]
    assert read.sha256 == made.sha256 != TextSet("mine", made.texts[::-1]).sha256


def test_bad_texts_and_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match=r"'short' has 5 characters; at least 40,960"):
        Text("short", np.full(5, 65, np.uint8))
    with pytest.raises(WhichtaskError, match="printable ASCII"):
        Text("bytes", np.full(LEAST, 200, np.uint8))
    with pytest.raises(WhichtaskError, match="domains: a; the task is the domain, so at least 2"):
        TextSet("one", (text("a", 10),))
    with pytest.raises(WhichtaskError, match="several domains called a"):
        TextSet("twice", (text("a", 10), text("a", 11)))
    write_npz(tmp_path / "other.npz", {"x_train": np.zeros(3)})
    with pytest.raises(WhichtaskError, match="no text, starts, names"):
        TextSet.load(tmp_path / "other.npz")


def own_folder(folder: Path, **contents: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / f"{name}.train").write_bytes(content)
    return folder


LONG = b"A line of speech, like any other.\n" * 1500


def test_a_folder_has_one_domain_for_each_file(tmp_path: Path) -> None:
    folder = own_folder(tmp_path / "babylm", switchboard=LONG, qed=b"\xef\xbb\xbf" + LONG.upper())
    for name in (".hidden", "Thumbs.db", "desktop.ini"):
        (folder / name).write_bytes(b"\xff")
    made = load_folder(folder, 10**6)
    assert made.names == ("qed", "switchboard")
    assert made.name == "babylm"
    assert made.texts[0].characters[:6].tobytes() == b"A LINE"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "bad.train is empty"),
        (b" \n\n\t", "bad.train is empty"),
        (LONG + b"\xff", "bad.train is not UTF-8.* at byte 51000"),
        (b"too short\n", "'bad' has 10 characters"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "bad.train is no text: it is a Git LFS pointer"),
        ("слова без латиницы\n".encode() * 3000, "bad.train: only"),
    ],
)
def test_a_bad_file_of_a_folder_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(WhichtaskError, match=message):
        load_folder(own_folder(tmp_path / "own", good=LONG, bad=content), 10**6)


def test_a_folder_needs_two_files(tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match="is no folder"):
        load_folder(tmp_path / "nowhere", 10**6)
    with pytest.raises(WhichtaskError, match=r"has the text files: one.train; .* at least 2"):
        load_folder(own_folder(tmp_path / "own", one=LONG), 10**6)


def test_the_verb_reads_a_folder(tmp_path: Path) -> None:
    folder = own_folder(tmp_path / "own", one=LONG, two=LONG.lower())
    done = CliRunner().invoke(app, ["data", "text", "--out", str(tmp_path / "t.npz"), "--folder", str(folder)])
    assert done.exit_code == 0, done.output
    assert "2 domains (one, two)" in done.output
    assert TextSet.load(tmp_path / "t.npz").names == ("one", "two")
