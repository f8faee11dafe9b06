"""The verbs and figures as a person uses them: files in, files out, and one clear error for each mistake."""

import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from whichtask.artifacts import read_csv, write_csv
from whichtask.cli import main
from whichtask.config import FigureSettings, load_config
from whichtask.config.gbi import ImagesJob, ImagesMoreJob
from whichtask.config.gbi.images import ImagesSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.figures import draw, draw_again, numbers
from whichtask.plan.figures import FIGURES
from whichtask.stats import mean_interval

HEADLINE = {
    "gbi_mnist_table": "mnist_table.csv",
    "gbi_ood_table": "ood.csv",
    "gbi_ood_tau": "tau.csv",
    "gbi_confidence_histograms": "confidence.csv",
    "gbi_images_generations": "generations.npz",
}
MORE = {
    "gbi_bottleneck": "bottleneck.csv",
    "gbi_iterations": "iterations.csv",
    "gbi_ensembles": "ensembles.csv",
    "gbi_images_learning": "learning.csv",
}
BESIDE = {"gbi_confidence_histograms": ["ood.csv"]}
"""Further tables that a figure reads."""


def run(*words: str | Path) -> None:
    before = sys.argv
    sys.argv = ["whichtask", "gbi", *map(str, words)]
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
    finally:
        sys.argv = before


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory,
    small_images: ImageSet,
    foreign_images: ImageSet,
    quick_settings: ImagesSettings,
) -> Path:
    """Both verbs, run once, for two repeats of which the second is a copy of the first with other numbers."""
    where = tmp_path_factory.mktemp("cli")
    small_images.save(where / "data.npz")
    foreign_images.save(where / "outside.npz")
    config = {"gbi": {"images": {**quick_settings.model_dump(mode="json"), "seeds": [0, 3]}}}
    (where / "small.yaml").write_text(yaml.safe_dump(config))
    for verb in ("images", "images-more"):
        run(*command(where, verb))
        (where / verb / "3").mkdir(parents=True)
        for path in (where / verb / "0").glob("*.csv"):
            table = read_csv(path).assign(repeat=3)
            for column in ("accuracy", "auroc", "share"):
                if column in table:
                    table[column] *= 0.9
            write_csv(where / verb / "3" / path.name, table)
    return where


def command(where: Path, verb: str) -> list[str | Path]:
    files: list[str | Path] = ["--data", where / "data.npz", "--outside", where / "outside.npz"]
    return [
        verb, *files, "--out", where / verb / "0", "--config", where / "small.yaml",
        "--results", where / "results", "--threads", "1", "--repeat", "0",
    ]  # fmt: skip


def test_the_verbs_write_their_files_and_leave_no_live_state(folder: Path) -> None:
    names = {path.name for path in (folder / "images" / "0").iterdir()}
    assert names == {*HEADLINE.values(), "networks.csv", "starts.csv", "posteriors.npz", "config.yaml"}
    assert {path.name for path in (folder / "images-more" / "0").iterdir()} == {*MORE.values(), "config.yaml"}
    assert not list((folder / "results" / ".state").iterdir())
    table = read_csv(folder / "images" / "0" / "mnist_table.csv")
    assert set(table["data"]) == {"quadrants"}
    assert set(table["train_images"]) == {300}
    written = yaml.safe_load((folder / "images" / "0" / "config.yaml").read_text())
    assert written["job"]["images"]["seeds"] == [0]


@pytest.mark.parametrize("figure", [*HEADLINE, *MORE])
def test_each_figure_is_drawn_and_a_gallery_from_its_csv_the_same_again(
    folder: Path, tmp_path: Path, figure: str
) -> None:
    """Of those without images that is tested in tests/workflow."""
    verb, name = ("images", HEADLINE[figure]) if figure in HEADLINE else ("images-more", MORE[figure])
    seeds = ["0"] if name.endswith("npz") else ["0", "3"]
    names = [name, *BESIDE.get(figure, [])]
    inputs = {Path(each).stem: [folder / verb / seed / each for seed in seeds] for each in names}
    out = tmp_path / f"{figure}.png"
    draw(figure, inputs, out, FigureSettings(dpi=40))
    first = out.read_bytes(), out.with_suffix(".svg").read_bytes()
    assert min(map(len, first)) > 1000
    if FIGURES[figure].gallery:
        draw_again(figure, out.with_suffix(".csv"), out, FigureSettings(dpi=40), inputs)
        assert (out.read_bytes(), out.with_suffix(".svg").read_bytes()) == first


