"""Task sets: what is admitted, polarity, files."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from whichtask.artifacts import read_npz, write_npz
from whichtask.errors import WhichtaskError
from whichtask.tasks import TaskSet, normalise_polarity

LABELS = np.array([[0, 1, 0, 1, 0], [1, 1, 1, 0, 1]])
many_classes = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 4))
labellings = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 1))


@given(labellings)
def test_polarity(labels: npt.NDArray[np.uint8]) -> None:
    normal = normalise_polarity(labels)
    assert normal.dtype == np.uint8
    assert np.array_equal(normal, normalise_polarity(normal))
    assert np.array_equal(normal, normalise_polarity(1 - labels))
    assert (normal.mean(axis=1) <= 0.5).all()
    assert all((task == raw).all() or (task == 1 - raw).all() for task, raw in zip(normal, labels, strict=True))
    ties = normal.mean(axis=1) == 0.5
    assert (normal[ties, 0] == 0).all()
    positives = labels.sum(axis=1, dtype=int)
    negatives = labels.shape[1] - positives
    flip = (positives > negatives) | ((positives == negatives) & (labels[:, 0] == 1))
    assert np.array_equal(normal, labels ^ flip[:, None].astype(np.uint8)), "no binary task may change by a bit"


@given(many_classes, st.permutations(range(5)))
def test_polarity_of_many_classes(labels: npt.NDArray[np.uint8], renamed: list[int]) -> None:
    normal = normalise_polarity(labels)
    assert np.array_equal(normal, normalise_polarity(normal))
    assert np.array_equal(normal, normalise_polarity(np.array(renamed)[labels]))
    for task, raw in zip(normal, labels, strict=True):
        assert len({*zip(task.tolist(), raw.tolist(), strict=True)}) == len({*task.tolist()}) == len({*raw.tolist()})
        counts = np.bincount(task).tolist()
        assert counts == sorted(counts, reverse=True)
        assert 0 not in counts
        first = [task.tolist().index(c) for c in range(len(counts))]
        order = sorted(range(len(counts)), key=lambda c: (-counts[c], first[c]))
        assert order == list(range(len(counts))), "equally frequent classes are numbered by their first image"


def test_tasks_of_different_numbers_of_classes(tmp_path: Path) -> None:
    tasks = TaskSet(np.array([[0, 1, 2, 2, 3, 3, 3], [1, 1, 1, 0, 1, 0, 0]]), ("wide", "binary"), "discovered")
    assert tasks.labels.tolist() == [[2, 3, 1, 1, 0, 0, 0], [0, 0, 0, 1, 0, 1, 1]]
    assert tasks.n_classes == (4, 2)
    assert tasks.positive_rate().tolist() == [4 / 7, 3 / 7]
    tasks.save(tmp_path / "wide.npz")
    assert TaskSet.load(tmp_path / "wide.npz").sha256 == tasks.sha256


def test_construction_normalises() -> None:
    for labels in (LABELS, LABELS.astype(bool), 1 - LABELS):
        tasks = TaskSet(labels, ("a", "b"), "user")
        assert tasks.labels.dtype == np.uint8
        assert tasks.labels.tolist() == [[0, 1, 0, 1, 0], [0, 0, 0, 1, 0]]
        assert tasks.positive_rate().tolist() == [0.4, 0.2]
    assert LABELS[1, 0] == 1  # the caller's array is left alone


def test_save_and_load(tmp_path: Path) -> None:
    tasks = TaskSet(LABELS, ("a", 'zwölf, "b"'), "discovered", {"seed": 3, "sizes": (1, 2), "deep": {"x": None}})
    path = tmp_path / "tasks" / "set.npz"
    tasks.save(path)
    assert set(read_npz(path)) == {"labels", "names", "kind", "provenance"}
    loaded = TaskSet.load(path)
    assert np.array_equal(loaded.labels, tasks.labels)
    assert (loaded.names, loaded.kind, loaded.provenance) == (tasks.names, tasks.kind, tasks.provenance)
    assert loaded.sha256 == tasks.sha256 != TaskSet(LABELS, ("a", "b"), "discovered").sha256


def test_subset() -> None:
    tasks = TaskSet(LABELS, ("a", "b"), "human", {"which": "all"})
    chosen = tasks.subset([1])
    assert (chosen.names, chosen.kind, chosen.provenance) == (("b",), "human", {"which": "all"})
    assert chosen.labels.tolist() == tasks.labels[1:].tolist()
    assert tasks.subset([1, 0]).names == ("b", "a")


@pytest.mark.parametrize(
    ("labels", "names", "message"),
    [
        ([[0, 1], [1, 1]], ["a", "b"], "task 'b' is a task with one class only: all 2 images have label .1."),
        ([[0, 2]], ["a"], "task 'a' has labels .0, 2.; only 0 and 1 are allowed, or 0 .. C-1"),
        ([[-1, 0, 1]], ["a"], "task 'a' has labels .-1, 0, 1.; only 0 and 1"),
        ([range(257)], ["a"], "C at most 256"),
        ([[0.0, 1.0]], ["a"], "must be integers 0, 1, ..., got an array of float64"),
        ([0, 1], ["a", "b"], "labels have shape .2,.; 2 task names"),
        ([[0, 1]], ["a", "b"], "labels have shape .1, 2.; 2 task names need 2 rows"),
        ([[0, 1], [0, 1]], ["a", "a"], "distinct, but these are repeated: a"),
        ([[0, 1]], [""], "bad task name ''"),
        ([[0, 1]], ["a "], "bad task name 'a '"),
        ([[0, 1]], ["a\n"], "bad task name"),
        (np.zeros((0, 2), int), [], "at least one task"),
    ],
)
def test_bad_task_sets(labels: Any, names: list[str], message: str) -> None:
    with pytest.raises(WhichtaskError, match=message):
        TaskSet(np.asarray(labels), tuple(names), "user")


def test_unknown_kind() -> None:
    with pytest.raises(WhichtaskError, match="unknown kind of tasks 'alien'; allowed: random, human, factor"):
        TaskSet(LABELS, ("a", "b"), "alien")  # type: ignore[arg-type]


def test_bad_files(tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match="cannot read"):
        TaskSet.load(tmp_path / "absent.npz")
    write_npz(tmp_path / "other.npz", {"x_train": LABELS})
    with pytest.raises(WhichtaskError, match=r"other.npz is no task set: it has no array 'names'"):
        TaskSet.load(tmp_path / "other.npz")
    arrays = {"labels": LABELS, "names": np.array(["a", "b"]), "kind": np.array("user")}
    write_npz(tmp_path / "text.npz", {**arrays, "provenance": np.array("no JSON")})
    with pytest.raises(WhichtaskError, match=r"text.npz is no task set"):
        TaskSet.load(tmp_path / "text.npz")
