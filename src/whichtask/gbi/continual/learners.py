"""Learners of tasks in sequence. Each sees a task's images once it is that task's turn, and scores all classes seen."""

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from whichtask.config.gbi.continual import ContinualSettings
from whichtask.gbi.abstraction import one_hot
from whichtask.gbi.continual.classifier import (
    Classifier,
    Named,
    distillation,
    ewc_penalty,
    fisher,
    masked_logits,
    width_for,
)
from whichtask.gbi.gated.network import GatedAutoencoder
from whichtask.gbi.inference import enumerate_losses, gradient_at
from whichtask.seeding import Key, seeded, torch_generator
from whichtask.training.finite import require_finite
from whichtask.training.optimizers import Adam

Scenario = Literal["task", "class"]
"""Whether the task is known at test (its classes compete) or not (all classes seen so far compete)."""
SCENARIOS: tuple[Scenario, ...] = ("task", "class")


class Data(NamedTuple):
    """Images as pixels and their classes, on the device."""

    images: Tensor
    """float [N, pixels], values of 0 to 1."""
    labels: Tensor
    """int64 [N]."""


class Learner:
    """What all learners share: one network, one Adam for each task, and batches that depend on the key only.

    Args:
        network: what is trained.
        data: all images.
        tasks: the classes of each task, in their order.
        settings: batches and epochs.
        learning_rate: of Adam.
        key: names the random draws.
    """

    def __init__(
        self,
        network: nn.Module,
        data: Data,
        tasks: list[list[int]],
        settings: ContinualSettings,
        learning_rate: float,
        key: tuple[Key, ...],
    ) -> None:
        self.network, self.data, self.tasks, self.settings = network, data, tasks, settings
        self.learning_rate, self.key, self.updates = learning_rate, key, 0

    def learn(self, task: int, rows: Tensor) -> None:
        """Learn one task from rows of the data, int64 [N]."""
        optimizer = Adam(self.network.parameters(), lr=self.learning_rate)
        for epoch in range(self.settings.epochs):
            generator = torch_generator(*self.key, "batches", task, epoch)
            order = torch.randperm(len(rows), generator=generator).to(rows.device)
            for batch in rows[order].split(self.settings.batch_size):
                optimizer.zero_grad(set_to_none=True)
                self.loss(task, batch, generator).backward()
                optimizer.step()
                self.updates += 1
            what = f"{type(self).__name__} on task {task}"
            require_finite(self.network.state_dict().values(), what, "its learning_rate", self.learning_rate)

    def loss(self, task: int, rows: Tensor, generator: torch.Generator) -> Tensor:
        """Return the loss of a batch of rows while a task is learned; draws come from a CPU generator."""
        raise NotImplementedError

    def scores(self, rows: Tensor) -> Tensor:
        """Return a score for every class, [N, classes], of rows of the data; only classes seen mean something."""
        raise NotImplementedError

    @property
    def parameters(self) -> int:
        """Number of trained parameters."""
        return sum(value.numel() for value in self.network.parameters())


class FineTuning(Learner):
    """A classifier that just goes on.

    Args:
        data: all images.
        tasks: the classes of each task, in their order.
        settings: batches and epochs.
        learning_rate: of Adam.
        key: names the random draws.
        parameters: its size, about.
        scenario: ``task``: the softmax runs over the classes of the task; ``class``: over all classes seen so far.
    """

    def __init__(
        self,
        data: Data,
        tasks: list[list[int]],
        settings: ContinualSettings,
        learning_rate: float,
        key: tuple[Key, ...],
        parameters: int,
        scenario: Scenario,
    ) -> None:
        classes = sum(map(len, tasks))
        inputs = data.images.shape[1]
        with seeded(*key, "weights"):
            self.classifier = Classifier(inputs, width_for(parameters, inputs, classes), classes)
        self.classifier.to(data.images.device)
        self.scenario: Scenario = scenario
        super().__init__(self.classifier, data, tasks, settings, learning_rate, key)

    def outputs(self, task: int) -> list[int]:
        """Return the classes over which the softmax runs while a task is learned."""
        if self.scenario == "task":
            return self.tasks[task]
        return [label for earlier in self.tasks[: task + 1] for label in earlier]

    def cross_entropy(self, task: int, rows: Tensor) -> Tensor:
        """Return the cross-entropy of rows that belong to a task."""
        outputs = self.outputs(task)
        logits = masked_logits(self.classifier(self.data.images[rows]), outputs)
        places = torch.full((sum(map(len, self.tasks)),), -1, device=rows.device)
        places[outputs] = torch.arange(len(outputs), device=rows.device)
        return nn.functional.cross_entropy(logits, places[self.data.labels[rows]])

    def loss(self, task: int, rows: Tensor, generator: torch.Generator) -> Tensor:
        """Return the cross-entropy of the task's own images."""
        return self.cross_entropy(task, rows)

    @torch.no_grad()
    def scores(self, rows: Tensor) -> Tensor:
        """Return the logits."""
        logits: Tensor = self.classifier(self.data.images[rows])
        return logits


class Joint(FineTuning):
    """A classifier that sees all tasks at once: what could be reached without forgetting."""

    def loss(self, task: int, rows: Tensor, generator: torch.Generator) -> Tensor:
        """Return the cross-entropy; where the task is known, over the classes of each image's own task."""
        if self.scenario == "class":
            return self.cross_entropy(task, rows)
        of_class = torch.zeros(sum(map(len, self.tasks)), dtype=torch.int64, device=rows.device)
        for number, classes in enumerate(self.tasks):
            of_class[classes] = number
        labels = self.data.labels[rows]
        other = of_class[labels][:, None] != of_class
        logits = self.classifier(self.data.images[rows]).masked_fill(other, -torch.inf)
        return nn.functional.cross_entropy(logits, labels)


