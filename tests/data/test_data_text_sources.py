"""Known domains: what is read out of each format, and what is said when sources fail."""

import gzip
import io
import json
import struct
import tarfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from whichtask.data.text import Text, TextSet, extract, sources
from whichtask.data.text.domains import DOMAINS, Domain
from whichtask.data.text.packages import Packages, members
from whichtask.data.text.rdata import read_strings
from whichtask.data.text.sources import LEAST_DOMAINS, fetch_texts
from whichtask.errors import WhichtaskError

WORDS = "The same words again and again, so that there is enough of them. " * 800


def tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo("./docs/link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return buffer.getvalue()


def test_members_are_regular_files_that_match_sorted_and_unpacked() -> None:
    archive = tar({"./docs/b.gz": gzip.compress(b"two"), "./docs/a.txt": b"one", "./other": b"three"})
    assert members(archive, ("docs/*.txt", "*.gz"), "pkg") == {"docs/a.txt": b"one", "docs/b.gz": b"two"}
    with pytest.raises(WhichtaskError, match=r"pkg holds no file \*.pdf"):
        members(archive, ("*.pdf",), "pkg")
    with pytest.raises(WhichtaskError, match="pkg cannot be read"):
        members(b"nonsense", ("*",), "pkg")


def r_string(text: str) -> bytes:
    return struct.pack(">ii", 9 | 1 << 18, len(text)) + text.encode()


def r_strings(*texts: str, flags: int = 0) -> bytes:
    return struct.pack(">ii", 16 | flags, len(texts)) + b"".join(map(r_string, texts))


def r_names(*names: str) -> bytes:
    """An attribute list of names only: a tagged pair list that ends in NULL."""
    return struct.pack(">iI", 2 | 1024, 1) + r_string("names") + r_strings(*names) + struct.pack(">i", 254)


def r_database(version: int) -> tuple[bytes, bytes]:
    """A lazy-load database with two books, as R writes it."""
    head = b"X\n" + struct.pack(">iii", version, 0x40000, 0x30000)
    head += struct.pack(">i", 5) + b"UTF-8" if version == 3 else b""
    packed = [head + r_strings("CHAPTER I", "", "It is a truth"), head + r_strings("caf\u00e9"[:3], "two")]
    chunks = [struct.pack(">I", len(content)) + zlib.compress(content) for content in packed]
    starts = [0, len(chunks[0])]
    places = b"".join(
        struct.pack(">iiii", 13, 2, start, len(chunk)) for start, chunk in zip(starts, chunks, strict=True)
    )
    variables = struct.pack(">ii", 19 | 512, 2) + places + r_names("emma", "persuasion")
    index = struct.pack(">ii", 19 | 512, 1) + variables + r_names("variables")
    return gzip.compress(head + index), b"".join(chunks)


@pytest.mark.parametrize("version", [2, 3])
def test_an_r_database_is_read_without_r(version: int) -> None:
    index, database = r_database(version)
    assert read_strings(index, database) == {"emma": ["CHAPTER I", "", "It is a truth"], "persuasion": ["caf", "two"]}
    books = extract.r_novels({"x/Rdata.rdx": index, "x/Rdata.rdb": database})
    assert list(books) == ["CHAPTER I", "It is a truth", "caf\ntwo"]
    with pytest.raises(WhichtaskError, match="R database"):
        read_strings(index, database[:20])
    with pytest.raises(WhichtaskError, match="R database"):
        read_strings(b"nonsense", database)


def test_scripture_loses_its_markup() -> None:
    osis = (
        '<milestone n="x"/><title level="1">Genesis</title><chapter n="1" osisID="Gen.1"/> In the <w lemma="H1">'
        'beginning</w><note placement="foot">Heb. at first</note> God.'
    )
    packed = zlib.compress(osis.encode())
    listing = struct.pack("<III", 0, len(packed), len(osis)) + struct.pack("<III", 0, 0, 0)
    found = " ".join(extract.sword({"m/ot.bzs": listing, "m/ot.bzz": packed})).split()
    assert found == ["In", "the", "beginning", "God."]
    with pytest.raises(WhichtaskError, match="module m/ot.bzs"):
        list(extract.sword({"m/ot.bzs": listing, "m/ot.bzz": b"damaged"}))


def test_a_paragraph_that_licences_share_comes_once() -> None:
    texts = ("Permission is granted.\n\nFirst only.", "PERMISSION is\ngranted\n\nSecond only.")
    files = {f"{number}.json": json.dumps({"licenseText": text}).encode() for number, text in enumerate(texts)}
    assert list(extract.licence_texts(files)) == ["Permission is granted.", "First only.", "Second only."]
    with pytest.raises(WhichtaskError, match="0.json is no licence"):
        list(extract.licence_texts({"0.json": b"[]"}))


def test_manual_pages_become_prose() -> None:
    page = (
        '.\\" comment\n.TH open 2\n.SH NAME\nopen \\- open a file\n.PP\nThe\n.BR open (2)\ncall is \\fIfast\\fP.\n'
        ".TS\na table\n.TE\n.EX\ncode();\n.EE\n.PP\nIt\\(aqs done.\n"
    )
    found = [" ".join(part.split()) for part in extract.manual_pages({"open.2": page.encode()})]
    assert [part for part in found if part] == ["open - open a file", "The open(2) call is fast.", "It's done."]


def test_other_formats_leave_prose() -> None:
    game = b"# note\n%%%%\nrat key\n\nVISUAL:The rat looks at you.\n\nw:10\nIt squeaks at all of us. {{ lua }}\n"
    game += b"%%%%\n__NONE\n"
    assert [part.strip() for part in extract.game_texts({"a.txt": game})] == [
        "The rat looks at you.",
        "It squeaks at all of us.",
    ]
    pod = b"=head1 NAME\n\nUse C<< $x >> and L<this|perlop/that>.X<index>\n\n    code();\n"
    assert list(extract.pod({"a.pod": pod})) == ["Use $x and this."]
    wordnet = b'  1 licence line\n00001740 03 n 01 entity 0 000 | that which exists; "a thing"  \n'
    assert list(extract.glosses({"data.noun": wordnet})) == ['that which exists; "a thing"  ']
    help_text = 'The "for" statement\n*******\n\nIt loops.\n\n   for i in x:\n'
    assert list(extract.topics({"for": help_text})) == ['The "for" statement', "It loops."]


def domain(name: str, words: str = WORDS, sha256: str | None = None) -> Domain:
    return Domain(name, f"package {name}", "CC0", lambda _packages: [f"{name} {words}"], sha256)


def broken(name: str) -> Domain:
    def fail(_packages: Packages) -> Iterable[str]:
        raise WhichtaskError("unreachable")

    return Domain(name, f"package {name}", "CC0", fail)


def test_a_missing_domain_is_reported_and_too_few_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WHICHTASK_MIRROR", raising=False)
    enough = [domain(f"d{number}") for number in range(LEAST_DOMAINS)]
    made = fetch_texts(10**6, [*enough, broken("gone")])
    assert len(made.texts) == LEAST_DOMAINS
    assert made.provenance == {"source": "packages", "missing": {"gone, package gone": "unreachable"}}
    with pytest.raises(WhichtaskError) as caught:
        fetch_texts(10**6, [*enough[1:], broken("gone")])
    for part in ("only 9", "local mirror: WHICHTASK_MIRROR is not set", "gone, package gone: unreachable", "--folder"):
        assert part in str(caught.value)


def test_a_wrong_digest_makes_a_domain_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WHICHTASK_MIRROR", raising=False)
    some = [domain(f"d{number}") for number in range(LEAST_DOMAINS)]
    made = fetch_texts(10**6, [*some, domain("changed", sha256="0" * 64)])
    (reason,) = made.provenance["missing"].values()
    assert "expected SHA-256 000" in reason


def test_the_mirror_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    characters = np.frombuffer(WORDS.encode(), np.uint8)
    TextSet("x", (Text("a", characters), Text("b", characters))).save(tmp_path / "text.npz")
    monkeypatch.setenv("WHICHTASK_MIRROR", str(tmp_path))
    made = fetch_texts(10**6, [broken("never asked")])
    assert (made.name, made.names, made.provenance["source"]) == ("text", ("a", "b"), "local mirror")


def test_the_known_domains_allow_one_to_be_missing() -> None:
    names = [known.name for known in DOMAINS]
    assert len(set(names)) == len(names) > LEAST_DOMAINS
    # npm versions are fixed, so their content is; Debian's is what the release has.
    assert all((known.sha256 is not None) == known.source.startswith("npm") for known in DOMAINS)
    assert sources.NAME == "text"
