"""An engine equals the model's own formula; batched equals one by one; cached equals fresh."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from inference.model.backend_choice import LoadedModel
from inference.model.classifier import LabelSet
from inference.model.encoder.scoring import FloatArray
from inference.model.encoder.templates import averaged_templates, readings
from inference.model.engine import Engine
from inference.model.hub.checkpoint_files import DEMO_FOLDER
from inference.model.none_of_these import bank
from inference.model.none_of_these.fit import fit, log_odds_by_few, near_limit, threshold_of
from inference.protocol.labels import AUTO_TEMPLATE
from tests.inference.model import checkpoints
from tests.inference.model.reference import LABELS, ReferenceModel, pictures, torch_model


@dataclass(frozen=True)
class EnginePair:
    """An engine and the reference for the same checkpoint."""

    ours: Engine
    theirs: ReferenceModel


def loaded(engine: Engine) -> LoadedModel:
    """Return the model behind an engine, for another one."""
    return LoadedModel(engine.encoder, engine.device, engine.dtype, engine.torch_model)


FAMILIES = {
    "clip": checkpoints.tiny_clip,
    "siglip": checkpoints.tiny_siglip,
    "siglip2": checkpoints.tiny_siglip2,
    "align": checkpoints.tiny_align,
    "demo": None,
}


@pytest.fixture(scope="module", params=list(FAMILIES))
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EnginePair]:
    name: str = request.param
    make: Callable[[Path], Path] | None = FAMILIES[name]
    if make is None:
        yield EnginePair(request.getfixturevalue("demo"), ReferenceModel(DEMO_FOLDER))
        return
    folder = make(tmp_path_factory.mktemp(name))
    yield EnginePair(
        Engine.load(str(folder), device="cpu", dtype="float32"), ReferenceModel(folder)
    )


def test_ours_equals_the_reference(pair: EnginePair) -> None:
    images = pictures()
    got = pair.ours.classify(images, [LabelSet(LABELS)] * len(images))
    np.testing.assert_allclose(np.stack(got), pair.theirs.classify(images, LABELS), atol=1e-4)


def test_the_towers_of_all_these_models_run_apart(pair: EnginePair) -> None:
    assert pair.ours.runs_towers_apart


def test_softmax_rows_sum_to_one_and_sigmoids_need_not(pair: EnginePair) -> None:
    [row] = pair.ours.classify(pictures()[:1], [LabelSet(LABELS)])
    assert row.dtype == np.float32
    assert row.shape == (len(LABELS),)
    assert ((row >= 0) & (row <= 1)).all()
    assert pair.ours.sigmoid_scores == (abs(row.sum() - 1) > 1e-5)


def test_batched_equals_one_by_one(pair: EnginePair) -> None:
    images = pictures()
    sets = [
        LabelSet(LABELS),
        LabelSet(("cat", "a dog"), "a photo of {}"),
        LabelSet(("a dog", "cat")),
        LabelSet(("cat",), AUTO_TEMPLATE),
        LabelSet(("sports car", "a dog", "cat"), AUTO_TEMPLATE),
    ]
    together = pair.ours.classify(images, sets)
    for image, label_set, row in zip(images, sets, together, strict=True):
        [alone] = pair.ours.classify([image], [label_set])
        np.testing.assert_allclose(row, alone, atol=1e-5)
        assert len(row) == len(label_set.labels)


def test_cached_equals_fresh(pair: EnginePair) -> None:
    encoder = torch_model(pair.ours).dual_encoder()
    fresh = encoder.text_features(LABELS)
    cached = encoder.text_features(LABELS)
    mixed = encoder.text_features([*LABELS[2:], "a new one", *LABELS[:2]])
    np.testing.assert_array_equal(fresh, cached)
    np.testing.assert_allclose(mixed[:3], fresh[2:], atol=1e-6)
    np.testing.assert_allclose(mixed[-2:], fresh[:2], atol=1e-6)


def test_a_text_without_padding_equals_one_padded_to_the_context(pair: EnginePair) -> None:
    model = torch_model(pair.ours)
    loaded = model.checkpoint
    padded = loaded.tokenizer(
        list(LABELS),
        padding="max_length",
        max_length=model.dual_encoder().tokenizer.padding.max_tokens,
        truncation=True,
        return_tensors="pt",
    )
    with torch.inference_mode():
        expected = loaded.model.get_text_features(**padded).pooler_output
        expected = expected / expected.norm(dim=-1, keepdim=True)
    for text, wanted in zip(LABELS, expected, strict=True):
        [alone] = model.dual_encoder().text_features([text])
        np.testing.assert_allclose(alone, wanted, atol=1e-5)


def test_a_single_label_of_a_softmax_model_has_its_fit_as_probability(pair: EnginePair) -> None:
    image = pictures()[1]
    [found] = pair.ours.compare([image], [LabelSet(("a gold circle",))])
    if pair.ours.sigmoid_scores:
        expected = pair.theirs.classify([image], ("a gold circle",))[0]
        np.testing.assert_allclose(found.probabilities, expected, atol=1e-4)
    else:
        assert found.fit is not None
        np.testing.assert_allclose(found.probabilities, [found.fit], atol=1e-6)


def expected_log_odds(pair: EnginePair, image: Image.Image, labels: tuple[str, ...]) -> float:
    """Return ln(S / (1 - S)) by the reference, without what means nearly the same as a label."""
    texts = bank.texts_for(pair.ours.name)
    [logits] = pair.theirs.logits([image], (*labels, *texts)).astype(np.float64)
    cosines = pair.ours.encoder.text_features(labels) @ pair.ours.encoder.text_features(texts).T
    english = pair.ours.encoder.text_features(bank.english_texts())
    far = cosines.max(axis=0) <= near_limit(english)
    own, everyday = logits[: len(labels)], logits[len(labels) :][far]
    return float(np.logaddexp.reduce(own) - np.logaddexp.reduce(everyday))


@pytest.mark.parametrize("labels", [("a dog",), ("a red circle", "a kitten"), LABELS])
def test_the_fit_is_the_share_of_the_labels_against_the_bank(
    pair: EnginePair, labels: tuple[str, ...]
) -> None:
    assert pair.ours.encode_bank(float("inf"))
    image = pictures()[1]
    [found] = pair.ours.compare([image], [LabelSet(labels)])
    expected = expected_log_odds(pair, image, labels)
    assert found.log_odds == pytest.approx(expected, abs=1e-3)
    threshold = threshold_of(pair.ours.name)
    assert found.fit == pytest.approx(fit(expected, len(labels), threshold), abs=1e-3)
    assert found.none_fits == (found.fit is not None and found.fit < 0.5)


def test_with_and_without_the_bank_probabilities_are_the_same(pair: EnginePair) -> None:
    images, sets = pictures(), [LabelSet(LABELS)] * len(pictures())
    without = Engine(pair.ours.name, loaded(pair.ours), "off").compare(images, sets)
    assert pair.ours.encode_bank(float("inf"))
    found = pair.ours.compare(images, sets)
    for one, other in zip(found, without, strict=True):
        assert one.fit is not None
        assert other.fit is other.log_odds is None
        np.testing.assert_array_equal(one.probabilities, other.probabilities)


def test_the_fit_of_a_batch_equals_that_of_each_image(pair: EnginePair) -> None:
    assert pair.ours.encode_bank(float("inf"))
    images = pictures()
    sets = [LabelSet(LABELS[:count]) for count in (5, 1, 2, 4, 3)]
    together = pair.ours.compare(images, sets)
    for image, label_set, one in zip(images, sets, together, strict=True):
        [alone] = pair.ours.compare([image], [label_set])
        assert one.log_odds == pytest.approx(alone.log_odds, abs=1e-4)


def test_labels_have_no_fit_until_the_bank_is_encoded(pair: EnginePair) -> None:
    fresh = Engine(pair.ours.name, loaded(pair.ours))
    [found] = fresh.compare(pictures()[:1], [LabelSet(LABELS)])
    assert found.fit is None
    assert not found.none_fits
    while not fresh.encode_bank(0):
        pass
    [found] = fresh.compare(pictures()[:1], [LabelSet(LABELS)])
    assert found.fit is not None


def test_a_single_label_never_waits_for_the_bank(
    pair: EnginePair, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = Engine(pair.ours.name, loaded(pair.ours))
    encode = fresh.encoder.encode_tokens
    encoded: list[Any] = []

    def counting(texts: Sequence[Any]) -> FloatArray:
        encoded.extend(texts)
        return encode(texts)

    monkeypatch.setattr(fresh.encoder, "encode_tokens", counting)
    image, few = pictures()[1], bank.few_texts()
    asked = [LabelSet(("a golden owl",)), LabelSet(("owl", "cat"))]
    one, two = fresh.compare([image] * 2, asked)
    assert len(encoded) <= len(few) + 3
    assert two.fit is None
    if pair.ours.sigmoid_scores:
        assert one.fit is None
        return
    [logits] = pair.theirs.logits([image], ("a golden owl", *few))
    expected = log_odds_by_few(logits[:1], logits[1:], len(bank.texts_for(fresh.name)))
    assert one.log_odds == pytest.approx(expected, abs=1e-3)
    assert one.fit == pytest.approx(one.probabilities[0])


def test_a_single_label_has_the_same_probability_without_the_fit(pair: EnginePair) -> None:
    asked = [LabelSet(("a golden owl",))]
    found = []
    for none_fits in ("off", "auto"):
        engine = Engine(pair.ours.name, loaded(pair.ours), none_fits)
        assert engine.encode_bank(float("inf"))
        found += engine.classify(pictures()[1:2], asked)
    np.testing.assert_array_equal(found[0], found[1])


def test_the_setting_moves_the_threshold(pair: EnginePair) -> None:
    for none_fits, expected in ((0.0, False), (1.0, True)):
        engine = Engine(pair.ours.name, loaded(pair.ours), none_fits)
        assert engine.encode_bank(float("inf"))
        [found] = engine.compare(pictures()[:1], [LabelSet(LABELS)])
        assert found.none_fits == expected


def test_a_label_set_without_labels_is_refused(pair: EnginePair) -> None:
    with pytest.raises(ValueError, match="no labels"):
        pair.ours.compare(pictures()[:1], [LabelSet(())])


def test_a_template_is_part_of_the_text(pair: EnginePair) -> None:
    image = pictures()[1]
    [row] = pair.ours.classify([image], [LabelSet(("cat", "dog"), "a drawing of a {}")])
    expected = pair.theirs.classify([image], ("a drawing of a cat", "a drawing of a dog"))[0]
    np.testing.assert_allclose(row, expected, atol=1e-4)


def test_auto_equals_the_mean_of_the_references_text_features(pair: EnginePair) -> None:
    images = pictures()
    got = pair.ours.classify(images, [LabelSet(("cat", "a red boat"), AUTO_TEMPLATE)] * len(images))
    expected = pair.theirs.classify_means(
        images, [[one.replace("{}", "cat") for one in averaged_templates()], ["a red boat"]]
    )
    np.testing.assert_allclose(np.stack(got), expected, atol=1e-4)


def test_a_cached_mean_equals_a_fresh_one(pair: EnginePair) -> None:
    encoder = torch_model(pair.ours).dual_encoder()
    asked = readings(("owl", "a boat", "sports car", "owl"), AUTO_TEMPLATE)
    fresh = encoder.reading_features(asked)
    assert len(encoder.text_cache) == 3  # two means, and the phrase
    np.testing.assert_array_equal(encoder.reading_features(asked), fresh)
    np.testing.assert_allclose(encoder.reading_features(asked[2:]), fresh[2:], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(fresh, axis=1), 1, atol=1e-6)


def test_a_model_without_text_features_reads_labels_as_typed(
    tiny_clip: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, labels = pictures()[:2], ("cat", "sports car")
    typed = tiny_clip.classify(images, [LabelSet(labels)] * 2)
    together = torch_model(tiny_clip).joint_logits
    monkeypatch.setattr(tiny_clip, "_joint_logits", together)
    assert not tiny_clip.runs_towers_apart
    auto = tiny_clip.classify(images, [LabelSet(labels, AUTO_TEMPLATE)] * 2)
    np.testing.assert_allclose(np.stack(auto), np.stack(typed), atol=1e-5)
    assert tiny_clip.group_similar(LabelSet(labels, AUTO_TEMPLATE), -1.0) == [0, 1]


def test_similar_texts_join_the_group_of_the_first(pair: EnginePair) -> None:
    texts = ("a red circle", "two green trees by the sea", "a red circle", "a boat")
    assert pair.ours.group_similar(LabelSet(texts), -1.0) == [0, 0, 0, 0]
    assert pair.ours.group_similar(LabelSet(texts), 1.01) == [0, 1, 2, 3]
    features = pair.ours.encoder.text_features(texts)
    between = float(features[0] @ features[1])
    assert pair.ours.group_similar(LabelSet(texts[:3]), between - 1e-4) == [0, 0, 0]
    assert pair.ours.group_similar(LabelSet(texts[:3]), between + 1e-4) == [0, 1, 0]


def test_labels_are_grouped_as_their_template_reads_them(pair: EnginePair) -> None:
    for template in ("an owl {}", AUTO_TEMPLATE):
        read = readings(("red circle", "boat"), template)
        first, second = pair.ours.encoder.reading_features(read)
        between = float(first @ second)
        label_set = LabelSet(("red circle", "boat"), template)
        assert pair.ours.group_similar(label_set, between - 1e-4) == [0, 0]
        assert pair.ours.group_similar(label_set, between + 1e-4) == [0, 1]


@pytest.mark.parametrize("size", [(3, 20_000), (20_000, 3), (3, 3), (65, 1_301)])
def test_images_of_any_shape(pair: EnginePair, size: tuple[int, int]) -> None:
    [row] = pair.ours.classify([Image.new("RGB", size, "red")], [LabelSet(("cat", "dog"))])
    assert np.isfinite(row).all()
