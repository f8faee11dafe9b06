"""Toy sequences: an LSTM that is given the context of a block-switching stream, and how well gradients find it."""
