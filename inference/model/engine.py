"""Zero-shot classification: pictures and labels in, probabilities out.

labels ─ template ─▶ texts ─▶ text features (cached) ─┐
pictures ─ the checkpoint's processor ─▶ image features ─┴▶ logits ─▶ probabilities
"""

import ctypes
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from inference import cores
from inference.model.backends import export_cache, openvino_backend
from inference.model.backends.export_cache import ExportUnsupported
from inference.model.classifier import LabelSet
from inference.model.encoder.dual_encoder import DualEncoder
from inference.model.encoder.preprocessing import Inputs, stacked
from inference.model.encoder.scoring import FloatArray, probabilities, texts_for
from inference.model.precision import bfloat16
from inference.protocol.errors import ModelUnavailable
from inference.protocol.settings import DEMO_MODEL

if TYPE_CHECKING:  # all that imports torch, which takes seconds and hundreds of megabytes
    import torch

    from inference.model.backends.checkpoint import Checkpoint
    from inference.model.backends.torch_backend import TorchModel

# Bytes of weights below which compiling takes longer than it saves in a day of somebody's laptop:
# 20 million parameters in float16.
_WORTH_COMPILING = 40_000_000

log = logging.getLogger(__name__)


class Engine:
    """A loaded checkpoint, ready to classify. For one calling thread at a time.

    Attributes:
        name: the checkpoint, as given in CLIP_MODEL.
        device: such as `cpu` or `cuda:0`.
        dtype: of what is computed: `float32`, `bfloat16` or `float16`.
        runtime: what runs the towers: `torch` or `openvino`.
        image_size: shorter side, in pixels, that the model looks at.
        sigmoid_scores: True where scores are sigmoids, which need not add up to 1.
        model: what runs the towers; None where OpenVINO does.
        is_demo: True for the bundled model, which knows drawings and shapes, not photographs.
    """

    def __init__(
        self, name: str, towers: DualEncoder, *, device: str, dtype: str, model: "TorchModel | None"
    ) -> None:
        """See `load`."""
        self.name = name
        self.device = device
        self.dtype = dtype
        self.image_size = towers.traits.image_size
        self.runtime = "openvino" if model is None else "torch"
        self.is_demo = name == DEMO_MODEL
        self.encoder = towers
        self.model = model
        self.sigmoid_scores = towers.traits.sigmoid_scores
        self._joint: Callable[[Inputs, Inputs], FloatArray] | None = None

    @property
    def splits(self) -> bool:
        """Whether the towers are run apart, so that the features of labels are kept."""
        return self._joint is None

    @classmethod
    def of(cls, loaded: "Checkpoint") -> "Engine":
        """Run by torch; the model is taken apart where that changes nothing.

        Raises:
            FloatingPointError: the model's logits are not finite in this dtype.
        """
        from inference.model.backends.torch_backend import TorchModel, can_split

        model = TorchModel(loaded)
        towers = model.towers()
        device, dtype = str(loaded.device), loaded.dtype_name
        engine = cls(loaded.name, towers, device=device, dtype=dtype, model=model)
        if can_split(model, towers):
            model.shorten(towers)
        else:
            engine._joint = model.joint_logits
            log.warning(
                "%s gives other scores when its towers are run apart: labels can't be cached, "
                "and classification is slower",
                loaded.name,
            )
        return engine

    @classmethod
    def load(
        cls,
        model: str,
        *,
        device: str = "auto",
        dtype: str = "auto",
        runtime: str = "auto",
        threads: int = 0,
    ) -> "Engine":
        """Loads a checkpoint and tries it on two synthetic pictures.

        Args:
            model: a hub id (fetched on first use, then cached), a folder, or `demo`.
            device: `auto`, `cpu`, `cuda` or `cuda:N`.
            dtype: `float32`, `bfloat16`, `float16` or `auto`: float16 on CUDA; on a CPU bfloat16
                where the processor has instructions for it, the model is large enough to gain from
                them, and probabilities stay within `bfloat16.PROMISED`; else float32.
            runtime: `torch`, `openvino` (CPU only), or `auto`: OpenVINO on a CPU, where it is
                installed, gives the same answers and the model is large enough to be worth it.
            threads: that the model uses on a CPU; 0 for as many as there are cores.

        Raises:
            ModelUnavailable: with one sentence that says why, and what to do.
        """
        threads = threads or cores.available()
        if not _means_cpu(device):
            from inference.model.backends import checkpoint

            device = str(checkpoint.pick_device(device))
        insist = runtime == "openvino"
        if device not in ("auto", "cpu"):
            if insist:
                raise ModelUnavailable(
                    "CLIP_RUNTIME is openvino, but that runs on CPUs only; set CLIP_DEVICE=cpu."
                )
        elif insist or (
            runtime == "auto" and dtype != "float16" and openvino_backend.is_installed()
        ):
            engine = _compiled(model, dtype, threads, insist=insist)
            if engine is not None:
                return engine
        return cls._by_torch(model, device, dtype, threads)

    @classmethod
    def _by_torch(cls, model: str, device: str, dtype: str, threads: int) -> "Engine":
        import torch

        from inference.model.backends import checkpoint

        where = checkpoint.pick_device(device)
        if where.type != "cpu":
            return cls._load(model, where, dtype)
        torch.set_num_threads(threads)
        exact = cls._load(model, where, dtype)
        return exact if dtype != "auto" else cls._in_bfloat16(exact, where) or exact

    @classmethod
    def _in_bfloat16(cls, exact: "Engine", where: "torch.device") -> "Engine | None":
        """The same model in bfloat16, where that is faster and its answers stay the same."""
        from inference.model.backends import checkpoint

        assert exact.model is not None
        small = exact.model.parameters < bfloat16.LEAST_PARAMETERS
        # Without towers there are no logits of all pictures and all texts to compare.
        if small or not exact.splits or not checkpoint.has_native_bfloat16():
            return None
        try:
            rough = cls._load(exact.name, where, "bfloat16")
        except ModelUnavailable as reason:  # no memory for both, or no numbers in bfloat16
            log.info("%s stays in float32: %s", exact.name, reason)
            return None
        if rough.splits and bfloat16.keeps_answers(exact.encoder, rough.encoder):
            return rough
        log.info("%s stays in float32: bfloat16 would change its answers", exact.name)
        return None

    @classmethod
    def _load(cls, model: str, where: "torch.device", dtype: str) -> "Engine":
        import torch

        from inference.model.backends import checkpoint

        kind = checkpoint.pick_dtype(dtype, where)
        try:
            return cls.of(checkpoint.load(model, where, kind))
        except FloatingPointError as error:
            if dtype != "auto" or kind == torch.float32:
                raise ModelUnavailable(
                    f"CLIP_MODEL is {model!r}, but its scores are no numbers in "
                    f"{str(kind).removeprefix('torch.')}; set CLIP_DTYPE=float32."
                ) from error
            log.warning("%s overflows in float16: using float32", model)
            return cls.of(checkpoint.load(model, where, torch.float32))
        except ModelUnavailable:
            raise
        except Exception as error:
            raise ModelUnavailable(checkpoint.explain(model, error)) from error

    def classify(
        self, images: Sequence[Image.Image | Inputs], label_sets: Sequence[LabelSet]
    ) -> list[FloatArray]:
        """Probability of each label, for a batch of pictures that each have labels of their own.

        Args:
            images: RGB, any size, resized and cropped as the checkpoint's processor says; or what
                `prepare` made of them.
            label_sets: `label_sets[i]` belongs to `images[i]`; longer texts are cut at the model's
                context (77 tokens for CLIP, 64 for SigLIP).

        Returns:
            For each picture, float32 [labels]: a row that sums to 1 (softmax models), or scores
            in 0..1 that are independent of each other (`sigmoid_scores`). A single label of a
            softmax model is compared with `scores.NEUTRAL_PHRASES`: then p(something else) = 1 - p.
            All NaN where a score of this picture is not a number, as when float16 overflows.

        Raises:
            ValueError: a label set has no label, or its template not exactly one `{}`; or there
                are not as many label sets as images.
            torch.OutOfMemoryError: the batch does not fit on the device.

        Source: Radford et al. 2021, section 3.1 (arXiv:2103.00020).
        """
        if len(images) != len(label_sets):
            raise ValueError(f"{len(images)} images, but {len(label_sets)} label sets")
        if not images:
            return []
        texts = [
            texts_for(one.labels, one.template, sigmoid_scores=self.sigmoid_scores)
            for one in label_sets
        ]
        inputs = self._inputs(images)
        rows = self._split(inputs, texts) if self.splits else self._together(inputs, texts)
        return [
            self._probabilities(row)[: len(one.labels)]
            for row, one in zip(rows, label_sets, strict=True)
        ]

    def _probabilities(self, logits: FloatArray) -> FloatArray:
        if not np.isfinite(logits).all():
            return np.full_like(logits, np.nan)
        return probabilities(logits, sigmoid_scores=self.sigmoid_scores)

    def prepare(self, image: Image.Image) -> Inputs:
        """The part of `classify` that needs no model and may run before, in any thread.

        Args:
            image: RGB, any size.
        """
        return self.encoder.prepare(image)

    def _inputs(self, images: Sequence[Image.Image | Inputs]) -> Inputs:
        raw = [image for image in images if isinstance(image, Image.Image)]
        if len(raw) == len(images):
            return self.encoder.preprocess(raw)
        return stacked(
            [
                self.encoder.prepare(image) if isinstance(image, Image.Image) else image
                for image in images
            ]
        )

    def group_similar(self, texts: Sequence[str], at_least: float) -> list[int]:
        """For each text the place of the first one that means nearly the same, mostly its own.

        Args:
            texts: 1..500, as the model reads them; the earliest of its kind stands for all.
            at_least: cosine of two texts' features, -1..1, from which on they are of a kind.

        Returns:
            As long as `texts`; `result[result[i]] == result[i] <= i`. All places are their own
            where the model's towers can't be run apart.
        """
        if not self.splits:
            return list(range(len(texts)))
        features = self.encoder.text_features(texts)
        cosines = (features @ features.T).tolist()  # [texts, texts]
        first: list[int] = []
        for i in range(len(texts)):
            near = (j for j in range(i) if first[j] == j and cosines[i][j] >= at_least)
            first.append(next(near, i))
        return first

    def _split(self, inputs: Inputs, texts: list[list[str]]) -> list[FloatArray]:
        """Logits of each picture for its own texts, every distinct text encoded once."""
        column = {text: i for i, text in enumerate(dict.fromkeys(t for row in texts for t in row))}
        text_features = self.encoder.text_features(list(column))
        # One product of all with all: cheaper than many small ones.
        table = self.encoder.logits(self.encoder.image_features(inputs), text_features)
        return [table[i, [column[text] for text in row]] for i, row in enumerate(texts)]

    def _together(self, inputs: Inputs, texts: list[list[str]]) -> list[FloatArray]:
        """The same by the model's own forward pass, once for each distinct list of texts."""
        assert self._joint is not None
        tokenizer = self.encoder.tokenizer
        rows: dict[int, FloatArray] = {}
        for group in dict.fromkeys(tuple(row) for row in texts):
            members = [i for i, row in enumerate(texts) if tuple(row) == group]
            chosen = {name: array[members] for name, array in inputs.items()}
            table = self._joint(chosen, tokenizer.batch(tokenizer.tokens(group)))
            rows.update(zip(members, table, strict=True))
        return [rows[i] for i in range(len(texts))]


