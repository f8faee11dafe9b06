"""The authors' fully connected network (``models/fcnet.py``)."""

from torch import Tensor, nn

from whichtask.networks.base import Network, scaled

HIDDEN = (1024, 512, 256, 64)


class Mlp(Network):
    """Pixels-1024-512-256-64-outputs; 3.82 M parameters on 3x32x32 images.

    The first three hidden layers are linear, ReLU, batch norm (in this order); the fourth has no batch norm, as in
    the authors' code. ``feature_dim`` is 64 x width.
    """

    def __init__(self, image_shape: tuple[int, int, int], n_outputs: int, *, width: float = 1.0) -> None:
        """Draw a network from torch's global generator.

        Args:
            image_shape: (H, W, C).
            n_outputs: number of logits.
            width: factor on the four hidden sizes.
        """
        super().__init__()
        height, image_width, channels = image_shape
        first, second, third, self.feature_dim = (scaled(size, width) for size in HIDDEN)
        self.body = nn.Sequential(
            nn.Flatten(),
            *(nn.Linear(height * image_width * channels, first), nn.ReLU(), nn.BatchNorm1d(first)),
            *(nn.Linear(first, second), nn.ReLU(), nn.BatchNorm1d(second)),
            *(nn.Linear(second, third), nn.ReLU(), nn.BatchNorm1d(third)),
            *(nn.Linear(third, self.feature_dim), nn.ReLU()),
        )
        self.head = nn.Linear(self.feature_dim, n_outputs)

    def features(self, images: Tensor) -> Tensor:
        """Return the last hidden layer after its ReLU, [B, D], of images [B, C, H, W]."""
        hidden: Tensor = self.body(images)
        return hidden
