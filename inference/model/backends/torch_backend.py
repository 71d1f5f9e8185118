"""A checkpoint run by torch, its towers apart or together.

Whether a model may be taken apart is not looked up by its name but measured: see `can_split`.
"""

import logging

import numpy as np
import torch

from inference.model.backends import token_pruning
from inference.model.backends.checkpoint import Checkpoint
from inference.model.encoder.dual_encoder import PROBE_TEXTS, DualEncoder, Traits
from inference.model.encoder.preprocessing import Inputs, Preprocessor, probes
from inference.model.encoder.scoring import FloatArray
from inference.model.encoder.tokenization import Tokenizer

# Trained on texts padded to 64 tokens, with the padding attended to or the processor saying so;
# for all others, zero-shot classification pads to the longest text only (as does transformers'
# own pipeline).
_FIXED_LENGTH_FAMILIES = {"siglip", "siglip2", "tipsv2", "align"}
_FIXED_LENGTH = 64

# Some text towers allow 512 tokens or don't say. Labels have about 100 characters.
_MAX_TOKENS = 256

# How far the two ways of computing may lie apart, relative to the largest logit: some ten times
# the rounding error of one number (2**-24, 2**-11, 2**-8) summed over the layers.
_TOLERANCE = {torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 8e-2}

log = logging.getLogger(__name__)

Tensors = dict[str, torch.Tensor]


class TorchModel:
    """Both towers of a checkpoint, and its own way of using them. For one thread at a time."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self._takes = checkpoint.inputs

    @property
    def parameters(self) -> int:
        """How many numbers were learned."""
        return sum(each.numel() for each in self.checkpoint.model.parameters())

    def towers(self) -> DualEncoder:
        """The same model as towers to be used apart; see `can_split`."""
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
        scale = 1.0  # of a model with neither, whose towers `can_split` finds not to do
        if hasattr(model, "logit_scale"):
            scale = float(model.logit_scale.float().exp())
        elif hasattr(model, "temperature"):
            scale = 1 / float(model.temperature)
        bias = getattr(model, "logit_bias", None)
        return Traits(
            image_size=self.checkpoint.image_size,
            scale=scale,
            bias=None if bias is None else float(bias),
        )

    @torch.inference_mode()
    def images(self, inputs: Inputs) -> FloatArray:
        """Features of pictures, float32 [pictures, dimensions]."""
        return _array(self.checkpoint.model.get_image_features(**self.tensors(inputs)))

    @torch.inference_mode()
    def texts(self, inputs: Inputs) -> FloatArray:
        """Features of texts, float32 [texts, dimensions]."""
        return _array(self.checkpoint.model.get_text_features(**self.tensors(inputs)))

    @torch.inference_mode()
    def joint_logits(self, images: Inputs, texts: Inputs) -> FloatArray:
        """The model's own `logits_per_image`, float32 [images, texts]."""
        output = self.checkpoint.model(**self.tensors(images), **self.tensors(texts))
        return _array(output.logits_per_image)

    def tensors(self, inputs: Inputs) -> Tensors:
        """Where the model takes them, without what it does not take.

        Only real numbers get the model's dtype.
        """
        device, dtype = self.checkpoint.device, self.checkpoint.dtype
        tensors = {
            name: torch.from_numpy(array) for name, array in inputs.items() if name in self._takes
        }
        return {
            name: tensor.to(device, dtype if tensor.is_floating_point() else None)
            for name, tensor in tensors.items()
        }

    def shorten(self, towers: DualEncoder) -> bool:
        """Lets the image tower leave out what nobody reads, where its features stay the same.

        For towers that are used apart: the joint way may look at other tokens as well.
        """
        before = towers.probe()
        if not token_pruning.shorten(self.checkpoint.model):
            return False
        same = False
        try:
            same = towers.answers_as(before, self.checkpoint.dtype_name)
        except Exception as error:  # of layers that are called in another way than CLIP's
            log.info("The last layer of %s can't be shortened: %s", self.checkpoint.name, error)
        if not same:
            token_pruning.restore(self.checkpoint.model)
        return same


def can_split(model: TorchModel, towers: DualEncoder) -> bool:
    """Whether the towers used apart give the model's own `logits_per_image`.

    Compared on two pictures and two texts of unlike length, each encoded by itself.

    Raises:
        FloatingPointError: the model's own logits are not finite numbers.
    """
    images, texts = towers.preprocess(probes()), towers.tokenizer.tokens(PROBE_TEXTS)
    expected = model.joint_logits(images, towers.tokenizer.batch(texts))
    if not np.isfinite(expected).all():
        raise FloatingPointError(f"not finite in {model.checkpoint.dtype}")
    try:
        features = np.concatenate([towers.encode([text]) for text in texts])
        got = towers.logits(towers.image_features(images), features)
    except (AttributeError, TypeError, ValueError, RuntimeError) as error:
        log.info("The towers of %s can't be run apart: %s", model.checkpoint.name, error)
        return False
    allowed = _TOLERANCE[model.checkpoint.dtype] * max(1.0, float(np.abs(expected).max()))
    return got.shape == expected.shape and float(np.abs(got - expected).max()) <= allowed


def _array(output: object) -> FloatArray:
    # transformers 5 returns an object whose `pooler_output` is the projected feature
    features = getattr(output, "pooler_output", output)
    if not isinstance(features, torch.Tensor):
        raise TypeError("a tower does not give one vector for each input")
    array: FloatArray = features.float().cpu().numpy()
    return array
