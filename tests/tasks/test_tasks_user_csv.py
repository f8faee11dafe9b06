"""Tasks in a user's CSV: round trip, and what is wrong with a file that is refused."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from whichtask.errors import WhichtaskError
from whichtask.tasks import TaskSet, user_tasks, write_user_csv

names = st.text(min_size=1, max_size=12).filter(lambda name: name.isprintable() and name == name.strip())


@st.composite
def task_sets(draw: st.DrawFn) -> TaskSet:
    shape = (draw(st.integers(1, 4)), draw(st.integers(2, 20)))
    labels = draw(hnp.arrays(np.uint8, shape, elements=st.integers(0, draw(st.integers(1, 9))), fill=st.nothing()))
    assume((labels.min(axis=1) < labels.max(axis=1)).all())
    for task in labels:  # without gaps in the numbers of its classes
        task[:] = np.unique(task, return_inverse=True)[1]
    chosen = draw(
        st.lists(names.filter(lambda name: name != "image"), min_size=shape[0], max_size=shape[0], unique=True)
    )
    return TaskSet(labels, tuple(chosen), "discovered")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(task_sets())
def test_round_trip(tmp_path: Path, tasks: TaskSet) -> None:
    path = tmp_path / "tasks.csv"
    write_user_csv(path, tasks)
    n_images = tasks.labels.shape[1]
    again = user_tasks(path, n_images - 1, 1)
    assert (again.names, again.kind) == (tasks.names, "user")
    assert np.array_equal(again.labels, tasks.labels)
    assert again.provenance == {"file": "tasks.csv", "flipped": []}


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_order_spaces_and_polarity(tmp_path: Path) -> None:
    text = "\ufeffimage, bright,dark\r\n2,0.0, 1\r\n0,1,1\r\n1,0,0\r\n\r\n"
    tasks = user_tasks(_file(tmp_path, text), 2, 1)
    assert tasks.names == ("bright", "dark")
    assert tasks.labels.tolist() == [[1, 0, 0], [0, 1, 0]]
    assert tasks.provenance["flipped"] == ["dark"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "No columns to parse"),
        ("image\n0\n1\n2\n", "line 1: the header is 'image'; allowed: 'image', then at least one task name"),
        ("index,a\n0,1\n", "line 1: the header is 'index,a'"),
        ("image;a\n0;1\n", "line 1: the header is 'image;a'; .* separated by commas"),
        ("image,a\n0,1\n2,0\n", r"'image': 1 images are missing \(1\); each of the 3 images needs exactly one row"),
        ("image,a\n", r"3 images are missing \(0, 1, 2\)"),
        ("image,a\n0,1\n1,0\n1,0\n2,0\n", r"'image': 1 images are listed more than once \(1\)"),
        ("image,a\n0,1\n1,0\n3,0\n", r"row 3 below the header, column 'image': '3' is no index of an image, 0 to 2"),
        ("image,a\n0,1\n1.5,0\n2,0\n", r"row 2 below the header, column 'image': '1.5' is no index"),
        ("image,a\n0,1\none,0\n2,0\n", r"'one' is no index"),
        ("image,a\n0,1\n1,2\n2,1\n", r"mine.csv: task 'a' has labels .1, 2.; only 0 and 1 are allowed, or 0 .. C-1"),
        ("image,a\n0,1\n1,10\n2,0\n", r"mine.csv, row 2 below the header, column 'a': label '10'; only 0 and 1"),
        ("image,a\n0,1\n1,yes\n2,0\n", r"label 'yes'; only 0 and 1"),
        ("image,a\n0,1\n1,True\n2,0\n", r"label 'True'; only 0 and 1"),
        ("image,a\n0,1\n1,inf\n2,0\n", r"label 'inf'; only 0 and 1"),
        ("image,a,b\n0,1,0\n1,0\n2,0,1\n", r"row 2 below the header, column 'b': label ''; only 0 and 1"),
        ("image,a\n0,1\n1,0,1\n2,0\n", "Expected 2 fields in line 3, saw 3"),
        ("image,a\n0,1\n1,1\n2,1\n", r"mine.csv: task 'a' is a task with one class only"),
        ("image,a,a\n0,1,1\n1,0,0\n2,0,0\n", r"mine.csv: task names must be distinct, .* repeated: a"),
        ("image,a,\n0,1,1\n1,0,0\n2,0,0\n", r"mine.csv: bad task name ''"),
    ],
)
def test_refused_files(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(WhichtaskError, match=message):
        user_tasks(_file(tmp_path, text), 2, 1)


def test_missing_and_binary_files(tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match=r"cannot read the tasks in .*absent.csv.*No such file"):
        user_tasks(tmp_path / "absent.csv", 2, 1)
    (tmp_path / "binary.csv").write_bytes(b"image,a\n\xff\xfe,1\n")
    with pytest.raises(WhichtaskError, match=r"cannot read the tasks in .*binary.csv"):
        user_tasks(tmp_path / "binary.csv", 2, 1)


def test_a_task_called_image_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match="named 'image' cannot be written"):
        write_user_csv(tmp_path / "tasks.csv", TaskSet(np.array([[0, 1]]), ("image",), "user"))
