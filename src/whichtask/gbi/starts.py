"""One step from other points than maximum entropy: how far the answer depends on where the gradient is taken."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from whichtask.gbi.abstraction import maximum_entropy, one_hot
from whichtask.gbi.inference import entropy, one_step, predict
from whichtask.gbi.scores import auroc, calibration_error, confidence, fit_tau
from whichtask.seeding import Key, torch_generator

DRAWS = 3
"""Draws of each random start; every example has its own point."""
MAXIMUM_ENTROPY = "maximum entropy"


class Part(NamedTuple):
    """Examples, and the gradient of their loss."""

    gradient: Callable[[Tensor], Tensor]
    """From Z [N, K] to the gradient there, [N, K]."""
    labels: Tensor
    """int64 [N], their tasks; of foreign examples anything, as only their number counts."""


def starting_points(count: int, mean: Tensor, *key: Key) -> dict[str, list[Tensor]]:
    """Return the points of the simplex from which one step is taken, by name, one [count, K] for each draw.

    Args:
        count: number of examples.
        mean: [K], the mean of posteriors.
        key: names the draws.
    """
    tasks = len(mean)
    uniform = maximum_entropy(count, tasks)
    corners, points = [], []
    for draw in range(DRAWS):
        generator = torch_generator("gbi starts", *key, draw)
        corners.append(one_hot(torch.randint(tasks, (count,), generator=generator), tasks))
        exponential = torch.empty(count, tasks).exponential_(generator=generator)
        points.append(exponential / exponential.sum(dim=1, keepdim=True))  # Dirichlet(1): uniform on the simplex
    return {
        MAXIMUM_ENTROPY: [uniform],
        "mean posterior": [mean.to(uniform).expand(count, -1)],
        "random point": points,
        "halfway to a one-hot": [(uniform + corner) / 2 for corner in corners],
        "one-hot": corners,
    }


def compare_starts(
    validation: Part, test: Part, tasks: int, key: tuple[Key, ...], outside: Part | None = None
) -> list[dict[str, Any]]:
    """Judge one-step posteriors from every start.

    From any point z0 the step goes to the maximum of the bound that is linear in the loss there, ``softmax(-g / tau)``
    with ``g`` the gradient at z0: the weight of z0 itself is not kept, which would only make a wrong start worse.

    Args:
        validation: examples on which tau is fitted, for each start anew and all its draws at once.
        test: examples that are judged.
        tasks: K.
        key: names the draws.
        outside: foreign examples, which confidence should tell apart.

    Returns:
        A row for each start and draw: ``start``, ``draw``, ``start_entropy`` (share of ln K), ``tau``, ``accuracy``,
        ``validation_accuracy``, ``same_answer`` (share of examples with the answer from maximum entropy),
        ``confidence`` (mean largest entry), ``calibration_error`` and, with foreign examples, ``auroc``.
    """
    gradient = validation.gradient(maximum_entropy(len(validation.labels), tasks).to(validation.labels.device))
    mean = one_step(gradient.double(), fit_tau(gradient, validation.labels)).mean(dim=0)
    sides = {"validation": validation, "test": test} | ({"outside": outside} if outside else {})
    points = {name: starting_points(len(part.labels), mean.cpu(), *key, name) for name, part in sides.items()}
    rows: list[dict[str, Any]] = []
    reference: Tensor | None = None
    for start, drawn in points["test"].items():
        found = {
            name: [part.gradient(z.to(part.labels.device)) for z in points[name][start]] for name, part in sides.items()
        }
        tau = fit_tau(torch.cat(found["validation"]), validation.labels.repeat(len(drawn)))
        for draw, z in enumerate(drawn):
            here = {name: gradients[draw].double() for name, gradients in found.items()}
            answers = predict(-here["test"])
            reference = answers if reference is None else reference
            rows.append(
                {"start": start, "draw": draw, "tau": tau}
                | {"start_entropy": float(entropy(z.double()).mean() / torch.tensor(tasks).double().log())}
                | {"same_answer": _share(answers == reference)}
                | {"validation_accuracy": _share(predict(-here["validation"]) == validation.labels)}
                | _judged(here, tau, test.labels)
            )
    return rows


def _judged(gradients: Mapping[str, Tensor], tau: float, labels: Tensor) -> dict[str, float]:
    posterior = one_step(gradients["test"], tau)
    found = {
        # The answers are those of the gradients: at a low tau rounding makes entries of the posterior equal.
        "accuracy": _share(predict(-gradients["test"]) == labels),
        "confidence": float(confidence(posterior).mean()),
        "calibration_error": calibration_error(posterior, labels),
    }
    if "outside" in gradients:
        sides = (confidence(side).cpu().numpy() for side in (posterior, one_step(gradients["outside"], tau)))
        found["auroc"] = auroc(*sides)
    return found


def _share(right: Tensor) -> float:
    return float(right.double().mean())
