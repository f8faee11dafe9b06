"""Run every learner with each of its candidates, choose on validation images, and report on test images."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

from whichtask.config.gbi import ContinualJob
from whichtask.config.gbi.continual import ContinualSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.gbi.continual.learners import (
    SCENARIOS,
    Data,
    Ewc,
    FineTuning,
    Generative,
    Joint,
    Learner,
    Lwf,
    Replay,
    Scenario,
)
from whichtask.gbi.gated.measure import class_means
from whichtask.seeding import Key, numpy_generator
from whichtask.training.live import LiveState

BATCH = 2_000
Floats = npt.NDArray[np.float64]
Score = Callable[[Tensor, Tensor], Tensor]
"""From rows [N] and which classes may compete, bool [N, classes], to scores [N, classes]."""
CLASSIFIERS: dict[str, type[FineTuning]] = {
    "fine-tuning": FineTuning,
    "EWC": Ewc,
    "LwF": Lwf,
    "replay": Replay,
    "joint training": Joint,
}
GENERATIVE = {"GBI": "bernoulli", "GBI, Z concatenated": "concatenated"}
CLASS_MEAN = "class mean"


class _Experiment:
    """One repeat: its images, tasks and divisions."""

    def __init__(self, images: ImageSet, job: ContinualJob, device: torch.device, live: LiveState) -> None:
        self.settings, self.live = job.continual, live
        self.key: tuple[Key, ...] = ("gbi continual", job.seed, job.repeat)
        classes, each = len(images.class_names), self.settings.task_classes
        if classes % each or classes < 2 * each:
            raise WhichtaskError(
                f"{images.name} has {classes} classes, which cannot be divided into at least two tasks of "
                f"gbi.continual.task_classes = {each}"
            )
        self.tasks = [list(range(first, first + each)) for first in range(0, classes, each)]
        pixels = torch.from_numpy(images.images).to(device).flatten(1)
        self.data = Data(pixels.float() / 255, torch.from_numpy(images.labels).to(device))
        self.rows = {part: torch.from_numpy(rows).to(device) for part, rows in self._divide(images).items()}
        self.facts = {"repeat": job.repeat, "data": images.name}

    def _divide(self, images: ImageSet) -> dict[str, Any]:
        chosen: ContinualSettings = self.settings
        order = numpy_generator(*self.key, "division").permutation(images.n_train)
        held = chosen.validation_images
        left = images.n_train - held
        train = left if chosen.train_images is None else chosen.train_images
        test = images.n_test if chosen.test_images is None else chosen.test_images
        if left < max(train, 1) or test > images.n_test:
            raise WhichtaskError(
                f"{images.name} has {images.n_train} training and {images.n_test} test images; gbi.continual asks for "
                f"{held} validation, {chosen.train_images or 'at least one'} training and {test} test images"
            )
        tested = numpy_generator(*self.key, "test").permutation(images.n_test)[:test] + images.n_train
        parts = {"train": order[held : held + train], "validation": order[:held], "test": tested}
        for part, rows in parts.items():
            missing = set(range(len(images.class_names))) - set(images.labels[rows].tolist())
            if missing:
                raise WhichtaskError(
                    f"{images.name}: no {part} image of class {images.class_names[min(missing)]!r}; "
                    f"gbi.continual needs more {part} images"
                )
        return parts

    def of_task(self, part: str, task: int) -> Tensor:
        """Return the rows of a part that belong to a task."""
        rows = self.rows[part]
        first, last = self.tasks[task][0], self.tasks[task][-1]
        labels = self.data.labels[rows]
        return rows[(labels >= first) & (labels <= last)]

    def candidates(self) -> Iterator[tuple[str, float, tuple[Scenario, ...]]]:
        """Yield learner, candidate and the scenarios that one training serves."""
        chosen = self.settings.candidates
        for name in CLASSIFIERS:
            values = {"EWC": chosen.ewc, "LwF": chosen.lwf}.get(name, chosen.learning_rates)
            for value in values:
                for scenario in SCENARIOS:
                    yield name, value, (scenario,)
        for name in GENERATIVE:
            for value in chosen.gbi:
                yield name, value, SCENARIOS
        yield CLASS_MEAN, 0.0, SCENARIOS

    def build(self, name: str, value: float, scenario: Scenario) -> Learner:
        """Return a new learner."""
        key = (*self.key, name)  # candidates and scenarios share weights and batches: the comparison is paired
        arguments = self.data, self.tasks, self.settings
        if name in GENERATIVE:
            return Generative(*arguments, value, key, "bernoulli" if name == "GBI" else "concatenated")
        rate = self.settings.learning_rate if name in ("EWC", "LwF") else value
        learner = CLASSIFIERS[name](*arguments, rate, key, self.size, scenario)
        if isinstance(learner, Ewc | Lwf):
            learner.weight = value
        return learner

    @property
    def size(self) -> int:
        """Number of parameters of the GBI network, which the classifiers are given too."""
        return Generative(self.data, self.tasks, self.settings, 1.0, self.key).parameters

    def run(self, name: str, value: float, scenarios: tuple[Scenario, ...]) -> list[dict[str, Any]]:
        """Train one candidate on the tasks in their order; return the accuracy of every task after every task."""
        if name == CLASS_MEAN:
            return self._class_means(scenarios)
        learner = self.build(name, value, scenarios[0])
        rows: list[dict[str, Any]] = []
        joint = isinstance(learner, Joint)
        for task in [len(self.tasks) - 1] if joint else range(len(self.tasks)):
            learner.learn(task, self.rows["train"] if joint else self.of_task("train", task))
            rules: dict[str, Score] = {"": lambda rows, among: learner.scores(rows)}
            if isinstance(learner, Generative):
                rules = {", one-step": learner.one_step_scores, ", likelihood": rules[""]}
            for rule, score in rules.items():
                rows += self._judge(name + rule, score, task, scenarios)
        size = {"parameters": learner.parameters, "updates": learner.updates}
        return [row | size | {"candidate": value} for row in rows]

    def _class_means(self, scenarios: tuple[Scenario, ...]) -> list[dict[str, Any]]:
        """Return the accuracy of the nearest class mean: GBI without an image code, which cannot forget."""
        rows = self.rows["train"]
        classes = sum(map(len, self.tasks))
        means = class_means(self.data.images[rows], self.data.labels[rows], classes)
        size = {"parameters": means.numel(), "updates": 0, "candidate": 0.0}

        def score(rows: Tensor, among: Tensor) -> Tensor:
            return -torch.cdist(self.data.images[rows], means)

        found = [row for task in range(len(self.tasks)) for row in self._judge(CLASS_MEAN, score, task, scenarios)]
        return [row | size for row in found]

    def _judge(self, name: str, score: Score, after: int, scenarios: tuple[Scenario, ...]) -> Iterator[dict[str, Any]]:
        """Yield the accuracy of every task learned so far, on validation and on test images."""
        for part in ("validation", "test"):
            for task in range(after + 1):
                rows = self.of_task(part, task)
                for scenario in scenarios:
                    open_ = self.tasks[task] if scenario == "task" else range((after + 1) * len(self.tasks[0]))
                    yield {
                        "learner": name,
                        "scenario": scenario,
                        "part": part,
                        "after_task": after + 1,
                        "task": task + 1,
                        "accuracy": self._accuracy(score, rows, list(open_)),
                        "images": len(rows),
                    }

    def _accuracy(self, score: Score, rows: Tensor, classes: list[int]) -> float:
        right = 0
        for part in rows.split(BATCH):
            among = torch.zeros(len(part), sum(map(len, self.tasks)), dtype=torch.bool, device=rows.device)
            among[:, classes] = True
            best = score(part, among).masked_fill(~among, -torch.inf).argmax(dim=1)
            right += int((best == self.data.labels[part]).sum())
        return right / len(rows)


def study(data: ImageSet, job: ContinualJob, device: torch.device, live: LiveState) -> dict[str, pd.DataFrame]:
    """Learn the classes of an image set in sequence: GBI beside EWC, LwF, replay, fine-tuning and joint training.

    Args:
        data: the data set; its classes in their order make the tasks.
        job: settings.
        device: where networks are.
        live: state of the job; every finished candidate is kept.

    Returns:
        ``accuracy`` of every task after every task; and ``summary``, one row for each learner, scenario and candidate:
        accuracy after the last task, forgetting, and whether validation chose it.

    Raises:
        WhichtaskError: classes or images that do not fit the settings.
    """
    experiment = _Experiment(data, job, device, live)
    rows: list[dict[str, Any]] = []
    for number, candidate in enumerate(tqdm(list(experiment.candidates()), desc="learners", disable=None, leave=False)):
        name = f"candidate-{number}"
        found = live.load(name)
        if found is None:
            done = experiment.run(*candidate)
            live.save(name, {"done": torch.ones(1)}, {"rows": done})
        else:
            done = found[1]["rows"]
        rows += done
    accuracy = pd.DataFrame([experiment.facts | row for row in rows])
    facts = {"tasks": len(experiment.tasks), "images_train": len(experiment.rows["train"])}
    return {"accuracy": accuracy, "summary": summarise(accuracy, job.continual.memory).assign(**facts)}


def summarise(accuracy: pd.DataFrame, memory: int = 0) -> pd.DataFrame:
    """Return one row for each learner, scenario and candidate.

    Args:
        accuracy: as ``study`` returns it.
        memory: images of each class that replay stores.

    Returns:
        ``accuracy``: mean over tasks after the last task, on test images; ``forgetting``: mean over all tasks but the
        last of the best accuracy after any task minus that after the last (Chaudhry et al. 2018);
        ``accuracy_validation``; ``chosen``: whether this candidate has the highest of these.
    """
    keys = ["repeat", "data", "learner", "scenario", "candidate"]
    rows = []
    for values, group in accuracy.groupby(keys, sort=False):
        last = group[group["after_task"] == group["after_task"].max()]
        means = last.groupby("part")["accuracy"].mean()
        test = group[group["part"] == "test"].pivot_table(index="after_task", columns="task", values="accuracy")
        lost = (test.max() - test.iloc[-1]).iloc[:-1] if len(test) > 1 else pd.Series([np.nan])
        rows.append(
            dict(zip(keys, values, strict=True))
            | {
                "accuracy": means["test"],
                "forgetting": lost.mean(),
                "accuracy_validation": means["validation"],
                "parameters": group["parameters"].iloc[0],
                "updates": group["updates"].iloc[0],
                "stored_images_per_class": memory if values[2] == "replay" else 0,
            }
        )
    table = pd.DataFrame(rows)
    best = table.groupby(["learner", "scenario"])["accuracy_validation"].transform("idxmax")
    return table.assign(chosen=best == table.index)
