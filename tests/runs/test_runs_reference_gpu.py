"""What fits some minutes: the cheapest jobs first, an end in time, and the same scores as without the clock."""

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from projects import ROOT, Project

sys.path.insert(0, str(ROOT))  # benchmarks/ is no part of the package

from benchmarks.reference_gpu import BY, VALUES, cheapest_first, main, run_until, scores

from whichtask.agreement import ROWS
from whichtask.runs.plan import Job, Plan
from whichtask.training import LiveState

TARGET = "td_as_by_network"


def _job(name: str, rule: str, *inputs: str) -> Job:
    return Job(
        rule=rule, what=name, outputs=[name], log=None, benchmark=None, needed=True, there=False, inputs=[*inputs]
    )


def _plan(results: Path, *jobs: Job) -> Plan:
    return Plan(results=str(results), scale="paper", data="cifar10", figures=[], jobs=[*jobs])


def test_cheap_jobs_come_first_with_what_they_need_and_those_not_counted_last() -> None:
    costs = {"search": 9.0, "scores": 1.0, "random": 5.0, "toy": None, "figure": 0.0}
    search, score = _job("search", "discover"), _job("scores", "agreement", "search")
    random, toy, figure = _job("random", "agreement"), _job("toy", "infer_toy"), _job("figure", "td_similarity")

    def needed(jobs: list[Job]) -> list[Job]:
        return [*jobs, search] if "search" in jobs[0].inputs else jobs

    counter = SimpleNamespace(operations=costs, needed=needed)
    order = cheapest_first(_plan(Path("results"), toy, score, figure, search, random), counter)  # type: ignore[arg-type]
    assert [job.what for job in order] == ["random", "search", "scores", "toy"]


def test_a_command_is_asked_to_end_with_all_that_it_started_when_the_time_is_up(tmp_path: Path) -> None:
    child = tmp_path / "child.sh"
    child.write_text(f"trap 'sleep 1; echo saved > \"{tmp_path}/state\"; exit 143' TERM\nsleep 60 & wait\n")
    end = time.monotonic() + 2
    assert not run_until(["bash", "-c", f'bash "{child}"; true'], end)
    assert (tmp_path / "state").read_text() == "saved\n"
    assert run_until(["true"], time.monotonic() + 60)
    assert not run_until(["false"], time.monotonic() + 60)


def test_scores_hold_the_tasks_of_a_job_that_has_not_ended_and_no_older_state(tmp_path: Path) -> None:
    row = dict.fromkeys([*BY, *VALUES], 0.5) | {"set": "human", "seconds": 3.0}
    for name, age in (("old", 1000.0), ("new", 0.0)):
        live = LiveState(tmp_path, {"verb": name})
        live.save(ROWS, {}, {"rows": [row | {"task": task, "set": name} for task in ("a", "b")]})
        file = live.folder / f"{ROWS}.safetensors"
        os.utime(file, (file.stat().st_atime, file.stat().st_mtime - age))
    found = scores(_plan(tmp_path), time.time() - 500)
    assert found[["set", "n", "agreement", "seconds_a_task"]].values.tolist() == [["new", 2, 0.5, 3.0]]


@pytest.mark.workflow
def test_it_stops_in_time_and_goes_on_to_the_same_scores(
    finished: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project.like(finished, tmp_path / "a b")
    monkeypatch.chdir(project.folder)
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    tables = sorted(project.results.glob("agreement/*/vit/**/*.csv"))
    before = [pd.read_csv(path) for path in tables]
    assert tables
    for path in tables:
        path.unlink()
    words = ["--configfile", "config/smoke.yaml", "--target", TARGET, "--out", "kept"]
    main(["--minutes", "0.01", *words])
    assert not pd.read_csv("kept/jobs.csv").query("rule == 'agreement_comparison'")["ended"].all()
    main(["--minutes", "10", *words])
    assert pd.read_csv("kept/jobs.csv")["ended"].all()
    for path, expected in zip(tables, before, strict=True):
        timing = ["seconds", "images_per_s"]
        pd.testing.assert_frame_equal(pd.read_csv(path).drop(columns=timing), expected.drop(columns=timing))
    kept = pd.read_csv("kept/agreement.csv")
    assert {"cnn", "mlp", "vit"} <= set(kept["network"])
    assert {path.name for path in Path("kept").iterdir()} == {"agreement.csv", "jobs.csv", "config.yaml", "run.json"}


def test_minutes_are_more_than_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--minutes", "0", "--out", "kept"])
    assert "--minutes 0: must be more than 0" in capsys.readouterr().err
