"""The authors' small vision transformer (``models/vit.py``, ``ViT4``)."""

from typing import Literal

import torch
from einops import rearrange
from torch import Tensor, nn

from whichtask.networks.base import Network

Norm = Literal["batch", "layer"]


class Vit(Network):
    """Pre-norm transformer on image patches with a class token; 3.19 M parameters on 3x32x32 images.

    The authors replace every layer norm by a batch norm that averages over batch and tokens for each channel
    (``TransformerBatchNorm``, ``models/vit.py``); ``norm="layer"`` is the usual transformer. The features are
    the class token after the final norm, which the authors count to the head: their ``penultimate`` is before it.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        n_outputs: int,
        *,
        patch: int = 4,
        dim: int = 256,
        depth: int = 6,
        heads: int = 6,
        head_dim: int = 64,
        mlp_dim: int = 256,
        norm: Norm = "batch",
    ) -> None:
        """Draw a network from torch's global generator.

        Args:
            image_shape: (H, W, C); ``patch`` divides H and W.
            n_outputs: number of logits.
            patch: side of a square patch in pixels.
            dim: size of a token, and ``feature_dim``.
            depth: number of blocks.
            heads: attention heads a block.
            head_dim: size of a query, key or value of one head; ``heads * head_dim`` need not be ``dim``.
            mlp_dim: hidden size of the feed-forward part of a block.
            norm: the normalisation in front of every part of a block and of the head.
        """
        super().__init__()
        height, width, channels = image_shape
        self.patch = patch
        self.feature_dim = dim
        self.embed = nn.Linear(patch * patch * channels, dim)
        n_patches = (height // patch) * (width // patch)
        self.positions = nn.Parameter(torch.randn(n_patches + 1, dim))
        self.class_token = nn.Parameter(torch.randn(dim))
        self.blocks = nn.Sequential(*(Block(dim, heads, head_dim, mlp_dim, norm) for _ in range(depth)))
        self.norm = nn.BatchNorm1d(dim) if norm == "batch" else nn.LayerNorm(dim)
        self.head = nn.Linear(dim, n_outputs)

    def features(self, images: Tensor) -> Tensor:
        """Return the normalised class token, [B, D], of images [B, C, H, W]."""
        patches = rearrange(images, "b c (h p) (w q) -> b (h w) (p q c)", p=self.patch, q=self.patch)
        class_tokens = self.class_token.expand(len(images), 1, -1)
        tokens = torch.cat([class_tokens, self.embed(patches)], dim=1) + self.positions
        features: Tensor = self.norm(self.blocks(tokens)[:, 0])
        return features


class Block(nn.Module):
    """Attention and a feed-forward part, each behind its norm and beside a residual connection."""

    def __init__(self, dim: int, heads: int, head_dim: int, mlp_dim: int, norm: Norm) -> None:
        super().__init__()
        self.attention = nn.Sequential(_token_norm(dim, norm), Attention(dim, heads, head_dim))
        feed_forward = (nn.Linear(dim, mlp_dim), nn.GELU(), nn.Linear(mlp_dim, dim))
        self.feed_forward = nn.Sequential(_token_norm(dim, norm), *feed_forward)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens [B, T, D] to tokens [B, T, D]."""
        tokens = tokens + self.attention(tokens)
        mapped: Tensor = tokens + self.feed_forward(tokens)
        return mapped


class Attention(nn.Module):
    """Multi-head self-attention written out.

    The fused kernels behind ``scaled_dot_product_attention`` have no second derivative, which meta-gradients need.
    """

    def __init__(self, dim: int, heads: int, head_dim: int) -> None:
        super().__init__()
        self.heads = heads
        self.scale = head_dim**-0.5
        self.to_queries_keys_values = nn.Linear(dim, 3 * heads * head_dim, bias=False)
        self.to_output = nn.Linear(heads * head_dim, dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens [B, T, D] to tokens [B, T, D]."""
        joined = self.to_queries_keys_values(tokens)
        query, key, value = rearrange(joined, "b t (n h d) -> n b h t d", n=3, h=self.heads)
        weights = (query @ key.transpose(-2, -1) * self.scale).softmax(dim=-1)
        mixed: Tensor = self.to_output(rearrange(weights @ value, "b h t d -> b t (h d)"))
        return mixed


class TokenBatchNorm(nn.BatchNorm1d):
    """Batch norm of each channel over batch and tokens."""

    def forward(self, tokens: Tensor) -> Tensor:
        """Normalise tokens [B, T, D]."""
        return super().forward(tokens.transpose(1, 2)).transpose(1, 2)


def _token_norm(dim: int, norm: Norm) -> nn.Module:
    return TokenBatchNorm(dim) if norm == "batch" else nn.LayerNorm(dim)
