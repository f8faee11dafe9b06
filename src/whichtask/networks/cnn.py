"""The small convolutional network of the laptop scale."""

from torch import Tensor, nn

from whichtask.networks.base import Network

STRIDE = 8  # three blocks that halve each side


class Cnn(Network):
    """Three convolutions of width w, 2w and 4w with stride 2, then one hidden layer.

    Fast enough for two CPU cores (training: 13,000 grey 28x28 images a second and thread at w = 16), and large enough
    to memorise 5,000 random labels in 25 epochs, without which agreement scores of random tasks mean nothing.
    """

    def __init__(
        self, image_shape: tuple[int, int, int], n_outputs: int, *, width: int = 16, hidden: int = 128
    ) -> None:
        """Draw a network from torch's global generator.

        Args:
            image_shape: (H, W, C); H and W at least ``STRIDE``.
            n_outputs: number of logits.
            width: channels w of the first block.
            hidden: ``feature_dim``, the size of the hidden layer.
        """
        super().__init__()
        height, image_width, channels = image_shape
        self.feature_dim = hidden
        # A stride-2 convolution with padding 1 rounds up, hence the negated floor divisions.
        cells = (-height // STRIDE) * (-image_width // STRIDE)
        self.body = nn.Sequential(
            _block(channels, width),
            _block(width, 2 * width),
            _block(2 * width, 4 * width),
            nn.Flatten(),
            nn.Linear(4 * width * cells, hidden),
            nn.ReLU(),
        )
        self.head = nn.Linear(hidden, n_outputs)

    def features(self, images: Tensor) -> Tensor:
        """Return the hidden layer after its ReLU, [B, D], of images [B, C, H, W]."""
        hidden: Tensor = self.body(images)
        return hidden


def _block(inputs: int, outputs: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel_size=3, stride=2, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())
