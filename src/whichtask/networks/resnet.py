"""ResNet-18 in its CIFAR form: 3x3 stem, no max-pooling, global mean pooling (``models/resnet.py``)."""

from torch import Tensor, nn
from torch.nn import functional as F

from whichtask.networks.base import Network, scaled

STRIDE = 8  # stages two to four halve each side


class ResNet18(Network):
    """Four stages of two basic blocks with 64, 128, 256 and 512 channels, times ``width``; 11.17 M parameters.

    Global mean pooling admits images of any size from ``STRIDE`` pixels a side. Layers keep PyTorch's default
    initialisation, as the authors' do. ``feature_dim`` is 512 x width.
    """

    def __init__(self, image_shape: tuple[int, int, int], n_outputs: int, *, width: float = 1.0) -> None:
        """Draw a network from torch's global generator.

        Args:
            image_shape: (H, W, C); only the number of channels C matters to the weights.
            n_outputs: number of logits.
            width: factor on the channels of every stage; 0.125 gives 8 to 64 channels.
        """
        super().__init__()
        first, second, third, self.feature_dim = (scaled(size, width) for size in (64, 128, 256, 512))
        self.stem = nn.Sequential(_convolution(image_shape[2], first), nn.BatchNorm2d(first), nn.ReLU())
        self.stages = nn.Sequential(
            *(BasicBlock(first, first), BasicBlock(first, first)),
            *(BasicBlock(first, second, stride=2), BasicBlock(second, second)),
            *(BasicBlock(second, third, stride=2), BasicBlock(third, third)),
            *(BasicBlock(third, self.feature_dim, stride=2), BasicBlock(self.feature_dim, self.feature_dim)),
        )
        self.head = nn.Linear(self.feature_dim, n_outputs)

    def features(self, images: Tensor) -> Tensor:
        """Return the spatial means of the last stage, [B, D], of images [B, C, H, W]."""
        maps: Tensor = self.stages(self.stem(images))
        return maps.mean(dim=(2, 3))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut (He et al., arXiv 1512.03385), added before the last ReLU."""

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(_convolution(inputs, outputs, stride=stride), nn.BatchNorm2d(outputs), nn.ReLU()),
            *(_convolution(outputs, outputs), nn.BatchNorm2d(outputs)),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            projection = nn.Conv2d(inputs, outputs, kernel_size=1, stride=stride, bias=False)
            self.shortcut = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps [B, outputs, H / stride, W / stride] of maps [B, inputs, H, W]."""
        return F.relu(self.body(maps) + self.shortcut(maps))


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)
