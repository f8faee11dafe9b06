"""The encoder of a search that is over, rebuilt from its file."""

from pathlib import Path

from whichtask.artifacts import read_tensors, require_digest
from whichtask.config import DiscoveryJob
from whichtask.discovery.encoder import TaskEncoder, make_encoder
from whichtask.errors import WhichtaskError
from whichtask.training import ImageBank


def load_encoder(path: Path, bank: ImageBank, job: DiscoveryJob) -> TaskEncoder:
    """Rebuild the encoder of a search from its weights, on the device of the images.

    Raises:
        WhichtaskError: the file is missing or damaged, is of other images, or holds an encoder that the settings do not
            describe.
    """
    encoder = make_encoder(job.encoder, bank.shape, job.discovery, (job.seed,)).to(bank.pixels.device)
    tensors, what = read_tensors(path)
    require_digest(what.get("images"), bank.images_sha256, path, job.data.name)
    try:
        encoder.load_state_dict(tensors)
    except RuntimeError as error:
        raise WhichtaskError(
            f"{path} does not hold an encoder of these settings (networks, discovery.encoder, discovery.dimensions, "
            f"discovery.tasks and the data set must be those of its search): {error}"
        ) from error
    return encoder
