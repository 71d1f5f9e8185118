"""The two towers of a contrastive model: pictures → features, texts → features, both → logits.

The towers are used apart, so that the features of labels can be kept. Whether a model may be
taken apart is not looked up by its name but measured: see `Towers.can_split`.
"""

import logging
from collections.abc import Sequence

import torch
from PIL import Image
from torch.nn import functional

from inference.checkpoint import Checkpoint
from inference.compiled import CompiledTower, Translation
from inference.label_features import LabelFeatures, Tokens
from inference.preprocessing import Inputs, Preprocessor, probes, stacked

# Trained on texts padded to 64 tokens, with the padding attended to or the processor saying so;
# for all others, zero-shot classification pads to the longest text only (as does transformers'
# own pipeline).
_FIXED_LENGTH_FAMILIES = {"siglip", "siglip2", "tipsv2", "align"}
_FIXED_LENGTH = 64

# Some text towers allow 512 tokens or don't say. Labels have about 100 characters.
_MAX_TOKENS = 256

_TEXTS_AT_ONCE = 128  # bounds the memory of a text batch: 16 jobs of 50 labels are 800 texts

# How far the two ways of computing may lie apart, relative to the largest logit: some ten times
# the rounding error of one number (2**-24, 2**-11, 2**-8) summed over the layers.
_TOLERANCE = {torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 8e-2}

_PROBE_TEXTS = ("a cat", "two red cars in front of a house by the sea")

# What a label's probability may change by when towers run in another way, and still be the answer.
_SAME_ANSWER = {torch.float32: 1e-3, torch.bfloat16: 0.02}

log = logging.getLogger(__name__)


