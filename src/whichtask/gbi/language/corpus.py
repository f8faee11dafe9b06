"""Windows of tokens from the parts of each domain; none reaches over the border of a part."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from whichtask.config.gbi.language import LanguageSettings
from whichtask.data.text import BLOCK, Part, Text, TextSet
from whichtask.errors import WhichtaskError
from whichtask.gbi.language.tokens import Tokens, make_tokens

PARTS: tuple[Part, ...] = ("train", "validation", "test")
LEAST_DOMAINS = 2


class Windows:
    """All stretches of text of one part of some domains, from which windows of a fixed length are drawn.

    Args:
        segments: of each domain, stretches of tokens.
        names: of the domains, for errors.
    """

    def __init__(self, segments: Sequence[Sequence[Tensor]], names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.flat = torch.cat([segment for of_domain in segments for segment in of_domain])
        self.lengths = torch.tensor([len(segment) for of_domain in segments for segment in of_domain])
        self.starts = self.lengths.cumsum(0) - self.lengths
        self.domains = torch.tensor([k for k, of_domain in enumerate(segments) for _ in of_domain])

    def draw(self, labels: Tensor, length: int, generator: torch.Generator) -> Tensor:
        """Draw one window for each label, every place in the domain with the same probability.

        Args:
            labels: int64 [B], domains.
            length: tokens of a window.
            generator: of the places.

        Returns:
            int64 [B, length], on the CPU.

        Raises:
            WhichtaskError: a domain has no stretch of text of that length.
        """
        places = (self.lengths - length + 1).clamp(min=0)
        of_domain = torch.zeros(len(self.names), dtype=torch.int64).index_add(0, self.domains, places)
        empty = [name for name, count in zip(self.names, of_domain.tolist(), strict=True) if not count]
        if empty:
            raise WhichtaskError(
                f"domain {empty[0]!r} has no stretch of {length} tokens: the longest has {int(self.lengths.max())} "
                f"(blocks of {BLOCK:,} characters); use a shorter window"
            )
        until = places.cumsum(0)
        before = of_domain.cumsum(0) - of_domain
        share = torch.rand(len(labels), generator=generator, dtype=torch.float64)
        rank = before[labels] + (share * of_domain[labels]).long()
        segment = torch.searchsorted(until, rank, right=True)
        first = self.starts[segment] + rank - (until - places)[segment]
        return self.flat[first[:, None] + torch.arange(length)].long()

    def each(self, count: int, length: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw ``count`` windows of every domain; return them [K * count, length] and their labels [K * count]."""
        labels = torch.arange(len(self.names)).repeat_interleave(count)
        return self.draw(labels, length, generator), labels


@dataclass(frozen=True)
class Corpus:
    """Text of the domains to train on and of those held out, as tokens."""

    tokens: Tokens
    trained: dict[Part, Windows]
    """Of the K training domains."""
    novel: dict[Part, Windows]
    """Of the held-out domains."""
    characters_per_token: float
    """Over the training text."""

    @property
    def domains(self) -> tuple[str, ...]:
        """The training domains: entry k of Z stands for domain k."""
        return self.trained["train"].names

    @classmethod
    def of(cls, texts: TextSet, settings: LanguageSettings) -> "Corpus":
        """Divide a set of texts.

        Raises:
            WhichtaskError: a held-out domain that is not there, fewer than two domains to train on, or a window that
                no stretch of text can hold.
        """
        unknown = [name for name in settings.held_out if name not in texts.names]
        if unknown:
            raise WhichtaskError(
                f"gbi.language.held_out names {', '.join(unknown)}; the text has {', '.join(texts.names)}"
            )
        known = [text for text in texts.texts if text.name not in settings.held_out]
        if len(known) < LEAST_DOMAINS:
            raise WhichtaskError(
                f"of the domains {', '.join(texts.names)}, gbi.language.held_out leaves {len(known)} to train on; "
                f"at least {LEAST_DOMAINS} are needed, because Z tells them apart"
            )
        novel = [text for text in texts.texts if text.name in settings.held_out]
        training = [segment for text in known for segment in text.segments("train")]
        tokens = make_tokens(settings, training)
        trained = _windows(known, tokens)
        ratio = sum(map(len, training)) / len(trained["train"].flat)
        corpus = cls(tokens, trained, _windows(novel, tokens), ratio)
        longest = max(settings.window, max(settings.contexts) + settings.following) + 1
        for part in PARTS:  # fails before any training
            for windows in (corpus.trained[part], corpus.novel[part]):
                windows.each(1, longest, torch.Generator())
        return corpus


def _windows(texts: Sequence[Text], tokens: Tokens) -> dict[Part, Windows]:
    names = [text.name for text in texts]
    return {
        part: Windows([[tokens.encode(segment) for segment in text.segments(part)] for text in texts], names)
        for part in PARTS
    }
