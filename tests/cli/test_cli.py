"""The command line as a person uses it: files in, files out, and one clear error for each mistake."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from whichtask.artifacts import read_csv, read_npz
from whichtask.cli import main
from whichtask.data import ImageSet
from whichtask.tasks import TaskSet

SMALL = """
data: {train_images: 200, heldout_images: 80, discovery_heldout_images: 80}
networks: {cnn: {arch: cnn, width: 2, hidden: 8}}
tasks: {random: 2}
plan: {networks: [cnn], network_images: 100, image_sweep: [100]}
agreement: {pairs: 1, images: 100, epochs: 1, batch_size: 50, bootstrap: 50}
discovery: {tasks: 2, dimensions: 3, inner_steps: 1, inner_batch_size: 20, agreement_batch_size: 20, outer_steps: 2}
splits: {images: 150, targets: 1, tasks: 1}
dynamics: {start_epochs: 1, images: 50, outer_steps: 2, record_every: 1, shown_images: 4}
studies: {networks: [], images: 100, inner_batch_size: 20}
ground_truth: {networks: [cnn]}
"""


@pytest.fixture
def folder(tmp_path: Path, small_images: ImageSet, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    small_images.save(tmp_path / "data.npz")
    (tmp_path / "small.yaml").write_text(SMALL)
    return tmp_path


def run(*words: str | Path) -> None:
    """Run the command line in this process."""
    before = sys.argv
    sys.argv = ["whichtask", *map(str, words)]
    try:
        main()
    except SystemExit as end:
        if end.code not in (0, None):
            raise
    finally:
        sys.argv = before


def error_of(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    """Run a command that must fail; return its message, which is no traceback."""
    with pytest.raises(SystemExit) as end:
        run(*words)
    assert end.value.code not in (0, None)
    message = capsys.readouterr().err
    assert "Traceback" not in message
    return message


def test_from_images_to_scored_discovered_tasks(folder: Path) -> None:
    common = ["--data", "data.npz", "--config", "small.yaml"]
    for kind in ("random", "human"):
        run("tasks", "make", kind, *common, "--out", f"{kind}.npz")
    run("tasks", "similarity", "--tasks", "human.npz", "--out", "similarity.csv")
    run("discover", *common, "--out", "set", "--tasks", "discovered.npz", "--threads", "1")
    run("agreement", *common, "--tasks", "discovered.npz", "--out", "scores.csv", "--threads", "1")
    run("dynamics", *common, "--out", "way", "--tasks", "dynamics.npz", "--threads", "1")

    attack = ["--targets", "human.npz", "--attackers", "random.npz"]
    run("splits", *common, *attack, "--out", "splits", "--threads", "1")

    scores = read_csv(folder / "scores.csv")
    tasks = TaskSet.load(folder / "discovered.npz")
    assert scores["task"].tolist() == list(tasks.names)
    assert (folder / "scores.yaml").exists()
    # Logits and labels speak of the same images, up to the polarity of each task.
    logits = read_npz(folder / "set" / "logits.npz")["logits"]
    same = ((logits > 0) == tasks.labels).mean(axis=1)
    assert set(same.tolist()) <= {0.0, 1.0}
    assert len(read_csv(folder / "set" / "history.csv")) == 2
    assert TaskSet.load(folder / "dynamics.npz").names[0] == "step_0000"
    assert read_npz(folder / "way" / "dynamics.npz")["probabilities"].shape == (3, 4)
    accuracies, predictions = (
        read_csv(folder / "splits" / "accuracies.csv"),
        read_npz(folder / "splits" / "predictions.npz"),
    )
    assert len(accuracies) == len(predictions["predictions"]) == 12, "2 kinds, 3 splits, 2 networks"
    assert not any((folder / "results" / ".state").iterdir()), "live state of finished jobs is removed"


def test_tasks_go_out_as_csv_and_come_back(folder: Path) -> None:
    run("tasks", "make", "random", "--data", "data.npz", "--config", "small.yaml", "--out", "random.npz")
    run("tasks", "export", "--tasks", "random.npz", "--out", "mine.csv")
    (folder / "mine.yaml").write_text(f"{SMALL.replace('random: 2', 'user: mine.csv')}")
    run("tasks", "make", "user", "--data", "data.npz", "--config", "mine.yaml", "--out", "user.npz")
    np.testing.assert_array_equal(TaskSet.load(folder / "user.npz").labels, TaskSet.load(folder / "random.npz").labels)


def test_describe_prints_what_a_file_holds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("data", "describe", "data.npz")
    out = capsys.readouterr().out
    assert "quadrants" in out
    assert "8x8" in out.replace(" x ", "x")


def test_describe_takes_the_file_that_data_name_takes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Class names may be missing."""
    with np.load(folder / "data.npz") as archive:
        np.savez(folder / "plain.npz", **{name: archive[name] for name in ("x_train", "y_train", "x_test", "y_test")})
    run("data", "describe", "plain.npz")
    assert "400 training + 100 test" in capsys.readouterr().out


