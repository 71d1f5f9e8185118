"""The demo model's architecture: a small `CLIPModel`, its starting weights and its two encoders."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from transformers import (
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPTextConfig,
    CLIPTokenizer,
)

from training.model import tokenizer as tokens

IMAGE_SIDE: Final = 80  # pixels
PATCH_SIDE: Final = 10
_TEXT_BATCH: Final = 96  # texts that a CPU encodes at once
# Of each channel, 0..1; those of OpenAI's CLIP.
MEAN: Final = (0.48145466, 0.4578275, 0.40821073)
STD: Final = (0.26862954, 0.26130258, 0.27577711)


def configuration(tokenizer: CLIPTokenizer) -> CLIPConfig:
    """Return the configuration of a model with 4.7 million parameters: 9.4 MB in float16."""
    return CLIPConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": 160,
            "intermediate_size": 640,
            "num_hidden_layers": 4,
            "num_attention_heads": 5,
            "max_position_embeddings": tokens.CONTEXT,
            "hidden_act": "gelu",
            "projection_dim": 128,
            # With 2 here, transformers would pool at the highest id instead of the end token.
            "eos_token_id": tokenizer.eos_token_id,
            "bos_token_id": tokenizer.bos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        },
        vision_config={
            "image_size": IMAGE_SIDE,
            "patch_size": PATCH_SIDE,
            "hidden_size": 192,
            "intermediate_size": 768,
            "num_hidden_layers": 6,
            "num_attention_heads": 3,
            "hidden_act": "gelu",
            "projection_dim": 128,
        },
        projection_dim=128,
    )


def image_processor() -> CLIPImageProcessorPil:
    """Return a processor that shrinks a picture to its longer side and pads the shorter one.

    The padding has the mean colour. Nothing is cut off: most photos that a bot gets are 4:3, and
    what matters in them may be at the edge.
    """
    side = {"height": IMAGE_SIDE, "width": IMAGE_SIDE}
    return CLIPImageProcessorPil(
        do_convert_rgb=True,
        do_resize=True,
        size={"shortest_edge": IMAGE_SIDE, "longest_edge": IMAGE_SIDE},
        resample=3,  # bicubic
        do_center_crop=False,
        crop_size=side,
        do_rescale=True,
        do_normalize=True,
        image_mean=list(MEAN),
        image_std=list(STD),
        do_pad=True,  # with zeros after normalising, on the right and below
        pad_size=side,
    )


def new_model(tokenizer: CLIPTokenizer, start: Path | None = None) -> CLIPModel:
    """Return a model with random weights, or with those in the folder `start`.

    Text layers that the model in `start` lacks are added so that its output stays the same.
    """
    model = CLIPModel(configuration(tokenizer))
    _initialise_vision(model)
    if start is not None:
        loaded = CLIPModel.from_pretrained(start, dtype=torch.float32, local_files_only=True)
        weights = loaded.state_dict()
        text_config = loaded.config.text_config
        assert isinstance(text_config, CLIPTextConfig)
        there = text_config.num_hidden_layers
        for at, layer in enumerate(list(model.text_model.encoder.layers)[there:], there):
            for last in (layer.self_attn.out_proj, layer.mlp.fc2):
                nn.init.zeros_(last.weight)
                nn.init.zeros_(last.bias)
            prefix = f"text_model.encoder.layers.{at}."
            weights |= {prefix + name: tensor for name, tensor in layer.state_dict().items()}
        model.load_state_dict(weights)
    # On a CPU, with so few tokens, plain products take 0.6 of the time of the fused kernel.
    model.set_attn_implementation("eager")
    return model


@torch.no_grad()
def _initialise_vision(model: CLIPModel) -> None:
    """Give the image encoder starting weights with which it learns to see outlines early.

    Positions start as sines and cosines instead of noise (Beyer et al. 2022, arXiv:2205.01580).
    Keys start similar to queries, so that patches attend to similar patches (after Trockman and
    Kolter 2023, arXiv:2305.09828). With random weights, an encoder of this size needs about a
    thousand steps before it sees outlines.
    """
    embedding = model.vision_model.embeddings.position_embedding.weight  # [1 + patches, width]
    cells = IMAGE_SIDE // PATCH_SIDE
    y, x = torch.meshgrid(torch.arange(cells), torch.arange(cells), indexing="ij")
    quarter = embedding.shape[1] // 4
    # Wavelengths from twice the picture's side down to two patches.
    frequency = torch.pi / (cells * (1 / cells) ** (torch.arange(quarter) / (quarter - 1)))
    angles = [place.flatten()[:, None] * frequency for place in (x, y)]
    waves = [wave(angle) for angle in angles for wave in (torch.sin, torch.cos)]
    embedding[1:] = 0.5 * torch.cat(waves, dim=1)
    for layer in model.vision_model.encoder.layers:
        attention = layer.self_attn
        query, key = attention.q_proj.weight, attention.k_proj.weight
        key.copy_(0.6 * query + 0.8 * key)


@torch.no_grad()
def whiten(model: CLIPModel, pixels: Tensor) -> None:
    """Set the patch filters to the principal components of patches, scaled to equal variance.

    With random filters, a patch's mean colour outweighs its edges, and shapes are learnt late.

    Args:
        model: its patch filters are changed in place.
        pixels: normalised pictures, float [B, 3, IMAGE_SIDE, IMAGE_SIDE].
    """
    patches = nn.functional.unfold(pixels, PATCH_SIDE, stride=PATCH_SIDE)
    patches = patches.transpose(1, 2).flatten(0, 1)
    values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
    filters = model.vision_model.embeddings.patch_embedding.weight  # [width, 3, side, side]
    width = filters.shape[0]
    values, vectors = values[-width:], vectors[:, -width:]
    # The last components are mostly noise. Adding a part of the total keeps them small.
    scale = 0.5 / (values + 0.002 * values.sum()).sqrt()
    filters.copy_((vectors * scale).T.reshape(filters.shape))


@dataclass(frozen=True)
class ImageFeatures:
    """What the image encoder returns."""

    pooled: Tensor  # [B, 192], before the projection
    projected: Tensor  # [B, 128], not normalised


def image_features(
    model: CLIPModel, pixels: Tensor, keep: float = 1.0, priority: Tensor | None = None
) -> ImageFeatures:
    """Encode pictures; with `keep` below 1, from a random part of their patches, to save time.

    Args:
        model: the model.
        pixels: normalised, float [B, 3, IMAGE_SIDE, IMAGE_SIDE].
        keep: part of the patches that are encoded (Li et al. 2023, arXiv:2212.00794).
        priority: float [B, patches]: a patch whose priority is higher than another's by 1 or more
            is always kept before it.
    """
    encoder = model.vision_model
    hidden = encoder.embeddings(pixels)
    if keep < 1.0:
        count = hidden.shape[1] - 1
        kept = max(1, round(count * keep))
        rank = torch.rand(hidden.shape[0], count, device=hidden.device)
        if priority is not None:
            rank = rank - priority
        order = rank.argsort(dim=1)
        index = order[:, :kept, None].expand(-1, -1, hidden.shape[2]) + 1
        hidden = torch.cat([hidden[:, :1], hidden.gather(1, index)], dim=1)
    hidden = encoder.pre_layrnorm(hidden)
    hidden = encoder.encoder(inputs_embeds=hidden).last_hidden_state
    pooled = encoder.post_layernorm(hidden[:, 0])
    return ImageFeatures(pooled, model.visual_projection(pooled))


def text_features(model: CLIPModel, ids: Tensor) -> Tensor:
    """Encode texts: ids [T, L] padded with the end token, to float [T, 128], not normalised.

    No attention mask is needed: attention is causal, and what follows the first end token is not
    read. On a CPU, texts of similar length are encoded together, to save padding. On a GPU all
    are encoded at once, because it takes as long for few as for many.
    """
    text = model.config.text_config
    assert isinstance(text, CLIPTextConfig)
    assert isinstance(text.eos_token_id, int)
    lengths = torch.eq(ids, text.eos_token_id).int().argmax(dim=1) + 1
    order = lengths.argsort()
    at_once = _TEXT_BATCH if ids.device.type == "cpu" else len(ids)
    parts = []
    for chosen in torch.split(order, at_once):
        some = ids[chosen, : int(lengths[chosen].max())]
        parts.append(model.text_projection(model.text_model(input_ids=some).pooler_output))
    projected: Tensor = torch.cat(parts)[order.argsort()]
    return projected
