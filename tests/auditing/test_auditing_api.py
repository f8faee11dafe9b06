"""The functions of arrays: the examples of the documentation run in their order, and mistakes are told."""

import re
import subprocess
import sys

import numpy as np
import pytest
from planted import marked_images
from projects import ROOT

import whichtask
from whichtask.errors import WhichtaskError

EXAMPLE = re.compile(r"^<!-- example -->\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_examples_of_the_pages_run(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = EXAMPLE.findall((ROOT / "docs" / "audit.md").read_text(encoding="utf-8"))
    for name in whichtask.__all__:
        assert any(f"whichtask.{name}(" in block for block in blocks), f"docs/audit.md has no example of {name}"
    names: dict[str, object] = {}
    (shown,) = EXAMPLE.findall((ROOT / "README.md").read_text(encoding="utf-8"))  # of the images of the first block
    for block in [*blocks, shown]:
        exec(compile(block, "a page", "exec"), names)  # noqa: S102  # the project's own
    assert "possible shortcut" in capsys.readouterr().out


def test_importing_whichtask_does_not_load_torch() -> None:
    code = "import sys, whichtask; assert 'torch' not in sys.modules; assert 'audit' in dir(whichtask)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_mistakes_are_told() -> None:
    images, labels, mark = marked_images(60)
    with pytest.raises(WhichtaskError, match="needs labels"):
        whichtask.audit(images)
    with pytest.raises(WhichtaskError, match="need one each"):
        whichtask.agreement_score(images, labels[:-1])
    with pytest.raises(WhichtaskError, match="unknown network"):
        whichtask.discover(images, network="huge")
    with pytest.raises(WhichtaskError, match="dtype float64"):
        whichtask.discover(images / 255)  # type: ignore[arg-type]
    with pytest.raises(WhichtaskError, match="both must be"):
        whichtask.adversarial_split(labels, mark[:-1])
    with pytest.raises(AttributeError, match="no attribute"):
        whichtask.nothing  # noqa: B018


def test_a_class_trains_on_the_side_that_it_is_more_often_on() -> None:
    labels, cut = np.array([0, 0, 0, 1, 1, 1]), np.array([1, 1, 0, 0, 0, 1])
    assert whichtask.adversarial_split(labels, cut).tolist() == [True, True, False, True, True, False]
