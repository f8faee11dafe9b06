"""What the program's own code never does: unpickle, evaluate text, start a shell, listen, or guess a temporary name."""

import ast
import re
import tokenize
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from projects import ROOT

PYTHON = sorted(
    path
    for folder in ("src", "benchmarks", "docs", ".ci", "workflow")
    for path in (ROOT / folder).rglob("*.py")
    if "__pycache__" not in path.parts
)
SNAKEMAKE = [ROOT / "Snakefile", *sorted((ROOT / "workflow").rglob("*.smk"))]

# Modules whose import alone is wrong here, and why.
MODULES = {
    "pickle": "unpickles",
    "cPickle": "unpickles",
    "_pickle": "unpickles",
    "dill": "unpickles",
    "cloudpickle": "unpickles",
    "joblib": "unpickles",
    "shelve": "unpickles",
    "marshal": "unmarshals code",
    "jsonpickle": "unpickles",
    "code": "runs text",
    "pty": "starts a shell",
    "socketserver": "listens",
    "http.server": "listens",
    "xmlrpc": "listens",
    "asyncio": "can listen",
    "ftplib": "speaks without encryption",
    "telnetlib": "speaks without encryption",
    "torch.hub": "runs code from a repository",
    "torch.distributed": "listens",
}
# Calls by the end of their dotted name.
CALLS = {
    "eval": "runs text",
    "exec": "runs text",
    "compile": "runs text",
    "__import__": "imports by text",
    "read_pickle": "unpickles",
    "to_pickle": "pickles",
    "pd.eval": "runs text",
    "yaml.load": "makes objects",
    "yaml.load_all": "makes objects",
    "yaml.unsafe_load": "makes objects",
    "yaml.full_load": "makes objects",
    "os.system": "starts a shell",
    "os.popen": "starts a shell",
    "getoutput": "starts a shell",
    "getstatusoutput": "starts a shell",
    "create_subprocess_shell": "starts a shell",
    "bind": "listens",
    "listen": "listens",
    "create_server": "listens",
    "mktemp": "guesses a temporary name",
    "extractall": "lets an archive name paths",
    "extract": "lets an archive name paths",
    "unpack_archive": "lets an archive name paths",
    "load_state_dict_from_url": "downloads and unpickles",
    "download_and_extract_archive": "lets an archive name paths",
    "umask": "changes the user's umask",
    "chmod": "changes permissions",
}
INNOCENT = {"interrupts.listen"}  # to signals
OWN = {
    "plan/imports.py": {"import_module"},  # addresses of cards, which are code
    "cli/server.py": {"import_module"},  # modules of the package, named there
    # A socket of the file system and a command, in a new folder that nobody else may enter.
    "machine/warm.py": {"listener.bind", "listener.listen", "command.chmod"},
}


def problems(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield a name and what is wrong with it for each import, call and text in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _imports(node)
        elif isinstance(node, ast.Constant) and str(node.value).startswith(("/tmp", "/var/tmp")):  # noqa: S108
            yield str(node.value), "guesses a temporary name"
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            yield from ((name, reason) for reason in [_call(name)] if reason)
            yield from _arguments(name, {word.arg: word.value for word in node.keywords}, node.args)


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    base = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
    for alias in node.names:
        full = f"{base}{alias.name}"
        for module, reason in MODULES.items():
            if full == module or full.startswith(f"{module}."):
                yield full, reason
        if full.rsplit(".", maxsplit=1)[-1] in ("system", "popen", "eval", "mktemp") or full == "yaml.load":
            yield full, "hides what it is"


def _call(name: str) -> str | None:
    if name.endswith((".compile", ".eval")) and name not in CALLS:
        return None  # a pattern's, a network's
    return next((reason for call, reason in CALLS.items() if name == call or name.endswith(f".{call}")), None)


def _arguments(name: str, words: dict[str | None, ast.expr], args: list[ast.expr]) -> Iterator[tuple[str, str]]:
    def is_(word: str, value: object) -> bool:
        given = words.get(word)
        return isinstance(given, ast.Constant) and given.value is value

    if "shell" in words and not is_("shell", False):
        yield name, "starts a shell"
    if name.startswith("subprocess.") and args and isinstance(args[0], ast.Constant | ast.JoinedStr | ast.BinOp):
        yield name, "is given one text instead of words"
    if name.split(".", maxsplit=1)[0] in ("np", "numpy") and name.endswith(".load") and not is_("allow_pickle", False):
        yield name, "may unpickle"
    if name == "torch.load" and not is_("weights_only", True):
        yield name, "may unpickle"
    if name.endswith("import_module") and not (args and isinstance(args[0], ast.Constant)):
        yield name, "imports by text"
    if name.endswith("Image.open") and "formats" not in words:
        yield name, "takes formats that other programs open"
    if name.startswith("models.") and "weights" in words and not is_("weights", None):
        yield name, "downloads and unpickles"


def test_there_is_code_to_look_at() -> None:
    assert len(PYTHON) > 150
    assert len(SNAKEMAKE) > 10


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_python_file_does_it(path: Path) -> None:
    innocent = {*INNOCENT, *(["Image.open"] if "docs" in path.parts else [])}  # the site's pages show our own pictures
    innocent |= OWN.get("/".join(path.parts[-2:]), set())
    found = set(problems(ast.parse(path.read_text(encoding="utf-8"))))
    assert not {(name, reason) for name, reason in found if name not in innocent}


@pytest.mark.parametrize("path", SNAKEMAKE, ids=lambda path: path.name)
def test_no_rule_does_it(path: Path) -> None:
    """Rules are no Python that ``ast`` reads, but have the same words; Snakemake adds ``shell(...)`` and ``run:``."""
    with tokenize.open(path) as file:
        tokens = [token.string for token in tokenize.generate_tokens(file.readline)]
    words = set(tokens)
    calls = {name for name, after in pairwise(tokens) if after == "("}
    assert not words & {name.split(".")[0] for name in MODULES} - {"code"}
    assert not words & {"subprocess", "system", "popen", "Popen", "eval", "exec", "unsafe_load", "full_load"}
    assert not calls & {"shell", "load", "storage", "container"}
    directives = {name for name, after in pairwise(tokens) if after == ":"}
    assert not directives & {"run", "script", "notebook", "wrapper", "cwl", "container", "singularity", "envmodules"}


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from joblib import load",
        "import http.server",
        "from os import system",
        "eval(x)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "pd.read_pickle(path)",
        "yaml.load(text, Loader=yaml.Loader)",
        "subprocess.run(f'touch {name}')",
        "subprocess.run(words, shell=True)",
        "subprocess.Popen('ls ' + name)",
        "os.system(name)",
        "server.bind(('', 80))",
        "socket.create_server(address)",
        "tempfile.mktemp()",
        "open('/tmp/whichtask.lock')",
        "tar.extractall(folder)",
        "import_module(name)",
        "Image.open(path)",
        "models.resnet18(weights='DEFAULT')",
    ],
)
def test_the_check_finds_it(text: str) -> None:
    assert list(problems(ast.parse(text)))


NAMESPACES = ("www.w3.org", "schema.org", "purl.org", "w3id.org")


def test_no_address_of_the_internet_is_plain_http() -> None:
    """Names of vocabularies apart: nobody asks those for anything."""
    for path in PYTHON:
        hosts = set(re.findall(r"http://([\w.-]+)", path.read_text(encoding="utf-8")))
        assert hosts <= set(NAMESPACES), path
