"""The classifier of the other learners, and the losses that keep it from forgetting.

Formulas: elastic weight consolidation after Kirkpatrick et al. 2017 (PNAS 114, Eq. 3, one quadratic term for each
earlier task), learning without forgetting after Li and Hoiem 2016 (ECCV, Eqs. 1 to 3).
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

Named = Mapping[str, Tensor]


class Classifier(nn.Module):
    """Two hidden layers; build it inside ``seeding.seeded`` so that its weights are reproducible.

    Args:
        inputs: pixels of an image.
        width: of both hidden layers.
        classes: outputs, of all tasks.
    """

    def __init__(self, inputs: int, width: int, classes: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(inputs, width), nn.Linear(width, width), nn.Linear(width, classes)])

    def trace(self, images: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return what goes into and what comes out of each linear layer."""
        inputs: list[Tensor] = []
        outputs: list[Tensor] = []
        values = images
        for layer in self.layers:
            inputs.append(values)
            outputs.append(layer(values))
            values = outputs[-1].relu()
        return inputs, outputs

    def forward(self, images: Tensor) -> Tensor:
        """Return logits [B, classes] of images [B, inputs]."""
        return self.trace(images)[1][-1]


def width_for(parameters: int, inputs: int, classes: int) -> int:
    """Return the width whose classifier has about as many parameters as asked for, at least 1."""
    linear = inputs + classes + 2
    root = (-linear + math.sqrt(linear**2 + 4 * max(parameters - classes, 0))) / 2
    return max(1, round(root))


def masked_logits(logits: Tensor, classes: Sequence[int]) -> Tensor:
    """Return logits of these classes only, [B, len(classes)]."""
    return logits[:, list(classes)]


def fisher(model: Classifier, images: Tensor, classes: Sequence[int]) -> dict[str, Tensor]:
    """Return the diagonal of the Fisher information, averaged over images, of the softmax over these classes.

    ``F_i = mean over x of sum over y of p(y|x) (d log p(y|x) / d theta_i)^2``: the expectation over the model's own
    labels is exact, not sampled. In a linear layer the gradient of one image is the outer product of what comes out
    (its derivative) and what goes in, so the sum of its squares is a product of squared matrices.

    Args:
        model: the classifier.
        images: [N, inputs].
        classes: outputs among which the task chooses.

    Returns:
        By parameter name, in the shape of the parameter.
    """
    inputs, outputs = model.trace(images)
    log_p = masked_logits(outputs[-1], classes).log_softmax(dim=1)
    found = {name: torch.zeros_like(value) for name, value in model.named_parameters()}
    for place in range(len(classes)):
        # Images do not influence each other: the gradient of the sum holds each image's own.
        derivatives = torch.autograd.grad(log_p[:, place].sum(), outputs, retain_graph=True)
        weight = log_p[:, place].detach().exp()[:, None] / len(images)
        for layer, (entering, derivative) in enumerate(zip(inputs, derivatives, strict=True)):
            squared = weight * derivative.square()
            found[f"layers.{layer}.weight"] += squared.T @ entering.detach().square()
            found[f"layers.{layer}.bias"] += squared.sum(dim=0)
    return found


def ewc_penalty(model: nn.Module, anchors: Sequence[tuple[Named, Named]]) -> Tensor:
    """Return half the sum over earlier tasks of Fisher information times squared distance from that task's weights.

    Args:
        model: the classifier.
        anchors: for each earlier task the weights after it and the Fisher information, by parameter name.
    """
    total = next(model.parameters()).new_zeros(())
    for weights, information in anchors:
        for name, value in model.named_parameters():
            total = total + (information[name] * (value - weights[name]).square()).sum() / 2
    return total


def distillation(logits: Tensor, old: Tensor, temperature: float) -> Tensor:
    """Return the mean cross-entropy of softened outputs from the softened outputs of the old network.

    Both are divided by the temperature, and the loss is multiplied by its square, which keeps the size of its gradient
    (Hinton et al. 2015).

    Args:
        logits: [B, classes] of the network that learns.
        old: [B, classes] of the network before the task.
        temperature: positive.
    """
    target = (old / temperature).softmax(dim=1)
    return -(target * (logits / temperature).log_softmax(dim=1)).sum(dim=1).mean() * temperature**2
