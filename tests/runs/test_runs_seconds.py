"""Time spent and left: measured, estimated or unknown, never invented."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whichtask.errors import WhichtaskError
from whichtask.runs.plan import Job, Plan
from whichtask.runs.seconds import (
    Estimate,
    duration,
    estimates,
    measured,
    wall_seconds,
    write_reference,
)
from whichtask.runs.snakemake_files import benchmark_seconds
from whichtask.runs.status import JobStatus, State, remaining, time_left

HEAD = "s\th:m:s\tmax_rss\n"
TIMES = st.lists(st.floats(0, 1e6), max_size=30)


def job(rule: str, number: int = 0, *, needed: bool = True) -> Job:
    name = f"{rule}/{number}"
    return Job(
        rule=rule,
        what=f"{rule} {number}",
        outputs=[f"out/{name}.csv"],
        log=f"out/logs/{name}.log",
        benchmark=f"out/benchmarks/{name}.tsv",
        needed=needed,
        there=not needed,
    )


def plan(*jobs: Job) -> Plan:
    return Plan(results="out", scale="laptop", data="fashion_mnist", figures=[], jobs=list(jobs))


def keep(folder: Path, of: Job, *seconds: float) -> None:
    path = folder / str(of.benchmark)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + "".join(f"{value}\t0:00:01\t3.0\n" for value in seconds))


@given(TIMES, st.integers(1, 64))
def test_wall_time_lies_between_the_longest_job_and_one_after_another(left: list[float], cores: int) -> None:
    wall = wall_seconds(left, cores)
    assert max(left, default=0.0) <= wall <= sum(left) * (1 + 1e-12)
    assert wall * cores >= sum(left) * (1 - 1e-12)
    assert wall_seconds(left, cores + 1) <= wall
    assert wall_seconds([*left, 1.0], cores) >= wall


@given(st.floats(0, 1e5), st.floats(0, 1e5))
def test_a_running_job_needs_the_rest_of_the_mean_and_never_less_than_nothing(mean: float, elapsed: float) -> None:
    estimate = Estimate(seconds=mean, how="finished jobs")
    running = JobStatus(job=job("agreement"), state="running", estimate=estimate, running_seconds=elapsed)
    assert remaining(running) == max(0.0, mean - elapsed)
    assert remaining(running.model_copy(update={"estimate": None})) is None


@given(st.lists(st.sampled_from(["done", "running", "queued", "left", "failed"]), max_size=20), st.integers(1, 8))
def test_time_left_adds_up_what_is_not_done(states: list[State], cores: int) -> None:
    known = Estimate(seconds=10.0, how="reference")
    jobs = [JobStatus(job=job("agreement", i), state=state, estimate=known) for i, state in enumerate(states)]
    jobs += [JobStatus(job=job("discover"), state="left"), JobStatus(job=job("explain"), state="done")]
    left = time_left(jobs, cores)
    open_jobs = sum(state != "done" for state in states)
    assert left.work_seconds == 10.0 * open_jobs
    assert left.wall_seconds == (max(10.0, 10.0 * open_jobs / cores) if open_jobs else 0.0)
    assert left.unknown == {"discover": 1}


def write_reference_table(folder: Path, rows: list[tuple[str, str, float]]) -> Path:
    path = folder / "results" / "reference" / "laptop" / "seconds.csv"
    path.parent.mkdir(parents=True)
    pd.DataFrame(rows, columns=["kind", "job", "seconds"]).to_csv(path)
    return path


def test_a_job_takes_what_it_took_or_what_it_took_elsewhere_or_what_others_of_its_kind_took(tmp_path: Path) -> None:
    searches = [job("discover", number) for number in range(3)]
    jobs = plan(job("agreement", 1, needed=False), job("agreement", 2), job("agreement", 3), *searches, job("x"))
    keep(tmp_path, jobs.jobs[0], 10.0)
    keep(tmp_path, jobs.jobs[1], 99.0, 20.0)  # a repeated benchmark: its last line
    rows = [("agreement", "agreement/1.csv", 5.0), ("agreement", "agreement/9.csv", 1e6)]
    rows += [("discover", "discover/0.csv", 400.0), ("discover", "discover/1.csv", 60.0)]
    reference = write_reference_table(tmp_path, rows)
    found = estimates(tmp_path, jobs, measured(tmp_path, jobs.jobs))
    assert found == {
        "agreement/1.csv": Estimate(seconds=10.0, how="itself"),
        "agreement/2.csv": Estimate(seconds=20.0, how="itself"),
        "agreement/3.csv": Estimate(seconds=15.0, how="finished jobs"),
        "discover/0.csv": Estimate(seconds=800.0, how="its reference"),  # agreement/1 took twice as long here
        "discover/1.csv": Estimate(seconds=120.0, how="its reference"),
        "discover/2.csv": Estimate(seconds=230.0, how="reference"),
    }, "x was never measured"
    reference.rename(reference.parent / "other.csv")
    alone = estimates(tmp_path, jobs, measured(tmp_path, jobs.jobs))
    assert set(alone) == {f"agreement/{number}.csv" for number in (1, 2, 3)}


def test_short_searches_that_follow_a_long_one_are_not_taken_to_last_as_long(tmp_path: Path) -> None:
    """After `make run` the search of the set is done, and the ablations with a tenth of its steps are left."""
    jobs = plan(job("discover", 0, needed=False), *(job("discover", number) for number in range(1, 20)))
    keep(tmp_path, jobs.jobs[0], 400.0)
    rows = [("discover", jobs.name_of(one), 400.0 if one is jobs.jobs[0] else 60.0) for one in jobs.jobs]
    write_reference_table(tmp_path, rows)
    known = estimates(tmp_path, jobs, measured(tmp_path, jobs.jobs))
    left = [JobStatus(job=one, state="left", estimate=known[jobs.name_of(one)]) for one in jobs.needed]
    assert time_left(left, 2).wall_seconds == 19 * 60 / 2


def test_figures_of_a_paper_are_one_kind() -> None:
    assert job("td_similarity").kind == job("td_examples").kind == "figures of Task Discovery"
    assert job("gbi_compute").kind == "figures of GBI"
    assert {job(rule).kind for rule in ("infer_compute", "tasks", "agreement_comparison")} == {
        "infer_compute",
        "tasks",
        "agreement_comparison",
    }


def test_what_was_measured_can_be_kept_as_a_reference(tmp_path: Path) -> None:
    jobs = plan(job("agreement", 1), job("td_similarity"), job("x"))
    with pytest.raises(WhichtaskError, match="nothing has been measured in out"):
        write_reference(tmp_path / "seconds.csv", jobs, {})
    for one in jobs.jobs[:2]:
        keep(tmp_path, one, 7.5)
    reference = tmp_path / "results" / "reference" / "laptop" / "seconds.csv"
    write_reference(reference, jobs, measured(tmp_path, jobs.jobs))
    assert pd.read_csv(reference)["job"].to_list() == ["agreement/1.csv", "td_similarity/0.csv"]
    elsewhere = estimates(tmp_path, jobs, {})
    assert {name: estimate.seconds for name, estimate in elsewhere.items()} == {
        "agreement/1.csv": 7.5,
        "td_similarity/0.csv": 7.5,
    }
    reference.write_text("kind,job,seconds\nagreement,agreement/1.csv,many\n")
    with pytest.raises(WhichtaskError, match="seconds.csv: needs the columns kind, job and seconds"):
        estimates(tmp_path, jobs, {})


@pytest.mark.parametrize("content", ["", HEAD, "s\nlong\n", "a\tb\n1\t2\n", "\x00\xff"])
def test_a_benchmark_file_that_says_nothing_counts_as_unknown(tmp_path: Path, content: str) -> None:
    (tmp_path / "b.tsv").write_text(content)
    assert benchmark_seconds(tmp_path / "b.tsv") is None
    assert benchmark_seconds(tmp_path / "missing.tsv") is None


DURATIONS = {
    0.0: "0.0 s",
    9.94: "9.9 s",
    9.97: "10 s",
    59.4: "59 s",
    59.7: "1 min 00 s",
    61.0: "1 min 01 s",
    3599.6: "1 h 00 min",
    7859.0: "2 h 11 min",
    86370.0: "1 d 0 h",
    273_600.0: "3 d 4 h",
}


@pytest.mark.parametrize("seconds", DURATIONS)
def test_durations_read_well(seconds: float) -> None:
    assert duration(seconds) == DURATIONS[seconds]
