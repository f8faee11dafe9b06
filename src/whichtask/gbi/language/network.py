"""The language model: an LSTM that is told Z at every step."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from whichtask.config.gbi.language import LanguageSettings
from whichtask.gbi.abstraction import check_abstraction
from whichtask.gbi.entry import Entry
from whichtask.seeding import seeded


class LanguageModel(nn.Module):
    """Predict every next token from the tokens before it and Z.

    The LSTM it is compared with is the same network, weight for weight, with all entries of Z 1/K.

    Args:
        vocabulary: number of different tokens V.
        domains: number of entries of Z, K.
        settings: sizes.
    """

    def __init__(self, vocabulary: int, domains: int, settings: LanguageSettings) -> None:
        super().__init__()
        self.domains = domains
        self.embedding = nn.Embedding(vocabulary, settings.embedding)
        self.entry = Entry("concatenated", settings.embedding, domains, torch.Generator())
        self.lstm = nn.LSTM(self.entry.out_features, settings.hidden, settings.layers, batch_first=True)
        self.head = nn.Linear(settings.hidden, vocabulary)

    @classmethod
    def drawn(cls, vocabulary: int, domains: int, settings: LanguageSettings, *seed: str | int) -> "LanguageModel":
        """Return a network with the initial weights that the seed names."""
        with seeded("language weights", *seed):
            return cls(vocabulary, domains, settings)

    def forward(self, tokens: Tensor, z: Tensor, keep: Tensor | None = None) -> Tensor:
        """Return the logits of the next token after each token.

        Args:
            tokens: int64 [B, T].
            z: [B, K].
            keep: factors of the LSTM's outputs, [B, T, H]: dropout's mask; None leaves them.

        Returns:
            [B, T, V].

        Raises:
            WhichtaskError: Z has another number of entries, or is no distribution.
        """
        check_abstraction(z.detach(), self.domains)
        features = self.entry(self.embedding(tokens), z[:, None].expand(-1, tokens.shape[1], -1))
        hidden, _ = self.lstm(features)
        logits: Tensor = self.head(hidden if keep is None else hidden * keep)
        return logits


def token_losses(network: LanguageModel, windows: Tensor, z: Tensor, keep: Tensor | None = None) -> Tensor:
    """Return the negative log-likelihood of each token of a window but the first, [B, T] nats.

    Args:
        network: the language model.
        windows: int64 [B, T + 1].
        z: [B, K].
        keep: see ``LanguageModel.forward``.
    """
    logits = network(windows[:, :-1], z, keep)
    losses = F.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten(), reduction="none")
    return losses.reshape(len(windows), -1)
