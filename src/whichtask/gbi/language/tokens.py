"""From characters to tokens: each character is one, or byte pair encoding learned on the training text."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from whichtask.config.gbi.language import LanguageSettings
from whichtask.data.text import ALPHABET, to_codes
from whichtask.data.text.alphabet import Codes


class Tokens(NamedTuple):
    """How text is divided."""

    vocabulary: int
    """Number of different tokens."""
    encode: Callable[[Codes], Tensor]
    """From ASCII bytes uint8 [N] to tokens int32 [at most N]."""


def make_tokens(settings: LanguageSettings, training: Iterable[Codes]) -> Tokens:
    """Return the tokens that the settings name.

    Args:
        settings: ``tokens`` and ``vocabulary``.
        training: stretches of training text, from which byte pairs are learned.
    """
    if settings.tokens == "characters":
        return Tokens(len(ALPHABET), lambda text: torch.from_numpy(to_codes(text)).int())
    return _byte_pairs(settings.vocabulary, training)


def _byte_pairs(vocabulary: int, training: Iterable[Codes]) -> Tokens:
    # Takes part of a second to import, and characters do not need it.
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers  # noqa: PLC0415

    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # a job's threads are set by its rule
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    # Every character is a token, so that text with characters that training lacks loses none; as byte-level encoding
    # writes them, a line break and a blank come first.
    characters = ["Ċ", "Ġ", *ALPHABET[2:]]
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, initial_alphabet=characters, show_progress=False)
    tokenizer.train_from_iterator(_as_text(training), trainer)

    def encode(text: Codes) -> Tensor:
        return torch.tensor(tokenizer.encode(text.tobytes().decode("ascii")).ids, dtype=torch.int32)

    return Tokens(int(tokenizer.get_vocab_size()), encode)


def _as_text(training: Iterable[Codes]) -> Iterator[str]:
    for text in training:
        yield text.tobytes().decode("ascii")
