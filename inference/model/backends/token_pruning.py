"""Computes the last layer of CLIP's image tower for the class token only.

An image's feature is the class token after the last layer (Radford et al. 2021, section 2.4;
Dosovitskiy et al. 2021, equation 4). The last layer's output for the other 49 tokens of ViT-B/32
is never used: the layer needs them only as keys and values of its attention.
"""

from typing import Any

import torch
from torch.nn import functional

# The parts of a `CLIPEncoderLayer` that `_ClassTokenLayer` calls.
_PARTS = ("self_attn", "layer_norm1", "layer_norm2", "mlp")


class _ClassTokenLayer(torch.nn.Module):
    """A `CLIPEncoderLayer` that returns only the first token, which is the class token."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, hidden_states: torch.Tensor, *_: object, **__: object) -> torch.Tensor:
        """[images, tokens, width] → [images, 1, width]."""
        layer, attention = self.layer, self.layer.self_attn
        tokens = layer.layer_norm1(hidden_states)
        mixed = functional.scaled_dot_product_attention(
            self._heads(attention.q_proj(tokens[:, :1])),
            self._heads(attention.k_proj(tokens)),
            self._heads(attention.v_proj(tokens)),
            scale=attention.scale,
        )
        first = hidden_states[:, :1] + attention.out_proj(mixed.transpose(1, 2).flatten(2))
        result: torch.Tensor = first + layer.mlp(layer.layer_norm2(first))
        return result

    def _heads(self, tokens: torch.Tensor) -> torch.Tensor:
        """[images, tokens, width] → [images, heads, tokens, width of a head]."""
        width: int = self.layer.self_attn.head_dim
        return tokens.view(*tokens.shape[:2], -1, width).transpose(1, 2)


def prune_last_layer(model: Any) -> bool:
    """Make the model's image tower compute its last layer for the class token only.

    The caller must check that the features stay the same, and call `restore_last_layer` if not.

    Args:
        model: of transformers; not changed if its parts have other names than those of `CLIPModel`.

    Returns:
        Whether the model was changed.
    """
    layers = getattr(getattr(getattr(model, "vision_model", None), "encoder", None), "layers", None)
    if not layers or not all(hasattr(layers[-1], part) for part in _PARTS):
        return False
    layers[-1] = _ClassTokenLayer(layers[-1])
    return True


def restore_last_layer(model: Any) -> None:
    """Undo `prune_last_layer`."""
    layers = model.vision_model.encoder.layers
    layers[-1] = layers[-1].layer