@pytest.mark.parametrize("verb", [[], ["agreement"], ["discover"], ["data", "fetch"], ["tasks", "make"], ["figure"]])
def test_help_teaches(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run(*verb, "--help")
    assert "Usage" in capsys.readouterr().out


def test_config_show_check_and_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("config", "show", "paper")
    shown = capsys.readouterr().out
    assert "scale: paper" in shown
    (folder / "paper.yaml").write_text(shown)
    run("config", "check", "paper.yaml")
    assert capsys.readouterr().out == shown
    run("config", "table")
    assert "`agreement.pairs`" in capsys.readouterr().out


def test_mistakes_get_one_clear_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", "data.npz", "--config", "small.yaml"]
    run("tasks", "make", "random", *data, "--out", "random.npz")
    capsys.readouterr()
    (folder / "bad.yaml").write_text("agreement: {pairs: none}")
    (folder / "broken.yaml").write_text("a: [")
    (folder / "tasks.csv").write_text("image,mine\n0,1\n1,2\n")
    (folder / "user.yaml").write_text(SMALL.replace("random: 2", "user: tasks.csv"))
    (folder / "file").write_text("")
    tasks = ["--tasks", "random.npz"]
    cases: list[tuple[list[str], str]] = [
        (["data", "fetch", "svhn"], "svhn"),
        (["data", "describe", "svhn"], "unknown data set 'svhn'"),
        (["data", "describe", "none.npz"], "cannot read none.npz"),
        (["tasks", "make", "odd", *data, "--out", "x.npz"], "unknown kind of tasks 'odd'"),
        (["tasks", "make", "factor", *data, "--out", "x.npz"], "no known factors"),
        (["tasks", "make", "user", *data, "--out", "x.npz"], "tasks.user names no CSV"),
        (["tasks", "make", "user", "--data", "data.npz", "--config", "user.yaml", "--out", "x.npz"], "tasks.csv"),
        (["tasks", "make", "random", "--data", "none.npz", "--out", "x.npz"], "cannot read none.npz"),
        (["agreement", *data, *tasks, "--network", "vgg", "--out", "x.csv"], "unknown network 'vgg'"),
        (["agreement", *data, *tasks, "--out", "file/x.csv"], "cannot write file/x.csv"),
        (["agreement", *data, "--tasks", "data.npz", "--out", "x.csv"], "data.npz is no task set"),
        (
            ["discover", "--data", "data.npz", "--config", "bad.yaml", "--out", "d", "--tasks", "x.npz"],
            "agreement.pairs",
        ),
        (
            ["discover", "--data", "data.npz", "--config", "broken.yaml", "--out", "d", "--tasks", "x.npz"],
            "broken.yaml",
        ),
        (["discover", "--data", "data.npz", "--job", '{"seed": 0}', "--out", "d", "--tasks", "x.npz"], "--job"),
        (["figure", "td_none", "--out", "x.png", "--input", "a=b"], "unknown figure 'td_none'"),
        (["figure", "td_examples", "--out", "x.png", "--input", "data.npz"], "write NAME=PATH"),
        (["config", "show", "huge"], "unknown preset 'huge'; allowed: cifar10, laptop, paper, smoke, workstation"),
        (["config", "check", "none.yaml"], "cannot read the configuration none.yaml"),
        (["nonsense"], "No such command"),
    ]
    for words, expected in cases:
        assert expected in error_of(capsys, *words).replace("\n", " "), words
    assert not [path.name for path in folder.iterdir() if path.name.startswith(("x.", ".x"))], "nothing half-written"


# No verb may write a file that it has read, whatever the route.
OVER = {
    "settings beside a table": "agreement --data d.npz --tasks t.npz --config a.yaml --out a.csv",
    "settings in the folder": "discover --data d.npz --config config.yaml --out . --tasks o.npz",
    "a link": "discover --data d.npz --out o --tasks link.npz",
    "a figure's own table": "figure td_as_by_source --input tables=a.csv --out a.png",
    "a verb of a card": "explain --data d.npz --tasks t.npz --out sub/../d.npz",
    "weights": "gbi toy --weights curves.csv --out .",
    "an image set": "tasks make random --data d.npz --out d.npz",
    "claims": "claims --claims a.md --scale smoke --out a.csv",
    "metrics": "metrics --claims a.csv --drawn curves.csv --out a.csv",
    "splits": "splits --data d.npz --targets split.npz --out .",
    "fetched images": "data fetch d.npz --out d.npz",
    "an export": "tasks export --tasks t.npz --out t.npz",
    "a file of one's own text": "data text --folder . --out a.md",
    "a configuration of data": "data hundred --config a.yaml --out a.yaml",
    "answers to the quiz": "quiz t.csv a.csv --out a.csv",
}


@pytest.mark.parametrize("route", OVER)
def test_no_verb_writes_over_what_it_reads(
    route: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    names = ["d.npz", "t.npz", "split.npz", "a.yaml", "a.csv", "a.md", "s.csv", "t.csv", "curves.csv", "config.yaml"]
    for name in names:
        (tmp_path / name).write_text(name)
    (tmp_path / "link.npz").symlink_to("d.npz")
    with pytest.raises(SystemExit):
        run(*OVER[route].split())
    assert "would be written over, but it is read too" in capsys.readouterr().err
    assert all((tmp_path / name).read_text() == name for name in names)


def test_neither_a_notebooks_backend_nor_a_locale_without_utf8_matters() -> None:
    """As in the terminals of notebook servers, and on bare machines; ruff's PLW1514 finds files without an encoding."""
    code = (
        "import locale, sys; from pathlib import Path\n"
        "import whichtask.figures; from whichtask.plan.claims import load_claims\n"
        "assert locale.getpreferredencoding(False) == 'ANSI_X3.4-1968' and load_claims(Path(sys.argv[1]))"
    )
    posix = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment = os.environ | posix | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    command = [sys.executable, "-c", code, str(Path(__file__).parents[2] / "config" / "claims.yaml")]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
