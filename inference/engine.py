"""Zero-shot classification: pictures and labels in, probabilities out.

labels ─ template ─▶ texts ─▶ text features (cached) ─┐
pictures ─ the checkpoint's processor ─▶ image features ─┴▶ logits ─▶ probabilities
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from PIL import Image

from inference import checkpoint, compiled, cores, memory
from inference.errors import ModelUnavailable
from inference.preprocessing import Inputs
from inference.scores import FloatArray, probabilities, texts_for
from inference.settings import DEMO_MODEL
from inference.towers import Towers

# Below so many parameters compiling takes longer than it saves in a day of somebody's laptop.
_WORTH_COMPILING = 20_000_000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LabelSet:
    """What one picture is compared with.

    Attributes:
        labels: one or more, as typed.
        template: holds exactly one `{}`, which each label replaces; None uses labels as typed.
    """

    labels: tuple[str, ...]
    template: str | None = None


class Engine:
    """A loaded checkpoint, ready to classify. For one calling thread at a time.

    Attributes:
        name: the checkpoint, as given in CLIP_MODEL.
        device: such as `cpu` or `cuda:0`.
        dtype: of what is computed: `float32`, `bfloat16` or `float16`.
        runtime: what runs the towers: `torch` or `openvino`.
        image_size: shorter side, in pixels, that the model looks at.
        independent: True where scores are sigmoids, which need not add up to 1.
        is_demo: True for the bundled model, which knows drawings and shapes, not photographs.
    """

    def __init__(self, loaded: checkpoint.Checkpoint) -> None:
        """Takes the model apart where that changes nothing.

        Raises:
            FloatingPointError: the model's logits are not finite in this dtype.
        """
        self.name = loaded.name
        self.device = str(loaded.device)
        self.dtype = str(loaded.dtype).removeprefix("torch.")
        self.image_size = loaded.image_size
        self.runtime = "torch"
        self.is_demo = loaded.name == DEMO_MODEL
        self.towers = Towers(loaded)
        self.independent = self.towers.independent
        with torch.inference_mode():
            self.splits = self.towers.can_split()
        if not self.splits:
            log.warning(
                "%s gives other scores when its towers are run apart: labels can't be cached, "
                "and classification is slower",
                self.name,
            )

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
                where the processor has instructions for it and the answers stay the same, else
                float32.
            runtime: `torch`, `openvino` (CPU only), or `auto`: OpenVINO on a CPU, where it is
                installed, gives the same answers and the model is large enough to be worth it.
            threads: that the model uses on a CPU; 0 for as many as there are cores.

        Raises:
            ModelUnavailable: with one sentence that says why, and what to do.
        """
        where = checkpoint.pick_device(device)
        if runtime == "openvino" and not (where.type == "cpu" and compiled.is_installed()):
            raise ModelUnavailable(
                "CLIP_RUNTIME is openvino, but that runs on CPUs only; set CLIP_DEVICE=cpu."
                if where.type != "cpu"
                else "CLIP_RUNTIME is openvino, but OpenVINO is not installed here: "
                "pip install 'clipbot[fast]'."
            )
        if where.type != "cpu":
            return cls._load(model, where, dtype)
        threads = threads or cores.available()
        torch.set_num_threads(threads)
        may_compile = runtime == "auto" and compiled.is_installed() and dtype != "float16"
        insist = runtime == "openvino"
        if dtype not in ("auto", "float32") and not (may_compile or insist):
            return cls._load(model, where, dtype)
        exact = cls._load(model, where, "auto" if dtype == "auto" else "float32")
        if (may_compile or insist) and _compile(exact, dtype, threads, insist=insist):
            return exact
        if dtype == "auto" and checkpoint.has_native_bfloat16():
            quick = cls._load(model, where, "bfloat16")
            return quick if quick.towers.agrees_with(exact.towers) else exact
        return exact if dtype in ("auto", "float32") else cls._load(model, where, dtype)

    @classmethod
    def _load(cls, model: str, where: torch.device, dtype: str) -> "Engine":
        kind = checkpoint.pick_dtype(dtype, where)
        try:
            return cls(checkpoint.load(model, where, kind))
        except FloatingPointError as error:
            if dtype != "auto" or kind == torch.float32:
                raise ModelUnavailable(
                    f"CLIP_MODEL is {model!r}, but its scores are no numbers in "
                    f"{str(kind).removeprefix('torch.')}; set CLIP_DTYPE=float32."
                ) from error
            log.warning("%s overflows in float16: using float32", model)
            return cls(checkpoint.load(model, where, torch.float32))
        except ModelUnavailable:
            raise
        except Exception as error:
            raise ModelUnavailable(checkpoint.explain(model, error)) from error

    @torch.inference_mode()
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
            in 0..1 that are independent of each other (`independent`). A single label of a
            softmax model is compared with `scores.NEUTRAL_PHRASES`: then p(something else) = 1 - p.

        Raises:
            ValueError: a label set has no label, or its template not exactly one `{}`; or there
                are not as many label sets as images.
            torch.OutOfMemoryError: the batch does not fit on the device.
            FloatingPointError: a score is not a number; the batch has no answer.

        Source: Radford et al. 2021, section 3.1 (arXiv:2103.00020).
        """
        if len(images) != len(label_sets):
            raise ValueError(f"{len(images)} images, but {len(label_sets)} label sets")
        if not images:
            return []
        texts = [
            texts_for(one.labels, one.template, independent=self.independent) for one in label_sets
        ]
        inputs = self._inputs(images)
        rows = self._split(inputs, texts) if self.splits else self._joint(inputs, texts)
        return [
            probabilities(row, independent=self.independent)[: len(one.labels)]
            for row, one in zip(rows, label_sets, strict=True)
        ]

    def prepare(self, image: Image.Image) -> Inputs:
        """The part of `classify` that needs no model and may run before, in any thread.

        Args:
            image: RGB, any size.
        """
        return self.towers.prepare(image)

    def _inputs(self, images: Sequence[Image.Image | Inputs]) -> Inputs:
        raw = [image for image in images if isinstance(image, Image.Image)]
        if len(raw) == len(images):
            return self.towers.preprocess(raw)
        return self.towers.on_device(
            [
                self.towers.prepare(image) if isinstance(image, Image.Image) else image
                for image in images
            ]
        )

    @torch.inference_mode()
    def alike(self, texts: Sequence[str], at_least: float) -> list[int]:
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
        features = self.towers.text_features(texts)
        cosines = (features @ features.T).cpu().tolist()  # [texts, texts]
        first: list[int] = []
        for i in range(len(texts)):
            near = (j for j in range(i) if first[j] == j and cosines[i][j] >= at_least)
            first.append(next(near, i))
        return first

    def _split(self, inputs: dict[str, torch.Tensor], texts: list[list[str]]) -> list[FloatArray]:
        """Logits of each picture for its own texts, every distinct text encoded once."""
        column = {text: i for i, text in enumerate(dict.fromkeys(t for row in texts for t in row))}
        text_features = self.towers.text_features(list(column))
        # One product of all with all, and one copy to the CPU: cheaper than many small ones.
        logits = self.towers.logits(self.towers.image_features(inputs), text_features)
        if not logits.isfinite().all():
            raise FloatingPointError("a score is not a number")
        table: FloatArray = logits.cpu().numpy()
        return [table[i, [column[text] for text in row]] for i, row in enumerate(texts)]

    def _joint(self, inputs: dict[str, torch.Tensor], texts: list[list[str]]) -> list[FloatArray]:
        """The same by the model's own forward pass, once for each distinct list of texts."""
        rows: dict[int, FloatArray] = {}
        for group in dict.fromkeys(tuple(row) for row in texts):
            members = [i for i, row in enumerate(texts) if tuple(row) == group]
            chosen = {name: tensor[members] for name, tensor in inputs.items()}
            table: FloatArray = self.towers.joint_logits(chosen, group).cpu().numpy()
            rows.update(zip(members, table, strict=True))
        return [rows[i] for i in range(len(texts))]


def _compile(engine: Engine, dtype: str, threads: int, *, insist: bool) -> bool:
    """Hands the towers over to OpenVINO where that is worth it; whether it was done.

    Raises:
        ModelUnavailable: insisted on, but impossible.
    """
    if not insist and engine.towers.parameters < _WORTH_COMPILING:
        return False
    native = compiled.native_dtypes()
    wanted = native if dtype == "auto" else [checkpoint.DTYPES[dtype]]
    kinds = [kind for kind in wanted if kind in native]
    taken = engine.towers.compile(kinds, threads) if kinds and engine.splits else None
    if taken is not None:
        # OpenVINO has packed a copy of its own.
        model = engine.towers.checkpoint.model
        memory.set_aside([*model.parameters(), *model.buffers()])
        engine.runtime, engine.dtype = "openvino", str(taken).removeprefix("torch.")
    elif insist:
        raise ModelUnavailable(
            f"CLIP_RUNTIME is openvino, but that can't run {engine.name!r} in {dtype} with the "
            "same answers on this processor; set CLIP_RUNTIME=auto."
        )
    return taken is not None
