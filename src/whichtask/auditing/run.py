"""One audit, from labelled images to graded findings, in the time that there is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from whichtask.auditing.clock import Clock
from whichtask.auditing.copies import copy_groups, hold_out
from whichtask.auditing.cuts import Cut, Labelled, merged
from whichtask.auditing.grades import GRADES, Association, Grade, associate, grade_of
from whichtask.auditing.measured import families
from whichtask.auditing.reading import Given
from whichtask.auditing.sources import discovered, early, looks, property_cuts
from whichtask.auditing.stages import Arrays, Stages
from whichtask.auditing.stamps import stamp_cuts
from whichtask.auditing.trained import (
    MOST_TRAIN,
    UNKNOWN,
    Fitted,
    Split,
    Training,
    agreement,
    damage,
    occlusion,
    reliance,
    sides_of,
    split_by,
)
from whichtask.config import AgreementSettings, Config, DataSettings, DiscoveryJob, DiscoverySettings
from whichtask.errors import WhichtaskError
from whichtask.stats import Estimate, mean_interval
from whichtask.training import Division, ImageBank

MOST_FIT = 10_000  # images that measurements are decomposed on
MOST_CANDIDATES = 12
MOST_MEASURED = 5  # with networks of their own
EPOCHS, FEWEST_EPOCHS = 12, 3
TIMED, LEAST_JUDGED = 512, 16  # images on which the speed of training is measured
FITS_A_FINDING = 2.5  # times what the networks that learn the classes take
OUTER_STEPS = 60
OCCLUDED = 48  # images
SHARES = {"candidates": 0.4, "discovered": 0.2, "ordinary": 0.15, "report": 0.06}
"""Of the time that is left after reading: when no further candidates are looked for, and how long the search without
labels may take; of what is left then: the networks that learn the classes; of all: what is kept for the report."""
DISCOVERED, EARLY = "discovered tasks", "early network"


class Finding(NamedTuple):
    """A cut and what was measured of it."""

    cut: Cut
    grade: Grade
    association: Association
    reliance: Estimate
    sides: npt.NDArray[np.int64]
    """[C], see ``trained.sides_of``."""
    agreement: Estimate = UNKNOWN
    matched: Estimate = UNKNOWN
    """Test accuracy on the class-matched random split."""
    adversarial: Estimate = UNKNOWN
    """Test accuracy on the adversarial split."""
    damage: Estimate = UNKNOWN
    occlusion: npt.NDArray[np.float64] | None = None
    split: Split | None = None


@dataclass
class Audit:
    """A finished audit."""

    given: Given
    findings: list[Finding] = field(default_factory=list)
    """By falling evidence; those of the grade none too."""
    accuracy: Estimate = UNKNOWN
    """Of networks that learned the classes, on the held-out images."""
    held_out: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    copies: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """[N], see ``copy_groups``."""
    exact_copies: int = 0
    near_copies: int = 0
    left_out: list[str] = field(default_factory=list)
    """What there was no time for."""
    sources: list[str] = field(default_factory=list)
    seconds: float = 0.0


def run_audit(
    given: Given,
    *,
    network: str = "cnn",
    minutes: float = 10.0,
    seed: int = 0,
    state: Path | None = None,
    digest: str = "",
    spent: float = 0.0,
    quiet: bool = False,
    probe: npt.NDArray[np.uint8] | None = None,
) -> Audit:
    """Audit labelled images.

    Args:
        given: the images.
        network: which to train: a key of the laptop's networks.
        minutes: what it may take; with less time less is done, and ``left_out`` says what.
        seed: of every draw.
        state: a folder in which a killed run keeps what it needs to go on.
        digest: of the input, for that state.
        spent: seconds that reading the images took, which count.
        quiet: say nothing of progress.
        probe: further images [P, H, W, C] without labels that the candidates are only applied to, for benchmarks.

    Returns:
        The audit; the cuts label the images and then the probe.

    Raises:
        WhichtaskError: no time, or no such network.
    """
    if not minutes > 0:
        raise WhichtaskError(f"minutes = {minutes:g}: an audit needs more than 0")
    networks = Config().networks
    if network not in networks:
        raise WhichtaskError(f"unknown network {network!r}; allowed: {', '.join(networks)}")
    clock = Clock(60 * minutes, quiet=quiet)
    clock.go_on(spent)
    what = {"verb": "audit", "network": network, "minutes": minutes, "seed": seed, "input": digest}
    work = _Work(given, network, seed, clock, Stages(clock, state, what), probe)
    return work.run()


class _Work:
    """An audit in progress."""

    def __init__(
        self, given: Given, network: str, seed: int, clock: Clock, stages: Stages, probe: npt.NDArray[np.uint8] | None
    ):
        self.given, self.seed, self.clock, self.stages = given, seed, clock, stages
        self.audit = Audit(given)
        self.images = given.images if probe is None else np.concatenate([given.images, probe])
        extra = len(self.images) - len(given.labels)
        self.labels = np.concatenate([given.labels, np.zeros(extra, np.int64)])  # those of the probe are never used
        height, width, channels = given.images.shape[1:]
        self.spec = Config().networks[network].fitted((height, width, channels))
        self.spec.check_image((height, width, channels))
        self.began = clock.elapsed

    def run(self) -> Audit:
        audit, clock = self.audit, self.clock
        clock.say("look for copies")
        audit.copies, audit.exact_copies, audit.near_copies = copy_groups(self.given.images)
        self.train, audit.held_out = hold_out(self.given.labels, audit.copies, self.seed)
        self.bank = _bank(self.images, self.train)
        cuts = self._candidates()
        ordinary = self._ordinary()
        audit.accuracy = mean_interval(ordinary.right(self.labels).mean(1).tolist())
        findings = [self._cheap(cut, ordinary) for cut in merged(cuts, MOST_CANDIDATES)]
        audit.findings = self._measured(findings)
        self.stages.clear()
        audit.seconds = clock.elapsed
        return audit

    def _fit(self) -> npt.NDArray[np.int64]:
        generator = np.random.default_rng(self.seed)
        return np.sort(generator.permutation(self.train)[:MOST_FIT])

    def _candidates(self) -> list[Cut]:
        """Search every family of measurements, as long as there is time."""
        fit = self._fit()
        cuts = property_cuts(self.given.properties, self.given.labels, fit)
        makers: dict[str, Callable[[], list[Cut]]] = {
            "stamps": lambda: stamp_cuts(self.images, self.labels, fit),
            "low-level measurements": lambda: self._searched(self._families(), fit),
            "simple features and components": lambda: self._searched(looks(self.images, fit), fit),
            EARLY: lambda: self._searched({EARLY: early(self.bank, self.labels, fit, self.spec)}, fit),
            DISCOVERED: lambda: self._searched({DISCOVERED: self._discovered()}, fit),
        }
        for number, (name, make) in enumerate(makers.items()):
            late = self.clock.elapsed - self.began > SHARES["candidates"] * (self.clock.seconds - self.began)
            if number and late:
                self.audit.left_out.append(f"candidates from {name}")
                continue
            self.clock.say(f"candidates: {name}")
            key = name.replace(" ", "_").replace(",", "")
            found = _from_arrays(self.stages.once(key, partial(_made, make)))
            self.audit.sources.append(name)
            cuts += found
        return cuts

    def _families(self) -> dict[str, Any]:
        found = families(self.images)
        found["all measurements"] = np.concatenate([part for name, part in found.items() if name != "pixels"], axis=1)
        return found

    def _searched(self, measured: dict[str, Any], fit: npt.NDArray[np.int64]) -> list[Cut]:
        return [cut for name, part in measured.items() for cut in Labelled(part, self.labels, fit).search(name)]

    def _discovered(self) -> npt.NDArray[np.floating[Any]]:
        part = len(self.train) // 4
        batch = max(2, min(128, part))
        settings = DiscoverySettings(inner_batch_size=batch, agreement_batch_size=batch, outer_steps=OUTER_STEPS)
        job = DiscoveryJob(
            seed=self.seed, data=DataSettings(), encoder=self.spec, network=self.spec, discovery=settings
        )
        order = np.random.default_rng(self.seed + 1).permutation(self.train)[: 2 * MOST_FIT]
        division = Division(order[part:], self.audit.held_out, order[:part])
        until = self.clock.elapsed + SHARES["discovered"] * (self.clock.seconds - self.began)
        found, steps = discovered(self.bank, division, job, self.clock, until)
        if steps < OUTER_STEPS:
            self.audit.left_out.append(f"{OUTER_STEPS - steps} of {OUTER_STEPS} steps of the search for tasks")
        return found

    def _ordinary(self) -> Fitted:
        """Train the networks that learn the classes on the training part, and judge them on the held-out part."""
        self.clock.say("networks that learn the classes")
        self.training = Training(self.bank, self.spec, AgreementSettings(epochs=self._epochs()), self.seed)

        def make() -> Arrays:
            started = self.clock.elapsed
            fitted = self.training.fit(self.train, self.audit.held_out, self.labels, "ordinary")
            seconds = np.array([self.clock.elapsed - started])
            return {"judged": fitted.judged, "predictions": fitted.predictions, "seconds": seconds}

        arrays = self.stages.once("ordinary", make)
        self.seconds_a_fit = float(arrays["seconds"][0])
        return Fitted([], arrays["judged"], arrays["predictions"])

    def _epochs(self) -> int:
        """Return how many epochs the time allows, from what one epoch of a few images takes."""
        few = self.train[:TIMED]
        started = self.clock.elapsed
        training = Training(self.bank, self.spec, AgreementSettings(epochs=1), self.seed)
        training.fit(few, self.audit.held_out[:LEAST_JUDGED], self.labels, "timed")
        epoch = (self.clock.elapsed - started) / len(few) * min(len(self.train), MOST_TRAIN)
        epochs = int(np.clip(SHARES["ordinary"] * self.clock.left / max(epoch, 1e-9), FEWEST_EPOCHS, EPOCHS))
        if epochs < EPOCHS:
            self.audit.left_out.append(f"{EPOCHS - epochs} of {EPOCHS} epochs of every network")
        return epochs

    def _cheap(self, cut: Cut, ordinary: Fitted) -> Finding:
        own, labels = cut.labels[: len(self.given.labels)], self.given.labels
        sides = sides_of(own, labels, self.train)
        association = associate(own[self.train], labels[self.train], self.seed)
        relied = reliance(ordinary, own, labels, sides)
        grade = grade_of(cut.evidence, association, relied)
        split = None if grade == "none" else split_by(own, labels, sides, self.seed)
        return Finding(cut, grade, association, relied, sides, split=split)

    def _measured(self, findings: list[Finding]) -> list[Finding]:
        """Train networks on the findings, those of the worst grade first, as many as the time allows."""
        graded = [k for k, one in enumerate(findings) if one.grade != "none"]
        wanted = sorted(graded, key=lambda k: GRADES.index(findings[k].grade))[:MOST_MEASURED]
        reserve, measured = SHARES["report"] * self.clock.seconds, list(findings)
        cost = FITS_A_FINDING * self.seconds_a_fit
        for number, k in enumerate(wanted):
            if self.clock.left - reserve < cost:
                self.audit.left_out.append(f"agreement and damage of {findings[k].cut.source}")
                continue
            self.clock.say(f"networks on finding {number + 1} of {len(wanted)}")
            started = self.clock.elapsed
            measured[k] = self._with_networks(findings[k], k)
            cost = max(cost, self.clock.elapsed - started)
        return measured

    def _with_networks(self, one: Finding, k: int) -> Finding:
        split = one.split

        def make() -> Arrays:
            fitted = self.training.fit(self.train, self.audit.held_out, one.cut.labels.astype(np.int64), "cut", k)
            shown = np.random.default_rng(self.seed).permutation(self.audit.held_out)[:OCCLUDED]
            falls = damage(self.training, split, self.given.labels, f"{k}") if split else (UNKNOWN,) * 3
            return {
                "estimates": np.array([agreement(fitted), *falls], dtype=np.float64),
                "occlusion": occlusion(fitted.networks[:2], self.bank, shown),
            }

        arrays = self.stages.once(f"finding_{k}", make)
        estimates = [Estimate(a, b, c, int(n)) for a, b, c, n in arrays["estimates"].tolist()]
        return one._replace(
            agreement=estimates[0],
            matched=estimates[1],
            adversarial=estimates[2],
            damage=estimates[3],
            occlusion=arrays["occlusion"],
        )


def _bank(images: npt.NDArray[np.uint8], train: npt.NDArray[np.int64]) -> ImageBank:
    """Put images on the CPU, normalised by the training part."""
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    levels = images[np.random.default_rng(0).permutation(train)[:MOST_FIT]].astype(np.float32)
    mean, std = (torch.from_numpy(part).reshape(-1, 1, 1) for part in (levels.mean((0, 1, 2)), levels.std((0, 1, 2))))
    return ImageBank(pixels, mean, std.clamp(min=1.0))


def _made(make: Callable[[], list[Cut]]) -> Arrays:
    """Make cuts, and turn them into arrays that a stage can keep; the sources' names as numbers of letters."""
    arrays: Arrays = {}
    for k, cut in enumerate(make()):
        name = f"{k:03d}"
        arrays[f"{name}/labels"], arrays[f"{name}/sureness"] = cut.labels, cut.sureness
        arrays[f"{name}/evidence"] = np.array([cut.evidence])
        arrays[f"{name}/source"] = np.frombuffer(cut.source.encode(), np.uint8).copy()
    return arrays


def _from_arrays(arrays: Arrays) -> list[Cut]:
    return [
        Cut(
            arrays[f"{name}/source"].tobytes().decode(),
            arrays[f"{name}/labels"].astype(bool),
            arrays[f"{name}/sureness"],
            float(arrays[f"{name}/evidence"][0]),
        )
        for name in sorted({key.split("/")[0] for key in arrays})
    ]
