"""Zero-shot classification: images and labels in, probabilities out.

labels ─ template ─▶ texts ─▶ text features (cached) ─┐
images ─ the checkpoint's processor ─▶ image features ─┼▶ logits ─▶ probabilities, fit
everyday things ─▶ text features (kept on disk) ───────┘
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from inference.model import backend_choice
from inference.model.backend_choice import LoadedModel
from inference.model.classifier import Comparison, LabelSet
from inference.model.encoder.preprocessing import Inputs, stack
from inference.model.encoder.scoring import FloatArray, probabilities
from inference.model.encoder.templates import Reading, readings
from inference.model.none_of_these import bank, bank_features
from inference.model.none_of_these.fit import fit, log_odds, log_odds_by_few, threshold_of
from inference.model.photo_probe import PhotoProbe
from inference.protocol.labels import AUTO_TEMPLATE, needs_something_else
from inference.protocol.settings import DEMO_MODEL


class Engine:
    """A loaded checkpoint that classifies images. One thread at a time.

    Attributes:
        name: the checkpoint, as given in CLIP_MODEL.
        device: such as `cpu` or `cuda:0`.
        dtype: what is computed in: `float32`, `bfloat16` or `float16`.
        runtime: what runs the towers: `torch` or `openvino`.
        image_size: shorter side of the model's input, in pixels.
        sigmoid_scores: True if scores are sigmoids, which need not add up to 1.
        encoder: the two towers.
        torch_model: the model behind the towers; None if OpenVINO runs them.
        is_demo: True for the bundled model, which knows drawings and shapes, not photographs.
    """

    def __init__(self, name: str, loaded: LoadedModel, none_fits: str | float = "auto") -> None:
        """See `load`."""
        self.name = name
        self.device = loaded.device
        self.dtype = loaded.dtype
        self.runtime = "openvino" if loaded.torch_model is None else "torch"
        self.is_demo = name == DEMO_MODEL
        self.encoder = loaded.encoder
        self.torch_model = loaded.torch_model
        self.image_size = loaded.encoder.traits.image_size
        self.sigmoid_scores = loaded.encoder.traits.sigmoid_scores
        self._joint_logits = loaded.joint_logits
        self._photo_probe = PhotoProbe.load() if self.is_demo else None
        self._tells_fit = none_fits != "off" and self.runs_towers_apart
        self._threshold = none_fits if isinstance(none_fits, float) else threshold_of(name)
        self._bank = bank_features.of_model(
            name, self.encoder, self.runtime, self.dtype, str(self.device)
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
        none_fits: str | float = "auto",
    ) -> "Engine":
        """Load a checkpoint and check its answers on a few sample images.

        Args:
            model: a hub id (fetched on first use, then cached), a folder, or `demo`.
            device: `auto`, `cpu`, `cuda` or `cuda:N`.
            dtype: `float32`, `bfloat16`, `float16` or `auto`. `auto` is float16 on CUDA. On a CPU
                it is bfloat16 if the processor has instructions for it, the model is large enough
                to gain from them, and no probability changes by more than `bfloat16.PROMISED`;
                else float32.
            runtime: `torch`, `openvino` (CPU only) or `auto`. `auto` is OpenVINO on a CPU if it is
                installed, gives the same answers, and the model is large enough to gain from it;
                else torch.
            threads: that the model uses on a CPU; 0 for as many as there are cores.
            none_fits: the S of a single label, 0..1, below which it seems not to fit; `auto` for
                the checkpoint's own; `off` never tells whether labels fit.

        Raises:
            ModelUnavailable: the model can't be loaded; one sentence says why and what to do.
        """
        loaded = backend_choice.load(
            model, device=device, dtype=dtype, runtime=runtime, threads=threads
        )
        return cls(model, loaded, none_fits)

    @property
    def runs_towers_apart(self) -> bool:
        """Whether images and texts are encoded apart, so that the features of labels are cached."""
        return self._joint_logits is None

    def classify(
        self, images: Sequence[Image.Image | Inputs], label_sets: Sequence[LabelSet]
    ) -> list[FloatArray]:
        """Return the probabilities of `compare`."""
        return [found.probabilities for found in self.compare(images, label_sets)]

    def compare(
        self, images: Sequence[Image.Image | Inputs], label_sets: Sequence[LabelSet]
    ) -> list[Comparison]:
        """Compare each image of a batch with its own label set.

        Args:
            images: RGB, any size, resized and cropped as the checkpoint's processor says; or
                outputs of `prepare`.
            label_sets: `label_sets[i]` belongs to `images[i]`; longer texts are cut at the model's
                context (77 tokens for CLIP, 64 for SigLIP). An object that is given several times,
                to be compared with several label sets, is encoded once.

        Returns:
            For each image its comparison. Its probabilities sum to 1 (softmax models), or are
            independent scores in 0..1 (`sigmoid_scores`). A single label of a softmax model is
            compared with everyday things: its probability is its fit. With more labels, the fit is
            None until `encode_bank` is done, and if the towers can't run apart. It is always None
            if NONE_FITS is off.
            Probabilities are all NaN if a logit of the image is not finite, as when float16
            overflows.

        Raises:
            ValueError: a label set has no label, or a template that is neither `auto` nor has
                exactly one `{}`; or there are not as many label sets as images.
            torch.OutOfMemoryError: the batch does not fit on the device.

        Source: Radford et al. 2021, section 3.1 (arXiv:2103.00020).
        """
        if len(images) != len(label_sets):
            raise ValueError(f"{len(images)} images, but {len(label_sets)} label sets")
        if not images:
            return []
        if not all(one.labels for one in label_sets):
            raise ValueError("there are no labels to compare an image with")
        found = [readings(one.labels, self._template(one)) for one in label_sets]
        distinct = {id(image): image for image in images}
        at = {key: i for i, key in enumerate(distinct)}
        inputs, places = self._inputs(list(distinct.values())), [at[id(image)] for image in images]
        if self.runs_towers_apart:
            return self._compare_apart(inputs, places, found)
        return self._compare_together(inputs, places, found)

    def encode_bank(self, seconds: float) -> bool:
        """Encode everyday things for about `seconds`; return whether all needed ones are encoded.

        What is encoded is kept on disk, so that only the first start with a checkpoint takes this
        time. Nothing is needed if the towers can't run apart, or if NONE_FITS is off and no label
        is ever alone. Until the end, a few stand for all where a single label needs them.
        """
        needed = self._tells_fit or (self.runs_towers_apart and not self.sigmoid_scores)
        return not needed or self._bank.encode(seconds)

    def _template(self, label_set: LabelSet) -> str | None:
        """Return the template to use: without text features, `auto` can average nothing."""
        averaged = label_set.template == AUTO_TEMPLATE
        return None if averaged and not self.runs_towers_apart else label_set.template

    def prepare(self, image: Image.Image) -> Inputs:
        """Return the arrays of one image: the part of `compare` that needs no model.

        Any number of threads may call this at the same time.

        Args:
            image: RGB, any size.
        """
        return self.encoder.prepare(image)

    def _inputs(self, images: Sequence[Image.Image | Inputs]) -> Inputs:
        raw = [image for image in images if isinstance(image, Image.Image)]
        if len(raw) == len(images):
            return self.encoder.preprocess(raw)
        return stack(
            [
                self.encoder.prepare(image) if isinstance(image, Image.Image) else image
                for image in images
            ]
        )

    def group_similar(self, label_set: LabelSet, at_least: float) -> list[int]:
        """Return, for each label, the index of the first label of its group.

        Labels are taken in order, as the model reads them. Each joins the first group whose first
        label is similar to it; if there is none, it starts a new group.

        Args:
            label_set: 1..500 labels.
            at_least: cosine of the features of two similar labels, -1..1.

        Returns:
            One for each label; `result[result[i]] == result[i] <= i`. Each label is a group of its
            own if the model's towers can't run apart.

        Raises:
            ValueError: as `compare`.
        """
        if not self.runs_towers_apart:
            return list(range(len(label_set.labels)))
        found = readings(label_set.labels, label_set.template)
        features = self.encoder.reading_features(found)
        cosines = (features @ features.T).tolist()  # [labels, labels]
        first: list[int] = []
        for i in range(len(found)):
            similar = (j for j in range(i) if first[j] == j and cosines[i][j] >= at_least)
            first.append(next(similar, i))
        return first

    def _compare_apart(
        self, inputs: Inputs, places: Sequence[int], readings: list[list[Reading]]
    ) -> list[Comparison]:
        """Compare image `places[i]` with `readings[i]`; encode each text once."""
        column = {one: i for i, one in enumerate(dict.fromkeys(r for row in readings for r in row))}
        texts = self.encoder.reading_features(list(column))
        images = self.encoder.image_features(inputs)
        # One product of all images with all texts takes less time than many small products.
        logits = self.encoder.logits(images, texts)
        whole, needed = self._bank.ready, any(map(self._needs_something_else, readings))
        everyday = None
        if needed or (self._tells_fit and whole):
            things = self._bank.features if whole else self._bank.sample()
            everyday = self.encoder.logits(images, things)
        photos = self._are_photos(inputs, images)
        compared = []
        for place, row in zip(places, readings, strict=True):
            columns = [column[one] for one in row]
            own = logits[place, columns]
            odds = None
            if everyday is not None and np.isfinite(own).all():
                if whole:
                    far = self._bank.far_from(texts[columns], tuple(row))
                    odds = log_odds(own, everyday[place, far])
                elif self._needs_something_else(row):
                    odds = log_odds_by_few(own, everyday[place], self._bank.size)
            compared.append(self._comparison(own, odds, photos[place]))
        return compared

    def _are_photos(self, inputs: Inputs, features: FloatArray) -> list[bool]:
        """Return whether each image looks like a photograph; only of the demo model."""
        if self._photo_probe is None:
            return [False] * len(features)
        pairs = zip(inputs["pixel_values"], features, strict=True)
        return [self._photo_probe.says_photo(pixels, own) for pixels, own in pairs]

    def _compare_together(
        self, inputs: Inputs, places: Sequence[int], readings: list[list[Reading]]
    ) -> list[Comparison]:
        """Compare image `places[i]` with `readings[i]`, by the model's own forward pass.

        Runs once for each distinct list of texts. Each reading has one text. Each everyday thing
        would cost as much as a label, so that a few stand for all, and only where there must be
        some.
        """
        assert self._joint_logits is not None
        tokenizer = self.encoder.tokenizer
        rows: dict[int, FloatArray] = {}
        few = bank.few_texts()
        texts = [
            tuple(text for (text,) in row) + (few if self._needs_something_else(row) else ())
            for row in readings
        ]
        for group in dict.fromkeys(texts):
            members = [i for i, row in enumerate(texts) if row == group]
            chosen = {name: array[[places[i] for i in members]] for name, array in inputs.items()}
            logits = self._joint_logits(chosen, tokenizer.batch(tokenizer.tokens(group)))
            rows.update(zip(members, logits, strict=True))
        compared = []
        for i, row in enumerate(readings):
            own, others = rows[i][: len(row)], rows[i][len(row) :]
            odds = None
            if len(others) and np.isfinite(rows[i]).all():
                odds = log_odds_by_few(own, others, len(bank.english_texts()))
            compared.append(self._comparison(own, odds))
        return compared

    def _needs_something_else(self, row: Sequence[Reading]) -> bool:
        return needs_something_else(row, sigmoid_scores=self.sigmoid_scores)

    def _comparison(
        self, logits: FloatArray, odds: float | None, looks_like_photo: bool = False
    ) -> Comparison:
        """Return what logits say about one image.

        Args:
            logits: of its labels, float32 [labels].
            odds: as `Comparison.log_odds`.
            looks_like_photo: as `Comparison.looks_like_photo`.
        """
        if not np.isfinite(logits).all():
            return Comparison(np.full_like(logits, np.nan))
        if odds is not None and not np.isfinite(odds):  # an everyday thing overflows in float16
            odds = None
        how_well = None if odds is None else fit(odds, len(logits), self._threshold)
        if needs_something_else(logits, sigmoid_scores=self.sigmoid_scores):
            shares = np.full(1, np.nan if how_well is None else how_well, np.float32)
        else:
            shares = probabilities(logits, sigmoid_scores=self.sigmoid_scores)
        if not self._tells_fit:
            how_well = odds = None
        return Comparison(shares, odds, how_well, looks_like_photo)
