"""The last layer of CLIP's image tower, computed for the one token that is read of it.

After the last layer only the first token, CLIP's "class embedding", becomes the picture's feature
(Radford et al. 2021, section 2.4; Dosovitskiy et al. 2021, equation 4). What that layer makes of
the other 49 tokens of ViT-B/32 is thrown away: it needs them as keys and values alone.
"""

from typing import Any

import torch
from torch.nn import functional


class _FirstTokenLayer(torch.nn.Module):
    """`CLIPEncoderLayer`, whose first token is that of the layer given, and the only one."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, hidden_states: torch.Tensor, *_: object, **__: object) -> torch.Tensor:
        """[pictures, tokens, width] → [pictures, 1, width]."""
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
        """[pictures, tokens, width] → [pictures, heads, tokens, width of a head]."""
        width: int = self.layer.self_attn.head_dim
        return tokens.view(*tokens.shape[:2], -1, width).transpose(1, 2)


def shorten(model: Any) -> bool:
    """Has the model's image tower compute its last layer for the first token alone.

    Args:
        model: any; where its parts are not called as those of `CLIPModel`, nothing is done. Whether
            its features are the same afterwards is for the caller to see: see `restore`.

    Returns:
        Whether it was done.
    """
    layers = getattr(getattr(getattr(model, "vision_model", None), "encoder", None), "layers", None)
    if not layers or not all(hasattr(layers[-1], part) for part in _PARTS):
        return False
    layers[-1] = _FirstTokenLayer(layers[-1])
    return True


def restore(model: Any) -> None:
    """Takes back what `shorten` did."""
    layers = model.vision_model.encoder.layers
    layers[-1] = layers[-1].layer


_PARTS = ("self_attn", "layer_norm1", "layer_norm2", "mlp")
