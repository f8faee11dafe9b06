"""The report of a finished run: every figure with its place, labels and caption, rendered without a network."""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from projects import Project, jobs

from whichtask.plan.figures import FIGURES

pytestmark = pytest.mark.workflow
PAPERS = {"td": "Task Discovery", "gbi": "Gradient-Based Inference", "bridge": "The bridge"}
DRAWN = set(FIGURES) - {"td_imagenet"}  # only where there is an ImageNet folder
FIELDS = ("Paper", "n", "Keys", "Scale", "Command", "Commit")
# What nothing listens on: a report that fetched something would fail.
NOWHERE = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")


class Report:
    """What an HTML report holds, read as its own scripts read it."""

    def __init__(self, path: Path, said: str):
        self.said = said
        self.html = path.read_text(encoding="utf-8")
        self.results: dict[str, dict[str, Any]] = {
            Path(file).name: content for file, content in self._variable("results").items()
        }
        self.categories: dict[str, dict[str, list[str]]] = self._variable("categories")
        self.front: str = self._variable("workflow_desc")

    def _variable(self, name: str) -> Any:
        start = re.search(rf'^ *var {name} = (?=[{{"])', self.html, re.M)
        assert start, name
        return json.JSONDecoder().raw_decode(self.html, start.end())[0]

    def caption(self, figure: str) -> str:
        """Return a caption as text."""
        return text_of(self.results[f"{figure}.png"]["caption"])


def text_of(html: str) -> str:
    """Return what a piece of HTML says, without line breaks."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


@pytest.fixture(scope="module")
def report(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Report:
    path = tmp_path_factory.mktemp("report") / "report.html"
    finished.environment |= NOWHERE
    run = finished.smoke("--report", str(path))
    assert run.returncode == 0, run.stderr[-4000:]
    return Report(path, run.stdout + run.stderr)


def test_it_is_rendered_without_complaint(report: Report) -> None:
    # Snakemake itself does not await what sums up the sizes of inputs, for its default of disk_mb.
    said = re.sub("^.*(_predicated_size_files|TBDString|Enable tracemalloc).*$", "", report.said, flags=re.M)
    assert not re.search("warning|error|traceback|missing", said, re.I), said[-3000:]
    assert "System Message" not in report.html, "what docutils writes into a page that it does not understand"
    assert len(report.html) < 25e6, "bytes"


def test_every_figure_is_in_its_place(report: Report) -> None:
    places = {
        Path(file).stem: (category, subcategory)
        for category, parts in report.categories.items()
        for subcategory, files in parts.items()
        for file in files
    }
    assert set(places) == DRAWN | {"claims", "claims_headline"}
    for figure in DRAWN:
        assert places[figure][0] == PAPERS[figure.partition("_")[0]]
    assert places["td_as_by_source"][1] == "Headline figures"
    assert places["td_tradeoff"][1] == "Further figures"
    assert places["claims"][0] == "Claims"


def test_every_result_has_the_same_labels(report: Report) -> None:
    labels = {name: result["labels"] for name, result in report.results.items()}
    for name, of_one in labels.items():
        assert list(of_one) == ["figure", "data", "network", "scale"]
        assert of_one["figure"] == Path(name).stem
        assert of_one["scale"] == "smoke"
    assert labels["td_as_by_network.png"]["network"] == "cnn, mlp, resnet18, vit"
    assert labels["td_factors.png"]["data"] == "factors32"
    assert labels["gbi_ood_table.png"]["data"].endswith("fashion_mnist")
    assert labels["gbi_posterior_kl.png"]["data"] == labels["gbi_mnist_table.png"]["data"]


@pytest.mark.parametrize("figure", sorted(DRAWN))
def test_a_caption_says_where_its_figure_came_from(report: Report, figure: str) -> None:
    caption = report.caption(figure)
    # Each in turn, with something after it.
    assert re.search(".* ".join(rf"{field}: +\S" for field in FIELDS), caption), caption
    assert f"{PAPERS[figure.partition('_')[0]]};" in caption
    assert f"snakemake --cores all {figure} --configfile config/smoke.yaml" in caption
    assert "no run was recorded" not in caption, "the commit is that of the run that drew it"
    assert "{{" not in caption


def test_captions_count_what_the_configuration_says(report: Report) -> None:
    assert "2 random, 2 human and 3 discovered tasks; 2 pairs of networks a task, 500 training images" in (
        report.caption("td_as_by_source")
    )
    assert "1 search of each variant" in report.caption("td_tradeoff")
    assert "2 seeds as the units of intervals; 100 test images" in report.caption("gbi_mnist_table")
    assert "Table 2" in report.caption("gbi_mnist_table")


def test_the_front_page_says_what_was_run(report: Report) -> None:
    said = text_of(report.front)
    for words in ("smoke scale", "Its numbers mean nothing", "succeeded", "torch 2", "SHA-256", "Where the time went"):
        assert words in said
    assert "showResultInfo('results/smoke/claims.csv')\"" in report.front.replace("%2F", "/")
    assert 'download="run.json"' in report.front
    assert report.results["claims.csv"]["mime_type"] == "text/csv"


CHANGES = {
    "agreement": "agreement={epochs: 3}",
    "simclr": "simclr={temperature: 0.4}",
    "gbi.cifar100": "gbi={cifar100: {components: 17}}",
}


@pytest.mark.parametrize("key", CHANGES)
def test_a_caption_names_the_keys_that_make_its_figure_again(finished: Project, key: str) -> None:
    named = {figure for figure, card in FIGURES.items() if key in card.keys.split(", ")}
    again = set(jobs(finished.smoke("--dry-run", "--config", CHANGES[key])))
    assert named
    assert named == again & DRAWN
