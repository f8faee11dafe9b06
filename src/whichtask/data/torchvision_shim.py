"""The one place that imports torchvision; everything else takes it from here.

Some installations pair a torchvision whose compiled operators need CUDA libraries with a CPU build of torch. The
operators then do not load, and ``import torchvision`` fails with "operator torchvision::nms does not exist" although
data sets, transforms and classification networks need none of them. Declaring the two operators that the import looks
up is enough; calling them still fails, as it should.
"""

import torch

_OPERATORS = ("nms", "qnms")
_SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

try:
    import torchvision
except RuntimeError as _error:
    if "operator torchvision::" not in str(_error):
        raise
    # The declarations live as long as this object.
    _LIBRARY = torch.library.Library("torchvision", "DEF")
    for _name in _OPERATORS:
        _LIBRARY.define(_name + _SIGNATURE)
    import torchvision

from torchvision import datasets, models  # noqa: E402 - only now can it be imported
from torchvision.transforms import v2  # noqa: E402

__all__ = ["datasets", "models", "torchvision", "v2"]
