"""Paragraphs of English out of the formats in which packages keep them, without markup, tables and program code."""

import json
import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping

from whichtask.data.text.packages import Members
from whichtask.data.text.rdata import read_strings
from whichtask.data.unpack import inflate
from whichtask.errors import WhichtaskError

_BLANK_LINES = re.compile(r"\n\s*\n")


def paragraphs(text: str) -> list[str]:
    """Divide a text at its blank lines."""
    return _BLANK_LINES.split(text.replace("\r\n", "\n"))


def decoded(content: bytes) -> str:
    """Decode UTF-8, or Latin-1 where it is none, as in old manual pages."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def plain(files: Members) -> Iterator[str]:
    """Yield the paragraphs of plain text files."""
    for content in files.values():
        yield from paragraphs(decoded(content))


def jargon(files: Members) -> Iterator[str]:
    """Yield the entries of the jargon file without its table of contents and marks of links."""
    for paragraph in plain(files):
        if len(paragraph.split()) > 3:
            yield re.sub(r"[{}═]", "", paragraph)


def sword(files: Members) -> Iterator[str]:
    """Yield the chapters of a SWORD module: blocks packed with zlib, listed in a ``.bzs``, of OSIS XML."""
    for name, listing in files.items():
        if not name.endswith(".bzs"):
            continue
        blocks = files.get(name[:-1] + "z", b"")
        try:
            for start, packed, _ in struct.iter_unpack("<III", listing):
                if packed:
                    marked_up = inflate(blocks[start : start + packed]).decode("utf-8")
                    yield from map(_without_markup, re.split(r"<chapter |¶", marked_up))
        except (struct.error, zlib.error, UnicodeDecodeError) as error:
            raise WhichtaskError(f"the module {name} cannot be read: {error}") from error


def _without_markup(osis: str) -> str:
    # A chapter's mark was cut in two: what is left of it ends with the first ">".
    whole = re.sub(r"^[^<>]*>", "", osis)
    return re.sub(r"<[^>]*>", "", re.sub(r"<(note|title)\b.*?</\1>", "", whole, flags=re.DOTALL))


def r_novels(files: Members) -> Iterator[str]:
    """Yield the paragraphs of the books in an R package, one character vector of lines each."""
    parts = {name.rsplit(".", 1)[-1]: content for name, content in files.items()}
    if set(parts) != {"rdx", "rdb"}:
        raise WhichtaskError("the R package holds no pair of .rdx and .rdb files")
    for lines in read_strings(parts["rdx"], parts["rdb"]).values():
        yield from paragraphs("\n".join(lines))


def licence_texts(files: Members) -> Iterator[str]:
    """Yield the paragraphs of licences, each once: many licences share them, and a test text must be new."""
    seen = set()
    for name, content in files.items():
        try:
            text = json.loads(content)["licenseText"]
        except (ValueError, KeyError, TypeError) as error:
            raise WhichtaskError(f"{name} is no licence: {error}") from error
        for paragraph in paragraphs(text):
            key = re.sub(r"[^a-z]+", " ", paragraph.lower()).strip()
            if key not in seen:
                seen.add(key)
                yield paragraph


def glosses(files: Members) -> Iterator[str]:
    """Yield the definitions and examples of WordNet's data files."""
    for content in files.values():
        for line in decoded(content).splitlines():
            _, mark, gloss = line.partition(" | ")
            if mark:
                yield gloss


def manual_pages(files: Members) -> Iterator[str]:
    """Yield the paragraphs of manual pages: arguments of font requests stay, tables and examples go."""
    for content in files.values():
        lines: list[str] = []
        inside: str | None = None  # the request that ends what is being skipped
        for line in decoded(content).splitlines():
            request, *rest = line.split(maxsplit=1) or [""]
            if inside:
                inside = None if request == inside else inside
            elif request in _SKIPPED:
                inside = _SKIPPED[request]
            elif request in _FONTS:
                words = re.findall(r'"[^"]*"|\S+', rest[0] if rest else "")
                # Requests of two fonts alternate them without blanks between.
                lines.append((" " if request in _ONE_FONT else "").join(word.strip('"') for word in words))
            elif request[:1] in (".", "'"):
                yield _without_escapes(" ".join(lines))
                lines = []
            else:
                lines.append(line)
        yield _without_escapes(" ".join(lines))


_SKIPPED = {".TS": ".TE", ".EX": ".EE", ".nf": ".fi", ".EQ": ".EN"}
_ONE_FONT = {".B", ".I", ".SM"}
_FONTS = _ONE_FONT | {".BR", ".RB", ".IR", ".RI", ".BI", ".IB"}
_GLYPHS = {
    "aq": "'",
    "dq": '"',
    "lq": '"',
    "rq": '"',
    "oq": "'",
    "cq": "'",
    "em": "--",
    "en": "-",
    "ha": "^",
    "ti": "~",
}


def _without_escapes(text: str) -> str:
    text = re.sub(r"\\f(\[[^]]*\]|\(..|.)|\\s[-+]?\d|\\[&|^/,:%c]|\\\".*", "", text)
    text = re.sub(r"\\\((..)|\\\[(..)\]", lambda found: _GLYPHS.get(found[1] or found[2], ""), text)
    return re.sub(r"\\(e|.)", lambda found: {"e": "\\", "~": " ", "0": " "}.get(found[1], found[1]), text)


def game_texts(files: Members) -> Iterator[str]:
    """Yield the sentences of a game's descriptions and speech, without keys, weights and comments."""
    for text in map(decoded, files.values()):
        without_code = re.sub(r"\{\{.*?\}\}", "", text, flags=re.DOTALL)
        for entry in without_code.split("%%%%"):
            lines = [line for line in entry.splitlines() if not re.match(r"\s*#|w:\d+\s*$|[TQA]:", line)]
            for paragraph in paragraphs("\n".join(lines)):
                if len(paragraph.split()) > 3 and "__NONE" not in paragraph:
                    yield re.sub(r"^(VISUAL|SOUND|VISUAL WARN|WARN|SPELL|TALK|DANGER)[A-Z ]*:", "", paragraph)


def pod(files: Members) -> Iterator[str]:
    """Yield the prose of Perl's documentation: no commands, no indented code, the contents of formatting codes."""
    for content in files.values():
        for paragraph in paragraphs(decoded(content)):
            if paragraph[:1] not in ("=", " ", "\t", ""):
                yield _without_codes(paragraph)


def _without_codes(paragraph: str) -> str:
    # Innermost codes first; an index entry X<> goes, of a link L<text|target> the text stays.
    for _ in range(4):
        paragraph = re.sub(
            r"([A-Z])<(?:<+ )?([^<>]*?)(?: >+)?>",
            lambda found: {"X": "", "E": _ENTITIES.get(found[2], "")}.get(found[1], found[2].split("|")[0]),
            paragraph,
        )
    return paragraph


_ENTITIES = {"lt": "(", "gt": ")", "sol": "/", "verbar": "|"}


def topics(texts: Mapping[str, str]) -> Iterator[str]:
    """Yield the prose of Python's help topics, without indented code and rules under headings."""
    for text in texts.values():
        for paragraph in paragraphs(text):
            if not paragraph.startswith("  "):
                yield re.sub(r"\n[*=~^-]{4,}\s*$", "", paragraph)


def lines_of(text: str) -> Iterable[str]:
    """Return a user's text by lines, as BabyLM keeps one utterance or sentence a line."""
    return text.splitlines()
