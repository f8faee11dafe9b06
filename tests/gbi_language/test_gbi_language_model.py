"""Windows, tokens and the language model: borders, exactness of gradients, bad Z."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from whichtask.config.gbi.language import LanguageSettings
from whichtask.data.text import Text, TextSet
from whichtask.errors import WhichtaskError
from whichtask.gbi import gradient_at, maximum_entropy, one_hot
from whichtask.gbi.language import Corpus, LanguageModel, token_losses
from whichtask.gbi.language.corpus import Windows
from whichtask.gbi.language.tokens import make_tokens

SMALL = LanguageSettings(hidden=6, embedding=4, held_out=["c"], contexts=[2, 4], following=2, window=5)


def texts(*names: str, blocks: int = 10) -> TextSet:
    """Domains of words of their own letters."""
    made = []
    for number, name in enumerate(names):
        letters = np.random.default_rng(number).integers(0, 3, blocks * 4096) + 97 + 3 * number
        letters[::5] = 32
        made.append(Text(name, letters.astype(np.uint8)))
    return TextSet("letters", tuple(made))


@pytest.fixture
def model() -> LanguageModel:
    return LanguageModel.drawn(7, 3, SMALL, "test").double()


@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=4), min_size=1, max_size=3), st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_windows_stay_inside_one_stretch_of_their_domain(lengths: list[list[int]], length: int) -> None:
    # The value of a token names its domain, stretch and place, so that every window can be checked.
    segments = [
        [
            torch.arange(size, dtype=torch.int32) + 1000 * domain + 100 * stretch
            for stretch, size in enumerate(of_domain)
        ]
        for domain, of_domain in enumerate(lengths)
    ]
    windows = Windows(segments, [str(number) for number in range(len(lengths))])
    labels = torch.arange(len(lengths)).repeat(20)
    if any(max(of_domain) < length for of_domain in lengths):
        with pytest.raises(WhichtaskError, match=f"no stretch of {length} tokens"):
            windows.draw(labels, length, torch.Generator().manual_seed(0))
        return
    drawn = windows.draw(labels, length, torch.Generator().manual_seed(0))
    assert torch.equal(drawn // 1000, labels[:, None].expand_as(drawn))
    assert bool((drawn.diff(dim=1) == 1).all())
    assert torch.equal(drawn // 100, (drawn // 100)[:, :1].expand_as(drawn))


def test_every_place_is_drawn_equally_often() -> None:
    windows = Windows([[torch.arange(4, dtype=torch.int32), torch.arange(10, 13, dtype=torch.int32)]], ["a"])
    drawn = windows.draw(torch.zeros(20_000, dtype=torch.int64), 2, torch.Generator().manual_seed(1))
    starts, counts = drawn[:, 0].unique(return_counts=True)
    assert starts.tolist() == [0, 1, 2, 10, 11]
    assert counts.min() > 3_700


def test_byte_pairs_lose_nothing_and_shorten() -> None:
    words = np.frombuffer(b"the cat and the dog and the cat\n" * 200, np.uint8)
    pairs = make_tokens(SMALL.model_copy(update={"tokens": "bpe", "vocabulary": 128}), [words])
    characters = make_tokens(SMALL, [words])
    assert pairs.vocabulary <= 128
    assert characters.vocabulary == 96
    assert len(pairs.encode(words)) < len(words) / 2
    assert len(characters.encode(words)) == len(words)
    rare = np.frombuffer(b"~ZZ quick", np.uint8)  # letters that training lacked
    assert len(pairs.encode(rare)) >= 5
    assert torch.equal(
        pairs.encode(words),
        make_tokens(SMALL.model_copy(update={"tokens": "bpe", "vocabulary": 128}), [words]).encode(words),
    )


def test_a_corpus_divides_domains_and_names_what_does_not_fit() -> None:
    corpus = Corpus.of(texts("a", "b", "c"), SMALL)
    assert corpus.domains == ("a", "b")
    assert corpus.novel["test"].names == ("c",)
    assert corpus.characters_per_token == 1
    with pytest.raises(WhichtaskError, match=r"held_out names c; the text has a, b"):
        Corpus.of(texts("a", "b"), SMALL)
    with pytest.raises(WhichtaskError, match="leaves 1 to train on; at least 2"):
        Corpus.of(texts("a", "c"), SMALL)
    with pytest.raises(WhichtaskError, match=r"no stretch of 5001 tokens: the longest has 4096"):
        Corpus.of(texts("a", "b", "c"), SMALL.model_copy(update={"window": 5000}))


def test_losses_are_those_of_a_plain_loop(model: LanguageModel) -> None:
    windows = torch.randint(7, (3, 6), generator=torch.Generator().manual_seed(0))
    z = one_hot(torch.tensor([0, 2, 1]), 3, torch.float64)
    found = token_losses(model, windows, z)
    for row in range(3):
        hidden = None
        for place in range(5):
            features = torch.cat([model.embedding(windows[row, place]), z[row]])[None, None]
            output, hidden = model.lstm(features, hidden)
            expected = F.cross_entropy(model.head(output[0, 0]), windows[row, place + 1])
            assert found[row, place].item() == pytest.approx(expected.item(), abs=1e-12)


def test_the_gradient_of_z_is_that_of_finite_differences(model: LanguageModel) -> None:
    windows = torch.randint(7, (2, 6), generator=torch.Generator().manual_seed(3))
    start = maximum_entropy(2, 3, dtype=torch.float64)

    def loss(z: torch.Tensor) -> torch.Tensor:
        return token_losses(model, windows, z).sum(dim=1)

    _, gradient = gradient_at(loss, start)
    step = 1e-5
    for entry in (1, 2):
        direction = torch.zeros(3, dtype=torch.float64)
        direction[0], direction[entry] = -step, step  # stays a distribution
        with torch.no_grad():
            difference = (loss(start + direction) - loss(start - direction)) / (2 * step)
        assert torch.allclose(difference, gradient[:, entry] - gradient[:, 0], atol=1e-8)


def test_a_bad_z_is_refused(model: LanguageModel) -> None:
    windows = torch.zeros(2, 6, dtype=torch.int64)
    for z, message in (
        (torch.full((2, 4), 0.25), "need .batch, 3"),
        (torch.full((2, 3), 0.5), "adds up to 1.5"),
        (torch.tensor([[2.0, -1.0, 0.0]] * 2), "allowed are values of 0 to 1"),
        (torch.full((2, 3), float("nan")), "allowed are values of 0 to 1"),
    ):
        with pytest.raises(WhichtaskError, match=message):
            token_losses(model, windows, z.double())


def test_weights_depend_on_their_seed_only() -> None:
    first, same, other = (LanguageModel.drawn(7, 3, SMALL, "x", seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not torch.equal(first["head.weight"], other["head.weight"])