def test_means_are_over_seeds_and_single_networks_are_averaged_first(folder: Path) -> None:
    paths = [folder / "images-more" / seed / "ensembles.csv" for seed in ("0", "3")]
    drawn = numbers("gbi_ensembles", {"ensembles": paths}, FigureSettings())
    mean = drawn[(drawn["row"] == "mean") & (drawn["method"] == "single")].iloc[0]
    first = read_csv(paths[0])
    single = first.loc[first["way"] == "single", "accuracy"].mean()
    assert mean["accuracy"] == pytest.approx(single * (1 + 0.9) / 2)
    assert mean["n"] == 2
    # Two seeds are the units, not their networks.
    assert mean["accuracy_low"] == pytest.approx(mean_interval([0.9 * single, single]).low)


def test_figures_refuse_what_does_not_fit(folder: Path, tmp_path: Path) -> None:
    path = folder / "images" / "0" / "ood.csv"
    other = tmp_path / "other.csv"
    write_csv(other, read_csv(path).assign(data="letters"))
    with pytest.raises(WhichtaskError, match="mix several values of 'data'"):
        numbers("gbi_ood_table", {"ood": [path, other]}, FigureSettings())
    write_csv(other, read_csv(path).drop(columns="auroc"))
    with pytest.raises(WhichtaskError, match="no column auroc"):
        numbers("gbi_ood_table", {"ood": [other]}, FigureSettings())
    tau = read_csv(folder / "images" / "0" / "tau.csv")
    write_csv(other, tau[tau["arm"] == "raw"])
    with pytest.raises(WhichtaskError, match="no rows of each image normalised"):
        numbers("gbi_ood_tau", {"tau": [other]}, FigureSettings())
    np.savez(tmp_path / "g.npz", originals=np.zeros((1, 2, 2, 1), np.uint8))
    with pytest.raises(WhichtaskError, match="no uniform, decoded, labels, posterior"):
        numbers("gbi_images_generations", {"generations": [tmp_path / "g.npz"]}, FigureSettings())


@pytest.mark.parametrize("verb", ["images", "images-more"])
def test_mistakes_end_with_one_message(folder: Path, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    words = command(folder, verb)
    with pytest.raises(SystemExit):
        run(*words[:-1], "7")
    assert "there is no repeat 7; the seeds are 0, 3" in capsys.readouterr().err
    large = ImageSet(
        "large", np.zeros((20, 16, 16, 1), np.uint8), np.zeros(20, np.int64),
        np.zeros((2, 16, 16, 1), np.uint8), np.zeros(2, np.int64), ("x",),
    )  # fmt: skip
    large.save(folder / "large.npz")
    with pytest.raises(SystemExit):
        run(*(folder / "large.npz" if word == folder / "outside.npz" else word for word in words))
    assert "both sets must have images of one size" in capsys.readouterr().err


def test_jobs_hold_what_decides_them_and_nothing_else() -> None:
    config = load_config({"gbi": {"images": {"seeds": [0, 1], "more": {"members": 3}, "vae_latent": 5}}})
    other = load_config({"gbi": {"images": {"seeds": [0, 1, 2], "more": {"members": 4}, "vae_latent": 5}}})
    assert ImagesJob.of(config, 1) == ImagesJob.of(other, 1)
    assert ImagesJob.of(config, 1) != ImagesJob.of(config, 0)
    assert ImagesMoreJob.of(config, 1) != ImagesMoreJob.of(other, 1)
    assert ImagesMoreJob.of(config, 1).images.vae_latent == ImagesSettings().vae_latent
    with pytest.raises(WhichtaskError, match="pure generative row"):
        load_config({"gbi": {"images": {"autoencoder": {"code": 0}}}})