def _compiled(model: str, dtype: str, threads: int, *, insist: bool) -> Engine | None:
    """Run by OpenVINO; None where that is not worth it, or not possible.

    Raises:
        ModelUnavailable: the checkpoint can't be loaded, or OpenVINO is insisted on, but can't
            run it.
    """
    if not openvino_backend.is_installed():
        raise ModelUnavailable(
            "CLIP_RUNTIME is openvino, but OpenVINO is not installed here: "
            "pip install 'clipbot[fast]'."
        )
    least = 0 if insist else _WORTH_COMPILING
    try:
        towers, taken = export_cache.load(model, dtype, threads, least_bytes=least)
    except ExportUnsupported as reason:
        log.info("OpenVINO does not run %s: %s.", model, reason)
        if insist:
            raise ModelUnavailable(
                f"CLIP_RUNTIME is openvino, but that can't run {model!r}: {reason}; "
                "set CLIP_RUNTIME=auto."
            ) from reason
        return None
    return Engine(model, towers, device="cpu", dtype=taken, model=None)


def _means_cpu(device: str) -> bool:
    """Whether the model will run on the processor, found without torch.

    `auto` means a GPU where there may be one: its driver is there, and torch will see.
    """
    if device != "auto":
        return device == "cpu"
    if Path("/dev/kfd").exists():  # AMD's driver
        return False
    try:
        ctypes.CDLL("libcuda.so.1")  # NVIDIA's
    except OSError:
        return True
    return False
