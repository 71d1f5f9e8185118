"""The bank: everyday things, each once, in both languages."""

import tomllib
from collections import Counter
from pathlib import Path

from inference.model.none_of_these import bank
from inference.protocol import labels

TOPICS = tomllib.loads(Path(bank.__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def test_it_holds_some_hundred_concepts_and_each_once_in_each_language() -> None:
    pairs = [pair for topic in TOPICS.values() for pair in topic.items()]
    for texts in zip(*pairs, strict=True):
        assert 500 <= len(texts) <= 700
        assert not [text for text, count in Counter(map(str.casefold, texts)).items() if count > 1]


def test_its_topics_are_spread_well() -> None:
    assert len(TOPICS) >= 15
    assert all(15 <= len(topic) <= 100 for topic in TOPICS.values())


def test_each_text_is_a_label_as_people_type_it() -> None:
    for text in bank.texts_for("demo"):
        assert labels.parse(text, max_labels=2) == (text,)


def test_only_multilingual_models_read_spanish() -> None:
    english = bank.english_texts()
    assert bank.texts_for("openai/clip-vit-base-patch32") == english
    assert bank.texts_for("/a/folder") == english
    for model in ("demo", "google/siglip2-base-patch16-224"):
        both = bank.texts_for(model)
        assert both[: len(english)] == english
        assert len(both) == 2 * len(english)


def test_a_few_texts_are_an_even_sample() -> None:
    few = bank.few_texts()
    assert len(few) == len(set(few)) == 32
    assert set(few) <= set(bank.english_texts())
