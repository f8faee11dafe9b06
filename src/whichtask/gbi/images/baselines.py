"""What GBI is compared with on MNIST: pure generative models, and other uses of a gradient."""

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from whichtask.gbi.abstraction import maximum_entropy, one_hot
from whichtask.gbi.autoencoder import Autoencoder, squared_error
from whichtask.gbi.inference import gradient_at

NORM_CHUNK = 100
"""Images whose gradients with respect to all weights are held at once."""


def class_means(images: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Return the mean image of each class, [classes, C, H, W]; zeros for a class without images."""
    total = images.new_zeros(classes, *images.shape[1:]).index_add(0, labels, images)
    count = images.new_zeros(classes).index_add(0, labels, torch.ones_like(labels, dtype=images.dtype))
    return total / count.clamp(min=1).reshape(-1, 1, 1, 1)


def mean_distances(images: Tensor, means: Tensor) -> Tensor:
    """Return the squared distance of each image to each class mean, [B, classes].

    A decoder of Z alone can at best output the mean image of the class, so the pure generative model with least
    error is the nearest class mean.
    """
    distances: Tensor = (images[:, None] - means[None]).square().flatten(2).sum(dim=2)
    return distances


def entropy_gradient(model: Autoencoder, images: Tensor) -> Tensor:
    """Return the gradient [B, K], at uniform Z, of the output's entropy: EBI (Wortsman et al. 2020).

    The output pixels are taken as Bernoulli means and their entropies added up; the task whose weight lowers the
    entropy fastest is inferred, ``argmax(-g)``. The image enters through its code only.
    """
    with torch.no_grad():
        code = model.encode(images)

    def uncertainty(z: Tensor) -> Tensor:
        pixels = model.decode(code, z).clamp(1e-6, 1 - 1e-6)
        bits: Tensor = torch.special.entr(pixels) + torch.special.entr(1 - pixels)
        return bits.flatten(1).sum(dim=1)

    start = maximum_entropy(len(images), model.tasks, dtype=images.dtype, device=images.device)
    return gradient_at(uncertainty, start)[1]


def input_norms(model: Autoencoder, images: Tensor) -> Tensor:
    """Return the norm of the loss's gradient with respect to Z at each one-hot, [B, K]; the least norm wins."""
    with torch.no_grad():
        code = model.encode(images)
    columns = []
    for label in range(model.tasks):
        z = one_hot(torch.full((len(images),), label, device=images.device), model.tasks, images.dtype)
        _, gradient = gradient_at(lambda point: squared_error(model.decode(code, point), images), z)
        columns.append(gradient.norm(dim=1))
    return torch.stack(columns, dim=1)


def weight_norms(model: Autoencoder, images: Tensor) -> Tensor:
    """Return the norm of the loss's gradient with respect to the decoder's weights at each one-hot, [B, K]: NBI.

    The task that asks for the least change of the weights is inferred (Roy et al. 2023, as we read it).
    """
    decoder = _Decoder(model)
    # The encoder's weights are left out: its gradient says how the image should be coded, not which task it is.
    weights = {k: v.detach() for k, v in decoder.named_parameters() if not k.startswith("model.encoder.")}

    def loss(changed: dict[str, Tensor], code: Tensor, z: Tensor, image: Tensor) -> Tensor:
        error: Tensor = squared_error(functional_call(decoder, changed, (code[None], z[None])), image[None])[0]
        return error

    def squared_norm(code: Tensor, z: Tensor, image: Tensor) -> Tensor:
        gradients = grad(loss)(weights, code, z, image)
        return torch.stack([part.square().sum() for part in gradients.values()]).sum()

    rows = []
    for chunk in images.split(NORM_CHUNK):
        with torch.no_grad():
            code = model.encode(chunk)
        columns = []
        for label in range(model.tasks):
            z = one_hot(torch.full((len(chunk),), label, device=chunk.device), model.tasks, chunk.dtype)
            columns.append(vmap(squared_norm)(code, z, chunk).sqrt())
        rows.append(torch.stack(columns, dim=1))
    return torch.cat(rows)


class _Decoder(nn.Module):
    """The decoder as a module of its own, which ``functional_call`` needs."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, code: Tensor, z: Tensor) -> Tensor:
        return self.model.decode(code, z)
