"""Pages of results: their numbers and images are those of the tables and arrays, and what is missing is said."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from site_results import make_results
from site_studies import ATTACKERS, add_studies

from whichtask.artifacts import read_csv, read_npz, write_npz
from whichtask.config import Config
from whichtask.figures.td.splits import SPLIT_NAMES
from whichtask.plan.figures import FIGURES, text_of
from whichtask.plan.plan import Plan
from whichtask.site import build
from whichtask.site.attacks import MOST_CLASSES, groups
from whichtask.site.charts import SIDE, chart
from whichtask.site.galleries import divide_test
from whichtask.site.pages import claims, figures, gbi, search, splits
from whichtask.site.paper_tables import TABLES
from whichtask.site.run import Run
from whichtask.stats import crossed_interval


def held(site: Run, page: str) -> Any:
    """Return the data that a page carries."""
    text = (site.out / f"{page}.html").read_text()
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_a_search_is_shown_as_it_was_recorded(site: Run) -> None:
    found = search.collect(site)["search"]
    record = read_npz(Path(site.plan.search("dynamics", "dynamics.npz")))
    at = {int(image): place for place, image in enumerate(record["image_indices"])}
    assert found.steps == record["outer_step"].tolist()
    assert found.proxy[1:] == pytest.approx(record["proxy_agreement"][1:])
    for step, sides in enumerate(found.sides):
        expected = [int(record["probabilities"][step, at[image]] > 0.5) for image in found.sheet.slots]
        assert [int(side) for side in sides] == expected
    assert held(site, "search")["sides"] == found.sides
    table = read_csv(Path(site.plan.scores("dynamics")))
    for score in found.scores:
        rows = table[table["task"] == f"step_{score.step:04d}"]
        assert (score.agreement, score.pairs) == (pytest.approx(rows["agreement"].mean()), len(rows))


def test_a_search_shows_no_image_of_the_quiz(site: Run) -> None:
    images = site.images()
    assert images is not None
    shown = set(search.collect(site)["search"].sheet.slots)
    assert shown
    assert not shown & set(divide_test(images, "main")[0].tolist())


def test_images_of_splits_are_on_their_sides(site: Run) -> None:
    found, _ = groups(site)
    assert [(group.source, group.kind) for group in found] == [("discovered", "binary"), ("discovered", "classes")]
    arrays = read_npz(Path(site.plan.splits("predictions.npz", "discovered")[0]))
    table = read_csv(Path(site.plan.splits("accuracies.csv", "discovered")[0]))
    at = {int(image): place for place, image in enumerate(arrays["pool"])}
    for group in found:
        assert [attack.task for attack in group.attacks] == list(ATTACKERS)
        for attack in group.attacks:
            own = (table["kind"] == group.kind) & (table["task"] == attack.task) & (table["split"] == "adversarial")
            row = int(np.flatnonzero(own)[0])
            in_train, labels, guess = (arrays[name][row] for name in ("in_train", "labels", "predictions"))
            for one in attack.classes:
                c = attack.names.index(one.name)
                assert all(in_train[at[image]] and labels[at[image]] == c for image in one.trained)
                for image, name in one.tested:
                    place = at[image]
                    assert not in_train[place]
                    assert (labels[place], attack.names[guess[place]]) == (c, name)
                for image, name in one.mistaken:
                    place = at[image]
                    assert not in_train[place]
                    assert (guess[place], attack.names[labels[place]]) == (c, name)
                    assert labels[place] != c
            means = {one.split: one.test for one in attack.accuracies}
            rows = table[(table["kind"] == group.kind) & (table["task"] == attack.task)]
            assert means == pytest.approx(rows.groupby("split")["test_accuracy"].mean().to_dict())
            assert attack.confusion is not None
            assert attack.confusion.sum(axis=1) == pytest.approx(1)


def test_means_of_splits_have_crossed_intervals(site: Run) -> None:
    table = read_csv(Path(site.plan.splits("accuracies.csv", "discovered")[0]))
    for shown in splits.collect(site)["groups"]:
        for mean in shown.means:
            rows = table[(table["kind"] == shown.group.kind) & (table["split"] == mean.split)]
            pairs = rows.groupby(["target", "task"], as_index=False)["test_accuracy"].mean()
            expected = crossed_interval(
                pairs["test_accuracy"].tolist(), pairs["target"].tolist(), pairs["task"].tolist()
            )
            assert mean.test == pytest.approx(expected)
        assert [mean.split for mean in shown.means] == list(SPLIT_NAMES)


def test_downloads_hold_the_splits(site: Run) -> None:
    text = (site.out / "files" / splits.DATA).read_text()
    kept = json.loads(text.removeprefix("whichtask.splits = ").removesuffix(";\n"))
    arrays = read_npz(Path(site.plan.splits("predictions.npz", "discovered")[0]))
    shown = splits.collect(site)["groups"]
    for group in shown:
        for attack, file in zip(group.group.attacks, group.files, strict=True):
            pool = np.frombuffer(base64.b64decode(kept[file["pool"]]), "<i4")
            assert pool.tolist() == arrays["pool"].tolist()
            for split, key in file["sides"].items():
                bits = np.unpackbits(np.frombuffer(base64.b64decode(kept[key]), np.uint8))[: len(pool)]
                assert bits.astype(bool).tolist() == attack.in_train[split].tolist()


def test_beliefs_are_those_of_the_job(site: Run) -> None:
    found = gbi.collect(site)["beliefs"]
    assert found.mean == site.settings.gbi.toy.task.means[-1]
    assert found.right == 1
    table = read_csv(Path(site.plan.gbi("toy", "stream_beliefs.csv")[0])).query("arm == 'gbi_hard' and context == 1")
    axes, line = found.chart, next(one for one in found.chart.series if one.label == "Z, iterated")
    points = zip(table["step"], table["iterated"], strict=True)
    places = [f"{axes.x.place(step):g} {SIDE - axes.y.place(value):g}" for step, value in points]
    assert line.path == f"M{'L'.join(places)}"


def test_results_of_an_older_version_are_named_and_left_out(tmp_path: Path) -> None:
    """Without what a job has learned to write since, or with arrays that lack something."""
    settings = make_results(tmp_path, ["a", "b"])
    add_studies(settings)
    plan = Plan(settings, 1)
    Path(plan.gbi("toy", "stream_beliefs.csv")[0]).unlink()
    generations, predictions = plan.gbi("images", "generations.npz")[0], plan.splits("predictions.npz", "discovered")[0]
    for path, name in ((generations, "posterior"), (predictions, "binary_names")):
        arrays = read_npz(Path(path))
        write_npz(Path(path), {key: value for key, value in arrays.items() if key != name})
    site = build(settings, tmp_path / "site")
    assert set(site.unreadable) == {generations, predictions}
    page = (site.out / "gbi.html").read_text()
    assert "Z inferred over the toy stream" in page
    assert "snakemake --cores all gbi_toy_bayes" in page
    assert "no posterior" in page
    assert "A stream that changes its mind" in page


def test_generations_are_those_of_the_run(site: Run) -> None:
    found = gbi.collect(site)["generations"]
    arrays = read_npz(Path(site.plan.gbi("images", "generations.npz")[0]))
    assert found.posterior == arrays["posterior"].tolist()
    pixels = np.asarray(Image.open(site.out / found.sheet.file).convert("L")).astype(int)
    size = arrays["decoded"].shape[2]
    for image, places in enumerate(found.decoded):
        for z, place in enumerate(places):
            top, left = place // found.sheet.columns * size, place % found.sheet.columns * size
            tile = pixels[top : top + size, left : left + size]
            assert abs(tile.mean() - arrays["decoded"][image, z].mean()) < 12


def test_tables_of_gbi_hold_ours_and_the_papers(site: Run) -> None:
    tables = {table.figure: table for table in gbi.collect(site)["tables"]}
    assert set(tables) == set(TABLES)
    row = tables["gbi_mnist_table"].rows[0]
    assert (row.ours.mean, row.ours.low, row.ours.high, row.paper) == (0.8, 0.7, 0.9, 0.85)
    assert len(row.costs) == len(tables["gbi_mnist_table"].columns)


def test_claims_are_all_there_with_their_cases(site: Run) -> None:
    scores = claims.collect(site)["scores"]
    table = read_csv(Path(site.plan.at("claims.csv")))
    assert [score.paper for score in scores] == [
        "Task Discovery", "GBI", "Controls", "Hypotheses of ours", "Open in the papers",
    ]  # fmt: skip
    for score in scores:
        kind = {"Controls": ["control"], "Open in the papers": ["question"], "Hypotheses of ours": ["hypothesis"]}.get(
            score.paper, ["number", "effect", "fact"]
        )
        rows = table[table["kind"].isin(kind)]
        rows = rows if len(kind) == 1 else rows[rows["paper_title"] == score.paper]
        assert [claim.id for claim in score.claims] == rows["id"].unique().tolist()
        assert sum(score.verdicts.values()) == len(score.claims), "one verdict a claim"
        assert sum(len(claim.cases) for claim in score.claims) == len(rows)
    measured = next(claim for score in scores for claim in score.claims if claim.id == "discovered_above_random")
    row = table[table["id"] == measured.id].iloc[0]
    assert measured.ours == f"{row['ours']:.3f} [{row['low']:.3f} to {row['high']:.3f}]"
    assert measured.drawn
    assert f"snakemake --cores all {measured.figure}" == measured.command


def test_headline_claims_stand_in_for_all(site: Run, settings: Config, tmp_path: Path) -> None:
    source = Path(site.plan.at("claims.csv"))
    results = tmp_path / "results"
    results.mkdir()
    (results / "claims_headline.csv").write_bytes(source.read_bytes())
    run = Run(settings.model_copy(update={"results": str(results)}), tmp_path / "site")
    assert claims.collect(run)["scores"]


def test_figures_come_with_caption_and_numbers(site: Run) -> None:
    found = {figure.id: figure for section in figures.collect(site)["sections"] for figure in section.figures}
    assert set(found) == {"td_as_by_source", "gbi_mnist_table"}
    one = found["td_as_by_source"]
    assert one.text == text_of("td_as_by_source")
    assert one.facts["Keys"] == FIGURES["td_as_by_source"].keys
    with Image.open(site.out / one.file) as picture:
        assert picture.size == (one.width, one.height) == (1500, 500)
    assert one.table
    original = Path(site.plan.at("figures/td_as_by_source.csv"))
    assert (site.out / one.table).read_bytes() == original.read_bytes()
    assert found["gbi_mnist_table"].table


def test_a_damaged_picture_is_left_out(settings: Config, tmp_path: Path) -> None:
    path = tmp_path / "results" / "figures" / "td_explain.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no picture")
    run = Run(settings.model_copy(update={"results": str(tmp_path / "results")}), tmp_path / "site")
    assert figures.collect(run)["sections"] == []
    assert "is no picture" in run.unreadable[str(path)]


@pytest.mark.parametrize("classes", [60, 3], ids=["many", "few"])
def test_splits_of_other_data(tmp_path: Path, classes: int) -> None:
    settings = make_results(tmp_path, [f"class {k}" for k in range(classes)])
    add_studies(settings)
    site = build(settings, tmp_path / "site")
    assert not site.unreadable
    attack = groups(site)[0][1].attacks[0]
    assert len(attack.classes) == min(classes, MOST_CLASSES)
    assert (attack.confusion is None) == (classes > 12)


def test_splits_of_other_images_are_left_out(tmp_path: Path) -> None:
    settings = make_results(tmp_path, ["a", "b"])
    add_studies(settings)
    (tmp_path / "other").mkdir()
    other = make_results(tmp_path / "other", ["a", "c"])
    path = Path(Plan(settings, 1).images())
    path.write_bytes(Path(Plan(other, 1).images()).read_bytes())
    assert any("other classes" in reason for reason in build(settings, tmp_path / "site").unreadable.values())


@pytest.mark.parametrize(
    ("page", "command"),
    [("search", "td_dynamics"), ("splits", "td_splits_table"), ("gbi", "gbi_ood_table"), ("claims", "headline"),
     ("figures", "td_explain")],
)  # fmt: skip
def test_an_empty_run_says_how_to_make_a_page(tmp_path: Path, page: str, command: str) -> None:
    (tmp_path / "results").mkdir()
    site = build(Config(results=str(tmp_path / "results")), tmp_path / "site")
    text = (site.out / f"{page}.html").read_text()
    assert f"snakemake --cores all {command}" in text
    assert "This run holds no" in text


def test_lines_have_gaps_and_ticks_are_round() -> None:
    drawn = chart(("step", 0, 4), ("share", 0.0, 1.0)).with_line("a", "first", [0, 1, 2, 4], [0, float("nan"), 0.5, 1])
    assert drawn.series[0].path == "M0 1000M500 500L1000 0"
    assert [text for _, text in drawn.x.ticks] == ["0", "1", "2", "3", "4"]
    assert [place for place, _ in drawn.y.ticks] == pytest.approx([0, 20, 40, 60, 80, 100])
