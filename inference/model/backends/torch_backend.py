"""A checkpoint run by torch, its towers apart or together.

Whether the towers of a model may be run apart does not depend on its name: `can_split` measures it.
"""

import logging

import numpy as np
import torch

from inference.model.backends import token_pruning
from inference.model.backends.checkpoint import Checkpoint
from inference.model.encoder.dual_encoder import DualEncoder, Traits
from inference.model.encoder.preprocessing import Inputs, Preprocessor, sample_images
from inference.model.encoder.scoring import FloatArray
from inference.model.encoder.tokenization import Tokenizer
from inference.model.precision.equivalence import SAMPLE_TEXTS, matches, sample_features

# These families need texts padded to 64 tokens: they were trained on such texts and attend to the
# padding, or their processors ask for it. For all others, texts are padded to the longest of the
# batch, as in the zero-shot pipeline of transformers.
_FIXED_LENGTH_FAMILIES = {"siglip", "siglip2", "tipsv2", "align"}
_FIXED_LENGTH = 64

# Used if a text tower does not state its context, and as a limit for those that take 512
# tokens: labels have about 100 characters.
_MAX_TOKENS = 256

# How far the logits of the two ways may lie apart, relative to the largest logit: about ten times
# the rounding error of one number (2**-24, 2**-11, 2**-8), summed over the layers.
_TOLERANCE = {torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 8e-2}

log = logging.getLogger(__name__)

Tensors = dict[str, torch.Tensor]


class TorchModel:
    """Both towers of a checkpoint, and its own way to use them together. One thread at a time."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self._input_names = checkpoint.input_names

    @property
    def parameters(self) -> int:
        """How many numbers were learned."""
        return sum(each.numel() for each in self.checkpoint.model.parameters())

    def dual_encoder(self) -> DualEncoder:
        """Return an encoder that runs the towers of this model apart; see `can_split`."""
        checkpoint = self.checkpoint
        text_config = getattr(checkpoint.model.config, "text_config", checkpoint.model.config)
        to_max = checkpoint.family in _FIXED_LENGTH_FAMILIES
        max_tokens = min(
            int(checkpoint.tokenizer.model_max_length),
            int(getattr(text_config, "max_position_embeddings", _MAX_TOKENS)),
            _FIXED_LENGTH if to_max else _MAX_TOKENS,
        )
        return DualEncoder(
            self._traits(),
            Tokenizer.of(checkpoint.tokenizer, max_tokens, to_max=to_max),
            Preprocessor.of(checkpoint.image_processor),
            self,
        )

    def _traits(self) -> Traits:
        model = self.checkpoint.model
        scale = 1.0  # a guess; if it is wrong, `can_split` finds that the logits differ
        if hasattr(model, "logit_scale"):
            scale = float(model.logit_scale.float().exp())
        elif hasattr(model, "temperature"):
            scale = 1 / float(model.temperature)
        bias = getattr(model, "logit_bias", None)
        return Traits(
            image_size=self.checkpoint.image_size,
            logit_scale=scale,
            logit_bias=None if bias is None else float(bias),
        )

    @torch.inference_mode()
    def encode_images(self, inputs: Inputs) -> FloatArray:
        """Return the features of images, float32 [images, dimensions], not normalised."""
        return _array(self.checkpoint.model.get_image_features(**self.tensors(inputs)))

    @torch.inference_mode()
    def encode_texts(self, inputs: Inputs) -> FloatArray:
        """Return the features of texts, float32 [texts, dimensions], not normalised."""
        return _array(self.checkpoint.model.get_text_features(**self.tensors(inputs)))

    @torch.inference_mode()
    def joint_logits(self, images: Inputs, texts: Inputs) -> FloatArray:
        """Return the model's own `logits_per_image`, float32 [images, texts]."""
        output = self.checkpoint.model(**self.tensors(images), **self.tensors(texts))
        return _array(output.logits_per_image)

    def tensors(self, inputs: Inputs) -> Tensors:
        """Return the model's inputs as tensors on its device, without those that it does not take.

        Floating-point tensors get the model's dtype; others keep theirs.
        """
        device, dtype = self.checkpoint.device, self.checkpoint.dtype
        tensors = {
            name: torch.from_numpy(array)
            for name, array in inputs.items()
            if name in self._input_names
        }
        return {
            name: tensor.to(device, dtype if tensor.is_floating_point() else None)
            for name, tensor in tensors.items()
        }

    def prune_tokens(self, encoder: DualEncoder) -> bool:
        """Skip the unused part of the image tower's last layer, if the features stay the same.

        Only for towers that run apart: the model's own forward pass may read other tokens as well.

        Args:
            encoder: this model's `dual_encoder`.

        Returns:
            Whether the model was changed.
        """
        before = sample_features(encoder)
        if not token_pruning.prune_last_layer(self.checkpoint.model):
            return False
        same = False
        try:
            same = matches(encoder, before, self.checkpoint.dtype_name)
        except Exception as error:  # layers that take other arguments than CLIP's
            log.info("The last layer of %s can't be pruned: %s", self.checkpoint.name, error)
        if not same:
            token_pruning.restore_last_layer(self.checkpoint.model)
        return same


def can_split(model: TorchModel, encoder: DualEncoder) -> bool:
    """Return whether the towers run apart give the model's own `logits_per_image`.

    Compares the logits of two images and two texts of different lengths; each text is encoded by
    itself.

    Args:
        encoder: the model's `dual_encoder`.

    Raises:
        FloatingPointError: the model's own logits are not finite numbers.
    """
    images, texts = encoder.preprocess(sample_images()), encoder.tokenizer.tokens(SAMPLE_TEXTS)
    expected = model.joint_logits(images, encoder.tokenizer.batch(texts))
    if not np.isfinite(expected).all():
        raise FloatingPointError(f"not finite in {model.checkpoint.dtype}")
    try:
        features = np.concatenate([encoder.encode_tokens([text]) for text in texts])
        found = encoder.logits(encoder.image_features(images), features)
    except (AttributeError, TypeError, ValueError, RuntimeError) as error:
        log.info("The towers of %s can't be run apart: %s", model.checkpoint.name, error)
        return False
    allowed = _TOLERANCE[model.checkpoint.dtype] * max(1.0, float(np.abs(expected).max()))
    return found.shape == expected.shape and float(np.abs(found - expected).max()) <= allowed


def _array(output: object) -> FloatArray:
    # transformers 5 returns an object whose `pooler_output` is the projected feature.
    features = getattr(output, "pooler_output", output)
    if not isinstance(features, torch.Tensor):
        raise TypeError("a tower does not give one vector for each input")
    array: FloatArray = features.float().cpu().numpy()
    return array
