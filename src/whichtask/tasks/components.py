"""Principal components of images' pixels."""

from typing import Any

import numpy as np
import numpy.typing as npt

AT_ONCE = 5_000  # images whose pixels are numbers of four bytes


def principal_components(
    images: npt.NDArray[np.uint8], fit: npt.NDArray[np.int64], count: int, seed: int
) -> npt.NDArray[np.floating[Any]]:
    """Return the first principal components of all images' pixels, or as many as there are, [N, count].

    Args:
        images: uint8 [N, ...].
        fit: [n] images whose pixels are decomposed.
        count: how many.
        seed: of the randomised decomposition, below 2^32.
    """
    from sklearn.decomposition import PCA  # noqa: PLC0415  # scikit-learn takes a second to import

    flat = images.reshape(len(images), -1)
    fitted = flat[fit].astype(np.float32)
    pca = PCA(min(count, *fitted.shape), svd_solver="randomized", random_state=seed).fit(fitted)
    parts = (flat[start : start + AT_ONCE].astype(np.float32) for start in range(0, len(flat), AT_ONCE))
    return np.concatenate([pca.transform(part) for part in parts])
