"""Numbers of README and documentation against the results: `python docs/_ext/site_numbers.py --check` or `--write`.

``--check`` fails where a number is not what the results say, and where a decimal number or a percentage has no mark
that says where it comes from (number_marks.py). ``--write`` puts in what the results say; `make reference` does it.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token
from number_marks import COMMENT, Mark, MarkError, line_at, marks_of, number

ROOT = Path(__file__).parents[2]
# A page that a program writes begins so; its numbers are those of the program.
GENERATED = re.compile(r"^# .+\n\nWritten by `")
NUMBER = re.compile(r"(?<![\w.])(?:\d[\d,]*)?(?:\.\d+(?:\s?%)?|(?<=\d)\s?%)(?!\.?\d)")
# Decimals that are names: the level of an interval, a paper's number on arXiv, a version of Python.
NAMES = re.compile(r"95 %(?=\s(?:\w+\s)?intervals?\b)|arXiv\s\d{4}\.\d{5}|Python\s3\.\d+")
MARKDOWN = MarkdownIt("commonmark").enable("table")


class Finding(NamedTuple):
    """What is wrong in a line of a page."""

    line: int
    text: str


def pages(root: Path = ROOT) -> list[Path]:
    """List the pages that people write: README and documentation."""
    listed = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    return [page for page in listed if not GENERATED.match(page.read_text(encoding="utf-8"))]


def check(text: str, root: Path = ROOT) -> list[Finding]:
    """Return all that is wrong in the text of a page."""
    found, answers = _answers(text, root)
    for mark, answer in answers:
        stands = " ".join(text[mark.start : mark.end].split())
        if stands != answer:
            told = f"{stands} stands here, the results say {answer} ({mark.body})"
            found.append(Finding(line_at(text, mark.start), told))
    return sorted([*found, *_without_source(text)])


def renew(text: str, root: Path = ROOT) -> tuple[str, list[Finding]]:
    """Return the text of a page with the numbers of the results, and the marks that no number answers."""
    found, answers = _answers(text, root)
    for mark, answer in reversed(answers):
        text = text[: mark.start] + answer + text[mark.end :]
    return text, found


def _answers(text: str, root: Path) -> tuple[list[Finding], list[tuple[Mark, str]]]:
    """Return the marks of a page that cannot be answered, and the others with what the results say."""
    found: list[Finding] = []
    answers: list[tuple[Mark, str]] = []
    try:
        marks = list(marks_of(_without_code(text)))
    except MarkError as error:
        line, _, what = str(error).removeprefix("line ").partition(": ")
        return [Finding(int(line), what)], []
    for mark in marks:
        try:
            if not mark.given:
                answers.append((mark, number(mark.body, root)))
        except MarkError as error:
            found.append(Finding(line_at(text, mark.start), str(error)))
    return found, answers


def _without_code(text: str) -> str:
    """Return a text of the same length whose blocks of code are blank."""
    lines = text.splitlines(keepends=True)
    for token in MARKDOWN.parse(text):
        if token.type in ("fence", "code_block") and token.map:
            for place in range(*token.map):
                lines[place] = re.sub(r"[^\n]", " ", lines[place])
    return "".join(lines)


def _without_source(text: str) -> Iterator[Finding]:
    """Yield the numbers outside marks, as a reader of the page sees them."""
    inside, line = False, 1
    for token in MARKDOWN.parse(text):
        line = token.map[0] + 1 if token.map else line
        if token.type == "html_block":
            bodies = [comment["body"] for comment in COMMENT.finditer(token.content)]
            if any(" : " in body for body in bodies):
                yield Finding(line, "a mark cannot begin a line: Markdown would end the paragraph there")
            inside = _inside(inside, bodies)
        elif token.type == "inline":
            seen, inside = _seen(token, inside)
            for match in NUMBER.finditer(NAMES.sub(lambda name: " " * len(name[0]), seen)):
                place = line + seen.count("\n", 0, match.start())
                yield Finding(place, f"{match[0].strip()} has no source: no mark says where it comes from")


def _seen(token: Token, inside: bool) -> tuple[str, bool]:
    """Return the words of a paragraph outside marks and code, and whether a mark is open at its end."""
    words = []
    for child in token.children or []:
        if child.type == "html_inline":
            inside = _inside(inside, [comment["body"] for comment in COMMENT.finditer(child.content)])
            words.append("\n" * child.content.count("\n"))
        elif child.type in ("softbreak", "hardbreak"):
            words.append("\n")
        elif child.type == "code_inline":
            words.append("`")
        elif not inside:
            words.append(child.content)
    # An option of a directive, `:width: 100%`.
    return re.sub(r"^:[\w-]+:.*$", "", "".join(words), flags=re.MULTILINE), inside


def _inside(inside: bool, bodies: list[str]) -> bool:
    for body in bodies:
        inside = body != "/" and (inside or " : " in " ".join(body.split()) or body.startswith("given:"))
    return inside


def main(arguments: list[str] | None = None) -> int:
    """Check or renew all pages; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true", help="fail where a number and the results part")
    what.add_argument("--write", action="store_true", help="put in the numbers of the results")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder of the project")
    given = parser.parse_args(arguments)
    wrong = 0
    for page in pages(given.root):
        text = page.read_text(encoding="utf-8")
        if given.check:
            found = check(text, given.root)
        else:
            renewed, found = renew(text, given.root)
            if renewed != text:
                page.write_text(renewed, encoding="utf-8")
        for finding in found:
            print(f"{page.relative_to(given.root)}:{finding.line}: {finding.text}", file=sys.stderr)
        wrong += len(found)
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
