"""New labels are really new, and cost as much work as known ones."""

import pytest
from transformers import AutoTokenizer

from clipbot_benchmarks.model_side.pictures import LABELS, NewLabels
from inference.model.hub.checkpoint_files import DEMO_FOLDER


def test_no_label_is_given_twice() -> None:
    new = NewLabels()
    labels = [label for _ in range(600) for label in (*new.six(), *new.of_three_words(50))]
    assert len(set(labels)) == len(labels)
    assert not set(labels) & set(LABELS)


@pytest.mark.skipif(not DEMO_FOLDER.is_dir(), reason="the bundled model is missing")
def test_new_labels_have_as_many_tokens_as_the_known_ones() -> None:
    tokenizer = AutoTokenizer.from_pretrained(DEMO_FOLDER)

    def lengths(labels: tuple[str, ...]) -> list[int]:
        return [len(tokens) for tokens in tokenizer(list(labels))["input_ids"]]

    new = NewLabels()
    for _ in range(500):
        assert lengths(new.six()) == lengths(LABELS)
