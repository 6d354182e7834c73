"""Attention, the dense block after it, and their two uses: cross-attend and self-attend."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Attention(nn.Module):
    """Multi-head attention of queries [B, N, Dq] on keys and values [B, M, Dk].

    query-key channels are `channels` wide in all, value channels `values` (as many if None); heads share them evenly.
    """

    def __init__(
        self, query_dim: int, key_dim: int, channels: int, heads: int, values: int | None = None
    ) -> None:
        super().__init__()
        values = values or channels
        if channels % heads or values % heads:
            raise ValueError(f"{channels} and {values} channels do not split over {heads} heads")
        self.heads = heads
        self.query = nn.Linear(query_dim, channels)
        self.key = nn.Linear(key_dim, channels)
        self.value = nn.Linear(key_dim, values)
        self.out = nn.Linear(values, query_dim)

    def split(self, x: Tensor) -> Tensor:
        """[B, L, heads * d] -> [B, heads, L, d]."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def keys_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of x [B, M, Dk], each [B, heads, M, d]."""
        return self.split(self.key(x)), self.split(self.value(x))

    def attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
        """Fused attention; mask [B, M] is True where an element may be read."""
        allowed = None if mask is None else mask[:, None, None, :]
        if self.training and query.requires_grad and query.device.type == "cpu":
            read = plain_attention(query, key, value, allowed)
        else:
            read = F.scaled_dot_product_attention(query, key, value, attn_mask=allowed)
        return self.joined(read)

    def joined(self, read: Tensor) -> Tensor:
        """What the heads read, [B, heads, N, dv], together: [B, N, Dq]."""
        return self.out(read.transpose(1, 2).flatten(-2))


def plain_attention(query: Tensor, key: Tensor, value: Tensor, allowed: Tensor | None) -> Tensor:
    """The same, unfused, for training on a CPU: there the backward of the fused kernel takes twice as long."""
    with torch.autocast(query.device.type, enabled=False):
        scores = attention_scores(query, key)
        if allowed is not None:
            scores = scores.masked_fill(~allowed, float("-inf"))
        return torch.matmul(scores.softmax(dim=-1), value)


class Dense(nn.Sequential):
    """The dense block: layer norm, linear, GELU, linear."""

    def __init__(self, dim: int, widening: int) -> None:
        super().__init__(
            nn.LayerNorm(dim), nn.Linear(dim, widening * dim), nn.GELU(), nn.Linear(widening * dim, dim)
        )


class CrossAttend(nn.Module):
    """The latents' look at the input array: pre-norm cross-attention and a dense block, both residual.

    Perceiver IO's decoder is one too, with the roles changed: its queries look at the latents. residual: whether what
    was read is added to the query; some decoders keep only what was read.
    """

    def __init__(
        self,
        latent_dim: int,
        input_dim: int,
        channels: int,
        heads: int,
        widening: int,
        values: int | None = None,
        residual: bool = True,
    ) -> None:
        super().__init__()
        self.residual = residual
        self.norm_latents = nn.LayerNorm(latent_dim)
        self.norm_inputs = nn.LayerNorm(input_dim)
        self.attention = Attention(latent_dim, input_dim, channels, heads, values)
        self.dense = Dense(latent_dim, widening)

    def read(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of the input array; they do not depend on the latents, so tied looks share them."""
        return self.attention.keys_values(self.norm_inputs(inputs))

    def forward(
        self, latents: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Latents [B, N, D] after the look, and the queries [B, heads, N, d] they asked."""
        query = self.ask(latents)
        read = self.attention.attend(query, key, value, mask)
        latents = latents + read if self.residual else read
        return latents + self.dense(latents), query

    def ask(self, latents: Tensor) -> Tensor:
        """The queries [B, heads, N, d] of the latents."""
        return self.attention.split(self.attention.query(self.norm_latents(latents)))


class SelfAttend(nn.Module):
    """One layer of the latent transformer; channels: query-key channels, the latents' own width if None."""

    def __init__(self, dim: int, heads: int, widening: int, channels: int | None = None) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.attention = Attention(dim, dim, channels or dim, heads, dim)
        self.dense = Dense(dim, widening)

    def forward(self, latents: Tensor, mixes: list[Tensor] | None = None) -> Tensor:
        """Latents [B, N, D] after the layer; how it mixed them, [B, N, N], is appended to `mixes` if given."""
        x = self.norm(latents)
        query = self.attention.split(self.attention.query(x))
        key, value = self.attention.keys_values(x)
        if mixes is None:
            read = self.attention.attend(query, key, value, None)
        else:  # weights that are made anyway are read with, too
            weights = attention_scores(query, key).softmax(dim=-1)
            read = self.attention.joined(torch.matmul(weights.to(value.dtype), value))
            mixes.append(self.mix(weights))
        latents = latents + read
        return latents + self.dense(latents)

    @staticmethod
    def mix(weights: Tensor) -> Tensor:
        """0.5 I + 0.5 A [B, N, N], A the mean of weights [B, heads, N, N]: the residual counts half (Abnar and
        Zuidema 2020)."""
        mixed = weights.float().mean(dim=1).mul_(0.5)
        mixed.diagonal(dim1=-2, dim2=-1).add_(0.5)
        return mixed


def attention_scores(query: Tensor, key: Tensor) -> Tensor:
    """Scores before the softmax, q k / sqrt(d): [..., N, d] and [..., M, d] -> [..., N, M]."""
    return torch.matmul(query * query.shape[-1] ** -0.5, key.transpose(-1, -2))
