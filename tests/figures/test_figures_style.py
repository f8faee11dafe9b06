"""The style of one figure is its own: other settings of matplotlib, other pixels, the same numbers."""

from pathlib import Path

import pytest
from PIL import Image

from whichtask.config import FigureSettings, load_config
from whichtask.errors import WhichtaskError
from whichtask.figures import draw


def drawn(folder: Path, settings: FigureSettings) -> tuple[tuple[int, int], bytes, bytes]:
    """Draw a diagram; return the size of its picture in pixels, its SVG and its CSV."""
    out = folder / "gbi_concavity.png"
    draw("gbi_concavity", {}, out, settings)
    with Image.open(out) as picture:
        size = picture.size
    return size, out.with_suffix(".svg").read_bytes(), out.with_suffix(".csv").read_bytes()


def test_own_style_changes_this_figure_and_not_its_numbers(tmp_path: Path) -> None:
    plain, svg, numbers = drawn(tmp_path / "plain", FigureSettings(dpi=60))
    own = FigureSettings.model_validate(
        {"dpi": 60, "own": {"gbi_concavity": {"dpi": 90, "rc": {"font.size": 14}}, "td_similarity": {"dpi": 300}}}
    )
    other, other_svg, same = drawn(tmp_path / "own", own)
    assert other == pytest.approx([1.5 * side for side in plain], abs=2)
    assert other_svg != svg
    assert same == numbers
    _, again, _ = drawn(tmp_path / "again", FigureSettings(dpi=60))
    assert again == svg, "the style of one figure does not stay for the next"


def test_a_style_of_all_figures_is_overridden_by_a_figures_own() -> None:
    content = {"rc": {"font.size": 12, "axes.grid": False}, "own": {"td_linear": {"rc": {"font.size": 7}}}}
    settings = FigureSettings.model_validate(content)
    assert settings.of("td_linear").rc == {"font.size": 7, "axes.grid": False}
    assert settings.of("td_proxy").rc == {"font.size": 12, "axes.grid": False}


@pytest.mark.parametrize(
    ("rc", "message"),
    [
        ({"font.sise": 9}, "font.sise"),
        ({"font.size": "huge"}, "font.size"),
        ({"text.usetex": True}, "'text.usetex' is not allowed here"),
        ({"figure.hooks": "os:system"}, "'figure.hooks' is not allowed here"),
    ],
)
@pytest.mark.parametrize("place", ["rc", "own"])
def test_a_wrong_setting_of_matplotlib_is_named(rc: dict[str, object], message: str, place: str) -> None:
    figures = {"rc": rc} if place == "rc" else {"own": {"td_linear": {"rc": rc}}}
    with pytest.raises(WhichtaskError, match="figures") as raised:
        load_config({"figures": figures})
    assert message in str(raised.value)