class Ewc(FineTuning):
    """Elastic weight consolidation; ``weight`` is the lambda of the penalty."""

    weight = 0.0

    def learn(self, task: int, rows: Tensor) -> None:
        """Learn one task, then remember its weights and their Fisher information."""
        if task == 0:
            self.anchors: list[tuple[Named, Named]] = []
        super().learn(task, rows)
        draws = torch_generator(*self.key, "fisher", task)
        few = rows[torch.randperm(len(rows), generator=draws)[: self.settings.fisher_images].to(rows.device)]
        weights = {name: value.detach().clone() for name, value in self.classifier.named_parameters()}
        self.anchors.append((weights, fisher(self.classifier, self.data.images[few], self.outputs(task))))

    def loss(self, task: int, rows: Tensor, generator: torch.Generator) -> Tensor:
        """Return cross-entropy and penalty."""
        return self.cross_entropy(task, rows) + self.weight * ewc_penalty(self.classifier, self.anchors)


class Lwf(FineTuning):
    """Learning without forgetting; ``weight`` is that of the distillation."""

    weight = 0.0

    def learn(self, task: int, rows: Tensor) -> None:
        """Record what the network answers for the new task's images before it learns them, then learn."""
        self.recorded = torch.zeros(len(self.data.labels), 0)
        if task:
            self.recorded = torch.zeros(
                len(self.data.labels), sum(map(len, self.tasks)), device=self.data.images.device
            ).index_copy(0, rows, self.scores(rows))
        super().learn(task, rows)

    def loss(self, task: int, rows: Tensor, generator: torch.Generator) -> Tensor:
        """Return cross-entropy and distillation: of each earlier task's outputs, or of all earlier classes at once."""
        loss = self.cross_entropy(task, rows)
        if not task:
            return loss
        groups = self.tasks[:task] if self.scenario == "task" else [self.outputs(task - 1)]
        logits, old = self.classifier(self.data.images[rows]), self.recorded[rows]
        for group in groups:
            value = distillation(logits[:, group], old[:, group], self.settings.distillation_temperature)
            loss = loss + self.weight * value
        return loss


class Replay(FineTuning):
    """Keeps a few images of each class and learns them again beside the new ones."""

    def learn(self, task: int, rows: Tensor) -> None:
        """Learn one task, then store some of its images, equally many of each class."""
        if task == 0:
            self.stored: list[Tensor] = []
        super().learn(task, rows)
        kept = [rows[self.data.labels[rows] == label][: self.settings.memory] for label in self.tasks[task]]
        self.stored.append(torch.cat(kept))

    def loss(self, task: int, rows: Tensor, generator: torch.Generator) -> Tensor:
        """Return the mean over all tasks so far of the cross-entropy: new images, and as many stored ones in all."""
        loss = self.cross_entropy(task, rows)
        share = max(1, len(rows) // max(task, 1))
        for earlier, stored in enumerate(self.stored):
            drawn = stored[torch.randint(len(stored), (share,), generator=generator).to(stored.device)]
            seen = earlier if self.scenario == "task" else task
            loss = loss + self.cross_entropy(seen, drawn)
        return loss / (task + 1)


class Generative(Learner):
    """GBI: an autoencoder with the class as Z while it learns; the class is inferred from the loss afterwards.

    Args:
        data: all images.
        tasks: the classes of each task, in their order.
        settings: network, batches and epochs.
        learning_rate: of Adam.
        key: names the random draws.
        entry: how Z enters.
    """

    def __init__(
        self,
        data: Data,
        tasks: list[list[int]],
        settings: ContinualSettings,
        learning_rate: float,
        key: tuple[Key, ...],
        entry: Literal["bernoulli", "concatenated"] = "bernoulli",
    ) -> None:
        self.classes = sum(map(len, tasks))
        chosen = settings.network.model_copy(update={"entry": entry})
        with seeded(*key, "weights"):
            generator = torch_generator(*key, "entry")
            self.model = GatedAutoencoder(data.images.shape[1], self.classes, chosen, generator)
        self.model.to(data.images.device)
        super().__init__(self.model, data, tasks, settings, learning_rate, key)

    def loss(self, task: int, rows: Tensor, generator: torch.Generator) -> Tensor:
        """Return the reconstruction error with the class as Z."""
        z = one_hot(self.data.labels[rows], self.classes)
        return self.model.training_loss(self.data.images[rows], z, generator)

    def scores(self, rows: Tensor) -> Tensor:
        """Return minus the loss of every class given as Z."""
        loss = self.model.loss(self.data.images[rows])
        return -enumerate_losses(loss, len(rows), self.classes, self.data.images)

    def one_step_scores(self, rows: Tensor, among: Tensor) -> Tensor:
        """Return minus the gradient at the uniform Z over some classes, bool [N, classes]; other entries are 0.

        Gates of classes that were not seen yet are arbitrary, so they take no part in the maximum-entropy point.
        """
        start = among.float() / among.sum(dim=1, keepdim=True)
        return -gradient_at(self.model.loss(self.data.images[rows]), start)[1]
