"""Train an autoencoder with Z of each source, infer Z of test images, and measure what it is good for."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from whichtask.bridge.abstraction import Abstraction, abstractions, balanced_accuracy
from whichtask.bridge.inference import infer
from whichtask.bridge.measures import Inferred, posterior_error, readouts, recompositions, reliance
from whichtask.config import BridgeJob
from whichtask.config.gbi import AutoencoderSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.gbi.abstraction import combinations
from whichtask.gbi.autoencoder import Autoencoder, reconstruction_loss
from whichtask.gbi.fit import fit
from whichtask.gbi.inference import enumerate_losses, predict
from whichtask.seeding import numpy_generator, seeded, torch_generator
from whichtask.tasks import TaskSet
from whichtask.training.live import LiveState

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Images:
    """Rows of the training, validation and test images of one repeat; the pixels of all."""

    pixels: Tensor
    """uint8 [N, C, H, W]."""
    shape: tuple[int, int, int]
    train: Tensor
    validation: Tensor
    test: Tensor

    @classmethod
    def of(cls, data: ImageSet, job: BridgeJob, device: torch.device) -> "Images":
        """Draw them.

        Raises:
            WhichtaskError: there are too few.
        """
        settings = job.bridge
        wanted = settings.train_images + settings.validation_images
        if data.n_train < wanted or data.n_test < settings.test_images:
            raise WhichtaskError(
                f"{data.name} has {data.n_train} training and {data.n_test} test images; bridge.train_images and "
                f"bridge.validation_images ask for {wanted}, bridge.test_images for {settings.test_images}"
            )
        order = numpy_generator("bridge", job.seed, job.repeat, "division").permutation(data.n_train)[:wanted]
        tested = numpy_generator("bridge", job.seed, job.repeat, "test").permutation(data.n_test)
        rows = [order[settings.validation_images :], order[: settings.validation_images]]
        rows.append(tested[: settings.test_images] + data.n_train)
        pixels = torch.from_numpy(data.images).to(device).permute(0, 3, 1, 2)
        return cls(pixels, data.shape, *(torch.from_numpy(part).to(device) for part in rows))

    def at(self, rows: Tensor) -> Tensor:
        """Return images [B, C, H, W] with values of 0 to 1."""
        return self.pixels[rows].float() / 255


def study(
    data: ImageSet, tasks: TaskSet, job: BridgeJob, device: torch.device, live: LiveState
) -> dict[str, pd.DataFrame]:
    """Give GBI the bits of each source as its abstractions, and infer them on test images by gradients.

    Args:
        data: the images.
        tasks: bits of all sources, as ``whichtask bridge bits`` wrote them.
        job: settings.
        device: where networks are.
        live: state of the job; every network is kept.

    Returns:
        ``bits``: accuracy of each inferred bit, by source, width of the code and way of inference, with its majority
        rate; ``networks``: a row for each source and width: the entry of Z that validation images chose, the
        reconstruction error with Z given and permuted, the divergence of one step from the exact posterior;
        ``readout``: accuracy of the class from Z; ``compositions``: accuracy of labellings composed of the bits.

    Raises:
        WhichtaskError: too few images, or tasks of other images.
    """
    tasks.require_images(data)
    images = Images.of(data, job, device)
    classes = torch.from_numpy(data.labels).long().to(device)
    tables: dict[str, Rows] = {name: [] for name in ("bits", "networks", "readout", "compositions")}
    for abstraction in abstractions(data, tasks, device):
        about = {"repeat": job.repeat, "data": data.name, "source": abstraction.source}
        for name, rows in _of_source(abstraction, images, classes, job, live).items():
            tables[name] += [about | row for row in rows]
    return {name: pd.DataFrame(rows) for name, rows in tables.items()}


def _of_source(
    abstraction: Abstraction, images: Images, classes: Tensor, job: BridgeJob, live: LiveState
) -> dict[str, Rows]:
    """Measure everything with Z of one source."""
    settings, parts = job.bridge, abstraction.parts
    choices = {}
    for entry in settings.entries:
        model = _train(abstraction, images, settings.code, entry, job, live)
        scores = infer(model, images.at(images.validation), parts)
        choices[entry] = _mean_accuracy(scores, abstraction, images.validation), model, scores
    chosen = max(choices, key=lambda entry: choices[entry][0])
    _, model, seen = choices[chosen]
    facts = {"code": settings.code, "entry": chosen, "images_test": len(images.test)}
    shown = infer(model, images.at(images.test), parts)
    one_step = Inferred(seen, shown)
    found = {
        "bits": _bits(shown, abstraction, images.test, facts | {"method": "one-step"}),
        "networks": [
            facts
            | {f"validation_{entry}": choices[entry][0] for entry in settings.entries}
            | reliance(model, images.at(images.test), abstraction.z(images.test), _generator(job, abstraction))
        ],
    }
    few = images.validation[: settings.iterated_images], images.test[: settings.iterated_images]
    iterated = Inferred(*(infer(model, images.at(rows), parts, settings.inference) for rows in few))
    about = facts | {"method": "iterative", "images_test": len(few[1])}
    found["bits"] += _bits(iterated.shown, abstraction, few[1], about)
    tried = images.test[: settings.enumerated_images]
    whole = images.at(tried)
    losses = enumerate_losses(reconstruction_loss(model, whole), len(tried), parts, like=whole)
    best = combinations(parts, tried.device)[losses.argmin(dim=1)]
    about = facts | {"method": "enumerated", "images_test": len(tried)}
    found["bits"] += _bits_right(best, abstraction, tried, about)
    truth = abstraction.labels[images.validation]
    found["networks"][0] |= posterior_error(one_step, truth, losses, parts)
    codes = [model.encode(images.at(rows)) for rows in (images.validation, images.test)]
    labels = [classes[rows] for rows in (images.validation, images.test)]
    given = Inferred(abstraction.z(images.validation), abstraction.z(images.test))
    ways = {"one-step": one_step, "given": given, "code": Inferred(*codes)}
    found["readout"] = [facts | row for row in readouts(ways, labels[0], labels[1], parts)]
    found["readout"] += [
        facts | row
        for row in readouts({"iterative": iterated}, labels[0][: len(few[0])], labels[1][: len(few[1])], parts)
    ]
    found["compositions"] = []
    if len(parts) > 1:
        seen_bits, shown_bits = (abstraction.labels[rows] for rows in few)
        ways = {"iterative": iterated, "one-step": Inferred(seen[: len(few[0])], shown[: len(few[1])])}
        draws = numpy_generator("bridge", job.seed, job.repeat, "compositions")
        rows = recompositions(ways, seen_bits, shown_bits, settings.compositions, draws)
        found["compositions"] = [facts | {"images_test": len(few[1])} | row for row in rows]
    for code in settings.other_codes:
        model = _train(abstraction, images, code, chosen, job, live)
        facts = facts | {"code": code}
        scores = infer(model, images.at(images.test), parts)
        found["bits"] += _bits(scores, abstraction, images.test, facts | {"method": "one-step"})
        row = reliance(model, images.at(images.test), abstraction.z(images.test), _generator(job, abstraction))
        found["networks"].append(facts | row)
    return found


def _generator(job: BridgeJob, abstraction: Abstraction) -> torch.Generator:
    return torch_generator("bridge", job.seed, job.repeat, abstraction.source, "permutation")


def _train(
    abstraction: Abstraction, images: Images, code: int, entry: Any, job: BridgeJob, live: LiveState
) -> Autoencoder:
    """Train one autoencoder; batches are the same for all sources, widths and entries."""
    settings, key = job.bridge, ("bridge", job.seed, job.repeat)
    name = f"{abstraction.source}-{code}-{entry}"
    chosen = AutoencoderSettings(channels=settings.channels, code=code, hidden=settings.hidden, entry=entry)
    with seeded(*key, name, "weights"):
        generator = torch_generator(*key, name, "entry")
        model = Autoencoder(images.shape, sum(abstraction.parts), chosen, generator).to(images.pixels.device)

    def batch_loss(batch: Tensor, _: torch.Generator) -> Tensor:
        return model.training_loss(images.at(batch), abstraction.z(batch))

    fit(model, batch_loss, images.train, settings.fit, key, live, name)
    return model.requires_grad_(False)


def _mean_accuracy(scores: Tensor, abstraction: Abstraction, rows: Tensor) -> float:
    found = _bits(scores, abstraction, rows, {})
    return float(sum(row["balanced"] for row in found) / len(found))


def _bits(scores: Tensor, abstraction: Abstraction, rows: Tensor, about: dict[str, Any]) -> Rows:
    """Return the accuracy of each part of Z by scores or Z [B, sum of parts]."""
    return _bits_right(predict(scores, abstraction.parts).reshape(len(rows), -1), abstraction, rows, about)


def _bits_right(predicted: Tensor, abstraction: Abstraction, rows: Tensor, about: dict[str, Any]) -> Rows:
    truth = abstraction.labels[rows]
    columns = zip(abstraction.names, abstraction.parts, predicted.unbind(dim=1), truth.unbind(dim=1), strict=True)
    return [
        about | {"bit": name, "chance": 1 / size} | balanced_accuracy(own, true)._asdict()
        for name, size, own, true in columns
    ]