class Towers:
    """Runs a checkpoint's towers, apart or together. For one thread at a time."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.known_labels = LabelFeatures()
        self._inputs = checkpoint.inputs
        self._preprocessor = Preprocessor(checkpoint.image_processor)
        model = checkpoint.model
        # Where there are none, torch runs the model itself.
        self._compiled_images: CompiledTower | None = None
        self._compiled_texts: CompiledTower | None = None
        text_config = getattr(model.config, "text_config", model.config)
        self._fixed_length = checkpoint.family in _FIXED_LENGTH_FAMILIES
        self.max_tokens = min(
            int(checkpoint.tokenizer.model_max_length),
            int(getattr(text_config, "max_position_embeddings", _MAX_TOKENS)),
            _FIXED_LENGTH if self._fixed_length else _MAX_TOKENS,
        )

    @property
    def parameters(self) -> int:
        """How many numbers the model has learnt."""
        return sum(parameter.numel() for parameter in self.checkpoint.model.parameters())

    @property
    def independent(self) -> bool:
        """True for models trained with a sigmoid for each pair; they alone have a logit bias."""
        return getattr(self.checkpoint.model, "logit_bias", None) is not None

    def can_split(self) -> bool:
        """Whether the towers used apart give the model's own `logits_per_image`.

        Compared on two pictures and two texts of unlike length, each encoded by itself.

        Raises:
            FloatingPointError: the model's own logits are not finite numbers.
        """
        images = self.preprocess(probes())
        expected = self.joint_logits(images, _PROBE_TEXTS)
        try:
            features = torch.cat([self._encode_texts([text]) for text in _PROBE_TEXTS])
            got = self.logits(self.image_features(images), features)
        except (AttributeError, TypeError, ValueError, RuntimeError) as error:
            log.info("The towers of %s can't be run apart: %s", self.checkpoint.name, error)
            return False
        allowed = _TOLERANCE[self.checkpoint.dtype] * max(1.0, expected.abs().max().item())
        return got.shape == expected.shape and (got - expected).abs().max().item() <= allowed

    def prepare(self, image: Image.Image) -> Inputs:
        """What the checkpoint's own processor makes of one RGB picture of any size, on the CPU.

        For any number of threads at a time.
        """
        return self._preprocessor.one(image)

    def on_device(self, prepared: Sequence[Inputs]) -> Inputs:
        """Prepared pictures as one batch of what the model takes, where it takes it.

        Returns:
            `pixel_values`, and for NaFlex models also `pixel_attention_mask` and `spatial_shapes`.
        """
        return self._to_device(stacked(prepared))

    def preprocess(self, images: Sequence[Image.Image]) -> Inputs:
        """Both for several RGB pictures, prepared side by side on all cores."""
        return self._to_device(self._preprocessor.all(images))

    @torch.inference_mode()
    def compile(self, dtypes: Sequence[torch.dtype], threads: int) -> torch.dtype | None:
        """Let OpenVINO run both towers from now on, if they give the same answers then.

        Args:
            dtypes: to try, float32 or bfloat16; the first that gives the same answers is taken.
            threads: at most so many.

        Returns:
            What was taken; None where torch goes on running the towers.
        """
        before = self.probabilities()
        model = self.checkpoint.model
        try:
            images = Translation(model, "get_image_features", self.preprocess(probes()))
            texts = Translation(model, "get_text_features", self._pad(_PROBE_TEXTS))
            for dtype in dtypes:
                self._compiled_images = images.compiled(dtype, threads)
                self._compiled_texts = texts.compiled(dtype, threads)
                if same_answers(before, self.probabilities(), _SAME_ANSWER[dtype]):
                    return dtype
                log.info("%s gives other answers in %s", self.checkpoint.name, dtype)
        except Exception as error:  # of a tower that can't be followed; torch can run it
            log.info("OpenVINO can't run %s: %s", self.checkpoint.name, error)
        self._compiled_images = self._compiled_texts = None
        return None

    @torch.inference_mode()
    def agrees_with(self, other: "Towers") -> bool:
        """Whether these towers, in bfloat16, answer as others do in float32."""
        allowed = _SAME_ANSWER[torch.bfloat16]
        return same_answers(other.probabilities(), self.probabilities(), allowed)

    def probabilities(self) -> torch.Tensor:
        """Of the probe texts for the probe pictures, run as one batch and one by one: [2n, 2]."""
        prepared = [self.prepare(picture) for picture in probes()]
        batches: list[list[Inputs]] = [prepared, *([one] for one in prepared)]
        images = torch.cat([self.image_features(self.on_device(batch)) for batch in batches])
        texts = torch.cat([self._encode_texts([text]) for text in _PROBE_TEXTS])
        logits = self.logits(images, texts)
        return logits.sigmoid() if self.independent else logits.softmax(dim=1)

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Each text's token ids, cut at the model's context, without padding."""
        encoded = self.checkpoint.tokenizer(
            list(texts), truncation=True, max_length=self.max_tokens, padding=False
        )
        return [tuple(ids) for ids in encoded["input_ids"]]

    def image_features(self, images: dict[str, torch.Tensor]) -> torch.Tensor:
        """Unit vectors, float32 [images, dimensions]."""
        tower = self._compiled_images or self.checkpoint.model.get_image_features
        return _unit(tower(**images))

    def text_features(self, texts: Sequence[str]) -> torch.Tensor:
        """Unit vectors, float32 [texts, dimensions]; repeated or known texts cost nothing."""
        keys = self.tokens(texts)
        features = self.known_labels.get(keys)
        unknown = {key: text for key, text in zip(keys, texts, strict=True) if key not in features}
        # Texts of about the same length together: less padding.
        order = sorted(unknown, key=len)
        for start in range(0, len(order), _TEXTS_AT_ONCE):
            chunk = order[start : start + _TEXTS_AT_ONCE]
            encoded = self._encode_texts([unknown[key] for key in chunk])
            features.update(zip(chunk, encoded, strict=True))
            self.known_labels.put(chunk, encoded)
        return torch.stack([features[key] for key in keys])

    def logits(self, images: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
        """Scaled cosines of unit vectors, float32 [images, texts].

        `exp(logit_scale) · cos` (CLIP), plus `logit_bias` (SigLIP), or `cos / temperature` (ALIGN).

        Raises:
            AttributeError: the model has neither a logit scale nor a temperature.
        """
        model = self.checkpoint.model
        logits: torch.Tensor = images @ texts.T
        if hasattr(model, "logit_scale"):
            logits = logits * model.logit_scale.float().exp()
        else:
            logits = logits / model.temperature.float()
        if self.independent:
            logits = logits + model.logit_bias.float()
        return logits

    def joint_logits(self, images: dict[str, torch.Tensor], texts: Sequence[str]) -> torch.Tensor:
        """The model's own `logits_per_image`, float32 [images, texts].

        Raises:
            FloatingPointError: some are not finite, as when float16 overflows.
        """
        output = self.checkpoint.model(**images, **self._pad(texts))
        logits: torch.Tensor = output.logits_per_image.float()
        if not logits.isfinite().all():
            raise FloatingPointError(f"not finite in {self.checkpoint.dtype}")
        return logits

    def _encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        tower = self._compiled_texts or self.checkpoint.model.get_text_features
        return _unit(tower(**self._pad(texts)))

    def _pad(self, texts: Sequence[str]) -> dict[str, torch.Tensor]:
        encoded = self.checkpoint.tokenizer(
            list(texts),
            truncation=True,
            max_length=self.max_tokens,
            padding="max_length" if self._fixed_length else "longest",
            return_tensors="pt",
        )
        return self._to_device(encoded)

    def _to_device(self, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Drops what the model does not take; only real numbers get the model's dtype."""
        device, dtype = self.checkpoint.device, self.checkpoint.dtype
        return {
            name: tensor.to(device, dtype if tensor.is_floating_point() else None)
            for name, tensor in tensors.items()
            if name in self._inputs
        }


def _unit(output: object) -> torch.Tensor:
    # transformers 5 returns an object whose `pooler_output` is the projected feature
    features = getattr(output, "pooler_output", output)
    if not isinstance(features, torch.Tensor) or features.ndim != 2:
        raise TypeError("a tower does not give one vector for each input")
    return functional.normalize(features.float(), dim=-1)


def same_answers(before: torch.Tensor, after: torch.Tensor, allowed: float) -> bool:
    """Whether the same label wins, and no probability changes by more than is allowed.

    Args:
        before: probabilities, [questions, labels].
        after: the same questions, answered in another way.
        allowed: greatest change, 0..1.
    """
    near = (before - after).abs().max().item() <= allowed  # NaN is never near
    return near and bool((before.argmax(dim=1) == after.argmax(dim=1)).all())
